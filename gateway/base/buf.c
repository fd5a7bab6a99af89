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

static bool grow(struct buf *b, size_t need)
{
    size_t capacity = b->capacity ? b->capacity : FIRST_BYTES;

    while (capacity < need)
        capacity = capacity > SIZE_MAX / 2 ? need : capacity * 2;
    if (capacity > b->max)
        capacity = b->max;
    char *at = realloc(b->at, capacity);
    if (!at)
        return false;
    b->at = at;
    b->capacity = capacity;
    return true;
}

char *buf_room(struct buf *b, size_t n)
{
    if (b->failed || n > b->max - b->len || (n > b->capacity - b->len && !grow(b, b->len + n))) {
        b->failed = true;
        return NULL;
    }
    return b->at + b->len;
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
