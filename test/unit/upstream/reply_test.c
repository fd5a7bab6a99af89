#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "upstream/reply.h"

#include <stdio.h>

static const struct upstream_limits limits = {
    .response_head = 1024, .response_fields = 8, .chunked = {.line = 64, .trailers = 64}};

struct told {
    unsigned hints, heads;
    bool bad;
    char body[256];
    size_t len;
};

/* Feeds BYTES as the library would: lines up to the end of a final head, then pieces of STEP. */
static void feed(struct reply *r, struct text bytes, size_t step, struct told *told)
{
    while (bytes.len > 0 && !told->bad) {
        enum reply_step got;

        if (!r->has_head) {
            size_t len = text_find(bytes, '\n') + 1;
            if (len > bytes.len)
                return; /* an unfinished line never comes */
            got = reply_line(r, text_of(bytes.at, len));
            bytes = text_from_offset(bytes, len);
            told->hints += got == REPLY_HINTS;
            told->heads += got == REPLY_HEAD;
            told->bad = got == REPLY_BAD;
            continue;
        }
        struct text piece = text_of(bytes.at, step < bytes.len ? step : bytes.len);
        struct text content;
        bytes = text_from_offset(bytes, piece.len);
        while ((got = reply_content(r, &piece, &content)) == REPLY_CONTENT) {
            assert_true(told->len + content.len <= sizeof told->body);
            memcpy(told->body + told->len, content.at, content.len);
            told->len += content.len;
        }
        told->bad = got == REPLY_BAD;
    }
}

static struct told read_reply(struct reply *r, enum http_method method, const char *bytes,
                              size_t step)
{
    struct told told = {.len = 0};

    reply_start(r, method);
    feed(r, text_from(bytes), step, &told);
    return told;
}

struct good {
    enum http_method method;
    const char *bytes;
    const char *body;
    bool complete; /* before the connection ends */
    bool reusable;
};

static const struct good goods[] = {
    {HTTP_GET, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "abc", true, true},
    {HTTP_GET, "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", "", true, true},
    {HTTP_GET, "HTTP/1.1 204 No Content\r\n\r\n", "", true, true},
    {HTTP_GET, "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n", "", true, true},
    {HTTP_HEAD, "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", "", true, true},
    {HTTP_HEAD, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "", true, true},
    {HTTP_GET, "HTTP/1.1 200 OK\r\n\r\nabc", "abc", false, false},
    {HTTP_GET, "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc", "abc", true, false},
    {HTTP_GET, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc", "abc", true,
     false},
    {HTTP_GET,
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
     "abcde", true, true},
    {HTTP_GET, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na", "a",
     true, true},
    {HTTP_GET,
     "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na",
     "a", true, true},
};

static void good_replies_are_read_whole_at_every_piece_size(void **state)
{
    struct reply r;

    (void)state;
    reply_init(&r, &limits);
    for (size_t i = 0; i < sizeof goods / sizeof goods[0]; i++)
        for (size_t step = 1; step < 32; step++) {
            struct told told = read_reply(&r, goods[i].method, goods[i].bytes, step);

            assert_false(told.bad);
            assert_int_equal(told.heads, 1);
            assert_int_equal(told.len, strlen(goods[i].body));
            assert_memory_equal(told.body, goods[i].body, told.len);
            assert_int_equal(r.complete, goods[i].complete);
            assert_int_equal(r.reusable, goods[i].reusable);
            assert_true(reply_close(&r));
        }
    reply_fini(&r);
}

/* A reply that was cut is never complete, but for those that the cut itself ends. */
static void cut_replies_are_never_complete(void **state)
{
    struct reply r;

    (void)state;
    reply_init(&r, &limits);
    for (size_t i = 0; i < sizeof goods / sizeof goods[0]; i++)
        for (size_t cut = 0; cut < strlen(goods[i].bytes); cut++) {
            struct told told = {.len = 0};

            reply_start(&r, goods[i].method);
            feed(&r, text_of(goods[i].bytes, cut), 7, &told);
            assert_false(told.bad);
            assert_int_equal(reply_close(&r), told.heads == 1 && r.head.framing == HTTP_TO_CLOSE);
        }
    reply_fini(&r);
}

static const char *const bads[] = {
    "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 3, 3\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 3abc\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: +3\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
    "HTTP/1.1 200 OK\nContent-Length: 3\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 3\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\n",
    "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n",
    "HTTP/1.1 200 OK\r\n X: a\r\n\r\n",
    "HTTP/1.1 200 OK\r\nX : a\r\n\r\n",
    "HTTP/1.1 200 OK\r\nX: a\rb\r\n\r\n",
    "HTTP/1.1 200 OK\r\n\rX: a\r\n\r\n",
    "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
    " HTTP/1.1 200 OK\r\n\r\n",
    "HTTP/2 200 OK\r\n\r\n",
    "HTTP/1.1 099 Low\r\n\r\n",
    "\r\nHTTP/1.1 200 OK\r\n\r\n",
    "HTTP/1.1 101 Switching Protocols\r\n\r\n",
    "HTTP/1.1 204 No Content\r\nContent-Length: 1\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3 \r\nabc\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nbad trailer\r\n\r\n",
    "HTTP/1.1 200 OK\r\n1: 1\r\n2: 2\r\n3: 3\r\n4: 4\r\n5: 5\r\n6: 6\r\n7: 7\r\n8: 8\r\n9: "
    "9\r\n\r\n",
};

static void replies_that_the_grammar_forbids_are_refused(void **state)
{
    struct reply r;

    (void)state;
    reply_init(&r, &limits);
    for (size_t i = 0; i < sizeof bads / sizeof bads[0]; i++) {
        struct told told = read_reply(&r, HTTP_GET, bads[i], 3);

        if (!told.bad)
            print_message("not refused: %s\n", bads[i]);
        assert_true(told.bad);
        assert_false(r.complete);
    }
    reply_fini(&r);
}

static void a_head_may_not_pass_its_limit(void **state)
{
    char bytes[2048] = "HTTP/1.1 200 OK\r\nX: ";
    struct reply r;

    (void)state;
    reply_init(&r, &limits);
    size_t start = strlen(bytes);
    for (size_t fill = 1000 - start; fill < 1100 - start; fill++) {
        memset(bytes + start, 'x', fill);
        strncpy(bytes + start + fill, "\r\n\r\n", 5);
        assert_int_equal(read_reply(&r, HTTP_GET, bytes, 1).bad, start + fill + 4 > 1024);
    }
    reply_fini(&r);
}

static void ten_interim_heads_are_passed_over_and_no_more(void **state)
{
    struct reply r;

    (void)state;
    reply_init(&r, &limits);
    for (int count = 0; count < 20; count++) {
        char bytes[2048] = "";
        size_t len = 0;

        for (int i = 0; i < count; i++)
            len += (size_t)snprintf(bytes + len, sizeof bytes - len,
                                    "HTTP/1.1 1%02d X\r\nX-Interim: 1\r\n\r\n", i % 2 ? 3 : 0);
        snprintf(bytes + len, sizeof bytes - len, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        struct told told = read_reply(&r, HTTP_GET, bytes, 1);
        assert_int_equal(told.bad, count > 10);
        if (!told.bad) {
            assert_int_equal(told.hints, count / 2);
            assert_int_equal(r.head.fields.count, 0); /* those of an interim head are gone */
        }
    }
    reply_fini(&r);
}

static void bytes_after_the_end_forbid_reuse(void **state)
{
    static const char *const replies[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcX",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nX",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\nX",
    };
    struct reply r;

    (void)state;
    reply_init(&r, &limits);
    for (size_t i = 0; i < 3; i++)
        for (size_t step = 1; step < 20; step++) {
            assert_false(read_reply(&r, HTTP_GET, replies[i], step).bad);
            assert_true(r.complete);
            assert_false(r.reusable);
        }
    reply_fini(&r);
}

static void fields_of_one_hop_and_of_framing_are_not_told(void **state)
{
    struct reply r;

    (void)state;
    reply_init(&r, &limits);
    read_reply(&r, HTTP_GET,
               "HTTP/1.1 200 Fine\r\nConnection: x-a\r\nX-A: 1\r\nX-B: 2\r\nKeep-Alive: 3\r\n"
               "Transfer-Encoding: chunked\r\nX-B: 4\r\n\r\n",
               1);
    assert_int_equal(r.head.fields.count, 2);
    assert_true(text_eq(r.head.reason, TEXT("Fine")));
    assert_true(text_eq(r.head.fields.at[0].value, TEXT("2")));
    assert_true(text_eq(r.head.fields.at[1].value, TEXT("4")));
    reply_fini(&r);
}

static void trailers_are_kept(void **state)
{
    struct reply r;

    (void)state;
    reply_init(&r, &limits);
    read_reply(&r, HTTP_GET,
               "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-T: v\r\n\r\n",
               1);
    assert_true(r.complete);
    assert_int_equal(reply_trailers(&r)->count, 1);
    reply_start(&r, HTTP_GET);
    assert_int_equal(reply_trailers(&r)->count, 0);
    reply_fini(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_replies_are_read_whole_at_every_piece_size),
        cmocka_unit_test(cut_replies_are_never_complete),
        cmocka_unit_test(replies_that_the_grammar_forbids_are_refused),
        cmocka_unit_test(a_head_may_not_pass_its_limit),
        cmocka_unit_test(ten_interim_heads_are_passed_over_and_no_more),
        cmocka_unit_test(bytes_after_the_end_forbid_reuse),
        cmocka_unit_test(fields_of_one_hop_and_of_framing_are_not_told),
        cmocka_unit_test(trailers_are_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
