/*
 * routes.h - which paths and methods the service has
 *
 * /api/v1/accounts/{accountId}/workspaces, an item below it, and below that
 * the rows of one table.
 */
#ifndef SERVICE_ROUTES_H
#define SERVICE_ROUTES_H

#include "request.h"

enum route_method {
    ROUTE_GET = 1, /* HEAD too */
    ROUTE_POST = 2,
    ROUTE_PUT = 4,
    ROUTE_PATCH = 8,
    ROUTE_DELETE = 16
};

enum { ROUTE_ALLOW_SIZE = 64 };

struct route {
    const char *name; /* the segment below the workspace, NULL above */
    unsigned methods; /* of enum route_method */
    bool deep;        /* items below, collections below those, and so on */
    bool takes_files; /* POST is an upload */
    enum MHD_Result (*answer)(struct request *r);
};

/* METHOD's bit; 0 if the service has no such method. */
unsigned route_method(const char *method);

/* The route of PATH, its place to PLACE_OUT; NULL if there is none. */
const struct route *route_find(const struct path *path, struct place *place_out);

/* What ROUTE allows, as for an Allow field. */
void route_allow(const struct route *route, char allow_out[ROUTE_ALLOW_SIZE]);

#endif
