#include "server/metrics.h"

#include "server/exposition.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { STAT_BYTES = 1024, MICRO = 1000000 };

/* What /proc/self/stat tells of use here (proc(5)). */
struct stat_line {
    uint64_t utime, stime;   /* clock ticks */
    uint64_t threads, start; /* start: clock ticks after the machine's */
    uint64_t vsize;          /* bytes */
    uint64_t rss;            /* pages */
};

static bool read_file(const char *path, char *to, size_t room)
{
    FILE *file = fopen(path, "re");
    size_t n = file ? fread(to, 1, room - 1, file) : 0;

    if (file)
        fclose(file);
    to[n] = 0;
    return n > 0;
}

static bool read_stat(struct stat_line *s)
{
    char line[STAT_BYTES];
    const char *behind_name;

    if (!read_file("/proc/self/stat", line, sizeof line) || !(behind_name = strrchr(line, ')')))
        return false;
    return sscanf(behind_name + 1,
                  " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64
                  " %*d %*d %*d %*d %" SCNu64 " %*d %" SCNu64 " %" SCNu64 " %" SCNu64,
                  &s->utime, &s->stime, &s->threads, &s->start, &s->vsize, &s->rss) == 6;
}

/* When the machine started, in seconds since the epoch; 0: unknown. */
static uint64_t boot_time(void)
{
    char line[STAT_BYTES];
    FILE *file = fopen("/proc/stat", "re");
    uint64_t at = 0;

    while (file && at == 0 && fgets(line, sizeof line, file))
        if (sscanf(line, "btime %" SCNu64, &at) != 1)
            at = 0;
    if (file)
        fclose(file);
    return at;
}

/* The descriptors that are open, without the one that counts them. */
static uint64_t open_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    uint64_t count = 0;

    for (struct dirent *entry; folder && (entry = readdir(folder));)
        count += entry->d_name[0] != '.';
    if (folder)
        closedir(folder);
    return count ? count - 1 : 0;
}

static void gauge(struct buf *to, const char *name, const char *help, uint64_t value)
{
    exposition_family(to, name, "gauge", help);
    exposition_sample(to, name, "", NULL, 0, value);
}

static void write_stat(struct buf *to, const struct stat_line *s)
{
    uint64_t ticks = (uint64_t)sysconf(_SC_CLK_TCK);

    exposition_family(to, "process_cpu_seconds_total", "counter",
                      "CPU time spent, user and system.");
    exposition_micro(to, "process_cpu_seconds_total", "", NULL, 0,
                     (s->utime + s->stime) * MICRO / ticks);
    gauge(to, "process_threads", "Threads of the process.", s->threads);
    gauge(to, "process_resident_memory_bytes", "Resident memory.",
          s->rss * (uint64_t)sysconf(_SC_PAGESIZE));
    gauge(to, "process_virtual_memory_bytes", "Virtual memory.", s->vsize);
    gauge(to, "process_start_time_seconds", "When the process started.",
          boot_time() + s->start / ticks);
}

void metrics_write_process(struct buf *to)
{
    struct stat_line stat;
    struct rlimit descriptors;

    if (read_stat(&stat))
        write_stat(to, &stat);
    gauge(to, "process_open_fds", "File descriptors open.", open_descriptors());
    if (getrlimit(RLIMIT_NOFILE, &descriptors) == 0)
        gauge(to, "process_max_fds", "File descriptors allowed.", descriptors.rlim_cur);
}
