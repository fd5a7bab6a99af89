/*
 * fake_front.h - a client side that does what a test says
 *
 * Stands in for the front room at link time.  It keeps what the exchange
 * sends, and fails the test where the exchange breaks the contract of
 * front.h: a call after the end was told, a second reply, a length that does
 * not hold.  The request's head dies with the request, as in the real room.
 */
#ifndef TEST_FAKE_FRONT_H
#define TEST_FAKE_FRONT_H

#include "base/buf.h"
#include "front/front.h"

struct front_request {
    const struct front_events *events; /* NULL until attached */
    void *owner;
    struct http_head head;
    char *head_bytes; /* what HEAD's texts point into */
    struct http_field *head_fields;
    bool dead;      /* its end was told */
    bool reading;   /* the exchange lets body bytes come */
    bool body_over; /* complete, broken, or none there */
    bool continued; /* 100 was sent */
    bool replied, finished, aborted;
    struct front_reply reply; /* texts and fields are not kept here */
    struct buf fields;        /* the reply's, each as "Name: value\n" */
    struct buf trailers;      /* likewise */
    struct buf hints;         /* likewise, of the last 103 */
    struct buf body;          /* what was sent of the reply */
    size_t waiting;           /* bytes that have not reached the client */
    bool secure;
    const char *subject;
    bool unwelcome;
    const char *peer;
};

/* A request with HEAD, which the real grammar must accept. */
struct front_request *fake_front_new(const char *head);

/* A request whose head was refused. */
struct front_request *fake_front_refused(void);

/* Frees the request at *R, whatever state it is in. */
void fake_front_free(struct front_request **r);

/* The client's events, told to the exchange. */
void fake_front_piece(struct front_request *r, struct text piece);
void fake_front_body_end(struct front_request *r);
void fake_front_body_broken(struct front_request *r, int status);
void fake_front_drained(struct front_request *r, size_t waiting);
void fake_front_gone(struct front_request *r);
void fake_front_end(struct front_request *r);

/* The value of the reply's field NAME up to its line end, or NULL; the NTH one from 0. */
const char *fake_front_field(const struct front_request *r, const char *name, unsigned nth);

#endif
