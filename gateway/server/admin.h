/*
 * admin.h - what operators and their tools ask: is it alive, is it ready
 *
 * A small responder on a front of its own, never on the public listener.
 * /healthz says that the process runs its loop; /readyz that it takes
 * requests, and no longer does so once it drains.
 */
#ifndef SERVER_ADMIN_H
#define SERVER_ADMIN_H

#include "conf/settings.h"

enum { ADMIN_CONNECTIONS_MAX = 32 };

struct event_base;
struct admin;

/* A new responder on BASE that accepts on FD and owns it.  NULL: errno tells. */
struct admin *admin_new(struct event_base *base, const struct settings *s, int fd);

/* From now on /readyz answers 503. */
void admin_set_draining(struct admin *a);

/* Frees the responder at *A, if any, and sets *A to NULL. */
void admin_free(struct admin **a);

#endif
