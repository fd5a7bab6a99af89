/*
 * deprecated_page.h - what is to go away, and who still calls it, as JSON
 */
#ifndef SERVER_DEPRECATED_PAGE_H
#define SERVER_DEPRECATED_PAGE_H

#include "base/buf.h"
#include "mapping/mapping.h"
#include "server/callers.h"

/* Writes each deprecated route of MAPPING with its days, its windows at NOW, and its CALLERS. */
void deprecated_page(const struct mapping *mapping, struct callers *callers, int64_t now,
                     struct buf *to);

#endif
