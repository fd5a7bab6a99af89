/* Listening addresses. */
#include "unit/front/stage.h"

#include <sys/stat.h>

static void forms(void **state)
{
    static const char *const good[] = {"0.0.0.0:8080", "[::]:8080", "127.0.0.1:0",
                                       "[::1]:65535",  "unix:/a/b", "unix:relative"};
    static const char *const bad[] = {"",         "8080",       ":8080",       "localhost:80",
                                      "1.2.3:80", "1.2.3.4",    "1.2.3.4:",    "1.2.3.4:x",
                                      "::1:80",   "[::1]",      "[1.2.3.4]:1", "1.2.3.4:65536",
                                      "unix:",    "1.2.3.4:-1", "[::1:80",     "1.2.3.4:+1"};

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        if (!address_valid(text_from(good[i])))
            fail_msg("refused %s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (address_valid(text_from(bad[i])))
            fail_msg("accepted %s", bad[i]);
    char bound[ADDRESS_TEXT_MAX];
    errno = 0;
    assert_int_equal(address_listen(TEXT("nonsense"), bound), -1);
    assert_int_equal(errno, EINVAL);
}

static void port_0_tells_the_real_one(void **state)
{
    static const char *const cases[] = {"127.0.0.1:0", "[::1]:0"};

    (void)state;
    for (int i = 0; i < 2; i++) {
        char bound[ADDRESS_TEXT_MAX];
        int fd = address_listen(text_from(cases[i]), bound);

        if (fd < 0 && i == 1)
            continue; /* no IPv6 here */
        assert_true(fd >= 0);
        assert_true(strncmp(bound, cases[i], strlen(cases[i]) - 1) == 0);
        assert_int_not_equal(atol(strrchr(bound, ':') + 1), 0);
        assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK && fcntl(fd, F_GETFD) & FD_CLOEXEC);
        close(fd);
    }
}

/* A second instance fails, though others of this one join. */
static void a_second_instance_fails(void **state)
{
    char bound[ADDRESS_TEXT_MAX];
    char again[ADDRESS_TEXT_MAX];
    int first = address_listen(TEXT("127.0.0.1:0"), bound);

    (void)state;
    errno = 0;
    assert_int_equal(address_listen(text_from(bound), again), -1);
    assert_int_equal(errno, EADDRINUSE);
    int second = address_join(first);
    assert_true(second >= 0);
    int third = address_join(second);
    assert_true(third >= 0);
    errno = 0;
    assert_int_equal(address_listen(text_from(bound), again), -1);
    assert_int_equal(errno, EADDRINUSE);

    /* The kernel spreads connections over all three. */
    int fds[3] = {first, second, third};
    bool seen[3] = {false};
    for (int i = 0; i < 200; i++) {
        int client = connect_to(bound);

        assert_true(client >= 0);
        for (int k = 0; k < 3; k++) {
            int accepted = accept(fds[k], NULL, NULL);

            seen[k] |= accepted >= 0;
            if (accepted >= 0)
                close(accepted);
        }
        close(client);
    }
    assert_true(seen[0] && seen[1] && seen[2]);
    close(first);
    close(second);
    close(third);

    /* Closed connections linger in the kernel; a restart is not kept waiting. */
    first = address_listen(text_from(bound), again);
    assert_true(first >= 0);
    close(first);
}

static void unix_sockets(void **state)
{
    char path[64];
    char address[80];
    char bound[ADDRESS_TEXT_MAX];
    char dir[] = "/tmp/dpgw-address-XXXXXX";

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/s", dir);
    snprintf(address, sizeof address, "unix:%s", path);
    int first = address_listen(text_from(address), bound);
    assert_true(first >= 0);
    assert_string_equal(bound, address);
    errno = 0;
    assert_int_equal(address_listen(text_from(address), bound), -1);
    assert_int_equal(errno, EADDRINUSE);
    int second = address_join(first);
    assert_true(second >= 0);
    close(first);
    errno = 0;
    assert_int_equal(address_listen(text_from(address), bound), -1); /* the dup listens */
    assert_int_equal(errno, EADDRINUSE);
    close(second);
    first = address_listen(text_from(address), bound); /* stale: taken over */
    assert_true(first >= 0);
    close(first);

    /* Anything but a socket is left alone. */
    unlink(path);
    close(open(path, O_CREAT | O_WRONLY, 0600));
    errno = 0;
    assert_int_equal(address_listen(text_from(address), bound), -1);
    assert_int_equal(errno, EADDRINUSE);
    assert_int_equal(access(path, F_OK), 0);
    unlink(path);
    rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms),
        cmocka_unit_test(port_0_tells_the_real_one),
        cmocka_unit_test(a_second_instance_fails),
        cmocka_unit_test(unix_sockets),
    };
    (void)usual_limits;
    (void)stage_listen;
    (void)got;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
