#include "upload.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { FORM_BUFFER = 64 * 1024, PARTS_MAX = 1000 };

/* A count and a digest of bytes that have passed. */
struct tally {
    EVP_MD_CTX *digest;
    unsigned long long bytes;
};

struct upload {
    struct tally whole;
    struct tally part;              /* the part under way */
    json_t *part_about;             /* its name, fileName, contentType; NULL between parts */
    json_t *parts;                  /* those that are complete */
    const char *type;               /* the body's Content-Type, the connection's; may be NULL */
    struct MHD_PostProcessor *form; /* NULL: a raw body */
    bool is_form;
    bool broken;
};

static bool tally_init(struct tally *t)
{
    t->bytes = 0;
    if (t->digest == NULL)
        t->digest = EVP_MD_CTX_new();
    return t->digest != NULL && EVP_DigestInit_ex(t->digest, EVP_sha256(), NULL) == 1;
}

static void tally_piece(struct tally *t, const char *piece, size_t length)
{
    t->bytes += length;
    EVP_DigestUpdate(t->digest, piece, length);
}

/* Adds sizeBytes and sha256 to TO. */
static void tally_tell(struct tally *t, json_t *to)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    char text[2 * EVP_MAX_MD_SIZE + 1] = "";

    EVP_DigestFinal_ex(t->digest, digest, &length);
    for (unsigned i = 0; i < length; i++)
        snprintf(text + (size_t)2 * i, 3, "%02x", digest[i]);
    json_object_set_new(to, "sizeBytes", json_integer((json_int_t)t->bytes));
    json_object_set_new(to, "sha256", json_string(text));
}

/* The part under way is over. */
static void end_part(struct upload *u)
{
    if (u->part_about == NULL)
        return;
    tally_tell(&u->part, u->part_about);
    json_array_append_new(u->parts, u->part_about);
    u->part_about = NULL;
}

static bool begin_part(struct upload *u, const char *name, const char *file, const char *type)
{
    end_part(u);
    if (json_array_size(u->parts) == PARTS_MAX || !tally_init(&u->part))
        return false;
    u->part_about =
        json_pack("{s:s,s:s*,s:s*}", "name", name, "fileName", file, "contentType", type);
    return u->part_about != NULL;
}

/* What the form reader calls with each piece of each part; OFFSET 0 begins one. */
static enum MHD_Result on_part_piece(void *owner, enum MHD_ValueKind kind, const char *name,
                                     const char *file, const char *type, const char *coding,
                                     const char *piece, uint64_t offset, size_t length)
{
    struct upload *u = owner;

    (void)kind;
    (void)coding;
    if (offset == 0 && !begin_part(u, name, file, type)) {
        u->broken = true;
        return MHD_NO;
    }
    tally_piece(&u->part, piece, length);
    return MHD_YES;
}

static bool is_multipart(const char *type)
{
    return type != NULL && strncasecmp(type, "multipart/form-data", 19) == 0;
}

struct upload *upload_new(struct MHD_Connection *connection)
{
    struct upload *u = calloc(1, sizeof *u);

    if (u == NULL)
        return NULL;
    u->type = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Type");
    u->parts = json_array();
    u->is_form = is_multipart(u->type);
    if (!tally_init(&u->whole) || !tally_init(&u->part) || u->parts == NULL)
        upload_free(&u);
    else if (u->is_form)
        u->form = MHD_create_post_processor(connection, FORM_BUFFER, on_part_piece, u);
    return u;
}

void upload_free(struct upload **u)
{
    if (*u == NULL)
        return;
    if ((*u)->form != NULL)
        MHD_destroy_post_processor((*u)->form);
    EVP_MD_CTX_free((*u)->whole.digest);
    EVP_MD_CTX_free((*u)->part.digest);
    json_decref((*u)->part_about);
    json_decref((*u)->parts);
    free(*u);
    *u = NULL;
}

void upload_piece(struct upload *u, const char *piece, size_t length)
{
    tally_piece(&u->whole, piece, length);
    if (u->form != NULL && !u->broken && MHD_post_process(u->form, piece, length) != MHD_YES)
        u->broken = true;
}

bool upload_end(struct upload *u, json_t *to)
{
    if (u->type != NULL)
        json_object_set_new(to, "contentType", json_string(u->type));
    tally_tell(&u->whole, to);
    if (!u->is_form)
        return true;

    struct MHD_PostProcessor *form = u->form;
    u->form = NULL;
    if (form == NULL || MHD_destroy_post_processor(form) != MHD_YES || u->broken)
        return false;
    end_part(u);
    return json_object_set(to, "parts", u->parts) == 0;
}
