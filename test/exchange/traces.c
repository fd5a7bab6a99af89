#include "exchange/stage.h"
#include "exchange/suites.h"

#include "exchange/trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define ID                 "0af7651916cd43dd8448eb211c80319c"
#define PARENT             "b7ad6b7169203331"
#define GIVEN              "traceparent: 00-" ID "-" PARENT "-01\r\n"
#define REQUEST_LINE(path) "GET " path " HTTP/1.1\r\nHost: h\r\n"
#define TRANSLATED         REQUEST_LINE("/api/v1/accounts/a/data-products/p1")
#define PASSTHROUGH        REQUEST_LINE("/api/v1/accounts/a/workspaces/w")

/* What went up of a trace. */
struct upward {
    char parent[64], state[1024]; /* empty: there was none */
    bool twice;                   /* more than one of either */
};

static void send(const char *begin, const char *fields, struct upward *up)
{
    struct stage s;
    char head[16384];

    snprintf(head, sizeof head, "%s%s\r\n", begin, fields);
    stage_open(&s, &scene_get_roomy);
    stage_begin_with(&s, head);
    const char *value = fake_upstream_field(stage_transfer(&s), "traceparent", 0);
    snprintf(up->parent, sizeof up->parent, "%s", value ? value : "");
    value = fake_upstream_field(stage_transfer(&s), "tracestate", 0);
    snprintf(up->state, sizeof up->state, "%s", value ? value : "");
    up->twice = fake_upstream_field(stage_transfer(&s), "traceparent", 1) ||
                fake_upstream_field(stage_transfer(&s), "tracestate", 1);
    if (memcmp(trace_id(&s.ex->request.trace).at, up->parent + 3, 32) != 0)
        wrong("the log would tell of another trace than %s", up->parent);
    stage_do(&s, GONE);
    stage_close(&s);
}

/* True if what went up goes on with ID, FLAGS behind it, under a new parent. */
static bool goes_on(const struct upward *up, const char *flags)
{
    return !up->twice && strlen(up->parent) == 55 && strncmp(up->parent, "00-" ID "-", 36) == 0 &&
           strncmp(up->parent + 36, PARENT, 16) != 0 && strcmp(up->parent + 52, flags) == 0;
}

static bool is_new(const struct upward *up)
{
    return !up->twice && strlen(up->parent) == 55 && !strstr(up->parent, ID) &&
           strcmp(up->parent + 52, "-00") == 0 && strspn(up->parent, "0123456789abcdef-") == 55;
}

static void valid_traces_go_on(void **state)
{
    static const char *const rows[][2] = {
        {"00-" ID "-" PARENT "-01", "-01"},  {"00-" ID "-" PARENT "-00", "-00"},
        {"00-" ID "-" PARENT "-ff", "-01"},  {"00-" ID "-" PARENT "-fe", "-00"},
        {"cc-" ID "-" PARENT "-01", "-01"},  {"cc-" ID "-" PARENT "-01-what-ever", "-01"},
        {"01-" ID "-" PARENT "-01-", "-01"},
    };
    char fields[256];
    struct upward up;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        snprintf(fields, sizeof fields, "TraceParent: %s\r\n", rows[i][0]);
        send(TRANSLATED, fields, &up);
        if (!goes_on(&up, rows[i][1]))
            fail_msg("%s became %s", rows[i][0], up.parent);
        send(PASSTHROUGH, fields, &up);
        if (!goes_on(&up, rows[i][1]))
            fail_msg("on passthrough, %s became %s", rows[i][0], up.parent);
    }
}

/* Invalid: a new trace, and what belonged to the old one is not told on. */
static void invalid_traces_are_dropped(void **state)
{
    static const char *const rows[] = {
        "",
        "00-" ID "-" PARENT,
        "00-" ID "-" PARENT "-",
        "00-" ID "-" PARENT "-0",
        "00-" ID "-" PARENT "-01-",
        "00-" ID "-" PARENT "-01-more",
        "00-" ID "-" PARENT "-011",
        "cc-" ID "-" PARENT "-01.more",
        "ff-" ID "-" PARENT "-01",
        "0-" ID "-" PARENT "-01",
        "0x-" ID "-" PARENT "-01",
        "00-00000000000000000000000000000000-" PARENT "-01",
        "00-" ID "-0000000000000000-01",
        "00-0AF7651916CD43DD8448EB211C80319C-" PARENT "-01",
        "00-" ID "-B7AD6B7169203331-01",
        "00-" ID "-" PARENT "-0A",
        "00-" ID "0-" PARENT "-01",
        "00_" ID "_" PARENT "_01",
        "00-0af7651916cd43dd8448eb211c80319-" PARENT "-01",
        "00-" ID "-" PARENT "-01,00-" ID "-" PARENT "-01",
    };
    char fields[512];
    struct upward up;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        snprintf(fields, sizeof fields, "traceparent: %s\r\ntracestate: a=1\r\n", rows[i]);
        send(TRANSLATED, fields, &up);
        if (!is_new(&up) || *up.state)
            fail_msg("%s became %s, %s", rows[i], up.parent, up.state);
    }
    send(TRANSLATED, GIVEN GIVEN "tracestate: a=1\r\n", &up);
    assert_true(is_new(&up) && !*up.state);
    send(TRANSLATED, "tracestate: a=1\r\n", &up);
    assert_true(is_new(&up) && !*up.state);
}

static void each_request_has_a_parent_of_its_own(void **state)
{
    struct upward one, two;

    (void)state;
    send(TRANSLATED, GIVEN, &one);
    send(TRANSLATED, GIVEN, &two);
    assert_string_not_equal(one.parent, two.parent);
    send(TRANSLATED, "", &one);
    send(TRANSLATED, "", &two);
    assert_true(is_new(&one) && is_new(&two));
    assert_memory_not_equal(one.parent + 3, two.parent + 3, 32);
}

static void states_pass_in_order(void **state)
{
    static const char *const rows[][2] = {
        {"tracestate: rojo=00f067aa0ba902b7,congo=t61rcWkgMzE\r\n",
         "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"},
        {"tracestate: b=2 ,\ta=1,,\r\nX: 1\r\nTraceState: c=3\r\n", "b=2,a=1,c=3"},
        {"tracestate: 1t@sys=a b!~,a/b-c*d_e=x\r\n", "1t@sys=a b!~,a/b-c*d_e=x"},
        {"tracestate: \r\n", ""},
        {"tracestate: ,\r\n", ""},
        /* malformed: all of it is dropped, and the trace goes on */
        {"tracestate: a=1,b\r\n", ""},
        {"tracestate: a=1\r\ntracestate: a=2\r\n", ""},
        {"tracestate: a=\r\n", ""},
        {"tracestate: =1\r\n", ""},
        {"tracestate: A=1\r\n", ""},
        {"tracestate: 1a=1\r\n", ""},
        {"tracestate: a =1\r\n", ""},
        {"tracestate: a=1=2\r\n", ""},
        {"tracestate: a@=1\r\n", ""},
        {"tracestate: @a=1\r\n", ""},
        {"tracestate: a@1b=1\r\n", ""},
        {"tracestate: a@b@c=1\r\n", ""},
        {"tracestate: a@abcdefghijklmno=1\r\n", ""},
        {"tracestate: a=\xc3\xa4\r\n", ""},
        {"tracestate: a=1\tb\r\n", ""},
    };
    char fields[256];
    struct upward up;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        snprintf(fields, sizeof fields, GIVEN "%s", rows[i][0]);
        send(TRANSLATED, fields, &up);
        if (!goes_on(&up, "-01") || strcmp(up.state, rows[i][1]) != 0)
            fail_msg("%s became %s", rows[i][0], up.state);
    }
}

/* COUNT members, each with a value of BYTES bytes, behind a sound traceparent: a static buffer. */
static char *members(unsigned count, int bytes)
{
    static char fields[16384];
    int n = snprintf(fields, sizeof fields, GIVEN "tracestate: ");

    for (unsigned i = 0; i < count; i++)
        n += snprintf(fields + n, sizeof fields - (size_t)n, "%sk%02u=%0*d", i ? "," : "", i, bytes,
                      1);
    snprintf(fields + n, sizeof fields - (size_t)n, "\r\n");
    return fields;
}

static void states_have_limits(void **state)
{
    struct upward up;

    (void)state;
    send(TRANSLATED, members(32, 11), &up); /* 32 * 15 + 31 bytes */
    assert_int_equal(strlen(up.state), 511);
    send(TRANSLATED, members(33, 1), &up);
    assert_string_equal(up.state, "");
    /* too many bytes: whole members go from the end */
    send(TRANSLATED, members(32, 12), &up);
    assert_int_equal(strlen(up.state), 30 * 17 - 1);
    assert_null(strstr(up.state, "k30"));
    /* but long ones first */
    char *fields = members(4, 120);
    send(TRANSLATED, fields, &up);
    assert_int_equal(strlen(up.state), 4 * 125 - 1);
    snprintf(fields + strlen(fields), 400, "tracestate: z=%0200d,y=1\r\n", 1);
    send(TRANSLATED, fields, &up);
    assert_int_equal(strlen(up.state), 4 * 125 + 3);
    assert_non_null(strstr(up.state, "k03="));
    assert_non_null(strstr(up.state, ",y=1"));
    send(TRANSLATED, members(1, 256), &up);
    assert_int_equal(strlen(up.state), 260);
    send(TRANSLATED, members(1, 257), &up);
    assert_string_equal(up.state, "");
}

int run_traces(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid_traces_go_on),
        cmocka_unit_test(invalid_traces_are_dropped),
        cmocka_unit_test(each_request_has_a_parent_of_its_own),
        cmocka_unit_test(states_pass_in_order),
        cmocka_unit_test(states_have_limits),
    };
    return cmocka_run_group_tests_name("traces", tests, NULL, NULL);
}
