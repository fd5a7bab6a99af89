/*
 * file_mark.h - what a file held when it was read
 *
 * A mark is a digest of all bytes, to tell later whether they are still the
 * same.  It says nothing of names, times or owners.
 */
#ifndef BASE_FILE_MARK_H
#define BASE_FILE_MARK_H

#include "base/text.h"

#include <stdint.h>

struct file_mark {
    const char *path;
    uint64_t content;
};

enum { FILE_MARK_ABSENT = 0 }; /* the content of what can't be read */

/* The digest of CONTENT. */
uint64_t file_mark_of(struct text content);

/* The digest of what PATH holds now; FILE_MARK_ABSENT if it is no file that can be read. */
uint64_t file_mark_now(const char *path);

#endif
