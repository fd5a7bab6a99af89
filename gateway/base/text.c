#include "base/text.h"

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

bool text_eq_nocase(struct text a, struct text b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (a.at[i] != b.at[i] && lower(a.at[i]) != lower(b.at[i]))
            return false;
    return true;
}

bool text_starts(struct text t, struct text prefix)
{
    return t.len >= prefix.len && text_eq(text_of(t.at, prefix.len), prefix);
}

size_t text_find(struct text t, char byte)
{
    const char *found = t.len ? memchr(t.at, byte, t.len) : NULL;
    return found ? (size_t)(found - t.at) : t.len;
}

static bool is_ows(char c)
{
    return c == ' ' || c == '\t';
}

struct text text_trim(struct text t)
{
    while (t.len > 0 && is_ows(t.at[0]))
        t = text_from_offset(t, 1);
    while (t.len > 0 && is_ows(t.at[t.len - 1]))
        t.len--;
    return t;
}

bool text_to_u64(struct text t, uint64_t *number_out)
{
    uint64_t number = 0;

    if (t.len == 0)
        return false;
    for (size_t i = 0; i < t.len; i++) {
        unsigned digit = (unsigned char)t.at[i] - (unsigned)'0';

        if (digit > 9 || number > (UINT64_MAX - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    *number_out = number;
    return true;
}
