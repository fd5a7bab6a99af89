/*
 * resources.h - what stands below a workspace: collections and items, any depth
 *
 * In a collection GET lists, POST adds, PATCH changes or adds several,
 * DELETE empties.  On an item GET, PATCH and DELETE need it to exist; POST
 * and PUT put it there under the path's id, which is how a skill is enabled.
 */
#ifndef SERVICE_RESOURCES_H
#define SERVICE_RESOURCES_H

#include "request.h"

/* Answers for the collection or item at R's place. */
enum MHD_Result resources_answer(struct request *r);

#endif
