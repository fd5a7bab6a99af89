#include "front/tls_pem.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <time.h>

enum { DATE_BYTES = 32 };

void tls_pem_refuse(const struct pem_file *file, struct diag *d, const char *wrong)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());

    diag_error(d, file->where, "bad-certificate", "%.*s %s%s%s", TEXT_ARG(file->path), wrong,
               reason ? ": " : "", reason ? reason : "");
    ERR_clear_error();
}

static BIO *open_bytes(const struct pem_file *file)
{
    ERR_clear_error();
    return BIO_new_mem_buf(file->bytes.at, (int)file->bytes.len);
}

/* --- dates -------------------------------------------------------------------- */

static int64_t seconds_of(const ASN1_TIME *time)
{
    struct tm tm;

    return ASN1_TIME_to_tm(time, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

int64_t tls_pem_ends(const X509 *certificate)
{
    return seconds_of(X509_get0_notAfter(certificate));
}

static const char *date_of(const ASN1_TIME *time, char to[DATE_BYTES])
{
    struct tm tm;

    if (ASN1_TIME_to_tm(time, &tm) != 1 || strftime(to, DATE_BYTES, "%F %T UTC", &tm) == 0)
        snprintf(to, DATE_BYTES, "a date that makes no sense");
    return to;
}

static bool is_valid_today(const struct pem_file *file, const X509 *certificate, struct diag *d)
{
    const ASN1_TIME *begins = X509_get0_notBefore(certificate);
    const ASN1_TIME *ends = X509_get0_notAfter(certificate);
    char date[DATE_BYTES];

    if (X509_cmp_current_time(begins) > 0) {
        diag_error(d, file->where, "bad-certificate",
                   "%.*s holds a certificate that is not valid before %s", TEXT_ARG(file->path),
                   date_of(begins, date));
        return false;
    }
    if (X509_cmp_current_time(ends) >= 0)
        return true;
    diag_error(d, file->where, "bad-certificate", "%.*s holds a certificate that expired on %s",
               TEXT_ARG(file->path), date_of(ends, date));
    diag_hint(d, "renew it; a running gateway goes on with the one it has");
    return false;
}

/* --- certificates ---------------------------------------------------------------- */

/* True if the library stopped because there is no more PEM, and not in the middle of some. */
static bool at_end(void)
{
    unsigned long last = ERR_peek_last_error();

    return ERR_GET_LIB(last) == ERR_LIB_PEM && ERR_GET_REASON(last) == PEM_R_NO_START_LINE;
}

STACK_OF(X509) * tls_pem_certificates(const struct pem_file *file, struct diag *d)
{
    STACK_OF(X509) *all = sk_X509_new_null();
    BIO *bytes = open_bytes(file);
    bool sound = all && bytes;
    X509 *one;

    while (sound && (one = PEM_read_bio_X509(bytes, NULL, NULL, NULL))) {
        if (sk_X509_push(all, one) > 0)
            continue;
        X509_free(one);
        sound = false;
    }
    if (sound && !at_end()) {
        tls_pem_refuse(file, d, "holds a certificate that can't be read");
        sound = false;
    } else if (sound && sk_X509_num(all) == 0) {
        ERR_clear_error();
        tls_pem_refuse(file, d, "holds no certificate in PEM");
        sound = false;
    }
    for (int i = 0; sound && i < sk_X509_num(all); i++)
        sound = is_valid_today(file, sk_X509_value(all, i), d);
    BIO_free(bytes);
    if (sound)
        return all;
    sk_X509_pop_free(all, X509_free);
    return NULL;
}

/* --- keys -------------------------------------------------------------------------- */

/* Nobody is asked for a passphrase: notes that one is wanted. */
static int on_passphrase(char *to, int room, int writing, void *wanted)
{
    (void)to, (void)room, (void)writing;
    *(bool *)wanted = true;
    return -1;
}

EVP_PKEY *tls_pem_key(const struct pem_file *file, struct diag *d)
{
    bool encrypted = false;
    BIO *bytes = open_bytes(file);
    EVP_PKEY *key = bytes ? PEM_read_bio_PrivateKey(bytes, NULL, on_passphrase, &encrypted) : NULL;
    struct text mark = TEXT("PRIVATE KEY-----");
    bool none = !memmem(file->bytes.at, file->bytes.len, mark.at, mark.len);

    BIO_free(bytes);
    if (key || none || encrypted)
        ERR_clear_error();
    if (key)
        return key;
    if (encrypted) {
        tls_pem_refuse(file, d, "holds a key that is encrypted");
        diag_hint(d,
                  "decrypt it: openssl pkey -in ENCRYPTED -out PLAIN, and let nobody else read it");
    } else {
        tls_pem_refuse(file, d,
                       none ? "holds no private key in PEM" : "holds a key that can't be read");
    }
    return NULL;
}

bool tls_pem_belong(const struct pem_file *file, STACK_OF(X509) * chain,
                    const struct pem_file *key_file, EVP_PKEY *key, struct diag *d)
{
    if (X509_check_private_key(sk_X509_value(chain, 0), key) == 1)
        return true;
    ERR_clear_error();
    diag_error(d, key_file->where, "bad-certificate",
               "%.*s is not the key of the certificate in %.*s", TEXT_ARG(key_file->path),
               TEXT_ARG(file->path));
    return false;
}
