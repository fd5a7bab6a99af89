/* What a translator tells of names that the mapping watches out for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "translate/target.h"
#include "unit/translate/cutting.h"
#include "unit/translate/rules_text.h"
#include "json/path.h"

static const char RULES[] = "route /c/{x} /workspaces/{x}\n"
                            "field dataProduct workspace\n"
                            "field dataProductId workspaceId\n"
                            "field narrowId workspaceKey response $.data\n"
                            "field askedId askedWorkspace request\n"
                            "opaque $..rows\n"
                            "url $..link\n"
                            "watch *workspace*\n"
                            "ignore slackWorkspaceId\n";

/* What is written can be pasted into an `at:`. */
static void check_that_it_reads_back(struct text written)
{
    struct arena *arena = arena_new(1 << 16);
    struct json_path path;
    struct json_path_fault fault;

    if (!json_path_read(arena, written, &path, &fault))
        fail_msg("%.*s: %s at %zu", TEXT_ARG(written), fault.what, fault.offset);
    arena_free(&arena);
}

/* What was told, a line each: its kind, and its path or, without one, its name. */
static void on_unmapped(void *owner, enum unmapped kind, struct text name,
                        const struct trail *trail)
{
    static const char *const KINDS[] = {
        [UNMAPPED_KEY] = "key ", [UNMAPPED_QUERY] = "query ", [UNMAPPED_PATH] = "path "};
    struct buf *told = owner;

    buf_add(told, text_from(KINDS[kind]));
    size_t start = told->len;
    if (trail)
        trail_write(trail, name, told);
    else
        buf_add(told, name);
    if (trail)
        check_that_it_reads_back(text_of(told->at + start, told->len - start));
    buf_add_byte(told, '\n');
}

static void drop(void *owner, struct text span)
{
    (void)owner;
    (void)span;
}

/* What BODY of MEDIA brings under the mapping M, cut by CUT. */
static void tell(const struct mapping *m, enum media media, enum direction d, struct text body,
                 struct cut cut, struct buf *told)
{
    struct translate_watcher watcher = {.unmapped = on_unmapped, .owner = told};
    struct translate_scene scene = {.mapping = m,
                                    .upstream_origin = TEXT("http://service:9000"),
                                    .client_origin = TEXT("https://api.example"),
                                    .watcher = &watcher};
    struct translate_limits limits = CUT_LIMITS;
    struct translator_task task = {.rules = mapping_global(m),
                                   .direction = d,
                                   .limits = &limits,
                                   .scene = &scene,
                                   .watcher = &watcher,
                                   .sink = {drop, NULL},
                                   .content_type = TEXT("multipart/form-data; boundary=b")};
    limits.event = limits.record = 1 << 20;
    struct translator *t = translator_new(media, &task);
    while (body.len) {
        size_t n = cut_next(&cut);
        char *piece = malloc(n < body.len ? n + 1 : body.len);

        n = n < body.len ? n : body.len;
        memcpy(piece, body.at, n);
        assert_int_equal(translator_piece(t, text_of(piece, n)), TRANSLATE_OK);
        memset(piece, 'X', n);
        free(piece);
        body = text_from_offset(body, n);
    }
    assert_int_equal(translator_end(t), TRANSLATE_OK);
    translator_free(&t);
}

/* BODY brings WANTED at every cut. */
static void check_kind(enum media media, enum direction d, const char *body, const char *wanted)
{
    struct mapping *m = rules_text(text_from(RULES));

    for (uint32_t i = 0; i <= CUT_WAYS; i++) {
        struct cut cut = i ? cut_way(i - 1) : (struct cut){.size = SIZE_MAX};
        struct buf told;

        buf_init(&told, 1 << 20);
        tell(m, media, d, text_from(body), cut, &told);
        if (!text_eq(buf_text(&told), text_from(wanted)))
            fail_msg("%s (cut %u) told\n%.*sand not\n%s", body, i, TEXT_ARG(buf_text(&told)),
                     wanted);
        buf_fini(&told);
    }
    mapping_unref(&m);
}

static void check(const char *body, const char *wanted)
{
    check_kind(MEDIA_JSON, RESPONSE, body, wanted);
}

static void a_key_is_told_with_its_path(void **state)
{
    (void)state;
    check("{\"workspaceRole\":1}", "key $.workspaceRole\n");
    check("{\"a\":{\"b\":[{\"c\":2},{\"workspaceRole\":[1]}]}}", "key $.a.b[*].workspaceRole\n");
    check("[[{\"workspaceRole\":{}}],{\"workspaceRole\":{}}]",
          "key $[*][*].workspaceRole\nkey $[*].workspaceRole\n");
    check("{\"a\":{\"b\":{}},\"c\":{\"d\":[]},\"WORKSPACE\":{\"workspaceX\":0}}",
          "key $.WORKSPACE\nkey $.WORKSPACE.workspaceX\n");
    check("[1,{\"a\":[],\"b\":[{\"workspaceX\":1}]}]", "key $[*].b[*].workspaceX\n");
}

static void names_in_a_path_are_those_that_clients_see(void **state)
{
    (void)state;
    check("{\"workspace\":{\"workspaceRole\":1},\"data\":{\"workspaceKey\":{\"workspaceX\":1}}}",
          "key $.dataProduct.workspaceRole\nkey $.data.narrowId.workspaceX\n");
}

static void what_a_rule_renames_here_is_not_told(void **state)
{
    (void)state;
    check("{\"workspace\":1,\"workspaceId\":2,\"slackWorkspaceId\":3,\"other\":4}", "");
    check("{\"data\":{\"workspaceKey\":1}}", "");
    /* The pair holds for the members of $.data only, and the other one for requests. */
    check("{\"workspaceKey\":1,\"data\":{\"x\":{\"workspaceKey\":1}},\"askedWorkspace\":1}",
          "key $.workspaceKey\nkey $.data.x.workspaceKey\nkey $.askedWorkspace\n");
}

static void opaque_subtrees_and_values_are_not_looked_at(void **state)
{
    (void)state;
    check("{\"rows\":[{\"workspaceRole\":{\"workspaceX\":1}}],\"v\":\"workspaceRole\","
          "\"workspaceRole\":1}",
          "key $.workspaceRole\n");
}

static void requests_are_not_looked_at(void **state)
{
    (void)state;
    check_kind(MEDIA_JSON, REQUEST, "{\"workspaceRole\":1}", "");
    check_kind(MEDIA_FORM, REQUEST, "workspaceRole=1", "");
}

static void a_key_is_read_decoded_and_written_quoted(void **state)
{
    (void)state;
    check("{\"work\\u0073pace-role\":{\"a b\":{\"it's\\\\\":{\"workspaceX\":1}}}}",
          "key $['workspace-role']\n"
          "key $['workspace-role']['a b']['it\\'s\\\\'].workspaceX\n");
    check("{\"\":{\"1a\":{\"a1\":{\"workspaceX\":1}}}}", "key $['']['1a'].a1.workspaceX\n");
}

#define TEN   "0123456789"
#define FIFTY TEN TEN TEN TEN TEN

static void a_long_path_leaves_steps_out(void **state)
{
    (void)state;
    /* 64 bytes of one key, 192 of all. */
    check("{\"a\":{\"" FIFTY TEN
          "xxxxx\":[[{\"b\":{\"workspaceX\":1}}]],\"c\":{\"workspaceX\":1}}}",
          "key $.a..b.workspaceX\nkey $.a.c.workspaceX\n");
    check("{\"k" FIFTY "\":{\"k" FIFTY "\":{\"k" FIFTY "\":{\"k" FIFTY
          "\":{\"k\":[{\"workspaceX\":1}]}}}}}",
          "key $.k" FIFTY ".k" FIFTY ".k" FIFTY "..k[*].workspaceX\n");
}

static void a_deep_path_leaves_its_end_out(void **state)
{
    struct buf body, wanted;

    (void)state;
    buf_init(&body, 1 << 16);
    buf_init(&wanted, 1 << 16);
    buf_add(&wanted, TEXT("key $"));
    for (int i = 0; i < 40; i++)
        buf_add(&body, TEXT("{\"a\":"));
    buf_add(&body, TEXT("{\"workspaceX\":1}"));
    for (int i = 0; i < 40; i++)
        buf_add(&body, i == 38 ? TEXT(",\"workspaceY\":2}") : TEXT("}"));
    for (int i = 1; i < TRAIL_STEPS_MAX; i++)
        buf_add(&wanted, TEXT(".a"));
    buf_add(&wanted, TEXT("..workspaceX\nkey $.a.workspaceY\n"));
    buf_add_byte(&body, '\0');
    buf_add_byte(&wanted, '\0');
    check(body.at, wanted.at);
    buf_fini(&body);
    buf_fini(&wanted);
}

static void long_keys_are_not_looked_at_and_pass(void **state)
{
    char body[600], name[257] = "workspace";

    (void)state;
    memset(name + 9, 'x', 256 - 9);
    snprintf(body, sizeof body, "{\"%sx\":1,\"workspaceX\":2}", name);
    check(body, "key $.workspaceX\n");
    snprintf(body, sizeof body, "{\"%s\":1}", name);
    char wanted[300];
    snprintf(wanted, sizeof wanted, "key $.%s\n", name);
    check(body, wanted);
}

static void events_records_and_parts_are_looked_at(void **state)
{
    (void)state;
    check_kind(MEDIA_EVENT_STREAM, RESPONSE,
               "data: {\"a\":{\"workspaceX\":\ndata: 1}}\n\ndata: [DONE]\n\n: workspaceY\n"
               "data: {\"workspaceY\":1}\n\ndata: {\"workspaceZ\":1\n\n",
               "key $.a.workspaceX\nkey $.workspaceY\n");
    check_kind(MEDIA_RECORDS, RESPONSE, "{\"workspaceX\":1}\n{\"a\":[{\"workspaceY\":1}]}\n",
               "key $.workspaceX\nkey $.a[*].workspaceY\n");
    check_kind(MEDIA_FORM, RESPONSE, "workspaceX=workspaceV&filter%5bworkspaceY%5d=1&workspaceId=2",
               "key workspaceX\nkey workspaceY\n");
    check_kind(MEDIA_MULTIPART, RESPONSE,
               "--b\r\nContent-Disposition: form-data; name=\"workspaceX\"\r\n"
               "Content-Type: application/json\r\n\r\n{\"workspaceY\":1}\r\n--b--\r\n",
               "key workspaceX\nkey $.workspaceY\n");
}

static void urls_that_no_route_knows_are_told(void **state)
{
    (void)state;
    check("{\"link\":\"/v1/workspaces-x/4/"
          "my%20workspace?workspaceSort=1&b=2&workspaceId=workspaceZ\"}",
          "path workspaces-x\npath my%20workspace\nquery workspaceSort\nquery workspaceId\n");
    check("{\"link\":\"http://service:9000/workspace/\"}", "path workspace\n");
    check("{\"link\":\"http://elsewhere/workspace/\"}", "");
    /* Served by a route: only its query can hold an unmapped name. */
    check("{\"link\":\"/workspaces/workspace1?workspaceId=1&workspaceSort=2\"}",
          "query workspaceSort\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_told_with_its_path),
        cmocka_unit_test(names_in_a_path_are_those_that_clients_see),
        cmocka_unit_test(what_a_rule_renames_here_is_not_told),
        cmocka_unit_test(opaque_subtrees_and_values_are_not_looked_at),
        cmocka_unit_test(requests_are_not_looked_at),
        cmocka_unit_test(a_key_is_read_decoded_and_written_quoted),
        cmocka_unit_test(a_long_path_leaves_steps_out),
        cmocka_unit_test(a_deep_path_leaves_its_end_out),
        cmocka_unit_test(long_keys_are_not_looked_at_and_pass),
        cmocka_unit_test(events_records_and_parts_are_looked_at),
        cmocka_unit_test(urls_that_no_route_knows_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
