#include "json/yajl_pool.h"

#include <assert.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>

enum {
    SMALL_BYTES = 512,  /* handle, lexer and two buffer heads take 256 */
    TOKEN_BYTES = 2048, /* what a buffer of yajl begins with; it doubles */
    STACK_STEP = 128    /* by which yajl grows its stack */
};

static char *token_of(const struct yajl_pool *p)
{
    return p->memory + SMALL_BYTES;
}

static char *stack_of(const struct yajl_pool *p)
{
    return token_of(p) + p->token_bytes;
}

static void *pool_malloc(void *ctx, size_t size)
{
    struct yajl_pool *p = ctx;
    size_t align = alignof(max_align_t);

    if (size == TOKEN_BYTES)
        return token_of(p);
    size = (size + align - 1) / align * align;
    assert(size <= SMALL_BYTES - p->small_used);
    p->small_used += size;
    return p->memory + p->small_used - size;
}

static void *pool_realloc(void *ctx, void *from, size_t size)
{
    struct yajl_pool *p = ctx;

    if (from == token_of(p)) {
        assert(size <= p->token_bytes);
        return from;
    }
    assert((from == NULL || from == stack_of(p)) && size <= p->stack_bytes);
    return stack_of(p);
}

static void pool_free(void *ctx, void *from)
{
    (void)ctx;
    (void)from;
}

bool yajl_pool_init(struct yajl_pool *p, size_t depth, size_t token)
{
    *p = (struct yajl_pool){
        .token_bytes = TOKEN_BYTES,
        .stack_bytes = depth + 2 * STACK_STEP,
        .allocs = {.malloc = pool_malloc, .realloc = pool_realloc, .free = pool_free, .ctx = p}};
    if (depth > SIZE_MAX / 8 || token > SIZE_MAX / 8)
        return false;
    while (p->token_bytes <= token)
        p->token_bytes *= 2;
    p->memory = malloc(SMALL_BYTES + p->token_bytes + p->stack_bytes);
    return p->memory != NULL;
}

void yajl_pool_clear(struct yajl_pool *p)
{
    p->small_used = 0;
}

void yajl_pool_fini(struct yajl_pool *p)
{
    free(p->memory);
    p->memory = NULL;
}
