/*
 * reader_inside.h - what the files of the reader share
 *
 * For reader.c, which takes whole tokens, and unfinished.c, which takes what
 * is left of one when a piece ends in it.
 */
#ifndef JSON_READER_INSIDE_H
#define JSON_READER_INSIDE_H

#include "json/reader.h"
#include "json/skeleton.h"
#include "json/token.h"

/* Public phrases for faults. */
extern const char READER_FOLLOWS[], READER_CUT_SHORT[], READER_LONG_NUMBER[];

/* Counts the piece up to TO, which is not behind what has been counted, and says where that is. */
struct body_place reader_count_to(struct reader *r, const char *to);

/* SPAN leaves, if there is anything in it. */
void reader_emit(struct reader *r, struct text span);

/* Passes on the piece up to TO, and goes on behind it. */
void reader_pass(struct reader *r, const char *to);

/* Latches a fault.  Returns false. */
bool reader_fail(struct reader *r, enum reader_verdict verdict, struct body_place place,
                 const char *what);

/* The text goes wrong at AT of the piece; what precedes it leaves.  Returns false. */
bool reader_refuse_at(struct reader *r, const char *at, const char *what);

/* True if the one value of the text is complete, though its string may be open. */
bool reader_is_done(const struct reader *r);

/*
 * True if yajl takes STRETCH, whole tokens all; else *TOKEN_OUT is the one it
 * refused, and R->refusal says why.
 */
bool reader_feed(struct reader *r, struct text stretch, struct token *token_out);

#endif
