#include "server/generation.h"

#include "server/limits.h"

#include <stdlib.h>

bool generation_begin(struct generation **newest, struct regime *regime,
                      const struct exchange_host *like)
{
    struct generation *g = calloc(1, sizeof *g);

    if (!g)
        return false;
    g->host = *like;
    g->regime = regime_ref(regime);
    g->host.mapping = regime->conf->mapping;
    g->host.pools = regime->routed;
    docs_replies_init(&g->docs, regime->conf->docs);
    g->host.local = (struct local_replies){g->docs.at, g->docs.count};
    g->host.limits = limits_exchange(&regime->conf->settings);
    g->older = *newest;
    *newest = g;
    return true;
}

static void free_one(struct generation *g)
{
    exchange_reap(&g->host);
    regime_unref(&g->regime);
    free(g);
}

size_t generations_open(const struct generation *newest)
{
    size_t open = 0;

    for (; newest; newest = newest->older)
        open += newest->host.open;
    return open;
}

void generations_end_all(struct generation *newest, enum outcome outcome)
{
    for (; newest; newest = newest->older)
        exchange_end_all(&newest->host, outcome);
}

void generations_reap(struct generation *newest)
{
    exchange_reap(&newest->host);
    for (struct generation **at = &newest->older; *at;) {
        struct generation *g = *at;

        exchange_reap(&g->host);
        if (g->host.open > 0) {
            at = &g->older;
            continue;
        }
        *at = g->older;
        free_one(g);
    }
}

void generations_free(struct generation **newest)
{
    while (*newest) {
        struct generation *g = *newest;

        *newest = g->older;
        free_one(g);
    }
}
