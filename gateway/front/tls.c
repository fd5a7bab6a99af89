#include "front/tls.h"

#include "base/log.h"
#include "front/tls_set.h"
#include "front/tls_tickets.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { RECORD_BYTES = 16 * 1024, SUBJECT_BYTES_MAX = 2048 };

const char *const tls_failure_words[TLS_FAILURE_COUNT] = {
#define X(name, word) [TLS_FAILED_##name] = (word),
    TLS_FAILURES(X)
#undef X
};

struct tls {
    CRYPTO_RWLOCK *lock; /* of the set */
    struct tls_set *set; /* NULL: none yet */
    struct tls_tickets *tickets;
    atomic_uint_fast64_t tls12, tls13, resumed, failed[TLS_FAILURE_COUNT];
};

/* --- the process ---------------------------------------------------------------- */

struct tls *tls_new(void)
{
    struct tls *t = calloc(1, sizeof *t);

    if (t)
        t->lock = CRYPTO_THREAD_lock_new();
    if (t)
        t->tickets = tls_tickets_new();
    if (t && (!t->lock || !t->tickets))
        tls_free(&t);
    return t;
}

void tls_free(struct tls **t)
{
    if (!*t)
        return;
    tls_set_free(&(*t)->set);
    tls_tickets_free(&(*t)->tickets);
    CRYPTO_THREAD_lock_free((*t)->lock);
    free(*t);
    *t = NULL;
}

void tls_take(struct tls *t, struct tls_set **set)
{
    struct tls_set *old;

    CRYPTO_THREAD_write_lock(t->lock);
    old = t->set;
    t->set = *set;
    CRYPTO_THREAD_unlock(t->lock);
    *set = NULL;
    tls_set_free(&old);
}

bool tls_expiry(struct tls *t, size_t n, char *file, size_t room, int64_t *ends_out)
{
    CRYPTO_THREAD_read_lock(t->lock);
    bool there = t->set && n < t->set->count;
    if (there) {
        snprintf(file, room, "%s", t->set->identities[n].file);
        *ends_out = t->set->identities[n].ends;
    }
    CRYPTO_THREAD_unlock(t->lock);
    return there;
}

static uint64_t count_of(const atomic_uint_fast64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static void count(atomic_uint_fast64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

struct tls_counts tls_counts(struct tls *t)
{
    struct tls_counts counts = {.tls12 = count_of(&t->tls12),
                                .tls13 = count_of(&t->tls13),
                                .resumed = count_of(&t->resumed)};

    for (int i = 0; i < TLS_FAILURE_COUNT; i++)
        counts.failed[i] = count_of(&t->failed[i]);
    return counts;
}

/* --- handshakes ------------------------------------------------------------------ */

struct bufferevent *tls_accept(struct tls *t, struct event_base *base)
{
    CRYPTO_THREAD_read_lock(t->lock);
    SSL *ssl = t->set && t->set->count > 0 ? SSL_new(t->set->identities[0].context) : NULL;
    CRYPTO_THREAD_unlock(t->lock);
    if (!ssl) {
        ERR_clear_error();
        return NULL;
    }
    struct bufferevent *bev =
        tls_tickets_give(t->tickets, ssl)
            ? bufferevent_openssl_socket_new(base, -1, ssl, BUFFEREVENT_SSL_ACCEPTING,
                                             BEV_OPT_CLOSE_ON_FREE)
            : NULL;
    if (!bev)
        SSL_free(ssl);
    return bev;
}

/* CERTIFICATE's subject as RFC 4514 writes it, in ASCII; NULL: too long, or no memory. */
static char *subject_of(const X509 *certificate)
{
    BIO *to = BIO_new(BIO_s_mem());
    char *bytes, *subject = NULL;

    if (to && X509_NAME_print_ex(to, X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253) >= 0) {
        long len = BIO_get_mem_data(to, &bytes);

        if (len >= 0 && len <= SUBJECT_BYTES_MAX)
            subject = malloc((size_t)len + 1);
        if (subject) {
            memcpy(subject, bytes, (size_t)len);
            subject[len] = '\0';
        }
    }
    BIO_free(to);
    return subject;
}

bool tls_welcome(struct tls *t, struct bufferevent *bev, char **subject_out)
{
    SSL *ssl = bufferevent_openssl_get_ssl(bev);
    X509 *certificate = SSL_get0_peer_certificate(ssl);

    count(SSL_version(ssl) == TLS1_3_VERSION ? &t->tls13 : &t->tls12);
    if (SSL_session_reused(ssl))
        count(&t->resumed);
    *subject_out = NULL;
    if (!certificate)
        return true;
    *subject_out = subject_of(certificate);
    return *subject_out;
}

static enum tls_failure failure_of(unsigned long error)
{
    int reason = ERR_GET_REASON(error);

    if (error == 0 || error == SSL_ERROR_SYSCALL || error == SSL_ERROR_ZERO_RETURN)
        return TLS_FAILED_CLOSED;
    if (ERR_GET_LIB(error) != ERR_LIB_SSL)
        return TLS_FAILED_OTHER;
    switch (reason) {
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
        return TLS_FAILED_PLAIN;
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_UNKNOWN_PROTOCOL:
        return TLS_FAILED_PROTOCOL;
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_NO_SHARED_GROUPS:
    case SSL_R_NO_SUITABLE_KEY_SHARE:
    case SSL_R_NO_SUITABLE_GROUPS:
    case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
        return TLS_FAILED_CIPHER;
    case SSL_R_NO_APPLICATION_PROTOCOL:
        return TLS_FAILED_ALPN;
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
        return TLS_FAILED_CERTIFICATE;
    case SSL_R_UNEXPECTED_EOF_WHILE_READING:
        return TLS_FAILED_CLOSED;
    default:
        return reason > SSL_AD_REASON_OFFSET ? TLS_FAILED_ALERT : TLS_FAILED_OTHER;
    }
}

/* What ERROR is called in the log, and why a certificate was refused. */
static const char *words_for(const SSL *ssl, unsigned long error)
{
    long verdict = SSL_get_verify_result(ssl);
    const char *words = ERR_reason_error_string(error);

    if (ERR_GET_REASON(error) == SSL_R_CERTIFICATE_VERIFY_FAILED && verdict != X509_V_OK)
        return X509_verify_cert_error_string(verdict);
    return words ? words : "";
}

void tls_dismiss(struct tls *t, struct bufferevent *bev, bool too_long, struct text peer)
{
    unsigned long error = too_long ? 0 : bufferevent_get_openssl_error(bev);
    enum tls_failure why = too_long ? TLS_FAILED_TIMEOUT : failure_of(error);
    const SSL *ssl = bufferevent_openssl_get_ssl(bev);

    count(&t->failed[why]);
    /* Who only connects and goes, as load balancers do, is no news. */
    LOG(why == TLS_FAILED_CLOSED ? LOG_DEBUG : LOG_INFO, "tls handshake failed",
        LOG_T("client", peer), LOG_S("reason", tls_failure_words[why]),
        LOG_S("detail", words_for(ssl, error)));
}

/* --- bytes ---------------------------------------------------------------------------- */

/*
 * A record a round.  What the library could not write it wants again, or more
 * of it: the bytes stay where they are, and more only come behind them.
 */
bool tls_write(struct bufferevent *bev)
{
    struct evbuffer *output = bufferevent_get_output(bev);
    SSL *ssl = bufferevent_openssl_get_ssl(bev);
    int wrote = 1;
    size_t len;

    evbuffer_unfreeze(output, 1);
    while (wrote > 0 && (len = evbuffer_get_length(output)) > 0) {
        len = len > RECORD_BYTES ? RECORD_BYTES : len;
        const void *at = evbuffer_pullup(output, (ev_ssize_t)len);

        ERR_clear_error();
        wrote = at ? SSL_write(ssl, at, (int)len) : 0;
        if (wrote > 0)
            evbuffer_drain(output, (size_t)wrote);
        else if (!at)
            break;
    }
    evbuffer_freeze(output, 1);
    if (wrote > 0)
        return true;
    int error = SSL_get_error(ssl, wrote);
    ERR_clear_error();
    return error == SSL_ERROR_WANT_WRITE || error == SSL_ERROR_WANT_READ;
}

bool tls_pending(const void *ssl)
{
    return SSL_has_pending(ssl) == 1;
}

bool tls_goodbye(struct bufferevent *bev)
{
    SSL *ssl = bufferevent_openssl_get_ssl(bev);

    if (!SSL_is_init_finished(ssl))
        return true;
    ERR_clear_error();
    int told = SSL_shutdown(ssl);
    bool later = told < 0 && SSL_get_error(ssl, told) == SSL_ERROR_WANT_WRITE;
    ERR_clear_error();
    return !later;
}
