#include "cli/refusal.h"

#include "base/quote.h"
#include "exchange/outcome.h"

#include <inttypes.h>
#include <sysexits.h>

static enum outcome outcome_of(enum direction direction, enum translate_code code)
{
    if (code == TRANSLATE_NO_MEMORY)
        return OUTCOME_EXHAUSTED;
    if (direction == RESPONSE)
        return OUTCOME_UPSTREAM_INVALID;
    return code == TRANSLATE_CONFLICT       ? OUTCOME_CONFLICTING_FIELDS
           : code == TRANSLATE_INVALID_FORM ? OUTCOME_BAD_REQUEST
                                            : OUTCOME_INVALID_JSON;
}

const char *refusal_code(enum direction direction, enum translate_code code)
{
    return code == TRANSLATE_OK ? NULL : outcome_row(outcome_of(direction, code))->code;
}

static const char *phrase(const struct translate_fault *fault)
{
    return fault->what ? fault->what : "body refused";
}

void refusal_print(const struct translate_fault *fault, const char *file, FILE *to)
{
    fprintf(to, "%s:%" PRIu64 ":%" PRIu64 ": error: %s (byte %" PRIu64 ")\n", file,
            fault->place.line, fault->place.column, phrase(fault), fault->place.offset);
    if (fault->code == TRANSLATE_CONFLICT)
        fprintf(to, "    \"%.*s\" was given before at %" PRIu64 ":%" PRIu64 " (byte %" PRIu64 ")\n",
                TEXT_ARG(fault->name), fault->first.line, fault->first.column, fault->first.offset);
}

static void add_place(struct buf *line, struct body_place place)
{
    buf_add(line, TEXT("\"offset\":"));
    buf_add_u64(line, place.offset);
    buf_add(line, TEXT(",\"line\":"));
    buf_add_u64(line, place.line);
    buf_add(line, TEXT(",\"column\":"));
    buf_add_u64(line, place.column);
}

void refusal_print_json(const struct translate_fault *fault, enum direction direction, FILE *to)
{
    struct buf line;

    buf_init(&line, SIZE_MAX);
    buf_add_byte(&line, '{');
    add_place(&line, fault->place);
    buf_add(&line, TEXT(",\"code\":"));
    quote_json(&line, text_from(refusal_code(direction, fault->code)), SIZE_MAX);
    buf_add(&line, TEXT(",\"message\":"));
    quote_json(&line, text_from(phrase(fault)), SIZE_MAX);
    if (fault->code == TRANSLATE_CONFLICT) {
        buf_add(&line, TEXT(",\"name\":"));
        quote_json(&line, fault->name, SIZE_MAX);
        buf_add(&line, TEXT(",\"first\":{"));
        add_place(&line, fault->first);
        buf_add_byte(&line, '}');
    }
    buf_add(&line, TEXT("}\n"));
    fwrite(buf_text(&line).at, 1, buf_text(&line).len, to);
    buf_fini(&line);
}

int refusal_exit(enum translate_code code)
{
    return code == TRANSLATE_OK ? EX_OK : code == TRANSLATE_NO_MEMORY ? EX_OSERR : EX_DATAERR;
}
