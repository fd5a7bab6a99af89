#include "server/memory.h"

#include "base/buf.h"
#include "base/log.h"

#include <event2/event.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    HIGH_PERCENT = 80,
    FULL_PERCENT = 90,
    LOOK_MS = 100,
    GROUPS_BYTES = 4096, /* of proc/self/cgroup */
    TRIM_LOOKS = 10,     /* between two times that free memory is given back */
    TRIM_LOAD = 256      /* less than this holds too little to be worth it */
};

/* Version 1 writes "none" as a huge number. */
#define NO_LIMIT (UINT64_MAX / 4)

/* --- the limit ------------------------------------------------------------ */

/* Reads the first bytes of FILE into TO as a C string; false if there is none. */
static bool read_start(const char *file, char *to, size_t room)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, to, room - 1);

    if (fd >= 0)
        close(fd);
    to[n > 0 ? n : 0] = 0;
    return n > 0;
}

/* The limit in FILE; UINT64_MAX if it is "max" or there is none. */
static uint64_t limit_in(const char *file)
{
    char content[64];
    uint64_t limit;

    if (!read_start(file, content, sizeof content))
        return UINT64_MAX;
    struct text line = text_from(content);
    line.len = text_find(line, '\n');
    return text_to_u64(line, &limit) ? limit : UINT64_MAX;
}

/* Where a limit is looked for: FOLDER below ROOT, GROUP in it, the file NAME. */
struct limit_place {
    const char *root, *folder, *name;
    struct text group;
};

static uint64_t limit_at(const struct limit_place *place)
{
    char space[PATH_MAX];
    struct buf file = {.at = space, .capacity = sizeof space, .max = sizeof space};

    buf_add(&file, text_from(place->root));
    buf_add(&file, text_from(place->folder));
    buf_add(&file, place->group);
    buf_add_byte(&file, '/');
    buf_add(&file, text_from(place->name));
    buf_add_byte(&file, 0);
    return file.failed ? UINT64_MAX : limit_in(file.at);
}

/* The least limit of PLACE's group and of all that hold it. */
static uint64_t least_limit(struct limit_place place)
{
    struct text *group = &place.group;
    uint64_t least = UINT64_MAX;

    for (;;) {
        while (group->len > 0 && group->at[group->len - 1] == '/')
            group->len--;
        uint64_t limit = limit_at(&place);
        least = limit < least ? limit : least;
        if (group->len == 0)
            return least;
        while (group->len > 0 && group->at[group->len - 1] != '/')
            group->len--;
    }
}

/* The part of LINE up to its next ':', which it is moved behind. */
static struct text next_part(struct text *line)
{
    struct text part = text_of(line->at, text_find(*line, ':'));

    *line = text_from_offset(*line, part.len < line->len ? part.len + 1 : part.len);
    return part;
}

/* The limit that LINE of proc/self/cgroup, "4:memory:/group" or "0::/group", leads to. */
static uint64_t limit_of(const char *root, struct text line)
{
    struct text number = next_part(&line), kind = next_part(&line);

    if (kind.len == 0 && text_eq(number, TEXT("0")))
        return least_limit((struct limit_place){root, "/sys/fs/cgroup", "memory.max", line});
    if (!text_eq(kind, TEXT("memory")))
        return UINT64_MAX;
    return least_limit(
        (struct limit_place){root, "/sys/fs/cgroup/memory", "memory.limit_in_bytes", line});
}

uint64_t memory_allowed(const char *root)
{
    char file[PATH_MAX], groups[GROUPS_BYTES];
    uint64_t least = UINT64_MAX;

    snprintf(file, sizeof file, "%s/proc/self/cgroup", root);
    if (!read_start(file, groups, sizeof groups))
        return 0;
    for (struct text rest = text_from(groups); rest.len > 0;) {
        struct text line = text_of(rest.at, text_find(rest, '\n'));
        uint64_t limit = limit_of(root, line);

        least = limit < least ? limit : least;
        rest = text_from_offset(rest, line.len < rest.len ? line.len + 1 : line.len);
    }
    return least < NO_LIMIT ? least : 0;
}

/* --- the watch ------------------------------------------------------------ */

struct memory_watch {
    struct memory_view view;
    struct event *look;
    int statm;        /* kept open: there may be no descriptor when it matters */
    unsigned looks;   /* since free memory was given back */
    size_t most_load; /* since then */
};

enum pressure_level memory_level(uint64_t used, uint64_t limit)
{
    if (used >= limit / 100 * FULL_PERCENT)
        return PRESSURE_FULL;
    return used >= limit / 100 * HIGH_PERCENT ? PRESSURE_HIGH : PRESSURE_NONE;
}

/* The second number of statm, in pages. */
uint64_t memory_resident(int statm)
{
    char numbers[128];
    ssize_t n = pread(statm, numbers, sizeof numbers, 0);
    uint64_t pages;

    struct text rest = text_of(numbers, n > 0 ? (size_t)n : 0);
    size_t space = text_find(rest, ' ');
    if (space == rest.len)
        return 0;
    rest = text_from_offset(rest, space + 1);
    rest.len = text_find(rest, ' ');
    return text_to_u64(rest, &pages) ? pages * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

static void log_level(const struct memory_watch *w, enum pressure_level level, uint64_t used)
{
    static const char *const effects[] = {
        [PRESSURE_NONE] = "all is served",
        [PRESSURE_HIGH] = "connections close after their reply",
        [PRESSURE_FULL] = "new requests are refused",
    };

    LOG(level == PRESSURE_NONE ? LOG_INFO : LOG_WARN, "memory", LOG_N("resident_bytes", used),
        LOG_N("limit_bytes", w->view.limit), LOG_S("effect", effects[level]));
}

/* True if memory was freed that is worth giving back. */
static bool load_has_gone(struct memory_watch *w)
{
    size_t load = w->view.load(w->view.owner);

    if (load > w->most_load)
        w->most_load = load;
    return w->most_load >= TRIM_LOAD && load <= w->most_load / 2;
}

static void give_back(struct memory_watch *w)
{
    malloc_trim(0);
    w->looks = 0;
    w->most_load = w->view.load(w->view.owner);
}

/* What was freed but is still resident counts, so it is given back first. */
static void judge(struct memory_watch *w)
{
    uint64_t used = memory_resident(w->statm);

    if (memory_level(used, w->view.limit) != PRESSURE_NONE && w->looks >= TRIM_LOOKS) {
        give_back(w);
        used = memory_resident(w->statm);
    }
    enum pressure_level level = memory_level(used, w->view.limit);
    if (used > 0 && pressure_say(w->view.pressure, level))
        log_level(w, level, used);
}

static void on_look(evutil_socket_t fd, short what, void *owner)
{
    struct memory_watch *w = owner;

    (void)fd, (void)what;
    w->looks++;
    if (load_has_gone(w) && w->looks >= TRIM_LOOKS)
        give_back(w);
    if (w->view.limit > 0)
        judge(w);
}

struct memory_watch *memory_watch_new(struct event_base *base, const struct memory_view *view)
{
    struct memory_watch *w = calloc(1, sizeof *w);
    struct timeval every = {.tv_usec = LOOK_MS * 1000};

    if (!w)
        return NULL;
    *w = (struct memory_watch){.view = *view, .looks = TRIM_LOOKS};
    w->statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    w->look = event_new(base, -1, EV_PERSIST, on_look, w);
    if (w->statm < 0 || !w->look || event_add(w->look, &every) != 0)
        memory_watch_free(&w);
    return w;
}

void memory_watch_free(struct memory_watch **w)
{
    if (!*w)
        return;
    if ((*w)->look)
        event_free((*w)->look);
    if ((*w)->statm >= 0)
        close((*w)->statm);
    free(*w);
    *w = NULL;
}
