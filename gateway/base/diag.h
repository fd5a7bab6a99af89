/*
 * diag.h - a list of complaints about files, each with its place
 *
 * Readers of configuration add complaints and go on; the command that asked
 * prints them all at the end, like a compiler.  The list keeps at most
 * DIAG_MAX and counts the rest.  Columns count characters, from 1.  Users and
 * passwords of URLs are never shown.
 */
#ifndef BASE_DIAG_H
#define BASE_DIAG_H

#include "base/text.h"

#include <stdio.h>

enum { DIAG_MAX = 100 };

/* A place in a file; LINE 0 stands for the file as a whole. */
struct where {
    const char *file; /* not owned; a list keeps a copy of its own */
    unsigned line;    /* from 1 */
    unsigned column;  /* in characters, from 1 */
    unsigned width;   /* characters to underline; 0 counts as 1 */
};

enum severity { SEVERITY_ERROR, SEVERITY_WARNING };

struct complaint {
    struct where where;
    enum severity severity;
    const char *code; /* a short fixed word such as "unknown-key" */
    char *message;    /* owned by the list */
    char *hint;       /* what to do, or NULL; owned by the list */
};

struct diag;

/* A new, empty list; NULL if there is no memory. */
struct diag *diag_new(void);

/* Frees the list at *D with all its complaints, and sets *D to NULL. */
void diag_free(struct diag **d);

/*
 * Keeps SOURCE, the whole text of FILE, so that complaints can quote their
 * line.  Both are copied.
 */
void diag_source(struct diag *d, const char *file, struct text source);

/* Adds an error at WHERE; FORMAT and what follows are as for printf. */
void diag_error(struct diag *d, struct where where, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Adds a warning, likewise. */
void diag_warning(struct diag *d, struct where where, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Adds a hint to the complaint that was added last; printf-style. */
void diag_hint(struct diag *d, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* How many errors (not warnings) were added, counting those not kept. */
size_t diag_errors(const struct diag *d);

/* The complaints that were kept, in file and line order; COUNT_OUT of them. */
const struct complaint *diag_list(struct diag *d, size_t *count_out);

/* Prints all as `file:line:column: error: message`, line, caret and hint. */
void diag_print(struct diag *d, FILE *to, bool colour);

/* Prints all as one JSON object a line: file,line,column,severity,code,message,hint. */
void diag_print_json(struct diag *d, FILE *to);

/*
 * The one of the COUNT CANDIDATES nearest to WORD by edit distance, for "did
 * you mean"; NULL if none is near (over a third of WORD's length away).
 */
const char *diag_nearest(struct text word, const char *const *candidates, size_t count);

#endif
