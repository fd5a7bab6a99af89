#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/reload.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MAPPING(name)                                                                              \
    "version: 1\n"                                                                                 \
    "routes:\n"                                                                                    \
    "  - {client: \"/c\", upstream: \"/s\", methods: [GET]}\n"                                     \
    "fields: {" name ": inner}\n"

enum { PATH_BYTES = 128, HANG_SECONDS = 20 };

static char root[32], settings_file[PATH_BYTES], mapping_file[PATH_BYTES];
static char *const nothing_set[] = {NULL};
static struct event_base *base;
static struct reload *reload;
static unsigned taken;
static struct conf *newest; /* that was taken; borrowed */

static void write_file(const char *path, const char *content)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(content, file);
    fclose(file);
}

static void write_settings(const char *more)
{
    char text[512];

    snprintf(text, sizeof text,
             "version: 1\nlisten: \"127.0.0.1:0\"\nadmin: \"127.0.0.1:0\"\n"
             "upstream: {url: \"http://127.0.0.1:1\"}\nmapping: mapping.yaml\n%s",
             more);
    write_file(settings_file, text);
}

static void on_taken(void *owner, struct conf *conf)
{
    assert_ptr_equal(owner, &taken);
    taken++;
    newest = conf;
    event_base_loopbreak(base);
}

/* One of the files, whose settings end with MORE; the mapping is CHANGED before, unless NULL. */
static void begin_late(const char *more, const char *changed)
{
    struct reload_source source = {.file = settings_file, .environment = nothing_set};
    struct diag *d = diag_new();

    write_file(mapping_file, MAPPING("first"));
    write_settings(more);
    struct conf *conf = conf_load(settings_file, &source.overrides, nothing_set, d);
    diag_free(&d);
    assert_non_null(conf);
    if (changed)
        write_file(mapping_file, changed);
    taken = 0;
    reload =
        reload_new(base, conf, &source, &(struct reload_host){.taken = on_taken, .owner = &taken});
    assert_non_null(reload);
    conf_unref(&conf);
}

static void begin(const char *more)
{
    begin_late(more, NULL);
}

static int setup(void **state)
{
    (void)state;
    snprintf(root, sizeof root, "/tmp/dpgw-reload-XXXXXX");
    base = event_base_new();
    if (!mkdtemp(root))
        return -1;
    snprintf(settings_file, sizeof settings_file, "%s/gateway.yaml", root);
    snprintf(mapping_file, sizeof mapping_file, "%s/mapping.yaml", root);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    reload_free(&reload);
    assert_null(reload);
    event_base_free(base);
    remove(settings_file);
    remove(mapping_file);
    return rmdir(root);
}

/* Reloads; what was complained of, as printed, begins at *COMPLAINTS_OUT. */
static bool now(char complaints_out[4096])
{
    struct buf complaints;

    buf_init(&complaints, SIZE_MAX);
    bool was = reload_now(reload, "test", &complaints);
    snprintf(complaints_out, 4096, "%.*s", TEXT_ARG(buf_text(&complaints)));
    buf_fini(&complaints);
    return was;
}

static void assert_counts(uint64_t good, uint64_t refused, bool last)
{
    struct reload_counts counts = reload_counts(reload);

    assert_int_equal(counts.taken, good);
    assert_int_equal(counts.refused, refused);
    assert_int_equal(counts.last_taken, last);
}

static void a_good_one_is_taken(void **state)
{
    char complaints[4096];

    (void)state;
    begin("reload: signal\n");
    assert_counts(0, 0, true);
    const struct mapping *first = reload_conf(reload)->mapping;
    write_file(mapping_file, MAPPING("second"));
    assert_true(now(complaints));
    assert_string_equal(complaints, "");
    assert_int_equal(taken, 1);
    assert_ptr_equal(newest, reload_conf(reload));
    assert_ptr_not_equal(newest->mapping, first);
    assert_counts(1, 0, true);
}

static void a_bad_one_changes_nothing(void **state)
{
    char complaints[4096];

    (void)state;
    begin("reload: signal\n");
    const struct conf *before = reload_conf(reload);
    write_file(mapping_file, MAPPING("one: inner, two"));
    assert_false(now(complaints));
    assert_non_null(strstr(complaints, "mapping.yaml\",\"line\":4"));
    assert_ptr_equal(reload_conf(reload), before);
    assert_int_equal(taken, 0);
    assert_counts(0, 1, false);
    assert_false(reload_now(reload, "test", NULL)); /* nobody wants to hear why */
    assert_counts(0, 2, false);
    write_file(mapping_file, MAPPING("second"));
    assert_true(now(complaints));
    assert_counts(1, 2, true);
}

static void a_fixed_setting_is_refused_with_a_good_mapping(void **state)
{
    char complaints[4096];

    (void)state;
    begin("reload: signal\nworkers: 2\n");
    write_file(mapping_file, MAPPING("second"));
    write_settings("reload: signal\nworkers: 3\n");
    assert_false(now(complaints));
    assert_non_null(strstr(complaints, "workers can't change while the gateway runs"));
    assert_int_equal(taken, 0);
    write_settings("reload: signal\nworkers: 2\nlimits: {json_depth: 7}\n");
    assert_true(now(complaints));
    assert_int_equal(newest->settings.limits.json_depth, 7);
}

static void hang(evutil_socket_t fd, short what, void *owner)
{
    (void)fd, (void)what, (void)owner;
    event_base_loopbreak(base);
}

static void assert_taken_soon(void)
{
    struct timeval longest = {.tv_sec = HANG_SECONDS};

    event_base_once(base, -1, EV_TIMEOUT, hang, NULL, &longest);
    event_base_dispatch(base);
    assert_int_equal(taken, 1);
    assert_counts(1, 0, true);
}

static void watched_files_reload_by_themselves(void **state)
{
    (void)state;
    begin("reload: auto\n");
    write_file(mapping_file, MAPPING("second"));
    assert_taken_soon();
}

/* Between the start's reading and the watch's beginning. */
static void a_change_that_nobody_saw_is_found(void **state)
{
    (void)state;
    begin_late("reload: auto\n", MAPPING("second"));
    assert_taken_soon();
}

#define RELOADED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RELOADED(a_good_one_is_taken),
        RELOADED(a_bad_one_changes_nothing),
        RELOADED(a_fixed_setting_is_refused_with_a_good_mapping),
        RELOADED(watched_files_reload_by_themselves),
        RELOADED(a_change_that_nobody_saw_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
