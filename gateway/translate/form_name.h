/*
 * form_name.h - the names of one form, one after the other; for this room only
 *
 * Query parameters, urlencoded fields and the parts of a multipart form have
 * names of one kind: parts between brackets (`filter[dataProductId]` has
 * two), compared decoded, of which only those that are renamed are written
 * anew.  How bytes stand for a name differs; that is a coding.
 *
 * All names of a form count as members of one object: those that a rule
 * knows are remembered by the hash of what they left as, to see two of them
 * meet under one name.
 */
#ifndef TRANSLATE_FORM_NAME_H
#define TRANSLATE_FORM_NAME_H

#include "base/buf.h"
#include "translate/translate.h"

/* How the bytes of a name are written. */
struct form_coding {
    /* The first decoded byte of RAW, which is not empty, and how many raw bytes it takes. */
    char (*take)(struct text raw, size_t *taken_out);
    /* Appends NAME as such bytes. */
    void (*add)(struct buf *to, struct text name);
};

/* application/x-www-form-urlencoded: "%HH", and "+" for a space.  A broken escape is itself. */
extern const struct form_coding form_urlencoded;

struct form_seen;

struct form_names {
    const struct rules *rules;
    enum direction direction;
    enum direction table; /* of the pairs that count: a query's are a request's in a reply too */
    enum collision_policy policy;
    const struct translate_watcher *watcher; /* or NULL */
    enum unmapped kind;                      /* of names that it is told of */
    size_t most;                             /* different known names to be remembered */
    uint64_t seed;               /* of hashes, not to be guessed by whoever chose the names */
    struct form_seen *seen;      /* one after the other */
    uint32_t *slots;             /* number of one + 1, by hash; 0 is free */
    size_t count, room;          /* of SEEN; slots are twice as many as room */
    const struct pair *conflict; /* that made two names meet */
    struct translate_fault fault;
};

struct form_name {
    const struct form_coding *coding;
    struct text raw;
    struct body_place place; /* of its first byte */
};

/* The value of the hexadecimal digit C, or -1. */
int form_hex_digit(char c);

/* Appends C as "%HH". */
void form_add_escaped(struct buf *to, char c);

/*
 * An empty form in direction D, with the pairs of TABLE; it remembers at most
 * MOST different names.  Takes no memory yet.
 */
void form_names_init(struct form_names *n, const struct rules *rules, enum direction d,
                     enum direction table, size_t most);
void form_names_fini(struct form_names *n);

/*
 * Appends to TO what NAME leaves as.  Where it meets another one,
 * COLLISION_REJECT answers TRANSLATE_CONFLICT, and COLLISION_KEEP lets it
 * leave under its other name.  TRANSLATE_INVALID_FORM: one name too many.
 * After anything but TRANSLATE_OK, N->fault tells what was wrong.
 */
enum translate_code form_names_take(struct form_names *n, const struct form_name *name,
                                    struct buf *to);

/* True if the values of the parameter NAME list names (`names_in`). */
bool form_names_lists(const struct form_names *n, const struct form_name *name);

/* Appends the urlencoded LIST of names as it leaves: "-dataProductId,owner.dataProduct". */
void form_names_list(const struct form_names *n, struct text list, struct buf *to);

#endif
