#include "conf/settings.h"

#include "conf/reading.h"

#include <assert.h>
#include <stddef.h>

const struct setting settings_table[SETTINGS_COUNT] = {
#define X(key_, field_, kind_, standard_, minimum_, maximum_, about_)                              \
    {                                                                                              \
        .key = (key_),                                                                             \
        .kind = SETTING_##kind_,                                                                   \
        .offset = offsetof(struct settings, field_),                                               \
        .standard = (standard_),                                                                   \
        .minimum = (minimum_),                                                                     \
        .maximum = (maximum_),                                                                     \
        .about = (about_),                                                                         \
    },
    SETTINGS(X)
#undef X
};

const struct setting *setting_find(struct text key)
{
    for (size_t i = 0; i < SETTINGS_COUNT; i++)
        if (text_eq(key, text_from(settings_table[i].key)))
            return &settings_table[i];
    return NULL;
}

/* --- words --------------------------------------------------------------------- */

/* The number of VALUE among COUNT WORDS; -1 with a complaint that ends in WHY. */
static int read_word(const struct reading *r, const char *const *words, size_t count,
                     const char *why)
{
    for (size_t i = 0; i < count; i++)
        if (text_eq(r->value, text_from(words[i])))
            return (int)i;
    const char *nearest = diag_nearest(r->value, words, count);
    reading_refuse(r, why);
    if (nearest)
        diag_hint(r->d, "did you mean \"%s\"?", nearest);
    return -1;
}

static bool read_level(const struct reading *r)
{
    const char *words[] = {[LOG_ERROR] = log_level_word(LOG_ERROR),
                           [LOG_WARN] = log_level_word(LOG_WARN),
                           [LOG_INFO] = log_level_word(LOG_INFO),
                           [LOG_DEBUG] = log_level_word(LOG_DEBUG)};
    int level = read_word(r, words, 4, "it is one of error, warn, info, debug");

    if (level >= 0)
        *(enum log_level *)reading_field(r) = (enum log_level)level;
    return level >= 0;
}

static bool read_switch(const struct reading *r)
{
    static const char *const words[] = {"off", "false", "on", "true"};
    int on = read_word(r, words, 4, "it is on or off");

    if (on >= 0)
        *(bool *)reading_field(r) = on >= 2;
    return on >= 0;
}

static bool read_document(const struct reading *r)
{
    static const char *const words[] = {
        [DOCUMENT_DATA_PRODUCTS] = "data-products", [DOCUMENT_COMBINED] = "combined"};
    int document = read_word(r, words, 2, "it is one of data-products, combined");

    if (document >= 0)
        *(enum settings_document *)reading_field(r) = (enum settings_document)document;
    return document >= 0;
}

static bool read_format(const struct reading *r)
{
    static const char *const words[] = {[LOG_LOGFMT] = "logfmt", [LOG_JSON] = "json"};
    int format = read_word(r, words, 2, "it is one of json, logfmt");

    if (format >= 0)
        *(enum log_format *)reading_field(r) = (enum log_format)format;
    return format >= 0;
}

static bool read_host(const struct reading *r)
{
    static const char *const words[] = {[HOST_UPSTREAM] = "upstream", [HOST_CLIENT] = "client"};
    int host = read_word(r, words, 2, "it is one of upstream, client");

    if (host >= 0)
        *(enum settings_host *)reading_field(r) = (enum settings_host)host;
    return host >= 0;
}

static bool read_reload(const struct reading *r)
{
    static const char *const words[] = {[RELOAD_AUTO] = "auto", [RELOAD_SIGNAL] = "signal"};
    int reload = read_word(r, words, 2, "it is one of auto, signal");

    if (reload >= 0)
        *(enum settings_reload *)reading_field(r) = (enum settings_reload)reload;
    return reload >= 0;
}

/* --- addresses ------------------------------------------------------------------- */

static const char address_form[] =
    "it is an address and a port, as in \"127.0.0.1:8080\", \"[::]:8080\" or \"unix:/path\"";

/* The words behind an address, where there may be some. */
static bool read_way(const struct reading *r, struct text words, struct endpoint_way *to)
{
    struct text unknown;

    if (words.len > 0 && r->setting->kind != SETTING_LISTENERS)
        return reading_refuse(r, "no words follow this address");
    if (!endpoint_read_words(words, to, &unknown)) {
        const char *nearest = endpoint_nearest_word(unknown);

        reading_refuse(r,
                       "the words behind an address are tls and proxy_protocol, each at most once");
        if (nearest && !text_eq(unknown, text_from(nearest)))
            diag_hint(r->d, "did you mean \"%s\"?", nearest);
        return false;
    }
    return true;
}

static bool add_address(const struct reading *r)
{
    struct addresses *to = reading_field(r);
    struct endpoint_way way;
    struct text address = r->value, words = endpoint_cut_words(&address);

    if (!endpoint_is_address(address))
        return reading_refuse(r, address_form);
    if (!read_way(r, words, &way))
        return false;
    for (size_t i = 0; i < to->count; i++)
        if (text_eq(to->at[i], address) && !endpoint_is_any_port(address))
            return reading_refuse(r, "it is there already");
    if (to->count == ADDRESSES_MAX)
        return reading_refuse(r, "there are more than 8 addresses");
    to->ways[to->count] = way;
    to->at[to->count++] = address;
    return true;
}

static bool add_network(const struct reading *r)
{
    struct networks *to = reading_field(r);
    struct network network;

    if (!network_read(r->value, &network))
        return reading_refuse(
            r, "it is an address or a range of them, as in \"10.0.0.0/8\" or \"::1\"");
    if (to->count == NETWORKS_MAX)
        return reading_refuse(r, "there are more than 32 ranges");
    to->at[to->count++] = network;
    return true;
}

static bool add_url(const struct reading *r)
{
    struct endpoint_list *to = reading_field(r);

    if (text_find(r->value, '@') < r->value.len) { /* a secret, perhaps: it is not repeated */
        diag_error(r->d, r->where, "bad-value", "%s must hold no user or password",
                   r->setting->key);
        return false;
    }
    const char *wrong = endpoint_url_fault(r->value);
    if (wrong)
        return reading_refuse(r, wrong);
    for (size_t i = 0; i < to->count; i++)
        if (text_eq(to->at[i], r->value))
            return reading_refuse(r, "it is there already");
    if (to->count == ENDPOINTS_OF_ONE_MAX)
        return reading_refuse(r, "there are more than 32 endpoints");
    to->at[to->count++] = r->value;
    return true;
}

/* --- files, and names ------------------------------------------------------------ */

static bool is_none(const struct reading *r)
{
    return text_eq(r->value, TEXT("none")) && text_eq(text_from(r->setting->standard), r->value);
}

/* Where no file is the default, it can be said too. */
static bool read_file(const struct reading *r)
{
    *(struct text *)reading_field(r) = is_none(r) ? (struct text){0} : r->value;
    return true;
}

static bool add_file(const struct reading *r)
{
    struct files *to = reading_field(r);

    if (r->value.len == 0)
        return reading_refuse(r, "it is empty");
    if (to->count == FILES_MAX)
        return reading_refuse(r, "there are more than 16 files");
    to->where[to->count] = r->where;
    to->at[to->count++] = r->value;
    return true;
}

static bool read_name(const struct reading *r)
{
    *(struct text *)reading_field(r) = is_none(r) ? (struct text){0} : r->value;
    return is_none(r) || endpoint_is_name(r->value) ||
           reading_refuse(r, "it is a host's name, without a port");
}

/* True if NAME may be given to a field of the gateway's: X-, letters, digits and dashes. */
static bool is_free_field(struct text name)
{
    static const char *const taken[] = {"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host",
                                        "X-Request-Id"};

    if (name.len < 3 || name.len > 64 || !text_eq_nocase(text_of(name.at, 2), TEXT("x-")))
        return false;
    for (size_t i = 2; i < name.len; i++) {
        char c = name.at[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '-'))
            return false;
    }
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++)
        if (text_eq_nocase(name, text_from(taken[i])))
            return false;
    return true;
}

static bool read_field(const struct reading *r)
{
    bool none = text_eq(r->value, TEXT("none"));

    *(struct text *)reading_field(r) = none ? (struct text){0} : r->value;
    return none || is_free_field(r->value) ||
           reading_refuse(r, "it is none, or a field name that begins with X- and is free");
}

static bool read_auth(const struct reading *r)
{
    static const char *const words[] = {[CLIENT_AUTH_OFF] = "off",
                                        [CLIENT_AUTH_OPTIONAL] = "optional",
                                        [CLIENT_AUTH_REQUIRE] = "require"};
    int auth = read_word(r, words, 3, "it is one of off, optional, require");

    if (auth >= 0)
        *(enum settings_client_auth *)reading_field(r) = (enum settings_client_auth)auth;
    return auth >= 0;
}

/* --- lists ----------------------------------------------------------------------- */

static bool is_addresses(const struct setting *s)
{
    return s->kind == SETTING_LISTENERS || s->kind == SETTING_ADDRESSES;
}

bool setting_is_list(const struct setting *s)
{
    return is_addresses(s) || s->kind == SETTING_NETWORKS || s->kind == SETTING_URL ||
           s->kind == SETTING_FILES;
}

void setting_clear(const struct setting *s, struct settings *to)
{
    void *field = (char *)to + s->offset;

    if (is_addresses(s))
        ((struct addresses *)field)->count = 0;
    else if (s->kind == SETTING_URL)
        ((struct endpoint_list *)field)->count = 0;
    else if (s->kind == SETTING_FILES)
        ((struct files *)field)->count = 0;
    else
        ((struct networks *)field)->count = 0;
}

bool setting_add(const struct setting *s, struct text member, struct where where,
                 struct settings *to, struct diag *d)
{
    const struct reading r = {s, member, where, to, d};

    if (s->kind == SETTING_URL)
        return add_url(&r);
    if (s->kind == SETTING_FILES)
        return add_file(&r);
    return is_addresses(s) ? add_address(&r) : add_network(&r);
}

/* What stands for no member at all; empty: nothing does. */
static struct text word_for_none(const struct setting *s)
{
    if (s->kind == SETTING_NETWORKS || s->kind == SETTING_FILES)
        return TEXT("none");
    return text_eq(text_from(s->standard), TEXT("off")) ? TEXT("off") : TEXT("");
}

/* Members in one text, with commas between them. */
static bool read_list(const struct reading *r)
{
    struct text rest = r->value;
    bool sound = true;

    setting_clear(r->setting, r->to);
    if (text_eq(rest, word_for_none(r->setting)))
        return true;
    for (bool last = false; !last;) {
        size_t comma = text_find(rest, ',');

        last = comma == rest.len;
        struct text one = text_trim(text_of(rest.at, comma));
        sound = setting_add(r->setting, one, r->where, r->to, r->d) && sound;
        rest = text_from_offset(rest, last ? comma : comma + 1);
    }
    return sound;
}

static bool read_user(const struct reading *r)
{
    const char *wrong = account_read(r->value, reading_field(r));

    return !wrong || reading_refuse(r, wrong);
}

/* ----------------------------------------------------------------------------------- */

bool setting_read(const struct setting *s, struct text value, struct where where,
                  struct settings *to, struct diag *d)
{
    const struct reading r = {s, value, where, to, d};

    if (value.len == 0)
        return reading_refuse(&r, "it is empty");
    switch (s->kind) {
    case SETTING_LISTENERS:
    case SETTING_ADDRESSES:
    case SETTING_NETWORKS:
    case SETTING_FILES:
    case SETTING_URL:
        return read_list(&r);
    case SETTING_HOST:
        return read_host(&r);
    case SETTING_RELOAD:
        return read_reload(&r);
    case SETTING_FILE:
        return read_file(&r);
    case SETTING_NAME:
        return read_name(&r);
    case SETTING_FIELD:
        return read_field(&r);
    case SETTING_AUTH:
        return read_auth(&r);
    case SETTING_WORKERS:
        return reading_workers(&r);
    case SETTING_USER:
        return read_user(&r);
    case SETTING_SWITCH:
        return read_switch(&r);
    case SETTING_DOCUMENT:
        return read_document(&r);
    case SETTING_LEVEL:
        return read_level(&r);
    case SETTING_FORMAT:
        return read_format(&r);
    case SETTING_SIZE:
        return reading_size(&r);
    case SETTING_MEMORY:
        return reading_memory(&r);
    case SETTING_NUMBER:
        return reading_count(&r);
    case SETTING_TIME:
        return reading_time(&r);
    }
    return false;
}

void settings_standard(struct settings *to)
{
    *to = (struct settings){0};
    for (size_t i = 0; i < SETTINGS_COUNT; i++) {
        const struct setting *s = &settings_table[i];

        if (*s->standard) {
            bool sound = setting_read(s, text_from(s->standard), (struct where){0}, to, NULL);

            assert(sound); /* the table's own values are values */
            (void)sound;
        }
    }
}
