/*
 * tls.h - TLS with clients: certificates, handshakes, and how a connection ends
 *
 * OpenSSL's only door.  A tls_set is what a configuration's files come to,
 * proven whole; it may be made and thrown away to see whether they are sound.
 * A tls holds the set that handshakes use just now, for all threads: another
 * one takes its place between two handshakes, and connections live on with
 * the one they began with.
 *
 * TLS 1.2 and 1.3 with the ciphers and groups of Mozilla's "intermediate"
 * profile, HTTP/1.1 only.  Sessions are resumed by tickets (tls_tickets.c),
 * which any worker takes; no state of a client's is kept.
 *
 * Knows nothing of requests.
 */
#ifndef FRONT_TLS_H
#define FRONT_TLS_H

#include "base/diag.h"
#include "conf/tls_files.h"

struct bufferevent;
struct event_base;
struct tls;
struct tls_set;

/* Why a handshake came to nothing: X(name, word). */
#define TLS_FAILURES(X)                                                                            \
    X(PLAIN, "plain_http")        /* HTTP without TLS was sent */                                  \
    X(PROTOCOL, "protocol")       /* no version in common, or not TLS at all */                    \
    X(CIPHER, "cipher")           /* no cipher, group or signature in common */                    \
    X(ALPN, "alpn")               /* the client speaks no HTTP/1.1 */                              \
    X(CERTIFICATE, "certificate") /* the client's is missing, or nobody vouches for it */          \
    X(ALERT, "alert")             /* the client gave up and said so */                             \
    X(CLOSED, "closed")           /* the connection ended */                                       \
    X(TIMEOUT, "timeout")         /* it took too long */                                           \
    X(OTHER, "other")

enum tls_failure {
#define X(name, word) TLS_FAILED_##name,
    TLS_FAILURES(X)
#undef X
        TLS_FAILURE_COUNT
};

extern const char *const tls_failure_words[TLS_FAILURE_COUNT];

/* What all handshakes of the process have come to. */
struct tls_counts {
    uint64_t tls12, tls13, resumed; /* the third counts in the first two, too */
    uint64_t failed[TLS_FAILURE_COUNT];
};

/* --- certificates (tls_set.c) ----------------------------------------------- */

/*
 * What FILES come to.  NULL if anything about them is wrong, after an error
 * for each such thing where the file is named.
 */
struct tls_set *tls_set_new(const struct tls_files *files, struct diag *complaints);

/* Frees the set at *SET, if any and if no tls has taken it, and sets *SET to NULL. */
void tls_set_free(struct tls_set **set);

/* True if all FILES, for clients, are what they should be; else as above. */
bool tls_proven(const struct tls_files *files, struct diag *complaints);

/* True if the authorities, certificate and key of a service are such; else as above. */
bool tls_service_proven(const struct service_tls_files *files, struct diag *complaints);

/* --- the process ------------------------------------------------------------- */

/* A new one, without certificates.  NULL: no memory. */
struct tls *tls_new(void);

/* Frees the tls at *T, if any; no connection uses it any more. */
void tls_free(struct tls **t);

/* From now on handshakes use *SET, which becomes T's; *SET is NULL then. */
void tls_take(struct tls *t, struct tls_set **set);

/*
 * When the N-th certificate in use ends, in seconds since the epoch, and the
 * file it came from into FILE of ROOM bytes.  False: there are no more.
 */
bool tls_expiry(struct tls *t, size_t n, char *file, size_t room, int64_t *ends_out);

struct tls_counts tls_counts(struct tls *t);

/* --- one connection ------------------------------------------------------------ */

/* A bufferevent on BASE for a client who will speak TLS.  NULL: no memory or no certificate. */
struct bufferevent *tls_accept(struct tls *t, struct event_base *base);

/*
 * The handshake on BEV is done: counts it.  If the client has shown a
 * certificate, its subject (RFC 4514) goes to *SUBJECT_OUT, which the caller
 * frees; else NULL.  False: it can't be told, and the connection must end.
 */
bool tls_welcome(struct tls *t, struct bufferevent *bev, char **subject_out);

/* The handshake on BEV with PEER has failed, or took too long: counts it and says so. */
void tls_dismiss(struct tls *t, struct bufferevent *bev, bool too_long, struct text peer);

/* Writes what waits on BEV, as much as the socket takes at once.  False: it failed. */
bool tls_write(struct bufferevent *bev);

/* True if bytes that came wait in SSL, anybody's connection of TLS, to be read from it. */
bool tls_pending(const void *ssl);

/* Tells BEV's client that no byte will follow.  False: the socket takes it later; ask again. */
bool tls_goodbye(struct bufferevent *bev);

#endif
