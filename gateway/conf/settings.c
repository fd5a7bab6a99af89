#include "conf/settings.h"

#include "conf/units.h"

#include <assert.h>
#include <sched.h>
#include <stddef.h>

enum { SHOWN = 80 }; /* bytes of a value that a message repeats */

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

/* One value on its way into a field. */
struct reading {
    const struct setting *setting;
    struct text value;
    struct where where;
    struct settings *to;
    struct diag *d;
};

static void *field_of(const struct reading *r)
{
    return (char *)r->to + r->setting->offset;
}

static bool refuse(const struct reading *r, const char *why)
{
    int shown = r->value.len > SHOWN ? SHOWN : (int)r->value.len;
    size_t user_end = text_find(r->value, '@');

    if (user_end >= SHOWN && user_end < r->value.len) /* perhaps a password, cut */
        shown = (int)text_find(text_of(r->value.at, SHOWN), ':');
    diag_error(r->d, r->where, "bad-value", "%s can't be \"%.*s\": %s", r->setting->key, shown,
               r->value.at, why);
    return false;
}

/* --- numbers ------------------------------------------------------------------ */

/* NUMBER as it would be written for this kind of setting. */
static const char *written(enum setting_kind kind, uint64_t number, char *to, size_t room)
{
    static const struct {
        enum setting_kind kind;
        uint64_t factor;
        const char *unit;
    } units[] = {
        {SETTING_SIZE, SETTINGS_GIB, "GiB"},
        {SETTING_SIZE, SETTINGS_MIB, "MiB"},
        {SETTING_SIZE, SETTINGS_KIB, "KiB"},
        {SETTING_MEMORY, SETTINGS_GIB, "GiB"},
        {SETTING_MEMORY, SETTINGS_MIB, "MiB"},
        {SETTING_TIME, 3600000, "h"},
        {SETTING_TIME, 60000, "m"},
        {SETTING_TIME, 1000, "s"},
        {SETTING_TIME, 1, "ms"},
    };
    const char *unit = "";

    for (size_t i = 0; number > 0 && i < sizeof units / sizeof units[0]; i++)
        if (units[i].kind == kind && number % units[i].factor == 0) {
            number /= units[i].factor;
            unit = units[i].unit;
            break;
        }
    snprintf(to, room, "%llu%s", (unsigned long long)number, unit);
    return to;
}

static bool check_range(const struct reading *r, uint64_t number)
{
    const struct setting *s = r->setting;
    char least[32], most[32];

    if (number < s->minimum || number > s->maximum) {
        refuse(r, number < s->minimum ? "it is too small" : "it is too large");
        if (s->maximum == SETTINGS_NOEND)
            diag_hint(r->d, "at least %s", written(s->kind, s->minimum, least, sizeof least));
        else
            diag_hint(r->d, "from %s to %s", written(s->kind, s->minimum, least, sizeof least),
                      written(s->kind, s->maximum, most, sizeof most));
        return false;
    }
    return true;
}

static bool store_number(const struct reading *r, uint64_t number)
{
    if (!check_range(r, number))
        return false;
    *(uint64_t *)field_of(r) = number;
    return true;
}

static bool is_unlimited(const struct reading *r)
{
    return r->setting->maximum == SETTINGS_NOEND && text_eq(r->value, TEXT("unlimited"));
}

static bool read_count(const struct reading *r)
{
    uint64_t number;

    if (is_unlimited(r))
        return store_number(r, SETTINGS_NOEND);
    if (r->setting->minimum == 0 && text_eq(r->value, TEXT("off")))
        return store_number(r, 0);
    if (!text_to_u64(r->value, &number))
        return refuse(r, "it is a number in digits, without a unit");
    return store_number(r, number);
}

static bool read_size(const struct reading *r)
{
    uint64_t bytes;

    if (is_unlimited(r))
        return store_number(r, SETTINGS_NOEND);
    if (text_eq(r->value, TEXT("unlimited")))
        return refuse(r, "it needs a limit");
    enum units_verdict verdict = units_size(r->value, &bytes);
    if (verdict != UNITS_OK && verdict != UNITS_NO_UNIT)
        return refuse(r, units_complaint(verdict, false));
    return store_number(r, bytes);
}

/* A size that may be off or found out. */
static bool read_memory(const struct reading *r)
{
    uint64_t *to = field_of(r);

    if (!text_eq(r->value, TEXT("off")) && !text_eq(r->value, TEXT("auto")))
        return read_size(r);
    *to = text_eq(r->value, TEXT("off")) ? 0 : SETTINGS_AUTO;
    return true;
}

static bool read_time(const struct reading *r)
{
    uint64_t ms;

    if (r->setting->minimum == 0 && text_eq(r->value, TEXT("off")))
        return store_number(r, 0);
    if (text_eq(r->value, TEXT("off")))
        return refuse(r, "it can't be switched off");
    enum units_verdict verdict = units_time(r->value, &ms);
    if (verdict != UNITS_OK)
        return refuse(r, units_complaint(verdict, true));
    return store_number(r, ms);
}

/* The cores this process may run on. */
static uint64_t cores(void)
{
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return 1;
    int count = CPU_COUNT(&set);
    return count < 1 ? 1 : (uint64_t)count;
}

static bool read_workers(const struct reading *r)
{
    uint64_t number, most = r->setting->maximum;

    if (text_eq(r->value, TEXT("auto")))
        number = cores() < most ? cores() : most;
    else if (!text_to_u64(r->value, &number))
        return refuse(r, "it is auto or a number");
    if (!check_range(r, number))
        return false;
    *(unsigned *)field_of(r) = (unsigned)number;
    return true;
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
    refuse(r, why);
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
        *(enum log_level *)field_of(r) = (enum log_level)level;
    return level >= 0;
}

static bool read_switch(const struct reading *r)
{
    static const char *const words[] = {"off", "false", "on", "true"};
    int on = read_word(r, words, 4, "it is on or off");

    if (on >= 0)
        *(bool *)field_of(r) = on >= 2;
    return on >= 0;
}

static bool read_document(const struct reading *r)
{
    static const char *const words[] = {
        [DOCUMENT_DATA_PRODUCTS] = "data-products", [DOCUMENT_COMBINED] = "combined"};
    int document = read_word(r, words, 2, "it is one of data-products, combined");

    if (document >= 0)
        *(enum settings_document *)field_of(r) = (enum settings_document)document;
    return document >= 0;
}

static bool read_format(const struct reading *r)
{
    static const char *const words[] = {[LOG_LOGFMT] = "logfmt", [LOG_JSON] = "json"};
    int format = read_word(r, words, 2, "it is one of json, logfmt");

    if (format >= 0)
        *(enum log_format *)field_of(r) = (enum log_format)format;
    return format >= 0;
}

static bool read_host(const struct reading *r)
{
    static const char *const words[] = {[HOST_UPSTREAM] = "upstream", [HOST_CLIENT] = "client"};
    int host = read_word(r, words, 2, "it is one of upstream, client");

    if (host >= 0)
        *(enum settings_host *)field_of(r) = (enum settings_host)host;
    return host >= 0;
}

static bool read_reload(const struct reading *r)
{
    static const char *const words[] = {[RELOAD_AUTO] = "auto", [RELOAD_SIGNAL] = "signal"};
    int reload = read_word(r, words, 2, "it is one of auto, signal");

    if (reload >= 0)
        *(enum settings_reload *)field_of(r) = (enum settings_reload)reload;
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
        return refuse(r, "no words follow this address");
    if (!endpoint_read_words(words, to, &unknown)) {
        const char *nearest = endpoint_nearest_word(unknown);

        refuse(r, "the words behind an address are tls and proxy_protocol, each at most once");
        if (nearest && !text_eq(unknown, text_from(nearest)))
            diag_hint(r->d, "did you mean \"%s\"?", nearest);
        return false;
    }
    return true;
}

static bool add_address(const struct reading *r)
{
    struct addresses *to = field_of(r);
    struct endpoint_way way;
    struct text address = r->value, words = endpoint_cut_words(&address);

    if (!endpoint_is_address(address))
        return refuse(r, address_form);
    if (!read_way(r, words, &way))
        return false;
    for (size_t i = 0; i < to->count; i++)
        if (text_eq(to->at[i], address) && !endpoint_is_any_port(address))
            return refuse(r, "it is there already");
    if (to->count == ADDRESSES_MAX)
        return refuse(r, "there are more than 8 addresses");
    to->ways[to->count] = way;
    to->at[to->count++] = address;
    return true;
}

static bool add_network(const struct reading *r)
{
    struct networks *to = field_of(r);
    struct network network;

    if (!network_read(r->value, &network))
        return refuse(r, "it is an address or a range of them, as in \"10.0.0.0/8\" or \"::1\"");
    if (to->count == NETWORKS_MAX)
        return refuse(r, "there are more than 32 ranges");
    to->at[to->count++] = network;
    return true;
}

static bool add_url(const struct reading *r)
{
    struct endpoint_list *to = field_of(r);

    if (text_find(r->value, '@') < r->value.len) { /* a secret, perhaps: it is not repeated */
        diag_error(r->d, r->where, "bad-value", "%s must hold no user or password",
                   r->setting->key);
        return false;
    }
    const char *wrong = endpoint_url_fault(r->value);
    if (wrong)
        return refuse(r, wrong);
    for (size_t i = 0; i < to->count; i++)
        if (text_eq(to->at[i], r->value))
            return refuse(r, "it is there already");
    if (to->count == ENDPOINTS_OF_ONE_MAX)
        return refuse(r, "there are more than 32 endpoints");
    to->at[to->count++] = r->value;
    return true;
}

/* --- lists ----------------------------------------------------------------------- */

static bool is_addresses(const struct setting *s)
{
    return s->kind == SETTING_LISTENERS || s->kind == SETTING_ADDRESSES;
}

bool setting_is_list(const struct setting *s)
{
    return is_addresses(s) || s->kind == SETTING_NETWORKS || s->kind == SETTING_URL;
}

void setting_clear(const struct setting *s, struct settings *to)
{
    void *field = (char *)to + s->offset;

    if (is_addresses(s))
        ((struct addresses *)field)->count = 0;
    else if (s->kind == SETTING_URL)
        ((struct endpoint_list *)field)->count = 0;
    else
        ((struct networks *)field)->count = 0;
}

bool setting_add(const struct setting *s, struct text member, struct where where,
                 struct settings *to, struct diag *d)
{
    const struct reading r = {s, member, where, to, d};

    if (s->kind == SETTING_URL)
        return add_url(&r);
    return is_addresses(s) ? add_address(&r) : add_network(&r);
}

/* What stands for no member at all; empty: nothing does. */
static struct text word_for_none(const struct setting *s)
{
    if (s->kind == SETTING_NETWORKS)
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
    const char *wrong = account_read(r->value, field_of(r));

    return !wrong || refuse(r, wrong);
}

/* Where no file is the default, it can be said too. */
static bool read_file(const struct reading *r)
{
    struct text none = TEXT("none");
    bool may_be_none = text_eq(text_from(r->setting->standard), none);

    *(struct text *)field_of(r) =
        may_be_none && text_eq(r->value, none) ? (struct text){0} : r->value;
    return true;
}

/* ----------------------------------------------------------------------------------- */

bool setting_read(const struct setting *s, struct text value, struct where where,
                  struct settings *to, struct diag *d)
{
    const struct reading r = {s, value, where, to, d};

    if (value.len == 0)
        return refuse(&r, "it is empty");
    switch (s->kind) {
    case SETTING_LISTENERS:
    case SETTING_ADDRESSES:
    case SETTING_NETWORKS:
    case SETTING_URL:
        return read_list(&r);
    case SETTING_HOST:
        return read_host(&r);
    case SETTING_RELOAD:
        return read_reload(&r);
    case SETTING_FILE:
        return read_file(&r);
    case SETTING_WORKERS:
        return read_workers(&r);
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
        return read_size(&r);
    case SETTING_MEMORY:
        return read_memory(&r);
    case SETTING_NUMBER:
        return read_count(&r);
    case SETTING_TIME:
        return read_time(&r);
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
