/*
 * string_scan.h - the inside of a JSON string, from its opening quote on
 *
 * One linear pass finds the closing quote and checks the bytes before it:
 * no control bytes, escapes of good form and, where asked for, well-formed
 * UTF-8 (no overlong forms, no surrogates, nothing above U+10FFFF).  The
 * scan may stop and go on at any byte; it keeps no bytes.
 *
 * Knows nothing of keys, values or what a string is for.
 */
#ifndef JSON_STRING_SCAN_H
#define JSON_STRING_SCAN_H

#include <stdbool.h>

enum string_end {
    STRING_OPEN,   /* the bytes ran out inside the string */
    STRING_CLOSED, /* the closing quote was found */
    STRING_BROKEN  /* a byte that no string can hold here */
};

struct string_scan {
    bool utf8;    /* check UTF-8; set by the owner */
    bool escaped; /* an escape has been seen */
    /* private: what the bytes before ask of the next one */
    unsigned char step;
    unsigned char more;        /* hex digits or continuation bytes to come */
    unsigned char least, most; /* bounds of the next continuation byte */
};

/* Stands right behind an opening quote; keeps S's choice about UTF-8. */
void string_scan_begin(struct string_scan *s);

/*
 * Goes on from *AT towards END and leaves *AT at the closing quote, at the
 * byte that breaks the string, or at END.
 */
enum string_end string_scan(struct string_scan *s, const char **at, const char *end);

/* What is wrong with the string, after STRING_BROKEN: a public phrase. */
const char *string_scan_fault(const struct string_scan *s);

#endif
