/* methods_test.c - the ways to write that a client method is another one upstream */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "conf/conf.h"

static const struct conf_overrides none = {NULL, 0};
static char *const nothing_set[] = {NULL};

static void every_spelling_means_the_same(void **state)
{
    static const char *const paths[] = {"/products/7/a", "/products/7/b", "/products/7/c",
                                        "/products/7/d"};
    struct diag *d = diag_new();
    struct conf *c = conf_load("test/config/methods.gateway.yaml", &none, nothing_set, d);

    (void)state;
    assert_non_null(c);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        const struct route *route = NULL;
        struct text path = text_from(paths[i]);

        assert_int_equal(mapping_route(c->mapping, HTTP_PUT, path, &route), ROUTE_FOUND);
        assert_int_equal(route_upstream_method(route, HTTP_PUT), HTTP_POST);
        assert_int_equal(mapping_route(c->mapping, HTTP_GET, path, &route), ROUTE_FOUND);
        assert_int_equal(route_upstream_method(route, HTTP_GET), HTTP_GET);
        assert_int_equal(mapping_route(c->mapping, HTTP_POST, path, &route), ROUTE_NO_METHOD);
    }
    conf_unref(&c);
    diag_free(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_spelling_means_the_same)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
