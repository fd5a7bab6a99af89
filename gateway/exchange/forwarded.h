/*
 * forwarded.h - for whom a request is forwarded, and as what it came
 *
 * What X-Forwarded fields tell is believed only if the connection's peer is
 * one of the hops that settings trust: then the gateway adds itself behind
 * the others, else it replaces what anybody could have written.
 */
#ifndef EXCHANGE_FORWARDED_H
#define EXCHANGE_FORWARDED_H

#include "exchange/life.h"

/* The value of the field NAME that goes up where OWN is what the gateway sees; absent: no memory.
 */
struct text forwarded_value(struct exchange *ex, struct text name, struct text own);

/* The Host that goes up. */
struct text forwarded_host(const struct exchange *ex);

/* Fills in what URLs in this exchange's values are compared with.  False: no memory. */
bool forwarded_scene(struct exchange *ex);

#endif
