/*
 * head.c - request and reply heads: one reading at every cut, one framing
 *
 * What is accepted is read again, slowly: every line of it must be what the
 * fields say, and no other length or coding may be there to be found.
 */
#include "http/head.h"
#include "fuzz/fuzz.h"
#include "http/accept.h"
#include "http/date.h"
#include "http/hop.h"
#include "http/reply.h"
#include "http/status.h"

enum { FIELDS_MAX = 20 };

static const struct http_head_limits ROOMY = {1 << 16, 1 << 17, FIELDS_MAX};
static const struct http_head_limits TIGHT = {24, 90, 4};

/* --- the same at every cut ---------------------------------------------------------- */

enum seen { WAITS, ACCEPTED, REFUSED };

/* Judges the first head of SIDE once it is there, as a connection would. */
static enum seen look(struct text side, size_t *scanned, const struct http_head_limits *limits,
                      struct buf *told)
{
    struct http_field fields[FIELDS_MAX];
    struct http_head head;
    const char *reason = NULL;
    size_t from = *scanned;
    size_t end = http_head_end(side, scanned);
    int status;

    if (end > 0)
        status = http_head_parse(text_of(side.at, end), limits, fields, &head, &reason);
    else
        status = http_head_early(side, from, limits, &reason);
    FUZZ_REQUIRE(status == 0 || reason, "%d has no reason", status);
    if (status)
        return REFUSED;
    if (end == 0)
        return WAITS;
    fuzz_tell(told, "end", (int64_t)end);
    return ACCEPTED;
}

static void run(void *owner, struct text input, struct cut cut, struct buf *told)
{
    enum seen seen = WAITS;
    size_t scanned = 0, len = 0;

    while (len < input.len && seen == WAITS) {
        size_t n = cut_next(&cut);
        len += n < input.len - len ? n : input.len - len;
        char *copy = malloc(len ? len : 1);
        assert(copy);
        memcpy(copy, input.at, len);
        seen = len ? look(text_of(copy, len), &scanned, owner, told) : WAITS;
        free(copy);
    }
    fuzz_tell(told, "seen", seen);
}

/* --- a slow second reading ------------------------------------------------------------ */

/* Takes a line with its CRLF off *REST; there must be no other control in it but a tab. */
static struct text take_line(struct text *rest)
{
    size_t feed = text_find(*rest, '\n');
    struct text line = text_of(rest->at, feed);

    FUZZ_REQUIRE(feed > 0 && feed < rest->len && rest->at[feed - 1] == '\r', "no CRLF");
    *rest = text_from_offset(*rest, feed + 1);
    line.len--;
    for (size_t i = 0; i < line.len; i++)
        FUZZ_REQUIRE((unsigned char)line.at[i] >= 0x20 || line.at[i] == '\t', "a control");
    return line;
}

static bool is_called(struct text line, const char *name)
{
    size_t n = text_find(line, ':');

    return text_eq_nocase(text_of(line.at, n), text_from(name));
}

struct second {
    size_t lines, lengths, codings, hosts;
    struct text length, coding;
};

static struct second read_again(struct text head)
{
    struct second s = {0};

    for (struct text line = take_line(&head); line.len > 0; line = take_line(&head)) {
        size_t colon = text_find(line, ':');
        struct text value;

        FUZZ_REQUIRE(colon > 0 && colon < line.len, "no colon");
        FUZZ_REQUIRE(text_find(text_of(line.at, colon), ' ') == colon, "a space in a name");
        value = text_trim(text_from_offset(line, colon + 1));
        s.lines++;
        s.hosts += is_called(line, "host");
        if (is_called(line, "content-length")) {
            s.lengths++;
            s.length = value;
        } else if (is_called(line, "transfer-encoding")) {
            s.codings++;
            s.coding = value;
        }
    }
    FUZZ_REQUIRE(head.len == 0, "bytes behind the empty line");
    return s;
}

static void check_framing(const struct http_head *head, const struct second *s)
{
    uint64_t length = 0;

    FUZZ_REQUIRE(s->lines == head->fields.count, "%zu lines", s->lines);
    FUZZ_REQUIRE(s->lengths + s->codings <= 1, "two framings");
    FUZZ_REQUIRE(s->hosts == 1 || (s->hosts == 0 && head->minor == 0), "%zu hosts", s->hosts);
    FUZZ_REQUIRE((head->framing == HTTP_CHUNKED) == (s->codings == 1), "codings");
    FUZZ_REQUIRE(s->codings == 0 || text_eq_nocase(s->coding, TEXT("chunked")), "coding");
    FUZZ_REQUIRE(head->has_length == (s->lengths == 1), "lengths");
    if (s->lengths == 1) {
        FUZZ_REQUIRE(text_to_u64(s->length, &length) && length == head->length, "length");
        FUZZ_REQUIRE((head->framing == HTTP_LENGTH) == (length > 0), "framing");
    }
}

/* What is asked of any fields once they are accepted. */
static void use_fields(const struct http_fields *fields)
{
    struct http_hop hop;
    int64_t seconds;

    FUZZ_REQUIRE(http_hop_init(&hop, fields), "no memory");
    http_accepts_coding(fields, TEXT("gzip"));
    http_list_has(fields, TEXT("connection"), TEXT("close"));
    for (size_t i = 0; i < fields->count; i++) {
        FUZZ_REQUIRE(http_field_value_ok(fields->at[i].value), "a control in a value");
        http_hop_stops(&hop, i);
        if (http_date(fields->at[i].value, 1700000000, &seconds))
            FUZZ_REQUIRE(seconds > -62200000000 && seconds < 253500000000, "%" PRId64, seconds);
    }
    http_hop_fini(&hop);
}

static void check_request(struct text input)
{
    struct http_field fields[FIELDS_MAX];
    struct http_head head;
    const char *reason;
    size_t scanned = 0;
    size_t end = http_head_end(input, &scanned);

    if (end == 0 || http_head_parse(text_of(input.at, end), &ROOMY, fields, &head, &reason) != 0)
        return;
    struct text rest = text_of(input.at, end);
    if (text_starts(rest, TEXT("\r\n")))
        rest = text_from_offset(rest, 2);
    struct text line = take_line(&rest);
    FUZZ_REQUIRE(line.len > 9 && text_starts(text_of(line.at + line.len - 9, 9), TEXT(" HTTP/1.")),
                 "version");
    struct text method = http_method_name(head.method);
    FUZZ_REQUIRE(text_starts(line, method) && line.at[method.len] == ' ', "method");
    FUZZ_REQUIRE(head.target.len > 0 && text_find(head.target, ' ') == head.target.len, "target");
    struct second second = read_again(rest);
    check_framing(&head, &second);
    use_fields(&head.fields);
    http_path_safe(head.path);
}

/* --- replies ------------------------------------------------------------------------------ */

/* The next line of *REST with its line feed, if it has one. */
static struct text take_reply_line(struct text *rest)
{
    size_t n = text_find(*rest, '\n');
    struct text line = text_of(rest->at, n < rest->len ? n + 1 : n);

    *rest = text_from_offset(*rest, line.len);
    return line;
}

static void check_reply(struct text input)
{
    struct http_field at[FIELDS_MAX];
    struct http_fields fields = {at, 0};
    struct http_reply_framing framing;
    struct text rest = input, reason;
    int minor, status;

    if (http_status_line(take_reply_line(&rest), &minor, &status, &reason))
        return;
    FUZZ_REQUIRE((minor == 0 || minor == 1) && status >= 100 && status <= 999, "%d", status);
    FUZZ_REQUIRE(http_field_value_ok(reason) && http_field_value_ok(http_reason(status)), "reason");
    while (fields.count < FIELDS_MAX && rest.len > 0) {
        struct text line = take_reply_line(&rest);

        if (http_empty_line(line))
            break;
        if (http_field_line(line, &at[fields.count]))
            return;
        fields.count++;
    }
    use_fields(&fields);
    if (http_reply_framing((enum http_method)(input.len % HTTP_METHOD_COUNT), status, minor,
                           &fields, &framing))
        return;
    FUZZ_REQUIRE(framing.framing != HTTP_CHUNKED || !framing.has_length, "two framings");
    FUZZ_REQUIRE(framing.framing != HTTP_LENGTH || framing.has_length, "no length");
    FUZZ_REQUIRE(framing.framing != HTTP_TO_CLOSE || !framing.keep_alive, "kept");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct text input = text_of((const char *)bytes, len);
    struct http_head_limits roomy = ROOMY, tight = TIGHT;

    if (text_starts(input, TEXT("HTTP/"))) {
        check_reply(input);
        return 0;
    }
    fuzz_every_cut(run, &roomy, input);
    fuzz_every_cut(run, &tight, input);
    check_request(input);
    return 0;
}
