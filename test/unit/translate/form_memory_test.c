/*
 * What forms take from the heap: the same for a long one as for a short one;
 * and when the heap gives nothing, they say so and give all back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "translate/translator.h"
#include "unit/translate/heap.h"
#include "unit/translate/rules_text.h"

#ifdef TEST_HEAP

static const char RULES[] = "field dataProductId workspaceId\n"
                            "field dataProduct workspace\n"
                            "field plain with;semicolon\n"
                            "names_in sort\n";

static const struct translate_limits LIMITS = {
    .json_depth = 256, .json_number = 1024, .json_value = 65536};

#define FIELD "--cut\r\nContent-Disposition: form-data; name="

static void count_bytes(void *owner, struct text span)
{
    *(uint64_t *)owner += span.len;
}

static struct translator *new_form(bool multipart, const struct mapping *m, uint64_t *left)
{
    static struct translate_scene scene;
    struct translator_task task = {.rules = mapping_global(m),
                                   .direction = REQUEST,
                                   .limits = &LIMITS,
                                   .scene = &scene,
                                   .sink = {count_bytes, left},
                                   .content_type = TEXT("multipart/form-data; boundary=cut")};

    return translator_new(multipart ? MEDIA_MULTIPART : MEDIA_FORM, &task);
}

static enum translate_code run(bool multipart, const struct mapping *m, struct text body,
                               size_t piece, uint64_t *left)
{
    struct translator *t = new_form(multipart, m, left);
    enum translate_code code = t ? TRANSLATE_OK : TRANSLATE_NO_MEMORY;

    for (size_t at = 0; at < body.len && code == TRANSLATE_OK; at += piece)
        code = translator_piece(
            t, text_of(body.at + at, body.len - at < piece ? body.len - at : piece));
    if (code == TRANSLATE_OK)
        code = translator_end(t);
    if (t && code != TRANSLATE_OK)
        assert_int_equal(translator_fault(t)->code, code);
    translator_free(&t);
    return code;
}

/* Runs BODY with one allocation more each time, until it needs no more. */
static void with_more_and_more(bool multipart, const struct mapping *m, struct text body,
                               size_t piece)
{
    size_t granted = 0;
    uint64_t left;

    do {
        size_t live = heap.live;

        left = 0;
        heap.until_none = ++granted;
        heap.refused = false;
        enum translate_code code = run(multipart, m, body, piece, &left);
        heap.until_none = 0;
        assert_int_equal(code, heap.refused ? TRANSLATE_NO_MEMORY : TRANSLATE_OK);
        assert_int_equal(heap.live, live);
    } while (heap.refused && granted < 1000);
    heap.refused = false;
    assert_in_range(granted, 4, 200);
    assert_true(left > body.len / 2);
}

static void every_allocation_may_fail(void **state)
{
    static const size_t PIECES[] = {1, 7, 1000};
    struct mapping *m = rules_text(text_from(RULES));
    struct buf form;
    char field[64];

    (void)state;
    buf_init(&form, 1 << 16);
    buf_add(&form, TEXT("dataProductId=1&x=2&sort=-dataProductId,x&"));
    for (int i = 0; i < 40; i++) {
        snprintf(field, sizeof field, "data%%50roduct[%d][dataProductId]=%d&", i, i);
        buf_add(&form, text_from(field));
    }
    for (size_t i = 0; i < sizeof PIECES / sizeof PIECES[0]; i++) {
        with_more_and_more(false, m, buf_text(&form), PIECES[i]);
        with_more_and_more(true, m,
                           TEXT(FIELD "\"dataProduct\"\r\n\r\nx\r\n" FIELD "plain\r\n"
                                      "Content-Type: application/json\r\n\r\n"
                                      "{\"a\":[{\"data\\u0050roduct\":12}]}\r\n--cut--\r\n"),
                           PIECES[i]);
    }
    buf_fini(&form);
    mapping_unref(&m);
}

static void the_peak_does_not_grow_with_the_form(void **state)
{
    static const struct {
        bool multipart;
        const char *before, *unit, *after;
        size_t most; /* bytes of the heap */
    } FORMS[] = {
        {false, "dataProductId=", "a long value goes on, ", "&x", 4096},
        {false, "a", "[a long name goes on]", "=1", 32768},
        {false, "", "dataProductId=1&x=2&", "", 4096},
        {false, "sort=", "dataProductId,name,", "", 4 * 65536},
        {false, "&", "%&=&", "", 4096},
        {true, FIELD "dataProduct\r\n\r\n", "a file goes on\r\n--cu", "\r\n--cut--", 16384},
        {true, "", FIELD "\"dataProduct\"\r\n\r\n1\r\n", "--cut--", 16384},
        {true, "--cut\r\nContent-Type: application/json\r\n\r\n[", "{\"dataProduct\":1},",
         "1]\r\n--cut--", 16384},
        {true, "", "preamble\r\n", "--cut--", 16384},
        {true, "--cut--", "\r\nepilogue", "", 16384},
    };
    static const size_t PIECES[] = {1448, 1 << 26};
    struct mapping *m = rules_text(text_from(RULES));

    (void)state;
    for (size_t i = 0; i < 2 * sizeof FORMS / sizeof FORMS[0]; i++) {
        uint64_t left = 0;
        struct buf body;

        buf_init(&body, 1 << 26);
        buf_add(&body, text_from(FORMS[i / 2].before));
        for (int n = 0; n < 100000; n++)
            buf_add(&body, text_from(FORMS[i / 2].unit));
        buf_add(&body, text_from(FORMS[i / 2].after));
        size_t live = heap.peak = heap.live;
        assert_int_equal(run(FORMS[i / 2].multipart, m, buf_text(&body), PIECES[i % 2], &left),
                         TRANSLATE_OK);
        assert_in_range(left, body.len / 2, body.len * 2);
        assert_in_range(heap.peak - live, 1, FORMS[i / 2].most);
        buf_fini(&body);
    }
    mapping_unref(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation_may_fail),
                                       cmocka_unit_test(the_peak_does_not_grow_with_the_form)};

    return heap_is_ours() ? cmocka_run_group_tests(tests, NULL, NULL) : heap_passes_over();
}

#else

int main(void)
{
    return heap_passes_over();
}

#endif
