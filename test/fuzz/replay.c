/*
 * replay.c - a target over files that are there already
 *
 * Takes files and folders; prints the name of each file before its bytes go
 * to the target, and how many there were at the end.
 */
#include "fuzz/fuzz.h"

#include <dirent.h>
#include <errno.h>

enum { FILE_MAX = 1 << 20 };

static size_t replayed;

static void replay_file(const char *path)
{
    FILE *from = fopen(path, "rb");
    char *space = malloc(FILE_MAX);

    assert(from && space);
    size_t len = fread(space, 1, FILE_MAX, from);
    fclose(from);
    uint8_t *bytes = malloc(len ? len : 1); /* of its own size, for the sanitizer */
    assert(bytes);
    memcpy(bytes, space, len);
    free(space);
    puts(path);
    fflush(stdout);
    LLVMFuzzerTestOneInput(bytes, len);
    free(bytes);
    replayed++;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void replay(const char *path)
{
    struct dirent **names;
    int count = scandir(path, &names, is_visible, alphasort);

    if (count < 0) {
        replay_file(path);
        return;
    }
    for (int i = 0; i < count; i++) {
        char file[4096];

        snprintf(file, sizeof file, "%s/%s", path, names[i]->d_name);
        replay_file(file);
        free(names[i]);
    }
    free(names);
}

int main(int count, char **arguments)
{
    for (int i = 1; i < count; i++)
        replay(arguments[i]);
    printf("%zu replayed\n", replayed);
    return 0;
}
