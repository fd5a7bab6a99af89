#include "front/tls_tickets.h"

#include <openssl/core_names.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Two are enough: when a third would come, the first opens nothing any more. */
struct tls_tickets {
    CRYPTO_RWLOCK *lock;
    struct tls_ticket_key newest, before; /* born at 0: none */
};

struct tls_tickets *tls_tickets_new(void)
{
    struct tls_tickets *t = calloc(1, sizeof *t);

    if (t)
        t->lock = CRYPTO_THREAD_lock_new();
    if (t && !t->lock)
        tls_tickets_free(&t);
    return t;
}

void tls_tickets_free(struct tls_tickets **t)
{
    if (!*t)
        return;
    CRYPTO_THREAD_lock_free((*t)->lock);
    OPENSSL_cleanse(*t, sizeof **t);
    free(*t);
    *t = NULL;
}

/* --- keys and their time ---------------------------------------------------------- */

/* True if KEY is there and its age at NOW_S is below LIMIT_S. */
static bool is_younger(const struct tls_ticket_key *key, uint64_t now_s, uint64_t limit_s)
{
    return key->born_s > 0 && now_s < key->born_s + limit_s;
}

static bool make_key(struct tls_ticket_key *key, uint64_t now_s)
{
    key->born_s = now_s;
    return RAND_bytes(key->name, sizeof key->name) == 1 &&
           RAND_priv_bytes(key->aes, sizeof key->aes) == 1 &&
           RAND_priv_bytes(key->hmac, sizeof key->hmac) == 1;
}

bool tls_tickets_sealing(struct tls_tickets *t, uint64_t now_s, struct tls_ticket_key *key_out)
{
    bool there = true;

    CRYPTO_THREAD_write_lock(t->lock);
    if (!is_younger(&t->newest, now_s, TLS_TICKET_SEALS_S)) {
        there = make_key(key_out, now_s);
        if (there) {
            t->before = t->newest;
            t->newest = *key_out;
        }
    }
    *key_out = t->newest;
    CRYPTO_THREAD_unlock(t->lock);
    return there;
}

bool tls_tickets_opening(struct tls_tickets *t, uint64_t now_s, const unsigned char name[16],
                         struct tls_ticket_key *key_out, bool *old_out)
{
    bool there = false;

    CRYPTO_THREAD_read_lock(t->lock);
    const struct tls_ticket_key *keys[] = {&t->newest, &t->before};
    for (size_t i = 0; !there && i < 2; i++)
        if (is_younger(keys[i], now_s, TLS_TICKET_OPENS_S) &&
            memcmp(keys[i]->name, name, sizeof keys[i]->name) == 0) {
            *key_out = *keys[i];
            there = true;
        }
    CRYPTO_THREAD_unlock(t->lock);
    *old_out = there && !is_younger(key_out, now_s, TLS_TICKET_SEALS_S);
    return there;
}

/* --- handshakes --------------------------------------------------------------------- */

static uint64_t now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return (uint64_t)now.tv_sec + 1; /* never 0 */
}

static bool set_mac(EVP_MAC_CTX *mac, struct tls_ticket_key *key)
{
    char digest[] = "SHA256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key->hmac, sizeof key->hmac),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_END};

    return EVP_MAC_CTX_set_params(mac, params) == 1;
}

/* A ticket is to be sealed with the key NAMEd then; 0: the client gets none. */
static int on_seal(struct tls_tickets *t, unsigned char *name, unsigned char *iv,
                   EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac)
{
    struct tls_ticket_key key;
    bool sealed = tls_tickets_sealing(t, now_s(), &key) &&
                  RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) == 1 &&
                  EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), NULL, key.aes, iv) == 1 &&
                  set_mac(mac, &key);

    if (sealed)
        memcpy(name, key.name, sizeof key.name);
    OPENSSL_cleanse(&key, sizeof key);
    return sealed;
}

/* A ticket is to be opened; 0: a whole handshake, 2: with a new ticket. */
static int on_open(struct tls_tickets *t, const unsigned char *name, const unsigned char *iv,
                   EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac)
{
    struct tls_ticket_key key;
    bool old = false;
    bool opened = tls_tickets_opening(t, now_s(), name, &key, &old) &&
                  EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), NULL, key.aes, iv) == 1 &&
                  set_mac(mac, &key);

    OPENSSL_cleanse(&key, sizeof key);
    return !opened ? 0 : old ? 2 : 1;
}

static int on_ticket(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                     EVP_MAC_CTX *mac, int seal)
{
    struct tls_tickets *t = SSL_get_app_data(ssl);

    return seal ? on_seal(t, name, iv, cipher, mac) : on_open(t, name, iv, cipher, mac);
}

bool tls_tickets_serve(SSL_CTX *c)
{
    SSL_CTX_set_timeout(c, TLS_TICKET_SEALS_S); /* clients needn't keep one for longer */
    return SSL_CTX_set_tlsext_ticket_key_evp_cb(c, on_ticket) == 1;
}

bool tls_tickets_give(struct tls_tickets *t, SSL *ssl)
{
    return SSL_set_app_data(ssl, t) == 1;
}
