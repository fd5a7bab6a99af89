#include "exchange/life.h"

static enum upstream_give on_want(void *owner, char *to, size_t room, size_t *length_out)
{
    times_work(owner);
    enum upstream_give given = uplink_give(owner, to, room, length_out);
    times_rest(owner);
    return given;
}

static void on_hints(void *owner, const struct upstream_head *head)
{
    struct exchange *ex = owner;
    struct http_fields fields;

    if (ex->phase < EXCHANGE_REPLYING && fields_beside(ex, &head->fields, false, &fields))
        front_hints(ex->client, &fields);
}

/*
 * An answer that comes before the request was complete is relayed at once.
 * An error means that the service reads no further; any other reply may be
 * one that goes on while the body does.
 */
static void on_head(void *owner, const struct upstream_head *head)
{
    struct exchange *ex = owner;

    times_work(ex);
    exchange_enter(ex, EXCHANGE_REPLYING);
    if (!ex->up.complete && head->status >= 300)
        uplink_drop(ex);
    downlink_begin(ex, head);
    times_rest(ex);
}

static void on_piece(void *owner, struct text piece)
{
    times_work(owner);
    downlink_piece(owner, piece);
    times_rest(owner);
}

static void on_done(void *owner, const struct http_fields *trailers)
{
    struct exchange *ex = owner;

    times_work(ex);
    times_answered(ex);
    upstream_cancel(&ex->upstream);
    if (ex->phase < EXCHANGE_REPLYING)
        exchange_fail(ex, OUTCOME_UPSTREAM_INVALID, NULL); /* without a head it was no reply */
    else
        downlink_complete(ex, trailers);
    times_rest(ex);
}

static enum outcome outcome_of_failure(enum upstream_failure why)
{
    switch (why) {
    case UPSTREAM_REFUSED:
    case UPSTREAM_BROKE:
        return OUTCOME_UPSTREAM_UNREACHABLE;
    case UPSTREAM_CUT:
    case UPSTREAM_INVALID:
        return OUTCOME_UPSTREAM_INVALID;
    case UPSTREAM_SLOW:
        return OUTCOME_UPSTREAM_SLOW;
    case UPSTREAM_NO_ROOM:
        break;
    }
    return OUTCOME_EXHAUSTED;
}

static void on_broke(void *owner, enum upstream_failure why)
{
    struct exchange *ex = owner;
    bool unheard = why == UPSTREAM_REFUSED || why == UPSTREAM_BROKE;

    times_work(ex);
    times_answered(ex);
    if (!unheard || !uplink_start_again(ex, why != UPSTREAM_REFUSED))
        exchange_fail(ex, outcome_of_failure(why), NULL);
    times_rest(ex);
}

const struct upstream_events exchange_from_upstream = {
    .on_want = on_want,
    .on_hints = on_hints,
    .on_head = on_head,
    .on_piece = on_piece,
    .on_done = on_done,
    .on_broke = on_broke,
};
