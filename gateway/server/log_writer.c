#include "server/log_writer.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
    WAITING_BYTES = 512 * 1024, /* of lines that wait, and of those being written */
    PIECE_BYTES = 4096,         /* what a pipe takes whole */
    FLUSH_MS = 1000
};

struct log_writer {
    int fd;
    bool owned; /* FD */
    struct log_sink sink;
    pthread_t thread;
    pthread_mutex_t lock; /* over all below */
    pthread_cond_t more;  /* lines wait, or the end */
    pthread_cond_t done;  /* nothing waits, nothing is being written */
    char *waiting, *writing;
    size_t length;    /* of what waits */
    uint64_t dropped; /* lines, behind those that wait */
    int next;         /* the descriptor to go on with; -1: the same */
    size_t next_from; /* how much of what waits is for the one before it */
    bool idle;
    bool ending;
};

static _Atomic uint64_t lost_ever;

static void count_lost(uint64_t lines)
{
    atomic_fetch_add_explicit(&lost_ever, lines, memory_order_relaxed);
}

uint64_t log_writer_lost(void)
{
    return atomic_load_explicit(&lost_ever, memory_order_relaxed);
}

/* --- the thread ----------------------------------------------------------- */

static uint64_t lines_in(struct text t)
{
    uint64_t lines = 0;

    for (size_t i = 0; i < t.len; i++)
        lines += t.at[i] == '\n';
    return lines;
}

/* The first whole lines of T that make one piece. */
static struct text piece_of(struct text t)
{
    size_t len = t.len < PIECE_BYTES ? t.len : PIECE_BYTES;

    while (t.at[len - 1] != '\n')
        len--;
    return text_of(t.at, len);
}

/* Writes PIECE, waiting as long as that takes; the number of lines that were lost. */
static uint64_t write_piece(int fd, struct text piece)
{
    while (piece.len > 0) {
        ssize_t n = write(fd, piece.at, piece.len);
        struct pollfd room = {.fd = fd, .events = POLLOUT};

        if (n >= 0)
            piece = text_from_offset(piece, (size_t)n);
        else if (errno == EAGAIN)
            poll(&room, 1, -1);
        else if (errno != EINTR)
            return lines_in(piece);
    }
    return 0;
}

static uint64_t write_lines(int fd, struct text lines)
{
    uint64_t lost = 0;

    while (lines.len > 0) {
        struct text piece = piece_of(lines);

        lost += write_piece(fd, piece);
        lines = text_from_offset(lines, piece.len);
    }
    count_lost(lost);
    return lost;
}

/* True if it could be said that LOST lines are missing. */
static bool tell_lost(int fd, uint64_t lost)
{
    char space[LOG_LINE_BYTES];
    const struct log_pair count = LOG_N("count", lost);

    return write_piece(fd, log_compose(space, LOG_WARN, "log lines lost", &count, 1)) == 0;
}

/* Lines to be written: the first of them where the log went, the rest to NEXT if that is one. */
struct batch {
    struct text before, after;
    int next;
};

/* Takes what waits, or the descriptor to go on with.  False: the end has come. */
static bool take(struct log_writer *w, struct batch *batch_out, uint64_t *lost)
{
    pthread_mutex_lock(&w->lock);
    w->idle = w->length == 0 && w->next < 0;
    if (w->idle)
        pthread_cond_broadcast(&w->done);
    while (w->length == 0 && w->next < 0 && !w->ending)
        pthread_cond_wait(&w->more, &w->lock);
    char *full = w->waiting;
    size_t split = w->next < 0 ? w->length : w->next_from;
    *batch_out = (struct batch){.before = text_of(full, split),
                                .after = text_of(full + split, w->length - split),
                                .next = w->next};
    bool more = w->length > 0 || w->next >= 0;
    *lost += w->dropped;
    w->waiting = w->writing;
    w->writing = full;
    w->length = 0;
    w->dropped = 0;
    w->next = -1;
    w->idle = false;
    pthread_mutex_unlock(&w->lock);
    return more;
}

static void go_on_with(struct log_writer *w, int fd)
{
    if (w->owned)
        close(w->fd);
    w->fd = fd;
    w->owned = true;
}

static void *run(void *owner)
{
    struct log_writer *w = owner;
    struct batch batch;
    uint64_t lost = 0;

    while (take(w, &batch, &lost)) {
        lost += write_lines(w->fd, batch.before);
        if (batch.next >= 0)
            go_on_with(w, batch.next);
        lost += write_lines(w->fd, batch.after);
        if (lost > 0 && tell_lost(w->fd, lost))
            lost = 0;
    }
    return NULL;
}

/* --- what the log asks ----------------------------------------------------- */

static void on_line(void *owner, struct text line)
{
    struct log_writer *w = owner;

    pthread_mutex_lock(&w->lock);
    if (line.len <= WAITING_BYTES - w->length) {
        memcpy(w->waiting + w->length, line.at, line.len);
        w->length += line.len;
    } else {
        w->dropped++;
        count_lost(1);
    }
    if (w->idle)
        pthread_cond_signal(&w->more);
    pthread_mutex_unlock(&w->lock);
}

/* Waits until all has been written, or FLUSH_MS.  True if all has. */
static bool flush(struct log_writer *w)
{
    struct timespec until;
    int late = 0;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += FLUSH_MS / 1000;
    pthread_mutex_lock(&w->lock);
    while (!late && (w->length > 0 || w->next >= 0 || !w->idle))
        late = pthread_cond_timedwait(&w->done, &w->lock, &until);
    pthread_mutex_unlock(&w->lock);
    return late == 0;
}

static void on_flush(void *owner)
{
    flush(owner);
}

/* --- life ------------------------------------------------------------------ */

static void destroy(struct log_writer *w)
{
    if (w->owned)
        close(w->fd);
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->more);
    pthread_cond_destroy(&w->done);
    free(w->waiting);
    free(w->writing);
    free(w);
}

struct log_writer *log_writer_new(int fd)
{
    struct log_writer *w = calloc(1, sizeof *w);
    pthread_condattr_t monotonic;

    if (!w)
        return NULL;
    w->fd = fd;
    w->next = -1;
    w->sink = (struct log_sink){.take = on_line, .flush = on_flush, .owner = w};
    pthread_mutex_init(&w->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&w->more, &monotonic);
    pthread_cond_init(&w->done, &monotonic);
    pthread_condattr_destroy(&monotonic);
    w->waiting = malloc(WAITING_BYTES);
    w->writing = malloc(WAITING_BYTES);
    errno = w->waiting && w->writing ? pthread_create(&w->thread, NULL, run, w) : ENOMEM;
    if (errno != 0) {
        destroy(w);
        return NULL;
    }
    log_divert(&w->sink);
    return w;
}

int log_writer_open(const char *file)
{
    return open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);
}

void log_writer_turn_to(struct log_writer *w, int fd)
{
    pthread_mutex_lock(&w->lock);
    int missed = w->next;
    if (missed < 0)
        w->next_from = w->length;
    w->next = fd;
    pthread_cond_signal(&w->more);
    pthread_mutex_unlock(&w->lock);
    if (missed >= 0)
        close(missed);
}

void log_writer_free(struct log_writer **owned)
{
    struct log_writer *w = *owned;

    if (!w)
        return;
    *owned = NULL;
    log_divert(NULL);
    if (!flush(w)) {
        pthread_detach(w->thread); /* it holds W until the process ends */
        return;
    }
    pthread_mutex_lock(&w->lock);
    w->ending = true;
    pthread_cond_signal(&w->more);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    destroy(w);
}
