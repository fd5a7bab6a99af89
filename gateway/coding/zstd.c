#include "coding/engine.h"

#include <zstd.h>
#include <zstd_errors.h>

/* 8 MiB, the largest window a receiver of this coding has to take (RFC 9659, 3). */
enum { WINDOW_LOG_MAX = 23 };

static struct engine *make(void)
{
    ZSTD_DCtx *context = ZSTD_createDCtx();

    if (context)
        ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
    return (struct engine *)context;
}

static void destroy(struct engine *e)
{
    ZSTD_freeDCtx((ZSTD_DCtx *)e);
}

static enum coding_step step(struct engine *e, struct text *piece, char *to, size_t room,
                             size_t *given_out, bool *ended_out)
{
    ZSTD_inBuffer in = {piece->at, piece->len, 0};
    ZSTD_outBuffer out = {to, room, 0};
    size_t hint = ZSTD_decompressStream((ZSTD_DCtx *)e, &out, &in);

    if (ZSTD_isError(hint))
        return ZSTD_getErrorCode(hint) == ZSTD_error_memory_allocation ? CODING_NO_MEMORY
                                                                       : CODING_BAD;
    *piece = text_from_offset(*piece, in.pos);
    *given_out = out.pos;
    *ended_out = hint == 0;
    if (out.pos == 0 && piece->len > 0)
        return CODING_BYTES; /* a frame without content ended: go on */
    return out.pos ? CODING_BYTES : CODING_MORE;
}

const struct engine_kind engine_zstd = {make, destroy, step};
