#include "server/deprecated_page.h"

#include "base/instant.h"
#include "base/quote.h"

enum { TEXT_BYTES_MAX = 4096 };

/* Adds PREFIX, which ends with a quote, and NAME":"VALUE"; nothing for an absent value. */
static void add_text(struct buf *to, const char *prefix, const char *name, struct text value)
{
    if (!value.at)
        return;
    buf_add(to, text_from(prefix));
    buf_add(to, text_from(name));
    buf_add(to, TEXT("\":"));
    quote_json(to, value, TEXT_BYTES_MAX);
}

static void add_instant(struct buf *to, const char *prefix, const char *name, int64_t seconds)
{
    char written[INSTANT_BYTES];

    add_text(to, prefix, name, instant_write(seconds, written));
}

static void add_windows(struct buf *to, const struct deprecation *d, int64_t now)
{
    buf_add(to, TEXT(",\"brownouts\":["));
    for (size_t i = 0; i < d->brownout_count; i++) {
        const struct brownout *window = &d->brownouts[i];
        bool open = window->from <= now && now < window->to;

        add_instant(to, i ? ",{\"" : "{\"", "from", window->from);
        add_instant(to, ",\"", "to", window->to);
        buf_add(to, open ? TEXT(",\"open\":true}") : TEXT(",\"open\":false}"));
    }
    buf_add_byte(to, ']');
}

/* The callers of one route, one after the other. */
struct listing {
    struct text route;
    struct buf *to;
    bool begun;
};

static void add_caller(void *owner, const struct caller *caller)
{
    struct listing *listing = owner;
    struct buf *to = listing->to;

    if (!text_eq(caller->route, listing->route))
        return;
    add_text(to, listing->begun ? ",\n{\"" : "\n{\"", "name", caller->name);
    listing->begun = true;
    buf_add(to, TEXT(",\"count\":"));
    buf_add_u64(to, caller->count);
    add_instant(to, ",\"", "last", caller->last);
    buf_add_byte(to, '}');
}

static void add_route(struct buf *to, const struct route *route, struct callers *callers,
                      int64_t now)
{
    const struct deprecation *d = route->deprecation;
    struct listing listing = {.route = route->client, .to = to};

    add_text(to, "{\"", "route", route->client);
    add_text(to, ",\"", "deprecated", d->since.text);
    add_text(to, ",\"", "sunset", d->sunset.text);
    add_text(to, ",\"", "successor", d->successor.text);
    add_text(to, ",\"", "caller", d->caller.text);
    add_windows(to, d, now);
    buf_add(to, TEXT(",\"callers\":["));
    callers_visit(callers, add_caller, &listing);
    buf_add(to, TEXT("]}"));
}

void deprecated_page(const struct mapping *mapping, struct callers *callers, int64_t now,
                     struct buf *to)
{
    size_t count;
    const struct route *const *routes = mapping_routes(mapping, &count);
    bool begun = false;

    buf_add_byte(to, '[');
    for (size_t i = 0; i < count; i++) {
        if (!routes[i]->deprecation)
            continue;
        buf_add(to, begun ? TEXT(",\n") : TEXT(""));
        begun = true;
        add_route(to, routes[i], callers, now);
    }
    buf_add(to, TEXT("]\n"));
}
