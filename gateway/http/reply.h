/*
 * reply.h - reply heads, line by line, read as strictly as requests
 *
 * What receives replies hands each line over as it comes, collects the
 * fields, and asks at the empty line how the body is framed.  A reply that
 * is refused here must be answered by 502 and its connection not used again.
 */
#ifndef HTTP_REPLY_H
#define HTTP_REPLY_H

#include "http/head.h"

/*
 * Reads LINE, a status line with its CRLF (RFC 9112, 4): HTTP/1.0 or 1.1,
 * three digits from 100, and a reason phrase that may be missing.  Returns
 * NULL, or a short reason (a static string).
 */
const char *http_status_line(struct text line, int *minor_out, int *status_out,
                             struct text *reason_out);

/* True if LINE, with its CRLF, is the empty line that ends a head. */
bool http_empty_line(struct text line);

struct http_reply_framing {
    enum http_framing framing; /* HTTP_NO_BODY for HEAD, 1xx, 204 and 304 */
    bool has_length;           /* a Content-Length was there (0 counts) */
    uint64_t length;           /* that length, where there is no body too */
    bool keep_alive;           /* the connection may carry another reply */
};

/*
 * How the body of a reply to METHOD with STATUS and FIELDS (all that came)
 * over HTTP/1.MINOR is framed (RFC 9112, 6.3).  Refused: a Content-Length
 * that is repeated, listed, signed or too big; any Transfer-Encoding but one
 * `chunked`; both; a coding in HTTP/1.0, in a 1xx or in a 204; a length above
 * 0 in those two.  Returns NULL, or a short reason (a static string).
 */
const char *http_reply_framing(enum http_method method, int status, int minor,
                               const struct http_fields *fields,
                               struct http_reply_framing *framing_out);

#endif
