#include "server/file_watch.h"

#include "server/path_watch.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <time.h>

/*
 * A file under way is not looked at before its way has been quiet for so
 * long, unless it never is; one that is missing is looked for again.
 */
enum { QUIET_MS = 200, LATEST_MS = 2000, LOOKS_FOR_MISSING = 15 };

struct file_watch {
    void (*changed)(void *owner);
    void *owner;
    struct event_base *base;
    struct path_watch *paths; /* NULL: nothing is watched */
    struct event *quiet;
    char *names[FILE_WATCH_MAX];
    uint64_t known[FILE_WATCH_MAX]; /* the content of each that is no news */
    size_t count;
    uint64_t stirred_ms; /* when the quiet was first broken */
    unsigned missed;     /* looks that found a file missing, in a row */
};

static uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void look_soon(struct file_watch *w)
{
    static const struct timeval wait = {.tv_usec = QUIET_MS * 1000};

    if (!evtimer_pending(w->quiet, NULL))
        w->stirred_ms = now_ms();
    else if (now_ms() - w->stirred_ms > LATEST_MS)
        return; /* it was put off often enough */
    evtimer_add(w->quiet, &wait);
}

static void on_stirred(void *owner)
{
    struct file_watch *w = owner;

    w->missed = 0;
    look_soon(w);
}

/* Watches the ways of all files as they are now.  False: as they were, and errno tells. */
static bool watch_paths(struct file_watch *w)
{
    struct path_watch *paths =
        path_watch_new(w->base, (const char *const *)w->names, w->count, on_stirred, w);

    if (!paths)
        return false;
    path_watch_free(&w->paths);
    w->paths = paths;
    return true;
}

/* What the files hold now; true if one is missing. */
static bool look(const struct file_watch *w, uint64_t found_out[FILE_WATCH_MAX])
{
    bool missing = false;

    for (size_t i = 0; i < w->count; i++) {
        found_out[i] = file_mark_now(w->names[i]);
        missing |= found_out[i] == FILE_MARK_ABSENT && w->known[i] != FILE_MARK_ABSENT;
    }
    return missing;
}

/* The ways come first, so that what changes after the look is heard of. */
static void on_quiet(evutil_socket_t fd, short what, void *owner)
{
    struct file_watch *w = owner;
    uint64_t found[FILE_WATCH_MAX];

    (void)fd, (void)what;
    watch_paths(w);
    if (look(w, found) && ++w->missed < LOOKS_FOR_MISSING) {
        look_soon(w);
        return;
    }
    w->missed = 0;
    bool changed = memcmp(w->known, found, w->count * sizeof *found) != 0;
    memcpy(w->known, found, w->count * sizeof *found);
    if (changed)
        w->changed(w->owner); /* may set the files anew */
}

static void forget(struct file_watch *w)
{
    path_watch_free(&w->paths);
    evtimer_del(w->quiet);
    while (w->count > 0)
        free(w->names[--w->count]);
}

bool file_watch_set(struct file_watch *w, const struct file_mark *files, size_t count)
{
    bool done = true;

    forget(w);
    for (; done && w->count < count; w->count += done) {
        w->names[w->count] = strdup(files[w->count].path);
        w->known[w->count] = files[w->count].content;
        done = w->names[w->count];
    }
    if (!done || !watch_paths(w)) {
        int reason = errno;

        forget(w);
        errno = reason;
        return false;
    }
    look_soon(w); /* for what has changed since they were read */
    return true;
}

void file_watch_note(struct file_watch *w)
{
    look(w, w->known);
}

struct file_watch *file_watch_new(struct event_base *base, void (*changed)(void *owner),
                                  void *owner)
{
    struct file_watch *w = calloc(1, sizeof *w);

    if (!w)
        return NULL;
    *w = (struct file_watch){.changed = changed, .owner = owner, .base = base};
    w->quiet = evtimer_new(base, on_quiet, w);
    if (w->quiet)
        return w;
    free(w);
    return NULL;
}

void file_watch_free(struct file_watch **w)
{
    if (!*w)
        return;
    forget(*w);
    event_free((*w)->quiet);
    free(*w);
    *w = NULL;
}
