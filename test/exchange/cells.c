#include "exchange/stage.h"
#include "exchange/suites.h"

#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { STEPS_MAX = 6 };

/* One cell of the table of phases and events. */
struct cell {
    const char *name;
    const struct scene *scene;
    enum exchange_phase phase;
    enum happening before[STEPS_MAX]; /* what leads to PHASE */
    unsigned steps;
    enum happening event;
    const char *does; /* the calls it makes; NULL: no real room can tell EVENT here */
    enum exchange_phase after;
};

#define BEFORE(...)                                                                                \
    {__VA_ARGS__}, sizeof((const enum happening[]){__VA_ARGS__}) / sizeof(enum happening)
#define AT_ONCE {PIECE}, 0

#define GET_       &scene_get
#define ROOMY_     &scene_get_roomy
#define HELD_      &scene_post_small
#define STREAM_    &scene_post_streaming
#define CHUNKED_   &scene_chunked
#define DELETE_    &scene_delete
#define SENDING_   EXCHANGE_SENDING
#define WAITING_   EXCHANGE_WAITING
#define REPLYING_  EXCHANGE_REPLYING
#define FLUSHING_  EXCHANGE_FLUSHING
#define ENDED_     EXCHANGE_ENDED
#define IMPOSSIBLE NULL, 0

/* clang-format off */
static const struct cell cells[] = {
    /* client piece */
    {"piece, SENDING: held until the body is whole",
     HELD_, SENDING_, AT_ONCE, PIECE, "", SENDING_},
    {"piece, SENDING: outgrows the request buffer, goes up; the valve shuts",
     STREAM_, SENDING_, BEFORE(PIECE), PIECE, "read-off start", SENDING_},
    {"piece, SENDING: nobody has asked yet",
     CHUNKED_, SENDING_, AT_ONCE, PIECE, "", SENDING_},
    {"piece, SENDING: wakes the service that asked",
     CHUNKED_, SENDING_, BEFORE(WANT), PIECE, "more", SENDING_},
    {"piece, SENDING: shuts the valve",
     CHUNKED_, SENDING_, BEFORE(PIECE), PIECE, "read-off", SENDING_},
    {"piece, WAITING", CHUNKED_, WAITING_, BEFORE(PIECE, BODY_END), PIECE, IMPOSSIBLE},
    {"piece, REPLYING: dropped after an early error",
     CHUNKED_, REPLYING_, BEFORE(WANT, HEAD_404), PIECE, "", REPLYING_},
    {"piece, REPLYING: goes up under an early success",
     CHUNKED_, REPLYING_, BEFORE(WANT, HEAD_CHUNKED), PIECE, "more", REPLYING_},
    {"piece, FLUSHING: dropped", CHUNKED_, FLUSHING_, BEFORE(CUT), PIECE, "", FLUSHING_},
    /* client body complete */
    {"body end, SENDING: the whole body goes up",
     HELD_, SENDING_, BEFORE(PIECE), BODY_END, "start", WAITING_},
    {"body end, SENDING: wakes the service that asked",
     CHUNKED_, SENDING_, BEFORE(WANT), BODY_END, "more", WAITING_},
    {"body end, WAITING: of a request without a body",
     GET_, WAITING_, AT_ONCE, BODY_END, "", WAITING_},
    {"body end, REPLYING: wakes the service that asked",
     CHUNKED_, REPLYING_, BEFORE(WANT, HEAD_CHUNKED), BODY_END, "more", REPLYING_},
    {"body end, REPLYING: nobody asks after an early error",
     CHUNKED_, REPLYING_, BEFORE(WANT, HEAD_404), BODY_END, "", REPLYING_},
    {"body end, FLUSHING", CHUNKED_, FLUSHING_, BEFORE(BROKE), BODY_END, "", FLUSHING_},
    /* client body broken */
    {"body broken, SENDING: 400",
     CHUNKED_, SENDING_, AT_ONCE, BODY_BROKEN, "cancel reply 400 send error finish", FLUSHING_},
    {"body stalled, SENDING: 408",
     CHUNKED_, SENDING_, AT_ONCE, BODY_STALLED, "cancel reply 408 send error finish", FLUSHING_},
    {"body broken, SENDING: held whole, the service hears nothing",
     HELD_, SENDING_, BEFORE(PIECE), BODY_BROKEN, "reply 400 send error finish", FLUSHING_},
    {"body broken, WAITING", CHUNKED_, WAITING_, BEFORE(BODY_END), BODY_BROKEN, IMPOSSIBLE},
    {"body broken, REPLYING: a reply that has begun is cut",
     CHUNKED_, REPLYING_, BEFORE(HEAD_CHUNKED), BODY_BROKEN, "cancel abort", FLUSHING_},
    {"body broken, REPLYING: a held reply gives way to 400",
     CHUNKED_, REPLYING_, BEFORE(HEAD_HELD), BODY_BROKEN, "cancel reply 400 send error finish",
     FLUSHING_},
    {"body broken, REPLYING: an early error goes on",
     CHUNKED_, REPLYING_, BEFORE(HEAD_404), BODY_BROKEN, "", REPLYING_},
    {"body broken, FLUSHING", CHUNKED_, FLUSHING_, BEFORE(BROKE), BODY_BROKEN, "", FLUSHING_},
    /* client gone */
    {"gone, SENDING", CHUNKED_, SENDING_, AT_ONCE, GONE, "cancel", ENDED_},
    {"gone, SENDING: nothing had gone up", HELD_, SENDING_, BEFORE(PIECE), GONE, "", ENDED_},
    {"gone, WAITING", GET_, WAITING_, AT_ONCE, GONE, "cancel", ENDED_},
    {"gone, REPLYING", GET_, REPLYING_, BEFORE(HEAD_CHUNKED), GONE, "cancel", ENDED_},
    {"gone, FLUSHING", GET_, FLUSHING_, BEFORE(HEAD_204, DONE), GONE, "", ENDED_},
    /* client drained, reply left */
    {"drained, SENDING", CHUNKED_, SENDING_, AT_ONCE, DRAINED, IMPOSSIBLE},
    {"drained, WAITING", GET_, WAITING_, AT_ONCE, DRAINED, IMPOSSIBLE},
    {"drained, REPLYING: the valve opens",
     GET_, REPLYING_, BEFORE(HEAD_CHUNKED, BYTES), DRAINED, "resume", REPLYING_},
    {"drained, REPLYING: a piece comes before the resume returns",
     GET_, REPLYING_, BEFORE(HEAD_CHUNKED, BYTES, BYTES), DRAINED, "resume send 30 pause",
     REPLYING_},
    {"drained, REPLYING: the valve was open",
     ROOMY_, REPLYING_, BEFORE(HEAD_CHUNKED, BYTES), DRAINED, "", REPLYING_},
    {"drained, FLUSHING", GET_, FLUSHING_, BEFORE(HEAD_HELD, BYTES, DONE), DRAINED, "", FLUSHING_},
    {"left, FLUSHING", GET_, FLUSHING_, BEFORE(HEAD_HELD, BYTES, DONE, DRAINED), LEFT, "", ENDED_},
    {"left, REPLYING", GET_, REPLYING_, BEFORE(HEAD_CHUNKED, BYTES, DRAINED), LEFT, IMPOSSIBLE},
    /* upstream wants body */
    {"want, SENDING: bytes", CHUNKED_, SENDING_, BEFORE(PIECE), WANT, "give 10", SENDING_},
    {"want, SENDING: as many as there is room for, and the valve stays shut",
     CHUNKED_, SENDING_, BEFORE(PIECE, PIECE), WANT, "give 12", SENDING_},
    {"want, SENDING: the valve opens",
     CHUNKED_, SENDING_, BEFORE(PIECE, PIECE, WANT), WANT, "read-on give 12", SENDING_},
    {"want, SENDING: later", CHUNKED_, SENDING_, AT_ONCE, WANT, "give-later", SENDING_},
    {"want, WAITING: the end", CHUNKED_, WAITING_, BEFORE(BODY_END), WANT, "give-end", WAITING_},
    {"want, WAITING: what is left",
     CHUNKED_, WAITING_, BEFORE(PIECE, BODY_END), WANT, "give 10", WAITING_},
    {"want, REPLYING: under an early success",
     CHUNKED_, REPLYING_, BEFORE(PIECE, HEAD_CHUNKED), WANT, "give 10", REPLYING_},
    {"want, REPLYING: never the end of a body that was cut",
     CHUNKED_, REPLYING_, BEFORE(HEAD_404, BODY_END), WANT, "give-later", REPLYING_},
    {"want, FLUSHING", CHUNKED_, FLUSHING_, BEFORE(BROKE), WANT, IMPOSSIBLE},
    /* upstream head */
    {"head, SENDING: an early error",
     CHUNKED_, SENDING_, AT_ONCE, HEAD_404, "reply 404", REPLYING_},
    {"head, SENDING: an early error lets the client go on",
     CHUNKED_, SENDING_, BEFORE(PIECE, PIECE), HEAD_404, "read-on reply 404", REPLYING_},
    {"head, SENDING: an early success leaves the upload alone",
     CHUNKED_, SENDING_, BEFORE(PIECE, PIECE), HEAD_CHUNKED, "reply 200", REPLYING_},
    {"head, WAITING", GET_, WAITING_, AT_ONCE, HEAD_CHUNKED, "reply 200", REPLYING_},
    {"head, WAITING: held", GET_, WAITING_, AT_ONCE, HEAD_HELD, "", REPLYING_},
    {"head, REPLYING", GET_, REPLYING_, BEFORE(HEAD_HELD), HEAD_HELD, IMPOSSIBLE},
    {"head, FLUSHING", GET_, FLUSHING_, BEFORE(HEAD_204, DONE), HEAD_HELD, IMPOSSIBLE},
    /* upstream piece */
    {"bytes, SENDING", CHUNKED_, SENDING_, AT_ONCE, BYTES, IMPOSSIBLE},
    {"bytes, WAITING", GET_, WAITING_, AT_ONCE, BYTES, IMPOSSIBLE},
    {"bytes, REPLYING", ROOMY_, REPLYING_, BEFORE(HEAD_CHUNKED), BYTES, "send 32", REPLYING_},
    {"bytes, REPLYING: the valve shuts",
     GET_, REPLYING_, BEFORE(HEAD_CHUNKED), BYTES, "send 32 pause", REPLYING_},
    {"bytes, REPLYING: held", GET_, REPLYING_, BEFORE(HEAD_HELD), BYTES, "", REPLYING_},
    {"bytes, FLUSHING", GET_, FLUSHING_, BEFORE(HEAD_204, DONE), BYTES, IMPOSSIBLE},
    /* upstream done */
    {"done, SENDING", CHUNKED_, SENDING_, AT_ONCE, DONE, IMPOSSIBLE},
    {"done, WAITING", GET_, WAITING_, AT_ONCE, DONE, IMPOSSIBLE},
    {"done, REPLYING", GET_, REPLYING_, BEFORE(HEAD_204), DONE, "finish", FLUSHING_},
    {"done, REPLYING: an early answer ends before the request does",
     CHUNKED_, REPLYING_, BEFORE(PIECE, PIECE, HEAD_204), DONE, "finish", FLUSHING_},
    {"done, REPLYING: a held reply leaves whole",
     GET_, REPLYING_, BEFORE(HEAD_HELD, BYTES), DONE, "reply 200 send 19 finish", FLUSHING_},
    {"done, FLUSHING", GET_, FLUSHING_, BEFORE(HEAD_204, DONE), DONE, IMPOSSIBLE},
    /* upstream broke */
    {"refused, WAITING: sent once more", GET_, WAITING_, AT_ONCE, REFUSED, "start", WAITING_},
    {"broke, WAITING: sent once more", GET_, WAITING_, AT_ONCE, BROKE, "start", WAITING_},
    {"broke, WAITING: but never a third time",
     GET_, WAITING_, BEFORE(BROKE), BROKE, "reply 502 send error finish", FLUSHING_},
    {"refused, WAITING: nor then",
     GET_, WAITING_, BEFORE(BROKE), REFUSED, "reply 502 send error finish", FLUSHING_},
    {"head, WAITING: of the second time", GET_, WAITING_, BEFORE(BROKE), HEAD_HELD, "", REPLYING_},
    {"broke, WAITING: a body held whole goes with it",
     DELETE_, WAITING_, BEFORE(PIECE, BODY_END), BROKE, "start", WAITING_},
    {"broke, WAITING: a body that streamed is gone",
     &scene_delete_streaming, WAITING_, BEFORE(PIECE, BODY_END), BROKE,
     "reply 502 send error finish", FLUSHING_},
    {"broke, WAITING: a POST is never sent twice",
     HELD_, WAITING_, BEFORE(PIECE, BODY_END), BROKE, "reply 502 send error finish", FLUSHING_},
    {"refused, WAITING: not even one that was not sent",
     HELD_, WAITING_, BEFORE(PIECE, BODY_END), REFUSED, "reply 502 send error finish", FLUSHING_},
    {"broke, WAITING: nor a PUT that goes up as one",
     &scene_put_as_post, WAITING_, AT_ONCE, BROKE, "reply 502 send error finish", FLUSHING_},
    {"cut, WAITING: within the head of a reply",
     GET_, WAITING_, AT_ONCE, CUT, "reply 502 send error finish", FLUSHING_},
    {"slow, WAITING", GET_, WAITING_, AT_ONCE, SLOW, "reply 504 send error finish", FLUSHING_},
    {"broke, SENDING",
     CHUNKED_, SENDING_, AT_ONCE, BROKE, "reply 502 send error finish", FLUSHING_},
    {"refused, SENDING",
     CHUNKED_, SENDING_, AT_ONCE, REFUSED, "reply 502 send error finish", FLUSHING_},
    {"slow, SENDING", CHUNKED_, SENDING_, AT_ONCE, SLOW, "reply 504 send error finish", FLUSHING_},
    {"invalid, WAITING", GET_, WAITING_, AT_ONCE, INVALID, "reply 502 send error finish", FLUSHING_},
    {"no memory, WAITING",
     GET_, WAITING_, AT_ONCE, NO_MEMORY, "reply 503 send error finish", FLUSHING_},
    {"cut, REPLYING: the client's connection is cut, too",
     GET_, REPLYING_, BEFORE(HEAD_CHUNKED), CUT, "abort", FLUSHING_},
    {"cut, REPLYING: a held reply gives way to 502",
     GET_, REPLYING_, BEFORE(HEAD_HELD), CUT, "reply 502 send error finish", FLUSHING_},
    {"broke, REPLYING", GET_, REPLYING_, BEFORE(HEAD_HELD), BROKE, IMPOSSIBLE},
    {"cut, FLUSHING", GET_, FLUSHING_, BEFORE(HEAD_204, DONE), CUT, IMPOSSIBLE},
    /* a translator refuses */
    {"bad piece, SENDING: held whole, the service hears nothing",
     HELD_, SENDING_, BEFORE(PIECE), BAD_PIECE, "reply 400 send error finish", FLUSHING_},
    {"bad piece, SENDING: the transfer is cut",
     STREAM_, SENDING_, BEFORE(PIECE, PIECE, WANT, WANT, WANT), BAD_PIECE,
     "cancel reply 400 send error finish", FLUSHING_},
    {"bad piece, REPLYING: a reply that has begun is cut",
     STREAM_, REPLYING_, BEFORE(PIECE, PIECE, WANT, WANT, WANT, HEAD_CHUNKED), BAD_PIECE,
     "cancel abort", FLUSHING_},
    {"bad piece, REPLYING: nobody reads it after an early error",
     STREAM_, REPLYING_, BEFORE(PIECE, PIECE, HEAD_404), BAD_PIECE, "", REPLYING_},
    {"bad bytes, REPLYING: as broke",
     GET_, REPLYING_, BEFORE(HEAD_CHUNKED), BAD_BYTES, "cancel abort", FLUSHING_},
    {"bad bytes, REPLYING: a held reply gives way to 502",
     GET_, REPLYING_, BEFORE(HEAD_HELD), BAD_BYTES, "cancel reply 502 send error finish", FLUSHING_},
};
/* clang-format on */

static void one_cell(void **state)
{
    const struct cell *cell = *state;
    struct stage s;

    stage_open(&s, cell->scene);
    stage_begin(&s);
    for (unsigned i = 0; i < cell->steps; i++) {
        if (!stage_may(&s, cell->before[i]))
            wrong("%s cannot happen here", happening_words(cell->before[i]));
        stage_do(&s, cell->before[i]);
    }
    if (!s.ex || s.ex->phase != cell->phase)
        wrong("the phase before is not the cell's");
    transcript_clear();
    if (stage_may(&s, cell->event) != (cell->does != NULL))
        wrong("%s %s happen here", happening_words(cell->event), cell->does ? "cannot" : "can");
    if (cell->does) {
        stage_do(&s, cell->event);
        assert_string_equal(transcript(), cell->does);
        assert_int_equal(s.ex ? s.ex->phase : EXCHANGE_ENDED, cell->after);
    }
    stage_finish(&s);
    stage_close(&s);
}

/* --- what no table of happenings holds ------------------------------------- */

/* A transfer that is over without a head was no reply. */
static void done_without_head(void **state)
{
    const struct scene *scene = *state;
    struct stage s;

    stage_open(&s, scene);
    stage_begin(&s);
    transcript_clear();
    stage_force(&s, DONE);
    assert_string_equal(transcript(), "reply 502 send error finish");
    stage_finish(&s);
    assert_int_equal(s.outcome, OUTCOME_UPSTREAM_INVALID);
    stage_close(&s);
}

/* The deadline of the whole exchange passes after STEPS; then it DOES that. */
static void deadline(const struct scene *scene, const enum happening *steps, size_t count,
                     const char *does)
{
    struct stage s;

    stage_open(&s, scene);
    s.host.limits.exchange_ms = 1;
    stage_begin(&s);
    for (size_t i = 0; i < count; i++)
        stage_do(&s, steps[i]);
    transcript_clear();
    event_base_loop(s.host.base, EVLOOP_ONCE);
    assert_string_equal(transcript(), does);
    stage_finish(&s);
    stage_close(&s);
}

static void deadlines(void **state)
{
    (void)state;
    deadline(&scene_chunked, NULL, 0, "cancel reply 504 send error finish");
    deadline(&scene_post_small, NULL, 0, "reply 504 send error finish");
    deadline(&scene_get, NULL, 0, "cancel reply 504 send error finish");
    deadline(&scene_get, (const enum happening[]){HEAD_HELD}, 1,
             "cancel reply 504 send error finish");
    deadline(&scene_get, (const enum happening[]){HEAD_CHUNKED}, 1, "cancel abort");
    deadline(&scene_get, (const enum happening[]){HEAD_204, DONE}, 2, "");
}

/* The second time is on a fresh connection; without memory there is none. */
static void the_second_time(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, &scene_get);
    stage_begin(&s);
    assert_false(stage_transfer(&s)->request.fresh);
    stage_do(&s, BROKE);
    assert_true(stage_transfer(&s)->request.fresh);
    stage_finish(&s);
    stage_close(&s);

    stage_open(&s, &scene_get);
    stage_begin(&s);
    s.upstream.no_memory = true;
    stage_force(&s, BROKE);
    assert_int_equal(s.client->reply.status, 503);
    stage_finish(&s);
    assert_int_equal(s.outcome, OUTCOME_EXHAUSTED);
    stage_close(&s);
}

int run_cells(void)
{
    enum { CELLS = sizeof cells / sizeof cells[0] };
    struct CMUnitTest tests[CELLS + 4];

    for (size_t i = 0; i < CELLS; i++)
        tests[i] = (struct CMUnitTest){
            .name = cells[i].name, .test_func = one_cell, .initial_state = (void *)&cells[i]};
    tests[CELLS] = (struct CMUnitTest){.name = "done without a head, SENDING",
                                       .test_func = done_without_head,
                                       .initial_state = (void *)&scene_chunked};
    tests[CELLS + 1] = (struct CMUnitTest){.name = "done without a head, WAITING",
                                           .test_func = done_without_head,
                                           .initial_state = (void *)&scene_get};
    tests[CELLS + 2] = (struct CMUnitTest)cmocka_unit_test(deadlines);
    tests[CELLS + 3] = (struct CMUnitTest)cmocka_unit_test(the_second_time);
    return cmocka_run_group_tests_name("cells", tests, NULL, NULL);
}
