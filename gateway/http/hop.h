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
    bool *named;                      /* by Connection, for each field; NULL: none is */
};

/*
 * Makes HOP ready to judge the fields of FIELDS, which outlive it.  Connection
 * is read once, however many fields there are.  False: no memory.
 */
bool http_hop_init(struct http_hop *hop, const struct http_fields *fields);
void http_hop_fini(struct http_hop *hop);

/* True if the field of number I stops here. */
bool http_hop_stops(const struct http_hop *hop, size_t i);

#endif
