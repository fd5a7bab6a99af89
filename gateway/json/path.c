#include "json/path.h"

struct reader {
    struct arena *arena;
    struct text left; /* not yet read */
    struct text whole;
    struct json_path path;
    struct json_path_fault fault;
};

static bool refuse_at(struct reader *r, size_t offset, const char *what, const char *hint)
{
    r->fault = (struct json_path_fault){offset, what, hint};
    return false;
}

static bool refuse(struct reader *r, const char *what, const char *hint)
{
    return refuse_at(r, r->whole.len - r->left.len, what, hint);
}

static bool no_memory(struct reader *r)
{
    return refuse_at(r, 0, "no memory", NULL);
}

static int next_byte(const struct reader *r)
{
    return r->left.len ? (unsigned char)r->left.at[0] : -1;
}

static bool skip(struct reader *r, char byte)
{
    if (next_byte(r) != (unsigned char)byte)
        return false;
    r->left = text_from_offset(r->left, 1);
    return true;
}

static void skip_blanks(struct reader *r)
{
    while (skip(r, ' ') || skip(r, '\t'))
        ;
}

static void add_step(struct reader *r, enum json_step_kind kind, struct text name)
{
    r->path.steps[r->path.count++] = (struct json_step){kind, name};
}

/* name-first and name-char of RFC 9535, 2.5.1.1; bytes of UTF-8 are taken as they are. */
static bool is_name_first(int c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c >= 0x80;
}

static bool is_name_char(int c)
{
    return is_name_first(c) || (c >= '0' && c <= '9');
}

static bool read_plain_name(struct reader *r, enum json_step_kind kind)
{
    size_t n = 0;

    if (!is_name_first(next_byte(r)))
        return refuse(r, "a name is expected here",
                      "a name that does not begin with a letter or \"_\" is written ['name']");
    while (n < r->left.len && is_name_char((unsigned char)r->left.at[n]))
        n++;
    struct text name = arena_copy(r->arena, text_of(r->left.at, n));
    if (!name.at)
        return no_memory(r);
    r->left = text_from_offset(r->left, n);
    int c = next_byte(r);
    if (c != -1 && c != '.' && c != '[')
        return refuse(r, "this character cannot stand in a plain name",
                      "write the name in brackets and quotes: ['name']");
    add_step(r, kind, name);
    return true;
}

static int hex_digit(int c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_hex4(struct reader *r, unsigned *unit_out)
{
    unsigned unit = 0;

    for (int i = 0; i < 4; i++) {
        int digit = r->left.len ? hex_digit((unsigned char)r->left.at[0]) : -1;

        if (digit < 0)
            return refuse(r, "four hex digits are expected after \\u", NULL);
        unit = unit << 4 | (unsigned)digit;
        r->left = text_from_offset(r->left, 1);
    }
    *unit_out = unit;
    return true;
}

static size_t put_utf8(char *to, unsigned point)
{
    if (point < 0x80) {
        to[0] = (char)point;
        return 1;
    }
    if (point < 0x800) {
        to[0] = (char)(0xC0 | point >> 6);
        to[1] = (char)(0x80 | (point & 0x3F));
        return 2;
    }
    if (point < 0x10000) {
        to[0] = (char)(0xE0 | point >> 12);
        to[1] = (char)(0x80 | (point >> 6 & 0x3F));
        to[2] = (char)(0x80 | (point & 0x3F));
        return 3;
    }
    to[0] = (char)(0xF0 | point >> 18);
    to[1] = (char)(0x80 | (point >> 12 & 0x3F));
    to[2] = (char)(0x80 | (point >> 6 & 0x3F));
    to[3] = (char)(0x80 | (point & 0x3F));
    return 4;
}

/* What follows "\u": one code point, two escapes where it is a pair. */
static bool read_code_point(struct reader *r, size_t escape_offset, unsigned *point_out)
{
    unsigned high, low;

    if (!read_hex4(r, &high))
        return false;
    *point_out = high;
    if (high < 0xD800 || high > 0xDFFF)
        return true;
    if (high > 0xDBFF || !skip(r, '\\') || !skip(r, 'u'))
        return refuse_at(r, escape_offset, "half of a surrogate pair", NULL);
    if (!read_hex4(r, &low))
        return false;
    if (low < 0xDC00 || low > 0xDFFF)
        return refuse_at(r, escape_offset, "half of a surrogate pair", NULL);
    *point_out = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
    return true;
}

/* What follows a backslash. */
static bool read_escape(struct reader *r, char quote, char *to, size_t *len)
{
    static const char from[] = "bfnrt/\\", means[] = "\b\f\n\r\t/\\";
    size_t escape_offset = r->whole.len - r->left.len - 1;
    int c = next_byte(r);
    unsigned point;

    if (c == 'u') {
        r->left = text_from_offset(r->left, 1);
        if (!read_code_point(r, escape_offset, &point))
            return false;
        *len += put_utf8(to + *len, point);
        return true;
    }
    const char *found = c > 0 ? strchr(from, c) : NULL;
    if (!found && c != (unsigned char)quote)
        return refuse_at(r, escape_offset, "no such escape in a quoted name", NULL);
    to[(*len)++] = found ? means[found - from] : quote;
    r->left = text_from_offset(r->left, 1);
    return true;
}

/* The bytes from the opening quote to the closing one, without both. */
static bool find_closing_quote(struct reader *r, size_t *inside_out)
{
    char quote = r->left.at[0];
    size_t n = 1;

    while (n < r->left.len && r->left.at[n] != quote)
        n += r->left.at[n] == '\\' ? 2 : 1;
    if (n >= r->left.len)
        return refuse(r, "this quoted name has no end", NULL);
    *inside_out = n - 1;
    return true;
}

/* A quoted name up to and with its closing quote (RFC 9535, 2.3.1.1). */
static bool read_quoted_name(struct reader *r, enum json_step_kind kind)
{
    char quote = r->left.at[0];
    size_t inside, len = 0;

    if (!find_closing_quote(r, &inside))
        return false;
    /* Decoded, a name is never longer than as it is written. */
    char *name = arena_alloc(r->arena, inside + 1);
    if (!name)
        return no_memory(r);
    r->left = text_from_offset(r->left, 1);
    while (!skip(r, quote)) {
        int c = next_byte(r);

        if (c < 0x20)
            return refuse(r, "a control character in a quoted name", "write it as \\u00XX");
        r->left = text_from_offset(r->left, 1);
        if (c != '\\')
            name[len++] = (char)c;
        else if (!read_escape(r, quote, name, &len))
            return false;
    }
    add_step(r, kind, text_of(name, len));
    return true;
}

static bool refuse_selector(struct reader *r)
{
    static const char what_to_write[] = "a path may use $, .name, ['name'], .*, [*] and ..name";
    int c = next_byte(r);

    if (c == '?')
        return refuse(r, "filters are not supported", what_to_write);
    if (c == '(')
        return refuse(r, "scripts are not supported", what_to_write);
    if (c == ':')
        return refuse(r, "slices are not supported", "[*] means every element");
    if (c == '-' || (c >= '0' && c <= '9')) {
        size_t n = 1;

        while (n < r->left.len && r->left.at[n] >= '0' && r->left.at[n] <= '9')
            n++;
        if (n < r->left.len && r->left.at[n] == ':')
            return refuse(r, "slices are not supported", "[*] means every element");
        return refuse(r, "indexes are not supported", "[*] means every element");
    }
    return refuse(r, "a quoted name or * is expected in brackets", what_to_write);
}

/* What follows "[" (or "..[" where DEEP). */
static bool read_brackets(struct reader *r, bool deep)
{
    skip_blanks(r);
    int c = next_byte(r);
    if (c == '*' && deep)
        return refuse(r, "..[*] is not supported: it would select everything", NULL);
    if (c == '*') {
        skip(r, '*');
        add_step(r, JSON_STEP_ANY, (struct text){0});
    } else if (c == '\'' || c == '"') {
        if (!read_quoted_name(r, deep ? JSON_STEP_DEEP : JSON_STEP_NAME))
            return false;
    } else {
        return refuse_selector(r);
    }
    skip_blanks(r);
    if (next_byte(r) == ',')
        return refuse(r, "several selectors in one bracket are not supported",
                      "write one rule for each");
    if (!skip(r, ']'))
        return refuse(r, "\"]\" is expected here", NULL);
    return true;
}

static bool read_step(struct reader *r)
{
    if (skip(r, '['))
        return read_brackets(r, false);
    if (!skip(r, '.'))
        return refuse(r, "\".\" or \"[\" is expected here", NULL);
    bool deep = skip(r, '.');
    if (deep && skip(r, '['))
        return read_brackets(r, true);
    if (next_byte(r) == '*') {
        if (deep)
            return refuse(r, "..* is not supported: it would select everything", NULL);
        skip(r, '*');
        add_step(r, JSON_STEP_ANY, (struct text){0});
        return true;
    }
    return read_plain_name(r, deep ? JSON_STEP_DEEP : JSON_STEP_NAME);
}

bool json_path_read(struct arena *arena, struct text written, struct json_path *path_out,
                    struct json_path_fault *fault_out)
{
    struct reader r = {.arena = arena, .left = written, .whole = written};
    bool good;

    /* Each step is at least two bytes long. */
    r.path.steps = arena_zero(arena, written.len / 2 + 1, sizeof *r.path.steps);
    if (!r.path.steps)
        good = no_memory(&r);
    else if (!skip(&r, '$'))
        good = refuse(&r, "a path begins with \"$\"", "\"$\" is the whole JSON text");
    else
        good = true;
    while (good && r.left.len)
        good = read_step(&r);
    if (good)
        *path_out = r.path;
    else
        *fault_out = r.fault;
    return good;
}
