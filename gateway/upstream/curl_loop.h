/*
 * curl_loop.h - libcurl's multi interface on a libevent loop
 *
 * The loop drives the multi from descriptors and timers, hands new transfers
 * to it and takes ended ones back.  What must not be done inside the
 * library's callbacks (adding, removing, unpausing, freeing) is put on an
 * agenda instead, and done at the next turn: an event of its own, in the same
 * round of the event loop, with none of the library's frames below it.
 */
#ifndef UPSTREAM_CURL_LOOP_H
#define UPSTREAM_CURL_LOOP_H

#include "upstream/upstream.h"
#include "upstream/wire.h"

#include <curl/curl.h>

STAILQ_HEAD(transfer_agenda, upstream_transfer);
TAILQ_HEAD(transfer_list, upstream_transfer);

struct upstream {
    struct event_base *base;
    struct upstream_limits limits; /* without the url */
    struct endpoint *own;          /* of that url, or NULL */
    unsigned pick_turn;            /* whose turn it is among equal endpoints */
    CURLM *multi;
    struct wires wires;
    struct transfer_agenda agenda; /* what the next turn looks at */
    struct transfer_list live;     /* from start to burial */
    struct transfer_list spare;    /* with their handles, to be used again */
    size_t spare_count;
    bool complained;         /* of the last socket, which could not be had */
    uint64_t tls_told_ms;    /* when the log was told last why TLS failed */
    size_t complete_waiting; /* replies complete while the library goes on */
    struct event turn;
    struct event timer; /* the library's */
    uint64_t due_ms;    /* when the library wants to be called; 0: at once */
    uint64_t armed_ms;  /* when the timer will fire */
    struct event watch; /* deadlines and idle wires */
    uint64_t watch_ms;  /* when it will fire */
};

/* Makes U's loop ready on its base; its limits are set.  False: no memory. */
bool loop_init(struct upstream *u);

/* Frees all of U's loop, half-built or not; no transfer is live but what was cancelled. */
void loop_fini(struct upstream *u);

/* Milliseconds of a clock that only goes forward. */
uint64_t loop_now(void);

/* Has the next turn look at T; callable from anywhere. */
void loop_attend(struct upstream *u, struct upstream_transfer *t);

/* Makes sure that deadlines are looked at by DUE_MS. */
void loop_watch(struct upstream *u, uint64_t due_ms);

#endif
