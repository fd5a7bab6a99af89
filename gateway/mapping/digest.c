#include "mapping/compile.h"

#include <stdio.h>

/* Chained where order matters; summed up where it does not. */
static uint64_t add_text(uint64_t digest, struct text t)
{
    return lookup_hash(digest, t);
}

static uint64_t add_number(uint64_t digest, uint64_t number)
{
    unsigned char bytes[8];

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(number >> 8 * i);
    return add_text(digest, text_of((const char *)bytes, sizeof bytes));
}

static uint64_t add_acts(uint64_t digest, const bool acts[2])
{
    return add_number(digest, (uint64_t)acts[REQUEST] | (uint64_t)acts[RESPONSE] << 1);
}

static uint64_t of_exchange(const struct exchange_table *t)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < t->from.count; i++)
        sum += add_text(add_text(1, t->from.texts[i]), t->to[i]);
    return sum;
}

static uint64_t of_pairs(const struct rules *r)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < r->pair_count; i++) {
        const struct pair *p = &r->pairs[i];
        uint64_t one = add_text(add_text(2, p->client), p->upstream);

        sum += add_text(add_acts(one, p->acts), p->scoped ? p->at : TEXT(""));
    }
    return sum;
}

/* What `rewrite: url` goes by. */
static uint64_t of_paths(const struct mapping_builder *b)
{
    uint64_t digest = 5;

    for (const struct mapping_scope *s = b->scopes; s; s = s->next)
        if (s->kind == SCOPE_ROUTE || s->kind == SCOPE_RESOURCE)
            digest = add_text(add_text(digest, s->client.text), s->upstream.text);
    return digest;
}

/* What a value rule of KIND goes by, beside its own entry. */
static uint64_t of_kind(const struct mapping_builder *b, const struct mapped_value *v)
{
    switch (v->rule.kind) {
    case VALUE_MAP:
        return of_exchange(&v->map[REQUEST]);
    case VALUE_URL:
        return of_paths(b);
    case VALUE_WORDS:
        return of_exchange(&b->mapping->vocabulary.words[REQUEST]);
    case VALUE_NAME:
        break;
    }
    return 0;
}

uint64_t digest_rules(const struct mapping_builder *b, const struct rules *r)
{
    uint64_t digest = of_pairs(r), opaque = 0;

    for (size_t i = 0; i < r->opaque_count; i++)
        opaque += add_text(3, r->opaque[i].at);
    digest = add_number(digest, opaque);
    for (size_t i = 0; i < r->value_count; i++) {
        const struct mapped_value *v = &r->values[i];

        digest = add_text(add_number(digest, v->rule.kind), v->rule.at);
        digest = add_acts(digest, v->rule.acts);
        digest = add_number(digest, of_kind(b, v));
    }
    for (int d = REQUEST; d <= RESPONSE; d++)
        digest = add_number(digest, r->collisions[d]);
    return digest;
}

static uint64_t of_watch(const struct watch *w)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < w->count; i++)
        sum += add_text(6, w->globs[i].written);
    for (size_t i = 0; i < w->ignored.count; i++)
        sum += add_text(7, w->ignored.texts[i]);
    return sum;
}

static uint64_t of_vocabulary(const struct vocabulary *v)
{
    uint64_t names_in = 0;

    for (size_t i = 0; i < v->names_in.count; i++)
        names_in += add_text(4, v->names_in.texts[i]);
    return add_number(
        add_number(of_exchange(&v->words[REQUEST]), of_exchange(&v->headers[REQUEST])),
        names_in + of_watch(&v->watch));
}

static uint64_t add_deprecation(uint64_t digest, const struct deprecation *d)
{
    const struct text texts[] = {d->since.text, d->sunset.text, d->successor.text, d->caller.text};
    uint64_t windows = 0;

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        digest = add_text(add_number(digest, i), texts[i].at ? texts[i] : TEXT(""));
    for (size_t i = 0; i < d->brownout_count; i++)
        windows +=
            add_number(add_number(8, (uint64_t)d->brownouts[i].from), (uint64_t)d->brownouts[i].to);
    return add_number(digest, windows);
}

static uint64_t add_route(uint64_t digest, const struct mapping *m, const struct route *route)
{
    digest = add_text(add_text(digest, route->client), route->upstream);
    digest = add_number(digest, (uint64_t)route->passthrough << 8 | route->body);
    for (int method = 0; method < HTTP_METHOD_COUNT; method++)
        digest = add_number(digest,
                            (uint64_t)route->listed[method] << 8 | route->upstream_method[method]);
    digest = add_number(add_number(digest, route->timeout_ms), route->max_body);
    if (route->service > 0)
        digest = add_text(add_number(digest, 9), m->services[route->service].name);
    if (route->deprecation)
        digest = add_deprecation(digest, route->deprecation);
    return add_number(digest, route->rules->digest);
}

void digest_mapping(struct mapping *m)
{
    uint64_t digest = add_number(of_vocabulary(&m->vocabulary), m->global->digest);

    for (size_t i = 0; i < m->route_count; i++)
        digest = add_route(digest, m, m->routes[i]);
    snprintf(m->digest, sizeof m->digest, "%08x", (unsigned)(digest ^ digest >> 32));
}
