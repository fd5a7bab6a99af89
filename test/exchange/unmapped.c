#include "exchange/stage.h"
#include "exchange/suites.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define PRODUCT "/api/v1/accounts/a/data-products/p1"
#define GET     "GET " PRODUCT " HTTP/1.1\r\nHost: api.example.com\r\n\r\n"
#define JSON    "Content-Type: application/json\n"

/* What was handed on, a line each: kind, name, path if there is one, count. */
static struct buf told;
static uint64_t at_end; /* what the report says */

static void on_sighted(void *owner, const struct sighting *s)
{
    static const char letters[] = {[UNMAPPED_KEY] = 'k',
                                   [UNMAPPED_QUERY] = 'q',
                                   [UNMAPPED_HEADER] = 'h',
                                   [UNMAPPED_PATH] = 'p'};

    (void)owner;
    assert_non_null(s->route);
    assert_non_null(s->mapping);
    buf_add_byte(&told, letters[s->kind]);
    buf_add_byte(&told, ' ');
    buf_add(&told, s->name);
    buf_add_byte(&told, ' ');
    if (s->path.at)
        buf_add(&told, s->path);
    buf_add_byte(&told, ' ');
    buf_add_u64(&told, s->count);
    buf_add_byte(&told, '\n');
}

static void on_ended(void *owner, const struct exchange_report *report)
{
    (void)owner;
    at_end = report->unmapped;
}

static void begin(struct stage *s, const char *head)
{
    buf_fini(&told);
    buf_init(&told, 1 << 20);
    at_end = UINT64_MAX;
    stage_open(s, &scene_get_roomy);
    s->host.ended = on_ended;
    s->host.sighted = on_sighted;
    stage_begin_with(s, head);
}

static void end(struct stage *s)
{
    fake_upstream_done(stage_transfer(s), &(struct http_fields){0});
    s->client->body_over = true;
    stage_finish(s);
    stage_close(s);
}

static void check(const char *wanted)
{
    if (!text_eq(buf_text(&told), text_from(wanted)))
        fail_msg("%.*sand not\n%s", TEXT_ARG(buf_text(&told)), wanted);
}

/* A name is told when it is first met, the rest of it at the end. */
static void keys_are_told_at_once_and_counted_at_the_end(void **state)
{
    struct stage s;

    (void)state;
    begin(&s, GET);
    stage_head(&s, 200, HTTP_CHUNKED, 0, JSON);
    fake_upstream_piece(stage_transfer(&s), TEXT("{\"a\":[{\"workspaceRole\":1},"));
    check("k workspaceRole $.a[*].workspaceRole 1\n");
    fake_upstream_piece(stage_transfer(&s),
                        TEXT("{\"workspaceRole\":2},{\"workspaceRole\":3,\"workspaceId\":4}]}"));
    end(&s);
    check("k workspaceRole $.a[*].workspaceRole 1\nk workspaceRole  2\n");
    assert_int_equal(at_end, 3);
}

/* More names than are held: none is lost, and none twice. */
static void many_names_take_turns(void **state)
{
    enum { NAMES = 3 * SIGHTINGS_HELD };
    struct stage s;
    struct buf body;
    char key[64];
    uint64_t lines = 0, sum = 0;

    (void)state;
    begin(&s, GET);
    stage_head(&s, 200, HTTP_CHUNKED, 0, JSON);
    buf_init(&body, 1 << 16);
    for (int i = 0; i < 2 * NAMES; i++) {
        snprintf(key, sizeof key, "%s{\"workspace%d\":{\"workspace%d\":0}}", i ? "," : "[",
                 i % NAMES, i % NAMES);
        buf_add(&body, text_from(key));
    }
    buf_add_byte(&body, ']');
    fake_upstream_piece(stage_transfer(&s), buf_text(&body));
    buf_fini(&body);
    end(&s);
    assert_int_equal(at_end, 4 * NAMES);
    for (struct text left = buf_text(&told); left.len; lines++) {
        size_t n = text_find(left, '\n');
        uint64_t count;

        size_t digits = n;
        while (left.at[digits - 1] != ' ')
            digits--;
        assert_true(text_to_u64(text_of(left.at + digits, n - digits), &count));
        sum += count;
        left = text_from_offset(left, n + 1);
    }
    assert_int_equal(sum, 4 * NAMES);
    assert_int_equal(lines, 4 * NAMES); /* each turn: the first, and what came after it */
}

static void heads_are_looked_at(void **state)
{
    struct stage s;

    (void)state;
    begin(&s, GET);
    stage_head(&s, 201, HTTP_NO_BODY, 0,
               "X-Workspace-Id: w\nX-Workspace-Role: workspaceValue\n"
               "Location: /workspace-docs/1?workspaceSort=workspaceValue\n"
               "Link: </my-workspace>; rel=next\n");
    stage_finish(&s);
    stage_close(&s);
    check("h X-Workspace-Role  1\np workspace-docs Location 1\nq workspaceSort Location 1\n"
          "p my-workspace Link 1\n");
    assert_int_equal(at_end, 4);
}

/* Requests, bodies that are not translated, and passthrough. */
static void the_rest_is_not_looked_at(void **state)
{
    struct stage s;

    (void)state;
    begin(&s, "GET " PRODUCT "?workspaceRole=1 HTTP/1.1\r\nHost: a\r\nX-Workspace-Role: 1\r\n\r\n");
    stage_head(&s, 200, HTTP_CHUNKED, 0, "Content-Type: text/plain\n");
    fake_upstream_piece(stage_transfer(&s), TEXT("{\"workspaceRole\":1}"));
    end(&s);
    check("");
    assert_int_equal(at_end, 0);

    begin(&s, "GET /api/v1/accounts/a/workspaces/p1 HTTP/1.1\r\nHost: a\r\n\r\n");
    stage_head(&s, 200, HTTP_CHUNKED, 0, JSON "X-Workspace-Role: 1\nLocation: /workspaces-x\n");
    fake_upstream_piece(stage_transfer(&s), TEXT("{\"workspaceRole\":1}"));
    end(&s);
    check("");
}

/* What is held is given back, and told, where the client leaves. */
static void a_cut_exchange_tells_what_it_has(void **state)
{
    struct stage s;

    (void)state;
    begin(&s, GET);
    stage_head(&s, 200, HTTP_CHUNKED, 0, JSON);
    fake_upstream_piece(stage_transfer(&s), TEXT("[{\"workspaceA\":1},{\"workspaceA\":1},"));
    fake_upstream_broke(stage_transfer(&s), UPSTREAM_CUT);
    stage_finish(&s);
    stage_close(&s);
    check("k workspaceA $[*].workspaceA 1\nk workspaceA  1\n");
    assert_int_equal(at_end, 2);
}

int run_unmapped(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_told_at_once_and_counted_at_the_end),
        cmocka_unit_test(many_names_take_turns),
        cmocka_unit_test(heads_are_looked_at),
        cmocka_unit_test(the_rest_is_not_looked_at),
        cmocka_unit_test(a_cut_exchange_tells_what_it_has),
    };

    return cmocka_run_group_tests_name("unmapped", tests, NULL, NULL);
}
