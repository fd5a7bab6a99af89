/*
 * reload.h - the configuration in force, and how another takes its place
 *
 * All or nothing: both files are read and proven aside; only then does the
 * new configuration follow the old one.  A bad one changes nothing and its
 * complaints go to the log and to whoever asked.
 */
#ifndef SERVER_RELOAD_H
#define SERVER_RELOAD_H

#include "base/buf.h"
#include "conf/conf.h"

struct event_base;
struct reload;

/* Where the process's configuration came from, so that it can be read again. */
struct reload_source {
    const char *file;
    struct conf_overrides overrides;
    char *const *environment;
};

struct reload_counts {
    uint64_t refused, taken;
    bool last_taken; /* the newest one; true before the first */
};

/* Whose configuration it is. */
struct reload_host {
    /*
     * CONF is sound by itself: true if it can be in force, and then it will
     * be; else D tells why not.  NULL: it always can.
     */
    bool (*prove)(void *owner, const struct conf *conf, struct diag *d);
    /* CONF is in force. */
    void (*taken)(void *owner, struct conf *conf);
    void *owner;
};

/*
 * A new one on BASE for CONF, of which it takes a reference; HOST is copied.
 * If CONF says so its files are watched.  SOURCE's texts outlive it.  NULL: no
 * memory.
 */
struct reload *reload_new(struct event_base *base, struct conf *conf,
                          const struct reload_source *source, const struct reload_host *host);

/*
 * Reads the files again because of WHY ("signal", "file changed", "asked").
 * True if what they say is in force now, changed or not.  COMPLAINTS (may be
 * NULL) gets all there is to say about them, one JSON object a line.
 */
bool reload_now(struct reload *r, const char *why, struct buf *complaints);

/* The configuration in force; borrowed. */
const struct conf *reload_conf(const struct reload *r);

struct reload_counts reload_counts(const struct reload *r);

/* Frees it and gives back its reference; sets *R to NULL. */
void reload_free(struct reload **r);

#endif
