#include "conf/telling.h"

bool telling_is(const struct yaml_node *member, const char *key)
{
    return text_eq(member->key, text_from(key));
}

/* The text T as it stands at WHERE, behind its opening quote if it has one. */
static struct written written_at(struct text t, enum yaml_style style, struct where where)
{
    if (style != YAML_PLAIN && where.width > 2) {
        where.column++;
        where.width -= 2;
    }
    return (struct written){t, where};
}

struct written telling_value(const struct yaml_node *scalar)
{
    return written_at(scalar->text, scalar->style, scalar->where);
}

struct written telling_key(const struct yaml_node *member)
{
    return written_at(member->key, member->key_style, member->key_where);
}

bool telling_empty(const struct yaml_node *node)
{
    return node->kind == YAML_SCALAR && yaml_sense(node) == YAML_NULL;
}

const char *telling_name(const struct yaml_node *member, char *to)
{
    int shown =
        member->key.len > TELLING_NAME_BYTES / 2 ? TELLING_NAME_BYTES / 2 : (int)member->key.len;

    snprintf(to, TELLING_NAME_BYTES, "\"%.*s\"", shown, member->key.at);
    return to;
}

const struct yaml_node *telling_entries(const struct telling *t, const struct yaml_node *node,
                                        bool list)
{
    char what[TELLING_NAME_BYTES];

    if (!node || telling_empty(node))
        return NULL;
    telling_name(node, what);
    if (list ? expect_list(node, what, t->d) : expect_map(node, what, t->d))
        return node->first;
    return NULL;
}

struct written telling_text(const struct telling *t, const struct yaml_node *map, const char *what,
                            const char *key, bool needed)
{
    const struct yaml_node *member = yaml_member(map, text_from(key));
    char name[TELLING_NAME_BYTES];

    if (member && expect_text(member, telling_name(member, name), t->d))
        return telling_value(member);
    if (!member && needed)
        expect_missing(map, what, key, t->d);
    return (struct written){.where = map->where};
}

void telling_service(const struct telling *t, struct mapping_scope *scope,
                     const struct yaml_node *entry)
{
    struct written name = telling_text(t, entry, NULL, "service", false);

    if (name.text.at)
        mapping_scope_service(scope, name);
}
