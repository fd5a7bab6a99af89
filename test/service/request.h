/*
 * request.h - one request, from its target to the end of its body
 *
 * JSON bodies are gathered, up to a ceiling; uploads go to their digests as
 * they come.  When the body is complete the route's handler answers.
 */
#ifndef SERVICE_REQUEST_H
#define SERVICE_REQUEST_H

#include "ids.h"
#include "path.h"
#include "store.h"
#include "stream.h"
#include "upload.h"

#include <stdbool.h>

enum { REQUEST_BODY_MAX = 16 * 1024 * 1024 };

/* What all requests share. */
struct service {
    struct store *store;
    struct ids *ids;
    struct streams streams;
    size_t open;      /* requests under way */
    bool wants_token; /* any bearer token will do */
};

struct request {
    struct service *service;
    struct MHD_Connection *connection;
    unsigned method; /* one of enum route_method, 0 for any other */
    bool is_options;
    struct path path;
    bool path_good;
    struct place place;        /* of what the path names, if a route was found */
    const struct route *route; /* NULL: no such path */
    bool begun;                /* the head has been looked at */
    bool too_large;
    bool no_memory;
    char *body; /* gathered so far */
    size_t length;
    size_t room;
    struct upload *upload; /* instead of BODY */
    json_t *members;       /* the body once parsed: an object */
};

/* A request for TARGET.  NULL: no memory. */
struct request *request_new(struct service *service, const char *target);

/* Frees the request at *R and sets *R to NULL. */
void request_free(struct request **r);

/*
 * Takes what the library delivers: first the head alone, then pieces, then
 * LENGTH 0 for the end, when the answer is queued.
 */
enum MHD_Result request_go_on(struct request *r, struct MHD_Connection *connection,
                              const char *method, const char *piece, size_t *length);

#endif
