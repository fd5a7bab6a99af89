#include "stream.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BLOCK = 4096 };

struct stream {
    struct streams *all;
    struct stream *next; /* in the list of waiting ones */
    struct MHD_Connection *connection;
    json_t *events;
    size_t at;      /* the event that comes next */
    size_t written; /* bytes of it that have left */
    char *framed;   /* it, as "data: ...\n\n"; NULL until its pause is over */
    long long due_ms;
    bool waiting;
};

static long long now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Suspends the connection until the pause before the next event is over. */
static void wait_for_pause(struct stream *s)
{
    s->waiting = true;
    s->next = s->all->waiting;
    s->all->waiting = s;
    MHD_suspend_connection(s->connection);
}

/* Makes the next event's bytes.  False: no memory. */
static bool frame_event(struct stream *s)
{
    const char *text = json_string_value(json_array_get(s->events, s->at));

    s->written = 0;
    return asprintf(&s->framed, "data: %s\n\n", text) >= 0;
}

static ssize_t on_room(void *owner, uint64_t offset, char *to, size_t room)
{
    struct stream *s = owner;

    (void)offset;
    if (s->at == json_array_size(s->events))
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (s->all->closing)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (s->framed == NULL && now_ms() < s->due_ms) {
        wait_for_pause(s);
        return 0;
    }
    if (s->framed == NULL && !frame_event(s))
        return MHD_CONTENT_READER_END_WITH_ERROR;

    size_t left = strlen(s->framed) - s->written;
    size_t length = left < room ? left : room;
    memcpy(to, s->framed + s->written, length);
    s->written += length;
    if (length == left) {
        free(s->framed);
        s->framed = NULL;
        s->at++;
        s->due_ms = now_ms() + s->all->pause_ms;
    }
    return (ssize_t)length;
}

static void leave_list(struct stream *s)
{
    for (struct stream **at = &s->all->waiting; *at != NULL; at = &(*at)->next) {
        if (*at == s) {
            *at = s->next;
            break;
        }
    }
    s->waiting = false;
}

static void on_over(void *owner)
{
    struct stream *s = owner;

    if (s->waiting)
        leave_list(s);
    free(s->framed);
    json_decref(s->events);
    free(s);
}

enum MHD_Result stream_start(struct streams *all, struct MHD_Connection *to, json_t *events)
{
    struct stream *s = calloc(1, sizeof *s);
    enum MHD_Result result = MHD_NO;

    if (s == NULL) {
        json_decref(events);
        return MHD_NO;
    }
    *s = (struct stream){.all = all, .connection = to, .events = events};
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, on_room, s, on_over);
    if (response == NULL) {
        on_over(s);
        return MHD_NO;
    }
    if (MHD_add_response_header(response, "Content-Type", "text/event-stream") == MHD_YES &&
        MHD_add_response_header(response, "Cache-Control", "no-cache") == MHD_YES)
        result = MHD_queue_response(to, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return result;
}

void streams_wake(struct streams *all)
{
    long long now = now_ms();

    for (struct stream *s = all->waiting, *next = NULL; s != NULL; s = next) {
        next = s->next;
        if (all->closing || s->due_ms <= now) {
            leave_list(s);
            MHD_resume_connection(s->connection);
        }
    }
}

long streams_wait_ms(const struct streams *all)
{
    long long now = now_ms();
    long long least = -1;

    for (const struct stream *s = all->waiting; s != NULL; s = s->next) {
        long long left = s->due_ms > now ? s->due_ms - now : 0;
        if (least < 0 || left < least)
            least = left;
    }
    return (long)least;
}

void streams_close(struct streams *all)
{
    all->closing = true;
    streams_wake(all);
}
