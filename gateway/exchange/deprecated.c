#include "exchange/deprecated.h"

#include <time.h>

/* --- the successor ------------------------------------------------------------------ */

/* Sets the path that takes over and the Link that says so; none: no route serves it. */
static bool find_successor(struct exchange *ex)
{
    static const char rest[] = ">; rel=\"successor-version\"";
    const struct http_head *head = &ex->request.head;
    struct text template = ex->route->deprecation->successor.text;

    if (!template.at)
        return true;
    size_t room = template.len + head->path.len + sizeof rest;
    struct buf link = {.at = arena_alloc(ex->arena, room), .capacity = room, .max = room};
    if (!link.at)
        return false;
    buf_add_byte(&link, '<');
    if (!mapping_successor(ex->mapping, ex->route, head->method, head->path, &link))
        return true;
    ex->deprecated.successor = text_from_offset(buf_text(&link), 1);
    buf_add(&link, text_of(rest, sizeof rest - 1));
    ex->deprecated.link = buf_text(&link);
    return true;
}

/* --- the caller ----------------------------------------------------------------------- */

/* The bytes a name keeps; any other becomes "_". */
static bool is_plain(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
}

/* The product that VALUE, a User-Agent, names first, without its version (RFC 9110, 10.1.5). */
static struct text product_of(struct text value)
{
    size_t n = 0;

    while (n < value.len && value.at[n] != '/' && value.at[n] != ' ' && value.at[n] != '\t')
        n++;
    return text_of(value.at, n);
}

/* The value of the field that names EX's client; empty: none does. */
static struct text name_of(const struct exchange *ex)
{
    const struct http_fields *fields = &ex->request.head.fields;
    struct text by = ex->route->deprecation->caller.text;
    const struct http_field *named = by.at ? http_find(fields, by) : NULL;

    if (named && named->value.len > 0)
        return named->value;
    named = http_find(fields, TEXT("user-agent"));
    return named ? product_of(named->value) : TEXT("");
}

static bool find_caller(struct exchange *ex)
{
    struct text name = name_of(ex);
    char plain[DEPRECATED_CALLER_MAX];
    size_t n = name.len < sizeof plain ? name.len : sizeof plain;

    for (size_t i = 0; i < n; i++)
        plain[i] = is_plain(name.at[i]) ? name.at[i] : '_';
    ex->deprecated.caller = n ? arena_copy(ex->arena, text_of(plain, n)) : TEXT("none");
    return ex->deprecated.caller.at;
}

bool deprecated_begin(struct exchange *ex)
{
    return find_caller(ex) && find_successor(ex);
}

/* --- its end ----------------------------------------------------------------------------- */

bool deprecated_browned_out(const struct exchange *ex)
{
    const struct deprecation *d = ex->route->deprecation;

    return d->brownout_count && deprecation_brownout(d, time(NULL));
}

size_t deprecated_fields(const struct exchange *ex, struct http_field at[DEPRECATED_FIELDS_MAX])
{
    const struct deprecation *d = ex->route ? ex->route->deprecation : NULL;
    size_t n = 0;

    if (!d)
        return 0;
    at[n++] = (struct http_field){TEXT("Deprecation"), d->since.field};
    if (ex->deprecated.link.at)
        at[n++] = (struct http_field){TEXT("Link"), ex->deprecated.link};
    if (d->sunset.field.at)
        at[n++] = (struct http_field){TEXT("Sunset"), d->sunset.field};
    return n;
}

bool deprecated_replaces(const struct exchange *ex, struct text name)
{
    const struct deprecation *d = ex->route->deprecation;

    return d && (text_eq_nocase(name, TEXT("deprecation")) ||
                 (d->sunset.field.at && text_eq_nocase(name, TEXT("sunset"))));
}
