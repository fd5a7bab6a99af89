#include "json/token.h"

static bool is_digit(struct text t, size_t at)
{
    return at < t.len && t.at[at] >= '0' && t.at[at] <= '9';
}

static bool is_one_of(struct text t, size_t at, char a, char b)
{
    return at < t.len && (t.at[at] == a || t.at[at] == b);
}

/* Past at least one digit; false if there is none. */
static bool digits(struct text t, size_t *at)
{
    size_t from = *at;

    while (is_digit(t, *at))
        (*at)++;
    return *at > from;
}

/* RFC 8259, 6; *AT is left behind the number, or at the byte that broke it. */
static bool number(struct text t, size_t *at)
{
    if (is_one_of(t, *at, '-', '-'))
        (*at)++;
    if (is_one_of(t, *at, '0', '0'))
        (*at)++;
    else if (!digits(t, at))
        return false;
    if (is_one_of(t, *at, '.', '.')) {
        (*at)++;
        if (!digits(t, at))
            return false;
    }
    if (is_one_of(t, *at, 'e', 'E')) {
        (*at)++;
        if (is_one_of(t, *at, '+', '-'))
            (*at)++;
        return digits(t, at);
    }
    return true;
}

static bool literal(struct text t, size_t *at, struct text word)
{
    for (size_t i = 0; i < word.len; i++, (*at)++)
        if (*at >= t.len || t.at[*at] != word.at[i])
            return false;
    return true;
}

bool token_next(struct text t, size_t from, struct token *token)
{
    while (from < t.len && token_is_space(t.at[from]))
        from++;
    if (from >= t.len)
        return false;
    *token = (struct token){.start = from, .end = from + 1};
    switch (t.at[from]) {
    case ',':
    case ':':
        token->punctuation = true;
        break;
    case '{':
    case '}':
    case '[':
    case ']':
        break;
    case '"':
        token->end++;
        break;
    case 't':
        token->end = from;
        token->broken = !literal(t, &token->end, TEXT("true"));
        break;
    case 'f':
        token->end = from;
        token->broken = !literal(t, &token->end, TEXT("false"));
        break;
    case 'n':
        token->end = from;
        token->broken = !literal(t, &token->end, TEXT("null"));
        break;
    default:
        token->end = from;
        token->broken = !number(t, &token->end);
        break;
    }
    return true;
}
