#include "translate/multipart_boundary.h"

#include <assert.h>

enum { LINE_END = 2 }; /* bytes of CR LF */

static void begin_line(struct multipart_boundary *b)
{
    b->held = b->gone = LINE_END;
    b->tail = TAIL_FIRST;
}

void multipart_boundary_init(struct multipart_boundary *b, struct text boundary)
{
    assert(boundary.len > 0 && boundary.len <= BOUNDARY_MAX);
    memcpy(b->line, "\r\n--", 4);
    memcpy(b->line + 4, boundary.at, boundary.len);
    b->full = 4 + boundary.len;
    begin_line(b); /* the start of a body is the start of a line */
}

static struct text held(const struct multipart_boundary *b)
{
    return text_of(b->line + b->gone, b->held - b->gone);
}

/* The index in T where a line begins, or may begin if T goes on; T's length: nowhere. */
static size_t find_line(const struct multipart_boundary *b, struct text t)
{
    size_t at = 0;

    while (at < t.len) {
        size_t i = at + text_find(text_from_offset(t, at), '\r');
        size_t n = t.len - i < b->full ? t.len - i : b->full;

        if (memcmp(t.at + i, b->line, n) == 0)
            return i;
        at = i + 1;
    }
    return t.len;
}

static enum boundary_event search(struct multipart_boundary *b, struct text *piece,
                                  struct text *span_out)
{
    size_t n = find_line(b, *piece);

    *span_out = text_of(piece->at, n);
    *piece = text_from_offset(*piece, n);
    if (piece->len > 0) {
        *piece = text_from_offset(*piece, 1);
        b->held = 1;
    }
    return n > 0 ? BOUNDARY_CONTENT : BOUNDARY_NONE;
}

/* What is held is no such line. */
static enum boundary_event give_up(struct multipart_boundary *b, struct text *span_out)
{
    *span_out = held(b);
    b->held = b->gone = 0;
    b->tail = TAIL_FIRST;
    return span_out->len > 0 ? BOUNDARY_CONTENT : BOUNDARY_NONE;
}

/* The line may have come as far as its boundary; PIECE goes on. */
static enum boundary_event match(struct multipart_boundary *b, struct text *piece,
                                 struct text *span_out)
{
    size_t n = 0;

    while (n < piece->len && b->held < b->full && piece->at[n] == b->line[b->held]) {
        n++;
        b->held++;
    }
    *piece = text_from_offset(*piece, n);
    return piece->len > 0 && b->held < b->full ? give_up(b, span_out) : BOUNDARY_NONE;
}

/* Where the line goes on with NEXT; TAIL_NOTHING: it is no such line. */
static enum boundary_tail follow(enum boundary_tail tail, char next)
{
    bool blank = next == ' ' || next == '\t';

    switch (tail) {
    case TAIL_NOTHING:
    case TAIL_ENDED:
        break;
    case TAIL_FIRST:
        if (next == '-')
            return TAIL_DASH;
        return blank ? TAIL_PADDING : next == '\r' ? TAIL_RETURN : TAIL_NOTHING;
    case TAIL_PADDING:
        return blank ? TAIL_PADDING : next == '\r' ? TAIL_RETURN : TAIL_NOTHING;
    case TAIL_RETURN:
        return next == '\n' ? TAIL_ENDED : TAIL_NOTHING;
    case TAIL_DASH:
        return next == '-' ? TAIL_CLOSING : TAIL_NOTHING;
    case TAIL_CLOSING:
        if (next == '\r' || next == '\n')
            return TAIL_ENDED;
        return blank ? TAIL_CLOSING : TAIL_NOTHING;
    }
    return TAIL_NOTHING;
}

/* The boundary has come; what is behind it decides. */
static enum boundary_event match_tail(struct multipart_boundary *b, struct text *piece,
                                      struct text *span_out)
{
    char next = piece->at[0];
    enum boundary_tail before = b->tail;

    b->tail = follow(before, next);
    if (b->tail == TAIL_NOTHING)
        return give_up(b, span_out);
    if (b->tail == TAIL_ENDED && before == TAIL_CLOSING) {
        *span_out = held(b);
        return BOUNDARY_CLOSES;
    }
    if (b->held == sizeof b->line)
        return BOUNDARY_ENDLESS;
    b->line[b->held++] = next;
    *piece = text_from_offset(*piece, 1);
    if (b->tail != TAIL_ENDED)
        return BOUNDARY_NONE;
    *span_out = held(b);
    begin_line(b);
    return BOUNDARY_DIVIDES;
}

enum boundary_event multipart_boundary_next(struct multipart_boundary *b, struct text *piece,
                                            struct text *span_out)
{
    enum boundary_event event = BOUNDARY_NONE;

    while (event == BOUNDARY_NONE && piece->len > 0)
        if (b->held == 0)
            event = search(b, piece, span_out);
        else
            event = b->held < b->full ? match(b, piece, span_out) : match_tail(b, piece, span_out);
    return event;
}

enum boundary_event multipart_boundary_end(const struct multipart_boundary *b,
                                           struct text *span_out)
{
    *span_out = held(b);
    return b->tail == TAIL_CLOSING ? BOUNDARY_CLOSES : BOUNDARY_CONTENT;
}
