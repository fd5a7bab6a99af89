#include "base/valve.h"

#include <assert.h>

void valve_init(struct valve *v, size_t high, size_t low)
{
    assert(low < high);
    *v = (struct valve){.high = high, .low = low};
}

bool valve_fill(struct valve *v, size_t n)
{
    v->level += n;
    if (v->shut || v->level < v->high)
        return false;
    v->shut = true;
    return true;
}

bool valve_settle(struct valve *v, size_t level)
{
    v->level = level;
    if (!v->shut || v->level > v->low)
        return false;
    v->shut = false;
    return true;
}
