/*
 * watch.h - names of the service that nobody has mapped
 *
 * A service gains names while the mapping stays what it was.  Globs say what
 * such a name looks like; names that may go out as they are stand in a list.
 * Whether a rule knows a name is the caller's question, asked first.
 *
 * Nearly every name that is looked at looks like none of them, so the parts
 * of a glob without wildcards are looked for before anything else.
 */
#ifndef MAPPING_WATCH_H
#define MAPPING_WATCH_H

#include "mapping/lookup.h"

enum { WATCH_NAME_MAX = 256 /* bytes; a longer name is not looked at */ };

/* "*" is any bytes, "?" is one character; letters of ASCII in either case. */
struct watch_glob {
    struct text written; /* in lower case */
    struct text core;    /* its longest stretch without wildcards */
    size_t shortest;     /* bytes of the shortest name it can match */
};

struct watch {
    struct watch_glob *globs;
    size_t count;
    size_t shortest;       /* bytes of the shortest name that any of them can match */
    struct lookup ignored; /* byte for byte */
};

/* GLOB, which is in lower case, made ready; its text is borrowed. */
struct watch_glob watch_glob(struct text glob);

/* True if a glob of W matches the decoded NAME, and it is not ignored. */
bool watch_matches(const struct watch *w, struct text name);

/* True if W looks out for the decoded NAME.  Most names are too short for it. */
static inline bool watch_sees(const struct watch *w, struct text name)
{
    return name.len >= w->shortest && watch_matches(w, name);
}

#endif
