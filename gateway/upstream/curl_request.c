#include "upstream/curl_transfer.h"

#include <stdlib.h>

/*
 * The library wants a list of NUL-terminated lines.  All of a request's text
 * lives in one block: first the nodes of the list, then the bytes.
 */
struct block {
    struct curl_slist *nodes;
    size_t count;
    char *at; /* where the next byte goes */
};

enum {
    EXTRA_LINES = 4,
    EXTRA_BYTES = 64,
    BUFFER_BYTES = 65536,       /* receive buffer */
    STREAM_BUFFER_BYTES = 4096, /* of an event stream, which may stay open for long */
};

static void put(struct block *b, struct text t)
{
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
    begin_line(b);
    put(b, field->name);
    if (field->value.len > 0) {
        put(b, TEXT(": "));
        put(b, field->value);
    } else {
        put(b, TEXT(";")); /* how the library spells an empty value */
    }
    end_line(b);
}

/* Fields that would contradict the framing made here. */
static bool is_framing(struct text name)
{
    return (name.len == 14 && text_eq_nocase(name, TEXT("content-length"))) ||
           (name.len == 17 && text_eq_nocase(name, TEXT("transfer-encoding"))) ||
           (name.len == 6 && text_eq_nocase(name, TEXT("expect")));
}

static size_t block_size(const struct upstream_request *request)
{
    size_t lines = request->fields.count + EXTRA_LINES;
    size_t size = lines * sizeof(struct curl_slist) + EXTRA_BYTES + request->target.len + 1;

    for (size_t i = 0; i < request->fields.count; i++)
        size += request->fields.at[i].name.len + request->fields.at[i].value.len + sizeof ": ";
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
    if (!http_find(&request->fields, TEXT("accept")))
        put_line(b, TEXT("Accept:"));
    if (t->framing != HTTP_NO_BODY)
        put_line(b, TEXT("Expect:"));
    else if (says_empty(request->method))
        put_line(b, TEXT("Content-Length: 0"));
    if (t->whole.len > 0 && !http_find(&request->fields, TEXT("content-type")))
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
    failed |= curl_easy_setopt(t->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)limits->connect_ms);
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
static CURLcode set_endpoint(struct upstream_transfer *t, struct endpoint *e)
{
    if (e == t->endpoint)
        return CURLE_OK;
    endpoint_unref(&t->endpoint);
    t->endpoint = endpoint_ref(e);
    if (curl_url_set(t->origin, CURLUPART_URL, e->url, 0) != CURLUE_OK)
        return CURLE_URL_MALFORMAT;
    /* As text alone it would be parsed for each request, a twentieth of its cost. */
    return curl_easy_setopt(t->easy, CURLOPT_URL, e->url) |
           curl_easy_setopt(t->easy, CURLOPT_CURLU, t->origin);
}

bool transfer_request(struct upstream_transfer *t, const struct upstream_request *request)
{
    struct block b = {.nodes = malloc(block_size(request))};

    if (!b.nodes)
        return false;
    t->request_memory = b.nodes;
    note_body(t, request);
    b.at = (char *)(b.nodes + request->fields.count + EXTRA_LINES);
    char *target = b.at;
    put(&b, request->target);
    end_line(&b);
    for (size_t i = 0; i < request->fields.count; i++)
        if (!is_framing(request->fields.at[i].name))
            put_field(&b, &request->fields.at[i]);
    put_extras(&b, t, request);
    if (request->fresh)
        transfer_renew(t);
    t->first_byte_ms = request->first_byte_ms;
    t->between_bytes_ms = request->between_bytes_ms;
    reply_start(&t->reply, request->method);
    return !set_endpoint(t, request->endpoint ? request->endpoint : t->upstream->own) &&
           !set_head(t, target, b.count > 0 ? b.nodes : NULL, request->event_stream) &&
           !set_body(t, request);
}
