#include "http/accept.h"

/* True if the parameters PARAMETERS (behind the first ";") give a quality of 0. */
static bool is_refused(struct text parameters)
{
    while (parameters.len > 0) {
        size_t end = text_find(parameters, ';');
        struct text one = text_trim(text_of(parameters.at, end));

        parameters = text_from_offset(parameters, end < parameters.len ? end + 1 : end);
        if (one.len < 2 || (one.at[0] | 0x20) != 'q' || one.at[1] != '=')
            continue;
        for (size_t i = 2; i < one.len; i++)
            if (one.at[i] != '0' && one.at[i] != '.')
                return false;
        return true;
    }
    return false;
}

/* 1: MEMBER names CODING and takes it; -1: names and refuses it; 0: names another. */
static int verdict(struct text member, struct text coding)
{
    size_t end = text_find(member, ';');

    if (!text_eq_nocase(text_trim(text_of(member.at, end)), coding))
        return 0;
    return end < member.len && is_refused(text_from_offset(member, end + 1)) ? -1 : 1;
}

bool http_accepts_coding(const struct http_fields *fields, struct text coding)
{
    int named = 0, any = 0;

    for (size_t i = 0; i < fields->count; i++) {
        struct text list = fields->at[i].value, member;

        if (!text_eq_nocase(fields->at[i].name, TEXT("accept-encoding")))
            continue;
        while (http_list_next(&list, &member)) {
            named = named ? named : verdict(member, coding);
            any = any ? any : verdict(member, TEXT("*"));
        }
    }
    if (named)
        return named > 0;
    return any ? any > 0 : text_eq_nocase(coding, TEXT("identity"));
}
