#include "coding/engine.h"

#include <brotli/decode.h>

static struct engine *make(void)
{
    return (struct engine *)BrotliDecoderCreateInstance(NULL, NULL, NULL);
}

static void destroy(struct engine *e)
{
    BrotliDecoderDestroyInstance((BrotliDecoderState *)e);
}

static enum coding_step fault_of(BrotliDecoderState *state)
{
    BrotliDecoderErrorCode code = BrotliDecoderGetErrorCode(state);

    return code <= BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES &&
                   code >= BROTLI_DECODER_ERROR_ALLOC_BLOCK_TYPE_TREES
               ? CODING_NO_MEMORY
               : CODING_BAD;
}

static enum coding_step step(struct engine *e, struct text *piece, char *to, size_t room,
                             size_t *given_out, bool *ended_out)
{
    BrotliDecoderState *state = (BrotliDecoderState *)e;
    const uint8_t *in = (const uint8_t *)piece->at;
    size_t in_left = piece->len, out_left = room;
    uint8_t *out = (uint8_t *)to;
    BrotliDecoderResult result =
        BrotliDecoderDecompressStream(state, &in_left, &in, &out_left, &out, NULL);

    *piece = text_from_offset(*piece, piece->len - in_left);
    *given_out = room - out_left;
    *ended_out = result == BROTLI_DECODER_RESULT_SUCCESS;
    if (result == BROTLI_DECODER_RESULT_ERROR)
        return fault_of(state);
    if (*given_out == 0 && piece->len > 0)
        return CODING_BYTES; /* the end came without content: what follows it is judged next */
    return *given_out ? CODING_BYTES : CODING_MORE;
}

const struct engine_kind engine_br = {make, destroy, step};
