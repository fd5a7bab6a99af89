/*
 * account.h - whom the process may become, as ids
 *
 * Written NAME, NAME:GROUP or UID:GID.  Names are looked up when they are
 * read, so that an unknown one is a complaint about its line and not a
 * failure once the sockets are open.  Knows nothing of becoming it.
 */
#ifndef CONF_ACCOUNT_H
#define CONF_ACCOUNT_H

#include "base/text.h"

#include <sys/types.h>

enum { ACCOUNT_NAME_BYTES = 64 };

struct account {
    bool given; /* or the process stays who it is */
    uid_t uid;
    gid_t gid;
    char name[ACCOUNT_NAME_BYTES]; /* whose further groups count; empty: it has none */
};

/*
 * Reads T, "none" included, into TO.  Returns NULL; or a static phrase that
 * says why T is no account, and TO is as it was.  The superuser is none.
 */
const char *account_read(struct text t, struct account *to);

#endif
