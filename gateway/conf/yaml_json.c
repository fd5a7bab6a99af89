#include "conf/yaml_json.h"

#include "base/quote.h"

static bool refuse(const struct yaml_node *number, const char *why, struct diag *d)
{
    diag_error(d, number->where, "no-json", "%s", why);
    diag_hint(d, "quote it if it is meant as text");
    return false;
}

/* The digits at the start of *T, taken off it. */
static struct text take_digits(struct text *t)
{
    size_t n = 0;

    while (n < t->len && t->at[n] >= '0' && t->at[n] <= '9')
        n++;
    struct text digits = text_of(t->at, n);
    *t = text_from_offset(*t, n);
    return digits;
}

/* DIGITS before the point, less the zeros that JSON has no place for. */
static void add_whole(struct buf *to, struct text digits)
{
    while (digits.len > 1 && digits.at[0] == '0')
        digits = text_from_offset(digits, 1);
    buf_add(to, digits.len ? digits : TEXT("0"));
}

/* T as 16, +1.50, .5 or 2.e3 are written in JSON: 16, 1.50, 0.5, 2.0e3. */
static void add_decimal(struct buf *to, struct text t)
{
    if (t.at[0] == '-')
        buf_add_byte(to, '-');
    if (t.at[0] == '-' || t.at[0] == '+')
        t = text_from_offset(t, 1);
    add_whole(to, take_digits(&t));
    if (t.len > 0 && t.at[0] == '.') {
        t = text_from_offset(t, 1);
        struct text fraction = take_digits(&t);
        buf_add_byte(to, '.');
        buf_add(to, fraction.len ? fraction : TEXT("0"));
    }
    buf_add(to, t); /* an exponent, as JSON has it too */
}

/* The value of the digit C, whatever the base. */
static unsigned digit(char c)
{
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a' + 10);
}

/* 0x1f or 0o17. */
static bool add_based(const struct yaml_node *number, struct buf *to, struct diag *d)
{
    unsigned shift = number->text.at[1] == 'x' ? 4 : 3;
    uint64_t value = 0;

    for (size_t i = 2; i < number->text.len; i++) {
        if (value >> (64 - shift))
            return refuse(number, "this number has more than 64 bits", d);
        value = value << shift | digit(number->text.at[i]);
    }
    buf_add_u64(to, value);
    return true;
}

static bool add_int(const struct yaml_node *number, struct buf *to, struct diag *d)
{
    if (number->text.len > 1 && (number->text.at[1] == 'x' || number->text.at[1] == 'o'))
        return add_based(number, to, d);
    add_decimal(to, number->text);
    return true;
}

static bool add_float(const struct yaml_node *number, struct buf *to, struct diag *d)
{
    char last = number->text.at[number->text.len - 1];

    if ((last | 0x20) == 'f' || (last | 0x20) == 'n') /* .inf and .nan */
        return refuse(number, "JSON has no such number", d);
    add_decimal(to, number->text);
    return true;
}

static bool add_scalar(const struct yaml_node *scalar, struct buf *to, struct diag *d)
{
    switch (yaml_sense(scalar)) {
    case YAML_NULL:
        buf_add(to, TEXT("null"));
        return true;
    case YAML_SWITCH:
        buf_add(to, (scalar->text.at[0] | 0x20) == 't' ? TEXT("true") : TEXT("false"));
        return true;
    case YAML_INT:
        return add_int(scalar, to, d);
    case YAML_FLOAT:
        return add_float(scalar, to, d);
    case YAML_TEXT:
        break;
    }
    quote_json(to, scalar->text, SIZE_MAX);
    return true;
}

static bool add_children(const struct yaml_node *node, struct buf *to, struct diag *d)
{
    bool map = node->kind == YAML_MAP, sound = true;

    buf_add_byte(to, map ? '{' : '[');
    for (const struct yaml_node *n = node->first; n; n = n->next) {
        if (n != node->first)
            buf_add_byte(to, ',');
        if (map) {
            quote_json(to, n->key, SIZE_MAX);
            buf_add_byte(to, ':');
        }
        sound = yaml_json_write(n, to, d) && sound;
    }
    buf_add_byte(to, map ? '}' : ']');
    return sound;
}

/* Calls itself once for each level, of which a tree has no more than YAML_DEPTH_MOST. */
bool yaml_json_write(const struct yaml_node *node, struct buf *to, struct diag *d)
{
    switch (node->kind) {
    case YAML_MAP:
    case YAML_LIST:
        return add_children(node, to, d);
    case YAML_SCALAR:
        return add_scalar(node, to, d);
    case YAML_BROKEN:
        break;
    }
    return false; /* a complaint was made about it already */
}
