#include "listing.h"

#include "replies.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { LIMIT_DEFAULT = 100, LIMIT_MAX = 1000 };

char *listing_wrapper(const char *name)
{
    char *wrapper = strdup(name);
    char *to = wrapper;

    if (wrapper == NULL)
        return NULL;
    for (const char *from = name; *from != '\0'; from++) {
        if (*from == '-' && from[1] != '\0')
            *to++ = (char)toupper((unsigned char)*++from);
        else
            *to++ = *from;
    }
    *to = '\0';
    return wrapper;
}

/* The number of items a page may have, 0 if `limit` is wrong. */
static size_t limit_of(const struct request *r)
{
    const char *text = path_query(&r->path, "limit");
    char *end = NULL;

    if (text == NULL)
        return LIMIT_DEFAULT;
    errno = 0;
    long limit = strtol(text, &end, 10);
    return *end != '\0' || errno != 0 || limit < 1 || limit > LIMIT_MAX ? 0 : (size_t)limit;
}

/* True if every query parameter that names a member of ITEM has its value. */
static bool is_selected(const struct request *r, json_t *item)
{
    const char *name;
    json_t *wanted;

    json_object_foreach(r->path.query, name, wanted)
    {
        const char *field = strcmp(name, "workspaceId") == 0 && r->place.count == 1 ? "id" : name;
        json_t *member = json_object_get(item, field);
        if (json_is_string(member) && !json_equal(member, wanted))
            return false;
    }
    return true;
}

enum MHD_Result listing_answer(struct request *r, const char *name)
{
    size_t limit = limit_of(r);
    struct store_walk walk;
    const char *id = NULL;
    const char *last = NULL;
    json_t *item = NULL;

    if (limit == 0)
        return reply_error(r->connection, REPLY_VALIDATION_FAILED, "limit must be 1 to 1000.",
                           json_pack("{s:s}", "parameter", "limit"));
    if (!store_walk_init(&walk, r->service->store, r->place, path_query(&r->path, "cursor")))
        return reply_error(r->connection, REPLY_INVALID_CURSOR, "This cursor leads nowhere.",
                           json_pack("{s:s}", "parameter", "cursor"));

    json_t *items = json_array();
    while ((item = store_walk_next(&walk, &id)) != NULL) {
        if (!is_selected(r, item))
            continue;
        if (json_array_size(items) == limit)
            break;
        json_array_append(items, item);
        last = id;
    }

    json_t *page = json_object();
    char *wrapper = listing_wrapper(name);
    json_object_set_new(page, "count", json_integer((json_int_t)json_array_size(items)));
    if (wrapper == NULL || json_object_set_new(page, wrapper, items) != 0) {
        json_decref(page);
        page = NULL;
    } else if (item != NULL) {
        json_object_set_new(page, "nextCursor", json_string(last));
    }
    free(wrapper);
    return reply_data(r->connection, MHD_HTTP_OK, page);
}
