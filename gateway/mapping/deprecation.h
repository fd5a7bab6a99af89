/*
 * deprecation.h - what is announced about paths that are to go away
 *
 * Since when they are deprecated, when they end, what takes their place, and
 * the windows in which they are switched off beforehand so that whoever still
 * calls them notices.  Days and windows are as the mapping file has them; the
 * values of the fields that tell clients (RFC 9745, RFC 8594) are made once.
 * Nothing ends by itself: a day that has come changes no reply.
 */
#ifndef MAPPING_DEPRECATION_H
#define MAPPING_DEPRECATION_H

#include "base/diag.h"
#include "base/text.h"

enum { DEPRECATION_BROWNOUTS_MAX = 100 }; /* of one entry */

/* One announced thing. */
struct announced {
    struct text text;   /* as it is written, but for what FIELD says; absent: not announced */
    struct text field;  /* of a day: the value of its header field */
    int64_t at;         /* of a day: its first second, since the epoch */
    struct where where; /* the line that says so */
};

/* FROM is within the window, TO is not; seconds since the epoch. */
struct brownout {
    int64_t from, to;
    struct where where;
};

struct deprecation {
    struct announced since;
    struct announced sunset;    /* or absent, like the two below */
    struct announced successor; /* the template of the paths that take over */
    struct announced caller;    /* the request field that names the client */
    const struct brownout *brownouts;
    size_t brownout_count;
};

/* The window of D that is open at NOW, in seconds since the epoch, or NULL. */
const struct brownout *deprecation_brownout(const struct deprecation *d, int64_t now);

#endif
