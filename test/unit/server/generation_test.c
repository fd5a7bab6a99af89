#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/generation.h"

static char *const nothing_set[] = {NULL};
static int owner;

/* The regime of the sound pair of files with a JSON depth of its own. */
static struct regime *under(const char *set)
{
    const struct conf_overrides overrides = {&set, 1};
    struct diag *d = diag_new();
    struct conf *c = conf_load("test/config/sound.gateway.yaml", &overrides, nothing_set, d);

    diag_free(&d);
    assert_non_null(c);
    struct regime *r = regime_new(c, NULL);
    conf_unref(&c);
    assert_non_null(r);
    return r;
}

static unsigned references(struct regime *r)
{
    return atomic_load(&r->references);
}

struct three {
    struct regime *regimes[3];
    struct generation *newest;
    struct generation *made[3];
};

/* Three generations, each with OPEN exchanges. */
static struct three begin(const size_t open[3])
{
    static const char *const depths[] = {"limits.json_depth=11", "limits.json_depth=12",
                                         "limits.json_depth=13"};
    struct exchange_host like = {.owner = &owner};
    struct three t = {.newest = NULL};

    for (size_t i = 0; i < 3; i++) {
        t.regimes[i] = under(depths[i]);
        assert_true(generation_begin(&t.newest, t.regimes[i], &like));
        t.made[i] = t.newest;
        t.newest->host.open = open[i];
    }
    return t;
}

static void end(struct three *t)
{
    generations_free(&t->newest);
    assert_null(t->newest);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(references(t->regimes[i]), 1);
        regime_unref(&t->regimes[i]);
    }
}

static void each_has_the_rules_and_limits_it_began_under(void **state)
{
    struct three t = begin((size_t[3]){1, 1, 1});

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_ptr_equal(t.made[i]->host.mapping, t.regimes[i]->conf->mapping);
        assert_int_equal(t.made[i]->host.limits.translate.json_depth, 11 + i);
        assert_ptr_equal(t.made[i]->host.owner, &owner);
    }
    assert_ptr_equal(t.newest, t.made[2]);
    assert_int_equal(generations_open(t.newest), 3);
    end(&t);
}

static void one_lasts_as_long_as_its_exchanges(void **state)
{
    struct three t = begin((size_t[3]){1, 2, 0});

    (void)state;
    generations_reap(t.newest);
    assert_int_equal(generations_open(t.newest), 3);
    assert_int_equal(references(t.regimes[0]), 2);
    t.made[1]->host.open = 0;
    generations_reap(t.newest); /* from the middle */
    assert_int_equal(references(t.regimes[1]), 1);
    assert_int_equal(references(t.regimes[0]), 2);
    assert_ptr_equal(t.newest->older, t.made[0]);
    t.made[0]->host.open = 0;
    generations_reap(t.newest);
    assert_int_equal(references(t.regimes[0]), 1);
    assert_null(t.newest->older);
    end(&t);
}

static void the_newest_stays_with_none(void **state)
{
    struct three t = begin((size_t[3]){0, 0, 0});

    (void)state;
    generations_reap(t.newest);
    assert_ptr_equal(t.newest, t.made[2]);
    assert_null(t.newest->older);
    assert_int_equal(generations_open(t.newest), 0);
    assert_int_equal(references(t.regimes[2]), 2);
    end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_has_the_rules_and_limits_it_began_under),
        cmocka_unit_test(one_lasts_as_long_as_its_exchanges),
        cmocka_unit_test(the_newest_stays_with_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
