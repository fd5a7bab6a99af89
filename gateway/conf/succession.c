#include "conf/succession.h"

#include <assert.h>

static const char *const fixed[] = {
#define X(key) key,
    SETTINGS_FIXED(X)
#undef X
};

bool conf_may_follow(const struct conf *now, const struct conf *next, struct diag *complaints)
{
    bool may = true;

    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
        const struct setting *s = setting_find(text_from(fixed[i]));

        assert(s);
        const struct conf_origin *was = &now->origins[s - settings_table];
        const struct conf_origin *is = &next->origins[s - settings_table];
        if (text_eq(was->text, is->text))
            continue;
        may = false;
        diag_error(complaints, is->where, "fixed-setting",
                   "%s can't change while the gateway runs: it is \"%.*s\", not \"%.*s\"", s->key,
                   TEXT_ARG(was->text), TEXT_ARG(is->text));
        diag_hint(complaints, "put it back, or restart the gateway");
    }
    return may;
}
