/*
 * json.c - the splicer: alike at every cut, and as decode, rename, compare has it
 *
 * The oracle is asked where limits are roomy.
 */
#include "fuzz/bodies.h"
#include "fuzz/oracle.h"

static enum oracle_verdict verdict_of(enum translate_code code)
{
    return code == TRANSLATE_OK         ? ORACLE_TAKEN
           : code == TRANSLATE_CONFLICT ? ORACLE_CONFLICT
                                        : ORACLE_INVALID;
}

static void ask_oracle(const struct body *body, int flags, struct text input)
{
    struct translated t = cut_kind(body->make, body->mapping, body->direction, body->limits, input,
                                   (struct cut){.size = SIZE_MAX});
    struct text out = buf_text(&t.out);
    struct oracle_case judged = {.request = body->direction == REQUEST,
                                 .keep = flags & BODY_KEEP,
                                 .in = input.at,
                                 .in_len = input.len,
                                 .out = out.at,
                                 .out_len = out.len,
                                 .verdict = verdict_of(t.code)};
    const char *wrong = oracle_judge(&judged);

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
