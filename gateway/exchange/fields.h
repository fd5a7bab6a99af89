/*
 * fields.h - lists of fields on their way; for the files fields*.c only
 *
 * A list is made for one head, with room for what the gateway adds; it fails
 * stickily where memory runs out.  Texts that were changed live in the
 * exchange's arena.
 */
#ifndef EXCHANGE_FIELDS_H
#define EXCHANGE_FIELDS_H

#include "exchange/life.h"

enum { FIELDS_VALUE_MAX = 128 * 1024 }; /* bytes of a value that the gateway makes */

struct field_list {
    struct exchange *ex;
    struct http_field *at;
    size_t count;
    bool failed;
};

/* A set of names, each in lower case. */
struct name_set {
    const struct text *at;
    size_t count;
};

#define FIELD_NAME(name)                                                                           \
    {                                                                                              \
        name, sizeof(name) - 1                                                                     \
    }

#define FIELD_NAMES(...)                                                                           \
    {                                                                                              \
        (const struct text[]){__VA_ARGS__},                                                        \
            sizeof((const struct text[]){__VA_ARGS__}) / sizeof(struct text)                       \
    }

/* Digests of a body: untrue of one that was changed (RFC 9530, 2 and 3; RFC 2616, 14.15). */
extern const struct name_set fields_digests;

/* True if SET holds NAME (any case). */
bool fields_in(struct name_set set, struct text name);

/* An empty list for EX with room for COUNT fields and those that are added. */
struct field_list fields_list(struct exchange *ex, size_t count);

/* Adds a field; an absent VALUE stands for memory that was not there. */
void fields_add(struct field_list *list, struct text name, struct text value);

/* Gives the list to FIELDS_OUT.  False if it failed. */
bool fields_done(const struct field_list *list, struct http_fields *fields_out);

/* A copy in EX's arena of what TO holds, and TO is freed; absent if either had no memory. */
struct text fields_keep(struct exchange *ex, struct buf *to);

/* True if bodies of EX's route are translated where their type is one of those. */
bool fields_auto(const struct exchange *ex);

/*
 * Adds FIELD in direction D under the name it is mapped to, with VALUE, or,
 * if that is a list of field names, with those mapped too.
 */
void fields_add_mapped(struct field_list *list, enum direction d, const struct http_field *field,
                       struct text value);

#endif
