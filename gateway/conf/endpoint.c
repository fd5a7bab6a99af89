#include "conf/endpoint.h"

#include "base/diag.h"

#include <arpa/inet.h>

enum { UNIX_PATH_BYTES = 107 }; /* what fits a socket address */

/* Cuts T at its last colon into a host and a port number up to 65535. */
static bool cut_port(struct text t, struct text *host_out)
{
    size_t colon = t.len;
    uint64_t port;

    while (colon > 0 && t.at[colon - 1] != ':')
        colon--;
    *host_out = text_of(t.at, colon ? colon - 1 : 0);
    struct text digits = text_from_offset(t, colon);
    return colon > 0 && digits.len <= 5 && text_to_u64(digits, &port) && port <= 65535;
}

/* True if HOST, between brackets for 6, is an address of FAMILY. */
static bool is_ip(struct text host, int family)
{
    char copy[INET6_ADDRSTRLEN];
    unsigned char bytes[16];

    if (family == AF_INET6) {
        if (host.len < 2 || host.at[0] != '[' || host.at[host.len - 1] != ']')
            return false;
        host = text_of(host.at + 1, host.len - 2);
    }
    if (host.len >= sizeof copy)
        return false;
    memcpy(copy, host.at, host.len);
    copy[host.len] = 0;
    return inet_pton(family, copy, bytes) == 1;
}

/* --- words ------------------------------------------------------------------------ */

static const char *const words_known[] = {"tls", "proxy_protocol"};

enum { WORDS_KNOWN = sizeof words_known / sizeof words_known[0] };

struct text endpoint_cut_words(struct text *address)
{
    size_t space = text_find(*address, ' ');
    struct text words = text_trim(text_from_offset(*address, space));

    address->len = space;
    return words;
}

bool endpoint_read_words(struct text words, struct endpoint_way *way_out, struct text *unknown_out)
{
    *way_out = (struct endpoint_way){0};
    while (words.len > 0) {
        struct text word = text_of(words.at, text_find(words, ' '));
        bool *said = text_eq(word, TEXT("tls"))              ? &way_out->tls
                     : text_eq(word, TEXT("proxy_protocol")) ? &way_out->proxy_protocol
                                                             : NULL;

        *unknown_out = word;
        if (!said || *said)
            return false;
        *said = true;
        words = text_trim(text_from_offset(words, word.len));
    }
    return true;
}

const char *endpoint_nearest_word(struct text unknown)
{
    return diag_nearest(unknown, words_known, WORDS_KNOWN);
}

/* --- addresses -------------------------------------------------------------------- */

/* True if T may be the path of a socket. */
static bool is_path(struct text t)
{
    return t.len > 0 && t.at[0] == '/' && t.len <= UNIX_PATH_BYTES;
}

bool endpoint_is_address(struct text t)
{
    struct text unix_prefix = TEXT("unix:"), host;

    if (text_starts(t, unix_prefix))
        return is_path(text_from_offset(t, unix_prefix.len));
    return cut_port(t, &host) && (is_ip(host, AF_INET) || is_ip(host, AF_INET6));
}

bool endpoint_is_any_port(struct text address)
{
    return address.len > 2 && text_eq(text_from_offset(address, address.len - 2), TEXT(":0"));
}

static bool is_host(struct text host)
{
    if (host.len > 0 && host.at[0] == '[')
        return is_ip(host, AF_INET6);
    for (size_t i = 0; i < host.len; i++) {
        unsigned char c = (unsigned char)host.at[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              (c && strchr("-._", c))))
            return false;
    }
    return host.len > 0 && host.len <= 253;
}

bool endpoint_is_name(struct text t)
{
    return is_host(t) && t.at[0] != '[';
}

bool endpoint_is_authority(struct text t)
{
    struct text host;

    return is_host(t) || (cut_port(t, &host) && is_host(host));
}

const char *endpoint_url_fault(struct text t)
{
    struct text unix_prefix = TEXT("unix:");
    bool tls = text_starts(t, TEXT("https://"));
    struct text scheme = tls ? TEXT("https://") : TEXT("http://");

    if (text_starts(t, unix_prefix))
        return is_path(text_from_offset(t, unix_prefix.len))
                   ? NULL
                   : "behind unix: stands the whole path of a socket";
    if (!text_starts(t, scheme))
        return "it begins with http://, https:// or unix:/";
    struct text authority = text_from_offset(t, scheme.len);
    size_t end = text_find(authority, '/');
    if (end == authority.len)
        end = text_find(authority, '?');
    if (end < authority.len)
        return "it ends with the host or port, without a path";
    return endpoint_is_authority(authority) ? NULL : "it is http://host or http://host:port";
}
