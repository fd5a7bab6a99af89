#include "exchange/life.h"

#include <time.h>

uint64_t times_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

void times_asked(struct exchange *ex)
{
    ex->times.asked = times_now();
    ex->transfers++;
}

void times_answered(struct exchange *ex)
{
    if (!ex->times.asked)
        return;
    ex->times.upstream += times_now() - ex->times.asked;
    ex->times.asked = 0;
    ex->on_kept += upstream_on_kept(ex->upstream);
}

void times_work(struct exchange *ex)
{
    if (ex->times.working++ == 0)
        ex->times.since = times_now();
}

void times_rest(struct exchange *ex)
{
    if (--ex->times.working == 0)
        ex->times.own += times_now() - ex->times.since;
}

uint64_t times_own(const struct exchange *ex)
{
    return ex->times.own + (ex->times.working ? times_now() - ex->times.since : 0);
}
