/*
 * field_urls.h - rows of header values, before and after, for tests
 */
#ifndef TEST_FIELD_URLS_H
#define TEST_FIELD_URLS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "translate/translate.h"
#include "unit/mapping/making.h"

#define W "/api/v1/accounts/a/workspaces"
#define P "/api/v1/accounts/a/data-products"

/* What VALUE becomes; no TO: it stays. */
struct field_row {
    const char *value, *to;
};

typedef bool field_translator(const struct translate_scene *, struct text, struct buf *);

static inline struct mapping *field_mapping(void)
{
    struct diag *complaints = diag_new();
    struct mapping *m = make_mapping(
        "field dataProductId workspaceId\nnames_in sort\n"
        "route /api/v1/accounts/{a}/data-products /api/v1/accounts/{a}/workspaces GET\n"
        "route /api/v1/accounts/{a}/data-products/{x} "
        "/api/v1/accounts/{a}/workspaces/{x} GET\nresource skills/** GET\n",
        complaints);

    diag_print(complaints, stderr, false);
    diag_free(&complaints);
    assert_non_null(m);
    return m;
}

/* Each row once into a roomy buffer behind a byte that must stay, and once into none at all. */
static inline void check_rows(field_translator *translate, const struct field_row *rows,
                              size_t count)
{
    struct mapping *m = field_mapping();
    struct translate_scene scene = {.mapping = m,
                                    .upstream_origin = TEXT("http://127.0.0.1:9000"),
                                    .client_origin = TEXT("https://api.example.com")};

    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(rows[i].value);
        char *value = malloc(len + 1); /* of its own, so that a sanitizer sees its end */
        struct buf to, none;

        memcpy(value, rows[i].value, len + 1);
        value = realloc(value, len ? len : 1);
        buf_init(&to, 1 << 16);
        buf_init(&none, 1);
        buf_add_byte(&to, '|');
        bool changed = translate(&scene, text_of(value, len), &to);
        const char *wanted = rows[i].to ? rows[i].to : "";
        struct text got = text_from_offset(buf_text(&to), 1);
        if (changed != (rows[i].to != NULL) || !text_eq(got, text_from(wanted)))
            fail_msg("%s became %.*s", rows[i].value, TEXT_ARG(got));
        assert_false(translate(&scene, text_of(value, len), &none));
        buf_fini(&to);
        buf_fini(&none);
        free(value);
    }
    mapping_unref(&m);
}
#define CHECK_ROWS(translate, rows) check_rows((translate), (rows), sizeof(rows) / sizeof(rows)[0])

#endif
