#include "conf/yaml_tree.h"

static bool is_one_of(struct text t, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (text_eq(t, text_from(words[i])))
            return true;
    return false;
}

static bool is_null(struct text t)
{
    static const char *const words[] = {"", "~", "null", "Null", "NULL"};

    return is_one_of(t, words, sizeof words / sizeof words[0]);
}

static bool is_switch(struct text t)
{
    static const char *const words[] = {"true", "True", "TRUE", "false", "False", "FALSE"};

    return is_one_of(t, words, sizeof words / sizeof words[0]);
}

/* How many bytes at the start of T are among the letters of SET. */
static size_t span(struct text t, const char *set)
{
    size_t n = 0;

    while (n < t.len && t.at[n] && strchr(set, t.at[n]))
        n++;
    return n;
}

#define DIGITS "0123456789"

static struct text without_sign(struct text t)
{
    return t.len > 0 && (t.at[0] == '-' || t.at[0] == '+') ? text_from_offset(t, 1) : t;
}

static bool is_int(struct text t)
{
    if (text_starts(t, TEXT("0o")))
        return t.len > 2 && span(text_from_offset(t, 2), "01234567") == t.len - 2;
    if (text_starts(t, TEXT("0x")))
        return t.len > 2 && span(text_from_offset(t, 2), DIGITS "abcdefABCDEF") == t.len - 2;
    t = without_sign(t);
    return t.len > 0 && span(t, DIGITS) == t.len;
}

static bool is_float_word(struct text t)
{
    static const char *const infinite[] = {".inf", ".Inf", ".INF"};
    static const char *const no_number[] = {".nan", ".NaN", ".NAN"};

    return is_one_of(without_sign(t), infinite, 3) || is_one_of(t, no_number, 3);
}

static bool is_float(struct text t)
{
    if (is_float_word(t))
        return true;
    t = without_sign(t);
    size_t whole = span(t, DIGITS), fraction = 0;
    t = text_from_offset(t, whole);
    if (t.len > 0 && t.at[0] == '.') {
        t = text_from_offset(t, 1);
        fraction = span(t, DIGITS);
        t = text_from_offset(t, fraction);
    }
    if (whole + fraction == 0)
        return false;
    if (t.len > 0 && (t.at[0] == 'e' || t.at[0] == 'E')) {
        t = without_sign(text_from_offset(t, 1));
        return t.len > 0 && span(t, DIGITS) == t.len;
    }
    return t.len == 0;
}

enum yaml_sense yaml_sense(const struct yaml_node *scalar)
{
    if (scalar->style != YAML_PLAIN)
        return YAML_TEXT;
    if (is_null(scalar->text))
        return YAML_NULL;
    if (is_switch(scalar->text))
        return YAML_SWITCH;
    if (is_int(scalar->text))
        return YAML_INT;
    return is_float(scalar->text) ? YAML_FLOAT : YAML_TEXT;
}

const char *yaml_what(const struct yaml_node *node)
{
    static const char *const senses[] = {
        [YAML_NULL] = "nothing", [YAML_SWITCH] = "true or false",
        [YAML_INT] = "a number", [YAML_FLOAT] = "a number with a fraction",
        [YAML_TEXT] = "text",
    };

    switch (node->kind) {
    case YAML_MAP:
        return "a map";
    case YAML_LIST:
        return "a list";
    case YAML_SCALAR:
        return senses[yaml_sense(node)];
    case YAML_BROKEN:
        break;
    }
    return "something unreadable";
}

const struct yaml_node *yaml_member(const struct yaml_node *map, struct text key)
{
    const struct yaml_node *member = map->kind == YAML_MAP ? map->first : NULL;

    while (member && !text_eq(member->key, key))
        member = member->next;
    return member;
}
