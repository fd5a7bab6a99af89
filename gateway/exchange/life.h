/*
 * life.h - the inside of an exchange, for the files of this room only
 *
 * exchange.c holds phases and the client's handlers, service.c the
 * upstream's; admission.c judges the head; uplink.c carries the request body,
 * downlink.c the reply; fields*.c rewrite header fields, with the help of
 * validators.c, trace.c, forwarded.c and deprecated.c; local.c gives what the
 * gateway itself has to say; failure.c makes its error replies.  `enter` is
 * the one door into a phase, `exchange_end` the one door out of life.
 */
#ifndef EXCHANGE_LIFE_H
#define EXCHANGE_LIFE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/valve.h"
#include "exchange/exchange.h"
#include "exchange/tally.h"
#include "exchange/trace.h"
#include "exchange/unpack.h"

struct evbuffer;
struct event;

enum exchange_phase {
    EXCHANGE_SENDING,  /* the request body is on its way */
    EXCHANGE_WAITING,  /* the request is complete, the reply has not begun */
    EXCHANGE_REPLYING, /* the service's reply is on its way */
    EXCHANGE_FLUSHING, /* the reply is complete, bytes wait for the client */
    EXCHANGE_ENDED
};

/* The request body, from the client to the service. */
struct uplink {
    struct text target;     /* path and query as they go up */
    struct evbuffer *bytes; /* translated, not yet taken by the service */
    struct valve valve;
    struct translator *translator; /* NULL: the body goes as it is, or has all gone */
    struct unpack unpack;          /* undoes the client's coding, as fast as the service reads */
    enum coding coding;            /* the client's */
    enum media media;
    uint64_t received; /* bytes as they came */
    uint64_t plain;    /* bytes without their coding */
    uint64_t limit;
    bool whole;      /* nothing goes up before the body is complete (or too long for that) */
    bool ended;      /* the client has sent all of it */
    bool complete;   /* all of it is decoded and translated */
    bool wanted;     /* the service asked for more and got none */
    bool failed;     /* no memory for a piece */
    bool decoded;    /* the body came coded and goes up without its coding */
    bool translated; /* the body passes a translator */
    bool dropped;    /* the service has answered: the rest is read and thrown away */
    bool again;      /* the request has been sent a second time */
    enum http_framing framing; /* with which it was sent */
    struct endpoint *asked;    /* by the newest transfer; NULL: there was none */
};

/* The reply, from the service to the client. */
struct downlink {
    struct front_reply reply;
    struct valve valve;
    struct translator *translator; /* NULL: the body goes as it is */
    struct unpack unpack;          /* undoes the service's coding, as fast as the client reads */
    struct encoder *encoder;       /* NULL: the body is not coded here */
    struct buf piece;              /* the translation of one piece, or of a held reply */
    struct buf recoded;            /* the same, coded */
    struct http_fields trailers;   /* as they go down */
    enum coding coding;            /* the service's */
    bool events;                   /* an event stream */
    bool prompt;                   /* events or records: what is coded leaves at once */
    bool ended;                    /* the service has sent all of it */
    bool translated;               /* the body passes a translator */
    bool held;                     /* the reply leaves whole once it is complete */
    bool decoded;                  /* the service's coding is undone */
    bool coded;                    /* the gateway codes the body itself: gzip */
    bool begun;                    /* front has been given the head */
    bool paused;                   /* the service has been told to wait */
};

/* What this request is, as the log and the other files need it. */
struct request_facts {
    struct http_head head; /* texts owned by the front request; zero if it was refused */
    struct text method;    /* its name; empty if the head was refused */
    struct text id;        /* X-Request-Id */
    struct trace trace;
};

/* What a deprecated route has to say to this request; texts of the arena. */
struct deprecated {
    struct text successor; /* the path that takes over; absent: no route serves it */
    struct text link;      /* the value of Link that says so, likewise */
    struct text caller;    /* who calls; absent: the route is not deprecated */
};

/* Where the time of an exchange went, in microseconds of the monotonic clock. */
struct exchange_times {
    uint64_t began;
    uint64_t asked;    /* when the open request to the service began; 0: none is open */
    uint64_t upstream; /* with one open, those before this one */
    uint64_t own;      /* in the gateway's own hands, up to the last rest */
    uint64_t since;    /* when the work of now began */
    unsigned working;  /* how deep in callbacks that work on it; 0: none does */
};

struct exchange {
    LIST_ENTRY(exchange) link;
    struct exchange_host *host;
    enum exchange_phase phase;
    enum outcome outcome; /* the first that was decided */
    bool decided;         /* outcome holds */
    bool placed;          /* it has a place among the host's exchanges */
    int status;           /* sent to the client; 0: none */
    uint64_t sent_bytes;
    struct arena *arena;
    struct mapping *mapping;
    const struct route *route;       /* NULL: none */
    const struct local_reply *local; /* whose route that is; NULL: the service is asked */
    struct text local_left;          /* of its bytes */
    struct translate_scene scene;
    struct request_facts request;
    struct deprecated deprecated;
    struct exchange_times times;
    unsigned transfers;                 /* requests to the service */
    unsigned on_kept;                   /* of them on kept connections */
    struct tally tally[2];              /* by direction: what the rules did to the bodies */
    struct sightings sightings;         /* unmapped names that its reply lets out */
    bool invalid[2];                    /* by direction: the body was refused by its translator */
    struct front_request *client;       /* NULL once its end was told */
    struct upstream_transfer *upstream; /* NULL before it starts and after it ends */
    struct event *deadline;             /* of the whole exchange; NULL: none */
    struct uplink up;
    struct downlink down;
};

/* --- exchange.c ----------------------------------------------------------- */

/* Moves EX into PHASE; asserts that the edge exists. */
void exchange_enter(struct exchange *ex, enum exchange_phase phase);

/* Latches the first OUTCOME of EX. */
void exchange_decide(struct exchange *ex, enum outcome outcome);

/* Ends EX with OUTCOME, if none was latched before, and has it buried. */
void exchange_end(struct exchange *ex, enum outcome outcome);

/* --- times.c ---------------------------------------------------------------- */

/* Now, in microseconds of the monotonic clock. */
uint64_t times_now(void);

/* EX asks the service; has its answer or gives up, the transfer not yet cancelled. */
void times_asked(struct exchange *ex);
void times_answered(struct exchange *ex);

/* A callback begins to work on EX; rests.  One may call another: the time counts once. */
void times_work(struct exchange *ex);
void times_rest(struct exchange *ex);

/* What was worked on EX until now. */
uint64_t times_own(const struct exchange *ex);

/* --- service.c ------------------------------------------------------------ */

/* What the upstream room tells an exchange. */
extern const struct upstream_events exchange_from_upstream;

/* --- admission.c ---------------------------------------------------------- */

/*
 * Judges the head of EX: path, route, method, limits, what its body is.
 * OUTCOME_OK: route and uplink are set and the request may go on.
 */
enum outcome admission_judge(struct exchange *ex);

/* --- uplink.c ------------------------------------------------------------- */

/* Begins the upward way: starts the transfer now or when the body is whole. */
void uplink_begin(struct exchange *ex);

/*
 * The service gave no byte of a reply: sends the request once more, if that
 * was the first time and does no harm.  That is so where it is idempotent
 * (RFC 9110, 9.2.2) and the body is at hand whole, or where nothing of it was
 * SENT and there is another endpoint.  False: nothing was done.
 */
bool uplink_start_again(struct exchange *ex, bool sent);

/* One piece of the request body. */
void uplink_piece(struct exchange *ex, struct text piece);

/* The request body is complete. */
void uplink_complete(struct exchange *ex);

/* The service wants body bytes (upstream_events.on_want). */
enum upstream_give uplink_give(struct exchange *ex, char *to, size_t room, size_t *length_out);

/* The service has answered and takes no more: the rest of the body is thrown away. */
void uplink_drop(struct exchange *ex);

/* Frees what the uplink holds. */
void uplink_fini(struct uplink *up);

/* --- downlink.c ----------------------------------------------------------- */

/* The service's final head: decides how the reply goes down and begins it. */
void downlink_begin(struct exchange *ex, const struct upstream_head *head);

/* One piece of the reply body. */
void downlink_piece(struct exchange *ex, struct text piece);

/* The reply is complete. */
void downlink_complete(struct exchange *ex, const struct http_fields *trailers);

/* WAITING bytes have not reached the client's socket. */
void downlink_drained(struct exchange *ex, size_t waiting);

/* Frees what the downlink holds. */
void downlink_fini(struct downlink *down);

/* --- local.c ---------------------------------------------------------------- */

/* The local reply of EX's host that the raw PATH asks for, or NULL. */
const struct local_reply *local_find(const struct exchange *ex, struct text path);

/* True if local replies take METHOD; writes the value of Allow for them. */
bool local_takes(enum http_method method);
void local_allow(struct buf *to);

/* Begins the reply to EX, which asks for its local one. */
void local_begin(struct exchange *ex);

/* The client has taken some of it: sends what is left, as fast as it reads. */
void local_go_on(struct exchange *ex);

/* --- uplink.c, in what it needs of all -------------------------------------- */

/* Who may be asked for EX, whose route is known. */
static inline struct pool *exchange_pool(const struct exchange *ex)
{
    return ex->host->pools[ex->route->service];
}

/* --- fields.c, fields_up.c, fields_down.c ----------------------------------- */

/* The fields of EX's request as they go up.  False: no memory. */
bool fields_up(struct exchange *ex, struct http_fields *fields_out);

/*
 * The fields of HEAD as they go down; CHANGED if the body is translated, or a
 * GET's would be.  What is done to its coding is in EX's downlink by then.
 * False: no memory.
 */
bool fields_down(struct exchange *ex, const struct upstream_head *head, bool changed,
                 struct http_fields *fields_out);

/* The trailers or early hints FROM as they go down, likewise. */
bool fields_beside(struct exchange *ex, const struct http_fields *from, bool changed,
                   struct http_fields *fields_out);

/* True if two request fields stand for one mapped header. */
bool fields_conflict(const struct exchange *ex);

/* The request's own X-Request-Id if it is sane, else a new one. */
struct text fields_request_id(struct exchange *ex);

/* --- failure.c ------------------------------------------------------------ */

/*
 * Fails EX with OUTCOME: an error reply where none has begun, else the
 * client's connection is cut.  The transfer is cancelled.  Does nothing if EX
 * is flushing or has ended.  FAULT (may be NULL) tells more about a body.
 */
void exchange_fail(struct exchange *ex, enum outcome outcome, const struct translate_fault *fault);

/* Fails EX for want of memory, or because its texts are more than its arena takes. */
void exchange_starve(struct exchange *ex);

/* The outcome of that. */
enum outcome exchange_starved(const struct exchange *ex);

/* What a refusal of the request's body by a translator makes of the exchange. */
enum outcome exchange_request_fault(const struct translate_fault *fault);

/* As exchange_fail, with STATUS in place of the outcome's own. */
void exchange_fail_as(struct exchange *ex, enum outcome outcome, int status);

/* Answers REQUEST, for which there is no memory to make an exchange. */
void exchange_turn_away(struct front_request *request);

/* Answers with STATUS and no body (OPTIONS *). */
void exchange_answer_empty(struct exchange *ex, int status);

#endif
