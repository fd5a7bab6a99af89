#include "conf/yaml_quoting.h"

#include "base/buf.h"
#include "conf/yaml_tree.h"

enum {
    TRIES_MAX = 100,
    BYTES_MAX = 8 * 1024 * 1024 /* looked at again, in all tries together */
};

struct quoting {
    struct text source;
    struct text line; /* within source, without its comment and line end */
    unsigned number;
    size_t tries, bytes;
};

static struct text line_at(struct text source, unsigned number)
{
    struct text rest = source;

    for (; number > 1; number--) {
        size_t end = text_find(rest, '\n');

        rest = text_from_offset(rest, end < rest.len ? end + 1 : end);
    }
    rest.len = text_find(rest, '\n');
    for (size_t i = 1; i < rest.len; i++)
        if (rest.at[i] == '#' && rest.at[i - 1] == ' ')
            rest.len = i;
    while (rest.len > 0 && strchr(" \t\r", rest.at[rest.len - 1]))
        rest.len--;
    return rest;
}

/* The source with VALUE, a part of it, in single quotes, into TO. */
static void quote_in_place(struct text source, struct text value, struct buf *to)
{
    size_t before = (size_t)(value.at - source.at);

    buf_add(to, text_of(source.at, before));
    buf_add_byte(to, '\'');
    for (size_t i = 0; i < value.len; i++) {
        if (value.at[i] == '\'')
            buf_add_byte(to, '\'');
        buf_add_byte(to, value.at[i]);
    }
    buf_add_byte(to, '\'');
    buf_add(to, text_from_offset(source, before + value.len));
}

/* True if as much was tried as an error message is worth. */
static bool is_spent(const struct quoting *q)
{
    return q->tries == TRIES_MAX || q->bytes > BYTES_MAX;
}

/* True if the line is sound with VALUE quoted. */
static bool cures(struct quoting *q, struct text value)
{
    struct buf changed;
    bool cured = false;

    if (value.len == 0 || is_spent(q))
        return false;
    q->tries++;
    q->bytes += q->source.len;
    buf_init(&changed, q->source.len + 2 * value.len + 2);
    quote_in_place(q->source, value, &changed);
    if (!changed.failed) {
        struct yaml_fault fault = yaml_tree_fault(buf_text(&changed), q->number);

        cured = !fault.found || (fault.line > q->number && fault.context_line != q->number);
    }
    buf_fini(&changed);
    return cured;
}

static bool is_any(char c, const char *set)
{
    return c && strchr(set, c);
}

/* True if a value may begin at I: after "- ", ": ", or a bracket, brace or comma. */
static bool begins_value(struct text line, size_t i)
{
    size_t before = i;

    if (line.at[i] == ' ')
        return false;
    while (before > 0 && line.at[before - 1] == ' ')
        before--;
    if (before == 0)
        return false;
    return is_any(line.at[before - 1], "[{,") || (before < i && is_any(line.at[before - 1], "-:"));
}

/* True if VALUE closes just the brackets and braces that it opens. */
static bool is_balanced(struct text value)
{
    size_t open = 0;

    for (size_t i = 0; i < value.len; i++) {
        if (is_any(value.at[i], "[{"))
            open++;
        else if (is_any(value.at[i], "]}") && open-- == 0)
            return false;
    }
    return open == 0;
}

/* Tries the value that begins at I with each end it may have. */
static bool try_ends(struct quoting *q, size_t i, struct text *value_out)
{
    bool in_flow =
        text_find(text_of(q->line.at, i), '[') < i || text_find(text_of(q->line.at, i), '{') < i;

    for (size_t end = i + 1; end <= q->line.len && !is_spent(q); end++, q->bytes++) {
        bool whole = end == q->line.len;

        if (in_flow ? whole || !is_any(q->line.at[end], ",]}") : !whole)
            continue;
        *value_out = text_of(q->line.at + i, end - i);
        q->bytes += value_out->len;
        if ((!in_flow || is_balanced(*value_out)) && cures(q, *value_out))
            return true;
    }
    return false;
}

/* True if the bracket or brace that VALUE begins with is closed before VALUE ends. */
static bool goes_on_after_bracket(struct text value)
{
    size_t open = 0;

    for (size_t i = 0; i < value.len; i++) {
        if (is_any(value.at[i], "[{"))
            open++;
        else if (is_any(value.at[i], "]}") && --open == 0)
            return i + 1 < value.len;
    }
    return false;
}

bool yaml_quoting_cures(struct text source, unsigned line, struct text *value_out)
{
    struct quoting q = {.source = source, .line = line_at(source, line), .number = line};

    for (size_t i = 0; i < q.line.len && !is_spent(&q); i++)
        if (begins_value(q.line, i) && !is_any(q.line.at[i], "[{\"'") && try_ends(&q, i, value_out))
            return true;
    for (size_t i = 0; i < q.line.len && !is_spent(&q); i++)
        if (begins_value(q.line, i) && is_any(q.line.at[i], "[{")) {
            *value_out = text_from_offset(q.line, i);
            q.bytes += value_out->len;
            if (goes_on_after_bracket(*value_out) && cures(&q, *value_out))
                return true;
        }
    return false;
}
