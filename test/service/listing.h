/*
 * listing.h - a collection as an answer, page by page
 *
 * {"count":n,"workspaces":[...]} with "nextCursor" if more follow.  A cursor
 * is whatever the last page gave; `limit` is 1 to 1000, 100 if not given;
 * `sort` and `fields` list members.  Other query parameters select items by a
 * member of that name.
 */
#ifndef SERVICE_LISTING_H
#define SERVICE_LISTING_H

#include "request.h"

/* Answers R with the collection at its place, wrapped as NAME ("chat-threads" as chatThreads). */
enum MHD_Result listing_answer(struct request *r, const char *name);

/* NAME in camel case, "semantic-models" as semanticModels, on the heap; NULL: no memory. */
char *listing_wrapper(const char *name);

#endif
