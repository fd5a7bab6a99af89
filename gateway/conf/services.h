/*
 * services.h - further services, and which of them each route goes to
 *
 * What a service of `upstreams` does not say of itself it has from `upstream`,
 * wherever that has it from; only where it is, it says itself.  The mapping
 * names services; whether they are there is known here, where both files are.
 */
#ifndef CONF_SERVICES_H
#define CONF_SERVICES_H

#include "conf/layers.h"

struct services {
    struct layers *at[SERVICES_MAX];
    size_t count;
};

/* Tells L, before it hears of anything else, what the file's tree ROOT has below `upstreams`. */
void services_find(struct layers *l, const struct yaml_node *root);

/* Reads all of them over L, which is complete; what is wrong is complained of. */
void services_read(const struct layers *l, char *const *environment,
                   const struct conf_overrides *overrides, struct services *to);

/*
 * Finds for each service that C's mapping names the one that C has.  One that
 * it has not is an error where the mapping names it; one that no route goes
 * to a warning.
 */
void services_route(struct conf *c, struct diag *d);

#endif
