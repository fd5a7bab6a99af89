#include "exchange/coded_stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define HOST_LINE "Host: api.example.com\r\nX-Request-Id: r-1\r\n"

/* Begins METHOD PATH of a client that takes the codings ACCEPTED (NULL: says nothing). */
void coded_begin(struct stage *s, const char *method, const char *path, const char *accepted)
{
    char head[512];

    stage_open(s, &scene_get_roomy);
    s->host.limits.buffer_high = CODED_HIGH;
    s->host.limits.buffer_low = CODED_LOW;
    s->host.limits.reply_buffer = 8192;
    s->host.limits.coding = (struct coding_limits){.ratio = 100, .ratio_from = 1 << 20};
    s->host.limits.translate.event = s->host.limits.translate.record = 65536;
    snprintf(head, sizeof head, "%s %s HTTP/1.1\r\n" HOST_LINE "%s%s%s\r\n", method, path,
             accepted ? "Accept-Encoding: " : "", accepted ? accepted : "", accepted ? "\r\n" : "");
    stage_begin_with(s, head);
}

/* The head of a reply of TYPE in CODING, with LENGTH or (0) in chunks. */
void coded_head(struct stage *s, int status, const char *type, const char *coding, uint64_t length)
{
    char fields[256];

    snprintf(fields, sizeof fields, "Content-Type: %s\nContent-Encoding: %s\n", type, coding);
    stage_head(s, status, length ? HTTP_LENGTH : HTTP_CHUNKED, length, fields);
}

void coded_done(struct stage *s)
{
    fake_upstream_done(stage_transfer(s), &(struct http_fields){0});
}

void coded_close(struct stage *s, enum outcome outcome)
{
    s->client->body_over = true;
    stage_finish(s);
    assert_int_equal(s->outcome, outcome);
    stage_close(s);
}

void coded_expect_coding(const struct stage *s, const char *coding)
{
    const char *found = fake_front_field(s->client, "Content-Encoding", 0);

    if (!coding != !found || (coding && strcmp(found, coding) != 0))
        wrong("Content-Encoding is %s, not %s", found ? found : "absent",
              coding ? coding : "absent");
}

void coded_expect_body(const struct stage *s, struct text body)
{
    if (!text_eq(buf_text(&s->client->body), body))
        wrong("the client got %zu bytes, not the %zu there are", s->client->body.len, body.len);
}
