#include "cli/request.h"

#include "base/buf.h"
#include "http/head.h"

#include <stdio.h>

enum { ALLOW_BYTES_MAX = 256 };

void cli_request_target(struct text target, struct cli_request *request_out)
{
    size_t mark = text_find(target, '?');

    request_out->path = text_of(target.at, mark);
    request_out->query = mark < target.len ? text_from_offset(target, mark + 1) : (struct text){0};
}

bool cli_request_parse(struct text line, struct cli_request *request_out)
{
    size_t space = text_find(line, ' ');

    if (space == line.len || !http_method_find(text_of(line.at, space), &request_out->method))
        return false;
    cli_request_target(text_trim(text_from_offset(line, space)), request_out);
    return request_out->path.len > 0 && request_out->path.at[0] == '/';
}

static void tell_allow(const struct route *route, const char *command)
{
    struct buf allow;

    buf_init(&allow, ALLOW_BYTES_MAX);
    route_allow(route, &allow);
    fprintf(stderr, "dpgw %s: 405, %.*s takes %.*s only\n", command, TEXT_ARG(route->client),
            TEXT_ARG(buf_text(&allow)));
    buf_fini(&allow);
}

const struct route *cli_request_route(const struct mapping *m, const struct cli_request *request,
                                      const char *command)
{
    const struct route *route = NULL;

    if (!http_path_safe(request->path)) {
        fprintf(stderr, "dpgw %s: 400, the path holds a dot segment or an unsafe escape\n",
                command);
        return NULL;
    }
    switch (mapping_route(m, request->method, request->path, &route)) {
    case ROUTE_FOUND:
        return route;
    case ROUTE_NO_METHOD:
        tell_allow(route, command);
        return NULL;
    case ROUTE_NOT_FOUND:
        break;
    }
    fprintf(stderr, "dpgw %s: 404, no route serves %.*s\n", command, TEXT_ARG(request->path));
    return NULL;
}
