/*
 * reply.h - one reply, read line by line and piece by piece
 *
 * A reply takes the raw head lines and the raw body bytes of one transfer,
 * refuses what RFC 9112 forbids or what passes a limit, passes over interim
 * heads, and knows by itself when the reply is complete: whoever moves the
 * bytes may be more lenient, or wait for something else.
 *
 * Knows nothing of sockets, clocks or owners.
 */
#ifndef UPSTREAM_REPLY_H
#define UPSTREAM_REPLY_H

#include "upstream/upstream.h"

enum reply_step {
    REPLY_MORE,    /* all that was given is used; go on */
    REPLY_HINTS,   /* head holds a 103 that may be passed on */
    REPLY_HEAD,    /* head holds the final head */
    REPLY_CONTENT, /* *content_out holds a span of the body */
    REPLY_BAD      /* refused: nothing more may be given */
};

struct reply {
    const struct upstream_limits *limits; /* not owned */
    enum http_method method;              /* of the request */
    struct buf lines;                     /* of the head under way */
    size_t line_count;
    unsigned interim_heads;
    struct http_field *fields; /* all that came, then those that are told */
    size_t fields_room;
    struct upstream_head head; /* after REPLY_HINTS and REPLY_HEAD, until the next call */
    uint64_t left;             /* bytes of the body to come where it has a length */
    struct chunked chunked;
    bool starved;  /* REPLY_BAD for want of memory */
    bool has_head; /* the final one */
    bool complete;
    bool reusable; /* the connection may carry another reply */
};

/* Makes R ready for its first reply; LIMITS outlive it. */
void reply_init(struct reply *r, const struct upstream_limits *limits);

/* Frees what R holds. */
void reply_fini(struct reply *r);

/* Makes R ready for a reply to METHOD, keeping its memory where that is small. */
void reply_start(struct reply *r, enum http_method method);

/* Takes one LINE of a head, with its line end.  MORE, HINTS, HEAD or BAD. */
enum reply_step reply_line(struct reply *r, struct text line);

/*
 * Takes bytes of the body off the start of *PIECE; call it until it answers
 * MORE.  MORE, CONTENT or BAD.
 */
enum reply_step reply_content(struct reply *r, struct text *piece, struct text *content_out);

/* No byte will follow and the connection ended cleanly.  True if R is complete. */
bool reply_close(struct reply *r);

/* The trailers of a complete reply; texts live until the next start. */
const struct http_fields *reply_trailers(const struct reply *r);

#endif
