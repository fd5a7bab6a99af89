/*
 * skeleton.h - a stretch of JSON without the insides of its strings
 *
 * A skeleton holds what yajl needs to judge a stretch of a text: structural
 * bytes, numbers, literals and white space, and every string as "" from its
 * opening quote on.  What cannot change the verdict is left out: a blank
 * behind another, and a digit behind another that is no leading zero; and the
 * digits 1 to 9 are all 1.  The table beside it knows where the n-th string really is.  Both are
 * bounded, so a long stretch takes several skeletons; a string may be of any length.
 */
#ifndef JSON_SKELETON_H
#define JSON_SKELETON_H

#include "base/text.h"
#include "json/string_scan.h"

enum { SKELETON_BYTES = 8192, SKELETON_STRINGS = 512 };

enum skeleton_stop {
    SKELETON_RAN_OUT,     /* all bytes are in, and the last string is closed */
    SKELETON_FULL,        /* there are more bytes */
    SKELETON_IN_STRING,   /* all bytes are in; the last string is open */
    SKELETON_BAD_STRING,  /* the last string broke at its end */
    SKELETON_FOREIGN_BYTE /* a byte that no JSON text has outside strings */
};

struct skeleton_string {
    const char *quote; /* the opening quote */
    const char *end;   /* the closing quote, or where the scan stopped */
    unsigned at;       /* where its "" is in the skeleton */
    bool escaped;      /* holds an escape */
};

struct skeleton {
    const char *begin; /* the first byte of the stretch */
    const char *end;   /* behind the last byte that is in */
    enum skeleton_stop stop;
    size_t len, count;
    char bytes[SKELETON_BYTES];
    struct skeleton_string strings[SKELETON_STRINGS];
};

/*
 * Makes S the skeleton of the bytes from AT, as far as they go, at most to
 * END.  SCAN is left inside a string that is open.  An atom (a number or a
 * literal) is left out if END or the bounds might cut it, or if it has more
 * than MOST_DIGITS digits in a row; so if S->end is AT, an atom begins there
 * and nothing precedes it.
 */
void skeleton_make(struct skeleton *s, struct string_scan *scan, const char *at, const char *end,
                   size_t most_digits);

/* Where the token that begins at INDEX of the skeleton begins in the text. */
const char *skeleton_origin(const struct skeleton *s, size_t index);

#endif
