/*
 * coding.c - content codings are undone alike at every cut
 *
 * The first byte of an input picks the coding.  What was undone whole is
 * coded again, and must be the same when that is undone.
 */
#include "coding/coding.h"
#include "fuzz/fuzz.h"

enum { DECODED_MAX = 1 << 18 }; /* enough of one input */

/* A decoder and all that came of it. */
struct undone {
    enum coding_step step; /* the last one */
    struct buf bytes;      /* up to DECODED_MAX */
    bool complete;
};

/* Takes all that PIECE gives. */
static void take_piece(struct decoder *d, struct text piece, struct undone *u)
{
    struct text out;

    while ((u->step = decoder_next(d, &piece, &out)) == CODING_BYTES) {
        buf_add(&u->bytes, out);
        if (u->bytes.failed)
            return;
    }
    FUZZ_REQUIRE(u->step != CODING_MORE || piece.len == 0, "a piece was left over");
}

static struct undone undo(enum coding coding, struct text input, struct cut cut)
{
    static const struct coding_limits limits = {.ratio = UINT32_MAX, .ratio_from = 1 << 30};
    struct decoder *d = decoder_new(coding, &limits);
    struct undone u = {.step = CODING_MORE};

    assert(d);
    buf_init(&u.bytes, DECODED_MAX);
    while (input.len > 0 && u.step == CODING_MORE) {
        size_t n = cut_next(&cut);
        n = n < input.len ? n : input.len;
        char *copy = malloc(n ? n : 1);
        assert(copy);
        memcpy(copy, input.at, n);
        take_piece(d, text_of(copy, n), &u);
        free(copy);
        input = text_from_offset(input, n);
    }
    u.complete = u.step == CODING_MORE && decoder_complete(d);
    decoder_free(&d);
    return u;
}

/*
 * What a body that turns out bad gave before depends on the cut, and nothing
 * hangs on it: one that gave enough by then may be bad at another cut.
 */
static void run(void *owner, struct text input, struct cut cut, struct buf *told)
{
    struct undone u = undo(*(enum coding *)owner, input, cut);

    fuzz_tell(told, "step", u.bytes.failed ? CODING_BAD : u.step);
    if (!u.bytes.failed && u.step == CODING_MORE) {
        fuzz_tell(told, "complete", u.complete);
        buf_add(told, buf_text(&u.bytes));
    }
    buf_fini(&u.bytes);
}

static void there_and_back(struct text bytes)
{
    struct encoder *e = encoder_new_small();
    size_t half = bytes.len / 2;
    struct buf coded;

    assert(e);
    buf_init(&coded, FUZZ_TOLD_MAX);
    assert(encoder_put(e, text_of(bytes.at, half), ENCODER_FLUSH, &coded));
    assert(encoder_put(e, text_from_offset(bytes, half), ENCODER_END, &coded));
    encoder_free(&e);
    struct undone u = undo(CODING_GZIP, buf_text(&coded), (struct cut){.size = SIZE_MAX});
    FUZZ_REQUIRE(u.complete && text_eq(buf_text(&u.bytes), bytes), "step %d", (int)u.step);
    buf_fini(&u.bytes);
    buf_fini(&coded);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const enum coding CODINGS[] = {CODING_GZIP, CODING_DEFLATE, CODING_BR, CODING_ZSTD};
    struct text input = text_of((const char *)bytes, len);

    if (len == 0)
        return 0;
    enum coding coding = CODINGS[*bytes % 4];
    input = text_from_offset(input, 1);
    fuzz_every_cut(run, &coding, input);
    there_and_back(input);
    return 0;
}
