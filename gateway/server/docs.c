#include "server/docs.h"

#include <stdio.h>

/*
 * The page runs scripts of its own and loads nothing from elsewhere.  Redoc
 * makes style elements: empty ones, which it fills by script, and one for
 * scroll bars, whose hashes these are.  Its icon and pictures are data in
 * page and styles; it searches in a worker made of a blob.  Without any one
 * of these words the browser complains; the test of the page says so.
 */
#define EMPTY_STYLE "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
#define BARS_STYLE  "'sha256-QMIg+bpjm3JdElJ388KYke01izlUW0UoNOeKjpMxdgc='"
#define PAGE_POLICY                                                                                \
    "default-src 'none'; script-src 'self'; "                                                      \
    "style-src 'self' " EMPTY_STYLE " " BARS_STYLE "; img-src data:; "                             \
    "connect-src 'self'; worker-src blob:; base-uri 'none'; form-action 'none'; "                  \
    "frame-ancestors 'none'"

static const struct {
    const char *type;
    const char *policy;
} kinds[DOCS_PARTS] = {
    [DOCS_YAML] = {"application/yaml", ""},
    [DOCS_JSON] = {"application/json", ""},
    [DOCS_PAGE] = {"text/html; charset=utf-8", PAGE_POLICY},
    [DOCS_STYLE] = {"text/css; charset=utf-8", ""},
    [DOCS_START] = {"text/javascript; charset=utf-8", ""},
    [DOCS_REDOC] = {"text/javascript; charset=utf-8", ""},
};

static struct local_form form_of(const struct docs_bytes *bytes)
{
    struct local_form form = {.bytes = buf_text(&bytes->bytes)};

    snprintf(form.tag, sizeof form.tag, "\"%016llx\"", (unsigned long long)bytes->digest);
    return form;
}

void docs_replies_init(struct docs_replies *to, const struct docs *docs)
{
    to->count = 0;
    for (size_t i = 0; docs && i < DOCS_PATHS; i++) {
        enum docs_part part = docs_paths[i].part;
        const struct docs_content *content = &docs->parts[part];
        struct local_reply *reply = &to->at[to->count];

        if (!docs_have(docs, part))
            continue;
        *reply = (struct local_reply){
            .route = {.client = text_from(docs_paths[i].path), .passthrough = true},
            .type = text_from(kinds[part].type),
            .policy = text_from(kinds[part].policy),
            .plain = form_of(&content->plain),
            .coded = form_of(&content->coded),
        };
        to->count++;
    }
}
