/*
 * local.h - what the gateway itself has to say to a client: /docs, /openapi.json
 *
 * A local reply is a kind of route whose body the host supplies, whole and
 * coded already.  Its exchange is like any other to the log, the metrics and
 * the limits; only there is no service to ask.  It takes GET and HEAD.
 *
 * Knows nothing of where the bytes come from.
 */
#ifndef EXCHANGE_LOCAL_H
#define EXCHANGE_LOCAL_H

#include "mapping/mapping.h"

enum { LOCAL_TAG_BYTES = 32 };

/* One representation of it: its bytes and their entity tag. */
struct local_form {
    struct text bytes;
    char tag[LOCAL_TAG_BYTES]; /* strong, quotes included */
};

/* Its texts and their bytes outlive all exchanges of the host. */
struct local_reply {
    struct route route; /* of it only: client, the one path */
    struct text type;   /* Content-Type */
    struct text policy; /* Content-Security-Policy; empty: none is sent */
    struct local_form plain;
    struct local_form coded; /* the same in gzip; no bytes: there is none */
};

/* The local replies of one host. */
struct local_replies {
    const struct local_reply *at;
    size_t count;
};

#endif
