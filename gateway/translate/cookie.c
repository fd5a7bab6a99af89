#include "translate/cookie.h"

#include "http/head.h"

/* The path that ATTRIBUTE (" Path=/x") holds, a span of it; absent if it is no Path or not one. */
static struct text path_in(struct text attribute)
{
    size_t equals = text_find(attribute, '=');

    if (equals == attribute.len ||
        !text_eq_nocase(text_trim(text_of(attribute.at, equals)), TEXT("path")))
        return (struct text){0};
    struct text path = text_trim(text_from_offset(attribute, equals + 1));
    return path.len && path.at[0] == '/' && http_path_safe(path) ? path : (struct text){0};
}

/* Appends what clients call the upstream PATH or what lies below it; false if no route has it. */
static bool add_path(const struct translate_scene *scene, struct text path, struct buf *to)
{
    if (mapping_path(scene->mapping, RESPONSE, path, to))
        return true;
    if (path.at[path.len - 1] != '/')
        return false;
    path.len--;
    if (path.len == 0 || !mapping_path(scene->mapping, RESPONSE, path, to))
        return false;
    buf_add_byte(to, '/');
    return true;
}

/* Appends ATTRIBUTE, its path changed if a route has it; true if so. */
static bool add_attribute(const struct translate_scene *scene, struct text attribute,
                          struct buf *to)
{
    struct text path = path_in(attribute);
    size_t before = path.at ? (size_t)(path.at - attribute.at) : 0;

    buf_add(to, text_of(attribute.at, before));
    bool changed = path.at && add_path(scene, path, to);
    buf_add(to, text_from_offset(attribute, changed ? before + path.len : before));
    return changed;
}

bool cookie_translate(const struct translate_scene *scene, struct text value, struct buf *to)
{
    size_t start = to->len;
    size_t pair = text_find(value, ';');
    bool changed = false;

    buf_add(to, text_of(value.at, pair));
    value = text_from_offset(value, pair);
    while (value.len) {
        buf_add_byte(to, ';');
        value = text_from_offset(value, 1);
        struct text attribute = text_of(value.at, text_find(value, ';'));
        changed = add_attribute(scene, attribute, to) || changed;
        value = text_from_offset(value, attribute.len);
    }
    if (changed && !to->failed)
        return true;
    to->len = start;
    return false;
}
