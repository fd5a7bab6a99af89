#include "server/limits.h"

#include <sys/resource.h>

enum {
    RESERVED_DESCRIPTORS = 64,      /* log, admin, event bases, mailboxes, resolver */
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
    };
}

struct upstream_limits limits_upstream(const struct settings *s, unsigned share)
{
    return (struct upstream_limits){
        .url = s->upstream_url.at,
        .response_head = s->limits.response_head,
        .response_fields = s->limits.response_fields,
        .chunked = {.line = s->limits.chunk_line, .trailers = s->limits.trailers},
        .connections_kept = part(s->limits.upstream_connections, share),
        .connect_ms = s->timeouts.upstream_connect,
        .idle_ms = s->timeouts.upstream_idle,
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
        .client_host = s->upstream_host == HOST_CLIENT,
    };
}

uint64_t limits_worst_bytes(const struct settings *s)
{
    uint64_t each = EXCHANGE_ARENA_BYTES + 2 * s->limits.buffer_high + PIECE_BYTES * EXPANSION;

    return each > UINT64_MAX / s->limits.exchanges ? UINT64_MAX : s->limits.exchanges * each;
}

bool limits_descriptors(const struct settings *s, uint64_t *needed_out, uint64_t *there_are_out)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return true;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        getrlimit(RLIMIT_NOFILE, &limit);
    *needed_out = s->limits.connections + s->limits.exchanges + s->limits.upstream_connections +
                  RESERVED_DESCRIPTORS;
    *there_are_out = limit.rlim_cur;
    return *there_are_out >= *needed_out;
}
