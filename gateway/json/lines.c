#include "json/lines.h"

#include "json/lanes.h"

void lines_init(struct lines *l)
{
    *l = (struct lines){.line = 1};
}

static uint64_t line_feeds(struct text bytes)
{
    uint64_t count = 0;
    size_t i = 0;

    while (bytes.len - i >= LANES) {
        size_t rows = (bytes.len - i) / LANES;

        rows = rows < LANES_ROWS ? rows : LANES_ROWS;
        count += lanes_line_feeds(bytes.at + i, rows);
        i += rows * LANES;
    }
    for (; i < bytes.len; i++)
        count += bytes.at[i] == '\n';
    return count;
}

void lines_pass(struct lines *l, struct text bytes)
{
    uint64_t count = line_feeds(bytes);

    if (count) {
        const char *last = memrchr(bytes.at, '\n', bytes.len);

        l->line += count;
        l->start = l->offset + (uint64_t)(last - bytes.at) + 1;
    }
    l->offset += bytes.len;
}

struct body_place lines_place(const struct lines *l)
{
    return (struct body_place){l->offset, l->line, l->offset - l->start + 1};
}
