/* Both APIs in one description: the service's as it is, and what was derived of it behind. */
#include "cli/openapi_errors.h"
#include "cli/openapi_groups.h"
#include "cli/openapi_layout.h"
#include "cli/openapi_splice.h"

enum { PIECE_BYTES_MAX = 32 * 1024 * 1024 };

struct combining {
    const struct openapi_derivation *dv;
    struct openapi_edits *derived; /* what becomes of the source's pieces */
    struct openapi_edits *whole;   /* what is put into the source */
};

/* Puts the entries of CONTAINER that stay behind its last, as they are derived. */
static void repeat(struct combining *c, const struct yaml_node *container)
{
    const struct openapi_document *from = &c->dv->from;
    struct buf what;

    if (!container || !openapi_first(container))
        return;
    openapi_outline_in(c->dv, container, &what);
    for (const struct yaml_node *n = container->first; n; n = n->next) {
        if (openapi_fate(c->dv, n)->dropped)
            continue;
        buf_add(&what, container->flow ? TEXT(", ") : TEXT(""));
        openapi_edits_write(c->derived, from->source, openapi_layout_entry(from, container, n),
                            &what);
    }
    openapi_put_at_end(c->dv, c->whole, container, &what);
}

static void repeat_components(struct combining *c)
{
    const struct yaml_node *components = openapi_member(c->dv->from.root, "components");

    for (const struct yaml_node *s = openapi_first(components); s; s = s->next)
        if (!openapi_fate(c->dv, s)->dropped && !text_eq(s->key, TEXT("securitySchemes")))
            repeat(c, s);
}

void openapi_combine(const struct openapi_derivation *dv, struct openapi_edits *derived,
                     struct openapi_edits *whole)
{
    struct combining c = {dv, derived, whole};

    repeat(&c, openapi_member(dv->from.root, "paths"));
    repeat(&c, openapi_member(dv->from.root, "tags"));
    repeat_components(&c);
}
