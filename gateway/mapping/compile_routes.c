#include "mapping/compile.h"

static bool is_route(const struct mapping_scope *s)
{
    return s->kind == SCOPE_ROUTE || s->kind == SCOPE_RESOURCE;
}

/* A route without methods only carries its resources. */
static bool is_served(const struct mapping_scope *s)
{
    return !s->broken && (s->kind == SCOPE_PASSTHROUGH || (is_route(s) && s->methods > 0));
}

static void check_methods(struct mapping_builder *b, const struct mapping_scope *s)
{
    if (!is_route(s) || s->methods > 0 || s->resources > 0)
        return;
    diag_error(b->complaints, s->client.where, "no-methods",
               s->kind == SCOPE_ROUTE ? "this route lists no methods and no resources"
                                      : "this resource lists no methods");
    diag_hint(b->complaints, "a path without methods could only be answered 405");
}

/* True if SEGMENT is one under which the gateway itself answers, or will. */
static bool is_reserved(const struct segment *segment)
{
    return !segment->is_param && (text_starts(segment->text, TEXT("docs")) ||
                                  text_starts(segment->text, TEXT("openapi.")));
}

/* A literal is more specific than {x} and **: only an entry that begins with one claims it. */
static void check_claim(struct mapping_builder *b, const struct mapping_scope *s)
{
    if (s->broken || s->kind == SCOPE_RESOURCE || s->client_pattern.count == 0 ||
        !is_reserved(&s->client_pattern.segments[0]))
        return;
    diag_error(b->complaints, s->client.where, "reserved-path",
               "paths that begin with /docs or /openapi. are the gateway's own");
    diag_hint(b->complaints, "it shows the API there: see docs.serve in gateway.yaml");
}

/* The scope whose keys hold for S where it has none of its own: a resource's route. */
static const struct mapping_scope *above(const struct mapping_scope *s)
{
    return s->kind == SCOPE_RESOURCE ? s->wider : s;
}

/* The number of the service that S goes to. */
static size_t service_of(struct mapping_builder *b, const struct mapping_scope *s)
{
    struct written name = s->service.text.at ? s->service : above(s)->service;
    struct mapping *m = b->mapping;

    if (!name.text.at)
        return 0;
    size_t number = draft_number(b, &m->service_numbers, name.text);
    if (number == LOOKUP_NONE)
        return 0;
    if (number > 0 && !m->services[number].name.at)
        m->services[number] = (struct service_name){name.text, draft_lasting(b, name.where)};
    return number;
}

static void fill_route(struct mapping_builder *b, const struct mapping_scope *s,
                       struct served *served)
{
    struct route *route = &served->route;

    served->client = s->client_pattern;
    served->upstream = s->upstream_pattern;
    served->successor = s->successor_pattern;
    *route = (struct route){.client = s->client_pattern.text,
                            .upstream = s->upstream_pattern.text,
                            .passthrough = s->kind == SCOPE_PASSTHROUGH,
                            .where = draft_lasting(b, s->client.where),
                            .body = (s->has_body ? s : above(s))->body,
                            .timeout_ms = (s->timeout_ms ? s : above(s))->timeout_ms,
                            .max_body = (s->max_body ? s : above(s))->max_body,
                            .service = service_of(b, s),
                            .rules = s->rules,
                            .deprecation = s->deprecation};
    if (route->passthrough)
        route->body = ROUTE_BODY_RAW;
    memcpy(route->listed, s->listed, sizeof route->listed);
    memcpy(route->upstream_method, s->upstream_method, sizeof route->upstream_method);
}

static void complain_of_twin(struct mapping_builder *b, const struct mapping_scope *s,
                             const struct served *first)
{
    diag_error(b->complaints, s->client.where, "same-paths",
               "\"%.*s\" is the same set of paths as \"%.*s\" (line %u)",
               TEXT_ARG(s->client_pattern.text), TEXT_ARG(first->route.client),
               first->route.where.line);
    diag_hint(b->complaints,
              "make one entry of the two, with the methods of both: methods play no part in "
              "which entry serves a path");
}

/* Puts SERVED where TRIE finds it by PATTERN; what stands there already goes before. */
static const struct served *enter(struct mapping_builder *b, struct trie *trie,
                                  const struct pattern *pattern, const struct served *served)
{
    const void **entry = trie_entry(trie, pattern);

    if (!entry) {
        b->no_memory = true;
        return NULL;
    }
    if (*entry)
        return *entry;
    *entry = served;
    return NULL;
}

static void fence(struct mapping_builder *b, const struct mapping_scope *s)
{
    const void **at = trie_fence(&b->mapping->client, &s->client_pattern);

    if (!at)
        b->no_memory = true;
    else if (!*at)
        *at = s;
}

static void serve(struct mapping_builder *b, const struct mapping_scope *s, struct served *served)
{
    struct mapping *m = b->mapping;
    bool passthrough = s->kind == SCOPE_PASSTHROUGH;

    fill_route(b, s, served);
    m->routes[m->route_count++] = &served->route;
    const struct served *twin =
        enter(b, passthrough ? &m->passthrough : &m->client, &served->client, served);
    if (twin)
        complain_of_twin(b, s, twin);
    if (!passthrough)
        enter(b, &m->upstream, &served->upstream, served);
}

static void check_reach(struct mapping_builder *b, const struct mapping_scope *s)
{
    const struct mapping_scope *owner = trie_enclosing(&b->mapping->client, &s->client_pattern);

    if (!owner)
        return;
    diag_error(b->complaints, s->client.where, "unreachable",
               "no path can reach this entry: all of its paths belong to the route \"%.*s\" "
               "(line %u)",
               TEXT_ARG(owner->client_pattern.text), owner->client.where.line);
    diag_hint(b->complaints, "at and below a route's client path, what the route does not list is "
                             "404; list it as a resource of the route");
}

static bool begin(struct mapping_builder *b, struct served **served_out)
{
    struct mapping *m = b->mapping;
    size_t count = 0;

    for (const struct mapping_scope *s = b->scopes; s; s = s->next)
        count++;
    *served_out = draft_zero(b, b->arena, count, sizeof **served_out);
    m->routes = draft_zero(b, b->arena, count, sizeof *m->routes);
    m->services = draft_zero(b, b->arena, count + 1, sizeof *m->services);
    lookup_init(&m->service_numbers, b->arena);
    if (m->services && draft_number(b, &m->service_numbers, TEXT("upstream")) == 0)
        m->services[0].name = TEXT("upstream");
    if (!trie_init(&m->client, b->arena) || !trie_init(&m->upstream, b->arena) ||
        !trie_init(&m->passthrough, b->arena))
        b->no_memory = true;
    return !b->no_memory;
}

/* The fences point to scopes, which go with the builder: afterwards they only have to stand. */
static void compile_reach(struct mapping_builder *b)
{
    for (const struct mapping_scope *s = b->scopes; s && !b->no_memory; s = s->next)
        if (s->kind == SCOPE_ROUTE && !s->broken)
            fence(b, s);
    for (const struct mapping_scope *s = b->scopes; s && !b->no_memory; s = s->next)
        if (s->kind == SCOPE_PASSTHROUGH && !s->broken)
            check_reach(b, s);
}

void compile_routes(struct mapping_builder *b)
{
    struct served *served;

    if (!begin(b, &served))
        return;
    for (struct mapping_scope *s = b->scopes; s && !b->no_memory; s = s->next) {
        check_methods(b, s);
        check_claim(b, s);
        if (s->kind == SCOPE_PASSTHROUGH)
            s->deprecation = compile_deprecation(b, s);
        if (is_served(s))
            serve(b, s, served++);
    }
    compile_reach(b);
}
