/*
 * tls_files.h - the files that settings of TLS name, as they were read
 *
 * They are read with the configuration, all of them, so that a configuration
 * stands for what its files held at one moment, whoever may read them later.
 *
 * Knows bytes: what they mean is told by whoever speaks TLS.
 */
#ifndef CONF_TLS_FILES_H
#define CONF_TLS_FILES_H

#include "conf/settings.h"

enum {
    TLS_FILE_BYTES_MAX = 1024 * 1024, /* of one file */
    TLS_FILES_MAX = 2 * FILES_MAX + 4
};

/* One file; absent bytes: none is named. */
struct pem_file {
    struct text path; /* as resolved */
    struct text bytes;
    struct where where; /* where it is named */
};

/* For listeners: COUNT certificates, each with its key. */
struct tls_files {
    struct pem_file certificates[FILES_MAX], keys[FILES_MAX];
    size_t count;
    struct pem_file client_ca;
    enum settings_client_auth client_auth;
};

/* For connections to a service. */
struct service_tls_files {
    struct pem_file ca, certificate, key;
};

#endif
