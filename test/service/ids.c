#include "ids.h"

#include <errno.h>
#include <jansson.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct ids {
    json_t *sequences; /* kind -> array of the ids that are still to come */
    json_t *derived;   /* kind -> how many were derived */
    bool fixed;        /* a file was read */
    char stopped[IDS_TIME_SIZE];
};

struct ids *ids_new(void)
{
    struct ids *i = calloc(1, sizeof *i);

    if (i == NULL)
        return NULL;
    i->sequences = json_object();
    i->derived = json_object();
    if (i->sequences == NULL || i->derived == NULL)
        ids_free(&i);
    return i;
}

void ids_free(struct ids **i)
{
    if (*i == NULL)
        return;
    json_decref((*i)->sequences);
    json_decref((*i)->derived);
    free(*i);
    *i = NULL;
}

/* One line, "kind: id", with its comment cut off.  False if it has another form. */
static bool take_line(struct ids *i, char *line)
{
    line[strcspn(line, "#\r\n")] = '\0';
    line += strspn(line, " \t");
    if (*line == '\0')
        return true;

    char *colon = strchr(line, ':');
    if (colon == NULL || colon == line)
        return false;
    *colon = '\0';

    char *id = colon + 1 + strspn(colon + 1, " \t");
    size_t length = strcspn(id, " \t");
    if (length == 0 || id[length + strspn(id + length, " \t")] != '\0')
        return false;

    json_t *sequence = json_object_get(i->sequences, line);
    if (sequence == NULL) {
        sequence = json_array();
        if (json_object_set_new(i->sequences, line, sequence) != 0)
            return false;
    }
    return json_array_append_new(sequence, json_stringn(id, length)) == 0;
}

bool ids_read(struct ids *i, const char *file)
{
    FILE *from = fopen(file, "re");
    char line[512];
    unsigned number = 0;
    bool good = true;

    if (from == NULL) {
        fprintf(stderr, "%s: %s\n", file, strerror(errno));
        return false;
    }
    while (good && fgets(line, sizeof line, from) != NULL) {
        number++;
        good = take_line(i, line);
    }
    if (!good)
        fprintf(stderr, "%s:%u: expected \"kind: id\"\n", file, number);
    if (ferror(from)) {
        fprintf(stderr, "%s: cannot be read\n", file);
        good = false;
    }
    fclose(from);
    i->fixed = true;
    return good;
}

bool ids_stop_clock(struct ids *i, const char *time)
{
    struct tm parts = {0};
    const char *end = strptime(time, "%Y-%m-%dT%H:%M:%S", &parts);

    if (end == NULL || strcmp(end, "Z") != 0 || strlen(time) >= sizeof i->stopped)
        return false;
    memcpy(i->stopped, time, strlen(time) + 1);
    return true;
}

/* Sixteen bytes that follow from KIND and NUMBER. */
static void derive(const char *kind, json_int_t number, unsigned char bytes_out[16])
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    char text[256];
    int length = snprintf(text, sizeof text, "%s %lld", kind, (long long)number);

    if (length >= (int)sizeof text)
        length = (int)sizeof text - 1;
    SHA256((const unsigned char *)text, (size_t)length, digest);
    memcpy(bytes_out, digest, 16);
}

/* The bytes as a version 4 UUID (RFC 9562). */
static void write_uuid(unsigned char b[16], char id_out[IDS_ID_SIZE])
{
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    snprintf(id_out, IDS_ID_SIZE,
             "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
             b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
             b[15]);
}

/* The next line of KIND's sequence, NULL if it has run out. */
static char *next_given(struct ids *i, const char *kind)
{
    json_t *sequence = json_object_get(i->sequences, kind);
    json_t *first = json_array_get(sequence, 0);

    if (first == NULL)
        return NULL;
    char *id = strdup(json_string_value(first));
    json_array_remove(sequence, 0);
    return id;
}

char *ids_next(struct ids *i, const char *kind)
{
    unsigned char bytes[16];
    char id[IDS_ID_SIZE];
    char *given = next_given(i, kind);

    if (given != NULL)
        return given;
    if (i->fixed) {
        json_int_t number = json_integer_value(json_object_get(i->derived, kind)) + 1;
        json_object_set_new(i->derived, kind, json_integer(number));
        derive(kind, number, bytes);
    } else if (RAND_bytes(bytes, sizeof bytes) != 1) {
        return NULL;
    }
    if (strcmp(kind, "external") == 0)
        snprintf(id, sizeof id, "ws-%02x%02x%02x", bytes[0], bytes[1], bytes[2]);
    else
        write_uuid(bytes, id);
    return strdup(id);
}

void ids_now(const struct ids *i, char time_out[IDS_TIME_SIZE])
{
    time_t now = time(NULL);
    struct tm parts;

    if (i->stopped[0] != '\0') {
        memcpy(time_out, i->stopped, IDS_TIME_SIZE);
        return;
    }
    gmtime_r(&now, &parts);
    strftime(time_out, IDS_TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &parts);
}
