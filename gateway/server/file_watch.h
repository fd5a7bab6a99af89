/*
 * file_watch.h - tells when the content of some files has changed
 *
 * Whatever stirs on the way to a file, what counts is content: an event that
 * leaves all bytes as they were is none.  Several changes within a short time
 * are told as one, but no change waits for long.  A file that is missing has
 * a while to come back before that is told, too.
 */
#ifndef SERVER_FILE_WATCH_H
#define SERVER_FILE_WATCH_H

#include "base/file_mark.h"
#include "conf/conf.h"

#include <stdbool.h>

struct event_base;
struct file_watch;

enum { FILE_WATCH_MAX = CONF_FILES_MAX };

/*
 * A new watch on BASE that calls CHANGED with OWNER from the loop.  It
 * watches nothing yet.  NULL: no memory.
 */
struct file_watch *file_watch_new(struct event_base *base, void (*changed)(void *owner),
                                  void *owner);

/*
 * From now on the COUNT FILES, FILE_WATCH_MAX at most, are watched, and no
 * others; any content but that of their marks is news, also one that came
 * before this call.  False: errno tells; then nothing is watched.
 */
bool file_watch_set(struct file_watch *w, const struct file_mark *files, size_t count);

/* What the files hold now is no news: they are about to be read. */
void file_watch_note(struct file_watch *w);

/* Frees the watch at *W, if any, and sets *W to NULL. */
void file_watch_free(struct file_watch **w);

#endif
