/*
 * coding.h - content codings undone and done, a bounded step at a time
 *
 * A decoder is pulled: each step gives at most one window of decoded bytes,
 * so that whoever pulls can stop between two steps while a reader is slow,
 * and a small piece that stands for a huge body is never held.  An encoder
 * writes gzip and can be flushed so that what went in can be read at once.
 *
 * The only door to zlib, brotli and zstd.  Knows nothing of messages.
 */
#ifndef CODING_CODING_H
#define CODING_CODING_H

#include "base/buf.h"

/* The content codings of RFC 9110, 8.4.1, RFC 7932 and RFC 8878. */
enum coding {
    CODING_IDENTITY,
    CODING_GZIP,
    CODING_DEFLATE, /* zlib format; the bare deflate that some send is read too */
    CODING_BR,
    CODING_ZSTD,
    CODING_UNKNOWN /* any other, and more than one at once */
};

/* The coding a Content-Encoding value names (any case); absent or empty: identity. */
enum coding coding_find(struct text value);

/* What a decoder may give for what it took. */
struct coding_limits {
    uint64_t ratio;      /* decoded bytes per coded byte */
    uint64_t ratio_from; /* decoded bytes from which the ratio counts */
};

enum coding_step {
    CODING_MORE,  /* the piece is used up */
    CODING_BYTES, /* decoded bytes were given, perhaps none; call again */
    CODING_BAD,   /* not of this coding, or bytes after its end */
    CODING_BOMB,  /* beyond the ratio */
    CODING_NO_MEMORY
};

struct decoder;

/* A new decoder of CODING, which is neither identity nor unknown.  NULL: no memory. */
struct decoder *decoder_new(enum coding coding, const struct coding_limits *limits);

/* Frees the decoder at *D, if any, and sets *D to NULL. */
void decoder_free(struct decoder **d);

/*
 * Goes on in *PIECE and moves its start past what was used.  CODING_BYTES:
 * *OUT holds decoded bytes, valid until the next call.
 */
enum coding_step decoder_next(struct decoder *d, struct text *piece, struct text *out);

/* True if the coded bytes were complete; an empty body is. */
bool decoder_complete(const struct decoder *d);

struct encoder;

/* A new gzip encoder.  NULL: no memory. */
struct encoder *encoder_new(void);

/* As encoder_new, in an eighth of the memory: for a body that may take long to end. */
struct encoder *encoder_new_small(void);

/* Frees the encoder at *E, if any, and sets *E to NULL. */
void encoder_free(struct encoder **e);

enum encoder_until {
    ENCODER_GO_ON, /* keep what codes better together with what follows */
    ENCODER_FLUSH, /* all that went in can be decoded from what came out */
    ENCODER_END    /* the coded body is complete */
};

/* Codes BYTES and appends what leaves to TO.  False: no memory. */
bool encoder_put(struct encoder *e, struct text bytes, enum encoder_until until, struct buf *to);

#endif
