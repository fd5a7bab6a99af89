/*
 * accept.h - which content codings a client takes (RFC 9110, 12.5.3)
 */
#ifndef HTTP_ACCEPT_H
#define HTTP_ACCEPT_H

#include "http/field.h"

/*
 * True if the Accept-Encoding of FIELDS lists CODING, or "*", with a quality
 * above 0.  Without that field only "identity" is accepted: clients that
 * can't decode send none.
 */
bool http_accepts_coding(const struct http_fields *fields, struct text coding);

#endif
