#include "http/hop.h"

#include <stdlib.h>

static const struct text hop_names[] = {
    {"connection", 10}, {"keep-alive", 10},        {"te", 2},
    {"trailer", 7},     {"transfer-encoding", 17}, {"upgrade", 7},
};

/* What Connection can't name away, with any prefix that ends in "-". */
static const struct text needed_names[] = {
    {"accept", 6},
    {"accept-", 7},
    {"allow", 5},
    {"authorization", 13},
    {"cache-control", 13},
    {"content-", 8},
    {"cookie", 6},
    {"date", 4},
    {"etag", 4},
    {"expect", 6},
    {"forwarded", 9},
    {"host", 4},
    {"if-", 3},
    {"last-modified", 13},
    {"link", 4},
    {"location", 8},
    {"range", 5},
    {"retry-after", 11},
    {"set-cookie", 10},
    {"traceparent", 11},
    {"tracestate", 10},
    {"user-agent", 10},
    {"vary", 4},
    {"via", 3},
    {"www-authenticate", 16},
    {"x-forwarded-", 12},
    {"x-real-ip", 9},
    {"x-request-id", 12},
};

static bool is_hop_name(struct text name)
{
    static const struct text proxy = {"proxy-", 6};

    for (size_t i = 0; i < sizeof hop_names / sizeof hop_names[0]; i++)
        if (text_eq_nocase(name, hop_names[i]))
            return true;
    return name.len > proxy.len && text_eq_nocase(text_of(name.at, proxy.len), proxy);
}

static bool is_needed(struct text name)
{
    for (size_t i = 0; i < sizeof needed_names / sizeof needed_names[0]; i++) {
        struct text needed = needed_names[i];
        struct text head = name;

        if (needed.at[needed.len - 1] == '-' && name.len > needed.len)
            head.len = needed.len;
        if (text_eq_nocase(head, needed))
            return true;
    }
    return false;
}

/* Marks the fields called NAME. */
static void mark(struct http_hop *hop, struct text name)
{
    for (size_t i = 0; i < hop->fields->count; i++)
        if (text_eq_nocase(hop->fields->at[i].name, name))
            hop->named[i] = true;
}

/* Marks what the Connection field LIST names.  False: no memory. */
static bool read_list(struct http_hop *hop, struct text list)
{
    struct text member;

    while (http_list_next(&list, &member)) {
        if (text_eq_nocase(member, TEXT("close")) || is_hop_name(member))
            continue;
        if (!hop->named && !(hop->named = calloc(hop->fields->count, sizeof *hop->named)))
            return false;
        mark(hop, member);
    }
    return true;
}

bool http_hop_init(struct http_hop *hop, const struct http_fields *fields)
{
    *hop = (struct http_hop){.fields = fields};
    for (size_t i = 0; i < fields->count; i++)
        if (text_eq_nocase(fields->at[i].name, TEXT("connection")) &&
            !read_list(hop, fields->at[i].value))
            return false;
    return true;
}

void http_hop_fini(struct http_hop *hop)
{
    free(hop->named);
    hop->named = NULL;
}

bool http_hop_stops(const struct http_hop *hop, size_t i)
{
    struct text name = hop->fields->at[i].name;

    return is_hop_name(name) || (hop->named && hop->named[i] && !is_needed(name));
}
