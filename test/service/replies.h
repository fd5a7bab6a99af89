/*
 * replies.h - the service's answers: one envelope for successes and errors
 *
 * {"ok":true,"data":...} or {"ok":false,"error":{"code","message","details"}}.
 */
#ifndef SERVICE_REPLIES_H
#define SERVICE_REPLIES_H

#include <jansson.h>
#include <microhttpd.h>

/* Every error: name, status, code. */
#define REPLY_ERRORS(X)                                                                            \
    X(BAD_REQUEST, 400, "BAD_REQUEST")                                                             \
    X(INVALID_JSON, 400, "INVALID_JSON")                                                           \
    X(VALIDATION_FAILED, 400, "VALIDATION_FAILED")                                                 \
    X(INVALID_CURSOR, 400, "INVALID_CURSOR")                                                       \
    X(INVALID_MULTIPART, 400, "INVALID_MULTIPART")                                                 \
    X(UNAUTHORIZED, 401, "UNAUTHORIZED")                                                           \
    X(PATH_NOT_FOUND, 404, "PATH_NOT_FOUND")                                                       \
    X(WORKSPACE_NOT_FOUND, 404, "WORKSPACE_NOT_FOUND")                                             \
    X(RESOURCE_NOT_FOUND, 404, "RESOURCE_NOT_FOUND")                                               \
    X(METHOD_NOT_ALLOWED, 405, "METHOD_NOT_ALLOWED")                                               \
    X(BODY_TOO_LARGE, 413, "BODY_TOO_LARGE")                                                       \
    X(UNSUPPORTED_MEDIA_TYPE, 415, "UNSUPPORTED_MEDIA_TYPE")                                       \
    X(INTERNAL, 500, "INTERNAL")

#define REPLY_NAME(name, status, code) REPLY_##name,
enum reply_error { REPLY_ERRORS(REPLY_NAME) };
#undef REPLY_NAME

/* Answers STATUS with DATA (its reference is taken) in the envelope. */
enum MHD_Result reply_data(struct MHD_Connection *to, unsigned status, json_t *data);

/* Answers 201 with DATA (its reference is taken), and with ID in the header field NAME. */
enum MHD_Result reply_created(struct MHD_Connection *to, const char *name, const char *id,
                              json_t *data);

/* Answers ERROR with MESSAGE and DETAILS (its reference is taken; may be NULL). */
enum MHD_Result reply_error(struct MHD_Connection *to, enum reply_error error, const char *message,
                            json_t *details);

/* Answers 405 with what is allowed here: "GET, HEAD, POST". */
enum MHD_Result reply_not_allowed(struct MHD_Connection *to, const char *allow);

/* Answers 401: no access token came. */
enum MHD_Result reply_unauthorized(struct MHD_Connection *to);

/* Answers 204, with an Allow field if ALLOW is not NULL. */
enum MHD_Result reply_empty(struct MHD_Connection *to, const char *allow);

#endif
