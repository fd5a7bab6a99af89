#include "exchange/stage.h"

#include "exchange/faults.h"

#include <event2/event.h>
#include <stdlib.h>

enum { REPLY_HELD_MAX = 32, REPLY_LARGE = 60, REPLY_PIECE = 30, WANT_ROOM = 12 };

static struct event_base *base;
static struct mapping *mapping;

const char *happening_words(enum happening h)
{
    static const char *const words[] = {
#define X(name, what) what,
        HAPPENINGS(X)
#undef X
    };
    return words[h];
}

/* --- the stage ------------------------------------------------------------ */

void stage_setup(void)
{
    base = event_base_new();
    mapping = scenes_mapping();
    if (!base || !mapping)
        abort();
}

void stage_teardown(void)
{
    mapping_unref(&mapping);
    event_base_free(base);
}

static void on_bury(void *owner)
{
    struct stage *s = owner;

    s->burials++;
    s->grave_open = true;
}

void stage_open(struct stage *s, const struct scene *scene)
{
    *s = (struct stage){.scene = scene, .pool = {.count = 1}};
    s->pools[0] = &s->pool;
    s->pool.endpoints[0] = &fake_endpoints[0];
    s->pool.endpoints[1] = &fake_endpoints[1];
    s->host = (struct exchange_host){
        .base = base,
        .upstream = &s->upstream,
        .pools = s->pools,
        .mapping = mapping,
        .exchanges = &s->places,
        .pressure = &s->pressure,
        .bury = on_bury,
        .owner = s,
        .limits = {.body_json = 4096,
                   .body_other = UINT64_MAX,
                   .request_buffer = scene->request_buffer,
                   .reply_buffer = REPLY_HELD_MAX,
                   .buffer_high = scene->buffer_high,
                   .buffer_low = 4,
                   .translate = {.json_depth = 64, .json_number = 1024, .json_value = 65536},
                   .first_byte_ms = 60000,
                   .between_bytes_ms = 61000,
                   .stream_ms = 300000},
    };
    quota_init(&s->places, 4);
    buf_init(&s->up, 1 << 20);
    buf_init(&s->down, 1 << 20);
    transcript_clear();
    story_clear();
    story_add(scene->name);
}

static void stage_born(struct stage *s)
{
    s->ex = s->client->owner;
    if (!s->ex && s->may_fail)
        return;
    if (!s->client->events || !s->ex || s->host.open != 1)
        wrong("the request was not taken");
}

static void begin(struct stage *s, const char *head)
{
    faults_hold();
    s->client = fake_front_new(head);
    faults_release();
    exchange_begin(&s->host, s->client, &s->client->head);
    stage_born(s);
}

void stage_begin_with(struct stage *s, const char *head)
{
    s->by_hand = true;
    begin(s, head);
}

void stage_begin(struct stage *s)
{
    begin(s, s->scene->head);
}

void stage_refuse(struct stage *s, int status)
{
    s->client = fake_front_refused();
    s->client->body_over = true;
    exchange_refuse(&s->host, s->client, status, "the head was refused");
    stage_born(s);
}

void stage_reap(struct stage *s)
{
    if (!s->grave_open)
        return;
    s->outcome = s->ex->outcome;
    s->status = s->ex->status;
    s->grave_open = false;
    s->ex = NULL;
    exchange_reap(&s->host);
}

void stage_close(struct stage *s)
{
    stage_reap(s);
    if (s->ex || s->burials != 1 || s->host.open || quota_taken(&s->places) ||
        !LIST_EMPTY(&s->host.living) || !LIST_EMPTY(&s->host.dead))
        wrong("the exchange has not ended once and for all");
    fake_front_free(&s->client);
    fake_upstream_fini(&s->upstream);
    buf_fini(&s->up);
    buf_fini(&s->down);
}

struct upstream_transfer *stage_transfer(const struct stage *s)
{
    struct upstream_transfer *t = fake_upstream_live(&s->upstream);

    if (!t)
        wrong("there is no transfer");
    return t;
}

/* --- what may happen ------------------------------------------------------ */

static bool client_may(const struct stage *s, enum happening h)
{
    const struct front_request *client = s->client;
    bool body_open = !client->body_over && client->reading && s->scene->first;

    if (client->dead || (client->aborted && h != GONE))
        return false;
    if (h == PIECE)
        return body_open && (!s->scene->length || s->sent < s->scene->length);
    if (h == BAD_PIECE)
        return body_open && strcmp(s->scene->first, CLIENT_JSON) == 0;
    if (h == BODY_END)
        return !client->body_over && s->sent == (s->scene->length ? s->scene->length : s->sent);
    if (h == BODY_BROKEN)
        return body_open && !s->scene->length;
    if (h == BODY_STALLED)
        return body_open && !client->finished;
    if (h == DRIPPED)
        return client->waiting > s->host.limits.buffer_low;
    if (h == DRAINED)
        return client->waiting > 0;
    if (h == LEFT)
        return client->finished && client->waiting == 0;
    return true;
}

static bool service_may(const struct stage *s, enum happening h)
{
    const struct upstream_transfer *t = fake_upstream_live(&s->upstream);
    bool owes = s->replies && (s->open_ended || s->owed > 0);

    if (!t)
        return false;
    if (h == WANT)
        return t->request.framing != HTTP_NO_BODY && !t->whole.at && !t->ended && !t->asleep;
    if (h >= HEAD_HELD && h <= HEAD_404)
        return !t->headed;
    if (h == BYTES)
        return t->headed && owes && !t->pending;
    if (h == BAD_BYTES)
        return t->headed && owes && s->json && !t->pending;
    if (h == DONE)
        return t->headed && !t->paused && (s->open_ended || !owes);
    if (h == REFUSED)
        return !t->headed && t->received.len == t->whole.len;
    if (h == BROKE)
        return !t->headed;
    return h == CUT || !t->paused;
}

bool stage_may(const struct stage *s, enum happening h)
{
    return h < WANT ? client_may(s, h) : service_may(s, h);
}

/* --- making it happen ----------------------------------------------------- */

static void client_piece(struct stage *s, bool good)
{
    const char *piece = s->pieces ? s->scene->more : s->scene->first;

    faults_hold();
    buf_add(&s->up, text_from(s->pieces ? s->scene->more : s->scene->upstream));
    faults_release();
    s->pieces++;
    s->sent += strlen(piece);
    fake_front_piece(s->client, good ? text_from(piece) : TEXT("}"));
}

void stage_head(struct stage *s, int status, enum http_framing framing, uint64_t length,
                const char *fields)
{
    struct http_field at[32];
    struct upstream_head head = {.status = status,
                                 .reason = TEXT("As Told"),
                                 .fields = {at, 0},
                                 .framing = framing,
                                 .has_length = framing == HTTP_LENGTH || length,
                                 .length = length};
    struct text rest = text_from(fields);

    while (rest.len) {
        struct text line = text_of(rest.at, text_find(rest, '\n'));
        size_t colon = text_find(line, ':');

        at[head.fields.count++] = (struct http_field){text_of(line.at, colon),
                                                      text_trim(text_from_offset(line, colon + 1))};
        rest = text_from_offset(rest, line.len + 1);
    }
    s->replies = framing != HTTP_NO_BODY;
    s->open_ended = framing == HTTP_CHUNKED || framing == HTTP_TO_CLOSE;
    s->owed = s->open_ended ? 0 : length;
    s->json = strstr(fields, "application/json") != NULL;
    fake_upstream_head(stage_transfer(s), &head);
}

static void service_head(struct stage *s, enum happening h)
{
    static const char json[] = "Content-Type: application/json\n";

    if (h == HEAD_HELD)
        stage_head(s, 200, HTTP_LENGTH, strlen(SERVICE_JSON), json);
    else if (h == HEAD_LARGE)
        stage_head(s, 200, HTTP_LENGTH, REPLY_LARGE, json);
    else if (h == HEAD_CHUNKED)
        stage_head(s, 200, HTTP_CHUNKED, 0, json);
    else if (h == HEAD_RAW)
        stage_head(s, 200, HTTP_LENGTH, REPLY_LARGE, "Content-Type: text/plain\n");
    else if (h == HEAD_204)
        stage_head(s, 204, HTTP_NO_BODY, 0, "");
    else
        stage_head(s, 404, HTTP_CHUNKED, 0, json);
}

static void service_bytes(struct stage *s, bool good)
{
    char piece[REPLY_PIECE];
    size_t size = sizeof piece;
    const char *document = s->begun_bytes ? "" : SERVICE_JSON;

    if (!s->open_ended && s->owed < size)
        size = (size_t)s->owed;
    memset(piece, good ? ' ' : '}', size);
    if (good)
        memcpy(piece, document, strlen(document));
    faults_hold();
    if (s->json && !s->begun_bytes) {
        buf_add(&s->down, TEXT(CLIENT_JSON));
        buf_add(&s->down, text_of(piece + strlen(document), size - strlen(document)));
    } else {
        buf_add(&s->down, text_of(piece, size));
    }
    faults_release();
    s->begun_bytes = true;
    s->owed -= s->open_ended ? 0 : size;
    fake_upstream_piece(stage_transfer(s), text_of(piece, size));
}

static void service_broke(struct stage *s, enum happening h)
{
    static const enum upstream_failure why[HAPPENING_COUNT] = {
        [REFUSED] = UPSTREAM_REFUSED, [BROKE] = UPSTREAM_BROKE, [CUT] = UPSTREAM_CUT,
        [INVALID] = UPSTREAM_INVALID, [SLOW] = UPSTREAM_SLOW,   [NO_MEMORY] = UPSTREAM_NO_ROOM,
    };
    fake_upstream_broke(stage_transfer(s), why[h]);
}

static void client_does(struct stage *s, enum happening h)
{
    struct front_request *client = s->client;

    if (h == PIECE || h == BAD_PIECE)
        client_piece(s, h == PIECE);
    else if (h == BODY_END)
        fake_front_body_end(client);
    else if (h == BODY_BROKEN || h == BODY_STALLED)
        fake_front_body_broken(client, h == BODY_BROKEN ? 400 : 408);
    else if (h == DRIPPED || h == DRAINED)
        fake_front_drained(client, h == DRIPPED ? s->host.limits.buffer_low : 0);
    else if (h == LEFT)
        fake_front_end(client);
    else
        fake_front_gone(client);
}

static void service_does(struct stage *s, enum happening h)
{
    if (h == WANT)
        fake_upstream_want(stage_transfer(s), WANT_ROOM);
    else if (h >= HEAD_HELD && h <= HEAD_404)
        service_head(s, h);
    else if (h == BYTES || h == BAD_BYTES)
        service_bytes(s, h == BYTES);
    else if (h == DONE)
        fake_upstream_done(stage_transfer(s), &(struct http_fields){0});
    else
        service_broke(s, h);
}

void stage_force(struct stage *s, enum happening h)
{
    story_add(happening_words(h));
    if (h < WANT)
        client_does(s, h);
    else
        service_does(s, h);
}

/* --- what must always hold ------------------------------------------------ */

/* True if the request is sent once more after H: what the scene allows, and only the first time. */
static bool is_repeated(const struct stage *s, enum happening h)
{
    return (h == REFUSED || h == BROKE) && s->scene->again && s->upstream.started == 1;
}

/* True if H would fail the exchange as it stands. */
static bool is_failure(const struct stage *s, enum happening h)
{
    const struct exchange *ex = s->ex;
    bool uploading = ex->phase < EXCHANGE_FLUSHING && !ex->up.dropped && !ex->up.complete;

    if (h == BAD_BYTES)
        return !stage_transfer(s)->paused;
    if (is_repeated(s, h))
        return false;
    return h >= REFUSED || (uploading && (h == BAD_PIECE || h == BODY_BROKEN || h == BODY_STALLED));
}

/* A failure before the reply is answered; after its first byte it must look like one. */
static void check_failure(const struct stage *s, bool was_begun)
{
    if (was_begun && !s->client->aborted)
        wrong("the reply had begun and failed, but was not cut");
    if (!was_begun && !s->client->finished)
        wrong("a failure before the reply was not answered");
}

static void check_bytes(const struct stage *s)
{
    const struct front_request *client = s->client;
    const struct upstream_transfer *t = s->upstream.transfers;

    if (s->by_hand)
        return;
    if (client->finished && (!s->decided || s->outcome <= OUTCOME_CLIENT_GONE) &&
        !text_eq(buf_text(&client->body), buf_text(&s->down)))
        wrong("the client got \"%.*s\", not \"%.*s\"", TEXT_ARG(buf_text(&client->body)),
              TEXT_ARG(buf_text(&s->down)));
    if (!t || (!t->ended && !t->whole.at))
        return;
    if (!client->body_over || !text_eq(buf_text(&t->received), buf_text(&s->up)))
        wrong("the service got \"%.*s\" as the whole of \"%.*s\"", TEXT_ARG(buf_text(&t->received)),
              TEXT_ARG(buf_text(&s->up)));
}

static void check_pauses(const struct stage *s)
{
    const struct exchange *ex = s->ex;
    const struct upstream_transfer *t = fake_upstream_live(&s->upstream);

    if (t != ex->upstream)
        wrong("the exchange and the service disagree about the transfer");
    if (ex->phase >= EXCHANGE_FLUSHING)
        return;
    if (t && t->paused && (!ex->down.valve.shut || s->client->waiting <= s->host.limits.buffer_low))
        wrong("the service is paused, and nothing will resume it");
    if (!s->client->reading && (ex->up.dropped || !ex->up.valve.shut))
        wrong("the client is paused, and nothing will resume it");
    if (t && t->asleep && !ex->up.wanted)
        wrong("the service sleeps, and nothing will wake it");
}

static void check_life(const struct stage *s)
{
    bool ended = s->client->dead;

    if (s->burials != ended)
        wrong("buried %u times while the client is %s", s->burials, ended ? "over" : "there");
    if (!ended && s->host.open != 1)
        wrong("%zu exchanges are open", s->host.open);
    if (ended && (s->ex || s->host.open || fake_upstream_live(&s->upstream)))
        wrong("the exchange outlived its client");
}

void stage_check(const struct stage *s)
{
    check_life(s);
    check_bytes(s);
    if (s->ex)
        check_pauses(s);
}

void stage_do(struct stage *s, enum happening h)
{
    bool was_begun = s->client->replied && !s->client->finished;
    bool was_cut = s->client->aborted;
    bool failure = is_failure(s, h);
    bool repeated = is_repeated(s, h);

    stage_force(s, h);
    enum outcome now = s->ex->outcome;
    if (s->decided && (!s->ex->decided || now != s->outcome))
        wrong("the outcome %s became %s", outcome_row(s->outcome)->name, outcome_row(now)->name);
    s->decided = s->ex->decided;
    s->outcome = now;
    if (repeated && (s->upstream.started != 2 || s->ex->phase != EXCHANGE_WAITING))
        wrong("the request was not sent once more");
    if (!repeated && s->upstream.started > 1 + (s->scene->again ? 1U : 0U))
        wrong("the request was sent once too often");
    if (failure)
        check_failure(s, was_begun);
    else if (s->client->aborted && !was_cut && !s->may_fail && h != DRIPPED && h != DRAINED)
        wrong("the reply was cut, though nothing failed");
    stage_reap(s);
    stage_check(s);
}

/* --- a good end ----------------------------------------------------------- */

void stage_finish(struct stage *s)
{
    static const enum happening wishes[] = {LEFT, DRAINED,   PIECE, WANT, BODY_END,
                                            DONE, HEAD_HELD, BYTES, GONE};
    enum { STEPS_MAX = 64 };

    for (unsigned steps = 0; s->ex; steps++) {
        size_t i = 0;

        while (wishes[i] != GONE && (!stage_may(s, wishes[i]) ||
                                     (wishes[i] == PIECE && !s->scene->length && s->pieces > 0)))
            i++;
        if (wishes[i] == GONE && !s->client->aborted)
            wrong("nothing that a good client and service do ends the exchange");
        if (steps > STEPS_MAX)
            wrong("the exchange goes on for ever");
        stage_do(s, wishes[i]);
    }
}
