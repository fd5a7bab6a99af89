/*
 * openapi_outline.h - entries written into a YAML file, in the form of their surroundings
 *
 * Lines with indentation where the file has such, JSON between brackets where
 * it has that.  Writes to a buf, which fails stickily.
 */
#ifndef CLI_OPENAPI_OUTLINE_H
#define CLI_OPENAPI_OUTLINE_H

#include "base/buf.h"

enum { OUTLINE_DEPTH_MAX = 16 };

struct openapi_outline {
    struct buf *to;
    struct text newline;
    bool flow;
    size_t indent; /* spaces before entries of the outermost level, if not FLOW */
    size_t depth;
    bool begun[OUTLINE_DEPTH_MAX]; /* an entry stands before the next */
    bool dash;                     /* the next entry is the first of a list's element */
};

/* Opens the map, or the list, KEY, and closes what was opened last. */
void outline_map(struct openapi_outline *o, const char *key);
void outline_list(struct openapi_outline *o, const char *key);
void outline_end_map(struct openapi_outline *o);
void outline_end_list(struct openapi_outline *o);

/* An element of the open list: a map, which outline_end_map closes, or a string. */
void outline_element(struct openapi_outline *o);
void outline_string(struct openapi_outline *o, struct text value);

/* The member KEY: a string; what VALUE is in YAML and JSON alike; lines of text. */
void outline_text(struct openapi_outline *o, const char *key, struct text value);
void outline_raw(struct openapi_outline *o, const char *key, const char *value);
void outline_lines(struct openapi_outline *o, const char *key, struct text lines);

#endif
