#include "chat.h"

#include "replies.h"
#include "workspaces.h"

#include <stdlib.h>
#include <string.h>

/* The question, or NULL if there is none; what was wrong has been answered to RESULT_OUT. */
static const char *question_of(struct request *r, enum MHD_Result *result_out)
{
    const char *question = json_string_value(json_object_get(r->members, "message"));
    struct place workspace = {r->place.account, r->place.at, 2};

    if (store_missing(r->service->store, workspace) != 0) {
        *result_out = workspaces_missing(r, 2);
        return NULL;
    }
    if (question == NULL)
        *result_out =
            reply_error(r->connection, REPLY_VALIDATION_FAILED, "message must be a string.",
                        json_pack("{s:s}", "field", "message"));
    return question;
}

/* Keeps QUESTION in the thread the request names, or in a new one; its id, borrowed. */
static const char *keep_in_thread(struct request *r, const char *question)
{
    char *at[] = {r->place.at[0], r->place.at[1], "chat-threads", NULL};
    struct place threads = {r->place.account, at, 3};
    struct place place = {r->place.account, at, 4};
    const char *given = json_string_value(json_object_get(r->members, "threadId"));

    at[3] = (char *)given;
    json_t *thread = given == NULL ? NULL : store_item(r->service->store, place);
    if (thread == NULL) {
        char *id = given != NULL ? strdup(given) : ids_next(r->service->ids, "chat-threads");
        thread = json_pack("{s:s,s:s,s:[]}", "id", id, "workspaceId", at[1], "messages");
        if (thread != NULL)
            store_put(r->service->store, threads, id, thread);
        free(id);
    }
    json_array_append_new(json_object_get(thread, "messages"), json_string(question));
    workspaces_stamp(r->service->ids, thread);
    return json_string_value(json_object_get(thread, "id"));
}

enum MHD_Result chat_answer(struct request *r)
{
    enum MHD_Result result = MHD_NO;
    const char *question = question_of(r, &result);

    if (question == NULL)
        return result;
    const char *thread = keep_in_thread(r, question);
    return reply_data(r->connection, MHD_HTTP_OK,
                      json_pack("{s:s,s:s,s:{s:s,s:s+}}", "workspaceId", r->place.at[1], "threadId",
                                thread, "message", "role", "assistant", "content",
                                "You asked: ", question));
}

/* Adds one event, EVENT as text; its reference is taken. */
static void add_event(json_t *events, json_t *event)
{
    char *text = json_dumps(event, JSON_COMPACT);

    json_array_append_new(events, json_string(text));
    free(text);
    json_decref(event);
}

enum MHD_Result chat_stream(struct request *r)
{
    enum MHD_Result result = MHD_NO;
    const char *question = question_of(r, &result);

    if (question == NULL)
        return result;
    const char *workspace = r->place.at[1];
    const char *thread = keep_in_thread(r, question);
    json_t *events = json_array();
    add_event(events, json_pack("{s:s,s:s,s:s}", "type", "start", "workspaceId", workspace,
                                "threadId", thread));
    for (const char *word = question; *word != '\0';) {
        size_t length = strcspn(word, " ") + strspn(word + strcspn(word, " "), " ");
        add_event(events, json_pack("{s:s,s:s,s:s%}", "type", "token", "workspaceId", workspace,
                                    "text", word, length));
        word += length;
    }
    add_event(events, json_pack("{s:s,s:s}", "type", "done", "workspaceId", workspace));
    json_array_append_new(events, json_string("[DONE]"));
    return stream_start(&r->service->streams, r->connection, events);
}
