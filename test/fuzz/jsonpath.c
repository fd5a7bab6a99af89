/*
 * jsonpath.c - a path is read or refused at its column, and one that is read can be walked
 *
 * The first line of an input is a path, the rest a body for rules with it.
 */
#include "fuzz/bodies.h"
#include "json/path.h"

/* STEPS written in the longest form there is. */
static void write_path(const struct json_path *path, struct buf *to)
{
    buf_add_byte(to, '$');
    for (size_t i = 0; i < path->count; i++) {
        const struct json_step *step = &path->steps[i];

        if (step->kind == JSON_STEP_ANY) {
            buf_add(to, TEXT("[*]"));
            continue;
        }
        buf_add(to, step->kind == JSON_STEP_DEEP ? TEXT("..['") : TEXT("['"));
        for (size_t k = 0; k < step->name.len; k++) {
            if (step->name.at[k] == '\'' || step->name.at[k] == '\\')
                buf_add_byte(to, '\\');
            buf_add_byte(to, step->name.at[k]);
        }
        buf_add(to, TEXT("']"));
    }
}

static bool same_path(const struct json_path *a, const struct json_path *b)
{
    bool same = a->count == b->count;

    for (size_t i = 0; same && i < a->count; i++)
        same = a->steps[i].kind == b->steps[i].kind && text_eq(a->steps[i].name, b->steps[i].name);
    return same;
}

static bool has_controls(const struct json_path *path)
{
    for (size_t i = 0; i < path->count; i++)
        for (size_t k = 0; k < path->steps[i].name.len; k++)
            if ((unsigned char)path->steps[i].name.at[k] < 0x20)
                return true;
    return false;
}

/* True if WRITTEN is a path; then it is the same written out in full. */
static bool check_path(struct text written)
{
    struct arena *arena = arena_new(1 << 24);
    struct json_path path, again;
    struct json_path_fault fault = {0};
    struct buf full;

    assert(arena);
    buf_init(&full, FUZZ_TOLD_MAX);
    bool read = json_path_read(arena, written, &path, &fault);
    if (!read) {
        FUZZ_REQUIRE(fault.what && fault.offset <= written.len, "offset %zu", fault.offset);
    } else if (!has_controls(&path)) {
        write_path(&path, &full);
        FUZZ_REQUIRE(json_path_read(arena, buf_text(&full), &again, &fault), "%s at %zu of %.*s",
                     fault.what, fault.offset, TEXT_ARG(buf_text(&full)));
        FUZZ_REQUIRE(same_path(&path, &again), "%.*s", TEXT_ARG(buf_text(&full)));
    }
    buf_fini(&full);
    arena_free(&arena);
    return read;
}

static struct written written_at(struct text t)
{
    return (struct written){.text = t, .where = {.file = "fuzz", .line = 1, .column = 1}};
}

/* A mapping with rules at PATH; NULL if they are refused, and then there is a complaint. */
static struct mapping *mapping_with(struct text path)
{
    struct diag *complaints = diag_new();
    struct mapping_builder *b = mapping_builder_new(complaints);
    struct mapping_scope *global = mapping_builder_global(b);

    mapping_scope_field(global, written_at(TEXT("a")), written_at(TEXT("b")), REACH_BOTH,
                        (struct written){0});
    mapping_scope_field(global, written_at(TEXT("c")), written_at(TEXT("d")), REACH_BOTH,
                        written_at(path));
    mapping_scope_value(global, written_at(path), VALUE_NAME, REACH_BOTH);
    mapping_scope_opaque(global, written_at(TEXT("$..o.p")));
    struct mapping *m = mapping_builder_finish(&b);
    FUZZ_REQUIRE(m || diag_errors(complaints) > 0, "refused without a complaint");
    diag_free(&complaints);
    return m;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct text input = text_of((const char *)bytes, len);
    struct text path = text_of(input.at, text_find(input, '\n'));

    if (len == 0 || !check_path(path))
        return 0;
    struct mapping *m = mapping_with(path);
    if (m) {
        struct body body = {cut_json, m, len % 2 ? REQUEST : RESPONSE, &BODY_ROOMY};

        if (path.len < input.len)
            fuzz_every_cut(body_run, &body, text_from_offset(input, path.len + 1));
        mapping_unref(&m);
    }
    return 0;
}
