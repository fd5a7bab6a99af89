#include "translate/refresh.h"

#include "translate/target.h"

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

static struct text skip_space(struct text t)
{
    while (t.len && is_space(t.at[0]))
        t = text_from_offset(t, 1);
    return t;
}

/* What follows the delay and its separator; absent without either. */
static struct text after_delay(struct text value)
{
    struct text t = skip_space(value);
    const char *start = t.at;

    while (t.len && ((t.at[0] >= '0' && t.at[0] <= '9') || t.at[0] == '.'))
        t = text_from_offset(t, 1);
    if (t.at == start || t.len == 0)
        return (struct text){0};
    bool spaced = is_space(t.at[0]);
    t = skip_space(t);
    if (t.len && (t.at[0] == ';' || t.at[0] == ','))
        return skip_space(text_from_offset(t, 1));
    return spaced ? t : (struct text){0};
}

/* T without "url" and "=", if it begins with both. */
static struct text after_name(struct text t)
{
    const struct text name = TEXT("url");

    if (t.len < name.len || !text_eq_nocase(text_of(t.at, name.len), name))
        return t;
    struct text rest = skip_space(text_from_offset(t, name.len));
    return rest.len && rest.at[0] == '=' ? skip_space(text_from_offset(rest, 1)) : t;
}

/* T, or what stands between the quotes at its start and their end. */
static struct text unquoted(struct text t)
{
    if (t.len == 0 || (t.at[0] != '"' && t.at[0] != '\''))
        return t;
    struct text inside = text_from_offset(t, 1);
    inside.len = text_find(inside, t.at[0]);
    return inside;
}

bool refresh_translate(const struct translate_scene *scene, struct text value, struct buf *to)
{
    size_t start = to->len;
    struct text url = after_delay(value);

    if (!url.at)
        return false;
    url = text_trim(unquoted(after_name(url)));
    size_t before = (size_t)(url.at - value.at);
    buf_add(to, text_of(value.at, before));
    bool changed = target_url(scene, RESPONSE, url, to);
    buf_add(to, text_from_offset(value, before + url.len));
    if (changed && !to->failed)
        return true;
    to->len = start;
    return false;
}
