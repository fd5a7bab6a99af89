#include "server/path_watch.h"

#include <errno.h>
#include <event2/event.h>
#include <limits.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

enum { PLACES_MAX = 128, LINKS_MAX = 40, EVENT_BYTES = 8192 };

static const unsigned of_a_name = IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM |
                                  IN_DELETE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF |
                                  IN_ONLYDIR;
/* A file may have another folder too, which is not on the way: a hard link, a bind mount. */
static const unsigned of_a_file = IN_CLOSE_WRITE | IN_ATTRIB;

/* A name in a watched folder. */
struct place {
    int folder;
    char *name;
};

struct path_watch {
    void (*stirred)(void *owner);
    void *owner;
    int fd;
    struct event *news;
    struct place places[PLACES_MAX];
    size_t count;
};

/* --- the way of a path --------------------------------------------------------- */

/* How far one has come, and what is left to go. */
struct way {
    char at[PATH_MAX]; /* a folder without links on its way; "" is the root */
    char rest[2 * PATH_MAX];
    unsigned links;
};

static bool way_begin(struct way *way, const char *path)
{
    way->at[0] = 0;
    way->links = 0;
    if (path[0] != '/' && !getcwd(way->at, sizeof way->at))
        return false;
    return snprintf(way->rest, sizeof way->rest, "%s", path) < PATH_MAX;
}

/* Takes the next name off the rest; false at the end. */
static bool way_name(struct way *way, char name_out[NAME_MAX + 1])
{
    size_t skip = strspn(way->rest, "/"), len = strcspn(way->rest + skip, "/");

    if (len == 0 || len > NAME_MAX)
        return false;
    memcpy(name_out, way->rest + skip, len);
    name_out[len] = 0;
    memmove(way->rest, way->rest + skip + len, strlen(way->rest + skip + len) + 1);
    return true;
}

static bool way_follow(struct way *way, const char *target)
{
    char rest[sizeof way->rest];

    if (++way->links > LINKS_MAX ||
        snprintf(rest, sizeof rest, "%s/%s", target, way->rest) >= (int)sizeof rest)
        return false;
    memcpy(way->rest, rest, sizeof rest);
    if (target[0] == '/')
        way->at[0] = 0;
    return true;
}

/* Goes on to NAME, or to where it links; false if it is not there. */
static bool way_enter(struct way *way, const char *name)
{
    char next[PATH_MAX], target[PATH_MAX];

    if (snprintf(next, sizeof next, "%s/%s", way->at, name) >= (int)sizeof next)
        return false;
    ssize_t n = readlink(next, target, sizeof target - 1);
    if (n < 0 && errno == EINVAL) {
        memcpy(way->at, next, sizeof next);
        return true;
    }
    if (n < 0)
        return false;
    target[n] = 0;
    return way_follow(way, target);
}

static void way_up(struct way *way)
{
    char *slash = strrchr(way->at, '/');

    if (slash)
        *slash = 0;
}

/* --- what is watched on it --------------------------------------------------------- */

/* Watches NAME in FOLDER.  False: it can't be, as where one may pass but not look. */
static bool add_place(struct path_watch *w, const char *folder, const char *name)
{
    if (w->count == PLACES_MAX)
        return false;
    struct place place = {inotify_add_watch(w->fd, folder, of_a_name), NULL};
    if (place.folder >= 0)
        place.name = strdup(name);
    if (place.name)
        w->places[w->count++] = place;
    return place.name;
}

/* True if anything is watched on the way of PATH. */
static bool add_path(struct path_watch *w, const char *path)
{
    char name[NAME_MAX + 1];
    bool any = false, there = true;
    struct way way;

    if (!way_begin(&way, path))
        return false;
    while (there && way_name(&way, name))
        if (strcmp(name, "..") == 0) {
            way_up(&way);
        } else if (strcmp(name, ".") != 0) {
            any |= add_place(w, way.at[0] ? way.at : "/", name);
            there = way_enter(&way, name);
        }
    return (inotify_add_watch(w->fd, path, of_a_file) >= 0) | any;
}

/* --- news ---------------------------------------------------------------------------- */

/* True if EVENT is of one of the names, of a folder or file itself, or of what was lost. */
static bool concerns(const struct path_watch *w, const struct inotify_event *event)
{
    for (size_t i = 0; event->len > 0 && i < w->count; i++)
        if (w->places[i].folder == event->wd && strcmp(w->places[i].name, event->name) == 0)
            return true;
    return event->len == 0;
}

static void on_news(evutil_socket_t fd, short what, void *owner)
{
    alignas(struct inotify_event) char events[EVENT_BYTES];
    struct path_watch *w = owner;
    ssize_t n = read(fd, events, sizeof events);
    bool any = false;

    (void)what;
    for (char *at = events; at < events + n;) {
        const struct inotify_event *event = (const void *)at;

        any |= concerns(w, event);
        at += sizeof *event + event->len;
    }
    if (any)
        w->stirred(w->owner);
}

/* --- life ---------------------------------------------------------------------------- */

struct path_watch *path_watch_new(struct event_base *base, const char *const *paths, size_t count,
                                  void (*stirred)(void *owner), void *owner)
{
    struct path_watch *w = calloc(1, sizeof *w);

    if (!w)
        return NULL;
    *w = (struct path_watch){.stirred = stirred, .owner = owner};
    w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    bool done = w->fd >= 0;
    for (size_t i = 0; done && i < count; i++)
        done = add_path(w, paths[i]);
    if (done)
        w->news = event_new(base, w->fd, EV_READ | EV_PERSIST, on_news, w);
    if (!w->news || event_add(w->news, NULL) != 0)
        path_watch_free(&w);
    return w;
}

void path_watch_free(struct path_watch **owned)
{
    struct path_watch *w = *owned;
    int reason = errno;

    if (!w)
        return;
    if (w->news)
        event_free(w->news);
    if (w->fd >= 0)
        close(w->fd);
    for (size_t i = 0; i < w->count; i++)
        free(w->places[i].name);
    free(w);
    *owned = NULL;
    errno = reason;
}
