/*
 * A multipart/form-data body (RFC 7578): the names in the heads of its parts
 * are exchanged, a part that is a JSON text passes the splicer, and all
 * other bytes stream.  Of a part, only its head is ever held.
 */
#include "translate/form_name.h"
#include "translate/multipart_boundary.h"
#include "translate/multipart_head.h"
#include "translate/multipart_parameter.h"
#include "translate/splicer.h"
#include "translate/translator.h"

#include <stdlib.h>

enum {
    HEAD_MAX = 16 * 1024, /* bytes of the head of one part */
    NAMES_MAX = 8192,     /* different known names of one form */
    ESCAPE_MAX = 3        /* bytes of %HH */
};

enum multipart_state { IN_PREAMBLE, IN_HEAD, IN_PART, IN_JSON, IN_EPILOGUE };

struct multipart {
    struct translator base;
    struct sink sink;
    const char *unusable; /* why there is no boundary; NULL: there is one */
    struct multipart_boundary boundary;
    struct form_names names;
    enum multipart_state state;
    bool blank;         /* nothing but white space so far */
    struct lines lines; /* stand before what is held */
    struct buf head;    /* of the part that begins */
    struct buf written; /* what leaves instead */
    struct splicer splicer;
    struct body_place begin; /* of the JSON text at hand */
};

static enum translate_code refuse(struct multipart *m, enum translate_code code, const char *what)
{
    m->base.fault =
        (struct translate_fault){.code = code, .place = lines_place(&m->lines), .what = what};
    return code;
}

/* Lets SPAN go as it came. */
static void pass(struct multipart *m, struct text span)
{
    if (span.len > 0)
        m->sink.take(m->sink.owner, span);
    lines_pass(&m->lines, span);
}

/* --- JSON parts ---------------------------------------------------------------------- */

static enum translate_code answer(struct multipart *m, enum translate_code code)
{
    if (code == TRANSLATE_OK)
        return code;
    m->base.fault = m->splicer.fault;
    /* The reader calls a byte order mark the text's first byte, wherever the text stands. */
    if (m->base.fault.place.offset < m->begin.offset)
        m->base.fault.place = m->begin;
    return code;
}

static void begin_json(struct multipart *m)
{
    splicer_restart(&m->splicer);
    m->splicer.reader.lines = m->lines;
    m->begin = lines_place(&m->lines);
    m->state = IN_JSON;
}

static enum translate_code take_json(struct multipart *m, struct text span)
{
    enum translate_code code = splicer_piece(&m->splicer, span);

    lines_pass(&m->lines, span);
    return answer(m, code);
}

/* --- heads ------------------------------------------------------------------------------ */

/* The head is whole, with its empty line or without: the part ended before. */
static enum translate_code end_head(struct multipart *m)
{
    struct text head = buf_text(&m->head);
    bool json;
    enum translate_code code = multipart_head_take(&m->names, head, m->lines, &json, &m->written);

    if (code != TRANSLATE_OK) {
        m->base.fault = m->names.fault;
        return code;
    }
    if (m->written.len > 0)
        m->sink.take(m->sink.owner, buf_text(&m->written));
    lines_pass(&m->lines, head);
    buf_fini(&m->head);
    buf_fini(&m->written);
    m->state = IN_PART;
    if (json)
        begin_json(m);
    return TRANSLATE_OK;
}

/* True if HEAD has come as far as its empty line. */
static bool is_whole(struct text head)
{
    const struct text end = TEXT("\r\n\r\n");

    return text_eq(head, TEXT("\r\n")) ||
           (head.len >= end.len && text_eq(text_from_offset(head, head.len - end.len), end));
}

/* Takes a line of the head, or what came of it, off *SPAN. */
static enum translate_code take_head(struct multipart *m, struct text *span)
{
    size_t n = text_find(*span, '\n');

    n += n < span->len;
    if (n > HEAD_MAX - m->head.len)
        return refuse(m, TRANSLATE_INVALID_FORM, "the head of a part is too long");
    buf_add(&m->head, text_of(span->at, n));
    if (m->head.failed)
        return refuse(m, TRANSLATE_NO_MEMORY, "no memory");
    *span = text_from_offset(*span, n);
    return is_whole(buf_text(&m->head)) ? end_head(m) : TRANSLATE_OK;
}

/* --- what is between the lines --------------------------------------------------------------- */

static bool is_blank(struct text t)
{
    while (t.len > 0 && strchr(" \t\r\n", *t.at) && *t.at)
        t = text_from_offset(t, 1);
    return t.len == 0;
}

static enum translate_code take_content(struct multipart *m, struct text span)
{
    enum translate_code code = TRANSLATE_OK;

    while (code == TRANSLATE_OK && m->state == IN_HEAD && span.len > 0)
        code = take_head(m, &span);
    if (code != TRANSLATE_OK || span.len == 0)
        return code;
    if (m->state == IN_JSON)
        return take_json(m, span);
    m->blank = m->blank && is_blank(span);
    pass(m, span);
    return code;
}

/* LINE ends what was before it, and leads to STATE. */
static enum translate_code take_line(struct multipart *m, struct text line,
                                     enum multipart_state state)
{
    enum translate_code code = TRANSLATE_OK;

    if (m->state == IN_HEAD)
        code = end_head(m);
    if (code == TRANSLATE_OK && m->state == IN_JSON)
        code = answer(m, splicer_end(&m->splicer));
    if (code != TRANSLATE_OK)
        return code;
    pass(m, line);
    m->blank = false;
    m->state = state;
    return code;
}

static enum translate_code take_next(struct multipart *m, struct text *left)
{
    struct text span;

    switch (multipart_boundary_next(&m->boundary, left, &span)) {
    case BOUNDARY_NONE:
        break;
    case BOUNDARY_CONTENT:
        return take_content(m, span);
    case BOUNDARY_DIVIDES:
        return take_line(m, span, IN_HEAD);
    case BOUNDARY_CLOSES:
        return take_line(m, span, IN_EPILOGUE);
    case BOUNDARY_ENDLESS:
        return refuse(m, TRANSLATE_INVALID_FORM, "the line of a boundary is too long");
    }
    return TRANSLATE_OK;
}

/* --- the translator ------------------------------------------------------------------------- */

static enum translate_code piece(struct translator *t, struct text bytes)
{
    struct multipart *m = (struct multipart *)t;
    enum translate_code code = TRANSLATE_OK;

    if (m->unusable && bytes.len > 0)
        return refuse(m, TRANSLATE_INVALID_FORM, m->unusable);
    while (code == TRANSLATE_OK && bytes.len > 0 && m->state != IN_EPILOGUE)
        code = take_next(m, &bytes);
    if (code == TRANSLATE_OK)
        pass(m, bytes);
    return code;
}

/* The body ended where none may; REST was held by the search. */
static enum translate_code refuse_end(struct multipart *m, struct text rest)
{
    if (m->state == IN_JSON)
        splicer_end(&m->splicer); /* what leaves does not depend on the cuts */
    lines_pass(&m->lines, buf_text(&m->head));
    lines_pass(&m->lines, rest);
    return refuse(m, TRANSLATE_INVALID_FORM, "the body ends before its closing boundary");
}

static enum translate_code end(struct translator *t)
{
    struct multipart *m = (struct multipart *)t;
    struct text rest;

    if (m->state == IN_EPILOGUE || m->unusable)
        return TRANSLATE_OK;
    if (multipart_boundary_end(&m->boundary, &rest) == BOUNDARY_CLOSES)
        return take_line(m, rest, IN_EPILOGUE);
    if (!m->blank || !is_blank(rest))
        return refuse_end(m, rest);
    pass(m, rest);
    return TRANSLATE_OK;
}

static void destroy(struct translator *t)
{
    struct multipart *m = (struct multipart *)t;

    splicer_fini(&m->splicer);
    form_names_fini(&m->names);
    buf_fini(&m->head);
    buf_fini(&m->written);
    free(m);
}

struct translator *multipart_new(const struct translator_task *task)
{
    static const struct translator_kind kind = {piece, end, destroy};
    struct multipart *m = malloc(sizeof *m);
    char space[BOUNDARY_MAX];

    if (!m)
        return NULL;
    *m = (struct multipart){.base.kind = &kind, .sink = task->sink, .blank = true};
    struct text boundary =
        multipart_boundary_of(task->content_type, space, sizeof space, &m->unusable);
    if (boundary.at) {
        m->unusable = NULL;
        multipart_boundary_init(&m->boundary, boundary);
    }
    form_names_init(&m->names, task->rules, task->direction, task->direction, NAMES_MAX);
    m->names.watcher = task->watcher;
    lines_init(&m->lines);
    size_t escaped = rules_longest_name(task->rules, task->direction) * ESCAPE_MAX;
    buf_init(&m->head, HEAD_MAX);
    buf_init(&m->written, HEAD_MAX * (escaped + 1));
    if (splicer_init(&m->splicer, task->rules, task->direction, task->limits, task->scene,
                     task->watcher, task->sink))
        return &m->base;
    destroy(&m->base);
    return NULL;
}
