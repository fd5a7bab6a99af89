#include "json/unfinished.h"

#include "json/reader_inside.h"
#include "json/token.h"

/* Keeps the bytes from AT to END back. */
static bool hold(struct reader *r, const char *at, const char *end)
{
    reader_pass(r, at);
    buf_add(&r->held, text_of(at, (size_t)(end - at)));
    r->from = end;
    return !r->held.failed || reader_fail(r, READER_NO_MEMORY, r->place, "no memory");
}

/* The string is longer than its owner wanted: it streams. */
static void release(struct reader *r)
{
    r->quote = NULL;
    r->events->on_long(r->owner, r->role);
    reader_emit(r, buf_text(&r->held));
    buf_clear(&r->held);
    r->holding = false;
}

/* The held string is complete; its closing quote is at QUOTE. */
static bool tell_held(struct reader *r, const char *quote)
{
    struct json_string whole = {r->role, text_from_offset(buf_text(&r->held), 1), r->scan.escaped};
    struct text instead = {0};

    r->quote = NULL;
    if (!r->events->on_whole(r->owner, &whole, &instead))
        return reader_fail(r, READER_STOPPED, r->place, NULL);
    reader_emit(r, instead.at ? instead : buf_text(&r->held));
    r->from = instead.at ? quote + 1 : quote;
    buf_clear(&r->held);
    return true;
}

void unfinished_string(struct reader *r, const struct skeleton *s)
{
    const struct skeleton_string *string = &s->strings[s->count - 1];

    r->place = reader_count_to(r, string->quote);
    r->quote = NULL;
    r->string_len = (size_t)(string->end - string->quote) - 1;
    r->holding = r->wanted > 0 && r->string_len <= r->wanted;
    if (r->wanted > 0 && !r->holding)
        r->events->on_long(r->owner, r->role);
    if (r->holding && !hold(r, string->quote, string->end))
        return;
    r->inside = IN_STRING;
    if (s->stop == SKELETON_IN_STRING)
        return;
    reader_pass(r, string->end);
    reader_fail(r, READER_INVALID, r->place, string_scan_fault(&r->scan));
}

const char *unfinished_string_more(struct reader *r, const char *at, const char *end)
{
    const char *to = at;
    enum string_end found = string_scan(&r->scan, &to, end);

    r->string_len += (size_t)(to - at);
    if (r->holding && r->string_len > r->wanted)
        release(r);
    if (r->holding && !hold(r, at, to))
        return to;
    switch (found) {
    case STRING_OPEN:
        return to;
    case STRING_BROKEN:
        reader_pass(r, to);
        reader_fail(r, READER_INVALID, r->place, string_scan_fault(&r->scan));
        return to;
    case STRING_CLOSED:
        break;
    }
    r->inside = BETWEEN_TOKENS;
    if (r->holding)
        tell_held(r, to);
    return to + 1;
}

void unfinished_atom_end(struct reader *r, bool at_end)
{
    size_t len = r->held.len;
    struct token token;

    r->inside = BETWEEN_TOKENS;
    buf_add_byte(&r->held, ' ');
    if (r->held.failed) {
        reader_fail(r, READER_NO_MEMORY, r->place, "no memory");
        return;
    }
    bool good = reader_feed(r, buf_text(&r->held), &token);
    r->held.len = len;
    if (good && len > r->limits.number) {
        reader_fail(r, READER_INVALID, r->place, READER_LONG_NUMBER);
    } else if (good) {
        reader_emit(r, buf_text(&r->held));
        buf_clear(&r->held);
    } else if (at_end && token.broken && token.end == len) {
        reader_fail(r, READER_INVALID, lines_place(&r->lines), READER_CUT_SHORT);
    } else {
        reader_emit(r, text_of(r->held.at, token.start));
        buf_drop(&r->held, token.start);
        r->place.offset += token.start;
        r->place.column += token.start;
        reader_fail(r, READER_INVALID, r->place, r->refusal);
    }
}

void unfinished_atom(struct reader *r, const char *at)
{
    if (reader_is_done(r)) {
        reader_refuse_at(r, at, READER_FOLLOWS);
        return;
    }
    r->inside = IN_ATOM;
    r->place = reader_count_to(r, at);
}

const char *unfinished_atom_more(struct reader *r, const char *at, const char *end)
{
    size_t room = r->limits.number + 1 - r->held.len;
    const char *to = at;

    while (to < end && room > 0 && token_is_atom(*to)) {
        to++;
        room--;
    }
    if (hold(r, at, to) && (to < end || room == 0))
        unfinished_atom_end(r, false);
    return to;
}
