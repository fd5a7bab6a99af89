/*
 * privileges.h - what the process gives up before it serves
 *
 * Sockets are opened with the rights that the process was started with; then
 * it becomes the user of the settings, and can't go back.  Its memory holds
 * bodies and credentials of others, so it leaves no core file and no process
 * of the same user may look into it, unless the settings want core dumps.
 */
#ifndef SERVER_PRIVILEGES_H
#define SERVER_PRIVILEGES_H

#include "conf/settings.h"

/* Keeps the process's memory out of core files; or, with CORE_DUMPS, lets it in. */
void privileges_of_memory(bool core_dumps);

/*
 * Becomes the user of S, if there is one, when all sockets are open and no
 * thread runs yet.  False, with a line in the log, if that can't be done or
 * could be undone.
 */
bool privileges_drop(const struct settings *s);

#endif
