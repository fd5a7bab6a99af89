#include "base/utf8.h"

/* What the first byte says: bytes in all, its own bits, the least code point. */
struct lead {
    size_t len;
    uint32_t bits, least;
};

static struct lead lead_of(unsigned char byte)
{
    if (byte < 0x80)
        return (struct lead){1, byte, 0};
    if (byte >= 0xc2 && byte < 0xe0)
        return (struct lead){2, byte & 0x1fu, 0x80};
    if (byte >= 0xe0 && byte < 0xf0)
        return (struct lead){3, byte & 0x0fu, 0x800};
    if (byte >= 0xf0 && byte < 0xf5)
        return (struct lead){4, byte & 0x07u, 0x10000};
    return (struct lead){0};
}

size_t utf8_char(struct text t, uint32_t *code_out)
{
    struct lead lead = t.len ? lead_of((unsigned char)t.at[0]) : (struct lead){0};
    uint32_t code = lead.bits;

    if (lead.len == 0 || lead.len > t.len)
        return 0;
    for (size_t i = 1; i < lead.len; i++) {
        unsigned char byte = (unsigned char)t.at[i];

        if ((byte & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (byte & 0x3fu);
    }
    if (code < lead.least || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
        return 0;
    *code_out = code;
    return lead.len;
}

size_t utf8_valid(struct text t)
{
    size_t at = 0;

    while (at < t.len) {
        uint32_t code;
        size_t n = utf8_char(text_from_offset(t, at), &code);

        if (n == 0)
            break;
        at += n;
    }
    return at;
}

size_t utf8_count(struct text t)
{
    size_t count = 0;

    for (size_t at = 0; at < t.len; count++) {
        uint32_t code;
        size_t n = utf8_char(text_from_offset(t, at), &code);

        at += n ? n : 1;
    }
    return count;
}
