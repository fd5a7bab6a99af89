/* The golden cases of JSON bodies. */
#include "unit/translate/golden.h"

static cut_maker *maker(struct text head)
{
    (void)head;
    return cut_json;
}

static void all_cases(void **state)
{
    static const struct golden_kind JSON = {"test/golden/json", maker};

    (void)state;
    golden_run(&JSON);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_cases)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
