/*
 * byte_diff.h - two texts that should be the same, and where they are not
 */
#ifndef CLI_BYTE_DIFF_H
#define CLI_BYTE_DIFF_H

#include "base/buf.h"

/*
 * Appends to WHY where EXPECTED and GOT, which differ, do so first, both lines
 * with a caret below, and, where either has several lines, those that differ
 * as a diff.  Only printable characters are appended.
 */
void byte_diff(struct text expected, struct text got, struct buf *why);

#endif
