#include "json/skeleton.h"

#include "json/lanes.h"
#include "json/token.h"

enum { ROOM_NEEDED = LANES + 2 }; /* one row and one "" */

static bool is_full(const struct skeleton *s)
{
    return s->len + ROOM_NEEDED > SKELETON_BYTES || s->count == SKELETON_STRINGS;
}

/* Takes in the bytes from AT up to the next string or foreign byte, if there is room. */
static inline const char *take_gap(struct skeleton *s, const char *at, const char *end)
{
    while (end - at >= LANES && s->len + ROOM_NEEDED <= SKELETON_BYTES) {
        size_t n = lanes_copy_gap(s->bytes + s->len, at);

        s->len += n;
        at += n;
        if (n < LANES)
            return at;
    }
    while (at < end && s->len + ROOM_NEEDED <= SKELETON_BYTES &&
           !lanes_stops_gap((unsigned char)*at))
        s->bytes[s->len++] = *at++;
    return at;
}

/* Takes in the string whose opening quote is at QUOTE. */
static inline enum string_end take_string(struct skeleton *s, struct string_scan *scan,
                                          const char *quote, const char *end)
{
    struct skeleton_string *string = &s->strings[s->count++];

    string_scan_begin(scan);
    *string = (struct skeleton_string){.quote = quote, .end = quote + 1, .at = (unsigned)s->len};
    enum string_end found = string_scan(scan, &string->end, end);
    string->escaped = scan->escaped;
    memcpy(s->bytes + s->len, "\"\"", 2);
    s->len += 2;
    return found;
}

/* Takes in what there is room for; S->end and S->stop say how far it came. */
static void take(struct skeleton *s, struct string_scan *scan, const char *at, const char *end)
{
    s->stop = SKELETON_RAN_OUT;
    while (at < end) {
        if (is_full(s)) {
            s->stop = SKELETON_FULL;
            break;
        }
        at = take_gap(s, at, end);
        if (at == end || is_full(s))
            continue;
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

/* Leaves out an atom at the very end: its next byte is not known. */
static void leave_atom(struct skeleton *s)
{
    size_t len = s->len;

    while (len > 0 && token_is_atom(s->bytes[len - 1]))
        len--;
    s->end -= s->len - len;
    s->len = len;
}

void skeleton_make(struct skeleton *s, struct string_scan *scan, const char *at, const char *end)
{
    s->begin = at;
    s->len = s->count = 0;
    take(s, scan, at, end);
    if (s->stop == SKELETON_RAN_OUT || s->stop == SKELETON_FULL)
        leave_atom(s);
    else if (s->stop == SKELETON_FOREIGN_BYTE)
        s->bytes[s->len++] = ' '; /* ends an atom before it */
}

const char *skeleton_origin(const struct skeleton *s, size_t index)
{
    const struct skeleton_string *before = NULL;

    for (size_t i = 0; i < s->count && s->strings[i].at <= index; i++)
        before = &s->strings[i];
    if (!before)
        return s->begin + index;
    if (before->at == index)
        return before->quote;
    return before->end + 1 + (index - before->at - 2);
}
