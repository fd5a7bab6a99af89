/*
 * yaml_json.h - a YAML tree written as JSON
 *
 * Scalars mean what the core schema of YAML 1.2 says; a number keeps its
 * digits, however many, in the one form that JSON has for it.
 */
#ifndef CONF_YAML_JSON_H
#define CONF_YAML_JSON_H

#include "base/buf.h"
#include "conf/yaml_tree.h"

/*
 * Appends NODE and all in it to TO, without white space.  False, with a
 * complaint in D, if it holds a number that JSON has no form for.
 */
bool yaml_json_write(const struct yaml_node *node, struct buf *to, struct diag *d);

#endif
