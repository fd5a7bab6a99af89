#include "base/buf.h"

#include <assert.h>
#include <stdlib.h>

enum { FIRST_BYTES = 128 };

void buf_init(struct buf *b, size_t max)
{
    *b = (struct buf){.max = max};
}

void buf_fini(struct buf *b)
{
    free(b->at);
    buf_init(b, b->max);
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    b->failed = false;
}

char *buf_grow(struct buf *b, size_t n)
{
    size_t need = b->len + n, capacity = b->capacity ? b->capacity : FIRST_BYTES;

    if (b->failed || n > b->max - b->len) {
        b->failed = true;
        return NULL;
    }
    while (capacity < need)
        capacity = capacity > SIZE_MAX / 2 ? need : capacity * 2;
    if (capacity > b->max)
        capacity = b->max;
    char *at = realloc(b->at, capacity);
    b->failed = !at;
    if (!at)
        return NULL;
    b->at = at;
    b->capacity = capacity;
    return at + b->len;
}

void buf_add(struct buf *b, struct text t)
{
    if (t.len == 0)
        return;
    char *to = buf_room(b, t.len);
    if (!to)
        return;
    memcpy(to, t.at, t.len);
    b->len += t.len;
}

void buf_add_byte(struct buf *b, char byte)
{
    buf_add(b, text_of(&byte, 1));
}

void buf_add_u64(struct buf *b, uint64_t number)
{
    char digits[20];
    size_t at = sizeof digits;

    do
        digits[--at] = (char)('0' + number % 10);
    while (number /= 10);
    buf_add(b, text_of(digits + at, sizeof digits - at));
}

void buf_add_micro(struct buf *b, uint64_t micro)
{
    enum { ONE = 1000000 };

    buf_add_u64(b, micro / ONE);
    buf_add_byte(b, '.');
    for (uint64_t digit = ONE / 10, rest = micro % ONE; digit; rest %= digit, digit /= 10)
        buf_add_byte(b, (char)('0' + rest / digit));
}

void buf_drop(struct buf *b, size_t n)
{
    assert(n <= b->len);
    b->len -= n;
    if (b->len)
        memmove(b->at, b->at + n, b->len);
}
