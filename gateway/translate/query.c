#include "translate/query.h"

#include "mapping/builder.h"
#include "mapping/lookup.h"

#include <stdlib.h>

enum { FIRST_ROOM = 16 };

/* Parameters that hold a known name, by a hash of the name they left under. */
struct seen {
    struct left_as {
        uint64_t left, came; /* hashes of decoded names; left 0 is free */
    } * at;
    size_t count, room;
};

struct query {
    const struct rules *rules;
    enum direction d;
    enum collision_policy policy;
    struct buf *to;
    uint64_t seed; /* of hashes, not to be guessed by whoever chose the names */
    struct seen seen;
};

/* One part of a name: its raw bytes, and what they decode to. */
struct part {
    struct text raw;
    char decoded[MAPPING_NAME_MAX];
    size_t len;
    bool too_long; /* to be any name we know */
};

/* A whole name, as it came and as it would leave. */
struct passage {
    uint64_t came, left;
    const struct pair *pair; /* one that knows a part of it, or NULL */
};

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The first decoded byte of RAW, which is not empty, and how many raw bytes it takes. */
static char decode_byte(struct text raw, size_t *taken_out)
{
    *taken_out = 1;
    if (raw.at[0] == '+')
        return ' ';
    if (raw.at[0] != '%' || raw.len < 3 || hex_digit(raw.at[1]) < 0 || hex_digit(raw.at[2]) < 0)
        return raw.at[0];
    *taken_out = 3;
    return (char)(hex_digit(raw.at[1]) << 4 | hex_digit(raw.at[2]));
}

/* Takes the bytes before the next of the decoded SEPARATORS off *RAW. */
static void take_part(struct text *raw, const char *separators, struct part *part_out)
{
    struct text rest = *raw;

    part_out->len = 0;
    part_out->too_long = false;
    while (rest.len) {
        size_t taken;
        char c = decode_byte(rest, &taken);

        if (c && strchr(separators, c))
            break;
        rest = text_from_offset(rest, taken);
        if (part_out->len < sizeof part_out->decoded)
            part_out->decoded[part_out->len++] = c;
        else
            part_out->too_long = true;
    }
    part_out->raw = text_of(raw->at, raw->len - rest.len);
    *raw = rest;
}

static const struct pair *pair_of(const struct query *q, const struct part *part)
{
    if (part->too_long)
        return NULL;
    return rules_parameter(q->rules, text_of(part->decoded, part->len));
}

static struct text other_side(const struct pair *pair, struct text name)
{
    return text_eq(pair->client, name) ? pair->upstream : pair->client;
}

static void add_encoded(struct buf *to, struct text name)
{
    static const char hex[] = "0123456789ABCDEF";

    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.at[i];
        bool alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');

        if (alnum || (c && strchr("-._~!$'()*:@/?", c))) {
            buf_add_byte(to, (char)c);
        } else {
            buf_add_byte(to, '%');
            buf_add_byte(to, hex[c >> 4]);
            buf_add_byte(to, hex[c & 15]);
        }
    }
}

/* Appends PART under the name it leaves with. */
static void add_part(struct query *q, const struct part *part)
{
    const struct pair *pair = pair_of(q, part);
    struct text name = text_of(part->decoded, part->len);

    if (pair && text_eq(pair_from(pair, q->d), name))
        add_encoded(q->to, pair_to(pair, q->d));
    else
        buf_add(q->to, part->raw);
}

/* Goes over the parts of NAME; EXCHANGED: it is to leave under the other sides of its pairs. */
static struct passage follow(const struct query *q, struct text name, bool exchanged)
{
    struct passage p = {.came = q->seed, .left = q->seed};

    while (name.len) {
        struct part part;
        size_t taken;

        take_part(&name, "[]", &part);
        struct text decoded = text_of(part.decoded, part.len);
        const struct pair *pair = pair_of(q, &part);
        struct text leaves = decoded;
        if (pair && text_eq(pair_from(pair, q->d), decoded) != exchanged)
            leaves = other_side(pair, decoded);
        p.came = lookup_hash(p.came, decoded);
        p.left = lookup_hash(p.left, leaves);
        p.pair = pair ? pair : p.pair;
        if (name.len) {
            char separator = decode_byte(name, &taken);

            p.came = lookup_hash(p.came, text_of(&separator, 1));
            p.left = lookup_hash(p.left, text_of(&separator, 1));
            name = text_from_offset(name, taken);
        }
    }
    p.left += p.left == 0;
    return p;
}

static struct left_as *slot_of(const struct seen *s, uint64_t left)
{
    size_t at = left & (s->room - 1);

    while (s->at[at].left && s->at[at].left != left)
        at = (at + 1) & (s->room - 1);
    return &s->at[at];
}

static bool grow(struct seen *s)
{
    struct seen wider = {.count = s->count, .room = s->room ? 2 * s->room : FIRST_ROOM};

    wider.at = calloc(wider.room, sizeof *wider.at);
    if (!wider.at)
        return false;
    for (size_t i = 0; i < s->room; i++)
        if (s->at[i].left)
            *slot_of(&wider, s->at[i].left) = s->at[i];
    free(s->at);
    *s = wider;
    return true;
}

/* True if another parameter left under the name that P leaves under; else P is noted. */
static bool meets(struct query *q, const struct passage *p)
{
    if (2 * q->seen.count >= q->seen.room && !grow(&q->seen)) {
        q->to->failed = true;
        return false;
    }
    struct left_as *slot = slot_of(&q->seen, p->left);
    if (slot->left)
        return slot->came != p->came;
    *slot = (struct left_as){p->left, p->came};
    q->seen.count++;
    return false;
}

/* Appends NAME part by part; EXCHANGED as in follow. */
static void add_name(struct query *q, struct text name, bool exchanged)
{
    while (name.len) {
        struct part part;
        size_t taken;

        take_part(&name, "[]", &part);
        struct text decoded = text_of(part.decoded, part.len);
        const struct pair *pair = pair_of(q, &part);
        if (!exchanged)
            add_part(q, &part);
        else if (pair && !text_eq(pair_from(pair, q->d), decoded))
            add_encoded(q->to, pair_from(pair, q->d));
        else
            buf_add(q->to, part.raw);
        if (name.len) {
            decode_byte(name, &taken);
            buf_add(q->to, text_of(name.at, taken));
            name = text_from_offset(name, taken);
        }
    }
}

/* True if NAME, before any brackets, is one whose values are names. */
static bool lists_names(const struct query *q, struct text name)
{
    struct part base;

    take_part(&name, "[]", &base);
    const struct pair *pair = q->d == RESPONSE ? pair_of(q, &base) : NULL;
    return !base.too_long &&
           rules_names_in(q->rules, pair ? pair->client : text_of(base.decoded, base.len));
}

/* Appends VALUE, a list of names: "-dataProductId,owner.dataProduct". */
static void add_list(struct query *q, struct text value)
{
    bool starts = true; /* a sign may stand here */

    while (value.len) {
        struct part part;
        size_t taken;
        char c = decode_byte(value, &taken);

        if (c == ',' || c == '.' || (starts && (c == '+' || c == '-' || c == ' '))) {
            buf_add(q->to, text_of(value.at, taken));
            value = text_from_offset(value, taken);
            starts = c == ',';
        } else {
            take_part(&value, ",.", &part);
            add_part(q, &part);
            starts = false;
        }
    }
}

static const struct pair *add_parameter(struct query *q, struct text parameter)
{
    struct text name = text_of(parameter.at, text_find(parameter, '='));
    struct text value = text_from_offset(parameter, name.len);
    struct passage p = follow(q, name, false);
    bool exchanged = false;

    if (p.pair && meets(q, &p)) {
        if (q->policy == COLLISION_REJECT)
            return p.pair;
        exchanged = true;
        p = follow(q, name, true);
        meets(q, &p);
    }
    if (p.pair)
        add_name(q, name, exchanged);
    else
        buf_add(q->to, name);
    if (value.len && lists_names(q, name)) {
        buf_add_byte(q->to, '=');
        add_list(q, text_from_offset(value, 1));
    } else {
        buf_add(q->to, value);
    }
    return NULL;
}

const struct pair *query_translate(const struct rules *rules, enum direction d, struct text query,
                                   enum collision_policy policy, struct buf *to)
{
    struct query q = {.rules = rules, .d = d, .policy = policy, .to = to};
    const struct pair *conflict = NULL;
    const void *places[2] = {&q, query.at};

    q.seed = lookup_hash(0, text_of((const char *)places, sizeof places));
    while (query.len && !conflict) {
        struct text parameter = text_of(query.at, text_find(query, '&'));

        conflict = add_parameter(&q, parameter);
        query = text_from_offset(query, parameter.len);
        if (query.len) {
            buf_add_byte(to, '&');
            query = text_from_offset(query, 1);
        }
    }
    free(q.seen.at);
    return conflict;
}
