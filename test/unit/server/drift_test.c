/* The list of unmapped names: counted, bounded, and forgotten where a rule has come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>

#include "base/log.h"
#include "server/drift.h"
#include "server/drift_page.h"
#include "unit/mapping/making.h"

#define ROUTES "route /c /s GET\nroute /d /t GET\nwatch *space*\n"

static struct mapping *make(const char *lines)
{
    struct diag *complaints = diag_new();
    struct mapping *m = make_mapping(lines, complaints);

    diag_print(complaints, stderr, false);
    diag_free(&complaints);
    assert_non_null(m);
    return m;
}

/* COUNT more of NAME on the route of M called CLIENT. */
static void note(struct drift *d, const struct mapping *m, const char *client, enum unmapped kind,
                 const char *name, uint64_t count)
{
    size_t routes;
    const struct route *const *all = mapping_routes(m, &routes);

    for (size_t i = 0; i < routes; i++) {
        struct sighting s = {.mapping = m,
                             .route = all[i],
                             .kind = kind,
                             .name = text_from(name),
                             .path = TEXT("$.x"),
                             .count = count};

        if (text_eq(all[i]->client, text_from(client)))
            drift_note(d, &s);
    }
}

static void add_entry(void *owner, const struct drift_entry *e)
{
    struct buf *to = owner;

    buf_add(to, e->route);
    buf_add_byte(to, ' ');
    buf_add(to, text_from(drift_kind(e->kind)));
    buf_add_byte(to, ' ');
    buf_add(to, e->name);
    buf_add_byte(to, ' ');
    buf_add_u64(to, e->count);
    buf_add_byte(to, '\n');
}

static void check(struct drift *d, const char *wanted)
{
    struct buf found;

    buf_init(&found, 1 << 20);
    drift_visit(d, add_entry, &found);
    if (!text_eq(buf_text(&found), text_from(wanted)))
        fail_msg("%.*sand not\n%s", TEXT_ARG(buf_text(&found)), wanted);
    buf_fini(&found);
}

static void sightings_add_up_in_order(void **state)
{
    struct mapping *m = make(ROUTES);
    struct drift *d = drift_new(m);

    (void)state;
    note(d, m, "/d", UNMAPPED_KEY, "space", 1);
    note(d, m, "/c", UNMAPPED_HEADER, "space", 2);
    note(d, m, "/c", UNMAPPED_KEY, "spaces", 3);
    note(d, m, "/c", UNMAPPED_KEY, "space", 4);
    note(d, m, "/d", UNMAPPED_KEY, "space", 10);
    check(d, "/c key space 4\n/c key spaces 3\n/c header space 2\n/d key space 11\n");
    assert_int_equal(drift_count(d), 4);
    drift_free(&d);
    drift_free(&d);
    mapping_unref(&m);
}

static void the_list_has_a_limit(void **state)
{
    struct mapping *m = make(ROUTES);
    struct drift *d = drift_new(m);
    char name[32];

    (void)state;
    for (int i = 0; i < DRIFT_NAMES_MAX + 500; i++) {
        snprintf(name, sizeof name, "space%d", i * 7919 % 100003);
        note(d, m, "/c", UNMAPPED_KEY, name, 2);
    }
    note(d, m, "/c", UNMAPPED_KEY, "space0", 1); /* the first has its place */
    assert_int_equal(drift_count(d), DRIFT_NAMES_MAX);
    assert_int_equal(drift_left_out(d), 1000);
    drift_free(&d);
    mapping_unref(&m);
}

static void a_new_mapping_forgets_what_it_settles(void **state)
{
    struct mapping *old = make(ROUTES);
    struct mapping *same = make(ROUTES);
    struct mapping *next = make("route /c /s GET\nwatch *space*\nignore spaceI\n"
                                "field product spaceK\nfield asked spaceR request\n"
                                "field narrow spaceN $.far\nheader X-Product X-Space\n");
    struct drift *d = drift_new(old);

    (void)state;
    note(d, old, "/c", UNMAPPED_KEY, "spaceI", 1);
    note(d, old, "/c", UNMAPPED_KEY, "spaceK", 1);
    note(d, old, "/c", UNMAPPED_KEY, "spaceN", 1);
    note(d, old, "/c", UNMAPPED_KEY, "spaceO", 1);
    note(d, old, "/c", UNMAPPED_KEY, "spaceR", 1);
    note(d, old, "/c", UNMAPPED_QUERY, "spaceK", 1);
    note(d, old, "/c", UNMAPPED_QUERY, "spaceO", 1);
    note(d, old, "/c", UNMAPPED_QUERY, "spaceR", 1);
    note(d, old, "/c", UNMAPPED_HEADER, "x-space", 1);
    note(d, old, "/c", UNMAPPED_HEADER, "x-spaces", 1);
    note(d, old, "/c", UNMAPPED_PATH, "spaces", 1);
    note(d, old, "/d", UNMAPPED_KEY, "spaceO", 1);
    drift_follow(d, same);
    assert_int_equal(drift_count(d), 12);
    drift_follow(d, next);
    check(d, "/c key spaceO 1\n/c key spaceR 1\n/c query spaceO 1\n/c header x-spaces 1\n");
    note(d, old, "/c", UNMAPPED_KEY, "spaceO", 7); /* it began before */
    note(d, next, "/c", UNMAPPED_KEY, "spaceO", 1);
    check(d, "/c key spaceO 2\n/c key spaceR 1\n/c query spaceO 1\n/c header x-spaces 1\n");
    drift_free(&d);
    mapping_unref(&old);
    mapping_unref(&same);
    mapping_unref(&next);
}

struct crowd {
    struct drift *drift;
    struct mapping *mapping;
};

static void *note_much(void *owner)
{
    struct crowd *crowd = owner;
    char name[32];

    for (int i = 0; i < 2000; i++) {
        snprintf(name, sizeof name, "space%d", i % 50);
        note(crowd->drift, crowd->mapping, "/c", UNMAPPED_KEY, name, 1);
    }
    return NULL;
}

static void threads_may_note_and_look(void **state)
{
    struct crowd crowd = {.mapping = make(ROUTES)};
    pthread_t threads[4];
    struct buf page;

    (void)state;
    crowd.drift = drift_new(crowd.mapping);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, note_much, &crowd), 0);
    buf_init(&page, 1 << 20);
    for (size_t i = 0; i < 20; i++) {
        buf_clear(&page);
        drift_page_yaml(crowd.drift, crowd.mapping, &page);
        drift_page_json(crowd.drift, crowd.mapping, &page);
        drift_follow(crowd.drift, crowd.mapping);
    }
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    buf_clear(&page);
    drift_visit(crowd.drift, add_entry, &page);
    assert_non_null(memmem(page.at, page.len, "/c key space49 160\n", 19));
    assert_int_equal(drift_count(crowd.drift), 50);
    buf_fini(&page);
    drift_free(&crowd.drift);
    mapping_unref(&crowd.mapping);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sightings_add_up_in_order),
        cmocka_unit_test(the_list_has_a_limit),
        cmocka_unit_test(a_new_mapping_forgets_what_it_settles),
        cmocka_unit_test(threads_may_note_and_look),
    };
    log_setup(LOG_ERROR, LOG_LOGFMT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
