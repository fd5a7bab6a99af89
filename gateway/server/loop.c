#include "server/loop.h"

#include <event2/event.h>
#include <stddef.h>

/*
 * No EPOLL_USE_CHANGELIST: it would tell epoll of a closed descriptor only at
 * the next turn, when another worker's accept may have got the same number.
 */
struct event_base *loop_new(void)
{
    struct event_config *config = event_config_new();
    struct event_base *base = NULL;

    if (!config)
        return NULL;
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    event_config_set_max_dispatch_interval(config, NULL, LOOP_TURN_MAX, 0);
    base = event_base_new_with_config(config);
    event_config_free(config);
    return base;
}
