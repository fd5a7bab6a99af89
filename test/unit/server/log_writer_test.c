#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "server/log_writer.h"

enum { PIPE_READ, PIPE_WRITE };

static void say(unsigned who, unsigned number)
{
    LOG(LOG_INFO, "line", LOG_N("who", who), LOG_N("number", number));
}

/* What a reader has got: lines of each of 4 speakers, and lines said to be lost. */
struct heard {
    unsigned next[4];
    unsigned lines;
    unsigned long lost;
};

/* Reads the log from FD until WANTED lines are accounted for; 0: until its end. */
static void hear(int fd, unsigned long wanted, struct heard *h)
{
    FILE *log = fdopen(dup(fd), "r");
    char line[LOG_LINE_BYTES];
    unsigned who, number;
    unsigned long lost;

    while ((!wanted || h->lines + h->lost < wanted) && fgets(line, sizeof line, log)) {
        const char *event = strchr(line, ' ');

        assert_non_null(event);
        if (sscanf(event, " warn log lines lost count=%lu", &lost) == 1) {
            h->lost += lost;
            continue;
        }
        assert_int_equal(sscanf(event, " info line who=%u number=%u", &who, &number), 2);
        assert_true(number >= h->next[who]);
        h->next[who] = number + 1;
        h->lines++;
    }
    fclose(log);
}

static void lines_come_in_order(void **state)
{
    int fds[2];
    struct heard h = {0};

    (void)state;
    assert_int_equal(pipe(fds), 0);
    struct log_writer *w = log_writer_new(fds[PIPE_WRITE]);
    assert_non_null(w);
    for (unsigned i = 0; i < 100; i++)
        say(0, i);
    log_flush();
    log_writer_free(&w);
    assert_null(w);
    close(fds[PIPE_WRITE]);
    hear(fds[PIPE_READ], 0, &h);
    assert_int_equal(h.lines, 100);
    assert_int_equal(h.lost, 0);
    close(fds[PIPE_READ]);
}

static void nobody_waits_for_a_reader(void **state)
{
    enum { LINES = 40000 };
    int fds[2];
    struct heard h = {0};

    (void)state;
    assert_int_equal(pipe(fds), 0);
    struct log_writer *w = log_writer_new(fds[PIPE_WRITE]);
    for (unsigned i = 0; i < LINES; i++)
        say(0, i); /* nobody reads: this would stand still */
    hear(fds[PIPE_READ], LINES, &h);
    assert_int_equal(h.lines + h.lost, LINES);
    assert_true(h.lost > 0);
    assert_true(h.lines > 1000);
    say(0, LINES);
    hear(fds[PIPE_READ], LINES + 1, &h);
    assert_int_equal(h.next[0], LINES + 1);
    log_writer_free(&w);
    close(fds[PIPE_WRITE]);
    close(fds[PIPE_READ]);
}

static void an_end_that_takes_nothing_is_given_up(void **state)
{
    int fds[2];

    (void)state;
    assert_int_equal(pipe(fds), 0);
    struct log_writer *w = log_writer_new(fds[PIPE_WRITE]);
    for (unsigned i = 0; i < 2000; i++)
        say(0, i);
    log_writer_free(&w);
    assert_null(w);
    /* Its thread still stands there: it gets its way, so that the next test has the log. */
    struct heard h = {0};
    hear(fds[PIPE_READ], 2000, &h);
    assert_int_equal(h.lines, 2000);
}

static void what_cannot_be_written_is_counted(void **state)
{
    int fds[2], full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    struct heard h = {0};
    uint64_t before = log_writer_lost();

    (void)state;
    assert_true(full >= 0);
    assert_int_equal(pipe(fds), 0);
    struct log_writer *w = log_writer_new(full);
    for (unsigned i = 0; i < 10; i++)
        say(0, i);
    log_flush();
    dup2(fds[PIPE_WRITE], full);
    say(0, 10);
    hear(fds[PIPE_READ], 11, &h);
    assert_int_equal(h.lines, 1);
    assert_int_equal(h.lost, 10);
    assert_int_equal(log_writer_lost() - before, 10);
    close(fds[PIPE_READ]); /* and now nobody will ever read */
    for (unsigned i = 0; i < 10; i++)
        say(0, i);
    log_writer_free(&w);
    close(fds[PIPE_WRITE]);
    close(full);
}

/* Each turn is where it was asked for, however long the writer takes to get to it. */
static void turns_are_exact(void **state)
{
    int fds[4][2];

    (void)state;
    for (int i = 0; i < 4; i++)
        assert_int_equal(pipe(fds[i]), 0);
    struct log_writer *w = log_writer_new(fds[0][PIPE_WRITE]);
    for (unsigned i = 0; i < 4; i++) {
        for (unsigned n = 0; n < 50; n++)
            say(i, n);
        log_flush();
        if (i < 3)
            log_writer_turn_to(w, fds[i + 1][PIPE_WRITE]);
    }
    log_writer_free(&w);
    close(fds[0][PIPE_WRITE]); /* the others were the writer's, and are closed */
    for (unsigned i = 0; i < 4; i++) {
        struct heard h = {0};

        hear(fds[i][PIPE_READ], 0, &h);
        assert_int_equal(h.lines, 50);
        assert_int_equal(h.next[i], 50);
        close(fds[i][PIPE_READ]);
    }
}

/* What waits behind a slow reader goes to where it was said, not to where the log goes now. */
static void what_waits_stays_where_it_was_said(void **state)
{
    int slow[2], next[2];
    struct heard before = {0}, after = {0};

    (void)state;
    assert_int_equal(pipe(slow), 0);
    assert_int_equal(pipe(next), 0);
    struct log_writer *w = log_writer_new(slow[PIPE_WRITE]);
    for (unsigned n = 0; n < 3000; n++) /* more than a pipe takes */
        say(0, n);
    log_writer_turn_to(w, next[PIPE_WRITE]);
    say(1, 0);
    hear(slow[PIPE_READ], 3000, &before);
    hear(next[PIPE_READ], 1, &after);
    assert_int_equal(before.next[0], 3000);
    assert_int_equal(before.next[1], 0);
    assert_int_equal(after.next[1], 1);
    log_writer_free(&w);
    close(slow[PIPE_WRITE]);
    close(slow[PIPE_READ]);
    close(next[PIPE_READ]);
}

static void *speak(void *who)
{
    for (unsigned i = 0; i < 5000; i++)
        say(*(unsigned *)who, i);
    return NULL;
}

static void many_speak_at_once(void **state)
{
    unsigned who[4] = {0, 1, 2, 3};
    pthread_t threads[4];
    int fds[2];
    struct heard h = {0};

    (void)state;
    assert_int_equal(pipe(fds), 0);
    uint64_t before = log_writer_lost();
    struct log_writer *w = log_writer_new(fds[PIPE_WRITE]);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, speak, &who[i]), 0);
    hear(fds[PIPE_READ], 20000, &h);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(h.lines + h.lost, 20000);
    assert_int_equal(log_writer_lost() - before, h.lost);
    log_writer_free(&w);
    close(fds[PIPE_WRITE]);
    close(fds[PIPE_READ]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_come_in_order),
        cmocka_unit_test(nobody_waits_for_a_reader),
        cmocka_unit_test(an_end_that_takes_nothing_is_given_up),
        cmocka_unit_test(what_cannot_be_written_is_counted),
        cmocka_unit_test(many_speak_at_once),
        cmocka_unit_test(turns_are_exact),
        cmocka_unit_test(what_waits_stays_where_it_was_said),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
