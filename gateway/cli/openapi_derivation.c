#include "cli/openapi_derivation.h"

#include "cli/openapi_words.h"

enum { SHOWN = 60 };

struct openapi_errand {
    struct openapi_errand *next;
    openapi_walker *walk;
    const struct yaml_node *node;
    struct openapi_use use;
};

struct text openapi_keep(struct openapi_derivation *dv, struct buf *text)
{
    struct text kept = text->failed ? (struct text){0} : arena_copy(dv->arena, buf_text(text));

    dv->no_memory |= !kept.at;
    buf_fini(text);
    return kept;
}

/* --- deciding ------------------------------------------------------------- */

static void complain_of_two(struct openapi_derivation *dv, struct text now, struct where where,
                            struct text one, struct text other)
{
    one = one.at ? one : now;
    other = other.at ? other : now;
    diag_error(dv->d, where, "two-readings",
               "\"%.*s\" would have to read \"%.*s\" for one operation and \"%.*s\" for another",
               now.len > SHOWN ? SHOWN : (int)now.len, now.at,
               one.len > SHOWN ? SHOWN : (int)one.len, one.at,
               other.len > SHOWN ? SHOWN : (int)other.len, other.at);
    diag_hint(dv->d, "give each of them a component of its own");
}

static void decide(struct openapi_derivation *dv, struct openapi_verdict *v, struct text now,
                   struct where where, struct text becomes)
{
    if (becomes.at && text_eq(becomes, now))
        becomes = (struct text){0};
    if (!v->decided) {
        *v = (struct openapi_verdict){.decided = true, .becomes = becomes};
    } else if ((becomes.at != NULL) != (v->becomes.at != NULL) || !text_eq(becomes, v->becomes)) {
        if (!v->disputed)
            complain_of_two(dv, now, where, v->becomes, becomes);
        v->disputed = true;
    }
}

void openapi_decide_key(struct openapi_derivation *dv, const struct yaml_node *node,
                        struct text becomes)
{
    decide(dv, &openapi_fate(dv, node)->key, node->key, node->key_where, becomes);
}

void openapi_decide_value(struct openapi_derivation *dv, const struct yaml_node *node,
                          struct text becomes)
{
    decide(dv, &openapi_fate(dv, node)->value, node->text, node->where, becomes);
}

void openapi_decide_prose(struct openapi_derivation *dv, const struct yaml_node *node)
{
    if (openapi_is_text(node))
        openapi_fate(dv, node)->prose = true;
}

void openapi_decide_words(struct openapi_derivation *dv, const struct yaml_node *node)
{
    openapi_decide_prose(dv, openapi_member(node, "title"));
    openapi_decide_prose(dv, openapi_member(node, "summary"));
    openapi_decide_prose(dv, openapi_member(node, "description"));
    openapi_decide_prose(dv, openapi_member(openapi_member(node, "externalDocs"), "description"));
}

/* --- walking -------------------------------------------------------------- */

bool openapi_first_time(struct openapi_derivation *dv, const struct yaml_node *node,
                        openapi_walker *walk, struct openapi_use use)
{
    struct {
        openapi_walker *walk;
        const struct rules *rules;
        const struct place *place;
        const char *path;
        size_t number;
        size_t manner, direction, body;
    } key = {walk,         use.route->rules, use.place,     use.path.at,
             node->number, use.manner,       use.direction, use.route->body};
    struct text text = text_of((const char *)&key, sizeof key);

    if (lookup_find(&dv->walked, text) != LOOKUP_NONE)
        return false;
    text = arena_copy(dv->arena, text);
    dv->no_memory |= !text.at || lookup_add(&dv->walked, text) == LOOKUP_NONE;
    return !dv->no_memory;
}

/* Marks the component that POINTER, behind "#", is or is in. */
static void use_component(struct openapi_derivation *dv, struct text pointer)
{
    const struct yaml_node *at = dv->from.root;

    for (size_t i = 0; i < 3 && at && at->kind == YAML_MAP; i++) {
        struct text token = openapi_token(dv->arena, &pointer);

        at = token.at ? yaml_member(at, token) : NULL;
    }
    if (at)
        openapi_fate(dv, at)->used = true;
}

static void complain_of_reference(struct openapi_derivation *dv, const struct yaml_node *node)
{
    int shown = node->text.len > SHOWN ? SHOWN : (int)node->text.len;

    if (text_starts(node->text, TEXT("#")))
        diag_error(dv->d, node->where, "dangling-ref", "nothing stands at \"%.*s\"", shown,
                   node->text.at);
    else
        diag_error(dv->d, node->where, "outside-ref",
                   "\"%.*s\" is not in this file, and only this file is read", shown,
                   node->text.at);
}

void openapi_follow_text(struct openapi_derivation *dv, const struct yaml_node *node,
                         openapi_walker *walk, struct openapi_use use)
{
    const struct yaml_node *to = openapi_resolve(&dv->from, dv->arena, node->text);
    bool begun = openapi_fate(dv, node)->reference;
    struct openapi_errand *errand = arena_zero(dv->arena, 1, sizeof *errand);

    openapi_fate(dv, node)->reference = true;
    dv->no_memory |= !errand;
    if (!errand)
        return;
    if (!to) {
        if (!begun)
            complain_of_reference(dv, node);
        return;
    }
    use_component(dv, text_from_offset(node->text, 1));
    *errand = (struct openapi_errand){NULL, walk, to, use};
    *dv->errands_end = errand;
    dv->errands_end = &errand->next;
}

bool openapi_follow(struct openapi_derivation *dv, const struct yaml_node *node,
                    openapi_walker *walk, struct openapi_use use)
{
    const struct yaml_node *ref = openapi_member(node, "$ref");

    if (!openapi_is_text(ref))
        return false;
    openapi_decide_words(dv, node);
    openapi_follow_text(dv, ref, walk, use);
    return true;
}

void openapi_run_errands(struct openapi_derivation *dv)
{
    while (dv->errands && !dv->no_memory) {
        struct openapi_errand *errand = dv->errands;

        dv->errands = errand->next;
        if (!dv->errands)
            dv->errands_end = &dv->errands;
        errand->walk(dv, errand->node, errand->use);
    }
}
