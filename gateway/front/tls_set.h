/*
 * tls_set.h - what tls.c knows of a set of certificates; for the files tls*.c only
 */
#ifndef FRONT_TLS_SET_H
#define FRONT_TLS_SET_H

#include "front/tls.h"

#include <openssl/ssl.h>

/* One certificate, ready to be shown. */
struct tls_identity {
    SSL_CTX *context; /* with all of the set's settings */
    X509 *leaf;
    char *file;
    int64_t ends; /* seconds since the epoch */
};

/*
 * The set is the first context's, whose handshakes choose among the others:
 * it is freed with the last connection that began with it.
 */
struct tls_set {
    struct tls_identity identities[FILES_MAX];
    size_t count;
    X509_STORE *authorities;       /* NULL: none */
    STACK_OF(X509_NAME) * invited; /* whose certificates clients are asked for */
    unsigned char mark[32];        /* sessions are resumed only under the same one */
    int verify;                    /* SSL_VERIFY_... */
};

#endif
