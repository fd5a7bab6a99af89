/*
 * scenes.h - requests and the limits they meet, and the mapping for all tests
 *
 * A scene's body is a first piece, which holds a whole document, and as many
 * more pieces as a test likes.  The mapping has translated routes with and
 * without rules of their own, a passthrough, and two that are deprecated.
 */
#ifndef TEST_SCENES_H
#define TEST_SCENES_H

#include "mapping/mapping.h"

#define CLIENT_JSON  "{\"dataProductId\":1}"
#define SERVICE_JSON "{\"workspaceId\":1}"

struct scene {
    const char *name;
    const char *head;      /* the request */
    const char *first;     /* the first piece of its body as the client sends it */
    const char *upstream;  /* that piece as the service gets it */
    const char *more;      /* each further piece */
    size_t length;         /* of the body if it is declared, else 0 */
    size_t request_buffer; /* limits.request_buffer */
    size_t buffer_high;
    bool again; /* may be sent twice: idempotent, and at hand whole whenever it has gone up */
};

extern const struct scene scene_get, scene_get_roomy, scene_post_small, scene_post_streaming,
    scene_upload, scene_chunked, scene_roomy, scene_declared, scene_delete, scene_delete_streaming,
    scene_put_as_post;

/* The mapping, built and proven; NULL, and its complaints are printed, if it is refused. */
struct mapping *scenes_mapping(void);

#endif
