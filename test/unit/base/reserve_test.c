#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/reserve.h"

/* Runs WHAT in a process of its own; its exit status. */
static int in_child(void (*what)(void))
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        what();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void must(bool holds)
{
    if (!holds)
        _exit(1);
}

/* From here on the system gives this process no piece of any size asked for below. */
static void run_dry(void)
{
    struct rlimit none = {0, 0};

    must(setrlimit(RLIMIT_AS, &none) == 0);
    for (size_t size = 1 << 20; size > 0; size /= 2)
        while (malloc(size))
            ;
}

static void as_from_the_system(void **state)
{
    (void)state;
    char *at = reserve_malloc(10);
    at = reserve_realloc(at, 2000);
    memset(at, 1, 2000);
    char *zero = reserve_calloc(10, 10), *copy = reserve_strdup("some");
    for (int i = 0; i < 100; i++)
        assert_int_equal(zero[i], 0);
    assert_string_equal(copy, "some");
    assert_null(reserve_calloc(SIZE_MAX, 2));
    assert_true(reserve_refused());
    assert_false(reserve_refused());
    reserve_free(at);
    reserve_free(zero);
    reserve_free(copy);
    reserve_free(NULL);
}

static void use_reserve(void)
{
    char *kept = malloc(100), *all[RESERVE_PIECES];

    must(kept);
    memcpy(kept, "kept", sizeof "kept");
    run_dry();
    must(!reserve_malloc(RESERVE_SMALL_BYTES + 1) && reserve_refused());
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < RESERVE_PIECES; i++) {
            all[i] = i % 2 ? reserve_calloc(1, RESERVE_SMALL_BYTES) : reserve_malloc(1);
            must(all[i] && (i % 2 == 0 || all[i][RESERVE_SMALL_BYTES - 1] == 0));
            memset(all[i], i, RESERVE_SMALL_BYTES);
        }
        for (int i = 0; i < RESERVE_PIECES; i++) {
            must(all[i][0] == (char)i && all[i][RESERVE_SMALL_BYTES - 1] == (char)i);
            must(reserve_realloc(all[i], 300) == all[i]);
            must(!reserve_realloc(all[i], RESERVE_SMALL_BYTES + 1));
            reserve_free(all[i]);
        }
    }
    must(strcmp(reserve_strdup("text"), "text") == 0);
    kept = reserve_realloc(kept, 400);
    must(kept && strcmp(kept, "kept") == 0);
}

static void small_pieces_come_from_the_reserve(void **state)
{
    (void)state;
    assert_int_equal(in_child(use_reserve), 0);
}

static void use_it_up(void)
{
    run_dry();
    for (int i = 0; i < RESERVE_PIECES; i++)
        must(reserve_malloc(1));
    reserve_malloc(1);
}

static void without_a_piece_left_the_process_ends(void **state)
{
    int told[2];
    char line[100];
    int kept = dup(STDERR_FILENO);

    (void)state;
    assert_int_equal(pipe(told), 0);
    dup2(told[1], STDERR_FILENO);
    int status = in_child(use_it_up);
    dup2(kept, STDERR_FILENO);
    assert_int_equal(status, 71);
    line[read(told[0], line, sizeof line - 1)] = 0;
    assert_string_equal(line, "error out of memory\n");
    close(kept);
    close(told[0]);
    close(told[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_from_the_system),
        cmocka_unit_test(small_pieces_come_from_the_reserve),
        cmocka_unit_test(without_a_piece_left_the_process_ends),
    };

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    puts("1..0 # a sanitizer's allocator does not return NULL");
    return 0;
#endif
    if (getenv("UNDER")) {
        puts("1..0 # valgrind itself needs the memory that is taken away here");
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
