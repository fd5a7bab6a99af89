#include "mapping/remarks.h"

#include "mapping/draft.h"

/* AT with room for one element of SIZE bytes behind its COUNT; NULL, and B knows: no memory. */
static void *longer(struct mapping_builder *b, void *at, size_t count, size_t size)
{
    if (count & (count - 1))
        return at; /* room doubles at powers of two */
    void *grown = draft_zero(b, b->arena, count ? 2 * count : 1, size);
    if (grown && count)
        memcpy(grown, at, count * size);
    return grown;
}

static struct text kept(struct mapping_builder *b, struct text t)
{
    struct text copy = arena_copy(b->arena, t);

    b->no_memory |= !copy.at;
    return copy.at ? copy : TEXT("");
}

void mapping_builder_unmirrored(struct mapping_builder *b, struct written path,
                                const bool methods[HTTP_METHOD_COUNT], struct written reason)
{
    struct remarks *r = &b->mapping->remarks;
    struct unmirrored *at = longer(b, r->unmirrored, r->unmirrored_count, sizeof *at);
    struct pattern pattern;

    pattern_read(&pattern, b->arena, b->complaints, NULL, path, &b->no_memory);
    if (!at)
        return;
    struct unmirrored *u = &at[r->unmirrored_count++];
    u->path = kept(b, path.text);
    u->reason = kept(b, reason.text);
    u->where = draft_lasting(b, path.where);
    memcpy(u->methods, methods, sizeof u->methods);
    r->unmirrored = at;
}

void mapping_builder_allow(struct mapping_builder *b, struct written at)
{
    struct remarks *r = &b->mapping->remarks;
    struct allowed *list = longer(b, r->allowed, r->allowed_count, sizeof *list);
    struct json_path_fault fault;

    if (!list)
        return;
    struct allowed *a = &list[r->allowed_count++];
    a->at = kept(b, at.text);
    a->where = draft_lasting(b, at.where);
    r->allowed = list;
    if (json_path_read(b->arena, a->at, &a->path, &fault))
        return;
    diag_error(b->complaints, draft_part(at, fault.offset, 1), "bad-json-path", "%s", fault.what);
    if (fault.hint)
        diag_hint(b->complaints, "%s", fault.hint);
}

const struct unmirrored *mapping_unmirrored(const struct mapping *m, size_t *count_out)
{
    *count_out = m->remarks.unmirrored_count;
    return m->remarks.unmirrored;
}

const struct allowed *mapping_allowed(const struct mapping *m, size_t *count_out)
{
    *count_out = m->remarks.allowed_count;
    return m->remarks.allowed;
}

bool unmirrored_covers(const struct unmirrored *u, enum http_method method, struct text path)
{
    struct text template = u->path;

    if (!u->methods[method])
        return false;
    while (template.len) {
        if (text_eq(template, TEXT("/**")))
            return true;
        if (path.len == 0)
            return false;
        struct text wanted = pattern_take_segment(&template), segment = pattern_take_segment(&path);
        if (!text_starts(wanted, TEXT("{")) && !text_eq(wanted, segment))
            return false;
    }
    return path.len == 0;
}
