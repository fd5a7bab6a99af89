/*
 * event_splice.h - the data of one event through a splicer, its lines kept
 *
 * An event's data is one JSON text, its lines joined by line feeds.  What
 * leaves is the event as it came, with keys and values in its data replaced:
 * the splicer gets the data and the joining line feeds, and in place of each
 * of those leaves the frame that stood there.  Outside a JSON string a line
 * feed is white space, and inside it is a fault, so the splicer holds nothing
 * back across lines and everything keeps its order.
 *
 * The first fault breaks the translation: from there on the event leaves as
 * it came, and no byte is lost.
 */
#ifndef TRANSLATE_EVENT_SPLICE_H
#define TRANSLATE_EVENT_SPLICE_H

#include "translate/event_framing.h"
#include "translate/splicer.h"
#include "translate/translator.h"

struct event_splice {
    struct splicer splicer;
    struct translate_watcher judge; /* who watches while nothing leaves */
    const struct translate_watcher *watcher;
    struct sink sink;
    bool judging; /* nothing leaves */
    bool broken;  /* the data has a fault: SPLICER.fault */
    bool joining; /* the splicer is at a line feed that does not leave */
};

/* A new splice for one event of TASK at a time.  NULL: no memory. */
struct event_splice *event_splice_new(const struct translator_task *task);

/* Frees the splice at *S, if there is one, and sets *S to NULL. */
void event_splice_free(struct event_splice **s);

/* Begins an event.  JUDGING: it is only looked at, and the watcher told of conflicts alone. */
void event_splice_begin(struct event_splice *s, bool judging);

/*
 * Takes the next RUN of the event, which begins at PLACE of the body; the
 * last is its blank line.  A fault in the data only sets S->broken.  False:
 * no memory.
 */
bool event_splice_run(struct event_splice *s, enum event_run kind, struct text run,
                      const struct lines *place);

/* The stream ends before the event does: what is held leaves.  False: no memory. */
bool event_splice_cut(struct event_splice *s);

#endif
