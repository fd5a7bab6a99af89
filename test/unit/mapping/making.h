/*
 * making.h - mappings from a few lines of text, for tests
 *
 * One line is one call of the builder; its line number and columns are what
 * complaints show.  "~" stands for a space inside a word, "-" for an absent
 * text.  Entries go to the scope of the last `global`, `route` or `resource`.
 *
 *     route /c/{x} /u/{x} GET,PUT:POST        resource tail/... GET
 *     pass /p           deprecated DAY|- [SUNSET|-] [SUCCESSOR|-] [CALLER]   brownout FROM TO
 *                                             field client upstream [request] [$.at]
 *     opaque $.a   map $.a c=u,d=v [request]  url|words|name $.a [response]
 *     word c u     header C U                 names_in sort
 *     collisions request keep                 raw   auto   timeout 5   max_body 7   service NAME
 *     watch *x*    ignore x
 */
#ifndef MAPPING_MAKING_H
#define MAPPING_MAKING_H

#include "mapping/builder.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>

enum { MAKING_WORDS = 6 };

struct making {
    struct mapping_builder *builder;
    struct mapping_scope *scope, *route, *pass;
    struct written word[MAKING_WORDS]; /* absent past the end of the line */
    char line[4096];
    unsigned number;
};

static inline void making_cut(struct making *m, const char *line, size_t len)
{
    size_t n = 0;

    assert(len < sizeof m->line);
    memset(m->word, 0, sizeof m->word);
    memcpy(m->line, line, len);
    for (size_t i = 0; i < len;) {
        size_t start = i;

        while (i < len && m->line[i] != ' ')
            i++;
        if (i > start) {
            struct where where = {"test", m->number, (unsigned)start + 1, (unsigned)(i - start)};

            assert(n < MAKING_WORDS);
            m->word[n++] = (struct written){text_of(m->line + start, i - start), where};
        }
        while (i < len && m->line[i] == ' ')
            i++;
    }
    for (size_t i = 0; i < len; i++)
        if (m->line[i] == '~')
            m->line[i] = ' ';
    for (size_t i = 0; i < n; i++)
        if (text_eq(m->word[i].text, TEXT("-")))
            m->word[i].text = (struct text){0};
}

/* The part of LIST before SEPARATOR, which is taken off with it. */
static inline struct written making_take(struct written *list, char separator)
{
    struct written first = *list;
    size_t n = text_find(list->text, separator);

    first.text.len = n;
    list->text = text_from_offset(list->text, n < list->text.len ? n + 1 : n);
    list->where.column += (unsigned)n + 1;
    return first;
}

static inline void making_methods(struct making *m, struct written list)
{
    while (list.text.len) {
        struct written upstream = making_take(&list, ',');
        struct written client = making_take(&upstream, ':');

        if (upstream.text.len == 0)
            upstream.text = (struct text){0};
        mapping_scope_method(m->scope, client, upstream);
    }
}

static inline enum reach making_reach(struct written word)
{
    if (text_eq(word.text, TEXT("request")))
        return REACH_REQUEST;
    return text_eq(word.text, TEXT("response")) ? REACH_RESPONSE : REACH_BOTH;
}

static inline void making_value(struct making *m, enum value_kind kind)
{
    struct written pairs = m->word[2];

    mapping_scope_value(m->scope, m->word[1], kind,
                        making_reach(m->word[kind == VALUE_MAP ? 3 : 2]));
    while (kind == VALUE_MAP && pairs.text.len) {
        struct written upstream = making_take(&pairs, ',');
        struct written client = making_take(&upstream, '=');

        mapping_scope_value_pair(m->scope, client, upstream);
    }
}

static inline uint64_t making_number(struct written word)
{
    uint64_t number;
    bool good = text_to_u64(word.text, &number);

    assert(good);
    return number;
}

static inline bool making_setting(struct making *m, struct text what)
{
    if (text_eq(what, TEXT("raw")) || text_eq(what, TEXT("auto")))
        mapping_scope_body(m->scope, what.len == 3 ? ROUTE_BODY_RAW : ROUTE_BODY_AUTO);
    else if (text_eq(what, TEXT("timeout")))
        mapping_scope_timeout(m->scope, making_number(m->word[1]));
    else if (text_eq(what, TEXT("max_body")))
        mapping_scope_max_body(m->scope, making_number(m->word[1]));
    else if (text_eq(what, TEXT("service")))
        mapping_scope_service(m->scope, m->word[1]);
    else if (text_eq(what, TEXT("collisions")))
        mapping_scope_collisions(
            m->scope, text_eq(m->word[1].text, TEXT("request")) ? REQUEST : RESPONSE,
            text_eq(m->word[2].text, TEXT("keep")) ? COLLISION_KEEP : COLLISION_REJECT);
    else
        return false;
    return true;
}

static inline void making_entry(struct making *m, struct text what)
{
    struct written *w = m->word;

    if (text_eq(what, TEXT("field")))
        mapping_scope_field(m->scope, w[1], w[2], making_reach(w[3]),
                            making_reach(w[3]) == REACH_BOTH ? w[3] : w[4]);
    else if (text_eq(what, TEXT("opaque")))
        mapping_scope_opaque(m->scope, w[1]);
    else if (text_eq(what, TEXT("map")))
        making_value(m, VALUE_MAP);
    else if (text_eq(what, TEXT("url")))
        making_value(m, VALUE_URL);
    else if (text_eq(what, TEXT("words")))
        making_value(m, VALUE_WORDS);
    else if (text_eq(what, TEXT("name")))
        making_value(m, VALUE_NAME);
    else if (text_eq(what, TEXT("word")))
        mapping_builder_word(m->builder, w[1], w[2]);
    else if (text_eq(what, TEXT("header")))
        mapping_builder_header(m->builder, w[1], w[2]);
    else if (text_eq(what, TEXT("names_in")))
        mapping_builder_names_in(m->builder, w[1]);
    else if (text_eq(what, TEXT("watch")))
        mapping_builder_watch(m->builder, w[1]);
    else if (text_eq(what, TEXT("ignore")))
        mapping_builder_ignore(m->builder, w[1]);
    else
        assert(making_setting(m, what));
}

static inline void making_line(struct making *m)
{
    struct written *w = m->word;

    if (!w[0].where.line)
        return;
    if (text_eq(w[0].text, TEXT("global"))) {
        m->scope = mapping_builder_global(m->builder);
    } else if (text_eq(w[0].text, TEXT("pass"))) {
        m->pass = mapping_builder_passthrough(m->builder, w[1]);
    } else if (text_eq(w[0].text, TEXT("deprecated"))) {
        mapping_scope_announce(m->pass, &(struct announcement){w[1], w[2], w[3], w[4]});
    } else if (text_eq(w[0].text, TEXT("brownout"))) {
        mapping_scope_brownout(m->pass, w[1], w[2]);
    } else if (text_eq(w[0].text, TEXT("route"))) {
        m->scope = m->route = mapping_builder_route(m->builder, w[1], w[2]);
        making_methods(m, w[3]);
    } else if (text_eq(w[0].text, TEXT("resource"))) {
        m->scope = mapping_builder_resource(m->route, w[1]);
        making_methods(m, w[2]);
    } else {
        making_entry(m, w[0].text);
    }
}

/* The mapping that LINES describe, or NULL with COMPLAINTS. */
static inline struct mapping *make_mapping(const char *lines, struct diag *complaints)
{
    struct making *m = calloc(1, sizeof *m);

    assert(m);
    m->builder = mapping_builder_new(complaints);
    assert(m->builder);
    m->scope = mapping_builder_global(m->builder);
    while (*lines) {
        size_t len = strcspn(lines, "\n");

        m->number++;
        making_cut(m, lines, len);
        making_line(m);
        lines += len + (lines[len] != 0);
    }
    struct mapping *mapping = mapping_builder_finish(&m->builder);
    free(m);
    return mapping;
}

#endif
