/*
 * yajl_pool.h - the memory of one yajl handle, taken all at once
 *
 * yajl does not look whether an allocation failed.  So all that a handle can
 * need is taken before it is made, and handed out from there: a few small
 * structures, the copy yajl makes of the first token of each stretch it is
 * fed, and a stack of a byte per open container.  The last two may grow, up
 * to bounds known beforehand, and so never move.
 */
#ifndef JSON_YAJL_POOL_H
#define JSON_YAJL_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <yajl/yajl_common.h>

struct yajl_pool {
    char *memory;
    size_t small_used;
    size_t token_bytes, stack_bytes; /* behind the small structures */
    yajl_alloc_funcs allocs;         /* what yajl is given */
};

/*
 * Takes the memory for texts of at most DEPTH open containers, fed in
 * stretches whose first token has at most TOKEN bytes.  False: no memory.
 */
bool yajl_pool_init(struct yajl_pool *p, size_t depth, size_t token);

/* Hands everything out anew; handles made from P are forgotten. */
void yajl_pool_clear(struct yajl_pool *p);

/* Gives the memory back. */
void yajl_pool_fini(struct yajl_pool *p);

#endif
