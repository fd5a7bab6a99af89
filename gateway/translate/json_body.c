#include "translate/splicer.h"
#include "translate/translator.h"

#include <stdlib.h>

struct json_body {
    struct translator translator;
    struct splicer splicer;
};

/* Passes CODE on, with what the splicer knows of a fault. */
static enum translate_code settle(struct json_body *b, enum translate_code code)
{
    if (code != TRANSLATE_OK)
        b->translator.fault = b->splicer.fault;
    return code;
}

static enum translate_code piece(struct translator *t, struct text bytes)
{
    struct json_body *b = (struct json_body *)t;

    return settle(b, splicer_piece(&b->splicer, bytes));
}

static enum translate_code end(struct translator *t)
{
    struct json_body *b = (struct json_body *)t;

    return settle(b, splicer_end(&b->splicer));
}

static void destroy(struct translator *t)
{
    struct json_body *b = (struct json_body *)t;

    splicer_fini(&b->splicer);
    free(b);
}

static const struct translator_kind kind = {piece, end, destroy};

struct translator *json_body_new(const struct translator_task *task)
{
    struct json_body *b = malloc(sizeof *b);

    if (!b)
        return NULL;
    b->translator = (struct translator){.kind = &kind};
    if (splicer_init(&b->splicer, task->rules, task->direction, task->limits, task->scene,
                     task->watcher, task->sink))
        return &b->translator;
    splicer_fini(&b->splicer);
    free(b);
    return NULL;
}
