/*
 * yaml_file.h - a file's bytes, and the tree they make
 *
 * What both configuration files, and the files of `dpgw test`, are read
 * with: a file that can't be read is a complaint like any other.
 */
#ifndef CONF_YAML_FILE_H
#define CONF_YAML_FILE_H

#include "base/buf.h"
#include "base/file_mark.h"
#include "conf/yaml_tree.h"

/* The bytes of FILE into TO, up to its ceiling; false, with errno, if they can't be read. */
bool yaml_file_take(const char *file, struct buf *to);

/* The bytes of FILE into TO, up to its ceiling; false, with a complaint at BLAME, if they can't be
 * read. */
bool yaml_file_bytes(const char *file, struct where blame, struct buf *to, struct diag *d);

/* The path NAME as seen from FILE's folder, in ARENA, NUL behind it; absent if there is no memory.
 */
struct text yaml_file_beside(struct arena *arena, const char *file, struct text name);

/* FILE as a tree in ARENA; D keeps its source.  NULL after complaints. */
struct yaml_node *yaml_file_tree(struct arena *arena, const char *file, struct where blame,
                                 struct diag *d);

/* The same of FILE's path; its content becomes the mark of the bytes that were read. */
struct yaml_node *yaml_file_marked(struct arena *arena, struct file_mark *file, struct where blame,
                                   struct diag *d);

#endif
