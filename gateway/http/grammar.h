/*
 * grammar.h - which bytes may stand where; for the files of this room only
 *
 * One table with a bit for each class of bytes that RFC 9110, 9112 and 3986
 * name.  A percent sign is in no path or host class: escapes are checked
 * where they begin.
 */
#ifndef HTTP_GRAMMAR_H
#define HTTP_GRAMMAR_H

#include "http/field.h"

enum {
    IN_TOKEN = 1, /* tchar */
    IN_VALUE = 2, /* tab, space, visible, 0x80 and above */
    IN_PATH = 4,  /* "/" and pchar without escapes */
    IN_QUERY = 8, /* visible ASCII but "#" */
    IN_HEX = 16,  /* hexadecimal digits */
    IN_HOST = 32  /* reg-name without escapes */
};

extern const unsigned char http_classes[256];

/* True if BYTE is in any class of the set CLASSES. */
static inline bool http_is(char byte, int classes)
{
    return (http_classes[(unsigned char)byte] & classes) != 0;
}

/* The value of the hexadecimal digit C. */
static inline unsigned http_hex(char c)
{
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a' + 10);
}

/*
 * Takes one field line with its CRLF off the start of *REST.  Returns NULL,
 * or a short public reason (a static string).
 */
const char *http_take_field(struct text *rest, struct http_field *field_out);

/*
 * Reads VALUE as a Content-Length: digits only, at most 2^63 - 1.  False if
 * it is anything else.
 */
bool http_length(struct text value, uint64_t *length_out);

#endif
