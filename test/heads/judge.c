/*
 * judge.c - what the grammar makes of the bytes on standard input
 *
 * Reads one connection's bytes as a server would and prints a line for each
 * request: "accepted METHOD TARGET BYTES" with the bytes of its content, then
 * "refused STATUS REASON", "incomplete" or "end".
 */
#include "http/chunked.h"
#include "http/head.h"

#include <stdio.h>
#include <stdlib.h>

static const struct http_head_limits head_limits = {
    .request_line = 8192, .head = 32768, .fields = 100};
static const struct chunked_limits chunked_limits = {.line = 4096, .trailers = 8192};

enum verdict { GOES_ON, STOPS };

static enum verdict stop(const char *word)
{
    puts(word);
    return STOPS;
}

static enum verdict refuse(int status, const char *reason)
{
    printf("refused %d %s\n", status, reason);
    return STOPS;
}

/* Reads a chunked body off the start of *REST. */
static enum verdict read_chunked(struct text *rest, uint64_t *bytes_out)
{
    struct chunked c;
    struct text content;
    enum chunked_step step;

    chunked_init(&c, &chunked_limits);
    while ((step = chunked_next(&c, rest, &content)) == CHUNKED_CONTENT)
        *bytes_out += content.len;
    chunked_fini(&c);
    if (step == CHUNKED_BAD)
        return refuse(400, "bad chunk");
    return step == CHUNKED_END ? GOES_ON : stop("incomplete");
}

static enum verdict read_body(const struct http_head *head, struct text *rest)
{
    uint64_t bytes = 0;
    enum verdict verdict = GOES_ON;

    if (head->framing == HTTP_CHUNKED) {
        verdict = read_chunked(rest, &bytes);
    } else if (head->framing == HTTP_LENGTH) {
        if (rest->len < head->length)
            return stop("incomplete");
        bytes = head->length;
        *rest = text_from_offset(*rest, (size_t)bytes);
    }
    if (verdict == GOES_ON) {
        struct text method = http_method_name(head->method);

        printf("accepted %.*s %.*s %llu\n", TEXT_ARG(method), TEXT_ARG(head->target),
               (unsigned long long)bytes);
        if (!head->keep_alive)
            return stop("end");
    }
    return verdict;
}

static enum verdict read_request(struct text *rest)
{
    static struct http_field fields[100];
    struct http_head head;
    const char *reason;
    size_t scanned = 0;
    size_t end = http_head_end(*rest, &scanned);

    if (end == 0) {
        int status = http_head_early(*rest, 0, &head_limits, &reason);

        return status ? refuse(status, reason) : stop("incomplete");
    }
    int status = http_head_parse(text_of(rest->at, end), &head_limits, fields, &head, &reason);
    if (status)
        return refuse(status, reason);
    if (!http_path_safe(head.path))
        return refuse(400, "unsafe path");
    *rest = text_from_offset(*rest, end);
    return read_body(&head, rest);
}

int main(void)
{
    static char bytes[1024 * 1024];
    struct text rest = {bytes, fread(bytes, 1, sizeof bytes, stdin)};

    while (rest.len > 0)
        if (read_request(&rest) == STOPS)
            return 0;
    puts("end");
    return 0;
}
