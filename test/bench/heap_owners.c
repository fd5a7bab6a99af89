/*
 * heap_owners.c - whose the heap is, for LD_PRELOAD
 *
 * Counts the bytes that are allocated at this moment by whose code asked for
 * them: the nearest program or library up the stack, and libevent where it
 * asks through functions that it was given.  The sums stand in the file
 * $HEAP_OWNERS as `struct tally`s in a row, mapped, so that they can be read
 * while the program runs.  Slow; for measuring only.
 */
#include <dlfcn.h>
#include <event2/event.h>
#include <execinfo.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *at, size_t size);
extern void __libc_free(void *at);

enum {
    OWNERS = 16,
    BLOCKS = 1 << 20, /* live at once at most, a power of two */
    FRAMES = 6,
    OVERHEAD = 8 /* bytes of the allocator's own before each block */
};

struct tally {
    char name[48];
    int64_t bytes, blocks;
};

struct block {
    uintptr_t at; /* 0: free for good, 1: was used */
    unsigned owner;
};

static struct tally *tallies;
static struct block *blocks;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static __thread bool inside;       /* what is asked for is our own */
static __thread bool for_libevent; /* libevent asks through what it was given */

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("HEAP_OWNERS");
    void *frames[1];
    int fd = path ? open(path, O_RDWR | O_CREAT | O_TRUNC, 0600) : -1;

    inside = true;
    backtrace(frames, 1); /* it loads what it needs at its first call */
    if (fd >= 0 && ftruncate(fd, OWNERS * sizeof *tallies) == 0) {
        blocks = mmap(NULL, BLOCKS * sizeof *blocks, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        tallies = mmap(NULL, OWNERS * sizeof *tallies, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    }
    inside = false;
}

/* --- whose ------------------------------------------------------------------ */

static const char *base_name(const char *path)
{
    const char *slash = path ? strrchr(path, '/') : NULL;

    return slash ? slash + 1 : path ? path : "?";
}

static bool starts(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* The program or library that asked, of what is on the stack. */
static const char *asking(void *const *frames, int count)
{
    for (int i = 0; i < count; i++) {
        Dl_info found;

        if (!dladdr(frames[i], &found))
            continue;
        const char *name = base_name(found.dli_fname);
        if (starts(name, "libevent") || for_libevent)
            return "libevent";
        if (!starts(name, "libc.") && !starts(name, "heap_owners"))
            return name;
    }
    return "unknown";
}

static unsigned owner_named(const char *name)
{
    unsigned i = 0;

    while (i < OWNERS - 1 && tallies[i].name[0] && strcmp(tallies[i].name, name) != 0)
        i++;
    if (!tallies[i].name[0])
        strncpy(tallies[i].name, name, sizeof tallies[i].name - 1);
    return i;
}

/* --- live blocks -------------------------------------------------------------- */

static size_t slot_of(uintptr_t at)
{
    return (size_t)((at >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 44) & (BLOCKS - 1);
}

static void count(unsigned owner, void *at, int64_t sign)
{
    tallies[owner].bytes += sign * (int64_t)(malloc_usable_size(at) + OVERHEAD);
    tallies[owner].blocks += sign;
}

static void *born(void *at)
{
    if (!at || !tallies || inside)
        return at;
    inside = true;
    void *frames[FRAMES];
    int depth = backtrace(frames, FRAMES);
    pthread_mutex_lock(&lock);
    size_t i = slot_of((uintptr_t)at);
    while (blocks[i].at > 1)
        i = (i + 1) & (BLOCKS - 1);
    blocks[i] = (struct block){(uintptr_t)at, owner_named(asking(frames, depth))};
    count(blocks[i].owner, at, 1);
    pthread_mutex_unlock(&lock);
    inside = false;
    return at;
}

static void dies(void *at)
{
    if (!at || !tallies || inside)
        return;
    pthread_mutex_lock(&lock);
    size_t i = slot_of((uintptr_t)at);
    while (blocks[i].at && blocks[i].at != (uintptr_t)at)
        i = (i + 1) & (BLOCKS - 1);
    if (blocks[i].at) {
        count(blocks[i].owner, at, -1);
        blocks[i].at = 1;
    }
    pthread_mutex_unlock(&lock);
}

/* --- what is called in place of the allocator --------------------------------- */

void *malloc(size_t size)
{
    return born(__libc_malloc(size));
}

void *calloc(size_t count_, size_t size)
{
    return born(__libc_calloc(count_, size));
}

void *realloc(void *at, size_t size)
{
    dies(at);
    return born(__libc_realloc(at, size));
}

void free(void *at)
{
    dies(at);
    __libc_free(at);
}

/* --- what libevent is given ------------------------------------------------------ */

static void *(*given_malloc)(size_t size);
static void *(*given_realloc)(void *at, size_t size);

static void *libevent_malloc(size_t size)
{
    for_libevent = true;
    void *at = given_malloc(size);
    for_libevent = false;
    return at;
}

static void *libevent_realloc(void *from, size_t size)
{
    for_libevent = true;
    void *at = given_realloc(from, size);
    for_libevent = false;
    return at;
}

void event_set_mem_functions(void *(*malloc_fn)(size_t size),
                             void *(*realloc_fn)(void *at, size_t size), void (*free_fn)(void *at))
{
    void (*set)(void *(*)(size_t), void *(*)(void *, size_t), void (*)(void *));

    *(void **)&set = dlsym(RTLD_NEXT, "event_set_mem_functions");
    given_malloc = malloc_fn;
    given_realloc = realloc_fn;
    set(libevent_malloc, libevent_realloc, free_fn);
}
