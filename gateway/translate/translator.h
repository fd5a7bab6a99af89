/*
 * translator.h - what the translators of each media type have in common
 *
 * For the files of this room.  A translator of one kind of body is a struct
 * whose first member is `struct translator`; translator.c finds the kind for
 * a media type and passes calls on.
 */
#ifndef TRANSLATE_TRANSLATOR_H
#define TRANSLATE_TRANSLATOR_H

#include "translate/translate.h"

struct translator_kind {
    enum translate_code (*piece)(struct translator *t, struct text piece);
    enum translate_code (*end)(struct translator *t);
    void (*destroy)(struct translator *t); /* frees T and all it holds */
};

struct translator {
    const struct translator_kind *kind;
    struct translate_fault fault; /* set by the call that does not answer TRANSLATE_OK */
};

/* A new translator of one kind of body.  NULL: no memory. */
struct translator *json_body_new(const struct translator_task *task);
struct translator *event_stream_new(const struct translator_task *task);
struct translator *records_new(const struct translator_task *task);
struct translator *json_seq_new(const struct translator_task *task);
struct translator *form_new(const struct translator_task *task);
struct translator *multipart_new(const struct translator_task *task);

#endif
