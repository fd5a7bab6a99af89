/*
 * yaml_tree_parser.h - libyaml's parser, set to a text; for the files yaml_tree*.c only
 */
#ifndef CONF_YAML_TREE_PARSER_H
#define CONF_YAML_TREE_PARSER_H

#include "base/text.h"

#include <yaml.h>

/* Makes PARSER read SOURCE as UTF-8.  False: no memory, and there is nothing to delete. */
bool yaml_tree_parser_begin(yaml_parser_t *parser, struct text source);

#endif
