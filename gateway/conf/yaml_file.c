#include "conf/yaml_file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { READ_BYTES = 64 * 1024 };

static bool read_bytes(int fd, struct buf *to)
{
    for (;;) {
        size_t room = to->max - to->len > READ_BYTES ? READ_BYTES : to->max - to->len;
        char *at = room ? buf_room(to, room) : NULL;
        ssize_t n = at ? read(fd, at, room) : 0;

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == 0 && !to->failed;
        to->len += (size_t)n;
    }
}

bool yaml_file_take(const char *file, struct buf *to)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    bool sound = fd >= 0 && read_bytes(fd, to);
    int why = to->failed ? ENOMEM : errno;

    if (fd >= 0)
        close(fd);
    errno = why;
    return sound;
}

bool yaml_file_bytes(const char *file, struct where blame, struct buf *to, struct diag *d)
{
    bool sound = yaml_file_take(file, to);

    if (!sound)
        diag_error(d, blame, "unreadable", "can't read %s: %s", file,
                   to->failed ? "not enough memory" : strerror(errno));
    return sound;
}

struct yaml_node *yaml_file_marked(struct arena *arena, struct file_mark *file, struct where blame,
                                   struct diag *d)
{
    const struct yaml_ceilings *ceilings = &yaml_configuration;
    struct yaml_node *root = NULL;
    struct buf source;

    buf_init(&source, ceilings->bytes + 1);
    if (yaml_file_bytes(file->path, blame, &source, d)) {
        file->content = file_mark_of(buf_text(&source));
        diag_source(d, file->path, buf_text(&source));
        root = yaml_tree_read(arena, file->path, buf_text(&source), ceilings, d);
    }
    buf_fini(&source);
    return root;
}

struct yaml_node *yaml_file_tree(struct arena *arena, const char *file, struct where blame,
                                 struct diag *d)
{
    struct file_mark mark = {.path = file};

    return yaml_file_marked(arena, &mark, blame, d);
}

struct text yaml_file_beside(struct arena *arena, const char *file, struct text name)
{
    struct text folder = text_from(file);

    while (folder.len > 0 && folder.at[folder.len - 1] != '/')
        folder.len--;
    if (name.at[0] == '/' || folder.len == 0)
        return arena_copy(arena, name);
    char *path = arena_alloc(arena, folder.len + name.len + 1);
    if (!path)
        return (struct text){0};
    memcpy(path, folder.at, folder.len);
    memcpy(path + folder.len, name.at, name.len);
    path[folder.len + name.len] = 0;
    return text_of(path, folder.len + name.len);
}
