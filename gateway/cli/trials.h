/*
 * trials.h - a file of mapping tests, read
 *
 * A trial says what the mapping should make of one body or one request:
 *
 *   version: 1
 *   mapping: ../mapping.yaml       # relative to this file
 *   tests:
 *     - name: create
 *       request:  {route: "POST /api/v1/things", type: application/json}
 *       input:    '{"dataProductId":1}'
 *       expected: '{"workspaceId":1}'
 *
 * Files that a trial names are read too.  Knows nothing of mappings.
 */
#ifndef CLI_TRIALS_H
#define CLI_TRIALS_H

#include "base/arena.h"
#include "base/diag.h"
#include "cli/request.h"

enum trial_kind { TRIAL_REQUEST, TRIAL_RESPONSE, TRIAL_EXPLAIN };

struct trial {
    struct trial *next;
    enum trial_kind kind;
    struct text name;
    struct where where; /* of its name */
    bool routed;        /* else only the rules that hold everywhere */
    struct cli_request at;
    struct text type;     /* the body's media type */
    struct text input;    /* the body */
    struct text expected; /* the bytes, or "METHOD TARGET"; absent: it is refused */
    const char *refused;  /* the public code of the refusal, or NULL */
    bool has_offset;
    uint64_t offset; /* the byte of the body that is refused */
};

struct trials {
    struct text mapping; /* as found from the working directory; absent: the file names none */
    struct text upstream, client; /* origins for URLs in bodies; absent where not given */
    struct trial *first;
    size_t count;
};

/* Reads FILE; all texts are in ARENA.  False if any error was added to COMPLAINTS. */
bool trials_read(struct arena *arena, const char *file, struct trials *trials_out,
                 struct diag *complaints);

#endif
