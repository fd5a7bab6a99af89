#include "conf/conf.h"

#include "base/arena.h"
#include "base/buf.h"
#include "conf/conf_mapping.h"
#include "conf/expect.h"
#include "conf/layers.h"
#include "conf/services.h"
#include "conf/yaml_file.h"

#include <stdlib.h>
#include <unistd.h>

enum { SETTINGS_ARENA_BYTES = 4 * 1024 * 1024, TOKEN_FILE_MAX = 4096, TOKEN_BYTES_MIN = 16 };

/* What is needed while loading and not afterwards. */
struct loading {
    struct conf *conf;
    struct layers *layers;
    struct services services; /* of the layers */
    struct arena *trees;
    struct diag *d;
};

static void no_memory(struct diag *d, const char *file)
{
    diag_error(d, (struct where){.file = file}, "no-memory", "not enough memory");
}

/* FILE, whose name the conf owns, as a tree, and marked as it was read; NULL after complaints. */
static struct yaml_node *load_tree(struct loading *l, const char *file, struct where blame)
{
    struct file_mark mark = {file, FILE_MARK_ABSENT};
    struct yaml_node *root = yaml_file_marked(l->trees, &mark, blame, l->d);

    l->conf->files[l->conf->file_count++] = mark;
    return root;
}

/* --- the mapping --------------------------------------------------------------------- */

/* The path NAME that the setting at FIELD of LAYERS holds, as seen from their file's folder. */
static struct text resolved_in(const struct loading *l, const struct layers *layers,
                               const void *field, struct text name)
{
    const struct conf_origin *origin = layers_origin(layers, field);
    bool beside = origin->source == CONF_DEFAULT || origin->source == CONF_FILE;

    return beside ? yaml_file_beside(l->conf->arena, l->conf->file, name)
                  : arena_copy(l->conf->arena, name);
}

static struct text resolved(const struct loading *l, const void *field, struct text name)
{
    return resolved_in(l, l->layers, field, name);
}

/* Reads the mapping FILE; what can't be read at all is complained of at BLAME. */
static void load_mapping(struct loading *l, const char *file, struct where blame)
{
    struct mapping_builder *builder = mapping_builder_new(l->d);
    struct yaml_node *root = load_tree(l, file, blame);

    if (!builder)
        no_memory(l->d, file);
    if (builder && root) {
        conf_mapping_tell(root, builder, l->d);
        l->conf->mapping = mapping_builder_finish(&builder);
    } else if (builder) {
        mapping_builder_free(&builder);
    }
}

/* --- the token of the admin address ------------------------------------------------------ */

static void load_token(struct loading *l)
{
    struct text *file = &l->layers->settings.admin_token_file;
    struct where where = layers_origin(l->layers, file)->where;
    struct buf token;

    if (!file->at)
        return;
    buf_init(&token, TOKEN_FILE_MAX);
    *file = resolved(l, file, *file);
    if (!file->at) {
        no_memory(l->d, l->conf->file);
    } else if (yaml_file_bytes(file->at, where, &token, l->d)) {
        l->conf->files[l->conf->file_count++] =
            (struct file_mark){file->at, file_mark_of(buf_text(&token))};
        if (text_trim(buf_text(&token)).len < TOKEN_BYTES_MIN)
            diag_error(l->d, where, "weak-token", "%s must hold a token of %d characters or more",
                       file->at, TOKEN_BYTES_MIN);
    }
    l->conf->admin_token = arena_copy(l->conf->arena, text_trim(buf_text(&token)));
    buf_fini(&token);
}

/* --- the API's description and its page -------------------------------------------------- */

static void load_docs(struct loading *l)
{
    const struct settings *s = &l->layers->settings;
    const struct conf_origin *origin = layers_origin(l->layers, &s->docs.directory);
    struct text folder = TEXT(DATADIR);

    if (!s->docs.serve)
        return;
    if (!text_eq(s->docs.directory, TEXT("auto")))
        folder = resolved(l, &s->docs.directory, s->docs.directory);
    else
        origin = layers_origin(l->layers, &s->docs.serve);
    if (!folder.at) {
        no_memory(l->d, l->conf->file);
        return;
    }
    const char *document = s->docs.document == DOCUMENT_COMBINED ? "combined" : "data-products";
    l->conf->docs = docs_read(folder.at, document, origin->where, l->conf->arena, l->trees, l->d);
    for (size_t i = 0; l->conf->docs && i < DOCS_FILES; i++)
        l->conf->files[l->conf->file_count++] = l->conf->docs->files[i];
}

/* --- the files of TLS ----------------------------------------------------------------- */

/* Reads the file NAMED somewhere; what can't be read is complained of. */
static void load_pem(struct loading *l, struct text path, struct where where, struct pem_file *to)
{
    struct buf bytes;

    if (!path.at)
        return;
    buf_init(&bytes, TLS_FILE_BYTES_MAX + 1);
    struct file_mark mark = {path.at, FILE_MARK_ABSENT};
    if (yaml_file_bytes(path.at, where, &bytes, l->d)) {
        mark.content = file_mark_of(buf_text(&bytes));
        *to = (struct pem_file){path, arena_copy(l->conf->arena, buf_text(&bytes)), where};
        if (!to->bytes.at)
            no_memory(l->d, path.at);
        if (bytes.len > TLS_FILE_BYTES_MAX)
            diag_error(l->d, where, "too-large", "%s is larger than 1 MiB", path.at);
    }
    l->conf->files[l->conf->file_count++] = mark;
    if (bytes.at)
        explicit_bzero(bytes.at, bytes.len);
    buf_fini(&bytes);
}

/* The file that the setting at FIELD of LAYERS names, if any. */
static void load_pem_of(struct loading *l, const struct layers *layers, struct text *field,
                        struct pem_file *to)
{
    if (field->at)
        *field = resolved_in(l, layers, field, *field);
    load_pem(l, *field, layers_origin(layers, field)->where, to);
}

static void load_pems(struct loading *l, struct files *files, struct pem_file *to)
{
    for (size_t i = 0; i < files->count; i++) {
        files->at[i] = resolved(l, files, files->at[i]);
        load_pem(l, files->at[i], files->where[i], &to[i]);
    }
}

static void load_tls(struct loading *l)
{
    struct settings *s = &l->layers->settings;
    struct tls_files *tls = &l->conf->tls;

    load_pems(l, &s->tls.certificates, tls->certificates);
    load_pems(l, &s->tls.keys, tls->keys);
    load_pem_of(l, l->layers, &s->tls.client_ca, &tls->client_ca);
    tls->count = s->tls.certificates.count;
    tls->client_auth = s->tls.client_auth;
}

/* --- services ------------------------------------------------------------------------- */

/* The service called NAME that LAYERS tell of, with its files. */
static void load_service(struct loading *l, struct layers *layers, struct text name)
{
    struct settings_service_tls *tls = &layers->settings.upstream.tls;
    struct conf_service *service = &l->conf->services[l->conf->service_count++];

    load_pem_of(l, layers, &tls->ca, &service->tls.ca);
    load_pem_of(l, layers, &tls->certificate, &service->tls.certificate);
    load_pem_of(l, layers, &tls->key, &service->tls.key);
    service->name = name;
    service->where = layers->where;
    service->settings = layers->settings.upstream;
    service->origins = layers->origins;
}

static void load_services(struct loading *l)
{
    load_service(l, l->layers, TEXT("upstream"));
    for (size_t i = 0; i < l->services.count; i++)
        load_service(l, l->services.at[i], l->services.at[i]->service);
}

/* --- all of it ------------------------------------------------------------------------- */

/* Reads both files; what is wrong with them is in the diagnostics then. */
static void load(struct loading *l, const struct conf_overrides *overrides,
                 char *const *environment)
{
    const char *file = l->conf->file;
    struct settings *s = &l->layers->settings;
    size_t before = diag_errors(l->d);
    struct yaml_node *root = load_tree(l, file, (struct where){.file = file});

    bool sound = root && expect_file(root, l->d);
    if (sound) {
        services_find(l->layers, root);
        layers_file(l->layers, root);
    }
    layers_environment(l->layers, environment);
    layers_overrides(l->layers, overrides);
    if (diag_errors(l->d) == before)
        layers_check(l->layers);
    services_read(l->layers, environment, overrides, &l->services);
    load_token(l);
    load_docs(l);
    load_tls(l);
    load_services(l);
    if (s->log_file.at)
        s->log_file = resolved(l, &s->log_file, s->log_file);
    s->mapping_file = resolved(l, &s->mapping_file, s->mapping_file);
    if (!s->mapping_file.at)
        no_memory(l->d, file);
    else if (sound || access(s->mapping_file.at, R_OK) == 0)
        load_mapping(l, s->mapping_file.at, layers_origin(l->layers, &s->mapping_file)->where);
    if (l->conf->mapping && sound)
        services_route(l->conf, l->d);
}

static bool keep_settings(const struct loading *l)
{
    struct conf_origin *origins = arena_zero(l->conf->arena, SETTINGS_COUNT, sizeof *origins);

    if (!origins)
        return false;
    memcpy(origins, l->layers->origins, sizeof l->layers->origins);
    l->conf->settings = l->layers->settings;
    l->conf->origins = origins;
    l->conf->services[0].origins = origins;
    return true;
}

static struct conf *conf_new(const char *file)
{
    struct conf *c = calloc(1, sizeof *c);

    if (!c)
        return NULL;
    atomic_init(&c->references, 1);
    c->arena = arena_new(SETTINGS_ARENA_BYTES);
    if (c->arena)
        c->file = arena_copy(c->arena, text_from(file)).at;
    if (!c->file)
        conf_unref(&c);
    return c;
}

/* Begins what lasts and what does not; false, with a complaint, if there is no memory. */
static bool begin(struct loading *l, struct layers *layers, const char *file,
                  struct diag *complaints)
{
    *l = (struct loading){.conf = conf_new(file),
                          .layers = layers,
                          .trees = arena_new(YAML_ARENA_BYTES),
                          .d = complaints};
    if (!l->conf || !l->trees) {
        no_memory(complaints, file);
        return false;
    }
    layers_init(layers, l->conf->file, l->conf->arena, complaints);
    return true;
}

/* What L has become: a configuration if it added no error to the first BEFORE. */
static struct conf *end(struct loading *l, size_t before)
{
    if (l->conf && l->trees && !keep_settings(l))
        no_memory(l->d, l->conf->file);
    if (l->trees)
        arena_free(&l->trees);
    if (diag_errors(l->d) > before && l->conf)
        conf_unref(&l->conf);
    return l->conf;
}

struct conf *conf_load(const char *file, const struct conf_overrides *overrides,
                       char *const *environment, struct diag *complaints)
{
    size_t before = diag_errors(complaints);
    struct layers layers;
    struct loading l;

    if (begin(&l, &layers, file, complaints))
        load(&l, overrides, environment);
    return end(&l, before);
}

struct conf *conf_load_mapping(const char *file, struct diag *complaints)
{
    size_t before = diag_errors(complaints);
    struct layers layers;
    struct loading l;

    if (begin(&l, &layers, file, complaints)) {
        layers.settings.mapping_file = text_from(l.conf->file);
        load_services(&l);
        load_mapping(&l, l.conf->file, (struct where){.file = l.conf->file});
    }
    return end(&l, before);
}

struct conf *conf_ref(struct conf *c)
{
    atomic_fetch_add_explicit(&c->references, 1, memory_order_relaxed);
    return c;
}

void conf_unref(struct conf **owned)
{
    struct conf *c = *owned;

    *owned = NULL;
    if (!c || atomic_fetch_sub_explicit(&c->references, 1, memory_order_acq_rel) > 1)
        return;
    mapping_unref(&c->mapping);
    docs_free(&c->docs);
    if (c->arena)
        arena_free(&c->arena);
    free(c);
}

const char *conf_find(const char *given)
{
    static const char *const places[] = {"config/gateway.yaml", SYSCONFDIR "/dpgw/gateway.yaml"};
    const char *named = getenv("DPGW_CONFIG");

    if (given)
        return given;
    if (named && *named)
        return named;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (access(places[i], F_OK) == 0)
            return places[i];
    return NULL;
}

static void print_origin(const struct conf_origin *origin, FILE *to)
{
    switch (origin->source) {
    case CONF_DEFAULT:
        fputs("default", to);
        break;
    case CONF_FILE:
        fprintf(to, "%s:%u", origin->where.file, origin->where.line);
        break;
    case CONF_ENVIRONMENT:
        fprintf(to, "$%s", origin->where.file);
        break;
    case CONF_OVERRIDE:
        fputs("--set", to);
        break;
    }
}

enum { KEY_COLUMNS = 35, VALUE_COLUMNS = 24 };

/* The settings of a service of `upstreams`; what it has from `upstream` comes from there. */
static void print_service(const struct conf_service *service, FILE *to)
{
    struct text section = TEXT("upstream.");

    for (size_t i = 0; i < SETTINGS_COUNT; i++) {
        struct text key = text_from(settings_table[i].key);
        const struct conf_origin *origin = &service->origins[i];

        if (!text_starts(key, section))
            continue;
        int written =
            fprintf(to, "upstreams.%.*s.%s ", TEXT_ARG(service->name), key.at + section.len);
        fprintf(to, "%*s%-*.*s ", written < KEY_COLUMNS + 1 ? KEY_COLUMNS + 1 - written : 0, "",
                VALUE_COLUMNS, TEXT_ARG(origin->text));
        print_origin(origin, to);
        fputc('\n', to);
    }
}

void conf_print(const struct conf *c, FILE *to)
{
    for (size_t i = 0; i < SETTINGS_COUNT; i++) {
        const struct setting *s = &settings_table[i];
        const struct conf_origin *origin = &c->origins[i];

        fprintf(to, "%-*s %-*.*s ", KEY_COLUMNS, s->key, VALUE_COLUMNS, TEXT_ARG(origin->text));
        if (s->kind == SETTING_WORKERS && text_eq(origin->text, TEXT("auto")))
            fprintf(to, "(%u) ", c->settings.workers);
        print_origin(origin, to);
        fputc('\n', to);
    }
    for (size_t i = 1; i < c->service_count; i++)
        print_service(&c->services[i], to);
}
