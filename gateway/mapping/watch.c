#include "mapping/watch.h"

static char fold(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool is_wild(char c)
{
    return c == '*' || c == '?';
}

struct watch_glob watch_glob(struct text glob)
{
    struct watch_glob g = {.written = glob, .core = text_of(glob.at, 0)};
    size_t start = 0;

    for (size_t i = 0; i <= glob.len; i++) {
        if (i < glob.len && !is_wild(glob.at[i]))
            continue;
        if (i - start > g.core.len)
            g.core = text_of(glob.at + start, i - start);
        start = i + 1;
    }
    for (size_t i = 0; i < glob.len; i++)
        g.shortest += glob.at[i] != '*';
    return g;
}

/* True if the bytes at AT are PART, which is in lower case. */
static bool is_part(const char *at, struct text part)
{
    size_t i = 0;

    while (i < part.len && fold(at[i]) == part.at[i])
        i++;
    return i == part.len;
}

static bool holds(struct text name, struct text part)
{
    for (size_t i = 0; i + part.len <= name.len; i++)
        if (is_part(name.at + i, part))
            return true;
    return false;
}

/* Where the character at AT of NAME ends. */
static size_t past_character(struct text name, size_t at)
{
    at++;
    while (at < name.len && ((unsigned char)name.at[at] & 0xc0) == 0x80)
        at++;
    return at;
}

/* What a star has taken can only grow, so only the last star is gone back to. */
static bool matches(struct text glob, struct text name)
{
    size_t g = 0, n = 0, star = SIZE_MAX, taken = 0;

    while (n < name.len) {
        if (g < glob.len && glob.at[g] == '*') {
            star = ++g;
            taken = n;
        } else if (g < glob.len && glob.at[g] == '?') {
            g++;
            n = past_character(name, n);
        } else if (g < glob.len && glob.at[g] == fold(name.at[n])) {
            g++;
            n++;
        } else if (star != SIZE_MAX) {
            g = star;
            n = taken = past_character(name, taken);
        } else {
            return false;
        }
    }
    while (g < glob.len && glob.at[g] == '*')
        g++;
    return g == glob.len;
}

bool watch_matches(const struct watch *w, struct text name)
{
    if (name.len > WATCH_NAME_MAX)
        return false;
    for (size_t i = 0; i < w->count; i++) {
        const struct watch_glob *g = &w->globs[i];

        if (name.len >= g->shortest && holds(name, g->core) && matches(g->written, name))
            return lookup_find(&w->ignored, name) == LOOKUP_NONE;
    }
    return false;
}
