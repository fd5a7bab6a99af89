#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "conf/conf.h"

#define FOLDER "test/config/"
#define SOUND  FOLDER "sound.gateway.yaml"

static char *const nothing_set[] = {NULL};

/* The complaints in D as they are printed, on the heap. */
static char *printed(struct diag *d)
{
    char *text = NULL;
    size_t len;
    FILE *to = open_memstream(&text, &len);

    diag_print(d, to, false);
    fclose(to);
    char *copy = strdup(text);
    free(text);
    return copy;
}

static char *contents(const char *file)
{
    static char space[1 << 16];
    FILE *from = fopen(file, "r");

    if (!from)
        fail_msg("%s is missing", file);
    space[fread(space, 1, sizeof space - 1, from)] = 0;
    fclose(from);
    return space;
}

/* FILE loaded with COUNT --set arguments; NULL after complaints, which are in D. */
static struct conf *load(const char *file, const char *const *set, size_t count, struct diag *d)
{
    const struct conf_overrides overrides = {set, count};

    return conf_load(file, &overrides, nothing_set, d);
}

/* --- bad files --------------------------------------------------------------------- */

/* The case EXPECTED, such as "tab.mapping.expected": its file gives just that. */
static void check_case(const char *expected)
{
    char file[300], set[320], answer[300];
    const char *const overrides[] = {set};
    struct diag *d = diag_new();
    int stem = (int)(strlen(expected) - strlen(".expected"));
    bool mapping = strstr(expected, ".mapping.") != NULL;

    snprintf(answer, sizeof answer, FOLDER "%s", expected);
    snprintf(file, sizeof file, FOLDER "%.*s.yaml", stem, expected);
    snprintf(set, sizeof set, "mapping=%s", file);
    assert_null(mapping ? load(SOUND, overrides, 1, d) : load(file, NULL, 0, d));
    char *complaints = printed(d);
    assert_string_equal(complaints, contents(answer));
    free(complaints);
    diag_free(&d);
}

static void every_bad_file_has_its_complaints(void **state)
{
    DIR *folder = opendir(FOLDER);
    int cases = 0;

    (void)state;
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        if (!strstr(entry->d_name, ".expected"))
            continue;
        check_case(entry->d_name);
        cases++;
    }
    closedir(folder);
    assert_in_range(cases, 40, 1000);
}

static void five_mistakes_are_five_complaints(void **state)
{
    struct diag *d = diag_new();

    (void)state;
    assert_null(load(FOLDER "five-mistakes.gateway.yaml", NULL, 0, d));
    assert_int_equal(diag_errors(d), 5);
    diag_free(&d);
}

static void a_missing_file_is_named(void **state)
{
    struct diag *d = diag_new();

    (void)state;
    assert_null(load(FOLDER "missing.yaml", NULL, 0, d));
    char *complaints = printed(d);
    assert_string_equal(complaints, FOLDER "missing.yaml: error: can't read " FOLDER
                                           "missing.yaml: No such file or directory\n");
    free(complaints);
    diag_free(&d);
}

static void a_folder_is_no_file(void **state)
{
    struct diag *d = diag_new();

    (void)state;
    assert_null(load("test/config", NULL, 0, d));
    char *complaints = printed(d);
    assert_string_equal(complaints, "test/config: error: can't read test/config: Is a directory\n");
    free(complaints);
    diag_free(&d);
}

/* --- good files ---------------------------------------------------------------------- */

static void a_sound_pair_of_files_is_taken(void **state)
{
    struct diag *d = diag_new();
    struct conf *c = load(SOUND, NULL, 0, d);
    const struct route *route;

    (void)state;
    assert_non_null(c);
    assert_int_equal(diag_errors(d), 0);
    assert_string_equal(c->file, SOUND);
    assert_true(text_eq(c->settings.mapping_file, TEXT(FOLDER "sound.mapping.yaml")));
    assert_true(text_eq(c->settings.upstream.url.at[0], TEXT("http://127.0.0.1:9000")));
    assert_int_equal(mapping_route(c->mapping, HTTP_GET, TEXT("/products"), &route), ROUTE_FOUND);
    conf_unref(&c);
    assert_null(c);
    diag_free(&d);
}

static void the_mapping_outlives_the_settings(void **state)
{
    struct diag *d = diag_new();
    struct conf *c = load(SOUND, NULL, 0, d);
    struct mapping *m = mapping_ref(c->mapping);
    size_t count;

    (void)state;
    conf_unref(&c);
    diag_free(&d);
    const struct route *const *routes = mapping_routes(m, &count);
    assert_int_equal(count, 1);
    assert_string_equal(routes[0]->where.file, FOLDER "sound.mapping.yaml");
    assert_int_equal(routes[0]->where.line, 3);
    mapping_unref(&m);
}

static void the_later_layer_wins(void **state)
{
    static char *const environment[] = {
        "HOME=/x",
        "DPGW_LIMITS__JSON_DEPTH=20",
        "DPGW_LOG__LEVEL=debug",
        "DPGW_LISTEN=127.0.0.1:1,127.0.0.1:2",
        "DPGW_CONFIG=elsewhere.yaml",
        NULL,
    };
    static const char *const set[] = {"limits.json_depth=30", "limits.json_depth=31",
                                      "upstream.url=http://there"};
    const struct conf_overrides overrides = {set, 3};
    struct diag *d = diag_new();
    struct conf *c = conf_load(SOUND, &overrides, environment, d);
    size_t complaints;

    (void)state;
    assert_non_null(c);
    diag_list(d, &complaints);
    assert_int_equal(complaints, 0);
    assert_int_equal(c->settings.limits.json_depth, 31);
    assert_int_equal(c->settings.log_level, LOG_DEBUG);
    assert_int_equal(c->settings.listen.count, 2);
    assert_true(text_eq(c->settings.upstream.url.at[0], TEXT("http://there")));
    assert_int_equal(c->settings.limits.json_number, 1024);
    conf_unref(&c);
    diag_free(&d);
}

/* A list in the file, an empty one, and a member that is no address. */
static void trusted_hops_may_be_a_list(void **state)
{
    static const struct {
        const char *line, *complaint;
        size_t count;
    } cases[] = {
        {"trusted_hops: [\"10.0.0.0/8\", \"::1/128\"]\n", "", 2},
        {"trusted_hops: []\n", "", 0},
        {"trusted_hops: [\"10.0.0.0/8\", \"here\"]\n",
         "trusted_hops can't be \"here\": it is an address or a range", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char file[] = "/tmp/dpgw-conf-test-XXXXXX";
        const char *const set[] = {"mapping=config/mapping.yaml"};
        FILE *to = fdopen(mkstemp(file), "w");
        struct diag *d = diag_new();
        fprintf(to, "version: 1\nupstream: {url: \"http://there\"}\n%s", cases[i].line);
        fclose(to);
        struct conf *c = load(file, set, 1, d);
        char *complaints = printed(d);
        assert_non_null(strstr(complaints, cases[i].complaint));
        assert_true(*cases[i].complaint ? !c : c->settings.trusted_hops.count == cases[i].count);
        free(complaints);
        conf_unref(&c);
        diag_free(&d);
        unlink(file);
    }
}

static void a_bad_value_is_told_even_where_it_is_hidden(void **state)
{
    static char *const environment[] = {"DPGW_LIMITS__JSON_DEPTH=deep", NULL};
    static const char *const set[] = {"limits.json_depth=30"};
    const struct conf_overrides overrides = {set, 1};
    struct diag *d = diag_new();

    (void)state;
    assert_null(conf_load(SOUND, &overrides, environment, d));
    char *complaints = printed(d);
    assert_string_equal(complaints, "DPGW_LIMITS__JSON_DEPTH: error: limits.json_depth can't be "
                                    "\"deep\": it is a number in digits, without a unit\n");
    free(complaints);
    diag_free(&d);
}

static void unknown_variables_are_only_warned_of(void **state)
{
    static char *const environment[] = {
        "DPGW_SERVICE_HOST=10.0.0.1", "DPGW_LIMITS__JSON_DETPH=5", "DPGW_=x", "DPGW_ODD", NULL,
    };
    struct diag *d = diag_new();
    struct conf *c = conf_load(SOUND, NULL, environment, d);

    (void)state;
    assert_non_null(c);
    assert_int_equal(diag_errors(d), 0);
    char *complaints = printed(d);
    assert_string_equal(complaints, "environment: warning: DPGW_SERVICE_HOST is no setting\n"
                                    "environment: warning: DPGW_LIMITS__JSON_DETPH is no setting\n"
                                    "      = did you mean DPGW_LIMITS__JSON_DEPTH?\n"
                                    "environment: warning: DPGW_ is no setting\n");
    free(complaints);
    conf_unref(&c);
    diag_free(&d);
}

static void overrides_are_checked_like_the_rest(void **state)
{
    static const char *const set[] = {"limits.json_detph=5", "log.level", "workers=none", "=x"};
    struct diag *d = diag_new();

    (void)state;
    assert_null(load(SOUND, set, 4, d));
    char *complaints = printed(d);
    assert_string_equal(complaints, "--set: error: limits.json_detph is no setting\n"
                                    "      = did you mean limits.json_depth?\n"
                                    "--set: error: \"log.level\" is not of the form key=value\n"
                                    "--set: error: workers can't be \"none\": it is auto or a "
                                    "number\n"
                                    "--set: error:  is no setting\n");
    free(complaints);
    diag_free(&d);
}

static void it_is_told_where_each_setting_came_from(void **state)
{
    static char *const environment[] = {"DPGW_WORKERS=3", NULL};
    static const char *const set[] = {"log.level=warn"};
    const struct conf_overrides overrides = {set, 1};
    struct diag *d = diag_new();
    struct conf *c = conf_load(SOUND, &overrides, environment, d);
    char *text = NULL;
    size_t len;
    FILE *to = open_memstream(&text, &len);

    (void)state;
    conf_print(c, to);
    fclose(to);
    assert_non_null(strstr(text, "\nupstream.url                        http://127.0.0.1:9000    "
                                 "test/config/sound.gateway.yaml:2\n"));
    assert_non_null(strstr(text, "\nworkers                             3                        "
                                 "$DPGW_WORKERS\n"));
    assert_non_null(strstr(text, "\nlog.level                           warn                     "
                                 "--set\n"));
    assert_non_null(strstr(text, "\nlimits.json_depth                   256                      "
                                 "default\n"));
    size_t lines = 0;
    for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    assert_int_equal(lines, SETTINGS_COUNT);
    free(text);
    conf_unref(&c);
    diag_free(&d);
}

static void a_hundred_complaints_are_enough(void **state)
{
    char file[] = "/tmp/dpgw-conf-test-XXXXXX";
    char set[64];
    const char *const overrides[] = {set};
    int fd = mkstemp(file);
    FILE *to = fdopen(fd, "w");
    struct diag *d = diag_new();

    (void)state;
    fputs("version: 1\n", to);
    for (int i = 0; i < 150; i++)
        fprintf(to, "odd-key-%d: 1\n", i);
    fclose(to);
    snprintf(set, sizeof set, "mapping=%s", file);
    assert_null(load(SOUND, overrides, 1, d));
    assert_int_equal(diag_errors(d), 150);
    char *complaints = printed(d);
    assert_non_null(strstr(complaints, "\n50 more not shown\n"));
    free(complaints);
    diag_free(&d);
    unlink(file);
}

static void the_file_is_found_where_it_may_be(void **state)
{
    (void)state;
    unsetenv("DPGW_CONFIG");
    assert_string_equal(conf_find(NULL), "config/gateway.yaml");
    assert_string_equal(conf_find("given.yaml"), "given.yaml");
    setenv("DPGW_CONFIG", "named.yaml", 1);
    assert_string_equal(conf_find(NULL), "named.yaml");
    assert_string_equal(conf_find("given.yaml"), "given.yaml");
    setenv("DPGW_CONFIG", "", 1);
    assert_string_equal(conf_find(NULL), "config/gateway.yaml");
    unsetenv("DPGW_CONFIG");
}

/* --- the samples ------------------------------------------------------------------------ */

static void the_sample_has_every_setting_with_its_default(void **state)
{
    const char *sample = contents("config/gateway.yaml");

    (void)state;
    for (size_t i = 0; i < SETTINGS_COUNT; i++) {
        const struct setting *s = &settings_table[i];
        char line[200];

        if (strncmp(s->key, "limits.", 7) != 0 && strncmp(s->key, "timeouts.", 9) != 0)
            continue;
        snprintf(line, sizeof line, "\n  # %s: %s ", strchr(s->key, '.') + 1, s->standard);
        if (!strstr(sample, line))
            fail_msg("config/gateway.yaml lacks: %s", line + 1);
    }
}

static void the_sample_is_sound_with_every_comment_taken_off(void **state)
{
    char file[] = "/tmp/dpgw-conf-test-XXXXXX";
    const char *const set[] = {"mapping=config/mapping.yaml"};
    FILE *to = fdopen(mkstemp(file), "w");
    struct diag *d = diag_new();

    (void)state;
    for (const char *at = contents("config/gateway.yaml"); *at;) {
        size_t len = strcspn(at, "\n") + 1, inside = strspn(at, " ");

        if (inside > 0 && strncmp(at + inside, "# ", 2) == 0)
            fprintf(to, "%.*s%.*s", (int)inside, at, (int)(len - inside - 2), at + inside + 2);
        else
            fprintf(to, "%.*s", (int)len, at);
        at += len;
    }
    fclose(to);
    struct conf *c = load(file, set, 1, d);
    char *complaints = printed(d);
    assert_string_equal(complaints, "");
    for (size_t i = 0; i < SETTINGS_COUNT; i++)
        if (strcmp(settings_table[i].key, "mapping") != 0)
            assert_int_equal(c->origins[i].source, CONF_FILE);
    free(complaints);
    conf_unref(&c);
    diag_free(&d);
    unlink(file);
}

/* product.md's table: client path below the account, methods, service path. */
static void the_sample_mapping_mirrors_the_whole_api(void **state)
{
#define BASE "/api/v1/accounts/a/"
    static const struct {
        const char *client, *methods, *upstream;
    } rows[] = {
        {"data-products", "GET POST", "workspaces"},
        {"data-products/7", "GET PATCH DELETE", "workspaces/7"},
        {"data-products/7/semantic-models", "GET POST PATCH", "workspaces/7/semantic-models"},
        {"data-products/7/semantic-models/x/y", "GET POST PATCH",
         "workspaces/7/semantic-models/x/y"},
        {"data-products/7/verified-queries/q", "GET POST DELETE",
         "workspaces/7/verified-queries/q"},
        {"data-products/7/system-prompts/q", "GET POST DELETE", "workspaces/7/system-prompts/q"},
        {"data-products/7/front-page-configs", "GET POST DELETE",
         "workspaces/7/front-page-configs"},
        {"data-products/7/data-assets", "GET PATCH", "workspaces/7/data-assets"},
        {"data-products/7/chat", "POST", "workspaces/7/chat"},
        {"data-products/7/chat/stream", "POST", "workspaces/7/chat/stream"},
        {"data-products/7/skills/s", "GET PUT DELETE", "workspaces/7/skills/s"},
        {"data-products/7/unstructured-assets", "GET POST PATCH DELETE",
         "workspaces/7/unstructured-assets"},
        {"data-products/7/users", "GET PATCH", "workspaces/7/users"},
        {"data-products/7/compositions/c", "GET POST DELETE", "workspaces/7/compositions/c"},
        {"workspaces", "GET POST PUT PATCH DELETE", "workspaces"},
        {"workspaces/7/anything/at/all", "GET POST PUT PATCH DELETE",
         "workspaces/7/anything/at/all"},
    };
    static const enum http_method methods[] = {HTTP_GET, HTTP_POST, HTTP_PUT, HTTP_PATCH,
                                               HTTP_DELETE};
    struct diag *d = diag_new();
    struct conf *c = load("config/gateway.yaml", NULL, 0, d);
    size_t complaints;

    (void)state;
    diag_list(d, &complaints);
    assert_int_equal(complaints, 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char path[200];
        const struct route *route = NULL;
        struct buf upstream;

        snprintf(path, sizeof path, BASE "%s", rows[i].client);
        for (size_t m = 0; m < sizeof methods / sizeof methods[0]; m++) {
            const char *name = http_method_name(methods[m]).at;
            bool listed = strstr(rows[i].methods, name) != NULL;
            enum route_verdict verdict =
                mapping_route(c->mapping, methods[m], text_from(path), &route);

            if (verdict != (listed ? ROUTE_FOUND : ROUTE_NO_METHOD))
                fail_msg("%s %s", name, path);
            if (listed)
                assert_int_equal(route_upstream_method(route, methods[m]), methods[m]);
        }
        buf_init(&upstream, 200);
        route_upstream_path(route, text_from(path), &upstream);
        snprintf(path, sizeof path, BASE "%s", rows[i].upstream);
        assert_true(text_eq(buf_text(&upstream), text_from(path)));
        buf_fini(&upstream);
    }
    const struct route *route;
    assert_int_equal(
        mapping_route(c->mapping, HTTP_GET, TEXT(BASE "data-products/7/chat-threads"), &route),
        ROUTE_NOT_FOUND);
    conf_unref(&c);
    diag_free(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_bad_file_has_its_complaints),
        cmocka_unit_test(five_mistakes_are_five_complaints),
        cmocka_unit_test(a_missing_file_is_named),
        cmocka_unit_test(a_folder_is_no_file),
        cmocka_unit_test(a_sound_pair_of_files_is_taken),
        cmocka_unit_test(the_mapping_outlives_the_settings),
        cmocka_unit_test(the_later_layer_wins),
        cmocka_unit_test(trusted_hops_may_be_a_list),
        cmocka_unit_test(a_bad_value_is_told_even_where_it_is_hidden),
        cmocka_unit_test(unknown_variables_are_only_warned_of),
        cmocka_unit_test(overrides_are_checked_like_the_rest),
        cmocka_unit_test(it_is_told_where_each_setting_came_from),
        cmocka_unit_test(a_hundred_complaints_are_enough),
        cmocka_unit_test(the_file_is_found_where_it_may_be),
        cmocka_unit_test(the_sample_has_every_setting_with_its_default),
        cmocka_unit_test(the_sample_is_sound_with_every_comment_taken_off),
        cmocka_unit_test(the_sample_mapping_mirrors_the_whole_api),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
