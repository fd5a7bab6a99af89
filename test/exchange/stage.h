/*
 * stage.h - one exchange between two fakes, and everything that may happen
 *
 * A stage is set for a scene (a request and the limits it meets).  What the
 * two sides can tell an exchange are happenings; a stage knows which of them
 * the real rooms could tell next, makes them happen, and checks after each
 * what must always hold.
 */
#ifndef TEST_STAGE_H
#define TEST_STAGE_H

#include "exchange/fake_front.h"
#include "exchange/fake_upstream.h"
#include "exchange/life.h"
#include "exchange/scenes.h"
#include "exchange/transcript.h"

#define HAPPENINGS(X)                                                                              \
    /* what the client does */                                                                     \
    X(PIECE, "client piece")                                                                       \
    X(BAD_PIECE, "client piece that is not JSON")                                                  \
    X(BODY_END, "client body complete")                                                            \
    X(BODY_BROKEN, "client body broken: 400")                                                      \
    X(BODY_STALLED, "client body broken: 408")                                                     \
    X(DRIPPED, "client drained to low")                                                            \
    X(DRAINED, "client drained")                                                                   \
    X(LEFT, "the reply has left")                                                                  \
    X(GONE, "client gone")                                                                         \
    /* what the service does */                                                                    \
    X(WANT, "service wants body")                                                                  \
    X(HEAD_HELD, "head of a small JSON reply")                                                     \
    X(HEAD_LARGE, "head of a large JSON reply with a length")                                      \
    X(HEAD_CHUNKED, "head of a chunked JSON reply")                                                \
    X(HEAD_RAW, "head of a large raw reply with a length")                                         \
    X(HEAD_204, "head of a 204")                                                                   \
    X(HEAD_404, "head of a chunked JSON error")                                                    \
    X(BYTES, "service piece")                                                                      \
    X(BAD_BYTES, "service piece that is not JSON")                                                 \
    X(DONE, "service done")                                                                        \
    X(REFUSED, "service refuses the connection")                                                   \
    X(BROKE, "service breaks off before a byte of a reply")                                        \
    X(CUT, "service breaks off within its reply")                                                  \
    X(INVALID, "service speaks no HTTP")                                                           \
    X(SLOW, "service is too slow")                                                                 \
    X(NO_MEMORY, "transfer has no memory")

enum happening {
#define X(name, words) name,
    HAPPENINGS(X)
#undef X
        HAPPENING_COUNT
};

struct stage {
    const struct scene *scene;
    struct exchange_host host;
    struct quota places;
    struct pressure pressure;
    struct upstream upstream;
    struct pool *pools[2]; /* by service: pool, next */
    struct pool pool;      /* of one endpoint, unless the test adds the other */
    struct front_request *client;
    struct exchange *ex; /* NULL once it was reaped */
    unsigned burials;
    bool grave_open; /* bury was called, reap was not */
    bool decided;    /* the outcome is latched, as below */
    enum outcome outcome;
    int status;
    size_t pieces;            /* the client has sent */
    size_t sent;              /* bytes of them */
    struct buf up;            /* what the service should get of the body */
    struct buf down;          /* what the client should get of the reply */
    uint64_t owed;            /* bytes of the reply's length that have not come */
    bool replies, open_ended; /* a reply with a body; without a length */
    bool json;                /* it is to be translated */
    bool begun_bytes;         /* its document has been sent */
    bool may_fail;            /* memory runs out somewhere */
    bool by_hand;             /* the test brings and checks the bytes itself */
};

/* What the program's tests share: the event base and the mapping. */
void stage_setup(void);
void stage_teardown(void);

/* An empty stage with the limits of SCENE; no request yet. */
void stage_open(struct stage *s, const struct scene *scene);

/* The scene's request begins; or one with HEAD; or one refused with STATUS. */
void stage_begin(struct stage *s);
void stage_begin_with(struct stage *s, const char *head);
void stage_refuse(struct stage *s, int status);

/* Frees all that S holds; the exchange must have ended. */
void stage_close(struct stage *s);

/* True if a real room could tell H now. */
bool stage_may(const struct stage *s, enum happening h);

/* Makes H happen, buries the dead, and checks what must always hold. */
void stage_do(struct stage *s, enum happening h);

/* All that H makes happen without a check or a story: for what no room would tell. */
void stage_force(struct stage *s, enum happening h);

/* Checks what must always hold. */
void stage_check(const struct stage *s);

/* Goes on as a good client and a good service would, until the exchange has ended. */
void stage_finish(struct stage *s);

/* The service's head with STATUS, FRAMING, LENGTH, and fields "Name: value\n...". */
void stage_head(struct stage *s, int status, enum http_framing framing, uint64_t length,
                const char *fields);

/* Frees the exchanges that have ended. */
void stage_reap(struct stage *s);

/* The live transfer; fails where there is none. */
struct upstream_transfer *stage_transfer(const struct stage *s);

/* The words for H. */
const char *happening_words(enum happening h);

#endif
