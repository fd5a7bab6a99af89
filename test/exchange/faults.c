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

/* Without memory for an exchange the connection is cut and nothing more is heard. */
static void turned_away(struct stage *s)
{
    assert_true(s->client->aborted);
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
    if (s.outcome != OUTCOME_OK && (!failed || s.outcome != OUTCOME_INTERNAL))
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

int run_faults(void)
{
    static const struct scene *const scenes[] = {
        &scene_get, &scene_post_small, &scene_post_streaming, &scene_upload, &scene_chunked};
    enum { SCENES = sizeof scenes / sizeof scenes[0] };
    struct CMUnitTest tests[SCENES + 1];

    for (size_t i = 0; i < SCENES; i++)
        tests[i] = (struct CMUnitTest){.name = scenes[i]->name,
                                       .test_func = every_allocation_fails,
                                       .initial_state = (void *)scenes[i]};
    tests[SCENES] = (struct CMUnitTest)cmocka_unit_test(errors_are_whole);
    return cmocka_run_group_tests_name("without memory", tests, NULL, NULL);
}
