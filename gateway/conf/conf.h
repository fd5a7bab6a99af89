/*
 * conf.h - both configuration files read, checked and compiled
 *
 * conf_load touches nothing outside: it gives settings and a mapping, or a
 * list of complaints from both files in one run.
 */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include "base/diag.h"
#include "base/file_mark.h"
#include "conf/docs.h"
#include "conf/settings.h"
#include "conf/tls_files.h"
#include "mapping/mapping.h"

#include <stdatomic.h>

/* One "--set key=value", as given. */
struct conf_overrides {
    const char *const *at;
    size_t count;
};

/* Where a setting's value came from. */
enum conf_source { CONF_DEFAULT, CONF_FILE, CONF_ENVIRONMENT, CONF_OVERRIDE };

struct conf_origin {
    enum conf_source source;
    struct text text; /* as it was written there */
    struct where where;
};

/* `upstream`, and those of `upstreams` */
enum { CONF_SERVICES_MAX = 1 + SERVICES_MAX };

/* settings, mapping, token, and those of the docs and of TLS */
enum { CONF_FILES_MAX = 3 + DOCS_FILES + TLS_FILES_MAX + 3 * SERVICES_MAX };

/* One service, as it is to be asked. */
struct conf_service {
    struct text name; /* "upstream", or as `upstreams` has it */
    struct where where;
    struct upstream_settings settings;
    struct service_tls_files tls;
    const struct conf_origin *origins; /* one for each row of SETTINGS; those of `upstream` count */
};

/* Both files, as they were read.  Nothing in it changes; it is counted like its mapping. */
struct conf {
    atomic_uint references;
    const char *file;                                /* the settings file that was read */
    struct settings settings;                        /* texts owned by the conf */
    struct mapping *mapping;                         /* one reference */
    struct docs *docs;                               /* what docs.serve shows; NULL: nothing */
    struct text admin_token;                         /* what admin_token_file holds; absent: none */
    struct tls_files tls;                            /* with clients */
    struct conf_service services[CONF_SERVICES_MAX]; /* the first: `upstream` */
    size_t service_count;
    const struct conf_service **routed;     /* by the number that a route's service has */
    const struct conf_origin *origins;      /* one for each row of SETTINGS */
    struct file_mark files[CONF_FILES_MAX]; /* all that was read */
    size_t file_count;
    struct arena *arena;
};

/*
 * Loads FILE and the mapping it names.  ENVIRONMENT is as environ.  Returns
 * one reference, or NULL if any error was added to COMPLAINTS (which may have warnings anyway).
 */
struct conf *conf_load(const char *file, const struct conf_overrides *overrides,
                       char *const *environment, struct diag *complaints);

/*
 * Likewise a configuration of the mapping FILE alone: every setting has its
 * default, and those that have none are absent.
 */
struct conf *conf_load_mapping(const char *file, struct diag *complaints);

/* The service that ROUTE of C's mapping goes to; NULL: the one where no route says another. */
const struct conf_service *conf_service_of(const struct conf *c, const struct route *route);

/* One more reference to C; from any thread. */
struct conf *conf_ref(struct conf *c);

/* Gives back the reference at *C (the last one frees it, from any thread) and sets *C to NULL. */
void conf_unref(struct conf **c);

/*
 * The settings file to use: GIVEN (-c), $DPGW_CONFIG, config/gateway.yaml,
 * or SYSCONFDIR/dpgw/gateway.yaml; NULL if none exists.
 */
const char *conf_find(const char *given);

/* Prints each setting, its effective value and where it came from. */
void conf_print(const struct conf *c, FILE *to);

#endif
