/*
 * succession.h - which configuration may follow another while the gateway runs
 *
 * The mapping may always change, and so may every setting that is looked at
 * anew for each connection or request.  The others belong to the process as
 * it was started: its sockets, threads and counts.
 */
#ifndef CONF_SUCCESSION_H
#define CONF_SUCCESSION_H

#include "conf/conf.h"

/*
 * True if NEXT may take the place of NOW.  If not, each setting that would
 * have to stay as it is has become an error in COMPLAINTS, where NEXT has it.
 */
bool conf_may_follow(const struct conf *now, const struct conf *next, struct diag *complaints);

#endif
