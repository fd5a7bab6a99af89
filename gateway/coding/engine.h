/*
 * engine.h - one library's streaming decoder, behind one face
 *
 * For the files of this room only.
 */
#ifndef CODING_ENGINE_H
#define CODING_ENGINE_H

#include "coding/coding.h"

struct engine;

struct engine_kind {
    /* A new engine; NULL: no memory. */
    struct engine *(*make)(void);
    void (*destroy)(struct engine *engine);
    /*
     * Decodes from *PIECE, moving its start, into at most ROOM bytes at TO.
     * The number given goes to GIVEN_OUT; ENDED_OUT is set where the coded
     * bytes are complete.  CODING_MORE or CODING_BYTES, or a fault.
     */
    enum coding_step (*step)(struct engine *engine, struct text *piece, char *to, size_t room,
                             size_t *given_out, bool *ended_out);
};

extern const struct engine_kind engine_gzip, engine_deflate, engine_br, engine_zstd;

#endif
