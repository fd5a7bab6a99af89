/*
 * limits.h - the settings, as each room wants them
 *
 * Settings are per process.  Its workers share the counts of connections and
 * exchanges (worker.h); each keeps an even share of the upstream connections.
 */
#ifndef SERVER_LIMITS_H
#define SERVER_LIMITS_H

#include "conf/settings.h"
#include "exchange/exchange.h"
#include "front/front.h"
#include "upstream/upstream.h"

struct front_limits limits_front(const struct settings *s);
struct upstream_limits limits_upstream(const struct settings *s, unsigned share);
struct exchange_limits limits_exchange(const struct settings *s);

/* The bytes all exchanges may hold at worst, beside the fixed cost of a connection. */
uint64_t limits_worst_bytes(const struct settings *s);

/*
 * Raises the soft limit of descriptors to the hard one.  Returns false, with
 * how many are NEEDED and how many there ARE, if that is too low for S.
 */
bool limits_descriptors(const struct settings *s, uint64_t *needed_out, uint64_t *there_are_out);

#endif
