/*
 * quote.h - any bytes made safe to print
 *
 * Names and values that come from files and from the wire may hold anything:
 * line ends, terminal controls, broken UTF-8.  What these functions write
 * holds none of that, and is cut visibly, with an ellipsis, where it would
 * be too long to read.
 */
#ifndef BASE_QUOTE_H
#define BASE_QUOTE_H

#include "base/buf.h"

/*
 * Appends T as a JSON string with its quotes; after MAX bytes of T an
 * ellipsis stands for the rest.  A malformed byte becomes \ufffd.
 */
void quote_json(struct buf *to, struct text t, size_t max);

/*
 * Appends T as a logfmt value, likewise: bare if it can be, else between
 * quotes with the escapes of JSON, and \xNN for a malformed byte.
 */
void quote_logfmt(struct buf *to, struct text t, size_t max);

/* Appends T without quotes, controls and malformed bytes written as \xNN or \uNNNN. */
void quote_plain(struct buf *to, struct text t, size_t max);

/*
 * Writes a star over each character between a line's "://" and its last "@",
 * where a URL has its user and password; the LEN bytes AT may be fewer then.
 * Returns how many there are.
 */
size_t quote_hide_user(char *at, size_t len);

#endif
