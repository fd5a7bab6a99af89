#include "base/quota.h"

#include <assert.h>

void quota_init(struct quota *q, size_t most)
{
    atomic_init(&q->taken, 0);
    q->most = most;
}

bool quota_take(struct quota *q)
{
    size_t taken = atomic_load_explicit(&q->taken, memory_order_relaxed);

    do
        if (taken >= q->most)
            return false;
    while (!atomic_compare_exchange_weak_explicit(&q->taken, &taken, taken + 1,
                                                  memory_order_relaxed, memory_order_relaxed));
    return true;
}

void quota_give(struct quota *q)
{
    size_t taken = atomic_fetch_sub_explicit(&q->taken, 1, memory_order_relaxed);

    assert(taken > 0);
}

size_t quota_taken(const struct quota *q)
{
    return atomic_load_explicit(&q->taken, memory_order_relaxed);
}
