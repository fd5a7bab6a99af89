#include "http/head.h"

#include "http/grammar.h"
#include "http/target.h"

/* What is known of a head while its one pass goes on. */
struct reading {
    struct text rest; /* not yet read */
    const struct http_head_limits *limits;
    struct http_head *head;
    struct http_target target;
    const char *reason;
    bool chunked;
    bool close;
    bool keep_alive;
    bool expectation; /* an Expect that can't be met */
};

static int refuse(struct reading *r, int status, const char *reason)
{
    r->reason = reason;
    return status;
}

size_t http_head_end(struct text bytes, size_t *scanned)
{
    size_t at = *scanned;

    if (at < 2 && bytes.len >= 2 && bytes.at[0] == '\r' && bytes.at[1] == '\n')
        at = 2;
    while (at < bytes.len) {
        at += text_find(text_from_offset(bytes, at), '\n');
        size_t left = bytes.len - at;

        if (left >= 2 && bytes.at[at + 1] == '\n')
            return at + 2;
        if (left >= 3 && bytes.at[at + 1] == '\r' && bytes.at[at + 2] == '\n')
            return at + 3;
        if (left < 3)
            break;
        at++;
    }
    *scanned = at;
    return 0;
}

/* True if a line of BYTES, from FROM on, ends in less than CRLF or begins with white space. */
static bool has_bad_line(struct text bytes, size_t from)
{
    for (size_t i = from; i < bytes.len; i++) {
        bool last = i + 1 == bytes.len;
        char before = i > 0 ? bytes.at[i - 1] : 0;
        char next = last ? 0 : bytes.at[i + 1];

        if (bytes.at[i] == '\r' && !last && next != '\n')
            return true;
        if (bytes.at[i] == '\n' && (before != '\r' || next == ' ' || next == '\t'))
            return true;
    }
    return false;
}

int http_head_early(struct text bytes, size_t from, const struct http_head_limits *limits,
                    const char **reason_out)
{
    size_t line = limits->request_line + 2;
    size_t skipped = bytes.len >= 2 && bytes.at[0] == '\r' && bytes.at[1] == '\n' ? 2 : 0;
    struct text head = text_from_offset(bytes, skipped);

    *reason_out = "The request line is malformed.";
    if (head.len > 0 && !http_is(head.at[0], IN_TOKEN) && !(skipped == 0 && head.at[0] == '\r'))
        return 400;
    *reason_out = "The request line is too long.";
    if (head.len > line && from <= line + 2 && text_find(text_of(head.at, line), '\n') == line)
        return 414;
    *reason_out = "The request head is too long.";
    if (head.len > limits->head)
        return 431;
    *reason_out = "A line of the request head begins or ends with what it must not.";
    return has_bad_line(bytes, from > 0 ? from - 1 : 0) ? 400 : 0;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int read_version(struct reading *r, struct text version)
{
    if (version.len != 8 || !text_starts(version, TEXT("HTTP/")) || !is_digit(version.at[5]) ||
        version.at[6] != '.' || !is_digit(version.at[7]))
        return refuse(r, 400, "The request line is malformed.");
    if (version.at[5] != '1')
        return refuse(r, 505, "Only HTTP/1.0 and HTTP/1.1 are spoken here.");
    r->head->minor = version.at[7] == '0' ? 0 : 1;
    return 0;
}

static int read_method(struct reading *r, struct text method)
{
    for (size_t i = 0; i < method.len; i++)
        if (!http_is(method.at[i], IN_TOKEN))
            return refuse(r, 400, "The request method is malformed.");
    if (method.len == 0)
        return refuse(r, 400, "The request method is missing.");
    if (!http_method_find(method, &r->head->method))
        return refuse(r, 501, "The request method is not implemented.");
    return 0;
}

static int read_target(struct reading *r, struct text target)
{
    struct http_head *head = r->head;
    const char *reason = http_target_parse(target, head->method, &r->target);

    head->target = target;
    head->form = r->target.form;
    head->path = r->target.path;
    head->query = r->target.query;
    return reason ? refuse(r, 400, reason) : 0;
}

/* Takes the request line off the start of the rest. */
static int read_request_line(struct reading *r)
{
    size_t feed = text_find(r->rest, '\n');
    struct text line = text_of(r->rest.at, feed);
    size_t space = text_find(line, ' ');

    if (feed == r->rest.len || feed == 0 || line.at[feed - 1] != '\r')
        return refuse(r, 400, "The request line does not end in CRLF.");
    r->rest = text_from_offset(r->rest, feed + 1);
    line.len--;
    if (line.len > r->limits->request_line)
        return refuse(r, 414, "The request line is too long.");
    if (space >= line.len)
        return refuse(r, 400, "The request line is malformed.");
    int status = read_method(r, text_of(line.at, space));
    if (status)
        return status;
    line = text_from_offset(line, space + 1);
    space = text_find(line, ' ');
    if (space == line.len)
        return refuse(r, 400, "The request line is malformed.");
    status = read_version(r, text_from_offset(line, space + 1));
    return status ? status : read_target(r, text_of(line.at, space));
}

static int note_host(struct reading *r, struct text value)
{
    if (r->head->host.at)
        return refuse(r, 400, "Host is repeated.");
    if (!http_authority_ok(value))
        return refuse(r, 400, "Host is malformed.");
    r->head->host = value;
    return 0;
}

static int note_length(struct reading *r, struct text value)
{
    if (r->head->has_length)
        return refuse(r, 400, "Content-Length is repeated.");
    if (!http_length(value, &r->head->length))
        return refuse(r, 400, "Content-Length is malformed.");
    r->head->has_length = true;
    return 0;
}

static int note_coding(struct reading *r, struct text value)
{
    if (r->chunked || !text_eq_nocase(value, TEXT("chunked")))
        return refuse(r, 400, "Transfer-Encoding is not chunked alone.");
    r->chunked = true;
    return 0;
}

static void note_connection(struct reading *r, struct text list)
{
    struct text member;

    while (http_list_next(&list, &member)) {
        r->close |= text_eq_nocase(member, TEXT("close"));
        r->keep_alive |= text_eq_nocase(member, TEXT("keep-alive"));
    }
}

/* Looks at one field; those that frame the message are told by length first. */
static int note_field(struct reading *r, const struct http_field *field)
{
    struct text name = field->name;

    switch (name.len) {
    case 4:
        return text_eq_nocase(name, TEXT("host")) ? note_host(r, field->value) : 0;
    case 6:
        if (text_eq_nocase(name, TEXT("expect"))) {
            r->head->expect_continue = true;
            r->expectation |= !text_eq_nocase(field->value, TEXT("100-continue"));
        }
        return 0;
    case 10:
        if (text_eq_nocase(name, TEXT("connection")))
            note_connection(r, field->value);
        return 0;
    case 14:
        return text_eq_nocase(name, TEXT("content-length")) ? note_length(r, field->value) : 0;
    case 17:
        return text_eq_nocase(name, TEXT("transfer-encoding")) ? note_coding(r, field->value) : 0;
    default:
        return 0;
    }
}

static int read_fields(struct reading *r)
{
    struct http_fields *fields = &r->head->fields;

    while (r->rest.len > 0 && r->rest.at[0] != '\r') {
        struct http_field field;
        const char *reason = http_take_field(&r->rest, &field);

        if (reason)
            return refuse(r, 400, reason);
        if (fields->count == r->limits->fields)
            return refuse(r, 431, "The request has too many header lines.");
        int status = note_field(r, &field);
        if (status)
            return status;
        fields->at[fields->count++] = field;
    }
    if (!text_eq(r->rest, TEXT("\r\n")))
        return refuse(r, 400, "The request head does not end in an empty line.");
    return 0;
}

static int decide_host(struct reading *r)
{
    struct http_head *head = r->head;

    if (!head->host.at && head->minor > 0)
        return refuse(r, 400, "Host is missing.");
    if (head->form != HTTP_ABSOLUTE_FORM)
        return 0;
    if (!head->host.at)
        head->host = r->target.authority;
    if (!http_authority_same(r->target.authority, head->host, r->target.tls))
        return refuse(r, 400, "Host is not the request target's.");
    return 0;
}

static int decide_framing(struct reading *r)
{
    struct http_head *head = r->head;

    if (r->chunked && head->has_length)
        return refuse(r, 400, "Content-Length together with Transfer-Encoding.");
    if (r->chunked && head->minor == 0)
        return refuse(r, 400, "Transfer-Encoding in HTTP/1.0.");
    head->framing = HTTP_NO_BODY;
    if (r->chunked)
        head->framing = HTTP_CHUNKED;
    else if (head->length > 0)
        head->framing = HTTP_LENGTH;
    head->keep_alive = !r->close && (head->minor > 0 || r->keep_alive);
    head->expect_continue &= head->minor > 0;
    if (r->expectation)
        return refuse(r, 417, "The expectation can't be met.");
    return 0;
}

static int read_head(struct reading *r)
{
    if (text_starts(r->rest, TEXT("\r\n")))
        r->rest = text_from_offset(r->rest, 2);
    if (r->rest.len > r->limits->head) {
        size_t feed = text_find(r->rest, '\n');

        return feed > r->limits->request_line + 1 ? refuse(r, 414, "The request line is too long.")
                                                  : refuse(r, 431, "The request head is too long.");
    }
    int status = read_request_line(r);
    if (!status)
        status = read_fields(r);
    if (!status)
        status = decide_host(r);
    return status ? status : decide_framing(r);
}

int http_head_parse(struct text head, const struct http_head_limits *limits,
                    struct http_field *fields, struct http_head *head_out, const char **reason_out)
{
    struct reading r = {.rest = head, .limits = limits, .head = head_out};

    *head_out = (struct http_head){.fields = {.at = fields}};
    int status = read_head(&r);
    *reason_out = r.reason;
    if (status)
        *head_out = (struct http_head){.method = head_out->method, .minor = head_out->minor};
    return status;
}
