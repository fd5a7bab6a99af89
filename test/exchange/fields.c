#include "exchange/stage.h"
#include "exchange/suites.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define PRODUCTS    "/api/v1/accounts/a/data-products"
#define TRANSLATED  "GET " PRODUCTS "/p1 HTTP/1.1\r\nHost: api.example.com\r\n"
#define PASSTHROUGH "GET /api/v1/accounts/a/workspaces/w HTTP/1.1\r\nHost: api.example.com\r\n"
#define ID_LINE     "X-Request-Id: r-1\r\n"

#define CODINGS "Accept-Encoding: gzip, br, zstd, deflate\n"

#define FORWARDED                                                                                  \
    "Via: 1.1 dpgw\nX-Forwarded-For: 192.0.2.7\nX-Forwarded-Proto: http\n"                         \
    "X-Forwarded-Host: api.example.com\nX-Request-Id: r-1\n"

struct way {
    const char *name;
    const char *came; /* upward: the whole head; downward: "Name: value\n..." */
    const char *left; /* "Name: value\n..." */
    bool passthrough; /* downward */
};

/* clang-format off */
static const struct way ways_up[] = {
    {"up: a bare request", TRANSLATED ID_LINE "\r\n",
     "Host: 127.0.0.1:9000\n" CODINGS "" FORWARDED, false},
    {"up: hop-by-hop fields and what Connection names stop here",
     TRANSLATED ID_LINE "Connection: keep-alive, X-Hop\r\nKeep-Alive: 5\r\nX-Hop: 1\r\nTE: gzip\r\n"
     "Trailer: X-T\r\nProxy-Authorization: x\r\nUpgrade: h2c\r\nX-End: 2\r\n\r\n",
     "Host: 127.0.0.1:9000\nX-End: 2\n" CODINGS "" FORWARDED, false},
    {"up: Connection names nothing away that is needed",
     TRANSLATED ID_LINE "Connection: Authorization, X-Request-Id, Host\r\n"
     "Authorization: Bearer t\r\n\r\n",
     "Host: 127.0.0.1:9000\nAuthorization: Bearer t\n" CODINGS "" FORWARDED, false},
    {"up: repeated fields stay repeated and in order",
     TRANSLATED ID_LINE "X-A: 1\r\nX-B: 2\r\nX-A: 3\r\n\r\n",
     "Host: 127.0.0.1:9000\nX-A: 1\nX-B: 2\nX-A: 3\n" CODINGS "" FORWARDED, false},
    {"up: mapped headers and lists of header names",
     TRANSLATED ID_LINE "x-data-product-id: 7\r\n"
     "Access-Control-Request-Headers: authorization,X-DATA-PRODUCT-ID\r\n\r\n",
     "Host: 127.0.0.1:9000\nX-Workspace-Id: 7\n"
     "Access-Control-Request-Headers: authorization, X-Workspace-Id\n"
     CODINGS "" FORWARDED, false},
    {"up: what would slip past the mapping is dropped",
     TRANSLATED ID_LINE "X-HTTP-Method-Override: DELETE\r\nX-Original-URL: /x\r\nX-Rewrite-URL: /x\r\n"
     "Range: bytes=0-1\r\nIf-Range: \"x\"\r\nAccept-Encoding: gzip\r\n\r\n",
     "Host: 127.0.0.1:9000\n" CODINGS "" FORWARDED, false},
    {"up: forged forwarding fields are replaced, an earlier Via stays",
     TRANSLATED ID_LINE "X-Forwarded-For: 10.0.0.1\r\nX-Forwarded-Proto: https\r\n"
     "X-Forwarded-Host: evil\r\nVia: 1.1 edge\r\n\r\n",
     "Host: 127.0.0.1:9000\nVia: 1.1 edge\n" CODINGS "" FORWARDED, false},
    {"up: framing and expectation are the gateway's own",
     "POST " PRODUCTS "/p/assets HTTP/1.1\r\nHost: api.example.com\r\n" ID_LINE
     "Content-Length: 5\r\nExpect: 100-continue\r\nContent-MD5: x\r\n\r\n",
     "Host: 127.0.0.1:9000\nContent-MD5: x\n" CODINGS "" FORWARDED, false},
    {"up: passthrough leaves end-to-end fields alone",
     PASSTHROUGH ID_LINE "X-Data-Product-Id: 7\r\nX-HTTP-Method-Override: PUT\r\n"
     "Accept-Encoding: br\r\nRange: bytes=0-1\r\nTE: trailers\r\n\r\n",
     "Host: 127.0.0.1:9000\nX-Data-Product-Id: 7\nX-HTTP-Method-Override: PUT\n"
     "Accept-Encoding: br\nRange: bytes=0-1\n" FORWARDED, false},
    {"up: HTTP/1.0 without a host",
     "GET " PRODUCTS "/p1 HTTP/1.0\r\n" ID_LINE "\r\n",
     "Host: 127.0.0.1:9000\n" CODINGS "Via: 1.0 dpgw\n"
     "X-Forwarded-For: 192.0.2.7\nX-Forwarded-Proto: http\nX-Request-Id: r-1\n", false},
};

static const struct way ways_down[] = {
    {"down: repeated fields stay repeated and in order",
     "Set-Cookie: a=1\nX-A: 1\nSet-Cookie: b=2\n",
     "Set-Cookie: a=1\nX-A: 1\nSet-Cookie: b=2\n", false},
    {"down: mapped headers and lists of header names",
     "X-Workspace-Id: 7\nVary: x-workspace-id, Accept\n"
     "Access-Control-Allow-Headers: X-Workspace-Id\nAccess-Control-Expose-Headers: *\n",
     "X-Data-Product-Id: 7\nVary: X-Data-Product-Id, Accept\n"
     "Access-Control-Allow-Headers: X-Data-Product-Id\nAccess-Control-Expose-Headers: *\n", false},
    {"down: Location through the routes",
     "Location: /api/v1/accounts/a/workspaces/w1\n"
     "Content-Location: http://127.0.0.1:9000/api/v1/accounts/a/workspaces/w1?workspaceId=2\n",
     "Location: /api/v1/accounts/a/data-products/w1\n"
     "Content-Location: http://api.example.com/api/v1/accounts/a/data-products/w1?dataProductId=2\n",
     false},
    {"down: another host's Location stays",
     "Location: http://other/api/v1/accounts/a/workspaces/w1\n",
     "Location: http://other/api/v1/accounts/a/workspaces/w1\n", false},
    {"down: Link, Refresh and Set-Cookie through the routes",
     "Link: </api/v1/accounts/a/workspaces/w1?workspaceId=2>; rel=next, </x>; rel=up\n"
     "Link: <http://127.0.0.1:9000/api/v1/accounts/a/workspaces>; rel=\"first\"\n"
     "Refresh: 5; url=/api/v1/accounts/a/workspaces/w1\n"
     "Set-Cookie: a=1; Path=/api/v1/accounts/a/workspaces; Secure\nSet-Cookie: b=2; Path=/\n",
     "Link: </api/v1/accounts/a/data-products/w1?dataProductId=2>; rel=next, </x>; rel=up\n"
     "Link: <http://api.example.com/api/v1/accounts/a/data-products>; rel=\"first\"\n"
     "Refresh: 5; url=/api/v1/accounts/a/data-products/w1\n"
     "Set-Cookie: a=1; Path=/api/v1/accounts/a/data-products; Secure\nSet-Cookie: b=2; Path=/\n",
     false},
    {"down: a Link that does not parse stays",
     "Link: </api/v1/accounts/a/workspaces/w1>; rel=\"next\n",
     "Link: </api/v1/accounts/a/workspaces/w1>; rel=\"next\n", false},
    {"down: Allow in the client's methods",
     "Allow: GET, POST, PATCH, OPTIONS, TRACE\n", "Allow: GET, PATCH, OPTIONS\n", false},
    {"down: what is not true of a translated body, or told in other words",
     "Accept-Ranges: bytes\nDeprecation: @1\nSunset: x\nContent-MD5: x\nDigest: x\n"
     "Content-Digest: x\nRepr-Digest: x\nX-A: 1\n", "X-A: 1\n", false},
    {"down: the request's id is ours",
     "X-Request-Id: theirs\nVia: 1.1 inner\n", "Via: 1.1 inner\n", false},
    {"down: passthrough leaves end-to-end fields alone",
     "X-Workspace-Id: 7\nVary: X-Workspace-Id\nLocation: /api/v1/accounts/a/workspaces/w1\n"
     "Allow: POST\nAccept-Ranges: bytes\nDeprecation: @1\nContent-Digest: x\n"
     "Link: </api/v1/accounts/a/workspaces/w1>\nETag: \"x\"\nContent-Encoding: gzip\n"
     "Set-Cookie: a=1; Path=/api/v1/accounts/a/workspaces\n",
     "X-Workspace-Id: 7\nVary: X-Workspace-Id\nLocation: /api/v1/accounts/a/workspaces/w1\n"
     "Allow: POST\nAccept-Ranges: bytes\nDeprecation: @1\nContent-Digest: x\n"
     "Link: </api/v1/accounts/a/workspaces/w1>\nETag: \"x\"\nContent-Encoding: gzip\n"
     "Set-Cookie: a=1; Path=/api/v1/accounts/a/workspaces\n", true},
};
/* clang-format on */

/* Takes the traceparent out of FIELDS, which must have a sound one, for its digits are chance. */
static void cut_trace(struct buf *fields)
{
    static const char begin[] = "traceparent: 00-";
    enum { LINE_BYTES = sizeof begin - 1 + 53 };
    char *at = memmem(fields->at, fields->len, begin, sizeof begin - 1);

    if (!at || fields->at + fields->len < at + LINE_BYTES || at[LINE_BYTES - 1] != '\n')
        wrong("no traceparent goes up in\n%.*s", TEXT_ARG(buf_text(fields)));
    memmove(at, at + LINE_BYTES, (size_t)(fields->at + fields->len - at) - LINE_BYTES);
    fields->len -= LINE_BYTES;
}

static void way_up(void **state)
{
    const struct way *way = *state;
    struct stage s;

    stage_open(&s, &scene_get_roomy);
    stage_begin_with(&s, way->came);
    cut_trace(&stage_transfer(&s)->fields);
    struct text left = buf_text(&stage_transfer(&s)->fields);
    if (!text_eq(left, text_from(way->left)))
        wrong("what goes up is\n%.*snot\n%s", TEXT_ARG(left), way->left);
    stage_do(&s, GONE);
    stage_close(&s);
}

static void way_down(void **state)
{
    const struct way *way = *state;
    char came[1024], left[1024];
    struct stage s;

    snprintf(came, sizeof came, "Content-Type: application/json\n%s", way->came);
    snprintf(left, sizeof left,
             "Content-Type: application/json\n%sVia: 1.1 dpgw\nX-Request-Id: r-1\n", way->left);
    stage_open(&s, &scene_get_roomy);
    stage_begin_with(&s, way->passthrough ? PASSTHROUGH ID_LINE "\r\n" : TRANSLATED ID_LINE "\r\n");
    stage_head(&s, 200, HTTP_CHUNKED, 0, came);
    struct text told = buf_text(&s.client->fields);
    if (!text_eq(told, text_from(left)))
        wrong("what goes down is\n%.*snot\n%s", TEXT_ARG(told), left);
    stage_do(&s, GONE);
    stage_close(&s);
}

/* --- one by one ------------------------------------------------------------------ */

/* Digests of a body that is about to change do not go up; untranslated replies keep theirs. */
static void digests_follow_their_body(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, &scene_get_roomy);
    stage_begin_with(&s, "POST " PRODUCTS " HTTP/1.1\r\nHost: h\r\nContent-Digest: x\r\n"
                         "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n");
    fake_front_piece(s.client, TEXT("{}"));
    fake_front_body_end(s.client);
    assert_null(fake_upstream_field(stage_transfer(&s), "Content-Digest", 0));
    assert_non_null(fake_upstream_field(stage_transfer(&s), "Content-Type", 0));
    stage_head(&s, 200, HTTP_CHUNKED, 0, "Content-Type: text/csv\nContent-Digest: x\n");
    assert_non_null(fake_front_field(s.client, "Content-Digest", 0));
    stage_do(&s, GONE);
    stage_close(&s);
}

static void allow_of_a_mapped_method(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, &scene_get_roomy);
    stage_begin_with(&s, "OPTIONS " PRODUCTS "/p/skills HTTP/1.1\r\nHost: h\r\n\r\n");
    stage_head(&s, 204, HTTP_NO_BODY, 0, "Allow: GET, HEAD, POST, OPTIONS\n");
    assert_string_equal(fake_front_field(s.client, "Allow", 0), "GET, HEAD, PUT, OPTIONS");
    stage_do(&s, GONE);
    stage_close(&s);
}

/* An id that could break a log or a header is not kept; client and service hear the same one. */
static void request_ids(void **state)
{
    static const char *const given[] = {"", "X-Request-Id: a b\r\n", "X-Request-Id: \"x\"\r\n",
                                        "X-Request-Id: \r\n"};
    char head[256], id[64];
    struct stage s;

    (void)state;
    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++) {
        stage_open(&s, &scene_get_roomy);
        snprintf(head, sizeof head, TRANSLATED "%s\r\n", given[i]);
        stage_begin_with(&s, head);
        snprintf(id, sizeof id, "%s", fake_upstream_field(stage_transfer(&s), "X-Request-Id", 0));
        assert_int_equal(strlen(id), 32);
        assert_null(fake_upstream_field(stage_transfer(&s), "X-Request-Id", 1));
        stage_head(&s, 204, HTTP_NO_BODY, 0, "");
        assert_string_equal(fake_front_field(s.client, "X-Request-Id", 0), id);
        stage_do(&s, GONE);
        stage_close(&s);
    }
}

static void the_scheme_is_the_clients(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, &scene_get_roomy);
    s.client = fake_front_new(TRANSLATED "\r\n");
    s.client->secure = true;
    exchange_begin(&s.host, s.client, &s.client->head);
    s.ex = s.client->owner;
    assert_string_equal(fake_upstream_field(stage_transfer(&s), "X-Forwarded-Proto", 0), "https");
    stage_head(&s, 201, HTTP_NO_BODY, 0,
               "Location: http://127.0.0.1:9000/api/v1/accounts/a/workspaces/w\n");
    assert_string_equal(fake_front_field(s.client, "Location", 0),
                        "https://api.example.com/api/v1/accounts/a/data-products/w");
    stage_do(&s, GONE);
    stage_close(&s);
}

/* --- codings ----------------------------------------------------------------------- */

/* A coded reply and what is told of it; '#' stands for a digit of a mark. */
struct coded {
    const char *accepted; /* a field line of the request, or none */
    const char *came, *left;
};

static bool is_like(struct text told, const char *pattern)
{
    for (size_t i = 0; i < told.len; i++)
        if (pattern[i] != told.at[i] && (pattern[i] != '#' || told.at[i] == '"'))
            return false;
    return pattern[told.len] == 0;
}

static void the_coding_of_a_reply_is_told_as_it_is(void **state)
{
#define OURS "Via: 1.1 dpgw\nX-Request-Id: r-1\n"
#define JSON "Content-Type: application/json\n"
#define PNG  "Content-Type: image/png\n"
#define TAG  "ETag: \"v\"\n"
    static const struct coded rows[] = {
        /* decoded and translated */
        {"", JSON "Content-Encoding: gzip\n" TAG "Content-Digest: x\n",
         JSON "ETag: \"v;dp-s########\"\nVary: Accept-Encoding\n" OURS},
        /* decoded, translated and coded again: no two of those need be the same bytes */
        {"Accept-Encoding: gzip\r\n", JSON "Content-Encoding: br\n" TAG,
         JSON "ETag: W/\"v;dp-s########\"\nContent-Encoding: gzip\nVary: Accept-Encoding\n" OURS},
        {"Accept-Encoding: gzip\r\n", JSON "Content-Encoding: gzip\nETag: W/\"v\"\nVary: Accept\n",
         JSON "ETag: W/\"v;dp-w########\"\nVary: Accept, Accept-Encoding\n"
              "Content-Encoding: gzip\n" OURS},
        /* decoded only, since the client did not ask for it */
        {"", PNG "Content-Encoding: br\n" TAG "Repr-Digest: x\n",
         PNG "ETag: W/\"v;dp-s########\"\nVary: Accept-Encoding\n" OURS},
        /* the client's own wish */
        {"Accept-Encoding: br\r\n", PNG "Content-Encoding: br\n" TAG "Repr-Digest: x\n",
         PNG "Content-Encoding: br\n" TAG "Repr-Digest: x\nVary: Accept-Encoding\n" OURS},
        /* never coded */
        {"Accept-Encoding: gzip\r\n", JSON, JSON OURS},
        {"", PNG "Content-Encoding: identity\n" TAG, PNG "Content-Encoding: identity\n" TAG OURS},
        {"", JSON "Content-Encoding: gzip\nVary: a, accept-encoding\nVary: b\n",
         JSON "Vary: a, accept-encoding\nVary: b\n" OURS},
        {"", JSON "Content-Encoding: gzip\nVary: a\nVary: *\n", JSON "Vary: a\nVary: *\n" OURS},
        {"", JSON "Content-Encoding: gzip\nVary: a\nVary: b\n",
         JSON "Vary: a\nVary: b, Accept-Encoding\n" OURS},
    };
    char head[256];
    struct stage s;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        stage_open(&s, &scene_get_roomy);
        snprintf(head, sizeof head, TRANSLATED ID_LINE "%s\r\n", rows[i].accepted);
        stage_begin_with(&s, head);
        stage_head(&s, 200, HTTP_CHUNKED, 0, rows[i].came);
        if (!is_like(buf_text(&s.client->fields), rows[i].left))
            wrong("what goes down of\n%sis\n%.*snot\n%s", rows[i].came,
                  TEXT_ARG(buf_text(&s.client->fields)), rows[i].left);
        stage_do(&s, GONE);
        stage_close(&s);
    }
}

/* What the client coded goes up without its coding, and without digests of it. */
static void a_decoded_request_tells_no_coding(void **state)
{
    static const char *const gone[] = {"Content-Encoding", "Content-Digest", "Content-MD5"};
    struct stage s;

    (void)state;
    stage_open(&s, &scene_post_streaming);
    stage_begin_with(&s, "POST " PRODUCTS " HTTP/1.1\r\nHost: h\r\nContent-Encoding: gzip\r\n"
                         "Content-Type: application/x-ndjson\r\nContent-Digest: x\r\n"
                         "Content-MD5: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    assert_non_null(fake_upstream_field(stage_transfer(&s), "Content-Type", 0));
    for (size_t i = 0; i < 3; i++)
        assert_null(fake_upstream_field(stage_transfer(&s), gone[i], 0));
    stage_do(&s, GONE);
    stage_close(&s);
}

/* --- beside the head ----------------------------------------------------------------- */

static void hints_and_trailers_are_mapped(void **state)
{
    static struct http_field hint = {{"Link", 4},
                                     {"</api/v1/accounts/a/workspaces/w>; rel=preload", 46}};
    static struct http_field trailers[] = {{{"ETag", 4}, {"\"v\"", 3}},
                                           {{"X-Workspace-Id", 14}, {"7", 1}},
                                           {{"Content-Digest", 14}, {"x", 1}}};
    struct upstream_head hints = {.status = 103, .fields = {&hint, 1}};
    struct stage s;

    (void)state;
    stage_open(&s, &scene_get_roomy);
    stage_begin_with(&s, TRANSLATED ID_LINE "\r\n");
    stage_transfer(&s)->events->on_hints(stage_transfer(&s)->owner, &hints);
    assert_true(text_eq(buf_text(&s.client->hints),
                        TEXT("Link: </api/v1/accounts/a/data-products/w>; rel=preload\n")));
    stage_head(&s, 200, HTTP_CHUNKED, 0, JSON);
    fake_upstream_piece(stage_transfer(&s), TEXT("{}"));
    fake_upstream_done(stage_transfer(&s), &(struct http_fields){trailers, 3});
    if (!is_like(buf_text(&s.client->trailers), "ETag: \"v;dp-s########\"\nX-Data-Product-Id: 7\n"))
        wrong("the trailers are\n%.*s", TEXT_ARG(buf_text(&s.client->trailers)));
    stage_do(&s, GONE);
    stage_close(&s);
}

int run_fields(void)
{
    enum { UP = sizeof ways_up / sizeof ways_up[0], DOWN = sizeof ways_down / sizeof ways_down[0] };
    static const struct CMUnitTest others[] = {
        cmocka_unit_test(digests_follow_their_body),
        cmocka_unit_test(allow_of_a_mapped_method),
        cmocka_unit_test(request_ids),
        cmocka_unit_test(the_scheme_is_the_clients),
        cmocka_unit_test(the_coding_of_a_reply_is_told_as_it_is),
        cmocka_unit_test(a_decoded_request_tells_no_coding),
        cmocka_unit_test(hints_and_trailers_are_mapped),
    };
    enum { OTHERS = sizeof others / sizeof others[0] };
    struct CMUnitTest tests[UP + DOWN + OTHERS];

    for (size_t i = 0; i < UP; i++)
        tests[i] = (struct CMUnitTest){
            .name = ways_up[i].name, .test_func = way_up, .initial_state = (void *)&ways_up[i]};
    for (size_t i = 0; i < DOWN; i++)
        tests[UP + i] = (struct CMUnitTest){.name = ways_down[i].name,
                                            .test_func = way_down,
                                            .initial_state = (void *)&ways_down[i]};
    for (size_t i = 0; i < OTHERS; i++)
        tests[UP + DOWN + i] = others[i];
    return cmocka_run_group_tests_name("fields", tests, NULL, NULL);
}
