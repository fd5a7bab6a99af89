/*
 * docs.h - the API's own description, and the page that shows it, in memory
 *
 * Below one folder openapi/NAME.yaml describes the API and docs/ has the
 * page.  The description is read, proven and written as JSON; the page's
 * script comes gzipped, everything else is coded here, so that nothing is
 * left to do when somebody asks.  Without one of its files there is no page,
 * and that is a warning: the API itself goes on.
 *
 * Knows nothing of media types or requests.
 */
#ifndef CONF_DOCS_H
#define CONF_DOCS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/file_mark.h"

enum docs_part {
    DOCS_YAML, /* the description as it was written */
    DOCS_JSON, /* the same as JSON */
    DOCS_PAGE,
    DOCS_STYLE,
    DOCS_START, /* the script that starts Redoc */
    DOCS_REDOC,
    DOCS_PARTS
};

enum { DOCS_FILES = DOCS_PARTS - 1 }; /* the JSON has none */

/* Bytes as they are sent, and a digest of them. */
struct docs_bytes {
    struct buf bytes;
    uint64_t digest;
};

/* One file's content. */
struct docs_content {
    struct docs_bytes plain;
    struct docs_bytes coded; /* in gzip; empty where that is no shorter */
};

struct docs {
    struct docs_content parts[DOCS_PARTS];
    bool page;                          /* all parts of it are there */
    struct file_mark files[DOCS_FILES]; /* all that was read, missing ones too */
};

/*
 * Reads the description called DOCUMENT, and the page, below FOLDER; the
 * files' names live in ARENA, and SCRATCH is used until this returns.  What is
 * wrong with them, or what BLAME names can't be read, is in D; NULL if that
 * is an error.
 */
struct docs *docs_read(const char *folder, const char *document, struct where blame,
                       struct arena *arena, struct arena *scratch, struct diag *d);

/* Where a part is shown; the page has two such places. */
struct docs_path {
    const char *path;
    enum docs_part part;
};

enum { DOCS_PATHS = 7 };
extern const struct docs_path docs_paths[DOCS_PATHS];

/* True if DOCS (NULL: nothing) are shown at PATH, which is one of a client. */
bool docs_are_at(const struct docs *docs, struct text path);

/* True if DOCS have PART. */
bool docs_have(const struct docs *docs, enum docs_part part);

/* Frees the docs at *DOCS, if any, and sets *DOCS to NULL. */
void docs_free(struct docs **docs);

#endif
