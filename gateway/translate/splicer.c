#include "translate/splicer.h"

#include "mapping/watch.h"
#include "json/escape.h"

#include <stdlib.h>

enum {
    FIRST_FRAMES = 8,   /* open containers without growing */
    GROWTH_MAX = 64,    /* how many times longer a changed value may be */
    GROWTH_BASE = 4096, /* and as long as this in any case */
};

/* --- what went wrong --------------------------------------------------------------- */

static bool fail(struct splicer *s, enum translate_code code, const char *what)
{
    s->fault =
        (struct translate_fault){.code = code, .place = reader_place(&s->reader), .what = what};
    return false;
}

/* --- where the walker stands --------------------------------------------------------- */

static struct splicer_frame *innermost(struct splicer *s)
{
    return s->depth ? &s->frames[s->depth - 1] : NULL;
}

/* The place of the value that comes now. */
static const struct place *value_place(struct splicer *s)
{
    struct splicer_frame *f = innermost(s);

    if (!f)
        return rules_root(s->rules);
    if (f->name)
        return rules_member(s->rules, f->here, s->direction, f->name, f->pair);
    if (!f->plain)
        f->plain = f->here->opaque ? f->here : rules_element(s->rules, f->here);
    return f->plain;
}

static bool grow_frames(struct splicer *s)
{
    size_t room = s->room ? s->room * 2 : FIRST_FRAMES;
    struct splicer_frame *frames = realloc(s->frames, room * sizeof *frames);

    if (!frames)
        return false;
    s->frames = frames;
    s->room = room;
    return true;
}

static bool on_open(void *owner, bool object)
{
    struct splicer *s = owner;
    const struct place *here = value_place(s);

    if (s->depth == s->room && !grow_frames(s))
        return false;
    if (s->watch)
        trail_open(&s->trail, object);
    struct splicer_frame *f = &s->frames[s->depth++];
    f->here = here;
    f->plain = NULL;
    f->name = NULL;
    f->pair = NULL;
    f->row.open = false;
    return true;
}

static void on_close(void *owner)
{
    struct splicer *s = owner;

    collisions_close(&s->collisions, &s->frames[--s->depth].row);
    if (s->watch)
        trail_close(&s->trail);
}

/* Where the watcher, which there is, is told that the string at hand stands. */
static struct body_place watched_place(struct splicer *s)
{
    return s->watcher->placeless ? (struct body_place){0} : reader_place(&s->reader);
}

/* --- keys ------------------------------------------------------------------------------ */

/* What leaves instead of KEY, spelled as PAIR's SIDE, where the side FIRST came first. */
static void choose_spelling(struct splicer *s, const struct pair *pair, enum side side,
                            enum side first, struct text *instead_out)
{
    bool later = first != SIDE_NONE && first != side;
    bool rename = (first == SIDE_NONE ? side : first) == SIDE_FROM;

    if (!later && side == SIDE_TO) {
        if (s->watcher && s->watcher->passed_name)
            s->watcher->passed_name(s->watcher->owner, pair, watched_place(s));
        return;
    }
    if (later && s->watcher && s->watcher->collided)
        s->watcher->collided(s->watcher->owner, pair, watched_place(s));
    if (!rename)
        return;
    /* Written once, when the mapping was read: that is a thirtieth of what a list costs. */
    *instead_out = pair->renamed[side == SIDE_FROM ? s->direction : !s->direction];
    if (s->watcher && s->watcher->renamed)
        s->watcher->renamed(s->watcher->owner, pair, watched_place(s));
}

static bool refuse_conflict(struct splicer *s, const struct splicer_frame *f,
                            const struct pair *pair)
{
    fail(s, TRANSLATE_CONFLICT, "two members would have one name");
    s->fault.name = pair->client;
    s->fault.first = collisions_first(&s->collisions, &f->row, pair);
    if (s->watcher && s->watcher->collided)
        s->watcher->collided(s->watcher->owner, pair, s->fault.place);
    return false;
}

/* A member of F whose key is a side of PAIR. */
static bool take_pair(struct splicer *s, struct splicer_frame *f, struct text *instead_out)
{
    const struct pair *pair = f->pair;
    bool from = text_eq(f->name->spelled, pair_from(pair, s->direction));
    enum side side = from ? SIDE_FROM : SIDE_TO, first;
    bool reject = rules_collisions(s->rules, s->direction) == COLLISION_REJECT;

    if (!collisions_note(&s->collisions, &f->row, pair, side, &first))
        return fail(s, TRANSLATE_NO_MEMORY, "no memory");
    if (reject && first != SIDE_NONE && first != side)
        return refuse_conflict(s, f, pair);
    if (reject && first == SIDE_NONE &&
        !collisions_place(&s->collisions, pair, reader_place(&s->reader)))
        return fail(s, TRANSLATE_NO_MEMORY, "no memory");
    choose_spelling(s, pair, side, first, instead_out);
    return true;
}

/* The text of STRING; absent: no memory. */
static struct text read_string(struct splicer *s, const struct json_string *string)
{
    if (!string->escaped)
        return string->raw;
    buf_clear(&s->decoded);
    escape_read(string->raw, &s->decoded);
    return s->decoded.failed ? (struct text){0} : buf_text(&s->decoded);
}

/* The member of F at hand has KEY; tells of it if it is one to watch out for. */
static void look_at_key(struct splicer *s, const struct splicer_frame *f, struct text key)
{
    trail_key(&s->trail, f->pair ? f->pair->client : key, f->pair);
    if (!f->pair && watch_sees(s->watch, key) && s->watcher && s->watcher->unmapped)
        s->watcher->unmapped(s->watcher->owner, UNMAPPED_KEY, key, &s->trail);
}

static bool take_key(struct splicer *s, const struct json_string *string, struct text *instead_out)
{
    struct splicer_frame *f = innermost(s);
    struct text key = read_string(s, string);

    if (!key.at)
        return fail(s, TRANSLATE_NO_MEMORY, "no memory");
    f->name = rules_find(s->rules, s->direction, key);
    f->pair = f->name ? rules_pair(s->rules, f->here, s->direction, f->name) : NULL;
    if (s->watch)
        look_at_key(s, f, key);
    return f->pair ? take_pair(s, f, instead_out) : true;
}

/* --- values ---------------------------------------------------------------------------- */

static bool take_value(struct splicer *s, const struct json_string *string,
                       struct text *instead_out)
{
    struct text value = read_string(s, string);

    if (!value.at)
        return fail(s, TRANSLATE_NO_MEMORY, "no memory");
    buf_clear(&s->changed);
    bool changes = splicer_value(s, value, &s->changed);
    if (s->changed.failed)
        return fail(s, TRANSLATE_NO_MEMORY, "no memory");
    if (!changes || text_eq(buf_text(&s->changed), value))
        return true;
    buf_clear(&s->written);
    escape_write(buf_text(&s->changed), &s->written);
    if (s->written.failed)
        return fail(s, TRANSLATE_NO_MEMORY, "no memory");
    *instead_out = buf_text(&s->written);
    if (s->watcher && s->watcher->revalued)
        s->watcher->revalued(s->watcher->owner, s->rule, watched_place(s));
    return true;
}

/* --- what the reader tells --------------------------------------------------------------- */

static size_t on_string(void *owner, enum json_role role)
{
    struct splicer *s = owner;

    if (role == JSON_KEY) {
        struct splicer_frame *f = innermost(s);

        f->name = NULL;
        f->pair = NULL;
        trail_member(&s->trail);
        return f->here->opaque ? 0 : s->longest_key;
    }
    const struct place *place = value_place(s);
    s->rule = place->opaque ? NULL : place->value[s->direction];
    return s->rule ? s->limits.json_value : 0;
}

static bool on_whole(void *owner, const struct json_string *string, struct text *instead_out)
{
    return string->role == JSON_KEY ? take_key(owner, string, instead_out)
                                    : take_value(owner, string, instead_out);
}

/* Only for a value does this matter: a key as long as that is no name. */
static void on_long(void *owner, enum json_role role)
{
    struct splicer *s = owner;

    if (role == JSON_VALUE && s->watcher && s->watcher->passed_value)
        s->watcher->passed_value(s->watcher->owner, s->rule, watched_place(s));
}

static void on_take(void *owner, struct text span)
{
    struct splicer *s = owner;

    s->sink.take(s->sink.owner, span);
}

static const struct reader_events EVENTS = {.on_open = on_open,
                                            .on_close = on_close,
                                            .on_string = on_string,
                                            .on_whole = on_whole,
                                            .on_long = on_long,
                                            .take = on_take};

static enum translate_code outcome(struct splicer *s, enum reader_verdict verdict)
{
    switch (verdict) {
    case READER_OK:
        return TRANSLATE_OK;
    case READER_STOPPED:
        return s->fault.code; /* set where the walker stopped it */
    case READER_INVALID:
        s->fault.code = TRANSLATE_INVALID_JSON;
        break;
    case READER_NO_MEMORY:
        s->fault.code = TRANSLATE_NO_MEMORY;
        break;
    }
    s->fault.place = s->reader.fault.place;
    s->fault.what = s->reader.fault.what;
    return s->fault.code;
}

enum translate_code splicer_piece(struct splicer *s, struct text piece)
{
    trail_piece(&s->trail, piece);
    enum translate_code code = outcome(s, reader_piece(&s->reader, piece));
    trail_piece_end(&s->trail);
    return code;
}

enum translate_code splicer_end(struct splicer *s)
{
    return outcome(s, reader_end(&s->reader));
}

/* --- life ------------------------------------------------------------------------------------ */

void splicer_restart(struct splicer *s)
{
    s->depth = 0;
    s->fault = (struct translate_fault){0};
    collisions_clear(&s->collisions);
    trail_restart(&s->trail);
    reader_restart(&s->reader);
}

bool splicer_init(struct splicer *s, const struct rules *rules, enum direction d,
                  const struct translate_limits *limits, const struct translate_scene *scene,
                  const struct translate_watcher *watcher, struct sink sink)
{
    const bool watches = d == RESPONSE && watcher && watcher->unmapped;

    *s = (struct splicer){.rules = rules,
                          .direction = d,
                          .watch = watches ? rules_watch(rules) : NULL,
                          .scene = scene,
                          .watcher = watcher,
                          .sink = sink,
                          .limits = *limits,
                          .longest_key = ESCAPE_MAX * rules_longest_name(rules, d)};
    if (s->watch && s->longest_key < WATCH_NAME_MAX)
        s->longest_key = WATCH_NAME_MAX;
    size_t longest = s->longest_key > limits->json_value ? s->longest_key : limits->json_value;
    size_t growth = longest > SIZE_MAX / GROWTH_MAX / ESCAPE_MAX / 2
                        ? SIZE_MAX / ESCAPE_MAX / 2
                        : longest * GROWTH_MAX + GROWTH_BASE;
    struct reader_limits reader_limits = {limits->json_depth, limits->json_number};

    buf_init(&s->decoded, longest);
    buf_init(&s->changed, growth);
    buf_init(&s->written, ESCAPE_MAX * growth);
    collisions_init(&s->collisions, rules_pair_count(rules));
    return reader_init(&s->reader, &reader_limits, d == REQUEST, d == RESPONSE, longest, &EVENTS,
                       s);
}

void splicer_fini(struct splicer *s)
{
    reader_fini(&s->reader);
    collisions_fini(&s->collisions);
    buf_fini(&s->decoded);
    buf_fini(&s->changed);
    buf_fini(&s->written);
    free(s->frames);
    s->frames = NULL;
}
