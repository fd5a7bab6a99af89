/*
 * yaml_characters.h - the characters a file of ours may be made of
 *
 * UTF-8 without controls, with plain line ends: what is left has one meaning,
 * and lines and columns that everybody counts alike.
 */
#ifndef CONF_YAML_CHARACTERS_H
#define CONF_YAML_CHARACTERS_H

#include "base/diag.h"

/*
 * True if all of SOURCE, the text of FILE without a byte order mark, is made
 * of such characters; otherwise complains of the first that is not.
 */
bool yaml_characters_sound(const char *file, struct text source, struct diag *d);

#endif
