#include "front/tls_set.h"

#include "front/tls_pem.h"
#include "front/tls_tickets.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

enum { CHAIN_DEPTH_MAX = 8, CLIENT_CHAIN_BYTES = 64 * 1024 };

/* Mozilla's "intermediate" profile, version 5.7. */
static const char ciphers[] = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
                              "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
                              "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
                              "DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384:"
                              "DHE-RSA-CHACHA20-POLY1305";
static const char suites[] =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
static const char groups[] = "X25519:P-256:P-384";

/* --- while a handshake is under way -------------------------------------------- */

/* The identity whose certificate is for NAME: by its whole name first, then by a wildcard. */
static const struct tls_identity *find(const struct tls_set *set, const char *name)
{
    static const unsigned ways[] = {X509_CHECK_FLAG_NO_WILDCARDS, 0};

    for (size_t way = 0; way < 2; way++)
        for (size_t i = 0; i < set->count; i++)
            if (X509_check_host(set->identities[i].leaf, name, 0, ways[way], NULL) == 1)
                return &set->identities[i];
    return NULL;
}

/* The client has named whom it wants; the first certificate is for all others. */
static int on_name(SSL *ssl, int *alert, void *arg)
{
    const struct tls_set *set = arg;
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    const struct tls_identity *found = name ? find(set, name) : NULL;

    if (!found)
        return SSL_TLSEXT_ERR_NOACK;
    if (SSL_set_SSL_CTX(ssl, found->context))
        return SSL_TLSEXT_ERR_OK;
    *alert = SSL_AD_INTERNAL_ERROR;
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* Who offers protocols, and not HTTP/1.1 among them, is told so (RFC 7301, 3.2). */
static int on_protocols(SSL *ssl, const unsigned char **chosen, unsigned char *chosen_len,
                        const unsigned char *offered, unsigned len, void *arg)
{
    static const unsigned char spoken[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
    unsigned char *found;

    (void)ssl, (void)arg;
    if (SSL_select_next_proto(&found, chosen_len, spoken, sizeof spoken, offered, len) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *chosen = found;
    return SSL_TLSEXT_ERR_OK;
}

/* --- contexts ------------------------------------------------------------------- */

static bool set_policy(SSL_CTX *c)
{
    SSL_CTX_set_options(c, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_max_cert_list(c, CLIENT_CHAIN_BYTES);
    SSL_CTX_set_alpn_select_cb(c, on_protocols, NULL);
    return tls_tickets_serve(c) && SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_cipher_list(c, ciphers) == 1 && SSL_CTX_set_ciphersuites(c, suites) == 1 &&
           SSL_CTX_set1_groups_list(c, groups) == 1 && SSL_CTX_set_dh_auto(c, 1) == 1;
}

/* Whom C asks for a certificate, and who may vouch for it. */
static bool set_verification(SSL_CTX *c, const struct tls_set *set)
{
    SSL_CTX_set_verify(c, set->verify, NULL);
    SSL_CTX_set_verify_depth(c, CHAIN_DEPTH_MAX);
    if (SSL_CTX_set_session_id_context(c, set->mark, sizeof set->mark) != 1)
        return false;
    if (!set->authorities)
        return true;
    STACK_OF(X509_NAME) *invited = SSL_dup_CA_list(set->invited);
    SSL_CTX_set_client_CA_list(c, invited);
    SSL_CTX_set1_cert_store(c, set->authorities);
    return invited;
}

static void free_set(struct tls_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        if (i > 0) /* the first owns the set */
            SSL_CTX_free(set->identities[i].context);
        X509_free(set->identities[i].leaf);
        free(set->identities[i].file);
    }
    X509_STORE_free(set->authorities);
    sk_X509_NAME_pop_free(set->invited, X509_NAME_free);
    free(set);
}

/* The last of a set's first context is gone, and so is the set. */
static void on_first_freed(void *parent, void *set, CRYPTO_EX_DATA *data, int index, long number,
                           void *arg)
{
    (void)parent, (void)data, (void)index, (void)number, (void)arg;
    if (set)
        free_set(set);
}

static int set_index = -1;

/* True if a context can own a set; makes it so once, in the process's first thread. */
static bool can_own(void)
{
    if (set_index < 0)
        set_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, on_first_freed);
    return set_index >= 0;
}

static SSL_CTX *new_context(const struct tls_set *set)
{
    SSL_CTX *c = SSL_CTX_new(TLS_server_method());

    if (c && set_policy(c) && set_verification(c, set))
        return c;
    SSL_CTX_free(c);
    return NULL;
}

/* --- what a client is asked for --------------------------------------------------- */

/* Sessions live on from one set to the next only under the same authorities. */
static bool make_mark(struct tls_set *set, const struct tls_files *files)
{
    const struct pem_file *ca = &files->client_ca;
    unsigned char asked = (unsigned char)files->client_auth;
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    bool done = digest && EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1 &&
                EVP_DigestUpdate(digest, &asked, 1) == 1 &&
                EVP_DigestUpdate(digest, ca->bytes.at ? ca->bytes.at : "", ca->bytes.len) == 1 &&
                EVP_DigestFinal_ex(digest, set->mark, NULL) == 1;

    EVP_MD_CTX_free(digest);
    return done;
}

static int verification(enum settings_client_auth auth)
{
    switch (auth) {
    case CLIENT_AUTH_OFF:
        break;
    case CLIENT_AUTH_OPTIONAL:
        return SSL_VERIFY_PEER;
    case CLIENT_AUTH_REQUIRE:
        return SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    }
    return SSL_VERIFY_NONE;
}

/* The authorities that may vouch for clients; false after a complaint, or without memory. */
static bool add_authorities(struct tls_set *set, const struct tls_files *files, struct diag *d)
{
    const struct pem_file *ca = &files->client_ca;

    set->verify = verification(files->client_auth);
    if (!make_mark(set, files))
        return false;
    if (!ca->bytes.at)
        return true;
    STACK_OF(X509) *all = tls_pem_certificates(ca, d);
    set->authorities = all ? X509_STORE_new() : NULL;
    set->invited = all ? sk_X509_NAME_new_null() : NULL;
    bool done = set->authorities && set->invited;
    for (int i = 0; done && i < sk_X509_num(all); i++) {
        X509_NAME *name = X509_NAME_dup(X509_get_subject_name(sk_X509_value(all, i)));

        done = X509_STORE_add_cert(set->authorities, sk_X509_value(all, i)) == 1 && name &&
               sk_X509_NAME_push(set->invited, name) > 0;
    }
    sk_X509_pop_free(all, X509_free);
    return done;
}

/* --- identities --------------------------------------------------------------------- */

/* Has C show the certificate CHAIN, the first of it its own, with KEY. */
static bool show(SSL_CTX *c, STACK_OF(X509) * chain, EVP_PKEY *key, const struct pem_file *file,
                 struct diag *d)
{
    bool done = SSL_CTX_use_certificate(c, sk_X509_value(chain, 0)) == 1 &&
                SSL_CTX_use_PrivateKey(c, key) == 1;

    for (int i = 1; done && i < sk_X509_num(chain); i++)
        done = SSL_CTX_add1_chain_cert(c, sk_X509_value(chain, i)) == 1;
    if (!done)
        tls_pem_refuse(file, d, "can't be used");
    return done;
}

static bool add_identity(struct tls_set *set, const struct pem_file *certificate,
                         const struct pem_file *key_file, struct diag *d)
{
    STACK_OF(X509) *chain = tls_pem_certificates(certificate, d);
    EVP_PKEY *key = tls_pem_key(key_file, d);
    struct tls_identity *id = &set->identities[set->count];
    bool done = chain && key && tls_pem_belong(certificate, chain, key_file, key, d);

    if (done) {
        id->context = new_context(set);
        id->leaf = sk_X509_value(chain, 0);
        id->ends = tls_pem_ends(id->leaf);
        id->file = strndup(certificate->path.at, certificate->path.len);
        X509_up_ref(id->leaf);
        set->count++;
        done = id->context && id->file && show(id->context, chain, key, certificate, d);
    }
    sk_X509_pop_free(chain, X509_free);
    EVP_PKEY_free(key);
    return done;
}

void tls_set_free(struct tls_set **owned)
{
    struct tls_set *set = *owned;

    *owned = NULL;
    if (!set)
        return;
    SSL_CTX *first = set->count > 0 ? set->identities[0].context : NULL;
    if (first && SSL_CTX_get_ex_data(first, set_index) == set) {
        SSL_CTX_free(first); /* and it with it */
    } else {
        SSL_CTX_free(first);
        free_set(set);
    }
}

/* Makes the set that of its first context, whose handshakes choose among all. */
static bool begin(struct tls_set *set)
{
    SSL_CTX *first = set->identities[0].context;

    SSL_CTX_set_tlsext_servername_callback(first, on_name);
    SSL_CTX_set_tlsext_servername_arg(first, set);
    return SSL_CTX_set_ex_data(first, set_index, set) == 1;
}

struct tls_set *tls_set_new(const struct tls_files *files, struct diag *complaints)
{
    size_t before = diag_errors(complaints);
    struct tls_set *set = can_own() ? calloc(1, sizeof *set) : NULL;
    bool sound = set && add_authorities(set, files, complaints);

    for (size_t i = 0; set && i < files->count; i++)
        sound = add_identity(set, &files->certificates[i], &files->keys[i], complaints) && sound;
    if (sound && set->count > 0)
        sound = begin(set);
    ERR_clear_error();
    if (sound)
        return set;
    if (diag_errors(complaints) == before)
        diag_error(complaints, (struct where){.file = "tls"}, "no-memory", "not enough memory");
    tls_set_free(&set);
    return NULL;
}

bool tls_service_proven(const struct service_tls_files *files, struct diag *d)
{
    STACK_OF(X509) *authorities = NULL, *chain = NULL;
    EVP_PKEY *key = NULL;
    bool sound = true;

    if (files->ca.bytes.at)
        sound = (authorities = tls_pem_certificates(&files->ca, d));
    if (files->certificate.bytes.at && files->key.bytes.at) {
        chain = tls_pem_certificates(&files->certificate, d);
        key = tls_pem_key(&files->key, d);
        sound = chain && key && tls_pem_belong(&files->certificate, chain, &files->key, key, d) &&
                sound;
    }
    sk_X509_pop_free(authorities, X509_free);
    sk_X509_pop_free(chain, X509_free);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return sound;
}

bool tls_proven(const struct tls_files *files, struct diag *complaints)
{
    struct tls_set *set = tls_set_new(files, complaints);
    bool proven = set;

    tls_set_free(&set);
    return proven;
}
