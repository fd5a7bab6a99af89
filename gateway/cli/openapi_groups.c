#include "cli/openapi_groups.h"

#include "cli/openapi_layout.h"
#include "cli/openapi_splice.h"

static struct text name_now(const struct openapi_derivation *dv, const struct yaml_node *name)
{
    const struct openapi_verdict *v = &openapi_fate(dv, name)->value;

    return v->becomes.at ? v->becomes : name->text;
}

bool openapi_add_group(const struct openapi_derivation *dv, struct openapi_outline *o)
{
    bool any = false;

    for (const struct yaml_node *n = openapi_first(openapi_member(dv->from.root, "tags")); n;
         n = n->next) {
        const struct yaml_node *name = openapi_member(n, "name");

        if (openapi_fate(dv, n)->dropped || !openapi_is_text(name))
            continue;
        if (!any) {
            outline_element(o);
            outline_text(o, "name", dv->group);
            outline_list(o, "tags");
        }
        outline_string(o, name_now(dv, name));
        any = true;
    }
    if (any) {
        outline_end_list(o);
        outline_end_map(o);
    }
    return any;
}

void openapi_splice_tags(const struct openapi_derivation *dv, struct openapi_edits *edits)
{
    for (const struct yaml_node *n = openapi_first(openapi_member(dv->from.root, "tags")); n;
         n = n->next) {
        const struct yaml_node *name = openapi_member(n, "name");
        struct buf what;

        if (openapi_fate(dv, n)->dropped || !openapi_is_text(name) ||
            openapi_member(n, "x-displayName") || !text_starts(name_now(dv, name), dv->group))
            continue;
        struct openapi_outline o = openapi_outline_in(dv, n, &what);
        outline_text(&o, "x-displayName", name->text);
        openapi_put_at_end(dv, edits, n, &what);
    }
}

/* The bytes of the member NODE of the root: whole lines, comments above not among them. */
static struct yaml_span lines_of(const struct openapi_derivation *dv, const struct yaml_node *node)
{
    const struct yaml_node *root = dv->from.root;
    struct yaml_span span = openapi_layout_entry(&dv->from, root, node);

    span.from = node->key_span.from - (root->flow ? 0 : openapi_layout_indent(&dv->from, root));
    return span;
}

void openapi_splice_groups(const struct openapi_derivation *dv, struct openapi_edits *edits)
{
    const struct yaml_node *there = openapi_member(dv->from.root, "x-tagGroups");
    struct buf what;
    struct openapi_outline o = openapi_outline_in(dv, dv->from.root, &what);

    if (there) {
        buf_clear(&what);
        o.begun[0] = false;
    }
    outline_list(&o, "x-tagGroups");
    bool any = openapi_add_group(dv, &o);
    outline_end_list(&o);
    if (any && there)
        openapi_edit(edits, lines_of(dv, there), buf_text(&what));
    if (any && !there)
        openapi_put_at_end(dv, edits, dv->from.root, &what);
    edits->failed |= what.failed;
    buf_fini(&what);
}

static void add_service_group(const struct openapi_derivation *dv, struct openapi_outline *o)
{
    const struct yaml_node *title = openapi_member(openapi_member(dv->from.root, "info"), "title");

    outline_element(o);
    outline_text(o, "name", openapi_is_text(title) ? title->text : TEXT("Service"));
    outline_list(o, "tags");
    for (const struct yaml_node *n = openapi_first(openapi_member(dv->from.root, "tags")); n;
         n = n->next)
        if (openapi_is_text(openapi_member(n, "name")))
            outline_string(o, openapi_member(n, "name")->text);
    outline_end_list(o);
    outline_end_map(o);
}

void openapi_combine_groups(const struct openapi_derivation *dv, struct openapi_edits *edits)
{
    const struct yaml_node *there = openapi_member(dv->from.root, "x-tagGroups");
    bool new = !openapi_first(there);
    struct buf what;
    struct openapi_outline o = openapi_outline_in(dv, new ? dv->from.root : there, &what);

    if (new)
        outline_list(&o, "x-tagGroups");
    if (openapi_add_group(dv, &o) && new)
        add_service_group(dv, &o);
    if (new)
        outline_end_list(&o);
    openapi_put_at_end(dv, edits, new ? dv->from.root : there, &what);
}
