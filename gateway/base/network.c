#include "base/network.h"

#include <arpa/inet.h>

enum { MAPPED_BITS = 96 };

/* Reads T as an address, one of IPv4 as the mapped one, behind BEFORE_OUT bits of its mapping. */
static bool read_address(struct text t, unsigned char to[16], unsigned *before_out)
{
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    char copy[INET6_ADDRSTRLEN];

    if (t.len >= sizeof copy || text_find(t, 0) < t.len)
        return false;
    memcpy(copy, t.at, t.len);
    copy[t.len] = 0;
    *before_out = 0;
    if (inet_pton(AF_INET6, copy, to) == 1)
        return true;
    *before_out = MAPPED_BITS;
    memcpy(to, mapped, sizeof mapped);
    return inet_pton(AF_INET, copy, to + sizeof mapped) == 1;
}

/* True if A and B share their first BITS bits. */
static bool share(const unsigned char a[16], const unsigned char b[16], unsigned bits)
{
    unsigned whole = bits / 8, left = bits % 8;

    if (memcmp(a, b, whole) != 0)
        return false;
    return left == 0 || (a[whole] ^ b[whole]) >> (8 - left) == 0;
}

/* True if no bit of NETWORK's address is set behind its first bits. */
static bool is_first(const struct network *network)
{
    for (unsigned bit = network->bits; bit < 128; bit++)
        if (network->at[bit / 8] & (0x80 >> bit % 8))
            return false;
    return true;
}

bool network_read(struct text t, struct network *network_out)
{
    size_t slash = text_find(t, '/');
    unsigned before;
    uint64_t bits;

    if (slash == 0 || !read_address(text_of(t.at, slash), network_out->at, &before))
        return false;
    bits = 128 - before;
    if (slash < t.len && (t.len - slash > 4 || !text_to_u64(text_from_offset(t, slash + 1), &bits)))
        return false;
    if (bits > 128 - before)
        return false;
    network_out->bits = before + (unsigned)bits;
    return is_first(network_out);
}

bool network_address(struct text t, unsigned char at_out[16])
{
    unsigned before;

    return read_address(t, at_out, &before);
}

bool networks_hold(const struct networks *networks, struct text address)
{
    unsigned char at[16];
    unsigned before;

    if (networks->count == 0 || !read_address(address, at, &before))
        return false;
    for (size_t i = 0; i < networks->count; i++)
        if (share(networks->at[i].at, at, networks->at[i].bits))
            return true;
    return false;
}
