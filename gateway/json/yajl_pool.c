#include "json/yajl_pool.h"

#include <assert.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>

enum {
    SMALL_BYTES = 1024,  /* handle, lexer and two empty buffers take 300 */
    DEPTH_STEP = 128 * 2 /* yajl grows its stack by 128 bytes */
};

static void *pool_malloc(void *ctx, size_t size)
{
    struct yajl_pool *p = ctx;
    size_t align = alignof(max_align_t);

    size = (size + align - 1) / align * align;
    assert(size <= SMALL_BYTES - p->used);
    p->used += size;
    return p->memory + p->used - size;
}

/* Only the stack is ever grown, so it stays where it is. */
static void *pool_realloc(void *ctx, void *from, size_t size)
{
    struct yajl_pool *p = ctx;
    char *stack = p->memory + SMALL_BYTES;

    assert(from == NULL || from == stack);
    assert(size <= p->depth_bytes);
    return stack;
}

static void pool_free(void *ctx, void *from)
{
    (void)ctx;
    (void)from;
}

bool yajl_pool_init(struct yajl_pool *p, size_t depth)
{
    *p = (struct yajl_pool){
        .allocs = {.malloc = pool_malloc, .realloc = pool_realloc, .free = pool_free, .ctx = p}};
    if (depth > SIZE_MAX / 2)
        return false;
    p->depth_bytes = depth + DEPTH_STEP;
    p->memory = malloc(SMALL_BYTES + p->depth_bytes);
    return p->memory != NULL;
}

void yajl_pool_clear(struct yajl_pool *p)
{
    p->used = 0;
}

void yajl_pool_fini(struct yajl_pool *p)
{
    free(p->memory);
    p->memory = NULL;
}
