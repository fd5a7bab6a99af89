/*
 * docs.h - what the gateway itself answers at /docs, /openapi.yaml, /openapi.json
 *
 * One table says of each part of a configuration's docs as which media type it
 * is sent, and what its page may do in a browser.
 */
#ifndef SERVER_DOCS_H
#define SERVER_DOCS_H

#include "conf/docs.h"
#include "exchange/local.h"

struct docs_replies {
    struct local_reply at[DOCS_PATHS];
    size_t count;
};

/* Fills TO in with what is shown of DOCS (NULL: nothing), whose bytes it points at. */
void docs_replies_init(struct docs_replies *to, const struct docs *docs);

#endif
