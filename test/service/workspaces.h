/*
 * workspaces.h - the workspaces of an account: create, list, get, change, delete
 */
#ifndef SERVICE_WORKSPACES_H
#define SERVICE_WORKSPACES_H

#include "request.h"

/* GET lists, POST creates. */
enum MHD_Result workspaces_collection(struct request *r);

/* GET, PATCH, DELETE one. */
enum MHD_Result workspaces_item(struct request *r);

/* Answers 404 for the item at DEPTH of R's place (2: the workspace itself). */
enum MHD_Result workspaces_missing(struct request *r, size_t depth);

/* Sets the members of FROM in TO, but for those the service itself gives. */
void workspaces_merge(json_t *to, json_t *from);

/* Sets updatedAt, and createdAt if there is none. */
void workspaces_stamp(const struct ids *ids, json_t *item);

#endif
