/*
 * head.h - one request head: accepted and framed, or refused with a status
 *
 * The strict grammar of RFC 9112 as an intermediary must read it.  A head is
 * judged in one pass over its bytes, without a copy: every text in the result
 * points into them.  What this accepts is framed in exactly one way; what it
 * refuses has a status and a reason, and the connection must close.
 */
#ifndef HTTP_HEAD_H
#define HTTP_HEAD_H

#include "http/field.h"
#include "http/method.h"

enum http_framing {
    HTTP_NO_BODY, /* neither length nor transfer coding, or length 0 */
    HTTP_LENGTH,  /* Content-Length, above 0 */
    HTTP_CHUNKED, /* Transfer-Encoding: chunked */
    HTTP_TO_CLOSE /* replies only: until the connection ends */
};

enum http_target_form { HTTP_ORIGIN_FORM, HTTP_ABSOLUTE_FORM, HTTP_ASTERISK_FORM };

struct http_head_limits {
    size_t request_line; /* bytes without CRLF; beyond it 414 */
    size_t head;         /* bytes of the whole head; beyond it 431 */
    size_t fields;       /* number of field lines; beyond it 431 */
};

struct http_head {
    enum http_method method;
    enum http_target_form form;
    struct text target; /* as it came */
    struct text path;   /* origin form: raw bytes before "?"; "*" for asterisk */
    struct text query;  /* raw bytes after "?"; absent if there is no "?" */
    int minor;          /* 0 or 1, of HTTP/1.x */
    struct text host;   /* Host's value; absent in 1.0 without one */
    enum http_framing framing;
    uint64_t length;      /* body bytes where framing is HTTP_LENGTH */
    bool has_length;      /* a Content-Length was there (0 counts) */
    bool keep_alive;      /* the client lets the connection be kept */
    bool expect_continue; /* Expect: 100-continue in 1.1 */
    struct http_fields fields;
};

/*
 * Finds the end of the first head in BYTES (after its empty line); one empty
 * line before the request line is skipped over.  SCANNED holds where to go on
 * from when more bytes have come (start with 0).  Returns 0 while the end is
 * not there yet.
 */
size_t http_head_end(struct text bytes, size_t *scanned);

/*
 * Looks at BYTES, a head that has no end yet.  Returns 0 while it may still
 * become one, or the status to answer with at once (400, 414, 431) and a
 * reason as below.  FROM is where the last look ended: nothing before it is
 * read again.
 */
int http_head_early(struct text bytes, size_t from, const struct http_head_limits *limits,
                    const char **reason_out);

/*
 * Judges one whole HEAD (its empty line included).  FIELDS has room for
 * LIMITS->fields entries, which HEAD_OUT then points to.  Returns 0 and fills
 * HEAD_OUT, or the status to answer with (400, 414, 417, 431, 501, 505) and a
 * short public reason in REASON_OUT (a static string).  A refused head leaves
 * HEAD_OUT cleared but for METHOD (GET until it is known) and MINOR.
 */
int http_head_parse(struct text head, const struct http_head_limits *limits,
                    struct http_field *fields, struct http_head *head_out, const char **reason_out);

/*
 * True if PATH is safe to match (see http.md): no segment that decodes, at
 * any depth, to a dot segment; no %00; no overlong UTF-8 escape; no "//".
 * Characters that only look like a dot or a slash, such as U+FF0E, are none,
 * and an escaped "?" or "#" does not end the path.
 */
bool http_path_safe(struct text path);

#endif
