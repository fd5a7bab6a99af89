#include "listing.h"

#include "order.h"
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

/* Every item of the collection at R's place, in the order that R asks for; NULL: no memory. */
static json_t *all_items(struct request *r)
{
    const char *sort = path_query(&r->path, "sort");
    json_t *items = json_array();
    struct store_walk walk;
    const char *id = NULL;
    json_t *item;

    store_walk_init(&walk, r->service->store, r->place);
    while ((item = store_walk_next(&walk, &id)) != NULL)
        json_array_append(items, item);
    if (sort == NULL)
        return items;
    json_t *ordered = order_items(items, sort);
    json_decref(items);
    return ordered;
}

static bool has_id(json_t *item, const char *id)
{
    const char *own = json_string_value(json_object_get(item, "id"));

    return own != NULL && strcmp(own, id) == 0;
}

/* Where in ITEMS the page begins.  False: the cursor is no item's. */
static bool find_start(const struct request *r, json_t *items, size_t *start_out)
{
    const char *cursor = path_query(&r->path, "cursor");

    *start_out = 0;
    while (cursor != NULL && *start_out < json_array_size(items))
        if (has_id(json_array_get(items, (*start_out)++), cursor))
            return true;
    return cursor == NULL;
}

/* At most LIMIT of ITEMS from START on, as R asks for them, as an answer's data. */
static json_t *make_page(const struct request *r, const char *name, json_t *items, size_t start,
                         size_t limit)
{
    const char *fields = path_query(&r->path, "fields");
    char *wrapper = listing_wrapper(name);
    json_t *shown = json_array();
    json_t *last = NULL;
    bool more = false;

    for (size_t i = start; i < json_array_size(items) && !more; i++) {
        json_t *item = json_array_get(items, i);
        if (!is_selected(r, item))
            continue;
        if (json_array_size(shown) == limit) {
            more = true;
        } else {
            json_array_append_new(shown,
                                  fields == NULL ? json_incref(item) : order_members(item, fields));
            last = json_object_get(item, "id");
        }
    }
    json_t *page = json_object();
    json_object_set_new(page, "count", json_integer((json_int_t)json_array_size(shown)));
    json_object_set_new(page, wrapper, shown);
    if (more)
        json_object_set(page, "nextCursor", last);
    free(wrapper);
    return page;
}

enum MHD_Result listing_answer(struct request *r, const char *name)
{
    size_t limit = limit_of(r);
    size_t start = 0;

    if (limit == 0)
        return reply_error(r->connection, REPLY_VALIDATION_FAILED, "limit must be 1 to 1000.",
                           json_pack("{s:s}", "parameter", "limit"));
    json_t *items = all_items(r);
    json_t *page = find_start(r, items, &start) ? make_page(r, name, items, start, limit) : NULL;
    json_decref(items);
    if (page == NULL)
        return reply_error(r->connection, REPLY_INVALID_CURSOR, "This cursor leads nowhere.",
                           json_pack("{s:s}", "parameter", "cursor"));
    return reply_data(r->connection, MHD_HTTP_OK, page);
}
