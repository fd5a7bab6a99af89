/*
 * golden.h - golden cases, each at every cut, for tests
 *
 * A case is a text of sections.  "--- rules" (see rules_text.h), then any
 * number of "--- request" or "--- response", the body as it comes, each
 * followed by "--- expected", the body as it leaves, or by "--- unchanged",
 * or by "--- fault", whose lines are the code, then offset, line and column,
 * then for a conflict the client name and the first place likewise; what is
 * then expected to have left may follow as "--- left".  A section ends before
 * the line feed in front of the next "---".  In a section marked "escaped",
 * %HH stands for a byte, and a line feed for nothing.  A body marked
 * "ceiling=N" has N as the most of an event or record that is held.
 */
#ifndef TEST_GOLDEN_H
#define TEST_GOLDEN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/translate/cutting.h"
#include "unit/translate/rules_text.h"

#include <dirent.h>
#include <inttypes.h>

struct golden_section {
    struct text head;
    struct buf body;
};

/* Takes the bytes before the next section off *LEFT. */
static inline struct text golden_take_body(struct text *left)
{
    const char *end = memmem(left->at, left->len, "\n--- ", 5);
    struct text body = *left;

    if (text_starts(*left, TEXT("--- ")))
        return text_of(left->at, 0);
    if (end) {
        body.len = (size_t)(end - left->at);
        *left = text_from_offset(*left, body.len + 1);
        return body;
    }
    if (body.len > 0 && body.at[body.len - 1] == '\n')
        body.len--;
    left->len = 0;
    return body;
}

static inline void golden_add_escaped(struct text body, struct buf *to)
{
    for (size_t i = 0; i < body.len; i++) {
        char hex[3] = {0};

        if (body.at[i] == '%') {
            memcpy(hex, body.at + i + 1, 2);
            buf_add_byte(to, (char)strtol(hex, NULL, 16));
            i += 2;
        } else if (body.at[i] != '\n') {
            buf_add_byte(to, body.at[i]);
        }
    }
}

/* Takes the next section off *LEFT; false at the end.  The caller frees its body. */
static inline bool golden_take_section(struct text *left, struct golden_section *s)
{
    if (!text_starts(*left, TEXT("--- ")))
        return false;
    size_t n = text_find(*left, '\n');
    s->head = text_of(left->at + 4, n - 4);
    *left = text_from_offset(*left, n < left->len ? n + 1 : n);
    struct text body = golden_take_body(left);
    buf_init(&s->body, 1 << 20);
    if (memmem(s->head.at, s->head.len, " escaped", 8))
        golden_add_escaped(body, &s->body);
    else
        buf_add(&s->body, body);
    return true;
}

static inline struct buf golden_read_file(const char *path)
{
    struct buf file;
    FILE *f = fopen(path, "rb");

    assert_non_null(f);
    buf_init(&file, 1 << 24);
    char *room = buf_room(&file, 1 << 20);
    file.len = fread(room, 1, 1 << 20, f);
    fclose(f);
    return file;
}

/* A kind of translator and where its cases are. */
struct golden_kind {
    const char *folder;
    /* Which maker a body's section names; HEAD is the section's. */
    cut_maker *(*maker)(struct text head);
};

struct golden {
    const struct golden_kind *kind;
    const char *name;
    struct mapping *mapping;
    size_t bodies;
};

static inline void golden_print_result(const struct golden *g, struct text body,
                                       const struct translated *t)
{
    print_error("%s: of %.*s\nleft %.*s\n", g->name, TEXT_ARG(body), TEXT_ARG(buf_text(&t->out)));
    if (t->code != TRANSLATE_OK)
        print_error("code %d, %s, at %" PRIu64 " %" PRIu64 ":%" PRIu64 ", first %" PRIu64 "\n",
                    (int)t->code, t->fault.what, t->fault.place.offset, t->fault.place.line,
                    t->fault.place.column, t->fault.first.offset);
}

static inline void golden_expect_place(const char *line, struct body_place place)
{
    char got[80];

    snprintf(got, sizeof got, "%" PRIu64 " %" PRIu64 " %" PRIu64, place.offset, place.line,
             place.column);
    assert_string_equal(got, line);
}

static inline void golden_expect_fault(const struct translated *t, struct text lines)
{
    char text[256], *rest = text;

    snprintf(text, sizeof text, "%.*s", TEXT_ARG(lines));
    const char *code = strsep(&rest, "\n");
    bool conflict = strcmp(code, "CONFLICTING_FIELDS") == 0;
    enum translate_code want = conflict                           ? TRANSLATE_CONFLICT
                               : strcmp(code, "BAD_REQUEST") == 0 ? TRANSLATE_INVALID_FORM
                                                                  : TRANSLATE_INVALID_JSON;
    if (want == TRANSLATE_INVALID_JSON)
        assert_string_equal(code, "INVALID_JSON");
    assert_int_equal(t->code, want);
    golden_expect_place(strsep(&rest, "\n"), t->fault.place);
    if (!conflict)
        return;
    assert_true(text_eq(t->fault.name, text_from(strsep(&rest, "\n"))));
    golden_expect_place(strsep(&rest, "\n"), t->fault.first);
}

static inline void golden_expect(const struct golden *g, struct text body,
                                 const struct translated *t, const struct golden_section *want)
{
    bool good = true;

    if (text_starts(want->head, TEXT("expected")))
        good = t->code == TRANSLATE_OK && text_eq(buf_text(&t->out), buf_text(&want->body));
    else if (text_starts(want->head, TEXT("unchanged")))
        good = t->code == TRANSLATE_OK && text_eq(buf_text(&t->out), body);
    else if (text_starts(want->head, TEXT("left")))
        good = text_eq(buf_text(&t->out), buf_text(&want->body));
    else if (text_starts(want->head, TEXT("fault")))
        good = t->code != TRANSLATE_OK;
    else
        fail_msg("%s: no such section: %.*s", g->name, TEXT_ARG(want->head));
    if (!good) {
        golden_print_result(g, body, t);
        fail();
    }
    if (text_starts(want->head, TEXT("fault")))
        golden_expect_fault(t, buf_text(&want->body));
}

/* The number behind "ceiling=" in HEAD; absent, more than any body has. */
static inline size_t golden_ceiling(struct text head)
{
    const char *at = memmem(head.at, head.len, "ceiling=", 8);

    return at ? (size_t)strtoul(at + 8, NULL, 10) : 1 << 20;
}

/* BODY of a section with HEAD, translated. */
static inline struct translated golden_at_every_cut(const struct golden *g, struct text head,
                                                    struct text body)
{
    enum direction d = text_starts(head, TEXT("request")) ? REQUEST : RESPONSE;
    cut_maker *make = g->kind->maker(head);
    struct translate_limits limits = CUT_LIMITS;

    limits.event = limits.record = golden_ceiling(head);
    struct translated whole =
        cut_kind(make, g->mapping, d, &limits, body, (struct cut){.size = SIZE_MAX});

    for (uint32_t i = 0; i < CUT_WAYS; i++) {
        struct translated other = cut_kind(make, g->mapping, d, &limits, body, cut_way(i));

        if (!cut_same(&whole, &other)) {
            golden_print_result(g, body, &whole);
            golden_print_result(g, body, &other);
            fail_msg("%s: cut %u differs from the whole", g->name, i);
        }
        cut_fini(&other);
    }
    return whole;
}

static inline void golden_run_case(struct golden *g, struct text left)
{
    struct golden_section s;
    struct translated t = {0};
    struct buf body = {0};

    while (golden_take_section(&left, &s)) {
        if (text_starts(s.head, TEXT("rules"))) {
            mapping_unref(&g->mapping);
            g->mapping = rules_text(buf_text(&s.body));
        } else if (text_starts(s.head, TEXT("request")) || text_starts(s.head, TEXT("response"))) {
            cut_fini(&t);
            buf_fini(&body);
            body = s.body;
            t = golden_at_every_cut(g, s.head, buf_text(&body));
            g->bodies++;
            continue;
        } else {
            golden_expect(g, buf_text(&body), &t, &s);
        }
        buf_fini(&s.body);
    }
    cut_fini(&t);
    buf_fini(&body);
    if (left.len > 0)
        fail_msg("%s: not a section: %.*s", g->name, TEXT_ARG(left));
}

static inline int golden_is_case(const struct dirent *entry)
{
    return text_find(text_from(entry->d_name), '.') > 0;
}

static inline size_t golden_run_file(const struct golden_kind *kind, const char *name)
{
    struct golden g = {.kind = kind, .name = name};
    char path[512];

    snprintf(path, sizeof path, "%s/%s", kind->folder, name);
    struct buf file = golden_read_file(path);
    golden_run_case(&g, buf_text(&file));
    if (g.bodies == 0)
        fail_msg("%s: no body in it", path);
    mapping_unref(&g.mapping);
    buf_fini(&file);
    return g.bodies;
}

/* Runs all cases in KIND's folder. */
static inline void golden_run(const struct golden_kind *kind)
{
    struct dirent **names;
    int count = scandir(kind->folder, &names, golden_is_case, alphasort);
    size_t bodies = 0;

    assert_true(count > 0);
    for (int i = 0; i < count; i++) {
        bodies += golden_run_file(kind, names[i]->d_name);
        free(names[i]);
    }
    free(names);
    print_message("%s: %d golden cases, %zu bodies, %d cuts each\n", kind->folder, count, bodies,
                  CUT_WAYS + 1);
}

#endif
