/*
 * unpack.h - a coded body, decoded no faster than its reader takes it
 *
 * Coded bytes go in as they come; decoded ones come out until the reader
 * says stop.  What was not decoded by then waits here, still coded, until
 * unpack_go_on: a small piece that stands for a large body is never held
 * decoded.  Without a coding, pieces pass as they are.
 */
#ifndef EXCHANGE_UNPACK_H
#define EXCHANGE_UNPACK_H

#include "base/buf.h"
#include "coding/coding.h"
#include "http/field.h"

enum unpacked {
    UNPACKED_ALL,     /* what came in has gone out */
    UNPACKED_STOPPED, /* the reader said stop; the rest waits */
    UNPACKED_BAD,     /* the coded bytes are broken, cut short, or go on behind their end */
    UNPACKED_BOMB,    /* too much for what came in */
    UNPACKED_NO_MEMORY
};

struct unpack {
    struct decoder *decoder; /* NULL: no coding */
    struct buf rest;         /* coded bytes that wait */
    bool stopped;            /* more can come out of what came in */
    /* Takes decoded bytes; false is stop. */
    bool (*take)(void *owner, struct text bytes);
    void *owner;
};

/* The coding that Content-Encoding in FIELDS names; several of them are unknown. */
enum coding unpack_coding(const struct http_fields *fields);

/* Makes U ready for one body of CODING, not CODING_UNKNOWN.  False: no memory. */
bool unpack_init(struct unpack *u, enum coding coding, const struct coding_limits *limits,
                 bool (*take)(void *owner, struct text bytes), void *owner);

/* Frees what U holds; a zeroed U is fine. */
void unpack_fini(struct unpack *u);

/* One piece of the coded body. */
enum unpacked unpack_piece(struct unpack *u, struct text piece);

/* Goes on after a stop. */
enum unpacked unpack_go_on(struct unpack *u);

/* The coded body has ended and nothing waits: UNPACKED_ALL if it was complete. */
enum unpacked unpack_end(const struct unpack *u);

#endif
