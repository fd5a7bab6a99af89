/*
 * validator.h - whether a text is JSON, decided slowly and on its own
 *
 * RFC 8259 read by plain recursive descent, for tests; it shares nothing with
 * the rooms it is compared to.
 */
#ifndef TEST_VALIDATOR_H
#define TEST_VALIDATOR_H

#include "base/text.h"

struct check {
    const unsigned char *at, *end;
    bool utf8;
};

static inline void pass_space(struct check *c)
{
    while (c->at < c->end && *c->at && strchr(" \t\r\n", *c->at))
        c->at++;
}

static inline bool takes(struct check *c, const char *word)
{
    size_t n = strlen(word);

    if ((size_t)(c->end - c->at) < n || memcmp(c->at, word, n) != 0)
        return false;
    c->at += n;
    return true;
}

static inline bool good_character(struct check *c)
{
    static const unsigned LEAST[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned lead = *c->at, code;
    size_t n = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : lead >> 3 == 30 ? 4 : 0;

    if (!c->utf8)
        n = 1;
    if (n == 0 || (size_t)(c->end - c->at) < n)
        return false;
    code = n == 1 ? 0 : lead & (0xffu >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if (c->at[i] >> 6 != 2)
            return false;
        code = code << 6 | (c->at[i] & 0x3fu);
    }
    c->at += n;
    return n == 1 || (code >= LEAST[n] && code <= 0x10ffff && !(code >= 0xd800 && code < 0xe000));
}

static inline bool good_string(struct check *c)
{
    if (!takes(c, "\""))
        return false;
    while (c->at < c->end) {
        if (takes(c, "\""))
            return true;
        if (*c->at < 0x20)
            return false;
        if (!takes(c, "\\")) {
            if (!good_character(c))
                return false;
        } else if (takes(c, "u")) {
            for (int i = 0; i < 4; i++, c->at++)
                if (c->at == c->end || !*c->at || !strchr("0123456789abcdefABCDEF", *c->at))
                    return false;
        } else if (c->at == c->end || !*c->at || !strchr("\"\\/bfnrt", *c->at++)) {
            return false;
        }
    }
    return false;
}

static inline size_t digits(struct check *c)
{
    size_t count = 0;

    while (c->at < c->end && *c->at >= '0' && *c->at <= '9') {
        c->at++;
        count++;
    }
    return count;
}

static inline bool good_number(struct check *c)
{
    takes(c, "-");
    if (!takes(c, "0") && digits(c) == 0)
        return false;
    if (takes(c, ".") && digits(c) == 0)
        return false;
    if (!takes(c, "e") && !takes(c, "E"))
        return true;
    if (!takes(c, "+"))
        takes(c, "-");
    return digits(c) > 0;
}

static inline bool good_value(struct check *c);

static inline bool good_members(struct check *c, bool object, const char *close)
{
    pass_space(c);
    if (takes(c, close))
        return true;
    do {
        pass_space(c);
        if (object) {
            if (!good_string(c))
                return false;
            pass_space(c);
            if (!takes(c, ":"))
                return false;
        }
        if (!good_value(c))
            return false;
    } while (takes(c, ","));
    return takes(c, close);
}

static inline bool good_value(struct check *c)
{
    bool good;

    pass_space(c);
    if (takes(c, "{"))
        good = good_members(c, true, "}");
    else if (takes(c, "["))
        good = good_members(c, false, "]");
    else if (c->at < c->end && *c->at == '"')
        good = good_string(c);
    else
        good = takes(c, "true") || takes(c, "false") || takes(c, "null") || good_number(c);
    pass_space(c);
    return good;
}

/* True if T is one JSON text, or nothing but white space; UTF8: of well-formed UTF-8. */
static inline bool is_good_json(struct text t, bool utf8)
{
    struct check c = {(const unsigned char *)t.at, (const unsigned char *)t.at + t.len, utf8};

    pass_space(&c);
    return c.at == c.end || (good_value(&c) && c.at == c.end);
}

#endif
