/*
 * limits.h - the settings, as each room wants them
 *
 * Settings are per process.  Its workers share the counts of connections and
 * exchanges (worker.h); each keeps an even share of the upstream connections.
 */
#ifndef SERVER_LIMITS_H
#define SERVER_LIMITS_H

#include "conf/settings.h"
#include "conf/tls_files.h"
#include "exchange/exchange.h"
#include "front/front.h"
#include "upstream/upstream.h"

struct front_limits limits_front(const struct settings *s);
struct upstream_limits limits_upstream(const struct settings *s, unsigned share);
struct pool_settings limits_pool(const struct upstream_settings *s, struct text name,
                                 const struct service_tls_files *files);
struct exchange_limits limits_exchange(const struct settings *s);

/*
 * The bytes all exchanges may hold at worst, beside the fixed cost of a
 * connection and the windows of bodies that come coded.
 */
uint64_t limits_worst_bytes(const struct settings *s);

/* The descriptors that S may need at worst. */
uint64_t limits_descriptors(const struct settings *s);

/*
 * The client connections there may be with so many DESCRIPTORS: those of S,
 * or as many as leave one for the service to each.  At least 1.
 */
size_t limits_connections(const struct settings *s, uint64_t descriptors);

/* Raises the soft limit of descriptors to the hard one and returns what it is then. */
uint64_t limits_raise_descriptors(void);

#endif
