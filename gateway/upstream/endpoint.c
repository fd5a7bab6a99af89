#include "upstream/endpoint.h"

#include <stdlib.h>

enum { BACKOFF_MAX = 20 }; /* doublings */

static atomic_bool numbers[ENDPOINTS_MAX];

/* --- what it is -------------------------------------------------------------- */

static bool take_number(unsigned *number_out)
{
    for (unsigned i = 0; i < ENDPOINTS_MAX; i++)
        if (!atomic_exchange(&numbers[i], true)) {
            *number_out = i;
            return true;
        }
    return false;
}

/* True if AUTHORITY begins with a name: neither "[::1]" nor "127.0.0.1". */
static bool is_name(struct text authority)
{
    size_t end = text_find(authority, ':');
    bool digits = true;

    for (size_t i = 0; i < end; i++)
        digits = digits &&
                 ((authority.at[i] >= '0' && authority.at[i] <= '9') || authority.at[i] == '.');
    return authority.len > 0 && authority.at[0] != '[' && !digits;
}

/* Sets what follows from E's name, of which TEXTS holds two copies. */
static void describe(struct endpoint *e, char *texts, struct text name)
{
    struct text unix_prefix = TEXT("unix:");
    char *url = texts + name.len + 1;

    memcpy(texts, name.at, name.len);
    e->name = text_of(texts, name.len);
    if (text_starts(name, unix_prefix)) {
        e->path = texts + unix_prefix.len;
        e->url = "http://localhost";
    } else {
        while (name.at[name.len - 1] == '/')
            name.len--;
        memcpy(url, name.at, name.len);
        e->url = url;
    }
    e->authority = text_from(strstr(e->url, "://") + 3);
    e->by_name = !e->path && is_name(e->authority);
}

struct endpoint *endpoint_new(struct text name)
{
    struct endpoint *e = calloc(1, sizeof *e + 2 * (name.len + 1));

    if (!e)
        return NULL;
    atomic_init(&e->references, 1);
    describe(e, (char *)(e + 1), name);
    if (!take_number(&e->number)) {
        free(e);
        return NULL;
    }
    return e;
}

struct endpoint *endpoint_ref(struct endpoint *e)
{
    atomic_fetch_add_explicit(&e->references, 1, memory_order_relaxed);
    return e;
}

void endpoint_unref(struct endpoint **owned)
{
    struct endpoint *e = *owned;

    *owned = NULL;
    if (!e || atomic_fetch_sub_explicit(&e->references, 1, memory_order_acq_rel) > 1)
        return;
    atomic_store(&numbers[e->number], false);
    free(e);
}

/* --- how it is --------------------------------------------------------------- */

bool endpoint_is_ejected(const struct endpoint *e, uint64_t now_ms)
{
    return atomic_load_explicit(&e->ejected_until_ms, memory_order_relaxed) > now_ms;
}

bool endpoint_is_up(const struct endpoint *e, uint64_t now_ms)
{
    return !atomic_load_explicit(&e->unhealthy, memory_order_relaxed) &&
           !endpoint_is_ejected(e, now_ms);
}

void endpoint_succeed(struct endpoint *e)
{
    if (atomic_load_explicit(&e->failures, memory_order_relaxed) > 0)
        atomic_store_explicit(&e->failures, 0, memory_order_relaxed);
}

bool endpoint_fail(struct endpoint *e, const struct ejection *how)
{
    unsigned failures = atomic_fetch_add(&e->failures, 1) + 1;

    atomic_fetch_add_explicit(&e->failed, 1, memory_order_relaxed);
    return how->failures > 0 && failures >= how->failures;
}

static uint64_t ejection_ms(const struct ejection *how, unsigned backoff)
{
    uint64_t ms = how->base_ms << (backoff < BACKOFF_MAX ? backoff : BACKOFF_MAX);

    return ms < how->longest_ms ? ms : how->longest_ms;
}

/*
 * An endpoint that has been back for as long as it would be away next time
 * has made good: its next ejection counts as a first one.
 */
static unsigned next_backoff(const struct endpoint *e, const struct ejection *how, uint64_t now_ms)
{
    uint64_t returned_ms = atomic_load(&e->returned_ms);
    unsigned backoff = atomic_load(&e->backoff);

    if (returned_ms == 0 || now_ms - returned_ms >= ejection_ms(how, backoff))
        return 0;
    return backoff;
}

uint64_t endpoint_eject(struct endpoint *e, const struct ejection *how, uint64_t now_ms)
{
    uint_fast64_t until_ms = atomic_load(&e->ejected_until_ms);
    unsigned backoff = next_backoff(e, how, now_ms);
    uint64_t ms = ejection_ms(how, backoff);

    if (until_ms > now_ms ||
        !atomic_compare_exchange_strong(&e->ejected_until_ms, &until_ms, now_ms + ms))
        return 0;
    atomic_store(&e->backoff, backoff + 1);
    atomic_fetch_add_explicit(&e->ejections, 1, memory_order_relaxed);
    return ms;
}

bool endpoint_return(struct endpoint *e, uint64_t now_ms)
{
    uint_fast64_t until_ms = atomic_load_explicit(&e->ejected_until_ms, memory_order_relaxed);

    if (until_ms == 0 || until_ms > now_ms ||
        !atomic_compare_exchange_strong(&e->ejected_until_ms, &until_ms, 0))
        return false;
    atomic_store(&e->returned_ms, now_ms);
    return true;
}
