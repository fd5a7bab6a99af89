/*
 * path_watch.h - tells when some paths may lead to something else
 *
 * What a path leads to is decided by a name in each folder on the way, links
 * followed; those names are watched, and the file at the end.  An editor's
 * rename, the swap of a symbolic link anywhere on the way and a folder that
 * goes and comes back all count; other names in those folders don't.
 *
 * It follows the way as it is when it is made; after news make a new one.
 */
#ifndef SERVER_PATH_WATCH_H
#define SERVER_PATH_WATCH_H

#include <stddef.h>

struct event_base;
struct path_watch;

/*
 * A new watch on BASE of COUNT PATHS that calls STIRRED with OWNER from the
 * loop.  NULL: errno tells, or nothing on the way of one can be watched.
 */
struct path_watch *path_watch_new(struct event_base *base, const char *const *paths, size_t count,
                                  void (*stirred)(void *owner), void *owner);

/* Frees the watch at *W, if any, and sets *W to NULL. */
void path_watch_free(struct path_watch **w);

#endif
