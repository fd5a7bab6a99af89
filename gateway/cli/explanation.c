#include "cli/explanation.h"

bool explain_translates(const struct route *route)
{
    return !route->passthrough && route->body != ROUTE_BODY_RAW;
}

struct explain_limits explain_limits(const struct explanation *e)
{
    const struct settings *s = &e->conf->settings;
    uint64_t ms = e->route->timeout_ms, bytes = e->route->max_body;

    return (struct explain_limits){
        .body_json = bytes ? bytes : s->limits.body_json,
        .body_other = bytes ? bytes : s->limits.body_other,
        .json_depth = s->limits.json_depth,
        .first_byte_ms = ms ? ms : s->timeouts.upstream_first_byte,
        .between_bytes_ms = ms ? ms : s->timeouts.upstream_between_bytes,
    };
}

const char *explain_kind(enum value_kind kind)
{
    switch (kind) {
    case VALUE_MAP:
        return "map";
    case VALUE_URL:
        return "rewrite url";
    case VALUE_WORDS:
        return "rewrite words";
    case VALUE_NAME:
        return "rewrite name";
    }
    return "";
}

const char *explain_policy(const struct rules *rules, enum direction direction)
{
    return rules_collisions(rules, direction) == COLLISION_REJECT ? "reject" : "keep";
}
