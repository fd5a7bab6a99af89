#include "upstream/curl_transfer.h"

#include "upstream/pool.h"

#include <stdlib.h>

/*
 * The library wants a list of NUL-terminated lines.  All of a request's text
 * lives in one block: first the nodes of the list, then the bytes.  It would
 * look at every line for each of a dozen names, so it gets all fields as one
 * line, with CRLF between them, Host too: it would print that twice, a
 * fiftieth of a request's cost.
 */
struct block {
    struct curl_slist *nodes;
    size_t count;
    char *at; /* where the next byte goes */
};

enum {
    LINES_MAX = 6,              /* Host:, the fields, and what put_extras adds */
    EXTRA_BYTES = 64,           /* for those */
    BUFFER_BYTES = 65536,       /* receive buffer */
    STREAM_BUFFER_BYTES = 4096, /* of an event stream, which may stay open for long */
    CONNECT_GRACE_MS = 60000,
};

static void put(struct block *b, struct text t)
{
    if (t.len > 0)
        memcpy(b->at, t.at, t.len);
    b->at += t.len;
}

/* Begins a line, which ends with end_line. */
static void begin_line(struct block *b)
{
    struct curl_slist *node = &b->nodes[b->count];

    node->data = b->at;
    node->next = NULL;
    if (b->count > 0)
        b->nodes[b->count - 1].next = node;
    b->count++;
}

static void end_line(struct block *b)
{
    *b->at++ = '\0';
}

static void put_line(struct block *b, struct text line)
{
    begin_line(b);
    put(b, line);
    end_line(b);
}

static void put_field(struct block *b, const struct http_field *field)
{
    put(b, field->name);
    put(b, field->value.len > 0 ? TEXT(": ") : TEXT(":"));
    put(b, field->value);
}

/* Fields that would contradict the framing made here. */
static bool is_framing(struct text name)
{
    return (name.len == 14 && text_eq_nocase(name, TEXT("content-length"))) ||
           (name.len == 17 && text_eq_nocase(name, TEXT("transfer-encoding"))) ||
           (name.len == 6 && text_eq_nocase(name, TEXT("expect")));
}

static bool is_host(struct text name)
{
    return name.len == 4 && text_eq_nocase(name, TEXT("host"));
}

/* Adds FIELD to the line at hand, of which there are COUNT fields already. */
static void put_next(struct block *b, const struct http_field *field, size_t count)
{
    if (count > 0)
        put(b, TEXT("\r\n"));
    else
        begin_line(b);
    put_field(b, field);
}

/* Adds all fields as one line, Host first. */
static void put_fields(struct block *b, const struct http_fields *fields)
{
    const struct http_field *host = http_find(fields, TEXT("host"));
    const struct http_field *last = host;
    size_t count = 0;

    if (host) {
        put_line(b, TEXT("Host:")); /* none of the library's */
        put_next(b, host, count++);
    }
    for (size_t i = 0; i < fields->count; i++) {
        if (is_host(fields->at[i].name) || is_framing(fields->at[i].name))
            continue;
        last = &fields->at[i];
        put_next(b, last, count++);
    }
    if (count == 1 && last->value.len == 0)
        b->at[-1] = ';'; /* how the library spells an empty value */
    if (count > 0)
        end_line(b);
}

static size_t block_size(const struct upstream_request *request)
{
    size_t size = LINES_MAX * sizeof(struct curl_slist) + EXTRA_BYTES + request->target.len + 1;

    for (size_t i = 0; i < request->fields.count; i++)
        size += request->fields.at[i].name.len + request->fields.at[i].value.len + sizeof ": \r\n";
    return size;
}

/* True if METHOD gives a request without a body a Content-Length all the same. */
static bool says_empty(enum http_method method)
{
    return method == HTTP_POST || method == HTTP_PUT || method == HTTP_PATCH;
}

/* Lines that keep the library from adding fields of its own. */
static void put_extras(struct block *b, const struct upstream_transfer *t,
                       const struct upstream_request *request)
{
    put_line(b, TEXT("Accept:"));
    if (t->framing != HTTP_NO_BODY)
        put_line(b, TEXT("Expect:"));
    else if (says_empty(request->method))
        put_line(b, TEXT("Content-Length: 0"));
    if (t->whole.len > 0)
        put_line(b, TEXT("Content-Type:"));
}

/* Sets method and body; HTTPGET first, as it undoes what the last request set. */
static CURLcode set_body(struct upstream_transfer *t, const struct upstream_request *request)
{
    CURL *e = t->easy;
    bool plain =
        request->method == HTTP_HEAD || (request->method == HTTP_GET && t->framing == HTTP_NO_BODY);
    CURLcode failed = curl_easy_setopt(e, CURLOPT_HTTPGET, 1L);

    /* A name is a literal without a length; every one ends in NUL. */
    failed |= curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST,
                               plain ? NULL : http_method_name(request->method).at);
    if (request->method == HTTP_HEAD) {
        failed |= curl_easy_setopt(e, CURLOPT_NOBODY, 1L);
    } else if (t->whole.len > 0) {
        failed |= curl_easy_setopt(e, CURLOPT_POSTFIELDS, t->whole.at);
        failed |= curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->whole.len);
    } else if (t->framing != HTTP_NO_BODY) {
        failed |= curl_easy_setopt(e, CURLOPT_UPLOAD, 1L);
        failed |=
            curl_easy_setopt(e, CURLOPT_INFILESIZE_LARGE,
                             t->framing == HTTP_LENGTH ? (curl_off_t)t->body_left : (curl_off_t)-1);
    }
    return failed;
}

static CURLcode set_head(struct upstream_transfer *t, const char *target, struct curl_slist *lines,
                         bool event_stream)
{
    const struct upstream_limits *limits = &t->upstream->limits;
    CURLcode failed = curl_easy_setopt(t->easy, CURLOPT_REQUEST_TARGET, target);
    long buffer_size = event_stream ? STREAM_BUFFER_BYTES : BUFFER_BYTES;

    failed |= curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, lines);
    /* The gateway's own clock is first: the library would close the socket without telling. */
    failed |= curl_easy_setopt(t->easy, CURLOPT_CONNECTTIMEOUT_MS,
                               (long)limits->connect_ms + CONNECT_GRACE_MS);
    failed |= curl_easy_setopt(t->easy, CURLOPT_MAXAGE_CONN, (long)(limits->idle_ms / 1000));
    if (t->buffer_size != buffer_size)
        failed |= curl_easy_setopt(t->easy, CURLOPT_BUFFERSIZE, buffer_size);
    t->buffer_size = buffer_size;
    return failed;
}

/* How the body goes up: none for HEAD, whatever the client sent. */
static void note_body(struct upstream_transfer *t, const struct upstream_request *request)
{
    bool none = request->method == HTTP_HEAD || request->framing == HTTP_NO_BODY ||
                (request->framing == HTTP_LENGTH && request->length == 0);

    t->framing = none ? HTTP_NO_BODY : request->framing;
    t->whole = none ? (struct text){NULL, 0} : request->whole;
    if (t->whole.len > 0)
        t->framing = HTTP_LENGTH;
    t->body_left = t->framing == HTTP_LENGTH ? request->length : 0;
    t->body_given = none || t->whole.len > 0;
}

/* Has T ask E. */
static CURLcode set_endpoint(struct upstream_transfer *t, struct endpoint *e,
                             const struct pool *pool)
{
    if (e == t->endpoint)
        return CURLE_OK;
    endpoint_unref(&t->endpoint);
    t->endpoint = endpoint_ref(e);
    if (curl_url_set(t->origin, CURLUPART_URL, e->url, 0) != CURLUE_OK)
        return CURLE_URL_MALFORMAT;
    bool named = pool && strncmp(e->url, "https:", 6) == 0;
    if (transfer_tls_name(t, named ? pool->tls.server_name : (struct text){0}) != CURLE_OK)
        return CURLE_OUT_OF_MEMORY;
    /* As text alone it would be parsed for each request, a twentieth of its cost. */
    return curl_easy_setopt(t->easy, CURLOPT_URL, e->url) |
           curl_easy_setopt(t->easy, CURLOPT_CURLU, t->origin) |
           curl_easy_setopt(t->easy, CURLOPT_UNIX_SOCKET_PATH, e->path);
}

/* A name may mean another address by now: a connection to it is used for so long and no longer. */
static CURLcode set_lifetime(struct upstream_transfer *t, const struct pool *pool)
{
    long lifetime_s = pool && t->endpoint->by_name ? (long)(pool->refresh_ms / 1000) : 0;

    if (lifetime_s == t->lifetime_s)
        return CURLE_OK;
    t->lifetime_s = lifetime_s;
    return curl_easy_setopt(t->easy, CURLOPT_MAXLIFETIME_CONN, lifetime_s);
}

bool transfer_request(struct upstream_transfer *t, const struct upstream_request *request)
{
    struct block b = {.nodes = malloc(block_size(request))};

    if (!b.nodes)
        return false;
    t->request_memory = b.nodes;
    note_body(t, request);
    b.at = (char *)(b.nodes + LINES_MAX);
    char *target = b.at;
    put(&b, request->target);
    end_line(&b);
    put_fields(&b, &request->fields);
    put_extras(&b, t, request);
    t->first_byte_ms = request->first_byte_ms;
    t->between_bytes_ms = request->between_bytes_ms;
    reply_start(&t->reply, request->method);
    struct endpoint *asked = request->endpoint ? request->endpoint : t->upstream->own;
    if ((request->pool && transfer_tls(t, request->pool)) ||
        set_endpoint(t, asked, request->pool) || set_lifetime(t, request->pool))
        return false;
    if (request->fresh || t->endpoint->path) /* what waits on a unix socket is not known */
        transfer_renew(t);
    return !set_head(t, target, b.count > 0 ? b.nodes : NULL, request->event_stream) &&
           !set_body(t, request);
}
