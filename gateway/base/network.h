/*
 * network.h - ranges of IP addresses: "10.0.0.0/8", "::1/128"
 *
 * A range of IPv4 is kept as the IPv6 range of its mapped addresses, so that
 * one comparison serves both and "::ffff:10.0.0.1" is 10.0.0.1.
 */
#ifndef BASE_NETWORK_H
#define BASE_NETWORK_H

#include "base/text.h"

enum { NETWORKS_MAX = 32 };

struct network {
    unsigned char at[16]; /* its first address */
    unsigned bits;        /* how many of its first bits all addresses share */
};

struct networks {
    struct network at[NETWORKS_MAX];
    size_t count;
};

/*
 * Reads T, an address with or without "/" and a number of bits.  False if it
 * is none, or if bits behind that number are set.
 */
bool network_read(struct text t, struct network *network_out);

/* Reads T, an address without a range, as 16 bytes.  False if it is none. */
bool network_address(struct text t, unsigned char at_out[16]);

/* True if ADDRESS, as text, is in one of NETWORKS. */
bool networks_hold(const struct networks *networks, struct text address);

#endif
