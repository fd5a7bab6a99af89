/*
 * Server-sent events.  What precedes the first data of an event passes at
 * once, and so do comments between events.  From its first data on an event
 * is held, up to a ceiling, until its blank line tells that it is whole; it
 * is judged, and leaves translated, or as it came if its data is no JSON text;
 * past the ceiling it flows through the same splice unjudged.  Two members
 * that would leave under one name, where the rules refuse that, end the
 * stream.  Between events nothing is held, neither bytes nor a splicer, so
 * that an idle stream costs little.
 */
#include "translate/event_splice.h"
#include "translate/translator.h"

#include <stdlib.h>

struct event_stream {
    struct translator base;
    struct translator_task task;
    struct event_framing framing;
    enum { PASSING, HOLDING, STREAMING } phase;
    struct buf held;              /* the event, from its first data on */
    struct event_framing at_held; /* where that begins */
    struct event_splice *splice;  /* while an event is judged or leaves, else NULL */
};

static struct event_stream *stream_of(struct translator *t)
{
    return (struct event_stream *)t;
}

/* True if two members of the event would leave under one name, and that is refused. */
static bool conflicts(const struct event_stream *e)
{
    return e->splice && e->splice->broken && e->splice->splicer.fault.code == TRANSLATE_CONFLICT;
}

/* Why the stream can't go on: a conflict, or else no memory. */
static enum translate_code failed(struct event_stream *e)
{
    if (conflicts(e)) {
        e->base.fault = e->splice->splicer.fault;
        return TRANSLATE_CONFLICT;
    }
    e->base.fault = (struct translate_fault){
        .code = TRANSLATE_NO_MEMORY, .place = lines_place(&e->framing.lines), .what = "no memory"};
    return TRANSLATE_NO_MEMORY;
}

/* --- an event leaves --------------------------------------------------------------- */

static void emit(struct event_stream *e, struct text span)
{
    if (span.len > 0)
        e->task.sink.take(e->task.sink.owner, span);
}

static void tell_passed(struct event_stream *e)
{
    const struct translate_watcher *w = e->task.watcher;

    if (w && w->passed_event)
        w->passed_event(w->owner, &e->splice->splicer.fault);
}

/* Nothing of the event is left. */
static void forget(struct event_stream *e)
{
    event_splice_free(&e->splice);
    buf_fini(&e->held);
    e->phase = PASSING;
}

/*
 * What is held, through the splice, up to a conflict: nothing behind that
 * leaves.  JUDGING: only to see if it is sound.
 */
static bool replay(struct event_stream *e, bool judging)
{
    struct event_framing framing = e->at_held;
    struct text left = buf_text(&e->held), run;

    if (!e->splice)
        e->splice = event_splice_new(&e->task);
    if (!e->splice)
        return false;
    event_splice_begin(e->splice, judging);
    while (left.len > 0 && !conflicts(e) && !(judging && e->splice->broken)) {
        struct lines place = framing.lines;
        enum event_run kind = event_framing_next(&framing, &left, &run);

        if (!event_splice_run(e->splice, kind, run, &place))
            return false;
    }
    return true;
}

/* The event is whole and held. */
static bool leave(struct event_stream *e)
{
    if (!replay(e, true))
        return false;
    if (conflicts(e))
        return false;
    if (e->splice->broken) {
        emit(e, buf_text(&e->held));
    } else if (!replay(e, false)) {
        return false;
    }
    forget(e);
    return true;
}

/* The event is too long to be held: it streams from here on. */
static bool let_flow(struct event_stream *e)
{
    if (!replay(e, false) || conflicts(e))
        return false;
    buf_fini(&e->held);
    e->phase = STREAMING;
    return true;
}

/* --- runs --------------------------------------------------------------------------- */

static bool hold(struct event_stream *e, enum event_run kind, struct text run)
{
    buf_add(&e->held, run);
    if (e->held.failed)
        return false;
    return kind != EVENT_END || leave(e);
}

static bool stream(struct event_stream *e, enum event_run kind, struct text run,
                   const struct lines *place)
{
    if (!event_splice_run(e->splice, kind, run, place) || conflicts(e))
        return false;
    if (kind == EVENT_END) {
        if (e->splice->broken)
            tell_passed(e);
        forget(e);
    }
    return true;
}

/* Takes the next RUN; BEFORE is the framing as it was before it. */
static bool take(struct event_stream *e, enum event_run kind, struct text run,
                 const struct event_framing *before)
{
    bool data = kind == EVENT_DATA || kind == EVENT_DATA_END;

    if (e->phase == PASSING && data) {
        e->at_held = *before;
        e->phase = HOLDING;
    }
    if (e->phase == HOLDING && run.len > e->held.max - e->held.len && !let_flow(e))
        return false;
    switch (e->phase) {
    case PASSING:
        emit(e, run);
        return true;
    case HOLDING:
        return hold(e, kind, run);
    case STREAMING:
        break;
    }
    return stream(e, kind, run, &before->lines);
}

/* --- the translator ------------------------------------------------------------------ */

static enum translate_code on_piece(struct translator *t, struct text piece)
{
    struct event_stream *e = stream_of(t);
    struct text run;

    while (piece.len > 0) {
        struct event_framing before = e->framing;
        enum event_run kind = event_framing_next(&e->framing, &piece, &run);

        if (!take(e, kind, run, &before))
            return failed(e);
    }
    return TRANSLATE_OK;
}

/*
 * An unfinished event is one that no client will see.  It is not judged, as
 * it may go on to be anything: it leaves translated as far as it is sound.
 */
static enum translate_code on_end(struct translator *t)
{
    struct event_stream *e = stream_of(t);

    if (e->phase == HOLDING && !let_flow(e))
        return failed(e);
    if (e->phase == STREAMING && !event_splice_cut(e->splice))
        return failed(e);
    forget(e);
    return TRANSLATE_OK;
}

static void destroy(struct translator *t)
{
    struct event_stream *e = stream_of(t);

    forget(e);
    free(e);
}

struct translator *event_stream_new(const struct translator_task *task)
{
    static const struct translator_kind KIND = {on_piece, on_end, destroy};
    struct event_stream *e = malloc(sizeof *e);

    if (!e)
        return NULL;
    *e = (struct event_stream){.base.kind = &KIND, .task = *task};
    event_framing_init(&e->framing);
    buf_init(&e->held, task->limits->event);
    return &e->base;
}
