/*
 * cli.h - the commands that do their work and end
 *
 * Each takes the arguments that follow the program's name, its own name
 * first, and returns the exit code: 0, 1 or what mapping.md lists, EX_USAGE
 * (64) on wrong usage, EX_CONFIG (78) where the mapping is unusable.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

/* Every complaint about the configuration, with its line and a caret: 0 or 1. */
int cli_check(int argc, char **argv);

/* Translates one body offline: 0, or 65 if the body is refused. */
int cli_translate(int argc, char **argv);

/* Route, upstream URL and rules in force for one request: 0, or 1 if no route. */
int cli_explain(int argc, char **argv);

/* What a change of the mapping does to clients: 0, or 1 where --fail-on asks for it. */
int cli_diff(int argc, char **argv);

/* The unmapped names that a running gateway has met: 0, or 69 if it does not answer. */
int cli_drift(int argc, char **argv);

/* Whether a running gateway is healthy: 0, or 1 if not. */
int cli_probe(int argc, char **argv);

/* Runs files of mapping tests: 0, 1 if some failed, 65 if a file is unusable. */
int cli_test(int argc, char **argv);

/* The description of the mirrored API: 0, or 1 if a description is not as it must be. */
int cli_openapi(int argc, char **argv);

/* Prints the version: 0. */
int cli_version(int argc, char **argv);

#endif
