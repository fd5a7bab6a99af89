#include "cli/compare.h"
#include "mapping/watch.h"

/* --- words, header fields, lists of names ------------------------------------------- */

static bool uses_words(const struct mapping *m)
{
    size_t count;
    const struct route *const *routes = mapping_routes(m, &count);

    for (size_t i = 0; i < count; i++)
        for (size_t v = 0; v < rules_value_count(routes[i]->rules); v++)
            if (rules_value_at(routes[i]->rules, v)->kind == VALUE_WORDS)
                return true;
    return false;
}

static struct couples couples_of(struct comparison *c, const struct rules *r,
                                 bool (*at)(const struct rules *, size_t, struct text *,
                                            struct text *),
                                 struct where (*where)(const struct rules *, size_t))
{
    struct couples couples = {0};
    struct text client, upstream;
    size_t n = 0;

    while (at(r, n, &client, &upstream))
        n++;
    couples.at = compare_room(c, n, sizeof *couples.at);
    for (; couples.at && couples.count < n; couples.count++) {
        at(r, couples.count, &client, &upstream);
        couples.at[couples.count] = (struct couple){
            .client = client, .upstream = upstream, .where = where(r, couples.count)};
    }
    return couples;
}

static const struct couple *couple_called(const struct couples *couples, struct text client)
{
    for (size_t i = 0; i < couples->count; i++)
        if (text_eq(couples->at[i].client, client))
            return &couples->at[i];
    return NULL;
}

static void compare_words(struct comparison *c)
{
    struct couples old = couples_of(c, mapping_global(c->old), rules_word_at, rules_word_where);
    struct couples new = couples_of(c, mapping_global(c->new), rules_word_at, rules_word_where);

    for (size_t i = 0; i < old.count; i++) {
        const struct couple *one = &old.at[i], *other = couple_called(&new, one->client);

        if (!other || !text_eq(one->upstream, other->upstream))
            change_add(c->changes, CHANGE_WORDS_CHANGED,
                       (struct change_place){.old = one->where,
                                             .new = other ? other->where : (struct where){0}},
                       "words: \"%.*s\" no longer stands for \"%.*s\"", TEXT_ARG(one->client),
                       TEXT_ARG(one->upstream));
    }
    for (size_t i = 0; i < new.count; i++)
        if (!couple_called(&old, new.at[i].client))
            change_add(c->changes, CHANGE_WORDS_CHANGED,
                       (struct change_place){.new = new.at[i].where},
                       "words: \"%.*s\" stands for \"%.*s\"", TEXT_ARG(new.at[i].client),
                       TEXT_ARG(new.at[i].upstream));
}

/* Header names have no case. */
static struct text lower(struct comparison *c, struct text name)
{
    char *at = compare_room(c, name.len, 1);

    for (size_t i = 0; at && i < name.len; i++)
        at[i] = name.at[i] >= 'A' && name.at[i] <= 'Z' ? (char)(name.at[i] | 0x20) : name.at[i];
    return at ? text_of(at, name.len) : TEXT("");
}

static struct couples headers_of(struct comparison *c, const struct mapping *m)
{
    struct couples headers = couples_of(c, mapping_global(m), rules_header_at, rules_header_where);

    for (size_t i = 0; i < headers.count; i++) {
        headers.at[i].client = lower(c, headers.at[i].client);
        headers.at[i].upstream = lower(c, headers.at[i].upstream);
    }
    return headers;
}

static void compare_headers(struct comparison *c)
{
    struct couples old = headers_of(c, c->old), new = headers_of(c, c->new);

    for (int d = REQUEST; d <= RESPONSE && !c->changes->no_memory; d++) {
        struct couples_about about = {
            .d = (enum direction)d, .first = CHANGE_HEADER_REQUEST_CHANGED, .noun = "header field"};

        compare_couples(c, &old, &new, &about);
    }
}

/* The names that only ONE of the two has. */
static void compare_names_in(struct comparison *c, const struct rules *one,
                             const struct rules *other, bool added)
{
    struct text name;

    for (size_t i = 0; (name = rules_names_in_at(one, i)).at; i++) {
        struct where where = rules_names_in_where(one, i), none = {0};

        if (!rules_names_in(other, name))
            change_add(
                c->changes, added ? CHANGE_NAMES_IN_ADDED : CHANGE_NAMES_IN_REMOVED,
                (struct change_place){.old = added ? none : where, .new = added ? where : none},
                "query: names in \"%.*s\" are %s", TEXT_ARG(name),
                added ? "translated" : "no longer translated");
    }
}

/* --- watch ------------------------------------------------------------------------ */

static bool has_glob(const struct watch *w, struct text glob)
{
    for (size_t i = 0; w && i < w->count; i++)
        if (text_eq(w->globs[i].written, glob))
            return true;
    return false;
}

static bool ignores(const struct watch *w, struct text name)
{
    return w && lookup_find(&w->ignored, name) != LOOKUP_NONE;
}

/* True if ONE watches out for or ignores anything that OTHER does not. */
static bool watches_more(const struct watch *one, const struct watch *other)
{
    for (size_t i = 0; one && i < one->count; i++)
        if (!has_glob(other, one->globs[i].written))
            return true;
    for (size_t i = 0; one && i < one->ignored.count; i++)
        if (!ignores(other, one->ignored.texts[i]))
            return true;
    return false;
}

static void compare_watch(struct comparison *c)
{
    const struct watch *old = rules_watch(mapping_global(c->old));
    const struct watch *new = rules_watch(mapping_global(c->new));

    if (watches_more(old, new) || watches_more(new, old))
        change_add(
            c->changes, CHANGE_WATCH_CHANGED,
            (struct change_place){.old = {.file = c->old_file}, .new = {.file = c->new_file}},
            "watch: names that no rule knows are counted otherwise");
}

void compare_vocabulary(struct comparison *c)
{
    const struct rules *old = mapping_global(c->old), *new = mapping_global(c->new);

    if (uses_words(c->old) || uses_words(c->new))
        compare_words(c);
    compare_headers(c);
    compare_names_in(c, old, new, false);
    compare_names_in(c, new, old, true);
    compare_watch(c);
}
