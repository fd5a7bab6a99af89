/*
 * page.h - one page of a running gateway, asked for and waited for
 *
 * A whole HTTP GET with a loop of its own, for commands that have nothing
 * else to do meanwhile.
 *
 * Knows nothing of what a page says.
 */
#ifndef CLI_PAGE_H
#define CLI_PAGE_H

#include "base/buf.h"

/* A page and how it was got. */
struct page {
    struct buf body;   /* the caller's to free, by page_fini */
    int status;        /* 0: no answer, or no whole one */
    const char *fault; /* why, in words, if so */
};

/*
 * Cuts URL, "http://host:port/path?query", into its scheme and authority in
 * ORIGIN, of ROOM bytes, and the rest, which may be empty, in TARGET_OUT, a
 * view of URL.  False: it is no such URL, or longer than ROOM.
 */
bool page_url(const char *url, char *origin, size_t room, struct text *target_out);

/* GETs TARGET, "/..." , from ORIGIN into PAGE, within TIMEOUT_MS for each step. */
void page_get(struct page *page, const char *origin, struct text target, unsigned timeout_ms);

void page_fini(struct page *page);

#endif
