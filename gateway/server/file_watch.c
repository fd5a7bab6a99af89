#include "server/file_watch.h"

#include <event2/event.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

/*
 * A file under way is not looked at before its folder has been quiet for so
 * long; one that is missing then is looked for again, for a while.
 */
enum { QUIET_MS = 200, LOOKS_FOR_MISSING = 25, EVENT_BYTES = 4096 };

static const uint32_t interesting = IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_DELETE |
                                    IN_MOVED_FROM | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF;

struct watched {
    char *path;
    uint64_t content; /* a digest of it */
};

struct file_watch {
    void (*changed)(void *owner);
    void *owner;
    int fd;
    struct event *events;
    struct event *quiet;
    struct watched files[FILE_WATCH_MAX];
    size_t count;
    unsigned missed; /* looks that found a file missing, in a row */
};

/* FNV-1a, 64 bits, of all bytes of PATH.  False: it can't be read. */
static bool digest_file(const char *path, uint64_t *digest_out)
{
    unsigned char bytes[4096];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    uint64_t digest = UINT64_C(0xcbf29ce484222325);
    ssize_t n;

    if (fd < 0)
        return false;
    while ((n = read(fd, bytes, sizeof bytes)) > 0)
        for (ssize_t i = 0; i < n; i++)
            digest = (digest ^ bytes[i]) * UINT64_C(0x100000001b3);
    close(fd);
    *digest_out = digest;
    return n == 0;
}

static void look_soon(struct file_watch *w)
{
    static const struct timeval wait = {.tv_usec = QUIET_MS * 1000};

    evtimer_add(w->quiet, &wait);
}

/* Whether one of the files is another now; a missing one is not, it may be on its way. */
static bool any_changed(struct file_watch *w, bool *missing_out)
{
    bool any = false;

    *missing_out = false;
    for (size_t i = 0; i < w->count; i++) {
        uint64_t content;

        if (!digest_file(w->files[i].path, &content)) {
            *missing_out = true;
            continue;
        }
        any |= content != w->files[i].content;
        w->files[i].content = content;
    }
    return any;
}

static void on_quiet(evutil_socket_t fd, short what, void *owner)
{
    struct file_watch *w = owner;
    bool missing;

    (void)fd, (void)what;
    bool changed = any_changed(w, &missing);
    w->missed = missing ? w->missed + 1 : 0;
    if (missing && w->missed < LOOKS_FOR_MISSING)
        look_soon(w);
    if (changed)
        w->changed(w->owner); /* may set the files anew */
}

static void on_events(evutil_socket_t fd, short what, void *owner)
{
    char events[EVENT_BYTES];
    struct file_watch *w = owner;

    (void)what;
    while (read(fd, events, sizeof events) > 0)
        w->missed = 0;
    look_soon(w);
}

static void forget(struct file_watch *w)
{
    for (size_t i = 0; i < w->count; i++)
        free(w->files[i].path);
    w->count = 0;
    if (w->events)
        event_free(w->events);
    w->events = NULL;
    if (w->fd >= 0)
        close(w->fd);
    w->fd = -1;
}

/* The folder of PATH as it is written, and that of the file it leads to. */
static bool watch_folders(struct file_watch *w, const char *path)
{
    char written[PATH_MAX], real[PATH_MAX];
    size_t length = strlen(path);

    if (length >= sizeof written)
        return false;
    memcpy(written, path, length + 1);
    if (inotify_add_watch(w->fd, dirname(written), interesting) < 0)
        return false;
    if (realpath(path, real))
        inotify_add_watch(w->fd, dirname(real), interesting);
    return true;
}

static bool add_file(struct file_watch *w, const char *path)
{
    struct watched *file = &w->files[w->count];

    file->path = strdup(path);
    if (!file->path)
        return false;
    w->count++;
    if (!digest_file(path, &file->content))
        file->content = 0;
    return watch_folders(w, path);
}

static bool same_files(const struct file_watch *w, const char *const *files, size_t count)
{
    bool same = w->count == count;

    for (size_t i = 0; same && i < count; i++)
        same = strcmp(w->files[i].path, files[i]) == 0;
    return same;
}

bool file_watch_set(struct file_watch *w, const char *const *files, size_t count)
{
    struct event_base *base = event_get_base(w->quiet);
    bool done;

    if (same_files(w, files, count))
        return true; /* what changed since the last look is not forgotten */
    forget(w);
    w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    done = w->fd >= 0;
    for (size_t i = 0; done && i < count; i++)
        done = add_file(w, files[i]);
    if (done)
        w->events = event_new(base, w->fd, EV_READ | EV_PERSIST, on_events, w);
    done = done && w->events && event_add(w->events, NULL) == 0;
    if (!done)
        forget(w);
    return done;
}

struct file_watch *file_watch_new(struct event_base *base, void (*changed)(void *owner),
                                  void *owner)
{
    struct file_watch *w = calloc(1, sizeof *w);

    if (!w)
        return NULL;
    *w = (struct file_watch){.changed = changed, .owner = owner, .fd = -1};
    w->quiet = evtimer_new(base, on_quiet, w);
    if (!w->quiet)
        file_watch_free(&w);
    return w;
}

void file_watch_free(struct file_watch **w)
{
    if (!*w)
        return;
    forget(*w);
    if ((*w)->quiet)
        event_free((*w)->quiet);
    free(*w);
    *w = NULL;
}
