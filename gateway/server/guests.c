#include "server/guests.h"

#include "base/network.h"
#include "base/quota.h"

#include <assert.h>
#include <pthread.h>
#include <search.h>
#include <stdlib.h>

enum { CLIENT_BITS = 64 /* of an IPv6 address */ };

/* A client with at least one connection. */
struct client {
    unsigned char at[16];
    size_t connections;
};

struct guests {
    struct quota all, turned_away;
    size_t per_client;
    _Atomic uint64_t welcomed, refused;
    _Atomic uint64_t untold[FRONT_UNTOLD_COUNT];
    pthread_mutex_t lock; /* of the clients */
    void *clients;        /* tsearch's tree of struct client: no address makes it slow */
};

static int compare(const void *a, const void *b)
{
    return memcmp(((const struct client *)a)->at, ((const struct client *)b)->at,
                  sizeof((const struct client *)a)->at);
}

/* Reads PEER into CLIENT; false if it is nobody to be told apart. */
static bool client_of(struct text peer, struct client *client_out)
{
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

    if (!network_address(peer, client_out->at))
        return false;
    if (memcmp(client_out->at, mapped, sizeof mapped) != 0)
        memset(client_out->at + CLIENT_BITS / 8, 0, sizeof client_out->at - CLIENT_BITS / 8);
    return true;
}

/* The client like KEY in the tree, a new one if need be; NULL: no memory. */
static struct client *find_or_add(struct guests *g, const struct client *key)
{
    struct client **place = tsearch(key, &g->clients, compare);

    if (!place || *place != key)
        return place ? *place : NULL;
    struct client *made = malloc(sizeof *made);
    if (made)
        *made = *key;
    else
        tdelete(key, &g->clients, compare);
    *place = made ? made : *place;
    return made;
}

static bool client_enters(struct guests *g, struct text peer)
{
    struct client key = {.connections = 0};
    bool room = true;

    if (g->per_client == 0 || !client_of(peer, &key))
        return true;
    pthread_mutex_lock(&g->lock);
    struct client *client = find_or_add(g, &key);
    room = client && client->connections < g->per_client;
    if (room)
        client->connections++;
    pthread_mutex_unlock(&g->lock);
    return room;
}

static void client_leaves(struct guests *g, struct text peer)
{
    struct client key;

    if (g->per_client == 0 || !client_of(peer, &key))
        return;
    pthread_mutex_lock(&g->lock);
    struct client **place = tfind(&key, &g->clients, compare);
    assert(place);
    struct client *client = *place;
    if (--client->connections == 0) {
        tdelete(&key, &g->clients, compare);
        free(client);
    }
    pthread_mutex_unlock(&g->lock);
}

static enum front_entry turn_away(struct guests *g)
{
    atomic_fetch_add_explicit(&g->refused, 1, memory_order_relaxed);
    return quota_take(&g->turned_away) ? FRONT_REFUSE : FRONT_CLOSE;
}

/* A connection, counted among all, is PEER's: may it stay? */
static enum front_entry receive(struct guests *g, struct text peer)
{
    if (client_enters(g, peer)) {
        atomic_fetch_add_explicit(&g->welcomed, 1, memory_order_relaxed);
        return FRONT_WELCOME;
    }
    quota_give(&g->all);
    return turn_away(g);
}

enum front_entry guests_enter(struct guests *g, struct text peer)
{
    if (!quota_take(&g->all))
        return turn_away(g);
    return peer.len > 0 ? receive(g, peer) : FRONT_WELCOME;
}

enum front_entry guests_name(struct guests *g, struct text peer, enum front_entry entry)
{
    return entry == FRONT_WELCOME ? receive(g, peer) : entry;
}

void guests_note_untold(struct guests *g, enum front_untold why)
{
    atomic_fetch_add_explicit(&g->untold[why], 1, memory_order_relaxed);
}

uint64_t guests_untold(const struct guests *g, enum front_untold why)
{
    return atomic_load_explicit(&g->untold[why], memory_order_relaxed);
}

void guests_leave(struct guests *g, struct text peer, enum front_entry entry)
{
    assert(entry != FRONT_CLOSE);
    if (entry == FRONT_REFUSE) {
        quota_give(&g->turned_away);
        return;
    }
    client_leaves(g, peer);
    quota_give(&g->all);
}

struct guests *guests_new(size_t connections, size_t per_client, size_t turned_away)
{
    struct guests *g = calloc(1, sizeof *g);

    if (!g)
        return NULL;
    quota_init(&g->all, connections);
    quota_init(&g->turned_away, turned_away);
    g->per_client = per_client;
    if (pthread_mutex_init(&g->lock, NULL) == 0)
        return g;
    free(g);
    return NULL;
}

size_t guests_count(const struct guests *g)
{
    return quota_taken(&g->all) + quota_taken(&g->turned_away);
}

size_t guests_most(const struct guests *g)
{
    return g->all.most;
}

uint64_t guests_welcomed(const struct guests *g)
{
    return atomic_load_explicit(&g->welcomed, memory_order_relaxed);
}

uint64_t guests_refused(const struct guests *g)
{
    return atomic_load_explicit(&g->refused, memory_order_relaxed);
}

void guests_free(struct guests **g)
{
    if (!*g)
        return;
    assert(!(*g)->clients && quota_taken(&(*g)->all) == 0);
    pthread_mutex_destroy(&(*g)->lock);
    free(*g);
    *g = NULL;
}
