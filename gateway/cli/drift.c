#include "base/buf.h"
#include "cli/cli.h"
#include "upstream/upstream.h"

#include <event2/event.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

enum { TIMEOUT_MS = 10000, PAGE_BYTES_MAX = 64 * 1024 * 1024, HEAD_BYTES_MAX = 64 * 1024 };

static const char usage[] =
    "usage: dpgw drift [--admin URL] [--format yaml|json]\n"
    "\n"
    "Asks a running gateway for the names of the service that were met in replies\n"
    "and that no rule of the mapping knows (see `watch` in the mapping file), and\n"
    "prints them ready to be pasted there: under `fields` with what clients might\n"
    "call them, or under `ignore`.\n"
    "\n"
    "      --admin URL      the admin address (http://127.0.0.1:9901)\n"
    "      --format FORMAT  yaml, or json: kind, name, route, path, suggestion, count\n"
    "  -h, --help           this text\n"
    "\n"
    "exit status: 0, 64 wrong usage, 69 the gateway does not answer\n"
    "\n"
    "example:\n"
    "  dpgw drift --admin http://127.0.0.1:9901\n";

struct drift_options {
    const char *admin;
    bool json, help;
};

/* One page on its way. */
struct page {
    struct event_base *base;
    struct upstream_transfer *transfer;
    struct buf body;
    int status; /* 0: no answer, or no whole one */
    const char *fault;
};

/* --- asking ------------------------------------------------------------------------- */

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
    struct page *page = owner;

    page->status = head->status;
}

static void on_piece(void *owner, struct text piece)
{
    struct page *page = owner;

    buf_add(&page->body, piece);
}

static void on_done(void *owner, const struct http_fields *trailers)
{
    struct page *page = owner;

    (void)trailers;
    if (page->body.failed) {
        page->status = 0;
        page->fault = "its answer is too long";
    }
    event_base_loopbreak(page->base);
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
    struct page *page = owner;

    page->status = 0;
    page->fault = words[why];
    event_base_loopbreak(page->base);
}

static const struct upstream_events events = {.on_want = on_want,
                                              .on_hints = on_hints,
                                              .on_head = on_head,
                                              .on_piece = on_piece,
                                              .on_done = on_done,
                                              .on_broke = on_broke};

static void ask(struct page *page, struct upstream *upstream, struct text target)
{
    struct http_field host = {TEXT("Host"), upstream_own(upstream)->authority};
    struct upstream_request request = {.method = HTTP_GET,
                                       .target = target,
                                       .fields = {&host, 1},
                                       .framing = HTTP_NO_BODY,
                                       .first_byte_ms = TIMEOUT_MS,
                                       .between_bytes_ms = TIMEOUT_MS};

    page->transfer = upstream_start(upstream, &request, &events, page);
    if (page->transfer)
        event_base_dispatch(page->base);
    upstream_cancel(&page->transfer);
}

/* Asks the gateway at ORIGIN for TARGET. */
static void fetch(struct page *page, const char *origin, struct text target)
{
    struct upstream_limits limits = {.url = origin,
                                     .response_head = HEAD_BYTES_MAX,
                                     .response_fields = 100,
                                     .chunked = {.line = 1024, .trailers = 1024},
                                     .connect_ms = TIMEOUT_MS,
                                     .idle_ms = TIMEOUT_MS};
    struct upstream *upstream = NULL;

    page->fault = "no memory";
    page->base = event_base_new();
    if (page->base)
        upstream = upstream_new(page->base, &limits);
    if (upstream)
        ask(page, upstream, target);
    upstream_free(&upstream);
    if (page->base)
        event_base_free(page->base);
}

/* --- the command ---------------------------------------------------------------------- */

/* False: wrong usage. */
static bool read_arguments(int argc, char **argv, struct drift_options *o)
{
    static const struct option known[] = {{"admin", required_argument, NULL, 'a'},
                                          {"format", required_argument, NULL, 'f'},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
    int option;

    while ((option = getopt_long(argc, argv, "h", known, NULL)) != -1) {
        if (option == 'a')
            o->admin = optarg;
        else if (option == 'f' && text_eq(text_from(optarg), TEXT("json")))
            o->json = true;
        else if (option == 'f' && text_eq(text_from(optarg), TEXT("yaml")))
            o->json = false;
        else if (option == 'h')
            o->help = true;
        else
            return false;
    }
    return optind == argc;
}

/* ADMIN as a scheme and an authority in SPACE, without slashes at its end; false: it is none. */
static bool origin_of(const char *admin, char *space, size_t room)
{
    struct text t = text_from(admin);
    bool secure = text_starts(t, TEXT("https://"));

    if (!secure && !text_starts(t, TEXT("http://")))
        return false;
    while (t.len > 0 && t.at[t.len - 1] == '/')
        t.len--;
    struct text authority = t.len > 8 ? text_from_offset(t, secure ? 8 : 7) : TEXT("");
    for (size_t i = 0; i < authority.len; i++)
        if ((unsigned char)authority.at[i] <= ' ' || strchr("/?#@", authority.at[i]))
            return false;
    if (authority.len == 0 || t.len >= room)
        return false;
    memcpy(space, t.at, t.len);
    space[t.len] = '\0';
    return true;
}

static int print(const struct page *page, const char *origin)
{
    if (page->status == 200) {
        fwrite(page->body.at, 1, page->body.len, stdout);
        return fflush(stdout) == 0 && !ferror(stdout) ? EX_OK : EX_IOERR;
    }
    if (page->status)
        fprintf(stderr, "dpgw drift: %s answered %d: not the admin address of a gateway?\n", origin,
                page->status);
    else
        fprintf(stderr, "dpgw drift: %s: %s\n", origin, page->fault);
    return EX_UNAVAILABLE;
}

int cli_drift(int argc, char **argv)
{
    struct drift_options o = {.admin = "http://127.0.0.1:9901"};
    struct page page = {.status = 0};
    char origin[512];

    if (!read_arguments(argc, argv, &o)) {
        fputs(usage, stderr);
        return EX_USAGE;
    }
    if (o.help) {
        fputs(usage, stdout);
        return EX_OK;
    }
    if (!origin_of(o.admin, origin, sizeof origin)) {
        fprintf(stderr, "dpgw drift: --admin is a URL such as http://127.0.0.1:9901\n");
        return EX_USAGE;
    }
    buf_init(&page.body, PAGE_BYTES_MAX);
    if (upstream_global_init()) {
        fetch(&page, origin, o.json ? TEXT("/drift") : TEXT("/drift.yaml"));
        upstream_global_fini();
    }
    int status = print(&page, origin);
    buf_fini(&page.body);
    return status;
}
