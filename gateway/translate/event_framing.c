#include "translate/event_framing.h"

#include <assert.h>

#define MARK TEXT("\xef\xbb\xbf")
#define DATA TEXT("data")

void event_framing_init(struct event_framing *f)
{
    *f = (struct event_framing){.inside = AT_MARK};
    lines_init(&f->lines);
}

static bool is_line_end(char byte)
{
    return byte == '\n' || byte == '\r';
}

/* What BYTE, the next one, is. */
static enum event_run kind_of(const struct event_framing *f, char byte)
{
    bool line_end = is_line_end(byte);

    switch (f->inside) {
    case AT_MARK:
        return line_end && f->matched == 0 ? EVENT_END : EVENT_FRAME;
    case AT_LINE:
        return line_end && !(f->after_cr && byte == '\n') ? EVENT_END : EVENT_FRAME;
    case IN_NAME:
        return line_end && f->matched == DATA.len ? EVENT_DATA_END : EVENT_FRAME;
    case BEHIND_COLON:
        if (byte == ' ')
            return EVENT_FRAME;
        return line_end ? EVENT_DATA_END : EVENT_DATA;
    case IN_DATA:
        return line_end ? EVENT_DATA_END : EVENT_DATA;
    case IN_OTHER:
        break;
    }
    return EVENT_FRAME;
}

/* Goes over BYTE of a field's name, or of its first colon. */
static void step_name(struct event_framing *f, char byte)
{
    if (f->matched < DATA.len && byte == DATA.at[f->matched]) {
        f->matched++;
        f->inside = IN_NAME;
    } else {
        f->inside = f->matched == DATA.len && byte == ':' ? BEHIND_COLON : IN_OTHER;
    }
}

/* Goes over BYTE of the mark, or of what stands in its place. */
static void step_mark(struct event_framing *f, char byte)
{
    if (byte != MARK.at[f->matched]) {
        if (f->matched == 0)
            step_name(f, byte);
        else
            f->inside = IN_OTHER;
    } else if (++f->matched == MARK.len) {
        f->inside = AT_LINE;
        f->matched = 0;
    }
}

static void step(struct event_framing *f, char byte)
{
    f->after_cr = byte == '\r';
    if (is_line_end(byte)) {
        f->inside = AT_LINE;
        f->matched = 0;
        return;
    }
    switch (f->inside) {
    case AT_MARK:
        step_mark(f, byte);
        break;
    case AT_LINE:
    case IN_NAME:
        step_name(f, byte);
        break;
    case BEHIND_COLON:
        f->inside = IN_DATA;
        break;
    case IN_DATA:
    case IN_OTHER:
        break;
    }
}

static const char *rest_of_line(const char *at, const char *end)
{
    while (at < end && !is_line_end(*at))
        at++;
    return at;
}

enum event_run event_framing_next(struct event_framing *f, struct text *left, struct text *run_out)
{
    const char *at = left->at, *end = left->at + left->len;
    enum event_run kind;

    assert(left->len > 0);
    kind = kind_of(f, *at);
    do {
        step(f, *at++);
        if (f->inside == (kind == EVENT_DATA ? IN_DATA : IN_OTHER))
            at = rest_of_line(at, end);
    } while (at < end && kind <= EVENT_DATA && kind_of(f, *at) == kind);
    *run_out = text_of(left->at, (size_t)(at - left->at));
    *left = text_of(at, (size_t)(end - at));
    lines_pass(&f->lines, *run_out);
    return kind;
}
