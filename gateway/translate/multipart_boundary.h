/*
 * multipart_boundary.h - finds the lines that divide a multipart body
 *
 * Such a line is "--" and the boundary at the start of a line, perhaps "--"
 * again, white space, and a line end (RFC 2046, 5.1.1).  The line end before
 * it belongs to it.  A line that only begins like one is content.
 *
 * All that is held back at the end of a piece are bytes that may yet become
 * such a line.  A carriage return stands in it nowhere but first, so a
 * search that fails goes on behind what it has seen: no byte is compared
 * twice.  Knows nothing of what is between the lines.
 */
#ifndef TRANSLATE_MULTIPART_BOUNDARY_H
#define TRANSLATE_MULTIPART_BOUNDARY_H

#include "base/text.h"

enum {
    BOUNDARY_MAX = 200, /* bytes; RFC 2046 asks for at most 70 */
    BOUNDARY_LINE_MAX = 2048
};

enum boundary_event {
    BOUNDARY_NONE,    /* the piece is used up */
    BOUNDARY_CONTENT, /* bytes between the lines */
    BOUNDARY_DIVIDES, /* a line, its line ends included: a part begins */
    BOUNDARY_CLOSES,  /* the last line, without its line end */
    BOUNDARY_ENDLESS  /* a line is too long */
};

/* Private: the bytes behind a boundary. */
enum boundary_tail {
    TAIL_FIRST,   /* there are none yet */
    TAIL_PADDING, /* white space */
    TAIL_RETURN,  /* CR */
    TAIL_DASH,    /* "-" */
    TAIL_CLOSING, /* "--", and perhaps white space */
    TAIL_ENDED,   /* a whole line */
    TAIL_NOTHING  /* other bytes: it was no such line */
};

struct multipart_boundary {
    char line[BOUNDARY_LINE_MAX]; /* CR LF "--" boundary, then what came behind that */
    size_t full;                  /* bytes of CR LF "--" boundary */
    size_t held;                  /* bytes of LINE that came and may be such a line */
    size_t gone;                  /* those of them that belong to the line before */
    enum boundary_tail tail;      /* what came behind the boundary */
};

/* Stands at the start of a body divided by BOUNDARY, 1 to BOUNDARY_MAX bytes without CR. */
void multipart_boundary_init(struct multipart_boundary *b, struct text boundary);

/*
 * Takes bytes off *PIECE and tells what they are; SPAN_OUT has them, and bytes
 * held from earlier pieces, until the next call.  After BOUNDARY_CLOSES or
 * _ENDLESS, no more calls.
 */
enum boundary_event multipart_boundary_next(struct multipart_boundary *b, struct text *piece,
                                            struct text *span_out);

/* The body ends: what SPAN_OUT, all that is held, turned out to be: _CLOSES or _CONTENT. */
enum boundary_event multipart_boundary_end(const struct multipart_boundary *b,
                                           struct text *span_out);

#endif
