/*
 * validators.h - entity tags of bodies that the gateway changes (RFC 9110, 8.8.3)
 *
 * The service's tag is of its own body; clients get another one, which
 * changes whenever the rules of the route do.  So the tag that leaves carries
 * a mark, `"abc;dp-s1a2b3c4d"`: the strength it had ("s" or "w") and 32 bits
 * of a digest of the rules.  What comes back in a condition is restored from
 * the mark alone; nothing is remembered.
 *
 * Knows tags and lists of them, and nothing of exchanges.
 */
#ifndef EXCHANGE_VALIDATORS_H
#define EXCHANGE_VALIDATORS_H

#include "base/buf.h"

/* What becomes of a field. */
enum validators_verdict {
    VALIDATORS_STAYS,   /* nothing was appended */
    VALIDATORS_CHANGED, /* its new value was appended */
    VALIDATORS_DROPPED  /* nothing is left of it */
};

/*
 * Appends the service's tag ETAG with a mark of DIGEST; a strong one leaves
 * weak if WEAKEN.  A malformed tag stays.
 */
enum validators_verdict validators_mark(struct text etag, uint64_t digest, bool weaken,
                                        struct buf *to);

/* Appends VALUE, an If-Match, with every mark taken off, whatever its digest. */
enum validators_verdict validators_restore(struct text value, struct buf *to);

/*
 * Appends those tags of VALUE, an If-None-Match, that have the mark of
 * DIGEST, without it: all others are of bodies that are made no more.
 */
enum validators_verdict validators_current(struct text value, uint64_t digest, struct buf *to);

/*
 * True if VALUE, an If-None-Match, lists the strong tag TAG as a weak one and
 * not as it is: that is the strength in which its owner got it.
 */
bool validators_weakly(struct text value, struct text tag);

/*
 * True if VALUE, an If-None-Match, lists the strong tag TAG in either strength
 * (RFC 9110, 13.1.2), or is "*".
 */
bool validators_known(struct text value, struct text tag);

/*
 * True if VALUE, an If-Modified-Since, is a date after LOADED (seconds since
 * the epoch), so that what it speaks of was made by the present rules.
 */
bool validators_since(struct text value, int64_t loaded);

#endif
