#include "translate/multipart_parameter.h"

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct text multipart_trim(struct text t)
{
    while (t.len > 0 && is_space(t.at[0]))
        t = text_from_offset(t, 1);
    while (t.len > 0 && is_space(t.at[t.len - 1]))
        t.len--;
    return t;
}

/* The length of a quoted string that T begins with, quotes included; 0 if it does not end. */
static size_t quoted_length(struct text t)
{
    for (size_t i = 1; i < t.len; i++) {
        if (t.at[i] == '"')
            return i + 1;
        if (t.at[i] == '\\' && i + 1 < t.len && (t.at[i + 1] == '"' || t.at[i + 1] == '\\'))
            i++;
    }
    return 0;
}

/* Takes the value behind "=" off *REST. */
static void take_value(struct text *rest, struct multipart_parameter *p)
{
    while (rest->len > 0 && is_space(rest->at[0]))
        *rest = text_from_offset(*rest, 1);
    p->quoted = rest->len > 0 && rest->at[0] == '"';
    size_t quoted = p->quoted ? quoted_length(*rest) : 0;
    struct text behind = text_from_offset(*rest, quoted);
    size_t n = text_find(behind, ';');
    struct text bare = multipart_trim(text_of(behind.at, n));

    if (!p->quoted)
        p->value = bare;
    else if (quoted && bare.len == 0)
        p->value = text_of(rest->at + 1, quoted - 2);
    *rest = p->quoted && !quoted ? text_from_offset(*rest, rest->len) : text_from_offset(behind, n);
}

bool multipart_parameter_next(struct text *rest, struct multipart_parameter *parameter_out)
{
    size_t n = text_find(*rest, ';');

    if (n == rest->len)
        return false;
    *rest = text_from_offset(*rest, n + 1);
    *parameter_out = (struct multipart_parameter){0};
    for (n = 0; n < rest->len && rest->at[n] != '=' && rest->at[n] != ';';)
        n++;
    parameter_out->name = multipart_trim(text_of(rest->at, n));
    *rest = text_from_offset(*rest, n);
    if (rest->len > 0 && rest->at[0] == '=') {
        *rest = text_from_offset(*rest, 1);
        take_value(rest, parameter_out);
    }
    return true;
}

/* VALUE without its backslash escapes in TO; absent if it can be no boundary. */
static struct text read_boundary(const struct multipart_parameter *p, char *to, size_t room)
{
    size_t len = 0;

    for (size_t i = 0; i < p->value.len; i++) {
        char c = p->value.at[i];

        if (p->quoted && c == '\\' && i + 1 < p->value.len)
            c = p->value.at[++i];
        if (c < ' ' || c > '~' || len == room)
            return (struct text){0};
        to[len++] = c;
    }
    return len > 0 && to[len - 1] != ' ' ? text_of(to, len) : (struct text){0};
}

struct text multipart_boundary_of(struct text type, char *to, size_t room, const char **what_out)
{
    struct multipart_parameter p;
    struct text boundary = {0};

    *what_out = "Content-Type names no boundary";
    while (multipart_parameter_next(&type, &p)) {
        if (!text_eq_nocase(p.name, TEXT("boundary")))
            continue;
        if (boundary.at) {
            *what_out = "Content-Type names more than one boundary";
            return (struct text){0};
        }
        boundary = read_boundary(&p, to, room);
        if (!boundary.at) {
            *what_out = "the boundary in Content-Type is malformed";
            return boundary;
        }
    }
    return boundary;
}
