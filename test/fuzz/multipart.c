/*
 * multipart.c - multipart forms leave alike at every cut
 *
 * With BODY_OTHER the input begins with a line that is the boundary parameter
 * of the Content-Type; otherwise that is "cut".
 */
#include "fuzz/bodies.h"
#include "translate/translator.h"

static struct text content_type;

static struct translator *make_typed(const struct translator_task *task)
{
    struct translator_task typed = *task;

    typed.content_type = content_type;
    return multipart_new(&typed);
}

/* Takes the first line off INPUT and writes the Content-Type it asks for to TYPE. */
static struct text take_type(struct text input, struct buf *type)
{
    size_t end = text_find(input, '\n');

    buf_add(type, TEXT("multipart/form-data; "));
    buf_add(type, text_of(input.at, end));
    return text_from_offset(input, end < input.len ? end + 1 : end);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct text input = text_of((const char *)bytes, len);
    struct buf type;

    if (len == 0)
        return 0;
    struct body body = body_of(make_typed, *bytes);
    input = text_from_offset(input, 1);
    buf_init(&type, FUZZ_TOLD_MAX);
    if (*bytes & BODY_OTHER)
        input = take_type(input, &type);
    else
        buf_add(&type, TEXT("multipart/form-data; boundary=cut"));
    content_type = buf_text(&type);
    fuzz_every_cut(body_run, &body, input);
    buf_fini(&type);
    return 0;
}
