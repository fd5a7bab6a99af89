#include "resources.h"

#include "listing.h"
#include "replies.h"
#include "routes.h"
#include "workspaces.h"

#include <stdlib.h>
#include <string.h>

/* The name that ids of the collection at PLACE are made under. */
static const char *kind_of(struct place place)
{
    const char *name = place.at[place.count - 1];

    return strcmp(name, "data-assets") == 0 ? "asset" : name;
}

/*
 * A new item ID (its reference is taken) of GIVEN's members, stored in the
 * collection at PLACE; borrowed.  NULL: no memory.
 */
static json_t *add(struct request *r, struct place place, json_t *id, json_t *given)
{
    json_t *item = json_object();

    json_object_set_new(item, "id", id);
    json_object_set_new(item, "workspaceId", json_string(place.at[1]));
    if (strcmp(place.at[2], "skills") == 0)
        json_object_set_new(item, "enabled", json_true());
    workspaces_merge(item, given);
    workspaces_stamp(r->service->ids, item);
    return store_put(r->service->store, place, json_string_value(id), item) ? item : NULL;
}

/* The same under an id of its own. */
static json_t *add_new(struct request *r, struct place place, json_t *given)
{
    char *id = ids_next(r->service->ids, kind_of(place));
    json_t *text = json_string(id);

    free(id);
    return text == NULL ? NULL : add(r, place, text, given);
}

static enum MHD_Result answer_item(struct request *r, unsigned status, json_t *item)
{
    if (item == NULL)
        return reply_error(r->connection, REPLY_INTERNAL, "Out of memory.", NULL);
    return reply_data(r->connection, status, json_incref(item));
}

/* Changes the items that GIVEN, an array, names by id, and adds the others. */
static enum MHD_Result change_several(struct request *r, const char *name)
{
    char *wrapper = listing_wrapper(name);
    json_t *given = wrapper == NULL ? NULL : json_object_get(r->members, wrapper);
    size_t i;
    json_t *entry;

    if (!json_is_array(given)) {
        json_t *details = json_pack("{s:s*}", "field", wrapper);
        free(wrapper);
        return reply_error(r->connection, REPLY_VALIDATION_FAILED,
                           "The body must hold an array of that name.", details);
    }
    free(wrapper);
    json_array_foreach(given, i, entry)
    {
        const char *id = json_string_value(json_object_get(entry, "id"));
        char *at[PATH_SEGMENTS_MAX + 1];
        memcpy(at, r->place.at, r->place.count * sizeof at[0]);
        at[r->place.count] = (char *)id;
        struct place place = {r->place.account, at, r->place.count + 1};
        json_t *item = id == NULL ? NULL : store_item(r->service->store, place);
        if (item == NULL && id != NULL)
            add(r, r->place, json_string(id), entry);
        else if (item == NULL)
            add_new(r, r->place, entry);
        else
            workspaces_merge(item, entry);
    }
    return listing_answer(r, name);
}

static enum MHD_Result answer_collection(struct request *r)
{
    const char *name = r->place.at[r->place.count - 1];

    switch (r->method) {
    case ROUTE_GET:
        return listing_answer(r, name);
    case ROUTE_PATCH:
        return change_several(r, name);
    case ROUTE_DELETE:
        store_remove(r->service->store, r->place);
        return reply_empty(r->connection, NULL);
    default:
        return answer_item(r, MHD_HTTP_CREATED, add_new(r, r->place, r->members));
    }
}

static enum MHD_Result answer_one(struct request *r)
{
    struct place collection = {r->place.account, r->place.at, r->place.count - 1};
    json_t *item = store_item(r->service->store, r->place);

    switch (r->method) {
    case ROUTE_GET:
        return answer_item(r, MHD_HTTP_OK, item);
    case ROUTE_PATCH:
        workspaces_merge(item, r->members);
        workspaces_stamp(r->service->ids, item);
        return answer_item(r, MHD_HTTP_OK, item);
    case ROUTE_DELETE:
        store_remove(r->service->store, r->place);
        return reply_empty(r->connection, NULL);
    default:
        return answer_item(
            r, MHD_HTTP_OK,
            add(r, collection, json_string(r->place.at[r->place.count - 1]), r->members));
    }
}

/* Turns what an upload showed into the members of an item. */
static bool end_upload(struct request *r)
{
    const char *file = path_query(&r->path, "fileName");

    r->members = json_object();
    if (file != NULL)
        json_object_set_new(r->members, "fileName", json_string(file));
    return upload_end(r->upload, r->members);
}

enum MHD_Result resources_answer(struct request *r)
{
    bool is_item = r->place.count % 2 == 0;
    bool puts = is_item && (r->method == ROUTE_POST || r->method == ROUTE_PUT);
    struct place needed = r->place;

    needed.count -= puts ? 1 : 0;
    size_t missing = store_missing(r->service->store, needed);
    if (missing != 0)
        return workspaces_missing(r, missing);
    if (r->upload != NULL && !end_upload(r))
        return reply_error(r->connection, REPLY_INVALID_MULTIPART,
                           "The multipart body is malformed.", NULL);
    return is_item ? answer_one(r) : answer_collection(r);
}
