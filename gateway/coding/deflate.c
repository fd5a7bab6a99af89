#include "coding/engine.h"

#include <stdlib.h>
#include <zlib.h>

enum {
    GZIP = 16, /* added to the bits of a window: the gzip format */
    GZIP_BITS = MAX_WBITS + GZIP,
    ENCODER_LEVEL = 4,
    ENCODER_MEMORY = 8, /* with the largest window 256 KiB */
    SMALL_BITS = 12 + GZIP,
    SMALL_MEMORY = 5, /* with that window 32 KiB */
    STEP_BYTES = 4096
};

/* --- decoding ------------------------------------------------------------- */

struct engine {
    z_stream stream;
    int bits;
    bool begun;
    bool ended; /* a member is complete; another may follow */
};

static struct engine *make(int bits)
{
    struct engine *e = calloc(1, sizeof *e);

    if (!e)
        return NULL;
    e->bits = bits;
    if (inflateInit2(&e->stream, bits) == Z_OK)
        return e;
    free(e);
    return NULL;
}

static struct engine *make_gzip(void)
{
    return make(GZIP_BITS);
}

static struct engine *make_deflate(void)
{
    return make(MAX_WBITS);
}

static void destroy(struct engine *e)
{
    inflateEnd(&e->stream);
    free(e);
}

/*
 * True if FIRST can't begin the zlib format (RFC 1950, 2.2: method 8, window
 * at most 7): it is then the bare deflate that some servers send.
 */
static bool is_bare(unsigned char first)
{
    return (first & 0x0f) != 8 || first >> 4 > 7;
}

static bool begin(struct engine *e, struct text piece)
{
    e->begun = true;
    return e->bits == GZIP_BITS || !is_bare((unsigned char)piece.at[0]) ||
           inflateReset2(&e->stream, -MAX_WBITS) == Z_OK;
}

static enum coding_step step_of(int result, size_t given)
{
    switch (result) {
    case Z_OK:
    case Z_STREAM_END:
    case Z_BUF_ERROR: /* nothing to do without more input */
        return given ? CODING_BYTES : CODING_MORE;
    case Z_MEM_ERROR:
        return CODING_NO_MEMORY;
    default:
        return CODING_BAD;
    }
}

static enum coding_step step(struct engine *e, struct text *piece, char *to, size_t room,
                             size_t *given_out, bool *ended_out)
{
    if (!e->begun && !begin(e, *piece))
        return CODING_BAD;
    if (e->ended && inflateReset(&e->stream) != Z_OK)
        return CODING_BAD;
    e->stream.next_in = (Bytef *)(uintptr_t)piece->at;
    e->stream.avail_in = piece->len > UINT32_MAX ? UINT32_MAX : (uInt)piece->len;
    e->stream.next_out = (Bytef *)to;
    e->stream.avail_out = (uInt)room;
    uInt offered = e->stream.avail_in;
    int result = inflate(&e->stream, Z_NO_FLUSH);
    *piece = text_from_offset(*piece, offered - e->stream.avail_in);
    *given_out = room - e->stream.avail_out;
    e->ended = result == Z_STREAM_END;
    *ended_out = e->ended;
    if (e->ended && *given_out == 0 && piece->len > 0)
        return CODING_BYTES; /* another member follows: go on */
    return step_of(result, *given_out);
}

const struct engine_kind engine_gzip = {make_gzip, destroy, step};
const struct engine_kind engine_deflate = {make_deflate, destroy, step};

/* --- encoding ------------------------------------------------------------- */

struct encoder {
    z_stream stream;
};

static struct encoder *encoder_of(int bits, int memory)
{
    struct encoder *e = calloc(1, sizeof *e);

    if (!e)
        return NULL;
    if (deflateInit2(&e->stream, ENCODER_LEVEL, Z_DEFLATED, bits, memory, Z_DEFAULT_STRATEGY) ==
        Z_OK)
        return e;
    free(e);
    return NULL;
}

struct encoder *encoder_new(void)
{
    return encoder_of(GZIP_BITS, ENCODER_MEMORY);
}

struct encoder *encoder_new_small(void)
{
    return encoder_of(SMALL_BITS, SMALL_MEMORY);
}

void encoder_free(struct encoder **e)
{
    if (!*e)
        return;
    deflateEnd(&(*e)->stream);
    free(*e);
    *e = NULL;
}

bool encoder_put(struct encoder *e, struct text bytes, enum encoder_until until, struct buf *to)
{
    static const int flush[] = {
        [ENCODER_GO_ON] = Z_NO_FLUSH, [ENCODER_FLUSH] = Z_SYNC_FLUSH, [ENCODER_END] = Z_FINISH};

    e->stream.next_in = (Bytef *)(uintptr_t)bytes.at;
    e->stream.avail_in = (uInt)bytes.len;
    do {
        char *room = buf_room(to, STEP_BYTES);
        if (!room)
            return false;
        e->stream.next_out = (Bytef *)room;
        e->stream.avail_out = STEP_BYTES;
        deflate(&e->stream, flush[until]);
        to->len += STEP_BYTES - e->stream.avail_out;
    } while (e->stream.avail_out == 0);
    return true;
}
