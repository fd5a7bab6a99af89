/*
 * coders.h - bodies coded and decoded by the libraries' own means
 *
 * What the gateway makes of a coded body is compared with what others make
 * of it: nothing here calls the room of codings.
 */
#ifndef TEST_CODERS_H
#define TEST_CODERS_H

#include "base/buf.h"
#include "coding/coding.h"

/* The codings that are read, and how Content-Encoding names each. */
enum { CODERS = 4 };
extern const struct coder {
    enum coding coding;
    const char *name;
} coders[CODERS];

/* PLAIN in the coding of C; the caller frees it. */
struct text coder_code(const struct coder *c, struct text plain);

/* A gzip body that is coded bit by bit; each call appends what PLAIN became to TO, flushed. */
struct gzip_stream;
struct gzip_stream *gzip_stream_new(void);
void gzip_stream_put(struct gzip_stream *g, struct text plain, bool last, struct buf *to);
void gzip_stream_free(struct gzip_stream *g);

/* What can be decoded of the gzip bytes CODED so far, to TO.  True if they are complete. */
bool gunzip(struct text coded, struct buf *to);

/* SIZE bytes of a JSON array of numbers that no coder makes much shorter; the caller frees it. */
struct text dense_json(size_t size);

#endif
