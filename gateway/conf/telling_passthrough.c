#include "conf/telling.h"

static void tell_brownout(const struct telling *t, struct mapping_scope *scope,
                          const struct yaml_node *window)
{
    static const char *const known[] = {"from", "to"};
    static const struct expect_keys keys = TELLING_KEYS(known);

    if (!expect_map(window, "an entry of \"brownout\"", t->d))
        return;
    expect_only(window, &keys, t->d);
    struct written from = telling_text(t, window, "this window", "from", true);
    struct written to = telling_text(t, window, "this window", "to", true);
    if (from.text.at && to.text.at)
        mapping_scope_brownout(scope, from, to);
}

/* What ENTRY says of its end.  What is no text is complained of, and stands for nothing said. */
static void tell_end(const struct telling *t, struct mapping_scope *scope,
                     const struct yaml_node *entry)
{
    const struct announcement end = {
        .deprecated = telling_text(t, entry, NULL, "deprecated", false),
        .sunset = telling_text(t, entry, NULL, "sunset", false),
        .successor = telling_text(t, entry, NULL, "successor", false),
        .caller = telling_text(t, entry, NULL, "caller", false),
    };

    if (!end.deprecated.text.at && yaml_member(entry, TEXT("deprecated")))
        return; /* the rest goes by it */
    mapping_scope_announce(scope, &end);
    for (const struct yaml_node *n = telling_entries(t, yaml_member(entry, TEXT("brownout")), true);
         n; n = n->next)
        tell_brownout(t, scope, n);
}

void telling_passthrough(const struct telling *t, const struct yaml_node *entry)
{
    static const char *const known[] = {"path",      "service", "deprecated", "sunset",
                                        "successor", "caller",  "brownout"};
    static const struct expect_keys keys = TELLING_KEYS(known);

    if (!expect_map(entry, "an entry of \"passthrough\"", t->d))
        return;
    expect_only(entry, &keys, t->d);
    struct written path = telling_text(t, entry, "this entry", "path", true);
    if (!path.text.at)
        return;
    struct mapping_scope *scope = mapping_builder_passthrough(t->builder, path);
    telling_service(t, scope, entry);
    tell_end(t, scope, entry);
}
