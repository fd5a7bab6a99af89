#include "base/chance.h"

#include <assert.h>
#include <sys/random.h>

enum { BATCH = 256 }; /* bytes that the system gives whole, whatever interrupts */

static _Thread_local struct {
    unsigned char bytes[BATCH];
    size_t left;
} pool;

static unsigned char next_byte(void)
{
    if (pool.left == 0) {
        ssize_t got = getrandom(pool.bytes, BATCH, 0);

        assert(got == BATCH);
        pool.left = BATCH;
    }
    return pool.bytes[--pool.left];
}

void chance_hex(char *to, size_t count)
{
    static const char digits[] = "0123456789abcdef";

    assert(count % 2 == 0);
    for (size_t i = 0; i < count; i += 2) {
        unsigned char byte = next_byte();

        if (i == 0)
            byte |= 1; /* ids must not be all 0 */
        to[i] = digits[byte >> 4];
        to[i + 1] = digits[byte & 15];
    }
}
