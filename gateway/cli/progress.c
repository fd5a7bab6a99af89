#include "cli/progress.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { SECONDS_SHOWN_MAX = 100 * 60 * 60 };

#define SECOND_NS   UINT64_C(1000000000)
#define PATIENCE_NS (SECOND_NS / 2) /* what ends within shows no line */
#define REDRAW_NS   (SECOND_NS / 10)
#define LARGE_BYTES (UINT64_C(8) * 1024 * 1024) /* what is larger shows one at once */
#define MIB         (1024.0 * 1024.0)
#define CLEAR_LINE  "\r\033[K"

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

/* True if someone sees standard error, and standard output doesn't go to the same terminal. */
static bool is_seen(void)
{
    struct stat out, error;

    if (!isatty(STDERR_FILENO))
        return false;
    return !isatty(STDOUT_FILENO) || fstat(STDOUT_FILENO, &out) != 0 ||
           fstat(STDERR_FILENO, &error) != 0 || out.st_rdev != error.st_rdev;
}

void progress_begin(struct progress *p, int from)
{
    struct stat input;

    *p = (struct progress){.wanted = is_seen(), .begun_ns = now_ns()};
    if (fstat(from, &input) == 0 && S_ISREG(input.st_mode))
        p->size = (uint64_t)input.st_size;
    p->next_ns = p->begun_ns + (p->size > LARGE_BYTES ? 0 : PATIENCE_NS);
}

void progress_step(struct progress *p, uint64_t done)
{
    char line[PROGRESS_TEXT_BYTES];

    if (!p->wanted)
        return;
    uint64_t now = now_ns();
    if (now < p->next_ns)
        return;
    progress_text(done, p->size, now - p->begun_ns, line);
    fprintf(stderr, CLEAR_LINE "%s", line);
    p->drawn = true;
    p->next_ns = now + REDRAW_NS;
}

void progress_end(struct progress *p)
{
    if (p->drawn)
        fputs(CLEAR_LINE, stderr);
    p->drawn = p->wanted = false;
}

void progress_text(uint64_t done, uint64_t size, uint64_t elapsed_ns,
                   char text_out[static PROGRESS_TEXT_BYTES])
{
    double seconds = (double)elapsed_ns / (double)SECOND_NS;
    double rate = seconds > 0 ? (double)done / seconds : 0;

    if (size == 0) {
        snprintf(text_out, PROGRESS_TEXT_BYTES, "%.1f MiB  %.1f MiB/s", (double)done / MIB,
                 rate / MIB);
        return;
    }
    double part = done < size ? (double)done / (double)size : 1;
    double left = done < size && rate > 0 ? (double)(size - done) / rate : 0;
    unsigned seconds_left = left < SECONDS_SHOWN_MAX ? (unsigned)(left + 0.5) : SECONDS_SHOWN_MAX;
    int len = snprintf(text_out, PROGRESS_TEXT_BYTES, "%3d%%  %.1f of %.1f MiB  %.1f MiB/s",
                       (int)(part * 100), (double)done / MIB, (double)size / MIB, rate / MIB);
    if (len > 0 && len < PROGRESS_TEXT_BYTES && rate > 0)
        snprintf(text_out + len, PROGRESS_TEXT_BYTES - (size_t)len, "  %u:%02u left",
                 seconds_left / 60, seconds_left % 60);
}
