/*
 * openapi_scalar.h - a scalar as it reads, over the bytes it is written with
 *
 * A description is changed where its text changes and nowhere else: folds,
 * indentation, quotes and escapes around a replaced word stay.  A view says
 * for each byte of the decoded text which bytes of the source made it; it is
 * given only if it decodes to what the reader of the file decoded.
 *
 * Knows nothing of OpenAPI.
 */
#ifndef CLI_OPENAPI_SCALAR_H
#define CLI_OPENAPI_SCALAR_H

#include "base/buf.h"
#include "conf/yaml_tree.h"

/* A key or a value. */
struct openapi_scalar {
    struct text text; /* decoded */
    struct yaml_span span;
    enum yaml_style style;
    bool is_key;
};

struct openapi_view {
    struct text shown;  /* the decoded text */
    const size_t *from; /* for each byte of SHOWN, and its end: where it begins in the source */
    size_t indent;      /* spaces before each line of a literal */
};

/* The key of the member NODE, and the value that the scalar NODE is. */
struct openapi_scalar openapi_key(const struct yaml_node *node);
struct openapi_scalar openapi_value(const struct yaml_node *node);

/* Decodes S of SOURCE; false if that gives another text than the reader's, or no memory. */
bool openapi_view(struct arena *arena, struct text source, const struct openapi_scalar *s,
                  struct openapi_view *view_out);

/*
 * Appends TEXT as it stands inside a scalar of STYLE (whose literal lines
 * have INDENT spaces).  False, with nothing appended, if it can't.
 */
bool openapi_scalar_inside(enum yaml_style style, size_t indent, struct text text, struct buf *to);

/* True if the whole of TEXT can be a plain scalar and is read as text. */
bool openapi_scalar_plain(struct text text);

/* Appends TEXT between double quotes. */
void openapi_scalar_quoted(struct text text, struct buf *to);

#endif
