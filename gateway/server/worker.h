/*
 * worker.h - one thread that serves: event base, front, upstream, exchanges
 *
 * A worker is built by the server's thread, then runs alone; nothing in it
 * is shared but the mapping, which is immutable and counted, and what counts
 * for the whole process.  The server speaks to it through a mailbox only.
 */
#ifndef SERVER_WORKER_H
#define SERVER_WORKER_H

#include "base/pressure.h"
#include "base/quota.h"
#include "server/ledger.h"
#include "server/regime.h"
#include "server/upstream_state.h"

#include <time.h>

struct callers;
struct drift;
struct guests;
struct tls;
struct worker;

/* What all workers of the process share; each part is for any thread. */
struct worker_common {
    struct guests *guests;           /* who may connect */
    bool inherited;                  /* the client sockets are: others hold them too */
    const struct endpoint_way *ways; /* what is spoken on each of them */
    struct quota exchanges;          /* requests in flight */
    struct pressure pressure;        /* of memory */
    atomic_size_t event_streams;
    struct upstream_state upstream;
    struct drift *drift;     /* unmapped names */
    struct callers *callers; /* of deprecated routes */
    struct tls *tls;         /* with clients */
};

/* What the server may ask of a running worker. */
enum worker_order {
    WORKER_DRAIN = 1, /* take no new connections, finish what there is, then end */
    WORKER_CUT = 2    /* end what is left now: 503 where no reply has begun */
};

/*
 * A new worker that will accept on the COUNT listening descriptors FDS, which
 * it owns from then on, under REGIME.  COMMON outlives it.  NULL: no memory, or
 * errno tells.
 */
struct worker *worker_new(struct regime *regime, struct worker_common *common, const int *fds,
                          size_t count);

/*
 * Starts the worker's thread.  When it ends, a byte is written to the
 * descriptor DONE_FD.  False: errno tells.
 */
bool worker_start(struct worker *w, int done_fd);

/* Has W go on with REGIME, of which it takes a reference: for what begins from then on. */
void worker_follow(struct worker *w, struct regime *regime);

/* True once W goes on with REGIME, or ends; waits for that until BY on the monotonic clock. */
bool worker_follows(struct worker *w, const struct regime *regime, const struct timespec *by);

/* What W's exchanges have come to. */
struct ledger *worker_ledger(struct worker *w);

/* Asks W, from any thread, for a beat: its loop turns. */
void worker_ask_beat(struct worker *w);

/* True if W has answered what it was asked, or its thread has ended as it should. */
bool worker_beats(const struct worker *w);

/* Gives W an ORDER; from any thread. */
void worker_tell(struct worker *w, enum worker_order order);

/* Waits for W's thread to end, if it was started, and frees W; sets *W to NULL. */
void worker_free(struct worker **w);

#endif
