/*
 * chunked.h - the chunked transfer coding, read strictly (RFC 9112, 7.1)
 *
 * A decoder takes the raw bytes of one chunked body in any pieces and gives
 * back the spans of content in them, then the trailer section.  It copies
 * nothing but the trailer section (up to its ceiling).  Sizes are hex digits
 * and nothing else; lines end in CRLF; extensions must be well formed and are
 * dropped.  Trailer lines obey the field grammar, and those that may not be
 * trailers (framing, Host, credentials and the like; RFC 9110, 6.5.1) are
 * dropped too.
 */
#ifndef HTTP_CHUNKED_H
#define HTTP_CHUNKED_H

#include "base/buf.h"
#include "http/head.h"

enum { CHUNKED_TRAILERS_MAX = 64 }; /* trailer lines; more are malformed */

enum chunked_step {
    CHUNKED_MORE,    /* all of the piece is used; the body goes on */
    CHUNKED_CONTENT, /* *content_out holds a span of content */
    CHUNKED_END,     /* the body and its trailers are complete */
    CHUNKED_BAD      /* malformed, or a line or the trailers too long */
};

struct chunked_limits {
    size_t line;     /* bytes of one chunk-size line with its extensions */
    size_t trailers; /* bytes of the whole trailer section */
};

struct chunked {
    struct chunked_limits limits;
    struct buf line;                   /* the trailer section */
    size_t line_start;                 /* where its last line begins */
    size_t line_bytes;                 /* of this chunk-size line so far */
    uint64_t left;                     /* content bytes left of this chunk */
    int state;                         /* private */
    bool starved;                      /* CHUNKED_BAD for want of memory */
    struct http_field *trailer_fields; /* private storage, from malloc */
    struct http_fields trailers;       /* after CHUNKED_END; point into line */
};

/* Makes C ready for one body. */
void chunked_init(struct chunked *c, const struct chunked_limits *limits);

/* Frees what C holds; C may be initialised again. */
void chunked_fini(struct chunked *c);

/*
 * Reads on in *PIECE and moves its start past what was used.  Call again
 * until it answers CHUNKED_MORE (piece used up), CHUNKED_END (what is left of
 * *PIECE lies after the body) or CHUNKED_BAD.
 */
enum chunked_step chunked_next(struct chunked *c, struct text *piece, struct text *content_out);

#endif
