/* The chunked coding at every cut, and what it refuses. */
#include "http/chunked.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
/* cmocka wants the above first */
#include <cmocka.h>
#include <stdio.h>

static const struct chunked_limits limits = {.line = 64, .trailers = 256};

struct row {
    const char *coded;
    size_t len;
    const char *content; /* NULL: malformed */
    size_t trailers;     /* kept lines */
    size_t after;        /* bytes after the end */
};

#define GOOD(coded, content, trailers, after)                                                      \
    {                                                                                              \
        coded, sizeof(coded) - 1, content, trailers, after                                         \
    }
#define BAD(coded)                                                                                 \
    {                                                                                              \
        coded, sizeof(coded) - 1, NULL, 0, 0                                                       \
    }

static const struct row rows[] = {
    GOOD("0\r\n\r\n", "", 0, 0),
    GOOD("000\r\n\r\n", "", 0, 0),
    GOOD("5\r\nhello\r\n0\r\n\r\n", "hello", 0, 0),
    GOOD("5\r\nhello\r\n6\r\n world\r\n000\r\n\r\nGET /", "hello world", 0, 5),
    GOOD("a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n", "01234567890123456789", 0, 0),
    GOOD("0000000000000000000000000005\r\nhello\r\n0\r\n\r\n", "hello", 0, 0),
    GOOD("5;x\r\nhello\r\n0;y=z\r\n\r\n", "hello", 0, 0),
    GOOD("5;a=b;c;d=\"e;\\\"\t\\\\ \"\r\nhello\r\n0\r\n\r\n", "hello", 0, 0),
    GOOD("5 ; x\t= y ; z\r\nhello\r\n0\r\n\r\n", "hello", 0, 0),
    GOOD("2\r\n\r\n\r\n0\r\n\r\n", "\r\n", 0, 0),
    GOOD("0\r\nA: 1\r\nb:  2 \r\n\r\nx", "", 2, 1),
    GOOD("0\r\nA:\r\n\r\n", "", 1, 0),
    GOOD("0\r\nContent-Length: 5\r\nHost: x\r\nX: y\r\n\r\n", "", 1, 0),
    GOOD("0\r\nTransfer-Encoding: chunked\r\nAuthorization: x\r\nIf-Match: x\r\n\r\n", "", 0, 0),
    BAD("\r\n"),
    BAD(" 5\r\nhello\r\n"),
    BAD("5 \r\nhello\r\n"),
    BAD("5\t\r\nhello\r\n"),
    BAD("+5\r\nhello\r\n"),
    BAD("-5\r\nhello\r\n"),
    BAD("0x5\r\nhello\r\n"),
    BAD("5h\r\nhello\r\n"),
    BAD("g\r\nhello\r\n"),
    BAD("5,\r\nhello\r\n"),
    BAD("5\nhello\r\n"),
    BAD("5\rhello\r\n"),
    BAD("5\r\r\nhello\r\n"),
    BAD("5\r\nhello\n"),
    BAD("5\r\nhellox\r\n"),
    BAD("5\r\nhello\rx"),
    BAD("5\r\nhello0\r\n"),
    BAD("8000000000000000\r\n"),
    BAD("ffffffffffffffff\r\n"),
    BAD("10000000000000005\r\nhello\r\n"),
    BAD("5;\r\nhello\r\n"),
    BAD("5; \r\nhello\r\n"),
    BAD("5;x \r\nhello\r\n"),
    BAD("5;=x\r\nhello\r\n"),
    BAD("5;x=\r\nhello\r\n"),
    BAD("5;x y\r\nhello\r\n"),
    BAD("5;x=y \r\nhello\r\n"),
    BAD("5;x=\"y\r\nhello\r\n"),
    BAD("5;x=\"y\"z\r\nhello\r\n"),
    BAD("5;x=y\"\r\nhello\r\n"),
    BAD("5;x\nhello\r\n"),
    BAD("5;\xff\r\nhello\r\n"),
    BAD("5;x=\"\x01\"\r\nhello\r\n"),
    BAD("5;x=\"\\\n\"\r\nhello\r\n"),
    BAD("5;aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n"),
    BAD("0000000000000000000000000000000000000000000000000000000000000000005\r\n"),
    BAD("0\r\n\n"),
    BAD("0\r\nA: 1\n\r\n"),
    BAD("0\r\nA : 1\r\n\r\n"),
    BAD("0\r\n A: 1\r\n\r\n"),
    BAD("0\r\nA: 1\r\n b\r\n\r\n"),
    BAD("0\r\nA\r\n\r\n"),
    BAD("0\r\nGET / HTTP/1.1\r\n\r\n"),
    BAD("0\r\nA: \x01\r\n\r\n"),
    BAD("0\r\n: 1\r\n\r\n"),
};

struct result {
    enum chunked_step step;
    char content[64];
    size_t content_len;
    size_t trailers;
    size_t used;
};

static void feed(struct chunked *c, struct result *r, const char *at, size_t len)
{
    char *copy = malloc(len ? len : 1); /* of its own size, for the sanitizer */
    struct text piece = {copy, len};

    memcpy(copy, at, len);
    for (;;) {
        struct text content;

        r->step = chunked_next(c, &piece, &content);
        if (r->step != CHUNKED_CONTENT)
            break;
        assert_true(content.len > 0);
        assert_true(r->content_len + content.len <= sizeof r->content);
        memcpy(r->content + r->content_len, content.at, content.len);
        r->content_len += content.len;
    }
    r->used += len - piece.len;
    if (r->step == CHUNKED_MORE)
        assert_int_equal(piece.len, 0);
    if (r->step == CHUNKED_END)
        r->trailers = c->trailers.count;
    free(copy);
}

/* Decodes ROW in pieces of SIZE bytes, the first of FIRST bytes. */
static struct result decode(const struct row *row, size_t first, size_t size)
{
    struct chunked c;
    struct result r = {.step = CHUNKED_MORE};

    chunked_init(&c, &limits);
    for (size_t at = 0; at < row->len && r.step == CHUNKED_MORE;) {
        size_t len = at == 0 ? first : size;

        if (len > row->len - at)
            len = row->len - at;
        feed(&c, &r, row->coded + at, len);
        at += len;
    }
    chunked_fini(&c);
    return r;
}

static void check(const struct row *row, size_t first, size_t size)
{
    struct result r = decode(row, first, size);

    if (!row->content) {
        if (r.step != CHUNKED_BAD)
            fail_msg("accepted: %s", row->coded);
        return;
    }
    if (r.step != CHUNKED_END || r.content_len != strlen(row->content) ||
        memcmp(r.content, row->content, r.content_len) != 0 || r.trailers != row->trailers)
        fail_msg("%zu/%zu: step %d of %s", first, size, r.step, row->coded);
    assert_int_equal(r.used, row->len - row->after);
}

static void at_every_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check(&rows[i], rows[i].len, 1);
        for (size_t cut = 1; cut < rows[i].len; cut++)
            check(&rows[i], cut, rows[i].len);
        for (size_t size = 1; size < 8; size++)
            check(&rows[i], size, size);
    }
}

/* Short of its last byte no body is complete. */
static void never_complete_too_early(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct row row = rows[i];

        if (!row.content)
            continue;
        row.len -= row.after;
        while (row.len-- > 0)
            assert_int_not_equal(decode(&row, row.len, 1).step, CHUNKED_END);
    }
}

static void trailers_have_a_ceiling(void **state)
{
    struct buf coded;
    struct row row = {.content = "", .trailers = 10};

    (void)state;
    buf_init(&coded, SIZE_MAX);
    buf_add(&coded, TEXT("0\r\n"));
    for (int i = 0; i < 10; i++)
        buf_add(&coded, TEXT("A: 12345678901234567890\r\n"));
    buf_add(&coded, TEXT("\r\n"));
    row.coded = coded.at;
    row.len = coded.len;
    check(&row, row.len, 1); /* 252 bytes */
    coded.len -= 2;
    buf_add(&coded, TEXT("B: 1\r\n\r\n"));
    row.coded = coded.at;
    row.len = coded.len;
    row.content = NULL;
    check(&row, row.len, 1);
    check(&row, 1, 1);
    buf_fini(&coded);
}

static void trailers_are_read(void **state)
{
    struct chunked c;
    struct text piece = TEXT("1\r\nx\r\n0\r\nDigest: abc\r\nTE: x\r\nX:y\r\n\r\n");
    struct text content;

    (void)state;
    chunked_init(&c, &limits);
    assert_int_equal(chunked_next(&c, &piece, &content), CHUNKED_CONTENT);
    assert_int_equal(chunked_next(&c, &piece, &content), CHUNKED_END);
    assert_int_equal(c.trailers.count, 2);
    assert_true(text_eq(c.trailers.at[0].value, TEXT("abc")));
    assert_true(text_eq(c.trailers.at[1].name, TEXT("X")));
    chunked_fini(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_every_cut),
        cmocka_unit_test(never_complete_too_early),
        cmocka_unit_test(trailers_have_a_ceiling),
        cmocka_unit_test(trailers_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
