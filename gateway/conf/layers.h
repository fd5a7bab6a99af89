/*
 * layers.h - one setting, four places it may come from
 *
 * Default, file, environment and --set are laid one over the other in that
 * order; each setting remembers which of them it came from at last.  A bad
 * value in any layer is a complaint, even if a higher layer hides it.
 *
 * A named service has layers of its own, over those of the configuration: its
 * settings stand where `upstream` has them, and what is said of all others
 * goes past it (services.h).
 */
#ifndef CONF_LAYERS_H
#define CONF_LAYERS_H

#include "conf/conf.h"
#include "conf/yaml_tree.h"

struct layers {
    struct settings settings;
    struct conf_origin origins[SETTINGS_COUNT]; /* as settings_table */
    const char *file;
    struct text service;              /* the named one that this is of; absent: of all */
    struct text section;              /* "upstream", or "upstreams.NAME" */
    struct where where;               /* of a service: its name */
    const struct yaml_node *services; /* what the file has below `upstreams`; NULL: nothing */
    struct arena *arena;              /* takes the texts */
    struct diag *d;
};

/* Fills L with the defaults of a settings file called FILE. */
void layers_init(struct layers *l, const char *file, struct arena *arena, struct diag *d);

/* Lays the settings of the file's tree ROOT over L. */
void layers_file(struct layers *l, const struct yaml_node *root);

/* Lays what the file has in MAP, a named service's, over L, that service's. */
void layers_service(struct layers *l, const struct yaml_node *map);

/* Lays the DPGW_* variables of ENVIRONMENT (as environ) over L; unknown ones are warnings. */
void layers_environment(struct layers *l, char *const *environment);

/* Lays the --set arguments over L. */
void layers_overrides(struct layers *l, const struct conf_overrides *overrides);

/* Complains of settings that are missing or contradict one another. */
void layers_check(const struct layers *l);

/* Likewise of the service alone. */
void layers_check_service(const struct layers *l);

/* Where the setting whose field is at FIELD within L->settings was set. */
const struct conf_origin *layers_origin(const struct layers *l, const void *field);

#endif
