/* Heads with their verdicts, and how the accepted ones are framed. */
#include "http/head.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
/* cmocka wants the above first */
#include <cmocka.h>
#include <stdio.h>

static const struct http_head_limits limits = {.request_line = 8192, .head = 32768, .fields = 100};

struct row {
    int status; /* 0: accepted */
    const char *at;
    size_t len;
};

#define ROW(status, head)                                                                          \
    {                                                                                              \
        status, head, sizeof(head) - 1                                                             \
    }
#define GET(path)   "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"
#define FIELD(line) "GET / HTTP/1.1\r\nHost: a\r\n" line "\r\n\r\n"
#define POST(lines) "POST / HTTP/1.1\r\nHost: a\r\n" lines "\r\n"
#define HOST(value) "GET / HTTP/1.1\r\nHost:" value "\r\n\r\n"

static const struct row rows[] = {
    /* request lines */
    ROW(0, GET("/")),
    ROW(0, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"),
    ROW(0, "POST / HTTP/1.1\r\nHost: a\r\n\r\n"),
    ROW(0, "PUT / HTTP/1.1\r\nHost: a\r\n\r\n"),
    ROW(0, "PATCH / HTTP/1.1\r\nHost: a\r\n\r\n"),
    ROW(0, "DELETE / HTTP/1.1\r\nHost: a\r\n\r\n"),
    ROW(0, "OPTIONS / HTTP/1.1\r\nHost: a\r\n\r\n"),
    ROW(0, "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"),
    ROW(0, "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    ROW(0, "GET / HTTP/1.0\r\n\r\n"),
    ROW(0, "GET / HTTP/1.2\r\nHost: a\r\n\r\n"),
    ROW(0, "GET / HTTP/1.9\r\nHost: a\r\n\r\n"),
    ROW(400, "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    ROW(400, "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    ROW(400, " GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    ROW(400, "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"),
    ROW(400, "GET /  HTTP/1.1\r\nHost: a\r\n\r\n"),
    ROW(400, "GET / HTTP/1.1 \r\nHost: a\r\n\r\n"),
    ROW(400, "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"),
    ROW(400, "GET /\tHTTP/1.1\r\nHost: a\r\n\r\n"),
    ROW(400, "GET / HTTP/1.1\nHost: a\r\n\r\n"),
    ROW(400, "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n"),
    ROW(400, "GET / HTTP/1.1\r\nHost: a\n\r\n"),
    ROW(400, "GET / HTTP/1.1\r\nHost: a\r\n\n"),
    ROW(400, "GET / HTTP/1.1\nHost: a\n\n"),
    ROW(400, "GET /\r\n\r\n"),
    ROW(400, "GET\r\n\r\n"),
    ROW(400, "GET / \r\nHost: a\r\n\r\n"),
    ROW(400, "GET / http/1.1\r\nHost: a\r\n\r\n"),
    ROW(400, "GET / HTTP/1\r\nHost: a\r\n\r\n"),
    ROW(400, "GET / HTTP/1.\r\nHost: a\r\n\r\n"),
    ROW(400, "GET / HTTP/1.10\r\nHost: a\r\n\r\n"),
    ROW(400, "GET / HTTP/11.1\r\nHost: a\r\n\r\n"),
    ROW(400, "GET / HTTP/1,1\r\nHost: a\r\n\r\n"),
    ROW(400, "GET / HTTP/x.1\r\nHost: a\r\n\r\n"),
    ROW(400, "GET / HTTP/+1.1\r\nHost: a\r\n\r\n"),
    ROW(400, "GET / HTTPS/1.1\r\nHost: a\r\n\r\n"),
    ROW(400, "GET / XTTP/1.1\r\nHost: a\r\n\r\n"),
    ROW(400, "GET / ICE/1.0\r\nHost: a\r\n\r\n"),
    ROW(505, "GET / HTTP/2.0\r\nHost: a\r\n\r\n"),
    ROW(505, "GET / HTTP/0.9\r\nHost: a\r\n\r\n"),
    ROW(505, "GET / HTTP/3.0\r\nHost: a\r\n\r\n"),
    ROW(501, "get / HTTP/1.1\r\nHost: a\r\n\r\n"),
    ROW(501, "GETX / HTTP/1.1\r\nHost: a\r\n\r\n"),
    ROW(501, "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n"),
    ROW(501, "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n"),
    ROW(501, "PURGE / HTTP/1.1\r\nHost: a\r\n\r\n"),
    ROW(501, "M-SEARCH * HTTP/1.1\r\nHost: a\r\n\r\n"),
    ROW(501, "PRI * HTTP/2.0\r\n\r\n"),
    ROW(400, "G\"T / HTTP/1.1\r\nHost: a\r\n\r\n"),
    ROW(400, "GE\0T / HTTP/1.1\r\nHost: a\r\n\r\n"),
    ROW(400, "G\x80T / HTTP/1.1\r\nHost: a\r\n\r\n"),
    ROW(400, "GET: / HTTP/1.1\r\nHost: a\r\n\r\n"),

    /* targets */
    ROW(0, GET("/a/b/c")),
    ROW(0, GET("/a/")),
    ROW(0, GET("/p%2Fq;v=1/@:!$&'()*+,;=-._~")),
    ROW(0, GET("/?")),
    ROW(0, GET("/?a=b&c=%zz%|\"<>[]{}\\^`?")),
    ROW(0, GET("/?//")),
    ROW(0, GET("http://a/x?y")),
    ROW(0, GET("HTTP://A:80/x")),
    ROW(0, GET("http://a")),
    ROW(0, GET("http://a?x")),
    ROW(0, "GET https://a:443/ HTTP/1.1\r\nHost: a\r\n\r\n"),
    ROW(0, "GET http://a/ HTTP/1.1\r\nHost: A:80\r\n\r\n"),
    ROW(0, "GET http://a/ HTTP/1.0\r\n\r\n"),
    ROW(0, "GET http://[::1]:81/ HTTP/1.1\r\nHost: [::1]:81\r\n\r\n"),
    ROW(400, GET("*")),
    ROW(400, "OPTIONS ** HTTP/1.1\r\nHost: a\r\n\r\n"),
    ROW(400, GET("a")),
    ROW(400, GET("a/b")),
    ROW(400, GET("?x")),
    ROW(400, GET("ftp://a/")),
    ROW(400, GET("mailto:a")),
    ROW(400, GET("http:/a")),
    ROW(400, GET("http://")),
    ROW(400, GET("http:///x")),
    ROW(400, GET("http://b/")),
    ROW(400, GET("http://a:81/")),
    ROW(400, GET("https://a:80/")),
    ROW(400, GET("http://u@a/")),
    ROW(400, GET("http://u:p@a/")),
    ROW(400, GET("http://a:80:80/")),
    ROW(400, GET("http://a:80x/")),
    ROW(400, GET("http://a//b")),
    ROW(400, GET("//a")),
    ROW(400, GET("/a//b")),
    ROW(400, GET("/a//")),
    ROW(400, GET("/#frag")),
    ROW(400, GET("/?#frag")),
    ROW(400, GET("/a\\b")),
    ROW(400, GET("/\"a\"")),
    ROW(400, GET("/<a>")),
    ROW(400, GET("/{a}")),
    ROW(400, GET("/a|b")),
    ROW(400, GET("/a^b")),
    ROW(400, GET("/a`b")),
    ROW(400, GET("/[a]")),
    ROW(400, GET("/%")),
    ROW(400, GET("/%2")),
    ROW(400, GET("/%2?x")),
    ROW(400, GET("/%zz")),
    ROW(400, GET("/%2g")),
    ROW(400, GET("/%u002e")),
    ROW(400, GET("/\x80")),
    ROW(400, GET("/?\xc3\xa9")),
    ROW(400, GET("/\0")),
    ROW(400, GET("/\x01")),
    ROW(400, GET("/?\x7f")),
    ROW(400, GET("/?\x1f")),

    /* Host */
    ROW(0, HOST("a")),
    ROW(0, HOST(" a ")),
    ROW(0, HOST("\ta:80\t")),
    ROW(0, HOST(" a:")),
    ROW(0, HOST(" foo_bar.example.com")),
    ROW(0, HOST(" [::1]")),
    ROW(0, HOST(" [4711::abcd]:8000")),
    ROW(0, HOST(" 127.0.0.1:65535")),
    ROW(400, "GET / HTTP/1.1\r\n\r\n"),
    ROW(400, HOST("")),
    ROW(400, HOST(" :80")),
    ROW(400, HOST(" a:x")),
    ROW(400, HOST(" a:+1")),
    ROW(400, HOST(" a:65536")),
    ROW(400, HOST(" a:99999999999999999999")),
    ROW(400, HOST(" a b")),
    ROW(400, HOST(" a/b")),
    ROW(400, HOST(" a\\b")),
    ROW(400, HOST(" u@a")),
    ROW(400, HOST(" a?b")),
    ROW(400, HOST(" a#b")),
    ROW(400, HOST(" a%")),
    ROW(400, HOST(" a\x80")),
    ROW(400, HOST(" [::1")),
    ROW(400, HOST(" [::1]x")),
    ROW(400, HOST(" [::1]:x")),
    ROW(400, HOST(" []")),
    ROW(400, HOST(" [a]")),
    ROW(400, HOST(" [4712::abcd::]")),
    ROW(400, HOST(" 4714::abcd:8001")),
    ROW(400, "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"),
    ROW(400, "GET / HTTP/1.1\r\nHost: a\r\nhOST: b\r\n\r\n"),
    ROW(400, "GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n"),

    /* field lines */
    ROW(0, FIELD("X: y")),
    ROW(0, FIELD("X:y")),
    ROW(0, FIELD("X:")),
    ROW(0, FIELD("X: \t ")),
    ROW(0, FIELD("X: a\tb")),
    ROW(0, FIELD("X: caf\xc3\xa9 \xff")),
    ROW(0, FIELD("!#$%&'*+-.^_`|~09: y")),
    ROW(0, FIELD("X: a: b:")),
    ROW(400, FIELD("X : y")),
    ROW(400, FIELD("X\t: y")),
    ROW(400, FIELD(" X: y")),
    ROW(400, FIELD("\tX: y")),
    ROW(400, FIELD(": y")),
    ROW(400, FIELD("X")),
    ROW(400, FIELD("X y")),
    ROW(400, FIELD("X(y): z")),
    ROW(400, FIELD("\"X\": z")),
    ROW(400, FIELD("X\x80: z")),
    ROW(400, FIELD("X\0: z")),
    ROW(400, FIELD("X: a\r\n b")),
    ROW(400, FIELD("X: a\r\n\tb")),
    ROW(400, FIELD("X: a\r\n \r\n")),
    ROW(400, FIELD("X: a\nY: b")),
    ROW(400, FIELD("X: a\rY: b")),
    ROW(400, FIELD("X: a\r\r\nY: b")),
    ROW(400, FIELD("X: a\0b")),
    ROW(400, FIELD("X: a\x01")),
    ROW(400, FIELD("X: a\x0b")),
    ROW(400, FIELD("X: a\x0c")),
    ROW(400, FIELD("X: a\x1b")),
    ROW(400, FIELD("X: a\x7f")),
    ROW(400, "GET / HTTP/1.1\r\n Host: a\r\n\r\n"),
    ROW(400, "GET / HTTP/1.1\r\nHost\r\n\r\n"),

    /* framing */
    ROW(0, POST("Content-Length: 0\r\n")),
    ROW(0, POST("Content-Length: 5\r\n")),
    ROW(0, POST("content-length:\t5 \t\r\n")),
    ROW(0, POST("Content-Length: 003\r\n")),
    ROW(0, POST("Content-Length: 9223372036854775807\r\n")),
    ROW(0, POST("Transfer-Encoding: chunked\r\n")),
    ROW(0, POST("transfer-encoding: CHUNKED\r\n")),
    ROW(0, POST("Content_Length: 5\r\n")),
    ROW(0, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"),
    ROW(0, "HEAD / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"),
    ROW(0, "POST / HTTP/1.0\r\nContent-Length: 5\r\n\r\n"),
    ROW(400, POST("Content-Length: \r\n")),
    ROW(400, POST("Content-Length: +5\r\n")),
    ROW(400, POST("Content-Length: -5\r\n")),
    ROW(400, POST("Content-Length: 5 5\r\n")),
    ROW(400, POST("Content-Length: 5, 5\r\n")),
    ROW(400, POST("Content-Length: 5,5\r\n")),
    ROW(400, POST("Content-Length: 5,\r\n")),
    ROW(400, POST("Content-Length: 0x5\r\n")),
    ROW(400, POST("Content-Length: 5.0\r\n")),
    ROW(400, POST("Content-Length: 5a\r\n")),
    ROW(400, POST("Content-Length: \"5\"\r\n")),
    ROW(400, POST("Content-Length: 9223372036854775808\r\n")),
    ROW(400, POST("Content-Length: 18446744073709551616\r\n")),
    ROW(400, POST("Content-Length: 18446744073709551621\r\n")),
    ROW(400, POST("Content-Length: 5\r\nContent-Length: 5\r\n")),
    ROW(400, POST("Content-Length: 5\r\nContent-Length: 6\r\n")),
    ROW(400, POST("Content-Length: 5\r\nX: y\r\nCONTENT-LENGTH: 5\r\n")),
    ROW(400, POST("Content-Length : 5\r\n")),
    ROW(400, POST("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n")),
    ROW(400, POST("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n")),
    ROW(400, POST("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n")),
    ROW(400, POST("Transfer-Encoding:\r\n")),
    ROW(400, POST("Transfer-Encoding: identity\r\n")),
    ROW(400, POST("Transfer-Encoding: gzip, chunked\r\n")),
    ROW(400, POST("Transfer-Encoding: chunked, gzip\r\n")),
    ROW(400, POST("Transfer-Encoding: chunked, chunked\r\n")),
    ROW(400, POST("Transfer-Encoding: chunked,\r\n")),
    ROW(400, POST("Transfer-Encoding: ,chunked\r\n")),
    ROW(400, POST("Transfer-Encoding: chunked;q=1\r\n")),
    ROW(400, POST("Transfer-Encoding: xchunked\r\n")),
    ROW(400, POST("Transfer-Encoding: chunkedx\r\n")),
    ROW(400, POST("Transfer-Encoding: 'chunked'\r\n")),
    ROW(400, POST("Transfer-Encoding: \"chunked\"\r\n")),
    ROW(400, POST("Transfer-Encoding: \x0b"
                  "chunked\r\n")),
    ROW(400, POST("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")),
    ROW(400, POST("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n")),
    ROW(400, POST("Transfer-Encoding : chunked\r\n")),
    ROW(400, POST(" Transfer-Encoding: chunked\r\n")),
    ROW(400, POST("X: y\nTransfer-Encoding: chunked\r\n")),
    ROW(400, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"),

    /* Expect */
    ROW(0, POST("Expect: 100-continue\r\n")),
    ROW(0, POST("Expect: 100-CONTINUE\r\n")),
    ROW(417, POST("Expect: 200-ok\r\n")),
    ROW(417, POST("Expect:\r\n")),
    ROW(417, POST("Expect: 100-continue, x\r\n")),
    ROW(417, POST("Expect: 100-continue\r\nExpect: x\r\n")),
    ROW(400, POST("Expect: x\r\nContent-Length: x\r\n")),
};

static int judge(struct text head, const struct http_head_limits *l, struct http_head *out)
{
    static struct http_field fields[128]; /* OUT points into it */
    const char *reason;
    int status = http_head_parse(head, l, fields, out, &reason);

    if (status && !reason)
        fail_msg("no reason");
    return status;
}

static void every_head_has_its_verdict(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct http_head head;
        int status = judge(text_of(rows[i].at, rows[i].len), &limits, &head);

        if (status != rows[i].status)
            fail_msg("row %zu: %d, not %d: %s", i, status, rows[i].status, rows[i].at);
    }
    assert_true(sizeof rows / sizeof rows[0] >= 150);
}

/* A head never reads past its end: each is judged in a block of its own size. */
static void every_prefix_is_safe(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t len = 0; len <= rows[i].len; len++) {
            char *copy = malloc(len + 1);
            struct http_head head;
            size_t scanned = 0;
            const char *reason;

            memcpy(copy, rows[i].at, len);
            copy = realloc(copy, len ? len : 1);
            if (len > 0)
                judge(text_of(copy, len), &limits, &head);
            http_head_end(text_of(copy, len), &scanned);
            http_head_early(text_of(copy, len), 0, &limits, &reason);
            free(copy);
        }
    }
}

/* The end is found at the same place however the bytes come. */
static void the_end_is_found_at_every_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t whole = 0;
        size_t bytewise = 0;
        size_t end = http_head_end(text_of(rows[i].at, rows[i].len), &whole);

        for (size_t len = 1; len <= rows[i].len; len++) {
            size_t found = http_head_end(text_of(rows[i].at, len), &bytewise);

            if (found == 0 && len < rows[i].len)
                continue;
            if (found != end)
                fail_msg("row %zu: %zu, not %zu", i, found, end);
            break;
        }
    }
}

static void parts_are_where_they_should_be(void **state)
{
    struct http_head head;

    (void)state;
    assert_int_equal(judge(TEXT("POST /a%2Fb/c?x=1&y HTTP/1.1\r\nHost: h:1\r\nA: 1\r\n"
                                "a:  2 \r\nContent-Length: 12\r\n\r\n"),
                           &limits, &head),
                     0);
    assert_int_equal(head.method, HTTP_POST);
    assert_true(text_eq(head.target, TEXT("/a%2Fb/c?x=1&y")));
    assert_true(text_eq(head.path, TEXT("/a%2Fb/c")));
    assert_true(text_eq(head.query, TEXT("x=1&y")));
    assert_true(text_eq(head.host, TEXT("h:1")));
    assert_int_equal(head.form, HTTP_ORIGIN_FORM);
    assert_int_equal(head.framing, HTTP_LENGTH);
    assert_int_equal(head.length, 12);
    assert_true(head.has_length && head.keep_alive && !head.expect_continue);
    assert_int_equal(head.fields.count, 4);
    assert_true(text_eq(head.fields.at[2].value, TEXT("2")));
    assert_true(text_eq(http_find(&head.fields, TEXT("a"))->value, TEXT("1")));
    assert_null(http_find(&head.fields, TEXT("b")));

    assert_int_equal(judge(TEXT("GET http://a?q HTTP/1.0\r\nExpect: x\r\n\r\n"), &limits, &head),
                     417);
    assert_int_equal(judge(TEXT("GET http://a?q HTTP/1.0\r\n\r\n"), &limits, &head), 0);
    assert_true(text_eq(head.path, TEXT("/")) && text_eq(head.query, TEXT("q")));
    assert_true(text_eq(head.host, TEXT("a")));
    assert_int_equal(head.form, HTTP_ABSOLUTE_FORM);
    assert_false(head.keep_alive);
    assert_int_equal(head.framing, HTTP_NO_BODY);

    assert_int_equal(judge(TEXT(GET("/?")), &limits, &head), 0);
    assert_true(head.query.at && head.query.len == 0);
    assert_int_equal(judge(TEXT(GET("/")), &limits, &head), 0);
    assert_null(head.query.at);
}

static void connection_and_expect_are_read(void **state)
{
    static const struct {
        struct text head;
        bool keep_alive;
        bool expect_continue;
    } cases[] = {
        {{FIELD("Connection: close"), sizeof FIELD("Connection: close") - 1}, false, false},
        {{FIELD("Connection: x, CLOSE ,"), sizeof FIELD("Connection: x, CLOSE ,") - 1},
         false,
         false},
        {{FIELD("Connection: closed"), sizeof FIELD("Connection: closed") - 1}, true, false},
        {{FIELD("Expect: 100-continue"), sizeof FIELD("Expect: 100-continue") - 1}, true, true},
    };
    struct http_head head;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(judge(cases[i].head, &limits, &head), 0);
        assert_int_equal(head.keep_alive, cases[i].keep_alive);
        assert_int_equal(head.expect_continue, cases[i].expect_continue);
    }
    assert_int_equal(
        judge(TEXT("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"), &limits, &head), 0);
    assert_true(head.keep_alive);
    assert_int_equal(
        judge(TEXT("GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n"), &limits, &head), 0);
    assert_false(head.keep_alive);
    assert_int_equal(judge(TEXT("GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n"), &limits, &head),
                     0);
    assert_false(head.expect_continue);
}

static void limits_have_their_status(void **state)
{
    static const struct http_head_limits small = {.request_line = 20, .head = 60, .fields = 2};
    struct http_head head;
    const char *reason;

    (void)state;
    assert_int_equal(judge(TEXT("GET /345678 HTTP/1.1\r\nHost: a\r\n\r\n"), &small, &head), 0);
    assert_int_equal(judge(TEXT("GET /3456789 HTTP/1.1\r\nHost: a\r\n\r\n"), &small, &head), 414);
    assert_int_equal(judge(TEXT("GET / HTTP/1.1\r\nHost: a\r\nB: 1\r\n\r\n"), &small, &head), 0);
    assert_int_equal(
        judge(TEXT("GET / HTTP/1.1\r\nHost: a\r\nB: 1\r\nC: 1\r\n\r\n"), &small, &head), 431);
    assert_int_equal(
        judge(TEXT("GET / HTTP/1.1\r\nHost: a\r\nBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB: 1\r\n"
                   "\r\n"),
              &small, &head),
        431);
    assert_int_equal(http_head_early(TEXT("GET /345678 HTTP/1.1\r"), 0, &small, &reason), 0);
    assert_int_equal(http_head_early(TEXT("GET /345678901234567890"), 0, &small, &reason), 414);
    assert_int_equal(http_head_early(TEXT("GET / HTTP/1.1\r\n0123456789012345678901234567890123456"
                                          "78901234567"),
                                     0, &small, &reason),
                     431);
    assert_int_equal(http_head_early(TEXT("\x16\x03\x01"), 0, &small, &reason), 400);
    assert_int_equal(http_head_early(TEXT("GET / HTTP/1.1\rHost"), 0, &small, &reason), 400);
    assert_int_equal(http_head_early(TEXT("\r"), 0, &small, &reason), 0);
    assert_int_equal(http_head_early(TEXT("\r\n"), 0, &small, &reason), 0);
    assert_int_equal(http_head_early(TEXT("\r\n\r"), 0, &small, &reason), 400);
}

static void lists_are_searched_whole(void **state)
{
    struct http_field at[] = {{TEXT("Connection"), TEXT("a, b")},
                              {TEXT("connection"), TEXT(",c,")}};
    struct http_fields fields = {at, 2};

    (void)state;
    assert_true(http_list_has(&fields, TEXT("CONNECTION"), TEXT("B")));
    assert_true(http_list_has(&fields, TEXT("CONNECTION"), TEXT("c")));
    assert_false(http_list_has(&fields, TEXT("CONNECTION"), TEXT("")));
    assert_false(http_list_has(&fields, TEXT("CONNECTION"), TEXT("a, b")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_head_has_its_verdict),
        cmocka_unit_test(every_prefix_is_safe),
        cmocka_unit_test(the_end_is_found_at_every_cut),
        cmocka_unit_test(parts_are_where_they_should_be),
        cmocka_unit_test(connection_and_expect_are_read),
        cmocka_unit_test(limits_have_their_status),
        cmocka_unit_test(lists_are_searched_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
