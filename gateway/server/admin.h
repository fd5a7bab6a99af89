/*
 * admin.h - the address where operators and their tools ask
 *
 * A small responder on fronts of its own, never on the public listeners.  It
 * knows which pages there are, who may ask for them and how; what they say
 * its host writes.
 *
 * On a loopback address or a unix socket everybody may ask for everything.
 * Elsewhere only GET is taken, and what begins with /-/ needs the token.  A
 * browser that another site's page sends (it says Origin) changes nothing
 * anywhere.  No client holds more than half of the connections there are.
 */
#ifndef SERVER_ADMIN_H
#define SERVER_ADMIN_H

#include "base/buf.h"
#include "conf/conf.h"

/* Connections to all admin addresses, and beside them those that wait for their 503. */
enum { ADMIN_CONNECTIONS_MAX = 32, ADMIN_TURNED_AWAY_MAX = 16 };

struct event_base;
struct admin;

/* X(NAME, path, media type, may be POSTed to) */
#define ADMIN_PAGES(X)                                                                             \
    X(HEALTHZ, "/healthz", ADMIN_PLAIN, false)                                                     \
    X(READYZ, "/readyz", ADMIN_PLAIN, false)                                                       \
    X(METRICS, "/metrics", "text/plain; version=0.0.4; charset=utf-8", false)                      \
    X(ROUTES, "/routes", ADMIN_JSON, false)                                                        \
    X(DRIFT, "/drift", ADMIN_JSON, false)                                                          \
    X(DRIFT_YAML, "/drift.yaml", ADMIN_YAML, false)                                                \
    X(DEPRECATED, "/deprecated", ADMIN_JSON, false)                                                \
    X(CONFIG, "/-/config", ADMIN_JSON, false)                                                      \
    X(LOG_LEVEL, "/-/log-level", ADMIN_JSON, true)                                                 \
    X(RELOAD, "/-/reload", ADMIN_JSON, true)

#define ADMIN_PLAIN "text/plain; charset=utf-8"
#define ADMIN_JSON  "application/json"
#define ADMIN_YAML  "application/yaml"

enum admin_page {
#define X(name, path, type, post) ADMIN_##name,
    ADMIN_PAGES(X)
#undef X
        ADMIN_PAGE_COUNT
};

struct admin_request {
    enum admin_page page;
    bool post;
    struct text query; /* absent if there is none */
};

struct admin_host {
    /* Writes the answer to REQUEST to BODY and returns its status. */
    int (*answer)(void *owner, const struct admin_request *request, struct buf *body);
    /* The token that opens /-/ at the moment; absent: none. */
    struct text (*token)(void *owner);
    void *owner;
};

/*
 * A new responder on BASE for CONF, which outlives it or admin_follow, that
 * listens nowhere yet.  NULL: no memory.
 */
struct admin *admin_new(struct event_base *base, const struct conf *conf,
                        const struct admin_host *host);

/* From now on CONF's token opens it; CONF outlives it or the next call of this. */
void admin_follow(struct admin *a, const struct conf *conf);

/* Accepts on FD too, a socket bound to ADDRESS, and owns it.  False: errno tells. */
bool admin_listen(struct admin *a, int fd, struct text address);

/* Frees the responder at *A, if any, and sets *A to NULL. */
void admin_free(struct admin **a);

#endif
