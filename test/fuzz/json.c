/*
 * json.c - the splicer: alike at every cut, and as decode, rename, compare has it
 *
 * The oracle is asked where limits are roomy.
 */
#include "fuzz/judged.h"

static void ask_oracle(const struct body *body, int flags, struct text input)
{
    struct translated t = judged_whole(body, input);
    struct text out = buf_text(&t.out);
    const char *wrong = judged(flags, input, out, t.code);

    FUZZ_REQUIRE(!wrong, "%s; verdict %d (%s)\n%.*s\nleft\n%.*s", wrong, (int)t.code,
                 t.fault.what ? t.fault.what : "", TEXT_ARG(input), TEXT_ARG(out));
    cut_fini(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct text input = text_of((const char *)bytes, len);

    if (len == 0)
        return 0;
    struct body body = body_of(cut_json, *bytes);
    input = text_from_offset(input, 1);
    fuzz_every_cut(body_run, &body, input);
    if (!(*bytes & BODY_TIGHT))
        ask_oracle(&body, *bytes, input);
    return 0;
}
