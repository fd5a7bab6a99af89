#include "cli/openapi_layout.h"

/* --- lines ---------------------------------------------------------------- */

static size_t line_start(struct text source, size_t at)
{
    while (at > 0 && source.at[at - 1] != '\n')
        at--;
    return at;
}

/* The start of the line behind AT, which may be a line's start already. */
static size_t line_behind(struct text source, size_t at)
{
    if (at > 0 && source.at[at - 1] == '\n')
        return at;
    at += text_find(text_from_offset(source, at), '\n');
    return at < source.len ? at + 1 : at;
}

/* The spaces that the line at START begins with. */
static size_t indent_at(struct text source, size_t start)
{
    size_t n = 0;

    while (start + n < source.len && source.at[start + n] == ' ')
        n++;
    return n;
}

static bool is_comment(struct text source, size_t start)
{
    size_t at = start + indent_at(source, start);

    return at < source.len && source.at[at] == '#';
}

/* The first byte of the entry NODE itself: of its key, or its dash. */
static size_t entry_start(struct text source, const struct yaml_node *container,
                          const struct yaml_node *node)
{
    size_t at = container->kind == YAML_MAP ? node->key_span.from : node->span.from;
    size_t dash = at;

    if (container->kind == YAML_MAP || container->flow)
        return at;
    while (dash > 0 && strchr(" \t\r\n", source.at[dash - 1]))
        dash--;
    return dash > 0 && source.at[dash - 1] == '-' ? dash - 1 : at;
}

/* Behind the last byte of NODE's value, or of its key where that is empty. */
static size_t entry_end(const struct yaml_node *container, const struct yaml_node *node)
{
    size_t key = container->kind == YAML_MAP ? node->key_span.to + 1 : 0;

    return node->span.to > key ? node->span.to : key;
}

size_t openapi_layout_indent(const struct openapi_document *document,
                             const struct yaml_node *container)
{
    size_t start = entry_start(document->source, container, container->first);

    return start - line_start(document->source, start);
}

/* Up over comment lines above START that are indented by INDENT. */
static size_t with_comments(struct text source, size_t start, size_t indent)
{
    while (start > 0) {
        size_t above = line_start(source, start - 1);

        if (!is_comment(source, above) || indent_at(source, above) != indent)
            break;
        start = above;
    }
    return start;
}

/* Down over comment lines that are indented further than INDENT. */
static size_t past_comments(struct text source, size_t end, size_t indent)
{
    while (end < source.len && is_comment(source, end) && indent_at(source, end) > indent)
        end = line_behind(source, end + 1);
    return end;
}

struct yaml_span openapi_layout_entry(const struct openapi_document *document,
                                      const struct yaml_node *container,
                                      const struct yaml_node *node)
{
    struct text source = document->source;
    size_t start = entry_start(source, container, node), line = line_start(source, start);
    size_t end = entry_end(container, node);

    if (container->flow)
        return (struct yaml_span){start, end};
    size_t indent = start - line;
    end = past_comments(source, line_behind(source, end), indent);
    if (indent_at(source, line) == indent)
        return (struct yaml_span){with_comments(source, line, indent), end};
    /* The first member of a list's element, behind its dash. */
    return (struct yaml_span){start, node->next ? node->next->key_span.from : end};
}

size_t openapi_layout_end(const struct openapi_document *document,
                          const struct yaml_node *container)
{
    const struct yaml_node *last = container->first;

    if (!last)
        return container->span.to - 1; /* {} */
    while (last->next)
        last = last->next;
    return openapi_layout_entry(document, container, last).to;
}

/* --- taking out ----------------------------------------------------------- */

static void drop_lines(const struct openapi_document *document, struct openapi_edits *edits,
                       const struct yaml_node *container, openapi_leaves *leaves, const void *owner)
{
    for (const struct yaml_node *n = container->first; n; n = n->next)
        if (leaves(owner, n))
            openapi_edit(edits, openapi_layout_entry(document, container, n), TEXT(""));
}

/* With the comma behind each, or before those at the end. */
static void drop_between_brackets(const struct openapi_document *document,
                                  struct openapi_edits *edits, const struct yaml_node *container,
                                  openapi_leaves *leaves, const void *owner)
{
    const struct yaml_node *kept = NULL, *gone = NULL; /* the last of each so far */

    for (const struct yaml_node *n = container->first; n; n = n->next) {
        struct yaml_span span = openapi_layout_entry(document, container, n);

        if (leaves(owner, n)) {
            gone = gone ? gone : n;
            continue;
        }
        if (gone)
            openapi_edit(
                edits,
                (struct yaml_span){openapi_layout_entry(document, container, gone).from, span.from},
                TEXT(""));
        gone = NULL;
        kept = n;
    }
    if (!gone || !kept)
        return;
    while (gone->next)
        gone = gone->next;
    openapi_edit(edits,
                 (struct yaml_span){openapi_layout_entry(document, container, kept).to,
                                    openapi_layout_entry(document, container, gone).to},
                 TEXT(""));
}

void openapi_layout_drop(const struct openapi_document *document, struct openapi_edits *edits,
                         const struct yaml_node *container, openapi_leaves *leaves,
                         const void *owner)
{
    if (container->flow)
        drop_between_brackets(document, edits, container, leaves, owner);
    else
        drop_lines(document, edits, container, leaves, owner);
}
