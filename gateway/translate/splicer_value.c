#include "translate/splicer.h"
#include "translate/target.h"

static bool replace(struct text instead, struct buf *to)
{
    if (!instead.at)
        return false;
    buf_add(to, instead);
    return true;
}

bool splicer_value(const struct splicer *s, struct text value, struct buf *to)
{
    switch (s->rule->kind) {
    case VALUE_MAP:
        return replace(rules_map_value(s->rule, s->direction, value), to);
    case VALUE_NAME:
        return replace(rules_rename(s->rules, s->direction, value), to);
    case VALUE_URL:
        return target_url(s->scene, s->direction, value, to);
    case VALUE_WORDS:
        return target_words(s->rules, s->direction, value, to);
    }
    return false;
}
