#include "cli/byte_diff.h"

#include "base/quote.h"
#include "base/utf8.h"

enum {
    BEFORE_BYTES = 48, /* of a line, before the caret */
    LINE_BYTES = 110,  /* of a line */
    AROUND_LINES = 2,  /* that are the same */
    HUNK_LINES = 12,   /* of either side */
};

/* --- the first difference ---------------------------------------------------------- */

static size_t first_difference(struct text a, struct text b)
{
    size_t i = 0;

    while (i < a.len && i < b.len && a.at[i] == b.at[i])
        i++;
    return i;
}

/* Where the line of T that has the byte AT begins. */
static size_t line_start(struct text t, size_t at)
{
    while (at > 0 && t.at[at - 1] != '\n')
        at--;
    return at;
}

/* Appends one of the two lines; returns how many characters stand before the byte AT. */
static size_t add_line(struct buf *why, const char *label, struct text t, size_t start, size_t at)
{
    size_t from = at - start > BEFORE_BYTES ? at - BEFORE_BYTES : start;

    while (from < at && ((unsigned char)t.at[from] & 0xc0) == 0x80)
        from++; /* not inside a character */
    struct text before = text_of(t.at + from, at - from);
    struct text rest = text_from_offset(t, at);
    rest.len = text_find(rest, '\n');
    buf_add(why, text_from(label));
    size_t mark = why->len;
    if (from > start)
        buf_add(why, TEXT("…"));
    quote_plain(why, before, SIZE_MAX);
    size_t column = why->failed ? 0 : utf8_count(text_of(why->at + mark, why->len - mark));
    quote_plain(why, rest, LINE_BYTES - BEFORE_BYTES);
    if (at + rest.len == t.len)
        buf_add(why, rest.len ? TEXT("") : TEXT("(the end)"));
    else if (rest.len == 0)
        buf_add(why, TEXT("(the line's end)"));
    buf_add_byte(why, '\n');
    return column;
}

static void add_first(struct text expected, struct text got, size_t at, struct buf *why)
{
    size_t start = line_start(expected, at), line = 1;

    while (at > start && at < expected.len && ((unsigned char)expected.at[at] & 0xc0) == 0x80)
        at--; /* the caret stands below whole characters */
    for (size_t i = 0; i < start; i++)
        line += expected.at[i] == '\n';
    buf_add(why, TEXT("  first difference at byte "));
    buf_add_u64(why, at);
    buf_add(why, TEXT(", line "));
    buf_add_u64(why, line);
    buf_add(why, TEXT(", column "));
    buf_add_u64(why, utf8_count(text_of(expected.at + start, at - start)) + 1);
    buf_add(why, TEXT("\n"));
    add_line(why, "  expected: ", expected, start, at);
    size_t column = add_line(why, "       got: ", got, start, at);
    buf_add(why, TEXT("            "));
    while (column-- > 0 && !why->failed)
        buf_add_byte(why, ' ');
    buf_add(why, TEXT("^\n"));
}

/* --- lines ------------------------------------------------------------------------ */

static struct text take_line(struct text *rest)
{
    size_t end = text_find(*rest, '\n');
    struct text line = text_of(rest->at, end < rest->len ? end + 1 : end);

    *rest = text_from_offset(*rest, line.len);
    return line;
}

static void add_marked(struct buf *why, char mark, struct text line)
{
    bool ended = line.len > 0 && line.at[line.len - 1] == '\n';

    buf_add(why, TEXT("  "));
    buf_add_byte(why, mark);
    quote_plain(why, text_of(line.at, line.len - ended), LINE_BYTES);
    buf_add(why, ended ? TEXT("\n") : TEXT("  (no line end)\n"));
}

/* At most MAX lines of PART, marked. */
static void add_lines(struct buf *why, char mark, struct text part, size_t max)
{
    for (size_t n = 0; part.len > 0; n++) {
        if (n == max) {
            buf_add(why, TEXT("  "));
            buf_add_byte(why, mark);
            buf_add(why, TEXT("…\n"));
            return;
        }
        add_marked(why, mark, take_line(&part));
    }
}

/* How many bytes of whole lines A and B, cut off their common beginning, share at their ends. */
static size_t common_end(struct text a, struct text b)
{
    size_t n = 0, lines = 0;

    while (n < a.len && n < b.len && a.at[a.len - 1 - n] == b.at[b.len - 1 - n]) {
        n++;
        if (n == a.len || n == b.len || a.at[a.len - 1 - n] == '\n')
            lines = (n == a.len || a.at[a.len - 1 - n] == '\n') &&
                            (n == b.len || b.at[b.len - 1 - n] == '\n')
                        ? n
                        : lines;
    }
    return lines;
}

/* Where the AROUND_LINES lines before START begin. */
static size_t lines_before(struct text t, size_t start)
{
    for (int n = 0; n < AROUND_LINES && start > 0; n++)
        start = line_start(t, start - 1);
    return start;
}

static void add_hunk(struct text expected, struct text got, size_t at, struct buf *why)
{
    size_t start = line_start(expected, at), before = lines_before(expected, start);
    struct text left = text_from_offset(expected, start), right = text_from_offset(got, start);
    size_t same = common_end(left, right);
    struct text after = text_from_offset(left, left.len - same);

    buf_add(why, TEXT("  --- expected\n  +++ got\n"));
    add_lines(why, ' ', text_of(expected.at + before, start - before), AROUND_LINES);
    add_lines(why, '-', text_of(left.at, left.len - same), HUNK_LINES);
    add_lines(why, '+', text_of(right.at, right.len - same), HUNK_LINES);
    for (int n = 0; n < AROUND_LINES && after.len > 0; n++)
        add_marked(why, ' ', take_line(&after));
}

static bool has_lines(struct text t)
{
    return text_find(t, '\n') + 1 < t.len;
}

void byte_diff(struct text expected, struct text got, struct buf *why)
{
    size_t at = first_difference(expected, got);

    add_first(expected, got, at, why);
    if (has_lines(expected) || has_lines(got))
        add_hunk(expected, got, at, why);
}
