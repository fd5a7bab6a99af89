#include "exchange/fake_upstream.h"

#include "exchange/faults.h"
#include "exchange/transcript.h"

#include <stdio.h>
#include <stdlib.h>

/* --- for tests ------------------------------------------------------------ */

void fake_upstream_fini(struct upstream *u)
{
    struct upstream_transfer *t;

    for (size_t i = 0; i < 2; i++)
        if (fake_endpoints[i].outstanding > 0)
            wrong("a request was picked for and never ended");
    while ((t = u->transfers)) {
        u->transfers = t->next;
        buf_fini(&t->target);
        buf_fini(&t->fields);
        buf_fini(&t->received);
        buf_fini(&t->piece);
        free(t);
    }
}

struct upstream_transfer *fake_upstream_live(const struct upstream *u)
{
    struct upstream_transfer *t = u->transfers;

    return t && !t->over && !t->cancelled ? t : NULL;
}

enum upstream_give fake_upstream_want(struct upstream_transfer *t, size_t room)
{
    size_t length = SIZE_MAX;

    faults_hold();
    char *to = malloc(room);
    faults_release();
    if (!to)
        abort();
    enum upstream_give give = t->events->on_want(t->owner, to, room, &length);
    if (give == UPSTREAM_GIVE_BYTES) {
        if (length == 0 || length > room)
            wrong("%zu bytes given into a room of %zu", length, room);
        faults_hold();
        buf_add(&t->received, text_of(to, length));
        faults_release();
        say("give %zu", length);
    } else {
        say(give == UPSTREAM_GIVE_END ? "give-end" : "give-later");
    }
    t->asleep = t->later = give == UPSTREAM_GIVE_LATER;
    t->ended = give == UPSTREAM_GIVE_END;
    free(to);
    return give;
}

/* T's bytes in memory of their own, so that whoever keeps them is found out. */
static struct text copy_of(struct text t)
{
    faults_hold();
    char *copy = malloc(t.len + 1);
    faults_release();

    if (!copy)
        abort();
    if (t.len)
        memcpy(copy, t.at, t.len);
    return text_of(copy, t.len);
}

void fake_upstream_head(struct upstream_transfer *t, const struct upstream_head *head)
{
    struct upstream_head mine = *head;

    mine.reason = copy_of(head->reason);
    faults_hold();
    mine.fields.at = calloc(head->fields.count + 1, sizeof *mine.fields.at);
    faults_release();
    if (!mine.fields.at)
        abort();
    for (size_t i = 0; i < head->fields.count; i++) {
        mine.fields.at[i].name = copy_of(head->fields.at[i].name);
        mine.fields.at[i].value = copy_of(head->fields.at[i].value);
    }
    t->headed = true;
    t->asleep = false; /* a final head wakes a sleeping upload once */
    t->events->on_head(t->owner, &mine);
    for (size_t i = 0; i < mine.fields.count; i++) {
        free((char *)mine.fields.at[i].name.at);
        free((char *)mine.fields.at[i].value.at);
    }
    free(mine.fields.at);
    free((char *)mine.reason.at);
}

void fake_upstream_piece(struct upstream_transfer *t, struct text piece)
{
    if (t->paused) { /* it comes when the exchange resumes */
        t->pending = true;
        faults_hold();
        buf_add(&t->piece, piece);
        faults_release();
        return;
    }
    struct text mine = copy_of(piece);
    t->events->on_piece(t->owner, mine);
    free((char *)mine.at);
}

void fake_upstream_done(struct upstream_transfer *t, const struct http_fields *trailers)
{
    t->over = true;
    t->events->on_done(t->owner, trailers);
    if (!t->cancelled)
        wrong("a transfer that is done was not cancelled");
}

void fake_upstream_broke(struct upstream_transfer *t, enum upstream_failure why)
{
    t->over = true;
    t->events->on_broke(t->owner, why);
    if (!t->cancelled)
        wrong("a transfer that broke was not cancelled");
}

const char *fake_upstream_field(const struct upstream_transfer *t, const char *name, unsigned nth)
{
    static char value[4096];
    struct text rest = buf_text(&t->fields);

    while (rest.len) {
        struct text line = text_of(rest.at, text_find(rest, '\n'));
        size_t colon = text_find(line, ':');

        rest = text_from_offset(rest, line.len + 1);
        if (!text_eq_nocase(text_of(line.at, colon), text_from(name)) || nth-- > 0)
            continue;
        snprintf(value, sizeof value, "%.*s", (int)(line.len - colon - 2), line.at + colon + 2);
        return value;
    }
    return NULL;
}

/* --- upstream.h ----------------------------------------------------------- */

/* The exchange calls WHAT on a transfer that lives. */
static void alive(const struct upstream_transfer *t, const char *what)
{
    if (!t)
        wrong("%s without a transfer", what);
    if (t->cancelled || t->over)
        wrong("%s on a transfer that is over", what);
}

/* What REQUEST says, in memory of T's own. */
static void keep_request(struct upstream_transfer *t, const struct upstream_request *request)
{
    buf_init(&t->target, 1 << 20);
    buf_init(&t->fields, 1 << 20);
    buf_init(&t->received, 1 << 20);
    buf_init(&t->piece, 1 << 20);
    buf_add(&t->target, request->target);
    for (size_t i = 0; i < request->fields.count; i++) {
        if (!request->fields.at[i].name.len || !http_field_value_ok(request->fields.at[i].value))
            wrong("a request field that can't be sent");
        buf_add(&t->fields, request->fields.at[i].name);
        buf_add(&t->fields, TEXT(": "));
        buf_add(&t->fields, request->fields.at[i].value);
        buf_add_byte(&t->fields, '\n');
    }
    t->whole = request->whole;
    if (t->whole.at)
        buf_add(&t->received, t->whole);
    t->request = *request;
    t->request.target = t->request.whole = (struct text){0};
    t->request.fields = (struct http_fields){0};
}

struct upstream_transfer *upstream_start(struct upstream *u, const struct upstream_request *request,
                                         const struct upstream_events *events, void *owner)
{
    struct upstream_transfer *t = u->no_memory ? NULL : calloc(1, sizeof *t);

    say("start");
    if (!request->endpoint || request->endpoint->outstanding == 0)
        wrong("a transfer to an endpoint that was not picked");
    if (!t) {
        upstream_unpick(request->pool, request->endpoint);
        return NULL;
    }
    if (u->transfers && !u->transfers->cancelled)
        wrong("a second transfer beside the first");
    *t = (struct upstream_transfer){.next = u->transfers, .events = events, .owner = owner};
    faults_hold();
    keep_request(t, request);
    faults_release();
    u->transfers = t;
    u->started++;
    return t;
}

void upstream_more(struct upstream_transfer *t)
{
    alive(t, "upstream_more");
    if (!t->later)
        wrong("upstream_more to a transfer that was not told LATER");
    say("more");
    t->asleep = t->later = false;
}

void upstream_pause(struct upstream_transfer *t)
{
    alive(t, "upstream_pause");
    if (t->paused)
        wrong("paused twice");
    say("pause");
    t->paused = true;
}

void upstream_resume(struct upstream_transfer *t)
{
    alive(t, "upstream_resume");
    if (!t->paused)
        wrong("resumed without a pause");
    say("resume");
    t->paused = false;
    if (!t->pending)
        return;
    t->pending = false;
    struct text piece = copy_of(buf_text(&t->piece));
    buf_clear(&t->piece);
    fake_upstream_piece(t, piece);
    free((char *)piece.at);
}

void upstream_set_between_bytes(struct upstream_transfer *t, uint64_t ms)
{
    alive(t, "upstream_set_between_bytes");
    t->silence_ms = ms;
    t->silence_set = true;
}

void upstream_cancel(struct upstream_transfer **t)
{
    if (!*t)
        return;
    if ((*t)->cancelled)
        wrong("cancelled twice");
    if (!(*t)->over)
        say("cancel");
    (*t)->cancelled = true;
    upstream_unpick((*t)->request.pool, (*t)->request.endpoint);
    /* Until it is buried the room may look at the whole body. */
    if ((*t)->whole.at && !text_eq((*t)->whole, buf_text(&(*t)->received)))
        wrong("the whole body changed under the transfer");
    *t = NULL;
}

bool upstream_on_kept(const struct upstream_transfer *t)
{
    if (t->cancelled)
        wrong("a transfer is asked about after its end");
    return false;
}

struct endpoint fake_endpoints[2] = {
    {.url = "http://127.0.0.1:9000", .authority = {"127.0.0.1:9000", 14}},
    {.url = "http://127.0.0.1:9001", .authority = {"127.0.0.1:9001", 14}},
};

struct endpoint *upstream_pick(struct upstream *u, struct pool *pool, const struct endpoint *avoid)
{
    size_t i = pool->count > 1 && pool->endpoints[0] == avoid;

    (void)u;
    pool->endpoints[i]->outstanding++;
    return pool->endpoints[i];
}

void upstream_unpick(struct pool *pool, struct endpoint *endpoint)
{
    (void)pool;
    if (endpoint->outstanding-- == 0)
        wrong("more was given back than picked");
}
