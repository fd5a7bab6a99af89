/*
 * path.h - a request target taken apart
 *
 * Segments are cut at "/" first and percent-decoded afterwards, so that an
 * id may hold a slash.  Query names and values are decoded too.
 */
#ifndef SERVICE_PATH_H
#define SERVICE_PATH_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum { PATH_SEGMENTS_MAX = 64 };

struct path {
    char *at[PATH_SEGMENTS_MAX]; /* decoded, in TEXT */
    size_t count;
    json_t *query; /* name -> value; of several values the first counts */
    char *text;
};

/* Takes TARGET apart.  False: too deep, not UTF-8, a bad escape, or no memory. */
bool path_init(struct path *p, const char *target);

/* Gives back what path_init took; a path of zeroes is fine. */
void path_fini(struct path *p);

/* The value of query parameter NAME, NULL if there is none. */
const char *path_query(const struct path *p, const char *name);

#endif
