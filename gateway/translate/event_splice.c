#include "translate/event_splice.h"

#include <stdlib.h>

static void emit(struct event_splice *s, struct text span)
{
    if (!s->judging && span.len > 0)
        s->sink.take(s->sink.owner, span);
}

/* What the splicer lets go of; while it joins lines, the last of it is the line feed. */
static void on_take(void *owner, struct text span)
{
    struct event_splice *s = owner;

    if (s->joining && span.len > 0 && span.at[span.len - 1] == '\n')
        span.len--;
    emit(s, span);
}

/* What to make of CODE, the splicer's word on PIECE.  False: no memory. */
static bool heed(struct event_splice *s, enum translate_code code, struct text piece)
{
    if (code == TRANSLATE_OK)
        return true;
    if (code == TRANSLATE_NO_MEMORY)
        return false;
    s->broken = true;
    if (code == TRANSLATE_CONFLICT)
        return true; /* the stream ends here */
    emit(s, reader_withheld(&s->splicer.reader, &piece));
    if (!s->joining)
        emit(s, piece);
    return true;
}

static bool feed(struct event_splice *s, struct text piece, const struct lines *place)
{
    s->splicer.reader.lines = *place;
    return heed(s, splicer_piece(&s->splicer, piece), piece);
}

static bool join(struct event_splice *s, const struct lines *place)
{
    s->joining = true;
    bool good = feed(s, TEXT("\n"), place);
    s->joining = false;
    return good;
}

bool event_splice_run(struct event_splice *s, enum event_run kind, struct text run,
                      const struct lines *place)
{
    bool good = true;

    if (!s->broken) {
        switch (kind) {
        case EVENT_FRAME:
            break;
        case EVENT_DATA:
            return feed(s, run, place);
        case EVENT_DATA_END:
            good = join(s, place);
            break;
        case EVENT_END:
            good = heed(s, splicer_end(&s->splicer), TEXT(""));
            break;
        }
    }
    emit(s, run);
    return good;
}

bool event_splice_cut(struct event_splice *s)
{
    return s->broken || heed(s, splicer_end(&s->splicer), TEXT(""));
}

void event_splice_begin(struct event_splice *s, bool judging)
{
    s->judging = judging;
    s->broken = false;
    s->splicer.watcher = judging ? &s->judge : s->watcher;
    splicer_restart(&s->splicer);
}

struct event_splice *event_splice_new(const struct translator_task *task)
{
    struct event_splice *s = malloc(sizeof *s);
    const struct translate_watcher *w = task->watcher;

    if (!s)
        return NULL;
    *s = (struct event_splice){.watcher = w, .sink = task->sink};
    /* Where collisions are kept the event is spliced, and they are counted then. */
    if (w && rules_collisions(task->rules, task->direction) == COLLISION_REJECT)
        s->judge = (struct translate_watcher){.collided = w->collided, .owner = w->owner};
    if (!splicer_init(&s->splicer, task->rules, task->direction, task->limits, task->scene, w,
                      (struct sink){on_take, s}))
        event_splice_free(&s);
    return s;
}

void event_splice_free(struct event_splice **s)
{
    if (!*s)
        return;
    splicer_fini(&(*s)->splicer);
    free(*s);
    *s = NULL;
}
