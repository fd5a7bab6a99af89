#include "server/sockets.h"

#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

/* --- inherited ------------------------------------------------------------ */

static bool adopt(struct bound *b, int fd, const char *role)
{
    *b = (struct bound){.fd = fd, .inherited = true};
    if (address_adopt(fd, b->address))
        return true;
    LOG(LOG_ERROR, "cannot listen", LOG_N("inherited", fd), LOG_S("role", role),
        LOG_S("reason", strerror(errno)), LOG_S("hint", "a listening stream socket is wanted"));
    return false;
}

/* True if NAME, of an inherited descriptor, says that it is for operators. */
static bool is_for_admin(const char *name)
{
    return name && text_eq(text_from(name), TEXT("admin"));
}

/* What the NAME of an inherited descriptor says in the words of an address; else nothing. */
static struct endpoint_way way_of_name(const char *name)
{
    struct endpoint_way way;
    struct text unknown;

    if (!name || !endpoint_read_words(text_trim(text_from(name)), &way, &unknown))
        way = (struct endpoint_way){0};
    return way;
}

static bool adopt_all(struct sockets *all, char *const *names, int count)
{
    for (int i = 0; i < count; i++) {
        int fd = SD_LISTEN_FDS_START + i;
        bool admin = is_for_admin(names[i]);
        size_t *taken = admin ? &all->admin_count : &all->client_count;

        if (*taken == ADDRESSES_MAX) {
            LOG(LOG_ERROR, "too many inherited sockets", LOG_N("most", ADDRESSES_MAX));
            return false;
        }
        struct bound *b = admin ? &all->admin[*taken] : &all->client[*taken];
        ++*taken;
        if (!adopt(b, fd, admin ? "admin" : "client"))
            return false;
        if (!admin)
            b->way = way_of_name(names[i]);
    }
    return true;
}

static bool inherit(struct sockets *all)
{
    char **names = NULL;
    int count = sd_listen_fds_with_names(0, &names);

    if (count < 0) {
        LOG(LOG_ERROR, "cannot inherit sockets", LOG_S("reason", strerror(-count)));
        return false;
    }
    bool done = adopt_all(all, names, count);
    for (int i = 0; i < count; i++)
        free(names[i]);
    free(names);
    return done;
}

/* --- our own -------------------------------------------------------------- */

static bool open_list(struct bound *list, size_t *count, const struct addresses *addresses,
                      const char *role)
{
    for (; *count < addresses->count; ++*count) {
        struct bound *b = &list[*count];

        b->way = addresses->ways[*count];
        b->fd = address_listen(addresses->at[*count], b->address);
        if (b->fd >= 0)
            continue;
        LOG(LOG_ERROR, "cannot listen", LOG_T("address", addresses->at[*count]),
            LOG_S("role", role), LOG_S("reason", strerror(errno)),
            LOG_S("hint", errno == EADDRINUSE ? "another process has this address" : ""));
        return false;
    }
    return true;
}

bool sockets_open(struct sockets *all, const struct settings *s)
{
    if (!inherit(all))
        return false;
    return (all->client_count > 0 ||
            open_list(all->client, &all->client_count, &s->listen, "client")) &&
           (all->admin_count > 0 || open_list(all->admin, &all->admin_count, &s->admin, "admin"));
}

/* --- handed out ----------------------------------------------------------- */

static void log_list(const struct bound *list, size_t count, const char *role)
{
    for (size_t i = 0; i < count; i++)
        LOG(LOG_INFO, "listening", LOG_S("address", list[i].address), LOG_S("role", role),
            LOG_S("socket", list[i].inherited ? "inherited" : "own"),
            LOG_S("tls", list[i].way.tls ? "true" : "false"),
            LOG_S("proxy_protocol", list[i].way.proxy_protocol ? "true" : "false"));
}

void sockets_log(const struct sockets *all)
{
    log_list(all->client, all->client_count, "client");
    log_list(all->admin, all->admin_count, "admin");
}

bool sockets_join(const struct sockets *all, int *fds)
{
    for (size_t i = 0; i < all->client_count; i++) {
        const struct bound *b = &all->client[i];

        fds[i] = b->inherited ? address_share(b->fd) : address_join(b->fd);
        if (fds[i] >= 0)
            continue;
        int error = errno;
        while (i-- > 0)
            close(fds[i]);
        errno = error;
        return false;
    }
    return true;
}

void sockets_ways(const struct sockets *all, struct endpoint_way *ways)
{
    for (size_t i = 0; i < all->client_count; i++)
        ways[i] = all->client[i].way;
}

void sockets_take(struct sockets *all, int *fds)
{
    for (size_t i = 0; i < all->client_count; i++) {
        fds[i] = all->client[i].fd;
        all->client[i].fd = -1;
    }
}

static void close_list(struct bound *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (list[i].fd >= 0)
            close(list[i].fd);
}

void sockets_close(struct sockets *all)
{
    close_list(all->client, all->client_count);
    close_list(all->admin, all->admin_count);
}
