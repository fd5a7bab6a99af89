/*
 * Generated bodies: a generator writes both dialects side by side, so what
 * leaves is known without asking the translator.  Then the same bodies with
 * a few bytes spoilt: the verdict is that of a small validator of its own,
 * and every cut gives the same bytes, verdict and fault.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/translate/cutting.h"
#include "unit/translate/rules_text.h"
#include "unit/translate/validator.h"

#include <stdio.h>

static const char RULES[] = "field dataProductId workspaceId\n"
                            "field dataProduct workspace\n"
                            "field größe si\"ze\n"
                            "field productId wid both $.items[*]\n"
                            "opaque $..rows\n"
                            "map $..kind\n"
                            "to data_product workspace\n"
                            "to é e\n"
                            "collisions request keep\n"
                            "collisions response keep\n";

/* --- both dialects side by side --------------------------------------------------- */

struct both {
    uint32_t seed;
    enum direction direction;
    struct buf in, out;
    unsigned budget; /* values to come */
};

/* Where the generator stands; it need not know how the gateway sees that. */
struct spot {
    bool opaque;
    bool root;    /* the outermost value */
    bool items;   /* the value of "items" in the outermost object */
    bool element; /* an element of that array */
    bool kind;    /* the value of "kind" */
    unsigned depth;
};

static uint32_t roll(struct both *b, uint32_t below)
{
    return cut_random(&b->seed) % below;
}

static void add_both(struct both *b, struct text t)
{
    buf_add(&b->in, t);
    buf_add(&b->out, t);
}

static void add_space(struct both *b)
{
    static const char *const SPACES[] = {"", "", "", " ", "\n", "  ", "\t\r\n", "        "};

    add_both(b, text_from(SPACES[roll(b, 8)]));
}

/* Writes TEXT (of plain bytes) as a string to TO, some bytes escaped at random. */
static void add_escaped(struct both *b, const char *text, struct buf *to)
{
    char escape[8];

    buf_add_byte(to, '"');
    for (const char *c = text; *c; c++) {
        bool must = *c == '"' || *c == '\\';

        if (must && roll(b, 2)) {
            buf_add_byte(to, '\\');
            buf_add_byte(to, *c);
        } else if (must || (*c > 0 && roll(b, 5) == 0)) {
            snprintf(escape, sizeof escape, roll(b, 2) ? "\\u%04x" : "\\u%04X", *c);
            buf_add(to, text_from(escape));
        } else {
            buf_add_byte(to, *c);
        }
    }
    buf_add_byte(to, '"');
}

/* Writes a string that leaves as it comes. */
static void add_kept(struct both *b, const char *text)
{
    size_t from = b->in.len;

    add_escaped(b, text, &b->in);
    buf_add(&b->out, text_of(b->in.at + from, b->in.len - from));
}

static const struct {
    const char *client, *upstream;
    const char *client_json, *upstream_json; /* written with as few escapes as may be */
} PAIRS[] = {{"dataProductId", "workspaceId", "\"dataProductId\"", "\"workspaceId\""},
             {"dataProduct", "workspace", "\"dataProduct\"", "\"workspace\""},
             {"größe", "si\"ze", "\"größe\"", "\"si\\\"ze\""},
             {"productId", "wid", "\"productId\"", "\"wid\""}},
  WORDS[] = {{"data_product", "workspace", "\"data_product\"", "\"workspace\""},
             {"é", "e", "\"é\"", "\"e\""}};

static void add_changed(struct both *b, const char *client, const char *upstream,
                        const char *client_json, const char *upstream_json)
{
    bool request = b->direction == REQUEST;

    add_escaped(b, request ? client : upstream, &b->in);
    buf_add(&b->out, text_from(request ? upstream_json : client_json));
}

static void add_string(struct both *b, struct spot at)
{
    static const char *const TEXTS[] = {"",
                                        "x",
                                        "dataProductId",
                                        "workspaceId",
                                        "a longer text, \"quoted\" \\ and é and 売上高 and so on",
                                        "productId",
                                        "data_product ",
                                        "kind"};
    if (at.kind && !at.opaque && roll(b, 2)) {
        size_t i = roll(b, 2);

        add_changed(b, WORDS[i].client, WORDS[i].upstream, WORDS[i].client_json,
                    WORDS[i].upstream_json);
    } else {
        add_kept(b, TEXTS[roll(b, 8)]);
    }
}

static void add_value(struct both *b, struct spot at);

static void add_array(struct both *b, struct spot at)
{
    struct spot element = {.opaque = at.opaque, .element = at.items, .depth = at.depth + 1};

    add_both(b, TEXT("["));
    for (unsigned i = 0, count = roll(b, 5); i < count; i++) {
        if (i > 0)
            add_both(b, TEXT(","));
        add_value(b, element);
    }
    add_both(b, TEXT("]"));
}

/* Writes one key, unlike the others of its object, and says what spot it leads to. */
static struct spot add_key(struct both *b, struct spot at, unsigned nth)
{
    static const char *const NEAR[] = {"dataProductIds",
                                       "slackWorkspaceId",
                                       "DataProduct",
                                       "si",
                                       "a key much longer than any of the names in the table is",
                                       "\xc3\xa9",
                                       "wi",
                                       ""};
    struct spot to = {.opaque = at.opaque, .depth = at.depth + 1};
    char numbered[80];

    if (nth < 4) {
        bool acts = !at.opaque && (nth < 3 || at.element);
        /* Where a name is not to be renamed, either spelling may stand. */
        if (acts)
            add_changed(b, PAIRS[nth].client, PAIRS[nth].upstream, PAIRS[nth].client_json,
                        PAIRS[nth].upstream_json);
        else
            add_kept(b, roll(b, 2) ? PAIRS[nth].client : PAIRS[nth].upstream);
    } else if (nth == 4) {
        add_kept(b, "rows");
        to.opaque = true;
    } else if (nth == 5) {
        add_kept(b, "kind");
        to.kind = true;
    } else if (nth == 6) {
        add_kept(b, "items");
        to.items = at.root;
    } else {
        snprintf(numbered, sizeof numbered, "%s%u", NEAR[roll(b, 8)], nth);
        add_kept(b, numbered);
    }
    return to;
}

static void add_object(struct both *b, struct spot at)
{
    unsigned written = 0;

    add_both(b, TEXT("{"));
    add_space(b);
    for (unsigned nth = 0; nth < 10; nth++) {
        if (roll(b, 3))
            continue;
        if (written++ > 0)
            add_both(b, TEXT(","));
        add_space(b);
        struct spot to = add_key(b, at, nth);
        add_space(b);
        add_both(b, TEXT(":"));
        add_value(b, to);
    }
    add_both(b, TEXT("}"));
}

static void add_value(struct both *b, struct spot at)
{
    static const char *const ATOMS[] = {"0",          "-1",    "true", "false", "null",
                                        "1234567890", "1e400", "-0.0", "10",    "100.250E-07"};
    add_space(b);
    uint32_t kind = at.root ? 0 : at.items ? 3 : roll(b, 10);
    if (at.depth > 6 || b->budget == 0)
        kind = 9;
    b->budget -= b->budget > 0;
    if (kind < 3)
        add_object(b, at);
    else if (kind < 5)
        add_array(b, at);
    else if (kind < 8)
        add_string(b, at);
    else
        add_both(b, text_from(ATOMS[roll(b, 10)]));
    add_space(b);
}

static void generate(struct both *b, uint32_t seed, enum direction d)
{
    *b = (struct both){.seed = seed, .direction = d, .budget = 60};
    buf_init(&b->in, 1 << 20);
    buf_init(&b->out, 1 << 20);
    add_value(b, (struct spot){.root = true});
}

static void both_fini(struct both *b)
{
    buf_fini(&b->in);
    buf_fini(&b->out);
}

/* --- the tests --------------------------------------------------------------------------- */

static void expect(const struct mapping *m, const struct both *b, struct cut cut, uint32_t seed)
{
    struct translated t = cut_translate(m, b->direction, buf_text(&b->in), cut);

    if (t.code != TRANSLATE_OK || !text_eq(buf_text(&t.out), buf_text(&b->out)))
        fail_msg("seed %u, direction %d, pieces of %zu: code %d, %s\n%.*s\nleft\n%.*s\nnot\n%.*s",
                 seed, (int)b->direction, cut.size, (int)t.code, t.fault.what,
                 TEXT_ARG(buf_text(&b->in)), TEXT_ARG(buf_text(&t.out)),
                 TEXT_ARG(buf_text(&b->out)));
    cut_fini(&t);
}

static void bodies_leave_in_the_other_dialect(void **state)
{
    struct mapping *m = rules_text(text_from(RULES));

    (void)state;
    for (uint32_t seed = 1; seed < 3000; seed++) {
        struct both b;

        generate(&b, seed * 2654435761u, seed % 2 ? REQUEST : RESPONSE);
        assert_true(is_good_json(buf_text(&b.in), b.direction == REQUEST));
        expect(m, &b, (struct cut){.size = SIZE_MAX}, seed);
        expect(m, &b, cut_way(seed % CUT_WAYS), seed);
        both_fini(&b);
    }
    mapping_unref(&m);
}

static void spoil(struct buf *b, uint32_t *seed)
{
    static const char BYTES[] = "\"\\{}[],:0 1etn\n/\f\xc3\x80u.-";
    size_t at = cut_random(seed) % b->len;

    switch (cut_random(seed) % 4) {
    case 0:
        b->len = at; /* cut short */
        break;
    case 1:
        memmove(b->at + at, b->at + at + 1, --b->len - at);
        break;
    case 2:
        buf_add_byte(b, ' ');
        memmove(b->at + at + 1, b->at + at, b->len - 1 - at);
        b->at[at] = BYTES[cut_random(seed) % (sizeof BYTES - 1)];
        break;
    default:
        b->at[at] = BYTES[cut_random(seed) % (sizeof BYTES - 1)];
    }
}

static void try_spoilt(const struct mapping *m, enum direction d, struct text body, uint32_t seed)
{
    struct translated whole = cut_translate(m, d, body, (struct cut){.size = SIZE_MAX});
    bool good = is_good_json(body, d == REQUEST);

    if (good != (whole.code == TRANSLATE_OK))
        fail_msg("seed %u: code %d, %s, of\n%.*s", seed, (int)whole.code, whole.fault.what,
                 TEXT_ARG(body));
    for (uint32_t i = 0; i < 4; i++) {
        uint32_t way = i == 0 ? 0 : seed * 5 + i;
        struct translated t = cut_translate(m, d, body, cut_way(way % CUT_WAYS));

        if (!cut_same(&whole, &t))
            fail_msg("seed %u, cut %u: %s at %u, whole %s at %u; left %zu, whole %zu, of\n%.*s",
                     seed, way, t.fault.what, (unsigned)t.fault.place.offset, whole.fault.what,
                     (unsigned)whole.fault.place.offset, t.out.len, whole.out.len, TEXT_ARG(body));
        cut_fini(&t);
    }
    cut_fini(&whole);
}

static void spoilt_bodies_get_the_same_verdict_at_every_cut(void **state)
{
    struct mapping *m = rules_text(text_from(RULES));

    (void)state;
    for (uint32_t seed = 1; seed < 6000; seed++) {
        struct both b;
        uint32_t spoiling = seed * 40503;

        generate(&b, seed * 2246822519u, seed % 2 ? REQUEST : RESPONSE);
        for (uint32_t i = 0; i <= seed % 3 && b.in.len > 0; i++)
            spoil(&b.in, &spoiling);
        try_spoilt(m, b.direction, buf_text(&b.in), seed);
        both_fini(&b);
    }
    mapping_unref(&m);
}

/* Without escapes in renamed names, there and back is where it began. */
static void there_and_back(void **state)
{
    struct mapping *m = rules_text(text_from(RULES));

    (void)state;
    for (uint32_t seed = 1; seed < 1000; seed++) {
        struct both b;

        /* What left as a request has minimal escapes, and so is its own way back. */
        generate(&b, seed * 3266489917u, RESPONSE);
        struct translated up =
            cut_translate(m, REQUEST, buf_text(&b.out), (struct cut){.size = 64});
        struct translated down =
            cut_translate(m, RESPONSE, buf_text(&up.out), (struct cut){.size = 100});
        assert_int_equal(up.code, TRANSLATE_OK);
        assert_true(text_eq(buf_text(&down.out), buf_text(&b.out)));
        cut_fini(&up);
        cut_fini(&down);
        both_fini(&b);
    }
    mapping_unref(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_leave_in_the_other_dialect),
        cmocka_unit_test(spoilt_bodies_get_the_same_verdict_at_every_cut),
        cmocka_unit_test(there_and_back)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
