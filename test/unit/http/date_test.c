#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <time.h>

#include "http/date.h"

enum { NOW = 1767225600 }; /* 2026 */

static void the_three_forms(void **state)
{
    static const struct {
        const char *date;
        int64_t seconds;
    } rows[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
        {"Sunday, 06-Nov-94 08:49:37 GMT", 784111777},
        {"Sun Nov  6 08:49:37 1994", 784111777},
        {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
        {"Wed, 31 Dec 1969 23:59:59 GMT", -1},
        {"Tue, 29 Feb 2000 00:00:00 GMT", 951782400},
        {"Fri, 31 Dec 9999 23:59:59 GMT", INT64_C(253402300799)},
        {"Thursday, 01-Jan-76 00:00:00 GMT", INT64_C(3345062400)},
        {"Saturday, 01-Jan-77 00:00:00 GMT", 220924800},
        {"Sat, 31 Dec 2016 23:59:60 GMT", 1483228800},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t seconds = -7;

        assert_true(http_date(text_from(rows[i].date), NOW, &seconds));
        if (seconds != rows[i].seconds)
            fail_msg("%s is %lld", rows[i].date, (long long)seconds);
    }
}

/* Every day of 400 years, as the C library writes it. */
static void every_day_is_read(void **state)
{
    (void)state;
    for (int64_t day = -25567; day < 120531; day++) {
        time_t then = day * 86400 + 86399;
        struct tm parts;
        char text[64];
        int64_t seconds;

        gmtime_r(&then, &parts);
        strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
        if (!http_date(text_from(text), NOW, &seconds) || seconds != then)
            fail_msg("%s", text);
    }
}

static void anything_else_is_none(void **state)
{
    static const char *const rows[] = {
        "",
        "now",
        "0",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        " Sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT",
        "Sun,06 Nov 1994 08:49:37 GMT",
        "Sun, 06-Nov-94 08:49:37 GMT",
        "Sunday, 06 Nov 1994 08:49:37 GMT",
        "Sunday Nov  6 08:49:37 1994",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT",
        "Sun, 29 Feb 1900 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:00 GMT",
        "Sun, 06 Nov 1994 08:00:61 GMT",
        "Sun, 06 Nov 1994 08:49:3",
        "Sun, 06 Nov -994 08:49:37 GMT",
        "Sun Nov 6 08:49:37 1994",
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t seconds;

        if (http_date(text_from(rows[i]), NOW, &seconds))
            fail_msg("%s was read", rows[i]);
    }
}

static void a_date_is_written_in_the_first_form(void **state)
{
    static const struct {
        int64_t seconds;
        const char *date;
    } rows[] = {
        {0, "Thu, 01 Jan 1970 00:00:00 GMT"},
        {784111777, "Sun, 06 Nov 1994 08:49:37 GMT"},
        {1803945600, "Tue, 02 Mar 2027 00:00:00 GMT"},
        {253402300799, "Fri, 31 Dec 9999 23:59:59 GMT"},
    };
    char to[HTTP_DATE_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct text written = http_date_write(rows[i].seconds, to);
        int64_t seconds;

        assert_true(text_eq(written, text_from(rows[i].date)));
        assert_true(http_date(written, NOW, &seconds) && seconds == rows[i].seconds);
    }
    assert_int_equal(http_date_write(253402300800, to).len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_three_forms),
        cmocka_unit_test(every_day_is_read),
        cmocka_unit_test(anything_else_is_none),
        cmocka_unit_test(a_date_is_written_in_the_first_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
