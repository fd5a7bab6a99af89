#include "base/instant.h"
#include "http/date.h"
#include "http/grammar.h"
#include "mapping/compile.h"

#include <inttypes.h>
#include <stdio.h>

/* Fields that hold what must be told to nobody. */
static const char *const secret[] = {"authorization", "proxy-authorization", "cookie"};

const struct brownout *deprecation_brownout(const struct deprecation *d, int64_t now)
{
    for (size_t i = 0; i < d->brownout_count; i++)
        if (d->brownouts[i].from <= now && now < d->brownouts[i].to)
            return &d->brownouts[i];
    return NULL;
}

/* --- days -------------------------------------------------------------------------- */

/* The text of N bytes at FROM, in the mapping's arena. */
static struct text keep(struct mapping_builder *b, const char *from, size_t n)
{
    struct text kept = arena_copy(b->arena, text_of(from, n));

    if (!kept.at)
        b->no_memory = true;
    return kept;
}

static struct announced announced_as(struct mapping_builder *b, struct written written)
{
    return (struct announced){.text = written.text, .where = draft_lasting(b, written.where)};
}

/* WRITTEN as a day; absent, with a complaint, if it is none. */
static struct announced read_day(struct mapping_builder *b, struct written written, const char *key)
{
    struct announced day = announced_as(b, written);

    if (instant_read_day(written.text, &day.at))
        return day;
    diag_error(b->complaints, written.where, "bad-day", "\"%s\" must be a day", key);
    diag_hint(b->complaints, "write it as year, month and day: \"2026-03-02\"");
    return (struct announced){0};
}

/* An item of structured fields (RFC 9651, 3.3.7), as RFC 9745 wants it. */
static struct announced read_since(struct mapping_builder *b, struct written written)
{
    struct announced since = read_day(b, written, "deprecated");
    char field[24];
    int n = snprintf(field, sizeof field, "@%" PRId64, since.at);

    since.field = keep(b, field, (size_t)n);
    return since;
}

static struct announced read_sunset(struct mapping_builder *b, struct written written,
                                    const struct announced *since)
{
    struct announced sunset = read_day(b, written, "sunset");
    char field[HTTP_DATE_BYTES];

    if (sunset.text.at && sunset.at < since->at) {
        diag_error(b->complaints, written.where, "sunset-first",
                   "the sunset is before the day of deprecation, %.*s (line %u)",
                   TEXT_ARG(since->text), since->where.line);
        diag_hint(b->complaints, "what ends is deprecated first (RFC 9745, 4)");
    }
    struct text date = http_date_write(sunset.at, field);
    sunset.field = keep(b, date.at, date.len);
    return sunset;
}

/* --- windows ------------------------------------------------------------------------- */

static bool read_instant(struct mapping_builder *b, struct written written, const char *key,
                         int64_t *at_out)
{
    if (instant_read(written.text, at_out))
        return true;
    diag_error(b->complaints, written.where, "bad-instant", "\"%s\" must be a time in UTC", key);
    diag_hint(b->complaints, "write it with its day, to the second: \"2026-12-01T09:00:00Z\"");
    return false;
}

static void check_window(struct mapping_builder *b, const struct draft_brownout *from,
                         const struct brownout *window, const struct announced *since)
{
    if (window->to <= window->from) {
        diag_error(b->complaints, from->to.where, "empty-window",
                   "this window ends before it begins (line %u)", from->from.where.line);
    } else if (window->from < since->at) {
        diag_error(b->complaints, from->from.where, "brownout-first",
                   "this window is before the day of deprecation, %.*s (line %u)",
                   TEXT_ARG(since->text), since->where.line);
        diag_hint(b->complaints, "what is switched off for a while is deprecated first");
    }
}

static void read_windows(struct mapping_builder *b, const struct mapping_scope *s,
                         struct deprecation *d)
{
    size_t room = s->brownout_count;
    struct brownout *windows = draft_zero(b, b->arena, room, sizeof *windows);

    if (room > DEPRECATION_BROWNOUTS_MAX) {
        diag_error(b->complaints, s->brownouts->from.where, "too-many",
                   "an entry has at most %d windows, not %zu", DEPRECATION_BROWNOUTS_MAX, room);
        return;
    }
    for (const struct draft_brownout *w = s->brownouts; w && windows; w = w->next) {
        struct brownout *window = &windows[d->brownout_count];
        bool good = read_instant(b, w->from, "from", &window->from);

        good = read_instant(b, w->to, "to", &window->to) && good;
        if (!good)
            continue;
        check_window(b, w, window, &d->since);
        window->where = draft_lasting(b, w->from.where);
        d->brownout_count++;
    }
    d->brownouts = windows;
}

/* --- who takes over, and who calls ----------------------------------------------------- */

static bool is_reached(const struct mapping_builder *b, const struct pattern *successor)
{
    for (const struct mapping_scope *s = b->scopes; s; s = s->next)
        if ((s->kind == SCOPE_ROUTE || s->kind == SCOPE_RESOURCE) && s->methods && !s->broken &&
            pattern_meets(&s->client_pattern, successor))
            return true;
    return false;
}

static void read_successor(struct mapping_builder *b, struct mapping_scope *s)
{
    struct written written = s->announced.successor;
    struct pattern *successor = &s->successor_pattern;

    if (!pattern_read(successor, b->arena, b->complaints, NULL, written, &b->no_memory) ||
        s->broken ||
        !pattern_derive(successor, &s->client_pattern, b->complaints, written.where,
                        s->client.where, "deprecated"))
        return;
    if (is_reached(b, successor))
        return;
    diag_error(b->complaints, written.where, "no-successor", "no route serves any path of \"%.*s\"",
               TEXT_ARG(written.text));
    diag_hint(b->complaints, "a reply names its successor only where a route serves that path");
}

static bool is_header_name(struct text t)
{
    size_t n = 0;

    while (n < t.len && http_is(t.at[n], IN_TOKEN))
        n++;
    return n == t.len && n > 0 && n <= MAPPING_NAME_MAX;
}

static void check_caller(struct mapping_builder *b, struct written caller)
{
    if (!is_header_name(caller.text)) {
        diag_error(b->complaints, caller.where, "bad-name", "\"%.*s\" is not a header name",
                   TEXT_ARG(caller.text));
        diag_hint(b->complaints, "a header name is letters, digits and \"-\"");
    }
    for (size_t i = 0; i < sizeof secret / sizeof secret[0]; i++)
        if (text_eq_nocase(caller.text, text_from(secret[i]))) {
            diag_error(b->complaints, caller.where, "secret-header",
                       "%.*s holds a secret and names no client", TEXT_ARG(caller.text));
            diag_hint(b->complaints, "its value would be shown in the metrics and the log");
        }
}

/* --- the entry -------------------------------------------------------------------------- */

static void complain_of_lack(struct mapping_builder *b, struct written written, const char *key)
{
    if (!written.text.at)
        return;
    diag_error(b->complaints, written.where, "not-deprecated",
               "\"%s\" is of no use in an entry that is not deprecated", key);
    diag_hint(b->complaints, "say since when it is: deprecated: \"2026-03-02\"");
}

static void check_lack(struct mapping_builder *b, const struct mapping_scope *s)
{
    complain_of_lack(b, s->announced.sunset, "sunset");
    complain_of_lack(b, s->announced.successor, "successor");
    complain_of_lack(b, s->announced.caller, "caller");
    if (s->brownouts)
        complain_of_lack(b, s->brownouts->from, "brownout");
}

const struct deprecation *compile_deprecation(struct mapping_builder *b, struct mapping_scope *s)
{
    const struct announcement *a = &s->announced;
    struct deprecation *d = draft_zero(b, b->arena, 1, sizeof *d);

    if (!a->deprecated.text.at)
        check_lack(b, s);
    if (!a->deprecated.text.at || !d)
        return NULL;
    d->since = read_since(b, a->deprecated);
    if (a->sunset.text.at)
        d->sunset = read_sunset(b, a->sunset, &d->since);
    read_windows(b, s, d);
    if (a->successor.text.at) {
        d->successor = announced_as(b, a->successor);
        read_successor(b, s);
    }
    if (a->caller.text.at) {
        d->caller = announced_as(b, a->caller);
        check_caller(b, a->caller);
    }
    return d;
}
