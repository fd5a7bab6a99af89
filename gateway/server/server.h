/*
 * server.h - the process: sockets, workers, signals, and the way out
 */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include "conf/conf.h"

/*
 * Serves CONF until SIGTERM or SIGINT has been obeyed.  Returns the process's
 * exit code: 0 after a drain, 69 if an address cannot be bound, 71 if the
 * system gives no thread or memory, 77 if it can't become the user of CONF.
 */
int server_run(const struct conf *conf);

#endif
