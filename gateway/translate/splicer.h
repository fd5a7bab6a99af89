/*
 * splicer.h - one JSON text from one dialect to the other
 *
 * A splicer walks a text with the rules of one route: it knows at every
 * object and array where it stands (struct place), looks each key up once,
 * and tells the reader what is to leave in place of a key or a value.  All
 * other bytes leave as they came (mapping.md, contract of the translator).
 *
 * Knows nothing of framing: a body, a record or an event's data is one text.
 */
#ifndef TRANSLATE_SPLICER_H
#define TRANSLATE_SPLICER_H

#include "translate/collisions.h"
#include "translate/trail.h"
#include "translate/translate.h"
#include "json/reader.h"

/* One open object or array. */
struct splicer_frame {
    const struct place *here;
    const struct place *plain; /* of elements and of members no rule knows, once asked for */
    const struct name *name;   /* of the member at hand; NULL: unknown, or in an array */
    const struct pair *pair;   /* in force for that member, or NULL */
    struct collisions_row row;
};

struct splicer {
    const struct rules *rules;
    enum direction direction;
    const struct translate_scene *scene;
    const struct translate_watcher *watcher; /* or NULL */
    struct sink sink;
    struct translate_limits limits;
    size_t longest_key; /* the raw length up to which a key may be a name */

    struct reader reader;
    struct splicer_frame *frames;
    size_t depth, room;
    const struct value_rule *rule; /* for the string value at hand */
    struct collisions collisions;
    const struct watch *watch; /* names to be watched out for; NULL: none */
    struct trail trail;        /* kept if there are */
    struct buf decoded;        /* a key or value with escapes, read */
    struct buf changed;        /* a value before it is escaped */
    struct buf written;        /* what leaves instead */
    struct translate_fault fault;
};

/* Makes S ready for one text; arguments as for translator_new.  False: no memory. */
bool splicer_init(struct splicer *s, const struct rules *rules, enum direction d,
                  const struct translate_limits *limits, const struct translate_scene *scene,
                  const struct translate_watcher *watcher, struct sink sink);

/* Makes S ready for the next text. */
void splicer_restart(struct splicer *s);

void splicer_fini(struct splicer *s);

/* Takes one piece of the text.  After anything but TRANSLATE_OK only _fini and _restart follow. */
enum translate_code splicer_piece(struct splicer *s, struct text piece);

/* Tells the end of the text. */
enum translate_code splicer_end(struct splicer *s);

/*
 * For splicer.c: what the string VALUE (decoded) becomes by S->rule, to TO.
 * False if it stays; TO->failed if there is no memory for it.
 */
bool splicer_value(const struct splicer *s, struct text value, struct buf *to);

#endif
