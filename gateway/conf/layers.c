#include "conf/layers.h"

#include "base/buf.h"
#include "conf/expect.h"

#include <assert.h>

enum {
    KEY_BYTES = 96, /* no setting's key is longer */
    LIST_BYTES = 2048,
    KEYS_IN_ONE_MAP = SETTINGS_COUNT + 8
};

void layers_init(struct layers *l, const char *file, struct arena *arena, struct diag *d)
{
    *l = (struct layers){.file = file, .section = TEXT("upstream"), .arena = arena, .d = d};
    settings_standard(&l->settings);
    for (size_t i = 0; i < SETTINGS_COUNT; i++)
        l->origins[i] = (struct conf_origin){
            .source = CONF_DEFAULT,
            .text = text_from(settings_table[i].standard),
            .where = {.file = file},
        };
}

/* VALUE copied to where the settings live; absent, with a complaint, if memory is short. */
static struct text keep(struct layers *l, struct text value)
{
    struct text kept = arena_copy(l->arena, value);

    if (!kept.at)
        diag_error(l->d, (struct where){.file = l->file}, "no-memory", "not enough memory");
    return kept;
}

/* "limits" and "json_depth" as "limits.json_depth"; absent if it is longer than any key. */
static struct text join(struct text section, struct text key, char *to)
{
    struct buf joined = {.at = to, .capacity = KEY_BYTES, .max = KEY_BYTES};

    buf_add(&joined, section);
    if (section.len > 0)
        buf_add_byte(&joined, '.');
    buf_add(&joined, key);
    return joined.failed ? (struct text){0} : buf_text(&joined);
}

/* S with its key as L writes it: a named service's are below its own name. */
static struct setting spelled(struct layers *l, const struct setting *s)
{
    struct setting as = *s;
    char space[KEY_BYTES];
    struct text key = {0};

    if (l->service.at)
        key = keep(l, join(l->section, text_from(strchr(s->key, '.') + 1), space));
    if (key.at)
        as.key = key.at;
    return as;
}

static void apply(struct layers *l, const struct setting *s, struct text value,
                  struct conf_origin origin)
{
    struct setting as = spelled(l, s);

    origin.text = keep(l, value);
    if (origin.text.at && setting_read(&as, origin.text, origin.where, &l->settings, l->d))
        l->origins[s - settings_table] = origin;
}

/* --- the file ------------------------------------------------------------------ */

/* The part of KEY that stands in the map of SECTION: "a" of "s.a", and of "s.a.b"; or absent. */
static struct text part_of(const char *key, struct text section)
{
    struct text t = text_from(key);

    if (section.len > 0) {
        if (t.len <= section.len || !text_starts(t, section) || t.at[section.len] != '.')
            return (struct text){0};
        t = text_from_offset(t, section.len + 1);
    }
    return text_of(t.at, text_find(t, '.'));
}

static bool is_section(struct text name)
{
    for (size_t i = 0; i < SETTINGS_COUNT; i++)
        if (part_of(settings_table[i].key, name).at)
            return name.len > 0;
    return false;
}

/* The keys of one map of the file, for messages and guesses. */
struct vocabulary {
    char copies[KEYS_IN_ONE_MAP][KEY_BYTES];
    const char *known[KEYS_IN_ONE_MAP];
    struct expect_keys keys;
};

static void learn(struct vocabulary *v, struct text word)
{
    size_t n = v->keys.known_count;

    for (size_t i = 0; i < n; i++)
        if (text_eq(word, text_from(v->known[i])))
            return;
    assert(n < KEYS_IN_ONE_MAP && word.len < KEY_BYTES);
    memcpy(v->copies[n], word.at, word.len);
    v->copies[n][word.len] = 0;
    v->known[v->keys.known_count++] = v->copies[n];
}

static void learn_section(struct vocabulary *v, struct text section)
{
    v->keys = (struct expect_keys){.known = v->known};
    if (section.len == 0) {
        learn(v, TEXT("version"));
        learn(v, TEXT("upstreams")); /* services.h */
    }
    for (size_t i = 0; i < SETTINGS_COUNT; i++) {
        struct text part = part_of(settings_table[i].key, section);

        if (part.at)
            learn(v, part);
    }
}

static bool is_empty(const struct yaml_node *node)
{
    return node->kind == YAML_SCALAR && yaml_sense(node) == YAML_NULL;
}

/* What a member of the list S is. */
static const char *member_of(const struct setting *s)
{
    return s->kind == SETTING_FILES ? "a file" : "an address";
}

/* A setting that is written as a list. */
static void apply_list(struct layers *l, const struct setting *s, const struct yaml_node *list)
{
    char space[LIST_BYTES];
    struct buf joined = {.at = space, .capacity = sizeof space, .max = sizeof space};
    struct conf_origin origin = {.source = CONF_FILE, .where = list->where};
    struct setting as = spelled(l, s);

    setting_clear(s, &l->settings);
    for (const struct yaml_node *n = list->first; n; n = n->next) {
        struct text address = {0};

        if (expect_text(n, member_of(s), l->d))
            address = keep(l, n->text);
        if (!address.at || !setting_add(&as, address, n->where, &l->settings, l->d))
            continue;
        buf_add(&joined, joined.len ? TEXT(", ") : TEXT(""));
        buf_add(&joined, address);
    }
    if (!list->first && s->kind != SETTING_NETWORKS && s->kind != SETTING_FILES)
        diag_error(l->d, list->where, "empty", "\"%s\" must not be empty", as.key);
    origin.text = keep(l, joined.len ? buf_text(&joined) : TEXT("none"));
    l->origins[s - settings_table] = origin;
}

/* True if the scalar NODE is of a type that setting S can be written in. */
static bool is_right_type(const struct setting *s, const struct yaml_node *node)
{
    enum yaml_sense sense = yaml_sense(node);

    switch (s->kind) {
    case SETTING_WORKERS:
    case SETTING_NUMBER:
        return sense == YAML_INT || (sense == YAML_TEXT && node->style == YAML_PLAIN);
    case SETTING_SIZE:
    case SETTING_MEMORY:
    case SETTING_TIME:
    case SETTING_USER:
        return sense == YAML_INT || sense == YAML_TEXT;
    case SETTING_SWITCH:
        return sense == YAML_SWITCH || sense == YAML_TEXT;
    default:
        return sense == YAML_TEXT;
    }
}

static const char *type_of(const struct setting *s)
{
    switch (s->kind) {
    case SETTING_WORKERS:
        return "auto or a number";
    case SETTING_NUMBER:
        return "a number";
    case SETTING_SIZE:
    case SETTING_MEMORY:
        return "a size";
    case SETTING_TIME:
        return "a time";
    case SETTING_LISTENERS:
    case SETTING_ADDRESSES:
    case SETTING_NETWORKS:
    case SETTING_URL:
        return "an address or a list of them";
    case SETTING_SWITCH:
        return "on or off";
    case SETTING_FILES:
        return "a file or a list of them";
    default:
        return "text";
    }
}

static void apply_node(struct layers *l, const struct setting *s, const struct yaml_node *node)
{
    struct conf_origin origin = {.source = CONF_FILE, .where = node->where};

    if (setting_is_list(s) && node->kind == YAML_LIST)
        apply_list(l, s, node);
    else if (node->kind != YAML_SCALAR || !is_right_type(s, node))
        expect_other(node, s->key, type_of(s), l->d);
    else
        apply(l, s, node->text, origin);
}

static void apply_section(struct layers *l, struct text key, const struct yaml_node *node);

/* The members of one map: SECTION's, or those of the whole file; sections in it last. */
static void apply_map(struct layers *l, struct text section, const struct yaml_node *map)
{
    struct vocabulary v;
    char key_space[KEY_BYTES];

    learn_section(&v, section);
    for (const struct yaml_node *m = map->first; m; m = m->next) {
        const struct setting *s = setting_find(join(section, m->key, key_space));

        bool known = expect_key(m, &v.keys, l->d);
        if (known && s)
            apply_node(l, s, m);
        else if (s)
            diag_hint(l->d, "write %s below a \"%.*s:\" of its own", strchr(s->key, '.') + 1,
                      (int)text_find(m->key, '.'), s->key);
    }
    for (const struct yaml_node *m = map->first; m; m = m->next) {
        struct text key = join(section, m->key, key_space);

        if (is_section(key))
            apply_section(l, key, m);
    }
}

static void apply_section(struct layers *l, struct text key, const struct yaml_node *node)
{
    char what[KEY_BYTES + 2];

    snprintf(what, sizeof what, "\"%.*s\"", TEXT_ARG(key));
    if (!is_empty(node) && expect_map(node, what, l->d))
        apply_map(l, key, node);
}

void layers_file(struct layers *l, const struct yaml_node *root)
{
    apply_map(l, TEXT(""), root);
}

void layers_service(struct layers *l, const struct yaml_node *map)
{
    apply_map(l, TEXT("upstream"), map);
}

/* --- environment and command line ------------------------------------------------ */

/* True if KEY is of a named service that there is. */
static bool is_of_service(const struct layers *l, struct text key)
{
    struct text section = TEXT("upstreams.");

    if (!text_starts(key, section))
        return false;
    key = text_from_offset(key, section.len);
    return l->services && yaml_member(l->services, text_of(key.at, text_find(key, '.')));
}

/* The setting that KEY stands for in L; NULL: none.  True in *OTHERS_OUT: other layers have it. */
static const struct setting *find(const struct layers *l, struct text key, bool *others_out)
{
    char space[KEY_BYTES];
    bool own =
        key.len > l->section.len && text_starts(key, l->section) && key.at[l->section.len] == '.';

    if (!l->service.at) {
        const struct setting *s = setting_find(key);

        *others_out = !s && is_of_service(l, key) && key.len < KEY_BYTES;
        return s;
    }
    *others_out = !own;
    if (!own)
        return NULL;
    return setting_find(join(TEXT("upstream"), text_from_offset(key, l->section.len + 1), space));
}

static const char *nearest_key(struct text key)
{
    const char *keys[SETTINGS_COUNT];

    if (text_starts(key, TEXT("upstreams.")))
        return NULL; /* a service that the file does not name, or no key of one */
    for (size_t i = 0; i < SETTINGS_COUNT; i++)
        keys[i] = settings_table[i].key;
    return diag_nearest(key, keys, SETTINGS_COUNT);
}

/* The key that the variable NAME ("DPGW_LIMITS__JSON_DEPTH") stands for. */
static struct text key_of_variable(struct text name, char *to)
{
    struct buf key = {.at = to, .capacity = KEY_BYTES, .max = KEY_BYTES};

    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];

        if (c == '_' && i + 1 < name.len && name.at[i + 1] == '_') {
            c = '.';
            i++;
        } else if (c >= 'A' && c <= 'Z') {
            c = (char)(c | 0x20);
        }
        buf_add_byte(&key, c);
    }
    return key.failed ? (struct text){0} : buf_text(&key);
}

/* Hints at the variable that stands for KEY. */
static void hint_at_variable(struct layers *l, const char *key)
{
    char space[2 * KEY_BYTES];
    struct buf name = {.at = space, .capacity = sizeof space, .max = sizeof space};

    for (; *key; key++) {
        if (*key == '.')
            buf_add(&name, TEXT("__"));
        else
            buf_add_byte(&name, *key >= 'a' && *key <= 'z' ? (char)(*key - 32) : *key);
    }
    diag_hint(l->d, "did you mean DPGW_%.*s?", TEXT_ARG(buf_text(&name)));
}

static void warn_of_variable(struct layers *l, struct text name, struct text key)
{
    struct where where = {.file = "environment"};
    const char *nearest = key.at ? nearest_key(key) : NULL;

    diag_warning(l->d, where, "unknown-variable", "%.*s is no setting",
                 name.len > KEY_BYTES ? KEY_BYTES : (int)name.len, name.at);
    if (nearest)
        hint_at_variable(l, nearest);
}

void layers_environment(struct layers *l, char *const *environment)
{
    struct text prefix = TEXT("DPGW_");

    for (; environment && *environment; environment++) {
        struct text entry = text_from(*environment);
        struct text name = text_of(entry.at, text_find(entry, '='));
        char space[KEY_BYTES];

        if (!text_starts(name, prefix) || name.len == entry.len ||
            text_eq(name, TEXT("DPGW_CONFIG")))
            continue;
        struct text key = key_of_variable(text_from_offset(name, prefix.len), space);
        bool others = l->service.at && !key.at;
        const struct setting *s = key.at ? find(l, key, &others) : NULL;
        if (others)
            continue;
        if (!s) {
            warn_of_variable(l, name, key);
            continue;
        }
        struct text file = keep(l, name);
        struct conf_origin origin = {.source = CONF_ENVIRONMENT, .where = {.file = file.at}};
        if (file.at)
            apply(l, s, text_from_offset(entry, name.len + 1), origin);
    }
}

static void override(struct layers *l, struct text argument)
{
    struct where where = {.file = "--set"};
    struct conf_origin origin = {.source = CONF_OVERRIDE, .where = where};
    size_t equals = text_find(argument, '=');
    struct text key = text_of(argument.at, equals);
    int shown = key.len > KEY_BYTES ? KEY_BYTES : (int)key.len;
    bool others;
    const struct setting *s = find(l, key, &others);

    if (others || (l->service.at && equals == argument.len))
        return;
    if (equals == argument.len) {
        shown = (int)text_find(text_of(key.at, (size_t)shown), ':'); /* of a URL, say: no more */
        diag_error(l->d, where, "usage", "\"%.*s\" is not of the form key=value", shown, key.at);
    } else if (s) {
        apply(l, s, text_from_offset(argument, equals + 1), origin);
    } else {
        const char *nearest = nearest_key(key);

        diag_error(l->d, where, "unknown-key", "%.*s is no setting", shown, key.at);
        if (nearest)
            diag_hint(l->d, "did you mean %s?", nearest);
    }
}

void layers_overrides(struct layers *l, const struct conf_overrides *overrides)
{
    for (size_t i = 0; overrides && i < overrides->count; i++)
        override(l, text_from(overrides->at[i]));
}

/* --- all together ------------------------------------------------------------------ */

const struct conf_origin *layers_origin(const struct layers *l, const void *field)
{
    size_t offset = (size_t)((const char *)field - (const char *)&l->settings);
    size_t i = 0;

    while (i < SETTINGS_COUNT && settings_table[i].offset != offset)
        i++;
    assert(i < SETTINGS_COUNT);
    return &l->origins[i];
}
