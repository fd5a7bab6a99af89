/*
 * ledger.h - what was done, added up: by route, by rule, by outcome
 *
 * Each worker enters its exchanges into a ledger of its own as they end;
 * whoever wants to know adds the ledgers up into one more.  A lock keeps the
 * two apart, and no worker ever waits for another.  Nothing is forgotten, so
 * that no count ever falls: there are as many entries as there have been
 * routes and rules in the mappings of this process.
 */
#ifndef SERVER_LEDGER_H
#define SERVER_LEDGER_H

#include "exchange/report.h"

#include <pthread.h>

#define HASH_NONFATAL_OOM 1 /* an entry that finds no place is not counted */
#include <uthash.h>

enum {
    LEDGER_BUCKETS = 17,
    LEDGER_STATUS_OTHER = 600 /* for all that the service sends beyond 599 (RFC 9110, 15) */
};

/* The upper bounds in microseconds of all buckets but the last, which has none. */
extern const uint64_t ledger_bounds_us[LEDGER_BUCKETS - 1];

/* How long something took, how often. */
struct histogram {
    uint64_t counts[LEDGER_BUCKETS]; /* of each bucket alone */
    uint64_t sum_us;
};

/* How often a route answered a method with a status. */
struct answer_count {
    struct answer_count *next;
    struct text method; /* one of http_method_name; empty: the head was refused */
    int status;         /* 100 to 599, or the other; 0: none was sent */
    uint64_t count;
};

struct route_count {
    UT_hash_handle hh;
    struct text route; /* the client template; empty: no route */
    struct answer_count *answers;
    struct histogram duration, upstream, own;
    uint64_t leaks; /* unmapped names that were let out */
};

/* What one rule did in one direction. */
struct rule_count {
    UT_hash_handle hh;
    struct text key;  /* the three below, as one */
    struct text name; /* of a pair: the client name; of a value rule: empty */
    struct text at;   /* the path as written; empty: everywhere */
    enum direction direction;
    struct tally_sums {
        uint64_t changed, collided, passed;
    } sums;
};

struct ledger {
    pthread_mutex_t lock;
    struct arena *texts;        /* keys and entries */
    struct route_count *routes; /* uthash tables */
    struct rule_count *rules;
    uint64_t outcomes[OUTCOME_COUNT];
    uint64_t received, sent;              /* bytes of bodies, as clients see them */
    uint64_t invalid[2];                  /* bodies their translators refused, by direction */
    uint64_t events;                      /* that streamed on although they were no JSON */
    uint64_t transfers, retries, on_kept; /* requests to the service; on kept connections */
    uint64_t lost;                        /* counts there was no memory for */
};

/* Makes L empty.  False: no memory. */
bool ledger_init(struct ledger *l);

/* Frees what L holds; a zeroed L is fine. */
void ledger_fini(struct ledger *l);

/* Enters the exchange that R tells of. */
void ledger_enter(struct ledger *l, const struct exchange_report *r);

/* Adds all of FROM to SUM, which no other thread knows. */
void ledger_add(struct ledger *sum, struct ledger *from);

#endif
