/*
 * reader.h - a JSON text flows through, and strings may be replaced on the way
 *
 * A reader takes one JSON text in pieces of any size, checks it (RFC 8259)
 * and passes on the very bytes that came, but for the strings its owner
 * wants to see whole and replaces.  Bytes leave only after the grammar has
 * accepted them; what is held back is one unfinished token at most.  Verdict,
 * fault and what leaves do not depend on where the pieces were cut.
 *
 * An empty text, or one of nothing but white space, passes.  Knows nothing
 * of rules, names or directions.
 */
#ifndef JSON_READER_H
#define JSON_READER_H

#include "base/buf.h"
#include "json/lines.h"
#include "json/string_scan.h"
#include "json/yajl_pool.h"

struct refrain;
struct skeleton;
struct yajl_handle_t;

enum json_role { JSON_KEY, JSON_VALUE };

struct json_string {
    enum json_role role;
    struct text raw; /* the bytes between the quotes */
    bool escaped;    /* RAW holds an escape */
};

struct reader_events {
    /* An object or an array opens; false: no memory. */
    bool (*on_open)(void *owner, bool object);
    void (*on_close)(void *owner);
    /*
     * A string begins.  Returns how many bytes it may have between its quotes
     * to be wanted whole; 0 lets it stream.
     */
    size_t (*on_string)(void *owner, enum json_role role);
    /*
     * A string that was wanted is complete.  INSTEAD_OUT is absent; set, its
     * bytes leave in place of the string and its quotes, and live until the
     * next event.  False stops the reader, and the string does not leave.
     */
    bool (*on_whole)(void *owner, const struct json_string *string, struct text *instead_out);
    /* A string that was wanted is longer than that and streams. */
    void (*on_long)(void *owner, enum json_role role);
    /* Bytes leave; SPAN is valid during the call. */
    void (*take)(void *owner, struct text span);
};

struct reader_limits {
    size_t depth;  /* open arrays and objects */
    size_t number; /* bytes of one number */
};

enum reader_verdict { READER_OK, READER_INVALID, READER_STOPPED, READER_NO_MEMORY };

struct reader_fault {
    struct body_place place; /* the first byte of the token that does not fit, or the end */
    const char *what;        /* a static, public phrase */
};

struct reader {
    const struct reader_events *events;
    void *owner;
    struct reader_limits limits;
    bool allow_mark; /* a byte order mark may stand first, and stays */

    enum reader_verdict verdict;
    struct reader_fault fault;

    /* private: the piece at hand, and how far it has been counted and passed on */
    struct lines lines;
    const char *counted, *from;

    /* private: where the text stands */
    size_t mark;           /* bytes of a byte order mark seen */
    bool begun;            /* past the mark, or there is none */
    char last;             /* the last byte, or first, of the last token; 0: there is none yet */
    size_t depth;          /* open containers */
    unsigned char *arrays; /* a bit for each: is it an array */

    /* private: the token at the end of the last piece */
    enum { BETWEEN_TOKENS, IN_STRING, IN_ATOM } inside;
    bool holding;            /* HELD has all of it so far */
    struct buf held;         /* the bytes of that token, from its first */
    struct string_scan scan; /* the string's */
    enum json_role role;
    size_t string_len;       /* bytes behind the quote so far */
    size_t wanted;           /* what on_string said */
    struct body_place place; /* of its first byte */
    const char *quote;       /* the string the owner is told of, or NULL: PLACE has its place */

    /* private: yajl and what it is being fed */
    struct yajl_handle_t *yajl;
    bool by_heart; /* the text's value was, and yajl was fed nothing of it */
    struct yajl_pool pool;
    const struct skeleton *skeleton;
    struct refrain *refrain;
    size_t strings_told, tokens_told;
    const char *refusal; /* why a callback stopped yajl, or NULL: the owner did */
};

/*
 * Makes R ready for one text of OWNER's.  UTF8: strings must be well-formed
 * UTF-8.  ALLOW_MARK: a byte order mark may stand first.  LONGEST is the most
 * that on_string will ever want.  False: no memory.
 */
bool reader_init(struct reader *r, const struct reader_limits *limits, bool utf8, bool allow_mark,
                 size_t longest, const struct reader_events *events, void *owner);

/* Makes R ready for the next text, with nothing left of the last one. */
void reader_restart(struct reader *r);

/* Frees what R holds. */
void reader_fini(struct reader *r);

/* Takes one piece.  After anything but READER_OK only reader_fini and _restart may follow. */
enum reader_verdict reader_piece(struct reader *r, struct text piece);

/* Tells the end of the text. */
enum reader_verdict reader_end(struct reader *r);

/*
 * After READER_INVALID or _STOPPED: the bytes that came and did not leave.
 * They are those returned, of earlier pieces mostly, then what is left of
 * *PIECE, the last one; reader_end has an empty one.
 */
struct text reader_withheld(const struct reader *r, struct text *piece);

/* The place of the string that the owner is being told of; during its events only. */
struct body_place reader_place(struct reader *r);

#endif
