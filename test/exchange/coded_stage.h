/*
 * coded_stage.h - a stage for replies in a content coding
 *
 * Buffers are small and the limits of codings are the usual ones.
 */
#ifndef TEST_CODED_STAGE_H
#define TEST_CODED_STAGE_H

#include "exchange/stage.h"

#define PRODUCTS "/api/v1/accounts/a/data-products"
#define PLAIN    "/api/v1/accounts/a/workspaces/w" /* a passthrough */

enum { CODED_HIGH = 4096, CODED_LOW = 1024, CODED_WINDOW = 16 * 1024 };

/* Begins METHOD PATH of a client that takes the codings ACCEPTED (NULL: says nothing). */
void coded_begin(struct stage *s, const char *method, const char *path, const char *accepted);

/* The head of a reply of TYPE in CODING, with LENGTH or (0) in chunks. */
void coded_head(struct stage *s, int status, const char *type, const char *coding, uint64_t length);

/* The service's reply is complete. */
void coded_done(struct stage *s);

/* Goes on to the end, which must be OUTCOME, and closes the stage. */
void coded_close(struct stage *s, enum outcome outcome);

/* Fails unless the client got Content-Encoding CODING (NULL: none), or BODY. */
void coded_expect_coding(const struct stage *s, const char *coding);
void coded_expect_body(const struct stage *s, struct text body);

#endif
