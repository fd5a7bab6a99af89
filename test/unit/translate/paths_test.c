/*
 * No spelling of a client path names anything but what it would name under
 * the mapped prefix.  Paths are made of every atom that some service somewhere
 * takes for a dot, a slash or an end; each one that is accepted must go up
 * with only its literal replaced, and must mean, to a service that is as
 * lenient as can be and at every depth of decoding, just what its segments
 * mean one by one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
/* cmocka wants the above first */
#include <cmocka.h>

#include "http/head.h"
#include "translate/target.h"
#include "unit/mapping/making.h"
#include "unit/translate/lenient.h"

enum { PATH_MAX_BYTES = 1024, RANDOM_PATHS = 200000, ATOMS_MAX = 9, FEWER = 10 };

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
static const unsigned share = FEWER;
#else
static const unsigned share = 1;
#endif

static const char ROUTES[] = "route /api/{a}/d /api/{a}/w GET\n"
                             "route /api/{a}/d/{x} /api/{a}/w/{x} GET\n"
                             "resource deep/** GET\n"
                             "resource end GET\n"
                             "pass /api/{a}/w/**\n";

/* What a path is made of, and what an attacker would make one of. */
static const char *const ATOMS[] = {
    "a",
    "d",
    "w",
    "deep",
    "end",
    "api",
    "/",
    "/",
    "/",
    "//",
    "\\",
    ".",
    "..",
    "...",
    "%2e",
    "%2E",
    "%252e",
    "%25252E",
    "%%32e",
    "%2%65",
    "%25%32%65",
    "%2f",
    "%2F",
    "%252f",
    "%25252F",
    "%5c",
    "%5C",
    "%255c",
    "%00",
    "%2500",
    "%c0%ae",
    "%C0%AF",
    "%25c0%25ae",
    "%c1%9c",
    "%e0%80%ae",
    "%e0%80%af",
    "%e0%81%9c",
    "%f0%80%80%ae",
    "%f0%80%80%af",
    "%f8%80%80%80%ae",
    "%fc%80%80%80%80%ae",
    "%f8%c0%80%ae",
    ";",
    ";x=1",
    "%3b",
    "%253b",
    "?",
    "%3f",
    "#",
    "%23",
    "%",
    "%25",
    "%u002e",
    "%25u002e",
    "%ef%bc%8e",
    "%ef%bc%8f",
    "%e2%80%a5",
    "%20",
    "%09",
    "%0d%0a",
    "%64",
    "%2564",
    "%77",
    "*",
    "~",
    ":",
    "@",
    "\xc0\xae",
    "\x7f",
};
enum { ATOM_COUNT = sizeof ATOMS / sizeof *ATOMS };

/* Where a spelling stands: before and after it. */
static const struct {
    const char *before, *after;
} PLACES[] = {
    {"/", ""},           {"/api/", "/d"},       {"/api/a", "/d/x"},
    {"/api/a/d/", ""},   {"/api/a/d/", "/end"}, {"/api/a/d/x/deep/", ""},
    {"/api/a/d/x/", ""}, {"/api/a/w/", ""},     {"/api/a/", "d/x"},
    {"/api/a/d", ""},
};
enum { PLACE_COUNT = sizeof PLACES / sizeof *PLACES };

struct tally {
    bool lenient; /* the gateway is one that takes any path for safe */
    size_t tried, served, escaped;
};

static struct mapping *mapping;

static int make(void **state)
{
    struct diag *complaints = diag_new();

    (void)state;
    mapping = make_mapping(ROUTES, complaints);
    diag_free(&complaints);
    return mapping ? 0 : 1;
}

static int unmake(void **state)
{
    (void)state;
    mapping_unref(&mapping);
    return 0;
}

/* --- what a path means ---------------------------------------------------------------- */

/* Appends to TO what PATH names to a service that decodes ROUNDS times; false if it climbs out. */
static bool read_whole(struct text path, unsigned rounds, struct buf *to)
{
    struct buf decoded;

    buf_init(&decoded, PATH_MAX_BYTES);
    buf_add(&decoded, path);
    while (rounds--)
        lenient_undo(&decoded);
    bool contained = lenient_resolve(buf_text(&decoded), to);
    buf_fini(&decoded);
    return contained;
}

/* The same, each segment of PATH read as if it stood alone. */
static bool read_apart(struct text path, unsigned rounds, struct buf *to)
{
    bool contained = true;

    while (contained && path.len > 0) {
        struct text segment = text_of(path.at, text_find(path, '/'));
        struct buf one;

        path = text_from_offset(path, segment.len < path.len ? segment.len + 1 : segment.len);
        buf_init(&one, PATH_MAX_BYTES);
        contained = read_whole(segment, rounds, &one);
        buf_add(to, text_of(one.at, one.len ? one.len - 1 : 0));
        buf_fini(&one);
    }
    buf_add_byte(to, '/');
    return contained;
}

/* The rounds after which decoding PATH changes nothing; NUL_OUT: a NUL stood there at one. */
static unsigned rounds_of(struct text path, bool *nul_out)
{
    struct buf decoded;
    unsigned rounds = 1;

    buf_init(&decoded, PATH_MAX_BYTES);
    buf_add(&decoded, path);
    while (lenient_undo(&decoded))
        rounds++;
    *nul_out = decoded.len > 0 && memchr(decoded.at, 0, decoded.len);
    buf_fini(&decoded);
    return rounds;
}

/* True if some service reads PATH as anything but its segments, one below the other. */
static bool escapes(struct text path)
{
    bool nul, same = true;
    unsigned rounds = rounds_of(path, &nul);

    for (unsigned i = 0; same && i <= rounds; i++) {
        struct buf whole, apart;

        buf_init(&whole, PATH_MAX_BYTES);
        buf_init(&apart, PATH_MAX_BYTES);
        same = read_whole(path, i, &whole) && read_apart(path, i, &apart) &&
               text_eq(buf_text(&whole), buf_text(&apart));
        buf_fini(&whole);
        buf_fini(&apart);
    }
    return nul || !same;
}

/* --- what the gateway makes of it ------------------------------------------------------- */

/* Appends to TO the client's PATH with its third segment, the collection, as the service's. */
static void expect(struct text path, bool passthrough, struct buf *to)
{
    size_t from = 0;

    for (int slashes = 0; slashes < 3; from++)
        slashes += path.at[from] == '/';
    if (passthrough) {
        buf_add(to, path);
        return;
    }
    struct text rest = text_from_offset(path, from);
    buf_add(to, text_of(path.at, from));
    buf_add(to, TEXT("w"));
    buf_add(to, text_from_offset(rest, text_find(rest, '/')));
}

/* Judges where TARGET, that ROUTE serves, goes. */
static void follow(const struct http_head *head, const struct route *route, struct tally *tally)
{
    struct buf sent, expected;

    buf_init(&sent, PATH_MAX_BYTES);
    buf_init(&expected, PATH_MAX_BYTES);
    assert_null(target_upstream(route, head->path, head->query, &sent));
    struct text path = text_of(sent.at, text_find(buf_text(&sent), '?'));
    expect(head->path, route->passthrough, &expected);
    tally->served++;
    if (!text_eq(path, buf_text(&expected)) || escapes(path)) {
        if (!tally->lenient)
            print_error("%.*s goes up as %.*s\n", TEXT_ARG(head->path), TEXT_ARG(path));
        tally->escaped++;
    }
    buf_fini(&sent);
    buf_fini(&expected);
}

/* Sends TARGET on its way as the gateway does. */
static void try_target(struct text target, struct tally *tally)
{
    static const struct http_head_limits limits = {PATH_MAX_BYTES, 2 * PATH_MAX_BYTES, 4};
    struct http_field fields[4];
    const struct route *route;
    struct http_head head;
    const char *reason;
    struct buf bytes;

    buf_init(&bytes, 2 * PATH_MAX_BYTES);
    buf_add(&bytes, TEXT("GET "));
    buf_add(&bytes, target);
    buf_add(&bytes, TEXT(" HTTP/1.1\r\nHost: a\r\n\r\n"));
    tally->tried++;
    if (http_head_parse(buf_text(&bytes), &limits, fields, &head, &reason) == 0 &&
        (tally->lenient || http_path_safe(head.path)) &&
        mapping_route(mapping, head.method, head.path, &route) == ROUTE_FOUND)
        follow(&head, route, tally);
    buf_fini(&bytes);
}

/* Tries what the COUNT atoms at SPELLING make at PLACE. */
static void try_spelling(size_t place, const size_t *spelling, size_t count, struct tally *tally)
{
    struct buf target;

    buf_init(&target, PATH_MAX_BYTES);
    buf_add(&target, text_from(PLACES[place].before));
    for (size_t i = 0; i < count; i++)
        buf_add(&target, text_from(ATOMS[spelling[i]]));
    buf_add(&target, text_from(PLACES[place].after));
    try_target(buf_text(&target), tally);
    buf_fini(&target);
}

static void conclude(const struct tally *tally)
{
    print_message("# %zu paths tried, %zu served, %zu escaped\n", tally->tried, tally->served,
                  tally->escaped);
    assert_true(tally->served > tally->tried / 100);
    assert_true(tally->served < tally->tried / 2);
    assert_int_equal(tally->escaped, 0);
}

static void every_short_spelling_stays_inside(void **state)
{
    struct tally tally = {0};
    unsigned turn = 0;

    (void)state;
    for (size_t first = 0; first < ATOM_COUNT; first++)
        for (size_t second = 0; second < ATOM_COUNT; second++)
            for (size_t third = 0; third < ATOM_COUNT; third++)
                for (size_t place = turn++ % share; place < PLACE_COUNT; place += share)
                    try_spelling(place, (size_t[]){first, second, third}, 3, &tally);
    conclude(&tally);
}

static void try_random_spellings(struct tally *tally)
{
    uint32_t seed = 20260302;

    for (unsigned i = 0; i < RANDOM_PATHS / share; i++) {
        size_t spelling[ATOMS_MAX];
        size_t count = 1 + i % ATOMS_MAX;

        for (size_t k = 0; k < count; k++)
            spelling[k] = ((seed = seed * 1664525 + 1013904223) >> 8) % ATOM_COUNT;
        try_spelling((seed >> 10) % PLACE_COUNT, spelling, count, tally);
    }
}

static void random_spellings_stay_inside(void **state)
{
    struct tally tally = {0};

    (void)state;
    try_random_spellings(&tally);
    conclude(&tally);
}

static void a_lenient_gateway_is_caught(void **state)
{
    struct tally tally = {.lenient = true};

    (void)state;
    try_random_spellings(&tally);
    assert_true(tally.escaped > tally.tried / 100);
}

/* The judge is no pushover: what is known to escape does, unless it is refused. */
static void known_escapes_are_seen(void **state)
{
    static const char *const OUT[] = {
        "/api/a/w/..",
        "/api/a/w/%2e%2e/x",
        "/api/a/w/%252e%252e%252fx",
        "/api/a/w/..;v=1/x",
        "/api/a/w/x%5c..%5c..%5cy",
        "/api/a/w/..\\..\\x",
        "/api/a/w/%c0%ae%c0%ae",
        "/api/a/w/x%00",
        "/api/a/w/%e0%80%ae./%e0%80%afx",
        "/api/a/w/.;/%2e%2e%3bx",
        "/api/a/w/x%2f..%2f..",
        "/api/a/w/%25c0%25ae%25c0%25ae/x",
    };

    (void)state;
    for (size_t i = 0; i < sizeof OUT / sizeof *OUT; i++)
        if (!escapes(text_from(OUT[i])))
            fail_msg("not seen: %s", OUT[i]);
    assert_false(escapes(text_from("/api/a/w/x%2fy/%20;v=1/...")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_short_spelling_stays_inside),
        cmocka_unit_test(random_spellings_stay_inside),
        cmocka_unit_test(a_lenient_gateway_is_caught),
        cmocka_unit_test(known_escapes_are_seen),
    };

    return cmocka_run_group_tests(tests, make, unmake);
}
