/*
 * file_watch.h - tells when the content of some files has changed
 *
 * It watches folders, not files: an editor puts a new file in place of the
 * old one, and Kubernetes swaps a symbolic link beside it (`..data`).  What
 * counts is content: an event that leaves all bytes as they were is none.
 * Several changes within a short time are told as one.
 */
#ifndef SERVER_FILE_WATCH_H
#define SERVER_FILE_WATCH_H

#include <stdbool.h>
#include <stddef.h>

struct event_base;
struct file_watch;

enum { FILE_WATCH_MAX = 4 };

/*
 * A new watch on BASE that calls CHANGED with OWNER from the loop.  It
 * watches nothing yet.  NULL: no memory, or errno tells.
 */
struct file_watch *file_watch_new(struct event_base *base, void (*changed)(void *owner),
                                  void *owner);

/*
 * From now on the COUNT FILES, FILE_WATCH_MAX at most, are watched.  If they
 * are others than before, their present content is the one that later ones
 * are compared with.  False: errno tells; then nothing is watched.
 */
bool file_watch_set(struct file_watch *w, const char *const *files, size_t count);

/* Frees the watch at *W, if any, and sets *W to NULL. */
void file_watch_free(struct file_watch **w);

#endif
