/*
 * The facts about evhttp 2.1.12 that the door relies on, each shown on evhttp
 * alone: a libevent for which one fails needs another door.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the above first */
#include <arpa/inet.h>
#include <cmocka.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char canonical[] = "GET / HTTP/1.1\r\n\r\n";

static struct event_base *base;
static struct evhttp *http;
static struct bufferevent *bev;
static struct evhttp_request *request;
static int requests;
static int closed;
static int client;

static struct bufferevent *on_accepted(struct event_base *on, void *arg)
{
    (void)arg;
    bev = bufferevent_socket_new(on, -1, BEV_OPT_CLOSE_ON_FREE);
    return bev;
}

static void on_request(struct evhttp_request *one, void *arg)
{
    (void)arg;
    request = one;
    requests++;
}

static void on_closed(struct evhttp_connection *connection, void *arg)
{
    (void)connection;
    (void)arg;
    closed++;
}

static int open_all(void **state)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof in;

    (void)state;
    bev = NULL;
    request = NULL;
    requests = closed = 0;
    base = event_base_new();
    http = evhttp_new(base);
    evhttp_set_bevcb(http, on_accepted, NULL);
    evhttp_set_gencb(http, on_request, NULL);
    struct evconnlistener *listener = evconnlistener_new_bind(
        base, NULL, NULL, LEV_OPT_CLOSE_ON_FREE, 16, (struct sockaddr *)&in, sizeof in);
    getsockname(evconnlistener_get_fd(listener), (struct sockaddr *)&in, &len);
    assert_non_null(evhttp_bind_listener(http, listener));
    client = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(client, (struct sockaddr *)&in, sizeof in), 0);
    while (!bev)
        event_base_loop(base, EVLOOP_NONBLOCK);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    close(client);
    evhttp_free(http);
    event_base_loop(base, EVLOOP_NONBLOCK);
    event_base_free(base);
    return 0;
}

/* The way to the connection before any request: the callbacks' argument. */
static struct evhttp_connection *connection_of(struct bufferevent *of)
{
    bufferevent_data_cb read_cb;
    bufferevent_data_cb write_cb;
    bufferevent_event_cb event_cb;
    void *argument;

    bufferevent_getcb(of, &read_cb, &write_cb, &event_cb, &argument);
    assert_true(read_cb && write_cb && event_cb && argument);
    return argument;
}

static void hand(void)
{
    evbuffer_prepend(bufferevent_get_input(bev), canonical, sizeof canonical - 1);
    bufferevent_trigger(bev, EV_READ, 0);
}

static void the_version_is_known(void **state)
{
    (void)state;
    assert_in_range(event_get_version_number(), 0x02010c00, 0x020200ff);
}

static void the_callbacks_argument_is_the_connection(void **state)
{
    (void)state;
    assert_ptr_equal(evhttp_connection_get_bufferevent(connection_of(bev)), bev);
}

static void the_front_of_the_input_is_not_frozen(void **state)
{
    struct evbuffer *input = bufferevent_get_input(bev);

    (void)state;
    bufferevent_setcb(bev, NULL, NULL, NULL, NULL);
    assert_int_equal(send(client, "b", 1, 0), 1);
    while (evbuffer_get_length(input) == 0)
        event_base_loop(base, EVLOOP_NONBLOCK);
    assert_int_equal(evbuffer_add(input, "c", 1), -1);
    assert_int_equal(evbuffer_prepend(input, "a", 1), 0);
    assert_int_equal(evbuffer_get_length(input), 2);
    assert_memory_equal(evbuffer_pullup(input, 2), "ab", 2);
    evbuffer_drain(input, 2);
}

/* Prepend and trigger: the request begins and all is consumed at once. */
static void a_canonical_head_is_consumed_at_once(void **state)
{
    (void)state;
    hand();
    assert_int_equal(requests, 1);
    assert_int_equal(evbuffer_get_length(bufferevent_get_input(bev)), 0);
    assert_false(bufferevent_get_enabled(bev) & EV_READ);
    assert_ptr_equal(evhttp_request_get_connection(request), connection_of(bev));
}

/* Nothing sent and nothing waiting: the end completes at once, 50 times. */
static void the_end_completes_at_once(void **state)
{
    (void)state;
    for (int i = 1; i <= 50; i++) {
        struct bufferevent *same = bev;

        hand();
        assert_int_equal(requests, i);
        bufferevent_setcb(bev, NULL, NULL, NULL, NULL); /* ours meanwhile */
        evhttp_send_reply_end(request);
        assert_ptr_equal(same, bev);
        assert_ptr_equal(evhttp_connection_get_bufferevent(connection_of(bev)), bev);
        assert_true(bufferevent_get_enabled(bev) & EV_READ);
        assert_int_equal(evbuffer_get_length(bufferevent_get_output(bev)), 0);
    }
}

/* Freeing the connection tells its callback and takes the request along. */
static void freeing_tells_the_close_callback(void **state)
{
    char byte;

    (void)state;
    hand();
    evhttp_connection_set_closecb(connection_of(bev), on_closed, NULL);
    evhttp_connection_free(connection_of(bev));
    assert_int_equal(closed, 1);
    event_base_loop(base, EVLOOP_NONBLOCK);
    assert_int_equal(recv(client, &byte, 1, 0), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_all, close_all)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_version_is_known),
        TEST(the_callbacks_argument_is_the_connection),
        TEST(the_front_of_the_input_is_not_frozen),
        TEST(a_canonical_head_is_consumed_at_once),
        TEST(the_end_completes_at_once),
        TEST(freeing_tells_the_close_callback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
