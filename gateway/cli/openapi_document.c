#include "cli/openapi_document.h"

#include "conf/yaml_file.h"

/* --- reading -------------------------------------------------------------- */

static struct text newline_of(struct text source)
{
    size_t end = text_find(source, '\n');

    return end > 0 && end < source.len && source.at[end - 1] == '\r' ? TEXT("\r\n") : TEXT("\n");
}

/* The number behind that of the last node below NODE. */
static size_t numbers_of(const struct yaml_node *node)
{
    const struct yaml_node *last = node;

    for (const struct yaml_node *n = node; n; n = n->next ? n->next : n->first)
        last = n;
    return last->number + 1;
}

static bool is_openapi_3(const struct openapi_document *document, struct diag *d)
{
    const struct yaml_node *version = openapi_member(document->root, "openapi");
    struct where where = version ? version->where : (struct where){.file = document->file};

    if (version && version->kind == YAML_SCALAR && text_starts(version->text, TEXT("3.")))
        return true;
    diag_error(d, where, "not-openapi", "this is no OpenAPI 3 description");
    diag_hint(d, "it begins with a line such as openapi: 3.1.0");
    return false;
}

bool openapi_document_parse(struct arena *arena, const char *file, struct text source,
                            struct openapi_document *document_out, struct diag *d)
{
    size_t errors = diag_errors(d);

    *document_out = (struct openapi_document){
        .file = file, .source = arena_copy(arena, source), .newline = newline_of(source)};
    if (!document_out->source.at) {
        diag_error(d, (struct where){.file = file}, "no-memory",
                   "not enough memory to read this file");
        return false;
    }
    diag_source(d, file, source);
    document_out->root = yaml_tree_read(arena, file, document_out->source, &yaml_description, d);
    if (!document_out->root || diag_errors(d) > errors)
        return false;
    document_out->nodes = numbers_of(document_out->root);
    return is_openapi_3(document_out, d);
}

bool openapi_document_bytes(const char *file, struct buf *to, struct diag *d)
{
    bool is_stdin = text_eq(text_from(file), TEXT("-"));

    buf_init(to, yaml_description.bytes + 1);
    return yaml_file_bytes(is_stdin ? "/dev/stdin" : file, (struct where){.file = file}, to, d);
}

bool openapi_document_read(struct arena *arena, const char *file,
                           struct openapi_document *document_out, struct diag *d)
{
    struct buf source;
    bool sound = openapi_document_bytes(file, &source, d) &&
                 openapi_document_parse(arena, file, buf_text(&source), document_out, d);

    buf_fini(&source);
    return sound;
}

/* --- looking -------------------------------------------------------------- */

const struct yaml_node *openapi_member(const struct yaml_node *node, const char *key)
{
    return node && node->kind == YAML_MAP ? yaml_member(node, text_from(key)) : NULL;
}

const struct yaml_node *openapi_first(const struct yaml_node *node)
{
    return node && (node->kind == YAML_MAP || node->kind == YAML_LIST) ? node->first : NULL;
}

bool openapi_is_text(const struct yaml_node *node)
{
    return node && node->kind == YAML_SCALAR && yaml_sense(node) == YAML_TEXT;
}

struct text openapi_text(const struct yaml_node *node)
{
    return openapi_is_text(node) ? node->text : (struct text){0};
}

/* --- references ----------------------------------------------------------- */

static int hex_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Undoes the escapes of T in place, of which TO is the start; returns the bytes left. */
static size_t unescape(struct text t, char *to)
{
    size_t n = 0;

    for (size_t i = 0; i < t.len; i++) {
        bool percent =
            t.at[i] == '%' && i + 2 < t.len && hex_of(t.at[i + 1]) >= 0 && hex_of(t.at[i + 2]) >= 0;
        bool tilde = t.at[i] == '~' && i + 1 < t.len;

        if (percent) {
            to[n++] = (char)(hex_of(t.at[i + 1]) * 16 + hex_of(t.at[i + 2]));
            i += 2;
        } else if (tilde) {
            to[n++] = t.at[++i] == '1' ? '/' : '~';
        } else {
            to[n++] = t.at[i];
        }
    }
    return n;
}

struct text openapi_token(struct arena *arena, struct text *pointer)
{
    if (pointer->len == 0 || pointer->at[0] != '/')
        return (struct text){0};
    struct text rest = text_from_offset(*pointer, 1);
    struct text raw = text_of(rest.at, text_find(rest, '/'));
    char *to = arena_alloc(arena, raw.len + 1);
    *pointer = text_from_offset(rest, raw.len);
    return to ? text_of(to, unescape(raw, to)) : (struct text){0};
}

/* The entry of NODE that TOKEN names. */
static const struct yaml_node *entry(const struct yaml_node *node, struct text token)
{
    uint64_t number;

    if (node->kind == YAML_MAP)
        return yaml_member(node, token);
    if (node->kind != YAML_LIST || !text_to_u64(token, &number) || number >= node->count)
        return NULL;
    const struct yaml_node *at = node->first;
    while (number-- > 0)
        at = at->next;
    return at;
}

const struct yaml_node *openapi_resolve(const struct openapi_document *document,
                                        struct arena *arena, struct text ref)
{
    const struct yaml_node *at = document->root;

    if (ref.len == 0 || ref.at[0] != '#')
        return NULL;
    ref = text_from_offset(ref, 1);
    while (at && ref.len > 0) {
        struct text token = openapi_token(arena, &ref);

        at = token.at ? entry(at, token) : NULL;
    }
    return at;
}
