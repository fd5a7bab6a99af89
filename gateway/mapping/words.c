#include "base/utf8.h"
#include "mapping/inside.h"

/* Code points that are neither letters nor digits, above ASCII: punctuation, symbols, emoji. */
static const struct {
    uint32_t first, last;
} not_letters[] = {
    {0x80, 0xA9},     {0xAB, 0xB1},     {0xB4, 0xB4},     {0xB6, 0xB8},     {0xBB, 0xBB},
    {0xBF, 0xBF},     {0xD7, 0xD7},     {0xF7, 0xF7},     {0x2000, 0x206F}, {0x20A0, 0x20CF},
    {0x2190, 0x245F}, {0x2500, 0x2BFF}, {0x2E00, 0x2E5F}, {0x3000, 0x3004}, {0x3008, 0x3020},
    {0x3030, 0x3030}, {0xE000, 0xF8FF}, {0xFE10, 0xFE6F}, {0xFEFF, 0xFEFF}, {0xFF01, 0xFF0F},
    {0xFF1A, 0xFF20}, {0xFF3B, 0xFF40}, {0xFF5B, 0xFF65}, {0xFFE0, 0xFFFF}, {0x1F000, 0x1FAFF},
};

static bool is_word_code(uint32_t code)
{
    if (code < 0x80)
        return (code >= '0' && code <= '9') || ((code | 0x20) >= 'a' && (code | 0x20) <= 'z') ||
               code == '_';
    for (size_t i = 0; i < sizeof not_letters / sizeof not_letters[0]; i++)
        if (code >= not_letters[i].first && code <= not_letters[i].last)
            return false;
    return true;
}

/* True if T begins with a letter, a digit or "_". */
static bool adjoins_behind(struct text t)
{
    uint32_t code;

    return t.len && utf8_char(t, &code) && is_word_code(code);
}

/* True if T ends with a letter, a digit or "_". */
static bool adjoins_before(struct text t)
{
    size_t n = 1;
    uint32_t code;

    if (t.len == 0)
        return false;
    while (n < 4 && n < t.len && ((unsigned char)t.at[t.len - n] & 0xC0) == 0x80)
        n++;
    return utf8_char(text_of(t.at + t.len - n, n), &code) == n && is_word_code(code);
}

static struct text replacement(const struct rules *r, enum direction d, struct text word)
{
    struct text to = exchange_find(&r->vocabulary->words[d], word);

    return to.at ? to : rules_rename(r, d, word);
}

size_t rules_word(const struct rules *r, enum direction d, struct text text, size_t at,
                  struct text *to_out)
{
    const struct word_lengths *lengths = &r->word_lengths[d];
    struct text rest = text_from_offset(text, at);

    if (rest.len == 0 || !lengths->begins[(unsigned char)rest.at[0]] ||
        adjoins_before(text_of(text.at, at)))
        return 0;
    for (size_t i = 0; i < lengths->count; i++) {
        size_t len = lengths->at[i];

        if (len > rest.len || adjoins_behind(text_from_offset(rest, len)))
            continue;
        *to_out = replacement(r, d, text_of(rest.at, len));
        if (to_out->at)
            return len;
    }
    return 0;
}
