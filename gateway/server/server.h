/*
 * server.h - the process: sockets, workers, signals, and the way out
 */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include "server/reload.h"

/*
 * From now on SIGTERM, SIGINT and SIGHUP wait until server_run hears them; a
 * container's first process would not even be told of an earlier one.
 */
void server_hold_signals(void);

/*
 * Serves CONF, which came from SOURCE, until SIGTERM or SIGINT has been obeyed.  Returns the
 * process's exit code: 0 after a drain, 69 if an address cannot be bound, 71 if the system gives no
 * thread or memory, 77 if it can't become the user of CONF. Signals are on hold before.
 */
int server_run(struct conf *conf, const struct reload_source *source);

#endif
