#include "base/reserve.h"

#include "base/log.h"

#include <malloc.h>
#include <poll.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

enum { WORD_BITS = 64, WORDS = RESERVE_PIECES / WORD_BITS };

static alignas(max_align_t) char pieces[RESERVE_PIECES][RESERVE_SMALL_BYTES];
static atomic_uint_fast64_t taken[WORDS]; /* a bit for each piece */
static _Thread_local bool refused;

_Noreturn void reserve_give_up(void)
{
    static const char line[] = "error out of memory\n";
    struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};

    log_flush();
    /* A log that nobody reads must not keep the process from its end. */
    if (poll(&out, 1, 0) > 0 && write(STDERR_FILENO, line, sizeof line - 1) < 0)
        _exit(EX_OSERR);
    _exit(EX_OSERR);
}

static bool is_reserved(const void *at)
{
    uintptr_t from = (uintptr_t)pieces;

    return (uintptr_t)at >= from && (uintptr_t)at < from + sizeof pieces;
}

/* A piece of the reserve; there is no way on without one. */
static void *take(void)
{
    for (size_t word = 0; word < WORDS; word++) {
        uint_fast64_t now = atomic_load(&taken[word]);

        while (~now) {
            unsigned bit = (unsigned)__builtin_ctzll(~now);

            if (atomic_compare_exchange_weak(&taken[word], &now, now | UINT64_C(1) << bit))
                return pieces[word * WORD_BITS + bit];
        }
    }
    reserve_give_up();
}

static void give_back(void *at)
{
    size_t number = (size_t)((char *)at - pieces[0]) / RESERVE_SMALL_BYTES;

    atomic_fetch_and(&taken[number / WORD_BITS], ~(UINT64_C(1) << number % WORD_BITS));
}

/* What is done about a piece of SIZE bytes that the system refused. */
static void *instead(size_t size)
{
    refused = true;
    return size > RESERVE_SMALL_BYTES ? NULL : take();
}

bool reserve_refused(void)
{
    bool was = refused;

    refused = false;
    return was;
}

void *reserve_malloc(size_t size)
{
    void *at = malloc(size);

    return at ? at : instead(size);
}

void *reserve_calloc(size_t count, size_t size)
{
    void *at = calloc(count, size);

    if (at)
        return at;
    at = instead(size && count > SIZE_MAX / size ? SIZE_MAX : count * size);
    return at ? memset(at, 0, count * size) : NULL;
}

void *reserve_realloc(void *old, size_t size)
{
    if (!old)
        return reserve_malloc(size);
    void *at = is_reserved(old) ? malloc(size) : realloc(old, size);
    if (is_reserved(old) && at) {
        memcpy(at, old, size < RESERVE_SMALL_BYTES ? size : RESERVE_SMALL_BYTES);
        give_back(old);
    }
    if (at)
        return at;
    if (is_reserved(old) && size <= RESERVE_SMALL_BYTES)
        return old;
    at = instead(size);
    if (!at)
        return NULL;
    size_t held = malloc_usable_size(old);
    memcpy(at, old, held < size ? held : size);
    free(old);
    return at;
}

char *reserve_strdup(const char *string)
{
    size_t size = strlen(string) + 1;
    char *copy = reserve_malloc(size);

    return copy ? memcpy(copy, string, size) : NULL;
}

void reserve_free(void *at)
{
    if (is_reserved(at))
        give_back(at);
    else
        free(at);
}
