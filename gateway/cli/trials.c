#include "cli/trials.h"

#include "conf/expect.h"
#include "conf/yaml_file.h"
#include "exchange/outcome.h"

enum { BODY_FILE_MAX = 16 * 1024 * 1024, WHAT_BYTES = 64, KINDS = 3 };

#define KEYS(known_)                                                                               \
    {                                                                                              \
        .known = (known_), .known_count = sizeof(known_) / sizeof(known_)[0]                       \
    }

static const char *const kind_words[KINDS] = {
    [TRIAL_REQUEST] = "request", [TRIAL_RESPONSE] = "response", [TRIAL_EXPLAIN] = "explain"};

struct reading {
    struct arena *arena;
    const char *file;
    struct trials *trials;
    struct trial **end;
    struct diag *d;
};

static void no_memory(struct reading *r)
{
    diag_error(r->d, (struct where){.file = r->file}, "no-memory", "not enough memory");
}

static const struct yaml_node *member(const struct yaml_node *map, const char *key)
{
    return yaml_member(map, text_from(key));
}

/* Where ENTRY's complaints about what it lacks belong: at its first key. */
static struct where place_of(const struct yaml_node *entry)
{
    return entry->kind == YAML_MAP && entry->first ? entry->first->key_where : entry->where;
}

/* MAP's member KEY, text that is not empty; absent if there is none or it is not. */
static struct text text_member(struct reading *r, const struct yaml_node *map, const char *key)
{
    const struct yaml_node *node = member(map, key);
    char what[WHAT_BYTES];

    snprintf(what, sizeof what, "\"%s\"", key);
    return node && expect_text(node, what, r->d) ? node->text : (struct text){0};
}

/* --- files beside the file ------------------------------------------------------------ */

/* The bytes of the file that NODE names. */
static struct text read_beside(struct reading *r, const struct yaml_node *node)
{
    struct text name = yaml_file_beside(r->arena, r->file, node->text), bytes = {0};
    struct buf read;

    buf_init(&read, BODY_FILE_MAX + 1);
    if (name.at && yaml_file_bytes(name.at, node->where, &read, r->d)) {
        if (read.len > BODY_FILE_MAX)
            diag_error(r->d, node->where, "too-large", "%s is larger than 16 MiB", name.at);
        bytes = arena_copy(r->arena, buf_text(&read));
        if (!bytes.at)
            no_memory(r);
    }
    buf_fini(&read);
    return bytes;
}

/* The bytes at KEY, or in the file at KEY_FILE; absent if ENTRY has neither. */
static struct text bytes_member(struct reading *r, const struct yaml_node *entry, const char *key,
                                const char *key_file)
{
    const struct yaml_node *here = member(entry, key), *file = member(entry, key_file);
    char what[WHAT_BYTES];

    snprintf(what, sizeof what, "\"%s\"", here ? key : key_file);
    if (here && file) {
        diag_error(r->d, file->key_where, "contradiction", "\"%s\" and \"%s\" exclude each other",
                   key, key_file);
        return (struct text){0};
    }
    if (here && here->kind == YAML_SCALAR && yaml_sense(here) == YAML_TEXT)
        return here->text; /* which may be empty */
    if (here)
        expect_text(here, what, r->d);
    if (file && expect_text(file, what, r->d))
        return read_beside(r, file);
    return (struct text){0};
}

/* --- one test --------------------------------------------------------------------- */

/* The kind of ENTRY by the one key it has of the three; -1 after a complaint. */
static int read_kind(struct reading *r, const struct yaml_node *entry)
{
    int found = -1;

    for (int kind = 0; kind < KINDS; kind++) {
        const struct yaml_node *node = member(entry, kind_words[kind]);

        if (node && found >= 0) {
            diag_error(r->d, node->key_where, "contradiction",
                       "\"%s\" and \"%s\" exclude each other", kind_words[found], kind_words[kind]);
            return -1;
        }
        if (node)
            found = kind;
    }
    if (found < 0)
        diag_error(r->d, place_of(entry), "missing-key",
                   "this test has none of \"request\", \"response\" and \"explain\"");
    return found;
}

static void read_line(struct reading *r, struct trial *t, const struct yaml_node *node)
{
    if (!expect_text(node, "a request", r->d))
        return;
    t->routed = cli_request_parse(node->text, &t->at);
    if (t->routed)
        return;
    diag_error(r->d, node->where, "bad-value", "\"%.*s\" is not a method and a path",
               node->text.len > 60 ? 60 : (int)node->text.len, node->text.at);
    diag_hint(r->d, "write it as in \"GET /api/v1/things?sort=name\"");
}

/* {route: …, type: …} */
static void read_message(struct reading *r, struct trial *t, const struct yaml_node *node)
{
    static const char *const known[] = {"route", "type"};
    static const struct expect_keys keys = KEYS(known);
    char what[WHAT_BYTES];

    snprintf(what, sizeof what, "\"%s\"", kind_words[t->kind]);
    t->type = TEXT("application/json");
    if (!expect_map(node, what, r->d))
        return;
    expect_only(node, &keys, r->d);
    if (member(node, "route"))
        read_line(r, t, member(node, "route"));
    if (member(node, "type"))
        t->type = text_member(r, node, "type");
}

/* The public code that NODE is, of those with which a body or target can be refused. */
static void read_code(struct reading *r, struct trial *t, const struct yaml_node *node)
{
    static const enum outcome outcomes[KINDS][4] = {
        [TRIAL_REQUEST] = {OUTCOME_INVALID_JSON, OUTCOME_CONFLICTING_FIELDS, OUTCOME_BAD_REQUEST},
        [TRIAL_RESPONSE] = {OUTCOME_UPSTREAM_INVALID},
        [TRIAL_EXPLAIN] = {OUTCOME_NO_ROUTE, OUTCOME_NO_METHOD, OUTCOME_CONFLICTING_FIELDS,
                           OUTCOME_BAD_REQUEST}};
    static const size_t counts[KINDS] = {
        [TRIAL_REQUEST] = 3, [TRIAL_RESPONSE] = 1, [TRIAL_EXPLAIN] = 4};
    const char *codes[4];

    for (size_t i = 0; i < counts[t->kind]; i++)
        codes[i] = outcome_row(outcomes[t->kind][i])->code;
    int choice = expect_choice(node, "a refusal's code", codes, counts[t->kind], r->d);
    if (choice >= 0)
        t->refused = codes[choice];
    else if (t->kind == TRIAL_RESPONSE && node->kind == YAML_SCALAR)
        diag_hint(r->d, "a reply is refused with %s", codes[0]);
}

/* CODE, or {code: CODE, at: BYTE} */
static void read_refusal(struct reading *r, struct trial *t, const struct yaml_node *node)
{
    static const char *const known[] = {"code", "at"};
    static const struct expect_keys keys = KEYS(known);

    if (node->kind != YAML_MAP) {
        read_code(r, t, node);
        return;
    }
    expect_only(node, &keys, r->d);
    const struct yaml_node *code = member(node, "code"), *at = member(node, "at");
    if (code)
        read_code(r, t, code);
    else
        expect_missing(node, "\"refused\"", "code", r->d);
    if (!at)
        return;
    t->has_offset = at->kind == YAML_SCALAR && text_to_u64(at->text, &t->offset);
    if (!t->has_offset)
        expect_other(at, "\"at\"", "the number of a byte, from 0", r->d);
    else if (t->kind == TRIAL_EXPLAIN)
        diag_error(r->d, at->key_where, "contradiction", "a request line is refused as a whole");
}

/* What ought to come of T: KEY, its bytes, or `refused`. */
static void read_expectation(struct reading *r, struct trial *t, const struct yaml_node *entry)
{
    bool explain = t->kind == TRIAL_EXPLAIN;
    const struct yaml_node *refused = member(entry, "refused");
    bool given = explain ? member(entry, "upstream") != NULL
                         : member(entry, "expected") || member(entry, "expected_file");

    if (refused && given)
        diag_error(r->d, refused->key_where, "contradiction", "what is refused has no \"%s\"",
                   explain ? "upstream" : "expected");
    else if (refused)
        read_refusal(r, t, refused);
    else if (given)
        t->expected = explain ? text_member(r, entry, "upstream")
                              : bytes_member(r, entry, "expected", "expected_file");
    else
        expect_missing(entry->first ? entry->first : entry, "this test",
                       explain ? "upstream\" or \"refused" : "expected\" or \"refused", r->d);
}

static void read_body(struct reading *r, struct trial *t, const struct yaml_node *entry)
{
    t->input = bytes_member(r, entry, "input", "input_file");
    if (!t->input.at && !member(entry, "input") && !member(entry, "input_file"))
        diag_error(r->d, place_of(entry), "missing-key",
                   "this test has no \"input\" and no \"input_file\"");
}

static void read_trial(struct reading *r, const struct yaml_node *entry)
{
    static const char *const of_bodies[] = {"name",       "request",  "response",      "input",
                                            "input_file", "expected", "expected_file", "refused"};
    static const char *const of_lines[] = {"name", "explain", "upstream", "refused"};
    static const struct expect_keys body_keys = KEYS(of_bodies), line_keys = KEYS(of_lines);
    struct trial *t = arena_zero(r->arena, 1, sizeof *t);

    if (!t) {
        no_memory(r);
        return;
    }
    if (!expect_map(entry, "a test", r->d))
        return;
    int kind = read_kind(r, entry);
    if (kind < 0)
        return;
    t->kind = (enum trial_kind)kind;
    expect_only(entry, t->kind == TRIAL_EXPLAIN ? &line_keys : &body_keys, r->d);
    t->where = member(entry, "name") ? member(entry, "name")->where : place_of(entry);
    t->name = member(entry, "name") ? text_member(r, entry, "name") : TEXT("(no name)");
    if (t->kind == TRIAL_EXPLAIN) {
        read_line(r, t, member(entry, "explain"));
    } else {
        read_message(r, t, member(entry, kind_words[t->kind]));
        read_body(r, t, entry);
    }
    read_expectation(r, t, entry);
    *r->end = t;
    r->end = &t->next;
    r->trials->count++;
}

/* --- the whole file ------------------------------------------------------------------ */

static void read_tests(struct reading *r, const struct yaml_node *root)
{
    const struct yaml_node *tests = member(root, "tests");

    if (!tests) {
        diag_error(r->d, (struct where){.file = r->file}, "missing-key",
                   "the file has no \"tests\"");
        return;
    }
    if (!expect_list(tests, "\"tests\"", r->d))
        return;
    if (!tests->first)
        diag_error(r->d, tests->key_where, "empty", "there is no test in this list");
    for (const struct yaml_node *n = tests->first; n; n = n->next)
        read_trial(r, n);
}

bool trials_read(struct arena *arena, const char *file, struct trials *trials_out,
                 struct diag *complaints)
{
    static const char *const known[] = {"version", "mapping", "upstream", "client", "tests"};
    static const struct expect_keys keys = KEYS(known);
    struct reading r = {arena, file, trials_out, &trials_out->first, complaints};
    size_t before = diag_errors(complaints);
    const struct yaml_node *root =
        yaml_file_tree(arena, file, (struct where){.file = file}, complaints);

    if (root && expect_file(root, complaints)) {
        expect_only(root, &keys, complaints);
        struct text mapping = text_member(&r, root, "mapping");
        if (mapping.at)
            trials_out->mapping = yaml_file_beside(r.arena, r.file, mapping);
        if (mapping.at && !trials_out->mapping.at)
            no_memory(&r);
        trials_out->upstream = text_member(&r, root, "upstream");
        trials_out->client = text_member(&r, root, "client");
        read_tests(&r, root);
    }
    return diag_errors(complaints) == before;
}
