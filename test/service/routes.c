#include "routes.h"

#include "chat.h"
#include "resources.h"
#include "workspaces.h"

#include <stdio.h>
#include <string.h>

enum { GET = ROUTE_GET, POST = ROUTE_POST, PUT = ROUTE_PUT };
enum { PATCH = ROUTE_PATCH, DELETE = ROUTE_DELETE };

static const struct {
    const char *name;
    unsigned bit;
} methods[] = {
    {"GET", GET}, {"HEAD", GET}, {"POST", POST}, {"PUT", PUT}, {"PATCH", PATCH}, {"DELETE", DELETE},
};

static const struct route workspaces = {
    .methods = GET | POST,
    .answer = workspaces_collection,
};
static const struct route workspace = {
    .methods = GET | PATCH | DELETE,
    .answer = workspaces_item,
};
static const struct route chat = {.name = "chat", .methods = POST, .answer = chat_answer};
static const struct route chat_events = {.name = "chat", .methods = POST, .answer = chat_stream};

static const struct route below[] = {
    {"semantic-models", GET | POST | PATCH, true, false, resources_answer},
    {"verified-queries", GET | POST | DELETE, true, false, resources_answer},
    {"system-prompts", GET | POST | DELETE, true, false, resources_answer},
    {"front-page-configs", GET | POST | DELETE, true, false, resources_answer},
    {"data-assets", GET | PATCH, false, false, resources_answer},
    {"chat-threads", GET | POST | DELETE, true, false, resources_answer},
    {"skills", GET | PUT | POST | DELETE, true, false, resources_answer},
    {"unstructured-assets", GET | POST | PATCH | DELETE, true, true, resources_answer},
    {"users", GET | PATCH, false, false, resources_answer},
    {"compositions", GET | POST | DELETE, true, false, resources_answer},
};

unsigned route_method(const char *method)
{
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (strcmp(methods[i].name, method) == 0)
            return methods[i].bit;
    return 0;
}

static const struct route *find_below(struct place place)
{
    const char *name = place.at[2];

    if (strcmp(name, "chat") == 0) {
        if (place.count == 3)
            return &chat;
        return place.count == 4 && strcmp(place.at[3], "stream") == 0 ? &chat_events : NULL;
    }
    for (size_t i = 0; i < sizeof below / sizeof below[0]; i++)
        if (strcmp(below[i].name, name) == 0)
            return place.count == 3 || below[i].deep ? &below[i] : NULL;
    return NULL;
}

/* True if PATH begins as every path here does and has no empty segment. */
static bool is_ours(const struct path *path)
{
    static const char *const start[] = {"api", "v1", "accounts", NULL, "workspaces"};
    const size_t length = sizeof start / sizeof start[0];

    if (path->count < length)
        return false;
    for (size_t i = 0; i < path->count; i++)
        if (path->at[i][0] == '\0' ||
            (i < length && start[i] != NULL && strcmp(path->at[i], start[i]) != 0))
            return false;
    return true;
}

const struct route *route_find(const struct path *path, struct place *place_out)
{
    if (!is_ours(path))
        return NULL;
    *place_out = (struct place){
        .account = path->at[3],
        .at = path->at + 4,
        .count = path->count - 4,
    };
    if (place_out->count == 1)
        return &workspaces;
    if (place_out->count == 2)
        return &workspace;
    return find_below(*place_out);
}

void route_allow(const struct route *route, char allow_out[ROUTE_ALLOW_SIZE])
{
    int length = 0;

    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if ((route->methods & methods[i].bit) != 0)
            length += snprintf(allow_out + length, (size_t)(ROUTE_ALLOW_SIZE - length), "%s, ",
                               methods[i].name);
    snprintf(allow_out + length, (size_t)(ROUTE_ALLOW_SIZE - length), "OPTIONS");
}
