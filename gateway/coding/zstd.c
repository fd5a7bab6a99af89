#include "coding/engine.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>
#include <zstd_errors.h>

/* 8 MiB, the largest window a receiver of this coding has to take (RFC 9659, 3). */
enum { WINDOW_LOG_MAX = 23 };

enum { HEAD_BYTES = 18 }; /* the longest head of a frame (RFC 8878, 3.1.1.1) */

/*
 * The library looks at the size that a frame declares only on some of its
 * ways through it, so it is looked at here: the verdict is the same at every
 * cut.
 */
struct engine {
    ZSTD_DCtx *context;
    char head[HEAD_BYTES]; /* the first bytes of the frame at hand */
    size_t head_len;
    uint64_t given; /* content of that frame */
};

static void destroy(struct engine *e)
{
    ZSTD_freeDCtx(e->context);
    free(e);
}

static struct engine *make(void)
{
    struct engine *e = calloc(1, sizeof *e);

    if (!e)
        return NULL;
    e->context = ZSTD_createDCtx();
    if (e->context) {
        ZSTD_DCtx_setParameter(e->context, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
        return e;
    }
    free(e);
    return NULL;
}

/*
 * True if the frame at hand, going on with PIECE, has the magic number of a
 * frame or of a skippable one (RFC 8878, 3.1), as far as it has come.  The
 * library may know older forms, with decoders of their own.
 */
static bool is_frame(const struct engine *e, struct text piece)
{
    static const unsigned char frame[] = {0x28, 0xb5, 0x2f, 0xfd},
                               skipped[] = {0x50, 0x2a, 0x4d, 0x18};
    bool is_one = true, is_skipped = true;

    for (size_t i = 0; i < sizeof frame && i < e->head_len + piece.len; i++) {
        char byte = i < e->head_len ? e->head[i] : piece.at[i - e->head_len];
        unsigned char c = (unsigned char)byte;

        is_one = is_one && c == frame[i];
        is_skipped = is_skipped && (i == 0 ? c & 0xf0 : c) == skipped[i];
    }
    return is_one || is_skipped;
}

/* Notes that the frame at hand took TAKEN and gave GIVEN bytes more. */
static void note(struct engine *e, struct text taken, size_t given)
{
    size_t room = HEAD_BYTES - e->head_len, n = taken.len < room ? taken.len : room;

    if (n > 0)
        memcpy(e->head + e->head_len, taken.at, n);
    e->head_len += n;
    e->given += given;
}

/* Ends the frame at hand.  False if its content was not as long as it declares. */
static bool end_frame(struct engine *e)
{
    unsigned long long declared = ZSTD_getFrameContentSize(e->head, e->head_len);
    bool sound = declared == ZSTD_CONTENTSIZE_UNKNOWN || declared == e->given;

    e->head_len = 0;
    e->given = 0;
    return sound;
}

static enum coding_step step(struct engine *e, struct text *piece, char *to, size_t room,
                             size_t *given_out, bool *ended_out)
{
    if (!is_frame(e, *piece))
        return CODING_BAD;
    /* A first byte alone: the library judges a frame that it sees whole by other rules. */
    ZSTD_inBuffer in = {piece->at, e->head_len == 0 && piece->len > 0 ? 1 : piece->len, 0};
    ZSTD_outBuffer out = {to, room, 0};
    size_t hint = ZSTD_decompressStream(e->context, &out, &in);

    if (ZSTD_isError(hint))
        return ZSTD_getErrorCode(hint) == ZSTD_error_memory_allocation ? CODING_NO_MEMORY
                                                                       : CODING_BAD;
    note(e, text_of(piece->at, in.pos), out.pos);
    if (hint == 0 && !end_frame(e))
        return CODING_BAD;
    *piece = text_from_offset(*piece, in.pos);
    *given_out = out.pos;
    *ended_out = hint == 0;
    if (out.pos == 0 && piece->len > 0)
        return CODING_BYTES; /* a frame began, or ended without content: go on */
    return out.pos ? CODING_BYTES : CODING_MORE;
}

const struct engine_kind engine_zstd = {make, destroy, step};
