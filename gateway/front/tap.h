/*
 * tap.h - one client connection, for the files of this room only
 *
 * The tap takes every byte as it arrives, off the socket where that holds
 * them as they are, else off the bufferevent's input; it keeps them aside and
 * gives them out as heads and body pieces.  evhttp sees nothing of it but one
 * canonical head a request (door.h).  Replies go the other way through
 * reply.c.
 *
 * A tap does its work in an event of its own, its turn: calls from outside
 * and from libevent only note what happened and wake it.  So nothing is freed
 * under a callback, owners never hear of anything inside a call they make,
 * and all that was said in one loop turn leaves in one write.
 */
#ifndef FRONT_TAP_H
#define FRONT_TAP_H

#include "base/buf.h"
#include "front/front.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdatomic.h>

struct bufferevent;
struct evbuffer_cb_entry;
struct evhttp_connection;
struct evhttp_request;

enum {
    TAP_READ_STEP = 4096,           /* bytes that are read at once */
    TAP_READ_MORE = 60 * 1024,      /* bytes of a streaming body read after that */
    TAP_WRITE_MAX = 256 * 1024,     /* bytes of one write */
    TAP_LINGER_BYTES = 1024 * 1024, /* dropped at most after an early reply */
    TAP_LINGER_MS = 2000,
    TAP_GOODBYE_MS = 20,       /* before a full socket is asked again */
    TAP_LOOK_MS = 1000,        /* between looks at a socket that is not read */
    TAP_REFUSE_MS = 2000,      /* for the only request of an unwelcome connection */
    TAP_DRAIN_GRACE_MS = 1000, /* for the request of a connection new or just used */
    TAP_REQUESTS_PER_TURN = 16 /* pipelined ones, before others get theirs */
};

enum tap_phase {
    TAP_IDLE,  /* nothing of a head has come */
    TAP_HEAD,  /* some of a head has come */
    TAP_BODY,  /* a request is with its owner, its body not read whole */
    TAP_HOLD,  /* a request is with its owner, its body read whole */
    TAP_LINGER /* the reply is out and our side shut: drop what still comes */
};

struct tap {
    struct front *front;
    struct tap *next;
    struct tap **link; /* what points to this tap */

    struct bufferevent *bev;              /* evhttp's, freed by it */
    struct evhttp_connection *connection; /* NULL until started */
    struct evhttp_request *canonical;     /* evhttp's view of the request under way */
    struct evbuffer_cb_entry *input_cb;
    struct evbuffer_cb_entry *output_cb;
    struct event work;
    struct event timer;
    struct event readable;  /* where `raw` */
    struct event *writable; /* TLS: the socket takes bytes again; NULL until it was full once */

    enum tap_phase phase;
    struct buf side; /* bytes that came and are not used; see side_from */
    size_t side_from;
    size_t scanned; /* of the side bytes, for the end of a head */
    struct front_request *request;
    struct chunked chunked;
    uint64_t body_left; /* of a body with a length */
    size_t lingered;    /* bytes dropped */
    size_t requests;    /* handed over so far */

    enum front_entry entry;  /* FRONT_CLOSE until it is let in */
    uint64_t phase_since_ms; /* idle, head, linger: when it began */
    uint64_t body_since_ms;  /* last progress of the request body */
    uint64_t reply_since_ms; /* last progress of the reply's bytes */
    uint64_t moved_since_ms; /* when a half-closed client's request last moved on */
    uint64_t read_since_ms;  /* when the body began to be read, moved on by every pause */
    uint64_t paused_at_ms;
    uint64_t body_bytes;  /* of its content, so far */
    uint64_t timer_at_ms; /* when the timer fires; 0: it is not set */

    struct endpoint_way way; /* what is spoken below HTTP */
    char *subject;           /* of the client's certificate; owned; NULL: none */
    char peer[64];
    unsigned port;

    bool announcing;    /* the PROXY header that comes before all else is not here yet */
    bool handshaking;   /* TLS is not ready yet */
    bool woken;         /* the work event is active */
    bool working;       /* inside a turn, before its flush */
    bool handing;       /* evhttp is being given a canonical head */
    bool paused;        /* the owner wants no body pieces now */
    bool raw;           /* the socket's bytes are those of HTTP: it is read past the bufferevent */
    bool reading;       /* more is read as it comes */
    bool writing;       /* the socket was full: what waits leaves when it takes bytes again */
    bool above_low;     /* the output has been above the low mark */
    bool told_empty;    /* the owner knows that the output is empty */
    bool eof;           /* the client will send no more */
    bool lost;          /* reset, failed, stalled or aborted */
    bool reset;         /* end it by RST */
    bool read_full;     /* the last read brought as much as it could */
    bool head_expired;  /* the head took too long */
    bool body_expired;  /* the body stalled */
    bool idle_expired;  /* no request came, or none is wanted any more */
    bool linger_over;   /* lingering is at its end */
    bool goodbye_due;   /* the client is still to be told that nothing follows */
    bool chunked_ready; /* `chunked` is initialised */
};

enum reply_phase { REPLY_NONE, REPLY_STARTED, REPLY_FINISHED };

/* One request and its reply; lives from hand-over until its end was told. */
struct front_request {
    struct tap *tap;
    const struct front_events *events;
    void *owner;
    struct http_head head;     /* cleared where refused */
    struct http_field *fields; /* owned; head.fields points to it */
    int refused;               /* the status, or 0 */
    const char *reason;        /* of a refusal */
    enum reply_phase reply;
    enum http_framing framing; /* of the reply */
    uint64_t reply_left;       /* bytes of a reply with a length */
    bool bodiless;             /* the reply has no body whatever is sent */
    bool close;                /* the connection ends with this reply */
    bool body_broken;          /* the request body can't be read on */
    bool continued;            /* 100 (Continue) was sent */
    char bytes[];              /* the head */
};

/* --- tap.c: the turn ------------------------------------------------------ */

/* A new tap for BEV, one more of FRONT's connections that speak in WAY; NULL: no memory. */
struct tap *tap_new(struct front *front, struct bufferevent *bev, const struct endpoint_way *way);

/* The front's limits are new ones. */
void tap_fit(struct tap *tap);

/* Frees TAP; the owner of a request still under way hears on_gone. */
void tap_free(struct tap *tap);

/* Begins to read, now that evhttp knows the connection; it has enabled the bufferevent. */
void tap_start_reading(struct tap *tap);

/* Asks for a turn in this loop turn. */
void tap_wake(struct tap *tap);

/* The client or the connection is gone: ends it in TAP's turn. */
void tap_lose(struct tap *tap);

/* The monotonic clock in milliseconds. */
uint64_t tap_now_ms(void);

/* The callback of the bufferevent's events; ARG is the tap. */
void tap_on_event(struct bufferevent *bev, short what, void *arg);

/* What evhttp's handler calls: the request begins. */
void tap_dispatch(struct tap *tap);

/* The bytes aside, and dropping the first N of them. */
struct text tap_side(const struct tap *tap);
void tap_side_drop(struct tap *tap, size_t n);

/* The client as its host knows it: empty while a PROXY header is still to tell. */
struct text tap_peer(const struct tap *tap);

/* --- announcement.c: who the client is, where a balancer says so first ---------- */

/* Waits for the PROXY header on the bare socket; nothing else is read, no handshake begins. */
void tap_await_announcement(struct tap *tap);

/* A turn while it is awaited: with the whole header the connection begins. */
void tap_turn_announcing(struct tap *tap);

/* --- intake.c: heads and bodies out of the bytes aside ---------------------- */

/* Looks for a head; hands it over when it is whole or refused. */
void tap_read_head(struct tap *tap);

/* Gives the owner what there is of the body, and its end. */
void tap_read_body(struct tap *tap);

/* --- reply.c ---------------------------------------------------------------- */

/* Bytes of the reply not yet with the socket. */
size_t tap_waiting(const struct tap *tap);

/* Writes what waits, now if the socket takes it, else when it does. */
void tap_flush(struct tap *tap);

/* --- clock.c ---------------------------------------------------------------- */

/* How long TAP may wait for a request as things are, by the front's limits. */
uint64_t tap_idle_ms(const struct tap *tap);

/* True once a minute, by what is kept at SAID_MS, for the thread that asks first. */
bool tap_once_a_minute(atomic_uint_fast64_t *said_ms);

/* Makes sure that the clocks are looked at within MS; 0: that clock is off. */
void tap_clock(struct tap *tap, uint64_t ms);

/* The request body is read from now on: starts its clocks. */
void tap_clock_body(struct tap *tap);

/* The callback of the timer; ARG is the tap. */
void tap_on_timer(evutil_socket_t fd, short what, void *arg);

#endif
