#include "cli/openapi_derive.h"

#include "cli/openapi_check.h"
#include "cli/openapi_groups.h"
#include "cli/openapi_splice.h"

enum { ERRORS_SHOWN = 3 };

static struct yaml_span all_of(const struct openapi_document *document)
{
    return (struct yaml_span){0, document->source.len};
}

/* Tells of what is wrong with the derived text, as far as it is derive's to answer for. */
static bool tell_unsound(struct openapi_derivation *dv, struct diag *again)
{
    size_t count;
    const struct complaint *complaints = diag_list(again, &count);

    for (size_t i = 0; i < count && i < ERRORS_SHOWN; i++)
        diag_error(dv->d, (struct where){.file = dv->from.file}, "unsound",
                   "what is derived would not be sound: line %u there: %s",
                   complaints[i].where.line, complaints[i].message);
    return count > 0;
}

/* Reads what was derived again, and judges it as openapi check would. */
static bool is_sound(struct openapi_derivation *dv, struct text derived)
{
    struct diag *again = diag_new();
    struct openapi_document document;
    struct openapi_checked checked;

    dv->no_memory |= !again;
    if (!again)
        return false;
    if (openapi_document_parse(dv->arena, dv->from.file, derived, &document, again))
        openapi_check_references(dv->arena, &document, again, &checked);
    bool sound = !tell_unsound(dv, again);
    diag_free(&again);
    return sound;
}

/* A comment that tells where the file comes from; JSON has none. */
static void put_heading(const struct openapi_derivation *dv, struct openapi_edits *edits)
{
    size_t start = text_starts(dv->from.source, TEXT("\xef\xbb\xbf")) ? 3 : 0;

    if (dv->from.root->flow)
        return;
    openapi_edit(edits, (struct yaml_span){start, start},
                 TEXT("# Made by `dpgw openapi derive`: change what it is made of instead."));
    openapi_edit(edits, (struct yaml_span){start, start}, dv->from.newline);
}

static bool derive(struct openapi_derivation *dv, struct buf *to)
{
    struct openapi_edits edits = {.arena = dv->arena}, both = {.arena = dv->arena};
    struct openapi_edits *whole = dv->combined ? &both : &edits;
    bool used[OPENAPI_STATUSES] = {false};
    size_t begun = to->len;

    openapi_survey(dv);
    if (dv->no_memory || diag_errors(dv->d))
        return false;
    openapi_splice(dv, &edits);
    openapi_splice_errors(dv, &edits, used);
    openapi_splice_tags(dv, &edits);
    if (dv->combined)
        openapi_combine(dv, &edits, whole);
    openapi_splice_components(dv, whole, used);
    if (dv->combined)
        openapi_combine_groups(dv, whole);
    else
        openapi_splice_groups(dv, whole);
    put_heading(dv, whole);
    openapi_edits_write(whole, dv->from.source, all_of(&dv->from), to);
    dv->no_memory |= edits.failed || both.failed || to->failed;
    return !dv->no_memory && is_sound(dv, text_from_offset(buf_text(to), begun));
}

bool openapi_derive(const struct mapping *m, const char *file, struct text source, bool combined,
                    struct buf *to, struct diag *d)
{
    struct openapi_derivation dv = {.mapping = m,
                                    .combined = combined,
                                    .d = d,
                                    .arena = arena_new(OPENAPI_ARENA_BYTES),
                                    .group = TEXT("Data Products")};
    bool sound = false;

    if (dv.arena && openapi_document_parse(dv.arena, file, source, &dv.from, d)) {
        lookup_init(&dv.walked, dv.arena);
        dv.errands_end = &dv.errands;
        dv.fates = arena_zero(dv.arena, dv.from.nodes, sizeof *dv.fates);
        dv.no_memory = !dv.fates;
        sound = dv.fates && derive(&dv, to);
    }
    if (!dv.arena || dv.no_memory)
        diag_error(d, (struct where){.file = file}, "no-memory", "not enough memory for this file");
    if (dv.arena)
        arena_free(&dv.arena);
    return sound;
}
