/*
 * records.c - NDJSON and JSON text sequences leave alike at every cut
 *
 * Each line of NDJSON that left is put before the oracle with the line it was.
 */
#include "fuzz/judged.h"
#include "translate/translator.h"

static struct text take_line(struct text *left)
{
    size_t n = text_find(*left, '\n');
    struct text line = text_of(left->at, n);

    *left = text_from_offset(*left, n < left->len ? n + 1 : n);
    return line;
}

static void ask_oracle(const struct body *body, int flags, struct text input)
{
    struct translated t = judged_whole(body, input);
    struct text in = input, out = buf_text(&t.out);

    while (t.code == TRANSLATE_OK && in.len > 0) {
        struct text was = take_line(&in), is = take_line(&out);
        const char *wrong = judged(flags, was, is, TRANSLATE_OK);

        FUZZ_REQUIRE(!wrong, "%s\n%.*s\nleft\n%.*s", wrong, TEXT_ARG(was), TEXT_ARG(is));
    }
    FUZZ_REQUIRE(t.code != TRANSLATE_OK || out.len == 0, "more lines left than came");
    cut_fini(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct text input = text_of((const char *)bytes, len);

    if (len == 0)
        return 0;
    struct body body = body_of(*bytes & BODY_OTHER ? json_seq_new : records_new, *bytes);
    input = text_from_offset(input, 1);
    fuzz_every_cut(body_run, &body, input);
    if (!(*bytes & (BODY_TIGHT | BODY_OTHER)))
        ask_oracle(&body, *bytes, input);
    return 0;
}
