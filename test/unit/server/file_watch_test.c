#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/file_watch.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PATH_BYTES = 128,
    LOOK_MS = 450,      /* longer than the quiet before a look */
    HANG_MS = 20 * 1000 /* for a change that must be told */
};

static char root[32];
static struct event_base *base;
static struct file_watch *watch;
static unsigned changes;

static const char *path(const char *name)
{
    static char spaces[4][PATH_BYTES];
    static unsigned turn;
    char *space = spaces[turn++ % 4];

    snprintf(space, PATH_BYTES, "%s/%s", root, name);
    return space;
}

static void write_file(const char *name, const char *content)
{
    FILE *file = fopen(path(name), "w");

    assert_non_null(file);
    fputs(content, file);
    fclose(file);
}

static void on_changed(void *owner)
{
    (void)owner;
    changes++;
    event_base_loopbreak(base);
}

/* Runs the loop until there is a change or MS have gone by. */
static void run_for(unsigned ms)
{
    struct timeval wait = {ms / 1000, (suseconds_t)(ms % 1000 * 1000)};

    event_base_loopexit(base, &wait);
    event_base_dispatch(base);
}

/* The files NAMES, as they are now or were when CONTENT was read, are watched. */
static void watch_file(const char *name, const char *content)
{
    struct file_mark mark = {path(name), file_mark_of(text_from(content))};

    assert_true(file_watch_set(watch, &mark, 1));
}

static void assert_quiet(void)
{
    unsigned before = changes;

    run_for(LOOK_MS);
    assert_int_equal(changes, before);
}

static void assert_told(void)
{
    unsigned before = changes;

    run_for(HANG_MS);
    assert_int_equal(changes, before + 1);
}

static int setup(void **state)
{
    (void)state;
    snprintf(root, sizeof root, "/tmp/dpgw-watch-XXXXXX");
    changes = 0;
    base = event_base_new();
    watch = file_watch_new(base, on_changed, NULL);
    return mkdtemp(root) && watch ? 0 : -1;
}

static int teardown(void **state)
{
    static const char *const all[] = {"file",     "fresh", "link", "other", "hard",
                                      "a/b/file", "a/b",   "a",    "z/b",   "z"};

    (void)state;
    file_watch_free(&watch);
    assert_null(watch);
    event_base_free(base);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        remove(path(all[i]));
    return rmdir(root);
}

static void what_changed_before_it_was_watched_is_told(void **state)
{
    (void)state;
    write_file("file", "newer");
    watch_file("file", "older");
    assert_told();
    assert_quiet();
}

static void the_same_bytes_are_no_change(void **state)
{
    (void)state;
    write_file("file", "same");
    watch_file("file", "same");
    assert_quiet();
    write_file("file", "same");
    write_file("fresh", "same");
    assert_int_equal(rename(path("fresh"), path("file")), 0);
    chmod(path("file"), 0600);
    assert_quiet();
    write_file("file", "other");
    assert_told();
}

static void a_change_that_was_noted_is_none(void **state)
{
    (void)state;
    write_file("file", "one");
    watch_file("file", "one");
    write_file("file", "two");
    file_watch_note(watch);
    assert_quiet();
    write_file("file", "one");
    assert_told();
}

static void two_changes_at_once_are_one(void **state)
{
    (void)state;
    write_file("file", "one");
    watch_file("file", "one");
    write_file("file", "two");
    write_file("file", "three");
    assert_told();
    assert_quiet();
}

static void a_short_absence_is_none(void **state)
{
    (void)state;
    write_file("file", "one");
    watch_file("file", "one");
    remove(path("file"));
    assert_quiet();
    write_file("file", "one");
    assert_quiet();
}

static void a_long_absence_is_told_and_so_is_its_end(void **state)
{
    (void)state;
    write_file("file", "one");
    watch_file("file", "one");
    remove(path("file"));
    assert_told();
    assert_quiet();
    write_file("file", "one");
    assert_told();
}

static void links_are_followed_to_where_they_lead_now(void **state)
{
    (void)state;
    write_file("file", "one");
    write_file("other", "two");
    assert_int_equal(symlink("file", path("link")), 0);
    watch_file("link", "one");
    assert_int_equal(symlink("other", path("fresh")), 0);
    assert_int_equal(rename(path("fresh"), path("link")), 0);
    assert_told();
    write_file("other", "three");
    assert_told();
    write_file("file", "nobody leads here");
    assert_quiet();
}

static void a_folder_on_the_way_may_be_another(void **state)
{
    (void)state;
    mkdir(path("a"), 0700);
    mkdir(path("a/b"), 0700);
    write_file("a/b/file", "one");
    watch_file("a/../a/./b//file", "one");
    assert_int_equal(rename(path("a"), path("z")), 0);
    mkdir(path("a"), 0700);
    mkdir(path("a/b"), 0700);
    write_file("a/b/file", "two");
    assert_told();
    remove(path("z/b/file"));
}

/* As where one file is mounted into a container. */
static void a_file_that_is_written_by_another_name_counts(void **state)
{
    (void)state;
    write_file("file", "one");
    assert_int_equal(link(path("file"), path("hard")), 0);
    watch_file("file", "one");
    assert_quiet();
    write_file("hard", "two");
    assert_told();
}

static void make_noise(evutil_socket_t fd, short what, void *owner)
{
    (void)fd, (void)what, (void)owner;
    write_file("other", "noise");
    write_file("file", "two");
}

/* Its own name stirs more often than the quiet is long. */
static void noise_puts_it_off_only_for_a_while(void **state)
{
    struct event *often = event_new(base, -1, EV_PERSIST, make_noise, NULL);
    struct timeval every = {.tv_usec = 50 * 1000};

    (void)state;
    write_file("file", "one");
    watch_file("file", "one");
    event_add(often, &every);
    assert_told();
    event_free(often);
}

static void a_pipe_and_a_circle_of_links_are_no_files(void **state)
{
    (void)state;
    assert_int_equal(mkfifo(path("file"), 0600), 0);
    assert_int_equal(file_mark_now(path("file")), FILE_MARK_ABSENT);
    assert_int_equal(file_mark_now(root), FILE_MARK_ABSENT);
    assert_int_equal(symlink("link", path("link")), 0);
    watch_file("link", "one");
    assert_told();
}

static void files_that_are_watched_no_more_are_silent(void **state)
{
    (void)state;
    write_file("file", "one");
    write_file("other", "one");
    watch_file("file", "one");
    watch_file("other", "one");
    write_file("file", "two");
    assert_quiet();
    write_file("other", "two");
    assert_told();
}

static void marks_tell_contents_apart(void **state)
{
    (void)state;
    write_file("file", "");
    assert_int_equal(file_mark_now(path("file")), file_mark_of(TEXT("")));
    write_file("file", "abc");
    assert_int_equal(file_mark_now(path("file")), file_mark_of(TEXT("abc")));
    assert_int_not_equal(file_mark_of(TEXT("abc")), file_mark_of(TEXT("abd")));
    assert_int_equal(file_mark_of(TEXT("a")), UINT64_C(0xaf63dc4c8601ec8c)); /* as FNV-1a's own */
}

#define WATCHED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WATCHED(what_changed_before_it_was_watched_is_told),
        WATCHED(the_same_bytes_are_no_change),
        WATCHED(a_change_that_was_noted_is_none),
        WATCHED(two_changes_at_once_are_one),
        WATCHED(a_short_absence_is_none),
        WATCHED(a_long_absence_is_told_and_so_is_its_end),
        WATCHED(links_are_followed_to_where_they_lead_now),
        WATCHED(a_folder_on_the_way_may_be_another),
        WATCHED(a_file_that_is_written_by_another_name_counts),
        WATCHED(noise_puts_it_off_only_for_a_while),
        WATCHED(a_pipe_and_a_circle_of_links_are_no_files),
        WATCHED(files_that_are_watched_no_more_are_silent),
        WATCHED(marks_tell_contents_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
