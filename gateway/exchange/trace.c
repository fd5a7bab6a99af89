#include "exchange/trace.h"

#include "base/chance.h"

#include <string.h>

enum {
    VERSION_DIGITS = 2,
    PARENT_DIGITS = 16,
    PARENT_BYTES = 55,       /* of a traceparent of version 00 */
    FLAG_SAMPLED = 1,        /* the only flag that is defined */
    LONG_MEMBER_BYTES = 128, /* members longer than this are the first to go */
    VALUE_BYTES_MAX = 256,   /* of a member */
    KEY_BYTES_MAX = 256,     /* likewise */
    TENANT_BYTES_MAX = 241,  /* of its key before the "@" */
    SYSTEM_BYTES_MAX = 14    /* and after it */
};

/* --- traceparent -------------------------------------------------------------- */

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/* Takes DIGITS lower-case hex digits off the start of *T to OUT.  False if there are less. */
static bool take_hex(struct text *t, size_t digits, struct text *out)
{
    if (t->len < digits)
        return false;
    *out = text_of(t->at, digits);
    *t = text_from_offset(*t, digits);
    for (size_t i = 0; i < digits; i++)
        if (!is_hex(out->at[i]))
            return false;
    return true;
}

static bool take_dash(struct text *t)
{
    if (t->len == 0 || t->at[0] != '-')
        return false;
    *t = text_from_offset(*t, 1);
    return true;
}

static bool all_zero(struct text digits)
{
    for (size_t i = 0; i < digits.len; i++)
        if (digits.at[i] != '0')
            return false;
    return true;
}

/* Versions above 00 are read as 00, whatever more they hold behind another dash. */
static bool read_parent(struct trace *t, struct text value)
{
    struct text version, id, parent, flags;

    if (!take_hex(&value, VERSION_DIGITS, &version) || !take_dash(&value) ||
        !take_hex(&value, TRACE_ID_DIGITS, &id) || !take_dash(&value) ||
        !take_hex(&value, PARENT_DIGITS, &parent) || !take_dash(&value) ||
        !take_hex(&value, 2, &flags))
        return false;
    if (text_eq(version, TEXT("ff")) || all_zero(id) || all_zero(parent))
        return false;
    if (value.len && (text_eq(version, TEXT("00")) || value.at[0] != '-'))
        return false;
    memcpy(t->id, id.at, id.len);
    char last = flags.at[1];
    t->sampled = (last <= '9' ? last - '0' : last - 'a' + 10) & FLAG_SAMPLED;
    return true;
}

void trace_begin(struct trace *t, const struct http_fields *fields)
{
    const struct http_field *given = NULL;
    unsigned count = 0;

    *t = (struct trace){0};
    for (size_t i = 0; i < fields->count; i++)
        if (text_eq_nocase(fields->at[i].name, TEXT("traceparent"))) {
            given = &fields->at[i];
            count++;
        }
    t->inherited = count == 1 && read_parent(t, given->value);
    if (!t->inherited)
        chance_hex(t->id, sizeof t->id);
}

struct text trace_parent(const struct trace *t, struct arena *arena)
{
    char value[PARENT_BYTES];

    memcpy(value, "00-", 3);
    memcpy(value + 3, t->id, sizeof t->id);
    value[35] = '-';
    chance_hex(value + 36, PARENT_DIGITS);
    memcpy(value + 52, t->sampled ? "-01" : "-00", 3);
    return arena_copy(arena, text_of(value, sizeof value));
}

/* --- tracestate --------------------------------------------------------------- */

struct members {
    struct text at[TRACE_STATE_MEMBERS];
    size_t count;
    size_t bytes; /* of them all, with a comma between two */
};

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_key_byte(char c)
{
    return is_lower(c) || (c >= '0' && c <= '9') || (c && strchr("_-*/", c));
}

/* A part of a key: 1 to MAX bytes, the first a letter, or a digit if DIGIT. */
static bool is_key_part(struct text t, size_t max, bool digit)
{
    if (t.len == 0 || t.len > max)
        return false;
    for (size_t i = 0; i < t.len; i++)
        if (!is_key_byte(t.at[i]))
            return false;
    return is_lower(t.at[0]) || (digit && t.at[0] >= '0' && t.at[0] <= '9');
}

static bool is_key(struct text key)
{
    size_t at = text_find(key, '@');

    if (at == key.len)
        return is_key_part(key, KEY_BYTES_MAX, false);
    return is_key_part(text_of(key.at, at), TENANT_BYTES_MAX, true) &&
           is_key_part(text_from_offset(key, at + 1), SYSTEM_BYTES_MAX, false);
}

static bool is_value(struct text value)
{
    for (size_t i = 0; i < value.len; i++)
        if (value.at[i] < ' ' || value.at[i] > '~' || value.at[i] == '=')
            return false;
    return value.len > 0 && value.len <= VALUE_BYTES_MAX;
}

static struct text key_of(struct text member)
{
    return text_of(member.at, text_find(member, '='));
}

/* Adds MEMBER.  False if it is malformed, one too many, or its key is there already. */
static bool add_member(struct members *m, struct text member)
{
    struct text key = key_of(member);

    if (key.len == member.len || !is_key(key) || !is_value(text_from_offset(member, key.len + 1)) ||
        m->count == TRACE_STATE_MEMBERS)
        return false;
    for (size_t i = 0; i < m->count; i++)
        if (text_eq(key_of(m->at[i]), key))
            return false;
    m->bytes += member.len + (m->count > 0);
    m->at[m->count++] = member;
    return true;
}

static bool read_members(struct members *m, const struct http_fields *fields)
{
    for (size_t i = 0; i < fields->count; i++) {
        struct text list = fields->at[i].value, member;

        if (!text_eq_nocase(fields->at[i].name, TEXT("tracestate")))
            continue;
        while (http_list_next(&list, &member))
            if (!add_member(m, member))
                return false;
    }
    return true;
}

static void drop_member(struct members *m, size_t number)
{
    m->bytes -= m->at[number].len + (m->count > 1);
    m->count--;
    memmove(m->at + number, m->at + number + 1, (m->count - number) * sizeof m->at[0]);
}

/* Drops whole members until the rest is short enough: long ones, then the oldest. */
static void shorten(struct members *m)
{
    for (size_t i = m->count; i-- > 0 && m->bytes > TRACE_STATE_BYTES;)
        if (m->at[i].len > LONG_MEMBER_BYTES)
            drop_member(m, i);
    while (m->bytes > TRACE_STATE_BYTES)
        drop_member(m, m->count - 1);
}

struct text trace_state(const struct trace *t, const struct http_fields *fields,
                        struct arena *arena)
{
    struct members m = {.count = 0};
    char joined[TRACE_STATE_BYTES];
    size_t len = 0;

    if (!t->inherited || !read_members(&m, fields))
        return TEXT("");
    shorten(&m);
    for (size_t i = 0; i < m.count; i++) {
        if (i > 0)
            joined[len++] = ',';
        memcpy(joined + len, m.at[i].at, m.at[i].len);
        len += m.at[i].len;
    }
    return arena_copy(arena, text_of(joined, len));
}
