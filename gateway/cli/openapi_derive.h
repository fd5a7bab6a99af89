/*
 * openapi_derive.h - the description of the mirrored API, made of the service's
 *
 * The source of the service's description with names, paths, examples and
 * sentences exchanged, what is not mirrored left out, and the gateway's own
 * errors put in; layout and comments stay.  Or, COMBINED, both APIs in one
 * description.  The same source and mapping give the same bytes.
 */
#ifndef CLI_OPENAPI_DERIVE_H
#define CLI_OPENAPI_DERIVE_H

#include "base/buf.h"
#include "base/diag.h"
#include "mapping/mapping.h"

/*
 * Appends to TO what M makes of the description SOURCE, the text of FILE.
 * False, with complaints in D, if it is none or its derivation would not be
 * sound; then what was appended is not to be used.
 */
bool openapi_derive(const struct mapping *m, const char *file, struct text source, bool combined,
                    struct buf *to, struct diag *d);

#endif
