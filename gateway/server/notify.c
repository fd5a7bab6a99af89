#include "server/notify.h"

#include <systemd/sd-daemon.h>
#include <time.h>

static bool stopping;

void notify_ready(struct text digest, const char *remark)
{
    if (!stopping)
        sd_notifyf(0, "READY=1\nSTATUS=serving, mapping %.*s%s", TEXT_ARG(digest), remark);
}

void notify_reloading(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    uint64_t us = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
    if (!stopping)
        sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu\nSTATUS=reading the configuration",
                   (unsigned long long)us);
}

void notify_stopping(void)
{
    stopping = true;
    sd_notify(0, "STOPPING=1\nSTATUS=draining");
}

uint64_t notify_watchdog_us(void)
{
    uint64_t us;

    return sd_watchdog_enabled(0, &us) > 0 ? us : 0;
}

void notify_alive(void)
{
    sd_notify(0, "WATCHDOG=1");
}
