#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/buf.h"
#include "unit/mapping/making.h"

static struct mapping *make(const char *lines)
{
    struct diag *complaints = diag_new();
    struct mapping *m = make_mapping(lines, complaints);

    diag_print(complaints, stderr, false);
    diag_free(&complaints);
    assert_non_null(m);
    return m;
}

/* Where a walker stands after the members of WAY ("data.rows[].x"), spelled as in D. */
static const struct place *walk(const struct rules *r, enum direction d, const char *way)
{
    const struct place *here = rules_root(r);

    while (*way) {
        size_t n = strcspn(way, ".[");

        if (n) {
            const struct name *name = rules_find(r, d, text_of(way, n));
            const struct pair *pair = name ? rules_pair(r, here, d, name) : NULL;

            here = rules_member(r, here, d, name, pair);
        }
        way += n;
        if (way[0] == '[') {
            here = rules_element(r, here);
            way += 2;
        }
        way += way[0] == '.';
    }
    return here;
}

/* What the key that ends WAY leaves as in D; a static buffer. */
static const char *leaves_as(const struct rules *r, enum direction d, const char *way)
{
    static char key[64];
    char above[256];
    const char *dot = strrchr(way, '.');
    struct text last = text_from(dot ? dot + 1 : way);

    snprintf(above, sizeof above, "%.*s", dot ? (int)(dot - way) : 0, way);
    const struct name *name = rules_find(r, d, last);
    const struct pair *pair = name ? rules_pair(r, walk(r, d, above), d, name) : NULL;
    if (pair && text_eq(pair_from(pair, d), last))
        last = pair_to(pair, d);
    snprintf(key, sizeof key, "%.*s", TEXT_ARG(last));
    return key;
}

static void keys_are_found_by_length_and_bytes(void **state)
{
    struct mapping *m =
        make("field dataProduct workspace\nfield ab\xC3\xA9 x\n"
             "field aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa b\n"
             "field reqOnly upOnly request\nopaque $..rows");
    const struct rules *r = mapping_global(m);

    (void)state;
    assert_non_null(rules_find(r, REQUEST, TEXT("dataProduct")));
    assert_non_null(rules_find(r, REQUEST, TEXT("workspace")));
    assert_non_null(rules_find(r, RESPONSE, TEXT("workspace")));
    assert_non_null(rules_find(r, RESPONSE, TEXT("rows")));
    assert_int_equal(rules_find(r, RESPONSE, TEXT("rows"))->pair_count, 0);
    assert_non_null(rules_find(r, REQUEST, TEXT("ab\xC3\xA9")));
    assert_non_null(rules_find(r, REQUEST, TEXT("upOnly")));
    assert_null(rules_find(r, RESPONSE, TEXT("upOnly")));
    assert_null(rules_find(r, REQUEST, TEXT("dataproduct")));
    assert_null(rules_find(r, REQUEST, TEXT("dataProducT")));
    assert_null(rules_find(r, REQUEST, TEXT("dataProductt")));
    assert_null(rules_find(r, REQUEST, TEXT("slackWorkspaceId")));
    assert_null(rules_find(r, REQUEST, TEXT("")));
    assert_null(rules_find(r, REQUEST, TEXT("dataProduct\0")));
    assert_int_equal(rules_longest_name(r, REQUEST), 66);
    assert_int_equal(rules_longest_name(r, RESPONSE), 66);
    mapping_unref(&m);
}

static void members_are_renamed_by_the_pair_in_force(void **state)
{
    static const struct {
        enum direction d;
        const char *way, *leaves;
    } cases[] = {
        {REQUEST, "dataProduct", "workspace"},
        {REQUEST, "a.b[].dataProduct", "workspace"},
        {REQUEST, "workspace", "workspace"},
        {RESPONSE, "workspace", "dataProduct"},
        {RESPONSE, "dataProduct", "dataProduct"},
        {REQUEST, "in", "up"},
        {RESPONSE, "up", "up"},
        {RESPONSE, "back", "out"},
        {REQUEST, "out", "out"},
        /* only the members of the objects that `at` selects */
        {REQUEST, "id", "id"},
        {REQUEST, "data.assets.id", "id"},
        {REQUEST, "data.assets[].id", "assetId"},
        {REQUEST, "data.x[].assets[].id", "assetId"},
        {REQUEST, "data.assets[].deep.id", "id"},
        {RESPONSE, "data.assets[].assetId", "id"},
        {RESPONSE, "assets[].assetId", "assetId"},
        {REQUEST, "top", "TOP"},
        {REQUEST, "data.top", "top"},
    };
    struct mapping *m = make("field dataProduct workspace\nfield in up request\n"
                             "field out back response\nfield id assetId $.data..assets[*]\n"
                             "field top TOP $\n");

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (strcmp(leaves_as(mapping_global(m), cases[i].d, cases[i].way), cases[i].leaves) != 0)
            fail_msg("%s", cases[i].way);
    mapping_unref(&m);
}

/* Paths have client names; a reply's keys are upstream names. */
static void paths_follow_client_names_in_both_directions(void **state)
{
    struct mapping *m = make("field dataProduct workspace\nopaque $..dataProduct.rows\n"
                             "field item thing $.scope\nurl $..item\n");
    const struct rules *r = mapping_global(m);

    (void)state;
    assert_true(walk(r, REQUEST, "a.dataProduct.rows")->opaque);
    assert_true(walk(r, RESPONSE, "a.workspace.rows")->opaque);
    assert_false(walk(r, REQUEST, "a.workspace.rows")->opaque);
    assert_true(walk(r, RESPONSE, "a.dataProduct.rows")->opaque);
    /* a scoped pair gives its client name only where it is in force */
    assert_non_null(walk(r, RESPONSE, "scope.thing")->value[RESPONSE]);
    assert_null(walk(r, RESPONSE, "thing")->value[RESPONSE]);
    assert_non_null(walk(r, RESPONSE, "item")->value[RESPONSE]);
    mapping_unref(&m);
}

static void an_opaque_place_stays_so(void **state)
{
    struct mapping *m = make("opaque $..rows\nurl $..x\nfield a b $..rows\nfield c d\n");
    const struct rules *r = mapping_global(m);
    const struct place *rows = walk(r, REQUEST, "data.rows");

    (void)state;
    assert_true(rows->opaque);
    assert_true(rows->inert);
    assert_ptr_equal(walk(r, REQUEST, "data.rows.x"), rows);
    assert_ptr_equal(walk(r, REQUEST, "data.rows[].c.rows"), rows);
    assert_null(rows->value[REQUEST]);
    assert_int_equal(rows->scoped_count, 0);
    assert_null(rules_pair(r, rows, REQUEST, rules_find(r, REQUEST, TEXT("c"))));
    mapping_unref(&m);
}

static void where_no_path_can_match_the_place_is_inert(void **state)
{
    struct mapping *plain = make("field a b");
    struct mapping *m = make("url $.a.b\nopaque $.c[*]");
    const struct rules *r = mapping_global(m);

    (void)state;
    assert_true(rules_root(mapping_global(plain))->inert);
    assert_false(rules_root(r)->inert);
    assert_false(walk(r, REQUEST, "a")->inert);
    assert_non_null(walk(r, REQUEST, "a.b")->value[REQUEST]);
    assert_true(walk(r, REQUEST, "a.b.c")->inert);
    assert_true(walk(r, REQUEST, "x")->inert);
    assert_true(walk(r, REQUEST, "a[]")->inert);
    assert_true(walk(r, REQUEST, "c[]")->opaque);
    assert_true(walk(r, REQUEST, "c.any")->opaque);
    mapping_unref(&plain);
    mapping_unref(&m);
}

static void the_root_itself_can_be_selected(void **state)
{
    struct mapping *m = make("url $"), *opaque = make("opaque $");

    (void)state;
    assert_int_equal(rules_root(mapping_global(m))->value[REQUEST]->kind, VALUE_URL);
    assert_true(rules_root(mapping_global(opaque))->opaque);
    mapping_unref(&m);
    mapping_unref(&opaque);
}

static const struct value_rule *value_at(const struct mapping *m, size_t route, enum direction d,
                                         const char *way)
{
    size_t count;
    const struct route *const *routes = mapping_routes(m, &count);

    assert_true(route < count);
    return walk(routes[route]->rules, d, way)->value[d];
}

static void the_narrower_and_the_earlier_value_rule_applies(void **state)
{
    struct mapping *m = make("url $..a\n"
                             "words $..a\n"
                             "words $..b response\n"
                             "name $..b\n"
                             "route /x /y GET\n"
                             "name $..a request\n"
                             "resource r GET\n"
                             "map $.a k=v\n"
                             "opaque $.b\n");

    (void)state;
    assert_int_equal(walk(mapping_global(m), REQUEST, "z.a")->value[REQUEST]->kind, VALUE_URL);
    assert_int_equal(walk(mapping_global(m), REQUEST, "b")->value[REQUEST]->kind, VALUE_NAME);
    assert_int_equal(walk(mapping_global(m), RESPONSE, "b")->value[RESPONSE]->kind, VALUE_WORDS);
    assert_int_equal(value_at(m, 0, REQUEST, "a")->kind, VALUE_NAME);
    assert_int_equal(value_at(m, 0, RESPONSE, "a")->kind, VALUE_URL);
    assert_int_equal(value_at(m, 1, REQUEST, "a")->kind, VALUE_MAP);
    assert_int_equal(value_at(m, 1, REQUEST, "z.a")->kind, VALUE_NAME);
    assert_null(value_at(m, 1, REQUEST, "b"));
    assert_non_null(value_at(m, 1, REQUEST, "z.b"));
    mapping_unref(&m);
}

static void tables_merge_resource_over_route_over_global(void **state)
{
    struct mapping *m = make("field a A\nfield b B\nopaque $.g\ncollisions response reject\n"
                             "route /x /y GET\n"
                             "field b BB\nfield c C\nopaque $.r\ncollisions request keep\n"
                             "resource z GET\n"
                             "field a -\nopaque $.z\n"
                             "route /v /w GET\n");
    size_t count;
    const struct route *const *routes = mapping_routes(m, &count);
    const struct rules *route = routes[0]->rules, *resource = routes[1]->rules;

    (void)state;
    assert_ptr_equal(routes[2]->rules, mapping_global(m));
    assert_string_equal(leaves_as(route, REQUEST, "a"), "A");
    assert_string_equal(leaves_as(route, REQUEST, "b"), "BB");
    assert_string_equal(leaves_as(route, RESPONSE, "B"), "B");
    assert_string_equal(leaves_as(resource, REQUEST, "a"), "a");
    assert_string_equal(leaves_as(resource, REQUEST, "b"), "BB");
    assert_string_equal(leaves_as(resource, REQUEST, "c"), "C");
    assert_true(walk(resource, REQUEST, "g")->opaque && walk(resource, REQUEST, "r")->opaque);
    assert_true(walk(resource, REQUEST, "z")->opaque && !walk(route, REQUEST, "z")->opaque);
    assert_int_equal(rules_collisions(mapping_global(m), REQUEST), COLLISION_REJECT);
    assert_int_equal(rules_collisions(mapping_global(m), RESPONSE), COLLISION_REJECT);
    assert_int_equal(rules_collisions(resource, REQUEST), COLLISION_KEEP);
    assert_int_equal(rules_collisions(resource, RESPONSE), COLLISION_REJECT);
    const struct opaque_path *opaque = rules_opaque(resource, &count);
    assert_int_equal(count, 3);
    assert_true(text_eq(opaque[0].at, TEXT("$.z")) && opaque[0].where.line == 12);
    assert_true(text_eq(opaque[2].at, TEXT("$.g")));
    mapping_unref(&m);
}

static void collisions_default_to_reject_and_keep(void **state)
{
    struct mapping *m = make("");

    (void)state;
    assert_int_equal(rules_collisions(mapping_global(m), REQUEST), COLLISION_REJECT);
    assert_int_equal(rules_collisions(mapping_global(m), RESPONSE), COLLISION_KEEP);
    assert_true(rules_idle(mapping_global(m), REQUEST));
    assert_true(rules_idle(mapping_global(m), RESPONSE));
    mapping_unref(&m);
}

static void a_direction_without_rules_is_idle(void **state)
{
    static const struct {
        const char *lines;
        bool request, response;
    } cases[] = {
        {"field a b", false, false},
        {"field a b request", false, true},
        {"field a b response $.x", true, false},
        {"url $.x response", true, false},
        {"opaque $.x", true, true},
        {"word a b\nheader a b\nnames_in s", true, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mapping *m = make(cases[i].lines);

        assert_int_equal(rules_idle(mapping_global(m), REQUEST), cases[i].request);
        assert_int_equal(rules_idle(mapping_global(m), RESPONSE), cases[i].response);
        mapping_unref(&m);
    }
}

static void check_text(struct text got, const char *expected)
{
    if (!expected)
        assert_null(got.at);
    else if (!got.at || !text_eq(got, text_from(expected)))
        fail_msg("\"%.*s\" is not \"%s\"", got.at ? (int)got.len : 6, got.at ? got.at : "absent",
                 expected);
}

static void values_headers_and_names_become_the_other_side(void **state)
{
    struct mapping *m = make("map $.t data_product=workspace,b=c\n"
                             "header X-Data-Product-Id X-Workspace-Id\n"
                             "field dataProductId workspaceId\nfield scoped SCOPED $.x\n"
                             "field in up request\nnames_in sort\nnames_in fields\n");
    const struct rules *r = mapping_global(m);
    const struct value_rule *v = rules_value_at(r, 0);

    (void)state;
    assert_int_equal(rules_value_count(r), 1);
    check_text(rules_map_value(v, REQUEST, TEXT("data_product")), "workspace");
    check_text(rules_map_value(v, RESPONSE, TEXT("workspace")), "data_product");
    check_text(rules_map_value(v, REQUEST, TEXT("workspace")), NULL);
    check_text(rules_map_value(v, REQUEST, TEXT("")), NULL);
    check_text(rules_header(r, REQUEST, TEXT("x-data-PRODUCT-id")), "X-Workspace-Id");
    check_text(rules_header(r, RESPONSE, TEXT("X-WORKSPACE-ID")), "X-Data-Product-Id");
    check_text(rules_header(r, REQUEST, TEXT("X-Workspace-Id")), NULL);
    check_text(rules_rename(r, REQUEST, TEXT("dataProductId")), "workspaceId");
    check_text(rules_rename(r, RESPONSE, TEXT("workspaceId")), "dataProductId");
    check_text(rules_rename(r, REQUEST, TEXT("workspaceId")), NULL);
    check_text(rules_rename(r, REQUEST, TEXT("scoped")), NULL);
    check_text(rules_rename(r, RESPONSE, TEXT("up")), NULL);
    assert_true(rules_parameter(r, REQUEST, TEXT("up")) == rules_parameter(r, REQUEST, TEXT("in")));
    assert_null(rules_parameter(r, REQUEST, TEXT("scoped")));
    assert_true(rules_names_in(r, TEXT("sort")) && rules_names_in(r, TEXT("fields")));
    assert_false(rules_names_in(r, TEXT("sor")));
    mapping_unref(&m);
}

static void pairs_are_listed_as_they_were_written(void **state)
{
    struct mapping *m = make("word a~b c\nword d e\nheader X-A X-B\nmap $.x k=v,l=w\n"
                             "names_in sort\nnames_in sort\nnames_in include");
    const struct rules *r = mapping_global(m);
    struct text client, upstream;

    (void)state;
    assert_true(rules_word_at(r, 0, &client, &upstream));
    check_text(client, "a b");
    check_text(upstream, "c");
    assert_true(rules_word_at(r, 1, &client, &upstream));
    assert_false(rules_word_at(r, 2, &client, &upstream));
    assert_true(rules_header_at(r, 0, &client, &upstream));
    check_text(client, "X-A");
    check_text(upstream, "X-B");
    assert_false(rules_header_at(r, 1, &client, &upstream));
    assert_true(rules_map_at(rules_value_at(r, 0), 1, &client, &upstream));
    check_text(client, "l");
    check_text(upstream, "w");
    assert_false(rules_map_at(rules_value_at(r, 0), 2, &client, &upstream));
    check_text(rules_names_in_at(r, 1), "include");
    check_text(rules_names_in_at(r, 2), NULL);
    mapping_unref(&m);
}

static void a_header_may_be_longer_than_any_name(void **state)
{
    struct mapping *m = make("header A B");
    char name[1000];

    (void)state;
    memset(name, 'a', sizeof name);
    check_text(rules_header(mapping_global(m), REQUEST, text_of(name, sizeof name)), NULL);
    mapping_unref(&m);
}

/* Counting a path by hand: every way of four keys against what the path says. */
static bool is_selected(const char *const *way, size_t len)
{
    /* $.a..b.*: an "a", then anything, then a "b" before the last */
    if (len < 3 || strcmp(way[0], "a") != 0)
        return false;
    return strcmp(way[len - 2], "b") == 0;
}

static void the_automaton_agrees_with_the_path(void **state)
{
    static const char *const keys[] = {"a", "b", "z", "[]"};
    struct mapping *m = make("url $.a..b.*");
    const struct rules *r = mapping_global(m);

    (void)state;
    for (unsigned code = 0; code < 4 * 4 * 4 * 4 * 4 * 4; code++) {
        const char *way[6];
        char text[64] = "";

        for (size_t i = 0; i < 6; i++) {
            way[i] = keys[code >> 2 * i & 3];
            snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s",
                     i && way[i][0] != '[' ? "." : "", way[i]);
            bool selected = walk(r, REQUEST, text)->value[REQUEST] != NULL;
            if (selected != is_selected(way, i + 1))
                fail_msg("%s", text);
        }
    }
    mapping_unref(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_found_by_length_and_bytes),
        cmocka_unit_test(members_are_renamed_by_the_pair_in_force),
        cmocka_unit_test(paths_follow_client_names_in_both_directions),
        cmocka_unit_test(an_opaque_place_stays_so),
        cmocka_unit_test(where_no_path_can_match_the_place_is_inert),
        cmocka_unit_test(the_root_itself_can_be_selected),
        cmocka_unit_test(the_narrower_and_the_earlier_value_rule_applies),
        cmocka_unit_test(tables_merge_resource_over_route_over_global),
        cmocka_unit_test(collisions_default_to_reject_and_keep),
        cmocka_unit_test(a_direction_without_rules_is_idle),
        cmocka_unit_test(values_headers_and_names_become_the_other_side),
        cmocka_unit_test(pairs_are_listed_as_they_were_written),
        cmocka_unit_test(a_header_may_be_longer_than_any_name),
        cmocka_unit_test(the_automaton_agrees_with_the_path),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
