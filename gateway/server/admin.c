#include "server/admin.h"

#include "front/front.h"
#include "server/guests.h"
#include "server/limits.h"

#include <stdlib.h>

enum { BODY_BYTES_MAX = 64 * 1024 * 1024 };

/* One address and who may ask there. */
struct counter {
    struct admin *admin;
    struct front *front;
    bool local; /* only this machine reaches it */
};

struct admin {
    struct event_base *base;
    const struct conf *conf;
    struct admin_host host;
    struct guests *guests; /* not the clients' places */
    struct counter counters[ADDRESSES_MAX];
    size_t count;
};

/* --- who may ask, and for what ------------------------------------------------ */

static const struct page {
    struct text path;
    const char *type;
    bool post;
} pages[] = {
#define X(name, path, type, post) [ADMIN_##name] = {{path, sizeof(path) - 1}, type, post},
    ADMIN_PAGES(X)
#undef X
};

static bool is_local(struct text address)
{
    return text_starts(address, TEXT("unix:")) || text_starts(address, TEXT("127.")) ||
           text_starts(address, TEXT("[::1]:"));
}

/* Compares in a time that does not tell how much of GIVEN is right. */
static bool same_secret(struct text given, struct text secret)
{
    unsigned differs = given.len != secret.len;

    for (size_t i = 0; i < given.len; i++)
        differs |= (unsigned char)given.at[i] ^ (unsigned char)secret.at[i % secret.len];
    return !differs;
}

/* True if HEAD carries the token of RFC 6750, 2.1. */
static bool has_token(const struct http_head *head, struct text token)
{
    const struct http_field *field = http_find(&head->fields, TEXT("authorization"));
    struct text scheme = TEXT("bearer ");

    if (!field || field->value.len < scheme.len ||
        !text_eq_nocase(text_of(field->value.at, scheme.len), scheme))
        return false;
    return same_secret(text_trim(text_from_offset(field->value, scheme.len)), token);
}

/* 0, or the status that says why HEAD may not be answered at C. */
static int judge(const struct counter *c, const struct http_head *head, enum admin_page *page_out)
{
    bool reads = head->method == HTTP_GET || head->method == HTTP_HEAD;
    struct text token = c->admin->host.token(c->admin->host.owner);

    for (*page_out = 0; *page_out < ADMIN_PAGE_COUNT; ++*page_out)
        if (text_eq(head->path, pages[*page_out].path))
            break;
    bool guarded = text_starts(head->path, TEXT("/-/")) || !reads;
    if (guarded && http_find(&head->fields, TEXT("origin")))
        return 403;
    if (guarded && !c->local && !token.at)
        return 403;
    if (guarded && !c->local && !has_token(head, token))
        return 401;
    if (*page_out == ADMIN_PAGE_COUNT)
        return 404;
    return reads || (head->method == HTTP_POST && pages[*page_out].post) ? 0 : 405;
}

/* --- answers -------------------------------------------------------------------- */

static void ignore_piece(void *owner, struct text piece)
{
    (void)owner, (void)piece;
}

static void ignore_body_end(void *owner, const struct http_fields *trailers)
{
    (void)owner, (void)trailers;
}

static void ignore_body_broken(void *owner, int status, const char *reason)
{
    (void)owner, (void)status, (void)reason;
}

static void ignore_drained(void *owner, size_t waiting)
{
    (void)owner, (void)waiting;
}

static void ignore_end(void *owner)
{
    (void)owner;
}

/* Nothing of a request matters once it was answered. */
static const struct front_events deaf = {
    .on_piece = ignore_piece,
    .on_body_end = ignore_body_end,
    .on_body_broken = ignore_body_broken,
    .on_drained = ignore_drained,
    .on_gone = ignore_end,
    .on_end = ignore_end,
};

struct answer {
    int status;
    const char *type;
    struct text allow; /* the methods there are; absent: not asked */
    bool head_only;
    bool close;
};

static void send_answer(struct front_request *request, struct answer answer, struct text body)
{
    struct http_field fields[3] = {{TEXT("Content-Type"), text_from(answer.type)},
                                   {TEXT("Cache-Control"), TEXT("no-store")}};
    struct front_reply reply = {
        .status = answer.status,
        .fields = {fields, 2},
        .framing = answer.head_only ? HTTP_NO_BODY : HTTP_LENGTH,
        .length = body.len,
        .has_length = true,
        .close = answer.close,
    };

    if (answer.allow.at)
        fields[reply.fields.count++] = (struct http_field){TEXT("Allow"), answer.allow};
    else if (answer.status == 401)
        fields[reply.fields.count++] =
            (struct http_field){TEXT("WWW-Authenticate"), TEXT("Bearer")};
    front_attach(request, &deaf, NULL);
    front_reply(request, &reply);
    if (!answer.head_only)
        front_send(request, body);
    front_finish(request, NULL);
}

static void write_list(struct buf *to)
{
    buf_add(to, TEXT("not found; there are:\n"));
    for (size_t i = 0; i < ADMIN_PAGE_COUNT; i++) {
        buf_add(to, pages[i].path);
        buf_add_byte(to, '\n');
    }
}

/* What is said instead of a page. */
static void write_refusal(int status, struct text allow, struct buf *to)
{
    if (status == 404) {
        write_list(to);
        return;
    }
    if (status == 401)
        buf_add(to, TEXT("this needs the token of admin_token_file, as \"Authorization: Bearer\""));
    else if (status == 403)
        buf_add(to, TEXT("here only GET, and nothing below /-/: ask on a loopback address or a "
                         "unix socket, or set admin_token_file; never from another site's page"));
    else if (status == 405)
        buf_add(to, TEXT("only "));
    if (status == 405)
        buf_add(to, allow);
    buf_add_byte(to, '\n');
}

static enum front_entry on_connect(void *owner, struct text peer)
{
    struct counter *c = owner;

    return guests_enter(c->admin->guests, peer);
}

static void on_leave(void *owner, struct text peer, enum front_entry entry)
{
    struct counter *c = owner;

    guests_leave(c->admin->guests, peer, entry);
}

static void on_request(void *owner, struct front_request *request, const struct http_head *head)
{
    struct counter *c = owner;
    struct admin *a = c->admin;
    struct answer answer = {.type = ADMIN_PLAIN,
                            .head_only = head->method == HTTP_HEAD,
                            .close = head->framing != HTTP_NO_BODY};
    enum admin_page page;
    struct buf body;

    buf_init(&body, BODY_BYTES_MAX);
    answer.status = judge(c, head, &page);
    if (answer.status == 405)
        answer.allow = pages[page].post ? TEXT("GET, HEAD, POST") : TEXT("GET, HEAD");
    if (answer.status) {
        write_refusal(answer.status, answer.allow, &body);
    } else {
        struct admin_request asked = {page, head->method == HTTP_POST, head->query};

        answer.status = a->host.answer(a->host.owner, &asked, &body);
        answer.type = pages[page].type;
    }
    if (body.failed) {
        buf_clear(&body);
        answer = (struct answer){.status = 503, .type = ADMIN_PLAIN, .close = true};
    }
    send_answer(request, answer, buf_text(&body));
    buf_fini(&body);
}

static void on_refused(void *owner, struct front_request *request, int status, const char *reason)
{
    struct answer answer = {.status = status, .type = ADMIN_PLAIN, .close = true};

    (void)owner;
    send_answer(request, answer, text_from(reason));
}

/* --- life ------------------------------------------------------------------------ */

struct admin *admin_new(struct event_base *base, const struct conf *conf,
                        const struct admin_host *host)
{
    struct admin *a = calloc(1, sizeof *a);

    if (!a)
        return NULL;
    *a = (struct admin){.base = base, .conf = conf, .host = *host};
    a->guests = guests_new(ADMIN_CONNECTIONS_MAX, ADMIN_CONNECTIONS_MAX / 2, ADMIN_TURNED_AWAY_MAX);
    if (!a->guests)
        admin_free(&a);
    return a;
}

void admin_follow(struct admin *a, const struct conf *conf)
{
    a->conf = conf;
}

bool admin_listen(struct admin *a, int fd, struct text address)
{
    struct counter *c = &a->counters[a->count];
    struct front_limits limits = limits_front(&a->conf->settings);
    struct front_host host = {.on_connect = on_connect,
                              .on_leave = on_leave,
                              .on_request = on_request,
                              .on_refused = on_refused,
                              .owner = c};
    struct endpoint_way plain = {0};

    *c = (struct counter){.admin = a, .local = is_local(address)};
    c->front = front_new(a->base, &limits, &host);
    if (!c->front)
        return false;
    a->count++;
    return front_listen(c->front, fd, &plain);
}

void admin_free(struct admin **a)
{
    if (!*a)
        return;
    for (size_t i = 0; i < (*a)->count; i++)
        front_free(&(*a)->counters[i].front);
    guests_free(&(*a)->guests);
    free(*a);
    *a = NULL;
}
