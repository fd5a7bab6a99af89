#include "conf/layers.h"

/* Complains that SMALL (called NAME) is not below, or at most, LARGE. */
static void refuse_order(const struct layers *l, const void *small, const char *name,
                         const char *relation)
{
    diag_error(l->d, layers_origin(l, small)->where, "contradiction", "%s must be %s", name,
               relation);
}

static bool addresses_hold(const struct addresses *addresses, struct text address)
{
    for (size_t i = 0; i < addresses->count; i++)
        if (text_eq(addresses->at[i], address))
            return true;
    return false;
}

static bool any_tls(const struct addresses *listen)
{
    for (size_t i = 0; i < listen->count; i++)
        if (listen->ways[i].tls)
            return true;
    return false;
}

/* TLS with clients: certificates, keys and authorities are all there, or none is needed. */
static void check_tls(const struct layers *l)
{
    const struct settings *s = &l->settings;
    size_t certificates = s->tls.certificates.count, keys = s->tls.keys.count;

    if (any_tls(&s->listen) && certificates == 0) {
        diag_error(l->d, layers_origin(l, &s->listen)->where, "missing-key",
                   "an address has the word tls, and tls.certificates is not set");
        diag_hint(l->d, "add: tls: {certificates: [server.pem], keys: [server.key]}");
    }
    if (certificates != keys) {
        diag_error(l->d, layers_origin(l, keys ? &s->tls.keys : &s->tls.certificates)->where,
                   "contradiction", "tls.certificates has %zu files and tls.keys has %zu",
                   certificates, keys);
        diag_hint(l->d, "the n-th key belongs to the n-th certificate");
    }
    if (s->tls.client_auth != CLIENT_AUTH_OFF && !s->tls.client_ca.at) {
        diag_error(l->d, layers_origin(l, &s->tls.client_auth)->where, "missing-key",
                   "tls.client_auth asks for certificates, and tls.client_ca is not set");
        diag_hint(l->d, "name a file with the authorities that may vouch for clients");
    }
}

static void check_service_tls(const struct layers *l)
{
    const struct settings_service_tls *tls = &l->settings.upstream.tls;

    if (!tls->certificate.at == !tls->key.at)
        return;
    diag_error(l->d, layers_origin(l, tls->key.at ? &tls->key : &tls->certificate)->where,
               "contradiction", "%.*s.tls.certificate and %.*s.tls.key go together",
               TEXT_ARG(l->section), TEXT_ARG(l->section));
}

/* True if T may be asked for as it is. */
static bool is_target(struct text t)
{
    for (size_t i = 0; i < t.len; i++)
        if (t.at[i] <= ' ' || t.at[i] == 0x7f)
            return false;
    return t.at[0] == '/';
}

void layers_check_service(const struct layers *l)
{
    const struct upstream_settings *s = &l->settings.upstream;

    check_service_tls(l);
    if (s->ejection.base > s->ejection.longest)
        diag_error(l->d, layers_origin(l, &s->ejection.base)->where, "contradiction",
                   "%.*s.ejection.base must be at most %.*s.ejection.longest", TEXT_ARG(l->section),
                   TEXT_ARG(l->section));
    if (s->health.path.at && !is_target(s->health.path))
        diag_error(l->d, layers_origin(l, &s->health.path)->where, "bad-value",
                   "%.*s.health.path is none or begins with / and has no space in it",
                   TEXT_ARG(l->section));
    if (s->url.count == 0) {
        struct where where = l->service.at ? l->where : (struct where){.file = l->file};

        diag_error(l->d, where, "missing-key", "%.*s.url is not set", TEXT_ARG(l->section));
        diag_hint(l->d, "add: %s{url: \"http://127.0.0.1:9000\"}",
                  l->service.at ? "" : "upstream: ");
    }
}

void layers_check(const struct layers *l)
{
    const struct settings *s = &l->settings;

    if (s->limits.buffer_low >= s->limits.buffer_high)
        refuse_order(l, &s->limits.buffer_low, "limits.buffer_low", "less than limits.buffer_high");
    if (s->limits.request_line > s->limits.request_head)
        refuse_order(l, &s->limits.request_line, "limits.request_line",
                     "at most limits.request_head");
    if (s->limits.request_buffer > s->limits.buffer_high)
        refuse_order(l, &s->limits.request_buffer, "limits.request_buffer",
                     "at most limits.buffer_high");
    if (s->limits.reply_buffer > s->limits.buffer_high)
        refuse_order(l, &s->limits.reply_buffer, "limits.reply_buffer",
                     "at most limits.buffer_high");
    check_tls(l);
    layers_check_service(l);
    for (size_t i = 0; i < s->admin.count; i++)
        if (addresses_hold(&s->listen, s->admin.at[i]) && !endpoint_is_any_port(s->admin.at[i]))
            diag_error(l->d, layers_origin(l, &s->admin)->where, "contradiction",
                       "admin must not be an address that clients can reach");
}
