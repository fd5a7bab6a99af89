#include "conf/yaml_characters.h"

#include "base/utf8.h"

/* What is wrong with the character CODE, N bytes long (0: malformed), before NEXT; or NULL. */
static const char *character_fault(uint32_t code, size_t n, char next)
{
    if (n == 0)
        return "not UTF-8 text";
    if (code == 0x85 || code == 0x2028 || code == 0x2029)
        return "an unusual line separator is not accepted";
    if (code == '\r')
        return next == '\n' ? NULL : "a carriage return without a line feed is not accepted";
    if ((code < 0x20 && code != '\t' && code != '\n') || (code >= 0x7f && code < 0xa0) ||
        code == 0xfffe || code == 0xffff)
        return "a control character is not accepted";
    return NULL;
}

bool yaml_characters_sound(const char *file, struct text source, struct diag *d)
{
    struct where where = {.file = file, .line = 1, .column = 1};

    for (size_t at = 0, n; at < source.len; at += n) {
        uint32_t code = 0;
        char next = at + 1 < source.len ? source.at[at + 1] : 0;

        n = utf8_char(text_from_offset(source, at), &code);
        const char *fault = character_fault(code, n, next);
        if (fault && n > 0)
            diag_error(d, where, "character", "%s (U+%04X)", fault, (unsigned)code);
        else if (fault)
            diag_error(d, where, "character", "%s", fault);
        if (fault)
            return false;
        where.column++;
        if (code == '\n') {
            where.line++;
            where.column = 1;
        }
    }
    return true;
}
