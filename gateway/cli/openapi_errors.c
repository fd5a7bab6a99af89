#include "cli/openapi_errors.h"

#include "exchange/outcome.h"

#include <stdio.h>

enum { NAME_BYTES = 32, TABLE_BYTES_MAX = 64 * 1024 };

#define SCHEMA "GatewayError"

/* True if O is an error that the gateway tells clients of. */
static bool is_told(enum outcome o)
{
    return outcome_row(o)->code[0] != 0;
}

/* The first outcome with the code and status of O: more differ only in their message. */
static bool is_first(enum outcome o)
{
    for (enum outcome before = 0; before < o; before++)
        if (outcome_row(before)->status == outcome_row(o)->status &&
            text_eq(text_from(outcome_row(before)->code), text_from(outcome_row(o)->code)))
            return false;
    return is_told(o);
}

static bool has_status(int status)
{
    for (enum outcome o = 0; o < OUTCOME_COUNT; o++)
        if (is_told(o) && outcome_row(o)->status == status)
            return true;
    return false;
}

/* What is mirrored is never refused for its method or age; some refusals are of bodies. */
static bool is_of_operations(int status, bool body)
{
    return has_status(status) && status != 405 && status != 410 &&
           (body || (status != 413 && status != 415 && status != 417));
}

int openapi_errors_status(size_t i, bool body)
{
    for (int status = 400; status < OPENAPI_STATUSES; status++)
        if (is_of_operations(status, body) && i-- == 0)
            return status;
    return 0;
}

/* --- the schema ----------------------------------------------------------- */

static void add_table(struct buf *to)
{
    buf_add(to, TEXT("| code | status | message |\n|---|---|---|\n"));
    for (enum outcome o = 0; o < OUTCOME_COUNT; o++) {
        if (!is_told(o))
            continue;
        buf_add(to, TEXT("| `"));
        buf_add(to, text_from(outcome_row(o)->code));
        buf_add(to, TEXT("` | "));
        buf_add_u64(to, (uint64_t)outcome_row(o)->status);
        buf_add(to, TEXT(" | "));
        buf_add(to, text_from(outcome_row(o)->message));
        buf_add(to, TEXT(" |\n"));
    }
}

static void add_property(struct openapi_outline *o, const char *key, const char *type)
{
    outline_map(o, key);
    outline_text(o, "type", text_from(type));
}

void openapi_errors_schemas(struct openapi_outline *o)
{
    struct buf table;

    buf_init(&table, TABLE_BYTES_MAX);
    add_table(&table);
    outline_map(o, SCHEMA);
    outline_text(o, "type", TEXT("object"));
    outline_text(o, "description", TEXT("An error made in place of an answer of the service."));
    outline_raw(o, "required", "[\"ok\", \"error\"]");
    outline_map(o, "properties");
    add_property(o, "ok", "boolean");
    outline_raw(o, "enum", "[false]");
    outline_end_map(o);
    add_property(o, "error", "object");
    outline_raw(o, "required", "[\"code\", \"message\", \"details\"]");
    outline_map(o, "properties");
    add_property(o, "code", "string");
    outline_lines(o, "description", buf_text(&table));
    outline_end_map(o);
    add_property(o, "message", "string");
    outline_end_map(o);
    add_property(o, "details", "object");
    outline_end_map(o);
    outline_end_map(o);
    outline_end_map(o);
    outline_end_map(o);
    outline_end_map(o);
    o->to->failed |= table.failed;
    buf_fini(&table);
}

/* --- the responses -------------------------------------------------------- */

static const char *name_of(int status, char *name)
{
    snprintf(name, NAME_BYTES, SCHEMA "%d", status);
    return name;
}

static void add_example(struct openapi_outline *o, const struct outcome_row *row)
{
    outline_map(o, row->code);
    outline_map(o, "value");
    outline_raw(o, "ok", "false");
    outline_map(o, "error");
    outline_text(o, "code", text_from(row->code));
    outline_text(o, "message", text_from(row->message));
    outline_raw(o, "details", "{}");
    outline_end_map(o);
    outline_end_map(o);
    outline_end_map(o);
}

/* "`INVALID_JSON`: The request body is not valid JSON." for each code. */
static void add_description(struct openapi_outline *o, int status)
{
    struct buf text;

    buf_init(&text, TABLE_BYTES_MAX);
    for (enum outcome e = 0; e < OUTCOME_COUNT; e++) {
        if (outcome_row(e)->status != status || !is_first(e))
            continue;
        buf_add(&text, text.len ? TEXT(" `") : TEXT("`"));
        buf_add(&text, text_from(outcome_row(e)->code));
        buf_add(&text, TEXT("`: "));
        buf_add(&text, text_from(outcome_row(e)->message));
    }
    outline_text(o, "description", buf_text(&text));
    o->to->failed |= text.failed;
    buf_fini(&text);
}

static void add_response(struct openapi_outline *o, int status)
{
    char name[NAME_BYTES];

    outline_map(o, name_of(status, name));
    add_description(o, status);
    outline_map(o, "content");
    outline_map(o, "application/json");
    outline_map(o, "schema");
    outline_text(o, "$ref", TEXT("#/components/schemas/" SCHEMA));
    outline_end_map(o);
    outline_map(o, "examples");
    for (enum outcome e = 0; e < OUTCOME_COUNT; e++)
        if (outcome_row(e)->status == status && is_first(e))
            add_example(o, outcome_row(e));
    outline_end_map(o);
    outline_end_map(o);
    outline_end_map(o);
    outline_end_map(o);
}

void openapi_errors_responses(struct openapi_outline *o, const bool used[OPENAPI_STATUSES])
{
    for (int status = 0; status < OPENAPI_STATUSES; status++)
        if (used[status])
            add_response(o, status);
}

void openapi_errors_reference(struct openapi_outline *o, int status)
{
    char key[NAME_BYTES], name[NAME_BYTES], reference[3 * NAME_BYTES];

    snprintf(key, sizeof key, "%d", status);
    snprintf(reference, sizeof reference, "{%s: \"#/components/responses/%s\"}",
             o->flow ? "\"$ref\"" : "$ref", name_of(status, name));
    outline_raw(o, key, reference);
}
