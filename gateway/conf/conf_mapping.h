/*
 * conf_mapping.h - the tree of a mapping file, told to a builder
 *
 * Types and keys are checked here; what the entries mean, the builder checks.
 */
#ifndef CONF_CONF_MAPPING_H
#define CONF_CONF_MAPPING_H

#include "conf/yaml_tree.h"
#include "mapping/builder.h"

/* Tells BUILDER every entry of the mapping file ROOT, in file order; complaints go to D. */
void conf_mapping_tell(const struct yaml_node *root, struct mapping_builder *builder,
                       struct diag *d);

#endif
