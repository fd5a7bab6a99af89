#include "server/admin.h"

#include "front/front.h"
#include "server/guests.h"
#include "server/limits.h"

#include <stdlib.h>

struct admin {
    struct front *front;
    struct guests *guests; /* not the clients' places */
    bool draining;
};

/* --- one request ---------------------------------------------------------- */

/* Nothing of a request matters once it was answered. */
static void on_piece(void *owner, struct text piece)
{
    (void)owner, (void)piece;
}

static void on_body_end(void *owner, const struct http_fields *trailers)
{
    (void)owner, (void)trailers;
}

static void on_body_broken(void *owner, int status, const char *reason)
{
    (void)owner, (void)status, (void)reason;
}

static void on_drained(void *owner, size_t waiting)
{
    (void)owner, (void)waiting;
}

static void on_over(void *owner)
{
    (void)owner;
}

static const struct front_events deaf = {
    .on_piece = on_piece,
    .on_body_end = on_body_end,
    .on_body_broken = on_body_broken,
    .on_drained = on_drained,
    .on_gone = on_over,
    .on_end = on_over,
};

struct answer {
    int status;
    struct text body;
    bool allow; /* tell which methods there are */
};

static void send_answer(struct admin *a, struct front_request *request, struct answer answer,
                        bool head_only, bool close)
{
    struct http_field fields[] = {{TEXT("Content-Type"), TEXT("text/plain; charset=utf-8")},
                                  {TEXT("Cache-Control"), TEXT("no-store")},
                                  {TEXT("Allow"), TEXT("GET, HEAD")}};
    struct front_reply reply = {
        .status = answer.status,
        .fields = {fields, answer.allow ? 3 : 2},
        .framing = head_only ? HTTP_NO_BODY : HTTP_LENGTH,
        .length = answer.body.len,
        .has_length = true,
        .close = close,
    };

    front_attach(request, &deaf, a);
    front_reply(request, &reply);
    if (!head_only)
        front_send(request, answer.body);
    front_finish(request, NULL);
}

static struct answer answer_for(const struct admin *a, const struct http_head *head)
{
    bool health = text_eq(head->path, TEXT("/healthz"));

    if (!health && !text_eq(head->path, TEXT("/readyz")))
        return (struct answer){404, TEXT("not found; there are /healthz and /readyz\n"), false};
    if (head->method != HTTP_GET && head->method != HTTP_HEAD)
        return (struct answer){405, TEXT("only GET and HEAD\n"), true};
    if (!health && a->draining)
        return (struct answer){503, TEXT("draining\n"), false};
    return (struct answer){200, health ? TEXT("ok\n") : TEXT("ready\n"), false};
}

static enum front_entry on_connect(void *owner, struct text peer)
{
    struct admin *a = owner;

    return guests_enter(a->guests, peer);
}

static void on_leave(void *owner, struct text peer, enum front_entry entry)
{
    struct admin *a = owner;

    guests_leave(a->guests, peer, entry);
}

static void on_request(void *owner, struct front_request *request, const struct http_head *head)
{
    send_answer(owner, request, answer_for(owner, head), head->method == HTTP_HEAD,
                head->framing != HTTP_NO_BODY);
}

static void on_refused(void *owner, struct front_request *request, int status, const char *reason)
{
    send_answer(owner, request, (struct answer){status, text_from(reason), false}, false, true);
}

/* --- life ----------------------------------------------------------------- */

struct admin *admin_new(struct event_base *base, const struct settings *s, int fd)
{
    struct admin *a = calloc(1, sizeof *a);
    struct front_limits limits = limits_front(s);
    struct front_host host = {
        .on_connect = on_connect,
        .on_leave = on_leave,
        .on_request = on_request,
        .on_refused = on_refused,
        .owner = a,
    };

    if (!a)
        return NULL;
    a->guests = guests_new(ADMIN_CONNECTIONS_MAX, 0);
    if (a->guests)
        a->front = front_new(base, &limits, &host);
    if (!a->front || !front_listen(a->front, fd))
        admin_free(&a);
    return a;
}

void admin_set_draining(struct admin *a)
{
    a->draining = true;
}

void admin_free(struct admin **a)
{
    if (!*a)
        return;
    if ((*a)->front)
        front_free(&(*a)->front);
    guests_free(&(*a)->guests);
    free(*a);
    *a = NULL;
}
