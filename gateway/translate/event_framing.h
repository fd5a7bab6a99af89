/*
 * event_framing.h - where the data of server-sent events stands in their stream
 *
 * A text/event-stream body is lines, ended by LF, CR or CRLF; a blank line
 * ends an event; the values of an event's `data` lines, joined by line feeds,
 * are its data (WHATWG HTML, "Server-sent events", parsing and interpreting
 * an event stream).  A framing divides the body, in pieces of any size, into
 * runs: bytes of data, and the frame of all other bytes around them, such as
 * field names, comments and line ends.  It keeps no bytes.
 *
 * Knows nothing of JSON, and not what becomes of an event.
 */
#ifndef TRANSLATE_EVENT_FRAMING_H
#define TRANSLATE_EVENT_FRAMING_H

#include "json/lines.h"

enum event_run {
    EVENT_FRAME,    /* bytes that are no data */
    EVENT_DATA,     /* bytes of the value of a data line */
    EVENT_DATA_END, /* the one byte, LF or CR, that ends a data line */
    EVENT_END       /* the one byte, LF or CR, that makes a blank line */
};

struct event_framing {
    struct lines lines; /* how far the body has been divided */

    /* private: where in a line that is */
    enum { AT_MARK, AT_LINE, IN_NAME, BEHIND_COLON, IN_DATA, IN_OTHER } inside;
    size_t matched; /* bytes of the mark, or of the name "data" */
    bool after_cr;  /* an LF would belong to the CR before it */
};

/* Stands at the start of a body, where a byte order mark may be. */
void event_framing_init(struct event_framing *f);

/*
 * Takes the next run, at least a byte, off *LEFT, which is not empty.  The
 * LF of a CRLF is a FRAME of its own: a line has ended with its CR.
 */
enum event_run event_framing_next(struct event_framing *f, struct text *left, struct text *run_out);

#endif
