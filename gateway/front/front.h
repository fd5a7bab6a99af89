/*
 * front.h - the client side: connections in, one request at a time out
 *
 * A front owns the listeners and connections of one event base.  For each
 * accepted request head it calls its host's on_request; from then on the
 * exchange that took the request hears through its event table and speaks
 * through the functions below.  Heads that the grammar refuses are answered
 * through the host's on_refused, so that error bodies have one maker.
 *
 * The process must ignore SIGPIPE.  Knows nothing of mappings, of JSON or of
 * the upstream.
 */
#ifndef FRONT_FRONT_H
#define FRONT_FRONT_H

#include "base/pressure.h"
#include "conf/endpoint.h"
#include "http/chunked.h"
#include "http/head.h"

struct event_base;
struct front;
struct front_request;
struct tls;

struct front_limits {
    struct http_head_limits head;
    struct chunked_limits chunked;
    size_t buffer_high; /* bytes of unread body held before reading stops */
    size_t buffer_low;
    size_t requests_per_connection;
    uint64_t request_head_ms; /* first byte to blank line: 408; of a PROXY header: closed */
    uint64_t request_body_ms; /* stall while reading is wanted: 408 */
    uint64_t request_rate;    /* bytes a second of a body, on average: 408; 0: any */
    uint64_t request_rate_ms; /* of reading, after which the rate counts */
    uint64_t reply_ms;        /* bytes wait for the client and none leave: reset */
    uint64_t keep_alive_ms;
    uint64_t half_close_ms;
    uint64_t tls_handshake_ms; /* from accepting a connection: closed */
};

/* What is done with a new connection. */
enum front_entry {
    FRONT_WELCOME,
    FRONT_REFUSE, /* its first request is the last and front_unwelcome; it must come soon */
    FRONT_CLOSE   /* closed at once */
};

/* Why a connection closed before a PROXY header was whole where one is due: X(name, word). */
#define FRONT_UNTOLD(X)                                                                            \
    X(MALFORMED, "malformed") /* other bytes came */                                               \
    X(TIMEOUT, "timeout")     /* it took too long */                                               \
    X(CLOSED, "closed")       /* the connection ended */

enum front_untold {
#define X(name, word) FRONT_UNTOLD_##name,
    FRONT_UNTOLD(X)
#undef X
        FRONT_UNTOLD_COUNT
};

extern const char *const front_untold_words[FRONT_UNTOLD_COUNT];

/* What a front calls when a connection or a request begins. */
struct front_host {
    /*
     * PEER (see front_peer) has connected; it is empty where a PROXY header
     * will tell who that is.  NULL: all are welcome.
     */
    enum front_entry (*on_connect)(void *owner, struct text peer);
    /* The header told that a connection let in as ENTRY is PEER's: how it goes on. */
    enum front_entry (*on_named)(void *owner, struct text peer, enum front_entry entry);
    /* No header came: the connection closes. */
    void (*on_untold)(void *owner, enum front_untold why);
    /* The connection of PEER, as last told, that was let in as ENTRY has ended. */
    void (*on_leave)(void *owner, struct text peer, enum front_entry entry);
    struct tls *tls;                 /* for listeners that speak it; NULL: there are none */
    const struct pressure *pressure; /* beyond NONE, replies close; NULL: there is none */
    /*
     * A head was accepted.  The host answers by front_attach before it
     * returns.  HEAD and its texts live until the request's end was told.
     */
    void (*on_request)(void *owner, struct front_request *request, const struct http_head *head);
    /*
     * A head was refused (or came too slowly: 408) with STATUS.  The host
     * attaches and replies; the connection closes afterwards.
     */
    void (*on_refused)(void *owner, struct front_request *request, int status, const char *reason);
    void *owner;
};

/* What the owner of a request hears.  After on_end or on_gone the request pointer is dead. */
struct front_events {
    /* A piece of the request body, already out of its framing; taken whole. */
    void (*on_piece)(void *owner, struct text piece);
    /* The body is complete.  Told for requests without a body too, from the loop. */
    void (*on_body_end)(void *owner, const struct http_fields *trailers);
    /* The body can't be read on: 400 bad chunk, 408 stalled.  No more pieces follow. */
    void (*on_body_broken)(void *owner, int status, const char *reason);
    /* WAITING bytes of the reply have not yet reached the socket; told when it falls to low or 0.
     */
    void (*on_drained)(void *owner, size_t waiting);
    /* The client went away; told once, from the loop. */
    void (*on_gone)(void *owner);
    /* The reply has left whole and the request is over; told once, from the loop. */
    void (*on_end)(void *owner);
};

/* A new front on BASE.  LIMITS and HOST are copied.  NULL: no memory. */
struct front *front_new(struct event_base *base, const struct front_limits *limits,
                        const struct front_host *host);

/*
 * Frees the front at *F; all its connections are closed at once, and the
 * owners of requests under way hear on_gone before this returns.
 */
void front_free(struct front **f);

/* From now on LIMITS hold, for open connections too.  False: no memory; the old ones do. */
bool front_set_limits(struct front *f, const struct front_limits *limits);

/*
 * Accepts on FD, a bound socket, from now on; owns FD then.  WAY says what is
 * spoken there; it is copied.  False: errno tells.
 */
bool front_listen(struct front *f, int fd, const struct endpoint_way *way);

/* The same for a socket that others hold too: draining leaves it to them. */
bool front_share(struct front *f, int fd, const struct endpoint_way *way);

/*
 * Stops listening without losing a connection: those already queued are
 * accepted and served.  Connections without a request close once they have
 * been so for a second, and none on which one has arrived; busy ones close
 * after their reply (Connection: close).
 */
void front_drain(struct front *f);

/* Closes every connection now, from the top of the loop. */
void front_abort_all(struct front *f);

/*
 * Connections open now.  While a listener drains that may still bring one,
 * it counts as one too: at 0 the front can be freed and nobody is lost.
 */
size_t front_connections(const struct front *f);

/* Takes REQUEST: EVENTS go to OWNER.  Call it from on_request or on_refused only. */
void front_attach(struct front_request *request, const struct front_events *events, void *owner);

/*
 * The client's address as text "192.0.2.1" and its port (0 and "unix" for unix
 * sockets), as the PROXY header has them where it does.
 */
struct text front_peer(const struct front_request *request, unsigned *port_out);

/* True if the request's connection is one too many: refuse it. */
bool front_unwelcome(const struct front_request *request);

/* True if this request came over TLS. */
bool front_secure(const struct front_request *request);

/* The subject of the certificate that the client was verified by; absent: there is none. */
struct text front_subject(const struct front_request *request);

/* Stops or goes on reading the request body.  No event comes before it returns. */
void front_read(struct front_request *request, bool on);

/* Bytes of the request moved on to where they go: a half-closed client is being served. */
void front_moved(struct front_request *request);

/* Sends 100 (Continue) if the client waits for it and nothing was sent yet. */
void front_continue(struct front_request *request);

/*
 * Sends 103 (Early Hints) with FIELDS to a client of HTTP/1.1, before
 * front_reply; nothing to others.
 */
void front_hints(struct front_request *request, const struct http_fields *fields);

/* How a reply's body is framed towards the client. */
struct front_reply {
    int status;
    struct text reason;        /* may be empty */
    struct http_fields fields; /* end-to-end fields, as to be sent; not framing ones */
    enum http_framing framing; /* CHUNKED becomes TO_CLOSE for HTTP/1.0 by itself */
    uint64_t length;           /* for HTTP_LENGTH; a HEAD reply may tell it too */
    bool has_length;           /* HTTP_NO_BODY: send "Content-Length: length" all the same */
    bool close;                /* end the connection after this reply */
};

/*
 * Starts the reply.  Nothing leaves before the loop turn ends, so that head
 * and small body go in one write.  Call once.
 */
void front_reply(struct front_request *request, const struct front_reply *reply);

/* Sends one piece of the reply body; returns the bytes now waiting for the socket. */
size_t front_send(struct front_request *request, struct text piece);

/*
 * Ends the reply cleanly; TRAILERS (may be NULL) go out if it is chunked.
 * on_end follows when everything has left.  If the request body has not been
 * read whole, the connection lingers within limits and closes.
 */
void front_finish(struct front_request *request, const struct http_fields *trailers);

/*
 * Breaks the connection so that the client sees a truncated reply; on_gone
 * follows from the loop.
 */
void front_abort(struct front_request *request);

#endif
