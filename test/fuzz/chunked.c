/* chunked.c - the chunked coding is read alike at every cut, and as a second reader does */
#include "http/chunked.h"
#include "fuzz/fuzz.h"

#include <ctype.h>

static const struct chunked_limits LIMITS[] = {{.line = 4096, .trailers = 8192},
                                               {.line = 12, .trailers = 40}};

/* All steps that one piece gives; content goes to TOLD. */
static enum chunked_step take_piece(struct chunked *c, struct text *piece, struct buf *told)
{
    for (;;) {
        const char *end = piece->at + piece->len;
        struct text content = {0};
        enum chunked_step step = chunked_next(c, piece, &content);

        FUZZ_REQUIRE(piece->at + piece->len == end, "the piece moved its end");
        if (step != CHUNKED_CONTENT) {
            FUZZ_REQUIRE(step != CHUNKED_MORE || piece->len == 0, "a piece was left over");
            return step;
        }
        FUZZ_REQUIRE(content.len > 0 && content.at + content.len <= end, "content outside");
        buf_add(told, content);
    }
}

static void tell_trailers(const struct chunked *c, struct buf *told)
{
    for (size_t i = 0; i < c->trailers.count; i++) {
        buf_add_byte(told, '\n');
        buf_add(told, c->trailers.at[i].name);
        buf_add_byte(told, ':');
        buf_add(told, c->trailers.at[i].value);
        FUZZ_REQUIRE(http_field_value_ok(c->trailers.at[i].value), "a trailer with controls");
    }
}

static void run(void *owner, struct text input, struct cut cut, struct buf *told)
{
    enum chunked_step step = CHUNKED_MORE;
    struct chunked c;

    chunked_init(&c, owner);
    while (input.len > 0 && step == CHUNKED_MORE) {
        size_t n = cut_next(&cut);
        n = n < input.len ? n : input.len;
        char *copy = malloc(n ? n : 1);
        assert(copy);
        memcpy(copy, input.at, n);
        struct text piece = text_of(copy, n);
        step = take_piece(&c, &piece, told);
        input = text_from_offset(input, n - piece.len);
        free(copy);
    }
    fuzz_tell(told, "step", step);
    if (step == CHUNKED_END) {
        fuzz_tell(told, "after", (int64_t)input.len);
        tell_trailers(&c, told);
    }
    chunked_fini(&c);
}

/*
 * The length of the content up to the last chunk, read loosely, and what lies
 * behind that chunk's size in REST_OUT.
 */
static size_t loose_content(struct text input, struct text *rest_out)
{
    size_t content = 0;

    for (;;) {
        size_t size = 0, i = 0;

        for (; i < input.len && isxdigit((unsigned char)input.at[i]); i++)
            size = size * 16 + (size_t)(isdigit((unsigned char)input.at[i])
                                            ? input.at[i] - '0'
                                            : (input.at[i] | 0x20) - 'a' + 10);
        input = text_from_offset(input, i);
        size_t line = text_find(input, '\n');
        FUZZ_REQUIRE(i > 0 && line < input.len, "a line without a size or an end");
        input = text_from_offset(input, line + 1);
        if (size == 0)
            break;
        FUZZ_REQUIRE(size <= input.len - 2, "a chunk of %zu", size);
        content += size;
        input = text_from_offset(input, size + 2);
    }
    *rest_out = input;
    return content;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct text input = text_of((const char *)bytes, len), rest, content;
    struct chunked_limits limits = LIMITS[len % 2];
    struct chunked c;
    enum chunked_step step;
    size_t total = 0;

    fuzz_every_cut(run, &limits, input);
    chunked_init(&c, &limits);
    rest = input;
    while ((step = chunked_next(&c, &rest, &content)) == CHUNKED_CONTENT)
        total += content.len;
    if (step == CHUNKED_END) {
        struct text trailers;
        const char *end = input.at + (len - rest.len);

        FUZZ_REQUIRE(loose_content(input, &trailers) == total, "%zu bytes of content", total);
        FUZZ_REQUIRE(trailers.at + 2 <= end && memcmp(end - 2, "\r\n", 2) == 0, "no end");
    }
    chunked_fini(&c);
    return 0;
}
