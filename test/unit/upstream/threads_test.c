#include "watcher.h"

#include <pthread.h>
#include <stdatomic.h>

enum { REQUESTS = 200, AT_ONCE = 8 };

struct worker {
    struct rig rig;
    char url[64]; /* by name, so that resolving is shared work too */
    atomic_uint done;
};

static void answer(struct line *line)
{
    say(line, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n");
}

/* cmocka's asserts belong to the main thread: here only counting. */
static void *work(void *arg)
{
    struct worker *worker = arg;

    for (int i = 0; i < REQUESTS / AT_ONCE; i++) {
        struct watcher w[AT_ONCE];

        memset(w, 0, sizeof w);
        for (int j = 0; j < AT_ONCE; j++) {
            struct upstream_request request = usual_request(HTTP_POST, "/");

            request.framing = HTTP_CHUNKED;
            w[j].to_give = 5000;
            w[j].transfer = upstream_start(worker->rig.upstream, &request, &watch_events, &w[j]);
        }
        for (int j = 0; j < AT_ONCE; j++) {
            run_until(&worker->rig, &w[j].over, 5000);
            worker->done += w[j].dones;
        }
    }
    return NULL;
}

static void two_loops_in_two_threads_do_not_meet(void **state)
{
    struct worker workers[2];
    pthread_t threads[2];

    (void)state;
    for (int i = 0; i < 2; i++) {
        workers[i].done = 0;
        rig_open(&workers[i].rig, answer);
        upstream_free(&workers[i].rig.upstream);
        snprintf(workers[i].url, sizeof workers[i].url, "http://localhost:%d",
                 workers[i].rig.service.port);
        struct upstream_limits limits = usual_limits(workers[i].url);
        workers[i].rig.upstream = upstream_new(workers[i].rig.base, &limits);
    }
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(workers[i].done, REQUESTS);
        rig_shut(&workers[i].rig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(two_loops_in_two_threads_do_not_meet)};

    return cmocka_run_group_tests(tests, start_library, end_library);
}
