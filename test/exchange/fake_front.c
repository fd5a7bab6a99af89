#include "exchange/fake_front.h"

#include "exchange/faults.h"
#include "exchange/transcript.h"

#include <stdio.h>
#include <stdlib.h>

static const struct http_head_limits head_limits = {8192, 32768, 100};

/* --- for tests ------------------------------------------------------------ */

struct front_request *fake_front_refused(void)
{
    struct front_request *r = calloc(1, sizeof *r);

    if (!r)
        abort();
    buf_init(&r->fields, 1 << 20);
    buf_init(&r->trailers, 1 << 20);
    buf_init(&r->hints, 1 << 20);
    buf_init(&r->body, 1 << 20);
    r->reading = true;
    r->peer = "192.0.2.7";
    return r;
}

struct front_request *fake_front_new(const char *head)
{
    struct front_request *r = fake_front_refused();
    const char *reason = NULL;

    r->head_bytes = strdup(head);
    r->head_fields = calloc(head_limits.fields, sizeof *r->head_fields);
    if (!r->head_bytes || !r->head_fields)
        abort();
    if (http_head_parse(text_from(r->head_bytes), &head_limits, r->head_fields, &r->head, &reason))
        wrong("the test's own head was refused: %s", reason);
    return r;
}

static void free_head(struct front_request *r)
{
    free(r->head_bytes);
    free(r->head_fields);
    r->head_bytes = NULL;
    r->head_fields = NULL;
}

void fake_front_free(struct front_request **r)
{
    if (!*r)
        return;
    free_head(*r);
    buf_fini(&(*r)->fields);
    buf_fini(&(*r)->trailers);
    buf_fini(&(*r)->hints);
    buf_fini(&(*r)->body);
    free(*r);
    *r = NULL;
}

void fake_front_piece(struct front_request *r, struct text piece)
{
    faults_hold();
    char *copy = malloc(piece.len + 1);
    faults_release();

    if (!copy)
        abort();
    memcpy(copy, piece.at, piece.len);
    r->events->on_piece(r->owner, text_of(copy, piece.len));
    free(copy);
}

void fake_front_body_end(struct front_request *r)
{
    r->body_over = true;
    r->events->on_body_end(r->owner, &(struct http_fields){0});
}

void fake_front_body_broken(struct front_request *r, int status)
{
    r->body_over = true;
    r->events->on_body_broken(r->owner, status, "the body is broken");
}

void fake_front_drained(struct front_request *r, size_t waiting)
{
    r->waiting = waiting;
    r->events->on_drained(r->owner, waiting);
}

void fake_front_gone(struct front_request *r)
{
    r->dead = true;
    r->events->on_gone(r->owner);
    free_head(r);
}

void fake_front_end(struct front_request *r)
{
    r->dead = true;
    r->events->on_end(r->owner);
    free_head(r);
}

const char *fake_front_field(const struct front_request *r, const char *name, unsigned nth)
{
    static char value[4096];
    struct text rest = buf_text(&r->fields);

    while (rest.len) {
        struct text line = text_of(rest.at, text_find(rest, '\n'));
        size_t colon = text_find(line, ':');

        rest = text_from_offset(rest, line.len + 1);
        if (!text_eq_nocase(text_of(line.at, colon), text_from(name)) || nth-- > 0)
            continue;
        snprintf(value, sizeof value, "%.*s", (int)(line.len - colon - 2), line.at + colon + 2);
        return value;
    }
    return NULL;
}

/* --- front.h -------------------------------------------------------------- */

/* The exchange calls WHAT on a request that lives. */
static void alive(const struct front_request *r, const char *what)
{
    if (r->dead)
        wrong("%s after the request's end was told", what);
}

static void keep_fields(struct buf *to, const struct http_fields *fields)
{
    faults_hold();
    for (size_t i = 0; i < fields->count; i++) {
        if (!fields->at[i].name.len || !http_field_value_ok(fields->at[i].value))
            wrong("a reply field that can't be sent");
        buf_add(to, fields->at[i].name);
        buf_add(to, TEXT(": "));
        buf_add(to, fields->at[i].value);
        buf_add_byte(to, '\n');
    }
    faults_release();
}

void front_attach(struct front_request *r, const struct front_events *events, void *owner)
{
    if (r->events)
        wrong("attached twice");
    r->events = events;
    r->owner = owner;
}

struct text front_peer(const struct front_request *r, unsigned *port_out)
{
    alive(r, "front_peer");
    if (port_out)
        *port_out = 4711;
    return text_from(r->peer);
}

bool front_unwelcome(const struct front_request *r)
{
    alive(r, "front_unwelcome");
    return r->unwelcome;
}

bool front_secure(const struct front_request *r)
{
    alive(r, "front_secure");
    return r->secure;
}

struct text front_subject(const struct front_request *r)
{
    alive(r, "front_subject");
    return text_from(r->subject);
}

void front_read(struct front_request *r, bool on)
{
    alive(r, "front_read");
    say(on ? "read-on" : "read-off");
    r->reading = on;
}

void front_moved(struct front_request *r)
{
    alive(r, "front_moved");
}

void front_continue(struct front_request *r)
{
    alive(r, "front_continue");
    if (r->replied)
        wrong("100 after the reply's head");
    if (r->head.expect_continue && !r->continued)
        say("continue");
    r->continued = true;
}

void front_hints(struct front_request *r, const struct http_fields *fields)
{
    alive(r, "front_hints");
    if (r->replied)
        wrong("103 after the reply's head");
    say("hints %zu", fields->count);
    buf_clear(&r->hints);
    keep_fields(&r->hints, fields);
}

void front_reply(struct front_request *r, const struct front_reply *reply)
{
    alive(r, "front_reply");
    if (r->replied || r->aborted)
        wrong("a second reply");
    say("reply %d", reply->status);
    r->replied = true;
    r->reply = *reply;
    r->reply.reason = (struct text){0};
    r->reply.fields = (struct http_fields){0};
    keep_fields(&r->fields, &reply->fields);
}

size_t front_send(struct front_request *r, struct text piece)
{
    alive(r, "front_send");
    if (!r->replied || r->finished || r->aborted)
        wrong("body bytes outside a reply");
    if (r->reply.framing == HTTP_NO_BODY)
        wrong("body bytes in a reply that has none");
    if (piece.len == 0)
        wrong("an empty piece, which would end a chunked body");
    if (text_starts(piece, TEXT("{\"ok\":false")))
        say("send error");
    else
        say("send %zu", piece.len);
    faults_hold();
    buf_add(&r->body, piece);
    faults_release();
    r->waiting += piece.len;
    return r->waiting;
}

void front_finish(struct front_request *r, const struct http_fields *trailers)
{
    alive(r, "front_finish");
    if (!r->replied || r->finished || r->aborted)
        wrong("front_finish without a reply under way");
    if (r->reply.framing == HTTP_LENGTH && r->reply.length != r->body.len)
        wrong("%zu bytes sent under a length of %zu", r->body.len, (size_t)r->reply.length);
    say("finish");
    r->finished = true;
    if (trailers)
        keep_fields(&r->trailers, trailers);
}

void front_abort(struct front_request *r)
{
    alive(r, "front_abort");
    if (r->finished || r->aborted)
        wrong("front_abort after the reply's end");
    say("abort");
    r->aborted = true;
}
