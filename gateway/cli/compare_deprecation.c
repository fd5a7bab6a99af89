#include "base/instant.h"
#include "cli/compare.h"

static const struct deprecation none;

static const struct deprecation *deprecation_of(const struct route *route)
{
    return route->deprecation ? route->deprecation : &none;
}

/* Where one announced thing stands in both files, or its entry where it does not stand. */
static struct change_place place_of(const struct route_pair *p, const struct announced *old,
                                    const struct announced *new)
{
    return (struct change_place){.old = old->text.at ? old->where : p->old->where,
                                 .new = new->text.at ? new->where : p->new->where};
}

/* NEW's text, or that there is none any more. */
static void compare_announced(struct comparison *c, const struct change_place *place,
                              enum change_kind kind, struct text label, const char *what,
                              const struct text texts[2])
{
    if (!texts[1].at)
        change_add(c->changes, kind, *place, "%.*s has no %s any more, was %.*s", TEXT_ARG(label),
                   what, TEXT_ARG(texts[0]));
    else if (!texts[0].at)
        change_add(c->changes, kind, *place, "%.*s has the %s %.*s", TEXT_ARG(label), what,
                   TEXT_ARG(texts[1]));
    else
        change_add(c->changes, kind, *place, "%.*s has the %s %.*s, was %.*s", TEXT_ARG(label),
                   what, TEXT_ARG(texts[1]), TEXT_ARG(texts[0]));
}

static void compare_since(struct comparison *c, const struct route_pair *p, struct text label)
{
    const struct announced *old = &deprecation_of(p->old)->since;
    const struct announced *new = &deprecation_of(p->new)->since;
    struct change_place place = place_of(p, old, new);

    if (!new->text.at && old->text.at)
        change_add(c->changes, CHANGE_DEPRECATION_CHANGED, place, "%.*s is not deprecated any more",
                   TEXT_ARG(label));
    else if (new->text.at && !old->text.at)
        change_add(c->changes, CHANGE_DEPRECATED, place, "%.*s is deprecated since %.*s",
                   TEXT_ARG(label), TEXT_ARG(new->text));
    else if (!text_eq(new->text, old->text))
        change_add(c->changes, CHANGE_DEPRECATION_CHANGED, place,
                   "%.*s is deprecated since %.*s, was %.*s", TEXT_ARG(label), TEXT_ARG(new->text),
                   TEXT_ARG(old->text));
}

static bool has_window(const struct deprecation *d, const struct brownout *window)
{
    for (size_t i = 0; i < d->brownout_count; i++)
        if (d->brownouts[i].from == window->from && d->brownouts[i].to == window->to)
            return true;
    return false;
}

/* The windows that D has and OTHER has not. */
static void tell_windows(struct comparison *c, const struct route_pair *p, enum change_kind kind,
                         struct text label)
{
    bool added = kind == CHANGE_BROWNOUT_ADDED;
    const struct deprecation *d = deprecation_of(added ? p->new : p->old);
    const struct deprecation *other = deprecation_of(added ? p->old : p->new);
    char from[INSTANT_BYTES], to[INSTANT_BYTES];

    for (size_t i = 0; i < d->brownout_count; i++) {
        const struct brownout *window = &d->brownouts[i];
        struct change_place place = {.old = added ? p->old->where : window->where,
                                     .new = added ? window->where : p->new->where};

        if (!has_window(other, window))
            change_add(c->changes, kind, place, "%.*s is %s from %.*s to %.*s", TEXT_ARG(label),
                       added ? "switched off" : "not switched off",
                       TEXT_ARG(instant_write(window->from, from)),
                       TEXT_ARG(instant_write(window->to, to)));
    }
}

void compare_deprecation(struct comparison *c, const struct route_pair *p, struct text label)
{
    const struct deprecation *old = deprecation_of(p->old), *new = deprecation_of(p->new);
    const struct {
        enum change_kind kind;
        const char *what;
        const struct announced *old, *new;
    } rows[] = {
        {CHANGE_SUNSET_CHANGED, "sunset", &old->sunset, &new->sunset},
        {CHANGE_SUCCESSOR_CHANGED, "successor", &old->successor, &new->successor},
        {CHANGE_CALLER_CHANGED, "caller", &old->caller, &new->caller},
    };

    compare_since(c, p, label);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct text texts[2] = {rows[i].old->text, rows[i].new->text};
        struct change_place place = place_of(p, rows[i].old, rows[i].new);

        if (!text_eq(texts[0], texts[1]))
            compare_announced(c, &place, rows[i].kind, label, rows[i].what, texts);
    }
    tell_windows(c, p, CHANGE_BROWNOUT_ADDED, label);
    tell_windows(c, p, CHANGE_BROWNOUT_REMOVED, label);
}
