/*
 * field.h - field lines: one strict grammar for heads, trailers and replies
 *
 * A field line is a token, a colon at once after it, a value without control
 * bytes, and CRLF (RFC 9110, 5.5 and RFC 9112, 5).  Nothing is unfolded and
 * nothing is repaired.
 */
#ifndef HTTP_FIELD_H
#define HTTP_FIELD_H

#include "base/text.h"

struct http_field {
    struct text name;  /* a token, as it came */
    struct text value; /* without surrounding white space */
};

struct http_fields {
    struct http_field *at;
    size_t count;
};

/*
 * Reads LINE, one field line with its CRLF, into FIELD_OUT, whose texts point
 * into it.  Returns NULL, or a short public reason (a static string).
 */
const char *http_field_line(struct text line, struct http_field *field_out);

/* True if VALUE may stand in a field: no control byte but the tab. */
bool http_field_value_ok(struct text value);

/* The first field called NAME (any case), or NULL. */
const struct http_field *http_find(const struct http_fields *fields, struct text name);

/* True if the comma list in any field called NAME holds TOKEN (any case). */
bool http_list_has(const struct http_fields *fields, struct text name, struct text token);

/*
 * Takes the next member of the comma list *LIST, without white space, to
 * MEMBER_OUT and moves *LIST past it.  False at the end; empty members are
 * passed over.
 */
bool http_list_next(struct text *list, struct text *member_out);

#endif
