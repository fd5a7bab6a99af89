#include "translate/multipart_head.h"

#include "translate/multipart_parameter.h"

/* One head on its way. */
struct passing {
    struct form_names *names;
    struct text head;
    size_t copied; /* bytes of HEAD that TO has, or something in their stead */
    struct lines lines;
    struct buf *to;
};

/* What the fields of a head say of its part. */
struct content {
    size_t types, json_types; /* Content-Type fields, and those that say JSON */
    bool coded;               /* the bytes are not the text itself */
};

/* --- codings of names ---------------------------------------------------------------- */

static char take_plain(struct text raw, size_t *taken_out)
{
    *taken_out = 1;
    return raw.at[0];
}

/* "%22", "%0D" and "%0A" are all that browsers escape: not the percent sign itself. */
static char take_quoted(struct text raw, size_t *taken_out)
{
    char c = raw.at[0];

    *taken_out = 1;
    if (c == '\\' && raw.len > 1 && (raw.at[1] == '"' || raw.at[1] == '\\')) {
        *taken_out = 2;
        return raw.at[1];
    }
    if (c != '%' || raw.len < 3)
        return c;
    struct text digits = text_of(raw.at + 1, 2);
    char escaped = text_eq(digits, TEXT("22"))          ? '"'
                   : text_eq_nocase(digits, TEXT("0D")) ? '\r'
                   : text_eq_nocase(digits, TEXT("0A")) ? '\n'
                                                        : 0;
    *taken_out = escaped ? 3 : 1;
    return escaped ? escaped : c;
}

static void add_quoted(struct buf *to, struct text name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];

        if (c == '\r' || c == '\n') {
            form_add_escaped(to, c);
            continue;
        }
        if (c == '"' || c == '\\')
            buf_add_byte(to, '\\');
        buf_add_byte(to, c);
    }
}

static char take_extended(struct text raw, size_t *taken_out)
{
    bool escape = raw.at[0] == '%' && raw.len >= 3 && form_hex_digit(raw.at[1]) >= 0 &&
                  form_hex_digit(raw.at[2]) >= 0;

    *taken_out = escape ? 3 : 1;
    return escape ? (char)(form_hex_digit(raw.at[1]) << 4 | form_hex_digit(raw.at[2])) : raw.at[0];
}

/* RFC 8187, 3.2.1: attr-char stands for itself. */
static void add_extended(struct buf *to, struct text name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        bool alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');

        if (alnum || (c && strchr("!#$&+-.^_`|~", c)))
            buf_add_byte(to, c);
        else
            form_add_escaped(to, c);
    }
}

static const struct form_coding plain = {take_plain, buf_add}, quoted = {take_quoted, add_quoted},
                                extended = {take_extended, add_extended};

/* --- names ------------------------------------------------------------------------------ */

/* Copies the head up to AT. */
static void copy_to(struct passing *p, const char *at)
{
    const char *from = p->head.at + p->copied;

    buf_add(p->to, text_of(from, (size_t)(at - from)));
    lines_pass(&p->lines, text_of(from, (size_t)(at - from)));
    p->copied = (size_t)(at - p->head.at);
}

/* RAW, which stands in the head, leaves as the name it is. */
static enum translate_code take_name(struct passing *p, const struct form_coding *coding,
                                     struct text raw)
{
    copy_to(p, raw.at);
    struct form_name name = {coding, raw, lines_place(&p->lines)};
    enum translate_code code = form_names_take(p->names, &name, p->to);
    lines_pass(&p->lines, raw);
    p->copied += raw.len;
    return code;
}

static bool may_be_bare(struct text name)
{
    for (size_t i = 0; i < name.len; i++)
        if (name.at[i] <= ' ' || name.at[i] == 0x7f || strchr("()<>@,;:\\\"/?=", name.at[i]))
            return false;
    return name.len > 0;
}

/* A bare name that leaves as what cannot be bare is put between quotes. */
static enum translate_code take_bare(struct passing *p, struct text raw)
{
    copy_to(p, raw.at);
    size_t from = p->to->len;
    enum translate_code code = take_name(p, &plain, raw);
    if (code != TRANSLATE_OK)
        return code;
    struct text left = text_from_offset(buf_text(p->to), from);
    if (text_eq(left, raw) || may_be_bare(left))
        return code;
    struct buf name;
    buf_init(&name, left.len);
    buf_add(&name, left);
    p->to->failed |= name.failed;
    p->to->len = from;
    buf_add_byte(p->to, '"');
    add_quoted(p->to, buf_text(&name));
    buf_add_byte(p->to, '"');
    buf_fini(&name);
    return code;
}

/* VALUE without the charset and language in front of it; absent if it is not UTF-8. */
static struct text extended_value(struct text value)
{
    size_t charset = text_find(value, '\'');

    if (!text_eq_nocase(text_of(value.at, charset), TEXT("UTF-8")) || charset == value.len)
        return (struct text){0};
    value = text_from_offset(value, charset + 1);
    size_t language = text_find(value, '\'');
    return language < value.len ? text_from_offset(value, language + 1) : (struct text){0};
}

static enum translate_code take_disposition(struct passing *p, struct text value)
{
    struct multipart_parameter parameter;
    enum translate_code code = TRANSLATE_OK;

    while (code == TRANSLATE_OK && multipart_parameter_next(&value, &parameter)) {
        struct text raw = parameter.value;

        if (!raw.at)
            continue;
        if (text_eq_nocase(parameter.name, TEXT("name"))) {
            code = parameter.quoted ? take_name(p, &quoted, raw) : take_bare(p, raw);
        } else if (text_eq_nocase(parameter.name, TEXT("name*"))) {
            raw = extended_value(raw);
            code = raw.at ? take_name(p, &extended, raw) : code;
        }
    }
    return code;
}

/* --- fields ------------------------------------------------------------------------------- */

/* Takes one field, its folded lines included, off *REST. */
static struct text take_field(struct text *rest)
{
    struct text field = *rest;
    size_t n = 0;

    do {
        n += text_find(text_from_offset(field, n), '\n');
        n += n < field.len;
    } while (n < field.len && (field.at[n] == ' ' || field.at[n] == '\t'));
    *rest = text_from_offset(field, n);
    return text_of(field.at, n);
}

/* True if the coding VALUE leaves the bytes of a part as they are. */
static bool is_identity(struct text value)
{
    return text_eq_nocase(value, TEXT("binary")) || text_eq_nocase(value, TEXT("8bit")) ||
           text_eq_nocase(value, TEXT("7bit")) || text_eq_nocase(value, TEXT("identity"));
}

static enum translate_code read_field(struct passing *p, struct text field, struct content *c)
{
    size_t colon = text_find(field, ':');

    if (colon == field.len)
        return TRANSLATE_OK;
    struct text name = multipart_trim(text_of(field.at, colon));
    struct text value = multipart_trim(text_from_offset(field, colon + 1));
    if (text_eq_nocase(name, TEXT("Content-Disposition")))
        return take_disposition(p, value);
    if (text_eq_nocase(name, TEXT("Content-Type"))) {
        c->types++;
        c->json_types += media_of(value) == MEDIA_JSON;
    } else if (text_eq_nocase(name, TEXT("Content-Transfer-Encoding")) ||
               text_eq_nocase(name, TEXT("Content-Encoding"))) {
        c->coded = c->coded || !is_identity(value);
    }
    return TRANSLATE_OK;
}

enum translate_code multipart_head_take(struct form_names *names, struct text head,
                                        struct lines lines, bool *json_out, struct buf *to)
{
    struct passing p = {.names = names, .head = head, .lines = lines, .to = to};
    struct content content = {0};
    enum translate_code code = TRANSLATE_OK;

    for (struct text rest = head; rest.len > 0 && code == TRANSLATE_OK;)
        code = read_field(&p, take_field(&rest), &content);
    *json_out = content.types == 1 && content.json_types == 1 && !content.coded;
    if (code != TRANSLATE_OK)
        return code;
    copy_to(&p, head.at + head.len);
    if (!to->failed)
        return TRANSLATE_OK;
    names->fault = (struct translate_fault){
        .code = TRANSLATE_NO_MEMORY, .place = lines_place(&lines), .what = "no memory"};
    return TRANSLATE_NO_MEMORY;
}
