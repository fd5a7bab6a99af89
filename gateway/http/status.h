/*
 * status.h - the reason phrases of RFC 9110, 15
 */
#ifndef HTTP_STATUS_H
#define HTTP_STATUS_H

#include "base/text.h"

/* The usual reason phrase of STATUS; empty where there is none. */
struct text http_reason(int status);

#endif
