/*
 * yajl_pool.h - the memory of one yajl handle, taken all at once
 *
 * yajl does not look whether an allocation failed.  So all that a handle can
 * need for a given depth is taken before it is made, and handed out from
 * there: a few small structures, and one stack of a byte per open container,
 * the only thing yajl ever grows.  yajl's own text buffers are never used,
 * as it is fed no string contents and no cut tokens.
 */
#ifndef JSON_YAJL_POOL_H
#define JSON_YAJL_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <yajl/yajl_common.h>

struct yajl_pool {
    char *memory;
    size_t used;             /* by the small structures */
    size_t depth_bytes;      /* the room of the stack, behind them */
    yajl_alloc_funcs allocs; /* what yajl is given */
};

/* Takes the memory for texts of at most DEPTH open containers; false if there is none. */
bool yajl_pool_init(struct yajl_pool *p, size_t depth);

/* Hands everything out anew; handles made from P are forgotten. */
void yajl_pool_clear(struct yajl_pool *p);

/* Gives the memory back. */
void yajl_pool_fini(struct yajl_pool *p);

#endif
