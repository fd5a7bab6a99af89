#include "server/ledger.h"
#include "server/metrics.h"

#include "mapping/builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define CLIENT   "/things/{id}"
#define UPSTREAM "/wings/{id}"

static struct mapping *mapping;

static struct written as(const char *text)
{
    return (struct written){text_from(text), {.file = "test", .line = 1, .column = 1}};
}

static int setup(void **state)
{
    struct diag *complaints = diag_new();
    struct mapping_builder *b = mapping_builder_new(complaints);
    struct mapping_scope *global = mapping_builder_global(b);
    struct mapping_scope *route = mapping_builder_route(b, as(CLIENT), as(UPSTREAM));

    (void)state;
    mapping_scope_method(route, as("GET"), (struct written){0});
    mapping_scope_field(global, as("thing"), as("wing"), REACH_BOTH, (struct written){0});
    mapping_scope_field(global, as("odd \"\\\nname"), as("o"), REACH_BOTH, (struct written){0});
    mapping_scope_value(global, as("$..kind"), VALUE_NAME, REACH_BOTH);
    mapping = mapping_builder_finish(&b);
    diag_free(&complaints);
    return mapping ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    mapping_unref(&mapping);
    return 0;
}

static const struct route *the_route(void)
{
    const struct route *route = NULL;

    assert_int_equal(mapping_route(mapping, HTTP_GET, TEXT("/things/1"), &route), ROUTE_FOUND);
    return route;
}

/* A GET of the route that was answered with STATUS after MS; its rules renamed as in TALLY. */
static void enter(struct ledger *l, int status, uint64_t ms, struct tally tally[2])
{
    struct exchange_report report = {.mapping = mapping,
                                     .route = the_route(),
                                     .method = TEXT("GET"),
                                     .status = status,
                                     .outcome = OUTCOME_OK,
                                     .duration_us = ms * 1000,
                                     .upstream_us = 400,
                                     .received = 3,
                                     .sent = 5,
                                     .transfers = 1,
                                     .on_kept = 1,
                                     .tally = {&tally[REQUEST], &tally[RESPONSE]}};

    ledger_enter(l, &report);
}

static char *page_of(const struct ledger *l)
{
    struct metrics_gauges gauges = {.connections = 7,
                                    .connections_most = 9,
                                    .refused = 2,
                                    .log_lost = 4,
                                    .exchanges = 3,
                                    .exchanges_most = 5,
                                    .event_streams = 1};
    struct metrics_mapping m = {.digest = TEXT("0badcafe"), .loaded = 12, .last_taken = true};
    struct buf page;

    buf_init(&page, 1024 * 1024);
    struct callers *callers = callers_new();
    assert_non_null(callers);
    callers_note(callers, TEXT(CLIENT), TEXT("curl"), 1);
    metrics_write(&page, l, &gauges, &m, callers);
    callers_free(&callers);
    buf_add_byte(&page, '\0');
    assert_false(page.failed);
    return page.at;
}

static void expect(const char *page, const char *line)
{
    if (!strstr(page, line))
        fail_msg("no line %s in\n%s", line, page);
}

/* Counts of two workers are one on the page, each exchange in its bucket and all above. */
static void ledgers_add_up(void **state)
{
    struct ledger one, two, sum;
    struct tally none[2] = {0};

    (void)state;
    assert_true(ledger_init(&one) && ledger_init(&two) && ledger_init(&sum));
    enter(&one, 200, 1, none);
    enter(&one, 200, 3, none);
    enter(&two, 404, 70000, none);
    ledger_add(&sum, &one);
    ledger_add(&sum, &two);
    char *page = page_of(&sum);
    expect(page, "dpgw_deprecated_requests_total{route=\"" CLIENT "\",client=\"curl\"} 1\n");
    expect(page, "dpgw_requests_total{route=\"" CLIENT "\",method=\"GET\",status=\"200\"} 2\n");
    expect(page, "dpgw_requests_total{route=\"" CLIENT "\",method=\"GET\",status=\"404\"} 1\n");
    expect(page, "dpgw_request_duration_seconds_bucket{route=\"" CLIENT "\",le=\"0.0005\"} 0\n");
    expect(page, "dpgw_request_duration_seconds_bucket{route=\"" CLIENT "\",le=\"0.001\"} 1\n");
    expect(page, "dpgw_request_duration_seconds_bucket{route=\"" CLIENT "\",le=\"60\"} 2\n");
    expect(page, "dpgw_request_duration_seconds_bucket{route=\"" CLIENT "\",le=\"+Inf\"} 3\n");
    expect(page, "dpgw_request_duration_seconds_sum{route=\"" CLIENT "\"} 70.004000\n");
    expect(page, "dpgw_upstream_duration_seconds_bucket{route=\"" CLIENT "\",le=\"0.0005\"} 3\n");
    expect(page, "dpgw_outcomes_total{outcome=\"OK\"} 3\n");
    expect(page, "dpgw_body_bytes_total{direction=\"request\"} 9\n");
    expect(page, "dpgw_body_bytes_total{direction=\"response\"} 15\n");
    expect(page, "dpgw_upstream_requests_total{connection=\"kept\"} 3\n");
    expect(page, "dpgw_upstream_requests_total{connection=\"new\"} 0\n");
    expect(page, "dpgw_connections 7\n");
    expect(page, "dpgw_connections_limit 9\n");
    expect(page, "dpgw_exchanges_limit 5\n");
    expect(page, "dpgw_accepted_connections_total{result=\"refused\"} 2\n");
    expect(page, "dpgw_log_lines_lost_total 4\n");
    expect(page, "dpgw_mapping_info{digest=\"0badcafe\"} 1\n");
    free(page);
    ledger_fini(&one);
    ledger_fini(&two);
    ledger_fini(&sum);
}

/* Renames are counted by the client's name and by direction; labels are escaped. */
static void rules_have_their_counts(void **state)
{
    struct ledger one, sum;
    struct tally tally[2] = {0};
    struct sightings none = {0};
    const struct rules *rules = the_route()->rules;

    (void)state;
    assert_true(ledger_init(&one) && ledger_init(&sum));
    assert_non_null(tally_begin(&tally[RESPONSE], rules, &none));
    for (size_t i = 0; i < rules_pair_count(rules); i++) {
        const struct pair *pair = rules_pair_at(rules, i);
        const struct translate_watcher *w = &tally[RESPONSE].watcher;

        w->renamed(w->owner, pair, (struct body_place){0});
        w->renamed(w->owner, pair, (struct body_place){0});
        w->collided(w->owner, pair, (struct body_place){0});
    }
    tally[RESPONSE].watcher.revalued(&tally[RESPONSE], rules_value_at(rules, 0),
                                     (struct body_place){0});
    enter(&one, 200, 1, tally);
    enter(&one, 200, 1, tally);
    ledger_add(&sum, &one);
    char *page = page_of(&sum);
    expect(page, "dpgw_renames_total{name=\"thing\",at=\"\",direction=\"response\"} 4\n");
    expect(page,
           "dpgw_renames_total{name=\"odd \\\"\\\\\\nname\",at=\"\",direction=\"response\"} 4\n");
    expect(page, "dpgw_renames_total{name=\"\",at=\"$..kind\",direction=\"response\"} 2\n");
    expect(page, "dpgw_collisions_total{name=\"thing\",at=\"\",direction=\"response\"} 2\n");
    assert_null(strstr(page, "direction=\"request\"} 4"));
    free(page);
    tally_fini(&tally[RESPONSE]);
    ledger_fini(&one);
    ledger_fini(&sum);
}

/* A refused head has no route, and its method is not asked of the client. */
static void what_no_route_serves_is_one_entry(void **state)
{
    struct ledger one;
    struct tally none[2] = {0};
    struct exchange_report report = {.mapping = mapping,
                                     .method = TEXT(""),
                                     .status = 431,
                                     .outcome = OUTCOME_HEADERS_TOO_LARGE,
                                     .tally = {&none[0], &none[1]}};

    (void)state;
    assert_true(ledger_init(&one));
    ledger_enter(&one, &report);
    char *page = page_of(&one);
    expect(page, "dpgw_requests_total{route=\"none\",method=\"none\",status=\"431\"} 1\n");
    expect(page, "dpgw_upstream_duration_seconds_count{route=\"none\"} 0\n");
    free(page);
    ledger_fini(&one);
}

/* The service chooses the status: what RFC 9110 does not have is one entry. */
static void a_status_beyond_599_is_one_entry(void **state)
{
    struct ledger one;
    struct tally none[2] = {0};

    (void)state;
    assert_true(ledger_init(&one));
    for (int status = 599; status <= 999; status++)
        enter(&one, status, 1, none);
    char *page = page_of(&one);
    expect(page, "dpgw_requests_total{route=\"" CLIENT "\",method=\"GET\",status=\"599\"} 1\n");
    expect(page, "dpgw_requests_total{route=\"" CLIENT "\",method=\"GET\",status=\"other\"} 400\n");
    assert_null(strstr(page, "status=\"6"));
    assert_null(strstr(page, "status=\"9"));
    free(page);
    ledger_fini(&one);
}

/* What the process itself uses is told with the names every client library has. */
static void the_process_tells_of_itself(void **state)
{
    struct buf page;

    (void)state;
    buf_init(&page, 65536);
    metrics_write_process(&page);
    buf_add_byte(&page, '\0');
    static const char *const names[] = {"process_cpu_seconds_total ",
                                        "process_open_fds ",
                                        "process_max_fds ",
                                        "process_resident_memory_bytes ",
                                        "process_virtual_memory_bytes ",
                                        "process_start_time_seconds ",
                                        "process_threads "};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        expect(page.at, names[i]);
    expect(page.at, "process_threads 1\n");
    buf_fini(&page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ledgers_add_up),
        cmocka_unit_test(rules_have_their_counts),
        cmocka_unit_test(what_no_route_serves_is_one_entry),
        cmocka_unit_test(a_status_beyond_599_is_one_entry),
        cmocka_unit_test(the_process_tells_of_itself),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
