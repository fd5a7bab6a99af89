#include "unit/front/stage.h"

#include "server/admin.h"

#define TOKEN "0123456789abcdef"

/* What the pages would be, and whether there is a token. */
struct desk {
    unsigned asked;
    struct admin_request last;
    bool starved;
    struct text token;
};

static struct desk desk;

static int answer_page(void *owner, const struct admin_request *request, struct buf *body)
{
    struct desk *d = owner;

    d->asked++;
    d->last = *request;
    d->last.query = (struct text){0};
    buf_add(body, TEXT("a page"));
    body->failed = d->starved;
    return 200;
}

static struct text token(void *owner)
{
    return ((struct desk *)owner)->token;
}

static struct admin *open_desk(struct stage *stage, struct conf *conf, const char *address)
{
    struct admin_host host = {.answer = answer_page, .token = token, .owner = &desk};

    signal(SIGPIPE, SIG_IGN);
    *stage = (struct stage){.base = event_base_new()};
    *conf = (struct conf){.references = 1};
    settings_standard(&conf->settings);
    struct admin *a = admin_new(stage->base, conf, &host);
    int fd = address_listen(TEXT("127.0.0.1:0"), stage->bound);
    assert_true(a && fd >= 0);
    assert_true(admin_listen(a, fd, text_from(address)));
    return a;
}

static void close_desk(struct stage *stage, struct admin **a)
{
    admin_free(a);
    event_base_loop(stage->base, EVLOOP_NONBLOCK);
    event_base_free(stage->base);
}

/* The status of the answer to a request with the lines FIELDS on a connection of its own. */
static int ask(struct stage *stage, const char *method, const char *path, const char *fields)
{
    char request[1024];
    struct client c;
    int status = 0;

    snprintf(request, sizeof request, "%s %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n%s\r\n",
             method, path, fields);
    client_open(&c, stage);
    client_says(&c, request);
    UNTIL(stage, client_over(&c));
    assert_true(got(&c, "HTTP/1.1 "));
    assert_int_equal(sscanf(c.got.at, "HTTP/1.1 %d ", &status), 1);
    assert_true(got(&c, "Cache-Control: no-store\r\n"));
    if (status == 405)
        assert_true(got(&c, "Allow: GET, HEAD"));
    assert_int_equal(got(&c, "WWW-Authenticate: Bearer\r\n"), status == 401);
    client_close(&c);
    return status;
}

static const char *const local[] = {"127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "unix:/run/a"};
static const char *const far[] = {
    "0.0.0.0:1", "10.0.0.1:1",        "[::]:1",    "[::ffff:127.0.0.1]:1",
    "[::10]:1",  "[2001:db8::127]:1", "12.7.0.1:1"};

/* METHOD and PATH, and the status at local addresses, far ones without and with a token set. */
static const struct {
    const char *method, *path;
    int near, closed, guarded;
} table[] = {
    {"GET", "/healthz", 200, 200, 200},
    {"HEAD", "/metrics", 200, 200, 200},
    {"GET", "/metrics?x=1", 200, 200, 200},
    {"GET", "/nothing", 404, 404, 404},
    {"POST", "/metrics", 405, 403, 401},
    {"DELETE", "/routes", 405, 403, 401},
    {"OPTIONS", "/readyz", 405, 403, 401},
    {"POST", "/nothing", 404, 403, 401},
    {"GET", "/-/config", 200, 403, 401},
    {"GET", "/-/reload", 200, 403, 401},
    {"POST", "/-/reload", 200, 403, 401},
    {"PUT", "/-/reload", 405, 403, 401},
    {"POST", "/-/log-level", 200, 403, 401},
    {"GET", "/-/nothing", 404, 403, 401},
    {"GET", "/-", 404, 404, 404},
    {"GET", "/%2D/config", 404, 404, 404},
    {"GET", "//-/config", 400, 400, 400},
};

static void who_may_ask_for_what(void **state)
{
    struct stage stage;
    struct conf conf;

    (void)state;
    desk = (struct desk){0};
    for (size_t i = 0; i < sizeof local / sizeof local[0]; i++) {
        struct admin *a = open_desk(&stage, &conf, local[i]);

        for (size_t t = 0; t < sizeof table / sizeof table[0]; t++)
            assert_int_equal(ask(&stage, table[t].method, table[t].path, ""), table[t].near);
        close_desk(&stage, &a);
    }
    for (size_t i = 0; i < sizeof far / sizeof far[0]; i++) {
        struct admin *a = open_desk(&stage, &conf, far[i]);

        for (size_t t = 0; t < sizeof table / sizeof table[0]; t++) {
            desk.token = (struct text){0};
            assert_int_equal(ask(&stage, table[t].method, table[t].path, ""), table[t].closed);
            desk.token = TEXT(TOKEN);
            assert_int_equal(ask(&stage, table[t].method, table[t].path, ""), table[t].guarded);
            assert_int_equal(
                ask(&stage, table[t].method, table[t].path, "Authorization: Bearer " TOKEN "\r\n"),
                table[t].near);
        }
        close_desk(&stage, &a);
    }
}

/* The token, whole and alone; its scheme in any case (RFC 9110, 11.1). */
static void a_token_is_compared_whole(void **state)
{
    static const struct {
        const char *said;
        int status;
    } cases[] = {
        {"Bearer " TOKEN, 200},
        {"bearer " TOKEN, 200},
        {"BEARER   " TOKEN " ", 200},
        {"Bearer " TOKEN "0", 401},
        {"Bearer 0123456789", 401},
        {"Bearer ", 401},
        {"Bearer", 401},
        {"Basic " TOKEN, 401},
        {TOKEN, 401},
        {"Bearer 0123456789ABCDEF", 401},
        {"Bearer " TOKEN TOKEN, 401},
        {"", 401},
    };
    char field[128];
    struct stage stage;
    struct conf conf;
    struct admin *a = open_desk(&stage, &conf, "0.0.0.0:1");

    (void)state;
    desk = (struct desk){.token = TEXT(TOKEN)};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(field, sizeof field, "Authorization: %s\r\n", cases[i].said);
        assert_int_equal(ask(&stage, "POST", "/-/reload", field), cases[i].status);
    }
    assert_int_equal(desk.asked, 3);
    desk.token = TEXT("another-token-now");
    assert_int_equal(ask(&stage, "POST", "/-/reload", "Authorization: Bearer " TOKEN "\r\n"), 401);
    close_desk(&stage, &a);
}

/* The page of another site may send a browser here; it says where it comes from. */
static void a_page_of_another_site_changes_nothing(void **state)
{
    static const char origin[] = "Origin: https://example.com\r\n";
    struct stage stage;
    struct conf conf;
    struct admin *a = open_desk(&stage, &conf, "127.0.0.1:1");

    (void)state;
    desk = (struct desk){0};
    assert_int_equal(ask(&stage, "POST", "/-/reload", origin), 403);
    assert_int_equal(ask(&stage, "GET", "/-/config", origin), 403);
    assert_int_equal(ask(&stage, "POST", "/-/reload", "Origin: null\r\n"), 403);
    assert_int_equal(desk.asked, 0);
    assert_int_equal(ask(&stage, "GET", "/metrics", origin), 200);
    close_desk(&stage, &a);
}

/* Without memory for a page the answer says so, and nothing of it leaves. */
static void a_page_without_memory_is_503(void **state)
{
    struct stage stage;
    struct conf conf;
    struct admin *a = open_desk(&stage, &conf, "127.0.0.1:1");

    (void)state;
    desk = (struct desk){.starved = true};
    assert_int_equal(ask(&stage, "GET", "/metrics", ""), 503);
    desk.starved = false;
    assert_int_equal(ask(&stage, "GET", "/metrics", ""), 200);
    close_desk(&stage, &a);
}

/* A request knows its page and whether it was POSTed; a refused head is answered too. */
static void what_was_asked_is_told(void **state)
{
    struct stage stage;
    struct conf conf;
    struct admin *a = open_desk(&stage, &conf, "127.0.0.1:1");

    (void)state;
    desk = (struct desk){0};
    assert_int_equal(ask(&stage, "POST", "/-/log-level?level=warn", "Content-Length: 0\r\n"), 200);
    assert_int_equal(desk.last.page, ADMIN_LOG_LEVEL);
    assert_true(desk.last.post);
    assert_int_equal(ask(&stage, "GET", "/routes", ""), 200);
    assert_int_equal(desk.last.page, ADMIN_ROUTES);
    assert_false(desk.last.post);
    assert_int_equal(ask(&stage, "GET", "/routes", "Host: b\r\n"), 400);
    assert_int_equal(ask(&stage, "BREW", "/routes", ""), 501);
    assert_int_equal(desk.asked, 2);
    close_desk(&stage, &a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_may_ask_for_what),
        cmocka_unit_test(a_token_is_compared_whole),
        cmocka_unit_test(a_page_of_another_site_changes_nothing),
        cmocka_unit_test(a_page_without_memory_is_503),
        cmocka_unit_test(what_was_asked_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
