/*
 * cut_runs.h - one text read whole and at many cuts, for tests
 *
 * All runs must agree in verdict, fault and what leaves.
 */
#ifndef TEST_CUT_RUNS_H
#define TEST_CUT_RUNS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "json/reader.h"

enum { WANTED = 12 };

/* An owner that wants short keys and replaces the key "old"; "stop" stops it. */
struct run {
    struct buf out;
    enum reader_verdict verdict;
    struct reader_fault fault;
    size_t longs, opens, closes;
    struct reader *reader;
    struct body_place replaced;
};

static bool on_open(void *owner, bool object)
{
    (void)object;
    ((struct run *)owner)->opens++;
    return true;
}

static void on_close(void *owner)
{
    ((struct run *)owner)->closes++;
}

static size_t on_string(void *owner, enum json_role role)
{
    (void)owner;
    return role == JSON_KEY ? WANTED : 0;
}

static bool on_whole(void *owner, const struct json_string *s, struct text *instead_out)
{
    struct run *run = owner;

    if (text_eq(s->raw, TEXT("stop")))
        return false;
    if (text_eq(s->raw, TEXT("old"))) {
        *instead_out = TEXT("\"brand new\"");
        run->replaced = reader_place(run->reader);
    }
    return true;
}

static void on_long(void *owner, enum json_role role)
{
    assert_int_equal(role, JSON_KEY);
    ((struct run *)owner)->longs++;
}

static void on_take(void *owner, struct text span)
{
    assert_true(span.len > 0);
    buf_add(&((struct run *)owner)->out, span);
}

static const struct reader_events EVENTS = {on_open,  on_close, on_string,
                                            on_whole, on_long,  on_take};
static const struct reader_limits LIMITS = {.depth = 4, .number = 20};

/* How a text is cut: every SIZE bytes, or at random from SEED. */
struct cut {
    size_t size;
    uint32_t seed;
};

static size_t piece_size(struct cut *cut)
{
    if (cut->size)
        return cut->size;
    cut->seed = cut->seed * 1664525 + 1013904223;
    return cut->seed >> 27;
}

/* After a refusal in PIECE, no byte is lost: what left and what was withheld, if none was replaced.
 */
static void assert_nothing_lost(const struct reader *r, const struct run *run, struct text piece,
                                struct text whole)
{
    struct text held = reader_withheld(r, &piece), left = buf_text(&run->out);
    struct text rest = text_from_offset(whole, left.len);

    if (run->replaced.line > 0)
        return;
    assert_memory_equal(whole.at, left.at, left.len);
    assert_memory_equal(rest.at, held.at, held.len);
    rest = text_from_offset(rest, held.len);
    assert_true(text_eq(rest, piece));
}

static void run_cut(struct reader *r, struct run *run, struct text t, struct cut cut)
{
    const char *whole = t.at;

    *run = (struct run){.reader = r};
    buf_init(&run->out, 1 << 20);
    while (t.len > 0 && run->verdict == READER_OK) {
        size_t n = piece_size(&cut);
        n = n < t.len ? n : t.len;
        char *piece = malloc(n ? n : 1);

        memcpy(piece, t.at, n);
        run->verdict = reader_piece(r, text_of(piece, n));
        t = text_from_offset(t, n);
        if (run->verdict != READER_OK)
            assert_nothing_lost(r, run, text_of(piece, n), text_of(whole, (size_t)(t.at - whole)));
        free(piece);
    }
    if (run->verdict == READER_OK) {
        run->verdict = reader_end(r);
        if (run->verdict != READER_OK)
            assert_nothing_lost(r, run, text_of(t.at, 0), text_of(whole, (size_t)(t.at - whole)));
    }
    run->fault = r->fault;
}

static void assert_same(const struct run *a, const struct run *b)
{
    assert_int_equal(a->verdict, b->verdict);
    assert_int_equal(a->out.len, b->out.len);
    assert_memory_equal(buf_text(&a->out).at, buf_text(&b->out).at, a->out.len);
    assert_int_equal(a->longs, b->longs);
    assert_int_equal(a->replaced.offset, b->replaced.offset);
    if (a->verdict == READER_OK)
        return;
    assert_int_equal(a->fault.place.offset, b->fault.place.offset);
    assert_int_equal(a->fault.place.line, b->fault.place.line);
    assert_int_equal(a->fault.place.column, b->fault.place.column);
    assert_ptr_equal(a->fault.what, b->fault.what);
}

/* Runs T whole and at many cuts; all must agree.  The caller frees RUN's out. */
static void run_all(struct run *whole, struct text t, bool utf8, bool allow_mark)
{
    struct reader r;

    assert_true(reader_init(&r, &LIMITS, utf8, allow_mark, WANTED, &EVENTS, NULL));
    r.owner = whole;
    run_cut(&r, whole, t, (struct cut){.size = t.len + 1});
    for (uint32_t cut = 1; cut < 50; cut++) {
        struct run other;

        r.owner = &other;
        reader_restart(&r);
        run_cut(&r, &other, t,
                cut < 32 ? (struct cut){.size = cut} : (struct cut){.seed = cut * 77});
        assert_same(whole, &other);
        buf_fini(&other.out);
    }
    reader_fini(&r);
}

#endif
