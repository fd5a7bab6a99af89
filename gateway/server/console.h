/*
 * console.h - what the pages of the admin address say
 *
 * It looks at the parts of the process and writes what it sees; only
 * /-/reload and /-/log-level change anything.
 */
#ifndef SERVER_CONSOLE_H
#define SERVER_CONSOLE_H

#include "server/admin.h"
#include "server/reload.h"
#include "server/worker.h"

struct console {
    struct reload *reload;
    struct worker *const *workers;
    size_t worker_count;
    struct regime *const *regime; /* in force */
    struct worker_common *common;
    bool draining;
};

/* admin_host's answer; OWNER is a struct console. */
int console_answer(void *owner, const struct admin_request *request, struct buf *body);

/* admin_host's token: that of the configuration in force. */
struct text console_token(void *owner);

#endif
