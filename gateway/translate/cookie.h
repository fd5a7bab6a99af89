/*
 * cookie.h - the field Set-Cookie: where clients are to send a cookie back
 *
 * The cookie itself is nobody's business here; only the attribute Path (RFC
 * 6265, 5.2.4) names a place below which the client sends it, and clients
 * know that place by another path.
 */
#ifndef TRANSLATE_COOKIE_H
#define TRANSLATE_COOKIE_H

#include "base/buf.h"
#include "translate/translate.h"

/*
 * Appends VALUE of a reply with the paths in its Path attributes as clients
 * know them and returns true; or returns false and appends nothing where
 * they stay.
 */
bool cookie_translate(const struct translate_scene *scene, struct text value, struct buf *to);

#endif
