/*
 * refresh.h - the field Refresh: a delay and where to go then
 *
 * No RFC has it; browsers read it as the HTML standard reads
 * `<meta http-equiv=refresh>`: "5; url=/path", the "url=" and quotes around
 * the URL being optional.
 */
#ifndef TRANSLATE_REFRESH_H
#define TRANSLATE_REFRESH_H

#include "base/buf.h"
#include "translate/translate.h"

/*
 * Appends VALUE of a reply with its URL as clients know it and returns true;
 * or returns false and appends nothing where it has none or it stays.
 */
bool refresh_translate(const struct translate_scene *scene, struct text value, struct buf *to);

#endif
