/*
 * oracle.h - what a body should have become, decided on its own
 *
 * Decodes with jansson, renames the tree, and compares.  It is compiled
 * without the gateway's headers and shares nothing with the rooms it judges,
 * not even the rules: bodies.h has them once as text, oracle.c once as code.
 */
#ifndef TEST_FUZZ_ORACLE_H
#define TEST_FUZZ_ORACLE_H

#include <stdbool.h>
#include <stddef.h>

enum oracle_verdict { ORACLE_TAKEN, ORACLE_INVALID, ORACLE_CONFLICT };

/* One body, and what the gateway made of it. */
struct oracle_case {
    bool request; /* or a response */
    bool keep;    /* what collisions do; or they are rejected */
    const char *in, *out;
    size_t in_len, out_len;
    enum oracle_verdict verdict;
};

/*
 * What is wrong about CASE, as a static phrase, or NULL.  Bodies that jansson
 * can't hold, such as those with equal keys, are judged as far as it can.
 */
const char *oracle_judge(const struct oracle_case *c);

#endif
