#include "server/drift_page.h"

#include "base/arena.h"
#include "base/quote.h"
#include "mapping/suggest.h"

#include <stdlib.h>

enum {
    TEXT_BYTES_MAX = 1024,
    SURELY_TEXT = 6, /* letters: longer than any word that YAML reads otherwise */
    PAGE_BYTES_MAX = 4 * 1024 * 1024
};

/* --- JSON --------------------------------------------------------------------------- */

struct json_page {
    const struct rules *rules;
    struct buf *to;
    bool begun;
};

static void add_string(struct buf *to, const char *name, struct text value)
{
    buf_add(to, TEXT(",\""));
    buf_add(to, text_from(name));
    buf_add(to, TEXT("\":"));
    quote_json(to, value, TEXT_BYTES_MAX);
}

static void json_entry(void *owner, const struct drift_entry *e)
{
    struct json_page *page = owner;
    struct buf *to = page->to, suggestion;

    buf_add(to, page->begun ? TEXT(",\n{\"kind\":\"") : TEXT("{\"kind\":\""));
    page->begun = true;
    buf_add(to, text_from(drift_kind(e->kind)));
    buf_add_byte(to, '"');
    add_string(to, "name", e->name);
    add_string(to, "route", e->route);
    add_string(to, "path", e->path);
    buf_init(&suggestion, TEXT_BYTES_MAX);
    if (e->kind != UNMAPPED_PATH && suggest_client(page->rules, e->name, &suggestion))
        add_string(to, "suggestion", buf_text(&suggestion));
    buf_fini(&suggestion);
    buf_add(to, TEXT(",\"count\":"));
    buf_add_u64(to, e->count);
    buf_add_byte(to, '}');
}

void drift_page_json(struct drift *d, const struct mapping *mapping, struct buf *to)
{
    struct json_page page = {.rules = mapping_global(mapping), .to = to};

    buf_add_byte(to, '[');
    drift_visit(d, json_entry, &page);
    buf_add(to, TEXT("]\n"));
}

/* --- YAML ----------------------------------------------------------------------------- */

/* Where in the mapping file names of one kind, or two, are settled. */
enum section { SECTION_FIELDS, SECTION_HEADERS, SECTION_ROUTES, SECTION_IGNORE };

struct yaml_page {
    const struct rules *rules;
    struct buf *to;
    struct arena *arena;
    struct drift_entry *entries; /* by name; they and their texts are in ARENA */
    size_t count;
};

static enum section section_of(enum unmapped kind)
{
    switch (kind) {
    case UNMAPPED_KEY:
    case UNMAPPED_QUERY:
        return SECTION_FIELDS;
    case UNMAPPED_HEADER:
        return SECTION_HEADERS;
    case UNMAPPED_PATH:
        break;
    }
    return SECTION_ROUTES;
}

/* True if T is surely a string without quotes: no number and no word such as "true" or "null". */
static bool is_bare(struct text t)
{
    for (size_t i = 0; i < t.len; i++) {
        char c = t.at[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

        if (!letter && (i == 0 || !((c >= '0' && c <= '9') || c == '_' || c == '-')))
            return false;
    }
    return t.len >= SURELY_TEXT;
}

static void add_scalar(struct buf *to, struct text t)
{
    if (is_bare(t))
        buf_add(to, t);
    else
        quote_json(to, t, TEXT_BYTES_MAX);
}

static bool same_name(const struct drift_entry *a, const struct drift_entry *b)
{
    return section_of(a->kind) == section_of(b->kind) && text_eq(a->name, b->name);
}

/* "  # dataProductRole: workspaceRole", or with a question mark where nothing comes to mind. */
static void add_rule(const struct yaml_page *page, const struct drift_entry *e)
{
    struct buf suggestion;

    buf_init(&suggestion, TEXT_BYTES_MAX);
    buf_add(page->to, TEXT("  # "));
    if (e->kind == UNMAPPED_PATH)
        buf_add(page->to, TEXT("segment "));
    else if (suggest_client(page->rules, e->name, &suggestion))
        add_scalar(page->to, buf_text(&suggestion));
    else
        buf_add_byte(page->to, '?');
    if (e->kind != UNMAPPED_PATH)
        buf_add(page->to, TEXT(": "));
    add_scalar(page->to, e->name);
    buf_add_byte(page->to, '\n');
    buf_fini(&suggestion);
}

static void add_place(struct buf *to, const struct drift_entry *e)
{
    buf_add(to, TEXT("  #     "));
    buf_add_u64(to, e->count);
    buf_add(to, TEXT(" x "));
    quote_plain(to, e->route, TEXT_BYTES_MAX);
    buf_add_byte(to, ' ');
    if (e->path.len)
        quote_plain(to, e->path, TEXT_BYTES_MAX);
    else
        buf_add(to, text_from(drift_kind(e->kind)));
    buf_add_byte(to, '\n');
}

/* The names of SECTION under HEAD, each once, with all its places. */
static void add_section(const struct yaml_page *page, enum section section, const char *head)
{
    const struct drift_entry *last = NULL;

    for (size_t i = 0; i < page->count; i++) {
        const struct drift_entry *e = &page->entries[i];

        if (section_of(e->kind) != section)
            continue;
        if (!last)
            buf_add(page->to, text_from(head));
        if (!last || !same_name(last, e))
            add_rule(page, e);
        add_place(page->to, e);
        last = e;
    }
}

static void add_ignored(const struct yaml_page *page)
{
    for (size_t i = 0; i < page->count; i++) {
        if (i > 0 && text_eq(page->entries[i - 1].name, page->entries[i].name))
            continue;
        buf_add(page->to, TEXT("    - "));
        add_scalar(page->to, page->entries[i].name);
        buf_add_byte(page->to, '\n');
    }
}

static int compare(struct text a, struct text b)
{
    int order = memcmp(a.at, b.at, a.len < b.len ? a.len : b.len);

    return order ? order : (a.len > b.len) - (a.len < b.len);
}

static int by_name(const void *a, const void *b)
{
    const struct drift_entry *x = a, *y = b;
    int order = compare(x->name, y->name);

    if (order == 0)
        order = (int)section_of(x->kind) - (int)section_of(y->kind);
    return order ? order : compare(x->route, y->route);
}

/* Copies E, so that the list need not wait while the page is written. */
static void take(void *owner, const struct drift_entry *e)
{
    struct yaml_page *page = owner;
    struct drift_entry copy = {.kind = e->kind,
                               .count = e->count,
                               .route = arena_copy(page->arena, e->route),
                               .name = arena_copy(page->arena, e->name),
                               .path = arena_copy(page->arena, e->path)};

    if (copy.route.at && copy.name.at && copy.path.at && page->count < DRIFT_NAMES_MAX)
        page->entries[page->count++] = copy;
}

static void write_sections(const struct yaml_page *page)
{
    if (page->count == 0) {
        buf_add(page->to, TEXT("# no name of the service was met that the mapping lets out\n"));
        return;
    }
    buf_add(page->to,
            TEXT("# Names of the service that were met in replies and that no rule knows.\n"
                 "# Take over what is to be renamed; what may go out as it is stays below\n"
                 "# `ignore`.\n"));
    add_section(page, SECTION_FIELDS, "fields:\n");
    add_section(page, SECTION_HEADERS, "headers:\n");
    add_section(page, SECTION_ROUTES, "routes:  # segments of paths that no route has\n");
    buf_add(page->to, TEXT("watch:\n  ignore:\n"));
    add_ignored(page);
}

void drift_page_yaml(struct drift *d, const struct mapping *mapping, struct buf *to)
{
    struct yaml_page page = {
        .rules = mapping_global(mapping), .to = to, .arena = arena_new(PAGE_BYTES_MAX)};

    if (page.arena)
        page.entries = arena_zero(page.arena, DRIFT_NAMES_MAX, sizeof *page.entries);
    if (page.entries) {
        drift_visit(d, take, &page);
        qsort(page.entries, page.count, sizeof *page.entries, by_name);
        write_sections(&page);
    }
    uint64_t left_out = drift_left_out(d);
    if (left_out) {
        buf_add(to, TEXT("# The list is full: "));
        buf_add_u64(to, left_out);
        buf_add(to, TEXT(" more were met and left out.\n"));
    }
    arena_free(&page.arena);
}
