#include "translate/translate.h"

#include "translate/splicer.h"

#include <stdlib.h>

struct translator {
    struct splicer splicer;
};

struct translator *translator_new(const struct rules *rules, enum direction d,
                                  const struct translate_limits *limits,
                                  const struct translate_scene *scene,
                                  const struct translate_watcher *watcher, struct sink sink)
{
    struct translator *t = malloc(sizeof *t);

    if (t && !splicer_init(&t->splicer, rules, d, limits, scene, watcher, sink))
        translator_free(&t);
    return t;
}

void translator_free(struct translator **t)
{
    if (!*t)
        return;
    splicer_fini(&(*t)->splicer);
    free(*t);
    *t = NULL;
}

enum translate_code translator_piece(struct translator *t, struct text piece)
{
    return splicer_piece(&t->splicer, piece);
}

enum translate_code translator_end(struct translator *t)
{
    return splicer_end(&t->splicer);
}

const struct translate_fault *translator_fault(const struct translator *t)
{
    return &t->splicer.fault;
}
