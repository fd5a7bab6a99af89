/*
 * outcome.h - every way an exchange can end, in one table
 *
 * Status, public code and message, whose doing it was and the word in the
 * log all come from these rows; README's list of errors is checked against
 * them.  The first outcome of an exchange is latched and never changes.
 */
#ifndef EXCHANGE_OUTCOME_H
#define EXCHANGE_OUTCOME_H

#include "base/text.h"

enum outcome_side { SIDE_NOBODY, SIDE_CLIENT, SIDE_UPSTREAM, SIDE_GATEWAY };

/* clang-format off */
#define OUTCOMES(X)                                                                              \
    /* name               status  code                   whose     what the client is told */     \
    X(OK,                    200, "",                     NOBODY,   "")                            \
    X(CLIENT_GONE,           499, "",                     CLIENT,   "")                            \
    X(BAD_REQUEST,           400, "BAD_REQUEST",          CLIENT,   "The request is malformed.")   \
    X(BAD_PATH,              400, "BAD_REQUEST",          CLIENT,   "The path holds a dot segment or an unsafe escape.") \
    X(BAD_HEADER_PAIR,       400, "BAD_REQUEST",          CLIENT,   "Two header fields mean the same thing.") \
    X(BAD_BODY_FRAMING,      400, "BAD_REQUEST",          CLIENT,   "The request body is not framed correctly.") \
    X(BAD_BODY_CODING,       400, "BAD_REQUEST",          CLIENT,   "The request body is not in its content coding.") \
    X(INVALID_JSON,          400, "INVALID_JSON",         CLIENT,   "The request body is not valid JSON.") \
    X(CONFLICTING_FIELDS,    400, "CONFLICTING_FIELDS",   CLIENT,   "Two fields of one object mean the same thing.") \
    X(NO_ROUTE,              404, "ROUTE_NOT_FOUND",      CLIENT,   "No data-products resource at this path.") \
    X(NO_METHOD,             405, "METHOD_NOT_ALLOWED",   CLIENT,   "This resource does not take this method.") \
    X(REQUEST_SLOW,          408, "REQUEST_TIMEOUT",      CLIENT,   "The request did not arrive in time.") \
    X(BROWNOUT,              410, "GONE",                 NOBODY,   "This deprecated API is switched off for a while; it is going away.") \
    X(BODY_TOO_LARGE,        413, "BODY_TOO_LARGE",       CLIENT,   "The request body is too large.") \
    X(URI_TOO_LONG,          414, "URI_TOO_LONG",         CLIENT,   "The request target is too long.") \
    X(UNSUPPORTED_CODING,    415, "UNSUPPORTED_CODING",   CLIENT,   "This content coding is not supported here.") \
    X(EXPECTATION_FAILED,    417, "EXPECTATION_FAILED",   CLIENT,   "The only expectation supported is 100-continue.") \
    X(HEADERS_TOO_LARGE,     431, "HEADERS_TOO_LARGE",    CLIENT,   "The request header fields are too large.") \
    X(INTERNAL,              500, "INTERNAL",             GATEWAY,  "The gateway could not serve this request.") \
    X(NOT_IMPLEMENTED,       501, "NOT_IMPLEMENTED",      CLIENT,   "This method or upgrade is not supported.") \
    X(UPSTREAM_INVALID,      502, "UPSTREAM_INVALID",     UPSTREAM, "The service gave an invalid reply.") \
    X(UPSTREAM_UNREACHABLE,  502, "UPSTREAM_UNREACHABLE", UPSTREAM, "The service cannot be reached.") \
    X(OVERLOADED,            503, "OVERLOADED",           GATEWAY,  "Too many requests at once; try again shortly.") \
    X(EXHAUSTED,             503, "OVERLOADED",           GATEWAY,  "The gateway has no room for this request; try again shortly.") \
    X(DRAINING,              503, "DRAINING",             GATEWAY,  "The gateway is shutting down; try again.") \
    X(UPSTREAM_SLOW,         504, "UPSTREAM_TIMEOUT",     UPSTREAM, "The service did not answer in time.") \
    X(VERSION_NOT_SUPPORTED, 505, "VERSION_NOT_SUPPORTED", CLIENT,  "This HTTP version is not supported.")
/* clang-format on */

enum outcome {
#define X(name, status, code, side, message) OUTCOME_##name,
    OUTCOMES(X)
#undef X
        OUTCOME_COUNT
};

struct outcome_row {
    const char *name; /* the word in logs: "UPSTREAM_SLOW" */
    int status;
    const char *code; /* of the error envelope; "" where no error body is made */
    enum outcome_side side;
    const char *message;
};

/* The row of outcome O. */
const struct outcome_row *outcome_row(enum outcome o);

/* The outcome of a request head or body that the grammar refused with STATUS. */
enum outcome outcome_of_refusal(int status);

#endif
