#include "exchange/scenes.h"

#include "mapping/builder.h"

#define HEAD_LINES   "Host: api.example.com\r\nX-Request-Id: r-1\r\n"
#define PRODUCTS     "/api/v1/accounts/a/data-products"
#define JSON_LINE    "Content-Type: application/json\r\n"
#define CHUNKED_LINE "Transfer-Encoding: chunked\r\n"

#define SPACES "            "

const struct scene scene_get = {
    .name = "GET",
    .head = "GET " PRODUCTS "/p1 HTTP/1.1\r\n" HEAD_LINES "\r\n",
    .request_buffer = 64,
    .buffer_high = 20,
    .again = true,
};
const struct scene scene_get_roomy = {
    .name = "GET behind roomy buffers",
    .head = "GET " PRODUCTS "/p1 HTTP/1.1\r\n" HEAD_LINES "\r\n",
    .request_buffer = 64,
    .buffer_high = 200,
    .again = true,
};
const struct scene scene_post_small = {
    .name = "POST held whole",
    .head = "POST " PRODUCTS " HTTP/1.1\r\n" HEAD_LINES JSON_LINE CHUNKED_LINE "\r\n",
    .first = CLIENT_JSON,
    .upstream = SERVICE_JSON,
    .more = SPACES,
    .request_buffer = 1024,
    .buffer_high = 20,
};
const struct scene scene_post_streaming = {
    .name = "POST streaming",
    .head = "POST " PRODUCTS " HTTP/1.1\r\n" HEAD_LINES JSON_LINE CHUNKED_LINE "\r\n",
    .first = CLIENT_JSON,
    .upstream = SERVICE_JSON,
    .more = SPACES,
    .request_buffer = 24,
    .buffer_high = 20,
};
const struct scene scene_upload = {
    .name = "raw upload with a length",
    .head = "POST " PRODUCTS "/p1/assets HTTP/1.1\r\n" HEAD_LINES "Content-Length: 40\r\n\r\n",
    .first = "0123456789ABCDEFGHIJ",
    .upstream = "0123456789ABCDEFGHIJ",
    .more = "0123456789ABCDEFGHIJ",
    .length = 40,
    .request_buffer = 64,
    .buffer_high = 20,
};
const struct scene scene_chunked = {
    .name = "raw upload in chunks",
    .head = "POST " PRODUCTS "/p1/assets HTTP/1.1\r\n" HEAD_LINES CHUNKED_LINE "\r\n",
    .first = "0123456789",
    .upstream = "0123456789",
    .more = "ABCDEFGHIJKLMN",
    .request_buffer = 64,
    .buffer_high = 20,
};

const struct scene scene_roomy = {
    .name = "POST streaming behind roomy buffers",
    .head = "POST " PRODUCTS " HTTP/1.1\r\n" HEAD_LINES JSON_LINE CHUNKED_LINE "\r\n",
    .first = CLIENT_JSON,
    .upstream = SERVICE_JSON,
    .more = SPACES,
    .request_buffer = 4,
    .buffer_high = 200,
};
const struct scene scene_declared = {
    .name = "POST with a declared length",
    .head = "POST " PRODUCTS " HTTP/1.1\r\n" HEAD_LINES JSON_LINE "Content-Length: 43\r\n\r\n",
    .first = CLIENT_JSON,
    .upstream = SERVICE_JSON,
    .more = SPACES,
    .length = 43,
    .request_buffer = 40,
    .buffer_high = 20,
};
const struct scene scene_delete = {
    .name = "DELETE with a body held whole",
    .head = "DELETE " PRODUCTS "/p1 HTTP/1.1\r\n" HEAD_LINES JSON_LINE CHUNKED_LINE "\r\n",
    .first = CLIENT_JSON,
    .upstream = SERVICE_JSON,
    .more = SPACES,
    .request_buffer = 1024,
    .buffer_high = 20,
    .again = true,
};
const struct scene scene_delete_streaming = {
    .name = "DELETE with a body that streams",
    .head = "DELETE " PRODUCTS "/p1 HTTP/1.1\r\n" HEAD_LINES JSON_LINE CHUNKED_LINE "\r\n",
    .first = CLIENT_JSON,
    .upstream = SERVICE_JSON,
    .more = SPACES,
    .request_buffer = 4,
    .buffer_high = 200,
};
const struct scene scene_put_as_post = {
    .name = "PUT that goes up as POST",
    .head = "PUT " PRODUCTS "/p1/skills/x HTTP/1.1\r\n" HEAD_LINES "\r\n",
    .request_buffer = 64,
    .buffer_high = 20,
};

/* --- the mapping ---------------------------------------------------------- */

static struct written at_line(unsigned line, const char *text)
{
    return (struct written){text_from(text), {"mapping.yaml", line, 1, 1}};
}

static void add_methods(struct mapping_scope *scope, unsigned line, const char *const *names)
{
    for (; *names; names++)
        mapping_scope_method(scope, at_line(line, *names), (struct written){0});
}

/* Two entries that are to go away; the second is switched off for all time to come. */
static void add_deprecated(struct mapping_builder *b)
{
    struct mapping_scope *old =
        mapping_builder_passthrough(b, at_line(7, "/api/v1/accounts/{accountId}/rooms/**"));
    struct mapping_scope *off =
        mapping_builder_passthrough(b, at_line(8, "/api/v1/accounts/{accountId}/halls/**"));
    struct announcement announced = {
        .deprecated = at_line(7, "2026-03-02"),
        .sunset = at_line(7, "2027-03-02"),
        .successor = at_line(7, "/api/v1/accounts/{accountId}/data-products/**"),
        .caller = at_line(7, "X-Client-Name"),
    };

    mapping_scope_announce(old, &announced);
    announced.sunset = (struct written){0};
    mapping_scope_announce(off, &announced);
    mapping_scope_brownout(off, at_line(8, "2026-03-02T00:00:00Z"),
                           at_line(8, "9999-12-31T23:59:59Z"));
}

static void add_routes(struct mapping_builder *b)
{
    struct mapping_scope *all =
        mapping_builder_route(b, at_line(1, "/api/v1/accounts/{accountId}/data-products"),
                              at_line(1, "/api/v1/accounts/{accountId}/workspaces"));
    struct mapping_scope *one = mapping_builder_route(
        b, at_line(2, "/api/v1/accounts/{accountId}/data-products/{dataProductId}"),
        at_line(2, "/api/v1/accounts/{accountId}/workspaces/{dataProductId}"));
    struct mapping_scope *skills = mapping_builder_resource(one, at_line(3, "skills/**"));
    struct mapping_scope *assets = mapping_builder_resource(one, at_line(4, "assets"));
    struct mapping_scope *slow = mapping_builder_resource(one, at_line(5, "chat"));

    add_methods(all, 1, (const char *const[]){"GET", "POST", NULL});
    add_methods(one, 2, (const char *const[]){"GET", "PATCH", "DELETE", NULL});
    add_methods(skills, 3, (const char *const[]){"GET", NULL});
    mapping_scope_method(skills, at_line(3, "PUT"), at_line(3, "POST"));
    add_methods(assets, 4, (const char *const[]){"GET", "POST", NULL});
    mapping_scope_max_body(assets, 100);
    add_methods(slow, 5, (const char *const[]){"POST", NULL});
    mapping_scope_timeout(slow, 300000);
    mapping_builder_passthrough(b, at_line(6, "/api/v1/accounts/{accountId}/workspaces/**"));
    add_deprecated(b);
}

struct mapping *scenes_mapping(void)
{
    struct diag *complaints = diag_new();
    struct mapping_builder *b = mapping_builder_new(complaints);
    struct mapping_scope *global = mapping_builder_global(b);

    add_routes(b);
    mapping_scope_field(global, at_line(10, "dataProductId"), at_line(10, "workspaceId"),
                        REACH_BOTH, (struct written){0});
    mapping_scope_field(global, at_line(11, "dataProduct"), at_line(11, "workspace"), REACH_BOTH,
                        (struct written){0});
    mapping_builder_header(b, at_line(12, "X-Data-Product-Id"), at_line(12, "X-Workspace-Id"));
    mapping_builder_watch(b, at_line(13, "*workspace*"));
    struct mapping *m = mapping_builder_finish(&b);
    if (!m)
        diag_print(complaints, stderr, false);
    diag_free(&complaints);
    return m;
}
