#include "http/target.h"

#include "http/grammar.h"

#include <arpa/inet.h>

static const char bad_target[] = "The request target holds a byte that is not allowed.";

/* True if AT, of which LEFT bytes are left, begins with a whole escape. */
static bool escape_at(const char *at, size_t left)
{
    return left >= 3 && at[0] == '%' && http_is(at[1], IN_HEX) && http_is(at[2], IN_HEX);
}

/* Judges path and query, which begin at the start of T. */
static const char *read_path(struct text t, struct http_target *out)
{
    const char *at = t.at;
    const char *end = at + t.len;
    char before = 0;

    for (; at < end && *at != '?'; before = *at++) {
        if (*at == '%') {
            if (!escape_at(at, (size_t)(end - at)))
                return "The path holds an invalid percent escape.";
            at += 2;
        } else if (!http_is(*at, IN_PATH)) {
            return bad_target;
        } else if (*at == '/' && before == '/') {
            return "The path holds an empty segment.";
        }
    }
    out->path = text_of(t.at, (size_t)(at - t.at));
    out->query = (struct text){NULL, 0};
    if (at == end)
        return NULL;
    out->query = text_of(at + 1, (size_t)(end - at - 1));
    while (++at < end)
        if (!http_is(*at, IN_QUERY))
            return bad_target;
    return NULL;
}

/* Takes "http://" or "https://" off the start of *T. */
static bool take_scheme(struct text *t, bool *tls_out)
{
    static const struct text schemes[] = {{"http://", 7}, {"https://", 8}};

    for (int i = 0; i < 2; i++) {
        struct text scheme = schemes[i];

        if (t->len < scheme.len || !text_eq_nocase(text_of(t->at, scheme.len), scheme))
            continue;
        *t = text_from_offset(*t, scheme.len);
        *tls_out = i == 1;
        return true;
    }
    return false;
}

static const char *read_absolute(struct text t, struct http_target *out)
{
    size_t end = 0;

    if (!take_scheme(&t, &out->tls))
        return "The request target has no form that is known here.";
    while (end < t.len && t.at[end] != '/' && t.at[end] != '?')
        end++;
    out->form = HTTP_ABSOLUTE_FORM;
    out->authority = text_of(t.at, end);
    if (!http_authority_ok(out->authority))
        return "The request target's authority is malformed.";
    const char *reason = read_path(text_from_offset(t, end), out);
    if (out->path.len == 0)
        out->path = TEXT("/");
    return reason;
}

const char *http_target_parse(struct text t, enum http_method method, struct http_target *out)
{
    *out = (struct http_target){.form = HTTP_ORIGIN_FORM};
    if (t.len == 0)
        return "The request target is missing.";
    if (t.at[0] == '/')
        return read_path(t, out);
    if (t.at[0] != '*')
        return read_absolute(t, out);
    if (t.len != 1 || method != HTTP_OPTIONS)
        return "The request target has no form that is known here.";
    out->form = HTTP_ASTERISK_FORM;
    out->path = t;
    return NULL;
}

/* Splits AUTHORITY at its port, which is absent without a colon. */
static void split_port(struct text authority, struct text *host_out, struct text *port_out)
{
    size_t from = 0;

    if (authority.len > 0 && authority.at[0] == '[')
        from = text_find(authority, ']');
    size_t colon = from + text_find(text_from_offset(authority, from), ':');
    *host_out = text_of(authority.at, colon);
    *port_out = (struct text){NULL, 0};
    if (colon < authority.len)
        *port_out = text_from_offset(authority, colon + 1);
}

static bool literal_ok(struct text host)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr address;
    size_t len = host.len - 2;

    if (host.len < 4 || host.at[host.len - 1] != ']' || len >= sizeof text)
        return false;
    memcpy(text, host.at + 1, len);
    text[len] = 0;
    return strlen(text) == len && inet_pton(AF_INET6, text, &address) == 1;
}

static bool name_ok(struct text host)
{
    for (size_t i = 0; i < host.len; i++) {
        if (http_is(host.at[i], IN_HOST))
            continue;
        if (!escape_at(host.at + i, host.len - i))
            return false;
        i += 2;
    }
    return host.len > 0;
}

bool http_authority_ok(struct text authority)
{
    struct text host;
    struct text port;
    uint64_t number;

    split_port(authority, &host, &port);
    if (port.len > 0 && (!text_to_u64(port, &number) || number > 65535))
        return false;
    return host.len > 0 && host.at[0] == '[' ? literal_ok(host) : name_ok(host);
}

bool http_authority_same(struct text a, struct text b, bool tls)
{
    struct text host_a, host_b, port_a, port_b;
    uint64_t number_a = tls ? 443 : 80;
    uint64_t number_b = number_a;

    split_port(a, &host_a, &port_a);
    split_port(b, &host_b, &port_b);
    if (port_a.len > 0)
        text_to_u64(port_a, &number_a);
    if (port_b.len > 0)
        text_to_u64(port_b, &number_b);
    return number_a == number_b && text_eq_nocase(host_a, host_b);
}
