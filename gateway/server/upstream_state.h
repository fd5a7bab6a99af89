/*
 * upstream_state.h - how the service has been lately, for any thread
 */
#ifndef SERVER_UPSTREAM_STATE_H
#define SERVER_UPSTREAM_STATE_H

#include "exchange/report.h"

#include <stdatomic.h>

struct upstream_state {
    atomic_int last; /* 0: nothing is known; else 1 more than an outcome */
};

/* Notes what the exchange that R tells of has learned of the service, if anything. */
void upstream_state_note(struct upstream_state *s, const struct exchange_report *r);

/* "not asked yet", "answers", or the newest failure as the log calls it. */
const char *upstream_state_word(const struct upstream_state *s);

#endif
