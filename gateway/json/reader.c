#include "json/reader.h"

#include "json/skeleton.h"
#include "json/token.h"

#include <assert.h>
#include <stdlib.h>
#include <yajl/yajl_parse.h>

static const char UNFIT[] = "not JSON at this point";
static const char FOLLOWS[] = "something follows the JSON value";
static const char CUT_SHORT[] = "the JSON text ends too early";
static const char TOO_DEEP[] = "arrays and objects are nested too deep";
static const char LONG_NUMBER[] = "a number is too long";
static const char MARKED[] = "a byte order mark stands before the JSON text";

#define MARK TEXT("\xef\xbb\xbf")

/* --- places and bytes ---------------------------------------------------------- */

/* Counts the piece up to TO, which is not behind what has been counted, and says where that is. */
static struct body_place place_at(struct reader *r, const char *to)
{
    assert(to >= r->counted);
    lines_pass(&r->lines, text_of(r->counted, (size_t)(to - r->counted)));
    r->counted = to;
    return lines_place(&r->lines);
}

struct body_place reader_place(struct reader *r)
{
    return r->quote ? place_at(r, r->quote) : r->place;
}

static void emit(struct reader *r, struct text span)
{
    if (span.len)
        r->events->take(r->owner, span);
}

/* Passes on the piece up to TO, and goes on behind it. */
static void pass(struct reader *r, const char *to)
{
    if (to > r->from) {
        emit(r, text_of(r->from, (size_t)(to - r->from)));
        r->from = to;
    }
}

static bool fail(struct reader *r, enum reader_verdict verdict, struct body_place place,
                 const char *what)
{
    r->verdict = verdict;
    r->fault = (struct reader_fault){place, what};
    return false;
}

/* The text goes wrong at AT of the piece; what precedes it leaves. */
static bool refuse_at(struct reader *r, const char *at, const char *what)
{
    pass(r, at);
    return fail(r, READER_INVALID, place_at(r, at), what);
}

/* True if the one value of the text is complete, though its string may be open. */
static bool is_done(const struct reader *r)
{
    return r->depth == 0 && r->last != 0;
}

static const char *misfit(const struct reader *r)
{
    return is_done(r) ? FOLLOWS : UNFIT;
}

/* Keeps the bytes from AT to END back. */
static bool hold(struct reader *r, const char *at, const char *end)
{
    pass(r, at);
    buf_add(&r->held, text_of(at, (size_t)(end - at)));
    r->from = end;
    return !r->held.failed || fail(r, READER_NO_MEMORY, r->place, "no memory");
}

/* --- what yajl calls back -------------------------------------------------------- */

/* Stops yajl; a NULL WHAT says that the owner did. */
static int stop(struct reader *r, const char *what)
{
    r->refusal = what;
    return 0;
}

static int accept_token(struct reader *r)
{
    r->tokens_told++;
    return 1;
}

static int open_container(struct reader *r, bool object)
{
    if (r->depth == r->limits.depth)
        return stop(r, TOO_DEEP);
    if (!r->events->on_open(r->owner, object)) {
        fail(r, READER_NO_MEMORY, lines_place(&r->lines), "no memory");
        return stop(r, NULL);
    }
    unsigned char *bits = &r->arrays[r->depth / 8], bit = (unsigned char)(1u << r->depth % 8);
    *bits = (unsigned char)(object ? *bits & ~bit : *bits | bit);
    r->depth++;
    return accept_token(r);
}

static bool in_array(const struct reader *r)
{
    size_t at = r->depth - 1;

    return r->depth > 0 && r->arrays[at / 8] >> at % 8 & 1;
}

static int on_start_map(void *ctx)
{
    return open_container(ctx, true);
}

static int on_start_array(void *ctx)
{
    return open_container(ctx, false);
}

static int on_end_container(void *ctx)
{
    struct reader *r = ctx;

    r->events->on_close(r->owner);
    r->depth--;
    return accept_token(r);
}

/* Tells the owner of the whole STRING in the piece and splices in what it wants instead. */
static bool tell_whole(struct reader *r, const struct skeleton_string *string)
{
    struct json_string whole = {r->role, text_of(string->quote + 1, r->string_len),
                                string->escaped};
    struct text instead = {0};

    r->quote = string->quote;
    if (!r->events->on_whole(r->owner, &whole, &instead))
        return false;
    if (instead.at) {
        pass(r, string->quote);
        emit(r, instead);
        r->from = string->end + 1;
    }
    return true;
}

static bool is_unfinished(const struct skeleton *s, const struct skeleton_string *string)
{
    return string == &s->strings[s->count - 1] &&
           (s->stop == SKELETON_IN_STRING || s->stop == SKELETON_BAD_STRING);
}

static int begin_string(struct reader *r, enum json_role role)
{
    const struct skeleton_string *string = &r->skeleton->strings[r->strings_told++];

    r->wanted = r->events->on_string(r->owner, role);
    if (r->wanted == 0)
        return 1;
    r->role = role;
    r->string_len = (size_t)(string->end - string->quote) - 1;
    if (is_unfinished(r->skeleton, string))
        return 1;
    if (r->string_len <= r->wanted)
        return tell_whole(r, string) ? 1 : stop(r, NULL);
    r->quote = string->quote;
    r->events->on_long(r->owner, r->role);
    return 1;
}

static int on_key(void *ctx, const unsigned char *text, size_t len)
{
    (void)text;
    (void)len;
    return begin_string(ctx, JSON_KEY) ? accept_token(ctx) : 0;
}

static int on_string(void *ctx, const unsigned char *text, size_t len)
{
    (void)text;
    (void)len;
    return begin_string(ctx, JSON_VALUE) ? accept_token(ctx) : 0;
}

/* Numbers and literals need no call: they are never replaced, and each call costs. */
static const yajl_callbacks CALLBACKS = {.yajl_string = on_string,
                                         .yajl_start_map = on_start_map,
                                         .yajl_map_key = on_key,
                                         .yajl_end_map = on_end_container,
                                         .yajl_start_array = on_start_array,
                                         .yajl_end_array = on_end_container};

/* --- feeding yajl ---------------------------------------------------------------- */

/* True if a value can stand behind the token that begins with the byte LAST. */
static bool takes_value(const struct reader *r, char last)
{
    return last == 0 || last == '[' || last == ':' || (last == ',' && in_array(r));
}

/*
 * The token of STRETCH that yajl refused; LAST_OUT is the first byte of the
 * one before.  It is behind those that yajl called back for, and broken, or
 * the first that reaches where yajl stopped.  But yajl may have stopped at
 * either end of it; so an atom that ends there and fits was not the one.
 */
static struct token refused_token(const struct reader *r, struct text stretch, char *last_out)
{
    size_t told = 0, stopped = yajl_get_bytes_consumed(r->yajl);
    struct token token = {0};

    *last_out = r->last;
    while (token_next(stretch, token.end, &token) && !token.broken) {
        bool atom = token_is_atom(stretch.at[token.start]);

        if (told == r->tokens_told && token.end >= stopped &&
            !(atom && token.end == stopped && takes_value(r, *last_out)))
            break;
        told += !token.punctuation && !atom;
        *last_out = stretch.at[token.start];
    }
    return token;
}

/* The last byte of STRETCH that is not white space, or what R had before. */
static char last_byte(const struct reader *r, struct text stretch)
{
    while (stretch.len > 0 && token_is_space(stretch.at[stretch.len - 1]))
        stretch.len--;
    return stretch.len > 0 ? stretch.at[stretch.len - 1] : r->last;
}

/* True if yajl takes STRETCH, whole tokens all; else *TOKEN_OUT is the one it refused. */
static bool feed(struct reader *r, struct text stretch, struct token *token_out)
{
    r->tokens_told = r->strings_told = 0;
    r->refusal = UNFIT;
    if (yajl_parse(r->yajl, (const unsigned char *)stretch.at, stretch.len) == yajl_status_ok) {
        r->last = last_byte(r, stretch);
        return true;
    }
    *token_out = refused_token(r, stretch, &r->last);
    if (r->refusal == UNFIT)
        r->refusal = misfit(r);
    if (token_out->broken && token_out->end - token_out->start > r->limits.number)
        r->refusal = LONG_NUMBER;
    return false;
}

/* --- the token that a piece ends in ---------------------------------------------- */

/* The string is longer than its owner wanted: it streams. */
static void release(struct reader *r)
{
    r->quote = NULL;
    r->events->on_long(r->owner, r->role);
    emit(r, buf_text(&r->held));
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
        return fail(r, READER_STOPPED, r->place, NULL);
    emit(r, instead.at ? instead : buf_text(&r->held));
    r->from = instead.at ? quote + 1 : quote;
    buf_clear(&r->held);
    return true;
}

/* The last string of S is open at its end, or broken there. */
static bool enter_string(struct reader *r, const struct skeleton *s)
{
    const struct skeleton_string *string = &s->strings[s->count - 1];

    r->place = place_at(r, string->quote);
    r->quote = NULL;
    r->string_len = (size_t)(string->end - string->quote) - 1;
    r->holding = r->wanted > 0 && r->string_len <= r->wanted;
    if (r->wanted > 0 && !r->holding)
        r->events->on_long(r->owner, r->role);
    if (r->holding && !hold(r, string->quote, string->end))
        return false;
    r->inside = IN_STRING;
    if (s->stop == SKELETON_IN_STRING)
        return true;
    pass(r, string->end);
    return fail(r, READER_INVALID, r->place, string_scan_fault(&r->scan));
}

/* Goes on inside the string; returns where it left off. */
static const char *go_on_string(struct reader *r, const char *at, const char *end)
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
        pass(r, to);
        fail(r, READER_INVALID, r->place, string_scan_fault(&r->scan));
        return to;
    case STRING_CLOSED:
        break;
    }
    r->inside = BETWEEN_TOKENS;
    if (r->holding)
        tell_held(r, to);
    return to + 1;
}

/*
 * Gives yajl the held atom.  A blank ends it, which changes nothing: what
 * follows an atom is never part of it.  AT_END: the text ends here.
 */
static bool finish_atom(struct reader *r, bool at_end)
{
    size_t len = r->held.len;
    struct token token;

    r->inside = BETWEEN_TOKENS;
    buf_add_byte(&r->held, ' ');
    if (r->held.failed)
        return fail(r, READER_NO_MEMORY, r->place, "no memory");
    bool good = feed(r, buf_text(&r->held), &token);
    r->held.len = len;
    if (good) {
        if (len > r->limits.number)
            return fail(r, READER_INVALID, r->place, LONG_NUMBER);
        emit(r, text_of(r->held.at, len));
        buf_clear(&r->held);
        return true;
    }
    if (at_end && token.broken && token.end == len)
        return fail(r, READER_INVALID, lines_place(&r->lines), CUT_SHORT);
    emit(r, text_of(r->held.at, token.start));
    buf_drop(&r->held, token.start);
    r->place.offset += token.start;
    r->place.column += token.start;
    return fail(r, READER_INVALID, r->place, r->refusal);
}

/* An atom begins at AT, and its end is not in sight. */
static void enter_atom(struct reader *r, const char *at)
{
    if (is_done(r)) {
        refuse_at(r, at, FOLLOWS);
        return;
    }
    r->inside = IN_ATOM;
    r->place = place_at(r, at);
}

/*
 * Goes on inside the atom; returns where it left off.  One byte more than a
 * number may have is enough to refuse it.
 */
static const char *go_on_atom(struct reader *r, const char *at, const char *end)
{
    size_t room = r->limits.number + 1 - r->held.len;
    const char *to = at;

    while (to < end && room > 0 && token_is_atom(*to)) {
        to++;
        room--;
    }
    if (hold(r, at, to) && (to < end || room == 0))
        finish_atom(r, false);
    return to;
}

/* --- pieces ---------------------------------------------------------------------- */

/* Something is wrong with the skeleton; what precedes it leaves. */
static bool refuse_skeleton(struct reader *r, const struct skeleton *s, size_t token_start)
{
    if (r->refusal)
        return refuse_at(r, skeleton_origin(s, token_start), r->refusal);
    if (r->verdict != READER_OK)
        return false;
    const char *quote = s->strings[r->strings_told - 1].quote;
    pass(r, quote);
    return fail(r, READER_STOPPED, place_at(r, quote), NULL);
}

/*
 * How many digits in a row a number may have and surely not be too long: it
 * has at most three such rows and four other bytes.
 */
static size_t digits_surely_good(size_t most_bytes)
{
    return most_bytes > 4 ? (most_bytes - 4) / 3 : 0;
}

/* Takes whole tokens from AT on; returns where it left off. */
static const char *take_tokens(struct reader *r, const char *at, const char *end)
{
    struct skeleton s;
    struct token token;

    skeleton_make(&s, &r->scan, at, end, digits_surely_good(r->limits.number));
    if (s.end == at && s.stop != SKELETON_FOREIGN_BYTE) {
        enter_atom(r, at);
        return at;
    }
    r->skeleton = &s;
    if (!feed(r, text_of(s.bytes, s.len), &token)) {
        refuse_skeleton(r, &s, token.start);
        return s.end;
    }
    if (s.stop == SKELETON_IN_STRING || s.stop == SKELETON_BAD_STRING)
        enter_string(r, &s);
    else if (s.stop == SKELETON_FOREIGN_BYTE)
        refuse_at(r, s.end, misfit(r));
    return s.end;
}

/* The text begins with a byte order mark, or a part of one, and may not. */
static bool refuse_mark(struct reader *r, const char *what)
{
    buf_add(&r->held, text_of(MARK.at, r->mark));
    return fail(r, r->held.failed ? READER_NO_MEMORY : READER_INVALID, (struct body_place){0, 1, 1},
                what);
}

/* Looks for a byte order mark; returns where the text begins. */
static const char *take_mark(struct reader *r, const char *at, const char *end)
{
    while (at < end && r->mark < MARK.len && *at == MARK.at[r->mark]) {
        at++;
        r->mark++;
    }
    r->from = at;
    if (r->mark == MARK.len)
        emit(r, r->allow_mark ? MARK : TEXT(""));
    else if (at == end)
        return at;
    r->begun = true;
    if (r->mark == MARK.len ? !r->allow_mark : r->mark > 0)
        refuse_mark(r, r->mark == MARK.len ? MARKED : UNFIT);
    return at;
}

enum reader_verdict reader_piece(struct reader *r, struct text piece)
{
    const char *at = piece.at, *end = piece.at + piece.len;

    assert(r->verdict == READER_OK);
    if (piece.len == 0)
        return READER_OK;
    r->counted = r->from = at;
    if (!r->begun)
        at = take_mark(r, at, end);
    while (at < end && r->verdict == READER_OK) {
        if (r->inside == IN_STRING)
            at = go_on_string(r, at, end);
        else if (r->inside == IN_ATOM)
            at = go_on_atom(r, at, end);
        else
            at = take_tokens(r, at, end);
    }
    if (r->verdict == READER_OK) {
        pass(r, end);
        place_at(r, end);
    }
    return r->verdict;
}

enum reader_verdict reader_end(struct reader *r)
{
    assert(r->verdict == READER_OK);
    if (!r->begun && r->mark > 0)
        refuse_mark(r, UNFIT);
    else if (r->inside == IN_ATOM)
        finish_atom(r, true);
    if (r->verdict == READER_OK &&
        (r->inside == IN_STRING || r->depth > 0 || (r->mark > 0 && !is_done(r))))
        fail(r, READER_INVALID, lines_place(&r->lines), CUT_SHORT);
    return r->verdict;
}

struct text reader_withheld(const struct reader *r, struct text *piece)
{
    if (piece->len)
        *piece = text_from_offset(*piece, (size_t)(r->from - piece->at));
    return buf_text(&r->held);
}

/* --- life ------------------------------------------------------------------------ */

void reader_restart(struct reader *r)
{
    r->verdict = READER_OK;
    lines_init(&r->lines);
    r->mark = r->depth = 0;
    r->begun = r->holding = false;
    r->last = 0;
    r->inside = BETWEEN_TOKENS;
    buf_clear(&r->held);
    yajl_pool_clear(&r->pool);
    r->yajl = yajl_alloc(&CALLBACKS, &r->pool.allocs, r);
    yajl_config(r->yajl, yajl_dont_validate_strings, 1);
}

bool reader_init(struct reader *r, const struct reader_limits *limits, bool utf8, bool allow_mark,
                 size_t longest, const struct reader_events *events, void *owner)
{
    size_t most = longest > limits->number ? longest : limits->number;

    *r = (struct reader){.events = events,
                         .owner = owner,
                         .limits = *limits,
                         .allow_mark = allow_mark,
                         .scan = {.utf8 = utf8}};
    buf_init(&r->held, most + 2); /* a quote, or the blank behind a number one too long */
    r->arrays = calloc(limits->depth / 8 + 1, 1);
    if (!r->arrays || !yajl_pool_init(&r->pool, limits->depth, limits->number + 2))
        return false;
    reader_restart(r);
    return true;
}

void reader_fini(struct reader *r)
{
    buf_fini(&r->held);
    yajl_pool_fini(&r->pool);
    free(r->arrays);
    r->arrays = NULL;
}
