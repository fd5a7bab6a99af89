/*
 * Bodies that are one JSON text after another: a line each (NDJSON, JSON
 * Lines), or each behind a record separator (JSON text sequences, RFC 7464).
 * What the splicer lets go of a record is held, up to a ceiling, until the
 * record is whole, so that nothing of a bad one leaves; a longer one streams.
 */
#include "translate/splicer.h"
#include "translate/translator.h"
#include "json/token.h"

#include <stdlib.h>

enum {
    SEPARATOR = 0x1e, /* RS */
    KEPT_BYTES = 4096 /* of the held record's memory, between records */
};

static const char TRUNCATED[] = "nothing follows a number or literal, so it may be cut short";
static const char UNSEPARATED[] = "a record begins without a record separator";

struct records {
    struct translator base;
    struct sink sink;
    struct splicer splicer;
    struct buf held;         /* the translated record so far */
    bool streams;            /* the record is too long to be held */
    struct body_place begin; /* of the record */

    /* of a text sequence only */
    bool separated; /* a separator has been seen */
    char last;      /* the last byte of the record */
};

static struct records *records_of(struct translator *t)
{
    return (struct records *)t;
}

/* --- what leaves ---------------------------------------------------------------------- */

static void release(struct records *r)
{
    if (r->held.len > 0)
        r->sink.take(r->sink.owner, buf_text(&r->held));
    if (r->held.capacity > KEPT_BYTES)
        buf_fini(&r->held);
    buf_clear(&r->held);
}

static void on_take(void *owner, struct text span)
{
    struct records *r = owner;

    if (!r->streams && span.len > r->held.max - r->held.len) {
        release(r);
        r->streams = true;
    }
    if (r->streams) {
        if (span.len > 0)
            r->sink.take(r->sink.owner, span);
        return;
    }
    buf_add(&r->held, span);
}

/* --- one record after the other --------------------------------------------------------- */

static enum translate_code refuse(struct records *r, enum translate_code code, const char *what)
{
    r->base.fault = (struct translate_fault){
        .code = code, .place = lines_place(&r->splicer.reader.lines), .what = what};
    return code;
}

/* What the answer is when the splicer's is CODE. */
static enum translate_code answer(struct records *r, enum translate_code code)
{
    if (r->held.failed)
        return refuse(r, TRANSLATE_NO_MEMORY, "no memory");
    if (code == TRANSLATE_OK)
        return code;
    r->base.fault = r->splicer.fault;
    /* The reader calls a byte order mark the text's first byte, wherever the text stands. */
    if (r->base.fault.place.offset < r->begin.offset)
        r->base.fault.place = r->begin;
    return code;
}

/* Begins a record where LINES stand. */
static void begin_record(struct records *r, struct lines lines)
{
    splicer_restart(&r->splicer);
    r->splicer.reader.lines = lines;
    r->begin = lines_place(&lines);
    r->streams = false;
    r->last = 0;
}

static enum translate_code go_on(struct records *r, struct text span)
{
    if (span.len == 0)
        return TRANSLATE_OK;
    r->last = span.at[span.len - 1];
    return answer(r, splicer_piece(&r->splicer, span));
}

/* --- lines ---------------------------------------------------------------------------------- */

/* Ends the line at its line feed, at LF, with which the record leaves. */
static enum translate_code end_line(struct records *r, const char *lf)
{
    struct lines lines = r->splicer.reader.lines;
    enum translate_code code = answer(r, splicer_end(&r->splicer));

    if (code == TRANSLATE_OK) {
        on_take(r, text_of(lf, 1));
        code = answer(r, code);
    }
    if (code != TRANSLATE_OK)
        return code;
    release(r);
    lines_pass(&lines, text_of(lf, 1));
    begin_record(r, lines);
    return TRANSLATE_OK;
}

static enum translate_code lines_piece(struct translator *t, struct text piece)
{
    struct records *r = records_of(t);

    while (piece.len > 0) {
        size_t n = text_find(piece, '\n');
        enum translate_code code = go_on(r, text_of(piece.at, n));

        if (code == TRANSLATE_OK && n < piece.len)
            code = end_line(r, piece.at + n++);
        if (code != TRANSLATE_OK)
            return code;
        piece = text_from_offset(piece, n);
    }
    return TRANSLATE_OK;
}

static enum translate_code lines_end(struct translator *t)
{
    struct records *r = records_of(t);
    enum translate_code code = answer(r, splicer_end(&r->splicer));

    if (code == TRANSLATE_OK)
        release(r);
    return code;
}

/* --- text sequences -----------------------------------------------------------------------------
 */

/*
 * The record ends here.  A number or literal at its very end may have been
 * cut short unnoticed (RFC 7464, 2.4); all else shows its end.
 */
static enum translate_code end_text(struct records *r)
{
    struct lines lines = r->splicer.reader.lines;
    enum translate_code code = answer(r, splicer_end(&r->splicer));

    r->splicer.reader.lines = lines;
    if (code == TRANSLATE_OK && token_is_atom(r->last))
        return refuse(r, TRANSLATE_INVALID_JSON, TRUNCATED);
    return code;
}

/* Takes bytes up to and including a line feed, or all; a text that is whole then leaves. */
static enum translate_code take_line(struct records *r, struct text *left)
{
    size_t n = text_find(*left, '\n');
    bool ended = n < left->len;
    struct text line = text_of(left->at, n + ended);
    enum translate_code code = go_on(r, line);

    *left = text_from_offset(*left, line.len);
    if (code == TRANSLATE_OK && ended && r->splicer.depth == 0)
        release(r);
    return code;
}

/* Takes what is not a separator: text of a record, or white space before the first one. */
static enum translate_code take_text(struct records *r, struct text span)
{
    enum translate_code code = TRANSLATE_OK;

    while (span.len > 0 && code == TRANSLATE_OK) {
        if (!r->separated && !token_is_space(*span.at))
            return refuse(r, TRANSLATE_INVALID_JSON, UNSEPARATED);
        if (r->separated) {
            code = take_line(r, &span);
        } else {
            code = go_on(r, text_of(span.at, 1));
            span = text_from_offset(span, 1);
        }
    }
    return code;
}

static enum translate_code separate(struct records *r, const char *separator)
{
    enum translate_code code = end_text(r);
    struct lines lines = r->splicer.reader.lines;

    if (code != TRANSLATE_OK)
        return code;
    release(r);
    r->separated = true;
    lines_pass(&lines, text_of(separator, 1));
    begin_record(r, lines);
    on_take(r, text_of(separator, 1));
    return answer(r, code);
}

static enum translate_code sequence_piece(struct translator *t, struct text piece)
{
    struct records *r = records_of(t);

    while (piece.len > 0) {
        size_t n = text_find(piece, SEPARATOR);
        enum translate_code code = take_text(r, text_of(piece.at, n));

        if (code == TRANSLATE_OK && n < piece.len)
            code = separate(r, piece.at + n++);
        if (code != TRANSLATE_OK)
            return code;
        piece = text_from_offset(piece, n);
    }
    return TRANSLATE_OK;
}

static enum translate_code sequence_end(struct translator *t)
{
    struct records *r = records_of(t);
    enum translate_code code = end_text(r);

    if (code == TRANSLATE_OK)
        release(r);
    return code;
}

/* --- life ----------------------------------------------------------------------------------------
 */

static void destroy(struct translator *t)
{
    struct records *r = records_of(t);

    splicer_fini(&r->splicer);
    buf_fini(&r->held);
    free(r);
}

static struct translator *make(const struct translator_task *task,
                               const struct translator_kind *kind)
{
    struct records *r = malloc(sizeof *r);
    struct lines start;

    if (!r)
        return NULL;
    *r = (struct records){.base.kind = kind, .sink = task->sink};
    buf_init(&r->held, task->limits->record);
    if (!splicer_init(&r->splicer, task->rules, task->direction, task->limits, task->scene,
                      task->watcher, (struct sink){on_take, r})) {
        destroy(&r->base);
        return NULL;
    }
    lines_init(&start);
    begin_record(r, start);
    return &r->base;
}

struct translator *records_new(const struct translator_task *task)
{
    static const struct translator_kind KIND = {lines_piece, lines_end, destroy};

    return make(task, &KIND);
}

struct translator *json_seq_new(const struct translator_task *task)
{
    static const struct translator_kind KIND = {sequence_piece, sequence_end, destroy};

    return make(task, &KIND);
}
