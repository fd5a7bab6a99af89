/*
 * judged.h - what left as JSON, put before the oracle
 */
#ifndef TEST_FUZZ_JUDGED_H
#define TEST_FUZZ_JUDGED_H

#include "fuzz/bodies.h"
#include "fuzz/oracle.h"

/* What the oracle has against OUT, which IN became by FLAGS with CODE; NULL if nothing. */
static inline const char *judged(int flags, struct text in, struct text out,
                                 enum translate_code code)
{
    struct oracle_case c = {.request = !(flags & BODY_RESPONSE),
                            .keep = flags & BODY_KEEP,
                            .in = in.at,
                            .in_len = in.len,
                            .out = out.at,
                            .out_len = out.len,
                            .verdict = code == TRANSLATE_OK         ? ORACLE_TAKEN
                                       : code == TRANSLATE_CONFLICT ? ORACLE_CONFLICT
                                                                    : ORACLE_INVALID};

    return oracle_judge(&c);
}

/* BODY of INPUT in one piece. */
static inline struct translated judged_whole(const struct body *body, struct text input)
{
    return cut_kind(body->make, body->mapping, body->direction, body->limits, input,
                    (struct cut){.size = SIZE_MAX});
}

#endif
