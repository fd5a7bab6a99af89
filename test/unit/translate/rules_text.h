/*
 * rules_text.h - a mapping from lines of text, for tests
 *
 *   route CLIENT UPSTREAM
 *   field CLIENT UPSTREAM [both|request|response] [AT]
 *   opaque PATH
 *   url|words|name|map AT [both|request|response]
 *   to CLIENT UPSTREAM            (one pair of the map above)
 *   word CLIENT = UPSTREAM        (which may hold spaces)
 *   collisions request|response reject|keep
 *   names_in PARAMETER
 *   watch GLOB
 *   ignore NAME
 *
 * Everything is global; a line that begins with # says something to people.
 */
#ifndef TEST_RULES_TEXT_H
#define TEST_RULES_TEXT_H

#include "mapping/builder.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { RULES_WORDS = 5 };

struct rules_line {
    struct text words[RULES_WORDS];
    size_t count;
};

static inline struct rules_line rules_split(struct text line)
{
    struct rules_line l = {0};

    while ((line = text_trim(line)).len > 0) {
        size_t n = text_find(line, ' ');

        assert(l.count < RULES_WORDS);
        l.words[l.count++] = text_of(line.at, n);
        line = text_from_offset(line, n);
    }
    return l;
}

static inline struct written rules_written(const struct rules_line *l, size_t i)
{
    return (struct written){.text = i < l->count ? l->words[i] : (struct text){0},
                            .where = {.file = "rules", .line = 1, .column = 1}};
}

static inline enum reach rules_reach(const struct rules_line *l, size_t i)
{
    if (i >= l->count || text_eq(l->words[i], TEXT("both")))
        return REACH_BOTH;
    return text_eq(l->words[i], TEXT("request")) ? REACH_REQUEST : REACH_RESPONSE;
}

static inline void rules_value_line(struct mapping_scope *g, const struct rules_line *l)
{
    static const struct {
        const char *word;
        enum value_kind kind;
    } KINDS[] = {
        {"url", VALUE_URL}, {"words", VALUE_WORDS}, {"name", VALUE_NAME}, {"map", VALUE_MAP}};
    size_t i = 0;

    while (i < 4 && !text_eq(l->words[0], text_from(KINDS[i].word)))
        i++;
    assert(i < 4);
    mapping_scope_value(g, rules_written(l, 1), KINDS[i].kind, rules_reach(l, 2));
}

static inline void rules_word_line(struct mapping_builder *b, struct text line)
{
    struct text pair = text_from_offset(line, 5);
    size_t at = text_find(pair, '=');
    struct written client = {.text = text_trim(text_of(pair.at, at))};
    struct written upstream = {.text = text_trim(text_from_offset(pair, at + 1))};

    client.where.file = upstream.where.file = "rules";
    mapping_builder_word(b, client, upstream);
}

static inline void rules_one_line(struct mapping_builder *b, struct text line)
{
    struct mapping_scope *g = mapping_builder_global(b);

    if (text_starts(line, TEXT("#")))
        return;
    if (text_starts(line, TEXT("word "))) {
        rules_word_line(b, line);
        return;
    }
    struct rules_line l = rules_split(line);
    if (l.count == 0)
        return;
    struct written first = rules_written(&l, 1), second = rules_written(&l, 2);
    if (text_eq(l.words[0], TEXT("route")))
        mapping_scope_method(mapping_builder_route(b, first, second),
                             (struct written){.text = TEXT("GET"), .where = {.file = "rules"}},
                             (struct written){0});
    else if (text_eq(l.words[0], TEXT("field")))
        mapping_scope_field(g, first, second, rules_reach(&l, 3), rules_written(&l, 4));
    else if (text_eq(l.words[0], TEXT("opaque")))
        mapping_scope_opaque(g, first);
    else if (text_eq(l.words[0], TEXT("names_in")))
        mapping_builder_names_in(b, first);
    else if (text_eq(l.words[0], TEXT("watch")))
        mapping_builder_watch(b, first);
    else if (text_eq(l.words[0], TEXT("ignore")))
        mapping_builder_ignore(b, first);
    else if (text_eq(l.words[0], TEXT("to")))
        mapping_scope_value_pair(g, first, second);
    else if (text_eq(l.words[0], TEXT("collisions")))
        mapping_scope_collisions(g, text_eq(first.text, TEXT("request")) ? REQUEST : RESPONSE,
                                 text_eq(second.text, TEXT("keep")) ? COLLISION_KEEP
                                                                    : COLLISION_REJECT);
    else
        rules_value_line(g, &l);
}

/* The mapping that LINES describe, with one reference; complaints end the program. */
static inline struct mapping *rules_text(struct text lines)
{
    struct diag *complaints = diag_new();
    struct mapping_builder *b = mapping_builder_new(complaints);

    while (lines.len > 0) {
        size_t n = text_find(lines, '\n');

        rules_one_line(b, text_of(lines.at, n));
        lines = text_from_offset(lines, n < lines.len ? n + 1 : n);
    }
    struct mapping *m = mapping_builder_finish(&b);
    if (!m) {
        diag_print(complaints, stderr, false);
        abort();
    }
    diag_free(&complaints);
    return m;
}

#endif
