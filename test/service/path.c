#include "path.h"

#include <stdlib.h>
#include <string.h>

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Decodes TEXT where it stands.  False on a bad escape or a zero byte. */
static bool decode(char *text, bool plus_is_space)
{
    char *to = text;

    for (const char *from = text; *from != '\0'; from++) {
        if (*from == '%') {
            int high = hex_value(from[1]);
            int low = high < 0 ? -1 : hex_value(from[2]);
            if (low < 0 || (high == 0 && low == 0))
                return false;
            *to++ = (char)(high * 16 + low);
            from += 2;
        } else {
            *to++ = plus_is_space && *from == '+' ? ' ' : *from;
        }
    }
    *to = '\0';
    return true;
}

static bool is_utf8(const char *text)
{
    json_t *string = json_string(text);

    json_decref(string);
    return string != NULL;
}

/* Takes one "name=value".  False if it can't be decoded. */
static bool take_parameter(struct path *p, char *parameter)
{
    char *value = strchr(parameter, '=');

    if (value != NULL)
        *value++ = '\0';
    if (!decode(parameter, true) || (value != NULL && !decode(value, true)))
        return false;
    if (!is_utf8(parameter) || json_object_get(p->query, parameter) != NULL)
        return is_utf8(parameter);
    return json_object_set_new(p->query, parameter, json_string(value == NULL ? "" : value)) == 0;
}

static bool take_query(struct path *p, char *query)
{
    while (query != NULL) {
        char *parameter = strsep(&query, "&");
        if (*parameter != '\0' && !take_parameter(p, parameter))
            return false;
    }
    return true;
}

bool path_init(struct path *p, const char *target)
{
    *p = (struct path){.query = json_object(), .text = strdup(target)};
    if (p->query == NULL || p->text == NULL || p->text[0] != '/')
        return false;

    char *query = strchr(p->text, '?');
    if (query != NULL)
        *query++ = '\0';
    for (char *rest = p->text + 1; rest != NULL;) {
        char *segment = strsep(&rest, "/");
        if (p->count == PATH_SEGMENTS_MAX || !decode(segment, false) || !is_utf8(segment))
            return false;
        p->at[p->count++] = segment;
    }
    return take_query(p, query);
}

void path_fini(struct path *p)
{
    json_decref(p->query);
    free(p->text);
    *p = (struct path){0};
}

const char *path_query(const struct path *p, const char *name)
{
    return json_string_value(json_object_get(p->query, name));
}
