#include "exchange/stage.h"
#include "exchange/suites.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define PRODUCT "/api/v1/accounts/a/data-products/p1"
#define HOST    "Host: api.example.com\r\n"
#define JSON    "Content-Type: application/json\n"

/* What was told of the last exchange, with the parts that die with it. */
struct heard {
    unsigned times;
    struct exchange_report report;
    bool counted[2];
    struct tally_row pairs[2]; /* sums */
    char route[128];
};

static struct tally_row sum(const struct tally *t)
{
    struct tally_row sum = {0};

    for (size_t i = 0; t->rules && i < rules_pair_count(t->rules); i++) {
        sum.changed += t->pairs[i].changed;
        sum.collided += t->pairs[i].collided;
        sum.passed += t->pairs[i].passed;
    }
    return sum;
}

static struct heard heard;

static void on_ended(void *owner, const struct exchange_report *report)
{
    struct text route = report->route ? report->route->client : TEXT("none");

    (void)owner;
    heard.times++;
    heard.report = *report;
    snprintf(heard.route, sizeof heard.route, "%.*s", TEXT_ARG(route));
    for (int d = REQUEST; d <= RESPONSE; d++) {
        heard.counted[d] = report->tally[d]->rules;
        heard.pairs[d] = sum(report->tally[d]);
    }
}

static void begin(struct stage *s, const char *head)
{
    heard = (struct heard){0};
    stage_open(s, &scene_get_roomy);
    s->host.ended = on_ended;
    stage_begin_with(s, head);
}

static void end(struct stage *s)
{
    fake_upstream_done(stage_transfer(s), &(struct http_fields){0});
    s->client->body_over = true;
    stage_finish(s);
    stage_close(s);
    assert_int_equal(heard.times, 1);
}

/* What the rules did is told by direction, and where the time went adds up. */
static void a_report_tells_what_rules_did(void **state)
{
    static const char reply[] = "{\"workspaceId\":1,\"a\":{\"workspaceId\":2,\"dataProductId\":3}}";
    struct stage s;

    (void)state;
    begin(&s, "GET " PRODUCT " HTTP/1.1\r\n" HOST "\r\n");
    stage_head(&s, 200, HTTP_CHUNKED, 0, JSON);
    fake_upstream_piece(stage_transfer(&s), text_from(reply));
    end(&s);
    assert_int_equal(heard.report.status, 200);
    assert_int_equal(heard.report.outcome, OUTCOME_OK);
    assert_int_equal(heard.report.transfers, 1);
    assert_string_equal(heard.route, "/api/v1/accounts/{accountId}/data-products/{dataProductId}");
    assert_false(heard.counted[REQUEST]);
    assert_true(heard.counted[RESPONSE]);
    assert_int_equal(heard.pairs[RESPONSE].changed, 3); /* the last, out of the other's way */
    assert_int_equal(heard.pairs[RESPONSE].collided, 1);
    assert_true(heard.report.sent > 0);
    assert_true(heard.report.own_us <= heard.report.duration_us);
    assert_true(heard.report.upstream_us <= heard.report.duration_us);
}

/* A document that its translator refused is told as invalid, a cut one is not. */
static void a_report_tells_invalid_documents(void **state)
{
    struct stage s;

    (void)state;
    begin(&s, "GET " PRODUCT " HTTP/1.1\r\n" HOST "\r\n");
    stage_head(&s, 200, HTTP_LENGTH, 2, JSON);
    fake_upstream_piece(stage_transfer(&s), TEXT("{]"));
    stage_finish(&s);
    stage_close(&s);
    assert_int_equal(heard.report.status, 502);
    assert_true(heard.report.invalid[RESPONSE]);
    assert_false(heard.report.invalid[REQUEST]);

    begin(&s, "GET " PRODUCT " HTTP/1.1\r\n" HOST "\r\n");
    fake_upstream_broke(stage_transfer(&s), UPSTREAM_CUT);
    stage_finish(&s);
    stage_close(&s);
    assert_int_equal(heard.report.outcome, OUTCOME_UPSTREAM_INVALID);
    assert_false(heard.report.invalid[RESPONSE]);
}

/* Where the time goes: whoever drains the client makes the service go on, within one call. */
static void nested_work_counts_once(void **state)
{
    struct stage s;
    struct exchange *ex;

    (void)state;
    begin(&s, "GET " PRODUCT " HTTP/1.1\r\n" HOST "\r\n");
    ex = s.ex;
    uint64_t before = times_own(ex), from = times_now();
    times_work(ex);
    times_work(ex);
    while (times_now() - from < 2000)
        ;
    times_rest(ex);
    assert_int_equal(ex->times.own, before); /* the outer call goes on */
    times_rest(ex);
    uint64_t worked = times_own(ex) - before;
    assert_true(worked >= 2000);
    assert_true(worked <= times_now() - from);
    stage_head(&s, 204, HTTP_NO_BODY, 0, "");
    end(&s);
    assert_true(heard.report.own_us <= heard.report.duration_us);
}

/* A request that was lost and sent again was open twice. */
static void a_report_tells_of_a_second_try(void **state)
{
    struct stage s;

    (void)state;
    begin(&s, "GET " PRODUCT " HTTP/1.1\r\n" HOST "\r\n");
    fake_upstream_broke(stage_transfer(&s), UPSTREAM_BROKE);
    stage_head(&s, 204, HTTP_NO_BODY, 0, "");
    end(&s);
    assert_int_equal(heard.report.transfers, 2);
    assert_int_equal(heard.report.status, 204);
}

/* A refused head has no route and no method, but is told. */
static void a_report_tells_of_refused_heads(void **state)
{
    struct stage s;

    (void)state;
    heard = (struct heard){0};
    stage_open(&s, &scene_get_roomy);
    s.host.ended = on_ended;
    stage_refuse(&s, 431);
    stage_finish(&s);
    stage_close(&s);
    assert_int_equal(heard.times, 1);
    assert_int_equal(heard.report.status, 431);
    assert_int_equal(heard.report.method.len, 0);
    assert_int_equal(heard.report.transfers, 0);
    assert_string_equal(heard.route, "none");
}

int run_reports(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_report_tells_what_rules_did),
        cmocka_unit_test(a_report_tells_invalid_documents),
        cmocka_unit_test(nested_work_counts_once),
        cmocka_unit_test(a_report_tells_of_a_second_try),
        cmocka_unit_test(a_report_tells_of_refused_heads),
    };

    return cmocka_run_group_tests_name("reports", tests, NULL, NULL);
}
