#include "exchange/validators.h"

#include "http/date.h"

#include <stdio.h>

enum { MARK_BYTES = 13, DIGEST_DIGITS = 8 }; /* ";dp-s1a2b3c4d" */

static const struct text mark_begins = {";dp-", 4};

/* One entity tag, cut. */
struct tag {
    struct text whole;  /* as it came */
    struct text opaque; /* between the quotes, less the mark */
    bool weak;          /* as it came */
    char strength;      /* that its mark tells: 's' or 'w'; 0: it has none */
    uint32_t digest;    /* that its mark tells */
};

static uint32_t fold(uint64_t digest)
{
    return (uint32_t)(digest ^ digest >> 32);
}

static bool read_hex(struct text t, uint32_t *number_out)
{
    uint32_t number = 0;

    for (size_t i = 0; i < t.len; i++) {
        char c = t.at[i];

        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
            return false;
        number = number << 4 | (uint32_t)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    *number_out = number;
    return true;
}

/* Takes the mark off TAG's end, if it has one. */
static void cut_mark(struct tag *tag)
{
    if (tag->opaque.len < MARK_BYTES)
        return;
    struct text mark = text_from_offset(tag->opaque, tag->opaque.len - MARK_BYTES);
    char strength = mark.at[mark_begins.len];
    if (!text_starts(mark, mark_begins) || (strength != 's' && strength != 'w') ||
        !read_hex(text_from_offset(mark, MARK_BYTES - DIGEST_DIGITS), &tag->digest))
        return;
    tag->strength = strength;
    tag->opaque.len -= MARK_BYTES;
}

/* Takes a tag off the start of *T.  False if there is none. */
static bool take_tag(struct text *t, struct tag *tag_out)
{
    struct text rest = *t;

    *tag_out = (struct tag){.weak = text_starts(rest, TEXT("W/"))};
    if (tag_out->weak)
        rest = text_from_offset(rest, 2);
    if (rest.len == 0 || rest.at[0] != '"')
        return false;
    rest = text_from_offset(rest, 1);
    size_t end = text_find(rest, '"');
    if (end == rest.len)
        return false;
    tag_out->opaque = text_of(rest.at, end);
    rest = text_from_offset(rest, end + 1);
    tag_out->whole = text_of(t->at, t->len - rest.len);
    cut_mark(tag_out);
    *t = rest;
    return true;
}

static void add_tag(struct buf *to, struct text opaque, struct text mark, bool weak)
{
    if (weak)
        buf_add(to, TEXT("W/"));
    buf_add_byte(to, '"');
    buf_add(to, opaque);
    buf_add(to, mark);
    buf_add_byte(to, '"');
}

enum validators_verdict validators_mark(struct text etag, uint64_t digest, bool weaken,
                                        struct buf *to)
{
    char mark[MARK_BYTES + 1];
    struct text rest = etag;
    struct tag tag;

    if (!take_tag(&rest, &tag) || rest.len)
        return VALIDATORS_STAYS;
    /* a mark that the service's own tag seems to have is a part of it */
    if (tag.strength)
        tag.opaque.len += MARK_BYTES;
    snprintf(mark, sizeof mark, "%s%c%08x", mark_begins.at, tag.weak ? 'w' : 's', fold(digest));
    add_tag(to, tag.opaque, text_of(mark, MARK_BYTES), tag.weak || weaken);
    return VALIDATORS_CHANGED;
}

/* --- lists -------------------------------------------------------------------- */

/* A list on its way: "#entity-tag" (RFC 9110, 5.6.1). */
struct tag_list {
    struct text rest;
    bool comma;     /* one must come before the next tag */
    bool malformed; /* it is no list of tags */
};

static bool next_tag(struct tag_list *list, struct tag *tag_out)
{
    while (list->rest.len) {
        char c = list->rest.at[0];

        if (c != ',' && c != ' ' && c != '\t')
            break;
        list->comma = list->comma && c != ',';
        list->rest = text_from_offset(list->rest, 1);
    }
    if (list->rest.len == 0)
        return false;
    list->malformed = list->comma || !take_tag(&list->rest, tag_out);
    list->comma = true;
    return !list->malformed;
}

/*
 * Appends the tags of VALUE that are wanted, their marks taken off: all, or
 * only those with the mark of *DIGEST.
 */
static enum validators_verdict rewrite(struct text value, const uint64_t *digest, struct buf *to)
{
    struct tag_list list = {.rest = value};
    size_t start = to->len;
    bool changed = false;
    struct tag tag;

    while (next_tag(&list, &tag)) {
        changed = changed || tag.strength || digest;
        if (digest && (!tag.strength || tag.digest != fold(*digest)))
            continue;
        if (to->len > start)
            buf_add(to, TEXT(", "));
        if (tag.strength)
            add_tag(to, tag.opaque, TEXT(""), tag.strength == 'w');
        else
            buf_add(to, tag.whole);
    }
    if (list.malformed || !changed) {
        to->len = start;
        return VALIDATORS_STAYS;
    }
    return to->len > start ? VALIDATORS_CHANGED : VALIDATORS_DROPPED;
}

enum validators_verdict validators_restore(struct text value, struct buf *to)
{
    return rewrite(value, NULL, to);
}

enum validators_verdict validators_current(struct text value, uint64_t digest, struct buf *to)
{
    return rewrite(value, &digest, to);
}

bool validators_weakly(struct text value, struct text tag)
{
    struct tag_list list = {.rest = value};
    bool weak = false, strong = false;
    struct tag one;

    while (next_tag(&list, &one)) {
        weak = weak || (one.weak && text_eq(text_from_offset(one.whole, 2), tag));
        strong = strong || text_eq(one.whole, tag);
    }
    return weak && !strong;
}

bool validators_known(struct text value, struct text tag)
{
    struct tag_list list = {.rest = value};
    struct tag one;

    while (next_tag(&list, &one))
        if (text_eq(text_from_offset(one.whole, one.weak ? 2 : 0), tag))
            return true;
    return text_eq(value, TEXT("*"));
}

bool validators_since(struct text value, int64_t loaded)
{
    int64_t since;

    return http_date(value, loaded, &since) && since > loaded;
}
