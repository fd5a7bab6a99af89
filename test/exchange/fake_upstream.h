/*
 * fake_upstream.h - a service side that does what a test says
 *
 * Stands in for the upstream room at link time.  It keeps what the exchange
 * sends up, and fails the test where the exchange breaks the contract of
 * upstream.h.  The texts of a head and a piece die when the call returns.
 */
#ifndef TEST_FAKE_UPSTREAM_H
#define TEST_FAKE_UPSTREAM_H

#include "base/buf.h"
#include "upstream/upstream.h"

struct upstream_transfer {
    struct upstream_transfer *next;
    const struct upstream_events *events;
    void *owner;
    struct upstream_request request; /* texts and fields are not kept here */
    struct buf target;
    struct buf fields;   /* each as "Name: value\n" */
    struct text whole;   /* the exchange's own bytes */
    struct buf received; /* the body that was given, or the whole one */
    bool later;          /* was told LATER, and upstream_more not called since */
    bool asleep;         /* likewise, and will not ask by itself */
    bool ended;          /* was told END */
    bool headed;         /* the final head was told */
    bool paused;
    bool pending;     /* a piece waits for the resume */
    struct buf piece; /* that piece */
    bool over;        /* done or broken was told */
    bool cancelled;   /* dead for the exchange */
    uint64_t silence_ms;
    bool silence_set;
};

struct upstream {
    struct upstream_transfer *transfers; /* the newest first; all that were ever started */
    unsigned started;
    bool no_memory; /* upstream_start fails */
};

/* Where they go; the second is used by pools of two. */
extern struct endpoint fake_endpoints[2];

/* Frees all transfers of U; nothing may still be counted at an endpoint. */
void fake_upstream_fini(struct upstream *u);

/* A transfer that the exchange may still hear from, or NULL. */
struct upstream_transfer *fake_upstream_live(const struct upstream *u);

/* The service's events, told to the exchange.  HEAD's texts are copied for the call. */
enum upstream_give fake_upstream_want(struct upstream_transfer *t, size_t room);
void fake_upstream_head(struct upstream_transfer *t, const struct upstream_head *head);
void fake_upstream_piece(struct upstream_transfer *t, struct text piece);
void fake_upstream_done(struct upstream_transfer *t, const struct http_fields *trailers);
void fake_upstream_broke(struct upstream_transfer *t, enum upstream_failure why);

/* The value of the field NAME sent up, or NULL; the NTH one from 0. */
const char *fake_upstream_field(const struct upstream_transfer *t, const char *name, unsigned nth);

#endif
