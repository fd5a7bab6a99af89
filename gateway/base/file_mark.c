#include "base/file_mark.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define START UINT64_C(0xcbf29ce484222325)
#define PRIME UINT64_C(0x100000001b3)

enum { PIECE_BYTES = 16 * 1024 };

/* FNV-1a, 64 bits, which is made for one byte after the other. */
static uint64_t go_on(uint64_t digest, const char *at, size_t len)
{
    for (size_t i = 0; i < len; i++)
        digest = (digest ^ (unsigned char)at[i]) * PRIME;
    return digest;
}

static uint64_t concluded(uint64_t digest)
{
    return digest == FILE_MARK_ABSENT ? START : digest;
}

uint64_t file_mark_of(struct text content)
{
    return concluded(go_on(START, content.at, content.len));
}

uint64_t file_mark_now(const char *path)
{
    char piece[PIECE_BYTES];
    struct stat is;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe would wait for its writer */
    uint64_t digest = START;
    ssize_t n = -1;

    if (fd < 0)
        return FILE_MARK_ABSENT;
    if (fstat(fd, &is) == 0 && S_ISREG(is.st_mode))
        while ((n = read(fd, piece, sizeof piece)) > 0)
            digest = go_on(digest, piece, (size_t)n);
    close(fd);
    return n == 0 ? concluded(digest) : FILE_MARK_ABSENT;
}
