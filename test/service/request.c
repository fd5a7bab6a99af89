#include "request.h"

#include "replies.h"
#include "routes.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct request *request_new(struct service *service, const char *target)
{
    struct request *r = calloc(1, sizeof *r);

    if (r == NULL)
        return NULL;
    r->service = service;
    r->path_good = path_init(&r->path, target);
    if (r->path_good)
        r->route = route_find(&r->path, &r->place);
    service->open++;
    return r;
}

void request_free(struct request **r)
{
    (*r)->service->open--;
    upload_free(&(*r)->upload);
    json_decref((*r)->members);
    free((*r)->body);
    path_fini(&(*r)->path);
    free(*r);
    *r = NULL;
}

static void begin(struct request *r, const char *method)
{
    r->begun = true;
    r->method = route_method(method);
    r->is_options = strcmp(method, "OPTIONS") == 0;
    if (r->route != NULL && r->route->takes_files && r->method == ROUTE_POST) {
        r->upload = upload_new(r->connection);
        r->no_memory = r->upload == NULL;
    }
}

/* Makes room for LENGTH more bytes.  False: too many, or no memory. */
static bool make_room(struct request *r, size_t length)
{
    size_t room = r->room == 0 ? 4096 : r->room;

    if (length > REQUEST_BODY_MAX - r->length) {
        r->too_large = true;
        return false;
    }
    while (room < r->length + length)
        room *= 2;
    if (room == r->room)
        return true;

    char *body = realloc(r->body, room);
    if (body == NULL) {
        r->no_memory = true;
        return false;
    }
    r->body = body;
    r->room = room;
    return true;
}

static void take_piece(struct request *r, const char *piece, size_t length)
{
    if (r->upload != NULL) {
        upload_piece(r->upload, piece, length);
    } else if (!r->too_large && !r->no_memory && make_room(r, length)) {
        memcpy(r->body + r->length, piece, length);
        r->length += length;
    }
}

static bool is_json(const char *type)
{
    size_t length = type == NULL ? 0 : strcspn(type, "; \t");

    if (length == 16 && strncasecmp(type, "application/json", 16) == 0)
        return true;
    return length > 5 && strncasecmp(type + length - 5, "+json", 5) == 0;
}

static enum MHD_Result refuse_json(struct request *r, const json_error_t *error)
{
    return reply_error(r->connection, REPLY_INVALID_JSON, "The body is not valid JSON.",
                       json_pack("{s:i,s:i,s:i}", "offset", error->position, "line", error->line,
                                 "column", error->column));
}

/* Parses the body, an empty one as {}, and lets the route answer. */
static enum MHD_Result answer_with_members(struct request *r)
{
    const char *type = MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, "Content-Type");
    json_error_t error;

    if (r->length == 0) {
        r->members = json_object();
    } else {
        if (!is_json(type))
            return reply_error(r->connection, REPLY_UNSUPPORTED_MEDIA_TYPE,
                               "The body must be application/json.", NULL);
        r->members = json_loadb(r->body, r->length, JSON_DECODE_ANY, &error);
        if (r->members == NULL)
            return refuse_json(r, &error);
    }
    if (!json_is_object(r->members))
        return reply_error(r->connection, REPLY_VALIDATION_FAILED,
                           "The body must be a JSON object.", NULL);
    return r->route->answer(r);
}

static bool has_token(struct request *r)
{
    const char *given =
        MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, "Authorization");

    return given != NULL && strncasecmp(given, "Bearer ", 7) == 0 && given[7] != '\0';
}

static enum MHD_Result answer(struct request *r)
{
    char allow[ROUTE_ALLOW_SIZE];

    if (r->service->wants_token && !has_token(r))
        return reply_unauthorized(r->connection);
    if (!r->path_good)
        return reply_error(r->connection, REPLY_BAD_REQUEST, "The path can't be read.", NULL);
    if (r->route == NULL)
        return reply_error(r->connection, REPLY_PATH_NOT_FOUND, "Nothing is at this path.", NULL);
    route_allow(r->route, allow);
    if (r->is_options)
        return reply_empty(r->connection, allow);
    if ((r->method & r->route->methods) == 0)
        return reply_not_allowed(r->connection, allow);
    if (r->too_large)
        return reply_error(r->connection, REPLY_BODY_TOO_LARGE, "The body is too large.",
                           json_pack("{s:i}", "limitBytes", REQUEST_BODY_MAX));
    if (r->no_memory)
        return reply_error(r->connection, REPLY_INTERNAL, "Out of memory.", NULL);
    if (r->upload != NULL || r->method == ROUTE_GET || r->method == ROUTE_DELETE)
        return r->route->answer(r);
    return answer_with_members(r);
}

enum MHD_Result request_go_on(struct request *r, struct MHD_Connection *connection,
                              const char *method, const char *piece, size_t *length)
{
    if (!r->begun) {
        r->connection = connection;
        begin(r, method);
        return MHD_YES;
    }
    if (*length > 0) {
        take_piece(r, piece, *length);
        *length = 0;
        return MHD_YES;
    }
    return answer(r);
}
