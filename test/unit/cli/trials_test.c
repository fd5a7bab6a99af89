#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/byte_diff.h"
#include "cli/cli.h"
#include "cli/trials.h"
#include "unit/cli/run.h"

#define SAMPLES                                                                                    \
    "config/tests/data-products.yaml", "config/tests/other-types.yaml", "config/tests/requests.yaml"
#define FAILING  "test/trials/failing.yaml"
#define UNUSABLE "test/trials/unusable.yaml"

#define TEST(...) run(cli_test, (const char *const[]){"test", __VA_ARGS__, NULL})

/* The bytes of FILE, on the heap, with a NUL. */
static char *contents(const char *file, size_t *len_out)
{
    FILE *from = fopen(file, "rb");
    char *at = malloc(1 << 20);

    assert_non_null(from);
    assert_non_null(at);
    *len_out = fread(at, 1, (1 << 20) - 1, from);
    at[*len_out] = 0;
    fclose(from);
    return at;
}

static void assert_printed(const char *printed, const char *file)
{
    size_t len;
    char *wanted = contents(file, &len);

    assert_string_equal(printed, wanted);
    free(wanted);
}

static void the_samples_pass(void **state)
{
    (void)state;
    assert_int_equal(TEST(SAMPLES), 0);
    assert_string_equal(out, "31 passed, 0 failed\n");
    assert_string_equal(err, "");
}

static void a_failure_shows_the_first_difference(void **state)
{
    (void)state;
    assert_int_equal(TEST(FAILING), 1);
    assert_printed(out, "test/trials/failing.expected");
    assert_string_equal(err, "");
}

static void what_is_wrong_with_a_file_is_told_at_once(void **state)
{
    (void)state;
    assert_int_equal(TEST(UNUSABLE), 65);
    assert_printed(err, "test/trials/unusable.expected");
    assert_string_equal(out, "0 passed, 0 failed\n");
}

static void a_usable_file_runs_beside_an_unusable_one(void **state)
{
    (void)state;
    assert_int_equal(TEST(UNUSABLE, "config/tests/requests.yaml", "/nonexistent.yaml"), 65);
    assert_string_equal(out, "10 passed, 0 failed\n");
    assert_non_null(strstr(err, "can't read /nonexistent.yaml"));
}

static void some_are_chosen_by_name(void **state)
{
    (void)state;
    assert_int_equal(TEST("--filter", "passes", FAILING), 0);
    assert_string_equal(out, "1 passed, 0 failed\n");
    assert_int_equal(TEST("--filter=no such", FAILING), 1);
    assert_string_equal(out, "0 passed, 0 failed\n");
    assert_string_equal(err, "dpgw test: no test has \"no such\" in its name\n");
}

static void for_scripts_each_test_is_an_object(void **state)
{
    int lines = 0;

    (void)state;
    assert_int_equal(TEST("--format", "json", FAILING), 1);
    for (const char *at = out; *at; at = strchr(at, '\n') + 1, lines++)
        assert_memory_equal(at, "{\"file\":\"test/trials/failing.yaml\",\"line\":", 41);
    assert_int_equal(lines, 13);
    assert_non_null(strstr(out, "\"name\":\"passes\",\"passed\":true,\"message\":null}\n"));
    assert_non_null(
        strstr(out, "\"name\":\"not refused\",\"passed\":false,\"message\":\"  it was "));
    assert_int_equal(TEST("--format", "json", UNUSABLE), 65);
    assert_memory_equal(err, "{\"file\":\"test/trials/unusable.yaml\",\"line\":2,", 44);
}

static void settings_go_before_the_mapping_a_file_names(void **state)
{
    (void)state;
    assert_int_equal(TEST("-c", "test/config/sound.gateway.yaml", "config/tests/requests.yaml"), 1);
    assert_non_null(strstr(out, "refused with ROUTE_NOT_FOUND"));
    assert_int_equal(TEST("--set", "limits.json_depth=1", "-c", "config/gateway.yaml", FAILING,
                          "--filter", "passes"),
                     0);
    assert_int_equal(TEST("-c", "test/config/five-mistakes.gateway.yaml", FAILING), 78);
    assert_non_null(strstr(err, ": error: "));
}

static void a_mapping_that_is_unusable_is_78(void **state)
{
    char name[] = "/tmp/dpgw-trials-XXXXXX";
    int fd = mkstemp(name);

    (void)state;
    assert_true(dprintf(fd, "version: 1\nmapping: nowhere.yaml\ntests:\n  - request: {}\n"
                            "    input: '{}'\n    expected: '{}'\n") > 0);
    close(fd);
    assert_int_equal(TEST(name), 78);
    assert_non_null(strstr(err, "can't read /tmp/nowhere.yaml"));
    unlink(name);
}

static void wrong_usage_is_64(void **state)
{
    (void)state;
    assert_int_equal(run(cli_test, (const char *const[]){"test", NULL}), 64);
    assert_int_equal(TEST("--format", "xml", FAILING), 64);
    assert_int_equal(TEST("--no-such-option", FAILING), 64);
    assert_string_equal(out, "");
    assert_non_null(strstr(err, "dpgw test --help"));
    assert_int_equal(TEST("--help"), 0);
    assert_non_null(strstr(out, "example: dpgw test"));
}

/* --- differences -------------------------------------------------------------------- */

/* Every pair of short texts has a difference that is printable and ends its lines. */
static void any_two_texts_can_be_told_apart(void **state)
{
    static const char *const parts[] = {"",     "a",       "\n",   "\xc3\xab",
                                        "\xc3", "\x1b[0m", "b\nc", "\xff"};
    enum { PARTS = sizeof parts / sizeof parts[0], TEXTS = PARTS * PARTS * PARTS };
    char texts[2][16];
    struct buf why;

    (void)state;
    buf_init(&why, SIZE_MAX);
    for (unsigned i = 0; i < TEXTS * TEXTS; i += 7) {
        for (unsigned side = 0, n = i; side < 2; side++, n /= TEXTS)
            snprintf(texts[side], sizeof texts[side], "%s%s%s", parts[n % PARTS],
                     parts[n / PARTS % PARTS], parts[n / PARTS / PARTS % PARTS]);
        if (strcmp(texts[0], texts[1]) == 0)
            continue;
        buf_clear(&why);
        byte_diff(text_from(texts[0]), text_from(texts[1]), &why);
        assert_true(why.len > 0 && why.at[why.len - 1] == '\n');
        assert_null(memchr(why.at, '\x1b', why.len));
        assert_null(memchr(why.at, '\xff', why.len));
    }
    buf_fini(&why);
}

/* --- junk -------------------------------------------------------------------------- */

/* Reads FILE as tests; how many complaints that makes. */
static size_t complaints_about(const char *file)
{
    struct arena *arena = arena_new(1 << 26);
    struct diag *complaints = diag_new();
    struct trials trials = {0};

    bool sound = trials_read(arena, file, &trials, complaints);
    size_t errors = diag_errors(complaints);
    assert_int_equal(sound, errors == 0);
    diag_free(&complaints);
    arena_free(&arena);
    return errors;
}

static void other_files_are_complained_of(void **state)
{
    DIR *folder = opendir("test/fuzz/corpus/mapping");
    char name[512];
    int files = 0;

    (void)state;
    assert_non_null(folder);
    for (const struct dirent *e; (e = readdir(folder)) != NULL;) {
        if (e->d_name[0] == '.')
            continue;
        snprintf(name, sizeof name, "test/fuzz/corpus/mapping/%s", e->d_name);
        assert_true(complaints_about(name) > 0);
        files++;
    }
    closedir(folder);
    assert_true(files > 100);
}

/* FILE cut at every few bytes, and with a byte of it changed. */
static void a_damaged_file_is_read_to_its_end(void **state)
{
    char name[] = "/tmp/dpgw-trials-XXXXXX";
    int fd = mkstemp(name);
    size_t len;
    char *whole = contents(UNUSABLE, &len);

    (void)state;
    for (size_t at = 0; at < len; at += 5) {
        char kept = whole[at];

        assert_int_equal(ftruncate(fd, 0), 0);
        assert_int_equal(pwrite(fd, whole, at, 0), at);
        assert_true(complaints_about(name) > 0);
        whole[at] = "{}[]:,-\"'|\n#&*!\t"[at / 5 % 16];
        assert_int_equal(pwrite(fd, whole, len, 0), len);
        assert_true(complaints_about(name) > 0);
        whole[at] = kept;
    }
    close(fd);
    unlink(name);
    free(whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_samples_pass),
        cmocka_unit_test(a_failure_shows_the_first_difference),
        cmocka_unit_test(what_is_wrong_with_a_file_is_told_at_once),
        cmocka_unit_test(a_usable_file_runs_beside_an_unusable_one),
        cmocka_unit_test(some_are_chosen_by_name),
        cmocka_unit_test(for_scripts_each_test_is_an_object),
        cmocka_unit_test(settings_go_before_the_mapping_a_file_names),
        cmocka_unit_test(a_mapping_that_is_unusable_is_78),
        cmocka_unit_test(wrong_usage_is_64),
        cmocka_unit_test(any_two_texts_can_be_told_apart),
        cmocka_unit_test(other_files_are_complained_of),
        cmocka_unit_test(a_damaged_file_is_read_to_its_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
