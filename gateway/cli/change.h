/*
 * change.h - what a client can notice of a change to the mapping, and why
 *
 * Every kind of difference between two mappings is a row of CHANGES.  A
 * change is *breaking* if a client that worked may no longer work, or reads
 * something else; *compatible* if it can be noticed but takes nothing away;
 * *invisible* if no client can tell.  What only the service could tell, such
 * as whether it ever sends a name, is judged as if it did.
 *
 * Knows nothing of mappings: whoever compares says which kind and which line.
 */
#ifndef CLI_CHANGE_H
#define CLI_CHANGE_H

#include "base/diag.h"

enum effect { EFFECT_BREAKING, EFFECT_COMPATIBLE, EFFECT_INVISIBLE, EFFECT_COUNT };

/* Client names, values and header fields, each paired with the service's. */
#define CHANGES_OF_PAIRS(X, NAME, name)                                                            \
    X(NAME##_REQUEST_CHANGED, BREAKING, name "-request-changed",                                   \
      "what clients send goes up untranslated")                                                    \
    X(NAME##_REQUEST_REMOVED, BREAKING, name "-request-removed",                                   \
      "what clients send goes up untranslated")                                                    \
    X(NAME##_REQUEST_ADDED, COMPATIBLE, name "-request-added",                                     \
      "the service's word is still taken as it is")                                                \
    X(NAME##_REQUEST_UPSTREAM, INVISIBLE, name "-request-upstream",                                \
      "clients send what they sent; the service must follow")                                      \
    X(NAME##_REPLY_CHANGED, BREAKING, name "-reply-changed", "clients look for what replies had")  \
    X(NAME##_REPLY_REMOVED, BREAKING, name "-reply-removed", "clients look for what replies had")  \
    X(NAME##_REPLY_ADDED, BREAKING, name "-reply-added",                                           \
      "clients may read the service's word; none breaks if it never came")                         \
    X(NAME##_REPLY_UPSTREAM, INVISIBLE, name "-reply-upstream",                                    \
      "clients read what they read; the service must follow")

/* clang-format off */
#define CHANGES(X)                                                                                 \
    /* name, effect, word, why */                                                                  \
    X(ROUTE_REMOVED, BREAKING, "route-removed", "clients get 404")                                 \
    X(ROUTE_ADDED, COMPATIBLE, "route-added", "it was 404")                                        \
    X(ROUTE_UPSTREAM, INVISIBLE, "route-upstream", "the client's path is the same")                \
    X(ROUTE_SERVICE, INVISIBLE, "route-service", "the client's path is the same; another service must answer it") \
    X(METHOD_REMOVED, BREAKING, "method-removed", "clients get 405")                               \
    X(METHOD_ADDED, COMPATIBLE, "method-added", "it was 405")                                      \
    X(METHOD_UPSTREAM, INVISIBLE, "method-upstream", "the client's method is the same")            \
    X(LINK_CHANGED, COMPATIBLE, "link-changed", "links in replies lead elsewhere, and both are served") \
    X(TRANSLATION_BEGUN, BREAKING, "translation-begun", "replies had the service's names")         \
    X(TRANSLATION_ENDED, BREAKING, "translation-ended", "replies had the client's names")          \
    X(TIMEOUT_RAISED, INVISIBLE, "timeout-raised", "what was in time still is")                    \
    X(TIMEOUT_LOWERED, COMPATIBLE, "timeout-lowered", "a slow reply may be 504, as it could be before") \
    X(TIMEOUT_SOURCE, COMPATIBLE, "timeout-source", "the settings file decides which is longer")   \
    X(MAX_BODY_RAISED, COMPATIBLE, "max-body-raised", "a large body was 413")                      \
    X(MAX_BODY_LOWERED, BREAKING, "max-body-lowered", "a large body is 413")                       \
    X(MAX_BODY_SOURCE, BREAKING, "max-body-source", "a large body may be 413; the settings file decides") \
    X(BROWNOUT_ADDED, BREAKING, "brownout-added", "clients get 410 meanwhile")                     \
    X(BROWNOUT_REMOVED, COMPATIBLE, "brownout-removed", "clients would have got 410 meanwhile")    \
    X(DEPRECATED, COMPATIBLE, "deprecated", "replies tell it, and all else stays")                 \
    X(DEPRECATION_CHANGED, COMPATIBLE, "deprecation-changed", "replies tell it, and all else stays") \
    X(SUNSET_CHANGED, COMPATIBLE, "sunset-changed", "replies tell it, and nothing ends by itself") \
    X(SUCCESSOR_CHANGED, COMPATIBLE, "successor-changed", "replies link to it where a route serves it") \
    X(CALLER_CHANGED, INVISIBLE, "caller-changed", "only the counters and the log can tell")       \
    CHANGES_OF_PAIRS(X, FIELD, "field")                                                            \
    X(AT_REQUEST_NARROWED, BREAKING, "at-request-narrowed", "elsewhere the name goes up untranslated") \
    X(AT_REQUEST_WIDENED, COMPATIBLE, "at-request-widened", "the name went up untranslated there") \
    X(AT_REPLY_CHANGED, BREAKING, "at-reply-changed", "a name in replies is another in places")    \
    X(OPAQUE_ADDED, BREAKING, "opaque-added", "names and values there were translated")            \
    X(OPAQUE_REMOVED, BREAKING, "opaque-removed", "names and values there were untouched")         \
    CHANGES_OF_PAIRS(X, VALUE, "value")                                                            \
    X(REWRITE_REQUEST_ADDED, COMPATIBLE, "rewrite-request-added", "the service's values pass as they are") \
    X(REWRITE_REQUEST_REMOVED, BREAKING, "rewrite-request-removed", "what clients send goes up untranslated") \
    X(REWRITE_REPLY_ADDED, BREAKING, "rewrite-reply-added", "clients may read the service's values") \
    X(REWRITE_REPLY_REMOVED, BREAKING, "rewrite-reply-removed", "clients look for what replies had") \
    X(VALUES_REORDERED, BREAKING, "values-reordered", "where both rules select a string the other one now applies") \
    X(WORDS_CHANGED, COMPATIBLE, "words-changed", "sentences are for people to read")              \
    CHANGES_OF_PAIRS(X, HEADER, "header")                                                          \
    X(NAMES_IN_ADDED, COMPATIBLE, "names-in-added", "the service's names pass as they are")        \
    X(NAMES_IN_REMOVED, BREAKING, "names-in-removed", "the names clients list go up untranslated") \
    X(COLLISIONS_STRICTER, BREAKING, "collisions-stricter", "bodies that passed are refused")      \
    X(COLLISIONS_LAXER, COMPATIBLE, "collisions-laxer", "bodies that were refused pass")           \
    X(WATCH_CHANGED, INVISIBLE, "watch-changed", "only the counters can tell")                      \
    X(ETAGS, INVISIBLE, "etags", "caches ask again: the marks in ETag tell the rules")
/* clang-format on */

enum change_kind {
#define X(name, effect, word, why) CHANGE_##name,
    CHANGES(X)
#undef X
        CHANGE_COUNT
};

struct change {
    enum change_kind kind;
    char *message;
    struct where old, new; /* no file: the entry is not there; no line: the whole file */
    struct text route;     /* the first route it holds on; absent: it says so itself */
    size_t routes;         /* how many */
};

struct changes {
    struct change *at;
    size_t count, room;
    size_t routes; /* routes that could have changed; all of them is "every route" */
    bool no_memory;
};

/* Where a change stands in both files, and on which routes it holds. */
struct change_place {
    struct where old, new;
    struct text route;
    size_t routes;
};

/* Adds a change; FORMAT and what follows are as for printf.  PLACE's texts outlive C. */
void change_add(struct changes *c, enum change_kind kind, struct change_place place,
                const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Puts the breaking ones first, then by line of the new and of the old file; joins equal ones. */
void changes_sort(struct changes *c);

/* How many there are of EFFECT. */
size_t changes_of(const struct changes *c, enum effect effect);

/* Prints one line each and a last line that counts them; nothing if there are none. */
void changes_print(const struct changes *c, FILE *to, bool colour);

/* Prints one JSON object each: effect, kind, message, why, routes, route, old, new. */
void changes_print_json(const struct changes *c, FILE *to);

/* Frees what C holds; C is empty then. */
void changes_fini(struct changes *c);

/* The word for EFFECT: "breaking". */
const char *effect_word(enum effect effect);

#endif
