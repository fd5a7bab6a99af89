#include "upstream/reply.h"

#include "http/hop.h"
#include "http/reply.h"

#include <stdlib.h>

enum {
    INTERIM_HEADS_MAX = 10,
    LINES_KEPT = 4096 /* bytes of head memory kept from one reply to the next */
};

void reply_init(struct reply *r, const struct upstream_limits *limits)
{
    *r = (struct reply){.limits = limits};
    buf_init(&r->lines, limits->response_head);
    chunked_init(&r->chunked, &limits->chunked);
}

void reply_fini(struct reply *r)
{
    buf_fini(&r->lines);
    chunked_fini(&r->chunked);
    free(r->fields);
    r->fields = NULL;
    r->fields_room = 0;
}

void reply_start(struct reply *r, enum http_method method)
{
    if (r->lines.capacity > LINES_KEPT)
        buf_fini(&r->lines);
    buf_clear(&r->lines);
    r->lines.max = r->limits->response_head;
    chunked_fini(&r->chunked);
    chunked_init(&r->chunked, &r->limits->chunked);
    r->method = method;
    r->line_count = 0;
    r->interim_heads = 0;
    r->head = (struct upstream_head){.status = 0};
    r->left = 0;
    r->has_head = r->complete = r->reusable = r->starved = false;
}

/* Makes room for COUNT fields, twice: as they came, and as they are told. */
static bool grow_fields(struct reply *r, size_t count)
{
    if (r->fields_room >= count)
        return true;
    struct http_field *fields = realloc(r->fields, 2 * count * sizeof *fields);
    r->starved = !fields;
    if (!fields)
        return false;
    r->fields = fields;
    r->fields_room = count;
    return true;
}

static struct text next_line(struct text *rest)
{
    struct text line = text_of(rest->at, text_find(*rest, '\n') + 1);

    *rest = text_from_offset(*rest, line.len);
    return line;
}

/* Reads the field lines in REST into ALL_OUT, which has room for them. */
static bool read_fields(struct text rest, struct http_fields *all_out)
{
    while (rest.len > 0)
        if (http_field_line(next_line(&rest), &all_out->at[all_out->count++]))
            return false;
    return true;
}

static bool is_framing(struct text name)
{
    return text_eq_nocase(name, TEXT("content-length")) ||
           text_eq_nocase(name, TEXT("transfer-encoding"));
}

/* Copies what an owner may see of ALL to TOLD.  False: no memory. */
static bool choose_fields(const struct http_fields *all, struct http_fields *told)
{
    struct http_hop hop;

    bool sound = http_hop_init(&hop, all);
    for (size_t i = 0; sound && i < all->count; i++)
        if (!is_framing(all->at[i].name) && !http_hop_stops(&hop, i))
            told->at[told->count++] = all->at[i];
    http_hop_fini(&hop);
    return sound;
}

/* What follows from the framing of a head: what is still to come. */
static enum reply_step take_head(struct reply *r, int minor,
                                 const struct http_reply_framing *framing)
{
    r->line_count = 0;
    if (r->head.status < 200) {
        bool refused = ++r->interim_heads > INTERIM_HEADS_MAX || r->head.status == 101;

        return refused ? REPLY_BAD : r->head.status == 103 ? REPLY_HINTS : REPLY_MORE;
    }
    r->head.framing = framing->framing;
    r->head.has_length = framing->has_length;
    r->head.length = framing->length;
    r->has_head = true;
    r->left = framing->framing == HTTP_LENGTH ? framing->length : 0;
    r->complete = framing->framing == HTTP_NO_BODY;
    r->reusable = framing->keep_alive && minor == 1;
    return REPLY_HEAD;
}

/* Judges the head whose lines have been gathered, the empty one too. */
static enum reply_step read_head(struct reply *r)
{
    struct text rest = text_of(r->lines.at, r->lines.len - 2);
    size_t count = r->line_count - 1;
    struct http_reply_framing framing;
    int minor;

    r->head = (struct upstream_head){.framing = HTTP_NO_BODY};
    if (!grow_fields(r, count > 0 ? count : 1))
        return REPLY_BAD;
    if (http_status_line(next_line(&rest), &minor, &r->head.status, &r->head.reason))
        return REPLY_BAD;
    struct http_fields all = {.at = r->fields};
    if (!read_fields(rest, &all) ||
        http_reply_framing(r->method, r->head.status, minor, &all, &framing))
        return REPLY_BAD;
    r->head.fields.at = r->fields + r->fields_room;
    return choose_fields(&all, &r->head.fields) ? take_head(r, minor, &framing) : REPLY_BAD;
}

enum reply_step reply_line(struct reply *r, struct text line)
{
    if (r->has_head || line.len < 2 || line.at[line.len - 2] != '\r' ||
        line.at[line.len - 1] != '\n')
        return REPLY_BAD;
    if (r->line_count == 0)
        buf_clear(&r->lines);
    buf_add(&r->lines, line);
    r->starved = r->lines.failed && line.len <= r->lines.max - r->lines.len;
    if (r->lines.failed)
        return REPLY_BAD;
    if (line.len == 2)
        return r->line_count > 0 ? read_head(r) : REPLY_BAD;
    if (line.at[0] == '\r' || r->line_count > r->limits->response_fields)
        return REPLY_BAD;
    r->line_count++;
    return REPLY_MORE;
}

static enum reply_step length_content(struct reply *r, struct text *piece, struct text *content_out)
{
    size_t take = piece->len < r->left ? piece->len : (size_t)r->left;

    *content_out = text_of(piece->at, take);
    *piece = text_from_offset(*piece, take);
    r->left -= take;
    r->complete = r->left == 0;
    return REPLY_CONTENT;
}

static enum reply_step chunked_content(struct reply *r, struct text *piece,
                                       struct text *content_out)
{
    switch (chunked_next(&r->chunked, piece, content_out)) {
    case CHUNKED_CONTENT:
        return REPLY_CONTENT;
    case CHUNKED_MORE:
        return REPLY_MORE;
    case CHUNKED_END:
        r->complete = true;
        r->reusable = r->reusable && piece->len == 0;
        return REPLY_MORE;
    case CHUNKED_BAD:
        r->starved = r->chunked.starved;
        break;
    }
    return REPLY_BAD;
}

enum reply_step reply_content(struct reply *r, struct text *piece, struct text *content_out)
{
    if (r->complete && piece->len > 0)
        r->reusable = false;
    if (r->complete || piece->len == 0)
        return REPLY_MORE;
    if (!r->has_head)
        return REPLY_BAD;
    switch (r->head.framing) {
    case HTTP_LENGTH:
        return length_content(r, piece, content_out);
    case HTTP_CHUNKED:
        return chunked_content(r, piece, content_out);
    case HTTP_TO_CLOSE:
        *content_out = *piece;
        *piece = text_from_offset(*piece, piece->len);
        return REPLY_CONTENT;
    case HTTP_NO_BODY:
        break;
    }
    return REPLY_BAD;
}

bool reply_close(struct reply *r)
{
    if (r->has_head && r->head.framing == HTTP_TO_CLOSE)
        r->complete = true;
    return r->complete;
}

const struct http_fields *reply_trailers(const struct reply *r)
{
    return &r->chunked.trailers;
}
