#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/network.h"

static bool holds(const char *network, const char *address)
{
    struct networks networks = {.count = 1};

    if (!network_read(text_from(network), &networks.at[0]))
        fail_msg("%s was not read", network);
    return networks_hold(&networks, text_from(address));
}

static void addresses_in_a_range(void **state)
{
    static const char *const in[][2] = {
        {"10.0.0.0/8", "10.255.3.4"},
        {"10.0.0.1", "10.0.0.1"},
        {"10.0.0.0/9", "10.127.255.255"},
        {"0.0.0.0/0", "255.255.255.255"},
        {"192.0.2.6/31", "192.0.2.7"},
        {"192.0.2.7/32", "192.0.2.7"},
        {"::1/128", "::1"},
        {"::1", "0:0:0:0:0:0:0:1"},
        {"2001:db8::/33", "2001:db8:7fff::9"},
        {"::/0", "10.0.0.1"},
        {"10.0.0.0/8", "::ffff:10.1.2.3"},
        {"::ffff:10.0.0.0/104", "10.1.2.3"},
    };
    static const char *const out[][2] = {
        {"10.0.0.0/8", "11.0.0.0"},
        {"10.0.0.0/9", "10.128.0.0"},
        {"10.0.0.1", "10.0.0.2"},
        {"192.0.2.6/31", "192.0.2.8"},
        {"::1", "::2"},
        {"2001:db8::/33", "2001:db8:8000::"},
        {"0.0.0.0/0", "::1"},
        {"10.0.0.0/8", "unix"},
        {"::/0", ""},
        {"::/0", "10.0.0.1:80"},
        {"10.0.0.0/8", "a00::"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof in / sizeof in[0]; i++)
        if (!holds(in[i][0], in[i][1]))
            fail_msg("%s is not in %s", in[i][1], in[i][0]);
    for (size_t i = 0; i < sizeof out / sizeof out[0]; i++)
        if (holds(out[i][0], out[i][1]))
            fail_msg("%s is in %s", out[i][1], out[i][0]);
}

static void what_is_no_range(void **state)
{
    static const char *const rows[] = {
        "",
        "/",
        "/8",
        "10.0.0.0/",
        "10.0.0.0/33",
        "10.0.0.0/-1",
        "10.0.0.0/8 ",
        "10.0.0.0/0008",
        "10.0.0.1/8",
        "10.0.0/8",
        "::1/127",
        "::/129",
        "localhost",
        "[::1]",
        "unix",
        "10.0.0.0/8/8",
        "::1%lo",
        "0.0.0.1/0",
        "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb",
    };
    struct network network;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (network_read(text_from(rows[i]), &network))
            fail_msg("%s was read", rows[i]);
    assert_false(network_read(text_of("10.0.0.1\0", 9), &network));
}

static void several_and_none(void **state)
{
    struct networks networks = {0};

    (void)state;
    assert_false(networks_hold(&networks, TEXT("10.0.0.1")));
    assert_true(network_read(TEXT("::1"), &networks.at[0]));
    assert_true(network_read(TEXT("10.0.0.0/8"), &networks.at[1]));
    networks.count = 2;
    assert_true(networks_hold(&networks, TEXT("10.0.0.1")));
    assert_true(networks_hold(&networks, TEXT("::1")));
    assert_false(networks_hold(&networks, TEXT("::2")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_in_a_range),
        cmocka_unit_test(what_is_no_range),
        cmocka_unit_test(several_and_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
