/* What clients might call a name, by the mapping's own words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mapping/suggest.h"
#include "unit/mapping/making.h"

static const char RULES[] = "field dataProduct workspace\n"
                            "field dataProducts workspaces\n"
                            "field externalDataProductId externalWorkspaceId\n"
                            "word data~product workspace\n"
                            "word Semantic~model Logical~view\n"
                            "route /a /b GET\n";

static void a_name_is_spelled_as_it_came(void **state)
{
    static const struct {
        const char *name, *suggestion; /* NULL: none */
    } TABLE[] = {
        {"workspaceRole", "dataProductRole"},
        {"workspace", "dataProduct"},
        {"Workspace", "DataProduct"},
        {"workspacesCount", "dataProductsCount"},
        {"parentWorkspaceId", "parentDataProductId"},
        {"externalWorkspaceId2", "externalDataProductId2"},
        {"X-Workspace-Role", "X-Data-Product-Role"},
        {"x-workspace-role", "x-data-product-role"},
        {"workspace_role", "data_product_role"},
        {"WORKSPACE_ROLE", "DATA_PRODUCT_ROLE"},
        {"WORKSPACE", "DATA_PRODUCT"},
        {"workspaceOfWorkspace", "dataProductOfDataProduct"},
        {"logicalViewName", "semanticModelName"},
        {"logical_view", "semantic_model"},
        {"LogicalView", "SemanticModel"},
        {"slackworkspace", NULL}, /* no word of its own */
        {"workspacer", NULL},
        {"logicalDoor", NULL},
        {"", NULL},
        {"\xff\xfe", NULL},
    };
    struct diag *complaints = diag_new();
    struct mapping *m = make_mapping(RULES, complaints);

    (void)state;
    assert_non_null(m);
    for (size_t i = 0; i < sizeof TABLE / sizeof *TABLE; i++) {
        struct buf to;

        buf_init(&to, 1024);
        bool found = suggest_client(mapping_global(m), text_from(TABLE[i].name), &to);
        const char *wanted = TABLE[i].suggestion ? TABLE[i].suggestion : "";
        if (found != (TABLE[i].suggestion != NULL) || !text_eq(buf_text(&to), text_from(wanted)))
            fail_msg("%s became %.*s", TABLE[i].name, TEXT_ARG(buf_text(&to)));
        buf_fini(&to);
    }
    mapping_unref(&m);
    diag_free(&complaints);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_name_is_spelled_as_it_came)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
