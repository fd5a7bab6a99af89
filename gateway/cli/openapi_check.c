#include "cli/openapi_check.h"

#include "base/utf8.h"
#include "cli/openapi_scalar.h"
#include "mapping/remarks.h"
#include "mapping/watch.h"

struct checking {
    const struct mapping *mapping;
    const struct openapi_document *document;
    struct diag *d;
    struct openapi_checked *checked;
    const struct yaml_node *way[YAML_DEPTH_MOST + 1]; /* from the root to the node at hand */
    size_t depth;
    size_t free_until; /* names before this byte may stand */
    size_t at;         /* all before this byte was looked at */
    size_t line, line_start;
};

/* --- allowed places ------------------------------------------------------- */

/* True if the COUNT steps at STEP lead down WAY, which is LENGTH long, to its end. */
static bool leads(const struct json_step *step, size_t count, const struct yaml_node *const *way,
                  size_t length)
{
    if (count == 0 || length == 0)
        return count == 0 && length == 0;
    if (step->kind == JSON_STEP_DEEP && leads(step, count, way + 1, length - 1))
        return true;
    if (step->kind != JSON_STEP_ANY && !(way[0]->key.at && text_eq(way[0]->key, step->name)))
        return false;
    return leads(step + 1, count - 1, way + 1, length - 1);
}

static bool is_allowed(const struct checking *c)
{
    size_t count;
    const struct allowed *allowed = mapping_allowed(c->mapping, &count);

    for (size_t i = 0; i < count; i++)
        if (leads(allowed[i].path.steps, allowed[i].path.count, c->way, c->depth))
            return true;
    return false;
}

/* --- words ---------------------------------------------------------------- */

static bool is_word_byte(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
           (c & 0x80);
}

/* The next run of letters and digits of TEXT from *AT; absent at its end. */
static struct text next_word(struct text text, size_t *at)
{
    while (*at < text.len && !is_word_byte(text.at[*at]))
        ++*at;
    size_t from = *at;
    while (*at < text.len && is_word_byte(text.at[*at]))
        ++*at;
    return *at > from ? text_of(text.at + from, *at - from) : (struct text){0};
}

static void complain(struct checking *c, struct where where, struct text word)
{
    c->checked->watched++;
    diag_error(c->d, where, "watched-word", "\"%.*s\" is a name that is watched out for",
               TEXT_ARG(word));
    diag_hint(c->d, "say it in the client's words, or allow the place (openapi: allow) or the "
                    "name (watch: ignore)");
}

/* The place of the byte AT, which is not before any that was asked for. */
static struct where place_of(struct checking *c, size_t at, size_t width)
{
    struct text source = c->document->source;

    for (size_t end;
         (end = c->line_start + text_find(text_from_offset(source, c->line_start), '\n')) < at;
         c->line++)
        c->line_start = end + 1;
    return (struct where){
        .file = c->document->file,
        .line = (unsigned)c->line,
        .column = (unsigned)utf8_count(text_of(source.at + c->line_start, at - c->line_start)) + 1,
        .width = (unsigned)width};
}

static void judge(struct checking *c, size_t at, struct text word)
{
    const struct watch *watch = rules_watch(mapping_global(c->mapping));

    if (!watch || !watch_sees(watch, word))
        return;
    if (at < c->free_until)
        c->checked->allowed++;
    else
        complain(c, place_of(c, at, utf8_count(word)), word);
}

/* Looks at the source as it is written up to the byte END. */
static void look(struct checking *c, size_t end)
{
    struct text part = text_of(c->document->source.at, end);
    struct text word;

    while (c->at < end && (word = next_word(part, &c->at)).at)
        judge(c, c->at - word.len, word);
}

/* What escapes and folds hide: S as it reads, where that is not as it is written. */
static void look_inside(struct checking *c, const struct openapi_scalar *s, struct where where)
{
    const struct watch *watch = rules_watch(mapping_global(c->mapping));
    struct text raw = text_of(c->document->source.at + s->span.from, s->span.to - s->span.from);
    struct text word;
    size_t at = 0;

    if (s->style != YAML_DOUBLE || text_find(raw, '\\') == raw.len || !watch ||
        s->span.from < c->free_until)
        return;
    while ((word = next_word(s->text, &at)).at)
        if (watch_sees(watch, word) && !memmem(raw.at, raw.len, word.at, word.len))
            complain(c, where, word);
}

/* --- the walk ------------------------------------------------------------- */

static void check_reference(const struct openapi_document *document, struct arena *arena,
                            const struct yaml_node *node, struct diag *d,
                            struct openapi_checked *checked)
{
    if (!node->key.at || !text_eq(node->key, TEXT("$ref")) || !openapi_is_text(node))
        return;
    if (openapi_resolve(document, arena, node->text))
        checked->references++;
    else
        diag_error(d, node->where, "dangling-ref", "nothing stands at \"%.*s\"",
                   node->text.len > 100 ? 100 : (int)node->text.len, node->text.at);
}

static void check_references(const struct openapi_document *document, struct arena *arena,
                             const struct yaml_node *node, struct diag *d,
                             struct openapi_checked *checked)
{
    check_reference(document, arena, node, d, checked);
    for (const struct yaml_node *n = openapi_first(node); n; n = n->next)
        check_references(document, arena, n, d, checked);
}

void openapi_check_references(struct arena *arena, const struct openapi_document *document,
                              struct diag *d, struct openapi_checked *checked_out)
{
    *checked_out = (struct openapi_checked){0};
    check_references(document, arena, document->root, d, checked_out);
}

static void check_node(struct checking *c, const struct yaml_node *node)
{
    struct openapi_scalar key = openapi_key(node), value = openapi_value(node);

    if (node->key.at) {
        look(c, node->key_span.to);
        look_inside(c, &key, node->key_where);
    }
    if (c->depth && node->span.to > c->free_until && is_allowed(c)) {
        look(c, node->span.from);
        c->free_until = node->span.to;
    }
    if (node->kind == YAML_SCALAR) {
        look(c, node->span.to);
        look_inside(c, &value, node->where);
    }
    for (const struct yaml_node *n = openapi_first(node); n; n = n->next) {
        c->way[c->depth++] = n;
        check_node(c, n);
        c->depth--;
    }
}

void openapi_check(const struct mapping *m, struct arena *arena,
                   const struct openapi_document *document, struct diag *d,
                   struct openapi_checked *checked_out)
{
    struct checking c = {
        .mapping = m, .document = document, .d = d, .checked = checked_out, .line = 1};

    openapi_check_references(arena, document, d, checked_out);
    check_node(&c, document->root);
    look(&c, document->source.len);
}
