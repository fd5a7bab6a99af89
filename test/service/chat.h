/*
 * chat.h - a conversation about a workspace, whole or as a stream
 *
 * The answer tells the question back, so that every byte of it can be
 * checked.  Each question is kept in a thread, seen below chat-threads.
 */
#ifndef SERVICE_CHAT_H
#define SERVICE_CHAT_H

#include "request.h"

/* POST chat: the whole answer as JSON. */
enum MHD_Result chat_answer(struct request *r);

/* POST chat/stream: one event a word, each a JSON object, then "[DONE]". */
enum MHD_Result chat_stream(struct request *r);

#endif
