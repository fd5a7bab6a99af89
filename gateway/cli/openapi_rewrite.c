#include "cli/openapi_rewrite.h"

enum { SCALAR_BYTES_MAX = 16 * 1024 * 1024 };

/* --- the text that S is to have ------------------------------------------- */

static void add_changed(struct text text, const struct openapi_change *changes, size_t count,
                        struct buf *to)
{
    size_t at = 0;

    for (size_t i = 0; i < count; i++) {
        buf_add(to, text_of(text.at + at, changes[i].from - at));
        buf_add(to, changes[i].becomes);
        at = changes[i].to;
    }
    buf_add(to, text_from_offset(text, at));
}

/* Between double quotes, in the place of all of S. */
static void quote_anew(struct openapi_edits *edits, struct text source,
                       const struct openapi_scalar *s, struct text becomes)
{
    struct buf to;

    buf_init(&to, SCALAR_BYTES_MAX);
    openapi_scalar_quoted(becomes, &to);
    if (s->span.to > s->span.from && source.at[s->span.to - 1] == '\n')
        buf_add_byte(&to, '\n'); /* the end of a block was its own */
    edits->failed |= to.failed;
    openapi_edit(edits, s->span, buf_text(&to));
    buf_fini(&to);
}

/* True if the plain scalar with CHANGES, which is BECOMES, is still read as that text. */
static bool stays_plain(const struct openapi_change *changes, size_t count, struct text becomes)
{
    struct yaml_node as_read = {.kind = YAML_SCALAR, .style = YAML_PLAIN, .text = becomes};

    return yaml_sense(&as_read) == YAML_TEXT &&
           (count == 0 || changes[0].from > 0 || openapi_scalar_plain(changes[0].becomes));
}

/* Edits each change where it stands; false, with nothing edited, if one of them can't. */
static bool splice(struct openapi_edits *edits, struct text source, const struct openapi_scalar *s,
                   const struct openapi_change *changes, size_t count)
{
    size_t before = edits->count;
    struct openapi_view view;
    struct buf to;
    bool sound = openapi_view(edits->arena, source, s, &view);

    buf_init(&to, SCALAR_BYTES_MAX);
    for (size_t i = 0; i < count && sound; i++) {
        struct yaml_span span = {view.from[changes[i].from], view.from[changes[i].to]};

        buf_clear(&to);
        sound = openapi_scalar_inside(s->style, view.indent, changes[i].becomes, &to);
        edits->failed |= to.failed;
        if (sound)
            openapi_edit(edits, span, buf_text(&to));
    }
    buf_fini(&to);
    if (!sound)
        edits->count = before;
    return sound;
}

void openapi_rewrite(struct openapi_edits *edits, struct text source,
                     const struct openapi_scalar *s, const struct openapi_change *changes,
                     size_t count)
{
    struct buf becomes;

    if (count == 0)
        return;
    buf_init(&becomes, SCALAR_BYTES_MAX);
    add_changed(s->text, changes, count, &becomes);
    edits->failed |= becomes.failed;
    bool plain = s->style != YAML_PLAIN || stays_plain(changes, count, buf_text(&becomes));
    if (!plain || !splice(edits, source, s, changes, count))
        quote_anew(edits, source, s, buf_text(&becomes));
    buf_fini(&becomes);
}

/* --- what changes --------------------------------------------------------- */

static bool continues(struct text t, size_t at)
{
    return at < t.len && ((unsigned char)t.at[at] & 0xC0) == 0x80;
}

/* All between the first and the last character in which A and B differ. */
static struct openapi_change difference(struct text a, struct text b)
{
    size_t shorter = a.len < b.len ? a.len : b.len, front = 0, back = 0;

    while (front < shorter && a.at[front] == b.at[front])
        front++;
    while (front > 0 && (continues(a, front) || continues(b, front)))
        front--;
    while (back < shorter - front && a.at[a.len - 1 - back] == b.at[b.len - 1 - back])
        back++;
    while (back > 0 && (continues(a, a.len - back) || continues(b, b.len - back)))
        back--;
    return (struct openapi_change){front, a.len - back,
                                   text_of(b.at + front, b.len - back - front)};
}

void openapi_rewrite_whole(struct openapi_edits *edits, struct text source,
                           const struct openapi_scalar *s, struct text becomes)
{
    struct openapi_change change = difference(s->text, becomes);

    if (text_eq(s->text, becomes))
        return;
    if (s->style == YAML_PLAIN && openapi_scalar_plain(becomes))
        openapi_edit(edits, s->span, becomes);
    else if (s->style == YAML_PLAIN)
        quote_anew(edits, source, s, becomes);
    else
        openapi_rewrite(edits, source, s, &change, 1);
}

void openapi_rewrite_prose(struct openapi_edits *edits, struct text source,
                           const struct openapi_scalar *s, const struct mapping *m)
{
    struct openapi_change change, *changes;
    size_t count = 0, at = 0;

    while (openapi_prose(m, s->text, &at, &change))
        count++;
    changes = arena_zero(edits->arena, count + 1, sizeof *changes);
    edits->failed |= !changes;
    at = 0;
    for (size_t i = 0; changes && i < count; i++)
        openapi_prose(m, s->text, &at, &changes[i]);
    if (changes)
        openapi_rewrite(edits, source, s, changes, count);
}

/* --- comments ------------------------------------------------------------- */

static void rewrite_comment(struct openapi_edits *edits, struct text source, struct yaml_span span,
                            const struct mapping *m)
{
    struct text text = text_of(source.at + span.from, span.to - span.from);
    struct openapi_change change;
    size_t at = 0;

    while (openapi_prose(m, text, &at, &change))
        openapi_edit(edits, (struct yaml_span){span.from + change.from, span.from + change.to},
                     change.becomes);
}

void openapi_rewrite_comments(struct openapi_edits *edits, struct text source,
                              struct yaml_span span, const struct mapping *m)
{
    while (span.from < span.to) {
        struct text rest = text_of(source.at + span.from, span.to - span.from);
        size_t begin = span.from + text_find(rest, '#');
        struct text line = text_of(source.at + begin, span.to - begin);
        size_t end = begin + text_find(line, '\n');

        rewrite_comment(edits, source, (struct yaml_span){begin, end}, m);
        span.from = end;
    }
}
