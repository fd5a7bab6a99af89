/*
 * upload.h - a file on its way in: counted and digested, never kept
 *
 * The whole body is counted and digested as it came; of a multipart body
 * every part is too.
 */
#ifndef SERVICE_UPLOAD_H
#define SERVICE_UPLOAD_H

#include <jansson.h>
#include <microhttpd.h>
#include <stdbool.h>

struct upload;

/* An upload on CONNECTION, multipart if its Content-Type says so.  NULL: no memory. */
struct upload *upload_new(struct MHD_Connection *connection);

/* Frees the upload at *U and sets *U to NULL. */
void upload_free(struct upload **u);

/* Takes one piece of the body. */
void upload_piece(struct upload *u, const char *piece, size_t length);

/*
 * Ends the upload and adds what was seen to TO: contentType, sizeBytes,
 * sha256, and for multipart a parts array.  False if the multipart body was
 * malformed or cut short.
 */
bool upload_end(struct upload *u, json_t *to);

#endif
