/*
 * heap.h - what a test takes from the heap, counted, and refused at will
 *
 * This stands in front of malloc, and so do the sanitizers and valgrind.
 * With the first TEST_HEAP is not defined; with the second heap_is_ours() is
 * false.  There is nothing to count then, and heap_passes_over says so.
 */
#ifndef TEST_HEAP_H
#define TEST_HEAP_H

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define TEST_HEAP

#include <malloc.h>

static struct {
    size_t live, peak; /* bytes */
    size_t until_none; /* allocations to grant; 0: no end */
    bool refused;      /* one was refused, and so are those behind it */
} heap;

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *from, size_t size);
void __libc_free(void *at);

static bool is_refused(void)
{
    if (heap.until_none > 0 && --heap.until_none == 0)
        heap.refused = true;
    return heap.refused;
}

static void *count_in(void *at)
{
    heap.live += at ? malloc_usable_size(at) : 0;
    heap.peak = heap.live > heap.peak ? heap.live : heap.peak;
    return at;
}

void *malloc(size_t size)
{
    return is_refused() ? NULL : count_in(__libc_malloc(size));
}

void *calloc(size_t count, size_t size)
{
    return is_refused() ? NULL : count_in(__libc_calloc(count, size));
}

void *realloc(void *from, size_t size)
{
    size_t before = from ? malloc_usable_size(from) : 0;

    if (is_refused())
        return NULL;
    void *to = __libc_realloc(from, size);
    heap.live -= to ? before : 0;
    return count_in(to);
}

void free(void *at)
{
    heap.live -= at ? malloc_usable_size(at) : 0;
    __libc_free(at);
}

/* True if what is taken is counted here. */
static inline bool heap_is_ours(void)
{
    volatile size_t *live = &heap.live; /* compilers know that malloc changes nothing */
    size_t before = *live;
    void *volatile taken = malloc(64);
    bool counted = *live > before;

    free(taken);
    return counted;
}

#else

static inline bool heap_is_ours(void)
{
    return false;
}

#endif

/* An empty plan: no case here means anything now.  Returns main's status. */
static inline int heap_passes_over(void)
{
    print_message("1..0 # somebody else has the heap\n");
    return 0;
}

#endif
