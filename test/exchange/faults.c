#include "exchange/faults.h"

#include "exchange/stage.h"
#include "exchange/suites.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static unsigned long left; /* allocations until the one that fails; 0: none will */
static bool injected;
static unsigned held;

void faults_arm(unsigned long nth)
{
    left = nth;
    injected = false;
}

bool faults_disarm(void)
{
    left = 0;
    return injected;
}

void faults_hold(void)
{
    held++;
}

void faults_release(void)
{
    held--;
}

/* True if this allocation is the one. */
static bool fails(void)
{
    if (left == 0 || held > 0 || --left > 0)
        return false;
    injected = true;
    return true;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *from, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *from, size_t size);

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *from, size_t size)
{
    return fails() ? NULL : __real_realloc(from, size);
}

/* --- the suite ---------------------------------------------------------------- */

/* Without memory for an exchange the client is told all the same. */
static void turned_away(struct stage *s)
{
    assert_int_equal(s->client->reply.status, 503);
    assert_true(s->client->reply.close);
    struct text body = buf_text(&s->client->body);
    assert_true(text_eq(text_from_offset(body, body.len - 3), TEXT("}}}")));
    fake_front_gone(s->client);
    assert_int_equal(s->host.open, 0);
    fake_front_free(&s->client);
}

/* Plays SCENE while the NTH allocation fails.  False: there were not that many. */
static bool play_with_fault(const struct scene *scene, unsigned long nth)
{
    struct stage s;

    stage_open(&s, scene);
    s.may_fail = true;
    faults_arm(nth);
    stage_begin(&s);
    if (!s.ex) {
        turned_away(&s);
        return faults_disarm();
    }
    stage_finish(&s);
    bool failed = faults_disarm();
    if (s.outcome != OUTCOME_OK && (!failed || s.outcome != OUTCOME_EXHAUSTED))
        wrong("allocation %lu made it end as %s", nth, outcome_row(s.outcome)->name);
    stage_close(&s);
    return failed;
}

static void every_allocation_fails(void **state)
{
    const struct scene *scene = *state;
    unsigned long nth = 1;

    while (play_with_fault(scene, nth))
        nth++;
    print_message("# %s: %lu allocations\n", scene->name, nth - 1);
    assert_true(nth > 3);
}

/* The body and the Allow of an error are whole. */
static bool error_with_fault(unsigned long nth)
{
    static const char head[] = "DELETE /api/v1/accounts/a/data-products HTTP/1.1\r\n"
                               "Host: h\r\nX-Request-Id: r-1\r\n\r\n";
    struct stage s;

    stage_open(&s, &scene_get);
    s.may_fail = true;
    faults_arm(nth);
    stage_begin_with(&s, head);
    bool failed = faults_disarm();
    if (!s.ex) {
        turned_away(&s);
        return failed;
    }
    struct text body = buf_text(&s.client->body);
    if (body.len < 3 || !text_eq(text_from_offset(body, body.len - 3), TEXT("}}}")))
        wrong("half an error: %.*s", TEXT_ARG(body));
    if (s.client->reply.status == 405)
        assert_string_equal(fake_front_field(s.client, "Allow", 0), "GET, HEAD, POST, OPTIONS");
    stage_finish(&s);
    stage_close(&s);
    return failed;
}

static void errors_are_whole(void **state)
{
    unsigned long nth = 1;

    (void)state;
    while (error_with_fault(nth))
        nth++;
    assert_true(nth > 2);
}

/* Fields tell the truth or nothing: no name of the service's, no tag without its mark. */
static bool fields_with_fault(unsigned long nth)
{
    static const char head[] =
        "GET /api/v1/accounts/a/data-products/p1 HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: a\r\n"
        "If-None-Match: \"a\", W/\"b;dp-s00000000\"\r\ntracestate: a=1\r\n"
        "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n\r\n";
    static const char fields[] =
        "Content-Type: application/json\nETag: \"v\"\nVary: X-Workspace-Id\n"
        "Content-Encoding: gzip\nLocation: /api/v1/accounts/a/workspaces?workspaceId=1\n"
        "Link: </api/v1/accounts/a/workspaces>; anchor=\"/api/v1/accounts/a/workspaces\"\n"
        "Refresh: 1;url=/api/v1/accounts/a/workspaces\n"
        "Set-Cookie: a=1; Path=/api/v1/accounts/a/workspaces\n";
    struct stage s;

    stage_open(&s, &scene_get_roomy);
    s.may_fail = true;
    assert_true(network_read(TEXT("192.0.2.7"), &s.host.limits.trusted_hops.at[0]));
    s.host.limits.trusted_hops.count = 1;
    faults_arm(nth);
    stage_begin_with(&s, head);
    if (!s.ex) {
        turned_away(&s);
        return faults_disarm();
    }
    if (s.ex->upstream)
        stage_head(&s, 200, HTTP_CHUNKED, 0, fields);
    bool failed = faults_disarm();
    struct text told = buf_text(&s.client->fields);
    if (memmem(told.at, told.len, "orkspace", 8) || memmem(told.at, told.len, "\"v\"", 3))
        wrong("allocation %lu let out\n%.*s", nth, TEXT_ARG(told));
    if (!failed && s.client->reply.status != 200)
        wrong("nothing failed, and the reply is\n%.*s", TEXT_ARG(told));
    stage_do(&s, GONE);
    stage_close(&s);
    return failed;
}

/* A reply on a deprecated path; false once no allocation is left to fail. */
static bool deprecated_with_fault(unsigned long nth)
{
    static const char *const told[] = {"Deprecation", "Link", "Sunset"};
    struct stage s;

    stage_open(&s, &scene_get_roomy);
    s.may_fail = true;
    faults_arm(nth);
    stage_begin_with(&s, "GET /api/v1/accounts/a/rooms/r HTTP/1.1\r\nHost: h\r\n\r\n");
    if (!s.ex) {
        turned_away(&s);
        return faults_disarm();
    }
    if (s.ex->upstream)
        stage_head(&s, 200, HTTP_CHUNKED, 0, "X: y\n");
    bool failed = faults_disarm();
    for (size_t i = 0; s.client->reply.status == 200 && i < sizeof told / sizeof told[0]; i++)
        if (!fake_front_field(s.client, told[i], 0))
            wrong("allocation %lu leaves %s out", nth, told[i]);
    if (!failed && s.client->reply.status != 200)
        wrong("nothing failed, and the status is %d", s.client->reply.status);
    stage_do(&s, GONE);
    stage_close(&s);
    return failed;
}

static void deprecation_is_told_in_full(void **state)
{
    unsigned long nth = 1;

    (void)state;
    while (deprecated_with_fault(nth))
        nth++;
    assert_true(nth > 2);
}

static void fields_are_true(void **state)
{
    unsigned long nth = 1;

    (void)state;
    while (fields_with_fault(nth))
        nth++;
    print_message("# fields: %lu allocations\n", nth - 1);
    assert_true(nth > 20);
}

/* Texts beyond what one exchange may take are no shortage: trying again would not help. */
static void more_text_than_an_exchange_takes(void **state)
{
    struct stage s;
    struct buf field;

    (void)state;
    buf_init(&field, SIZE_MAX);
    buf_add(&field, TEXT("X-Long: "));
    for (size_t i = 0; i < EXCHANGE_ARENA_BYTES; i++)
        buf_add_byte(&field, 'x');
    buf_add(&field, TEXT("\n"));
    buf_add_byte(&field, 0);
    stage_open(&s, &scene_get);
    stage_begin(&s);
    stage_head(&s, 200, HTTP_LENGTH, 2, field.at);
    assert_int_equal(s.client->reply.status, 500);
    assert_null(fake_front_field(s.client, "Retry-After", 0));
    stage_finish(&s);
    assert_int_equal(s.outcome, OUTCOME_INTERNAL);
    stage_close(&s);
    buf_fini(&field);
}

int run_faults(void)
{
    static const struct scene *const scenes[] = {
        &scene_get, &scene_post_small, &scene_post_streaming, &scene_upload, &scene_chunked};
    enum { SCENES = sizeof scenes / sizeof scenes[0] };
    struct CMUnitTest tests[SCENES + 4];

    for (size_t i = 0; i < SCENES; i++)
        tests[i] = (struct CMUnitTest){.name = scenes[i]->name,
                                       .test_func = every_allocation_fails,
                                       .initial_state = (void *)scenes[i]};
    tests[SCENES] = (struct CMUnitTest)cmocka_unit_test(errors_are_whole);
    tests[SCENES + 1] = (struct CMUnitTest)cmocka_unit_test(fields_are_true);
    tests[SCENES + 2] = (struct CMUnitTest)cmocka_unit_test(more_text_than_an_exchange_takes);
    tests[SCENES + 3] = (struct CMUnitTest)cmocka_unit_test(deprecation_is_told_in_full);
    return cmocka_run_group_tests_name("without memory", tests, NULL, NULL);
}
