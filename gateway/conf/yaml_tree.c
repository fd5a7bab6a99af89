#include "conf/yaml_tree.h"

#include "base/utf8.h"
#include "conf/yaml_characters.h"
#include "conf/yaml_quoting.h"
#include "conf/yaml_tree_parser.h"

#include <assert.h>
#include <stdlib.h>

#define MIB ((size_t)1024 * 1024)

enum { NAME_SHOWN = 60 }; /* bytes of a key that a message repeats */

const struct yaml_ceilings yaml_configuration = {.bytes = MIB, .depth = 32, .nodes = 100000};
const struct yaml_ceilings yaml_description = {
    .bytes = 8 * MIB, .depth = YAML_DEPTH_MOST, .nodes = 400000};

/* A list or map whose end has not come yet. */
struct open_node {
    struct yaml_node *node;
    struct yaml_node **tail, *last;
    bool has_key; /* a map's member has its key, and its value comes next */
    bool bad_key; /* ... but the key can't be used, so the value is dropped */
    enum yaml_style key_style;
    struct text key;
    struct where key_where;
    struct yaml_span key_span;
};

struct reader {
    yaml_parser_t parser;
    struct arena *arena;
    const char *file;
    struct text source;
    const struct yaml_ceilings *ceilings;
    struct diag *d;
    struct yaml_node *root;
    struct open_node open[YAML_DEPTH_MOST];
    size_t depth, nodes, documents;
    size_t before;      /* bytes of a byte order mark, which has no character */
    size_t index, byte; /* a character of the source and the byte where it begins */
    bool stopped;       /* a complaint was made after which nothing more is read */
};

static struct where where_of(const struct reader *r, yaml_mark_t from, yaml_mark_t to)
{
    bool one_line = from.line == to.line && to.column > from.column;

    return (struct where){
        .file = r->file,
        .line = (unsigned)from.line + 1,
        .column = (unsigned)from.column + 1,
        .width = one_line ? (unsigned)(to.column - from.column) : 1,
    };
}

static bool continues(const struct reader *r, size_t byte)
{
    return byte < r->source.len && ((unsigned char)r->source.at[byte] & 0xC0) == 0x80;
}

/* The byte where the character that MARK counts begins; marks come nearly in their order. */
static size_t byte_of(struct reader *r, yaml_mark_t mark)
{
    for (; r->index < mark.index; r->index++)
        do
            r->byte++;
        while (continues(r, r->byte));
    for (; r->index > mark.index; r->index--)
        do
            r->byte--;
        while (continues(r, r->byte));
    return r->byte + r->before;
}

static struct yaml_span span_of(struct reader *r, const yaml_event_t *event)
{
    size_t from = byte_of(r, event->start_mark);

    return (struct yaml_span){from, byte_of(r, event->end_mark)};
}

static void stop(struct reader *r, struct where where, const char *code, const char *message)
{
    diag_error(r->d, where, code, "%s", message);
    r->stopped = true;
}

static void no_memory(struct reader *r)
{
    stop(r, (struct where){.file = r->file}, "no-memory", "not enough memory to read this file");
}

/* --- nodes ------------------------------------------------------------------ */

static struct yaml_node *node_new(struct reader *r, enum yaml_kind kind, const yaml_event_t *event)
{
    struct where where = where_of(r, event->start_mark, event->end_mark);

    if (++r->nodes > r->ceilings->nodes) {
        diag_error(r->d, where, "too-many", "more than %zu values in one file", r->ceilings->nodes);
        r->stopped = true;
        return NULL;
    }
    struct yaml_node *node = arena_zero(r->arena, 1, sizeof *node);
    if (!node) {
        no_memory(r);
        return NULL;
    }
    node->kind = kind;
    node->number = r->nodes - 1;
    node->where = where;
    node->key_where = where;
    node->span = span_of(r, event);
    if (kind != YAML_SCALAR && kind != YAML_BROKEN)
        node->where.width = 1;
    return node;
}

/* Complains of an anchor and a tag, which no sort of node may have. */
static void refuse_properties(struct reader *r, struct where where, const yaml_char_t *anchor,
                              const yaml_char_t *tag)
{
    if (anchor) {
        diag_error(r->d, where, "anchor", "anchors (&%.*s) are not accepted", NAME_SHOWN,
                   (const char *)anchor);
        diag_hint(r->d, "quote text that begins with \"&\"");
    }
    if (tag) {
        diag_error(r->d, where, "tag", "tags (!...) are not accepted");
        diag_hint(r->d, "quote text that begins with \"!\"");
    }
}

static struct yaml_node *alias_node(struct reader *r, const yaml_event_t *event)
{
    struct yaml_node *node = node_new(r, YAML_BROKEN, event);

    if (node) {
        diag_error(r->d, node->where, "alias", "aliases (*%.*s) are not accepted", NAME_SHOWN,
                   (const char *)event->data.alias.anchor);
        diag_hint(r->d, "quote text that begins with \"*\"");
    }
    return node;
}

static enum yaml_style style_of(yaml_scalar_style_t style)
{
    switch (style) {
    case YAML_SINGLE_QUOTED_SCALAR_STYLE:
        return YAML_SINGLE;
    case YAML_DOUBLE_QUOTED_SCALAR_STYLE:
        return YAML_DOUBLE;
    case YAML_LITERAL_SCALAR_STYLE:
        return YAML_LITERAL;
    case YAML_FOLDED_SCALAR_STYLE:
        return YAML_FOLDED;
    case YAML_ANY_SCALAR_STYLE:
    case YAML_PLAIN_SCALAR_STYLE:
        break;
    }
    return YAML_PLAIN;
}

static struct yaml_node *scalar_node(struct reader *r, const yaml_event_t *event)
{
    struct yaml_node *node = node_new(r, YAML_SCALAR, event);
    struct text text = text_of((const char *)event->data.scalar.value, event->data.scalar.length);

    if (!node)
        return NULL;
    refuse_properties(r, node->where, event->data.scalar.anchor, event->data.scalar.tag);
    node->style = style_of(event->data.scalar.style);
    node->text = arena_copy(r->arena, text);
    if (!node->text.at) {
        no_memory(r);
        return NULL;
    }
    if (text_find(text, 0) < text.len) {
        diag_error(r->d, node->where, "nul", "a NUL character is not accepted");
        node->kind = YAML_BROKEN;
    }
    return node;
}

/* --- the tree ---------------------------------------------------------------- */

/* Takes NODE as the key of the open map's next member. */
static void take_key(struct reader *r, struct open_node *map, const struct yaml_node *node)
{
    map->has_key = true;
    map->bad_key = node->kind != YAML_SCALAR;
    map->key_style = node->style;
    map->key_span = node->span;
    map->key = node->text;
    map->key_where = node->where;
    if (node->kind == YAML_MAP || node->kind == YAML_LIST) {
        diag_error(r->d, node->where, "bad-key", "%s can't be a key", yaml_what(node));
        diag_hint(r->d, "quote a key that begins with \"{\" or \"[\"");
    }
}

static void put(struct open_node *into, struct yaml_node *node)
{
    into->last = node;
    *into->tail = node;
    into->tail = &node->next;
    into->node->count++;
}

/* Puts NODE where it belongs: the root, an element, a key, or a value. */
static void place(struct reader *r, struct yaml_node *node)
{
    struct open_node *into = r->depth ? &r->open[r->depth - 1] : NULL;

    if (!into) {
        r->root = node;
    } else if (into->node->kind == YAML_LIST) {
        put(into, node);
    } else if (!into->has_key) {
        take_key(r, into, node);
    } else {
        node->key_style = into->key_style;
        node->key_span = into->key_span;
        node->key = into->key;
        node->key_where = into->key_where;
        into->has_key = false;
        if (!into->bad_key)
            put(into, node);
    }
}

static void open_node(struct reader *r, enum yaml_kind kind, bool flow, const yaml_event_t *event,
                      const yaml_char_t *anchor, const yaml_char_t *tag)
{
    struct yaml_node *node = node_new(r, kind, event);

    if (!node)
        return;
    if (r->depth == r->ceilings->depth) {
        diag_error(r->d, node->where, "too-deep", "lists and maps are nested more than %zu deep",
                   r->ceilings->depth);
        r->stopped = true;
        return;
    }
    node->flow = flow;
    refuse_properties(r, node->where, anchor, tag);
    place(r, node);
    r->open[r->depth++] = (struct open_node){.node = node, .tail = &node->first};
}

static int by_key(const void *left, const void *right)
{
    const struct yaml_node *a = *(struct yaml_node *const *)left;
    const struct yaml_node *b = *(struct yaml_node *const *)right;
    size_t shorter = a->key.len < b->key.len ? a->key.len : b->key.len;
    int order = memcmp(a->key.at, b->key.at, shorter);

    if (order == 0)
        order = (a->key.len > b->key.len) - (a->key.len < b->key.len);
    if (order == 0)
        order = (a->key_where.line > b->key_where.line) - (a->key_where.line < b->key_where.line);
    if (order == 0)
        order = a->key_where.column > b->key_where.column ? 1 : -1;
    return order;
}

/* Complains of every key that MAP has again.  Sorted, so that many keys stay cheap. */
static void refuse_duplicates(struct reader *r, struct yaml_node *map)
{
    size_t count = 0;
    struct yaml_node **sorted = calloc(map->count + 1, sizeof *sorted);

    if (!sorted) {
        no_memory(r);
        return;
    }
    for (struct yaml_node *n = map->first; n; n = n->next)
        sorted[count++] = n;
    qsort(sorted, count, sizeof *sorted, by_key);
    for (size_t i = 1, first = 0; i < count; i++) {
        if (!text_eq(sorted[i]->key, sorted[i - 1]->key)) {
            first = i;
            continue;
        }
        diag_error(r->d, sorted[i]->key_where, "duplicate-key",
                   "key \"%.*s\" is already there (line %u)", NAME_SHOWN, sorted[i]->key.at,
                   sorted[first]->key_where.line);
        sorted[i]->kind = YAML_BROKEN;
    }
    free(sorted);
}

static void close_node(struct reader *r, const yaml_event_t *event)
{
    const struct open_node *open = &r->open[--r->depth];
    struct yaml_node *node = open->node;

    if (node->flow)
        node->span.to = byte_of(r, event->end_mark);
    else if (open->last)
        node->span.to = open->last->span.to; /* the event comes only behind comments */
    if (node->kind == YAML_MAP)
        refuse_duplicates(r, node);
}

static void begin_document(struct reader *r, const yaml_event_t *event)
{
    if (++r->documents > 1)
        stop(r, where_of(r, event->start_mark, event->end_mark), "second-document",
             "a second document begins here; a file holds only one");
}

static void take(struct reader *r, const yaml_event_t *event)
{
    struct yaml_node *node = NULL;

    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        begin_document(r, event);
        break;
    case YAML_ALIAS_EVENT:
        node = alias_node(r, event);
        break;
    case YAML_SCALAR_EVENT:
        node = scalar_node(r, event);
        break;
    case YAML_SEQUENCE_START_EVENT:
        open_node(r, YAML_LIST, event->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE, event,
                  event->data.sequence_start.anchor, event->data.sequence_start.tag);
        break;
    case YAML_MAPPING_START_EVENT:
        open_node(r, YAML_MAP, event->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE, event,
                  event->data.mapping_start.anchor, event->data.mapping_start.tag);
        break;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        close_node(r, event);
        break;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        break;
    }
    if (node)
        place(r, node);
}

/* --- syntax errors ------------------------------------------------------------ */

/* The character at LINE and COLUMN (from 1) of SOURCE; 0 past its end. */
static char char_at(struct text source, unsigned line, unsigned column)
{
    struct text rest = source;

    for (; line > 1; line--) {
        size_t end = text_find(rest, '\n');

        if (end == rest.len)
            return 0;
        rest = text_from_offset(rest, end + 1);
    }
    while (column > 1 && rest.len > 0) {
        uint32_t code;
        size_t n = utf8_char(rest, &code);

        rest = text_from_offset(rest, n ? n : 1);
        column--;
    }
    return rest.len > 0 ? rest.at[0] : 0;
}

static void hint_at_cure(struct reader *r, struct where where, unsigned context_line)
{
    struct text value;
    char before = where.column > 1 ? char_at(r->source, where.line, where.column - 1) : 0;

    if (char_at(r->source, where.line, where.column) == '\t')
        diag_hint(r->d, "indent with spaces, not tabs");
    else if (before == '\'')
        diag_hint(r->d, "inside '...' a quote is written ''");
    else if (before == '"')
        diag_hint(r->d, "inside \"...\" a quote is written \\\"");
    else if (yaml_quoting_cures(r->source, where.line, &value) ||
             (context_line && yaml_quoting_cures(r->source, context_line, &value)))
        diag_hint(r->d, "quote it: \"%.*s\"", value.len > NAME_SHOWN ? NAME_SHOWN : (int)value.len,
                  value.at);
}

/* True if the error is a quote without an end, which is best shown where it begins. */
static bool is_unclosed_quote(const yaml_parser_t *p)
{
    return p->context && strcmp(p->context, "while scanning a quoted scalar") == 0 &&
           strcmp(p->problem, "found unexpected end of stream") == 0;
}

/* libyaml's scanner and parser errors, in one form. */
static void refuse_syntax(struct reader *r)
{
    const yaml_parser_t *p = &r->parser;
    struct where where = where_of(r, p->problem_mark, p->problem_mark);
    unsigned context_line = p->context ? (unsigned)p->context_mark.line + 1 : 0;

    r->stopped = true;
    if (p->error == YAML_MEMORY_ERROR) {
        no_memory(r);
        return;
    }
    if (is_unclosed_quote(p)) {
        diag_error(r->d, where_of(r, p->context_mark, p->context_mark), "syntax",
                   "not valid YAML: this quote is never closed");
        return;
    }
    if (context_line && context_line != where.line)
        diag_error(r->d, where, "syntax", "not valid YAML: %s (%s that begins on line %u)",
                   p->problem, p->context, context_line);
    else
        diag_error(r->d, where, "syntax", "not valid YAML: %s", p->problem);
    hint_at_cure(r, where, context_line);
}

/* --- reading --------------------------------------------------------------------- */

static void read_events(struct reader *r)
{
    bool end = false;

    while (!end && !r->stopped) {
        yaml_event_t event;

        if (!yaml_parser_parse(&r->parser, &event)) {
            refuse_syntax(r);
            return;
        }
        end = event.type == YAML_STREAM_END_EVENT;
        take(r, &event);
        yaml_event_delete(&event);
    }
}

struct yaml_node *yaml_tree_read(struct arena *arena, const char *file, struct text source,
                                 const struct yaml_ceilings *ceilings, struct diag *d)
{
    struct reader r = {
        .arena = arena, .file = file, .source = source, .ceilings = ceilings, .d = d};
    static const yaml_event_t nothing;

    assert(ceilings->depth <= YAML_DEPTH_MOST);
    if (source.len > ceilings->bytes) {
        diag_error(d, (struct where){.file = file}, "too-big", "larger than %zu MiB",
                   ceilings->bytes / MIB);
        return NULL;
    }
    if (text_starts(source, TEXT("\xef\xbb\xbf"))) {
        r.before = 3; /* a byte order mark has no column */
        r.source = text_from_offset(source, r.before);
    }
    if (!yaml_characters_sound(file, r.source, d))
        return NULL;
    if (!yaml_tree_parser_begin(&r.parser, r.source)) {
        no_memory(&r);
        return NULL;
    }
    read_events(&r);
    yaml_parser_delete(&r.parser);
    if (!r.stopped && !r.root)
        r.root = node_new(&r, YAML_SCALAR, &nothing);
    return r.stopped ? NULL : r.root;
}
