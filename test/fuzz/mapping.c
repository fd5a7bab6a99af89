/*
 * mapping.c - any bytes as a mapping file, and as settings
 *
 * What is refused has a complaint whose place is in the file; what is taken
 * answers for paths and words, and has the same digest when it is read again.
 * For the settings, the first lines of an input that begin with DPGW_ are the
 * environment, and those that begin with "--set " are arguments.
 */
#include "conf/conf_mapping.h"
#include "conf/expect.h"
#include "conf/layers.h"
#include "fuzz/fuzz.h"
#include "translate/target.h"

enum { UPPER_MAX = 8 }; /* lines of each kind in front of the file */

static const char FILE_NAME[] = "fuzz.yaml";

static void check_complaints(struct diag *d, struct text source)
{
    size_t count, printed_len;
    const struct complaint *list = diag_list(d, &count);
    unsigned lines = 1;
    char *printed = NULL;

    for (size_t i = 0; i < source.len; i++)
        lines += source.at[i] == '\n';
    for (size_t i = 0; i < count; i++) {
        FUZZ_REQUIRE(list[i].code && list[i].message && list[i].message[0], "%zu", i);
        FUZZ_REQUIRE(list[i].where.line <= lines + 1, "line %u: %s", list[i].where.line,
                     list[i].message);
        FUZZ_REQUIRE(list[i].where.column <= source.len + 1, "column %u: %s", list[i].where.column,
                     list[i].message);
    }
    FILE *to = open_memstream(&printed, &printed_len);
    assert(to);
    diag_print(d, to, true);
    diag_print_json(d, to);
    fclose(to);
    free(printed);
}

/* SOURCE as a mapping; NULL with complaints in D. */
static struct mapping *read_mapping(struct text source, struct diag *d)
{
    struct arena *arena = arena_new(YAML_ARENA_BYTES);
    struct mapping_builder *builder = mapping_builder_new(d);
    struct mapping *m = NULL;

    assert(arena && builder);
    diag_source(d, FILE_NAME, source);
    struct yaml_node *root = yaml_tree_read(arena, FILE_NAME, source, &yaml_configuration, d);
    if (root) {
        conf_mapping_tell(root, builder, d);
        m = mapping_builder_finish(&builder);
    } else {
        mapping_builder_free(&builder);
    }
    arena_free(&arena);
    FUZZ_REQUIRE((m == NULL) == (diag_errors(d) > 0), "%zu errors", diag_errors(d));
    return m;
}

/* Every route serves its own templates, and finds its way back. */
static void walk_routes(const struct mapping *m)
{
    size_t count;
    const struct route *const *routes = mapping_routes(m, &count);

    for (size_t i = 0; i < count; i++) {
        const struct route *found;
        struct buf to;

        buf_init(&to, FUZZ_TOLD_MAX);
        if (mapping_route(m, HTTP_GET, routes[i]->client, &found) != ROUTE_NOT_FOUND)
            route_upstream_path(found, routes[i]->client, &to);
        route_allow(routes[i], &to);
        mapping_path(m, RESPONSE, routes[i]->upstream, &to);
        mapping_path(m, REQUEST, routes[i]->client, &to);
        FUZZ_REQUIRE(!to.failed, "%.*s", TEXT_ARG(routes[i]->client));
        buf_fini(&to);
    }
}

/* Words of SOURCE are replaced, or it stays as it is. */
static void check_words(const struct mapping *m, struct text source)
{
    for (enum direction d = REQUEST; d <= RESPONSE; d++) {
        struct buf to;

        buf_init(&to, FUZZ_TOLD_MAX);
        bool changed = target_words(mapping_global(m), d, source, &to);
        FUZZ_REQUIRE(changed || text_eq(buf_text(&to), source), "%.*s", TEXT_ARG(buf_text(&to)));
        buf_fini(&to);
    }
}

static void check_mapping(struct text source)
{
    struct diag *d = diag_new(), *again_d = diag_new();
    struct mapping *m = read_mapping(source, d);

    check_complaints(d, source);
    if (m) {
        struct mapping *again = read_mapping(source, again_d);

        FUZZ_REQUIRE(again && text_eq(mapping_digest(m), mapping_digest(again)), "digest");
        walk_routes(m);
        check_words(m, source);
        mapping_unref(&again);
        mapping_unref(&m);
    }
    diag_free(&d);
    diag_free(&again_d);
}

/* What is laid over a settings file; the texts are owned. */
struct upper {
    char *environment[UPPER_MAX + 1];
    char *arguments[UPPER_MAX];
    size_t variables, overrides;
};

/* TEXT up to its first NUL, as a program is given it. */
static char *as_given(struct text t)
{
    const char *end = memchr(t.at, 0, t.len);
    size_t len = end ? (size_t)(end - t.at) : t.len;
    char *copy = malloc(len + 1);

    assert(copy);
    memcpy(copy, t.at, len);
    copy[len] = 0;
    return copy;
}

/* Takes the lines in front of the file off SOURCE into U. */
static struct text take_upper(struct text source, struct upper *u)
{
    struct text set = TEXT("--set ");

    for (;;) {
        size_t end = text_find(source, '\n');
        struct text line = text_of(source.at, end);

        if (text_starts(line, TEXT("DPGW_")) && u->variables < UPPER_MAX)
            u->environment[u->variables++] = as_given(line);
        else if (text_starts(line, set) && u->overrides < UPPER_MAX)
            u->arguments[u->overrides++] = as_given(text_from_offset(line, set.len));
        else
            return source;
        source = text_from_offset(source, end < source.len ? end + 1 : end);
    }
}

static void upper_fini(struct upper *u)
{
    for (size_t i = 0; i < u->variables; i++)
        free(u->environment[i]);
    for (size_t i = 0; i < u->overrides; i++)
        free(u->arguments[i]);
}

/* What a setting is said to come from is what was written there. */
static void check_origins(const struct layers *l, struct text source)
{
    for (size_t i = 0; i < SETTINGS_COUNT; i++) {
        const struct conf_origin *origin = &l->origins[i];

        FUZZ_REQUIRE(origin->text.at, "%s has no text", settings_table[i].key);
        FUZZ_REQUIRE(origin->where.line <= source.len + 1, "%s", settings_table[i].key);
        FUZZ_REQUIRE(layers_origin(l, (const char *)&l->settings + settings_table[i].offset) ==
                         origin,
                     "%s", settings_table[i].key);
    }
}

static void lay_settings(struct layers *l, struct text source, const struct upper *u)
{
    struct conf_overrides overrides = {(const char *const *)u->arguments, u->overrides};
    struct yaml_node *root = yaml_tree_read(l->arena, FILE_NAME, source, &yaml_configuration, l->d);

    if (root && expect_file(root, l->d))
        layers_file(l, root);
    layers_environment(l, u->environment);
    layers_overrides(l, &overrides);
    if (diag_errors(l->d) == 0)
        layers_check(l);
}

static void check_settings(struct text whole)
{
    struct arena *arena = arena_new(YAML_ARENA_BYTES);
    struct diag *d = diag_new();
    struct upper upper = {0};
    struct text source = take_upper(whole, &upper);
    struct layers layers;

    assert(arena && d);
    diag_source(d, FILE_NAME, source);
    layers_init(&layers, FILE_NAME, arena, d);
    lay_settings(&layers, source, &upper);
    check_origins(&layers, source);
    check_complaints(d, whole);
    diag_free(&d);
    arena_free(&arena);
    upper_fini(&upper);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct text source = text_of((const char *)bytes, len);

    check_mapping(source);
    check_settings(source);
    return 0;
}
