/*
 * Texts nobody here wrote: the JSONTestSuite cases under CORPORA/json.  y_ is
 * accepted and n_ refused, i_ either way; what is accepted leaves unchanged,
 * in both directions, whole and in pieces.  Where the folder is not given,
 * that is said and passed over.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/translate/cutting.h"
#include "unit/translate/rules_text.h"

#include <dirent.h>
#include <stdio.h>

/* An empty body passes by contract, so these two are not refused. */
static bool is_empty_body(const char *name)
{
    return strcmp(name, "n_structure_no_data.json") == 0 ||
           strcmp(name, "n_single_space.json") == 0;
}

static struct buf read_file(const char *folder, const char *name)
{
    char path[1024], piece[4096];
    struct buf file;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    buf_init(&file, 1 << 24);
    for (size_t n; (n = fread(piece, 1, sizeof piece, f)) > 0;)
        buf_add(&file, text_of(piece, n));
    fclose(f);
    return file;
}

static void check_verdict(const char *name, const struct translated *t)
{
    if (name[0] == 'y' && t->code != TRANSLATE_OK)
        fail_msg("%s: refused: %s", name, t->fault.what);
    if (name[0] == 'n' && t->code != TRANSLATE_INVALID_JSON && !is_empty_body(name))
        fail_msg("%s: accepted", name);
}

static void try_file(const struct mapping *m, const char *name, struct text body)
{
    static const size_t SIZES[] = {SIZE_MAX, 1, 2, 3, 7, 1448};

    for (enum direction d = REQUEST; d <= RESPONSE; d++) {
        struct translated whole = {0};

        for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++) {
            struct translated t = cut_translate(m, d, body, (struct cut){.size = SIZES[i]});

            check_verdict(name, &t);
            if (t.code == TRANSLATE_OK && !text_eq(buf_text(&t.out), body))
                fail_msg("%s: changed in pieces of %zu", name, SIZES[i]);
            if (i == 0) {
                whole = t;
                continue;
            }
            if (!cut_same(&whole, &t))
                fail_msg("%s: differs in pieces of %zu", name, SIZES[i]);
            cut_fini(&t);
        }
        cut_fini(&whole);
    }
}

static int is_json(const struct dirent *entry)
{
    size_t n = strlen(entry->d_name);

    return n > 5 && strcmp(entry->d_name + n - 5, ".json") == 0;
}

static void every_case(void **state)
{
    const char *corpora = getenv("CORPORA");
    struct dirent **names;
    char folder[512];

    (void)state;
    snprintf(folder, sizeof folder, "%s/json", corpora ? corpora : "");
    if (!corpora || !*corpora) {
        print_message("CORPORA names no folder: passed over\n");
        return;
    }
    int count = scandir(folder, &names, is_json, alphasort);
    assert_true(count > 0);
    struct mapping *m = rules_text(TEXT("field dataProductId workspaceId\nopaque $..rows\n"
                                        "map $..kind\nto a b\n"));
    for (int i = 0; i < count; i++) {
        struct buf file = read_file(folder, names[i]->d_name);

        try_file(m, names[i]->d_name, buf_text(&file));
        buf_fini(&file);
        free(names[i]);
    }
    free(names);
    mapping_unref(&m);
    print_message("%d files, both directions, 6 cuts\n", count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_case)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
