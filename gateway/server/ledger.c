#include "server/ledger.h"

#include "base/arena.h"
#include "base/buf.h"

#include <limits.h>

enum { LEDGER_BYTES_MAX = 64 * 1024 * 1024, KEY_BYTES_MAX = 8192 };

const uint64_t ledger_bounds_us[LEDGER_BUCKETS - 1] = {
    500,    1000,   2500,    5000,    10000,   25000,    50000,    100000,
    250000, 500000, 1000000, 2500000, 5000000, 10000000, 30000000, 60000000};

bool ledger_init(struct ledger *l)
{
    *l = (struct ledger){.texts = arena_new(LEDGER_BYTES_MAX)};
    pthread_mutex_init(&l->lock, NULL);
    return l->texts;
}

void ledger_fini(struct ledger *l)
{
    if (!l->texts)
        return;
    HASH_CLEAR(hh, l->routes);
    HASH_CLEAR(hh, l->rules);
    arena_free(&l->texts);
    pthread_mutex_destroy(&l->lock);
}

/* --- entries, made when they are first asked for; NULL: no memory -------------- */

static struct route_count *route_entry(struct ledger *l, struct text route)
{
    struct route_count *entry;

    HASH_FIND(hh, l->routes, route.at, route.len, entry);
    if (entry)
        return entry;
    struct text copy = arena_copy(l->texts, route);
    entry = arena_zero(l->texts, 1, sizeof *entry);
    if (!copy.at || !entry)
        return NULL;
    entry->route = copy;
    HASH_ADD_KEYPTR(hh, l->routes, copy.at, copy.len, entry);
    return entry->hh.tbl ? entry : NULL;
}

static struct answer_count *answer_entry(struct ledger *l, struct route_count *route,
                                         struct text method, int status)
{
    struct answer_count *entry = route->answers;

    while (entry && (entry->status != status || !text_eq(entry->method, method)))
        entry = entry->next;
    if (entry)
        return entry;
    entry = arena_zero(l->texts, 1, sizeof *entry);
    if (!entry)
        return NULL;
    *entry = (struct answer_count){.next = route->answers, .method = method, .status = status};
    route->answers = entry;
    return entry;
}

/* NAME and AT as one text, which no other two have; absent: too long. */
static struct text rule_key(struct buf *space, struct text name, struct text at, enum direction d)
{
    buf_add_byte(space, d == REQUEST ? '>' : '<');
    buf_add(space, name);
    buf_add_byte(space, '\0');
    buf_add(space, at);
    return space->failed ? (struct text){0} : buf_text(space);
}

static struct rule_count *rule_entry(struct ledger *l, struct text name, struct text at,
                                     enum direction d)
{
    char space[KEY_BYTES_MAX];
    struct buf held = {.at = space, .capacity = sizeof space, .max = sizeof space};
    struct text key = rule_key(&held, name, at, d);
    struct rule_count *entry;

    if (!key.at)
        return NULL;
    HASH_FIND(hh, l->rules, key.at, key.len, entry);
    if (entry)
        return entry;
    entry = arena_zero(l->texts, 1, sizeof *entry);
    key = arena_copy(l->texts, key);
    if (!entry || !key.at)
        return NULL;
    entry->key = key;
    entry->name = text_of(key.at + 1, name.len);
    entry->at = text_of(key.at + 1 + name.len + 1, at.len);
    entry->direction = d;
    HASH_ADD_KEYPTR(hh, l->rules, key.at, key.len, entry);
    return entry->hh.tbl ? entry : NULL;
}

/* --- one exchange ---------------------------------------------------------------- */

static void time_it(struct histogram *h, uint64_t us)
{
    size_t bucket = 0;

    while (bucket < LEDGER_BUCKETS - 1 && us > ledger_bounds_us[bucket])
        bucket++;
    h->counts[bucket]++;
    h->sum_us += us;
}

static void enter_route(struct ledger *l, const struct exchange_report *r)
{
    struct route_count *route = route_entry(l, r->route ? r->route->client : TEXT(""));
    int status = r->status < LEDGER_STATUS_OTHER ? r->status : LEDGER_STATUS_OTHER;
    struct answer_count *answer = route ? answer_entry(l, route, r->method, status) : NULL;

    if (!answer) {
        l->lost++;
        return;
    }
    answer->count++;
    time_it(&route->duration, r->duration_us);
    time_it(&route->own, r->own_us);
    route->leaks += r->unmapped;
    if (r->transfers)
        time_it(&route->upstream, r->upstream_us);
}

static void enter_row(struct ledger *l, struct text name, struct text at, enum direction d,
                      const struct tally_row *row)
{
    if (!row->changed && !row->collided && !row->passed)
        return;
    struct rule_count *entry = rule_entry(l, name, at, d);
    if (!entry) {
        l->lost++;
        return;
    }
    entry->sums.changed += row->changed;
    entry->sums.collided += row->collided;
    entry->sums.passed += row->passed;
}

static void enter_tally(struct ledger *l, const struct tally *t, enum direction d)
{
    size_t pairs = t->rules ? rules_pair_count(t->rules) : 0;
    size_t values = t->rules ? rules_value_count(t->rules) : 0;

    for (size_t i = 0; i < pairs; i++) {
        const struct pair *pair = rules_pair_at(t->rules, i);

        enter_row(l, pair->client, pair->scoped ? pair->at : TEXT(""), d, &t->pairs[i]);
    }
    for (size_t i = 0; i < values; i++)
        enter_row(l, TEXT(""), rules_value_at(t->rules, i)->at, d, &t->values[i]);
    l->events += t->events;
}

void ledger_enter(struct ledger *l, const struct exchange_report *r)
{
    pthread_mutex_lock(&l->lock);
    enter_route(l, r);
    for (int d = REQUEST; d <= RESPONSE; d++) {
        enter_tally(l, r->tally[d], (enum direction)d);
        l->invalid[d] += r->invalid[d];
    }
    l->outcomes[r->outcome]++;
    l->received += r->received;
    l->sent += r->sent;
    l->transfers += r->transfers;
    l->retries += r->transfers > 1;
    l->on_kept += r->on_kept;
    pthread_mutex_unlock(&l->lock);
}

/* --- adding up ------------------------------------------------------------------- */

static void add_histogram(struct histogram *sum, const struct histogram *from)
{
    for (size_t i = 0; i < LEDGER_BUCKETS; i++)
        sum->counts[i] += from->counts[i];
    sum->sum_us += from->sum_us;
}

static void add_routes(struct ledger *sum, const struct ledger *from)
{
    for (const struct route_count *f = from->routes; f; f = f->hh.next) {
        struct route_count *s = route_entry(sum, f->route);

        if (!s) {
            sum->lost++;
            continue;
        }
        add_histogram(&s->duration, &f->duration);
        add_histogram(&s->upstream, &f->upstream);
        add_histogram(&s->own, &f->own);
        s->leaks += f->leaks;
        for (const struct answer_count *a = f->answers; a; a = a->next) {
            struct answer_count *to = answer_entry(sum, s, a->method, a->status);

            if (to)
                to->count += a->count;
            else
                sum->lost++;
        }
    }
}

static void add_rules(struct ledger *sum, const struct ledger *from)
{
    for (const struct rule_count *f = from->rules; f; f = f->hh.next) {
        struct rule_count *s = rule_entry(sum, f->name, f->at, f->direction);

        if (!s) {
            sum->lost++;
            continue;
        }
        s->sums.changed += f->sums.changed;
        s->sums.collided += f->sums.collided;
        s->sums.passed += f->sums.passed;
    }
}

static void add_numbers(struct ledger *sum, const struct ledger *from)
{
    for (size_t i = 0; i < OUTCOME_COUNT; i++)
        sum->outcomes[i] += from->outcomes[i];
    for (size_t d = 0; d < 2; d++)
        sum->invalid[d] += from->invalid[d];
    sum->received += from->received;
    sum->sent += from->sent;
    sum->events += from->events;
    sum->transfers += from->transfers;
    sum->retries += from->retries;
    sum->on_kept += from->on_kept;
    sum->lost += from->lost;
}

void ledger_add(struct ledger *sum, struct ledger *from)
{
    pthread_mutex_lock(&from->lock);
    add_routes(sum, from);
    add_rules(sum, from);
    add_numbers(sum, from);
    pthread_mutex_unlock(&from->lock);
}
