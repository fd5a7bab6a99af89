/* proxy_header.c - a PROXY header is found alike at every cut, and as a second reader finds it */
#include "http/proxy_header.h"
#include "fuzz/fuzz.h"

#include <arpa/inet.h>

static enum proxy_header_step read_copy(struct text so_far, struct proxy_header *h)
{
    char *copy = malloc(so_far.len ? so_far.len : 1);

    assert(copy);
    memcpy(copy, so_far.at, so_far.len);
    enum proxy_header_step step = proxy_header_read(text_of(copy, so_far.len), h);
    free(copy);
    return step;
}

/* As a connection does: asked again with more bytes as long as it wants more. */
static void run(void *owner, struct text input, struct cut cut, struct buf *told)
{
    enum proxy_header_step step = PROXY_HEADER_MORE;
    struct proxy_header h = {0};
    size_t got = 0;

    (void)owner;
    while (step == PROXY_HEADER_MORE && got < input.len) {
        size_t n = cut_next(&cut);

        got = n < input.len - got ? got + n : input.len;
        step = read_copy(text_of(input.at, got), &h);
        FUZZ_REQUIRE(step != PROXY_HEADER_MORE || got < PROXY_HEADER_MAX, "%zu wants more", got);
    }
    fuzz_tell(told, "step", step);
    fuzz_tell(told, h.address, h.port);
    fuzz_tell(told, "len", (int64_t)h.len);
}

/* A whole line, read loosely by another hand. */
static void judge_line(struct text line, const struct proxy_header *h)
{
    char copy[108] = "", family[8], from[64], to[64];
    unsigned char bytes[16];
    unsigned port, own;

    FUZZ_REQUIRE(line.len < sizeof copy && line.at[line.len - 1] == '\n', "no line");
    if (!h->address[0])
        return;
    memcpy(copy, line.at, line.len);
    FUZZ_REQUIRE(sscanf(copy, "PROXY %7s %63s %63s %u %u\r\n", family, from, to, &port, &own) == 5,
                 "%s", copy);
    FUZZ_REQUIRE(port == h->port && own <= 65535, "port %u", port);
    FUZZ_REQUIRE(inet_pton(strchr(from, ':') ? AF_INET6 : AF_INET, h->address, bytes) == 1, "%s",
                 h->address);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct text input = text_of((const char *)bytes, len);
    struct proxy_header h;

    fuzz_every_cut(run, NULL, input);
    switch (read_copy(input, &h)) {
    case PROXY_HEADER_WHOLE:
        FUZZ_REQUIRE(h.len > 0 && h.len <= len && h.len <= PROXY_HEADER_MAX, "%zu", h.len);
        FUZZ_REQUIRE(!h.fault, "whole, but %s", h.fault);
        if (bytes[0] == 'P')
            judge_line(text_of(input.at, h.len), &h);
        else
            FUZZ_REQUIRE(h.len == 16u + bytes[14] * 256u + bytes[15], "%zu", h.len);
        break;
    case PROXY_HEADER_MALFORMED:
        FUZZ_REQUIRE(h.fault && h.len == 0 && !h.address[0], "malformed, but used");
        break;
    case PROXY_HEADER_MORE:
        break;
    }
    return 0;
}
