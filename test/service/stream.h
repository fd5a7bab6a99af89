/*
 * stream.h - an answer told as server-sent events, with a pause before each
 *
 * A stream holds its events from the start and lets one go at a time.
 * Between two the connection is suspended, so that a thousand streams wait
 * in one thread; the main loop wakes those whose pause is over.
 */
#ifndef SERVICE_STREAM_H
#define SERVICE_STREAM_H

#include <jansson.h>
#include <microhttpd.h>
#include <stdbool.h>

/* All streams that wait for their next event. */
struct streams {
    struct stream *waiting;
    long pause_ms;
    bool closing; /* no more events: streams end where they are */
};

/*
 * Answers 200 with EVENTS, an array of strings, each the data of one event;
 * its reference is taken.
 */
enum MHD_Result stream_start(struct streams *all, struct MHD_Connection *to, json_t *events);

/* Wakes the streams whose pause is over. */
void streams_wake(struct streams *all);

/* Milliseconds until a pause is over, -1 if none is under way. */
long streams_wait_ms(const struct streams *all);

/* Wakes all streams; they end without their remaining events. */
void streams_close(struct streams *all);

#endif
