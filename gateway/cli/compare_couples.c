#include "cli/compare.h"

#include "cli/path_cover.h"
#include "mapping/lookup.h"

#include <assert.h>

/* The order of the rows of CHANGES_OF_PAIRS in one direction. */
enum { CHANGED, REMOVED, ADDED, UPSTREAM, ROWS };

static_assert(CHANGE_FIELD_REPLY_CHANGED == CHANGE_FIELD_REQUEST_CHANGED + ROWS,
              "two directions of four rows");

/* Couples found by either of their names. */
struct index {
    const struct couples *couples;
    struct lookup clients, upstreams;
};

static bool make_index(struct comparison *c, const struct couples *couples, struct index *index)
{
    index->couples = couples;
    lookup_init(&index->clients, c->arena);
    lookup_init(&index->upstreams, c->arena);
    for (size_t i = 0; i < couples->count; i++)
        if (lookup_add(&index->clients, couples->at[i].client) != i ||
            lookup_add(&index->upstreams, couples->at[i].upstream) != i)
            return false;
    return true;
}

static const struct couple *find(const struct index *index, const struct lookup *by,
                                 struct text name)
{
    size_t i = lookup_find(by, name);

    return i == LOOKUP_NONE ? NULL : &index->couples->at[i];
}

static enum change_kind kind_of(const struct couples_about *about, int row)
{
    return (enum change_kind)(about->first + (about->d == RESPONSE ? ROWS : 0) + row);
}

/* "value at $.x" or "field", as "%s%s%.*s". */
#define NOUN(about)                                                                                \
    (about)->noun, (about)->where.at ? " at " : "", (int)(about)->where.len,                       \
        (about)->where.at ? (about)->where.at : ""

static struct change_place place_of(const struct couples_about *about, const struct couple *old,
                                    const struct couple *new)
{
    struct change_place place = about->place;
    const struct where nowhere = {0};

    place.old = old ? old->where : nowhere;
    place.new = new ? new->where : nowhere;
    return place;
}

static void tell_reply(struct comparison *c, const struct couples_about *about, int row,
                       struct change_place place, struct text was, struct text is)
{
    change_add(c->changes, kind_of(about, row), place,
               "%s%s%.*s in replies: \"%.*s\" becomes \"%.*s\"", NOUN(about), TEXT_ARG(was),
               TEXT_ARG(is));
}

/* OLD's upstream name is NEW's by now. */
static void tell_changed(struct comparison *c, const struct couples_about *about,
                         const struct couple *old, const struct couple *new)
{
    struct change_place place = place_of(about, old, new);

    if (about->d == RESPONSE)
        tell_reply(c, about, CHANGED, place, old->client, new->client);
    else
        change_add(c->changes, kind_of(about, CHANGED), place,
                   "%s%s%.*s in requests: \"%.*s\" is taken, no longer \"%.*s\"", NOUN(about),
                   TEXT_ARG(new->client), TEXT_ARG(old->client));
}

static void tell_removed(struct comparison *c, const struct couples_about *about,
                         const struct couple *old)
{
    struct change_place place = place_of(about, old, NULL);

    if (about->d == RESPONSE)
        tell_reply(c, about, REMOVED, place, old->client, old->upstream);
    else
        change_add(c->changes, kind_of(about, REMOVED), place,
                   "%s%s%.*s in requests: \"%.*s\" is no longer translated", NOUN(about),
                   TEXT_ARG(old->client));
}

static void tell_added(struct comparison *c, const struct couples_about *about,
                       const struct couple *new)
{
    struct change_place place = place_of(about, NULL, new);

    if (about->d == RESPONSE)
        tell_reply(c, about, ADDED, place, new->upstream, new->client);
    else
        change_add(c->changes, kind_of(about, ADDED), place,
                   "%s%s%.*s in requests: \"%.*s\" is translated to \"%.*s\"", NOUN(about),
                   TEXT_ARG(new->client), TEXT_ARG(new->upstream));
}

static void tell_upstream(struct comparison *c, const struct couples_about *about,
                          const struct couple *old, const struct couple *new)
{
    change_add(
        c->changes, kind_of(about, UPSTREAM), place_of(about, old, new),
        about->d == RESPONSE ? "%s%s%.*s in replies: \"%.*s\" is made of \"%.*s\", was of \"%.*s\""
                             : "%s%s%.*s in requests: \"%.*s\" goes up as \"%.*s\", was \"%.*s\"",
        NOUN(about), TEXT_ARG(new->client), TEXT_ARG(new->upstream), TEXT_ARG(old->upstream));
}

/* Where the couple acts, if only that has changed. */
static void compare_at(struct comparison *c, const struct couples_about *about,
                       const struct couple *old, const struct couple *new)
{
    bool wider = !new->at || (old->at && path_covers(new->at, old->at, false));
    bool narrower = !old->at || (new->at &&path_covers(old->at, new->at, false));
    struct change_place place = place_of(about, old, new);

    if (wider && narrower)
        return;
    if (about->d == RESPONSE)
        change_add(c->changes, CHANGE_AT_REPLY_CHANGED, place,
                   "%s in replies: \"%.*s\" stands for \"%.*s\" in other places", about->noun,
                   TEXT_ARG(new->client), TEXT_ARG(new->upstream));
    else
        change_add(c->changes, wider ? CHANGE_AT_REQUEST_WIDENED : CHANGE_AT_REQUEST_NARROWED,
                   place, "%s in requests: \"%.*s\" is translated in %s places", about->noun,
                   TEXT_ARG(new->client),
                   wider      ? "more"
                   : narrower ? "fewer"
                              : "other");
}

static void compare_old(struct comparison *c, const struct couples_about *about,
                        const struct couple *old, const struct index *new)
{
    const struct couple *client = find(new, &new->clients, old->client);
    const struct couple *upstream = find(new, &new->upstreams, old->upstream);

    if (upstream && upstream != client) {
        tell_changed(c, about, old, upstream);
    } else if (!client) {
        tell_removed(c, about, old);
    } else {
        if (!upstream)
            tell_upstream(c, about, old, client);
        compare_at(c, about, old, client);
    }
}

void compare_couples(struct comparison *c, const struct couples *old, const struct couples *new,
                     const struct couples_about *about)
{
    struct index olds, news;

    if (!make_index(c, old, &olds) || !make_index(c, new, &news)) {
        c->changes->no_memory = true;
        return;
    }
    for (size_t i = 0; i < old->count; i++)
        compare_old(c, about, &old->at[i], &news);
    for (size_t i = 0; i < new->count; i++)
        if (!find(&olds, &olds.clients, new->at[i].client) &&
            !find(&olds, &olds.upstreams, new->at[i].upstream))
            tell_added(c, about, &new->at[i]);
}
