/*
 * tls_tickets.h - the keys that session tickets are sealed with (RFC 5077)
 *
 * A client keeps its session in a ticket that only the gateway can open.  A
 * key seals for an hour; then another one takes its place, and it opens what
 * it sealed for an hour more.  So whoever learns the keys of one moment can
 * read no more than about two hours.  The keys are the process's: any worker
 * opens any ticket, and a reload changes none.
 *
 * Knows no certificate; it is told the time.  For the files tls*.c only.
 */
#ifndef FRONT_TLS_TICKETS_H
#define FRONT_TLS_TICKETS_H

#include <stdbool.h>
#include <stdint.h>

enum { TLS_TICKET_SEALS_S = 60 * 60, TLS_TICKET_OPENS_S = 2 * TLS_TICKET_SEALS_S };

struct ssl_ctx_st;
struct ssl_st;
struct tls_tickets;

struct tls_ticket_key {
    unsigned char name[16]; /* goes with the ticket, in clear */
    unsigned char aes[32], hmac[32];
    uint64_t born_s;
};

/* New ones, for any thread; the first key is made when it is needed.  NULL: no memory. */
struct tls_tickets *tls_tickets_new(void);

/* Wipes and frees those at *T, if any, and sets *T to NULL. */
void tls_tickets_free(struct tls_tickets **t);

/* The key that seals at NOW_S.  False: no randomness for a new one. */
bool tls_tickets_sealing(struct tls_tickets *t, uint64_t now_s, struct tls_ticket_key *key_out);

/*
 * The key NAMEd, if it opens tickets at NOW_S; *OLD_OUT is true if it seals
 * no more, so that the client wants a new ticket.  False: there is none.
 */
bool tls_tickets_opening(struct tls_tickets *t, uint64_t now_s, const unsigned char name[16],
                         struct tls_ticket_key *key_out, bool *old_out);

/* Has C seal and open with the tickets that each connection was given. */
bool tls_tickets_serve(struct ssl_ctx_st *c);

/* Gives SSL the tickets T, which live longer. */
bool tls_tickets_give(struct tls_tickets *t, struct ssl_st *ssl);

#endif
