/*
 * log.h - one line an event, as logfmt or JSON, to standard error
 *
 * A line is a fixed event word and pairs of names and values.  Callers never
 * pass bodies, credentials or query values; the log escapes what it is given
 * but cannot know a secret when it sees one.  A line is written with one
 * write(2), so lines of several threads do not mix; or it is handed to a sink,
 * where nobody may be kept waiting.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/text.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };
enum log_format { LOG_LOGFMT, LOG_JSON };

enum log_kind { LOG_KIND_TEXT, LOG_KIND_NUMBER, LOG_KIND_MICRO };

struct log_pair {
    const char *name;
    enum log_kind kind;
    struct text text;
    uint64_t number; /* LOG_KIND_MICRO: of millionths, written as a decimal fraction */
};

#define LOG_T(name_, text_)                                                                        \
    {                                                                                              \
        .name = (name_), .kind = LOG_KIND_TEXT, .text = (text_)                                    \
    }
#define LOG_S(name_, string_)                                                                      \
    {                                                                                              \
        .name = (name_), .kind = LOG_KIND_TEXT, .text = text_from(string_)                         \
    }
#define LOG_N(name_, number_)                                                                      \
    {                                                                                              \
        .name = (name_), .kind = LOG_KIND_NUMBER, .number = (uint64_t)(number_)                    \
    }

#define LOG_MICRO(name_, micro_)                                                                   \
    {                                                                                              \
        .name = (name_), .kind = LOG_KIND_MICRO, .number = (micro_)                                \
    }

enum { LOG_LINE_BYTES = 4096 }; /* of one line at most: what a pipe takes in one piece */

/* Where lines go in place of standard error. */
struct log_sink {
    void (*take)(void *owner, struct text line); /* from any thread; LINE ends with its newline */
    void (*flush)(void *owner);                  /* waits a while for lines that are on their way */
    void *owner;
};

/* From now on lines go to SINK, which lives as long; NULL: to standard error. */
void log_divert(const struct log_sink *sink);

/* Gives lines that are on their way a while to arrive: the process is about to end. */
void log_flush(void);

/* Makes one line of EVENT and the COUNT PAIRS in SPACE, of LOG_LINE_BYTES. */
struct text log_compose(char *space, enum log_level level, const char *event,
                        const struct log_pair *pairs, size_t count);

/* Sets what is written and how; before this, LOG_INFO as logfmt. */
void log_setup(enum log_level level, enum log_format format);

/*
 * True if standard error is the journal's, as $JOURNAL_STREAM says: then each
 * line wants its priority.
 */
bool log_is_journal(void);

/* From now on lines begin with their priority, as in sd-daemon(3): "<6>"; or no more. */
void log_set_priorities(bool on);

/* Sets the level alone, until the next log_setup; and the one that holds now. */
void log_set_level(enum log_level level);
enum log_level log_level_now(void);

/* The word for LEVEL, and the level called WORD; false if there is none. */
const char *log_level_word(enum log_level level);
bool log_level_read(struct text word, enum log_level *level_out);

/* True if lines of LEVEL are written: ask before costly arguments. */
bool log_wants(enum log_level level);

/* Writes one line: EVENT, then the COUNT PAIRS. */
void log_write(enum log_level level, const char *event, const struct log_pair *pairs, size_t count);

/* Writes one line with the pairs given: LOG(LOG_INFO, "ready", LOG_N("workers", 2)). */
#define LOG(level, event, ...)                                                                     \
    do {                                                                                           \
        const struct log_pair log_pairs_[] = {__VA_ARGS__};                                        \
        log_write((level), (event), log_pairs_, sizeof log_pairs_ / sizeof log_pairs_[0]);         \
    } while (0)

#endif
