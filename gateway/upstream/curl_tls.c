#include "upstream/curl_transfer.h"

#include "base/log.h"
#include "upstream/pool.h"

#include <stdio.h>

enum { TOLD_MS = 1000 /* between two lines about failures */ };

/* Gives OPTION the bytes PEM, or takes those away that it had. */
static CURLcode set_pem(struct upstream_transfer *t, CURLoption option, struct text pem)
{
    struct curl_blob blob = {(void *)(uintptr_t)pem.at, pem.len, CURL_BLOB_COPY};

    return curl_easy_setopt(t->easy, option, pem.at ? &blob : NULL);
}

CURLcode transfer_tls(struct upstream_transfer *t, const struct pool *pool)
{
    const struct pool_tls *tls = &pool->tls;

    if (tls->mark == t->tls_mark)
        return CURLE_OK;
    t->tls_mark = tls->mark;
    endpoint_unref(&t->endpoint); /* its URL is told anew */
    return curl_easy_setopt(t->easy, CURLOPT_SSL_VERIFYPEER, tls->verify ? 1L : 0L) |
           curl_easy_setopt(t->easy, CURLOPT_SSL_VERIFYHOST, tls->verify ? 2L : 0L) |
           set_pem(t, CURLOPT_CAINFO_BLOB, tls->ca) |
           set_pem(t, CURLOPT_SSLCERT_BLOB, tls->certificate) |
           set_pem(t, CURLOPT_SSLKEY_BLOB, tls->key);
}

CURLcode transfer_tls_name(struct upstream_transfer *t, struct text name)
{
    char address[300];

    curl_slist_free_all(t->connect_to);
    t->connect_to = NULL;
    if (name.at) {
        snprintf(address, sizeof address, "::%.*s", TEXT_ARG(t->endpoint->authority));
        t->connect_to = curl_slist_append(NULL, address);
        if (!t->connect_to || curl_url_set(t->origin, CURLUPART_HOST, name.at, 0) != CURLUE_OK)
            return CURLE_OUT_OF_MEMORY;
    }
    return curl_easy_setopt(t->easy, CURLOPT_CONNECT_TO, t->connect_to);
}

bool transfer_tls_holds(const struct upstream_transfer *t)
{
    struct curl_tlssessioninfo *session = NULL;

    if (!t->upstream->limits.tls_pending ||
        curl_easy_getinfo(t->easy, CURLINFO_TLS_SSL_PTR, &session) != CURLE_OK || !session ||
        !session->internals)
        return false;
    return t->upstream->limits.tls_pending(session->internals);
}

void transfer_tls_tell(struct upstream_transfer *t, CURLcode result)
{
    bool tls = result == CURLE_SSL_CONNECT_ERROR || result == CURLE_PEER_FAILED_VERIFICATION ||
               result == CURLE_SSL_CERTPROBLEM || result == CURLE_SSL_CIPHER ||
               result == CURLE_SSL_CACERT_BADFILE || result == CURLE_SSL_ISSUER_ERROR;
    uint64_t now = loop_now();

    if (!tls || now < t->upstream->tls_told_ms + TOLD_MS)
        return;
    t->upstream->tls_told_ms = now;
    LOG(LOG_WARN, "upstream tls failed", LOG_T("endpoint", t->endpoint->name),
        LOG_S("reason", *t->error ? t->error : curl_easy_strerror(result)));
}
