/*
 * hop.h - fields that concern one connection only, and stop at the gateway
 *
 * Connection and what it names, Keep-Alive, Proxy-*, TE, Trailer,
 * Transfer-Encoding and Upgrade (RFC 9110, 7.6.1).  Connection can't name
 * away a field that every recipient needs or that the gateway sets, such as
 * Host, Authorization or X-Forwarded-For.
 */
#ifndef HTTP_HOP_H
#define HTTP_HOP_H

#include "http/field.h"

struct http_hop {
    const struct http_fields *fields; /* not owned */
    bool names;                       /* Connection names fields of its own */
};

/* Makes HOP ready to judge the fields of FIELDS, which outlive it. */
void http_hop_init(struct http_hop *hop, const struct http_fields *fields);

/* True if a field called NAME stops here. */
bool http_hop_stops(const struct http_hop *hop, struct text name);

#endif
