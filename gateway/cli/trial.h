/*
 * trial.h - one mapping test put to the mapping
 */
#ifndef CLI_TRIAL_H
#define CLI_TRIAL_H

#include "base/buf.h"
#include "cli/trials.h"
#include "conf/conf.h"

/*
 * Puts T to CONF's mapping.  FROM has the origins of URLs.  True if what came
 * of it is what T expects; otherwise appends to WHY, lines for people, what
 * differs.
 */
bool trial_run(const struct trial *t, const struct conf *conf, const struct trials *from,
               struct buf *why);

#endif
