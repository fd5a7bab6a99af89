#include "unit/translate/golden.h"

#include "translate/query.h"
#include "translate/translator.h"

enum { FORM_NAMES = 8192 }; /* what form.c remembers */

static const char RULES[] = "field dataProductId workspaceId\n"
                            "field dataProduct workspace\n"
                            "field na&me n=m\n"
                            "names_in sort\nnames_in fields\n";

/* --- golden cases -------------------------------------------------------------------- */

static size_t value_max;

static struct translator *make_limited(const struct translator_task *task)
{
    struct translate_limits limits = *task->limits;
    struct translator_task limited = *task;

    limits.json_value = value_max;
    limited.limits = &limits;
    return form_new(&limited);
}

/* "value=N" in a body's section is the most of a list that is held. */
static cut_maker *maker(struct text head)
{
    const char *at = memmem(head.at, head.len, "value=", 6);

    value_max = at ? strtoul(at + 6, NULL, 10) : CUT_LIMITS.json_value;
    return make_limited;
}

static void the_golden_cases_hold_at_every_cut(void **state)
{
    static const struct golden_kind FORM = {"test/golden/form", maker};

    (void)state;
    golden_run(&FORM);
}

/* --- a form against the whole query ---------------------------------------------------- */

static void add_random(struct buf *to, uint32_t *seed)
{
    static const char *const PIECES[] = {"&dataProductId",
                                         "&workspaceId",
                                         "&dataProduct",
                                         "&workspace",
                                         "dataProductId",
                                         "[",
                                         "]",
                                         "=",
                                         "&",
                                         "&",
                                         "%5B",
                                         "%5d",
                                         "%26",
                                         "sort=",
                                         ",",
                                         "-",
                                         "+",
                                         "x",
                                         "%64",
                                         "%",
                                         "na%26me",
                                         "n%3Dm",
                                         ".",
                                         "%2C",
                                         "1",
                                         "\r\n",
                                         "\xff",
                                         "fields="};

    buf_add(to, text_from(PIECES[cut_random(seed) % (sizeof PIECES / sizeof PIECES[0])]));
}

static bool same(struct text got, enum translate_code code, struct text want,
                 const struct pair *conflict)
{
    if (conflict)
        return code == TRANSLATE_CONFLICT && got.len <= want.len &&
               memcmp(got.at, want.at, got.len) == 0;
    return code == TRANSLATE_OK && text_eq(got, want);
}

/* A query is the same form in one piece, and its code is tried on its own. */
static void a_form_leaves_as_the_same_query_would(void **state)
{
    struct mapping *m = rules_text(text_from(RULES));
    uint32_t seed = 5;
    size_t conflicts = 0;

    (void)state;
    value_max = CUT_LIMITS.json_value;
    for (uint32_t round = 0; round < 4000; round++) {
        struct buf body, want;

        buf_init(&body, 4096);
        buf_init(&want, 65536);
        for (size_t n = cut_random(&seed) % 40; n > 0; n--)
            add_random(&body, &seed);
        const struct pair *conflict = query_translate(mapping_global(m), REQUEST, buf_text(&body),
                                                      COLLISION_REJECT, NULL, &want);
        for (uint32_t i = 0; i < 4; i++) {
            struct cut cut =
                i < 3 ? cut_way(cut_random(&seed) % CUT_WAYS) : (struct cut){.size = SIZE_MAX};
            struct translated got =
                cut_kind(make_limited, m, REQUEST, &CUT_LIMITS, buf_text(&body), cut);

            if (!same(buf_text(&got.out), got.code, buf_text(&want), conflict))
                fail_msg("%.*s left as %.*s, not %.*s", TEXT_ARG(buf_text(&body)),
                         TEXT_ARG(buf_text(&got.out)), TEXT_ARG(buf_text(&want)));
            cut_fini(&got);
        }
        conflicts += conflict != NULL;
        buf_fini(&body);
        buf_fini(&want);
    }
    assert_true(conflicts > 100 && conflicts < 3900);
    mapping_unref(&m);
}

/* --- a form against what it was made from ---------------------------------------------- */

/* Appends NAME, each byte escaped or not. */
static void add_escaping(struct buf *to, struct text name, uint32_t *seed)
{
    char escape[4];

    for (size_t i = 0; i < name.len; i++) {
        snprintf(escape, sizeof escape, cut_random(seed) % 2 ? "%%%02X" : "%%%02x",
                 (unsigned char)name.at[i]);
        if (cut_random(seed) % 4 == 0 || name.at[i] == '&')
            buf_add(to, text_from(escape));
        else
            buf_add_byte(to, name.at[i]);
    }
}

/* Appends one field to CLIENT and the same field to UPSTREAM. */
static void add_field(struct buf *client, struct buf *upstream, uint32_t *seed)
{
    static const char *const NAMES[][2] = {{"dataProductId", "workspaceId"},
                                           {"dataProduct", "workspace"},
                                           {"na&me", "n%3Dm"},
                                           {"dataProducts", NULL},
                                           {"x", NULL},
                                           {"", NULL}};
    static const char *const VALUES[] = {"", "=", "=1", "=dataProductId", "=a+b%20&=[x]"};

    for (size_t part = cut_random(seed) % 4, i = 0; i <= part; i++) {
        const char *const *name = NAMES[cut_random(seed) % (sizeof NAMES / sizeof NAMES[0])];
        size_t from = client->len;

        if (i > 0)
            buf_add(client, cut_random(seed) % 2 ? TEXT("[") : TEXT("%5B"));
        buf_add(upstream, text_from_offset(buf_text(client), from));
        from = client->len;
        add_escaping(client, text_from(name[0]), seed);
        buf_add(upstream, name[1] ? text_from(name[1]) : text_from_offset(buf_text(client), from));
        from = client->len;
        if (i > 0)
            buf_add(client, cut_random(seed) % 2 ? TEXT("]") : TEXT("%5d"));
        buf_add(upstream, text_from_offset(buf_text(client), from));
    }
    struct text value = text_from(VALUES[cut_random(seed) % (sizeof VALUES / sizeof VALUES[0])]);
    buf_add(client, value);
    buf_add(upstream, value);
    buf_add_byte(client, '&');
    buf_add_byte(upstream, '&');
}

static void a_form_leaves_as_it_was_made(void **state)
{
    struct mapping *m = rules_text(text_from(RULES));
    uint32_t seed = 17;

    (void)state;
    value_max = CUT_LIMITS.json_value;
    for (uint32_t round = 0; round < 1000; round++) {
        struct buf client, upstream;

        buf_init(&client, 65536);
        buf_init(&upstream, 65536);
        for (size_t n = cut_random(&seed) % 12; n > 0; n--)
            add_field(&client, &upstream, &seed);
        struct translated t = cut_kind(make_limited, m, REQUEST, &CUT_LIMITS, buf_text(&client),
                                       cut_way(round % CUT_WAYS));
        if (t.code != TRANSLATE_OK || !text_eq(buf_text(&t.out), buf_text(&upstream)))
            fail_msg("%.*s left as %.*s, not %.*s", TEXT_ARG(buf_text(&client)),
                     TEXT_ARG(buf_text(&t.out)), TEXT_ARG(buf_text(&upstream)));
        cut_fini(&t);
        buf_fini(&client);
        buf_fini(&upstream);
    }
    mapping_unref(&m);
}

/* --- ceilings ------------------------------------------------------------------------------ */

static struct translated translate(const struct mapping *m, struct text body, struct cut cut)
{
    value_max = CUT_LIMITS.json_value;
    return cut_kind(make_limited, m, REQUEST, &CUT_LIMITS, body, cut);
}

static void check_everywhere(const struct mapping *m, struct text body, struct text want)
{
    static const size_t SIZES[] = {1, 7, 4096, SIZE_MAX};

    for (size_t i = 0; i < sizeof SIZES / sizeof SIZES[0]; i++) {
        struct translated t = translate(m, body, (struct cut){.size = SIZES[i]});

        assert_int_equal(t.code, TRANSLATE_OK);
        assert_true(text_eq(buf_text(&t.out), want));
        cut_fini(&t);
    }
}

/* A name of N bytes behind a list, with the known name INSIDE at its end. */
static struct buf named(size_t n, const char *inside)
{
    struct buf form;

    buf_init(&form, SIZE_MAX);
    buf_add(&form, TEXT("sort=x&"));
    while (form.len < strlen("sort=x&") + n - strlen("[dataProductId]"))
        buf_add_byte(&form, 'x');
    buf_add_byte(&form, '[');
    buf_add(&form, text_from(inside));
    buf_add(&form, TEXT("]=dataProductId&dataProductId=2"));
    return form;
}

static void a_name_past_its_ceiling_streams_as_it_came(void **state)
{
    struct mapping *m = rules_text(text_from(RULES));
    size_t ceiling = (strlen("dataProductId") * 3 + 6) * 64;

    (void)state;
    for (size_t n = ceiling - 1; n <= ceiling + 1; n++) {
        struct buf body = named(n, "dataProductId");
        struct buf want = named(n, n > ceiling ? "dataProductId" : "workspaceId");

        want.len -= strlen("dataProductId=2");
        buf_add(&want, TEXT("workspaceId=2"));
        check_everywhere(m, buf_text(&body), buf_text(&want));
        buf_fini(&body);
        buf_fini(&want);
    }
    mapping_unref(&m);
}

/* COUNT names that a rule knows, all different, each twice. */
static struct buf many(size_t count)
{
    struct buf form;
    char field[64];

    buf_init(&form, SIZE_MAX);
    for (size_t i = 0; i < 2 * count; i++) {
        snprintf(field, sizeof field, "f[%zu][dataProductId]=&", i / 2);
        buf_add(&form, text_from(field));
    }
    return form;
}

static void more_different_names_than_are_remembered_are_refused(void **state)
{
    struct mapping *m = rules_text(text_from(RULES));
    struct buf most = many(FORM_NAMES), over = many(FORM_NAMES + 1);

    (void)state;
    for (size_t size = 11; size < 100000; size += 65536) {
        struct cut cut = {.size = size};
        struct translated t = translate(m, buf_text(&most), cut);

        assert_int_equal(t.code, TRANSLATE_OK);
        assert_int_equal(t.out.len, most.len - FORM_NAMES * 2 * 2);
        cut_fini(&t);
        t = translate(m, buf_text(&over), cut);
        assert_int_equal(t.code, TRANSLATE_INVALID_FORM);
        assert_int_equal(t.fault.place.offset, most.len);
        assert_int_equal(t.out.len, most.len - FORM_NAMES * 2 * 2);
        cut_fini(&t);
    }
    buf_fini(&most);
    buf_fini(&over);
    mapping_unref(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_golden_cases_hold_at_every_cut),
        cmocka_unit_test(a_form_leaves_as_the_same_query_would),
        cmocka_unit_test(a_form_leaves_as_it_was_made),
        cmocka_unit_test(a_name_past_its_ceiling_streams_as_it_came),
        cmocka_unit_test(more_different_names_than_are_remembered_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
