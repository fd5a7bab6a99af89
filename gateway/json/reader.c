#include "json/reader_inside.h"
#include "json/refrain.h"
#include "json/rote.h"
#include "json/token.h"
#include "json/unfinished.h"

#include <assert.h>
#include <stdlib.h>
#include <yajl/yajl_parse.h>

static const char UNFIT[] = "not JSON at this point";
const char READER_FOLLOWS[] = "something follows the JSON value";
const char READER_CUT_SHORT[] = "the JSON text ends too early";
static const char TOO_DEEP[] = "arrays and objects are nested too deep";
const char READER_LONG_NUMBER[] = "a number is too long";
static const char MARKED[] = "a byte order mark stands before the JSON text";

#define MARK TEXT("\xef\xbb\xbf")

/* --- places and bytes ---------------------------------------------------------- */

struct body_place reader_count_to(struct reader *r, const char *to)
{
    assert(to >= r->counted);
    lines_pass(&r->lines, text_of(r->counted, (size_t)(to - r->counted)));
    r->counted = to;
    return lines_place(&r->lines);
}

struct body_place reader_place(struct reader *r)
{
    return r->quote ? reader_count_to(r, r->quote) : r->place;
}

void reader_emit(struct reader *r, struct text span)
{
    if (span.len)
        r->events->take(r->owner, span);
}

void reader_pass(struct reader *r, const char *to)
{
    if (to > r->from) {
        reader_emit(r, text_of(r->from, (size_t)(to - r->from)));
        r->from = to;
    }
}

bool reader_fail(struct reader *r, enum reader_verdict verdict, struct body_place place,
                 const char *what)
{
    r->verdict = verdict;
    r->fault = (struct reader_fault){place, what};
    return false;
}

bool reader_refuse_at(struct reader *r, const char *at, const char *what)
{
    reader_pass(r, at);
    return reader_fail(r, READER_INVALID, reader_count_to(r, at), what);
}

bool reader_is_done(const struct reader *r)
{
    return r->depth == 0 && r->last != 0;
}

static const char *misfit(const struct reader *r)
{
    return reader_is_done(r) ? READER_FOLLOWS : UNFIT;
}

/* --- what yajl calls back -------------------------------------------------------- */

/* Stops yajl; a NULL WHAT says that the owner did. */
static int stop(struct reader *r, const char *what)
{
    r->refusal = what;
    return 0;
}

/* What a score is made of. */
enum event { OBJECT, ARRAY, CLOSE, KEY, VALUE };

static int accept_token(struct reader *r, enum event event)
{
    r->tokens_told++;
    refrain_tell(r->refrain, (char)event);
    return 1;
}

static int open_container(struct reader *r, bool object)
{
    if (r->depth == r->limits.depth)
        return stop(r, TOO_DEEP);
    if (!r->events->on_open(r->owner, object)) {
        reader_fail(r, READER_NO_MEMORY, lines_place(&r->lines), "no memory");
        return stop(r, NULL);
    }
    unsigned char *bits = &r->arrays[r->depth / 8], bit = (unsigned char)(1u << r->depth % 8);
    *bits = (unsigned char)(object ? *bits & ~bit : *bits | bit);
    r->depth++;
    return accept_token(r, object ? OBJECT : ARRAY);
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
    return accept_token(r, CLOSE);
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
        reader_pass(r, string->quote);
        reader_emit(r, instead);
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
    return begin_string(ctx, JSON_KEY) ? accept_token(ctx, KEY) : 0;
}

static int on_string(void *ctx, const unsigned char *text, size_t len)
{
    (void)text;
    (void)len;
    return begin_string(ctx, JSON_VALUE) ? accept_token(ctx, VALUE) : 0;
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

bool reader_feed(struct reader *r, struct text stretch, struct token *token_out)
{
    if (r->by_heart) /* yajl has heard of no value yet; any will do */
        yajl_parse(r->yajl, (const unsigned char *)"null", 4);
    r->by_heart = false;
    r->tokens_told = 0;
    r->refusal = UNFIT;
    if (yajl_parse(r->yajl, (const unsigned char *)stretch.at, stretch.len) == yajl_status_ok) {
        r->last = last_byte(r, stretch);
        return true;
    }
    *token_out = refused_token(r, stretch, &r->last);
    if (r->refusal == UNFIT)
        r->refusal = misfit(r);
    if (token_out->broken && token_out->end - token_out->start > r->limits.number)
        r->refusal = READER_LONG_NUMBER;
    return false;
}

/* Says again what yajl said, the EVENTS of SCORE; false if that stops the reader. */
static bool tell_again(struct reader *r, const char *score, unsigned events)
{
    int good = 1;

    r->refusal = NULL; /* the owner alone can stop it: the depth was no deeper */
    for (unsigned i = 0; i < events && good; i++)
        switch ((enum event)score[i]) {
        case OBJECT:
        case ARRAY:
            good = open_container(r, score[i] == OBJECT);
            break;
        case CLOSE:
            good = on_end_container(r);
            break;
        case KEY:
            good = on_key(r, NULL, 0);
            break;
        case VALUE:
            good = on_string(r, NULL, 0);
            break;
        }
    return good;
}

/* Behind the next closing bracket from AT on, or at the end. */
static size_t behind_bracket(const struct skeleton *s, size_t at)
{
    while (at < s->len && s->bytes[at] != '}' && s->bytes[at] != ']')
        at++;
    return at + (at < s->len);
}

/*
 * Gives yajl the skeleton S up to each closing bracket, but not what comes
 * again right behind one: with small records in a row twice as fast.
 * False: refused, *TOKEN_OUT is the token if yajl did.
 */
static bool feed_skeleton(struct reader *r, const struct skeleton *s, struct token *token_out)
{
    size_t at = 0;

    while (at < s->len) {
        const struct verse *again = refrain_find(r->refrain, s, at, r->depth, in_array(r));
        size_t before = r->depth, from = at;

        if (again) {
            if (!tell_again(r, r->refrain->score + again->first, again->events))
                return false;
            at += again->len;
            refrain_again(r->refrain, at, r->depth);
            continue;
        }
        at = s->len < REFRAIN_WORTH ? s->len : behind_bracket(s, at);
        if (!reader_feed(r, text_of(s->bytes + from, at - from), token_out)) {
            token_out->start += from;
            return false;
        }
        refrain_close(r->refrain, at, before, r->depth, in_array(r));
    }
    return true;
}

/* As feed_skeleton, for the first one of a text: it may be known by heart, or be so from now on. */
static bool feed_first(struct reader *r, const struct skeleton *s, struct token *token_out)
{
    const struct rote *known = rote_find(s);

    if (known && known->depth <= r->limits.depth) {
        r->by_heart = true;
        r->last = last_byte(r, text_of(s->bytes, s->len));
        return tell_again(r, known->score, known->events);
    }
    if (!feed_skeleton(r, s, token_out))
        return false;
    if (r->depth == 0 && (r->last == '}' || r->last == ']'))
        rote_learn(s, r->refrain);
    return true;
}

/* --- pieces ---------------------------------------------------------------------- */

/* Something is wrong with the skeleton; what precedes it leaves. */
static bool refuse_skeleton(struct reader *r, const struct skeleton *s, size_t token_start)
{
    if (r->refusal)
        return reader_refuse_at(r, skeleton_origin(s, token_start), r->refusal);
    if (r->verdict != READER_OK)
        return false;
    const char *quote = s->strings[r->strings_told - 1].quote;
    reader_pass(r, quote);
    return reader_fail(r, READER_STOPPED, reader_count_to(r, quote), NULL);
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
    struct refrain refrain;
    struct token token;

    skeleton_make(&s, &r->scan, at, end, digits_surely_good(r->limits.number));
    if (s.end == at && s.stop != SKELETON_FOREIGN_BYTE) {
        unfinished_atom(r, at);
        return at;
    }
    refrain_init(&refrain);
    r->skeleton = &s;
    r->refrain = &refrain;
    r->strings_told = 0;
    if (!(r->last ? feed_skeleton : feed_first)(r, &s, &token)) {
        refuse_skeleton(r, &s, token.start);
        return s.end;
    }
    if (s.stop == SKELETON_IN_STRING || s.stop == SKELETON_BAD_STRING)
        unfinished_string(r, &s);
    else if (s.stop == SKELETON_FOREIGN_BYTE)
        reader_refuse_at(r, s.end, misfit(r));
    return s.end;
}

/* The text begins with a byte order mark, or a part of one, and may not. */
static bool refuse_mark(struct reader *r, const char *what)
{
    buf_add(&r->held, text_of(MARK.at, r->mark));
    return reader_fail(r, r->held.failed ? READER_NO_MEMORY : READER_INVALID,
                       (struct body_place){0, 1, 1}, what);
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
        reader_emit(r, r->allow_mark ? MARK : TEXT(""));
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
            at = unfinished_string_more(r, at, end);
        else if (r->inside == IN_ATOM)
            at = unfinished_atom_more(r, at, end);
        else
            at = take_tokens(r, at, end);
    }
    if (r->verdict == READER_OK) {
        reader_pass(r, end);
        reader_count_to(r, end);
    }
    return r->verdict;
}

enum reader_verdict reader_end(struct reader *r)
{
    assert(r->verdict == READER_OK);
    if (!r->begun && r->mark > 0)
        refuse_mark(r, UNFIT);
    else if (r->inside == IN_ATOM)
        unfinished_atom_end(r, true);
    if (r->verdict == READER_OK &&
        (r->inside == IN_STRING || r->depth > 0 || (r->mark > 0 && !reader_is_done(r))))
        reader_fail(r, READER_INVALID, lines_place(&r->lines), READER_CUT_SHORT);
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
    r->by_heart = false;
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
