#include "oracle.h"

#include <jansson.h>
#include <string.h>

/* --- the rules of bodies.h -------------------------------------------------------------- */

struct couple {
    const char *client, *upstream;
    bool request, response; /* acts there */
};

static const struct couple PAIRS[] = {{"dataProductId", "workspaceId", true, true},
                                      {"dataProduct", "workspace", true, true},
                                      {"größe", "si\"ze", true, true},
                                      {"up", "above", true, false},
                                      {"down", "below", false, true}};
static const struct couple ITEM = {"productId", "wid", true, true};
static const struct couple KINDS[] = {{"data_product", "workspace", true, true},
                                      {"é", "e", true, true}};
enum { PAIR_COUNT = sizeof PAIRS / sizeof *PAIRS, KIND_COUNT = sizeof KINDS / sizeof *KINDS };

/* Where a walk stands: what the paths of the rules can still want. */
struct spot {
    bool root, opaque;
    bool items;   /* the array at $.items */
    bool element; /* an element of it */
    bool product; /* the value at $.dataProduct */
    bool kind, field;
    bool links;    /* the value of a "links" */
    bool rewrites; /* a string that is not decided here */
};

struct walk {
    bool request;
    bool conflict; /* one was met */
};

static bool acts(const struct walk *w, const struct couple *c)
{
    return w->request ? c->request : c->response;
}

static const char *from_side(const struct walk *w, const struct couple *c)
{
    return w->request ? c->client : c->upstream;
}

static const char *to_side(const struct walk *w, const struct couple *c)
{
    return w->request ? c->upstream : c->client;
}

/* The pair with KEY on either side that is in force at AT, or NULL. */
static const struct couple *pair_of(const struct walk *w, struct spot at, const char *key)
{
    if (at.opaque)
        return NULL;
    if (at.element && (strcmp(key, ITEM.client) == 0 || strcmp(key, ITEM.upstream) == 0))
        return &ITEM;
    for (size_t i = 0; i < PAIR_COUNT; i++)
        if (acts(w, &PAIRS[i]) &&
            (strcmp(key, PAIRS[i].client) == 0 || strcmp(key, PAIRS[i].upstream) == 0))
            return &PAIRS[i];
    return NULL;
}

/* The spot of the member with the client's name NAME in the object at AT. */
static struct spot member_spot(struct spot at, const char *name)
{
    struct spot to = {.opaque = at.opaque || strcmp(name, "rows") == 0 ||
                                (at.product && strcmp(name, "raw") == 0)};

    to.items = at.root && strcmp(name, "items") == 0;
    to.product = at.root && strcmp(name, "dataProduct") == 0;
    to.field = at.root && strcmp(name, "field") == 0;
    to.kind = strcmp(name, "kind") == 0;
    to.links = strcmp(name, "links") == 0;
    to.element = at.items; /* [*] and .* are the same step */
    to.rewrites = at.links || strcmp(name, "message") == 0;
    return to;
}

/* --- comparing ----------------------------------------------------------------------------- */

/* What the string VALUE at AT becomes. */
static const char *expected_text(const struct walk *w, struct spot at, const char *text)
{
    for (size_t i = 0; at.kind && i < KIND_COUNT; i++)
        if (strcmp(text, from_side(w, &KINDS[i])) == 0)
            return to_side(w, &KINDS[i]);
    for (size_t i = 0; at.field && !at.kind && i < PAIR_COUNT; i++)
        if (acts(w, &PAIRS[i]) && strcmp(text, from_side(w, &PAIRS[i])) == 0)
            return to_side(w, &PAIRS[i]);
    return text;
}

static bool same_string(const struct walk *w, struct spot at, json_t *in, json_t *out)
{
    const char *text = json_string_value(in);
    bool ruled = !at.opaque && strlen(text) == json_string_length(in);

    if (ruled && at.rewrites && !at.kind && !at.field)
        return true;
    if (!ruled)
        return json_equal(in, out);
    return strcmp(expected_text(w, at, text), json_string_value(out)) == 0 &&
           strlen(json_string_value(out)) == json_string_length(out);
}

/*
 * The name that KEY of OBJECT leaves under.  Where both spellings of a pair
 * stand in one object, the first has the name that both would have, and the
 * second the other one.
 */
static const char *leaving(struct walk *w, const struct couple *pair, const char *key,
                           json_t *object)
{
    const char *from, *to, *each;
    json_t *value;

    if (!pair)
        return key;
    from = from_side(w, pair);
    to = to_side(w, pair);
    if (!json_object_get(object, from) || !json_object_get(object, to))
        return to;
    w->conflict = true;
    json_object_foreach(object, each,
                        value) if (strcmp(each, from) == 0 || strcmp(each, to) == 0) break;
    return strcmp(key, each) == 0 ? to : from;
}

static bool same_value(struct walk *w, struct spot at, json_t *in, json_t *out);

static bool same_members(struct walk *w, struct spot at, json_t *in, json_t *out)
{
    void *other = json_object_iter(out);
    json_t *value;
    const char *key;

    if (json_object_size(in) != json_object_size(out))
        return false;
    json_object_foreach(in, key, value)
    {
        const struct couple *pair = pair_of(w, at, key);
        struct spot spot = member_spot(at, pair ? pair->client : key);

        if (strcmp(leaving(w, pair, key, in), json_object_iter_key(other)) != 0 ||
            !same_value(w, spot, value, json_object_iter_value(other)))
            return false;
        other = json_object_iter_next(out, other);
    }
    return true;
}

static bool same_elements(struct walk *w, struct spot at, json_t *in, json_t *out)
{
    struct spot element = {.opaque = at.opaque, .element = at.items, .rewrites = at.links};
    json_t *value;
    size_t i;

    if (json_array_size(in) != json_array_size(out))
        return false;
    json_array_foreach(
        in, i, value) if (!same_value(w, element, value, json_array_get(out, i))) return false;
    return true;
}

static bool same_value(struct walk *w, struct spot at, json_t *in, json_t *out)
{
    if (json_typeof(in) != json_typeof(out))
        return false;
    if (json_is_object(in))
        return same_members(w, at, in, out);
    if (json_is_array(in))
        return same_elements(w, at, in, out);
    return json_is_string(in) ? same_string(w, at, in, out) : json_equal(in, out);
}

/* Notes in W whether some object of VALUE has both spellings of a pair in force there. */
static void seek_conflict(struct walk *w, struct spot at, json_t *value)
{
    struct spot element = {.opaque = at.opaque, .element = at.items};
    json_t *inner;
    const char *key;
    size_t i;

    json_array_foreach(value, i, inner) seek_conflict(w, element, inner);
    json_object_foreach(value, key, inner)
    {
        const struct couple *pair = pair_of(w, at, key);

        leaving(w, pair, key, value);
        seek_conflict(w, member_spot(at, pair ? pair->client : key), inner);
    }
}

/* --- verdicts -------------------------------------------------------------------------------- */

/* The body without a byte order mark, which jansson does not take. */
static json_t *decode(const struct oracle_case *c, const char *bytes, size_t len, size_t flags,
                      json_error_t *error)
{
    bool marked = !c->request && len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0;

    return json_loadb(bytes + 3 * marked, len - 3 * marked,
                      flags | JSON_DECODE_ANY | JSON_ALLOW_NUL, error);
}

static bool is_blank(const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!strchr(" \t\r\n", bytes[i]) || !bytes[i])
            return false;
    return true;
}

/* True if a sound body may give jansson ERROR. */
static bool beyond_jansson(const struct oracle_case *c, const json_error_t *error)
{
    switch (json_error_code(error)) {
    case json_error_numeric_overflow:
    case json_error_null_byte_in_key:
    case json_error_stack_overflow:
        return true;
    case json_error_invalid_utf8:
        return !c->request;
    default: /* a surrogate without its other half; or nothing but white space */
        return strstr(error->text, "invalid Unicode") || is_blank(c->in, c->in_len) ||
               (!c->request && c->in_len >= 3 && is_blank(c->in + 3, c->in_len - 3));
    }
}

/* What is wrong about CASE, whose body is IN decoded, with no two equal keys in an object. */
static const char *judge_tree(const struct oracle_case *c, json_t *in)
{
    struct walk walk = {.request = c->request};
    struct spot root = {.root = true};
    json_error_t error;

    if (!c->keep)
        seek_conflict(&walk, root, in);
    if (walk.conflict || c->verdict == ORACLE_CONFLICT)
        return walk.conflict == (c->verdict == ORACLE_CONFLICT) ? NULL
                                                                : "a conflict is seen otherwise";
    json_t *out = decode(c, c->out, c->out_len, 0, &error);
    if (!out)
        return "what left is not JSON";
    const char *wrong = same_value(&walk, root, in, out) ? NULL : "another tree left";
    json_decref(out);
    return wrong;
}

const char *oracle_judge(const struct oracle_case *c)
{
    json_error_t error;
    json_t *in = decode(c, c->in, c->in_len, 0, &error);

    if (!in)
        return c->verdict == ORACLE_INVALID || c->verdict == ORACLE_CONFLICT ||
                       beyond_jansson(c, &error)
                   ? NULL
                   : "jansson refuses it";
    json_decref(in);
    if (c->verdict == ORACLE_INVALID) /* jansson takes a NUL for the end */
        return memchr(c->in, 0, c->in_len) ? NULL : "jansson takes it";
    in = decode(c, c->in, c->in_len, JSON_REJECT_DUPLICATES, &error);
    const char *wrong = in ? judge_tree(c, in) : NULL;
    json_decref(in);
    return wrong;
}
