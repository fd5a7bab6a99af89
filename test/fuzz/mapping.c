/*
 * mapping.c - any bytes as a mapping file, and as a settings file
 *
 * What is refused has a complaint whose place is in the file; what is taken
 * answers for paths, and has the same digest when it is read again.
 */
#include "conf/conf_mapping.h"
#include "conf/expect.h"
#include "conf/layers.h"
#include "fuzz/fuzz.h"

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
    struct yaml_node *root = yaml_tree_read(arena, FILE_NAME, source, d);
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

static void check_mapping(struct text source)
{
    struct diag *d = diag_new(), *again_d = diag_new();
    struct mapping *m = read_mapping(source, d);

    check_complaints(d, source);
    if (m) {
        struct mapping *again = read_mapping(source, again_d);

        FUZZ_REQUIRE(again && text_eq(mapping_digest(m), mapping_digest(again)), "digest");
        walk_routes(m);
        mapping_unref(&again);
        mapping_unref(&m);
    }
    diag_free(&d);
    diag_free(&again_d);
}

static void check_settings(struct text source)
{
    struct arena *arena = arena_new(YAML_ARENA_BYTES);
    struct diag *d = diag_new();
    struct layers layers;

    assert(arena && d);
    diag_source(d, FILE_NAME, source);
    layers_init(&layers, FILE_NAME, arena, d);
    struct yaml_node *root = yaml_tree_read(arena, FILE_NAME, source, d);
    if (root && expect_file(root, d)) {
        layers_file(&layers, root);
        layers_check(&layers);
    }
    check_complaints(d, source);
    diag_free(&d);
    arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct text source = text_of((const char *)bytes, len);

    check_mapping(source);
    check_settings(source);
    return 0;
}
