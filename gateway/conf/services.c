#include "conf/services.h"

#include "base/arena.h"
#include "conf/expect.h"

/* --- those there are ------------------------------------------------------------------ */

void services_find(struct layers *l, const struct yaml_node *root)
{
    const struct yaml_node *map = yaml_member(root, TEXT("upstreams"));
    bool empty = map && map->kind == YAML_SCALAR && yaml_sense(map) == YAML_NULL;

    if (map && !empty && expect_map(map, "\"upstreams\"", l->d))
        l->services = map;
}

static bool is_name(struct text t)
{
    if (t.len == 0 || t.len > SERVICE_NAME_MAX || t.at[0] < 'a' || t.at[0] > 'z')
        return false;
    for (size_t i = 0; i < t.len; i++) {
        char c = t.at[i];

        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
              (c == '_' && !(i > 0 && t.at[i - 1] == '_'))))
            return false;
    }
    return t.at[t.len - 1] != '_' && !text_eq(t, TEXT("upstream"));
}

static bool check_name(const struct layers *l, const struct yaml_node *service)
{
    if (is_name(service->key))
        return true;
    diag_error(l->d, service->key_where, "bad-name", "a service can't be called \"%.*s\"",
               service->key.len > SERVICE_NAME_MAX ? SERVICE_NAME_MAX : (int)service->key.len,
               service->key.at);
    diag_hint(l->d,
              "a name is at most %d of a-z, 0-9, - and single _, begins with a letter, and "
              "is not \"upstream\"",
              SERVICE_NAME_MAX);
    return false;
}

/* "upstreams.NAME", made to last. */
static struct text section_of(struct arena *arena, struct text name)
{
    struct text before = TEXT("upstreams.");
    char space[SERVICE_NAME_MAX + 16];

    memcpy(space, before.at, before.len);
    memcpy(space + before.len, name.at, name.len);
    return arena_copy(arena, text_of(space, before.len + name.len));
}

/* Layers for SERVICE that begin with all that L has but its url; NULL, with a complaint: no memory.
 */
static struct layers *begin(const struct layers *l, const struct yaml_node *service)
{
    struct layers *own = arena_alloc(l->arena, sizeof *own);
    const struct setting *url = setting_find(TEXT("upstream.url"));

    if (own) {
        *own = *l;
        own->service = arena_copy(l->arena, service->key);
        own->section = section_of(l->arena, service->key);
        own->where = service->key_where;
        setting_clear(url, &own->settings);
    }
    if (own && own->service.at && own->section.at)
        return own;
    diag_error(l->d, service->key_where, "no-memory", "not enough memory");
    return NULL;
}

static void read_one(const struct layers *l, const struct yaml_node *service,
                     char *const *environment, const struct conf_overrides *overrides,
                     struct services *to)
{
    struct layers *own = begin(l, service);
    size_t before = diag_errors(l->d);

    if (!own)
        return;
    to->at[to->count++] = own;
    if (expect_map(service, own->section.at, l->d))
        layers_service(own, service);
    layers_environment(own, environment);
    layers_overrides(own, overrides);
    if (diag_errors(l->d) == before)
        layers_check_service(own);
}

void services_read(const struct layers *l, char *const *environment,
                   const struct conf_overrides *overrides, struct services *to)
{
    for (const struct yaml_node *n = l->services ? l->services->first : NULL; n; n = n->next) {
        if (!check_name(l, n))
            continue;
        if (to->count == SERVICES_MAX) {
            diag_error(l->d, n->key_where, "too-many", "there are more than %d services",
                       SERVICES_MAX);
            return;
        }
        read_one(l, n, environment, overrides, to);
    }
}

/* --- those that routes go to -------------------------------------------------------------- */

static const struct conf_service *find(const struct conf *c, struct text name)
{
    for (size_t i = 0; i < c->service_count; i++)
        if (text_eq(c->services[i].name, name))
            return &c->services[i];
    return NULL;
}

static void refuse(const struct conf *c, const struct service_name *unknown, struct diag *d)
{
    const char *names[CONF_SERVICES_MAX];

    for (size_t i = 0; i < c->service_count; i++)
        names[i] = c->services[i].name.at;
    const char *nearest = diag_nearest(unknown->name, names, c->service_count);
    diag_error(d, unknown->where, "unknown-service", "there is no service \"%.*s\"",
               TEXT_ARG(unknown->name));
    if (nearest)
        diag_hint(d, "did you mean \"%s\"?", nearest);
    else
        diag_hint(d, "services are named below \"upstreams\" in %s", c->file);
}

void services_route(struct conf *c, struct diag *d)
{
    bool used[CONF_SERVICES_MAX] = {true};
    size_t before = diag_errors(d), count;
    const struct service_name *names = mapping_services(c->mapping, &count);

    c->routed = arena_zero(c->arena, count, sizeof *c->routed);
    for (size_t i = 0; c->routed && i < count; i++) {
        c->routed[i] = find(c, names[i].name);
        if (c->routed[i])
            used[c->routed[i] - c->services] = true;
        else
            refuse(c, &names[i], d);
    }
    if (!c->routed)
        diag_error(d, (struct where){.file = c->file}, "no-memory", "not enough memory");
    for (size_t i = 0; i < c->service_count && diag_errors(d) == before; i++)
        if (!used[i])
            diag_warning(d, c->services[i].where, "unused-service",
                         "no route of the mapping goes to \"%.*s\"", TEXT_ARG(c->services[i].name));
}

const struct conf_service *conf_service_of(const struct conf *c, const struct route *route)
{
    return c->routed && route ? c->routed[route->service] : &c->services[0];
}
