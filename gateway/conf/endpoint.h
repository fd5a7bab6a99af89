/*
 * endpoint.h - where something listens, as it is written in settings
 *
 * Looks at the writing alone: resolves nothing and opens nothing.
 */
#ifndef CONF_ENDPOINT_H
#define CONF_ENDPOINT_H

#include "base/text.h"

/* True if T is an address to listen on: ip:port, [ip]:port or unix:/path. */
bool endpoint_is_address(struct text t);

/* True if ADDRESS leaves its port to the system, so that the same text is not the same address. */
bool endpoint_is_any_port(struct text address);

/* True if T is the authority of a URL without a user: a host, with a port or without. */
bool endpoint_is_authority(struct text t);

#endif
