/*
 * multipart_head.h - what the head of one part names, and what the part holds
 *
 * The name of a part stands in its Content-Disposition (RFC 7578, 4.2) as
 * `name`, bare or between quotes, or as `name*` (RFC 8187).  Between quotes,
 * \" and \\ and, as browsers write them, %22, %0D and %0A are escapes.  All
 * other bytes of a head stay as they came.
 */
#ifndef TRANSLATE_MULTIPART_HEAD_H
#define TRANSLATE_MULTIPART_HEAD_H

#include "translate/form_name.h"

/*
 * Appends to TO the whole HEAD of a part as it leaves, the empty line at its
 * end (if there is one) included; LINES stand at its start.  JSON_OUT tells
 * whether the part is one JSON text.  After anything but TRANSLATE_OK the
 * fault is in NAMES.
 */
enum translate_code multipart_head_take(struct form_names *names, struct text head,
                                        struct lines lines, bool *json_out, struct buf *to);

#endif
