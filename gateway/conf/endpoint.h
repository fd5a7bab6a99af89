/*
 * endpoint.h - where something listens, as it is written in settings
 *
 * Looks at the writing alone: resolves nothing and opens nothing.
 */
#ifndef CONF_ENDPOINT_H
#define CONF_ENDPOINT_H

#include "base/text.h"

/* What is spoken on an address before HTTP; the words behind it, as written, say so. */
struct endpoint_way {
    bool tls;            /* "tls" */
    bool proxy_protocol; /* "proxy_protocol" */
};

/* Takes the words off the end of ADDRESS; they may be empty. */
struct text endpoint_cut_words(struct text *address);

/* Reads WORDS to WAY_OUT.  False: the word UNKNOWN_OUT is none, or is there twice. */
bool endpoint_read_words(struct text words, struct endpoint_way *way_out, struct text *unknown_out);

/* The word that UNKNOWN was meant to be, or NULL. */
const char *endpoint_nearest_word(struct text unknown);

/* True if T is an address to listen on: ip:port, [ip]:port or unix:/path. */
bool endpoint_is_address(struct text t);

/* True if ADDRESS leaves its port to the system, so that the same text is not the same address. */
bool endpoint_is_any_port(struct text address);

/* True if T is the name of a host: no address in brackets, and no port. */
bool endpoint_is_name(struct text t);

/* True if T is the authority of a URL without a user: a host, with a port or without. */
bool endpoint_is_authority(struct text t);

/*
 * NULL if T says where a service is: http://host, http://host:port or
 * unix:/path; else what is wrong with it.
 */
const char *endpoint_url_fault(struct text t);

#endif
