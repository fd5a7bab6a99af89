/*
 * unfinished.h - the token that a piece of JSON ends in
 *
 * A string that its owner wants whole, or an atom (a number or a literal), is
 * held back until its end has come; a string that nobody wants streams on.
 * For the reader alone.
 */
#ifndef JSON_UNFINISHED_H
#define JSON_UNFINISHED_H

#include "json/reader.h"

struct skeleton;

/* The last string of S, of the piece at hand, is open at its end, or broken there. */
void unfinished_string(struct reader *r, const struct skeleton *s);

/* Goes on inside the string from AT; returns where it left off. */
const char *unfinished_string_more(struct reader *r, const char *at, const char *end);

/* An atom begins at AT of the piece, and its end is not in sight. */
void unfinished_atom(struct reader *r, const char *at);

/*
 * Goes on inside the atom from AT; returns where it left off.  One byte more
 * than a number may have is enough to refuse it.
 */
const char *unfinished_atom_more(struct reader *r, const char *at, const char *end);

/*
 * Gives yajl the held atom.  A blank ends it, which changes nothing: what
 * follows an atom is never part of it.  AT_END: the text ends here.
 */
void unfinished_atom_end(struct reader *r, bool at_end);

#endif
