#include "exchange/stage.h"
#include "exchange/suites.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define BASE                         "/api/v1/accounts/a"
#define HOST_LINE                    "Host: api.example.com\r\nX-Request-Id: r-1\r\n"
#define JSON_BODY                    "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n"
#define REQUEST(method, path, lines) method " " BASE path " HTTP/1.1\r\n" HOST_LINE lines "\r\n"

#define NONE HAPPENING_COUNT

/* One way to an error reply, and what the client reads then. */
struct ending {
    const char *name;
    enum outcome outcome;
    int status;
    const char *code, *message;
    const char *details;       /* after the request's id */
    const char *head;          /* NULL: the head was refused with STATUS */
    const char *body;          /* one piece, or NULL */
    bool body_end;             /* the body is complete */
    enum happening then;       /* NONE: nothing more happens */
    bool close;                /* the connection can't be kept */
    const char *field, *value; /* a field of its own */
};

static const char malformed[] = "The request is malformed.";
static const char not_json[] = "The request body is not valid JSON.";
static const char too_large[] = "The request body is too large.";
static const char same_fields[] = "Two fields of one object mean the same thing.";
static const char invalid[] = "The service gave an invalid reply.";
static const char unreachable[] = "The service cannot be reached.";
static const char unsafe[] = "The path holds a dot segment or an unsafe escape.";
static const char no_method[] = "This resource does not take this method.";
static const char no_resource[] = "No data-products resource at this path.";
static const char no_upgrade[] = "This method or upgrade is not supported.";
static const char in_time[] = "The request did not arrive in time.";
static const char long_body[] =
    "[\"0123456789012345678901234567890123456789012345678901234567890\"]";

/* clang-format off */
static const struct ending endings[] = {
    {"a malformed head", OUTCOME_BAD_REQUEST, 400, "BAD_REQUEST", malformed, "",
     NULL, NULL, false, NONE, true, NULL, NULL},
    {"a dot segment", OUTCOME_BAD_PATH, 400, "BAD_REQUEST", unsafe, "",
     REQUEST("GET", "/data-products/..", ""), NULL, false, NONE, true, NULL, NULL},
    {"a dot segment under three escapes", OUTCOME_BAD_PATH, 400, "BAD_REQUEST", unsafe, "",
     REQUEST("GET", "/data-products/%25252e%2e/x", ""), NULL, false, NONE, true, NULL, NULL},
    {"two headers for one", OUTCOME_BAD_HEADER_PAIR, 400, "BAD_REQUEST",
     "Two header fields mean the same thing.", "",
     REQUEST("GET", "/data-products", "X-Data-Product-Id: 1\r\nx-workspace-id: 2\r\n"),
     NULL, false, NONE, false, NULL, NULL},
    {"a bad chunk", OUTCOME_BAD_BODY_FRAMING, 400, "BAD_REQUEST",
     "The request body is not framed correctly.", "",
     REQUEST("POST", "/data-products", JSON_BODY), "{", false, BODY_BROKEN, true, NULL, NULL},
    {"a body that is not gzip", OUTCOME_BAD_BODY_CODING, 400, "BAD_REQUEST",
     "The request body is not in its content coding.", "",
     REQUEST("POST", "/data-products", JSON_BODY "Content-Encoding: gzip\r\n"), "{\"a\":1}", false,
     NONE, true, NULL, NULL},
    {"JSON that is not", OUTCOME_INVALID_JSON, 400, "INVALID_JSON", not_json,
     ",\"reason\":\"not JSON at this point\",\"offset\":4,\"line\":2,\"column\":3",
     REQUEST("POST", "/data-products", JSON_BODY), "{\n  ]", false, NONE, true, NULL, NULL},
    {"JSON that is cut short", OUTCOME_INVALID_JSON, 400, "INVALID_JSON", not_json,
     ",\"reason\":\"the JSON text ends too early\",\"offset\":4,\"line\":1,\"column\":5",
     REQUEST("POST", "/data-products", JSON_BODY), "{\"a\"", true, NONE, false, NULL, NULL},
    {"two fields for one", OUTCOME_CONFLICTING_FIELDS, 400, "CONFLICTING_FIELDS", same_fields,
     ",\"reason\":\"two members would have one name\",\"field\":\"dataProductId\""
     ",\"offset\":19,\"line\":1,\"column\":20,\"firstOffset\":1,\"firstLine\":1,\"firstColumn\":2",
     REQUEST("POST", "/data-products", JSON_BODY), "{\"dataProductId\":1,\"workspaceId\":2}",
     true, NONE, true, NULL, NULL},
    {"two parameters for one", OUTCOME_CONFLICTING_FIELDS, 400, "CONFLICTING_FIELDS", same_fields,
     ",\"reason\":\"two query parameters mean the same thing\",\"field\":\"dataProductId\"",
     REQUEST("GET", "/data-products?dataProductId=1&workspaceId=2", ""),
     NULL, false, NONE, false, NULL, NULL},
    {"two parameters for one, before the body", OUTCOME_CONFLICTING_FIELDS, 400,
     "CONFLICTING_FIELDS", same_fields, ",\"reason\":\"two query parameters mean the same thing\",\"field\":\"dataProductId\"",
     REQUEST("POST", "/data-products?dataProductId=1&workspaceId=2", JSON_BODY),
     NULL, false, NONE, true, NULL, NULL},
    {"no such path", OUTCOME_NO_ROUTE, 404, "ROUTE_NOT_FOUND", no_resource, "",
     REQUEST("GET", "/nothing", ""), NULL, false, NONE, false, NULL, NULL},
    {"no such path, with a body", OUTCOME_NO_ROUTE, 404, "ROUTE_NOT_FOUND", no_resource, "",
     REQUEST("POST", "/nothing", JSON_BODY), NULL, false, NONE, true, NULL, NULL},
    {"no such method", OUTCOME_NO_METHOD, 405, "METHOD_NOT_ALLOWED", no_method, "",
     REQUEST("DELETE", "/data-products", ""), NULL, false, NONE, false,
     "Allow", "GET, HEAD, POST, OPTIONS"},
    {"a head that is too slow", OUTCOME_REQUEST_SLOW, 408, "REQUEST_TIMEOUT", in_time, "",
     NULL, NULL, false, NONE, true, NULL, NULL},
    {"a body that stalls", OUTCOME_REQUEST_SLOW, 408, "REQUEST_TIMEOUT", in_time, "",
     REQUEST("POST", "/data-products", JSON_BODY), "{", false, BODY_STALLED, true, NULL, NULL},
    {"a declared length over the limit", OUTCOME_BODY_TOO_LARGE, 413, "BODY_TOO_LARGE", too_large,
     "", REQUEST("POST", "/data-products/p/assets", "Content-Length: 101\r\n"), NULL, false, NONE,
     true, NULL, NULL},
    {"a body over the limit", OUTCOME_BODY_TOO_LARGE, 413, "BODY_TOO_LARGE", too_large, "",
     REQUEST("POST", "/data-products", JSON_BODY), long_body, false, NONE, true, NULL, NULL},
    {"a target that is too long", OUTCOME_URI_TOO_LONG, 414, "URI_TOO_LONG",
     "The request target is too long.", "", NULL, NULL, false, NONE, true, NULL, NULL},
    {"a coding nobody reads", OUTCOME_UNSUPPORTED_CODING, 415, "UNSUPPORTED_CODING",
     "This content coding is not supported here.", "",
     REQUEST("POST", "/data-products", JSON_BODY "Content-Encoding: compress\r\n"),
     NULL, false, NONE, true, NULL, NULL},
    {"an expectation nobody meets", OUTCOME_EXPECTATION_FAILED, 417, "EXPECTATION_FAILED",
     "The only expectation supported is 100-continue.", "",
     NULL, NULL, false, NONE, true, NULL, NULL},
    {"a head that is too long", OUTCOME_HEADERS_TOO_LARGE, 431, "HEADERS_TOO_LARGE",
     "The request header fields are too large.", "", NULL, NULL, false, NONE, true, NULL, NULL},
    {"a transfer without memory", OUTCOME_EXHAUSTED, 503, "OVERLOADED",
     "The gateway has no room for this request; try again shortly.", "",
     REQUEST("GET", "/data-products", ""), NULL, true, NO_MEMORY, false, NULL, NULL},
    {"a method nobody knows", OUTCOME_NOT_IMPLEMENTED, 501, "NOT_IMPLEMENTED", no_upgrade, "",
     NULL, NULL, false, NONE, true, NULL, NULL},
    {"a web socket", OUTCOME_NOT_IMPLEMENTED, 501, "NOT_IMPLEMENTED", no_upgrade, "",
     REQUEST("GET", "/data-products", "Connection: upgrade\r\nUpgrade: websocket\r\n"),
     NULL, false, NONE, false, NULL, NULL},
    {"a reply that is no HTTP", OUTCOME_UPSTREAM_INVALID, 502, "UPSTREAM_INVALID", invalid, "",
     REQUEST("GET", "/data-products", ""), NULL, true, INVALID, false, NULL, NULL},
    {"a service that breaks off", OUTCOME_UPSTREAM_UNREACHABLE, 502, "UPSTREAM_UNREACHABLE",
     unreachable, "", REQUEST("POST", "/data-products", ""), NULL, true, BROKE, false, NULL, NULL},
    {"a service that breaks off within its reply", OUTCOME_UPSTREAM_INVALID, 502,
     "UPSTREAM_INVALID", invalid, "", REQUEST("GET", "/data-products", ""), NULL, true, CUT, false,
     NULL, NULL},
    {"a service that is not there", OUTCOME_UPSTREAM_UNREACHABLE, 502, "UPSTREAM_UNREACHABLE",
     unreachable, "", REQUEST("POST", "/data-products", ""), NULL, true, REFUSED, false, NULL, NULL},
    {"a service that is too slow", OUTCOME_UPSTREAM_SLOW, 504, "UPSTREAM_TIMEOUT",
     "The service did not answer in time.", "",
     REQUEST("GET", "/data-products", ""), NULL, true, SLOW, false, NULL, NULL},
    {"a service that is too slow while the body comes", OUTCOME_UPSTREAM_SLOW, 504,
     "UPSTREAM_TIMEOUT", "The service did not answer in time.", "",
     REQUEST("POST", "/data-products/p/assets", "Content-Length: 9\r\n"), "01234", false, SLOW,
     true, NULL, NULL},
    {"another version", OUTCOME_VERSION_NOT_SUPPORTED, 505, "VERSION_NOT_SUPPORTED",
     "This HTTP version is not supported.", "", NULL, NULL, false, NONE, true, NULL, NULL},
};
/* clang-format on */

/* --- what every error reply has -------------------------------------------- */

static void expect_field(const struct stage *s, const char *name, const char *value)
{
    const char *found = fake_front_field(s->client, name, 0);

    if (!found || strcmp(found, value) != 0)
        wrong("%s is \"%s\", not \"%s\"", name, found ? found : "absent", value);
    if (fake_front_field(s->client, name, 1))
        wrong("%s stands there twice", name);
}

/* The request's id as the reply tells it: ours if the client gave none that could be read. */
static const char *id_of(const struct stage *s, const char *head)
{
    static char id[64];
    const char *told = fake_front_field(s->client, "X-Request-Id", 0);

    assert_non_null(told);
    snprintf(id, sizeof id, "%s", told);
    if (head)
        assert_string_equal(id, "r-1");
    else
        assert_int_equal(strspn(id, "0123456789abcdef"), 32);
    return id;
}

static void expect_envelope(const struct stage *s, const struct ending *e)
{
    char expected[1024];

    snprintf(expected, sizeof expected,
             "{\"ok\":false,\"error\":{\"code\":\"%s\",\"message\":\"%s\","
             "\"details\":{\"requestId\":\"%s\"%s}}}",
             e->code, e->message, id_of(s, e->head), e->details);
    if (!text_eq(buf_text(&s->client->body), text_from(expected)))
        wrong("the body is\n%.*s\nnot\n%s", TEXT_ARG(buf_text(&s->client->body)), expected);
    assert_int_equal(s->client->reply.framing, HTTP_LENGTH);
    assert_int_equal(s->client->reply.length, strlen(expected));
    expect_field(s, "Content-Type", "application/json");
    expect_field(s, "Via", "1.1 dpgw");
}

static void begin_ending(struct stage *s, const struct ending *e)
{
    stage_open(s, &scene_get);
    s->host.limits.body_json = 40;
    story_add(e->name);
    if (e->head)
        stage_begin_with(s, e->head);
    else
        stage_refuse(s, e->status);
    if (e->body)
        fake_front_piece(s->client, text_from(e->body));
    if (e->body_end && !s->client->finished)
        fake_front_body_end(s->client);
    if (e->then != NONE)
        stage_force(s, e->then);
}

static void one_ending(void **state)
{
    const struct ending *e = *state;
    struct stage s;

    begin_ending(&s, e);
    if (!s.client->finished || s.client->reply.status != e->status)
        wrong("the client got status %d", s.client->reply.status);
    expect_envelope(&s, e);
    if (s.client->reply.close != e->close)
        wrong("the connection %s kept", e->close ? "was" : "was not");
    if (e->field)
        expect_field(&s, e->field, e->value);
    assert_int_equal(fake_front_field(s.client, "Retry-After", 0) != NULL, e->status == 503);
    assert_true(e->field || !fake_front_field(s.client, "Allow", 0));
    s.client->body_over = true;
    stage_finish(&s);
    assert_int_equal(s.outcome, e->outcome);
    assert_int_equal(s.status, e->status);
    stage_close(&s);
}

/* --- endings of another kind ------------------------------------------------ */

static void a_good_end(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, &scene_get);
    stage_begin(&s);
    stage_finish(&s);
    assert_int_equal(s.outcome, OUTCOME_OK);
    assert_int_equal(s.status, 200);
    stage_close(&s);
}

static void the_client_goes(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, &scene_get);
    stage_begin(&s);
    stage_do(&s, GONE);
    assert_int_equal(s.outcome, OUTCOME_CLIENT_GONE);
    assert_int_equal(s.status, 0);
    stage_close(&s);
}

/* 503 with Retry-After, whatever the reason. */
static void expect_503(struct stage *s, enum outcome outcome, const char *code)
{
    assert_int_equal(s->client->reply.status, 503);
    assert_string_equal(fake_front_field(s->client, "Retry-After", 0), "1");
    buf_add_byte(&s->client->body, 0);
    assert_non_null(strstr(s->client->body.at, code));
    s->client->body.len--;
    stage_finish(s);
    assert_int_equal(s->outcome, outcome);
    stage_close(s);
}

static void too_many_exchanges(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, &scene_get);
    quota_init(&s.places, 0);
    stage_begin(&s);
    assert_int_equal(s.upstream.started, 0);
    expect_503(&s, OUTCOME_OVERLOADED, "\"OVERLOADED\"");
}

/* Without memory nothing new is taken on; short of that, all is. */
static void no_memory_to_spare(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, &scene_get);
    pressure_say(&s.pressure, PRESSURE_FULL);
    stage_begin(&s);
    assert_int_equal(s.upstream.started, 0);
    assert_int_equal(quota_taken(&s.places), 0);
    expect_503(&s, OUTCOME_OVERLOADED, "\"OVERLOADED\"");
    stage_open(&s, &scene_get);
    pressure_say(&s.pressure, PRESSURE_HIGH);
    stage_begin(&s);
    assert_int_equal(s.upstream.started, 1);
    fake_front_gone(s.client);
    stage_reap(&s);
    stage_close(&s);
}

/* A connection one too many takes no place from the others. */
static void an_unwelcome_request(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, &scene_get);
    s.client = fake_front_new("GET /data-products HTTP/1.1\r\nHost: a\r\n\r\n");
    s.client->unwelcome = true;
    exchange_begin(&s.host, s.client, &s.client->head);
    s.ex = s.client->owner;
    assert_int_equal(s.upstream.started, 0);
    assert_int_equal(quota_taken(&s.places), 0);
    expect_503(&s, OUTCOME_OVERLOADED, "\"OVERLOADED\"");
}

/* Three requests, two of which a host takes; they end in another order than they began. */
static void exchanges_share_a_host(void **state)
{
    static const char head[] = REQUEST("POST", "/data-products", JSON_BODY);
    struct front_request *clients[3];
    struct stage s;

    (void)state;
    stage_open(&s, &scene_get);
    quota_init(&s.places, 2);
    for (size_t i = 0; i < 3; i++) {
        clients[i] = fake_front_new(head);
        exchange_begin(&s.host, clients[i], &clients[i]->head);
    }
    assert_int_equal(clients[0]->reply.status, 0);
    assert_int_equal(clients[1]->reply.status, 0);
    assert_int_equal(clients[2]->reply.status, 503);
    assert_int_equal(s.host.open, 3);
    assert_int_equal(quota_taken(&s.places), 2);
    fake_front_gone(clients[1]);
    assert_int_equal(quota_taken(&s.places), 1);
    assert_int_equal(s.host.open, 2);
    exchange_end_all(&s.host, OUTCOME_DRAINING);
    assert_int_equal(clients[0]->reply.status, 503);
    fake_front_gone(clients[2]);
    exchange_reap(&s.host);
    fake_front_end(clients[0]);
    assert_int_equal(s.burials, 3);
    exchange_reap(&s.host);
    assert_true(s.host.open == 0 && LIST_EMPTY(&s.host.living) && LIST_EMPTY(&s.host.dead));
    for (size_t i = 0; i < 3; i++)
        fake_front_free(&clients[i]);
}

/* The end of all: 503 before the reply, a cut in it, and a finished one leaves in peace. */
static void the_host_ends_all(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, &scene_get);
    stage_begin(&s);
    exchange_end_all(&s.host, OUTCOME_DRAINING);
    expect_503(&s, OUTCOME_DRAINING, "\"DRAINING\"");

    stage_open(&s, &scene_get);
    stage_begin(&s);
    stage_do(&s, HEAD_CHUNKED);
    exchange_end_all(&s.host, OUTCOME_DRAINING);
    assert_true(s.client->aborted);
    stage_finish(&s);
    assert_int_equal(s.outcome, OUTCOME_DRAINING);
    stage_close(&s);

    stage_open(&s, &scene_get);
    stage_begin(&s);
    stage_do(&s, HEAD_204);
    stage_do(&s, DONE);
    exchange_end_all(&s.host, OUTCOME_DRAINING);
    assert_false(s.client->aborted);
    stage_finish(&s);
    assert_int_equal(s.outcome, OUTCOME_OK);
    stage_close(&s);
}

static void no_transfer_can_start(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, &scene_get);
    s.upstream.no_memory = true;
    stage_begin(&s);
    assert_int_equal(s.client->reply.status, 503);
    stage_finish(&s);
    assert_int_equal(s.outcome, OUTCOME_EXHAUSTED);
    stage_close(&s);
}

/* HEAD gets the length of the error, and no byte of it. */
static void errors_to_head(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, &scene_get);
    stage_begin_with(&s, REQUEST("HEAD", "/nothing", ""));
    assert_int_equal(s.client->reply.status, 404);
    assert_int_equal(s.client->reply.framing, HTTP_NO_BODY);
    assert_true(s.client->reply.has_length);
    assert_int_equal(
        s.client->reply.length,
        strlen("{'ok':false,'error':{'code':'ROUTE_NOT_FOUND','message':'No data-products "
               "resource at this path.','details':{'requestId':'r-1'}}}"));
    assert_int_equal(s.client->body.len, 0);
    stage_finish(&s);
    stage_close(&s);
}

static void options_of_the_server(void **state)
{
    static const char *const heads[] = {
        "OPTIONS * HTTP/1.1\r\n" HOST_LINE "\r\n",
        "OPTIONS * HTTP/1.1\r\n" HOST_LINE "Content-Length: 9\r\n\r\n",
    };
    struct stage s;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        stage_open(&s, &scene_get);
        stage_begin_with(&s, heads[i]);
        assert_string_equal(transcript(), "reply 204 finish");
        assert_int_equal(s.client->reply.close, i == 1);
        stage_finish(&s);
        assert_int_equal(s.outcome, OUTCOME_OK);
        stage_close(&s);
    }
}

/* An invalid reply keeps the status that the service gave, if it was an error. */
static void invalid_error_keeps_its_status(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, &scene_get);
    stage_begin(&s);
    stage_head(&s, 409, HTTP_LENGTH, 9, "Content-Type: application/json\n");
    fake_upstream_piece(stage_transfer(&s), TEXT("<html>!!!"));
    assert_int_equal(s.client->reply.status, 409);
    stage_finish(&s);
    assert_int_equal(s.outcome, OUTCOME_UPSTREAM_INVALID);
    stage_close(&s);
}

/* --- every row of the table has a case --------------------------------------- */

static void every_outcome_has_a_case(void **state)
{
    bool seen[OUTCOME_COUNT] = {
        [OUTCOME_OK] = true,         [OUTCOME_CLIENT_GONE] = true, [OUTCOME_BROWNOUT] = true,
        [OUTCOME_OVERLOADED] = true, [OUTCOME_INTERNAL] = true,    [OUTCOME_DRAINING] = true};

    (void)state;
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        const struct outcome_row *row = outcome_row(endings[i].outcome);

        seen[endings[i].outcome] = true;
        assert_int_equal(row->status, endings[i].status);
        assert_string_equal(row->code, endings[i].code);
    }
    for (enum outcome o = 0; o < OUTCOME_COUNT; o++)
        if (!seen[o])
            fail_msg("no case for %s", outcome_row(o)->name);
}

int run_outcomes(void)
{
    enum { ENDINGS = sizeof endings / sizeof endings[0] };
    static const struct CMUnitTest others[] = {
        cmocka_unit_test(a_good_end),
        cmocka_unit_test(the_client_goes),
        cmocka_unit_test(too_many_exchanges),
        cmocka_unit_test(no_memory_to_spare),
        cmocka_unit_test(an_unwelcome_request),
        cmocka_unit_test(exchanges_share_a_host),
        cmocka_unit_test(the_host_ends_all),
        cmocka_unit_test(no_transfer_can_start),
        cmocka_unit_test(errors_to_head),
        cmocka_unit_test(options_of_the_server),
        cmocka_unit_test(invalid_error_keeps_its_status),
        cmocka_unit_test(every_outcome_has_a_case),
    };
    enum { OTHERS = sizeof others / sizeof others[0] };
    struct CMUnitTest tests[ENDINGS + OTHERS];

    for (size_t i = 0; i < ENDINGS; i++)
        tests[i] = (struct CMUnitTest){
            .name = endings[i].name, .test_func = one_ending, .initial_state = (void *)&endings[i]};
    for (size_t i = 0; i < OTHERS; i++)
        tests[ENDINGS + i] = others[i];
    return cmocka_run_group_tests_name("outcomes", tests, NULL, NULL);
}
