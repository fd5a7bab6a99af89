#include "conf/reading.h"

#include "conf/units.h"

#include <sched.h>

enum { SHOWN = 80 }; /* bytes of a value that a message repeats */

void *reading_field(const struct reading *r)
{
    return (char *)r->to + r->setting->offset;
}

bool reading_refuse(const struct reading *r, const char *why)
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
        reading_refuse(r, number < s->minimum ? "it is too small" : "it is too large");
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
    *(uint64_t *)reading_field(r) = number;
    return true;
}

static bool is_unlimited(const struct reading *r)
{
    return r->setting->maximum == SETTINGS_NOEND && text_eq(r->value, TEXT("unlimited"));
}

bool reading_count(const struct reading *r)
{
    uint64_t number;

    if (is_unlimited(r))
        return store_number(r, SETTINGS_NOEND);
    if (r->setting->minimum == 0 && text_eq(r->value, TEXT("off")))
        return store_number(r, 0);
    if (!text_to_u64(r->value, &number))
        return reading_refuse(r, "it is a number in digits, without a unit");
    return store_number(r, number);
}

bool reading_size(const struct reading *r)
{
    uint64_t bytes;

    if (is_unlimited(r))
        return store_number(r, SETTINGS_NOEND);
    if (text_eq(r->value, TEXT("unlimited")))
        return reading_refuse(r, "it needs a limit");
    enum units_verdict verdict = units_size(r->value, &bytes);
    if (verdict != UNITS_OK && verdict != UNITS_NO_UNIT)
        return reading_refuse(r, units_complaint(verdict, false));
    return store_number(r, bytes);
}

/* A size that may be off or found out. */
bool reading_memory(const struct reading *r)
{
    uint64_t *to = reading_field(r);

    if (!text_eq(r->value, TEXT("off")) && !text_eq(r->value, TEXT("auto")))
        return reading_size(r);
    *to = text_eq(r->value, TEXT("off")) ? 0 : SETTINGS_AUTO;
    return true;
}

bool reading_time(const struct reading *r)
{
    uint64_t ms;

    if (r->setting->minimum == 0 && text_eq(r->value, TEXT("off")))
        return store_number(r, 0);
    if (text_eq(r->value, TEXT("off")))
        return reading_refuse(r, "it can't be switched off");
    enum units_verdict verdict = units_time(r->value, &ms);
    if (verdict != UNITS_OK)
        return reading_refuse(r, units_complaint(verdict, true));
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

bool reading_workers(const struct reading *r)
{
    uint64_t number, most = r->setting->maximum;

    if (text_eq(r->value, TEXT("auto")))
        number = cores() < most ? cores() : most;
    else if (!text_to_u64(r->value, &number))
        return reading_refuse(r, "it is auto or a number");
    if (!check_range(r, number))
        return false;
    *(unsigned *)reading_field(r) = (unsigned)number;
    return true;
}
