#include "base/log.h"

#include "base/buf.h"
#include "base/quote.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    VALUE_BYTES = 1024,
    ENDING_BYTES = 24 /* kept free for `cut=true` and the line's end */
};

static const char *const level_names[] = {
    [LOG_ERROR] = "error",
    [LOG_WARN] = "warn",
    [LOG_INFO] = "info",
    [LOG_DEBUG] = "debug",
};

/* As syslog(3) has them. */
static const char *const priorities[] = {
    [LOG_ERROR] = "<3>",
    [LOG_WARN] = "<4>",
    [LOG_INFO] = "<6>",
    [LOG_DEBUG] = "<7>",
};

static atomic_bool with_priorities;
static _Atomic enum log_level wanted = LOG_INFO;
static _Atomic enum log_format shape = LOG_LOGFMT;
static _Atomic(const struct log_sink *) diverted;

void log_setup(enum log_level level, enum log_format format)
{
    atomic_store(&wanted, level);
    atomic_store(&shape, format);
}

bool log_is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    char own[48];
    struct stat at;

    if (!stream || fstat(STDERR_FILENO, &at) != 0)
        return false;
    snprintf(own, sizeof own, "%ju:%ju", (uintmax_t)at.st_dev, (uintmax_t)at.st_ino);
    return text_eq(text_from(stream), text_from(own));
}

void log_set_priorities(bool on)
{
    atomic_store(&with_priorities, on);
}

void log_set_level(enum log_level level)
{
    atomic_store(&wanted, level);
}

enum log_level log_level_now(void)
{
    return atomic_load_explicit(&wanted, memory_order_relaxed);
}

const char *log_level_word(enum log_level level)
{
    return level_names[level];
}

bool log_level_read(struct text word, enum log_level *level_out)
{
    for (int i = LOG_ERROR; i <= LOG_DEBUG; i++)
        if (text_eq(word, text_from(level_names[i]))) {
            *level_out = (enum log_level)i;
            return true;
        }
    return false;
}

bool log_wants(enum log_level level)
{
    return level <= atomic_load_explicit(&wanted, memory_order_relaxed);
}

/* NOW's second in UTC, as RFC 3339; written once a second, as it takes a third of a line's time. */
static struct text second_text(time_t now)
{
    static _Thread_local struct {
        time_t second;
        char written[32];
        size_t len;
    } last;

    if (last.len == 0 || last.second != now) {
        struct tm utc;

        gmtime_r(&now, &utc);
        last.second = now;
        last.len = strftime(last.written, sizeof last.written, "%Y-%m-%dT%H:%M:%S", &utc);
    }
    return text_of(last.written, last.len);
}

/* Adds the time of day in UTC, as RFC 3339 with milliseconds. */
static void add_time(struct buf *line)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    unsigned ms = (unsigned)(now.tv_nsec / 1000000);
    const char rest[] = {'.', (char)('0' + ms / 100), (char)('0' + ms / 10 % 10),
                         (char)('0' + ms % 10), 'Z'};
    buf_add(line, second_text(now.tv_sec));
    buf_add(line, text_of(rest, sizeof rest));
}

static void add_head(struct buf *line, enum log_format format, enum log_level level,
                     const char *event)
{
    bool json = format == LOG_JSON;

    if (atomic_load_explicit(&with_priorities, memory_order_relaxed))
        buf_add(line, text_from(priorities[level]));
    buf_add(line, json ? TEXT("{\"time\":\"") : TEXT(""));
    add_time(line);
    buf_add(line, json ? TEXT("\",\"level\":\"") : TEXT(" "));
    buf_add(line, text_from(level_names[level]));
    buf_add(line, json ? TEXT("\",\"event\":\"") : TEXT(" "));
    buf_add(line, text_from(event));
    buf_add(line, json ? TEXT("\"") : TEXT(""));
}

static void add_pair(struct buf *line, enum log_format format, const struct log_pair *pair)
{
    bool json = format == LOG_JSON;

    buf_add(line, json ? TEXT(",\"") : TEXT(" "));
    buf_add(line, text_from(pair->name));
    buf_add(line, json ? TEXT("\":") : TEXT("="));
    if (pair->kind == LOG_KIND_NUMBER)
        buf_add_u64(line, pair->number);
    else if (pair->kind == LOG_KIND_MICRO)
        buf_add_micro(line, pair->number);
    else if (json)
        quote_json(line, pair->text, VALUE_BYTES);
    else
        quote_logfmt(line, pair->text, VALUE_BYTES);
}

/* Adds the pairs that fit whole; what does not is left out, and the line says so. */
static void add_pairs(struct buf *line, enum log_format format, const struct log_pair *pairs,
                      size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t before = line->len;

        add_pair(line, format, &pairs[i]);
        if (line->failed) {
            line->failed = false;
            line->len = before;
            line->max += ENDING_BYTES;
            buf_add(line, format == LOG_JSON ? TEXT(",\"cut\":true") : TEXT(" cut=true"));
            return;
        }
    }
    line->max += ENDING_BYTES;
}

static void write_line(struct text line)
{
    while (line.len > 0) {
        ssize_t n = write(STDERR_FILENO, line.at, line.len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return; /* nobody can be told */
        line = text_from_offset(line, (size_t)n);
    }
}

struct text log_compose(char *space, enum log_level level, const char *event,
                        const struct log_pair *pairs, size_t count)
{
    struct buf line = {
        .at = space, .capacity = LOG_LINE_BYTES, .max = LOG_LINE_BYTES - ENDING_BYTES};
    enum log_format format = atomic_load_explicit(&shape, memory_order_relaxed);

    add_head(&line, format, level, event);
    add_pairs(&line, format, pairs, count);
    buf_add(&line, format == LOG_JSON ? TEXT("}\n") : TEXT("\n"));
    return buf_text(&line);
}

void log_write(enum log_level level, const char *event, const struct log_pair *pairs, size_t count)
{
    char space[LOG_LINE_BYTES];
    const struct log_sink *sink = atomic_load(&diverted);
    int saved = errno;

    if (!log_wants(level))
        return;
    struct text line = log_compose(space, level, event, pairs, count);
    if (sink)
        sink->take(sink->owner, line);
    else
        write_line(line);
    errno = saved;
}

void log_divert(const struct log_sink *sink)
{
    atomic_store(&diverted, sink);
}

void log_flush(void)
{
    const struct log_sink *sink = atomic_load(&diverted);

    if (sink)
        sink->flush(sink->owner);
}
