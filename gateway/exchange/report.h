/*
 * report.h - what one exchange was: told once, when it has ended
 *
 * The log and the metrics are made of it.  Everything in it lives until the
 * call that tells it returns.
 */
#ifndef EXCHANGE_REPORT_H
#define EXCHANGE_REPORT_H

#include "exchange/outcome.h"
#include "exchange/tally.h"
#include "mapping/mapping.h"

struct exchange_report {
    const struct mapping *mapping;
    const struct route *route; /* NULL: none */
    struct text method;        /* empty: the head was refused */
    int status;                /* that the client was sent; 0: none */
    enum outcome outcome;
    uint64_t duration_us; /* from the complete head to the end */
    uint64_t upstream_us; /* while a request to the service was open */
    uint64_t own_us;      /* that the gateway worked on it */
    uint64_t received;    /* bytes of the request's body, as they came */
    uint64_t sent;        /* bytes of the reply's body, as they left */
    unsigned transfers;   /* requests to the service; 2: the first was lost and repeated */
    unsigned on_kept;     /* of them on kept connections */
    bool event_stream;    /* the reply was one */
    bool invalid[2];      /* by direction: the body was refused by its translator */
    const struct tally *tally[2];
    struct text caller; /* of a deprecated route; absent: it is none */
    uint64_t unmapped;  /* names of the service that the mapping watches out for, let out */
};

#endif
