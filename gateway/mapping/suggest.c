#include "mapping/suggest.h"

enum {
    WORDS_MAX = 8 /* of one term; a longer one is passed over */
};

/* A name cut into its words: "dataProduct", "Data product" and "DATA_PRODUCT" are data, product. */
struct term {
    struct text words[WORDS_MAX];
    size_t count; /* 0: none, or too many */
};

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_lower_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80;
}

static bool is_letter(char c)
{
    return is_upper(c) || is_lower_or_digit(c);
}

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c & ~0x20) : c;
}

static char lower(char c)
{
    return is_upper(c) ? (char)(c | 0x20) : c;
}

/* True if a word of NAME begins at AT, or would begin there at its end. */
static bool is_edge(struct text name, size_t at)
{
    if (at == 0 || at == name.len || !is_letter(name.at[at]) || !is_letter(name.at[at - 1]))
        return true;
    if (!is_upper(name.at[at]))
        return false;
    return is_lower_or_digit(name.at[at - 1]) ||
           (at + 1 < name.len && is_lower_or_digit(name.at[at + 1]));
}

static struct term term_of(struct text name)
{
    struct term t = {.count = 0};

    for (size_t at = 0, end; at < name.len; at = end) {
        end = at + 1;
        while (end < name.len && !is_edge(name, end))
            end++;
        if (!is_letter(name.at[at]))
            continue;
        if (t.count == WORDS_MAX)
            return (struct term){.count = 0};
        t.words[t.count++] = text_of(name.at + at, end - at);
    }
    return t;
}

/* The bytes that TERM takes of NAME at AT, where its words stand with any separator; 0: it does
 * not. */
static size_t term_at(const struct term *term, struct text name, size_t at)
{
    size_t start = at;

    for (size_t i = 0; i < term->count; i++) {
        struct text word = term->words[i];

        if (i > 0 && at < name.len && !is_letter(name.at[at]))
            at++;
        if (at + word.len > name.len || !text_eq_nocase(text_of(name.at + at, word.len), word))
            return 0;
        at += word.len;
    }
    return is_edge(name, at) ? at - start : 0;
}

/* --- the vocabulary ---------------------------------------------------------------- */

/* The longest term of the service at AT of NAME, of TAKEN_OUT bytes, and the client's for it. */
struct find {
    struct text name;
    size_t at, taken;
    struct term client;
};

static void try_pair(struct find *f, struct text client, struct text upstream)
{
    const struct term term = term_of(upstream);
    size_t taken = term_at(&term, f->name, f->at);

    if (taken <= f->taken)
        return;
    const struct term becomes = term_of(client);
    if (becomes.count == 0)
        return;
    f->taken = taken;
    f->client = becomes;
}

static struct find find_at(const struct rules *r, struct text name, size_t at)
{
    struct find f = {.name = name, .at = at};
    struct text client, upstream;

    for (size_t i = 0; rules_word_at(r, i, &client, &upstream); i++)
        try_pair(&f, client, upstream);
    for (size_t i = 0; i < rules_pair_count(r); i++)
        try_pair(&f, rules_pair_at(r, i)->client, rules_pair_at(r, i)->upstream);
    return f;
}

/* --- writing ------------------------------------------------------------------------ */

/* How words are put together where the term stands: "dataProduct", "Data-Product", "DATA_PRODUCT".
 */
struct manner {
    char joint; /* between words; 0: none */
    bool first_upper, others_upper, all_upper;
};

static struct manner manner_of(struct text name, struct text taken)
{
    struct manner m = {.first_upper = is_upper(taken.at[0]), .all_upper = true};

    for (size_t i = 0; i < name.len; i++)
        if (name.at[i] == '_' || name.at[i] == '-')
            m.joint = name.at[i];
    for (size_t i = 0; i < taken.len; i++)
        m.all_upper = m.all_upper && !(taken.at[i] >= 'a' && taken.at[i] <= 'z');
    m.all_upper = m.all_upper && taken.len > 1;
    if (m.all_upper && !m.joint)
        m.joint = '_';
    m.others_upper = m.joint ? m.first_upper : true;
    return m;
}

static void write_term(const struct term *term, const struct manner *m, struct buf *to)
{
    for (size_t i = 0; i < term->count; i++) {
        bool capital = i == 0 ? m->first_upper : m->others_upper;

        if (i > 0 && m->joint)
            buf_add_byte(to, m->joint);
        for (size_t k = 0; k < term->words[i].len; k++) {
            char c = term->words[i].at[k];

            buf_add_byte(to, m->all_upper || (capital && k == 0) ? upper(c) : lower(c));
        }
    }
}

bool suggest_client(const struct rules *r, struct text name, struct buf *to)
{
    size_t start = to->len;
    bool found = false;

    for (size_t at = 0; at < name.len;) {
        struct find f = is_edge(name, at) ? find_at(r, name, at) : (struct find){.taken = 0};

        if (f.taken == 0) {
            buf_add_byte(to, name.at[at++]);
            continue;
        }
        struct manner manner = manner_of(name, text_of(name.at + at, f.taken));
        write_term(&f.client, &manner, to);
        at += f.taken;
        found = true;
    }
    if (!found)
        to->len = start;
    return found && !to->failed;
}
