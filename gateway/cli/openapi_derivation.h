/*
 * openapi_derivation.h - what becomes of each node of a description; for openapi_*.c only
 *
 * The operations that the routes mirror are walked, each with the rules of
 * its route, through all that they refer to; on the way every name, example
 * and sentence is decided, once: a schema that would have to read differently
 * where two operations use it is a complaint.  What was never met is left
 * out.  When all is decided the source is edited.
 *
 * Names are decided where they stand (struct place of mapping/rules); the
 * walk goes from the service's names to the client's in both directions.
 */
#ifndef CLI_OPENAPI_DERIVATION_H
#define CLI_OPENAPI_DERIVATION_H

#include "cli/openapi_document.h"
#include "cli/openapi_mirror.h"
#include "mapping/lookup.h"
#include "translate/translate.h"

/* What was decided about a key or a value. */
struct openapi_verdict {
    bool decided, disputed;
    struct text becomes; /* absent: it stays */
};

struct openapi_fate {
    struct openapi_verdict key, value;
    bool dropped;   /* leaves with its key */
    bool prose;     /* its value is spoken of as openapi_words.h says */
    bool used;      /* of components and tags: something refers to it */
    bool reference; /* its value is a $ref */
};

/* How the names and strings below a node are translated. */
enum openapi_manner {
    MANNER_NONE,  /* not at all: the gateway lets them pass */
    MANNER_JSON,  /* by the place in a JSON text */
    MANNER_FORM,  /* names as those of parameters, at any depth */
    MANNER_PARTS, /* so the names of parts, and each part is a JSON text */
    MANNER_NAMES, /* strings that list names: sort=-name */
    MANNER_URL,   /* strings that are a URL */
    MANNER_LINK   /* strings that are a Link field */
};

struct openapi_use {
    enum openapi_manner manner;
    enum direction direction;
    const struct route *route;
    const struct place *place; /* MANNER_JSON */
    struct text path;          /* the service's, of the operation */
};

struct openapi_errand; /* a node to be walked later */

struct openapi_derivation {
    const struct mapping *mapping;
    struct openapi_document from;
    struct openapi_fate *fates; /* by number */
    struct arena *arena;
    struct diag *d;
    struct text group;  /* the name of the group of tags */
    struct text origin; /* where the service is, as far as the description tells */
    struct lookup walked;
    struct openapi_errand *errands, **errands_end;
    bool combined; /* both APIs in one description: nothing may have the name it had */
    bool no_memory;
};

/* A walker of one kind of object. */
typedef void openapi_walker(struct openapi_derivation *dv, const struct yaml_node *node,
                            struct openapi_use use);

/* The fate of NODE. */
static inline struct openapi_fate *openapi_fate(const struct openapi_derivation *dv,
                                                const struct yaml_node *node)
{
    return &dv->fates[node->number];
}

/* Decides that the key, or the value, of NODE becomes BECOMES (absent: stays). */
void openapi_decide_key(struct openapi_derivation *dv, const struct yaml_node *node,
                        struct text becomes);
void openapi_decide_value(struct openapi_derivation *dv, const struct yaml_node *node,
                          struct text becomes);

/* NODE, if it is text, is prose; NULL is none. */
void openapi_decide_prose(struct openapi_derivation *dv, const struct yaml_node *node);

/* The prose members (summary, description, title) of the map NODE. */
void openapi_decide_words(struct openapi_derivation *dv, const struct yaml_node *node);

/* True the first time that WALK comes to NODE with this USE. */
bool openapi_first_time(struct openapi_derivation *dv, const struct yaml_node *node,
                        openapi_walker *walk, struct openapi_use use);

/*
 * True if NODE is a reference: then what it refers to is in use, and WALK is
 * called on it with USE before the derivation is done.
 */
bool openapi_follow(struct openapi_derivation *dv, const struct yaml_node *node,
                    openapi_walker *walk, struct openapi_use use);

/* The reference at NODE, a string, for openapi_follow and discriminators. */
void openapi_follow_text(struct openapi_derivation *dv, const struct yaml_node *node,
                         openapi_walker *walk, struct openapi_use use);

/* Walks all that openapi_follow was told of. */
void openapi_run_errands(struct openapi_derivation *dv);

/* A copy of what TEXT holds, which is freed; absent, and DV knows, if there is no memory. */
struct text openapi_keep(struct openapi_derivation *dv, struct buf *text);

/* The use of what is below the member KEY of an object in USE; decides its name to be NAME_OUT. */
struct openapi_use openapi_use_member(struct openapi_use use, struct text key,
                                      struct text *becomes_out);

/* The use of what is in an array in USE. */
struct openapi_use openapi_use_element(struct openapi_use use);

/* The use of a whole body of the media type TYPE. */
struct openapi_use openapi_use_body(struct openapi_use use, struct text type);

/* What the string TEXT becomes in USE; absent if it stays. */
struct text openapi_use_string(struct openapi_derivation *dv, struct openapi_use use,
                               struct text text);

/* The walkers of schemas and of examples of them. */
openapi_walker openapi_walk_schema, openapi_walk_instance;

/* A whole body of the media type TYPE as an example. */
void openapi_walk_sample(struct openapi_derivation *dv, const struct yaml_node *node,
                         struct openapi_use use, struct text type);

/* The walkers of what operations are made of. */
openapi_walker openapi_walk_parameter, openapi_walk_response, openapi_walk_request,
    openapi_walk_operation;

/* `content`, by media type. */
void openapi_walk_content(struct openapi_derivation *dv, const struct yaml_node *content,
                          struct openapi_use use);

/* Decides the fates of all nodes of the description. */
void openapi_survey(struct openapi_derivation *dv);

#endif
