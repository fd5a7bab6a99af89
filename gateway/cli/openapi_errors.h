/*
 * openapi_errors.h - the gateway's own errors, in the words of a description
 *
 * They are the rows of exchange/outcome.h: a response for each status, with
 * an example for each code, and one schema for them all.
 */
#ifndef CLI_OPENAPI_ERRORS_H
#define CLI_OPENAPI_ERRORS_H

#include "cli/openapi_outline.h"

enum { OPENAPI_STATUSES = 600 };

/* The schema, and the responses for the statuses in USED, as members of `schemas` and `responses`.
 */
void openapi_errors_schemas(struct openapi_outline *o);
void openapi_errors_responses(struct openapi_outline *o, const bool used[OPENAPI_STATUSES]);

/*
 * The statuses that an operation may be answered with by the gateway, in
 * ascending order: the I-th, 0 past the last.  Some need a BODY in requests.
 */
int openapi_errors_status(size_t i, bool body);

/* The response for STATUS as a member of an operation's `responses`. */
void openapi_errors_reference(struct openapi_outline *o, int status);

#endif
