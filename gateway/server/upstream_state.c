#include "server/upstream_state.h"

void upstream_state_note(struct upstream_state *s, const struct exchange_report *r)
{
    bool failed = outcome_row(r->outcome)->side == SIDE_UPSTREAM;

    if (r->transfers && (failed || r->outcome == OUTCOME_OK))
        atomic_store_explicit(&s->last, (int)r->outcome + 1, memory_order_relaxed);
}

const char *upstream_state_word(const struct upstream_state *s)
{
    int last = atomic_load_explicit(&s->last, memory_order_relaxed);

    if (last == 0)
        return "not asked yet";
    enum outcome outcome = (enum outcome)(last - 1);
    return outcome == OUTCOME_OK ? "answers" : outcome_row(outcome)->name;
}
