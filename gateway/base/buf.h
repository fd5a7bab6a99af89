/*
 * buf.h - bytes that grow up to a declared ceiling
 *
 * A buf owns its bytes on the heap.  It fails stickily: once a write would
 * pass the ceiling or memory runs out, `failed` is set, the bytes stay as
 * they were and later writes do nothing, so that a row of writes is checked
 * once at its end.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/text.h"

struct buf {
    char *at;
    size_t len;
    size_t capacity;
    size_t max; /* the ceiling in bytes */
    bool failed;
};

/* Makes B empty with a ceiling of MAX bytes; takes no memory yet. */
void buf_init(struct buf *b, size_t max);

/* Frees B's bytes; B is as after buf_init. */
void buf_fini(struct buf *b);

/* Empties B, keeping its memory, and forgets a failure. */
void buf_clear(struct buf *b);

/* Appends T. */
void buf_add(struct buf *b, struct text t);

/* Appends one BYTE. */
void buf_add_byte(struct buf *b, char byte);

/* Appends NUMBER in decimal. */
void buf_add_u64(struct buf *b, uint64_t number);

/* Adds MICRO millionths as a decimal fraction: 1500000 is "1.500000". */
void buf_add_micro(struct buf *b, uint64_t micro);

/* What buf_room does where there is none yet; for it alone. */
char *buf_grow(struct buf *b, size_t n);

/* Makes room for N more bytes and returns where they go, or NULL (failed). */
static inline char *buf_room(struct buf *b, size_t n)
{
    bool there = !b->failed && n <= b->max - b->len && n <= b->capacity - b->len;

    return there ? b->at + b->len : buf_grow(b, n);
}

/* Drops the first N bytes; N is at most the length. */
void buf_drop(struct buf *b, size_t n);

/* B's bytes, valid until the next write. */
static inline struct text buf_text(const struct buf *b)
{
    return (struct text){b->at ? b->at : "", b->len};
}

#endif
