#include "mapping/builder.h"

#include "mapping/compile.h"

#include <assert.h>
#include <stdlib.h>
#include <time.h>

enum { ARENA_BYTES_MAX = 256 << 20 };

static void init_scope(struct mapping_scope *scope, struct mapping_builder *b, enum scope_kind kind,
                       struct mapping_scope *wider)
{
    *scope = (struct mapping_scope){.builder = b, .kind = kind, .wider = wider};
    scope->fields_end = &scope->fields;
    scope->opaque_end = &scope->opaque;
    scope->values_end = &scope->values;
    scope->brownouts_end = &scope->brownouts;
    lookup_init(&scope->field_names, b->scratch);
}

struct mapping_builder *mapping_builder_new(struct diag *complaints)
{
    struct mapping_builder *b = calloc(1, sizeof *b);

    if (!b)
        return NULL;
    b->complaints = complaints;
    b->told_file = "";
    b->errors_before = diag_errors(complaints);
    b->arena = arena_new(ARENA_BYTES_MAX);
    b->scratch = arena_new(ARENA_BYTES_MAX);
    b->mapping = calloc(1, sizeof *b->mapping);
    if (!b->arena || !b->scratch || !b->mapping) {
        mapping_builder_free(&b);
        return NULL;
    }
    init_scope(&b->global, b, SCOPE_GLOBAL, NULL);
    init_scope(&b->spare, b, SCOPE_RESOURCE, &b->global);
    b->global.collisions[REQUEST] = COLLISION_REJECT;
    b->global.collisions[RESPONSE] = COLLISION_KEEP;
    b->scopes_end = &b->scopes;
    b->words.end = &b->words.first;
    b->headers.end = &b->headers.first;
    b->watched.end = &b->watched.first;
    b->ignored.end = &b->ignored.first;
    lookup_init(&b->watched.told, b->scratch);
    lookup_init(&b->ignored.told, b->arena);
    b->names_in.end = &b->names_in.first;
    lookup_init(&b->told, b->scratch);
    lookup_init(&b->mapping->vocabulary.names_in, b->arena);
    return b;
}

void mapping_builder_free(struct mapping_builder **b)
{
    if (!*b)
        return;
    arena_free(&(*b)->arena);
    arena_free(&(*b)->scratch);
    free((*b)->mapping);
    free(*b);
    *b = NULL;
}

/* WRITTEN with a copy of its text; an empty one where there is no memory. */
static struct written keep(struct mapping_builder *b, struct written written)
{
    if (!written.text.at)
        return written;
    if (written.where.file)
        b->told_file = written.where.file;
    written.text = arena_copy(b->arena, written.text);
    if (!written.text.at) {
        b->no_memory = true;
        written.text = TEXT("");
    }
    return written;
}

static bool check_name(struct mapping_builder *b, struct written name, const char *noun)
{
    if (name.text.len > 0 && name.text.len <= MAPPING_NAME_MAX)
        return true;
    if (name.text.len == 0)
        diag_error(b->complaints, name.where, "bad-name", "an empty %s", noun);
    else
        diag_error(b->complaints, name.where, "bad-name", "a %s is at most %d bytes long", noun,
                   MAPPING_NAME_MAX);
    return false;
}

static void read_path(struct mapping_builder *b, struct written at, struct json_path *path_out)
{
    struct json_path_fault fault;

    *path_out = (struct json_path){0};
    if (!json_path_read(b->arena, at.text, path_out, &fault)) {
        diag_error(b->complaints, draft_part(at, fault.offset, 1), "bad-json-path", "%s",
                   fault.what);
        if (fault.hint)
            diag_hint(b->complaints, "%s", fault.hint);
        return;
    }
    for (size_t i = 0; i < path_out->count; i++)
        if (path_out->steps[i].name.len > MAPPING_NAME_MAX)
            diag_error(b->complaints, at.where, "bad-json-path",
                       "a name in a path is at most %d bytes long", MAPPING_NAME_MAX);
}

static void set_acts(bool acts[2], enum reach reach)
{
    acts[REQUEST] = reach != REACH_RESPONSE;
    acts[RESPONSE] = reach != REACH_REQUEST;
}

struct mapping_scope *mapping_builder_global(struct mapping_builder *b)
{
    return &b->global;
}

static struct mapping_scope *new_scope(struct mapping_builder *b, enum scope_kind kind,
                                       struct mapping_scope *wider)
{
    struct mapping_scope *scope = draft_zero(b, b->scratch, 1, sizeof *scope);

    if (!scope)
        return &b->spare;
    init_scope(scope, b, kind, wider);
    *b->scopes_end = scope;
    b->scopes_end = &scope->next;
    return scope;
}

struct mapping_scope *mapping_builder_route(struct mapping_builder *b, struct written client,
                                            struct written upstream)
{
    struct mapping_scope *scope = new_scope(b, SCOPE_ROUTE, &b->global);

    scope->client = keep(b, client);
    scope->upstream = keep(b, upstream);
    bool good = pattern_read(&scope->client_pattern, b->arena, b->complaints, NULL, scope->client,
                             &b->no_memory);
    good &= pattern_read(&scope->upstream_pattern, b->arena, b->complaints, NULL, scope->upstream,
                         &b->no_memory);
    scope->broken = !good || !pattern_bind(&scope->client_pattern, &scope->upstream_pattern,
                                           b->complaints, client.where, upstream.where);
    return scope;
}

/* What is wrong with a resource's tail is told once, for its client path. */
struct mapping_scope *mapping_builder_resource(struct mapping_scope *route, struct written tail)
{
    struct mapping_builder *b = route->builder;
    struct mapping_scope *scope = new_scope(b, SCOPE_RESOURCE, route);

    route->resources++;
    scope->client = scope->upstream = keep(b, tail);
    scope->broken = route->broken ||
                    !pattern_read(&scope->client_pattern, b->arena, b->complaints,
                                  &route->client_pattern, scope->client, &b->no_memory) ||
                    !pattern_read(&scope->upstream_pattern, b->arena, b->complaints,
                                  &route->upstream_pattern, scope->client, &b->no_memory) ||
                    !pattern_bind(&scope->client_pattern, &scope->upstream_pattern, b->complaints,
                                  tail.where, tail.where);
    return scope;
}

struct mapping_scope *mapping_builder_passthrough(struct mapping_builder *b, struct written path)
{
    struct mapping_scope *scope = new_scope(b, SCOPE_PASSTHROUGH, &b->global);

    scope->client = scope->upstream = keep(b, path);
    scope->broken = !pattern_read(&scope->client_pattern, b->arena, b->complaints, NULL,
                                  scope->client, &b->no_memory);
    scope->upstream_pattern = scope->client_pattern;
    return scope;
}

void mapping_scope_announce(struct mapping_scope *scope, const struct announcement *announced)
{
    struct mapping_builder *b = scope->builder;

    scope->announced =
        (struct announcement){keep(b, announced->deprecated), keep(b, announced->sunset),
                              keep(b, announced->successor), keep(b, announced->caller)};
}

void mapping_scope_brownout(struct mapping_scope *scope, struct written from, struct written to)
{
    struct mapping_builder *b = scope->builder;
    struct draft_brownout *window = draft_zero(b, b->scratch, 1, sizeof *window);

    if (!window)
        return;
    window->from = keep(b, from);
    window->to = keep(b, to);
    *scope->brownouts_end = window;
    scope->brownouts_end = &window->next;
    scope->brownout_count++;
}

static bool read_method(struct mapping_builder *b, struct written written,
                        enum http_method *method_out)
{
    static const char *const names[] = {
#define X(name) #name,
        HTTP_METHODS(X)
#undef X
    };
    char upper[8] = {0};

    if (http_method_find(written.text, method_out))
        return true;
    diag_error(b->complaints, written.where, "unknown-method", "no such method: \"%.*s\"",
               TEXT_ARG(written.text));
    for (size_t i = 0; i < written.text.len && i < sizeof upper - 1; i++) {
        char c = written.text.at[i];
        upper[i] = c >= 'a' && c <= 'z' ? (char)(c & ~0x20) : c;
    }
    const char *near = diag_nearest(text_from(upper), names, HTTP_METHOD_COUNT);
    if (near)
        diag_hint(b->complaints, "did you mean %s?", near);
    else
        diag_hint(b->complaints, "methods are GET, HEAD, POST, PUT, PATCH, DELETE and OPTIONS");
    return false;
}

void mapping_scope_method(struct mapping_scope *scope, struct written client,
                          struct written upstream)
{
    struct mapping_builder *b = scope->builder;
    enum http_method method, becomes;

    scope->methods++;
    if (!read_method(b, client, &method))
        return;
    becomes = method;
    if (upstream.text.at && !read_method(b, upstream, &becomes))
        return;
    if (scope->listed[method]) {
        diag_error(b->complaints, client.where, "listed-twice", "%.*s is listed already (line %u)",
                   TEXT_ARG(client.text), scope->method_where[method].line);
    } else if (becomes != method && (method == HTTP_HEAD || method == HTTP_OPTIONS ||
                                     becomes == HTTP_HEAD || becomes == HTTP_OPTIONS)) {
        diag_error(b->complaints, client.where, "bad-method",
                   "HEAD and OPTIONS cannot be exchanged for another method");
        diag_hint(b->complaints, "GET implies HEAD, and OPTIONS is forwarded on every listed path");
    } else {
        scope->listed[method] = true;
        scope->upstream_method[method] = becomes;
        scope->method_where[method] = client.where;
    }
}

static void complain_of_second_field(struct mapping_scope *scope, struct written client)
{
    struct diag *complaints = scope->builder->complaints;
    const struct draft_field *first = scope->fields;

    if (diag_errors(complaints) >= DIAG_MAX)
        return; /* it would not be kept; looking for its line is not worth it */
    while (!text_eq(first->client.text, client.text))
        first = first->next;
    diag_error(complaints, client.where, "listed-twice",
               "field \"%.*s\" is mapped here already (line %u)", TEXT_ARG(client.text),
               first->client.where.line);
}

void mapping_scope_field(struct mapping_scope *scope, struct written client,
                         struct written upstream, enum reach reach, struct written at)
{
    struct mapping_builder *b = scope->builder;
    struct draft_field *field = draft_zero(b, b->scratch, 1, sizeof *field);

    scope->has_rules = true;
    if (!field)
        return;
    field->client = keep(b, client);
    field->upstream = keep(b, upstream);
    field->at = keep(b, at);
    set_acts(field->acts, reach);
    if (at.text.at)
        read_path(b, field->at, &field->path);
    if (!check_name(b, client, "field name") ||
        (upstream.text.at && !check_name(b, upstream, "field name")))
        return;
    if (lookup_find(&scope->field_names, client.text) != LOOKUP_NONE) {
        complain_of_second_field(scope, client);
        return;
    }
    draft_number(b, &scope->field_names, field->client.text);
    if (upstream.text.at) {
        field->renamed[REQUEST] = draft_json(b, upstream.text);
        field->renamed[RESPONSE] = draft_json(b, client.text);
    }
    *scope->fields_end = field;
    scope->fields_end = &field->next;
}

void mapping_scope_opaque(struct mapping_scope *scope, struct written path)
{
    struct mapping_builder *b = scope->builder;
    struct draft_opaque *opaque = draft_zero(b, b->scratch, 1, sizeof *opaque);

    scope->has_rules = true;
    if (!opaque)
        return;
    opaque->at = keep(b, path);
    read_path(b, opaque->at, &opaque->path);
    *scope->opaque_end = opaque;
    scope->opaque_end = &opaque->next;
}

static void add_couple(struct mapping_builder *b, struct draft_couples *couples,
                       struct written client, struct written upstream, const char *noun)
{
    struct draft_couple *couple = draft_zero(b, b->scratch, 1, sizeof *couple);

    if (!couple || !check_name(b, client, noun) || !check_name(b, upstream, noun))
        return;
    couple->client = keep(b, client);
    couple->upstream = keep(b, upstream);
    *couples->end = couple;
    couples->end = &couple->next;
    couples->count++;
}

void mapping_scope_value(struct mapping_scope *scope, struct written at, enum value_kind kind,
                         enum reach reach)
{
    struct mapping_builder *b = scope->builder;
    struct draft_value *value = draft_zero(b, b->scratch, 1, sizeof *value);

    scope->has_rules = true;
    scope->last_value = value;
    if (!value)
        return;
    value->at = keep(b, at);
    value->kind = kind;
    value->map.end = &value->map.first;
    set_acts(value->acts, reach);
    read_path(b, value->at, &value->path);
    *scope->values_end = value;
    scope->values_end = &value->next;
}

void mapping_scope_value_pair(struct mapping_scope *scope, struct written client,
                              struct written upstream)
{
    struct draft_value *value = scope->last_value;

    if (!value)
        return; /* it found no memory */
    assert(value->kind == VALUE_MAP);
    add_couple(scope->builder, &value->map, client, upstream, "value");
}

void mapping_scope_collisions(struct mapping_scope *scope, enum direction d,
                              enum collision_policy policy)
{
    scope->has_rules = true;
    scope->has_collisions[d] = true;
    scope->collisions[d] = policy;
}

void mapping_scope_body(struct mapping_scope *scope, enum route_body body)
{
    scope->has_body = true;
    scope->body = body;
}

void mapping_scope_timeout(struct mapping_scope *scope, uint64_t ms)
{
    scope->timeout_ms = ms;
}

void mapping_scope_max_body(struct mapping_scope *scope, uint64_t bytes)
{
    scope->max_body = bytes;
}

void mapping_scope_service(struct mapping_scope *scope, struct written name)
{
    if (check_name(scope->builder, name, "service name"))
        scope->service = keep(scope->builder, name);
}

void mapping_builder_word(struct mapping_builder *b, struct written client, struct written upstream)
{
    add_couple(b, &b->words, client, upstream, "word");
}

void mapping_builder_names_in(struct mapping_builder *b, struct written client_name)
{
    add_couple(b, &b->names_in, client_name, client_name, "parameter name");
}

void mapping_builder_header(struct mapping_builder *b, struct written client,
                            struct written upstream)
{
    add_couple(b, &b->headers, client, upstream, "header name");
}

static void complain_of_second_watched(struct mapping_builder *b, const struct draft_watch *list,
                                       struct written as, size_t number, const char *noun)
{
    const struct draft_watched *first = list->first;

    if (diag_errors(b->complaints) >= DIAG_MAX)
        return; /* it would not be kept; looking for its line is not worth it */
    while (number-- > 0)
        first = first->next;
    diag_error(b->complaints, as.where, "listed-twice", "%s \"%.*s\" is listed already (line %u)",
               noun, TEXT_ARG(as.text), first->as.where.line);
}

/* Adds AS, which is known by KEY. */
static void add_watched(struct mapping_builder *b, struct draft_watch *list, struct written as,
                        struct text key, const char *noun)
{
    size_t number = lookup_find(&list->told, key);

    if (number != LOOKUP_NONE) {
        complain_of_second_watched(b, list, as, number, noun);
        return;
    }
    struct draft_watched *entry = draft_zero(b, b->scratch, 1, sizeof *entry);
    if (!entry || draft_number(b, &list->told, key) == LOOKUP_NONE)
        return;
    entry->as = as;
    *list->end = entry;
    list->end = &entry->next;
    list->count++;
}

void mapping_builder_watch(struct mapping_builder *b, struct written glob)
{
    if (check_name(b, glob, "glob"))
        add_watched(b, &b->watched, keep(b, glob), draft_lower(b, glob.text), "glob");
}

void mapping_builder_ignore(struct mapping_builder *b, struct written name)
{
    struct written kept;

    if (!check_name(b, name, "name"))
        return;
    kept = keep(b, name);
    add_watched(b, &b->ignored, kept, kept.text, "name");
}

struct mapping *mapping_builder_finish(struct mapping_builder **b)
{
    struct mapping_builder *it = *b;
    struct mapping *mapping = NULL;

    compile_vocabulary(it);
    it->mapping->global = compile_rules(it, &it->global);
    for (struct mapping_scope *s = it->scopes; s && !it->no_memory; s = s->next)
        compile_rules(it, s);
    if (!it->no_memory)
        compile_routes(it);
    if (!it->no_memory)
        digest_mapping(it->mapping);
    if (it->no_memory)
        diag_error(it->complaints, (struct where){.file = it->told_file}, "no-memory",
                   "no memory for the mapping, or it is too large");
    if (diag_errors(it->complaints) == it->errors_before) {
        mapping = it->mapping;
        atomic_init(&mapping->references, 1);
        mapping->arena = it->arena;
        mapping->loaded = time(NULL);
        it->mapping = NULL;
        it->arena = NULL;
    }
    mapping_builder_free(b);
    return mapping;
}
