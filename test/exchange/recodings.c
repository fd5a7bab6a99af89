/* recodings.c - who gets a coded reply in which coding */
#include "exchange/coded_stage.h"
#include "exchange/coders.h"
#include "exchange/suites.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* --- coded again ------------------------------------------------------------------------- */

static void expect_gzip_of(const struct stage *s, struct text plain)
{
    struct buf got;

    buf_init(&got, 1 << 20);
    assert_true(gunzip(buf_text(&s->client->body), &got));
    assert_true(text_eq(buf_text(&got), plain));
    buf_fini(&got);
}

/* Who gets gzip for a coded JSON reply of LENGTH bytes (0: in chunks). */
static void who_gets_gzip(void **state)
{
    static const struct {
        const char *accepted;
        bool small, gzip;
    } cases[] = {
        {"gzip", false, true},
        {"x, GZIP;q=0.5", false, true},
        {"*", false, true},
        {"br;q=1, *;q=0.1", false, true},
        {"gzip;q=0.001", false, true},
        {"gzip", true, false},
        {"gzip;q=0", false, false},
        {"gzip; q=0.000, *", false, false},
        {"*;q=0", false, false},
        {"br, deflate", false, false},
        {"identity", false, false},
        {"", false, false},
        {NULL, false, false},
    };
    struct text large = dense_json(6000), small = dense_json(200);
    struct stage s;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (unsigned chunked = 0; chunked < 2; chunked++) {
            struct text plain = cases[i].small ? small : large;
            struct text coded = coder_code(&coders[i % CODERS], plain);
            bool gzip = cases[i].gzip || (cases[i].small && chunked);

            coded_begin(&s, "GET", PRODUCTS "/p1", cases[i].accepted);
            coded_head(&s, 200, "application/json", coders[i % CODERS].name,
                       chunked ? 0 : coded.len);
            fake_upstream_piece(stage_transfer(&s), coded);
            coded_done(&s);
            coded_expect_coding(&s, gzip ? "gzip" : NULL);
            assert_string_equal(fake_front_field(s.client, "Vary", 0), "Accept-Encoding");
            if (gzip)
                expect_gzip_of(&s, plain);
            else
                coded_expect_body(&s, plain);
            if (!chunked && s.client->reply.framing == HTTP_LENGTH)
                assert_int_equal(s.client->reply.length, s.client->body.len);
            coded_close(&s, OUTCOME_OK);
            free((char *)coded.at);
        }
    free((char *)large.at);
    free((char *)small.at);
}

/* Each event or record can be read as soon as it has come, coded or not. */
static void leave_one_by_one(const char *type, struct text service, struct text client)
{
    struct gzip_stream *g = gzip_stream_new();
    struct buf coded, plain, wanted;
    struct stage s;

    buf_init(&coded, 1 << 20);
    buf_init(&plain, 1 << 20);
    buf_init(&wanted, 1 << 20);
    coded_begin(&s, "GET", PRODUCTS "/p1", "gzip");
    coded_head(&s, 200, type, "gzip", 0);
    coded_expect_coding(&s, "gzip");
    for (unsigned i = 0; i < 20; i++) {
        buf_clear(&coded);
        buf_clear(&plain);
        buf_add(&wanted, client);
        gzip_stream_put(g, service, i == 19, &coded);
        fake_upstream_piece(stage_transfer(&s), buf_text(&coded));
        gunzip(buf_text(&s.client->body), &plain);
        assert_true(text_eq(buf_text(&plain), buf_text(&wanted)));
    }
    coded_done(&s);
    expect_gzip_of(&s, buf_text(&wanted));
    coded_close(&s, OUTCOME_OK);
    buf_fini(&coded);
    buf_fini(&plain);
    buf_fini(&wanted);
    gzip_stream_free(g);
}

static void events_and_records_leave_one_by_one(void **state)
{
    (void)state;
    leave_one_by_one("text/event-stream", TEXT("data: " SERVICE_JSON "\n\n"),
                     TEXT("data: " CLIENT_JSON "\n\n"));
    leave_one_by_one("application/x-ndjson", TEXT(SERVICE_JSON "\n"), TEXT(CLIENT_JSON "\n"));
    leave_one_by_one("application/json-seq", TEXT("\x1e" SERVICE_JSON "\n"),
                     TEXT("\x1e" CLIENT_JSON "\n"));
}

/* --- what isn't translated ------------------------------------------------------------------ */

/* A coded reply on PATH of TYPE to a client that takes ACCEPTED: decoded, or as it came. */
static void untranslated(const char *path, const char *type, const char *accepted, bool decoded)
{
    static const struct text image = {"not {\"workspaceId\":1} but an image", 34};
    struct text coded = coder_code(&coders[2], image);
    struct stage s;

    for (unsigned chunked = 0; chunked < 2; chunked++) {
        coded_begin(&s, "GET", path, accepted);
        coded_head(&s, 200, type, "br", chunked ? 0 : coded.len);
        fake_upstream_piece(stage_transfer(&s), coded);
        coded_done(&s);
        coded_expect_coding(&s, decoded ? NULL : "br");
        coded_expect_body(&s, decoded ? image : coded);
        if (!decoded && !chunked)
            assert_int_equal(s.client->reply.length, coded.len);
        coded_close(&s, OUTCOME_OK);
    }
    free((char *)coded.at);
}

static void an_image_is_decoded_for_who_cannot(void **state)
{
    (void)state;
    untranslated(PRODUCTS "/p1", "image/png", NULL, true);
    untranslated(PRODUCTS "/p1", "image/png", "gzip, br;q=0", true);
    untranslated(PRODUCTS "/p1", "image/png", "br", false);
    untranslated(PRODUCTS "/p1", "image/png", "*", false);
    untranslated(PLAIN, "image/png", NULL, false);
    untranslated(PLAIN, "application/json", NULL, false);
}

/* A part of a coded body can't be decoded (RFC 9110, 15.3.7). */
static void a_part_passes_as_it_is(void **state)
{
    struct stage s;

    (void)state;
    coded_begin(&s, "GET", PRODUCTS "/p1", NULL);
    coded_head(&s, 206, "image/png", "gzip", 5);
    fake_upstream_piece(stage_transfer(&s), TEXT("12345"));
    coded_done(&s);
    coded_expect_coding(&s, "gzip");
    coded_expect_body(&s, TEXT("12345"));
    coded_close(&s, OUTCOME_OK);
}

/* What can't be undone passes where it need not be undone. */
static void unknown_codings(void **state)
{
    static const char *const unknown[] = {"compress", "gzip, br", "aes128gcm"};
    struct stage s;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        coded_begin(&s, "GET", PRODUCTS "/p1", NULL);
        coded_head(&s, 200, "image/png", unknown[i], 5);
        fake_upstream_piece(stage_transfer(&s), TEXT("12345"));
        coded_done(&s);
        coded_expect_coding(&s, unknown[i]);
        coded_expect_body(&s, TEXT("12345"));
        coded_close(&s, OUTCOME_OK);

        coded_begin(&s, "GET", PRODUCTS "/p1", "compress");
        coded_head(&s, 409, "application/json", unknown[i], 5);
        assert_int_equal(s.client->reply.status, 409);
        coded_expect_coding(&s, NULL);
        coded_close(&s, OUTCOME_UPSTREAM_INVALID);
    }
}

int run_recodings(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_gets_gzip),
        cmocka_unit_test(events_and_records_leave_one_by_one),
        cmocka_unit_test(an_image_is_decoded_for_who_cannot),
        cmocka_unit_test(a_part_passes_as_it_is),
        cmocka_unit_test(unknown_codings),
    };
    return cmocka_run_group_tests_name("recodings", tests, NULL, NULL);
}
