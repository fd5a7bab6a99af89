#include "front/front.h"

#include "front/door.h"

#include <stdlib.h>

struct front *front_new(struct event_base *base, const struct front_limits *limits,
                        const struct front_host *host)
{
    struct front *f = calloc(1, sizeof *f);

    if (!f)
        return NULL;
    f->base = base;
    f->limits = *limits;
    f->host = *host;
    buf_init(&f->line, SIZE_MAX);
    listeners_init(&f->listeners, f);
    f->scratch = calloc(limits->head.fields, sizeof *f->scratch);
    if (!f->scratch || !door_open(f))
        front_free(&f);
    return f;
}

void front_free(struct front **f)
{
    struct front *gone = *f;

    if (!gone)
        return;
    *f = NULL;
    if (gone->doors[0].http)
        listeners_fini(&gone->listeners);
    door_shut(gone);
    buf_fini(&gone->line);
    free(gone->scratch);
    free(gone);
}

bool front_set_limits(struct front *f, const struct front_limits *limits)
{
    struct http_field *scratch = calloc(limits->head.fields, sizeof *scratch);

    if (!scratch)
        return false;
    free(f->scratch);
    f->scratch = scratch;
    f->limits = *limits;
    for (struct tap *tap = f->taps; tap; tap = tap->next) {
        tap_fit(tap);
        tap_on_timer(-1, EV_TIMEOUT, tap); /* its clocks may be shorter now */
    }
    return true;
}

bool front_listen(struct front *f, int fd, const struct endpoint_way *way)
{
    return listeners_add(&f->listeners, fd, way);
}

bool front_share(struct front *f, int fd, const struct endpoint_way *way)
{
    return listeners_share(&f->listeners, fd, way);
}

void front_drain(struct front *f)
{
    if (f->draining)
        return;
    f->draining = true;
    listeners_drain(&f->listeners);
    for (struct tap *tap = f->taps; tap; tap = tap->next)
        tap_on_timer(-1, EV_TIMEOUT, tap); /* who is idle has less time now */
}

void front_abort_all(struct front *f)
{
    for (struct tap *tap = f->taps; tap; tap = tap->next)
        tap_lose(tap);
}

size_t front_connections(const struct front *f)
{
    return f->connections + (f->draining && f->listeners.first ? 1 : 0);
}

struct text front_peer(const struct front_request *request, unsigned *port_out)
{
    *port_out = request->tap->port;
    return text_from(request->tap->peer);
}

bool front_unwelcome(const struct front_request *request)
{
    return request->tap->entry == FRONT_REFUSE;
}

bool front_secure(const struct front_request *request)
{
    return request->tap->way.tls;
}

struct text front_subject(const struct front_request *request)
{
    return text_from(request->tap->subject);
}
