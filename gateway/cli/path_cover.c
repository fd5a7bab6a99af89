#include "cli/path_cover.h"

enum { STEPS_MAX = 128 };

static bool same_name(const struct json_step *a, const struct json_step *b)
{
    return a->kind != JSON_STEP_ANY && b->kind != JSON_STEP_ANY && text_eq(a->name, b->name);
}

/* True if the single step WIDE takes wherever NARROW does. */
static bool step_covers(const struct json_step *wide, const struct json_step *narrow)
{
    switch (wide->kind) {
    case JSON_STEP_NAME:
        return narrow->kind == JSON_STEP_NAME && same_name(wide, narrow);
    case JSON_STEP_ANY:
        return narrow->kind != JSON_STEP_DEEP;
    case JSON_STEP_DEEP:
        return same_name(wide, narrow);
    }
    return false;
}

/* The rows of a table by steps of the first path, from its end; cells by steps of the second. */
bool path_covers(const struct json_path *wide, const struct json_path *narrow, bool below)
{
    bool rows[2][STEPS_MAX + 1];
    size_t end = narrow->count;

    if (wide->count > STEPS_MAX || end > STEPS_MAX)
        return false;
    for (size_t j = 0; j <= end; j++)
        rows[wide->count % 2][j] = below || j == end;
    for (size_t i = wide->count; i-- > 0;) {
        const struct json_step *step = &wide->steps[i];
        bool *here = rows[i % 2], *next = rows[(i + 1) % 2];
        bool last_any = below && i + 1 == wide->count && step->kind == JSON_STEP_ANY;

        here[end] = false;
        for (size_t j = end; j-- > 0;) {
            here[j] = last_any || (step_covers(step, &narrow->steps[j]) && next[j + 1]);
            if (step->kind == JSON_STEP_DEEP && here[j + 1])
                here[j] = true;
        }
    }
    return rows[0][0];
}

static bool step_meets(const struct json_step *a, const struct json_step *b)
{
    return a->kind == JSON_STEP_ANY || b->kind == JSON_STEP_ANY || same_name(a, b);
}

bool path_meets(const struct json_path *a, const struct json_path *b)
{
    bool rows[2][STEPS_MAX + 1] = {{false}};

    if (a->count > STEPS_MAX || b->count > STEPS_MAX)
        return true;
    rows[a->count % 2][b->count] = true;
    for (size_t i = a->count; i-- > 0;) {
        bool *here = rows[i % 2], *next = rows[(i + 1) % 2];

        here[b->count] = false;
        for (size_t j = b->count; j-- > 0;)
            here[j] = (step_meets(&a->steps[i], &b->steps[j]) && next[j + 1]) ||
                      (a->steps[i].kind == JSON_STEP_DEEP && here[j + 1]) ||
                      (b->steps[j].kind == JSON_STEP_DEEP && next[j]);
    }
    return rows[0][0];
}
