#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"

static char caught[1 << 20];

/* Standard error goes to a file while LINES runs; what came is in `caught`. */
static void catch_lines(void (*lines)(void))
{
    FILE *file = tmpfile();
    int kept = dup(STDERR_FILENO);

    assert_non_null(file);
    dup2(fileno(file), STDERR_FILENO);
    lines();
    dup2(kept, STDERR_FILENO);
    close(kept);
    rewind(file);
    caught[fread(caught, 1, sizeof caught - 1, file)] = 0;
    fclose(file);
}

static void write_listening(void)
{
    LOG(LOG_INFO, "listening", LOG_S("address", "127.0.0.1:8080"), LOG_S("role", "client"),
        LOG_N("backlog", 128), LOG_MICRO("age", 1500000));
}

/* What follows the time of day, after a check of its form. */
static const char *after_time(const char *line)
{
    static const char form[] = "dddd-dd-ddTdd:dd:dd.dddZ";

    for (size_t i = 0; form[i]; i++)
        if (form[i] == 'd')
            assert_in_range(line[i], '0', '9');
        else
            assert_int_equal(line[i], form[i]);
    return line + sizeof form - 1;
}

static void logfmt_is_time_level_event_pairs(void **state)
{
    (void)state;
    log_setup(LOG_INFO, LOG_LOGFMT);
    catch_lines(write_listening);
    assert_string_equal(
        after_time(caught),
        " info listening address=127.0.0.1:8080 role=client backlog=128 age=1.500000\n");
}

static void json_is_one_object_a_line(void **state)
{
    (void)state;
    log_setup(LOG_INFO, LOG_JSON);
    catch_lines(write_listening);
    assert_memory_equal(caught, "{\"time\":\"", 9);
    assert_string_equal(after_time(caught + 9),
                        "\",\"level\":\"info\",\"event\":\"listening\","
                        "\"address\":\"127.0.0.1:8080\",\"role\":\"client\",\"backlog\":128,"
                        "\"age\":1.500000}\n");
}

static void write_levels(void)
{
    LOG(LOG_ERROR, "e", LOG_N("n", 1));
    LOG(LOG_WARN, "w", LOG_N("n", 2));
    LOG(LOG_INFO, "i", LOG_N("n", 3));
    LOG(LOG_DEBUG, "d", LOG_N("n", 4));
}

static void levels_below_the_wanted_one_are_silent(void **state)
{
    (void)state;
    log_setup(LOG_WARN, LOG_LOGFMT);
    assert_true(log_wants(LOG_ERROR) && log_wants(LOG_WARN) && !log_wants(LOG_INFO));
    catch_lines(write_levels);
    const char *rest = after_time(caught);
    assert_memory_equal(rest, " error e n=1\n", 13);
    rest = after_time(rest + 13);
    assert_string_equal(rest, " warn w n=2\n");
}

static void write_odd(void)
{
    LOG(LOG_INFO, "odd", LOG_T("a", TEXT("two\nlines")), LOG_T("b", TEXT("\xff")),
        LOG_T("c", ((struct text){0})));
}

static void a_value_can_not_end_its_line(void **state)
{
    (void)state;
    log_setup(LOG_INFO, LOG_LOGFMT);
    catch_lines(write_odd);
    assert_string_equal(after_time(caught), " info odd a=\"two\\nlines\" b=\"\\xff\" c=\"\"\n");
    log_setup(LOG_INFO, LOG_JSON);
    catch_lines(write_odd);
    assert_non_null(strstr(caught, "\"a\":\"two\\nlines\",\"b\":\"\\ufffd\",\"c\":\"\"}\n"));
}

static void write_long(void)
{
    static char x[5000];
    struct text t;

    memset(x, 'x', sizeof x);
    t = text_of(x, sizeof x);
    LOG(LOG_INFO, "long", LOG_T("one", t));
    LOG(LOG_INFO, "longer", LOG_T("a", t), LOG_T("b", t), LOG_T("c", t), LOG_T("d", t),
        LOG_T("e", t));
}

static void long_values_and_lines_are_cut_visibly(void **state)
{
    (void)state;
    for (int format = LOG_LOGFMT; format <= LOG_JSON; format++) {
        log_setup(LOG_INFO, (enum log_format)format);
        catch_lines(write_long);
        char *second = strchr(caught, '\n') + 1;
        assert_non_null(strstr(caught, "x\xe2\x80\xa6\""));
        assert_in_range(second - caught, 1024, 1200);
        assert_in_range(strlen(second), 3000, 4096);
        const char *end = format == LOG_JSON ? ",\"cut\":true}\n" : " cut=true\n";
        assert_string_equal(second + strlen(second) - strlen(end), end);
    }
}

static void *write_many(void *unused)
{
    static char x[600];

    (void)unused;
    memset(x, 'x', sizeof x);
    for (int i = 0; i < 100; i++)
        LOG(LOG_INFO, "many", LOG_T("x", text_of(x, sizeof x)));
    return NULL;
}

static void write_from_threads(void)
{
    pthread_t threads[4];

    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, write_many, NULL);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
}

static void lines_of_several_threads_do_not_mix(void **state)
{
    int lines = 0;

    (void)state;
    log_setup(LOG_INFO, LOG_LOGFMT);
    catch_lines(write_from_threads);
    for (const char *line = caught; *line; lines++) {
        const char *rest = after_time(line);

        assert_memory_equal(rest, " info many x=", 13);
        assert_int_equal(strspn(rest + 13, "x"), 600);
        assert_int_equal(rest[613], '\n');
        line = rest + 614;
    }
    assert_int_equal(lines, 400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logfmt_is_time_level_event_pairs),
        cmocka_unit_test(json_is_one_object_a_line),
        cmocka_unit_test(levels_below_the_wanted_one_are_silent),
        cmocka_unit_test(a_value_can_not_end_its_line),
        cmocka_unit_test(long_values_and_lines_are_cut_visibly),
        cmocka_unit_test(lines_of_several_threads_do_not_mix),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
