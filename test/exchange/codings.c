/* codings.c - replies in a content coding are decoded, behind the valve */
#include "exchange/coded_stage.h"
#include "exchange/coders.h"
#include "exchange/faults.h"
#include "exchange/suites.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* --- decoded ------------------------------------------------------------------------ */

static void a_held_reply_is_decoded(void **state)
{
    struct stage s;

    (void)state;
    for (size_t i = 0; i < CODERS; i++) {
        struct text coded = coder_code(&coders[i], TEXT(SERVICE_JSON));

        coded_begin(&s, "GET", PRODUCTS "/p1", NULL);
        coded_head(&s, 200, "application/json", coders[i].name, coded.len);
        for (size_t at = 0; at < coded.len; at++)
            fake_upstream_piece(stage_transfer(&s), text_of(coded.at + at, 1));
        assert_false(s.client->replied);
        coded_done(&s);
        coded_expect_coding(&s, NULL);
        assert_int_equal(s.client->reply.framing, HTTP_LENGTH);
        assert_int_equal(s.client->reply.length, strlen(CLIENT_JSON));
        coded_expect_body(&s, TEXT(CLIENT_JSON));
        coded_close(&s, OUTCOME_OK);
        free((char *)coded.at);
    }
}

static void a_streamed_reply_is_decoded_at_every_cut(void **state)
{
    struct stage s;

    (void)state;
    for (size_t i = 0; i < CODERS; i++) {
        struct text coded = coder_code(&coders[i], TEXT(SERVICE_JSON));

        for (size_t cut = 0; cut <= coded.len; cut++) {
            coded_begin(&s, "GET", PRODUCTS "/p1", "x");
            coded_head(&s, 404, "application/json", coders[i].name, 0);
            if (cut > 0)
                fake_upstream_piece(stage_transfer(&s), text_of(coded.at, cut));
            if (cut < coded.len)
                fake_upstream_piece(stage_transfer(&s), text_from_offset(coded, cut));
            coded_done(&s);
            assert_int_equal(s.client->reply.status, 404);
            assert_int_equal(s.client->reply.framing, HTTP_CHUNKED);
            coded_expect_coding(&s, NULL);
            coded_expect_body(&s, TEXT(CLIENT_JSON));
            coded_close(&s, OUTCOME_OK);
        }
        free((char *)coded.at);
    }
}

/* An empty body is empty in any coding. */
static void an_empty_coded_reply(void **state)
{
    struct stage s;

    (void)state;
    for (unsigned chunked = 0; chunked < 2; chunked++) {
        coded_begin(&s, "GET", PRODUCTS "/p1", chunked ? "gzip" : NULL);
        stage_head(&s, 200, chunked ? HTTP_CHUNKED : HTTP_LENGTH, 0,
                   "Content-Type: text/csv\nContent-Encoding: br\n");
        coded_done(&s);
        coded_expect_coding(&s, NULL);
        assert_int_equal(s.client->body.len, 0);
        coded_close(&s, OUTCOME_OK);
    }
}

static void replies_without_a_body_vouch_for_no_length(void **state)
{
    struct stage s;

    (void)state;
    coded_begin(&s, "HEAD", PRODUCTS "/p1", NULL);
    stage_head(&s, 200, HTTP_NO_BODY, 77, "Content-Type: image/png\nContent-Encoding: br\n");
    assert_false(s.client->reply.has_length);
    coded_expect_coding(&s, NULL);
    coded_done(&s);
    coded_close(&s, OUTCOME_OK);

    coded_begin(&s, "HEAD", PRODUCTS "/p1", "br");
    stage_head(&s, 200, HTTP_NO_BODY, 77, "Content-Type: image/png\nContent-Encoding: br\n");
    assert_true(s.client->reply.has_length);
    coded_expect_coding(&s, "br");
    coded_done(&s);
    coded_close(&s, OUTCOME_OK);

    coded_begin(&s, "HEAD", PRODUCTS "/p1", "gzip");
    stage_head(&s, 200, HTTP_NO_BODY, 7777,
               "Content-Type: application/json\nContent-Encoding: br\n");
    assert_false(s.client->reply.has_length);
    coded_expect_coding(&s, "gzip");
    coded_done(&s);
    coded_close(&s, OUTCOME_OK);
}

/* --- behind the valve ------------------------------------------------------------------ */

/* What the slow client has read, and the most that ever waited for it. */
struct slow {
    uint64_t read;
    size_t most;
    unsigned turns;
};

/* The client reads all that waits, again and again, until no more comes. */
static void read_slowly(struct stage *s, struct slow *slow)
{
    while (s->client->waiting > 0) {
        slow->most = s->client->waiting > slow->most ? s->client->waiting : slow->most;
        slow->read += s->client->body.len;
        slow->turns++;
        buf_clear(&s->client->body);
        fake_front_drained(s->client, 0);
    }
}

/* A piece that stands for SIZE bytes comes, and the reply's end at once or after it. */
static void much_from_a_small_piece(const struct coder *c, const char *type, bool end_at_once)
{
    enum { SIZE = 4 << 20 };
    char *plain = malloc(SIZE);
    struct http_field at[] = {{TEXT("X-Sum"), TEXT("2")}};
    struct http_fields trailers = {at, 1};
    struct slow slow = {0};
    struct stage s;

    assert_non_null(plain);
    memset(plain, ' ', SIZE);
    plain[0] = '[';
    plain[SIZE - 1] = ']';
    struct text coded = coder_code(c, text_of(plain, SIZE));
    coded_begin(&s, "GET", PRODUCTS "/p1", NULL);
    s.host.limits.coding.ratio = 1000000;
    coded_head(&s, 200, type, c->name, 0);
    fake_upstream_piece(stage_transfer(&s), coded);
    assert_true(stage_transfer(&s)->paused);
    if (end_at_once)
        fake_upstream_done(stage_transfer(&s), &trailers);
    read_slowly(&s, &slow);
    if (!end_at_once) {
        assert_false(stage_transfer(&s)->paused);
        fake_upstream_done(stage_transfer(&s), &trailers);
    }
    assert_int_equal(slow.read, SIZE);
    assert_true(slow.most <= CODED_HIGH + CODED_WINDOW);
    assert_true(slow.turns >= SIZE / (CODED_HIGH + CODED_WINDOW));
    assert_true(s.client->finished);
    assert_true(text_eq(buf_text(&s.client->trailers), TEXT("X-Sum: 2\n")));
    coded_close(&s, OUTCOME_OK);
    free((char *)coded.at);
    free(plain);
}

static void a_slow_client_holds_the_decoder_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < CODERS; i++)
        for (unsigned at_once = 0; at_once < 2; at_once++) {
            much_from_a_small_piece(&coders[i], "application/json", at_once);
            much_from_a_small_piece(&coders[i], "text/csv", at_once);
        }
}

/* A small declared length may stand for much: then the reply is not held whole after all. */
static void a_held_reply_that_grows_streams(void **state)
{
    struct text plain = dense_json(60000);
    struct slow slow = {0};
    struct stage s;

    (void)state;
    for (size_t i = 1; i < plain.len - 1; i++)
        ((char *)plain.at)[i] = ' ';
    struct text coded = coder_code(&coders[0], plain);
    coded_begin(&s, "GET", PRODUCTS "/p1", NULL);
    coded_head(&s, 200, "application/json", "gzip", coded.len);
    fake_upstream_piece(stage_transfer(&s), coded);
    assert_int_equal(s.client->reply.framing, HTTP_CHUNKED);
    assert_true(stage_transfer(&s)->paused);
    coded_done(&s);
    read_slowly(&s, &slow);
    assert_int_equal(slow.read, plain.len);
    assert_true(slow.most <= CODED_HIGH + 2 * CODED_WINDOW);
    coded_close(&s, OUTCOME_OK);
    free((char *)coded.at);
    free((char *)plain.at);
}

/* The client leaves, or the deadline cuts, while decoded bytes are still to come. */
static void ends_while_stopped(void **state)
{
    struct text plain = dense_json(200000);
    struct text coded = coder_code(&coders[2], plain);
    struct stage s;

    (void)state;
    for (unsigned done_first = 0; done_first < 2; done_first++) {
        coded_begin(&s, "GET", PRODUCTS "/p1", NULL);
        coded_head(&s, 200, "application/json", "br", 0);
        fake_upstream_piece(stage_transfer(&s), text_of(coded.at, done_first ? coded.len : 60000));
        if (done_first)
            coded_done(&s);
        stage_force(&s, GONE);
        assert_int_equal(s.ex->phase, EXCHANGE_ENDED);
        stage_close(&s);

        coded_begin(&s, "GET", PRODUCTS "/p1", NULL);
        coded_head(&s, 200, "application/json", "br", 0);
        fake_upstream_piece(stage_transfer(&s), text_of(coded.at, done_first ? coded.len : 60000));
        if (done_first)
            coded_done(&s);
        exchange_end_all(&s.host, OUTCOME_DRAINING);
        assert_true(s.client->aborted);
        fake_front_drained(s.client, 0);
        coded_close(&s, OUTCOME_DRAINING);
    }
    free((char *)coded.at);
    free((char *)plain.at);
}

/* --- broken ------------------------------------------------------------------------------------
 */

/* GARBLED: only gzip and deflate always carry a sum by which it shows. */
enum fault { GARBLED, CUT_SHORT, GOES_ON, NOT_CODED, BOMB, FAULTS };

static struct text spoil(const struct coder *c, enum fault fault)
{
    struct text plain = fault == BOMB ? dense_json(2 << 20) : dense_json(300);

    for (size_t i = 1; fault == BOMB && i < plain.len - 1; i++)
        ((char *)plain.at)[i] = ' ';
    struct text coded = coder_code(c, plain);
    char *at = (char *)coded.at;

    free((char *)plain.at);
    if (fault == CUT_SHORT)
        coded.len -= 3;
    else if (fault == GARBLED)
        memset(at + coded.len / 2, 0xff, coded.len / 4);
    else if (fault == GOES_ON)
        memcpy(at + coded.len, "garbage", 7), coded.len += 7;
    else if (fault == NOT_CODED)
        memset(at, '}', coded.len);
    return coded;
}

/* A held reply gives way to an error, one that has begun is cut. */
static void broken_codings(void **state)
{
    struct stage s;

    (void)state;
    for (size_t i = 0; i < CODERS; i++)
        for (enum fault fault = i < 2 ? GARBLED : CUT_SHORT; fault < FAULTS; fault++)
            for (unsigned how = 0; how < 4; how++) {
                struct text coded = spoil(&coders[i], fault);
                struct slow slow = {0};
                bool chunked = how & 1;
                int status = how & 2 ? 500 : 200;

                coded_begin(&s, "GET", PRODUCTS "/p1", NULL);
                coded_head(&s, status, "application/json", coders[i].name, chunked ? 0 : coded.len);
                fake_upstream_piece(stage_transfer(&s), coded);
                read_slowly(&s, &slow);
                if (fake_upstream_live(&s.upstream))
                    coded_done(&s);
                if (chunked || fault == BOMB ? !s.client->aborted
                                             : s.client->reply.status != (how & 2 ? 500 : 502))
                    wrong("%s, fault %d, chunked %d: not told", coders[i].name, fault, chunked);
                coded_close(&s, OUTCOME_UPSTREAM_INVALID);
                free((char *)coded.at);
            }
}

/* --- without memory ----------------------------------------------------------------------------
 */

/* Plays a coded reply while the NTH allocation fails.  False: there were not that many. */
static bool play_with_fault(const struct coder *c, struct text coded, bool held, unsigned long nth)
{
    struct stage s;

    coded_begin(&s, "GET", PRODUCTS "/p1", "gzip");
    s.may_fail = true;
    faults_arm(nth);
    coded_head(&s, 200, "application/json", c->name, held ? coded.len : 0);
    if (fake_upstream_live(&s.upstream))
        fake_upstream_piece(stage_transfer(&s), coded);
    if (fake_upstream_live(&s.upstream))
        coded_done(&s);
    bool failed = faults_disarm();
    if (s.ex->outcome != OUTCOME_OK && (!failed || s.ex->outcome != OUTCOME_EXHAUSTED))
        wrong("allocation %lu made it end as %s", nth, outcome_row(s.ex->outcome)->name);
    if (s.ex->outcome == OUTCOME_EXHAUSTED && !s.client->aborted && s.client->reply.status != 503)
        wrong("allocation %lu failed and nobody was told", nth);
    s.client->body_over = true;
    stage_finish(&s);
    stage_close(&s);
    return failed;
}

static void every_allocation_fails(void **state)
{
    struct text plain = dense_json(3000);

    (void)state;
    for (size_t i = 0; i < CODERS; i++)
        for (unsigned held = 0; held < 2; held++) {
            struct text coded = coder_code(&coders[i], plain);
            unsigned long nth = 1;

            while (play_with_fault(&coders[i], coded, held, nth))
                nth++;
            assert_true(nth > 5);
            free((char *)coded.at);
        }
    free((char *)plain.at);
}

int run_codings(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_held_reply_is_decoded),
        cmocka_unit_test(a_streamed_reply_is_decoded_at_every_cut),
        cmocka_unit_test(an_empty_coded_reply),
        cmocka_unit_test(replies_without_a_body_vouch_for_no_length),
        cmocka_unit_test(a_slow_client_holds_the_decoder_up),
        cmocka_unit_test(a_held_reply_that_grows_streams),
        cmocka_unit_test(ends_while_stopped),
        cmocka_unit_test(broken_codings),
        cmocka_unit_test(every_allocation_fails),
    };
    return cmocka_run_group_tests_name("codings", tests, NULL, NULL);
}
