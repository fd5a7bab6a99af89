#include "cli/openapi_words.h"
#include "mapping/watch.h"

enum { HUMPS_MAX = 32 };

/* A name cut where a new word begins: listWorkspaces is list and Workspaces. */
struct humps {
    struct text at[HUMPS_MAX];
    size_t count;
};

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_word(char c)
{
    return is_upper(c) || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c & 0x80);
}

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static char lower(char c)
{
    return is_upper(c) ? (char)(c - 'A' + 'a') : c;
}

/* The end of the hump of NAME that begins at AT: IDs, Id, id and ID of IDList. */
static size_t hump_end(struct text name, size_t at)
{
    size_t end = at + 1;

    if (is_upper(name.at[at]))
        while (end < name.len && is_upper(name.at[end]))
            end++;
    if (end < name.len && end - at > 1 && is_word(name.at[end]))
        return end - 1; /* the last capital begins the next */
    while (end < name.len && is_word(name.at[end]) && !is_upper(name.at[end]))
        end++;
    return end;
}

static struct humps humps_of(struct text name)
{
    struct humps h = {.count = 0};
    size_t at = 0;

    while (at < name.len && h.count < HUMPS_MAX) {
        if (!is_word(name.at[at])) {
            at++;
            continue;
        }
        size_t end = hump_end(name, at);
        h.at[h.count++] = text_of(name.at + at, end - at);
        at = end;
    }
    return h;
}

/* True if NAME has the humps NOUN at I. */
static bool has_at(const struct humps *name, size_t i, const struct humps *noun)
{
    if (noun->count == 0 || i + noun->count > name->count)
        return false;
    for (size_t n = 0; n < noun->count; n++)
        if (!text_eq_nocase(name->at[i + n], noun->at[n]))
            return false;
    return true;
}

/* --- which nouns ---------------------------------------------------------- */

/* True if a name that is to stay has the noun behind the same word that I of NAME has before it. */
static bool is_somebody_elses(const struct watch *watch, const struct humps *name, size_t i,
                              const struct humps *noun)
{
    for (size_t n = 0; watch && i > 0 && n < watch->ignored.count; n++) {
        struct humps other = humps_of(watch->ignored.texts[n]);

        for (size_t k = 1; k < other.count; k++)
            if (has_at(&other, k, noun) && text_eq_nocase(other.at[k - 1], name->at[i - 1]))
                return true;
    }
    return false;
}

/* The COUNT-th pair of names, fields before words; false past the last. */
static bool pair_at(const struct rules *rules, size_t i, struct text *client, struct text *upstream)
{
    size_t fields = rules_pair_count(rules);

    if (i >= fields)
        return rules_word_at(rules, i - fields, client, upstream);
    *client = rules_pair_at(rules, i)->client;
    *upstream = rules_pair_at(rules, i)->upstream;
    return true;
}

/* What the humps of NAME from I become: the longest noun there, or none. */
static struct text noun_at(const struct mapping *m, const struct humps *name, size_t i,
                           size_t *taken_out)
{
    const struct rules *rules = mapping_global(m);
    const struct watch *watch = rules_watch(rules);
    struct text client, upstream, becomes = {0};

    *taken_out = 0;
    for (size_t n = 0; pair_at(rules, n, &client, &upstream); n++) {
        struct humps noun = humps_of(upstream);

        /* Names such as "title" are no nouns of the service. */
        if (noun.count <= *taken_out || (watch && !watch_sees(watch, upstream)) ||
            !has_at(name, i, &noun) || is_somebody_elses(watch, name, i, &noun))
            continue;
        *taken_out = noun.count;
        becomes = client;
    }
    return becomes;
}

/* --- spelling ------------------------------------------------------------- */

enum letters { LETTERS_LOWER, LETTERS_CAPITAL, LETTERS_UPPER };

static enum letters letters_of(struct text hump)
{
    if (!is_upper(hump.at[0]))
        return LETTERS_LOWER;
    return hump.len > 1 && is_upper(hump.at[hump.len - 1]) ? LETTERS_UPPER : LETTERS_CAPITAL;
}

static void add_hump(struct text hump, enum letters letters, struct buf *to)
{
    for (size_t i = 0; i < hump.len; i++) {
        bool big = letters == LETTERS_UPPER || (letters == LETTERS_CAPITAL && i == 0);

        buf_add_byte(to, big ? upper(hump.at[i]) : lower(hump.at[i]));
    }
}

/* Adds NOUN, in the place of a word that begins in LETTERS and adjoins SEPARATOR (or 0). */
static void add_noun(struct text noun, enum letters letters, char separator, struct buf *to)
{
    struct humps h = humps_of(noun);

    for (size_t i = 0; i < h.count; i++) {
        if (i > 0 && separator)
            buf_add_byte(to, separator);
        if (i > 0 && !separator && letters == LETTERS_LOWER)
            letters = LETTERS_CAPITAL;
        add_hump(h.at[i], letters, to);
    }
}

/* "-", "_" or " " beside the part of NAME from FROM to TO; 0 if there is neither. */
static char separator_at(struct text name, size_t from, size_t to)
{
    char before = from > 0 ? name.at[from - 1] : 0, behind = to < name.len ? name.at[to] : 0;

    if (before == '-' || before == '_' || before == ' ')
        return before;
    return behind == '-' || behind == '_' || behind == ' ' ? behind : 0;
}

bool openapi_identifier(const struct mapping *m, struct text name, struct buf *to)
{
    struct humps h = humps_of(name);
    size_t copied = 0, taken;

    for (size_t i = 0; i < h.count; i += taken ? taken : 1) {
        struct text noun = noun_at(m, &h, i, &taken);

        if (taken == 0)
            continue;
        const struct text *last = &h.at[i + taken - 1];
        size_t from = (size_t)(h.at[i].at - name.at);
        size_t end = (size_t)(last->at - name.at) + last->len;
        buf_add(to, text_of(name.at + copied, from - copied));
        add_noun(noun, letters_of(h.at[i]), separator_at(name, from, end), to);
        copied = end;
    }
    buf_add(to, text_from_offset(name, copied));
    return copied > 0;
}

void openapi_pascal(struct text text, struct buf *to)
{
    add_noun(text, LETTERS_CAPITAL, 0, to);
}
