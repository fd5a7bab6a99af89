#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "unit/cli/run.h"

#define SOUND "test/config/sound.gateway.yaml"
#define FIVE  "test/config/five-mistakes.gateway.yaml"

#define CHECK(...) run(cli_check, (const char *const[]){"check", __VA_ARGS__, NULL})

static void a_sound_configuration_is_one_line(void **state)
{
    (void)state;
    assert_int_equal(CHECK("-c", SOUND), 0);
    assert_memory_equal(out, SOUND ": ok (1 route, mapping ", strlen(SOUND) + 23);
    assert_int_equal(strspn(out + strlen(SOUND) + 23, "0123456789abcdef"), 8);
    assert_string_equal(out + strlen(SOUND) + 31, ")\n");
    assert_string_equal(err, "");
}

static void the_samples_are_sound(void **state)
{
    (void)state;
    assert_int_equal(run(cli_check, (const char *const[]){"check", NULL}), 0);
    assert_memory_equal(out, "config/gateway.yaml: ok (14 routes, mapping ", 44);
}

static int count(const char *text, const char *part)
{
    int n = 0;

    while ((text = strstr(text, part)) != NULL) {
        text += strlen(part);
        n++;
    }
    return n;
}

static void five_mistakes_are_five_complaints(void **state)
{
    (void)state;
    assert_int_equal(CHECK("--config", FIVE), 1);
    assert_int_equal(count(err, ": error: "), 5);
    assert_int_equal(count(err, "^"), 5);
    assert_string_equal(out, "");
}

static void for_scripts_each_complaint_is_an_object(void **state)
{
    (void)state;
    assert_int_equal(CHECK("-c", FIVE, "--format", "json"), 1);
    assert_int_equal(count(err, "\n"), 5);
    assert_int_equal(count(err, "{\"file\":\"test/config/five-mistakes."), 5);
    assert_int_equal(count(err, "\"severity\":\"error\""), 5);
    assert_int_equal(CHECK("-c", FIVE, "--format=json", "--format", "text"), 1);
    assert_int_equal(count(err, ": error: "), 5);
}

static void all_settings_are_printed_on_demand(void **state)
{
    (void)state;
    assert_int_equal(CHECK("-c", SOUND, "--print", "--set", "workers=3"), 0);
    assert_int_equal(count(out, "workers                             3 "), 1);
    assert_int_equal(count(out, "--set\n"), 1);
    assert_true(count(out, " default\n") > 20);
    assert_int_equal(count(out, ": ok ("), 1);
}

static void later_settings_on_the_line_win(void **state)
{
    (void)state;
    assert_int_equal(CHECK("-c", SOUND, "--print", "--set", "workers=3", "--set=workers=4"), 0);
    assert_int_equal(count(out, "workers                             4 "), 1);
    assert_int_equal(CHECK("-c", SOUND, "--set", "wrkers=3"), 1);
    assert_int_equal(count(err, "did you mean workers?"), 1);
}

static void wrong_usage_is_64(void **state)
{
    (void)state;
    assert_int_equal(CHECK("--no-such-option"), 64);
    assert_int_equal(count(err, "usage: dpgw check "), 1);
    assert_int_equal(CHECK("-c"), 64);
    assert_int_equal(CHECK("--format", "xml"), 64);
    assert_int_equal(CHECK("stray"), 64);
    assert_string_equal(out, "");
}

static void help_has_an_example(void **state)
{
    (void)state;
    assert_int_equal(CHECK("--help"), 0);
    assert_int_equal(count(out, "usage: dpgw check "), 1);
    assert_int_equal(count(out, "example:\n  dpgw check "), 1);
    assert_string_equal(err, "");
}

static void a_missing_file_is_1(void **state)
{
    (void)state;
    assert_int_equal(CHECK("-c", "test/config/missing.yaml"), 1);
    assert_int_equal(count(err, "No such file or directory"), 1);
}

/* What a terminal on standard error gets to see, with NO_COLOR set to VALUE (NULL: not set). */
static void run_on_terminal(const char *value)
{
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);

    assert_true(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
    int user = open(ptsname(terminal), O_RDWR | O_NOCTTY);
    assert_true(user >= 0);
    if (value)
        setenv("NO_COLOR", value, 1);
    else
        unsetenv("NO_COLOR");
    run_with(cli_check, (const char *const[]){"check", "-c", FIVE, NULL}, user);
    unsetenv("NO_COLOR");
    close(user);
    size_t len = 0;
    for (ssize_t n; (n = read(terminal, err + len, sizeof err - 1 - len)) > 0;)
        len += (size_t)n; /* until EIO: nobody is left at the other end */
    err[len] = 0;
    close(terminal);
    assert_non_null(strstr(err, "unknown key"));
}

static void colour_is_for_terminals_that_want_it(void **state)
{
    (void)state;
    CHECK("-c", FIVE);
    assert_null(strchr(err, '\033'));
    run_on_terminal(NULL);
    assert_non_null(strstr(err, "\033[31merror:\033[0m"));
    run_on_terminal("");
    assert_non_null(strchr(err, '\033'));
    run_on_terminal("1");
    assert_null(strchr(err, '\033'));
}

static void the_version_is_one_line(void **state)
{
    (void)state;
    assert_int_equal(run(cli_version, (const char *const[]){"version", NULL}), 0);
    assert_string_equal(out, "dpgw " DPGW_VERSION "\n");
    assert_int_equal(run(cli_version, (const char *const[]){"version", "x", NULL}), 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_configuration_is_one_line),
        cmocka_unit_test(the_samples_are_sound),
        cmocka_unit_test(five_mistakes_are_five_complaints),
        cmocka_unit_test(for_scripts_each_complaint_is_an_object),
        cmocka_unit_test(all_settings_are_printed_on_demand),
        cmocka_unit_test(later_settings_on_the_line_win),
        cmocka_unit_test(wrong_usage_is_64),
        cmocka_unit_test(help_has_an_example),
        cmocka_unit_test(a_missing_file_is_1),
        cmocka_unit_test(colour_is_for_terminals_that_want_it),
        cmocka_unit_test(the_version_is_one_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
