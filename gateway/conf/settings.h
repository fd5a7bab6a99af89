/*
 * settings.h - how the process runs: every setting, its default, its source
 *
 * A setting is taken from --set, else DPGW_KEY in the environment, else the
 * file, else its default.  SETTINGS is the one list: parser, `check --print`,
 * README and schema follow it.
 */
#ifndef CONF_SETTINGS_H
#define CONF_SETTINGS_H

#include "base/diag.h"
#include "base/log.h"
#include "base/text.h"

enum { SETTINGS_LISTEN_MAX = 8 };

struct settings {
    struct text listen[SETTINGS_LISTEN_MAX];
    size_t listen_count;
    struct text admin;        /* absent: no admin listener */
    struct text upstream_url; /* scheme and authority, no path */
    struct text mapping_file; /* as resolved against the settings file's folder */
    unsigned workers;         /* "auto": one per core this process may use */
    enum log_level log_level;
    enum log_format log_format;
    struct {
        /* bytes unless the name says otherwise; UINT64_MAX: unlimited */
        uint64_t request_line, request_head, request_fields;
        uint64_t body_json, body_other, request_buffer, reply_buffer;
        uint64_t chunk_line, trailers;
        uint64_t json_depth, json_number, json_value;
        uint64_t response_head, response_fields;
        uint64_t connections, requests_per_connection, exchanges, upstream_connections;
        uint64_t buffer_high, buffer_low;
    } limits;
    struct {
        /* milliseconds; 0: off */
        uint64_t request_head, request_body, reply, keep_alive;
        uint64_t upstream_connect, upstream_first_byte, upstream_between_bytes;
        uint64_t upstream_stream, upstream_idle;
        uint64_t half_close, exchange, drain;
    } timeouts;
};

#endif
