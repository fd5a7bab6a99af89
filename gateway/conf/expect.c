#include "conf/expect.h"

enum { SHOWN = 60 }; /* bytes of a name that a message repeats */

static int shown(struct text t)
{
    return t.len > SHOWN ? SHOWN : (int)t.len;
}

/* Where to point at for NODE: at its key if it has no value to point at. */
static struct where place_of(const struct yaml_node *node)
{
    bool empty = node->kind == YAML_SCALAR && node->style == YAML_PLAIN && node->text.len == 0;

    return empty && node->key.at ? node->key_where : node->where;
}

void expect_other(const struct yaml_node *node, const char *what, const char *wanted,
                  struct diag *d)
{
    if (node->kind == YAML_BROKEN)
        return;
    diag_error(d, place_of(node), "wrong-type", "%s must be %s, not %s", what, wanted,
               yaml_what(node));
}

bool expect_map(const struct yaml_node *node, const char *what, struct diag *d)
{
    if (node->kind == YAML_MAP)
        return true;
    expect_other(node, what, "a map of keys and values", d);
    return false;
}

bool expect_list(const struct yaml_node *node, const char *what, struct diag *d)
{
    if (node->kind == YAML_LIST)
        return true;
    expect_other(node, what, "a list", d);
    return false;
}

bool expect_text(const struct yaml_node *node, const char *what, struct diag *d)
{
    bool scalar = node->kind == YAML_SCALAR;

    if (scalar && yaml_sense(node) == YAML_TEXT && node->text.len > 0)
        return true;
    if (scalar && yaml_sense(node) == YAML_TEXT) {
        diag_error(d, node->where, "empty", "%s must not be empty", what);
        return false;
    }
    expect_other(node, what, "text", d);
    if (scalar && node->text.len > 0)
        diag_hint(d, "quote it: \"%.*s\"", shown(node->text), node->text.at);
    return false;
}

static bool is_among(struct text key, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (text_eq(key, text_from(names[i])))
            return true;
    return false;
}

bool expect_key(const struct yaml_node *member, const struct expect_keys *keys, struct diag *d)
{
    struct text key = member->key;

    if (is_among(key, keys->known, keys->known_count))
        return true;
    if (is_among(key, keys->later, keys->later_count)) {
        diag_error(d, member->key_where, "not-in-this-version", "\"%.*s\" is not in this version",
                   shown(key), key.at);
        return false;
    }
    const char *nearest = diag_nearest(key, keys->known, keys->known_count);
    diag_error(d, member->key_where, "unknown-key", "unknown key \"%.*s\"", shown(key), key.at);
    if (nearest)
        diag_hint(d, "did you mean \"%s\"?", nearest);
    return false;
}

void expect_only(const struct yaml_node *map, const struct expect_keys *keys, struct diag *d)
{
    for (const struct yaml_node *m = map->first; m; m = m->next)
        expect_key(m, keys, d);
}

int expect_choice(const struct yaml_node *node, const char *what, const char *const *choices,
                  size_t count, struct diag *d)
{
    if (!expect_text(node, what, d))
        return -1;
    for (size_t i = 0; i < count; i++)
        if (text_eq(node->text, text_from(choices[i])))
            return (int)i;
    const char *nearest = diag_nearest(node->text, choices, count);
    diag_error(d, node->where, "bad-value", "%s can't be \"%.*s\"", what, shown(node->text),
               node->text.at);
    if (nearest)
        diag_hint(d, "did you mean \"%s\"?", nearest);
    else if (count == 2)
        diag_hint(d, "it is one of %s, %s", choices[0], choices[1]);
    else if (count == 3)
        diag_hint(d, "it is one of %s, %s, %s", choices[0], choices[1], choices[2]);
    else if (count == 4)
        diag_hint(d, "it is one of %s, %s, %s, %s", choices[0], choices[1], choices[2], choices[3]);
    return -1;
}

void expect_missing(const struct yaml_node *node, const char *what, const char *key, struct diag *d)
{
    diag_error(d, node->where, "missing-key", "%s has no \"%s\"", what, key);
}

static void expect_version(const struct yaml_node *root, struct diag *d)
{
    const struct yaml_node *version = yaml_member(root, TEXT("version"));

    if (!version) {
        diag_error(d, (struct where){.file = root->where.file}, "missing-key",
                   "the file has no \"version\"");
        diag_hint(d, "begin it with the line: version: 1");
    } else if (version->kind != YAML_SCALAR || yaml_sense(version) != YAML_INT ||
               !text_eq(version->text, TEXT("1"))) {
        diag_error(d, place_of(version), "bad-value", "\"version\" must be 1");
    }
}

bool expect_file(const struct yaml_node *root, struct diag *d)
{
    bool empty = root->kind == YAML_SCALAR && yaml_sense(root) == YAML_NULL;

    if (empty)
        diag_error(d, (struct where){.file = root->where.file}, "empty", "the file is empty");
    else if (!expect_map(root, "the file", d))
        return false;
    else
        expect_version(root, d);
    return !empty;
}
