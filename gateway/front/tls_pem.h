/*
 * tls_pem.h - certificates and keys out of their files; for the files tls*.c only
 *
 * Whatever is wrong with a file becomes a complaint where the file is named,
 * with the file and the reason.
 */
#ifndef FRONT_TLS_PEM_H
#define FRONT_TLS_PEM_H

#include "front/tls.h"

#include <openssl/x509.h>

/*
 * All certificates of FILE, in their order, each of them valid today; the
 * caller frees them.  NULL after a complaint.
 */
STACK_OF(X509) * tls_pem_certificates(const struct pem_file *file, struct diag *d);

/* The private key in FILE; the caller frees it.  NULL after a complaint. */
EVP_PKEY *tls_pem_key(const struct pem_file *file, struct diag *d);

/* True if KEY, of KEY_FILE, is that of the first of CHAIN, of FILE; else that is complained of. */
bool tls_pem_belong(const struct pem_file *file, STACK_OF(X509) * chain,
                    const struct pem_file *key_file, EVP_PKEY *key, struct diag *d);

/* When CERTIFICATE ends, in seconds since the epoch. */
int64_t tls_pem_ends(const X509 *certificate);

/* Complains that FILE is WRONG, with the library's own newest reason. */
void tls_pem_refuse(const struct pem_file *file, struct diag *d, const char *wrong);

#endif
