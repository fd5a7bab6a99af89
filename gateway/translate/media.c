#include "translate/translate.h"

static const struct {
    struct text type;
    enum media media;
} types[] = {
#define ROW(type, media)                                                                           \
    {                                                                                              \
        {type, sizeof(type) - 1}, media                                                            \
    }
    ROW("application/json", MEDIA_JSON),
    ROW("text/event-stream", MEDIA_EVENT_STREAM),
    ROW("application/x-ndjson", MEDIA_RECORDS),
    ROW("application/ndjson", MEDIA_RECORDS),
    ROW("application/jsonl", MEDIA_RECORDS),
    ROW("application/x-jsonlines", MEDIA_RECORDS),
    ROW("application/json-seq", MEDIA_JSON_SEQ),
    ROW("application/x-www-form-urlencoded", MEDIA_FORM),
    ROW("multipart/form-data", MEDIA_MULTIPART),
#undef ROW
};

/* True if TYPE has the structured suffix of RFC 6839, 3.1. */
static bool has_json_suffix(struct text type)
{
    const struct text suffix = TEXT("+json");

    return type.len > suffix.len && text_find(type, '/') < type.len &&
           text_eq_nocase(text_from_offset(type, type.len - suffix.len), suffix);
}

enum media media_of(struct text content_type)
{
    struct text type = text_trim(text_of(content_type.at, text_find(content_type, ';')));

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (text_eq_nocase(type, types[i].type))
            return types[i].media;
    return has_json_suffix(type) ? MEDIA_JSON : MEDIA_OTHER;
}
