#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/memory.h"

#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define GIB (UINT64_C(1) << 30)

enum { PATH_BYTES = 256 };

static char root[32];

/* Every file of the tests, and every folder after what it holds. */
static const char *const places[] = {
    "proc/self/cgroup",
    "proc/self",
    "proc",
    "sys/fs/cgroup/a/b/memory.max",
    "sys/fs/cgroup/a/b",
    "sys/fs/cgroup/a/memory.max",
    "sys/fs/cgroup/a",
    "sys/fs/cgroup/memory/a/memory.limit_in_bytes",
    "sys/fs/cgroup/memory/a",
    "sys/fs/cgroup/memory/memory.limit_in_bytes",
    "sys/fs/cgroup/memory",
    "sys/fs/cgroup/memory.max",
    "sys/fs/cgroup",
    "sys/fs",
    "sys",
};

/* Writes CONTENT to PATH below the root, with the folders it needs. */
static void tell(const char *path, const char *content)
{
    char whole[PATH_BYTES];

    snprintf(whole, sizeof whole, "%s/%s", root, path);
    for (char *slash = whole + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = 0;
        mkdir(whole, 0700);
        *slash = '/';
    }
    FILE *file = fopen(whole, "w");
    assert_non_null(file);
    fputs(content, file);
    fclose(file);
}

static int open_root(void **state)
{
    (void)state;
    snprintf(root, sizeof root, "/tmp/dpgw-memory-XXXXXX");
    return mkdtemp(root) ? 0 : -1;
}

static int close_root(void **state)
{
    char whole[PATH_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        snprintf(whole, sizeof whole, "%s/%s", root, places[i]);
        remove(whole);
    }
    return rmdir(root);
}

static void nothing_is_known(void **state)
{
    (void)state;
    assert_int_equal(memory_allowed(root), 0);
    tell("proc/self/cgroup", "0::/a/b\n");
    assert_int_equal(memory_allowed(root), 0);
    tell("proc/self/cgroup", "garbage\n\n:\n::\n7:memory");
    assert_int_equal(memory_allowed(root), 0);
}

/* The group's own limit, or that of a group which holds it, if it is less. */
static void version_2(void **state)
{
    (void)state;
    tell("proc/self/cgroup", "0::/a/b\n");
    tell("sys/fs/cgroup/a/b/memory.max", "max\n");
    assert_int_equal(memory_allowed(root), 0);
    tell("sys/fs/cgroup/a/memory.max", "2147483648\n");
    assert_int_equal(memory_allowed(root), 2 * GIB);
    tell("sys/fs/cgroup/a/b/memory.max", "1073741824\n");
    assert_int_equal(memory_allowed(root), GIB);
    tell("sys/fs/cgroup/a/b/memory.max", "4294967296\n");
    assert_int_equal(memory_allowed(root), 2 * GIB);
}

static void version_1(void **state)
{
    (void)state;
    tell("proc/self/cgroup", "9:name=systemd:/x\n4:memory:/a\n3:cpuset:/\n0::/\n");
    tell("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "9223372036854771712\n");
    assert_int_equal(memory_allowed(root), 0);
    tell("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "1073741824\n");
    assert_int_equal(memory_allowed(root), GIB);
}

/* In a container the group's path is the host's, and its files are at the mount's top. */
static void a_container(void **state)
{
    (void)state;
    tell("proc/self/cgroup", "4:memory:/docker/0123\n");
    tell("sys/fs/cgroup/memory/memory.limit_in_bytes", "1073741824\n");
    assert_int_equal(memory_allowed(root), GIB);
    tell("proc/self/cgroup", "0::/\n");
    tell("sys/fs/cgroup/memory.max", "2147483648\n");
    assert_int_equal(memory_allowed(root), 2 * GIB);
}

static void levels_are_percents(void **state)
{
    (void)state;
    assert_int_equal(memory_level(799, 1000), PRESSURE_NONE);
    assert_int_equal(memory_level(800, 1000), PRESSURE_HIGH);
    assert_int_equal(memory_level(899, 1000), PRESSURE_HIGH);
    assert_int_equal(memory_level(900, 1000), PRESSURE_FULL);
    assert_int_equal(memory_level(90 * GIB, 100 * GIB), PRESSURE_FULL);
    assert_int_equal(memory_level(80 * GIB - 1, 100 * GIB), PRESSURE_NONE);
}

static uint64_t resident(void)
{
    int statm = open("/proc/self/statm", O_RDONLY);
    uint64_t bytes = memory_resident(statm);

    close(statm);
    return bytes;
}

/* Runs BASE until PRESSURE is at LEVEL; false if that takes ten seconds. */
static bool comes_to(struct event_base *base, const struct pressure *p, enum pressure_level level)
{
    struct timeval slice = {.tv_usec = 50 * 1000};

    for (int i = 0; i < 200 && pressure_level(p) != level; i++) {
        event_base_loopexit(base, &slice);
        event_base_dispatch(base);
    }
    return pressure_level(p) == level;
}

static size_t load_now;

static size_t load(const void *owner)
{
    (void)owner;
    return load_now;
}

/* The watch sees what this process takes. */
static void the_watch_sees_memory_come(void **state)
{
    enum { BLOCK = 64 << 20 };
    struct event_base *base = event_base_new();
    struct pressure pressure = {0};
    struct memory_view view = {.limit = 1 << 20, .pressure = &pressure, .load = load};

    (void)state;
    struct memory_watch *watch = memory_watch_new(base, &view);
    assert_non_null(watch);
    assert_true(comes_to(base, &pressure, PRESSURE_FULL));
    memory_watch_free(&watch);
    assert_null(watch);

    uint64_t before = resident();
    assert_true(before > 0);
    assert_int_equal(memory_resident(-1), 0);
    view.limit = (before + BLOCK / 2) / 8 * 10;
    watch = memory_watch_new(base, &view);
    assert_true(comes_to(base, &pressure, PRESSURE_NONE));
    char *block = malloc(BLOCK);
    memset(block, 1, BLOCK);
    assert_true(comes_to(base, &pressure, PRESSURE_FULL));
    assert_int_equal(block[BLOCK / 2], 1);
    free(block);
    memory_watch_free(&watch);
    event_base_free(base);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
/*
 * When most of the load has gone, what it left behind is given back.  The
 * sanitizers' malloc gives back as it likes.
 */
static void the_watch_gives_memory_back(void **state)
{
    enum { BLOCKS = 8000, BLOCK = 4096 };
    static char *blocks[BLOCKS];
    struct event_base *base = event_base_new();
    struct pressure pressure = {0};
    struct memory_view view = {.pressure = &pressure, .load = load};
    struct timeval slice = {.tv_usec = 50 * 1000};

    (void)state;
    load_now = 1000;
    struct memory_watch *watch = memory_watch_new(base, &view);
    uint64_t before = resident();
    for (int i = 0; i < BLOCKS; i++) {
        blocks[i] = malloc(BLOCK);
        memset(blocks[i], 1, BLOCK);
    }
    for (int i = 0; i < 6; i++) { /* more than one look */
        event_base_loopexit(base, &slice);
        event_base_dispatch(base);
    }
    for (int i = 0; i + 1 < BLOCKS; i++) /* the last one keeps the heap from shrinking by itself */
        free(blocks[i]);
    assert_true(resident() > before + BLOCKS / 2 * BLOCK);
    load_now = 400;
    for (int i = 0; i < 200 && resident() > before + BLOCKS / 8 * BLOCK; i++) {
        event_base_loopexit(base, &slice);
        event_base_dispatch(base);
    }
    assert_true(resident() <= before + BLOCKS / 8 * BLOCK);
    assert_int_equal(pressure_level(&pressure), PRESSURE_NONE);
    free(blocks[BLOCKS - 1]);
    memory_watch_free(&watch);
    event_base_free(base);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_is_known, open_root, close_root),
        cmocka_unit_test_setup_teardown(version_2, open_root, close_root),
        cmocka_unit_test_setup_teardown(version_1, open_root, close_root),
        cmocka_unit_test_setup_teardown(a_container, open_root, close_root),
        cmocka_unit_test(levels_are_percents),
        cmocka_unit_test(the_watch_sees_memory_come),
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
        cmocka_unit_test(the_watch_gives_memory_back),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
