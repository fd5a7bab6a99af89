#include "server/limits.h"

#include "front/tls.h"
#include "server/admin.h"
#include "server/guests.h"

#include <sys/resource.h>

enum {
    RESERVED_DESCRIPTORS = 64,      /* log, admin, the server's own, what libraries open */
    WORKER_DESCRIPTORS = 16,        /* event base, mailbox, curl, reserve, resolver */
    PIECE_BYTES = 64 * 1024,        /* of one callback */
    RATE_FROM_MS = 10 * 1000,       /* of reading a body, from which request_rate counts */
    RATIO_FROM_BYTES = 1024 * 1024, /* decoded bytes from which decoded_ratio counts */
    EXPANSION = 6                   /* a piece's growth at worst: every byte an escape */
};

/* The share of COUNT that one of SHARE workers has, at least 1. */
static size_t part(uint64_t count, unsigned share)
{
    return count > SIZE_MAX - share ? SIZE_MAX : (size_t)((count + share - 1) / share);
}

struct front_limits limits_front(const struct settings *s)
{
    return (struct front_limits){
        .head = {.request_line = s->limits.request_line,
                 .head = s->limits.request_head,
                 .fields = s->limits.request_fields},
        .chunked = {.line = s->limits.chunk_line, .trailers = s->limits.trailers},
        .buffer_high = s->limits.buffer_high,
        .buffer_low = s->limits.buffer_low,
        .requests_per_connection = s->limits.requests_per_connection,
        .request_head_ms = s->timeouts.request_head,
        .request_body_ms = s->timeouts.request_body,
        .request_rate = s->timeouts.request_rate,
        .request_rate_ms = RATE_FROM_MS,
        .reply_ms = s->timeouts.reply,
        .keep_alive_ms = s->timeouts.keep_alive,
        .half_close_ms = s->timeouts.half_close,
        .tls_handshake_ms = s->timeouts.tls_handshake,
    };
}

struct upstream_limits limits_upstream(const struct settings *s, unsigned share)
{
    return (struct upstream_limits){
        .response_head = s->limits.response_head,
        .response_fields = s->limits.response_fields,
        .chunked = {.line = s->limits.chunk_line, .trailers = s->limits.trailers},
        .connections_kept = part(s->limits.upstream_connections, share),
        .connect_ms = s->timeouts.upstream_connect,
        .idle_ms = s->timeouts.upstream_idle,
        .tls_pending = tls_pending,
    };
}

/* The mark of TLS settings: that of all they hold. */
static uint64_t mark_of(const struct pool_tls *tls)
{
    const struct text all[] = {tls->ca, tls->certificate, tls->key, tls->server_name};
    uint64_t marks[sizeof all / sizeof all[0] + 1] = {tls->verify};

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        marks[i + 1] = all[i].at ? file_mark_of(all[i]) : 0;
    return file_mark_of(text_of((const char *)marks, sizeof marks)) | 1;
}

static struct pool_tls pool_tls(const struct settings_service_tls *s,
                                const struct service_tls_files *files)
{
    struct pool_tls tls = {.ca = files->ca.bytes,
                           .certificate = files->certificate.bytes,
                           .key = files->key.bytes,
                           .server_name = s->server_name,
                           .verify = s->verify};

    tls.mark = mark_of(&tls);
    return tls;
}

struct pool_settings limits_pool(const struct upstream_settings *s, struct text name,
                                 const struct service_tls_files *files)
{
    return (struct pool_settings){
        .name = name,
        .url = s->url.at,
        .url_count = s->url.count,
        .client_host = s->host == HOST_CLIENT,
        .tls = pool_tls(&s->tls, files),
        .ejection = {.failures = (unsigned)s->ejection.failures,
                     .base_ms = s->ejection.base,
                     .longest_ms = s->ejection.longest,
                     .share = (unsigned)s->ejection.share},
        .checking = {.path = s->health.path,
                     .interval_ms = s->health.interval,
                     .timeout_ms = s->health.timeout,
                     .healthy = (unsigned)s->health.healthy,
                     .unhealthy = (unsigned)s->health.unhealthy},
        .connections_max = s->max_connections,
        .pending_max = s->max_pending,
        .refresh_ms = s->refresh,
    };
}

struct exchange_limits limits_exchange(const struct settings *s)
{
    return (struct exchange_limits){
        .body_json = s->limits.body_json,
        .body_other = s->limits.body_other,
        .request_buffer = s->limits.request_buffer,
        .reply_buffer = s->limits.reply_buffer,
        .buffer_high = s->limits.buffer_high,
        .buffer_low = s->limits.buffer_low,
        .translate = {.json_depth = s->limits.json_depth,
                      .json_number = s->limits.json_number,
                      .json_value = s->limits.json_value,
                      .event = s->limits.sse_event,
                      .record = s->limits.record},
        .coding = {.ratio = s->limits.decoded_ratio, .ratio_from = RATIO_FROM_BYTES},
        .first_byte_ms = s->timeouts.upstream_first_byte,
        .between_bytes_ms = s->timeouts.upstream_between_bytes,
        .stream_ms = s->timeouts.upstream_stream,
        .exchange_ms = s->timeouts.exchange,
        .trusted_hops = s->trusted_hops,
        .subject_field = s->tls.client_subject_header,
    };
}

/* What translators of both directions hold until they see its end, and its translation. */
static uint64_t held_whole(const struct settings *s)
{
    uint64_t most = s->limits.json_value;

    most = s->limits.sse_event > most ? s->limits.sse_event : most;
    most = s->limits.record > most ? s->limits.record : most;
    return 2 * 2 * most;
}

uint64_t limits_worst_bytes(const struct settings *s)
{
    uint64_t pieces = 2 * (s->limits.buffer_high + PIECE_BYTES * EXPANSION) + held_whole(s);
    uint64_t unread = s->limits.buffer_high + s->limits.request_head + 2 * PIECE_BYTES;
    uint64_t transfer = 2 * (PIECE_BYTES + s->limits.response_head);
    uint64_t each = 2 * EXCHANGE_ARENA_BYTES + SIGHTINGS_BYTES + unread + pieces + transfer;

    return each > UINT64_MAX / s->limits.exchanges ? UINT64_MAX : s->limits.exchanges * each;
}

/* What is open whatever clients do, and what only waits for a refusal or asks for health. */
static uint64_t descriptors_besides(const struct settings *s)
{
    return RESERVED_DESCRIPTORS + s->workers * (WORKER_DESCRIPTORS + s->listen.count) +
           GUESTS_TURNED_AWAY_MAX +
           (s->admin.count ? ADMIN_CONNECTIONS_MAX + ADMIN_TURNED_AWAY_MAX : 0);
}

static uint64_t upstream_descriptors(const struct settings *s)
{
    return s->limits.exchanges + s->limits.upstream_connections;
}

uint64_t limits_descriptors(const struct settings *s)
{
    return descriptors_besides(s) + s->limits.connections + upstream_descriptors(s);
}

size_t limits_connections(const struct settings *s, uint64_t descriptors)
{
    uint64_t besides = descriptors_besides(s), upstream = upstream_descriptors(s);
    uint64_t spare = descriptors > besides ? descriptors - besides : 0;

    spare -= upstream < spare / 2 ? upstream : spare / 2;
    if (spare == 0)
        return 1;
    return spare < s->limits.connections ? spare : s->limits.connections;
}

uint64_t limits_raise_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return UINT64_MAX;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur;
}
