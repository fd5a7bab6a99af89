#include "translate/trail.h"

void trail_restart(struct trail *t)
{
    t->key = (struct text){0};
    t->depth = t->used = 0;
    t->from = t->to = NULL;
}

void trail_piece(struct trail *t, struct text piece)
{
    t->from = piece.at;
    t->to = piece.at + piece.len;
}

void trail_keep(struct trail *t, struct text key)
{
    t->key = (struct text){0};
    if (key.len > sizeof t->kept)
        return;
    memcpy(t->kept, key.at, key.len);
    t->key = text_of(t->kept, key.len);
}

void trail_piece_end(struct trail *t)
{
    if (t->key.at && t->key.at >= t->from && t->key.at < t->to)
        trail_keep(t, t->key);
    t->from = t->to = NULL;
}

/* Notes in STEP that it was come to by T's key, if there is room for it. */
static void note_key(struct trail *t, struct trail_step *step)
{
    step->known =
        t->key.at && t->key.len <= sizeof t->bytes - t->used && t->key.len <= TRAIL_KEY_MAX;
    if (!step->known)
        return;
    memcpy(t->bytes + t->used, t->key.at, t->key.len);
    step->len = (unsigned)t->key.len;
    t->used += t->key.len;
}

void trail_open(struct trail *t, bool object)
{
    if (t->depth < TRAIL_STEPS_MAX) {
        struct trail_step *step = &t->steps[t->depth];

        *step = (struct trail_step){.object = object, .from = (unsigned)t->used};
        if (t->depth > 0 && t->steps[t->depth - 1].object)
            note_key(t, step);
    }
    t->depth++;
}

void trail_close(struct trail *t)
{
    t->depth--;
    if (t->depth < TRAIL_STEPS_MAX)
        t->used = t->steps[t->depth].from;
}

/* --- writing -------------------------------------------------------------------- */

static bool is_plain(struct text name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';

        if (!letter && !(i > 0 && c >= '0' && c <= '9'))
            return false;
    }
    return name.len > 0;
}

static void add_quoted(struct buf *to, struct text name)
{
    buf_add(to, TEXT("['"));
    for (size_t i = 0; i < name.len; i++) {
        if (name.at[i] == '\'' || name.at[i] == '\\')
            buf_add_byte(to, '\\');
        buf_add_byte(to, name.at[i]);
    }
    buf_add(to, TEXT("']"));
}

static void add_name(struct buf *to, struct text name, bool gap)
{
    if (gap)
        buf_add(to, TEXT(".."));
    if (!is_plain(name)) {
        add_quoted(to, name);
        return;
    }
    if (!gap)
        buf_add_byte(to, '.');
    buf_add(to, name);
}

void trail_write(const struct trail *t, struct text name, struct buf *to)
{
    size_t steps = t->depth < TRAIL_STEPS_MAX ? t->depth : TRAIL_STEPS_MAX;
    bool gap = false; /* something is left out here */

    buf_add_byte(to, '$');
    for (size_t i = 1; i < steps; i++) {
        const struct trail_step *step = &t->steps[i];
        bool member = t->steps[i - 1].object;

        if (member && step->known)
            add_name(to, text_of(t->bytes + step->from, step->len), gap);
        else if (!member && !gap)
            buf_add(to, TEXT("[*]"));
        gap = member ? !step->known : gap;
    }
    add_name(to, name, gap || t->depth > steps);
}
