#include "replies.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define REPLY_ROW(name, status, code) {status, code},
static const struct {
    unsigned status;
    const char *code;
} errors[] = {REPLY_ERRORS(REPLY_ROW)};
#undef REPLY_ROW

/* A header field that an answer has besides; NAME is NULL if there is none. */
struct field {
    const char *name;
    const char *value;
};

static bool add_field(struct MHD_Response *response, struct field field)
{
    return field.name == NULL ||
           MHD_add_response_header(response, field.name, field.value) == MHD_YES;
}

static enum MHD_Result send_json(struct MHD_Connection *to, unsigned status, json_t *body,
                                 struct field field)
{
    char *text = json_dumps(body, JSON_COMPACT);
    struct MHD_Response *response = NULL;
    enum MHD_Result result = MHD_NO;

    json_decref(body);
    if (text == NULL)
        return MHD_NO;
    response = MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE);
    if (response == NULL) {
        free(text);
        return MHD_NO;
    }
    if (add_field(response, (struct field){"Content-Type", "application/json"}) &&
        add_field(response, field))
        result = MHD_queue_response(to, status, response);
    MHD_destroy_response(response);
    return result;
}

enum MHD_Result reply_data(struct MHD_Connection *to, unsigned status, json_t *data)
{
    return send_json(to, status, json_pack("{s:b,s:o}", "ok", 1, "data", data), (struct field){0});
}

enum MHD_Result reply_created(struct MHD_Connection *to, const char *name, const char *id,
                              json_t *data)
{
    return send_json(to, MHD_HTTP_CREATED, json_pack("{s:b,s:o}", "ok", 1, "data", data),
                     (struct field){name, id});
}

static enum MHD_Result send_error(struct MHD_Connection *to, enum reply_error error,
                                  const char *message, json_t *details, struct field field)
{
    json_t *body =
        json_pack("{s:b,s:{s:s,s:s,s:o}}", "ok", 0, "error", "code", errors[error].code, "message",
                  message, "details", details != NULL ? details : json_object());

    return send_json(to, errors[error].status, body, field);
}

enum MHD_Result reply_error(struct MHD_Connection *to, enum reply_error error, const char *message,
                            json_t *details)
{
    return send_error(to, error, message, details, (struct field){0});
}

enum MHD_Result reply_not_allowed(struct MHD_Connection *to, const char *allow)
{
    return send_error(to, REPLY_METHOD_NOT_ALLOWED, "This method is not allowed here.", NULL,
                      (struct field){"Allow", allow});
}

enum MHD_Result reply_unauthorized(struct MHD_Connection *to)
{
    return send_error(to, REPLY_UNAUTHORIZED, "The access token is missing.", NULL,
                      (struct field){"WWW-Authenticate", "Bearer"});
}

enum MHD_Result reply_empty(struct MHD_Connection *to, const char *allow)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    enum MHD_Result result = MHD_NO;

    if (response == NULL)
        return MHD_NO;
    if (add_field(response, (struct field){allow == NULL ? NULL : "Allow", allow}))
        result = MHD_queue_response(to, MHD_HTTP_NO_CONTENT, response);
    MHD_destroy_response(response);
    return result;
}
