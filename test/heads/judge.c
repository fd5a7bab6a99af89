/*
 * judge.c - what the grammar makes of bytes, as they would come on a connection
 *
 * Standard input holds cases: a line "LENGTH FIRST STEP", then LENGTH bytes,
 * which arrive in a piece of FIRST bytes and pieces of STEP bytes after it.
 * For each case it prints a line for each request,
 *
 *   accepted METHOD TARGET 1.MINOR BYTES keep|close FIELDS CONTENT TRAILERS
 *
 * with the BYTES from the start of its head to the end of its body, field
 * lines as NAME:VALUE with commas between them, names, values and content in
 * hexadecimal and "-" for none of them; then "refused STATUS REASON",
 * "incomplete", "closed" or "end", and an empty line.
 */
#include "http/chunked.h"
#include "http/head.h"

#include <stdio.h>
#include <stdlib.h>

static const struct http_head_limits head_limits = {
    .request_line = 8192, .head = 32768, .fields = 100};
static const struct chunked_limits chunked_limits = {.line = 4096, .trailers = 8192};

enum verdict { GOES_ON, STOPS };

/* The bytes of a case, of which those up to HAVE have arrived. */
struct arriving {
    struct text bytes;
    size_t have;
    size_t step;
    size_t from; /* where the request under way begins */
    size_t used; /* up to here they are read */
};

static bool more(struct arriving *in)
{
    size_t left = in->bytes.len - in->have;

    in->have += in->step < left ? in->step : left;
    return left > 0;
}

static struct text waiting(const struct arriving *in)
{
    return text_of(in->bytes.at + in->used, in->have - in->used);
}

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

static void print_hex(struct text t)
{
    for (size_t i = 0; i < t.len; i++)
        printf("%02x", (unsigned char)t.at[i]);
}

static void print_fields(const struct http_fields *fields)
{
    fputs(fields->count > 0 ? " " : " -", stdout);
    for (size_t i = 0; i < fields->count; i++) {
        fputs(i > 0 ? "," : "", stdout);
        print_hex(fields->at[i].name);
        putchar(':');
        print_hex(fields->at[i].value);
    }
}

static void print_accepted(const struct arriving *in, const struct http_head *head,
                           struct text content, const struct http_fields *trailers)
{
    struct text method = http_method_name(head->method);

    printf("accepted %.*s %.*s 1.%d %zu %s", TEXT_ARG(method), TEXT_ARG(head->target), head->minor,
           in->used - in->from, head->keep_alive ? "keep" : "close");
    print_fields(&head->fields);
    fputs(content.len > 0 ? " " : " -", stdout);
    print_hex(content);
    print_fields(trailers);
    putchar('\n');
}

/* Reads a chunked body into CONTENT. */
static enum verdict read_chunked(struct arriving *in, struct chunked *c, struct buf *content)
{
    for (;;) {
        struct text piece = waiting(in);
        struct text span;
        enum chunked_step step = chunked_next(c, &piece, &span);

        in->used = (size_t)(piece.at - in->bytes.at);
        if (step == CHUNKED_CONTENT)
            buf_add(content, span);
        else if (step == CHUNKED_BAD)
            return refuse(400, "The chunked body is malformed.");
        else if (step == CHUNKED_END)
            return GOES_ON;
        else if (!more(in))
            return stop("incomplete");
    }
}

static enum verdict read_length(struct arriving *in, uint64_t length, struct buf *content)
{
    while (waiting(in).len < length)
        if (!more(in))
            return stop("incomplete");
    buf_add(content, text_of(waiting(in).at, (size_t)length));
    in->used += (size_t)length;
    return GOES_ON;
}

static enum verdict read_body(struct arriving *in, const struct http_head *head)
{
    struct buf content;
    struct chunked c;
    enum verdict verdict = GOES_ON;

    buf_init(&content, in->bytes.len + 1);
    chunked_init(&c, &chunked_limits);
    if (head->framing == HTTP_CHUNKED)
        verdict = read_chunked(in, &c, &content);
    else if (head->framing == HTTP_LENGTH)
        verdict = read_length(in, head->length, &content);
    if (verdict == GOES_ON)
        print_accepted(in, head, buf_text(&content), &c.trailers);
    chunked_fini(&c);
    buf_fini(&content);
    return verdict == GOES_ON && !head->keep_alive ? stop("closed") : verdict;
}

/* Finds the end of the next head, or says why there will be none. */
static enum verdict find_head(struct arriving *in, size_t *end_out)
{
    size_t scanned = 0;

    for (;;) {
        size_t from = scanned;
        const char *reason;

        *end_out = http_head_end(waiting(in), &scanned);
        if (*end_out > 0)
            return GOES_ON;
        int status = 0;
        if (waiting(in).len > 0)
            status = http_head_early(waiting(in), from, &head_limits, &reason);
        if (status)
            return refuse(status, reason);
        if (!more(in))
            return stop("incomplete");
    }
}

static enum verdict read_request(struct arriving *in)
{
    static struct http_field fields[100];
    struct http_head head;
    const char *reason;
    size_t end;

    in->from = in->used;
    if (waiting(in).len == 0 && !more(in))
        return stop("end");
    if (find_head(in, &end) == STOPS)
        return STOPS;
    int status =
        http_head_parse(text_of(waiting(in).at, end), &head_limits, fields, &head, &reason);
    if (status)
        return refuse(status, reason);
    if (head.form != HTTP_ASTERISK_FORM && !http_path_safe(head.path))
        return refuse(400, "The path holds a dot segment or an unsafe escape.");
    in->used += end;
    return read_body(in, &head);
}

int main(void)
{
    size_t length, first, step;

    while (scanf("%zu %zu %zu", &length, &first, &step) == 3 && getchar() == '\n') {
        char *bytes = malloc(length + 1);

        if (!bytes || step == 0 || fread(bytes, 1, length, stdin) != length)
            return 1;
        struct arriving in = {
            .bytes = {bytes, length}, .have = first < length ? first : length, .step = step};
        while (read_request(&in) == GOES_ON)
            ;
        putchar('\n');
        free(bytes);
    }
    return 0;
}
