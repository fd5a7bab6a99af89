/*
 * yaml_quoting.h - would quoting have helped?
 *
 * Most syntax errors in a file of paths and names come from a value that
 * means something else to YAML: a brace, a star, a colon.  Rather than guess
 * from the error, this puts quotes around each value of the line in turn and
 * sees whether the error goes away.
 */
#ifndef CONF_YAML_QUOTING_H
#define CONF_YAML_QUOTING_H

#include "base/text.h"

/*
 * True if quotes around one value on LINE of SOURCE (which has a syntax
 * error) would cure that line; VALUE_OUT, a part of SOURCE, is that value.
 */
bool yaml_quoting_cures(struct text source, unsigned line, struct text *value_out);

#endif
