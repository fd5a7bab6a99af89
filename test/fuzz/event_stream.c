/*
 * event_stream.c - server-sent events leave alike at every cut
 *
 * A reader of its own takes the events apart before and after; all but their
 * data is the same then, and the data is put before the oracle.
 */
#include "fuzz/judged.h"
#include "translate/translator.h"

/* A reader of events by the HTML standard. */
struct reader {
    struct text left;
    struct buf data, fields; /* of the event at hand; all other fields as they came */
};

/* Takes a line off R, without its end; false if it has none. */
static bool take_line(struct reader *r, struct text *line_out)
{
    size_t n = 0;

    while (n < r->left.len && r->left.at[n] != '\n' && r->left.at[n] != '\r')
        n++;
    if (n == r->left.len)
        return false;
    *line_out = text_of(r->left.at, n);
    bool both = r->left.at[n] == '\r' && n + 1 < r->left.len && r->left.at[n + 1] == '\n';
    r->left = text_from_offset(r->left, n + 1 + both);
    return true;
}

static void take_field(struct reader *r, struct text line)
{
    size_t colon = text_find(line, ':');
    struct text name = text_of(line.at, colon);
    struct text value = text_from_offset(line, colon < line.len ? colon + 1 : colon);

    if (text_starts(value, TEXT(" ")))
        value = text_from_offset(value, 1);
    bool data = text_eq(name, TEXT("data"));
    buf_add(data ? &r->data : &r->fields, data ? value : line);
    buf_add_byte(data ? &r->data : &r->fields, '\n');
}

/* The next event that has data; false if there is none that ended. */
static bool take_event(struct reader *r)
{
    struct text line;

    buf_clear(&r->data);
    buf_clear(&r->fields);
    while (take_line(r, &line)) {
        if (line.len > 0)
            take_field(r, line);
        else if (r->data.len > 0)
            return true;
    }
    return false;
}

static void reader_begin(struct reader *r, struct text stream)
{
    *r = (struct reader){
        .left = text_from_offset(stream, text_starts(stream, TEXT("\xef\xbb\xbf")) ? 3 : 0)};
    buf_init(&r->data, FUZZ_TOLD_MAX);
    buf_init(&r->fields, FUZZ_TOLD_MAX);
}

static void reader_stop(struct reader *r)
{
    buf_fini(&r->data);
    buf_fini(&r->fields);
}

static void compare_event(int flags, const struct reader *in, const struct reader *out)
{
    struct text was = text_of(in->data.at, in->data.len - 1);
    struct text is = text_of(out->data.at, out->data.len - 1);

    FUZZ_REQUIRE(text_eq(buf_text(&in->fields), buf_text(&out->fields)), "%.*s\nleft\n%.*s",
                 TEXT_ARG(buf_text(&in->fields)), TEXT_ARG(buf_text(&out->fields)));
    if (text_eq(was, is) && !judged(flags, was, is, TRANSLATE_INVALID_JSON))
        return; /* what is no JSON leaves as it came */
    const char *wrong = judged(flags, was, is, TRANSLATE_OK);
    FUZZ_REQUIRE(!wrong, "%s\n%.*s\nleft\n%.*s", wrong, TEXT_ARG(was), TEXT_ARG(is));
}

static void compare(const struct body *body, int flags, struct text input)
{
    struct translated t = judged_whole(body, input);
    struct reader in, out;

    reader_begin(&in, input);
    reader_begin(&out, buf_text(&t.out));
    while (t.code == TRANSLATE_OK && take_event(&in)) {
        FUZZ_REQUIRE(take_event(&out), "an event is missing");
        compare_event(flags, &in, &out);
    }
    FUZZ_REQUIRE(t.code != TRANSLATE_OK || !take_event(&out), "one event more than came");
    reader_stop(&in);
    reader_stop(&out);
    cut_fini(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct text input = text_of((const char *)bytes, len);

    if (len == 0)
        return 0;
    struct body body = body_of(event_stream_new, *bytes);
    input = text_from_offset(input, 1);
    fuzz_every_cut(body_run, &body, input);
    if (!(*bytes & BODY_TIGHT))
        compare(&body, *bytes, input);
    return 0;
}
