/*
 * target.h - request targets and authorities; for the files of this room
 *
 * Splits a target into its form, path and query (RFC 9112, 3.2) and judges
 * hosts with an optional port (RFC 3986, 3.2.2).
 */
#ifndef HTTP_TARGET_H
#define HTTP_TARGET_H

#include "http/head.h"

struct http_target {
    enum http_target_form form;
    struct text path;
    struct text query;     /* absent without "?" */
    struct text authority; /* absolute form only */
    bool tls;              /* absolute form with https */
};

/* Reads T, the bytes between method and version.  NULL, or a public reason. */
const char *http_target_parse(struct text t, enum http_method method, struct http_target *out);

/* True if AUTHORITY is a host, not empty, with an optional port. */
bool http_authority_ok(struct text authority);

/* True if A and B name the same host and port, case and default port aside. */
bool http_authority_same(struct text a, struct text b, bool tls);

#endif
