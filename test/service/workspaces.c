#include "workspaces.h"

#include "listing.h"
#include "replies.h"
#include "routes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void workspaces_stamp(const struct ids *ids, json_t *item)
{
    char now[IDS_TIME_SIZE];

    ids_now(ids, now);
    if (json_object_get(item, "createdAt") == NULL)
        json_object_set_new(item, "createdAt", json_string(now));
    json_object_set_new(item, "updatedAt", json_string(now));
}

void workspaces_merge(json_t *to, json_t *from)
{
    static const char *const ours[] = {"id",        "accountId", "workspaceId", "dataAssets",
                                       "createdAt", "updatedAt", NULL};
    const char *name;
    json_t *value;

    json_object_foreach(from, name, value)
    {
        bool given = true;
        for (size_t i = 0; ours[i] != NULL; i++)
            given = given && strcmp(ours[i], name) != 0;
        if (given)
            json_object_set(to, name, value);
    }
}

/* A new id of KIND as JSON. */
static json_t *new_id(struct request *r, const char *kind)
{
    char *id = ids_next(r->service->ids, kind);
    json_t *text = json_string(id);

    free(id);
    return text;
}

/*
 * The id that dataSourceId stands for: "default", or none, is the account's
 * own source, the same for all its workspaces.
 */
static json_t *data_source(struct request *r)
{
    json_t *given = json_object_get(r->members, "dataSourceId");
    char *const at[] = {"sources"};
    struct place sources = {.account = r->place.account, .at = at, .count = 1};
    struct store_walk walk;
    const char *id;

    if (json_is_string(given) && strcmp(json_string_value(given), "default") != 0)
        return json_incref(given);
    store_walk_init(&walk, r->service->store, sources);
    json_t *source = store_walk_next(&walk, &id);
    if (source != NULL)
        return json_incref(source);
    source = new_id(r, "source");
    store_put(r->service->store, sources, json_string_value(source), json_incref(source));
    return source;
}

static json_t *make_workspace(struct request *r)
{
    json_t *given = r->members;
    json_t *w = json_object();
    json_t *external = json_object_get(given, "externalWorkspaceId");
    json_t *description = json_object_get(given, "description");

    json_object_set_new(w, "id", new_id(r, "workspace"));
    json_object_set_new(w, "accountId", json_string(r->place.account));
    json_object_set(w, "name", json_object_get(given, "name"));
    json_object_set(w, "description", description != NULL ? description : json_null());
    json_object_set_new(w, "dataSourceId", data_source(r));
    json_object_set_new(w, "externalWorkspaceId",
                        external != NULL ? json_incref(external) : new_id(r, "external"));

    json_t *rest = json_copy(given);
    json_object_del(rest, "dataSourceId");
    workspaces_merge(w, rest);
    json_decref(rest);
    workspaces_stamp(r->service->ids, w);
    return w;
}

/* The data assets at PLACE as a copy for a new workspace, NULL if there is none. */
static json_t *copy_assets(struct request *r, const char *source)
{
    char *const at[] = {"workspaces", (char *)source, "data-assets"};
    struct place place = {.account = r->place.account, .at = at, .count = 3};
    struct store_walk walk;
    const char *id;
    json_t *asset;
    json_t *assets = json_array();

    store_walk_init(&walk, r->service->store, place);
    while ((asset = store_walk_next(&walk, &id)) != NULL)
        json_array_append(assets, asset);
    return assets;
}

/*
 * Stores the data assets that the request gives, or those of the workspace
 * it clones, and returns them as the answer shows them.
 */
static json_t *make_assets(struct request *r, const char *workspace)
{
    char *const at[] = {"workspaces", (char *)workspace, "data-assets"};
    struct place place = {.account = r->place.account, .at = at, .count = 3};
    json_t *given = json_object_get(r->members, "dataAssets");
    const char *source = json_string_value(json_object_get(r->members, "sourceWorkspaceId"));
    json_t *from = given == NULL && source != NULL ? copy_assets(r, source) : json_incref(given);
    json_t *shown = json_array();
    size_t i;
    json_t *asset;

    json_array_foreach(from, i, asset)
    {
        json_t *made = json_object();
        json_object_set_new(made, "id", new_id(r, "asset"));
        json_object_set_new(made, "workspaceId", json_string(workspace));
        workspaces_merge(made, asset);
        json_t *brief = json_copy(made);
        json_object_del(brief, "externalId");
        json_array_append_new(shown, brief);
        store_put(r->service->store, place, json_string_value(json_object_get(made, "id")), made);
    }
    json_decref(from);
    return shown;
}

/* What is wrong with a new workspace: the name of the first bad member, or NULL. */
static const char *bad_member(json_t *given)
{
    static const char *const texts[] = {"description", "dataSourceId", "externalWorkspaceId",
                                        "sourceWorkspaceId", NULL};
    json_t *assets = json_object_get(given, "dataAssets");
    size_t index;
    json_t *asset;

    if (json_string_length(json_object_get(given, "name")) == 0)
        return "name";
    for (size_t i = 0; texts[i] != NULL; i++) {
        json_t *member = json_object_get(given, texts[i]);
        if (member != NULL && !json_is_string(member) && !json_is_null(member))
            return texts[i];
    }
    if (assets != NULL && !json_is_array(assets))
        return "dataAssets";
    json_array_foreach(assets, index, asset)
    {
        if (!json_is_object(asset))
            return "dataAssets";
    }
    return NULL;
}

static enum MHD_Result create(struct request *r)
{
    const char *bad = bad_member(r->members);

    if (bad != NULL)
        return reply_error(r->connection, REPLY_VALIDATION_FAILED,
                           "A member is missing or has the wrong type.",
                           json_pack("{s:s}", "field", bad));
    json_t *made = make_workspace(r);
    const char *id = json_string_value(json_object_get(made, "id"));
    if (id == NULL || !store_put(r->service->store, r->place, id, json_incref(made))) {
        json_decref(made);
        return reply_error(r->connection, REPLY_INTERNAL, "Out of memory.", NULL);
    }
    json_t *assets = make_assets(r, id);
    return reply_created(r->connection, "X-Workspace-Id", id,
                         json_pack("{s:o,s:o}", "workspace", made, "dataAssets", assets));
}

enum MHD_Result workspaces_collection(struct request *r)
{
    if (r->method == ROUTE_POST)
        return create(r);
    return listing_answer(r, "workspaces");
}

enum MHD_Result workspaces_missing(struct request *r, size_t depth)
{
    const char *id = r->place.at[depth - 1];
    char message[512];

    if (depth == 2) {
        snprintf(message, sizeof message, "Workspace %.256s not found", id);
        return reply_error(r->connection, REPLY_WORKSPACE_NOT_FOUND, message,
                           json_pack("{s:s}", "workspaceId", id));
    }
    return reply_error(r->connection, REPLY_RESOURCE_NOT_FOUND,
                       "This workspace has no such resource.",
                       json_pack("{s:s,s:s,s:s}", "workspaceId", r->place.at[1], "resource",
                                 r->place.at[depth - 2], "id", id));
}

enum MHD_Result workspaces_item(struct request *r)
{
    json_t *workspace = store_item(r->service->store, r->place);

    if (workspace == NULL)
        return workspaces_missing(r, 2);
    if (r->method == ROUTE_DELETE) {
        store_remove(r->service->store, r->place);
        return reply_empty(r->connection, NULL);
    }
    if (r->method == ROUTE_PATCH) {
        workspaces_merge(workspace, r->members);
        workspaces_stamp(r->service->ids, workspace);
    }
    return reply_data(r->connection, MHD_HTTP_OK, json_incref(workspace));
}
