#include "translate/translate.h"

enum media media_of(struct text content_type)
{
    struct text type = text_of(content_type.at, text_find(content_type, ';'));
    const struct text suffix = TEXT("+json");

    type = text_trim(type);
    if (text_eq_nocase(type, TEXT("application/json")))
        return MEDIA_JSON;
    if (type.len <= suffix.len || text_find(type, '/') == type.len)
        return MEDIA_OTHER;
    return text_eq_nocase(text_from_offset(type, type.len - suffix.len), suffix) ? MEDIA_JSON
                                                                                 : MEDIA_OTHER;
}
