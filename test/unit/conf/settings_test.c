#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "conf/settings.h"

enum { KIB = 1024, MIB = 1024 * 1024 };

/* What http.md's table says. */
static void the_defaults_are_those_of_the_document(void **state)
{
    struct settings s;

    (void)state;
    settings_standard(&s);
    assert_int_equal(s.limits.request_line, 8 * KIB);
    assert_int_equal(s.limits.request_head, 32 * KIB);
    assert_int_equal(s.limits.request_fields, 100);
    assert_int_equal(s.limits.body_json, 16 * MIB);
    assert_true(s.limits.body_other == UINT64_MAX);
    assert_int_equal(s.limits.request_buffer, 64 * KIB);
    assert_int_equal(s.limits.reply_buffer, 16 * KIB);
    assert_int_equal(s.limits.chunk_line, 4 * KIB);
    assert_int_equal(s.limits.trailers, 8 * KIB);
    assert_int_equal(s.limits.json_depth, 256);
    assert_int_equal(s.limits.json_number, 1 * KIB);
    assert_int_equal(s.limits.json_value, 64 * KIB);
    assert_int_equal(s.limits.response_head, 64 * KIB);
    assert_int_equal(s.limits.response_fields, 200);
    assert_int_equal(s.limits.connections, 10000);
    assert_int_equal(s.limits.connections_per_client, 0);
    assert_true(s.limits.memory == SETTINGS_AUTO);
    assert_int_equal(s.timeouts.request_rate, 100);
    assert_int_equal(s.limits.requests_per_connection, 10000);
    assert_int_equal(s.limits.exchanges, 4096);
    assert_int_equal(s.limits.upstream_connections, 256);
    assert_int_equal(s.limits.buffer_high, 256 * KIB);
    assert_int_equal(s.limits.buffer_low, 64 * KIB);
    assert_int_equal(s.timeouts.request_head, 10000);
    assert_int_equal(s.timeouts.request_body, 30000);
    assert_int_equal(s.timeouts.reply, 30000);
    assert_int_equal(s.timeouts.keep_alive, 60000);
    assert_int_equal(s.timeouts.upstream_connect, 3000);
    assert_int_equal(s.timeouts.upstream_first_byte, 60000);
    assert_int_equal(s.timeouts.upstream_between_bytes, 60000);
    assert_int_equal(s.timeouts.upstream_stream, 300000);
    assert_int_equal(s.timeouts.upstream_idle, 30000);
    assert_int_equal(s.timeouts.half_close, 5000);
    assert_int_equal(s.timeouts.exchange, 0);
    assert_int_equal(s.timeouts.drain, 30000);
    assert_int_equal(s.listen.count, 1);
    assert_true(text_eq(s.listen.at[0], TEXT("0.0.0.0:8080")));
    assert_int_equal(s.admin.count, 0);
    assert_int_equal(s.upstream.url.count, 0);
    assert_in_range(s.workers, 1, 256);
    assert_false(s.user.given);
    assert_false(s.core_dumps);
    assert_int_equal(s.log_level, LOG_INFO);
    assert_int_equal(s.log_format, LOG_LOGFMT);
}

static void every_row_has_a_key_and_a_description(void **state)
{
    (void)state;
    for (size_t i = 0; i < SETTINGS_COUNT; i++) {
        const struct setting *s = &settings_table[i];

        assert_ptr_equal(setting_find(text_from(s->key)), s);
        assert_true(strlen(s->about) > 5);
        assert_true(s->minimum <= s->maximum);
    }
    assert_null(setting_find(TEXT("limits.json")));
    assert_null(setting_find((struct text){0}));
}

/* True if VALUE is taken for KEY; otherwise it left one error. */
static bool takes(const char *key, const char *value, struct settings *to)
{
    struct diag *d = diag_new();
    struct where where = {.file = "t"};
    bool taken = setting_read(setting_find(text_from(key)), text_from(value), where, to, d);

    assert_int_equal(diag_errors(d), taken ? 0 : 1);
    diag_free(&d);
    return taken;
}

static void values_have_a_form(void **state)
{
    static const struct {
        const char *key, *good[6], *bad[10];
    } cases[] = {
        {"listen",
         {"127.0.0.1:0", "[::]:8080", "unix:/run/dpgw.sock", "127.0.0.1:1,127.0.0.1:2",
          "127.0.0.1:0, 127.0.0.1:0", "[::]:8443  proxy_protocol tls, unix:/run/dpgw.sock tls"},
         {"8080", ":8080", "127.0.0.1", "127.0.0.1:", "::1:80", "unix:", "127.0.0.1:65536",
          "127.0.0.1:1,", "127.0.0.1:1 tsl"}},
        {"admin",
         {"off", "127.0.0.1:9901", "unix:/x"},
         {"on", "localhost:1", "[::1:1", "127.0.0.1:000080", "256.0.0.1:1", "127.0.0.1:1x",
          "127.0.0.1:1 tls"}},
        {"upstream.url",
         {"http://127.0.0.1:9000", "http://service", "http://[::1]:80", "http://a-b_c:1",
          "https://a"},
         {"127.0.0.1:9000", "http://", "http://a/", "http://a?b", "http://a:b", "http://u@a",
          "https://", "http://a b", "http://[::1", "HTTP://a"}},
        {"upstream.host", {"upstream", "client"}, {"Client", "service", "none"}},
        {"trusted_hops",
         {"none", "10.0.0.0/8", "::1", "10.0.0.0/8, ::1/128,192.0.2.7"},
         {"off", "10.0.0.0/33", "10.0.0.1/8", "all", "::1,", "none,::1", "[::1]"}},
        {"workers", {"auto", "1", "256"}, {"0", "257", "1.5", "Auto", "-1", "two"}},
        {"user",
         {"none", "nobody", "nobody:root", "nobody:0", "65534", "4000000:4000000"},
         {"root", "0", "0:1", "root:nogroup", "nobody:no-such-group", "no-such-user", "4000000",
          "4294967295:1", "nobody:", ":nogroup"}},
        {"core_dumps", {"on", "off"}, {"True", "yes", "1"}},
        {"docs.serve", {"true", "false"}, {"FALSE", "no", "0"}},
        {"docs.document", {"data-products", "combined"}, {"workspaces", "all"}},
        {"docs.directory", {"auto", "/srv/api"}, {""}},
        {"log.level", {"error", "warn", "info", "debug"}, {"INFO", "warning", "1"}},
        {"log.format", {"json", "logfmt"}, {"text", "JSON"}},
        {"limits.json_depth", {"1", "10000"}, {"0", "10001", "256KiB", "unlimited", "1e3"}},
        {"limits.body_json", {"1", "16MiB", "unlimited"}, {"0", "off", "16MB", "-1", "none"}},
        {"limits.requests_per_connection", {"1", "unlimited"}, {"0", "many"}},
        {"limits.buffer_low", {"0", "64KiB"}, {"unlimited", "65MiB"}},
        {"limits.connections_per_client", {"off", "0", "1"}, {"unlimited", "10s", "-1", "1000001"}},
        {"limits.memory",
         {"auto", "off", "16MiB", "16777216"},
         {"16777215", "0", "unlimited", "80%"}},
        {"timeouts.request_rate", {"off", "0", "1", "100"}, {"100s", "1KiB", "unlimited"}},
        {"timeouts.drain", {"1ms", "24h"}, {"0", "off", "25h", "30", "unlimited"}},
        {"timeouts.exchange", {"off", "0", "0s", "10s"}, {"never", "10"}},
        {"mapping", {"m.yaml", "/a b"}, {""}},
        {"tls.certificates", {"none", "a.pem", "a.pem, b.pem"}, {"a.pem,,b.pem", ",a.pem"}},
        {"tls.client_auth", {"off", "optional", "require"}, {"on", "Require"}},
        {"tls.client_subject_header",
         {"X-Client-Subject", "none", "x-a1-b"},
         {"Subject", "X-", "X-A_B", "X-A B", "x-forwarded-for", "X-Request-Id", "X-A:"}},
        {"upstream.tls.server_name",
         {"none", "service.example", "10.0.0.1"},
         {"a:1", "[::1]", "a/b", "a b"}},
        {"upstream.tls.verify", {"on", "off"}, {"yes", "none"}},
    };
    struct settings s;

    (void)state;
    settings_standard(&s);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (size_t j = 0; j < 6 && cases[i].good[j]; j++)
            if (!takes(cases[i].key, cases[i].good[j], &s))
                fail_msg("%s: %s", cases[i].key, cases[i].good[j]);
        for (size_t j = 0; j < 10 && cases[i].bad[j]; j++)
            if (takes(cases[i].key, cases[i].bad[j], &s))
                fail_msg("%s: %s", cases[i].key, cases[i].bad[j]);
    }
}

static void a_bad_value_changes_nothing(void **state)
{
    struct settings s;

    (void)state;
    settings_standard(&s);
    assert_true(takes("limits.json_depth", "77", &s));
    assert_false(takes("limits.json_depth", "0", &s));
    assert_int_equal(s.limits.json_depth, 77);
}

static void words_follow_addresses(void **state)
{
    struct settings s;

    (void)state;
    settings_standard(&s);
    assert_true(takes("listen",
                      "127.0.0.1:1, 127.0.0.1:2 tls,127.0.0.1:3 proxy_protocol , "
                      "unix:/x proxy_protocol  tls",
                      &s));
    assert_int_equal(s.listen.count, 4);
    assert_true(text_eq(s.listen.at[1], TEXT("127.0.0.1:2")));
    assert_true(text_eq(s.listen.at[3], TEXT("unix:/x")));
    for (size_t i = 0; i < s.listen.count; i++) {
        assert_int_equal(s.listen.ways[i].tls, i == 1 || i == 3);
        assert_int_equal(s.listen.ways[i].proxy_protocol, i >= 2);
    }
    assert_false(takes("listen", "127.0.0.1:1 tls tls", &s));
    assert_false(takes("listen", "127.0.0.1:1 TLS", &s));
    assert_false(takes("listen", "127.0.0.1:1 tls, 127.0.0.1:1", &s));
    assert_false(takes("listen", " tls", &s));
}

static void listeners_have_a_number_and_an_end(void **state)
{
    struct settings s;

    (void)state;
    settings_standard(&s);
    assert_true(takes("listen", "127.0.0.1:1, 127.0.0.1:2,unix:/x", &s));
    assert_int_equal(s.listen.count, 3);
    assert_true(text_eq(s.listen.at[1], TEXT("127.0.0.1:2")));
    assert_true(text_eq(s.listen.at[2], TEXT("unix:/x")));
    assert_false(takes("listen", "127.0.0.1:1,127.0.0.1:1", &s));
    assert_true(takes("listen", "[::]:0,[::]:0,[::]:0,[::]:0,[::]:0,[::]:0,[::]:0,[::]:0", &s));
    assert_int_equal(s.listen.count, ADDRESSES_MAX);
    assert_false(
        takes("listen", "[::]:0,[::]:0,[::]:0,[::]:0,[::]:0,[::]:0,[::]:0,[::]:0,[::]:0", &s));
}

static void hops_have_an_end(void **state)
{
    struct settings s;
    struct diag *d = diag_new();
    const struct setting *hops = setting_find(TEXT("trusted_hops"));
    struct where where = {.file = "t"};

    (void)state;
    settings_standard(&s);
    assert_int_equal(s.trusted_hops.count, 0);
    assert_true(takes("trusted_hops", "10.0.0.0/8,::1", &s));
    assert_int_equal(s.trusted_hops.count, 2);
    assert_true(networks_hold(&s.trusted_hops, TEXT("10.9.9.9")));
    assert_true(takes("trusted_hops", "none", &s));
    assert_int_equal(s.trusted_hops.count, 0);
    for (size_t i = 0; i < NETWORKS_MAX; i++)
        assert_true(setting_add(hops, TEXT("::1"), where, &s, d));
    assert_false(setting_add(hops, TEXT("::1"), where, &s, d));
    diag_free(&d);
}

static void numbers_land_in_their_fields(void **state)
{
    struct settings s;

    (void)state;
    settings_standard(&s);
    assert_true(takes("limits.body_json", "unlimited", &s));
    assert_true(s.limits.body_json == UINT64_MAX);
    assert_true(takes("timeouts.exchange", "1h", &s));
    assert_int_equal(s.timeouts.exchange, 3600000);
    assert_true(takes("timeouts.exchange", "off", &s));
    assert_int_equal(s.timeouts.exchange, 0);
    assert_true(takes("user", "4000000:7", &s));
    assert_true(s.user.given && s.user.uid == 4000000 && s.user.gid == 7 && !s.user.name[0]);
    assert_true(takes("user", "nobody", &s));
    assert_string_equal(s.user.name, "nobody");
    assert_false(takes("user", "root", &s));
    assert_true(s.user.given && s.user.uid != 0);
    assert_true(takes("user", "none", &s) && !s.user.given);
    assert_true(takes("core_dumps", "on", &s) && s.core_dumps);
    assert_true(takes("docs.serve", "true", &s) && s.docs.serve);
    assert_true(takes("docs.serve", "off", &s) && !s.docs.serve);
    assert_true(takes("docs.document", "combined", &s));
    assert_int_equal(s.docs.document, DOCUMENT_COMBINED);
    assert_true(takes("workers", "7", &s));
    assert_int_equal(s.workers, 7);
    assert_true(takes("log.level", "debug", &s) && takes("log.format", "json", &s));
    assert_int_equal(s.log_level, LOG_DEBUG);
    assert_int_equal(s.log_format, LOG_JSON);
    assert_true(takes("admin", "127.0.0.1:1", &s) && s.admin.count == 1);
    assert_true(takes("admin", "off", &s) && s.admin.count == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_defaults_are_those_of_the_document),
        cmocka_unit_test(every_row_has_a_key_and_a_description),
        cmocka_unit_test(values_have_a_form),
        cmocka_unit_test(a_bad_value_changes_nothing),
        cmocka_unit_test(words_follow_addresses),
        cmocka_unit_test(listeners_have_a_number_and_an_end),
        cmocka_unit_test(hops_have_an_end),
        cmocka_unit_test(numbers_land_in_their_fields),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
