/*
 * method.h - the request methods the gateway speaks (RFC 9110, 9.3)
 */
#ifndef HTTP_METHOD_H
#define HTTP_METHOD_H

#include "base/text.h"

#define HTTP_METHODS(X) X(GET) X(HEAD) X(POST) X(PUT) X(PATCH) X(DELETE) X(OPTIONS)

enum http_method {
#define X(name) HTTP_##name,
    HTTP_METHODS(X)
#undef X
        HTTP_METHOD_COUNT
};

/* The name of METHOD, such as "GET". */
struct text http_method_name(enum http_method method);

/* Finds the method spelled exactly T (methods are case-sensitive). */
bool http_method_find(struct text t, enum http_method *method_out);

/* True if METHOD is idempotent (RFC 9110, 9.2.2): all but POST and PATCH. */
bool http_method_idempotent(enum http_method method);

#endif
