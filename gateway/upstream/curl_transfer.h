/*
 * curl_transfer.h - one transfer: its handle, its reply, and whose turn it is
 *
 * A transfer answers the library's callbacks, tells its owner what came, and
 * keeps for itself what the library gets wrong: whether the reply is complete,
 * whether a request may go out on a kept connection, whether a deadline has
 * passed.  The loop gives it to the library and takes it back.
 */
#ifndef UPSTREAM_CURL_TRANSFER_H
#define UPSTREAM_CURL_TRANSFER_H

#include "upstream/curl_loop.h"
#include "upstream/reply.h"

struct upstream_transfer {
    struct upstream *upstream;
    CURL *easy;
    CURLU *origin;             /* the URL of `endpoint` */
    struct pool *pool;         /* that counts the request, until its end; or NULL */
    struct endpoint *endpoint; /* who is asked, or was last; a reference */
    uint64_t tls_mark;         /* of the settings of TLS that the handle has; 0: none */
    struct curl_slist *connect_to;
    char error[CURL_ERROR_SIZE];
    struct upstream_events events;
    void *owner;
    struct reply reply;
    struct wire *wire;    /* while it carries this request */
    void *request_memory; /* target and header list, as the library wants them */
    struct text whole;
    enum http_framing framing; /* of the body to send, after HEAD was seen to */
    uint64_t body_left;        /* where framing is HTTP_LENGTH */
    uint64_t first_byte_ms, between_bytes_ms;
    uint64_t since_ms; /* when something moved last */
    long buffer_size;  /* the handle's */
    unsigned sends;    /* how often the library was about to send the request */
    enum upstream_failure failure;
    long lifetime_s; /* the handle's, of connections */
    /* The sockets that were opened for it last, the newest first: of two families at most. */
    int opened[2];
    bool pending; /* counted so in the pool */
    bool in_multi;
    bool over;             /* cancelled or failed: callbacks say no */
    bool cancelled;        /* to be buried */
    bool failed;           /* with `failure` */
    bool told;             /* on_done or on_broke was called */
    bool heard;            /* a byte of a reply came */
    bool starved;          /* there was no descriptor or memory for its socket */
    bool on_kept;          /* the request went out on a kept connection */
    bool stale;            /* its kept connection was no good: once more, on a fresh one */
    bool fresh;            /* that is what it is doing */
    bool body_given;       /* all of it */
    bool shut;             /* the owner wants no pieces */
    bool more;             /* the owner has more to send */
    bool receive_paused;   /* the library's state */
    bool send_paused;      /* the library's state */
    bool end_suspected;    /* the library stopped reading while its sending was paused */
    bool complete_counted; /* in the upstream's complete_waiting */
    bool reuse_forbidden;  /* option set on the handle */
    bool on_agenda;
    bool again; /* something came up since the turn last looked at it */
    STAILQ_ENTRY(upstream_transfer) agenda_link;
    TAILQ_ENTRY(upstream_transfer) link; /* live or spare */
};

/* A transfer with a handle of its own; NULL: no memory. */
struct upstream_transfer *transfer_new(struct upstream *u);

/* Frees the transfer at *T and its handle. */
void transfer_free(struct upstream_transfer **t);

/* Forgets the last request, keeping the handle. */
void transfer_clear(struct upstream_transfer *t);

/* Sets T up for REQUEST (curl_request.c).  False: no memory. */
bool transfer_request(struct upstream_transfer *t, const struct upstream_request *request);

/* Makes T ready to be sent on a fresh connection, its kept one being no good. */
void transfer_renew(struct upstream_transfer *t);

/* Brings the library's pause state in line with what the owner wants. */
void transfer_unpause(struct upstream_transfer *t);

/* Looks whether the library overlooked the end of the connection. */
void transfer_check_end(struct upstream_transfer *t);

/* Notes that T cannot go on, WHY. */
void transfer_fail(struct upstream_transfer *t, enum upstream_failure why);

/* Tells T's end to its owner; RESULT is the library's, if it came to one.  Last. */
void transfer_tell_end(struct upstream_transfer *t, CURLcode result);

/* T's endpoint has come to VERDICT; the first counts. */
void transfer_give_back(struct upstream_transfer *t, enum pool_verdict verdict);

/* When T fails unless something moves; UINT64_MAX: never. */
uint64_t transfer_deadline(const struct upstream_transfer *t);

/* --- curl_socket.c ---------------------------------------------------------------- */

/* Has the library ask for T's sockets and give them back. */
CURLcode transfer_sockets(struct upstream_transfer *t);

/* True if what comes in on T's connection are the bytes of replies and nothing else. */
bool transfer_is_plain(const struct upstream_transfer *t);

/*
 * T is about to be taken back: sockets of its that never connected are no
 * wires any more, for the library closes them without telling.
 */
void transfer_let_go(const struct upstream_transfer *t);

/* --- curl_tls.c ------------------------------------------------------------------- */

/* Has T speak TLS as POOL says, if its handle did not. */
CURLcode transfer_tls(struct upstream_transfer *t, const struct pool *pool);

/*
 * The URL gets NAME, that the service goes by, which is then asked for and
 * verified; where to connect is told besides.  Absent: the URL's own holds.
 */
CURLcode transfer_tls_name(struct upstream_transfer *t, struct text name);

/*
 * True if the socket hides that bytes of T's kept connection wait: the library
 * reads no further than a reply's end, and the rest of its record stays in TLS.
 */
bool transfer_tls_holds(const struct upstream_transfer *t);

/* Says why TLS with the service failed, if it did, of which no reply tells; not too often. */
void transfer_tls_tell(struct upstream_transfer *t, CURLcode result);

#endif
