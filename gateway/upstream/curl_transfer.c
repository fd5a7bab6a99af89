#include "upstream/curl_transfer.h"

#include "base/reserve.h"

#include <assert.h>
#include <stdlib.h>

void transfer_fail(struct upstream_transfer *t, enum upstream_failure why)
{
    if (t->over)
        return;
    t->over = t->failed = true;
    t->failure = why;
    loop_attend(t->upstream, t);
}

static void touch(struct upstream_transfer *t)
{
    t->since_ms = loop_now();
}

static void forbid_reuse(struct upstream_transfer *t)
{
    if (!t->reuse_forbidden)
        curl_easy_setopt(t->easy, CURLOPT_FORBID_REUSE, 1L);
    t->reuse_forbidden = true;
}

/* --- connections ------------------------------------------------------------ */

/* What it is called when T's connection ends now. */
static enum upstream_failure cut_or_broke(const struct upstream_transfer *t)
{
    return t->heard ? UPSTREAM_CUT : UPSTREAM_BROKE;
}

static struct wire_end end_of(const char *ip, int port)
{
    struct wire_end end = {.port = port};
    size_t len = strlen(ip);

    if (len < sizeof end.ip)
        memcpy(end.ip, ip, len);
    return end;
}

/* The request goes out on W. */
static void use_wire(struct upstream_transfer *t, struct wire *w)
{
    if (w->transfer)
        w->transfer->wire = NULL;
    t->on_kept = w->used;
    wire_take(w, t, t->endpoint);
    t->wire = w;
}

/* The wire that T's request will go out on, or NULL; a unix socket is always T's own. */
static struct wire *find_wire(const struct upstream_transfer *t, const struct wire_end *local,
                              const struct wire_end *remote)
{
    struct wires *wires = &t->upstream->wires;

    return t->endpoint->path ? wires_get(wires, t->opened[0]) : wires_find(wires, local, remote);
}

static void note_connected(struct upstream_transfer *t)
{
    if (t->pending)
        pool_connected(t->pool);
    t->pending = false;
}

/*
 * The library is about to send the request.  It would send it a second time
 * if a kept connection died under it: that is refused, for what the upstream
 * did with the first is not known.  A kept connection on which something
 * waits to be read would give its bytes as the reply: that is refused too,
 * and as nothing was sent the request goes out on a fresh one.
 */
static int on_send(void *arg, char *remote_ip, char *local_ip, int remote_port, int local_port)
{
    struct upstream_transfer *t = arg;
    struct wire_end local = end_of(local_ip, local_port);
    struct wire_end remote = end_of(remote_ip, remote_port);

    if (t->over)
        return CURL_PREREQFUNC_ABORT;
    if (t->sends++ > 0) {
        transfer_fail(t, cut_or_broke(t));
        return CURL_PREREQFUNC_ABORT;
    }
    struct wire *w = find_wire(t, &local, &remote);
    if (w ? w->used && (!wire_clean(w) || transfer_tls_holds(t)) : !t->fresh) {
        t->stale = true;
        return CURL_PREREQFUNC_ABORT;
    }
    if (w)
        use_wire(t, w);
    note_connected(t);
    touch(t);
    loop_watch(t->upstream, transfer_deadline(t));
    if (!w || t->endpoint->path || t->upstream->limits.connections_kept == 0)
        forbid_reuse(t);
    return CURL_PREREQFUNC_OK;
}

/* --- the request's body ------------------------------------------------------- */

static size_t pause_sending(struct upstream_transfer *t)
{
    t->send_paused = true;
    if (t->more)
        loop_attend(t->upstream, t);
    return CURL_READFUNC_PAUSE;
}

static size_t end_body(struct upstream_transfer *t)
{
    if (t->framing == HTTP_LENGTH && t->body_left > 0) {
        transfer_fail(t, cut_or_broke(t)); /* the connection is owed bytes that will not come */
        return CURL_READFUNC_ABORT;
    }
    t->body_given = true;
    return 0;
}

static size_t give_body(struct upstream_transfer *t, size_t length, size_t room)
{
    assert(length > 0 && length <= room);
    if (t->framing == HTTP_LENGTH) {
        t->body_left -= length;
        t->body_given = t->body_left == 0;
    }
    return length;
}

static size_t on_room(char *to, size_t size, size_t count, void *arg)
{
    struct upstream_transfer *t = arg;
    size_t room = size * count;
    size_t length = 0;

    if (t->over)
        return CURL_READFUNC_ABORT;
    if (t->send_paused)
        return CURL_READFUNC_PAUSE; /* it asks again when receiving goes on */
    t->more = false;
    if (t->reply.has_head && t->reply.head.status >= 300)
        return pause_sending(t); /* answered: nobody reads the rest */
    if (t->framing == HTTP_LENGTH && room > t->body_left)
        room = (size_t)t->body_left;
    touch(t);
    enum upstream_give give = t->events.on_want(t->owner, to, room, &length);
    if (t->over)
        return CURL_READFUNC_ABORT;
    switch (give) {
    case UPSTREAM_GIVE_LATER:
        return pause_sending(t);
    case UPSTREAM_GIVE_END:
        return end_body(t);
    case UPSTREAM_GIVE_BYTES:
        break;
    }
    return give_body(t, length, room);
}

/* --- the reply ------------------------------------------------------------------ */

static void count_bytes(struct upstream_transfer *t, size_t n)
{
    if (t->wire)
        t->wire->counted += n;
}

/* Notes a reply that is complete before the library says that it is done. */
static void note_complete(struct upstream_transfer *t)
{
    if (!t->reply.complete || t->complete_counted)
        return;
    t->complete_counted = true;
    t->upstream->complete_waiting++;
}

static void refuse_reply(struct upstream_transfer *t)
{
    transfer_fail(t, t->reply.starved ? UPSTREAM_NO_ROOM : UPSTREAM_INVALID);
}

static void take_head(struct upstream_transfer *t)
{
    touch(t);
    /* What comes behind a reply that ends with its head the library drops. */
    if (!t->reply.reusable ||
        (t->reply.complete && transfer_is_plain(t) && wire_has_excess(t->wire)))
        forbid_reuse(t);
    note_complete(t);
    t->events.on_head(t->owner, &t->reply.head);
}

static size_t on_line(char *at, size_t size, size_t count, void *arg)
{
    struct upstream_transfer *t = arg;
    size_t len = size * count;

    if (t->over)
        return 0;
    t->heard = true;
    count_bytes(t, len);
    switch (reply_line(&t->reply, text_of(at, len))) {
    case REPLY_MORE:
    case REPLY_CONTENT:
        break;
    case REPLY_HINTS:
        t->events.on_hints(t->owner, &t->reply.head);
        break;
    case REPLY_HEAD:
        take_head(t);
        break;
    case REPLY_BAD:
        refuse_reply(t);
        break;
    }
    return t->over ? 0 : len;
}

/* Hands the bytes of PIECE on, out of their framing. */
static void take_piece(struct upstream_transfer *t, struct text piece)
{
    while (!t->over) {
        struct text content;

        switch (reply_content(&t->reply, &piece, &content)) {
        case REPLY_CONTENT:
            t->events.on_piece(t->owner, content);
            break;
        case REPLY_MORE:
            return;
        case REPLY_HINTS:
        case REPLY_HEAD:
        case REPLY_BAD:
            refuse_reply(t);
            return;
        }
    }
}

static size_t on_bytes(char *at, size_t size, size_t count, void *arg)
{
    struct upstream_transfer *t = arg;
    size_t len = size * count;

    if (t->over)
        return 0;
    if (t->shut) {
        t->receive_paused = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    count_bytes(t, len);
    touch(t);
    take_piece(t, text_of(at, len));
    if (t->over)
        return 0;
    if (!t->reply.reusable)
        forbid_reuse(t);
    note_complete(t);
    return len;
}

/* --- life ------------------------------------------------------------------------- */

static CURLcode set_callbacks(struct upstream_transfer *t)
{
    CURL *e = t->easy;
    CURLcode failed = curl_easy_setopt(e, CURLOPT_PRIVATE, t);

    failed |= transfer_sockets(t);
    failed |= curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, on_send);
    failed |= curl_easy_setopt(e, CURLOPT_PREREQDATA, t);
    failed |= curl_easy_setopt(e, CURLOPT_READFUNCTION, on_room);
    failed |= curl_easy_setopt(e, CURLOPT_READDATA, t);
    failed |= curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_line);
    failed |= curl_easy_setopt(e, CURLOPT_HEADERDATA, t);
    failed |= curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_bytes);
    failed |= curl_easy_setopt(e, CURLOPT_WRITEDATA, t);
    return failed;
}

/* What holds for every request; no SEEKFUNCTION, for nothing is sent twice. */
static CURLcode set_policy(struct upstream_transfer *t)
{
    CURL *e = t->easy;
    CURLcode failed = curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);

    failed |= curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
    failed |= curl_easy_setopt(e, CURLOPT_PATH_AS_IS, 1L);
    failed |= curl_easy_setopt(e, CURLOPT_PROXY, "");
    failed |= curl_easy_setopt(e, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    failed |= curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
    failed |= curl_easy_setopt(e, CURLOPT_HTTP09_ALLOWED, 0L);
    failed |= curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    failed |= curl_easy_setopt(e, CURLOPT_HTTP_TRANSFER_DECODING, 0L);
    failed |= curl_easy_setopt(e, CURLOPT_HTTP_CONTENT_DECODING, 0L);
    failed |= curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L); /* nobody waits for a lookup given up */
    failed |= curl_easy_setopt(e, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
    failed |= curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    failed |= curl_easy_setopt(e, CURLOPT_ERRORBUFFER, t->error);
    return failed;
}

struct upstream_transfer *transfer_new(struct upstream *u)
{
    struct upstream_transfer *t = calloc(1, sizeof *t);

    if (!t)
        return NULL;
    t->upstream = u;
    reply_init(&t->reply, &u->limits);
    t->easy = curl_easy_init();
    t->origin = curl_url();
    if (!t->easy || !t->origin || set_callbacks(t) || set_policy(t))
        transfer_free(&t);
    return t;
}

void transfer_free(struct upstream_transfer **t)
{
    if (!*t)
        return;
    curl_easy_cleanup((*t)->easy);
    curl_slist_free_all((*t)->connect_to);
    curl_url_cleanup((*t)->origin);
    reply_fini(&(*t)->reply);
    endpoint_unref(&(*t)->endpoint);
    free((*t)->request_memory);
    free(*t);
    *t = NULL;
}

static void allow_reuse(struct upstream_transfer *t)
{
    if (t->reuse_forbidden)
        curl_easy_setopt(t->easy, CURLOPT_FORBID_REUSE, 0L);
    t->reuse_forbidden = false;
}

void transfer_clear(struct upstream_transfer *t)
{
    assert(!t->in_multi && !t->wire && !t->pool);
    allow_reuse(t);
    if (t->fresh)
        curl_easy_setopt(t->easy, CURLOPT_FRESH_CONNECT, 0L);
    curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, NULL);
    free(t->request_memory);
    t->request_memory = NULL;
    t->whole = (struct text){NULL, 0};
    t->sends = 0;
    t->over = t->cancelled = t->failed = t->told = t->heard = t->on_kept = false;
    t->starved = false;
    t->stale = t->fresh = t->body_given = t->shut = t->more = false;
    t->receive_paused = t->send_paused = t->end_suspected = t->complete_counted = false;
}

void transfer_renew(struct upstream_transfer *t)
{
    curl_easy_setopt(t->easy, CURLOPT_FRESH_CONNECT, 1L);
    t->stale = false;
    t->fresh = true;
    t->sends = 0;
}

void transfer_unpause(struct upstream_transfer *t)
{
    bool receive_paused = t->receive_paused && t->shut;
    bool send_paused = t->send_paused && !t->more;

    if (receive_paused == t->receive_paused && send_paused == t->send_paused)
        return;
    t->receive_paused = receive_paused;
    t->send_paused = send_paused;
    touch(t);
    loop_watch(t->upstream, transfer_deadline(t));
    int state =
        (receive_paused ? CURLPAUSE_RECV : 0) | (send_paused ? CURLPAUSE_SEND : CURLPAUSE_CONT);
    if (curl_easy_pause(t->easy, state) != CURLE_OK)
        transfer_fail(t, cut_or_broke(t));
}

void transfer_check_end(struct upstream_transfer *t)
{
    if (!t->end_suspected)
        return;
    t->end_suspected = false;
    if (!t->wire || !wire_ended(t->wire) || t->reply.complete)
        return;
    if (!reply_close(&t->reply))
        transfer_fail(t, cut_or_broke(t));
    note_complete(t);
}

static enum upstream_failure failure_of(const struct upstream_transfer *t, CURLcode result)
{
    if (t->failed)
        return t->failure;
    switch (result) {
    case CURLE_OUT_OF_MEMORY: /* so a head line without end is called, too */
        return reserve_refused() ? UPSTREAM_NO_ROOM : UPSTREAM_INVALID;
    case CURLE_COULDNT_CONNECT:
        return t->starved ? UPSTREAM_NO_ROOM : UPSTREAM_REFUSED;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_BAD_FUNCTION_ARGUMENT:
        return t->sends > 0 ? UPSTREAM_INVALID : UPSTREAM_REFUSED;
    default:
        return t->sends > 0 ? cut_or_broke(t) : UPSTREAM_REFUSED;
    }
}

void transfer_give_back(struct upstream_transfer *t, enum pool_verdict verdict)
{
    note_connected(t);
    if (t->pool)
        pool_give(t->pool, t->endpoint, verdict, loop_now());
    pool_unref(&t->pool);
}

void transfer_tell_end(struct upstream_transfer *t, CURLcode result)
{
    transfer_tls_tell(t, result);
    if (!t->failed && result == CURLE_OK)
        reply_close(&t->reply);
    t->told = true;
    t->over = true;
    if (t->reply.complete && !t->failed) {
        transfer_give_back(t, POOL_GOOD);
        t->events.on_done(t->owner, reply_trailers(&t->reply));
    } else {
        enum upstream_failure failure = failure_of(t, result);

        /* Want of memory here says nothing about the endpoint. */
        transfer_give_back(t, failure == UPSTREAM_NO_ROOM ? POOL_UNKNOWN : POOL_BAD);
        t->events.on_broke(t->owner, failure);
    }
}

uint64_t transfer_deadline(const struct upstream_transfer *t)
{
    uint64_t wait_ms = t->between_bytes_ms;

    if (!t->in_multi || t->over)
        return UINT64_MAX;
    if (t->sends == 0)
        return t->since_ms + t->upstream->limits.connect_ms;
    if (t->shut || (t->send_paused && !t->reply.has_head))
        return UINT64_MAX;
    if (t->body_given && !t->reply.has_head)
        wait_ms = t->first_byte_ms;
    return wait_ms > 0 ? t->since_ms + wait_ms : UINT64_MAX;
}
