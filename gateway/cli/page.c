#include "cli/page.h"

#include "upstream/upstream.h"

#include <event2/event.h>
#include <string.h>

enum { PAGE_BYTES_MAX = 64 * 1024 * 1024, HEAD_BYTES_MAX = 64 * 1024 };

/* A page on its way. */
struct errand {
    struct page *page;
    struct event_base *base;
    struct upstream_transfer *transfer;
};

static enum upstream_give on_want(void *owner, char *to, size_t room, size_t *length_out)
{
    (void)owner, (void)to, (void)room, (void)length_out;
    return UPSTREAM_GIVE_END;
}

static void on_hints(void *owner, const struct upstream_head *head)
{
    (void)owner, (void)head;
}

static void on_head(void *owner, const struct upstream_head *head)
{
    struct errand *errand = owner;

    errand->page->status = head->status;
}

static void on_piece(void *owner, struct text piece)
{
    struct errand *errand = owner;

    buf_add(&errand->page->body, piece);
}

static void on_done(void *owner, const struct http_fields *trailers)
{
    struct errand *errand = owner;

    (void)trailers;
    if (errand->page->body.failed) {
        errand->page->status = 0;
        errand->page->fault = "its answer is too long";
    }
    event_base_loopbreak(errand->base);
}

static void on_broke(void *owner, enum upstream_failure why)
{
    static const char *const words[] = {
        [UPSTREAM_REFUSED] = "no connection",
        [UPSTREAM_BROKE] = "it closed the connection",
        [UPSTREAM_CUT] = "its answer was cut short",
        [UPSTREAM_INVALID] = "its answer is not HTTP",
        [UPSTREAM_SLOW] = "it did not answer in time",
        [UPSTREAM_NO_ROOM] = "no memory",
    };
    struct errand *errand = owner;

    errand->page->status = 0;
    errand->page->fault = words[why];
    event_base_loopbreak(errand->base);
}

static const struct upstream_events events = {.on_want = on_want,
                                              .on_hints = on_hints,
                                              .on_head = on_head,
                                              .on_piece = on_piece,
                                              .on_done = on_done,
                                              .on_broke = on_broke};

static void ask(struct errand *errand, struct upstream *upstream, struct text target,
                unsigned timeout_ms)
{
    struct http_field host = {TEXT("Host"), upstream_own(upstream)->authority};
    struct upstream_request request = {.method = HTTP_GET,
                                       .target = target,
                                       .fields = {&host, 1},
                                       .framing = HTTP_NO_BODY,
                                       .first_byte_ms = timeout_ms,
                                       .between_bytes_ms = timeout_ms};

    errand->transfer = upstream_start(upstream, &request, &events, errand);
    if (errand->transfer)
        event_base_dispatch(errand->base);
    upstream_cancel(&errand->transfer);
}

void page_get(struct page *page, const char *origin, struct text target, unsigned timeout_ms)
{
    struct upstream_limits limits = {.url = origin,
                                     .response_head = HEAD_BYTES_MAX,
                                     .response_fields = 100,
                                     .chunked = {.line = 1024, .trailers = 1024},
                                     .connect_ms = timeout_ms,
                                     .idle_ms = timeout_ms};
    struct errand errand = {.page = page};
    struct upstream *upstream = NULL;

    *page = (struct page){.fault = "no memory"};
    buf_init(&page->body, PAGE_BYTES_MAX);
    if (!upstream_global_init())
        return;
    errand.base = event_base_new();
    if (errand.base)
        upstream = upstream_new(errand.base, &limits);
    if (upstream)
        ask(&errand, upstream, target, timeout_ms);
    upstream_free(&upstream);
    if (errand.base)
        event_base_free(errand.base);
    upstream_global_fini();
}

void page_fini(struct page *page)
{
    buf_fini(&page->body);
}

bool page_url(const char *url, char *origin, size_t room, struct text *target_out)
{
    struct text t = text_from(url);
    bool secure = text_starts(t, TEXT("https://"));
    size_t at = secure ? 8 : 7;

    if (!secure && !text_starts(t, TEXT("http://")))
        return false;
    for (size_t i = 0; i < t.len; i++)
        if ((unsigned char)t.at[i] <= ' ' || t.at[i] == '#')
            return false;
    while (at < t.len && t.at[at] != '/' && t.at[at] != '?')
        if (t.at[at++] == '@')
            return false;
    if (at == (secure ? 8u : 7u) || at >= room)
        return false;
    memcpy(origin, t.at, at);
    origin[at] = '\0';
    *target_out = text_from_offset(t, at);
    return true;
}
