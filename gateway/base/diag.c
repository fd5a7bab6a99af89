#include "base/diag.h"

#include "base/buf.h"
#include "base/quote.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stdlib.h>

enum {
    MESSAGE_BYTES = 600,
    SHOWN_CHARS = 160,  /* of a source line */
    BEFORE_CARET = 60,  /* of them, in a longer line */
    NEAREST_BYTES = 64, /* the longest word worth a guess */
};

struct source {
    struct source *next;
    const char *file;
    size_t len;
    char bytes[];
};

/* A file's name, kept once; RANK is its number in the order of appearance. */
struct file_name {
    struct file_name *next;
    size_t rank;
    char name[];
};

struct entry {
    struct complaint complaint;
    size_t file_rank, number;
};

struct diag {
    struct entry entries[DIAG_MAX];
    struct complaint sorted[DIAG_MAX];
    size_t count;   /* entries kept */
    size_t dropped; /* complaints that came after the list was full */
    size_t errors;
    struct entry *last;      /* what a hint belongs to; NULL if it was not kept */
    struct source *sources;  /* the newest first */
    struct file_name *files; /* the newest first */
};

struct diag *diag_new(void)
{
    return calloc(1, sizeof(struct diag));
}

void diag_free(struct diag **d)
{
    if (!*d)
        return;
    for (size_t i = 0; i < (*d)->count; i++) {
        free((*d)->entries[i].complaint.message);
        free((*d)->entries[i].complaint.hint);
    }
    for (struct source *s = (*d)->sources, *next; s; s = next) {
        next = s->next;
        free(s);
    }
    for (struct file_name *f = (*d)->files, *next; f; f = next) {
        next = f->next;
        free(f);
    }
    free(*d);
    *d = NULL;
}

/* D's own copy of the name FILE; NULL if there is no memory. */
static const struct file_name *file_named(struct diag *d, const char *file)
{
    size_t bytes = strlen(file) + 1;
    struct file_name *f = d->files;

    while (f && strcmp(f->name, file) != 0)
        f = f->next;
    if (f)
        return f;
    f = malloc(sizeof *f + bytes);
    if (!f)
        return NULL;
    *f = (struct file_name){.next = d->files, .rank = d->files ? d->files->rank + 1 : 0};
    memcpy(f->name, file, bytes);
    d->files = f;
    return f;
}

void diag_source(struct diag *d, const char *file, struct text source)
{
    if (text_starts(source, TEXT("\xef\xbb\xbf")))
        source = text_from_offset(source, 3); /* a byte order mark has no column */
    struct source *s = malloc(sizeof *s + source.len);
    const struct file_name *name = file_named(d, file);

    if (!s || !name) {
        free(s);
        return; /* complaints come without their line then */
    }
    *s = (struct source){.next = d->sources, .file = name->name, .len = source.len};
    if (source.len)
        memcpy(s->bytes, source.at, source.len);
    s->len = quote_hide_user(s->bytes, source.len);
    d->sources = s;
}

/* A printable copy of the formatted words, on the heap; NULL if there is no memory. */
static char *worded(const char *format, va_list arguments)
{
    char *raw = NULL;
    struct buf safe;
    int n = vasprintf(&raw, format, arguments);

    if (n < 0)
        return NULL;
    buf_init(&safe, SIZE_MAX);
    n = (int)quote_hide_user(raw, (size_t)n);
    quote_plain(&safe, text_of(raw, (size_t)n), MESSAGE_BYTES);
    buf_add_byte(&safe, 0);
    free(raw);
    if (safe.failed)
        buf_fini(&safe);
    return safe.at;
}

static void add(struct diag *d, struct complaint complaint, const char *format, va_list arguments)
{
    const struct file_name *name = NULL;

    d->last = NULL;
    d->errors += complaint.severity == SEVERITY_ERROR;
    if (d->count < DIAG_MAX)
        name = file_named(d, complaint.where.file);
    if (name)
        complaint.message = worded(format, arguments);
    if (!complaint.message) {
        d->dropped++;
        return;
    }
    complaint.where.file = name->name;
    d->last = &d->entries[d->count];
    *d->last = (struct entry){complaint, name->rank, d->count};
    d->count++;
}

void diag_error(struct diag *d, struct where where, const char *code, const char *format, ...)
{
    struct complaint c = {.where = where, .severity = SEVERITY_ERROR, .code = code};
    va_list arguments;

    va_start(arguments, format);
    add(d, c, format, arguments);
    va_end(arguments);
}

void diag_warning(struct diag *d, struct where where, const char *code, const char *format, ...)
{
    struct complaint c = {.where = where, .severity = SEVERITY_WARNING, .code = code};
    va_list arguments;

    va_start(arguments, format);
    add(d, c, format, arguments);
    va_end(arguments);
}

void diag_hint(struct diag *d, const char *format, ...)
{
    va_list arguments;

    if (!d->last)
        return;
    va_start(arguments, format);
    free(d->last->complaint.hint);
    d->last->complaint.hint = worded(format, arguments);
    va_end(arguments);
}

size_t diag_errors(const struct diag *d)
{
    return d->errors;
}

static int compare(size_t a, size_t b)
{
    return (a > b) - (a < b);
}

static int by_place(const void *left, const void *right)
{
    const struct entry *const *a = left, *const *b = right;
    const struct where *at_a = &(*a)->complaint.where, *at_b = &(*b)->complaint.where;
    int order = compare((*a)->file_rank, (*b)->file_rank);

    if (order == 0)
        order = compare(at_a->line, at_b->line);
    if (order == 0)
        order = compare(at_a->column, at_b->column);
    return order ? order : compare((*a)->number, (*b)->number);
}

const struct complaint *diag_list(struct diag *d, size_t *count_out)
{
    const struct entry *order[DIAG_MAX];

    for (size_t i = 0; i < d->count; i++)
        order[i] = &d->entries[i];
    qsort(order, d->count, sizeof order[0], by_place);
    for (size_t i = 0; i < d->count; i++)
        d->sorted[i] = order[i]->complaint;
    *count_out = d->count;
    return d->sorted;
}

/* The bytes of LINE of FILE without their line end; absent if the file was not kept. */
static struct text source_line(const struct diag *d, const char *file, unsigned line)
{
    const struct source *s = d->sources;

    while (s && strcmp(s->file, file) != 0)
        s = s->next;
    if (!s || line == 0)
        return (struct text){0};
    struct text rest = text_of(s->bytes, s->len);
    while (--line > 0) {
        size_t end = text_find(rest, '\n');

        if (end == rest.len)
            return (struct text){0};
        rest = text_from_offset(rest, end + 1);
    }
    rest.len = text_find(rest, '\n');
    if (rest.len > 0 && rest.at[rest.len - 1] == '\r')
        rest.len--;
    return rest;
}

/* Prints the characters of LINE from number FIRST (from 0) on, one column each. */
static void print_chars(struct text line, size_t first, FILE *to)
{
    size_t number = 0;

    for (size_t at = 0; at < line.len && number < first + SHOWN_CHARS; number++) {
        struct text rest = text_from_offset(line, at);
        uint32_t code;
        size_t n = utf8_char(rest, &code);

        at += n ? n : 1;
        if (number < first)
            continue;
        if (n == 0 || code == 0x7f || (code < 0x20 && code != '\t'))
            fputc('?', to);
        else if (code == '\t')
            fputc(' ', to);
        else
            fwrite(rest.at, 1, n, to);
    }
}

static void print_source(const struct diag *d, const struct where *where, FILE *to, bool colour)
{
    struct text line = source_line(d, where->file, where->line);

    if (!line.at || where->column == 0)
        return;
    size_t chars = utf8_count(line), column = where->column - 1u;
    if (column > chars)
        column = chars;
    size_t first = chars > SHOWN_CHARS && column > BEFORE_CARET ? column - BEFORE_CARET : 0;
    size_t left = chars > column ? chars - column : 1;
    size_t width = where->width > left ? left : where->width;
    if (width > SHOWN_CHARS - BEFORE_CARET)
        width = SHOWN_CHARS - BEFORE_CARET;
    fprintf(to, "%5u | ", where->line);
    print_chars(line, first, to);
    fprintf(to, "\n      | %*s%s^", (int)(column - first), "", colour ? "\033[1;32m" : "");
    for (size_t i = 1; i < width; i++)
        fputc('~', to);
    fputs(colour ? "\033[0m\n" : "\n", to);
}

static void print_one(const struct diag *d, const struct complaint *c, FILE *to, bool colour)
{
    bool error = c->severity == SEVERITY_ERROR;

    fprintf(to, "%s%s", colour ? "\033[1m" : "", c->where.file);
    if (c->where.line > 0 && c->where.column > 0)
        fprintf(to, ":%u:%u", c->where.line, c->where.column);
    else if (c->where.line > 0)
        fprintf(to, ":%u", c->where.line);
    fprintf(to, ": %s%s:%s %s\n",
            !colour ? ""
            : error ? "\033[31m"
                    : "\033[35m",
            error ? "error" : "warning", colour ? "\033[0m" : "", c->message);
    print_source(d, &c->where, to, colour);
    if (c->hint)
        fprintf(to, "      = %s\n", c->hint);
}

void diag_print(struct diag *d, FILE *to, bool colour)
{
    size_t count;
    const struct complaint *list = diag_list(d, &count);

    for (size_t i = 0; i < count; i++)
        print_one(d, &list[i], to, colour);
    if (d->dropped > 0)
        fprintf(to, "%zu more not shown\n", d->dropped);
}

static void print_json_one(const struct complaint *c, FILE *to)
{
    struct buf line;

    buf_init(&line, SIZE_MAX);
    buf_add(&line, TEXT("{\"file\":"));
    quote_json(&line, text_from(c->where.file), SIZE_MAX);
    buf_add(&line, TEXT(",\"line\":"));
    buf_add_u64(&line, c->where.line);
    buf_add(&line, TEXT(",\"column\":"));
    buf_add_u64(&line, c->where.column);
    buf_add(&line, c->severity == SEVERITY_ERROR ? TEXT(",\"severity\":\"error\",\"code\":")
                                                 : TEXT(",\"severity\":\"warning\",\"code\":"));
    quote_json(&line, text_from(c->code), SIZE_MAX);
    buf_add(&line, TEXT(",\"message\":"));
    quote_json(&line, text_from(c->message), SIZE_MAX);
    buf_add(&line, TEXT(",\"hint\":"));
    if (c->hint)
        quote_json(&line, text_from(c->hint), SIZE_MAX);
    else
        buf_add(&line, TEXT("null"));
    buf_add(&line, TEXT("}\n"));
    if (!line.failed)
        fwrite(line.at, 1, line.len, to);
    buf_fini(&line);
}

void diag_print_json(struct diag *d, FILE *to)
{
    size_t count;
    const struct complaint *list = diag_list(d, &count);

    for (size_t i = 0; i < count; i++)
        print_json_one(&list[i], to);
}

static char folded(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/*
 * How many letters must be put in, left out, changed or swapped with their
 * neighbour to make B of A; case does not count.  Both are NEAREST_BYTES at most.
 */
static unsigned distance(struct text a, struct text b)
{
    unsigned rows[3][NEAREST_BYTES + 1];
    unsigned *above = rows[0], *here = rows[1], *two_above = rows[2];

    for (size_t j = 0; j <= b.len; j++)
        here[j] = (unsigned)j;
    for (size_t i = 1; i <= a.len; i++) {
        unsigned *free_row = two_above;

        two_above = above;
        above = here;
        here = free_row;
        here[0] = (unsigned)i;
        for (size_t j = 1; j <= b.len; j++) {
            bool same = folded(a.at[i - 1]) == folded(b.at[j - 1]);

            here[j] = least(above[j - 1] + !same, least(above[j], here[j - 1]) + 1);
            if (i > 1 && j > 1 && folded(a.at[i - 1]) == folded(b.at[j - 2]) &&
                folded(a.at[i - 2]) == folded(b.at[j - 1]))
                here[j] = least(here[j], two_above[j - 2] + 1);
        }
    }
    return here[b.len];
}

const char *diag_nearest(struct text word, const char *const *candidates, size_t count)
{
    const char *nearest = NULL;
    unsigned best = (unsigned)word.len / 3 + 1;

    if (word.len == 0 || word.len > NEAREST_BYTES)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        struct text candidate = text_from(candidates[i]);

        if (candidate.len > NEAREST_BYTES)
            continue;
        unsigned away = distance(word, candidate);
        if (away < best) {
            best = away;
            nearest = candidates[i];
        }
    }
    return nearest;
}
