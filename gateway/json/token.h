/*
 * token.h - where the tokens of a skeleton begin and end
 *
 * yajl says that a stretch is not JSON, but not reliably where the token
 * that it could not take begins.  This walks the tokens of one skeleton to
 * find it, once, when there is something to complain about.
 */
#ifndef JSON_TOKEN_H
#define JSON_TOKEN_H

#include "base/text.h"

struct token {
    size_t start, end; /* for a broken one, END is the byte that broke it */
    bool broken;       /* no JSON token */
    bool punctuation;  /* a comma or a colon */
};

/* True for white space (RFC 8259, 2). */
static inline bool token_is_space(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

/* True for a byte that numbers and literals are made of. */
static inline bool token_is_atom(char byte)
{
    unsigned char c = (unsigned char)byte, letter = c | 0x20;

    return (c >= '0' && c <= '9') || (letter >= 'a' && letter <= 'z') || c == '-' || c == '+' ||
           c == '.';
}

/*
 * The first token of the SKELETON at or behind FROM to TOKEN_OUT; false if
 * there is none.  A string counts as its two quotes.
 */
bool token_next(struct text skeleton, size_t from, struct token *token_out);

#endif
