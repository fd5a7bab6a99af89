#include "order.h"

#include <stdlib.h>
#include <string.h>

struct ranked {
    json_t *item;
    size_t rank; /* where it was */
};

/* Takes the next name off the list at *NAMES: its first byte, NULL at the end. */
static const char *next_name(const char **names, size_t *length_out)
{
    const char *name = *names;

    if (name == NULL)
        return NULL;
    *length_out = strcspn(name, ",");
    *names = name[*length_out] == ',' ? name + *length_out + 1 : NULL;
    return name;
}

static int compare_values(json_t *a, json_t *b)
{
    if (json_is_string(a) && json_is_string(b))
        return strcmp(json_string_value(a), json_string_value(b));
    if (json_is_number(a) && json_is_number(b)) {
        double left = json_number_value(a);
        double right = json_number_value(b);
        return (left > right) - (left < right);
    }
    return (a != NULL) - (b != NULL);
}

static int compare_items(const void *a, const void *b, void *list)
{
    const struct ranked *left = a;
    const struct ranked *right = b;
    const char *names = list;
    const char *name;
    size_t length = 0;

    while ((name = next_name(&names, &length)) != NULL) {
        size_t sign = length > 0 && (*name == '-' || *name == '+') ? 1 : 0;
        int order = compare_values(json_object_getn(left->item, name + sign, length - sign),
                                   json_object_getn(right->item, name + sign, length - sign));
        if (order != 0)
            return sign == 1 && *name == '-' ? -order : order;
    }
    return (left->rank > right->rank) - (left->rank < right->rank);
}

json_t *order_items(json_t *items, const char *names)
{
    size_t count = json_array_size(items);
    struct ranked *ranked = calloc(count + 1, sizeof *ranked);
    json_t *ordered = json_array();

    if (ranked == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++)
        ranked[i] = (struct ranked){.item = json_array_get(items, i), .rank = i};
    qsort_r(ranked, count, sizeof *ranked, compare_items, (void *)names);
    for (size_t i = 0; i < count; i++)
        json_array_append(ordered, ranked[i].item);
    free(ranked);
    return ordered;
}

json_t *order_members(json_t *item, const char *names)
{
    json_t *few = json_object();
    const char *name;
    size_t length = 0;

    while ((name = next_name(&names, &length)) != NULL)
        json_object_setn(few, name, length, json_object_getn(item, name, length));
    return few;
}
