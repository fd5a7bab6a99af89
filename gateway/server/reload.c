#include "server/reload.h"

#include "base/log.h"
#include "conf/succession.h"
#include "server/file_watch.h"
#include "server/notify.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { COMPLAINTS_LOGGED = 10 };

struct reload {
    struct conf *conf;
    struct reload_source source;
    struct file_watch *watch; /* NULL: files are not watched */
    struct reload_counts counts;
    struct reload_host host;
};

/* --- what is wrong, told ------------------------------------------------------- */

static void log_complaints(struct diag *d)
{
    size_t count;
    const struct complaint *list = diag_list(d, &count);

    for (size_t i = 0; i < count && i < COMPLAINTS_LOGGED; i++)
        LOG(list[i].severity == SEVERITY_ERROR ? LOG_ERROR : LOG_WARN, "configuration complaint",
            LOG_S("file", list[i].where.file), LOG_N("line", list[i].where.line),
            LOG_N("column", list[i].where.column), LOG_S("message", list[i].message),
            LOG_S("hint", list[i].hint ? list[i].hint : ""));
}

static void print_complaints(struct diag *d, struct buf *to)
{
    char *printed = NULL;
    size_t length = 0;
    FILE *memory = open_memstream(&printed, &length);

    if (!memory)
        return;
    diag_print_json(d, memory);
    fclose(memory);
    buf_add(to, text_of(printed, length));
    free(printed);
}

/* --- taking over ---------------------------------------------------------------- */

static void watch_files(struct reload *r)
{
    if (r->watch && !file_watch_set(r->watch, r->conf->files, r->conf->file_count))
        LOG(LOG_WARN, "files are not watched", LOG_S("reason", strerror(errno)),
            LOG_S("hint", "reload with SIGHUP"));
}

static void take_over(struct reload *r, struct conf *next, const char *why)
{
    struct conf *old = r->conf;

    r->conf = next;
    log_setup(next->settings.log_level, next->settings.log_format);
    watch_files(r);
    r->host.taken(r->host.owner, next);
    LOG(LOG_INFO, "reloaded", LOG_S("why", why), LOG_T("mapping", mapping_digest(next->mapping)),
        LOG_T("mapping_before", mapping_digest(old->mapping)));
    conf_unref(&old);
}

/* What the files say now; NULL if that may not be in force, and D tells why. */
static struct conf *next_conf(const struct reload *r, struct diag *d)
{
    if (r->watch)
        file_watch_note(r->watch); /* before they are read: what comes later is news */
    struct conf *next = conf_load(r->source.file, &r->source.overrides, r->source.environment, d);
    if (next && !(conf_may_follow(r->conf, next, d) &&
                  (!r->host.prove || r->host.prove(r->host.owner, next, d))))
        conf_unref(&next);
    return next;
}

bool reload_now(struct reload *r, const char *why, struct buf *complaints)
{
    struct diag *d = diag_new();

    notify_reloading();
    struct conf *next = d ? next_conf(r, d) : NULL;
    size_t errors = d ? diag_errors(d) : 0;
    if (d)
        log_complaints(d);
    if (d && complaints)
        print_complaints(d, complaints);
    diag_free(&d);
    r->counts.last_taken = next;
    if (next) {
        r->counts.taken++;
        take_over(r, next, why);
        notify_ready(mapping_digest(next->mapping), "");
        return true;
    }
    r->counts.refused++;
    LOG(LOG_ERROR, "reload refused", LOG_S("why", why),
        LOG_T("mapping", mapping_digest(r->conf->mapping)), LOG_N("errors", errors),
        LOG_S("hint", "the old configuration stays in force; dpgw check tells what is wrong"));
    notify_ready(mapping_digest(r->conf->mapping), "; the newest reload was refused");
    return false;
}

static void on_changed(void *owner)
{
    reload_now(owner, "file changed", NULL);
}

/* --- life ------------------------------------------------------------------------- */

struct reload *reload_new(struct event_base *base, struct conf *conf,
                          const struct reload_source *source, const struct reload_host *host)
{
    struct reload *r = calloc(1, sizeof *r);

    if (!r)
        return NULL;
    *r = (struct reload){
        .conf = conf_ref(conf), .source = *source, .counts = {.last_taken = true}, .host = *host};
    if (conf->settings.reload == RELOAD_AUTO) {
        r->watch = file_watch_new(base, on_changed, r);
        if (!r->watch)
            reload_free(&r);
        else
            watch_files(r);
    }
    return r;
}

const struct conf *reload_conf(const struct reload *r)
{
    return r->conf;
}

struct reload_counts reload_counts(const struct reload *r)
{
    return r->counts;
}

void reload_free(struct reload **r)
{
    if (!*r)
        return;
    file_watch_free(&(*r)->watch);
    conf_unref(&(*r)->conf);
    free(*r);
    *r = NULL;
}
