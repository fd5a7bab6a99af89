#include "translate/query.h"

#include "translate/form_name.h"

/* Appends VALUE, "=" and all, of the parameter NAME. */
static void add_value(const struct form_names *names, const struct form_name *name,
                      struct text value, struct buf *to)
{
    if (value.len == 0 || !form_names_lists(names, name)) {
        buf_add(to, value);
        return;
    }
    buf_add_byte(to, '=');
    form_names_list(names, text_from_offset(value, 1), to);
}

const struct pair *query_translate(const struct rules *rules, enum direction d, struct text query,
                                   enum collision_policy policy,
                                   const struct translate_watcher *watcher, struct buf *to)
{
    struct form_names names;

    form_names_init(&names, rules, d, REQUEST, SIZE_MAX);
    names.policy = policy;
    names.watcher = watcher;
    names.kind = UNMAPPED_QUERY;
    while (query.len) {
        struct text parameter = text_of(query.at, text_find(query, '&'));
        struct form_name name = {.coding = &form_urlencoded,
                                 .raw = text_of(parameter.at, text_find(parameter, '='))};

        if (form_names_take(&names, &name, to) != TRANSLATE_OK)
            break;
        add_value(&names, &name, text_from_offset(parameter, name.raw.len), to);
        query = text_from_offset(query, parameter.len);
        if (query.len) {
            buf_add_byte(to, '&');
            query = text_from_offset(query, 1);
        }
    }
    to->failed |= names.fault.code == TRANSLATE_NO_MEMORY;
    form_names_fini(&names);
    return names.conflict;
}
