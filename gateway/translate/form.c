/*
 * A urlencoded form: names are held while they could be one we know, lists
 * of names are held up to the ceiling of a value, all else streams.
 */
#include "translate/form_name.h"
#include "translate/translator.h"

#include <stdlib.h>

enum {
    ESCAPE_MAX = 3,   /* bytes of %HH */
    PARTS_MAX = 64,   /* parts of the longest nested name */
    BRACKETS_MAX = 6, /* bytes between two parts: %5D%5B */
    NAMES_MAX = 8192, /* different known names of one form */
    KEPT_BYTES = 1024 /* of memory, from one name to the next */
};

enum form_state { IN_NAME, IN_LONG_NAME, AT_VALUE, IN_VALUE, IN_LIST };

struct form {
    struct translator base;
    struct sink sink;
    struct form_names names;
    enum form_state state;
    size_t longest_name, longest_list;
    bool lists;         /* the name at hand takes a list of names */
    struct buf held;    /* the unfinished name or list */
    struct buf written; /* what leaves instead */
    struct lines lines; /* stand before what is held */
};

static enum translate_code refuse(struct form *f, enum translate_code code, const char *what)
{
    f->base.fault =
        (struct translate_fault){.code = code, .place = lines_place(&f->lines), .what = what};
    return code;
}

static void emit(struct form *f, struct text span)
{
    if (span.len > 0)
        f->sink.take(f->sink.owner, span);
}

/* Lets SPAN go as it came. */
static void pass(struct form *f, struct text span)
{
    emit(f, span);
    lines_pass(&f->lines, span);
}

/* --- what is held ------------------------------------------------------------------ */

static enum translate_code hold(struct form *f, struct text span)
{
    buf_add(&f->held, span);
    return f->held.failed ? refuse(f, TRANSLATE_NO_MEMORY, "no memory") : TRANSLATE_OK;
}

static void clear(struct buf *b)
{
    if (b->capacity > KEPT_BYTES)
        buf_fini(b);
    buf_clear(b);
}

/* What is held with its last bytes, LAST; absent: no memory. */
static struct text whole(struct form *f, struct text last)
{
    if (f->held.len == 0)
        return last;
    return hold(f, last) == TRANSLATE_OK ? buf_text(&f->held) : (struct text){0};
}

/* RAW leaves as what is written. */
static enum translate_code leave(struct form *f, struct text raw)
{
    if (f->written.failed)
        return refuse(f, TRANSLATE_NO_MEMORY, "no memory");
    emit(f, buf_text(&f->written));
    lines_pass(&f->lines, raw);
    clear(&f->held);
    clear(&f->written);
    return TRANSLATE_OK;
}

/* --- names and values ---------------------------------------------------------------- */

static enum translate_code end_name(struct form *f, struct text last)
{
    struct form_name name = {&form_urlencoded, whole(f, last), lines_place(&f->lines)};

    if (!name.raw.at)
        return TRANSLATE_NO_MEMORY;
    enum translate_code code = form_names_take(&f->names, &name, &f->written);
    if (code != TRANSLATE_OK) {
        f->base.fault = f->names.fault;
        return code;
    }
    f->lists = form_names_lists(&f->names, &name);
    f->state = AT_VALUE;
    return leave(f, name.raw);
}

static enum translate_code end_list(struct form *f, struct text last)
{
    struct text list = whole(f, last);

    if (!list.at)
        return TRANSLATE_NO_MEMORY;
    form_names_list(&f->names, list, &f->written);
    f->state = AT_VALUE;
    return leave(f, list);
}

/* What is held is too long, with SPAN: from here on it streams, in STATE. */
static void let_go(struct form *f, struct text span, enum form_state state)
{
    pass(f, buf_text(&f->held));
    clear(&f->held);
    pass(f, span);
    f->state = state;
}

/* The index of the first "=" or "&" in T, or T's length where there is none. */
static size_t find_name_end(struct text t)
{
    size_t i = 0;

    while (i < t.len && t.at[i] != '=' && t.at[i] != '&')
        i++;
    return i;
}

/* Each of these takes some bytes off *LEFT, or changes the state. */

static enum translate_code take_name(struct form *f, struct text *left)
{
    struct text span = text_of(left->at, find_name_end(*left));
    bool ended = span.len < left->len;

    *left = text_from_offset(*left, span.len);
    if (span.len > f->longest_name - f->held.len) {
        let_go(f, span, ended ? AT_VALUE : IN_LONG_NAME);
        f->lists = false;
        return TRANSLATE_OK;
    }
    return ended ? end_name(f, span) : hold(f, span);
}

static enum translate_code take_long_name(struct form *f, struct text *left)
{
    size_t n = find_name_end(*left);

    pass(f, text_of(left->at, n));
    f->state = n < left->len ? AT_VALUE : IN_LONG_NAME;
    *left = text_from_offset(*left, n);
    return TRANSLATE_OK;
}

/* Behind a name, or a value: "=" or "&". */
static enum translate_code take_separator(struct form *f, struct text *left)
{
    bool value = *left->at == '=';

    f->state = value ? f->lists ? IN_LIST : IN_VALUE : IN_NAME;
    pass(f, text_of(left->at, 1));
    *left = text_from_offset(*left, 1);
    return TRANSLATE_OK;
}

static enum translate_code take_value(struct form *f, struct text *left)
{
    size_t n = text_find(*left, '&');

    pass(f, text_of(left->at, n));
    f->state = n < left->len ? AT_VALUE : IN_VALUE;
    *left = text_from_offset(*left, n);
    return TRANSLATE_OK;
}

static enum translate_code take_list(struct form *f, struct text *left)
{
    struct text span = text_of(left->at, text_find(*left, '&'));
    bool ended = span.len < left->len;

    *left = text_from_offset(*left, span.len);
    if (span.len > f->longest_list - f->held.len) {
        let_go(f, span, ended ? AT_VALUE : IN_VALUE);
        return TRANSLATE_OK;
    }
    return ended ? end_list(f, span) : hold(f, span);
}

/* --- the translator ----------------------------------------------------------------------- */

static enum translate_code piece(struct translator *t, struct text bytes)
{
    static enum translate_code (*const take[])(struct form *, struct text *) = {
        [IN_NAME] = take_name,       [IN_LONG_NAME] = take_long_name, [IN_VALUE] = take_value,
        [AT_VALUE] = take_separator, [IN_LIST] = take_list,
    };
    struct form *f = (struct form *)t;
    enum translate_code code = TRANSLATE_OK;

    while (code == TRANSLATE_OK && bytes.len > 0)
        code = take[f->state](f, &bytes);
    return code;
}

static enum translate_code end(struct translator *t)
{
    struct form *f = (struct form *)t;

    switch (f->state) {
    case IN_NAME:
        return end_name(f, TEXT(""));
    case IN_LIST:
        return end_list(f, TEXT(""));
    case IN_LONG_NAME:
    case AT_VALUE:
    case IN_VALUE:
        break;
    }
    return TRANSLATE_OK;
}

static void destroy(struct translator *t)
{
    struct form *f = (struct form *)t;

    form_names_fini(&f->names);
    buf_fini(&f->held);
    buf_fini(&f->written);
    free(f);
}

static size_t more(size_t a, size_t b)
{
    return a > b ? a : b;
}

struct translator *form_new(const struct translator_task *task)
{
    static const struct translator_kind kind = {piece, end, destroy};
    struct form *f = malloc(sizeof *f);

    if (!f)
        return NULL;
    size_t escaped = rules_longest_name(task->rules, task->direction) * ESCAPE_MAX;
    *f = (struct form){.base.kind = &kind,
                       .sink = task->sink,
                       .longest_name = (escaped + BRACKETS_MAX) * PARTS_MAX,
                       .longest_list = task->limits->json_value};
    form_names_init(&f->names, task->rules, task->direction, task->direction, NAMES_MAX);
    f->names.watcher = task->watcher;
    lines_init(&f->lines);
    size_t longest = more(f->longest_name, f->longest_list);
    buf_init(&f->held, longest);
    /* One byte may become a name, and another a dot behind it. */
    buf_init(&f->written, longest > SIZE_MAX / (escaped + 1) ? SIZE_MAX : longest * (escaped + 1));
    return &f->base;
}
