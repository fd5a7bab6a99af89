#include "translate/form_name.h"

#include "mapping/builder.h"
#include "mapping/lookup.h"
#include "mapping/watch.h"

#include <stdlib.h>

enum { FIRST_ROOM = 16 };

/* A name that a rule knows. */
struct form_seen {
    uint64_t left, came; /* hashes of decoded names */
    struct body_place place;
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

/* --- urlencoded ------------------------------------------------------------------ */

int form_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void form_add_escaped(struct buf *to, char c)
{
    static const char hex[] = "0123456789ABCDEF";

    buf_add_byte(to, '%');
    buf_add_byte(to, hex[(unsigned char)c >> 4]);
    buf_add_byte(to, hex[(unsigned char)c & 15]);
}

static char take_urlencoded(struct text raw, size_t *taken_out)
{
    *taken_out = 1;
    if (raw.at[0] == '+')
        return ' ';
    if (raw.at[0] != '%' || raw.len < 3 || form_hex_digit(raw.at[1]) < 0 ||
        form_hex_digit(raw.at[2]) < 0)
        return raw.at[0];
    *taken_out = 3;
    return (char)(form_hex_digit(raw.at[1]) << 4 | form_hex_digit(raw.at[2]));
}

static void add_urlencoded(struct buf *to, struct text name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        bool alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');

        if (alnum || (c && strchr("-._~!$'()*:@/?", c)))
            buf_add_byte(to, c);
        else
            form_add_escaped(to, c);
    }
}

const struct form_coding form_urlencoded = {take_urlencoded, add_urlencoded};

/* --- parts ------------------------------------------------------------------------- */

/* Takes the bytes before the next of the decoded SEPARATORS off *RAW. */
static void take_part(const struct form_coding *coding, struct text *raw, const char *separators,
                      struct part *part_out)
{
    struct text rest = *raw;

    part_out->len = 0;
    part_out->too_long = false;
    while (rest.len) {
        size_t taken;
        char c = coding->take(rest, &taken);

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

static struct text part_name(const struct part *part)
{
    return text_of(part->decoded, part->len);
}

static const struct pair *pair_of(const struct form_names *n, const struct part *part)
{
    return part->too_long ? NULL : rules_parameter(n->rules, n->table, part_name(part));
}

/*
 * What PART, which PAIR knows or nobody (NULL), leaves as; absent if it
 * stays.  EXCHANGED: it is to leave under the other side of what it would.
 */
static struct text part_leaves(const struct form_names *n, const struct part *part,
                               const struct pair *pair, bool exchanged)
{
    if (!pair)
        return (struct text){0};
    bool from = text_eq(pair_from(pair, n->direction), part_name(part));
    if (from == exchanged)
        return (struct text){0};
    return from ? pair_to(pair, n->direction) : pair_from(pair, n->direction);
}

/* Tells of PART, which no rule knows, if it is a name to watch out for. */
static void look_at(const struct form_names *n, const struct part *part)
{
    const struct watch *watch = rules_watch(n->rules);

    if (!n->watcher || !n->watcher->unmapped || n->direction == REQUEST || part->too_long)
        return;
    if (watch && watch_sees(watch, part_name(part)))
        n->watcher->unmapped(n->watcher->owner, n->kind, part_name(part), NULL);
}

/* Goes over the parts of NAME. */
static struct passage follow(const struct form_names *n, const struct form_name *name)
{
    struct passage p = {.came = n->seed, .left = n->seed};
    struct text rest = name->raw;

    while (rest.len) {
        struct part part;
        size_t taken;

        take_part(name->coding, &rest, "[]", &part);
        const struct pair *pair = pair_of(n, &part);
        struct text leaves = part_leaves(n, &part, pair, false);
        if (!pair)
            look_at(n, &part);
        p.came = lookup_hash(p.came, part_name(&part));
        p.left = lookup_hash(p.left, leaves.at ? leaves : part_name(&part));
        p.pair = pair ? pair : p.pair;
        if (rest.len) {
            char separator = name->coding->take(rest, &taken);

            p.came = lookup_hash(p.came, text_of(&separator, 1));
            p.left = lookup_hash(p.left, text_of(&separator, 1));
            rest = text_from_offset(rest, taken);
        }
    }
    return p;
}

static void tell(const struct form_names *n, const struct pair *pair, bool renamed, bool exchanged,
                 struct body_place place)
{
    if (!n->watcher || !pair)
        return;
    if (renamed && n->watcher->renamed)
        n->watcher->renamed(n->watcher->owner, pair, place);
    else if (!renamed && !exchanged && n->watcher->passed_name)
        n->watcher->passed_name(n->watcher->owner, pair, place);
}

/* Appends NAME part by part; EXCHANGED as in part_leaves. */
static void add_name(const struct form_names *n, const struct form_name *name, bool exchanged,
                     struct buf *to)
{
    struct text rest = name->raw;

    while (rest.len) {
        struct part part;
        size_t taken;

        take_part(name->coding, &rest, "[]", &part);
        const struct pair *pair = pair_of(n, &part);
        struct text leaves = part_leaves(n, &part, pair, exchanged);
        if (leaves.at)
            name->coding->add(to, leaves);
        else
            buf_add(to, part.raw);
        tell(n, pair, leaves.at, exchanged, name->place);
        if (rest.len) {
            name->coding->take(rest, &taken);
            buf_add(to, text_of(rest.at, taken));
            rest = text_from_offset(rest, taken);
        }
    }
}

/* --- names that meet ---------------------------------------------------------------- */

/* The slot of who left as LEFT, or the free one where it would stand. */
static uint32_t *slot_of(const struct form_names *n, uint64_t left)
{
    size_t mask = 2 * n->room - 1;
    size_t at = left & mask;

    while (n->slots[at] && n->seen[n->slots[at] - 1].left != left)
        at = (at + 1) & mask;
    return &n->slots[at];
}

static bool grow(struct form_names *n)
{
    size_t room = n->room ? 2 * n->room : FIRST_ROOM;
    struct form_seen *seen = realloc(n->seen, room * sizeof *seen);

    if (!seen)
        return false;
    n->seen = seen;
    uint32_t *slots = calloc(2 * room, sizeof *slots);
    if (!slots)
        return false;
    free(n->slots);
    n->slots = slots;
    n->room = room;
    for (size_t i = 0; i < n->count; i++)
        *slot_of(n, seen[i].left) = (uint32_t)i + 1;
    return true;
}

static enum translate_code refuse(struct form_names *n, enum translate_code code, const char *what,
                                  struct body_place place)
{
    n->fault = (struct translate_fault){.code = code, .place = place, .what = what};
    return code;
}

/*
 * Remembers that a name left as P; FIRST_OUT is then NULL, or who left under
 * that name before and came under another.
 */
static enum translate_code note(struct form_names *n, const struct passage *p,
                                struct body_place place, const struct form_seen **first_out)
{
    *first_out = NULL;
    if (n->count == n->room && n->count < n->most && !grow(n))
        return refuse(n, TRANSLATE_NO_MEMORY, "no memory", place);
    uint32_t *slot = slot_of(n, p->left);
    if (*slot) {
        const struct form_seen *first = &n->seen[*slot - 1];

        *first_out = first->came != p->came ? first : NULL;
        return TRANSLATE_OK;
    }
    if (n->count == n->most)
        return refuse(n, TRANSLATE_INVALID_FORM, "too many different names", place);
    n->seen[n->count++] = (struct form_seen){p->left, p->came, place};
    *slot = (uint32_t)n->count;
    return TRANSLATE_OK;
}

static enum translate_code refuse_conflict(struct form_names *n, const struct pair *pair,
                                           const struct form_name *name,
                                           const struct form_seen *first)
{
    refuse(n, TRANSLATE_CONFLICT, "two fields would have one name", name->place);
    n->fault.name = pair->client;
    n->fault.first = first->place;
    n->conflict = pair;
    return TRANSLATE_CONFLICT;
}

/* --- what the room calls ---------------------------------------------------------------- */

void form_names_init(struct form_names *n, const struct rules *rules, enum direction d,
                     enum direction table, size_t most)
{
    *n = (struct form_names){.rules = rules,
                             .direction = d,
                             .table = table,
                             .policy = rules_collisions(rules, d),
                             .most = most};
    const void *places[2] = {n, rules};
    n->seed = lookup_hash(0, text_of((const char *)places, sizeof places));
}

void form_names_fini(struct form_names *n)
{
    free(n->seen);
    free(n->slots);
    n->seen = NULL;
    n->slots = NULL;
    n->count = n->room = 0;
}

enum translate_code form_names_take(struct form_names *n, const struct form_name *name,
                                    struct buf *to)
{
    struct passage p = follow(n, name);
    const struct form_seen *first = NULL;
    enum translate_code code = TRANSLATE_OK;

    if (p.pair)
        code = note(n, &p, name->place, &first);
    if (first && n->watcher && n->watcher->collided)
        n->watcher->collided(n->watcher->owner, p.pair, name->place);
    if (first && n->policy == COLLISION_REJECT)
        return refuse_conflict(n, p.pair, name, first);
    if (code != TRANSLATE_OK)
        return code;
    if (p.pair)
        add_name(n, name, first != NULL, to);
    else
        buf_add(to, name->raw);
    return to->failed ? refuse(n, TRANSLATE_NO_MEMORY, "no memory", name->place) : TRANSLATE_OK;
}

bool form_names_lists(const struct form_names *n, const struct form_name *name)
{
    struct text rest = name->raw;
    struct part base;

    take_part(name->coding, &rest, "[]", &base);
    const struct pair *pair = n->direction == RESPONSE ? pair_of(n, &base) : NULL;
    return !base.too_long && rules_names_in(n->rules, pair ? pair->client : part_name(&base));
}

void form_names_list(const struct form_names *n, struct text list, struct buf *to)
{
    bool starts = true; /* a sign may stand here */

    while (list.len) {
        struct part part;
        size_t taken;
        char c = form_urlencoded.take(list, &taken);

        if (c == ',' || c == '.' || (starts && (c == '+' || c == '-' || c == ' '))) {
            buf_add(to, text_of(list.at, taken));
            list = text_from_offset(list, taken);
            starts = c == ',';
            continue;
        }
        take_part(&form_urlencoded, &list, ",.", &part);
        struct text leaves = part_leaves(n, &part, pair_of(n, &part), false);
        if (leaves.at)
            form_urlencoded.add(to, leaves);
        else
            buf_add(to, part.raw);
        starts = false;
    }
}
