#include "exchange/stage.h"
#include "exchange/suites.h"

#include "exchange/validators.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#define ONE  "/api/v1/accounts/a/data-products/p1"
#define HOST " HTTP/1.1\r\nHost: api.example.com\r\nX-Request-Id: r-1\r\n"
#define JSON "Content-Type: application/json\n"

enum { DIGEST = 0x1a2b3c4d };

/* --- tags, one by one --------------------------------------------------------- */

static void marks(void **state)
{
    static const struct {
        const char *etag, *strong, *weakened; /* no texts: it stays */
    } rows[] = {
        {"\"abc\"", "\"abc;dp-s1a2b3c4d\"", "W/\"abc;dp-s1a2b3c4d\""},
        {"W/\"abc\"", "W/\"abc;dp-w1a2b3c4d\"", "W/\"abc;dp-w1a2b3c4d\""},
        {"\"\"", "\";dp-s1a2b3c4d\"", "W/\";dp-s1a2b3c4d\""},
        {"\"a,b; \\c\xe4\"", "\"a,b; \\c\xe4;dp-s1a2b3c4d\"", "W/\"a,b; \\c\xe4;dp-s1a2b3c4d\""},
        /* what looks like a mark of ours is the service's own */
        {"\"abc;dp-w00000000\"", "\"abc;dp-w00000000;dp-s1a2b3c4d\"",
         "W/\"abc;dp-w00000000;dp-s1a2b3c4d\""},
        {"abc", NULL, NULL},
        {"\"abc", NULL, NULL},
        {"\"abc\"x", NULL, NULL},
        {"\"abc\", \"d\"", NULL, NULL},
        {"w/\"abc\"", NULL, NULL},
        {"W/abc", NULL, NULL},
        {"W/", NULL, NULL},
        {"\"", NULL, NULL},
        {"*", NULL, NULL},
        {"", NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
        const char *wanted = i % 2 ? rows[i / 2].weakened : rows[i / 2].strong;
        struct buf to;

        buf_init(&to, 100);
        enum validators_verdict verdict =
            validators_mark(text_from(rows[i / 2].etag), DIGEST, i % 2, &to);
        if (verdict != (wanted ? VALIDATORS_CHANGED : VALIDATORS_STAYS) ||
            !text_eq(buf_text(&to), text_from(wanted ? wanted : "")))
            fail_msg("%s became %.*s", rows[i / 2].etag, TEXT_ARG(buf_text(&to)));
        buf_fini(&to);
    }
}

/* Lists as they come back: restored for If-Match, and for If-None-Match. */
static void lists(void **state)
{
    static const struct {
        const char *list;
        const char *restored; /* NULL: stays */
        const char *current;  /* likewise; "": dropped */
    } rows[] = {
        {"\"abc;dp-s1a2b3c4d\"", "\"abc\"", "\"abc\""},
        {"W/\"abc;dp-s1a2b3c4d\"", "\"abc\"", "\"abc\""},
        {"W/\"abc;dp-w1a2b3c4d\"", "W/\"abc\"", "W/\"abc\""},
        {"\"abc;dp-w1a2b3c4d\"", "W/\"abc\"", "W/\"abc\""},
        {"\"abc;dp-s00000001\"", "\"abc\"", ""},
        {"\"abc\"", NULL, ""},
        {"W/\"abc\"", NULL, ""},
        {"*", NULL, NULL},
        {"\"a\", \"b;dp-s1a2b3c4d\" ,,W/\"c,\",\"d;dp-s00000001\"", "\"a\", \"b\", W/\"c,\", \"d\"",
         "\"b\""},
        {",\t\"b;dp-s1a2b3c4d\",", "\"b\"", "\"b\""},
        {"\"a;dp-s1;dp-s1a2b3c4d;dp-s1a2b3c4d\"", "\"a;dp-s1;dp-s1a2b3c4d\"",
         "\"a;dp-s1;dp-s1a2b3c4d\""},
        {"\";dp-s1a2b3c4d\"", "\"\"", "\"\""},
        {"\"dp-s1a2b3c4d\"", NULL, ""},
        {"\"a;dq-s1a2b3c4d\"", NULL, ""},
        {"\"a;dp-x1a2b3c4d\"", NULL, ""},
        {"\"a;dp-s1A2B3C4D\"", NULL, ""},
        {"\"a;dp-s1a2b3c4\"", NULL, ""},
        /* no lists of tags */
        {"\"a;dp-s1a2b3c4d\" \"b\"", NULL, NULL},
        {"\"a;dp-s1a2b3c4d\", b", NULL, NULL},
        {"\"a;dp-s1a2b3c4d\", *", NULL, NULL},
        {"\"a;dp-s1a2b3c4d\", \"b", NULL, NULL},
        {"a;dp-s1a2b3c4d", NULL, NULL},
        {"", NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
        const char *wanted = i % 2 ? rows[i / 2].current : rows[i / 2].restored;
        enum validators_verdict right = !wanted   ? VALIDATORS_STAYS
                                        : *wanted ? VALIDATORS_CHANGED
                                                  : VALIDATORS_DROPPED;
        struct text list = text_from(rows[i / 2].list);
        struct buf to;

        buf_init(&to, 100);
        enum validators_verdict verdict =
            i % 2 ? validators_current(list, DIGEST, &to) : validators_restore(list, &to);
        if (verdict != right || !text_eq(buf_text(&to), text_from(wanted ? wanted : "")))
            fail_msg("%s became %d: %.*s", rows[i / 2].list, verdict, TEXT_ARG(buf_text(&to)));
        buf_fini(&to);
    }
}

static void weakly(void **state)
{
    static const struct {
        const char *list;
        bool weakly;
    } rows[] = {
        {"W/\"a\"", true},        {"\"a\"", false},   {"\"b\", W/\"a\"", true},
        {"W/\"a\",\"a\"", false}, {"W/\"b\"", false}, {"*", false},
        {"W/\"a", false},         {"", false},        {"\"W/\", \"a\"", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (validators_weakly(text_from(rows[i].list), TEXT("\"a\"")) != rows[i].weakly)
            fail_msg("%s", rows[i].list);
}

/* --- through an exchange -------------------------------------------------------- */

static void end(struct stage *s)
{
    stage_do(s, GONE);
    stage_close(s);
}

/* The field NAME of a reply to METHOD at TARGET with STATUS and FIELDS; static, or NULL. */
static const char *told(const char *method, const char *target, int status, const char *fields,
                        const char *name)
{
    static char value[256];
    char head[256];
    struct stage s;

    snprintf(head, sizeof head, "%s %s" HOST "\r\n", method, target);
    stage_open(&s, &scene_get_roomy);
    stage_begin_with(&s, head);
    bool empty = status == 304 || status == 204 || *method == 'H';
    stage_head(&s, status, empty ? HTTP_NO_BODY : HTTP_CHUNKED, 0, fields);
    const char *found = fake_front_field(s.client, name, 0);
    if (found)
        snprintf(value, sizeof value, "%s", found);
    end(&s);
    return found ? value : NULL;
}

/* The mark of the present rules, as in "abc;dp-s...": a static buffer. */
static const char *marked(char strength)
{
    static char mark[64];
    const char *etag = told("GET", ONE, 200, JSON "ETag: \"\"\n", "ETag");

    assert_int_equal(strlen(etag), 15);
    snprintf(mark, sizeof mark, ";dp-%c%.8s", strength, etag + 6);
    return mark;
}

static void bodies_that_are_translated_have_marked_tags(void **state)
{
    char wanted[64], weak[64];

    (void)state;
    snprintf(wanted, sizeof wanted, "\"v1%s\"", marked('s'));
    assert_string_equal(told("GET", ONE, 200, JSON "ETag: \"v1\"\n", "ETag"), wanted);
    assert_string_equal(told("HEAD", ONE, 200, JSON "ETag: \"v1\"\n", "ETag"), wanted);
    assert_string_equal(told("GET", ONE, 404, JSON "ETag: \"v1\"\n", "ETag"), wanted);
    assert_string_equal(told("GET", ONE, 304, "ETag: \"v1\"\n", "ETag"), wanted);
    assert_string_equal(told("GET", ONE, 304, JSON "ETag: \"v1\"\n", "ETag"), wanted);
    snprintf(weak, sizeof weak, "W/\"v1%s\"", marked('w'));
    assert_string_equal(told("GET", ONE, 200, JSON "ETag: W/\"v1\"\n", "ETag"), weak);
    assert_string_equal(told("GET", ONE, 200, JSON "ETag: v1\n", "ETag"), "v1");
}

/* A tag that left weak for its coding is told weak by the 304 too, or no cache would find it. */
static void a_304_tells_the_tag_that_the_client_has(void **state)
{
    static const char *const strengths[] = {"W/", ""};
    char mark[64], head[256], tag[80];
    struct stage s;

    (void)state;
    snprintf(mark, sizeof mark, "%s", marked('s'));
    for (size_t i = 0; i < 2; i++) {
        snprintf(tag, sizeof tag, "%s\"v1%s\"", strengths[i], mark);
        snprintf(head, sizeof head, "GET " ONE HOST "If-None-Match: \"v0\", %s\r\n\r\n", tag);
        stage_open(&s, &scene_get_roomy);
        stage_begin_with(&s, head);
        assert_string_equal(fake_upstream_field(stage_transfer(&s), "If-None-Match", 0), "\"v1\"");
        stage_head(&s, 304, HTTP_NO_BODY, 0, "ETag: \"v1\"\n");
        assert_string_equal(fake_front_field(s.client, "ETag", 0), tag);
        end(&s);
    }
}

static void bodies_that_pass_keep_their_tags(void **state)
{
    static const char png[] = "Content-Type: image/png\nETag: \"v1\"\n";

    (void)state;
    assert_string_equal(told("GET", ONE, 200, png, "ETag"), "\"v1\"");
    assert_string_equal(told("GET", ONE, 304, png, "ETag"), "\"v1\"");
    assert_string_equal(told("GET", ONE, 200, "ETag: \"v1\"\n", "ETag"), "\"v1\"");
    assert_string_equal(told("DELETE", ONE, 204, "ETag: \"v1\"\n", "ETag"), "\"v1\"");
    assert_string_equal(
        told("GET", "/api/v1/accounts/a/workspaces/w", 200, JSON "ETag: \"v1\"\n", "ETag"),
        "\"v1\"");
    assert_string_equal(
        told("GET", "/api/v1/accounts/a/workspaces/w", 304, "ETag: \"v1\"\n", "ETag"), "\"v1\"");
}

/* What the field NAME goes up as in a request of METHOD with FIELDS: a static buffer, or NULL. */
static const char *went_up(const char *method, const char *target, const char *fields,
                           const char *name)
{
    static char value[256];
    char head[1024];
    struct stage s;

    snprintf(head, sizeof head, "%s %s" HOST "%s\r\n", method, target, fields);
    stage_open(&s, &scene_get_roomy);
    stage_begin_with(&s, head);
    const char *found = fake_upstream_field(stage_transfer(&s), name, 0);
    if (found)
        snprintf(value, sizeof value, "%s", found);
    end(&s);
    return found ? value : NULL;
}

static void conditions_go_up_in_the_services_tags(void **state)
{
    char fields[256];

    (void)state;
    snprintf(fields, sizeof fields, "If-Match: \"v1%s\", \"v0;dp-s00000001\"\r\n", marked('s'));
    assert_string_equal(went_up("DELETE", ONE, fields, "If-Match"), "\"v1\", \"v0\"");
    snprintf(fields, sizeof fields, "If-None-Match: \"v1%s\", \"v0;dp-s00000001\", \"v2\"\r\n",
             marked('s'));
    assert_string_equal(went_up("GET", ONE, fields, "If-None-Match"), "\"v1\"");
    assert_null(went_up("GET", ONE, "If-None-Match: \"v2\"\r\n", "If-None-Match"));
    assert_string_equal(went_up("GET", ONE, "If-None-Match: *\r\n", "If-None-Match"), "*");
    assert_string_equal(went_up("GET", ONE, "If-None-Match: v2\r\n", "If-None-Match"), "v2");
    /* a condition on a change is not to vanish */
    assert_string_equal(
        went_up("DELETE", ONE, "If-None-Match: \"v2;dp-s00000001\"\r\n", "If-None-Match"),
        "\"v2\"");
    assert_string_equal(went_up("DELETE", ONE, "If-None-Match: \"v2\"\r\n", "If-None-Match"),
                        "\"v2\"");
}

static void passthrough_leaves_conditions_alone(void **state)
{
    static const char *const names[] = {"If-Match", "If-None-Match"};
    char fields[256];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        snprintf(fields, sizeof fields, "%s: \"v;dp-s00000001\"\r\n", names[i]);
        assert_string_equal(went_up("GET", "/api/v1/accounts/a/workspaces/w", fields, names[i]),
                            "\"v;dp-s00000001\"");
    }
    assert_non_null(went_up("GET", "/api/v1/accounts/a/workspaces/w",
                            "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
                            "If-Modified-Since"));
}

/* The field line If-Modified-Since for SECONDS from now: a static buffer. */
static const char *since(int seconds)
{
    static char line[64];
    time_t then = time(NULL) + seconds;
    struct tm parts;

    gmtime_r(&then, &parts);
    strftime(line, sizeof line, "If-Modified-Since: %a, %d %b %Y %H:%M:%S GMT\r\n", &parts);
    return line;
}

static void dates_before_the_mapping_do_not_count(void **state)
{
    static const char name[] = "If-Modified-Since";
    char both[128];

    (void)state;
    assert_non_null(went_up("GET", ONE, since(60), name));
    assert_null(went_up("GET", ONE, since(-3600), name));
    assert_null(went_up("HEAD", ONE, since(-3600), name));
    assert_null(went_up("GET", ONE, "If-Modified-Since: lately\r\n", name));
    assert_non_null(went_up("DELETE", ONE, since(-3600), name));
    /* beside an If-None-Match it never counted, and must not begin to */
    snprintf(both, sizeof both, "If-None-Match: \"old\"\r\n%s", since(60));
    assert_null(went_up("GET", ONE, both, name));
}

int run_validators(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(marks),
        cmocka_unit_test(lists),
        cmocka_unit_test(weakly),
        cmocka_unit_test(bodies_that_are_translated_have_marked_tags),
        cmocka_unit_test(a_304_tells_the_tag_that_the_client_has),
        cmocka_unit_test(bodies_that_pass_keep_their_tags),
        cmocka_unit_test(conditions_go_up_in_the_services_tags),
        cmocka_unit_test(passthrough_leaves_conditions_alone),
        cmocka_unit_test(dates_before_the_mapping_do_not_count),
    };
    return cmocka_run_group_tests_name("validators", tests, NULL, NULL);
}
