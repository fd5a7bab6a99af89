/* Who still calls what is deprecated: few names a route, the rest together, and none forgotten. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>

#include "server/callers.h"
#include "server/deprecated_page.h"
#include "unit/mapping/making.h"

static void add_entry(void *owner, const struct caller *caller)
{
    struct buf *to = owner;

    buf_add(to, caller->route);
    buf_add_byte(to, ' ');
    buf_add(to, caller->name);
    buf_add_byte(to, ' ');
    buf_add_u64(to, caller->count);
    buf_add_byte(to, ' ');
    buf_add_u64(to, (uint64_t)caller->last);
    buf_add_byte(to, '\n');
}

static void expect(struct callers *c, const char *wanted)
{
    struct buf told;

    buf_init(&told, 1 << 16);
    callers_visit(c, add_entry, &told);
    if (!text_eq(buf_text(&told), text_from(wanted)))
        fail_msg("told:\n%.*swanted:\n%s", TEXT_ARG(buf_text(&told)), wanted);
    buf_fini(&told);
}

static void calls_are_counted_by_route_and_name(void **state)
{
    struct callers *c = callers_new();

    (void)state;
    expect(c, "");
    callers_note(c, TEXT("/a"), TEXT("curl"), 5);
    callers_note(c, TEXT("/b"), TEXT("curl"), 6);
    callers_note(c, TEXT("/a"), TEXT("sales"), 7);
    callers_note(c, TEXT("/a"), TEXT("curl"), 8);
    expect(c, "/a curl 2 8\n/a sales 1 7\n/b curl 1 6\n");
    assert_int_equal(callers_lost(c), 0);
    callers_free(&c);
    assert_null(c);
}

struct sum {
    size_t entries, others;
    uint64_t calls, of_others;
};

static void add_to_sum(void *owner, const struct caller *caller)
{
    struct sum *sum = owner;
    bool other = text_eq(caller->name, TEXT("other"));

    sum->entries++;
    sum->others += other;
    sum->calls += caller->count;
    sum->of_others += other ? caller->count : 0;
}

/* A client that calls itself "other" is no second row of that name. */
static void a_route_has_few_names(void **state)
{
    struct callers *c = callers_new();
    struct sum sum = {0};
    char name[24];

    (void)state;
    callers_note(c, TEXT("/a"), TEXT("other"), 1);
    for (int i = 0; i < 1000; i++) {
        int n = snprintf(name, sizeof name, "client-%d", i);

        callers_note(c, TEXT("/a"), text_of(name, (size_t)n), i);
        callers_note(c, TEXT("/a"), TEXT("client-0"), i);
    }
    callers_visit(c, add_to_sum, &sum);
    assert_int_equal(sum.entries, CALLERS_PER_ROUTE + 1);
    assert_int_equal(sum.others, 1);
    assert_int_equal(sum.of_others, 1 + 1000 - CALLERS_PER_ROUTE);
    assert_int_equal(sum.calls, 2001);
    callers_free(&c);
}

enum { THREADS = 4, CALLS = 2000 };

static void *call(void *owner)
{
    for (int i = 0; i < CALLS; i++)
        callers_note(owner, TEXT("/a"), i % 2 ? TEXT("odd") : TEXT("even"), i);
    return NULL;
}

static void threads_may_call_at_once(void **state)
{
    struct callers *c = callers_new();
    pthread_t threads[THREADS];
    struct sum sum = {0};

    (void)state;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, call, c), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    callers_visit(c, add_to_sum, &sum);
    assert_int_equal(sum.entries, 2);
    assert_int_equal(sum.calls, THREADS * CALLS);
    callers_free(&c);
}

static void the_page_is_of_the_mapping_in_force(void **state)
{
    static const char lines[] = //
        "route /p/{x} /s/{x} GET\n"
        "pass /s/{x}\n"
        "deprecated 2026-03-02 2027-03-02 /p/{x} X-Who\n"
        "brownout 2026-12-01T09:00:00Z 2026-12-01T09:15:00Z\n"
        "brownout 2026-12-08T09:00:00Z 2026-12-08T09:15:00Z\n"
        "pass /t\n"
        "pass /u\n"
        "deprecated 2026-03-02\n";
    struct diag *complaints = diag_new();
    struct mapping *m = make_mapping(lines, complaints);
    struct callers *c = callers_new();
    struct buf page;

    (void)state;
    assert_non_null(m);
    callers_note(c, TEXT("/s/{x}"), TEXT("curl"), 1796115600);
    callers_note(c, TEXT("/gone"), TEXT("curl"), 1796115600);
    callers_note(c, TEXT("/s/{x}"), TEXT("sales"), 1796115601);
    buf_init(&page, 1 << 16);
    deprecated_page(m, c, 1796115600, &page);
    buf_add_byte(&page, '\0');
    assert_string_equal(
        page.at,
        "[{\"route\":\"/s/{x}\",\"deprecated\":\"2026-03-02\",\"sunset\":\"2027-03-02\","
        "\"successor\":\"/p/{x}\",\"caller\":\"X-Who\",\"brownouts\":["
        "{\"from\":\"2026-12-01T09:00:00Z\",\"to\":\"2026-12-01T09:15:00Z\",\"open\":true},"
        "{\"from\":\"2026-12-08T09:00:00Z\",\"to\":\"2026-12-08T09:15:00Z\",\"open\":false}],"
        "\"callers\":[\n"
        "{\"name\":\"curl\",\"count\":1,\"last\":\"2026-12-01T09:00:00Z\"},\n"
        "{\"name\":\"sales\",\"count\":1,\"last\":\"2026-12-01T09:00:01Z\"}]},\n"
        "{\"route\":\"/u\",\"deprecated\":\"2026-03-02\",\"brownouts\":[],\"callers\":[]}]\n");
    buf_fini(&page);
    callers_free(&c);
    mapping_unref(&m);
    diag_free(&complaints);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_are_counted_by_route_and_name),
        cmocka_unit_test(a_route_has_few_names),
        cmocka_unit_test(threads_may_call_at_once),
        cmocka_unit_test(the_page_is_of_the_mapping_in_force),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
