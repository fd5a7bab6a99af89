#include "http/reply.h"

#include "http/grammar.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Reads the three digits at AT, which hold 100 or more. */
static bool read_status(const char *at, int *status_out)
{
    if (!is_digit(at[0]) || !is_digit(at[1]) || !is_digit(at[2]) || at[0] == '0')
        return false;
    *status_out = (at[0] - '0') * 100 + (at[1] - '0') * 10 + (at[2] - '0');
    return true;
}

const char *http_status_line(struct text line, int *minor_out, int *status_out,
                             struct text *reason_out)
{
    enum { TO_STATUS = 9, TO_REASON = 12 };

    if (line.len < TO_REASON + 2 || !text_starts(line, TEXT("HTTP/1.")) || line.at[8] != ' ')
        return "the status line is malformed";
    if (line.at[7] != '0' && line.at[7] != '1')
        return "the version is not HTTP/1.0 or 1.1";
    if (!read_status(line.at + TO_STATUS, status_out))
        return "the status is not a number from 100 to 999";
    if (!http_empty_line(text_from_offset(line, line.len - 2)))
        return "the status line does not end in CRLF";
    struct text reason = text_of(line.at + TO_REASON, line.len - TO_REASON - 2);
    if (reason.len > 0 && reason.at[0] != ' ')
        return "the status line is malformed";
    if (!http_field_value_ok(reason))
        return "the reason phrase holds a control byte";
    *minor_out = line.at[7] - '0';
    *reason_out = reason.len > 0 ? text_from_offset(reason, 1) : reason;
    return NULL;
}

bool http_empty_line(struct text line)
{
    return line.len == 2 && line.at[0] == '\r' && line.at[1] == '\n';
}

/* Notes one framing field in OUT; CODED says whether a coding was there. */
static const char *note_field(const struct http_field *field, struct http_reply_framing *out,
                              bool *coded)
{
    if (text_eq_nocase(field->name, TEXT("content-length"))) {
        if (out->has_length)
            return "Content-Length is repeated";
        if (!http_length(field->value, &out->length))
            return "Content-Length is malformed";
        out->has_length = true;
    } else if (text_eq_nocase(field->name, TEXT("transfer-encoding"))) {
        if (*coded || !text_eq_nocase(field->value, TEXT("chunked")))
            return "Transfer-Encoding is not chunked alone";
        *coded = true;
    }
    return NULL;
}

const char *http_reply_framing(enum http_method method, int status, int minor,
                               const struct http_fields *fields,
                               struct http_reply_framing *framing_out)
{
    bool bodiless = status < 200 || status == 204;
    bool coded = false;
    struct http_reply_framing out = {.framing = HTTP_TO_CLOSE};

    for (size_t i = 0; i < fields->count; i++) {
        const char *reason = note_field(&fields->at[i], &out, &coded);

        if (reason)
            return reason;
    }
    if (coded && out.has_length)
        return "Content-Length together with Transfer-Encoding";
    if (coded && (minor == 0 || bodiless))
        return "Transfer-Encoding where there can be none";
    if (bodiless && out.length > 0)
        return "Content-Length where there can be no body";
    if (method == HTTP_HEAD || bodiless || status == 304)
        out.framing = HTTP_NO_BODY;
    else if (coded)
        out.framing = HTTP_CHUNKED;
    else if (out.has_length)
        out.framing = out.length > 0 ? HTTP_LENGTH : HTTP_NO_BODY;
    bool close = http_list_has(fields, TEXT("connection"), TEXT("close"));
    bool keep = http_list_has(fields, TEXT("connection"), TEXT("keep-alive"));
    out.keep_alive = out.framing != HTTP_TO_CLOSE && !close && (minor == 1 || keep);
    *framing_out = out;
    return NULL;
}
