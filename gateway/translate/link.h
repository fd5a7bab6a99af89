/*
 * link.h - the field Link: typed links in a header (RFC 8288, 3)
 *
 * A value may hold several links, each a target between angle brackets and
 * parameters behind it.  Only targets, and contexts in `anchor`, are URLs;
 * relation types that look like URLs are names and stay.
 */
#ifndef TRANSLATE_LINK_H
#define TRANSLATE_LINK_H

#include "base/buf.h"
#include "translate/translate.h"

/*
 * Appends VALUE of a reply with its URLs as clients know them and returns
 * true; or returns false and appends nothing where no URL changes, VALUE is
 * malformed, or TO has no room.
 */
bool link_translate(const struct translate_scene *scene, struct text value, struct buf *to);

#endif
