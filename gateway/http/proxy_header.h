/*
 * proxy_header.h - the PROXY protocol: who a balancer says the client is
 *
 * A balancer that passes connections on as they are may put one header before
 * all their bytes, with the addresses that it saw: a line of text (version 1)
 * or sixteen bytes and a block (version 2).  A pure function of the bytes so
 * far; of version 2's further parts (TLVs, a checksum among them) nothing is
 * used, they are skipped.
 *
 * Knows nothing of sockets, nor of who may be believed.
 */
#ifndef HTTP_PROXY_HEADER_H
#define HTTP_PROXY_HEADER_H

#include "base/text.h"

enum {
    PROXY_HEADER_MAX = 4096, /* bytes of a whole header; the text is 107 at most */
    PROXY_ADDRESS_MAX = 46   /* bytes of an address as text, with its NUL */
};

enum proxy_header_step {
    PROXY_HEADER_MORE,     /* all bytes so far are the header's, and it is not whole */
    PROXY_HEADER_WHOLE,    /* the first `len` bytes are a header */
    PROXY_HEADER_MALFORMED /* no bytes more can mend it */
};

struct proxy_header {
    size_t len;                      /* where whole */
    char address[PROXY_ADDRESS_MAX]; /* the client's: "192.0.2.1", "2001:db8::1", "unix"; or
                                        empty: the connection is the balancer's own, or of a
                                        client it knows nothing of */
    uint16_t port;
    const char *fault; /* where malformed: what is wrong, a word or a few */
};

/* Looks for a header at the beginning of SO_FAR; fills HEADER_OUT in. */
enum proxy_header_step proxy_header_read(struct text so_far, struct proxy_header *header_out);

#endif
