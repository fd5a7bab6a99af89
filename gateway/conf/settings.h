/*
 * settings.h - how the process runs: every setting, its default, its limits
 *
 * A setting is taken from --set, else DPGW_KEY in the environment, else the
 * file, else its default.  SETTINGS is the one list: the readers, `check
 * --print`, README and the sample file follow it.
 *
 * Knows what a value must look like, not where it was written.
 */
#ifndef CONF_SETTINGS_H
#define CONF_SETTINGS_H

#include "base/diag.h"
#include "base/log.h"
#include "base/network.h"
#include "base/text.h"
#include "conf/account.h"
#include "conf/endpoint.h"

enum { ADDRESSES_MAX = 8, FILES_MAX = 16 };

/* Listening addresses, as written, and what is spoken on each. */
struct addresses {
    struct text at[ADDRESSES_MAX]; /* without their words */
    struct endpoint_way ways[ADDRESSES_MAX];
    size_t count;
};

enum { ENDPOINTS_OF_ONE_MAX = 32, SERVICES_MAX = 16, SERVICE_NAME_MAX = 32 };

/* Where one service is, as written: "http://host:port" or "unix:/path". */
struct endpoint_list {
    struct text at[ENDPOINTS_OF_ONE_MAX];
    size_t count;
};

/* Names of files, as resolved against the settings file's folder. */
struct files {
    struct text at[FILES_MAX];
    struct where where[FILES_MAX]; /* where each is named */
    size_t count;
};

/* What a client is asked for in a TLS handshake. */
enum settings_client_auth { CLIENT_AUTH_OFF, CLIENT_AUTH_OPTIONAL, CLIENT_AUTH_REQUIRE };

/* TLS with clients, on addresses with that word. */
struct settings_tls {
    struct files certificates, keys; /* the n-th key belongs to the n-th certificate */
    struct text client_ca;           /* absent: none */
    enum settings_client_auth client_auth;
    struct text client_subject_header; /* absent: none */
};

/* TLS with a service. */
struct settings_service_tls {
    struct text ca, certificate, key; /* absent: the system's, none, none */
    struct text server_name;          /* absent: the URL's host */
    bool verify;
};

/* Whose Host the service is sent. */
enum settings_host { HOST_UPSTREAM, HOST_CLIENT };

/* When the files are read again: also when they have changed, or only when asked. */
enum settings_reload { RELOAD_AUTO, RELOAD_SIGNAL };

/* The description of the API that is shown: the clients' half of it, or all. */
enum settings_document { DOCUMENT_DATA_PRODUCTS, DOCUMENT_COMBINED };
/* How one service is asked. */
struct upstream_settings {
    struct endpoint_list url;
    enum settings_host host;
    struct settings_service_tls tls;
    struct {
        uint64_t failures, share; /* in a row, 0: off; percent */
        uint64_t base, longest;   /* milliseconds */
    } ejection;
    struct {
        struct text path; /* absent: no checks */
        uint64_t interval, timeout;
        uint64_t healthy, unhealthy;
    } health;
    uint64_t max_connections, max_pending; /* 0: any number */
    uint64_t refresh;                      /* milliseconds */
};

struct settings {
    struct addresses listen, admin;
    struct text admin_token_file; /* absent: none */
    struct upstream_settings upstream;
    struct settings_tls tls;
    enum settings_reload reload;
    struct text mapping_file; /* as resolved against the settings file's folder */
    unsigned workers;         /* "auto": one per core this process may use */
    struct account user;      /* whom a process of root becomes */
    bool core_dumps;
    enum log_level log_level;
    enum log_format log_format;
    struct text log_file; /* absent: standard error */
    struct networks trusted_hops;
    struct {
        bool serve;
        enum settings_document document;
        struct text directory; /* "auto": where the program's own were installed */
    } docs;
    struct {
        /* bytes unless the name says otherwise; UINT64_MAX: unlimited */
        uint64_t request_line, request_head, request_fields;
        uint64_t body_json, body_other, request_buffer, reply_buffer;
        uint64_t chunk_line, trailers;
        uint64_t json_depth, json_number, json_value;
        uint64_t sse_event, record;
        uint64_t decoded_ratio; /* decoded bytes per coded byte */
        uint64_t response_head, response_fields;
        uint64_t connections, connections_per_client; /* 0: no limit of each client's */
        uint64_t requests_per_connection, exchanges, upstream_connections;
        uint64_t buffer_high, buffer_low;
        uint64_t memory; /* of the process; 0: no limit, SETTINGS_AUTO: the control group's */
    } limits;
    struct {
        /* milliseconds; 0: off */
        uint64_t request_head, request_body, reply, keep_alive;
        uint64_t request_rate; /* bytes a second */
        uint64_t upstream_connect, upstream_first_byte, upstream_between_bytes;
        uint64_t upstream_stream, upstream_idle;
        uint64_t half_close, tls_handshake, exchange, drain;
    } timeouts;
};

#define SETTINGS_KIB   UINT64_C(1024)
#define SETTINGS_MIB   (1024 * SETTINGS_KIB)
#define SETTINGS_GIB   (1024 * SETTINGS_MIB)
#define SETTINGS_DAY   UINT64_C(86400000)
#define SETTINGS_NOEND UINT64_MAX
#define SETTINGS_AUTO  UINT64_MAX /* to be found out */

/*
 * X(key, field, kind, default, minimum, maximum, what it is).  An empty
 * default: there is none.  A maximum of SETTINGS_NOEND lets `unlimited` be
 * said, a minimum of 0 for a time or a number lets `off` be said.
 */
/* clang-format off */
#define SETTINGS(X)                                                                                \
    X("listen", listen, LISTENERS, "0.0.0.0:8080", 0, 0,                                           \
      "where clients connect: host:port, unix:/path, or a list; with the words tls, proxy_protocol behind one") \
    X("admin", admin, ADDRESSES, "off", 0, 0,                                                      \
      "where operators and their tools ask; off, an address that clients can't reach, or a list")  \
    X("admin_token_file", admin_token_file, FILE, "none", 0, 0,                                        \
      "a file with the token that opens /-/ on admin addresses beyond this machine")               \
    X("upstream.url", upstream.url, URL, "", 0, 0,                                                 \
      "the Workspaces service: http://host:port, or a list of its endpoints")                      \
    X("upstream.host", upstream.host, HOST, "upstream", 0, 0,                                      \
      "whose Host goes up: upstream, that of the endpoint asked, or client")                       \
    X("upstream.ejection.failures", upstream.ejection.failures, NUMBER, "5", 0, 1000000,           \
      "failures in a row at which one of several endpoints is ejected for a while")                \
    X("upstream.ejection.base", upstream.ejection.base, TIME, "5s", 1, SETTINGS_DAY,               \
      "how long, the first time; twice as long if that is soon after the last")                    \
    X("upstream.ejection.longest", upstream.ejection.longest, TIME, "300s", 1, SETTINGS_DAY,       \
      "the longest that one is ejected")                                                           \
    X("upstream.ejection.share", upstream.ejection.share, NUMBER, "50", 1, 100,                    \
      "percent of the endpoints that may be ejected at once, one always may; if none is up all are asked") \
    X("upstream.health.path", upstream.health.path, FILE, "none", 0, 0,                            \
      "what each endpoint is asked for to see how it is: a path, or none")                         \
    X("upstream.health.interval", upstream.health.interval, TIME, "5s", 10, SETTINGS_DAY,          \
      "from the end of one check to the next")                                                     \
    X("upstream.health.timeout", upstream.health.timeout, TIME, "2s", 1, SETTINGS_DAY,             \
      "for a whole reply below 400; beyond it the check has failed")                               \
    X("upstream.health.healthy", upstream.health.healthy, NUMBER, "2", 1, 1000000,                 \
      "checks passed in a row that make an endpoint healthy again")                                \
    X("upstream.health.unhealthy", upstream.health.unhealthy, NUMBER, "3", 1, 1000000,             \
      "checks failed in a row that make it unhealthy")                                             \
    X("upstream.max_connections", upstream.max_connections, NUMBER, "off", 0, 1000000,             \
      "connections to it in use at once, one for each request; beyond it 503")                     \
    X("upstream.max_pending", upstream.max_pending, NUMBER, "off", 0, 1000000,                     \
      "of them not connected yet; beyond it 503")                                                  \
    X("upstream.refresh", upstream.refresh, TIME, "30s", 1000, SETTINGS_DAY,                       \
      "age at which a connection to a name is replaced, so that a new address is followed; whole seconds count") \
    X("upstream.tls.ca", upstream.tls.ca, FILE, "none", 0, 0,                                      \
      "a file with the authorities that may vouch for the service, in PEM; none: the system's")    \
    X("upstream.tls.certificate", upstream.tls.certificate, FILE, "none", 0, 0,                    \
      "a file with the gateway's own certificate for the service, in PEM")                         \
    X("upstream.tls.key", upstream.tls.key, FILE, "none", 0, 0,                                    \
      "a file with the key of that certificate, in PEM")                                           \
    X("upstream.tls.server_name", upstream.tls.server_name, NAME, "none", 0, 0,                    \
      "the name asked for and verified in place of the URL's host")                                \
    X("upstream.tls.verify", upstream.tls.verify, SWITCH, "on", 0, 0,                              \
      "off: whoever answers is taken for the service")                                             \
    X("tls.certificates", tls.certificates, FILES, "none", 0, 0,                                   \
      "files with a certificate each, and its chain, in PEM; the first where no name fits")        \
    X("tls.keys", tls.keys, FILES, "none", 0, 0,                                                   \
      "files with the keys of these certificates, in PEM, in the same order")                      \
    X("tls.client_ca", tls.client_ca, FILE, "none", 0, 0,                                          \
      "a file with the authorities that may vouch for clients, in PEM")                            \
    X("tls.client_auth", tls.client_auth, AUTH, "off", 0, 0,                                       \
      "a certificate of the client's: off, optional or require")                                   \
    X("tls.client_subject_header", tls.client_subject_header, FIELD, "X-Client-Subject", 0, 0,     \
      "the field that tells the service a verified client's subject; never taken from a client")   \
    X("mapping", mapping_file, FILE, "mapping.yaml", 0, 0,                                         \
      "the mapping file, relative to the settings file")                                           \
    X("reload", reload, RELOAD, "auto", 0, 0,                                                      \
      "when both files are read again: auto, as soon as they change, or signal, when asked")       \
    X("workers", workers, WORKERS, "auto", 1, 256,                                                 \
      "threads that serve; auto: one per core")                                                    \
    X("user", user, USER, "none", 0, 0,                                                            \
      "whom root becomes once all is open: none, name, name:group or uid:gid")                     \
    X("core_dumps", core_dumps, SWITCH, "off", 0, 0,                                               \
      "on: a crash leaves a core file, bodies and credentials in it")                              \
    X("trusted_hops", trusted_hops, NETWORKS, "none", 0, 0,                                        \
      "peers whose X-Forwarded fields are kept: none, 10.0.0.0/8, or a list")                      \
    X("docs.serve", docs.serve, SWITCH, "off", 0, 0,                                               \
      "true: /docs shows the API to whoever asks, /openapi.yaml and /openapi.json describe it")    \
    X("docs.document", docs.document, DOCUMENT, "data-products", 0, 0,                             \
      "what they describe: data-products, or combined, with the service's own half")               \
    X("docs.directory", docs.directory, FILE, "auto", 0, 0,                                        \
      "a folder with openapi/ and docs/ in it; auto: as installed")                                \
    X("log.level", log_level, LEVEL, "info", 0, 0,                                                 \
      "error, warn, info or debug")                                                                \
    X("log.format", log_format, FORMAT, "logfmt", 0, 0,                                            \
      "json or logfmt")                                                                            \
    X("log.file", log_file, FILE, "none", 0, 0,                                                    \
      "where the log goes; none: standard error; SIGUSR1 opens it anew")                           \
    X("limits.request_line", limits.request_line, SIZE, "8KiB", 64, SETTINGS_MIB,                  \
      "method, target and version; beyond it 414")                                                 \
    X("limits.request_head", limits.request_head, SIZE, "32KiB", 256, SETTINGS_MIB,                \
      "the whole request head; beyond it 431")                                                     \
    X("limits.request_fields", limits.request_fields, NUMBER, "100", 1, 10000,                      \
      "header fields of a request; beyond it 431")                                                 \
    X("limits.body_json", limits.body_json, SIZE, "16MiB", 1, SETTINGS_NOEND,                      \
      "a request body that is translated; beyond it 413")                                          \
    X("limits.body_other", limits.body_other, SIZE, "unlimited", 1, SETTINGS_NOEND,                \
      "any other request body; beyond it 413")                                                     \
    X("limits.request_buffer", limits.request_buffer, SIZE, "64KiB", 0, 16 * SETTINGS_MIB,         \
      "a request body up to this is held whole, a longer one streams")                             \
    X("limits.reply_buffer", limits.reply_buffer, SIZE, "16KiB", 0, 16 * SETTINGS_MIB,             \
      "a reply body up to this is held whole, a longer one streams")                               \
    X("limits.chunk_line", limits.chunk_line, SIZE, "4KiB", 16, SETTINGS_MIB,                      \
      "a chunk-size line with its extensions; beyond it 400")                                      \
    X("limits.trailers", limits.trailers, SIZE, "8KiB", 64, SETTINGS_MIB,                          \
      "the trailer section; beyond it 400")                                                        \
    X("limits.json_depth", limits.json_depth, NUMBER, "256", 1, 10000,                              \
      "open arrays and objects; beyond it 400 or 502")                                             \
    X("limits.json_number", limits.json_number, SIZE, "1KiB", 16, SETTINGS_MIB,                    \
      "one number; beyond it 400 or 502")                                                          \
    X("limits.json_value", limits.json_value, SIZE, "64KiB", 16, 16 * SETTINGS_MIB,                \
      "a string value held for a rule; a longer one passes untouched")                             \
    X("limits.sse_event", limits.sse_event, SIZE, "1MiB", 256, 64 * SETTINGS_MIB,                  \
      "one server-sent event held whole; a longer one streams")                                    \
    X("limits.record", limits.record, SIZE, "1MiB", 256, 64 * SETTINGS_MIB,                        \
      "one NDJSON or JSON Lines record held whole; a longer one streams")                          \
    X("limits.decoded_ratio", limits.decoded_ratio, NUMBER, "100", 1, 100000,                       \
      "decoded bytes per coded byte of a body, from 1 MiB; beyond it 413 or 502")                  \
    X("limits.response_head", limits.response_head, SIZE, "64KiB", 256, SETTINGS_MIB,              \
      "the whole head of an upstream reply; beyond it 502")                                        \
    X("limits.response_fields", limits.response_fields, NUMBER, "200", 1, 10000,                    \
      "header fields of an upstream reply; beyond it 502")                                         \
    X("limits.connections", limits.connections, NUMBER, "10000", 1, 1000000,                        \
      "client connections open at once; beyond it 503, or closed at accept")                       \
    X("limits.connections_per_client", limits.connections_per_client, NUMBER, "off", 0, 1000000,    \
      "those of one IPv4 address or IPv6 /64 network; likewise")                                   \
    X("limits.requests_per_connection", limits.requests_per_connection, NUMBER, "10000", 1,         \
      SETTINGS_NOEND, "requests on one connection before it closes")                               \
    X("limits.exchanges", limits.exchanges, NUMBER, "4096", 1, 1000000,                             \
      "requests in flight at once; beyond it 503")                                                 \
    X("limits.upstream_connections", limits.upstream_connections, NUMBER, "256", 1, 100000,         \
      "idle connections kept to the service, an even share by each worker")                        \
    X("limits.buffer_high", limits.buffer_high, SIZE, "256KiB", 4 * SETTINGS_KIB,                  \
      64 * SETTINGS_MIB, "bytes held for the slower side at which the other pauses")               \
    X("limits.buffer_low", limits.buffer_low, SIZE, "64KiB", 0, 64 * SETTINGS_MIB,                 \
      "bytes held at which it goes on; less than buffer_high")                                     \
    X("limits.memory", limits.memory, MEMORY, "auto", 16 * SETTINGS_MIB, 1024 * SETTINGS_GIB,      \
      "resident bytes: from 80% connections close after a reply, from 90% 503; auto: the cgroup's limit") \
    X("timeouts.request_head", timeouts.request_head, TIME, "10s", 1, SETTINGS_DAY,                \
      "from the first byte of a head to its empty line; beyond it 408; a PROXY header: closed")    \
    X("timeouts.request_body", timeouts.request_body, TIME, "30s", 1, SETTINGS_DAY,                \
      "a stall of the request body; beyond it 408")                                                \
    X("timeouts.request_rate", timeouts.request_rate, NUMBER, "100", 0, 1000000000,                 \
      "bytes a second of a request body, on average, once it has been read for 10s; below it 408") \
    X("timeouts.reply", timeouts.reply, TIME, "30s", 1, SETTINGS_DAY,                              \
      "a stall of a client that should read; beyond it a reset")                                   \
    X("timeouts.keep_alive", timeouts.keep_alive, TIME, "60s", 1, SETTINGS_DAY,                    \
      "an idle client connection; beyond it closed")                                               \
    X("timeouts.upstream_connect", timeouts.upstream_connect, TIME, "3s", 1, SETTINGS_DAY,         \
      "connecting to the service; beyond it 502")                                                  \
    X("timeouts.upstream_first_byte", timeouts.upstream_first_byte, TIME, "60s", 1, SETTINGS_DAY,  \
      "from the request's end to the reply's head; beyond it 504")                                 \
    X("timeouts.upstream_between_bytes", timeouts.upstream_between_bytes, TIME, "60s", 1,          \
      SETTINGS_DAY, "a stall of the reply; beyond it 504 or a cut reply")                          \
    X("timeouts.upstream_stream", timeouts.upstream_stream, TIME, "300s", 1, SETTINGS_DAY,         \
      "the same for an event stream")                                                              \
    X("timeouts.upstream_idle", timeouts.upstream_idle, TIME, "30s", 1, SETTINGS_DAY,              \
      "age at which an idle connection to the service is closed")                                  \
    X("timeouts.half_close", timeouts.half_close, TIME, "5s", 1, SETTINGS_DAY,                     \
      "a client that sends no more, and nothing else going on")                                    \
    X("timeouts.tls_handshake", timeouts.tls_handshake, TIME, "10s", 1, SETTINGS_DAY,              \
      "from accepting a TLS connection to the end of its handshake; beyond it closed")             \
    X("timeouts.exchange", timeouts.exchange, TIME, "off", 0, SETTINGS_DAY,                        \
      "a whole request and its reply; beyond it 504")                                              \
    X("timeouts.drain", timeouts.drain, TIME, "30s", 1, SETTINGS_DAY,                              \
      "from SIGTERM until what is left is closed")
/* clang-format on */

/* Keys of settings that a running gateway keeps as they were when it started. */
#define SETTINGS_FIXED(X)                                                                          \
    X("listen")                                                                                    \
    X("admin")                                                                                     \
    X("reload")                                                                                    \
    X("log.file")                                                                                  \
    X("workers")                                                                                   \
    X("user")                                                                                      \
    X("core_dumps")                                                                                \
    X("limits.connections")                                                                        \
    X("limits.connections_per_client")                                                             \
    X("limits.memory")                                                                             \
    X("limits.exchanges")                                                                          \
    X("limits.upstream_connections")

enum {
#define X(key, field, kind, standard, minimum, maximum, about) +1
    SETTINGS_COUNT = 0 SETTINGS(X)
#undef X
};

enum setting_kind {
    SETTING_LISTENERS,
    SETTING_ADDRESSES,
    SETTING_URL,
    SETTING_HOST,
    SETTING_RELOAD,
    SETTING_NETWORKS,
    SETTING_FILE,
    SETTING_FILES,
    SETTING_NAME,
    SETTING_FIELD,
    SETTING_AUTH,
    SETTING_WORKERS,
    SETTING_USER,
    SETTING_SWITCH,
    SETTING_DOCUMENT,
    SETTING_LEVEL,
    SETTING_FORMAT,
    SETTING_SIZE,
    SETTING_MEMORY,
    SETTING_NUMBER,
    SETTING_TIME
};

/* One row of SETTINGS. */
struct setting {
    const char *key;
    enum setting_kind kind;
    size_t offset; /* of its field in struct settings */
    const char *standard;
    uint64_t minimum, maximum;
    const char *about;
};

extern const struct setting settings_table[SETTINGS_COUNT];

/* The setting called KEY ("limits.json_depth"), or NULL. */
const struct setting *setting_find(struct text key);

/*
 * Reads VALUE as setting S into TO.  False, with a complaint about WHERE, if
 * it is not one.  TO then points into VALUE for texts.
 */
bool setting_read(const struct setting *s, struct text value, struct where where,
                  struct settings *to, struct diag *d);

/* True if setting S may be a list; its members are then read one by one. */
bool setting_is_list(const struct setting *s);

/* Empties the list that S is in TO. */
void setting_clear(const struct setting *s, struct settings *to);

/* Adds MEMBER to the list that S is in TO, as setting_read would. */
bool setting_add(const struct setting *s, struct text member, struct where where,
                 struct settings *to, struct diag *d);

/* Fills TO with all defaults. */
void settings_standard(struct settings *to);

#endif
