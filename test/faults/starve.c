/*
 * starve.c - preloaded into the gateway: refuses the N-th allocation it is told to
 *
 * The file named by $STARVE holds a struct order, which a test writes while
 * the gateway runs.  Allocations are those of the gateway itself and of the
 * libraries it leans on, told apart by the caller's object; what OpenSSL and
 * others take for themselves counts only if the order says so.  libevent's
 * own are marked on their way through the functions the gateway gave it:
 * they are left out, or they are the only ones.
 */
#include <dlfcn.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <link.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum whose { OURS, LIBEVENTS, ANYBODYS };

struct order {
    _Atomic uint64_t from;    /* the first to be refused, counted from 1; 0: none */
    _Atomic uint64_t count;   /* how many in a row */
    _Atomic uint64_t whose;   /* enum whose */
    _Atomic uint64_t seen;    /* since the test set this to 0 */
    _Atomic uint64_t refused; /* likewise */
    char who[64];             /* the object that asked for the one refused last */
};

static struct order none;
static struct order *order = &none;
static __thread bool in_libevent __attribute__((tls_model("initial-exec")));

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("STARVE");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;

    if (fd < 0)
        return;
    void *at = mmap(NULL, sizeof none, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (at != MAP_FAILED)
        order = at;
}

/* The name of the object that holds CALLER, without its folder; the program's own is "". */
static const char *object_of(void *caller)
{
    struct dl_find_object found;

    if (_dl_find_object(caller, &found) != 0)
        return "?";
    const char *name = found.dlfo_link_map->l_name;
    const char *slash = strrchr(name, '/');
    return slash ? slash + 1 : name;
}

static bool is_ours(const char *object)
{
    static const char *const names[] = {"libcurl", "libyaml", "libyajl",  "libz.",
                                        "libzstd", "libbro",  "libevent", "libc."};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strncmp(object, names[i], strlen(names[i])) == 0)
            return true;
    return *object == 0;
}

static bool is_counted(const char *object)
{
    switch ((enum whose)atomic_load(&order->whose)) {
    case LIBEVENTS:
        return in_libevent;
    case ANYBODYS:
        return !in_libevent && strncmp(object, "ld-linux", 8) != 0;
    case OURS:
        break;
    }
    return !in_libevent && is_ours(object);
}

/* True if the allocation that CALLER asks for is refused. */
static bool refuse(void *caller)
{
    uint64_t from = atomic_load(&order->from);
    const char *object;

    if (from == 0 || !is_counted(object = object_of(caller)))
        return false;
    uint64_t number = atomic_fetch_add(&order->seen, 1) + 1;
    if (number < from || number - from >= atomic_load(&order->count))
        return false;
    strncpy(order->who, *object ? object : "dpgw", sizeof order->who - 1);
    atomic_fetch_add(&order->refused, 1);
    errno = ENOMEM;
    return true;
}

#define REAL(name)                                                                                 \
    ({                                                                                             \
        static void *real_;                                                                        \
        if (!real_)                                                                                \
            real_ = dlsym(RTLD_NEXT, #name);                                                       \
        (__typeof__(&name))real_;                                                                  \
    })

void *malloc(size_t size)
{
    return refuse(__builtin_return_address(0)) ? NULL : REAL(malloc)(size);
}

void *calloc(size_t count, size_t size)
{
    return refuse(__builtin_return_address(0)) ? NULL : REAL(calloc)(count, size);
}

void *realloc(void *old, size_t size)
{
    return refuse(__builtin_return_address(0)) ? NULL : REAL(realloc)(old, size);
}

/* --- libevent's own --------------------------------------------------------- */

static void *(*given_malloc)(size_t);
static void *(*given_realloc)(void *, size_t);

static void *marked_malloc(size_t size)
{
    in_libevent = true;
    void *at = given_malloc(size);
    in_libevent = false;
    return at;
}

static void *marked_realloc(void *old, size_t size)
{
    in_libevent = true;
    void *at = given_realloc(old, size);
    in_libevent = false;
    return at;
}

void event_set_mem_functions(void *(*malloc_)(size_t), void *(*realloc_)(void *, size_t),
                             void (*free_)(void *))
{
    given_malloc = malloc_;
    given_realloc = realloc_;
    REAL(event_set_mem_functions)(marked_malloc, marked_realloc, free_);
}
