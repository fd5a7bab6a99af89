#include "watcher.h"

static void answer(struct line *line)
{
    say(line, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: 1\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n"
              "Connection: X-Hop\r\nX-Hop: 1\r\n\r\n");
    if (strncmp(line->head, "HEAD ", 5) != 0)
        say(line, "ok");
}

static void a_get_goes_up_and_its_reply_comes_down(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig, answer);
    struct watcher w = fetch_usual(&rig);
    assert_int_equal(w.dones, 1);
    assert_int_equal(w.status, 200);
    assert_string_equal(w.text, "ok");
    assert_true(w.has_length && w.length == 2 && w.framing == HTTP_LENGTH);
    assert_string_equal(w.fields, "X-A: 1\nSet-Cookie: a\nSet-Cookie: b\n");
    rig_shut(&rig);
}

/* Sends REQUEST, a body included, and returns the head the service saw. */
static const char *head_of(struct rig *rig, const struct upstream_request *request)
{
    struct watcher w = {.to_give = request->length, .rig = rig};

    fetch(&w, rig, request);
    assert_int_equal(w.dones, 1);
    return rig->service.lines[rig->service.connections - 1]->head;
}

static void the_head_holds_what_was_given_and_nothing_else(void **state)
{
    struct http_field fields[] = {
        {TEXT("Host"), TEXT("example.org")},
        {TEXT("X-Empty"), TEXT("")},
        {TEXT("Via"), TEXT("1.1 dpgw")},
        {TEXT("X-Two"), TEXT("a;b: c")},
        {TEXT("X-Two"), TEXT("d")},
        {TEXT("Content-Length"), TEXT("99")},
        {TEXT("Expect"), TEXT("100-continue")},
    };
    struct rig rig;

    (void)state;
    rig_open(&rig, answer);
    struct upstream_request request = usual_request(HTTP_GET, "/a");
    request.fields = (struct http_fields){fields, 7};
    assert_string_equal(head_of(&rig, &request),
                        "GET /a HTTP/1.1\r\nHost: example.org\r\nX-Empty:\r\nVia: 1.1 dpgw\r\n"
                        "X-Two: a;b: c\r\nX-Two: d\r\n\r\n");
    rig_shut(&rig);
}

static void a_field_alone_may_be_empty(void **state)
{
    struct http_field fields[] = {{TEXT("Host"), TEXT("a")}, {TEXT("X-Empty"), TEXT("")}};
    struct rig rig;

    (void)state;
    rig_open(&rig, answer);
    struct upstream_request request = usual_request(HTTP_GET, "/a");
    request.fields = (struct http_fields){fields, 2};
    assert_string_equal(head_of(&rig, &request), "GET /a HTTP/1.1\r\nHost: a\r\nX-Empty:\r\n\r\n");
    rig_shut(&rig);
}

/* The library has a field of its own to add, or to look for, by each of these names. */
static void fields_that_the_library_knows_go_up_as_they_are(void **state)
{
    static const char *const names[] = {
        "Accept", "Accept-Encoding", "Authorization", "Content-Type", "Cookie",
        "Range",  "Referer",         "User-Agent",    "Alt-Used",     "If-Modified-Since"};
    struct rig rig;

    (void)state;
    rig_open(&rig, answer);
    for (size_t i = 0; i < 2 * sizeof names / sizeof *names; i++) {
        struct http_field known = {text_from(names[i / 2]), TEXT("x")};
        struct http_field other = {TEXT("X-Other"), TEXT("y")};
        bool first = i % 2;
        struct http_field fields[] = {
            first ? known : other, first ? other : known, {TEXT("Host"), TEXT("a")}};
        struct upstream_request request = usual_request(HTTP_POST, "/a");
        char wanted[256];

        request.fields = (struct http_fields){fields, 3};
        request.framing = HTTP_LENGTH;
        request.whole = TEXT("ab");
        request.length = 2;
        snprintf(wanted, sizeof wanted,
                 "POST /a HTTP/1.1\r\nHost: a\r\n%s: %s\r\n%s: %s\r\nContent-Length: 2\r\n\r\n",
                 fields[0].name.at, fields[0].value.at, fields[1].name.at, fields[1].value.at);
        assert_string_equal(head_of(&rig, &request), wanted);
    }
    rig_shut(&rig);
}

static void an_accept_field_that_was_given_goes_up(void **state)
{
    struct http_field fields[] = {{TEXT("Host"), TEXT("h")}, {TEXT("accept"), TEXT("a/b")}};
    struct rig rig;

    (void)state;
    rig_open(&rig, answer);
    struct upstream_request request = usual_request(HTTP_GET, "/a");
    request.fields = (struct http_fields){fields, 2};
    assert_string_equal(head_of(&rig, &request),
                        "GET /a HTTP/1.1\r\nHost: h\r\naccept: a/b\r\n\r\n");
    rig_shut(&rig);
}

static void targets_go_up_byte_for_byte(void **state)
{
    static const char *const targets[] = {
        "/a%2Fb;v=1/%7e?x=%20&y=a|b",
        "/a/../b/./c//d",
        "/",
        "/?",
        "/??a=b?c",
        "/%e2%82%ac'()*!~",
        "/a:b@c$d,e+f=g",
        "/?q={}[]\\^`\"<>",
        "*",
    };
    struct rig rig;

    (void)state;
    rig_open(&rig, answer);
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        struct upstream_request request = usual_request(HTTP_OPTIONS, targets[i]);
        char start[128];

        snprintf(start, sizeof start, "OPTIONS %s HTTP/1.1\r\n", targets[i]);
        const char *head = head_of(&rig, &request);
        assert_true(strncmp(head, start, strlen(start)) == 0);
    }
    rig_shut(&rig);
}

static bool head_has(const char *head, const char *line)
{
    return strstr(head, line) != NULL;
}

static void every_method_goes_up_with_and_without_a_body(void **state)
{
    static const char *const names[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
    struct rig rig;

    (void)state;
    rig_open(&rig, answer);
    for (int round = 0; round < 2; round++) {
        for (int m = 0; m < HTTP_METHOD_COUNT; m++) {
            for (int body = 0; body < 4; body++) {
                struct upstream_request request = usual_request((enum http_method)m, "/m");
                bool empty = body == 0 || m == HTTP_HEAD;

                request.framing = body == 0 ? HTTP_NO_BODY : body == 3 ? HTTP_CHUNKED : HTTP_LENGTH;
                request.length = body == 0 ? 0 : 5;
                if (body == 1)
                    request.whole = TEXT("abcde");
                const char *head = head_of(&rig, &request);
                size_t len = strlen(names[m]);
                assert_true(strncmp(head, names[m], len) == 0 && head[len] == ' ');
                bool says_none = m == HTTP_POST || m == HTTP_PUT || m == HTTP_PATCH;
                assert_true(head_has(head, "\r\nContent-Length: 0\r\n") ==
                            (empty && says_none && body == 0));
                assert_true(head_has(head, "\r\nContent-Length: 5\r\n") ==
                            (!empty && (body == 1 || body == 2)));
                assert_true(head_has(head, "\r\nTransfer-Encoding: chunked\r\n") ==
                            (!empty && body == 3));
                assert_false(head_has(head, "Content-Type"));
                assert_false(head_has(head, "Expect"));
                assert_false(head_has(head, "User-Agent"));
            }
        }
    }
    assert_int_equal(rig.service.connections, 1);
    rig_shut(&rig);
}

static void bodies_of_all_sizes_arrive_whole(void **state)
{
    static const uint64_t sizes[] = {1, 1000, 65535, 65536, 65537, 200000, 3000000};
    static char whole[3000000];
    struct rig rig;

    (void)state;
    memset(whole, 'w', sizeof whole);
    rig_open(&rig, answer);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (int kind = 0; kind < 2; kind++) {
            struct upstream_request request = usual_request(HTTP_POST, "/m");
            struct watcher w = {.to_give = sizes[i]};

            request.framing = HTTP_LENGTH;
            request.length = sizes[i];
            if (kind == 0)
                request.whole = text_of(whole, sizes[i]);
            fetch(&w, &rig, &request);
            assert_int_equal(w.dones, 1);
            assert_int_equal(rig.service.lines[0]->body, sizes[i]);
        }
    }
    assert_int_equal(rig.service.connections, 1);
    rig_shut(&rig);
}

static void origin_and_authority_come_from_the_url(void **state)
{
    struct event_base *base = event_base_new();
    struct upstream_limits limits = usual_limits("http://[::1]:81/");
    struct upstream *u = upstream_new(base, &limits);

    (void)state;
    assert_string_equal(upstream_own(u)->url, "http://[::1]:81");
    assert_true(text_eq(upstream_own(u)->authority, TEXT("[::1]:81")));
    upstream_free(&u);
    assert_null(u);
    event_base_free(base);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_get_goes_up_and_its_reply_comes_down),
        cmocka_unit_test(the_head_holds_what_was_given_and_nothing_else),
        cmocka_unit_test(a_field_alone_may_be_empty),
        cmocka_unit_test(fields_that_the_library_knows_go_up_as_they_are),
        cmocka_unit_test(an_accept_field_that_was_given_goes_up),
        cmocka_unit_test(targets_go_up_byte_for_byte),
        cmocka_unit_test(every_method_goes_up_with_and_without_a_body),
        cmocka_unit_test(bodies_of_all_sizes_arrive_whole),
        cmocka_unit_test(origin_and_authority_come_from_the_url),
    };

    return cmocka_run_group_tests(tests, start_library, end_library);
}
