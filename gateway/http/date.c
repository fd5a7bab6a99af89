#include "http/date.h"

#include <stdio.h>
#include <time.h>

enum { DAY_SECONDS = 86400, YEAR_SECONDS = 31556952 };

/* What is read of a date, and what is left to read. */
struct date_reader {
    struct text rest;
    int64_t now;
    unsigned day, month, year, hour, minute, second;
    bool failed;
};

static void expect(struct date_reader *r, struct text literal)
{
    if (!text_starts(r->rest, literal))
        r->failed = true;
    else
        r->rest = text_from_offset(r->rest, literal.len);
}

/* DIGITS digits; the first may be a space if SPACED. */
static unsigned take_number(struct date_reader *r, size_t digits, bool spaced)
{
    unsigned number = 0;

    if (r->rest.len < digits) {
        r->failed = true;
        return 0;
    }
    for (size_t i = 0; i < digits; i++) {
        char c = r->rest.at[i];

        if (c >= '0' && c <= '9')
            number = number * 10 + (unsigned)(c - '0');
        else if (i > 0 || !spaced || c != ' ')
            r->failed = true;
    }
    r->rest = text_from_offset(r->rest, digits);
    return number;
}

/* The number from 1 of the one of COUNT WORDS that comes next. */
static unsigned take_word(struct date_reader *r, const char *const *words, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        struct text word = text_from(words[i]);

        if (text_starts(r->rest, word)) {
            r->rest = text_from_offset(r->rest, word.len);
            return i + 1;
        }
    }
    r->failed = true;
    return 0;
}

static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

static void take_month(struct date_reader *r)
{
    r->month = take_word(r, months, 12);
}

static void take_clock(struct date_reader *r)
{
    r->hour = take_number(r, 2, false);
    expect(r, TEXT(":"));
    r->minute = take_number(r, 2, false);
    expect(r, TEXT(":"));
    r->second = take_number(r, 2, false);
}

static void take_two_digit_year(struct date_reader *r)
{
    int64_t this_year = 1970 + r->now / YEAR_SECONDS;
    int64_t year = this_year - this_year % 100 + take_number(r, 2, false);

    if (year > this_year + 50)
        year -= 100;
    r->year = (unsigned)year;
}

/* " 06 Nov 1994 08:49:37 GMT" behind the comma, or with dashes and a short year. */
static void read_with_comma(struct date_reader *r, bool is_short)
{
    struct text between = is_short ? TEXT("-") : TEXT(" ");

    expect(r, TEXT(" "));
    r->day = take_number(r, 2, false);
    expect(r, between);
    take_month(r);
    expect(r, between);
    if (is_short)
        take_two_digit_year(r);
    else
        r->year = take_number(r, 4, false);
    expect(r, TEXT(" "));
    take_clock(r);
    expect(r, TEXT(" GMT"));
}

/* " Nov  6 08:49:37 1994" */
static void read_asctime(struct date_reader *r)
{
    expect(r, TEXT(" "));
    take_month(r);
    expect(r, TEXT(" "));
    r->day = take_number(r, 2, true);
    expect(r, TEXT(" "));
    take_clock(r);
    expect(r, TEXT(" "));
    r->year = take_number(r, 4, false);
}

/* Days from the epoch to the first of MONTH of YEAR. */
static int64_t days_before(int64_t year, unsigned month)
{
    static const int days[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    int64_t past = year - (month <= 2); /* years whose leap day has been */

    return (year - 1970) * 365 + past / 4 - past / 100 + past / 400 - 477 + days[month - 1];
}

static bool is_day(const struct date_reader *r)
{
    if (r->month < 1 || r->day < 1 || r->hour > 23 || r->minute > 59 || r->second > 60)
        return false;
    int64_t next =
        r->month == 12 ? days_before((int64_t)r->year + 1, 1) : days_before(r->year, r->month + 1);
    return r->day <= next - days_before(r->year, r->month);
}

bool http_date(struct text t, int64_t now, int64_t *seconds_out)
{
    static const char *const names[] = {"Monday",   "Tuesday", "Wednesday", "Thursday", "Friday",
                                        "Saturday", "Sunday",  "Mon",       "Tue",      "Wed",
                                        "Thu",      "Fri",     "Sat",       "Sun"};
    struct date_reader r = {.rest = t, .now = now};
    bool is_short = take_word(&r, names, 14) <= 7;

    if (!text_starts(r.rest, TEXT(","))) {
        r.failed = r.failed || is_short;
        read_asctime(&r);
    } else {
        expect(&r, TEXT(","));
        read_with_comma(&r, is_short);
    }
    if (r.failed || r.rest.len || !is_day(&r))
        return false;
    *seconds_out = (days_before(r.year, r.month) + r.day - 1) * DAY_SECONDS +
                   (int64_t)r.hour * 3600 + r.minute * 60 + r.second;
    return true;
}

struct text http_date_write(int64_t seconds, char *to)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    char space[96]; /* for any six numbers */
    time_t when = (time_t)seconds;
    struct tm utc;

    gmtime_r(&when, &utc);
    int n = snprintf(space, sizeof space, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[utc.tm_wday],
                     utc.tm_mday, months[utc.tm_mon], utc.tm_year + 1900, utc.tm_hour, utc.tm_min,
                     utc.tm_sec);
    size_t len =
        (size_t)n < HTTP_DATE_BYTES ? (size_t)n : 0; /* only years beyond 9999 are longer */
    memcpy(to, space, len);
    return text_of(to, len);
}
