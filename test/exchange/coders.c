#include "exchange/coders.h"

#include <brotli/encode.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

enum { GZIP_BITS = MAX_WBITS + 16, SLACK = 4096 };

const struct coder coders[CODERS] = {
    {CODING_GZIP, "gzip"},
    {CODING_DEFLATE, "deflate"},
    {CODING_BR, "br"},
    {CODING_ZSTD, "zstd"},
};

static void *room_of(size_t size)
{
    void *room = malloc(size);

    if (!room)
        abort();
    return room;
}

static size_t by_zlib(int bits, struct text plain, char *to, size_t room)
{
    z_stream s = {0};

    if (deflateInit2(&s, 9, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        abort();
    s.next_in = (Bytef *)(uintptr_t)plain.at;
    s.avail_in = (uInt)plain.len;
    s.next_out = (Bytef *)to;
    s.avail_out = (uInt)room;
    if (deflate(&s, Z_FINISH) != Z_STREAM_END)
        abort();
    deflateEnd(&s);
    return s.total_out;
}

struct text coder_code(const struct coder *c, struct text plain)
{
    size_t room = plain.len + plain.len / 8 + SLACK, len = room;
    char *to = room_of(room);

    if (c->coding == CODING_BR) {
        if (!BrotliEncoderCompress(5, 18, BROTLI_MODE_TEXT, plain.len, (const uint8_t *)plain.at,
                                   &len, (uint8_t *)to))
            abort();
    } else if (c->coding == CODING_ZSTD) {
        len = ZSTD_compress(to, room, plain.at, plain.len, 3);
    } else {
        len = by_zlib(c->coding == CODING_GZIP ? GZIP_BITS : MAX_WBITS, plain, to, room);
    }
    return text_of(to, len);
}

/* --- a stream ------------------------------------------------------------------ */

struct gzip_stream {
    z_stream s;
};

struct gzip_stream *gzip_stream_new(void)
{
    struct gzip_stream *g = room_of(sizeof *g);

    *g = (struct gzip_stream){0};
    if (deflateInit2(&g->s, 6, Z_DEFLATED, GZIP_BITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        abort();
    return g;
}

void gzip_stream_put(struct gzip_stream *g, struct text plain, bool last, struct buf *to)
{
    char room[SLACK];

    g->s.next_in = (Bytef *)(uintptr_t)plain.at;
    g->s.avail_in = (uInt)plain.len;
    do {
        g->s.next_out = (Bytef *)room;
        g->s.avail_out = sizeof room;
        deflate(&g->s, last ? Z_FINISH : Z_SYNC_FLUSH);
        buf_add(to, text_of(room, sizeof room - g->s.avail_out));
    } while (g->s.avail_out == 0);
}

void gzip_stream_free(struct gzip_stream *g)
{
    deflateEnd(&g->s);
    free(g);
}

bool gunzip(struct text coded, struct buf *to)
{
    char room[SLACK];
    z_stream s = {0};
    int result = Z_OK;

    if (inflateInit2(&s, GZIP_BITS) != Z_OK)
        abort();
    s.next_in = (Bytef *)(uintptr_t)coded.at;
    s.avail_in = (uInt)coded.len;
    do {
        s.next_out = (Bytef *)room;
        s.avail_out = sizeof room;
        result = inflate(&s, Z_SYNC_FLUSH);
        buf_add(to, text_of(room, sizeof room - s.avail_out));
    } while (result == Z_OK && s.avail_out == 0);
    inflateEnd(&s);
    return result == Z_STREAM_END && s.avail_in == 0;
}

/* --- JSON that stays long -------------------------------------------------------- */

struct text dense_json(size_t size)
{
    char *to = room_of(size);
    uint64_t seed = 88172645463325252ULL;

    for (size_t i = 1; i < size - 1; i++) {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        to[i] = (char)('1' + seed % 9);
        if (i % 17 == 0)
            to[i] = ',';
    }
    to[0] = '[';
    to[size - 2] = '1';
    to[size - 1] = ']';
    return text_of(to, size);
}
