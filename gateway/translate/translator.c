#include "translate/translator.h"

#include <assert.h>

struct translator *translator_new(enum media media, const struct translator_task *task)
{
    switch (media) {
    case MEDIA_JSON:
        return json_body_new(task);
    case MEDIA_EVENT_STREAM:
        return event_stream_new(task);
    case MEDIA_RECORDS:
        return records_new(task);
    case MEDIA_JSON_SEQ:
        return json_seq_new(task);
    case MEDIA_FORM:
        return form_new(task);
    case MEDIA_MULTIPART:
        return multipart_new(task);
    case MEDIA_OTHER:
        break;
    }
    assert(!"no such body is translated");
    return NULL;
}

void translator_free(struct translator **t)
{
    if (*t)
        (*t)->kind->destroy(*t);
    *t = NULL;
}

enum translate_code translator_piece(struct translator *t, struct text piece)
{
    return t->kind->piece(t, piece);
}

enum translate_code translator_end(struct translator *t)
{
    return t->kind->end(t);
}

const struct translate_fault *translator_fault(const struct translator *t)
{
    return &t->fault;
}
