/*
 * request.h - a request as it is named on a command line: METHOD PATH[?QUERY]
 */
#ifndef CLI_REQUEST_H
#define CLI_REQUEST_H

#include "mapping/mapping.h"

struct cli_request {
    enum http_method method;
    struct text path;
    struct text query; /* absent if there is no "?" */
};

/* Reads "METHOD PATH[?QUERY]".  False if it is not of that form; the texts point into LINE. */
bool cli_request_parse(struct text line, struct cli_request *request_out);

/* Splits TARGET at its first "?". */
void cli_request_target(struct text target, struct cli_request *request_out);

/*
 * The route of M that serves REQUEST.  NULL, with the reason on standard
 * error in the name of COMMAND, if the gateway would refuse it.
 */
const struct route *cli_request_route(const struct mapping *m, const struct cli_request *request,
                                      const char *command);

#endif
