/*
 * path.h - which values of a JSON text a rule means
 *
 * A path is the part of JSONPath (RFC 9535) that can be decided while a text
 * streams by, from the names above a value alone: `$`, `.name`, `['name']`,
 * `.*`, `[*]`, `..name` and `..['name']`.  Filters, slices, indexes and
 * scripts are refused.  Reading a path gives its steps; whoever walks a text
 * follows them.
 */
#ifndef JSON_PATH_H
#define JSON_PATH_H

#include "base/arena.h"
#include "base/text.h"

enum json_step_kind {
    JSON_STEP_NAME, /* the member called NAME */
    JSON_STEP_ANY,  /* any member or element */
    JSON_STEP_DEEP  /* the member called NAME here or at any depth below */
};

struct json_step {
    enum json_step_kind kind;
    struct text name; /* decoded; absent for JSON_STEP_ANY */
};

struct json_path {
    struct json_step *steps;
    size_t count; /* 0: the whole text, `$` */
};

struct json_path_fault {
    size_t offset;    /* the byte of the path where it goes wrong */
    const char *what; /* a static phrase: "filters are not supported" */
    const char *hint; /* a static phrase that says what to write, or NULL */
};

/*
 * Reads WRITTEN into PATH_OUT, whose steps and names are taken from ARENA.
 * False with FAULT_OUT filled if it is not such a path, or (offset 0, "no
 * memory") if ARENA gives nothing.
 */
bool json_path_read(struct arena *arena, struct text written, struct json_path *path_out,
                    struct json_path_fault *fault_out);

#endif
