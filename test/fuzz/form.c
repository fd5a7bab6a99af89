/* form.c - urlencoded forms leave alike at every cut, and a request's as a query does */
#include "fuzz/bodies.h"
#include "translate/target.h"
#include "translate/translator.h"

/* A form that was taken whole is what target_query makes of the same bytes. */
static void compare_query(const struct body *body, struct text input)
{
    struct translated t = cut_kind(body->make, body->mapping, body->direction, body->limits, input,
                                   (struct cut){.size = SIZE_MAX});
    struct buf query;

    buf_init(&query, FUZZ_TOLD_MAX);
    const struct pair *met =
        target_query(mapping_global(body->mapping), body->direction, input, &query);
    FUZZ_REQUIRE((t.code == TRANSLATE_CONFLICT) == (met != NULL), "verdict %d", (int)t.code);
    FUZZ_REQUIRE(t.code != TRANSLATE_OK || text_eq(buf_text(&t.out), buf_text(&query)),
                 "form  %.*s\nquery %.*s", TEXT_ARG(buf_text(&t.out)), TEXT_ARG(buf_text(&query)));
    buf_fini(&query);
    cut_fini(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct text input = text_of((const char *)bytes, len);

    if (len > 0) {
        struct body body = body_of(form_new, *bytes);

        input = text_from_offset(input, 1);
        fuzz_every_cut(body_run, &body, input);
        if (body.direction == REQUEST && !(*bytes & BODY_TIGHT))
            compare_query(&body, input);
    }
    return 0;
}
