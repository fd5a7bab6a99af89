/*
 * bare_evhttp.c - a server of evhttp alone: what the client's side costs at least
 *
 *   bare_evhttp BODY
 *
 * Answers each request with the bytes of the file BODY, in one thread, on a
 * free port that it prints; a request's own body is read and dropped.
 */
#include <assert.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

static char *body;
static size_t body_len;

static void answer(struct evhttp_request *request, void *unused)
{
    struct evbuffer *reply = evhttp_request_get_output_buffer(request);

    (void)unused;
    evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type",
                      "application/json");
    evbuffer_add_reference(reply, body, body_len, NULL, NULL);
    evhttp_send_reply(request, 200, "OK", NULL);
}

int main(int argc, char **argv)
{
    FILE *from = argc == 2 ? fopen(argv[1], "rb") : NULL;
    struct event_config *config = event_config_new();

    assert(from && config);
    fseek(from, 0, SEEK_END);
    body_len = (size_t)ftell(from);
    body = malloc(body_len + 1);
    rewind(from);
    assert(body && fread(body, 1, body_len, from) == body_len);
    fclose(from);
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    struct event_base *base = event_base_new_with_config(config);
    assert(base);
    struct evhttp *http = evhttp_new(base);
    assert(http);
    evhttp_set_allowed_methods(http, EVHTTP_REQ_GET | EVHTTP_REQ_POST);
    evhttp_set_gencb(http, answer, NULL);
    struct evhttp_bound_socket *bound = evhttp_bind_socket_with_handle(http, "127.0.0.1", 0);
    assert(bound);
    struct sockaddr_in place;
    socklen_t len = sizeof place;
    getsockname(evhttp_bound_socket_get_fd(bound), (struct sockaddr *)&place, &len);
    printf("listening address=127.0.0.1:%d\n", ntohs(place.sin_port));
    fflush(stdout);
    event_base_dispatch(base);
    return 0;
}
