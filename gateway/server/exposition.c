#include "server/exposition.h"

static void add_escaped(struct buf *to, struct text value)
{
    for (size_t i = 0; i < value.len; i++) {
        char c = value.at[i];

        if (c == '\\' || c == '"' || c == '\n')
            buf_add_byte(to, '\\');
        buf_add_byte(to, c == '\n' ? 'n' : c);
    }
}

void exposition_family(struct buf *to, const char *name, const char *type, const char *help)
{
    buf_add(to, TEXT("# HELP "));
    buf_add(to, text_from(name));
    buf_add_byte(to, ' ');
    buf_add(to, text_from(help));
    buf_add(to, TEXT("\n# TYPE "));
    buf_add(to, text_from(name));
    buf_add_byte(to, ' ');
    buf_add(to, text_from(type));
    buf_add_byte(to, '\n');
}

static void add_name(struct buf *to, const char *name, const char *suffix,
                     const struct label *labels, size_t count)
{
    buf_add(to, text_from(name));
    buf_add(to, text_from(suffix));
    for (size_t i = 0; i < count; i++) {
        buf_add_byte(to, i ? ',' : '{');
        buf_add(to, text_from(labels[i].name));
        buf_add(to, TEXT("=\""));
        add_escaped(to, labels[i].value);
        buf_add_byte(to, '"');
    }
    if (count)
        buf_add_byte(to, '}');
    buf_add_byte(to, ' ');
}

void exposition_sample(struct buf *to, const char *name, const char *suffix,
                       const struct label *labels, size_t count, uint64_t value)
{
    add_name(to, name, suffix, labels, count);
    buf_add_u64(to, value);
    buf_add_byte(to, '\n');
}

void exposition_micro(struct buf *to, const char *name, const char *suffix,
                      const struct label *labels, size_t count, uint64_t micro)
{
    add_name(to, name, suffix, labels, count);
    buf_add_micro(to, micro);
    buf_add_byte(to, '\n');
}
