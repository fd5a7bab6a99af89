/*
 * translate.h - bytes of one dialect in, bytes of the other out
 *
 * A translator takes the pieces of one body and gives the translated bytes
 * to a sink, holding back at most one unfinished token (mapping.md, contract
 * of the translator).  It is a pure machine: no sockets, no clock, no log.
 */
#ifndef TRANSLATE_TRANSLATE_H
#define TRANSLATE_TRANSLATE_H

#include "base/text.h"
#include "mapping/mapping.h"
#include "mapping/rules.h"
#include "json/lines.h" /* struct body_place */

struct trail;
struct translator;

/* Where translated bytes go; SPAN is valid only during the call. */
struct sink {
    void (*take)(void *owner, struct text span);
    void *owner;
};

enum translate_code {
    TRANSLATE_OK,
    TRANSLATE_INVALID_JSON, /* INVALID_JSON / UPSTREAM_INVALID; depth and UTF-8 included */
    TRANSLATE_INVALID_FORM, /* BAD_REQUEST / UPSTREAM_INVALID */
    TRANSLATE_CONFLICT,     /* CONFLICTING_FIELDS / UPSTREAM_INVALID */
    TRANSLATE_NO_MEMORY     /* OVERLOADED */
};

struct translate_fault {
    enum translate_code code;
    struct body_place place;
    const char *what;        /* a static, public phrase: "not a JSON value" */
    struct text name;        /* CONFLICT: the client name, from the mapping */
    struct body_place first; /* CONFLICT: where the other spelling stood */
};

struct translate_limits {
    size_t json_depth;  /* open arrays and objects, 256 */
    size_t json_number; /* bytes of one number, 1 KiB */
    size_t json_value;  /* bytes of a string value held for a rule, 64 KiB */
    size_t event;       /* bytes of one server-sent event held, 1 MiB */
    size_t record;      /* bytes of one record held, 1 MiB */
};

/* What kind of name the service used that nobody has mapped. */
enum unmapped { UNMAPPED_KEY, UNMAPPED_QUERY, UNMAPPED_HEADER, UNMAPPED_PATH };

/* What URLs in values need to know about this exchange. */
struct translate_scene {
    const struct mapping *mapping;
    struct text upstream_origin; /* "http://127.0.0.1:9000": scheme and authority */
    struct text asked_origin; /* that of the endpoint that was asked, if it is another; or absent */
    struct text sent_host;    /* the Host that was sent there: another name for it; or absent */
    struct text client_origin; /* "https://api.example.com", from this request; or absent */
    const struct translate_watcher *watcher; /* is told of unmapped names in URLs; or NULL */
};

/*
 * What explain and the counters want to know; any of them may be NULL.  A
 * PLACE is that of the opening quote of the key or value.  To whom that is
 * nothing (`placeless`) it may be all 0: looking it up costs more than a name.
 */
struct translate_watcher {
    bool placeless;
    /* A key was renamed, or a value changed. */
    void (*renamed)(void *owner, const struct pair *pair, struct body_place place);
    void (*revalued)(void *owner, const struct value_rule *rule, struct body_place place);
    /* A key collided with the other spelling that its object had first. */
    void (*collided)(void *owner, const struct pair *pair, struct body_place place);
    /* A key had the other dialect's name already (in a request: the upstream's). */
    void (*passed_name)(void *owner, const struct pair *pair, struct body_place place);
    /* A value was longer than json_value and passed untouched. */
    void (*passed_value)(void *owner, const struct value_rule *rule, struct body_place place);
    /* An event was too long to be judged first, and left as it came from FAULT on. */
    void (*passed_event)(void *owner, const struct translate_fault *fault);
    /*
     * In a reply: a name (decoded, but for paths) that the mapping watches out
     * for goes out as it is.  TRAIL is where it stands in a JSON text, or NULL.
     */
    void (*unmapped)(void *owner, enum unmapped kind, struct text name, const struct trail *trail);
    void *owner;
};

/* The kinds of bodies that are translated, and all others. */
enum media {
    MEDIA_OTHER,
    MEDIA_JSON,
    MEDIA_EVENT_STREAM,
    MEDIA_RECORDS,  /* NDJSON and JSON Lines */
    MEDIA_JSON_SEQ, /* RFC 7464 */
    MEDIA_FORM,     /* application/x-www-form-urlencoded */
    MEDIA_MULTIPART /* multipart/form-data */
};

/* The kind of body a Content-Type value stands for (mapping.md, contract 10). */
enum media media_of(struct text content_type);

/* What a translator is made for; all that is pointed to outlives it. */
struct translator_task {
    const struct rules *rules;
    enum direction direction;
    const struct translate_limits *limits;
    const struct translate_scene *scene;
    const struct translate_watcher *watcher; /* or NULL */
    struct sink sink;
    struct text content_type; /* the whole value, for its parameters; may be absent */
};

/* A new translator of one body of MEDIA, which is not MEDIA_OTHER.  NULL: no memory. */
struct translator *translator_new(enum media media, const struct translator_task *task);

/* Frees the translator at *T and sets *T to NULL. */
void translator_free(struct translator **t);

/* Takes one piece.  After anything but TRANSLATE_OK only translator_fault and _free may follow. */
enum translate_code translator_piece(struct translator *t, struct text piece);

/* Tells the end of the body; what was held leaves, or the body is refused as cut short. */
enum translate_code translator_end(struct translator *t);

/* What was wrong, after a refusal. */
const struct translate_fault *translator_fault(const struct translator *t);

#endif
