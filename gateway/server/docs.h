/*
 * docs.h - what the gateway itself answers at /docs, /openapi.yaml, /openapi.json
 *
 * One table says which part of a configuration's docs is found at which path,
 * as which media type, and what its page may do in a browser.
 */
#ifndef SERVER_DOCS_H
#define SERVER_DOCS_H

#include "conf/docs.h"
#include "exchange/local.h"

enum { DOCS_REPLIES_MAX = 8 };

struct docs_replies {
    struct local_reply at[DOCS_REPLIES_MAX];
    size_t count;
};

/* Fills TO in with what is shown of DOCS (NULL: nothing), whose bytes it points at. */
void docs_replies_init(struct docs_replies *to, const struct docs *docs);

#endif
