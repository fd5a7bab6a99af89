#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/change.h"
#include "cli/cli.h"
#include "cli/path_cover.h"
#include "unit/cli/run.h"

/* The most of what a mapping needs, so that a case says only what it is about. */
#define TOP   "version: 1\n"
#define ROUTE "routes:\n  - {client: \"/c/{id}\", upstream: \"/u/{id}\", methods: [GET, PUT]"
#define ONE   TOP ROUTE "}\n"

/* A passthrough with what KEYS say, beside a route that can take over. */
#define ROUTE_TO(keys)   TOP ROUTE keys "}\n"
#define DEPRECATED(keys) ONE "passthrough: [{path: \"/p/{x}\"" keys "}]\n"

struct example {
    const char *name, *old, *new;
    const char *kinds; /* the words of its lines in their order */
};

/* Six examples of NOUN; KEY and END are what stands around its table, LATER and SOONER the words
 * of lines that sort behind and before its own. */
#define PAIRS(noun, key, end, later, sooner)                                                       \
    {noun " client name", ONE key "{cx: ux}" end, ONE key "{cy: ux}" end,                          \
     noun "-request-changed " noun "-reply-changed" later},                                        \
        {noun " removed", ONE key "{cx: ux, cy: uy}" end, ONE key "{cy: uy}" end,                  \
         noun "-request-removed " noun "-reply-removed" later},                                    \
        {noun " added", ONE key "{cy: uy}" end, ONE key "{cx: ux, cy: uy}" end,                    \
         noun "-reply-added " noun "-request-added" later},                                        \
        {noun " upstream name", ONE key "{cx: ux}" end, ONE key "{cx: uy}" end,                    \
         sooner noun "-request-upstream " noun "-reply-upstream"},                                 \
        {noun " swapped", ONE key "{cx: ux, cy: uy}" end, ONE key "{cx: uy, cy: ux}" end,          \
         noun "-request-changed " noun "-request-changed " noun "-reply-changed " noun             \
              "-reply-changed" later},                                                             \
    {                                                                                              \
        noun " order", ONE key "{cx: ux, cy: uy}" end, ONE key "{cy: uy, cx: ux}" end, ""          \
    }

static const struct example examples[] = {
    /* routes */
    {"route removed", ONE "  - {client: /d, upstream: /v, methods: [GET]}\n", ONE, "route-removed"},
    {"route added", ONE, ONE "  - {client: /d, upstream: /v, methods: [GET]}\n", "route-added"},
    {"routes in another order",
     TOP "routes:\n  - {client: /c, upstream: /u, methods: [GET]}\n"
         "  - {client: /d, upstream: /v, methods: [GET]}\n",
     TOP "routes:\n  - {client: /d, upstream: /v, methods: [GET]}\n"
         "  - {client: /c, upstream: /u, methods: [GET]}\n",
     ""},
    {"parameter of another name", ONE,
     TOP "routes:\n  - {client: \"/c/{name}\", upstream: \"/u/{name}\", methods: [PUT, GET]}\n",
     ""},
    {"upstream template", ONE,
     TOP "routes:\n  - {client: \"/c/{id}\", upstream: \"/w/{id}\", methods: [GET, PUT]}\n",
     "route-upstream"},
    {"client template", ONE,
     TOP "routes:\n  - {client: \"/d/{id}\", upstream: \"/u/{id}\", methods: [GET, PUT]}\n",
     "route-removed route-added"},
    {"still served by a wider route",
     ONE "  - {client: /d/e, upstream: /v/e, methods: [GET]}\n"
         "  - {client: \"/d/**\", upstream: \"/v/**\", methods: [GET]}\n",
     ONE "  - {client: \"/d/**\", upstream: \"/v/**\", methods: [GET]}\n", ""},
    {"a narrower route takes a method away", ONE,
     ONE "  - {client: /c/x, upstream: /u/x, methods: [PUT]}\n", "method-removed"},
    {"a route where two others meet",
     TOP "routes:\n  - {client: \"/{a}/b\", upstream: \"/u/{a}\", methods: [GET]}\n",
     TOP "routes:\n  - {client: \"/{a}/b\", upstream: \"/u/{a}\", methods: [GET]}\n"
         "  - {client: \"/a/**\", upstream: \"/w/**\", methods: [GET]}\n",
     "route-added route-upstream"},
    {"a route that fences a passthrough off", TOP "passthrough: [{path: \"/p/**\"}]\n",
     TOP "routes:\n  - {client: /p/x, upstream: /x, methods: [GET]}\n"
         "passthrough: [{path: \"/p/**\"}]\n",
     "route-removed method-removed translation-begun route-upstream"},
    {"method removed", ONE,
     TOP "routes:\n  - {client: \"/c/{id}\", upstream: \"/u/{id}\", methods: [GET]}\n",
     "method-removed"},
    {"method added",
     TOP "routes:\n  - {client: \"/c/{id}\", upstream: \"/u/{id}\", methods: [GET]}\n", ONE,
     "method-added"},
    {"upstream method", ONE,
     TOP "routes:\n  - {client: \"/c/{id}\", upstream: \"/u/{id}\", methods: [GET, {PUT: "
         "POST}]}\n",
     "method-upstream"},
    {"link",
     TOP "routes:\n  - {client: /c, upstream: /u, methods: [GET]}\n"
         "  - {client: /d, upstream: /u, methods: [GET]}\n",
     TOP "routes:\n  - {client: /d, upstream: /u, methods: [GET]}\n"
         "  - {client: /c, upstream: /u, methods: [GET]}\n",
     "link-changed link-changed"},
    {"passthrough becomes a route", TOP "passthrough: [{path: /c}]\n",
     TOP "routes:\n  - {client: /c, upstream: /c, methods: [GET, PUT, POST, PATCH, DELETE]}\n",
     "translation-begun"},
    {"passthrough removed", ONE "passthrough: [{path: /p}]\n", ONE, "route-removed"},
    {"raw", ONE, TOP ROUTE ", body: raw}\n", "translation-ended"},
    {"auto", TOP ROUTE ", body: raw}\n", ONE, "translation-begun"},

    /* limits */
    {"timeout raised", TOP ROUTE ", timeout: 1s}\n", TOP ROUTE ", timeout: 2s}\n",
     "timeout-raised"},
    {"timeout lowered", TOP ROUTE ", timeout: 2s}\n", TOP ROUTE ", timeout: 1s}\n",
     "timeout-lowered"},
    {"timeout of its own", ONE, TOP ROUTE ", timeout: 1s}\n", "timeout-source"},
    {"body raised", TOP ROUTE ", max_body: 1KiB}\n", TOP ROUTE ", max_body: 2KiB}\n",
     "max-body-raised"},
    {"body unlimited", ONE, TOP ROUTE ", max_body: unlimited}\n", "max-body-raised"},
    {"body lowered", TOP ROUTE ", max_body: 2KiB}\n", TOP ROUTE ", max_body: 1KiB}\n",
     "max-body-lowered"},
    {"body of its own", TOP ROUTE ", max_body: 2KiB}\n", ONE, "max-body-source"},

    {"a route to another service", ROUTE_TO(""), ROUTE_TO(", service: other"), "route-service"},
    /* deprecation */
    {"deprecated", DEPRECATED(""), DEPRECATED(", deprecated: 2026-03-02"), "deprecated"},
    {"not deprecated any more", DEPRECATED(", deprecated: 2026-03-02"), DEPRECATED(""),
     "deprecation-changed"},
    {"deprecated since another day", DEPRECATED(", deprecated: 2026-03-02"),
     DEPRECATED(", deprecated: 2026-03-03"), "deprecation-changed"},
    {"sunset", DEPRECATED(", deprecated: 2026-03-02"),
     DEPRECATED(", deprecated: 2026-03-02, sunset: 2027-03-02"), "sunset-changed"},
    {"another sunset", DEPRECATED(", deprecated: 2026-03-02, sunset: 2027-03-02"),
     DEPRECATED(", deprecated: 2026-03-02, sunset: 2027-03-03"), "sunset-changed"},
    {"no successor", DEPRECATED(", deprecated: 2026-03-02, successor: \"/c/{x}\""),
     DEPRECATED(", deprecated: 2026-03-02"), "successor-changed"},
    {"caller", DEPRECATED(", deprecated: 2026-03-02"),
     DEPRECATED(", deprecated: 2026-03-02, caller: X-C"), "caller-changed"},
    {"brownout", DEPRECATED(", deprecated: 2026-03-02"),
     DEPRECATED(", deprecated: 2026-03-02, brownout: [{from: 2026-12-01T09:00:00Z, to: "
                "2026-12-01T09:15:00Z}]"),
     "brownout-added"},
    {"brownout gone",
     DEPRECATED(", deprecated: 2026-03-02, brownout: [{from: 2026-12-01T09:00:00Z, to: "
                "2026-12-01T09:15:00Z}]"),
     DEPRECATED(", deprecated: 2026-03-02"), "brownout-removed"},
    {"all of it", DEPRECATED(""),
     DEPRECATED(", deprecated: 2026-03-02, brownout: [{from: 2026-12-01T09:00:00Z, to: "
                "2026-12-01T09:15:00Z}], caller: X-C, sunset: 2027-03-02"),
     "brownout-added deprecated sunset-changed caller-changed"},

    /* rules */
    PAIRS("header", "headers: ", "\n", "", ""),
    {"header in another case", ONE "headers: {X-Cx: X-Ux}\n", ONE "headers: {x-cx: x-ux}\n", ""},
    PAIRS("field", "fields: ", "\n", " etags", "etags "),
    {"field in requests only", ONE "fields: {cx: ux}\n",
     ONE "fields: {cx: {upstream: ux, direction: request}}\n", "field-reply-removed etags"},
    {"field in replies only", ONE "fields: {cx: ux}\n",
     ONE "fields: {cx: {upstream: ux, direction: response}}\n", "field-request-removed etags"},
    {"field that a route had already", TOP ROUTE ", fields: {cx: ux}}\n", ONE "fields: {cx: ux}\n",
     ""},
    {"field that no translated route has", TOP "passthrough: [{path: /p}]\n",
     TOP "passthrough: [{path: /p}]\nfields: {cx: ux}\n", ""},
    {"query names of a raw route", TOP ROUTE ", body: raw}\nfields: {cx: ux}\n",
     TOP ROUTE ", body: raw}\n", "field-request-removed"},
    {"field narrowed", ONE "fields: {cx: ux}\n", ONE "fields: {cx: {upstream: ux, at: $.a}}\n",
     "at-request-narrowed at-reply-changed etags"},
    {"field widened", ONE "fields: {cx: {upstream: ux, at: $.a.b}}\n",
     ONE "fields: {cx: {upstream: ux, at: $..b}}\n", "at-reply-changed at-request-widened etags"},
    {"the same path otherwise written", ONE "fields: {cx: {upstream: ux, at: \"$.a[*]\"}}\n",
     ONE "fields: {cx: {upstream: ux, at: \"$['a'].*\"}}\n", "etags"},
    {"opaque added", ONE "opaque: [$.a]\n", ONE "opaque: [$.a, $.b]\n", "opaque-added etags"},
    {"opaque removed", ONE "opaque: [$.a, $.b]\n", ONE "opaque: [$.b]\n", "opaque-removed etags"},
    {"opaque below opaque", ONE "opaque: [$.a]\n", ONE "opaque: [$.a, $.a.b]\n", "etags"},
    PAIRS("value", "values: [{at: $.a, map: ", "}]\n", " etags", "etags "),
    {"another map at a place that one has", ONE "values: [{at: $.a, map: {cx: ux}}]\n",
     ONE "values: [{at: $.a, map: {cx: ux}}, {at: $.a, map: {cy: uy}}]\n", "etags"},
    {"rewrite added", ONE, ONE "values: [{at: $.a, rewrite: url}]\n",
     "rewrite-reply-added rewrite-request-added etags"},
    {"rewrite removed", ONE "values: [{at: $.a, rewrite: name}]\n", ONE,
     "rewrite-request-removed rewrite-reply-removed etags"},
    {"rewrite becomes a map", ONE "values: [{at: $.a, rewrite: url, direction: response}]\n",
     ONE "values: [{at: $.a, map: {cx: ux}, direction: response}]\n",
     "rewrite-reply-removed value-reply-added etags"},
    {"values in another order that matters",
     ONE "values: [{at: $.a, rewrite: url}, {at: $..a, rewrite: name}, {at: $.*.*, rewrite: "
         "words}]\n",
     ONE "values: [{at: $.a, rewrite: url}, {at: $.*.*, rewrite: words}, {at: $..a, rewrite: "
         "name}]\n",
     "values-reordered values-reordered etags"},
    {"values in an order that does not matter",
     ONE "values: [{at: $.a, rewrite: url}, {at: $.b, rewrite: name}]\n",
     ONE "values: [{at: $.b, rewrite: name}, {at: $.a, rewrite: url}]\n", "etags"},
    {"words", ONE "values: [{at: $.a, rewrite: words}]\nwords: {c x: u x}\n",
     ONE "values: [{at: $.a, rewrite: words}]\nwords: {c x: u y, c z: u z}\n",
     "words-changed words-changed etags"},
    {"words that no rule uses", ONE, ONE "words: {c x: u x}\n", ""},
    {"names in added", ONE, ONE "query: {names_in: [sort]}\n", "names-in-added"},
    {"names in removed", ONE "query: {names_in: [sort, fields]}\n",
     ONE "query: {names_in: [fields]}\n", "names-in-removed"},
    {"watch", ONE, ONE "watch: {names: [\"*u*\"]}\n", "watch-changed"},
    {"watch ignores", ONE "watch: {names: [\"*u*\", \"*v*\"]}\n",
     ONE "watch: {names: [\"*v*\", \"*u*\"], ignore: [uz]}\n", "watch-changed"},
    {"watch in another order", ONE "watch: {names: [\"*u*\", \"*v*\"]}\n",
     ONE "watch: {names: [\"*v*\", \"*u*\"]}\n", ""},
    {"stricter", ONE "collisions: {request: keep}\n", ONE "collisions: {response: reject}\n",
     "collisions-stricter collisions-stricter etags"},
    {"laxer", ONE, ONE "collisions: {request: keep}\n", "collisions-laxer etags"},
};

enum { EXAMPLES = sizeof examples / sizeof examples[0] };

/* --- running it ------------------------------------------------------------------- */

static char *file_with(const char *text, char *name)
{
    memcpy(name, "/tmp/dpgw-diff-XXXXXX", sizeof "/tmp/dpgw-diff-XXXXXX");
    int fd = mkstemp(name);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    return name;
}

/* Runs `dpgw diff OPTION... OLD NEW` on two texts; its exit status. */
static int diff_texts(const char *old, const char *new, const char *option, const char *value)
{
    char old_name[32], new_name[32];
    const char *const arguments[] = {
        "diff", option, value, file_with(old, old_name), file_with(new, new_name), NULL};
    int status = run(cli_diff, arguments);

    unlink(old_name);
    unlink(new_name);
    return status;
}

/* The words after each "kind" in OUT, a space between them. */
static void kinds_printed(char *to, size_t room)
{
    size_t len = 0;

    to[0] = 0;
    for (const char *at = out; (at = strstr(at, "\"kind\":\"")) != NULL;) {
        at += strlen("\"kind\":\"");
        len += (size_t)snprintf(to + len, room - len, "%s%.*s", len ? " " : "",
                                (int)strcspn(at, "\""), at);
        assert_true(len < room);
    }
}

static void each_example_is_told(void **state)
{
    char kinds[1024];
    int wrong = 0;

    (void)state;
    for (size_t i = 0; i < EXAMPLES; i++) {
        const struct example *e = &examples[i];
        int status = diff_texts(e->old, e->new, "--format", "json");

        kinds_printed(kinds, sizeof kinds);
        if (status == 0 && strcmp(kinds, e->kinds) == 0)
            continue;
        wrong++;
        print_error("%s: status %d\n  wanted: %s\n  told:   %s\n%s", e->name, status, e->kinds,
                    kinds, err);
    }
    assert_int_equal(wrong, 0);
}

static void nothing_is_told_of_a_file_and_itself(void **state)
{
    (void)state;
    for (size_t i = 0; i < EXAMPLES; i++) {
        assert_int_equal(diff_texts(examples[i].new, examples[i].new, "--format", "text"), 0);
        assert_string_equal(out, "");
        assert_int_equal(diff_texts(examples[i].old, examples[i].old, "--fail-on", "compatible"),
                         0);
        assert_string_equal(out, "");
    }
}

/* --- every kind has an example ------------------------------------------------------ */

static const char *const words[] = {
#define X(name, effect, word, why) [CHANGE_##name] = word,
    CHANGES(X)
#undef X
};

static bool has_word(const char *list, const char *word)
{
    size_t len = strlen(word);

    for (const char *at = list; (at = strstr(at, word)) != NULL; at += len)
        if ((at == list || at[-1] == ' ') && (at[len] == ' ' || at[len] == 0))
            return true;
    return false;
}

/* How many kinds no example has, but for the examples that have WITHOUT. */
static int kinds_without(const char *without)
{
    int missing = 0;

    for (int kind = 0; kind < CHANGE_COUNT; kind++) {
        bool found = false;

        for (size_t i = 0; i < EXAMPLES && !found; i++)
            found = has_word(examples[i].kinds, words[kind]) &&
                    !(without && has_word(examples[i].kinds, without));
        if (!found && !without)
            print_error("no example of %s\n", words[kind]);
        missing += !found;
    }
    return missing;
}

static void every_kind_has_an_example(void **state)
{
    (void)state;
    assert_int_equal(kinds_without(NULL), 0);
    for (int kind = 0; kind < CHANGE_COUNT; kind++)
        assert_true(kinds_without(words[kind]) >= 1); /* the check would see it missing */
}

/* --- the command -------------------------------------------------------------------- */

static void what_fails_is_asked_for(void **state)
{
    const char *more = ONE "  - {client: /d, upstream: /v, methods: [GET]}\n";

    (void)state;
    assert_int_equal(diff_texts(more, ONE, "--fail-on", "breaking"), 1);
    assert_int_equal(diff_texts(more, ONE, "--fail-on", "compatible"), 1);
    assert_int_equal(diff_texts(ONE, more, "--fail-on", "breaking"), 0);
    assert_int_equal(diff_texts(ONE, more, "--fail-on", "compatible"), 1);
    assert_int_equal(diff_texts(more, ONE, "--format", "text"), 0);
}

static void a_line_names_both_places(void **state)
{
    (void)state;
    assert_int_equal(run(cli_diff, (const char *const[]){"diff", "test/diff/old.yaml",
                                                         "test/diff/new.yaml", NULL}),
                     0);
    FILE *file = fopen("test/diff/expected", "r");
    static char wanted[1 << 14];

    assert_non_null(file);
    wanted[fread(wanted, 1, sizeof wanted - 1, file)] = 0;
    fclose(file);
    assert_string_equal(out, wanted);
    assert_string_equal(err, "");
}

static void an_unusable_file_is_78(void **state)
{
    (void)state;
    assert_int_equal(diff_texts(ONE, TOP "fieldz: {}\n", "--format", "text"), 78);
    assert_non_null(strstr(err, "did you mean \"fields\"?"));
    assert_non_null(strstr(err, "^"));
    assert_int_equal(diff_texts(TOP "fieldz: {}\n", ONE, "--format", "json"), 78);
    assert_non_null(strstr(err, "\"code\":\"unknown-key\""));
    assert_string_equal(out, "");
    assert_int_equal(
        run(cli_diff, (const char *const[]){"diff", "/nonexistent/a", "test/diff/new.yaml", NULL}),
        78);
    assert_non_null(strstr(err, "/nonexistent/a"));
}

static void wrong_usage_is_64(void **state)
{
    static const char *const wrong[][5] = {
        {"diff"},
        {"diff", "a"},
        {"diff", "a", "b", "c"},
        {"diff", "--format", "xml", "a", "b"},
        {"diff", "--fail-on", "invisible", "a"},
        {"diff", "--whatever", "a", "b"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const char *arguments[6] = {NULL};

        memcpy(arguments, wrong[i], sizeof wrong[i]);
        assert_int_equal(run(cli_diff, arguments), 64);
        assert_non_null(strstr(err, "dpgw diff --help"));
    }
    assert_int_equal(run(cli_diff, (const char *const[]){"diff", "--help", NULL}), 0);
    assert_non_null(strstr(out, "example: dpgw diff"));
}

/* --- paths -------------------------------------------------------------------------- */

static void paths_are_compared_by_what_they_select(void **state)
{
    static const struct {
        const char *a, *b;
        bool covers, covers_below, meets;
    } rows[] = {
        {"$", "$", true, true, true},
        {"$", "$.a", false, true, false},
        {"$.a", "$.a", true, true, true},
        {"$.a", "$.b", false, false, false},
        {"$.*", "$.a", true, true, true},
        {"$.a", "$.*", false, false, true},
        {"$..a", "$.x.a", true, true, true},
        {"$..a", "$.a.b", false, true, false},
        {"$.a", "$..a", false, false, true},
        {"$..a", "$..b.a", true, true, true},
        {"$..b.a", "$..a", false, false, true},
        {"$.*", "$..a", false, true, true},
        {"$..a.b", "$.a.a.b", true, true, true},
        {"$..a..b", "$.a.x.b.c", false, true, false},
        {"$..a.*", "$.*.b", false, false, true},
        {"$.x..a", "$.y..a", false, false, false},
        {"$..a", "$..b", false, false, false},
    };
    struct arena *arena = arena_new(1 << 16);
    struct json_path_fault fault;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct json_path a, b;

        assert_true(json_path_read(arena, text_from(rows[i].a), &a, &fault));
        assert_true(json_path_read(arena, text_from(rows[i].b), &b, &fault));
        if (path_covers(&a, &b, false) != rows[i].covers ||
            path_covers(&a, &b, true) != rows[i].covers_below ||
            path_meets(&a, &b) != rows[i].meets || path_meets(&b, &a) != rows[i].meets)
            fail_msg("%s and %s", rows[i].a, rows[i].b);
    }
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_example_is_told),
        cmocka_unit_test(nothing_is_told_of_a_file_and_itself),
        cmocka_unit_test(every_kind_has_an_example),
        cmocka_unit_test(what_fails_is_asked_for),
        cmocka_unit_test(a_line_names_both_places),
        cmocka_unit_test(an_unusable_file_is_78),
        cmocka_unit_test(wrong_usage_is_64),
        cmocka_unit_test(paths_are_compared_by_what_they_select),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
