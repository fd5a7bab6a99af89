/* The edits that make fates come true. */
#include "cli/openapi_splice.h"
#include "cli/openapi_derivation.h"
#include "cli/openapi_errors.h"
#include "cli/openapi_layout.h"
#include "cli/openapi_rewrite.h"

enum { PIECE_BYTES_MAX = 8 * 1024 * 1024 };

struct splicing {
    const struct openapi_derivation *dv;
    struct openapi_edits *edits;
    size_t at; /* all scalars before this byte were passed */
};

/* --- scalars -------------------------------------------------------------- */

/* Comments between the scalar that was passed last and S. */
static void pass(struct splicing *s, const struct openapi_scalar *scalar)
{
    if (scalar->span.from > s->at)
        openapi_rewrite_comments(s->edits, s->dv->from.source,
                                 (struct yaml_span){s->at, scalar->span.from}, s->dv->mapping);
    if (scalar->span.to > s->at)
        s->at = scalar->span.to;
}

static void add_token(struct text token, struct buf *to)
{
    for (size_t i = 0; i < token.len; i++) {
        if (token.at[i] == '~' || token.at[i] == '/')
            buf_add(to, token.at[i] == '~' ? TEXT("~0") : TEXT("~1"));
        else
            buf_add_byte(to, token.at[i]);
    }
}

/* The reference REF with the names that stand now on the way to where it leads. */
static void add_reference(const struct openapi_derivation *dv, struct text ref, struct buf *to)
{
    const struct yaml_node *at = dv->from.root;

    buf_add_byte(to, '#');
    ref = text_from_offset(ref, 1);
    while (ref.len) {
        struct text rest = text_from_offset(ref, 1);
        struct text raw = text_of(rest.at, text_find(rest, '/'));
        struct text token = openapi_token(dv->arena, &ref);

        at = at && at->kind == YAML_MAP ? yaml_member(at, token) : NULL;
        buf_add_byte(to, '/');
        if (at && openapi_fate(dv, at)->key.becomes.at)
            add_token(openapi_fate(dv, at)->key.becomes, to);
        else
            buf_add(to, raw);
    }
}

static void rewrite_reference(struct splicing *s, const struct openapi_scalar *scalar)
{
    struct buf to;

    buf_init(&to, PIECE_BYTES_MAX);
    if (openapi_resolve(&s->dv->from, s->dv->arena, scalar->text))
        add_reference(s->dv, scalar->text, &to);
    else
        buf_add(&to, scalar->text);
    s->edits->failed |= to.failed;
    openapi_rewrite_whole(s->edits, s->dv->from.source, scalar, buf_text(&to));
    buf_fini(&to);
}

static void splice_value(struct splicing *s, const struct yaml_node *node)
{
    const struct openapi_fate *fate = openapi_fate(s->dv, node);
    struct openapi_scalar scalar = openapi_value(node);

    pass(s, &scalar);
    if (fate->reference)
        rewrite_reference(s, &scalar);
    else if (fate->value.becomes.at)
        openapi_rewrite_whole(s->edits, s->dv->from.source, &scalar, fate->value.becomes);
    else if (fate->prose)
        openapi_rewrite_prose(s->edits, s->dv->from.source, &scalar, s->dv->mapping);
}

/* --- entries -------------------------------------------------------------- */

static bool leaves(const void *owner, const struct yaml_node *node)
{
    const struct openapi_derivation *dv = owner;

    return openapi_fate(dv, node)->dropped;
}

static void splice_node(struct splicing *s, const struct yaml_node *node);

static void splice_entries(struct splicing *s, const struct yaml_node *container)
{
    bool any = false;

    for (const struct yaml_node *n = container->first; n; n = n->next) {
        if (container->kind == YAML_MAP) {
            struct openapi_scalar key = openapi_key(n);

            pass(s, &key);
            if (openapi_fate(s->dv, n)->key.becomes.at)
                openapi_rewrite_whole(s->edits, s->dv->from.source, &key,
                                      openapi_fate(s->dv, n)->key.becomes);
        }
        splice_node(s, n);
        any |= openapi_fate(s->dv, n)->dropped;
    }
    if (any)
        openapi_layout_drop(&s->dv->from, s->edits, container, leaves, s->dv);
}

static void splice_node(struct splicing *s, const struct yaml_node *node)
{
    if (node->kind == YAML_SCALAR)
        splice_value(s, node);
    else
        splice_entries(s, node);
}

/* --- what is put in ------------------------------------------------------- */

struct openapi_outline openapi_outline_in(const struct openapi_derivation *dv,
                                          const struct yaml_node *container, struct buf *to)
{
    struct openapi_outline o = {.to = to, .newline = dv->from.newline, .flow = container->flow};
    size_t end = openapi_layout_end(&dv->from, container);

    buf_init(to, PIECE_BYTES_MAX);
    o.begun[0] = container->first != NULL;
    if (o.flow)
        return o;
    o.indent = openapi_layout_indent(&dv->from, container);
    if (end > 0 && dv->from.source.at[end - 1] != '\n')
        buf_add(to, dv->from.newline); /* the file ends without one */
    return o;
}

void openapi_put_at_end(const struct openapi_derivation *dv, struct openapi_edits *edits,
                        const struct yaml_node *container, struct buf *what)
{
    size_t end = openapi_layout_end(&dv->from, container);

    edits->failed |= what->failed;
    openapi_edit(edits, (struct yaml_span){end, end}, buf_text(what));
    buf_fini(what);
}

static void put_errors_of_operation(const struct openapi_derivation *dv,
                                    struct openapi_edits *edits, const struct yaml_node *operation,
                                    bool used[OPENAPI_STATUSES])
{
    const struct yaml_node *responses = openapi_member(operation, "responses");
    bool body = openapi_member(operation, "requestBody") != NULL;
    struct buf what;
    int status;

    if (!responses || responses->kind != YAML_MAP)
        return;
    struct openapi_outline o = openapi_outline_in(dv, responses, &what);
    for (size_t i = 0; (status = openapi_errors_status(i, body)); i++) {
        char key[] = {(char)('0' + status / 100), (char)('0' + status / 10 % 10),
                      (char)('0' + status % 10), 0};

        if (openapi_member(responses, key))
            continue;
        openapi_errors_reference(&o, status);
        used[status] = true;
    }
    openapi_put_at_end(dv, edits, responses, &what);
}

static void fill_section(struct openapi_outline *o, const char *section, const bool *used)
{
    if (text_eq(text_from(section), TEXT("schemas")))
        openapi_errors_schemas(o);
    else
        openapi_errors_responses(o, used);
}

static void fill_new_section(struct openapi_outline *o, const char *section, const bool *used)
{
    outline_map(o, section);
    fill_section(o, section, used);
    outline_end_map(o);
}

/* The gateway's own components in SECTION, if that is NEW: is not there, or leaves; or is not. */
static void put_components(const struct openapi_derivation *dv, struct openapi_edits *edits,
                           const struct yaml_node *components, const char *section,
                           const bool *used, bool new)
{
    const struct yaml_node *there = openapi_member(components, section);
    bool gone = there && openapi_fate(dv, there)->dropped && !dv->combined;
    bool stays = there && there->kind == YAML_MAP && !gone;
    const struct yaml_node *into = stays ? there : components;
    struct buf what;

    if (stays == new)
        return;
    struct openapi_outline o = openapi_outline_in(dv, into, &what);

    if (stays)
        fill_section(&o, section, used);
    else
        fill_new_section(&o, section, used);
    openapi_put_at_end(dv, edits, into, &what);
}

static void put_all_components(const struct openapi_derivation *dv, struct openapi_edits *edits,
                               const bool *used)
{
    struct buf what;
    struct openapi_outline o = openapi_outline_in(dv, dv->from.root, &what);

    outline_map(&o, "components");
    fill_new_section(&o, "responses", used);
    fill_new_section(&o, "schemas", used);
    outline_end_map(&o);
    openapi_put_at_end(dv, edits, dv->from.root, &what);
}

void openapi_splice_errors(const struct openapi_derivation *dv, struct openapi_edits *edits,
                           bool used[OPENAPI_STATUSES])
{
    enum http_method method;

    for (const struct yaml_node *i = openapi_first(openapi_member(dv->from.root, "paths")); i;
         i = i->next)
        for (const struct yaml_node *n = openapi_first(i); n; n = n->next)
            if (openapi_method(n->key, &method) && !openapi_fate(dv, i)->dropped &&
                !openapi_fate(dv, n)->dropped)
                put_errors_of_operation(dv, edits, n, used);
}

void openapi_splice_components(const struct openapi_derivation *dv, struct openapi_edits *edits,
                               const bool used[OPENAPI_STATUSES])
{
    const struct yaml_node *components = openapi_member(dv->from.root, "components");

    if (!components || components->kind != YAML_MAP) {
        put_all_components(dv, edits, used);
        return;
    }
    /* Sections that are there may end where new ones begin: theirs goes first. */
    for (int new = 0; new <= 1; new ++) {
        put_components(dv, edits, components, "responses", used, new);
        put_components(dv, edits, components, "schemas", used, new);
    }
}

void openapi_splice(const struct openapi_derivation *dv, struct openapi_edits *edits)
{
    struct splicing s = {dv, edits, 0};
    struct openapi_scalar end = {.span = {dv->from.source.len, dv->from.source.len}};

    splice_node(&s, dv->from.root);
    pass(&s, &end);
}
