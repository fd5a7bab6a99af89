#include "exchange/outcome.h"

#include <assert.h>

static const struct outcome_row rows[] = {
#define X(name, status, code, side, message) {#name, status, code, SIDE_##side, message},
    OUTCOMES(X)
#undef X
};

const struct outcome_row *outcome_row(enum outcome o)
{
    assert(o < OUTCOME_COUNT);
    return &rows[o];
}

enum outcome outcome_of_refusal(int status)
{
    for (enum outcome o = OUTCOME_BAD_REQUEST; o < OUTCOME_COUNT; o++)
        if (rows[o].status == status)
            return o;
    return OUTCOME_BAD_REQUEST;
}
