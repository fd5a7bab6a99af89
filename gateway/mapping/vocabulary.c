#include "mapping/compile.h"
#include "mapping/proof.h"

/* RFC 9110, 7.6.1 and 8.6; and the two whose meaning the gateway lives by. */
static const char *const unmappable[] = {
    "connection", "keep-alive",     "te",     "trailer", "transfer-encoding",
    "upgrade",    "content-length", "expect", "host",    "authorization",
};

static struct proof_row *rows_of(struct mapping_builder *b, const struct draft_couples *couples,
                                 const bool acts[2], bool nocase)
{
    struct proof_row *rows = draft_zero(b, b->scratch, couples->count, sizeof *rows);
    size_t n = 0;

    for (const struct draft_couple *c = couples->first; rows && c; c = c->next) {
        struct proof_row *row = &rows[n++];

        row->client = c->client;
        row->upstream = c->upstream;
        row->client_key = nocase ? draft_lower(b, c->client.text) : c->client.text;
        row->upstream_key = nocase ? draft_lower(b, c->upstream.text) : c->upstream.text;
        memcpy(row->acts, acts, sizeof row->acts);
    }
    return rows;
}

static void add_exchange(struct mapping_builder *b, struct exchange_table *t, struct text from,
                         struct text to)
{
    size_t number = draft_number(b, &t->from, from);

    if (number != LOOKUP_NONE)
        t->to[number] = to;
}

void compile_couples(struct mapping_builder *b, struct exchange_table tables[2],
                     const struct draft_couples *couples, const bool acts[2], const char *noun,
                     bool nocase)
{
    const struct proof_row *rows = rows_of(b, couples, acts, nocase);

    for (int d = REQUEST; d <= RESPONSE; d++) {
        lookup_init(&tables[d].from, b->arena);
        tables[d].to = draft_zero(b, b->arena, couples->count, sizeof *tables[d].to);
    }
    if (b->no_memory)
        return;
    proof_bijection(b, rows, couples->count, noun);
    for (size_t i = 0; i < couples->count; i++) {
        add_exchange(b, &tables[REQUEST], rows[i].client_key, rows[i].upstream.text);
        add_exchange(b, &tables[RESPONSE], rows[i].upstream_key, rows[i].client.text);
    }
}

/* tchar of RFC 9110, 5.6.2. */
static bool is_token(struct text t)
{
    for (size_t i = 0; i < t.len; i++) {
        char c = t.at[i];
        bool alnum = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');

        if (!alnum && (!c || !strchr("!#$%&'*+-.^_`|~", c)))
            return false;
    }
    return t.len > 0;
}

static void check_header(struct mapping_builder *b, struct written name)
{
    if (!is_token(name.text)) {
        diag_error(b->complaints, name.where, "bad-name", "\"%.*s\" is not a header name",
                   TEXT_ARG(name.text));
        diag_hint(b->complaints, "a header name is letters, digits and \"-\"");
        return;
    }
    bool refused = name.text.len > 6 && text_eq_nocase(text_of(name.text.at, 6), TEXT("proxy-"));
    for (size_t i = 0; i < sizeof unmappable / sizeof unmappable[0]; i++)
        refused |= text_eq_nocase(name.text, text_from(unmappable[i]));
    if (refused) {
        diag_error(b->complaints, name.where, "unmappable-header", "%.*s cannot be mapped",
                   TEXT_ARG(name.text));
        diag_hint(b->complaints, "fields that frame a message or concern one connection, Host and "
                                 "Authorization stay as they are");
    }
}

/* --- watch ------------------------------------------------------------------------ */

/* A glob with what other globs have and these don't, or with nothing but wildcards. */
static void check_glob(struct mapping_builder *b, struct written glob, const struct watch_glob *g)
{
    for (size_t i = 0; i < glob.text.len; i++) {
        if (!strchr("[]{}\\", glob.text.at[i]))
            continue;
        diag_error(b->complaints, draft_part(glob, i, 1), "bad-glob",
                   "\"%c\" has no meaning in a glob", glob.text.at[i]);
        diag_hint(b->complaints, "\"*\" stands for any characters, \"?\" for one");
        return;
    }
    if (g->core.len == 0) {
        diag_error(b->complaints, glob.where, "bad-glob", "\"%.*s\" is every name",
                   TEXT_ARG(glob.text));
        diag_hint(b->complaints, "write what unmapped names have in common, such as "
                                 "\"*workspace*\"");
    }
}

static void check_ignored(struct mapping_builder *b, const struct watch *watch)
{
    const struct watch all = {.globs = watch->globs, .count = watch->count};

    for (const struct draft_watched *w = b->ignored.first; w; w = w->next)
        if (!watch_sees(&all, w->as.text))
            diag_warning(b->complaints, w->as.where, "not-watched",
                         "\"%.*s\" is ignored, and no glob of \"names\" matches it",
                         TEXT_ARG(w->as.text));
}

static void compile_watch(struct mapping_builder *b, struct watch *watch)
{
    watch->globs = draft_zero(b, b->arena, b->watched.count, sizeof *watch->globs);
    for (const struct draft_watched *w = b->watched.first; watch->globs && w; w = w->next) {
        struct watch_glob *glob = &watch->globs[watch->count++];

        *glob = watch_glob(draft_lower(b, w->as.text));
        check_glob(b, w->as, glob);
        if (watch->count == 1 || glob->shortest < watch->shortest)
            watch->shortest = glob->shortest;
    }
    check_ignored(b, watch);
    watch->ignored = b->ignored.told;
}

/* --- where they stand -------------------------------------------------------------- */

/* The lines that COUPLES were written on. */
static const struct where *lines_of(struct mapping_builder *b, const struct draft_couples *couples)
{
    struct where *lines = draft_zero(b, b->arena, couples->count, sizeof *lines);
    size_t n = 0;

    for (const struct draft_couple *c = couples->first; lines && c; c = c->next)
        lines[n++] = draft_lasting(b, c->client.where);
    return lines;
}

static void compile_names_in(struct mapping_builder *b, struct vocabulary *v)
{
    v->names_in_where = draft_zero(b, b->arena, b->names_in.count, sizeof *v->names_in_where);
    for (const struct draft_couple *c = b->names_in.first; c && !b->no_memory; c = c->next) {
        size_t number = draft_number(b, &v->names_in, c->client.text);

        if (number != LOOKUP_NONE)
            v->names_in_where[number] = draft_lasting(b, c->client.where);
    }
}

void compile_vocabulary(struct mapping_builder *b)
{
    static const bool both[2] = {true, true};
    struct vocabulary *v = &b->mapping->vocabulary;

    for (const struct draft_couple *c = b->headers.first; c; c = c->next) {
        check_header(b, c->client);
        check_header(b, c->upstream);
    }
    compile_couples(b, v->words, &b->words, both, "word", false);
    compile_couples(b, v->headers, &b->headers, both, "header", true);
    compile_watch(b, &v->watch);
    v->words[REQUEST].where = lines_of(b, &b->words);
    v->headers[REQUEST].where = lines_of(b, &b->headers);
    compile_names_in(b, v);
}
