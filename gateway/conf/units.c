#include "conf/units.h"

struct unit {
    struct text name;
    uint64_t factor;
};

static enum units_verdict read(struct text t, const struct unit *units, size_t count,
                               uint64_t *number_out)
{
    size_t digits = 0;
    uint64_t number;

    while (digits < t.len && t.at[digits] >= '0' && t.at[digits] <= '9')
        digits++;
    if (digits == 0)
        return UNITS_NOT_A_NUMBER;
    if (!text_to_u64(text_of(t.at, digits), &number))
        return UNITS_TOO_LARGE;
    struct text name = text_from_offset(t, digits);
    if (name.len > 1 && name.at[0] == ' ')
        name = text_from_offset(name, 1);
    for (size_t i = 0; i < count; i++) {
        if (!text_eq(name, units[i].name))
            continue;
        if (number > UINT64_MAX / units[i].factor)
            return UNITS_TOO_LARGE;
        *number_out = number * units[i].factor;
        return UNITS_OK;
    }
    if (name.len > 0)
        return UNITS_WRONG_UNIT;
    *number_out = number;
    return number == 0 ? UNITS_OK : UNITS_NO_UNIT;
}

enum units_verdict units_time(struct text t, uint64_t *ms_out)
{
    static const struct unit units[] = {
        {{"ms", 2}, 1}, {{"s", 1}, 1000}, {{"m", 1}, 60 * 1000}, {{"h", 1}, 60 * 60 * 1000}};

    return read(t, units, sizeof units / sizeof units[0], ms_out);
}

enum units_verdict units_size(struct text t, uint64_t *bytes_out)
{
    static const struct unit units[] = {
        {{"", 0}, 1}, {{"KiB", 3}, 1 << 10}, {{"MiB", 3}, 1 << 20}, {{"GiB", 3}, 1 << 30}};

    return read(t, units, sizeof units / sizeof units[0], bytes_out);
}

const char *units_complaint(enum units_verdict verdict, bool time)
{
    switch (verdict) {
    case UNITS_NO_UNIT:
        return time ? "it needs a unit: ms, s, m or h" : "it needs a unit";
    case UNITS_WRONG_UNIT:
        return time ? "it is whole digits and one of ms, s, m, h"
                    : "it is whole digits and one of KiB, MiB, GiB";
    case UNITS_TOO_LARGE:
        return "it is too large";
    case UNITS_OK:
    case UNITS_NOT_A_NUMBER:
        break;
    }
    return time ? "it begins with digits, as in 30s" : "it begins with digits, as in 64KiB";
}
