/*
 * multipart_parameter.h - the parameters behind a field's value, one by one
 *
 * `form-data; name="a"; filename=b`: each is a name and a value, bare or
 * between quotes (RFC 2045, 5.1), perhaps on a folded line.  What can be read
 * in more than one way is not read at all.
 */
#ifndef TRANSLATE_MULTIPART_PARAMETER_H
#define TRANSLATE_MULTIPART_PARAMETER_H

#include "base/text.h"

struct multipart_parameter {
    struct text name;  /* as it came */
    struct text value; /* as it came, without its quotes; absent: there is none that can be read */
    bool quoted;
};

/* T without white space at its ends, line ends of folded lines included. */
struct text multipart_trim(struct text t);

/*
 * Takes the next parameter of *REST, which stands before a ";" or anything in
 * front of it, to PARAMETER_OUT and moves *REST behind it.  False at the end.
 */
bool multipart_parameter_next(struct text *rest, struct multipart_parameter *parameter_out);

/*
 * The boundary that the Content-Type value TYPE names, in TO of ROOM bytes;
 * absent, with a public reason in WHAT_OUT, if there is none that can be used.
 */
struct text multipart_boundary_of(struct text type, char *to, size_t room, const char **what_out);

#endif
