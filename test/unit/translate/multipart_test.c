#include "unit/translate/golden.h"

#include "translate/translator.h"

#include <time.h>

enum { HEAD_BYTES = 16384, PART_NAMES = 8192 }; /* the ceilings of multipart.c */

static const char RULES[] = "field dataProductId workspaceId\n"
                            "field dataProduct workspace\n";

/* --- golden cases -------------------------------------------------------------------- */

static struct text content_type;

static struct translator *make_typed(const struct translator_task *task)
{
    struct translator_task typed = *task;

    typed.content_type = content_type;
    return multipart_new(&typed);
}

/* "type=VALUE" in a body's section is its Content-Type. */
static cut_maker *maker(struct text head)
{
    const char *at = memmem(head.at, head.len, " type=", 6);

    content_type = TEXT("multipart/form-data; boundary=cut");
    if (at) {
        content_type = text_from_offset(head, (size_t)(at - head.at) + 6);
        const char *end = memmem(content_type.at, content_type.len, " escaped", 8);
        content_type.len = end ? (size_t)(end - content_type.at) : content_type.len;
    }
    return make_typed;
}

static void the_golden_cases_hold_at_every_cut(void **state)
{
    static const struct golden_kind MULTIPART = {"test/golden/multipart", maker};

    (void)state;
    golden_run(&MULTIPART);
}

/* --- a form against what it was made from ---------------------------------------------- */

/* A form in both dialects. */
struct made {
    struct buf client, upstream;
};

static void add_both(struct made *f, struct text client, struct text upstream)
{
    buf_add(&f->client, client);
    buf_add(&f->upstream, upstream);
}

static void add_same(struct made *f, const char *text)
{
    add_both(f, text_from(text), text_from(text));
}

#define PICK(table, seed) ((table)[cut_random(seed) % (sizeof(table) / sizeof(table)[0])])

static void add_name(struct made *f, uint32_t *seed)
{
    static const char *const NAMES[][2] = {{"dataProductId", "workspaceId"},
                                           {"dataProduct", "workspace"},
                                           {"dataProducts", "dataProducts"},
                                           {"x\\\"name=dataProduct", "x\\\"name=dataProduct"}};

    for (size_t i = 0, parts = 1 + cut_random(seed) % 3; i < parts; i++) {
        const char *const *name = PICK(NAMES, seed);

        add_same(f, i > 0 ? "[" : "");
        add_both(f, text_from(name[0]), text_from(name[1]));
        add_same(f, i > 0 ? "]" : "");
    }
}

/* True if some line of T, which begins a line, divides or closes the form. */
static bool has_boundary(struct text t)
{
    for (size_t i = 0; i + 5 <= t.len; i++) {
        if (memcmp(t.at + i, "--cut", 5) != 0 ||
            (i > 0 && (i < 2 || memcmp(t.at + i - 2, "\r\n", 2) != 0)))
            continue;
        bool closes = i + 7 <= t.len && memcmp(t.at + i + 5, "--", 2) == 0;
        struct text tail = text_from_offset(t, i + 5 + 2 * closes);

        while (tail.len > 0 && (*tail.at == ' ' || *tail.at == '\t'))
            tail = text_from_offset(tail, 1);
        if (text_starts(tail, TEXT("\r\n")) ||
            (closes && (tail.len == 0 || *tail.at == '\r' || *tail.at == '\n')))
            return true;
    }
    return false;
}

/* Content that is nearly a boundary in many ways. */
static void add_bytes(struct made *f, uint32_t *seed)
{
    size_t from = f->client.len;

    static const char *const PIECES[] = {"\r",
                                         "\n",
                                         "\r\n",
                                         "\r\n-",
                                         "\r\n--",
                                         "\r\n--c",
                                         "\r\n--cu",
                                         "-",
                                         "--cut",
                                         "\r\n--xut",
                                         " ",
                                         "\t",
                                         "dataProductId",
                                         "\xff",
                                         "\r\n--cutx",
                                         "\r\n--cut-",
                                         "\r\n--cut--x",
                                         "\r\n--cut ",
                                         "\r\n--cut \r",
                                         "\r\n--cut\n"};

    for (size_t n = cut_random(seed) % 30; n > 0; n--)
        add_same(f, PICK(PIECES, seed));
    buf_add(&f->client, TEXT("\r\n"));
    bool spoilt = has_boundary(text_from_offset(buf_text(&f->client), from));
    f->client.len -= 2;
    if (spoilt) {
        f->upstream.len -= f->client.len - from;
        f->client.len = from;
    }
}

static void add_part(struct made *f, uint32_t *seed)
{
    static const char *const FIELDS[] = {"", "X-A: name=\"dataProduct\"\r\n",
                                         "Content-Type: text/plain\r\n"};
    static const char *const BEHIND[] = {"", "; filename=\"dataProduct\"", " ; filename=a.bin; x"};
    static const char *const PADDING[] = {"", " ", "\t \t"};

    add_same(f, "--cut");
    add_same(f, PICK(PADDING, seed));
    add_same(f, "\r\n");
    bool json = cut_random(seed) % 3 == 0;
    if (json)
        add_same(f, "content-type:application/json\r\n");
    else
        add_same(f, PICK(FIELDS, seed));
    add_same(f, "Content-Disposition: form-data; name=\"");
    add_name(f, seed);
    add_same(f, "\"");
    add_same(f, PICK(BEHIND, seed));
    add_same(f, "\r\n\r\n");
    if (json)
        add_both(f, TEXT("[{\"dataProduct\":\r\n\r\n \"\\r--cut\"}]"),
                 TEXT("[{\"workspace\":\r\n\r\n \"\\r--cut\"}]"));
    else
        add_bytes(f, seed);
    add_same(f, "\r\n");
}

static void a_form_leaves_as_it_was_made(void **state)
{
    struct mapping *m = rules_text(text_from(RULES));
    uint32_t seed = 3;

    (void)state;
    content_type = TEXT("multipart/form-data; boundary=\"cut\"");
    for (uint32_t round = 0; round < 2000; round++) {
        struct made f;

        buf_init(&f.client, 1 << 20);
        buf_init(&f.upstream, 1 << 20);
        if (cut_random(&seed) % 4 == 0)
            add_same(&f, "preamble\r\n");
        for (size_t n = cut_random(&seed) % 6; n > 0; n--)
            add_part(&f, &seed);
        add_same(&f, "--cut--");
        if (cut_random(&seed) % 2 == 0)
            add_same(&f, "\r\n--cut\r\nContent-Disposition: form-data; name=\"dataProduct\"\r\n");
        struct translated t =
            cut_kind(make_typed, m, REQUEST, &CUT_LIMITS, buf_text(&f.client),
                     round % 53 == 52 ? (struct cut){.size = SIZE_MAX} : cut_way(round % 53));
        if (t.code != TRANSLATE_OK || !text_eq(buf_text(&t.out), buf_text(&f.upstream)))
            fail_msg("%.*s left as %.*s", TEXT_ARG(buf_text(&f.client)),
                     TEXT_ARG(buf_text(&t.out)));
        cut_fini(&t);
        buf_fini(&f.client);
        buf_fini(&f.upstream);
    }
    mapping_unref(&m);
}

/* Changes, takes out or doubles some bytes of BODY. */
static void spoil(struct buf *body, uint32_t *seed)
{
    static const char BYTES[] = "\r\n- \";=:,{}[]%\\c\xff\0";

    for (size_t n = 1 + cut_random(seed) % 3; n > 0 && body->len > 1; n--) {
        size_t at = cut_random(seed) % body->len, behind = body->len - at;

        switch (cut_random(seed) % 4) {
        case 0:
            body->at[at] = PICK(BYTES, seed);
            break;
        case 1:
            memmove(body->at + at, body->at + at + 1, behind - 1);
            body->len--;
            break;
        case 2:
            body->len = at;
            break;
        default:
            assert_non_null(buf_room(body, behind));
            memcpy(body->at + body->len, body->at + at, behind);
            body->len += behind;
        }
    }
}

static void a_spoilt_form_has_one_verdict_at_every_cut(void **state)
{
    struct mapping *m = rules_text(text_from(RULES));
    size_t verdicts[TRANSLATE_NO_MEMORY + 1] = {0};
    uint32_t seed = 29;

    (void)state;
    content_type = TEXT("multipart/form-data; boundary=cut");
    for (uint32_t round = 0; round < 1500; round++) {
        struct made f;

        buf_init(&f.client, 1 << 20);
        buf_init(&f.upstream, 1 << 20);
        for (size_t n = 1 + cut_random(&seed) % 3; n > 0; n--)
            add_part(&f, &seed);
        add_same(&f, "--cut--\r\n");
        spoil(&f.client, &seed);
        struct text body = buf_text(&f.client);
        struct translated whole =
            cut_kind(make_typed, m, REQUEST, &CUT_LIMITS, body, (struct cut){.size = SIZE_MAX});
        verdicts[whole.code]++;
        for (uint32_t i = 0; i < 4; i++) {
            struct translated other = cut_kind(make_typed, m, REQUEST, &CUT_LIMITS, body,
                                               cut_way(i ? cut_random(&seed) % CUT_WAYS : 0));

            if (!cut_same(&whole, &other))
                fail_msg("%.*s left as %.*s, and in pieces as %.*s", TEXT_ARG(body),
                         TEXT_ARG(buf_text(&whole.out)), TEXT_ARG(buf_text(&other.out)));
            cut_fini(&other);
        }
        cut_fini(&whole);
        buf_fini(&f.client);
        buf_fini(&f.upstream);
    }
    assert_true(verdicts[TRANSLATE_OK] > 100 && verdicts[TRANSLATE_INVALID_FORM] > 100);
    assert_true(verdicts[TRANSLATE_INVALID_JSON] > 10);
    assert_int_equal(verdicts[TRANSLATE_NO_MEMORY], 0);
    mapping_unref(&m);
}

/* --- ceilings ------------------------------------------------------------------------------ */

#define PART "--cut\r\nContent-Disposition: form-data; name=\"dataProduct\"\r\n"

/* A form whose part has a head of N bytes. */
static struct buf with_head(size_t n)
{
    struct buf form;

    buf_init(&form, SIZE_MAX);
    buf_add(&form, TEXT(PART "X: "));
    while (form.len < n + strlen("--cut\r\n") - 4)
        buf_add_byte(&form, 'x');
    buf_add(&form, TEXT("\r\n\r\nbody\r\n--cut--"));
    return form;
}

static void a_head_past_its_ceiling_is_refused(void **state)
{
    static const size_t SIZES[] = {1, 5, 4096, SIZE_MAX};
    struct mapping *m = rules_text(text_from(RULES));

    (void)state;
    content_type = TEXT("multipart/form-data; boundary=cut");
    for (size_t i = 0; i < 2 * sizeof SIZES / sizeof SIZES[0]; i++) {
        bool over = i % 2;
        struct buf body = with_head(HEAD_BYTES + over);
        struct translated t = cut_kind(make_typed, m, REQUEST, &CUT_LIMITS, buf_text(&body),
                                       (struct cut){.size = SIZES[i / 2]});

        assert_int_equal(t.code, over ? TRANSLATE_INVALID_FORM : TRANSLATE_OK);
        assert_int_equal(t.out.len, over ? strlen("--cut\r\n") : body.len - 2);
        assert_int_equal(t.fault.place.offset, over ? strlen("--cut\r\n") : 0);
        assert_int_equal(t.fault.place.line, over ? 2 : 0);
        cut_fini(&t);
        buf_fini(&body);
    }
    mapping_unref(&m);
}

static void padding_without_end_is_refused(void **state)
{
    struct mapping *m = rules_text(text_from(RULES));
    struct buf body;

    (void)state;
    content_type = TEXT("multipart/form-data; boundary=cut");
    buf_init(&body, SIZE_MAX);
    buf_add(&body, TEXT("a\r\n--cut"));
    for (int i = 0; i < 10000; i++)
        buf_add_byte(&body, ' ');
    for (size_t size = 1; size < 20000; size += 4999) {
        struct translated t = cut_kind(make_typed, m, REQUEST, &CUT_LIMITS, buf_text(&body),
                                       (struct cut){.size = size});

        assert_int_equal(t.code, TRANSLATE_INVALID_FORM);
        assert_int_equal(t.fault.place.offset, 1);
        assert_int_equal(t.out.len, 1);
        cut_fini(&t);
    }
    buf_fini(&body);
    mapping_unref(&m);
}

/* --- much of it ------------------------------------------------------------------------------ */

struct seen {
    uint64_t bytes;
    char last[8];
};

static void on_bytes(void *owner, struct text span)
{
    struct seen *seen = owner;

    seen->bytes += span.len;
    if (span.len >= sizeof seen->last)
        memcpy(seen->last, span.at + span.len - sizeof seen->last, sizeof seen->last);
}

static long peak_kib(void)
{
    char line[128];
    long kib = 0;
    FILE *f = fopen("/proc/self/status", "r");

    assert_non_null(f);
    while (fgets(line, sizeof line, f))
        if (strncmp(line, "VmHWM:", 6) == 0)
            kib = strtol(line + 6, NULL, 10);
    fclose(f);
    return kib;
}

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* A file part of BYTES bytes, PIECE over and over, through a translator; CPU seconds. */
static double upload(const struct mapping *m, uint64_t bytes, struct text piece)
{
    struct translate_scene scene = {.mapping = m};
    struct seen seen = {0};
    struct translator_task task = {.rules = mapping_global(m),
                                   .direction = REQUEST,
                                   .limits = &CUT_LIMITS,
                                   .scene = &scene,
                                   .sink = {on_bytes, &seen},
                                   .content_type = TEXT("multipart/form-data; boundary=cut")};
    struct translator *t = multipart_new(&task);
    double start = seconds();

    assert_non_null(t);
    assert_int_equal(translator_piece(t, TEXT(PART "\r\n")), TRANSLATE_OK);
    for (uint64_t sent = 0; sent < bytes; sent += piece.len)
        assert_int_equal(translator_piece(t, piece), TRANSLATE_OK);
    assert_int_equal(translator_piece(t, TEXT("\r\n--cut--")), TRANSLATE_OK);
    assert_int_equal(translator_end(t), TRANSLATE_OK);
    translator_free(&t);
    bytes = (bytes + piece.len - 1) / piece.len * piece.len;
    assert_int_equal(seen.bytes, strlen(PART "\r\n") - 2 + bytes + strlen("\r\n--cut--"));
    return seconds() - start;
}

static struct buf filled(size_t len, const char *with)
{
    struct buf b;
    uint32_t seed = 1;

    buf_init(&b, SIZE_MAX);
    while (b.len < len)
        if (*with)
            buf_add(&b, text_from(with));
        else
            buf_add_byte(&b, (char)cut_random(&seed));
    return b;
}

/* Whatever a file is made of, it passes in the same memory, and at a steady pace. */
static void a_large_file_takes_no_memory(void **state)
{
    static const struct {
        const char *with; /* "": random bytes */
        uint64_t mib;
    } FILES[] = {{"", 256},        {"\r\n--", 64},         {"\r", 32},
                 {"\r\n--cu", 64}, {"\r\n--cut \t\r", 64}, {NULL, 0}};
    struct mapping *m = rules_text(text_from(RULES));

    (void)state;
    upload(m, 1 << 20, TEXT("warming up"));
    for (size_t i = 0; FILES[i].mib > 0; i++) {
        struct buf piece = filled(65536, FILES[i].with);
        long before = peak_kib();
        double took = upload(m, FILES[i].mib << 20, buf_text(&piece));

        print_message("%3d MiB of file %zu: %.0f MiB/s, %ld KiB more\n", (int)FILES[i].mib, i,
                      (double)FILES[i].mib / took, peak_kib() - before);
        assert_true(peak_kib() - before < 256);
        buf_fini(&piece);
    }
    mapping_unref(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_golden_cases_hold_at_every_cut),
        cmocka_unit_test(a_form_leaves_as_it_was_made),
        cmocka_unit_test(a_spoilt_form_has_one_verdict_at_every_cut),
        cmocka_unit_test(a_head_past_its_ceiling_is_refused),
        cmocka_unit_test(padding_without_end_is_refused),
        cmocka_unit_test(a_large_file_takes_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
