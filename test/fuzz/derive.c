/*
 * derive.c - any bytes as a description that another is derived of
 *
 * What is made of it, alone or with both APIs in one, is read again and is the
 * same every time; what is refused has a complaint.
 */
#include "cli/openapi_derive.h"
#include "conf/conf_mapping.h"
#include "fuzz/fuzz.h"

#define FILE_NAME "source.yaml"

/* The mapping of test/golden/openapi, from which the first seeds come too. */
#define MAPPING                                                                                    \
    "version: 1\n"                                                                                 \
    "routes:\n"                                                                                    \
    "  - {client: /v1/data-products, upstream: /v1/workspaces, methods: [GET, {PUT: POST}]}\n"     \
    "  - client: '/v1/data-products/{dataProductId}'\n"                                            \
    "    upstream: '/v1/workspaces/{dataProductId}'\n"                                             \
    "    methods: [GET]\n"                                                                         \
    "    resources: {chat: [POST], 'files/**': [POST]}\n"                                          \
    "passthrough: [{path: '/v1/workspaces/**'}]\n"                                                 \
    "fields:\n"                                                                                    \
    "  dataProduct: workspace\n"                                                                   \
    "  dataProducts: workspaces\n"                                                                 \
    "  dataProductId: workspaceId\n"                                                               \
    "  sourceDataProductId: {upstream: sourceWorkspaceId, direction: request}\n"                   \
    "  owner: {upstream: holder, at: $.data}\n"                                                    \
    "opaque: [$..rows]\n"                                                                          \
    "values:\n"                                                                                    \
    "  - {at: $..kind, map: {data_product: workspace}}\n"                                          \
    "  - {at: $.data.link, rewrite: url}\n"                                                        \
    "words: {data product: workspace, Data products: Workspaces}\n"                                \
    "query: {names_in: [sort]}\n"                                                                  \
    "headers: {X-Data-Product-Id: X-Workspace-Id}\n"

static const struct mapping *the_mapping(void)
{
    static struct mapping *made;

    if (made)
        return made;
    struct arena *arena = arena_new(YAML_ARENA_BYTES);
    struct diag *d = diag_new();
    struct mapping_builder *builder = mapping_builder_new(d);

    assert(arena && d && builder);
    struct yaml_node *root = yaml_tree_read(arena, "m", TEXT(MAPPING), &yaml_configuration, d);
    assert(root);
    conf_mapping_tell(root, builder, d);
    made = mapping_builder_finish(&builder);
    if (!made)
        diag_print(d, stderr, false);
    assert(made);
    diag_free(&d);
    arena_free(&arena);
    return made;
}

/* What is derived is YAML again, without a complaint. */
static void check_derived(struct text derived)
{
    struct arena *arena = arena_new(YAML_ARENA_BYTES);
    struct diag *d = diag_new();

    assert(arena && d);
    FUZZ_REQUIRE(yaml_tree_read(arena, FILE_NAME, derived, &yaml_description, d) &&
                     diag_errors(d) == 0,
                 "%.*s", TEXT_ARG(derived));
    diag_free(&d);
    arena_free(&arena);
}

static bool derive(struct text source, bool combined, struct buf *to)
{
    struct diag *d = diag_new();

    assert(d);
    buf_init(to, FUZZ_TOLD_MAX);
    bool sound = openapi_derive(the_mapping(), FILE_NAME, source, combined, to, d);
    FUZZ_REQUIRE(sound == (diag_errors(d) == 0), "%zu errors", diag_errors(d));
    diag_free(&d);
    return sound;
}

static void check(struct text source, bool combined)
{
    struct buf once, again;

    if (derive(source, combined, &once)) {
        check_derived(buf_text(&once));
        FUZZ_REQUIRE(derive(source, combined, &again), "refused the second time");
        FUZZ_REQUIRE(text_eq(buf_text(&once), buf_text(&again)), "another the second time");
        buf_fini(&again);
    }
    buf_fini(&once);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct text source = text_of((const char *)bytes, len);

    check(source, false);
    check(source, true);
    return 0;
}
