#include "cli/openapi_outline.h"

#include "cli/openapi_scalar.h"

#include <assert.h>

static void add_spaces(struct openapi_outline *o, size_t count)
{
    while (count-- > 0)
        buf_add_byte(o->to, ' ');
}

/* The spaces before the entries of the innermost level. */
static size_t indent_of(const struct openapi_outline *o)
{
    return o->indent + 2 * o->depth;
}

static void begin_entry(struct openapi_outline *o)
{
    if (o->flow) {
        buf_add(o->to, o->begun[o->depth] ? TEXT(", ") : TEXT(""));
    } else if (o->dash) {
        add_spaces(o, indent_of(o) - 2);
        buf_add(o->to, TEXT("- "));
    } else {
        add_spaces(o, indent_of(o));
    }
    o->dash = false;
    o->begun[o->depth] = true;
}

static void end_line(struct openapi_outline *o)
{
    if (!o->flow)
        buf_add(o->to, o->newline);
}

static void add_string(struct openapi_outline *o, struct text text)
{
    if (!o->flow && openapi_scalar_plain(text))
        buf_add(o->to, text);
    else
        openapi_scalar_quoted(text, o->to);
}

static void add_key(struct openapi_outline *o, const char *key)
{
    begin_entry(o);
    add_string(o, text_from(key));
    buf_add_byte(o->to, ':');
}

static void open_level(struct openapi_outline *o)
{
    o->depth++;
    assert(o->depth < OUTLINE_DEPTH_MAX);
    o->begun[o->depth] = false;
}

static void open_member(struct openapi_outline *o, const char *key, const char *bracket)
{
    add_key(o, key);
    buf_add(o->to, o->flow ? TEXT(" ") : TEXT(""));
    buf_add(o->to, o->flow ? text_from(bracket) : TEXT(""));
    end_line(o);
    open_level(o);
}

void outline_map(struct openapi_outline *o, const char *key)
{
    open_member(o, key, "{");
}

void outline_list(struct openapi_outline *o, const char *key)
{
    open_member(o, key, "[");
}

void outline_end_map(struct openapi_outline *o)
{
    o->depth--;
    buf_add(o->to, o->flow ? TEXT("}") : TEXT(""));
}

void outline_end_list(struct openapi_outline *o)
{
    o->depth--;
    buf_add(o->to, o->flow ? TEXT("]") : TEXT(""));
}

void outline_element(struct openapi_outline *o)
{
    if (o->flow) {
        begin_entry(o);
        buf_add_byte(o->to, '{');
    }
    open_level(o);
    o->dash = !o->flow;
}

void outline_string(struct openapi_outline *o, struct text value)
{
    begin_entry(o);
    buf_add(o->to, o->flow ? TEXT("") : TEXT("- "));
    add_string(o, value);
    end_line(o);
}

void outline_text(struct openapi_outline *o, const char *key, struct text value)
{
    add_key(o, key);
    buf_add_byte(o->to, ' ');
    add_string(o, value);
    end_line(o);
}

void outline_raw(struct openapi_outline *o, const char *key, const char *value)
{
    add_key(o, key);
    buf_add_byte(o->to, ' ');
    buf_add(o->to, text_from(value));
    end_line(o);
}

void outline_lines(struct openapi_outline *o, const char *key, struct text lines)
{
    if (o->flow) {
        outline_text(o, key, lines);
        return;
    }
    add_key(o, key);
    buf_add(o->to, TEXT(" |"));
    end_line(o);
    while (lines.len) {
        struct text line = text_of(lines.at, text_find(lines, '\n'));

        add_spaces(o, line.len ? indent_of(o) + 2 : 0);
        buf_add(o->to, line);
        end_line(o);
        lines = text_from_offset(lines, line.len < lines.len ? line.len + 1 : line.len);
    }
}
