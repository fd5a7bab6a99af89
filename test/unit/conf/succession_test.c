#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "conf/succession.h"

#include <stdlib.h>

#define SOUND "test/config/sound.gateway.yaml"

static char *const nothing_set[] = {NULL};

/* What some settings can't be without. */
static const char *companion_of(const char *set)
{
    static const char *const pairs[][2] = {
        {"tls.certificates=", "tls.keys=test/config/sound.mapping.yaml"},
        {"tls.keys=", "tls.certificates=test/config/sound.mapping.yaml"},
        {"tls.client_auth=", "tls.client_ca=test/config/sound.mapping.yaml"},
        {"upstream.tls.certificate=", "upstream.tls.key=test/config/sound.mapping.yaml"},
        {"upstream.tls.key=", "upstream.tls.certificate=test/config/sound.mapping.yaml"},
    };

    for (size_t i = 0; set && i < sizeof pairs / sizeof pairs[0]; i++)
        if (strncmp(set, pairs[i][0], strlen(pairs[i][0])) == 0)
            return pairs[i][1];
    return NULL;
}

/* The sound pair of files, with SET ("key=value") besides unless NULL, and its companion. */
static struct conf *with(const char *set)
{
    const char *const sets[] = {set, companion_of(set)};
    const struct conf_overrides overrides = {sets, !set ? 0 : !sets[1] ? 1 : 2};
    struct diag *d = diag_new();
    struct conf *c = conf_load(SOUND, &overrides, nothing_set, d);

    if (!c)
        diag_print(d, stderr, false);
    assert_non_null(c);
    diag_free(&d);
    return c;
}

/* How many complaints there are about NEXT after NOW; the first one's message is copied. */
static size_t complaints_of(const char *now, const char *next, char message_out[256])
{
    struct conf *a = with(now), *b = with(next);
    struct diag *d = diag_new();
    bool may = conf_may_follow(a, b, d);
    size_t count;
    const struct complaint *list = diag_list(d, &count);

    assert_int_equal(may, count == 0);
    assert_int_equal(count, diag_errors(d));
    message_out[0] = 0;
    if (count > 0) {
        assert_string_equal(list[0].hint, "put it back, or restart the gateway");
        snprintf(message_out, 256, "%s", list[0].message);
    }
    diag_free(&d);
    conf_unref(&a);
    conf_unref(&b);
    return count;
}

static void the_same_may_follow(void **state)
{
    char message[256];

    (void)state;
    assert_int_equal(complaints_of(NULL, NULL, message), 0);
    assert_int_equal(complaints_of("workers=3", "workers=3", message), 0);
}

static const char *const fixed[] = {
#define X(key) key,
    SETTINGS_FIXED(X)
#undef X
};

static bool is_fixed(const char *key)
{
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
        if (strcmp(fixed[i], key) == 0)
            return true;
    return false;
}

/* Another good value of S than its default and the sound file's. */
static const char *another(const struct setting *s)
{
    switch (s->kind) {
    case SETTING_LISTENERS:
    case SETTING_ADDRESSES:
        return "127.0.0.1:7777";
    case SETTING_URL:
        return "http://127.0.0.1:7777";
    case SETTING_HOST:
        return "client";
    case SETTING_RELOAD:
        return "signal";
    case SETTING_NETWORKS:
        return "192.0.2.0/24";
    case SETTING_FILE:
        if (strstr(s->key, ".path"))
            return "/health";
        return strcmp(s->key, "mapping") == 0 ? "test/config/methods.mapping.yaml"
                                              : "test/config/sound.mapping.yaml";
    case SETTING_FILES:
        return strcmp(s->key, "tls.keys") == 0 ? "test/config/sound.gateway.yaml"
                                               : "test/config/sound.mapping.yaml";
    case SETTING_NAME:
        return "service.test";
    case SETTING_FIELD:
        return "X-Subject";
    case SETTING_AUTH:
        return "optional";
    case SETTING_WORKERS:
        return "7";
    case SETTING_USER:
        return "nobody";
    case SETTING_SWITCH:
        return "on";
    case SETTING_DOCUMENT:
        return "combined";
    case SETTING_LEVEL:
        return "warn";
    case SETTING_FORMAT:
        return "json";
    case SETTING_MEMORY:
        return "1GiB";
    case SETTING_SIZE:
        return strstr(s->key, "_head") || strstr(s->key, "_high") ? "129KiB" : "5KiB";
    case SETTING_NUMBER:
        return "77";
    case SETTING_TIME:
        return "7s";
    }
    return "";
}

/* Each setting in its turn: the fixed ones are named, the others may change. */
static void every_setting_is_either_fixed_or_live(void **state)
{
    char set[256], message[256], start[300];
    size_t kept = 0;

    (void)state;
    for (size_t i = 0; i < SETTINGS_COUNT; i++) {
        const struct setting *s = &settings_table[i];

        snprintf(set, sizeof set, "%s=%s", s->key, another(s));
        size_t complaints = complaints_of(NULL, set, message);
        snprintf(start, sizeof start, "%s can't change while the gateway runs: it is \"", s->key);
        if (complaints != (is_fixed(s->key) ? 1 : 0))
            fail_msg("%s: %zu complaints", set, complaints);
        if (complaints > 0)
            assert_memory_equal(message, start, strlen(start));
        kept += complaints;
    }
    assert_int_equal(kept, sizeof fixed / sizeof fixed[0]);
}

static void both_values_are_told(void **state)
{
    char message[256];

    (void)state;
    assert_int_equal(complaints_of("workers=2", "workers=3", message), 1);
    assert_string_equal(message,
                        "workers can't change while the gateway runs: it is \"2\", not \"3\"");
}

static void what_was_read_is_marked(void **state)
{
    struct conf *c = with(NULL);

    (void)state;
    assert_int_equal(c->file_count, 2);
    for (size_t i = 0; i < c->file_count; i++)
        assert_int_equal(c->files[i].content, file_mark_now(c->files[i].path));
    assert_string_equal(c->files[0].path, SOUND);
    assert_string_equal(c->files[1].path, "test/config/sound.mapping.yaml");
    conf_unref(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_may_follow),
        cmocka_unit_test(every_setting_is_either_fixed_or_live),
        cmocka_unit_test(both_values_are_told),
        cmocka_unit_test(what_was_read_is_marked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
