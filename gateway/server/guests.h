/*
 * guests.h - who may connect: all clients of the process, and each of them
 *
 * Counts the connections of all workers, and of each client address if that
 * is limited.  One too many still gets an answer, a 503 to its first request,
 * as long as there are few of that kind; beyond that it is closed at once.
 * A client is an IPv4 address or an IPv6 network of 64 bits, what a site is
 * given; clients of unix sockets have no address and are not told apart.
 */
#ifndef SERVER_GUESTS_H
#define SERVER_GUESTS_H

#include "front/front.h"

struct guests;

enum { GUESTS_TURNED_AWAY_MAX = 256 /* connections that only wait for their 503 */ };

/*
 * CONNECTIONS at most, and PER_CLIENT of one client (0: as many); beside them
 * TURNED_AWAY that wait for their 503.  NULL: no memory.  Entering and leaving are for any thread.
 */
struct guests *guests_new(size_t connections, size_t per_client, size_t turned_away);

/* What is to be done with a new connection of PEER, its address as text; empty: it is told later.
 */
enum front_entry guests_enter(struct guests *g, struct text peer);

/* The connection that entered as ENTRY without a PEER is this one's: how it goes on. */
enum front_entry guests_name(struct guests *g, struct text peer, enum front_entry entry);

/* WHY nobody told whose connection it was; it leaves without a peer. */
void guests_note_untold(struct guests *g, enum front_untold why);

/* How often that was so, for WHY. */
uint64_t guests_untold(const struct guests *g, enum front_untold why);

/* A connection of PEER that entered as ENTRY has gone; not for FRONT_CLOSE. */
void guests_leave(struct guests *g, struct text peer, enum front_entry entry);

/* The connections there are now, and how many of them there may be. */
size_t guests_count(const struct guests *g);
size_t guests_most(const struct guests *g);

/* Connections that were welcome since the start; that were one too many. */
uint64_t guests_welcomed(const struct guests *g);
uint64_t guests_refused(const struct guests *g);

/* Frees the guests at *G, if any, and sets *G to NULL. */
void guests_free(struct guests **g);

#endif
