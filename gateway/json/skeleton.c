#include "json/skeleton.h"

#include "json/lanes.h"
#include "json/token.h"

enum { ROOM_NEEDED = 2 * LANES + 2 }; /* one row, the row behind it, and one "" */

static bool is_full(const struct skeleton *s)
{
    return s->len + ROOM_NEEDED > SKELETON_BYTES || s->count == SKELETON_STRINGS;
}

/*
 * Which bytes of the row GAP, behind the row BEFORE, change nothing: a blank
 * behind another, and a digit behind another unless that is a leading zero,
 * which allows none.
 */
static inline unsigned idle_bytes(const struct lanes_gap *gap, const struct lanes_gap *before)
{
    unsigned behind_digit = gap->digit << 1 | before->digit >> (LANES - 1);
    unsigned behind_digits = gap->digit << 2 | before->digit >> (LANES - 2);
    unsigned behind_zero = gap->zero << 1 | before->zero >> (LANES - 1);
    unsigned behind_blank = gap->blank << 1 | before->blank >> (LANES - 1);

    return (gap->digit & behind_digit & (behind_digits | ~behind_zero)) |
           (gap->blank & behind_blank);
}

/* Copies the first run of *KEPT bytes, a bit each, of the row at AT to TO, and goes on behind it.
 */
static inline char *take_run(char *to, const char *at, unsigned *kept)
{
    unsigned from = (unsigned)__builtin_ctz(*kept | 1u << LANES);
    unsigned count = (unsigned)__builtin_ctz(~(*kept >> from));

    memcpy(to, at + from, LANES);
    *kept &= ~0u << (from + count);
    return to + count;
}

/*
 * Copies the KEPT bytes, a bit each, of the row at AT to TO; returns the end
 * of the copy.  There are seldom more than two runs of them, and always
 * copying two is cheaper than guessing how many.
 */
static inline char *take_row(char *to, const char *at, unsigned kept)
{
    do {
        to = take_run(to, at, &kept);
        to = take_run(to, at, &kept);
    } while (kept);
    return to;
}

/*
 * Takes in whole rows from AT on, up to the first byte of interest, for want
 * of room, or before MOST_DIGITS in a row.
 */
static inline const char *take_rows(struct skeleton *s, const char *at, const char *end,
                                    size_t most_digits)
{
    const unsigned row = (1u << LANES) - 1;
    struct lanes_gap before = {0};
    char *to = s->bytes + s->len, *full = s->bytes + SKELETON_BYTES - ROOM_NEEDED;
    size_t digits = 2 * LANES; /* in a row up to the end of the next row, or more */

    while (end - at >= 2 * LANES && to <= full && digits <= most_digits) {
        struct lanes_gap gap = lanes_in_gap(at);
        unsigned idle = idle_bytes(&gap, &before);

        if (gap.stop) {
            unsigned count = (unsigned)__builtin_ctz(gap.stop);

            to = take_row(to, at, ~idle & ((1u << count) - 1));
            at += count;
            break;
        }
        to = take_row(to, at, ~idle & row);
        at += LANES;
        digits = gap.digit == row ? digits + LANES : 2 * LANES;
        before = gap;
    }
    s->len = (size_t)(to - s->bytes);
    return at;
}

/* How many digits the LEN bytes at AT end in. */
static size_t digits_before(const char *at, size_t len)
{
    size_t count = 0;

    while (count < len && at[-1 - (ptrdiff_t)count] >= '0' && at[-1 - (ptrdiff_t)count] <= '9')
        count++;
    return count;
}

/*
 * Takes in the bytes from AT up to the next string or foreign byte, or to the
 * digit too many, if there is room.
 */
static inline const char *take_gap(struct skeleton *s, const char *at, const char *end,
                                   size_t most_digits)
{
    const char *from = at;

    /* Between a key and its value, or two strings, there is next to nothing. */
    if (end - at >= 3 && !lanes_stops_gap((unsigned char)at[0]) && !token_is_atom(at[0])) {
        size_t near = at[1] == '"' ? 1 : at[1] == ' ' && at[2] == '"' ? 2 : 0;

        s->bytes[s->len] = at[0];
        s->len += near > 0;
        if (near > 0)
            return at + near;
    }
    at = take_rows(s, at, end, most_digits);
    size_t digits = digits_before(at, (size_t)(at - from));
    while (at < end && s->len + ROOM_NEEDED <= SKELETON_BYTES &&
           !lanes_stops_gap((unsigned char)*at)) {
        digits = *at >= '0' && *at <= '9' ? digits + 1 : 0;
        if (digits > most_digits)
            break;
        s->bytes[s->len++] = *at++;
    }
    return at;
}

/* Takes in the string whose opening quote is at QUOTE. */
static inline enum string_end take_string(struct skeleton *s, struct string_scan *scan,
                                          const char *quote, const char *end)
{
    struct skeleton_string *string = &s->strings[s->count++];
    enum string_end found = STRING_CLOSED;

    *string = (struct skeleton_string){.quote = quote, .end = quote + 1, .at = (unsigned)s->len};
    memcpy(s->bytes + s->len, "\"\"", 2);
    s->len += 2;
    if (end - quote > LANES) {
        string->end += lanes_in_string(quote + 1, scan->utf8);
        if (string->end <= quote + LANES && *string->end == '"')
            return found; /* short and plain, as most are */
    }
    string_scan_begin(scan);
    found = string_scan(scan, &string->end, end);
    string->escaped = scan->escaped;
    return found;
}

/*
 * Takes in the plain strings from AT on that stand next to each other, with a
 * colon, a comma or a bracket before each, as most do in records: for less
 * than half of what each costs by itself.  Returns where it left off.
 */
static inline const char *take_neighbours(struct skeleton *s, const char *at, const char *end,
                                          bool ascii)
{
    struct skeleton_string *string = &s->strings[s->count];
    char *to = s->bytes + s->len, *full = s->bytes + SKELETON_BYTES - ROOM_NEEDED;

    while (to <= full && string < s->strings + SKELETON_STRINGS && end - at >= 2 * LANES) {
        const char *quote = at + 1, *stop = quote + 1;
        size_t plain = LANES;

        if (*quote != '"' || (*at != ':' && *at != ',' && *at != '{' && *at != '['))
            break;
        for (; plain == LANES && end - stop >= LANES; stop += plain)
            plain = lanes_in_string(stop, ascii);
        if (plain == LANES || *stop != '"')
            break;
        *string++ = (struct skeleton_string){quote, stop, (unsigned)(to + 1 - s->bytes), false};
        *to = *at;
        memcpy(to + 1, "\"\"", 2);
        to += 3;
        at = stop + 1;
    }
    s->len = (size_t)(to - s->bytes);
    s->count = (size_t)(string - s->strings);
    return at;
}

/* Takes in what there is room for; S->end and S->stop say how far it came. */
static void take(struct skeleton *s, struct string_scan *scan, const char *at, const char *end,
                 size_t most_digits)
{
    s->stop = SKELETON_RAN_OUT;
    while (at < end) {
        at = take_neighbours(s, at, end, scan->utf8);
        if (at < end && is_full(s)) {
            s->stop = SKELETON_FULL;
            break;
        }
        at = take_gap(s, at, end, most_digits);
        if (at == end || is_full(s))
            continue;
        if (token_is_atom(*at)) {
            s->stop = SKELETON_FULL;
            break;
        }
        if (*at != '"') {
            s->stop = SKELETON_FOREIGN_BYTE;
            break;
        }
        enum string_end found = take_string(s, scan, at, end);
        at = s->strings[s->count - 1].end;
        if (found != STRING_CLOSED) {
            s->stop = found == STRING_OPEN ? SKELETON_IN_STRING : SKELETON_BAD_STRING;
            break;
        }
        at++;
    }
    s->end = at;
}

/* Leaves out an atom at the very end: its next byte is not known, or it is too long. */
static void leave_atom(struct skeleton *s)
{
    while (s->len > 0 && token_is_atom(s->bytes[s->len - 1]))
        s->len--;
    while (s->end > s->begin && token_is_atom(s->end[-1]))
        s->end--;
}

/* All digits but zero are alike to the grammar, and rows that differ in them alone are the same. */
static void level_digits(struct skeleton *s)
{
    size_t at = 0;

    for (; at + LANES <= s->len; at += LANES)
        lanes_level_digits(s->bytes + at);
    for (; at < s->len; at++)
        if (s->bytes[at] > '1' && s->bytes[at] <= '9')
            s->bytes[at] = '1';
}

void skeleton_make(struct skeleton *s, struct string_scan *scan, const char *at, const char *end,
                   size_t most_digits)
{
    s->begin = at;
    s->len = s->count = 0;
    take(s, scan, at, end, most_digits);
    if (s->stop == SKELETON_RAN_OUT || s->stop == SKELETON_FULL)
        leave_atom(s);
    else if (s->stop == SKELETON_FOREIGN_BYTE)
        s->bytes[s->len++] = ' '; /* ends an atom before it */
    level_digits(s);
}

const char *skeleton_origin(const struct skeleton *s, size_t index)
{
    const char *at = s->begin;
    size_t here = 0;
    struct token there = {0}, token = {0};

    for (size_t i = 0; i < s->count && s->strings[i].at <= index; i++) {
        if (s->strings[i].at == index)
            return s->strings[i].quote;
        at = s->strings[i].end + 1;
        here = s->strings[i].at + 2;
    }
    /* No token that yajl may take was left out, so as many lie before this one in the text. */
    struct text left = text_of(s->bytes + here, s->len - here);
    struct text text = text_of(at, (size_t)(s->end - at));
    while (token_next(left, token.end, &token) && token_next(text, there.end, &there))
        if (here + token.start >= index)
            break;
    return at + there.start;
}
