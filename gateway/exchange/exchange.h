/*
 * exchange.h - one client request, one upstream transfer: the biography
 *
 * An exchange is born when a request head has arrived, lives through the
 * phases SENDING, WAITING, REPLYING and FLUSHING, and ends exactly once with
 * one outcome.  It is the only place where front and upstream meet: bytes of
 * the client pass a translator on their way up, bytes of the service one on
 * their way down, each behind a valve that stops the other side when full.
 *
 * Knows nothing of workers, threads or configuration files.
 */
#ifndef EXCHANGE_EXCHANGE_H
#define EXCHANGE_EXCHANGE_H

#include "base/network.h"
#include "base/pressure.h"
#include "base/quota.h"
#include "coding/coding.h"
#include "exchange/local.h"
#include "exchange/report.h"
#include "front/front.h"
#include "mapping/mapping.h"
#include "translate/translate.h"
#include "upstream/upstream.h"

#include <sys/queue.h>

struct event_base;
struct exchange;

/* Bytes of memory one exchange may take for its texts, whatever a client sends. */
enum { EXCHANGE_ARENA_BYTES = 256 * 1024 };

struct exchange_limits {
    uint64_t body_json, body_other; /* bytes of a request body; UINT64_MAX: any */
    size_t request_buffer;          /* a translated body up to this is sent whole */
    size_t reply_buffer;            /* a declared reply up to this leaves whole */
    size_t buffer_high, buffer_low; /* bytes held each way */
    struct translate_limits translate;
    struct coding_limits coding;
    uint64_t first_byte_ms, between_bytes_ms, stream_ms;
    uint64_t exchange_ms;         /* a whole exchange; 0: off */
    struct networks trusted_hops; /* peers whose X-Forwarded fields are believed */
    struct text subject_field;    /* tells the service a client's subject; absent: none does */
};

/* What an exchange borrows from the worker it runs in. */
struct exchange_host {
    struct event_base *base;
    struct upstream *upstream;
    struct mapping *mapping;    /* the one for new exchanges */
    struct local_replies local; /* before any route of it */
    struct pool *const *pools;  /* who they may ask, by the number of their route's service */
    struct exchange_limits limits;
    atomic_size_t *event_streams;    /* replies under way that are event streams; NULL: not asked */
    struct quota *exchanges;         /* places for requests in flight, shared by all hosts */
    const struct pressure *pressure; /* FULL: requests are refused; NULL: there is none */
    /* Asks for a call of exchange_reap from the top of the loop. */
    void (*bury)(void *owner);
    /* An exchange has ended, as REPORT says; NULL: nobody wants to know. */
    void (*ended)(void *owner, const struct exchange_report *report);
    /* A reply has names that nobody has mapped; NULL: nobody wants to know, and none is looked for.
     */
    void (*sighted)(void *owner, const struct sighting *sighting);
    void *owner;

    /* Kept by this room; zero at first. */
    size_t open; /* exchanges that have not ended */
    LIST_HEAD(, exchange) living;
    LIST_HEAD(, exchange) dead;
};

/* Begins an exchange for REQUEST; attaches to it and answers it in any case. */
void exchange_begin(struct exchange_host *host, struct front_request *request,
                    const struct http_head *head);

/* Answers REQUEST, whose head was refused with STATUS because of REASON. */
void exchange_refuse(struct exchange_host *host, struct front_request *request, int status,
                     const char *reason);

/* Ends every exchange of HOST with OUTCOME: an error reply where none has begun, else a cut. */
void exchange_end_all(struct exchange_host *host, enum outcome outcome);

/* Frees the exchanges that have ended.  Never from a callback of front or upstream. */
void exchange_reap(struct exchange_host *host);

#endif
