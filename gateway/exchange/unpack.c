#include "exchange/unpack.h"

/* Coded bytes that may wait: pieces that were under way when the reader said stop. */
enum { REST_BYTES_MAX = 1024 * 1024 };

enum coding unpack_coding(const struct http_fields *fields)
{
    enum coding coding = CODING_IDENTITY;

    for (size_t i = 0; i < fields->count; i++) {
        if (!text_eq_nocase(fields->at[i].name, TEXT("content-encoding")))
            continue;
        coding = coding == CODING_IDENTITY ? coding_find(fields->at[i].value) : CODING_UNKNOWN;
    }
    return coding;
}

bool unpack_init(struct unpack *u, enum coding coding, const struct coding_limits *limits,
                 bool (*take)(void *owner, struct text bytes), void *owner)
{
    *u = (struct unpack){.take = take, .owner = owner};
    buf_init(&u->rest, REST_BYTES_MAX);
    if (coding == CODING_IDENTITY)
        return true;
    u->decoder = decoder_new(coding, limits);
    return u->decoder;
}

void unpack_fini(struct unpack *u)
{
    decoder_free(&u->decoder);
    buf_fini(&u->rest);
}

/* Decodes from *BYTES until they are used up or the reader says stop. */
static enum unpacked decode(struct unpack *u, struct text *bytes)
{
    struct text out;

    for (;;) {
        switch (decoder_next(u->decoder, bytes, &out)) {
        case CODING_MORE:
            return UNPACKED_ALL;
        case CODING_BYTES:
            if (!u->take(u->owner, out))
                return UNPACKED_STOPPED;
            break;
        case CODING_BAD:
            return UNPACKED_BAD;
        case CODING_BOMB:
            return UNPACKED_BOMB;
        case CODING_NO_MEMORY:
            return UNPACKED_NO_MEMORY;
        }
    }
}

/* Decodes what waits. */
static enum unpacked decode_rest(struct unpack *u)
{
    struct text bytes = buf_text(&u->rest);
    enum unpacked result = decode(u, &bytes);

    buf_drop(&u->rest, u->rest.len - bytes.len);
    u->stopped = result == UNPACKED_STOPPED;
    return result;
}

enum unpacked unpack_piece(struct unpack *u, struct text piece)
{
    if (!u->decoder) {
        u->take(u->owner, piece);
        return UNPACKED_ALL;
    }
    enum unpacked result = UNPACKED_STOPPED;
    if (!u->stopped)
        result = decode(u, &piece);
    u->stopped = result == UNPACKED_STOPPED;
    if (u->stopped)
        buf_add(&u->rest, piece);
    return u->rest.failed ? UNPACKED_NO_MEMORY : result;
}

enum unpacked unpack_go_on(struct unpack *u)
{
    return u->stopped ? decode_rest(u) : UNPACKED_ALL;
}

enum unpacked unpack_end(const struct unpack *u)
{
    return !u->decoder || decoder_complete(u->decoder) ? UNPACKED_ALL : UNPACKED_BAD;
}
