#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "coding/coding.h"
#include "server/docs.h"

/* A folder of a test's own with a page in it. */
struct library {
    char folder[64];
    struct arena *arena, *scratch;
    struct diag *d;
};

static const char *const page_files[] = {"docs/index.html", "docs/page.css", "docs/page.js",
                                         "docs/redoc.standalone.js.gz"};

static void put(const struct library *p, const char *name, struct text content)
{
    char path[160];

    snprintf(path, sizeof path, "%s/%s", p->folder, name);
    FILE *to = fopen(path, "w");
    assert_non_null(to);
    fwrite(content.at, 1, content.len, to);
    fclose(to);
}

static void drop(const struct library *p, const char *name)
{
    char path[160];

    snprintf(path, sizeof path, "%s/%s", p->folder, name);
    unlink(path);
}

static void put_gzip(const struct library *p, const char *name, struct text content)
{
    struct encoder *encoder = encoder_new();
    struct buf coded;

    buf_init(&coded, 1 << 20);
    assert_true(encoder_put(encoder, content, ENCODER_END, &coded));
    put(p, name, buf_text(&coded));
    encoder_free(&encoder);
    buf_fini(&coded);
}

static struct library begin(void)
{
    struct library p = {.folder = "/tmp/dpgw-docs-XXXXXX",
                        .arena = arena_new(1 << 20),
                        .scratch = arena_new(1 << 20),
                        .d = diag_new()};
    char path[160];

    assert_non_null(mkdtemp(p.folder));
    snprintf(path, sizeof path, "%s/docs", p.folder);
    assert_int_equal(mkdir(path, 0755), 0);
    snprintf(path, sizeof path, "%s/openapi", p.folder);
    assert_int_equal(mkdir(path, 0755), 0);
    put(&p, "openapi/a.yaml", TEXT("openapi: 3.1.0\nn: 0x10\n"));
    put(&p, "docs/index.html", TEXT("<html>"));
    put(&p, "docs/page.css", TEXT("p{}"));
    put(&p, "docs/page.js", TEXT("go()"));
    put_gzip(&p, "docs/redoc.standalone.js.gz", TEXT("redoc()"));
    return p;
}

static void end(struct library *p)
{
    char path[160];

    for (size_t i = 0; i < 4; i++)
        drop(p, page_files[i]);
    drop(p, "openapi/a.yaml");
    snprintf(path, sizeof path, "%s/docs", p->folder);
    rmdir(path);
    snprintf(path, sizeof path, "%s/openapi", p->folder);
    rmdir(path);
    assert_int_equal(rmdir(p->folder), 0);
    diag_free(&p->d);
    arena_free(&p->arena);
    arena_free(&p->scratch);
}

static struct docs *read_them(struct library *p)
{
    return docs_read(p->folder, "a", (struct where){.file = "g.yaml", .line = 3}, p->arena,
                     p->scratch, p->d);
}

/* The one complaint there is. */
static const struct complaint *complaint(struct library *p)
{
    size_t count;
    const struct complaint *list = diag_list(p->d, &count);

    assert_int_equal(count, 1);
    return list;
}

static const struct local_reply *find(const struct docs_replies *replies, const char *path)
{
    for (size_t i = 0; i < replies->count; i++)
        if (text_eq(replies->at[i].route.client, text_from(path)))
            return &replies->at[i];
    return NULL;
}

static void expect(const struct docs_replies *replies, const char *path, const char *type,
                   const char *body)
{
    const struct local_reply *reply = find(replies, path);

    assert_non_null(reply);
    assert_true(text_eq(reply->type, text_from(type)));
    assert_true(text_eq(reply->plain.bytes, text_from(body)));
    assert_int_equal(strlen(reply->plain.tag), 18);
    assert_true(reply->plain.tag[0] == '"' && reply->plain.tag[17] == '"');
}

static void each_path_has_its_part(void **state)
{
    struct library p = begin();
    struct docs *docs = read_them(&p);
    struct docs_replies replies;

    (void)state;
    assert_non_null(docs);
    assert_true(docs->page);
    docs_replies_init(&replies, docs);
    assert_int_equal(replies.count, 7);
    expect(&replies, "/openapi.yaml", "application/yaml", "openapi: 3.1.0\nn: 0x10\n");
    expect(&replies, "/openapi.json", "application/json", "{\"openapi\":\"3.1.0\",\"n\":16}");
    expect(&replies, "/docs", "text/html; charset=utf-8", "<html>");
    expect(&replies, "/docs/", "text/html; charset=utf-8", "<html>");
    expect(&replies, "/docs/page.css", "text/css; charset=utf-8", "p{}");
    expect(&replies, "/docs/page.js", "text/javascript; charset=utf-8", "go()");
    expect(&replies, "/docs/redoc.standalone.js", "text/javascript; charset=utf-8", "redoc()");
    assert_true(find(&replies, "/docs")->policy.len > 0);
    assert_int_equal(find(&replies, "/docs/page.js")->policy.len, 0);
    assert_true(find(&replies, "/docs/redoc.standalone.js")->coded.bytes.len > 0);
    assert_int_equal(find(&replies, "/docs/page.js")->coded.bytes.len, 0); /* not worth it */
    docs_free(&docs);
    docs_replies_init(&replies, NULL);
    assert_int_equal(replies.count, 0);
    end(&p);
}

/* Without any one of its files the page is not there, which is told once. */
static void half_a_page_is_none(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct library p = begin();
        struct docs_replies replies;

        drop(&p, page_files[i]);
        drop(&p, page_files[(i + 1) % 4]);
        struct docs *docs = read_them(&p);
        assert_non_null(docs);
        assert_false(docs->page);
        assert_int_equal(diag_errors(p.d), 0);
        assert_string_equal(complaint(&p)->hint, "`make docs-assets` makes the page's files");
        assert_int_equal(complaint(&p)->where.line, 3);
        docs_replies_init(&replies, docs);
        assert_int_equal(replies.count, 2);
        docs_free(&docs);
        end(&p);
    }
}

static void a_script_that_is_no_gzip_is_not_shown(void **state)
{
    static const struct text bad[] = {{"", 0}, {"redoc()", 7}, {"\x1f\x8b\x08", 3}};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct library p = begin();

        put(&p, "docs/redoc.standalone.js.gz", bad[i]);
        struct docs *docs = read_them(&p);
        assert_non_null(docs);
        assert_false(docs->page);
        assert_non_null(strstr(complaint(&p)->message, "it is not a whole gzip file"));
        docs_free(&docs);
        end(&p);
    }
}

/* The description is what it is all about: without a sound one there is nothing to show. */
static void a_bad_description_is_an_error(void **state)
{
    static const struct {
        struct text content;
        const char *code;
    } bad[] = {
        {{"openapi: [", 10}, "syntax"},     {{"- openapi", 9}, "wrong-type"},
        {{"swagger: 2", 10}, "no-openapi"}, {{"openapi: 3\nopenapi: 4", 21}, "duplicate-key"},
        {{"openapi: .inf", 13}, "no-json"}, {{"", 0}, "wrong-type"},
        {{"openapi: &a 3", 13}, "anchor"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct library p = begin();

        put(&p, "openapi/a.yaml", bad[i].content);
        assert_null(read_them(&p));
        assert_string_equal(complaint(&p)->code, bad[i].code);
        end(&p);
    }
    struct library p = begin();
    drop(&p, "openapi/a.yaml");
    assert_null(read_them(&p));
    assert_string_equal(complaint(&p)->code, "unreadable");
    assert_int_equal(complaint(&p)->where.line, 3);
    end(&p);
}

/* A large one is coded, and what was coded is the same when it is decoded. */
static void what_is_worth_it_is_coded(void **state)
{
    struct library p = begin();
    struct coding_limits limits = {.ratio = 1000, .ratio_from = 1 << 20};
    struct decoder *decoder = decoder_new(CODING_GZIP, &limits);
    struct buf large, decoded;
    struct text rest, bytes;

    (void)state;
    buf_init(&large, 1 << 20);
    buf_init(&decoded, 1 << 20);
    buf_add(&large, TEXT("openapi: 3.1.0\n"));
    for (int i = 0; i < 500; i++)
        buf_add(&large, TEXT("# and so on\n"));
    put(&p, "openapi/a.yaml", buf_text(&large));
    struct docs *docs = read_them(&p);
    assert_non_null(docs);
    const struct docs_content *yaml = &docs->parts[DOCS_YAML];
    assert_in_range(yaml->coded.bytes.len, 20, 1000);
    assert_true(yaml->coded.digest != yaml->plain.digest);
    rest = buf_text(&yaml->coded.bytes);
    while (decoder_next(decoder, &rest, &bytes) == CODING_BYTES)
        buf_add(&decoded, bytes);
    assert_true(decoder_complete(decoder));
    assert_true(text_eq(buf_text(&decoded), buf_text(&large)));
    decoder_free(&decoder);
    buf_fini(&large);
    buf_fini(&decoded);
    docs_free(&docs);
    end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_path_has_its_part),
        cmocka_unit_test(half_a_page_is_none),
        cmocka_unit_test(a_script_that_is_no_gzip_is_not_shown),
        cmocka_unit_test(a_bad_description_is_an_error),
        cmocka_unit_test(what_is_worth_it_is_coded),
    };
    return cmocka_run_group_tests_name("docs", tests, NULL, NULL);
}
