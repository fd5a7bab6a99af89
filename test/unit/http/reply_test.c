/* Reply heads: status lines, field lines, framing, and what stops at a hop. */
#include "http/hop.h"
#include "http/reply.h"
#include "http/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
/* cmocka wants the above first */
#include <cmocka.h>

#define T(literal)                                                                                 \
    {                                                                                              \
        literal, sizeof(literal) - 1                                                               \
    }

static void status_lines(void **state)
{
    static const struct {
        struct text line;
        int status; /* 0: refused */
        int minor;
        const char *reason;
    } cases[] = {
        {T("HTTP/1.1 200 OK\r\n"), 200, 1, "OK"},
        {T("HTTP/1.0 404 Not Found\r\n"), 404, 0, "Not Found"},
        {T("HTTP/1.1 100 \r\n"), 100, 1, ""},
        {T("HTTP/1.1 204\r\n"), 204, 1, ""},
        {T("HTTP/1.1 599 caf\xc3\xa9\tx\r\n"), 599, 1, "caf\xc3\xa9\tx"},
        {T("HTTP/1.1 999 x\r\n"), 999, 1, "x"},
        {T("HTTP/1.1 200 OK\n"), 0, 0, NULL},
        {T("HTTP/1.1 200 OK"), 0, 0, NULL},
        {T("HTTP/1.1 200 OK\r"), 0, 0, NULL},
        {T("HTTP/1.1 200 O\rK\r\n"), 0, 0, NULL},
        {T("HTTP/1.1 200 O\0K\r\n"), 0, 0, NULL},
        {T("HTTP/1.1  200 OK\r\n"), 0, 0, NULL},
        {T("HTTP/1.1\t200 OK\r\n"), 0, 0, NULL},
        {T("HTTP/1.1 20 OK\r\n"), 0, 0, NULL},
        {T("HTTP/1.1 2000 OK\r\n"), 0, 0, NULL},
        {T("HTTP/1.1 099 OK\r\n"), 0, 0, NULL},
        {T("HTTP/1.1 +20 OK\r\n"), 0, 0, NULL},
        {T("HTTP/1.1 2x0 OK\r\n"), 0, 0, NULL},
        {T("HTTP/1.1 200\tOK\r\n"), 0, 0, NULL},
        {T("HTTP/1.2 200 OK\r\n"), 0, 0, NULL},
        {T("HTTP/2 200\r\n"), 0, 0, NULL},
        {T("HTTP/2.0 200 OK\r\n"), 0, 0, NULL},
        {T("http/1.1 200 OK\r\n"), 0, 0, NULL},
        {T(" HTTP/1.1 200 OK\r\n"), 0, 0, NULL},
        {T("ICY 200 OK\r\n"), 0, 0, NULL},
        {T("\r\n"), 0, 0, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int minor;
        int status;
        struct text reason;
        const char *why = http_status_line(cases[i].line, &minor, &status, &reason);

        if (!why != !!cases[i].status)
            fail_msg("%s", cases[i].line.at);
        if (why)
            continue;
        assert_int_equal(status, cases[i].status);
        assert_int_equal(minor, cases[i].minor);
        assert_true(text_eq(reason, text_from(cases[i].reason)));
    }
}

static void field_lines(void **state)
{
    static const struct text good[] = {T("A: b\r\n"), T("A:\r\n"), T("A:b \t\r\n")};
    static const struct text bad[] = {
        T("A: b\n"),         T("A: b"),      T("A: b\r"),      T(" b\r\n"),
        T("\tb\r\n"),        T("A : b\r\n"), T(": b\r\n"),     T("A\r\n"),
        T("A: b\rc\r\n"),    T("A: \0\r\n"), T("A: \x7f\r\n"), T("A: b\r\nC: d\r\n"),
        T("A: b\r\n c\r\n"), T("\r\n"),      T("A b: c\r\n"),  T("A: b\nC: d\r\n"),
    };
    struct http_field field;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_null(http_field_line(good[i], &field));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (!http_field_line(bad[i], &field))
            fail_msg("accepted %s", bad[i].at);
    assert_null(http_field_line(TEXT("A:  b \r\n"), &field));
    assert_true(text_eq(field.name, TEXT("A")) && text_eq(field.value, TEXT("b")));
    assert_true(http_empty_line(TEXT("\r\n")));
    assert_false(http_empty_line(TEXT("\n")));
}

static void framing(void **state)
{
    enum { REFUSED = -1 };
    static const struct {
        enum http_method method;
        int status;
        int minor;
        struct http_field fields[3];
        int framing;
        uint64_t length;
        bool keep;
    } cases[] = {
        {HTTP_GET, 200, 1, {{T("Content-Length"), T("5")}}, HTTP_LENGTH, 5, true},
        {HTTP_GET, 200, 1, {{T("content-length"), T("0")}}, HTTP_NO_BODY, 0, true},
        {HTTP_GET, 200, 1, {{T("Transfer-Encoding"), T("Chunked")}}, HTTP_CHUNKED, 0, true},
        {HTTP_GET, 200, 1, {{T("X"), T("y")}}, HTTP_TO_CLOSE, 0, false},
        {HTTP_GET, 200, 0, {{T("Content-Length"), T("5")}}, HTTP_LENGTH, 5, false},
        {HTTP_GET,
         200,
         0,
         {{T("Content-Length"), T("5")}, {T("Connection"), T("keep-alive")}},
         HTTP_LENGTH,
         5,
         true},
        {HTTP_GET,
         200,
         1,
         {{T("Content-Length"), T("5")}, {T("Connection"), T("x, close")}},
         HTTP_LENGTH,
         5,
         false},
        {HTTP_HEAD, 200, 1, {{T("Content-Length"), T("5")}}, HTTP_NO_BODY, 5, true},
        {HTTP_HEAD, 200, 1, {{T("Transfer-Encoding"), T("chunked")}}, HTTP_NO_BODY, 0, true},
        {HTTP_GET, 304, 1, {{T("Content-Length"), T("5")}}, HTTP_NO_BODY, 5, true},
        {HTTP_GET, 204, 1, {{T("Content-Length"), T("0")}}, HTTP_NO_BODY, 0, true},
        {HTTP_GET, 103, 1, {{T("Link"), T("x")}}, HTTP_NO_BODY, 0, true},
        {HTTP_GET, 204, 1, {{T("Content-Length"), T("5")}}, REFUSED, 0, false},
        {HTTP_GET, 204, 1, {{T("Transfer-Encoding"), T("chunked")}}, REFUSED, 0, false},
        {HTTP_GET, 100, 1, {{T("Transfer-Encoding"), T("chunked")}}, REFUSED, 0, false},
        {HTTP_GET, 200, 1, {{T("Content-Length"), T("5, 5")}}, REFUSED, 0, false},
        {HTTP_GET, 200, 1, {{T("Content-Length"), T("+5")}}, REFUSED, 0, false},
        {HTTP_GET, 200, 1, {{T("Content-Length"), T("")}}, REFUSED, 0, false},
        {HTTP_GET, 200, 1, {{T("Content-Length"), T("9223372036854775808")}}, REFUSED, 0, false},
        {HTTP_GET,
         200,
         1,
         {{T("Content-Length"), T("5")}, {T("Content-Length"), T("5")}},
         REFUSED,
         0,
         false},
        {HTTP_GET,
         200,
         1,
         {{T("Content-Length"), T("5")}, {T("Content-Length"), T("6")}},
         REFUSED,
         0,
         false},
        {HTTP_GET,
         200,
         1,
         {{T("Content-Length"), T("5")}, {T("Transfer-Encoding"), T("chunked")}},
         REFUSED,
         0,
         false},
        {HTTP_GET, 200, 0, {{T("Transfer-Encoding"), T("chunked")}}, REFUSED, 0, false},
        {HTTP_GET, 200, 1, {{T("Transfer-Encoding"), T("gzip, chunked")}}, REFUSED, 0, false},
        {HTTP_GET, 200, 1, {{T("Transfer-Encoding"), T("identity")}}, REFUSED, 0, false},
        {HTTP_HEAD, 200, 1, {{T("Transfer-Encoding"), T("xchunked")}}, REFUSED, 0, false},
        {HTTP_GET,
         200,
         1,
         {{T("Transfer-Encoding"), T("chunked")}, {T("Transfer-Encoding"), T("chunked")}},
         REFUSED,
         0,
         false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct http_field at[3];
        struct http_fields fields = {at, 0};
        struct http_reply_framing out;

        memcpy(at, cases[i].fields, sizeof at);
        while (fields.count < 3 && at[fields.count].name.at)
            fields.count++;
        const char *why =
            http_reply_framing(cases[i].method, cases[i].status, cases[i].minor, &fields, &out);
        if (!!why != (cases[i].framing == REFUSED))
            fail_msg("case %zu: %s", i, why ? why : "accepted");
        if (why)
            continue;
        assert_int_equal(out.framing, cases[i].framing);
        assert_int_equal(out.length, cases[i].length);
        assert_int_equal(out.keep_alive, cases[i].keep);
    }
}

static void hop_fields_stop(void **state)
{
    struct http_field at[20] = {{T("Connection"), T("keep-alive, X-One, host, Authorization, "
                                                    "content-length,X-Forwarded-For")},
                                {T("connection"), T("x-two")}};
    struct http_fields fields = {at, 2};
    struct http_field one[] = {{T("X-One"), T("")}, {T("connection"), T("close, keep-alive")}};
    struct http_fields plain = {one, 2};
    struct http_hop hop;
    static const char *const stop[] = {"Connection",
                                       "Keep-Alive",
                                       "TE",
                                       "Trailer",
                                       "Upgrade",
                                       "Transfer-Encoding",
                                       "Proxy-Authorization",
                                       "proxy-connection",
                                       "X-ONE",
                                       "X-Two"};
    static const char *const pass[] = {"Host",      "Authorization",   "Content-Length",
                                       "X-Three",   "X-Forwarded-For", "Proxy",
                                       "Set-Cookie"};

    (void)state;
    for (size_t i = 0; i < sizeof stop / sizeof stop[0]; i++)
        at[fields.count++].name = text_from(stop[i]);
    for (size_t i = 0; i < sizeof pass / sizeof pass[0]; i++)
        at[fields.count++].name = text_from(pass[i]);
    assert_true(http_hop_init(&hop, &fields));
    for (size_t i = 0; i < fields.count; i++)
        if (http_hop_stops(&hop, i) != (i < 2 + sizeof stop / sizeof stop[0]))
            fail_msg("%.*s", TEXT_ARG(at[i].name));
    http_hop_fini(&hop);
    assert_true(http_hop_init(&hop, &plain));
    assert_null(hop.named);
    assert_false(http_hop_stops(&hop, 0));
    assert_true(http_hop_stops(&hop, 1));
    http_hop_fini(&hop);
}

static void methods_and_reasons(void **state)
{
    enum http_method method;

    (void)state;
    for (int i = 0; i < HTTP_METHOD_COUNT; i++) {
        assert_true(http_method_find(http_method_name((enum http_method)i), &method));
        assert_int_equal(method, i);
    }
    assert_false(http_method_find(TEXT("get"), &method));
    assert_false(http_method_find(TEXT(""), &method));
    assert_true(http_method_idempotent(HTTP_PUT) && !http_method_idempotent(HTTP_PATCH));
    assert_true(text_eq(http_reason(404), TEXT("Not Found")));
    assert_int_equal(http_reason(799).len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(status_lines),
        cmocka_unit_test(field_lines),
        cmocka_unit_test(framing),
        cmocka_unit_test(hop_fields_stop),
        cmocka_unit_test(methods_and_reasons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
