/*
 * generation.h - the exchanges of one worker that began under one regime
 *
 * A reload begins a new generation; exchanges end in the one they began in,
 * with its mapping, its limits and its endpoints.  One that has no exchange left is
 * forgotten, unless it is the newest.
 */
#ifndef SERVER_GENERATION_H
#define SERVER_GENERATION_H

#include "exchange/exchange.h"
#include "server/docs.h"
#include "server/regime.h"

struct generation {
    struct exchange_host host; /* first: what its exchanges borrow */
    struct regime *regime;     /* one reference */
    struct docs_replies docs;  /* of its configuration */
    struct generation *older;
};

/*
 * Puts a new generation under REGIME before *NEWEST.  LIKE tells the rest of
 * what its exchanges borrow.  False: no memory, and nothing has changed.
 */
bool generation_begin(struct generation **newest, struct regime *regime,
                      const struct exchange_host *like);

/* Exchanges open in all of them. */
size_t generations_open(const struct generation *newest);

/* Ends every exchange with OUTCOME. */
void generations_end_all(struct generation *newest, enum outcome outcome);

/* Frees what has ended: exchanges, and generations that are over. */
void generations_reap(struct generation *newest);

/* Frees all of them; their exchanges have ended.  Sets *NEWEST to NULL. */
void generations_free(struct generation **newest);

#endif
