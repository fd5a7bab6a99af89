#include "translate/target.h"

#include "translate/query.h"

const struct pair *target_query(const struct rules *rules, enum direction d, struct text query,
                                struct buf *to)
{
    return query_translate(rules, d, query, rules_collisions(rules, d), NULL, to);
}

const struct pair *target_upstream(const struct route *route, struct text path, struct text query,
                                   struct buf *to)
{
    const struct pair *conflict = NULL;

    route_upstream_path(route, path, to);
    if (!query.at)
        return NULL;
    buf_add_byte(to, '?');
    if (route->passthrough)
        buf_add(to, query);
    else
        conflict = target_query(route->rules, REQUEST, query, to);
    return conflict;
}

static bool is_word_byte(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

/* The byte where a word may begin after AT, which is no such place or was tried. */
static size_t skip_word(struct text text, size_t at)
{
    if (!is_word_byte(text.at[at]))
        return at + 1;
    while (at < text.len && is_word_byte(text.at[at]))
        at++;
    return at;
}

bool target_words(const struct rules *rules, enum direction d, struct text text, struct buf *to)
{
    bool changed = false;
    size_t copied = 0; /* bytes of TEXT that are in TO */
    size_t at = 0;

    while (at < text.len) {
        struct text becomes;
        size_t taken = rules_word(rules, d, text, at, &becomes);

        if (taken == 0) {
            at = skip_word(text, at);
            continue;
        }
        buf_add(to, text_of(text.at + copied, at - copied));
        buf_add(to, becomes);
        at += taken;
        copied = at;
        changed = true;
    }
    buf_add(to, text_of(text.at + copied, text.len - copied));
    return changed;
}
