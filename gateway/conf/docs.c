#include "conf/docs.h"

#include "coding/coding.h"
#include "conf/expect.h"
#include "conf/yaml_file.h"
#include "conf/yaml_json.h"

#include <errno.h>
#include <stdlib.h>

enum {
    PART_BYTES_MAX = 32 * 1024 * 1024,
    CODE_FROM_BYTES = 1024, /* less is not worth coding */
    REDOC_RATIO = 1000      /* no script is that repetitive */
};

/* The files of the page below the folder. */
static const struct {
    enum docs_part part;
    const char *name;
} page_files[] = {
    {DOCS_PAGE, "docs/index.html"},
    {DOCS_STYLE, "docs/page.css"},
    {DOCS_START, "docs/page.js"},
    {DOCS_REDOC, "docs/redoc.standalone.js.gz"},
};

/* What is needed while reading and not afterwards. */
struct reading {
    struct docs *docs;
    const char *folder;
    struct where blame;
    struct arena *arena, *scratch;
    size_t files;
    struct diag *d;
};

static bool starve(const struct reading *r)
{
    diag_error(r->d, r->blame, "no-memory", "not enough memory for what docs.serve shows");
    return false;
}

/* FOLDER/NAME, kept and marked as one of the files; NULL: no memory. */
static struct file_mark *file_of(struct reading *r, const char *name)
{
    struct file_mark *file = &r->docs->files[r->files++];
    size_t room = strlen(r->folder) + 1 + strlen(name) + 1;
    char *path = arena_alloc(r->arena, room);

    if (!path)
        return NULL;
    snprintf(path, room, "%s/%s", r->folder, name);
    *file = (struct file_mark){.path = path, .content = FILE_MARK_ABSENT};
    return file;
}

/* --- what is sent -------------------------------------------------------------------- */

/* Codes PLAIN into CODED, if that is shorter.  False: no memory. */
static bool code(const struct buf *plain, struct buf *coded)
{
    if (plain->len < CODE_FROM_BYTES)
        return true;
    struct encoder *encoder = encoder_new();
    bool sound = encoder && encoder_put(encoder, buf_text(plain), ENCODER_END, coded);
    encoder_free(&encoder);
    if (sound && coded->len >= plain->len)
        buf_clear(coded);
    return sound && !coded->failed;
}

/* Decodes CODED into PLAIN.  False: it is no gzip, or there is no memory. */
static bool decode(const struct buf *coded, struct buf *plain)
{
    struct coding_limits limits = {.ratio = REDOC_RATIO, .ratio_from = PART_BYTES_MAX};
    struct decoder *decoder = decoder_new(CODING_GZIP, &limits);
    struct text rest = buf_text(coded), bytes;
    enum coding_step step = decoder ? CODING_BYTES : CODING_NO_MEMORY;

    while (step == CODING_BYTES && !plain->failed) {
        step = decoder_next(decoder, &rest, &bytes);
        if (step == CODING_BYTES)
            buf_add(plain, bytes);
    }
    bool sound = step == CODING_MORE && decoder_complete(decoder) && plain->len > 0;
    decoder_free(&decoder);
    return sound;
}

static void digest(struct docs_bytes *bytes)
{
    bytes->digest = file_mark_of(buf_text(&bytes->bytes));
}

/* PART has its plain bytes: codes them, if they did not come coded. */
static bool conclude(const struct reading *r, enum docs_part part)
{
    struct docs_content *content = &r->docs->parts[part];
    bool sound = part == DOCS_REDOC || code(&content->plain.bytes, &content->coded.bytes);

    digest(&content->plain);
    digest(&content->coded);
    return sound || starve(r);
}

/* --- the description ------------------------------------------------------------------- */

static bool is_description(const struct yaml_node *root, struct diag *d)
{
    if (!expect_map(root, "an OpenAPI description", d))
        return false;
    if (yaml_member(root, TEXT("openapi")))
        return true;
    diag_error(d, root->where, "no-openapi", "an OpenAPI description says \"openapi: 3.1.0\"");
    return false;
}

static bool read_description(struct reading *r, const char *document)
{
    char name[64];
    struct buf *yaml = &r->docs->parts[DOCS_YAML].plain.bytes;
    struct buf *json = &r->docs->parts[DOCS_JSON].plain.bytes;

    snprintf(name, sizeof name, "openapi/%s.yaml", document);
    struct file_mark *file = file_of(r, name);
    if (!file)
        return starve(r);
    if (!yaml_file_bytes(file->path, r->blame, yaml, r->d)) {
        diag_hint(r->d, "docs.directory names the folder that openapi/ and docs/ are in");
        return false;
    }
    struct text source = buf_text(yaml);
    file->content = file_mark_of(source);
    diag_source(r->d, file->path, source);
    size_t before = diag_errors(r->d);
    struct yaml_node *root =
        yaml_tree_read(r->scratch, file->path, source, &yaml_description, r->d);
    if (!root || !is_description(root, r->d) || !yaml_json_write(root, json, r->d) ||
        diag_errors(r->d) > before)
        return false;
    if (json->failed)
        return starve(r);
    return conclude(r, DOCS_YAML) && conclude(r, DOCS_JSON);
}

/* --- the page ---------------------------------------------------------------------------- */

/* Reads one file of the page.  What is wrong with it, or NULL. */
static const char *read_page_file(struct reading *r, enum docs_part part, struct file_mark *file)
{
    struct docs_content *content = &r->docs->parts[part];
    struct buf *plain = &content->plain.bytes, *coded = &content->coded.bytes;
    struct buf *bytes = part == DOCS_REDOC ? coded : plain;

    if (!yaml_file_take(file->path, bytes))
        return strerror(errno);
    file->content = file_mark_of(buf_text(bytes));
    return part == DOCS_REDOC && !decode(coded, plain) ? "it is not a whole gzip file" : NULL;
}

/* Reads the page; a file that is missing is told once, and there is none then. */
static bool read_page(struct reading *r)
{
    bool page = true;

    for (size_t i = 0; i < sizeof page_files / sizeof page_files[0]; i++) {
        enum docs_part part = page_files[i].part;
        struct file_mark *file = file_of(r, page_files[i].name);

        if (!file)
            return starve(r);
        const char *wrong = read_page_file(r, part, file);
        if (wrong && page) {
            diag_warning(r->d, r->blame, "no-page", "/docs is not served: can't read %s: %s",
                         file->path, wrong);
            diag_hint(r->d, "`make docs-assets` makes the page's files");
        }
        page = page && !wrong;
        if (!wrong && !conclude(r, part))
            return false;
    }
    r->docs->page = page;
    return true;
}

/* --- life ---------------------------------------------------------------------------------- */

struct docs *docs_read(const char *folder, const char *document, struct where blame,
                       struct arena *arena, struct arena *scratch, struct diag *d)
{
    struct reading r = {.docs = calloc(1, sizeof *r.docs),
                        .folder = folder,
                        .blame = blame,
                        .arena = arena,
                        .scratch = scratch,
                        .d = d};

    if (!r.docs) {
        starve(&r);
        return NULL;
    }
    for (size_t i = 0; i < DOCS_PARTS; i++) {
        buf_init(&r.docs->parts[i].plain.bytes, PART_BYTES_MAX);
        buf_init(&r.docs->parts[i].coded.bytes, PART_BYTES_MAX);
    }
    if (!read_description(&r, document) || !read_page(&r))
        docs_free(&r.docs);
    return r.docs;
}

const struct docs_path docs_paths[DOCS_PATHS] = {
    {"/openapi.yaml", DOCS_YAML},
    {"/openapi.json", DOCS_JSON},
    {"/docs", DOCS_PAGE},
    {"/docs/", DOCS_PAGE},
    {"/docs/page.css", DOCS_STYLE},
    {"/docs/page.js", DOCS_START},
    {"/docs/redoc.standalone.js", DOCS_REDOC},
};

bool docs_have(const struct docs *docs, enum docs_part part)
{
    return part < DOCS_PAGE || docs->page;
}

bool docs_are_at(const struct docs *docs, struct text path)
{
    for (size_t i = 0; docs && i < DOCS_PATHS; i++)
        if (text_eq(path, text_from(docs_paths[i].path)))
            return docs_have(docs, docs_paths[i].part);
    return false;
}

void docs_free(struct docs **docs)
{
    if (!*docs)
        return;
    for (size_t i = 0; i < DOCS_PARTS; i++) {
        buf_fini(&(*docs)->parts[i].plain.bytes);
        buf_fini(&(*docs)->parts[i].coded.bytes);
    }
    free(*docs);
    *docs = NULL;
}
