/*
 * order.h - items in the order, and with the members, that a query asks for
 *
 * A list of names is as in `sort=-createdAt,id`: cut at commas, a minus
 * before a name reverses its order.  Members that an item lacks come first.
 * It knows nothing of where the items lie.
 */
#ifndef SERVICE_ORDER_H
#define SERVICE_ORDER_H

#include <jansson.h>

/* ITEMS in the order of NAMES, equal ones as they were; a new array, NULL: no memory. */
json_t *order_items(json_t *items, const char *names);

/* A copy of ITEM with only the members in NAMES; NULL: no memory. */
json_t *order_members(json_t *item, const char *names);

#endif
