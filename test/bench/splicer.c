/*
 * splicer.c - how fast bodies are spliced, beside bare yajl_parse
 *
 * First: generated documents, whole, through a splicer with the shipped field
 * names, the same with names watched out for (of which there are none),
 * through yajl_parse without callbacks, and copied by memcpy; CPU time of one thread, rounds of all
 * in turns, medians.  Then: CPU time per byte of documents of
 * 8 MiB tokens over that of 1 KiB tokens, at several piece sizes.  Results go
 * to standard output and, as JSON, to build/splicer.json.
 */
#include "translate/splicer.h"
#include "base/buf.h"
#include "unit/translate/rules_text.h"

#include <inttypes.h>
#include <time.h>
#include <yajl/yajl_parse.h>

enum { ROUNDS = 11, DOCUMENT_BYTES = 8 << 20, SHORT_TOKEN = 1 << 10, LONG_TOKEN = 8 << 20 };

#define RULES_TEXT                                                                                 \
    "field dataProduct workspace\n"                                                                \
    "field dataProducts workspaces\n"                                                              \
    "field dataProductId workspaceId\n"                                                            \
    "field dataProductType workspaceType\n"                                                        \
    "field externalDataProductId externalWorkspaceId\n"                                            \
    "field sourceDataProductId sourceWorkspaceId\n"                                                \
    "opaque $..rows\n"                                                                             \
    "map $..resourceType\n"                                                                        \
    "to data_product workspace\n"

static const char RULES[] = RULES_TEXT, WATCHED[] = RULES_TEXT "watch *workspace*\n";

static const struct translate_limits LIMITS = {
    .json_depth = 256, .json_number = 1024, .json_value = 65536};

/* --- documents ------------------------------------------------------------------- */

static uint32_t random_below(uint32_t *seed, uint32_t below)
{
    *seed = *seed * 1664525 + 1013904223;
    return (uint32_t)((uint64_t)(*seed >> 4) * below >> 28);
}

static void add_words(struct buf *to, uint32_t *seed, const char *const *words, uint32_t count,
                      size_t bytes)
{
    for (size_t end = to->len + bytes; to->len < end;) {
        buf_add(to, text_from(words[random_below(seed, count)]));
        buf_add(to, random_below(seed, 12) ? TEXT(" ") : TEXT(", "));
    }
}

/* Objects with renamed keys and a long description made of COUNT WORDS. */
static void add_texts(struct buf *to, const char *const *words, uint32_t count)
{
    uint32_t seed = 1;

    buf_add(to, TEXT("{\"ok\":true,\"data\":{\"workspaces\":["));
    for (uint64_t id = 1; to->len < DOCUMENT_BYTES; id++) {
        buf_add(to, TEXT("{\"workspaceId\":\"550e8400-e29b-41d4-a716-"));
        buf_add_u64(to, 446655440000 + id);
        buf_add(to, TEXT("\",\"name\":\""));
        add_words(to, &seed, words, count, 20);
        buf_add(to, TEXT("\",\"description\":\""));
        add_words(to, &seed, words, count, 200 + random_below(&seed, 1800));
        buf_add(to, TEXT("\",\"createdAt\":\"2026-03-02T12:00:00Z\",\"assets\":3},"));
    }
    to->len--;
    buf_add(to, TEXT("],\"count\":1}}"));
}

static void make_ascii(struct buf *to)
{
    static const char *const WORDS[] = {"quarterly", "sales",   "by",  "region", "and",
                                        "channel",   "revenue", "the", "orders", "customers"};
    add_texts(to, WORDS, 10);
}

static void make_cyrillic(struct buf *to)
{
    static const char *const WORDS[] = {"продажи", "по",     "регионам", "и",     "каналам",
                                        "выручка", "заказы", "клиенты",  "отчёт", "за квартал"};
    add_texts(to, WORDS, 10);
}

static void make_mixed(struct buf *to)
{
    static const char *const WORDS[] = {
        "売上高の四半期報告", "地域別", "größe", "für", "revenue", "données", "的",
        "客户订单",           "😀",      "the"};
    add_texts(to, WORDS, 10);
}

/* Many small members: names, short strings, numbers. */
static void make_records(struct buf *to)
{
    uint32_t seed = 2;

    buf_add(to, TEXT("[\n"));
    for (uint64_t id = 1; to->len < DOCUMENT_BYTES; id++) {
        buf_add(to, TEXT("  {\"id\": "));
        buf_add_u64(to, id);
        buf_add(to, TEXT(", \"workspaceId\": \"ws-"));
        buf_add_u64(to, random_below(&seed, 100000));
        buf_add(to, TEXT("\", \"tableName\": \"orders\", \"schemaName\": \"sales\", \"rank\": 0."));
        buf_add_u64(to, random_below(&seed, 1000000));
        buf_add(to, TEXT(", \"active\": true, \"parent\": null},\n"));
    }
    to->len -= 2;
    buf_add(to, TEXT("\n]"));
}

static void make_coordinates(struct buf *to)
{
    uint32_t seed = 3;

    buf_add(to, TEXT("[[-65.5,43.1]"));
    while (to->len < DOCUMENT_BYTES) {
        buf_add(to, TEXT(",[-65."));
        buf_add_u64(to, 613616000000000 + random_below(&seed, 1 << 24));
        buf_add(to, TEXT(",43."));
        buf_add_u64(to, 420273000000000 + random_below(&seed, 1 << 24));
        buf_add_byte(to, ']');
    }
    buf_add_byte(to, ']');
}

static void make_integers(struct buf *to)
{
    uint32_t seed = 4;

    buf_add(to, TEXT("[0"));
    while (to->len < DOCUMENT_BYTES) {
        buf_add_byte(to, ',');
        buf_add_u64(to, random_below(&seed, 1 << random_below(&seed, 24)));
    }
    buf_add_byte(to, ']');
}

/* --- one run --------------------------------------------------------------------- */

static double cpu_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void count_bytes(void *owner, struct text span)
{
    *(uint64_t *)owner += span.len;
}

static void unmapped(void *owner, enum unmapped kind, struct text name, const struct trail *trail)
{
    (void)owner, (void)kind, (void)name, (void)trail;
    assert(!"no document has such a name");
}

static double run_splicer(const struct mapping *m, enum direction d, struct text body, size_t piece)
{
    static const struct translate_watcher watcher = {.unmapped = unmapped};
    uint64_t left = 0;
    struct translate_scene scene = {
        .mapping = m, .upstream_origin = TEXT("http://a"), .client_origin = TEXT("http://b")};
    double from = cpu_seconds();
    static struct splicer s;

    assert(splicer_init(&s, mapping_global(m), d, &LIMITS, &scene, &watcher,
                        (struct sink){count_bytes, &left}));
    for (size_t at = 0; at < body.len; at += piece) {
        size_t n = body.len - at < piece ? body.len - at : piece;

        assert(splicer_piece(&s, text_of(body.at + at, n)) == TRANSLATE_OK);
    }
    assert(splicer_end(&s) == TRANSLATE_OK);
    splicer_fini(&s);
    double seconds = cpu_seconds() - from;
    assert(left > 0);
    return seconds;
}

static double run_yajl(struct text body)
{
    double from = cpu_seconds();
    yajl_handle h = yajl_alloc(NULL, NULL, NULL);

    assert(yajl_parse(h, (const unsigned char *)body.at, body.len) == yajl_status_ok);
    assert(yajl_complete_parse(h) == yajl_status_ok);
    yajl_free(h);
    return cpu_seconds() - from;
}

static double run_memcpy(struct text body)
{
    static char to[DOCUMENT_BYTES + (1 << 20)];
    double from = cpu_seconds();

    assert(body.len <= sizeof to);
    memcpy(to, body.at, body.len);
    __asm__ volatile("" : : "r"(to) : "memory"); /* somebody reads it */
    return cpu_seconds() - from;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *of, size_t count)
{
    qsort(of, count, sizeof *of, by_size);
    return of[count / 2];
}

/* --- what is measured -------------------------------------------------------------- */

static void beside_yajl(const struct mapping *m, const struct mapping *watching, FILE *json)
{
    static const struct {
        const char *name;
        void (*make)(struct buf *);
    } DOCUMENTS[] = {{"text, ASCII", make_ascii},         {"text, Cyrillic", make_cyrillic},
                     {"text, mixed scripts", make_mixed}, {"small records", make_records},
                     {"coordinates", make_coordinates},   {"integers", make_integers}};
    enum { COUNT = sizeof DOCUMENTS / sizeof *DOCUMENTS };

    printf("%-22s %8s %9s %6s %9s %6s %9s %6s %8s\n", "MB/s, whole", "yajl", "response", "ratio",
           "request", "ratio", "watched", "ratio", "memcpy");
    fprintf(json, "{\"documents\":[");
    for (size_t i = 0; i < COUNT; i++) {
        double yajl[ROUNDS], response[ROUNDS], request[ROUNDS], watched[ROUNDS];
        double copied[ROUNDS];
        struct buf body;

        buf_init(&body, DOCUMENT_BYTES + (1 << 20));
        DOCUMENTS[i].make(&body);
        assert(!body.failed);
        for (size_t round = 0; round < ROUNDS; round++) {
            yajl[round] = run_yajl(buf_text(&body));
            response[round] = run_splicer(m, RESPONSE, buf_text(&body), body.len);
            request[round] = run_splicer(m, REQUEST, buf_text(&body), body.len);
            copied[round] = run_memcpy(buf_text(&body));
            watched[round] = run_splicer(watching, RESPONSE, buf_text(&body), body.len);
        }
        double mb = (double)body.len / 1e6, y = mb / median(yajl, ROUNDS);
        double down = mb / median(response, ROUNDS), up = mb / median(request, ROUNDS);
        double watch = mb / median(watched, ROUNDS), copy = mb / median(copied, ROUNDS);
        printf("%-22s %8.0f %9.0f %6.2f %9.0f %6.2f %9.0f %6.2f %8.0f\n", DOCUMENTS[i].name, y,
               down, down / y, up, up / y, watch, watch / y, copy);
        fprintf(json,
                "%s\n {\"name\":\"%s\",\"bytes\":%zu,\"yajl_mb_s\":%.0f,"
                "\"response_mb_s\":%.0f,\"response_ratio\":%.2f,"
                "\"request_mb_s\":%.0f,\"request_ratio\":%.2f,"
                "\"watched_mb_s\":%.0f,\"watched_over_response\":%.3f,\"memcpy_mb_s\":%.0f}",
                i ? "," : "", DOCUMENTS[i].name, body.len, y, down, down / y, up, up / y, watch,
                watch / down, copy);
        buf_fini(&body);
    }
    fprintf(json, "\n],");
}

/* An array of BYTES of objects whose KEY, or else its value, has TOKEN bytes. */
static void make_tokens(struct buf *to, size_t bytes, size_t token, bool key, const char *name)
{
    buf_add_byte(to, '[');
    while (to->len < bytes) {
        buf_add(to, TEXT("{\""));
        size_t from = to->len;
        for (const char *c = "plain text that goes on "; key && to->len - from < token;)
            buf_add(to, text_from(c));
        buf_add(to, key ? TEXT("") : text_from(name));
        buf_add(to, TEXT("\":\""));
        from = to->len;
        for (const char *c = "plain text that goes on "; !key && to->len - from < token;)
            buf_add(to, text_from(c));
        buf_add(to, TEXT("\"},"));
    }
    to->at[to->len - 1] = ']';
}

static void long_tokens(const struct mapping *m, FILE *json)
{
    static const struct {
        const char *name, *key; /* NULL: the key itself is long */
    } TOKENS[] = {{"values", "note"}, {"values at a path", "resourceType"}, {"keys", NULL}};
    static const size_t PIECES[] = {1, 1448, 16384, SIZE_MAX / 2};

    printf("\n%-22s %10s %12s %12s %6s\n", "CPU ns per byte", "piece", "1 KiB token", "8 MiB token",
           "ratio");
    fprintf(json, "\"tokens\":[");
    for (size_t i = 0; i < 3; i++) {
        struct buf shorts, longs;

        buf_init(&shorts, LONG_TOKEN + (1 << 20));
        buf_init(&longs, LONG_TOKEN + (1 << 20));
        make_tokens(&shorts, LONG_TOKEN, SHORT_TOKEN, !TOKENS[i].key, TOKENS[i].key);
        make_tokens(&longs, LONG_TOKEN, LONG_TOKEN, !TOKENS[i].key, TOKENS[i].key);
        for (size_t p = 0; p < 4; p++) {
            double in_shorts[ROUNDS], in_longs[ROUNDS];

            for (size_t round = 0; round < ROUNDS; round++) {
                in_shorts[round] = run_splicer(m, REQUEST, buf_text(&shorts), PIECES[p]);
                in_longs[round] = run_splicer(m, REQUEST, buf_text(&longs), PIECES[p]);
            }
            double a = 1e9 * median(in_shorts, ROUNDS) / (double)shorts.len;
            double b = 1e9 * median(in_longs, ROUNDS) / (double)longs.len;
            char piece[32] = "whole";
            if (p < 3)
                snprintf(piece, sizeof piece, "%zu", PIECES[p]);
            printf("%-22s %10s %12.3f %12.3f %6.2f\n", TOKENS[i].name, piece, a, b, b / a);
            fprintf(json,
                    "%s\n {\"name\":\"%s\",\"piece\":\"%s\",\"ns_per_byte_1k\":%.3f,"
                    "\"ns_per_byte_8m\":%.3f,\"ratio\":%.2f}",
                    i || p ? "," : "", TOKENS[i].name, piece, a, b, b / a);
        }
        buf_fini(&shorts);
        buf_fini(&longs);
    }
    fprintf(json, "\n]}\n");
}

int main(void)
{
    struct mapping *m = rules_text(text_from(RULES));
    struct mapping *watching = rules_text(text_from(WATCHED));
    FILE *json = fopen("build/splicer.json", "w");

    if (!json) {
        perror("build/splicer.json");
        return 1;
    }
    beside_yajl(m, watching, json);
    long_tokens(m, json);
    mapping_unref(&m);
    mapping_unref(&watching);
    return fclose(json) != 0;
}
