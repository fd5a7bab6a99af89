/*
 * trace.h - W3C Trace Context: the request's place in a larger story
 *
 * A valid traceparent is gone on with: the same trace id, and a parent id of
 * our own for what goes up.  Anything else is dropped and a new trace begins.
 * What others keep in tracestate passes, in order, within the limits of the
 * recommendation: 32 members and 512 bytes.
 */
#ifndef EXCHANGE_TRACE_H
#define EXCHANGE_TRACE_H

#include "base/arena.h"
#include "http/field.h"

enum { TRACE_ID_DIGITS = 32, TRACE_STATE_BYTES = 512, TRACE_STATE_MEMBERS = 32 };

struct trace {
    char id[TRACE_ID_DIGITS]; /* hex digits, no NUL */
    bool sampled;             /* the caller may have recorded this */
    bool inherited;           /* from the request; else it began here */
};

/* Goes on with the trace that FIELDS, a request's, tell of, or begins one. */
void trace_begin(struct trace *t, const struct http_fields *fields);

/* The 32 digits of T's id. */
static inline struct text trace_id(const struct trace *t)
{
    return text_of(t->id, sizeof t->id);
}

/* The traceparent of a request that goes up, its parent id new each time; absent: no memory. */
struct text trace_parent(const struct trace *t, struct arena *arena);

/*
 * The tracestate that goes up for the one, or several, in FIELDS.  Empty if
 * there is none to pass on; absent: no memory.
 */
struct text trace_state(const struct trace *t, const struct http_fields *fields,
                        struct arena *arena);

#endif
