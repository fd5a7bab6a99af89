/*
 * description.c - a description is written as the JSON it stands for, or complained of
 *
 * jansson reads what was written, and finds the tree that was to be written.
 */
#include "fuzz/fuzz.h"

#include "conf/yaml_json.h"

#include <jansson.h>

#define FILE_NAME "description.yaml"

static void check_scalar(const struct yaml_node *scalar, const json_t *found)
{
    switch (yaml_sense(scalar)) {
    case YAML_NULL:
        FUZZ_REQUIRE(json_is_null(found), "%.*s", TEXT_ARG(scalar->text));
        break;
    case YAML_SWITCH:
        FUZZ_REQUIRE(json_is_boolean(found), "%.*s", TEXT_ARG(scalar->text));
        break;
    case YAML_INT:
    case YAML_FLOAT:
        FUZZ_REQUIRE(json_is_number(found), "%.*s", TEXT_ARG(scalar->text));
        break;
    case YAML_TEXT:
        FUZZ_REQUIRE(json_is_string(found), "%.*s", TEXT_ARG(scalar->text));
        FUZZ_REQUIRE(
            text_eq(scalar->text, text_of(json_string_value(found), json_string_length(found))),
            "%.*s", TEXT_ARG(scalar->text));
        break;
    }
}

/* No deeper than the tree, which has a ceiling. */
static void check_node(const struct yaml_node *node, const json_t *found)
{
    size_t index = 0;

    switch (node->kind) {
    case YAML_MAP:
        FUZZ_REQUIRE(json_object_size(found) == node->count, "%zu members", node->count);
        for (const struct yaml_node *n = node->first; n; n = n->next)
            check_node(n, json_object_getn(found, n->key.at, n->key.len));
        break;
    case YAML_LIST:
        FUZZ_REQUIRE(json_array_size(found) == node->count, "%zu elements", node->count);
        for (const struct yaml_node *n = node->first; n; n = n->next)
            check_node(n, json_array_get(found, index++));
        break;
    case YAML_SCALAR:
        check_scalar(node, found);
        break;
    case YAML_BROKEN:
        FUZZ_REQUIRE(false, "a broken node was written");
        break;
    }
}

static void check_json(const struct yaml_node *root, const struct buf *json)
{
    json_error_t wrong;
    json_t *found =
        json_loadb(json->at, json->len,
                   JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL | JSON_REJECT_DUPLICATES, &wrong);

    if (found)
        check_node(root, found);
    else /* the only thing that jansson can't hold */
        FUZZ_REQUIRE(json_error_code(&wrong) == json_error_numeric_overflow, "%s", wrong.text);
    json_decref(found);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct arena *arena = arena_new(YAML_ARENA_BYTES);
    struct diag *d = diag_new();
    struct text source = text_of((const char *)bytes, len);
    struct buf json;

    assert(arena && d);
    buf_init(&json, FUZZ_TOLD_MAX);
    diag_source(d, FILE_NAME, source);
    struct yaml_node *root = yaml_tree_read(arena, FILE_NAME, source, &yaml_description, d);
    size_t before = diag_errors(d);
    bool written = root && yaml_json_write(root, &json, d);
    FUZZ_REQUIRE(written || diag_errors(d) > 0, "refused without a word");
    FUZZ_REQUIRE(!root || before > 0 || written == (diag_errors(d) == 0), "%zu errors",
                 diag_errors(d));
    if (written && diag_errors(d) == 0 && !json.failed)
        check_json(root, &json);
    buf_fini(&json);
    diag_free(&d);
    arena_free(&arena);
    return 0;
}
