#include "cli/change.h"

#include "base/quote.h"

#include <stdarg.h>
#include <stdlib.h>

enum { MESSAGE_BYTES = 600 };

static const struct {
    enum effect effect;
    const char *word, *why;
} kinds[CHANGE_COUNT] = {
#define X(name, effect, word, why) [CHANGE_##name] = {EFFECT_##effect, word, why},
    CHANGES(X)
#undef X
};

const char *effect_word(enum effect effect)
{
    static const char *const words[EFFECT_COUNT] = {[EFFECT_BREAKING] = "breaking",
                                                    [EFFECT_COMPATIBLE] = "compatible",
                                                    [EFFECT_INVISIBLE] = "invisible"};

    return words[effect];
}

/* --- the list --------------------------------------------------------------------- */

/* RAW made printable, on the heap; NULL if there is no memory. */
static char *printable(struct text raw)
{
    struct buf safe;

    buf_init(&safe, SIZE_MAX);
    quote_plain(&safe, raw, MESSAGE_BYTES);
    buf_add_byte(&safe, 0);
    if (safe.failed)
        buf_fini(&safe);
    return safe.at;
}

static bool make_room(struct changes *c)
{
    size_t room = c->room ? 2 * c->room : 64;
    struct change *at = c->count < c->room ? c->at : realloc(c->at, room * sizeof *at);

    if (!at) {
        c->no_memory = true;
        return false;
    }
    if (c->count == c->room)
        c->room = room;
    c->at = at;
    return true;
}

void change_add(struct changes *c, enum change_kind kind, struct change_place place,
                const char *format, ...)
{
    struct change change = {.kind = kind,
                            .old = place.old,
                            .new = place.new,
                            .route = place.route,
                            .routes = place.routes};
    va_list arguments;
    char *raw = NULL;

    va_start(arguments, format);
    int n = vasprintf(&raw, format, arguments);
    va_end(arguments);
    if (n >= 0) {
        change.message = printable(text_of(raw, (size_t)n));
        free(raw);
    }
    if (!change.message)
        c->no_memory = true;
    else if (make_room(c))
        c->at[c->count++] = change;
    else
        free(change.message);
}

static int order(size_t a, size_t b)
{
    return (a > b) - (a < b);
}

static int by_weight(const void *left, const void *right)
{
    const struct change *a = left, *b = right;
    int by = order(kinds[a->kind].effect, kinds[b->kind].effect);

    if (by == 0)
        by = order(a->new.line, b->new.line);
    if (by == 0)
        by = order(a->old.line, b->old.line);
    if (by == 0)
        by = order(a->kind, b->kind);
    return by ? by : strcmp(a->message, b->message);
}

void changes_sort(struct changes *c)
{
    size_t kept = 0;

    if (c->count)
        qsort(c->at, c->count, sizeof c->at[0], by_weight);
    for (size_t i = 0; i < c->count; i++) {
        if (kept && by_weight(&c->at[kept - 1], &c->at[i]) == 0) {
            c->at[kept - 1].routes += c->at[i].routes;
            free(c->at[i].message);
        } else {
            c->at[kept++] = c->at[i];
        }
    }
    c->count = kept;
}

size_t changes_of(const struct changes *c, enum effect effect)
{
    size_t n = 0;

    for (size_t i = 0; i < c->count; i++)
        n += kinds[c->at[i].kind].effect == effect;
    return n;
}

void changes_fini(struct changes *c)
{
    for (size_t i = 0; i < c->count; i++)
        free(c->at[i].message);
    free(c->at);
    *c = (struct changes){0};
}

/* --- printing --------------------------------------------------------------------- */

static void print_where(struct where where, FILE *to)
{
    if (where.file && where.line)
        fprintf(to, "%s:%u ", where.file, where.line);
    else if (where.file)
        fprintf(to, "%s ", where.file);
    else
        fputs("- ", to);
}

static void print_routes(const struct changes *c, const struct change *one, FILE *to)
{
    if (!one->route.at)
        return;
    if (one->routes >= c->routes)
        fputs(" (on every route)", to);
    else if (one->routes > 1)
        fprintf(to, " (on %zu routes)", one->routes);
    else
        fprintf(to, " (on %.*s)", TEXT_ARG(one->route));
}

static void print_one(const struct changes *c, const struct change *one, FILE *to, bool colour)
{
    static const char *const colours[EFFECT_COUNT] = {[EFFECT_BREAKING] = "\033[31m",
                                                      [EFFECT_COMPATIBLE] = "\033[33m",
                                                      [EFFECT_INVISIBLE] = "\033[32m"};
    enum effect effect = kinds[one->kind].effect;

    fprintf(to, "%s%-10s%s  ", colour ? colours[effect] : "", effect_word(effect),
            colour ? "\033[0m" : "");
    print_where(one->old, to);
    print_where(one->new, to);
    fprintf(to, " %s", one->message);
    print_routes(c, one, to);
    fprintf(to, ": %s\n", kinds[one->kind].why);
}

void changes_print(const struct changes *c, FILE *to, bool colour)
{
    for (size_t i = 0; i < c->count; i++)
        print_one(c, &c->at[i], to, colour);
    if (c->count)
        fprintf(to, "%zu breaking, %zu compatible, %zu invisible\n", changes_of(c, EFFECT_BREAKING),
                changes_of(c, EFFECT_COMPATIBLE), changes_of(c, EFFECT_INVISIBLE));
}

static void add_member(struct buf *line, const char *key, struct text value)
{
    buf_add(line, text_from(key));
    if (value.at)
        quote_json(line, value, SIZE_MAX);
    else
        buf_add(line, TEXT("null"));
}

static void add_where(struct buf *line, const char *key, struct where where)
{
    buf_add(line, text_from(key));
    if (!where.file) {
        buf_add(line, TEXT("null"));
        return;
    }
    add_member(line, "{\"file\":", text_from(where.file));
    buf_add(line, TEXT(",\"line\":"));
    buf_add_u64(line, where.line);
    buf_add_byte(line, '}');
}

static void print_json_one(const struct change *one, FILE *to)
{
    struct buf line;

    buf_init(&line, SIZE_MAX);
    add_member(&line, "{\"effect\":", text_from(effect_word(kinds[one->kind].effect)));
    add_member(&line, ",\"kind\":", text_from(kinds[one->kind].word));
    add_member(&line, ",\"message\":", text_from(one->message));
    add_member(&line, ",\"why\":", text_from(kinds[one->kind].why));
    add_member(&line, ",\"route\":", one->route);
    buf_add(&line, TEXT(",\"routes\":"));
    buf_add_u64(&line, one->routes);
    add_where(&line, ",\"old\":", one->old);
    add_where(&line, ",\"new\":", one->new);
    buf_add(&line, TEXT("}\n"));
    if (!line.failed)
        fwrite(line.at, 1, line.len, to);
    buf_fini(&line);
}

void changes_print_json(const struct changes *c, FILE *to)
{
    for (size_t i = 0; i < c->count; i++)
        print_json_one(&c->at[i], to);
}
