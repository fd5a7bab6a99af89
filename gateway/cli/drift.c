#include "cli/cli.h"
#include "cli/page.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

enum { TIMEOUT_MS = 10000 };

static const char usage[] =
    "usage: dpgw drift [--admin URL] [--format yaml|json]\n"
    "\n"
    "Asks a running gateway for the names of the service that were met in replies\n"
    "and that no rule of the mapping knows (see `watch` in the mapping file), and\n"
    "prints them ready to be pasted there: under `fields` with what clients might\n"
    "call them, or under `ignore`.\n"
    "\n"
    "      --admin URL      the admin address (http://127.0.0.1:9901)\n"
    "      --format FORMAT  yaml, or json: kind, name, route, path, suggestion, count\n"
    "  -h, --help           this text\n"
    "\n"
    "exit status: 0, 64 wrong usage, 69 the gateway does not answer\n"
    "\n"
    "example:\n"
    "  dpgw drift --admin http://127.0.0.1:9901\n";

struct drift_options {
    const char *admin;
    bool json, help;
};

/* False: wrong usage. */
static bool read_arguments(int argc, char **argv, struct drift_options *o)
{
    static const struct option known[] = {{"admin", required_argument, NULL, 'a'},
                                          {"format", required_argument, NULL, 'f'},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
    int option;

    while ((option = getopt_long(argc, argv, "h", known, NULL)) != -1) {
        if (option == 'a')
            o->admin = optarg;
        else if (option == 'f' && text_eq(text_from(optarg), TEXT("json")))
            o->json = true;
        else if (option == 'f' && text_eq(text_from(optarg), TEXT("yaml")))
            o->json = false;
        else if (option == 'h')
            o->help = true;
        else
            return false;
    }
    return optind == argc;
}

/* True if ADMIN is a URL without a path; its ORIGIN, of ROOM bytes. */
static bool origin_of(const char *admin, char *origin, size_t room)
{
    struct text rest;

    if (!page_url(admin, origin, room, &rest))
        return false;
    while (rest.len > 0 && rest.at[rest.len - 1] == '/')
        rest.len--;
    return rest.len == 0;
}

static int print(const struct page *page, const char *origin)
{
    if (page->status == 200) {
        fwrite(page->body.at, 1, page->body.len, stdout);
        return fflush(stdout) == 0 && !ferror(stdout) ? EX_OK : EX_IOERR;
    }
    if (page->status)
        fprintf(stderr, "dpgw drift: %s answered %d: not the admin address of a gateway?\n", origin,
                page->status);
    else
        fprintf(stderr, "dpgw drift: %s: %s\n", origin, page->fault);
    return EX_UNAVAILABLE;
}

int cli_drift(int argc, char **argv)
{
    struct drift_options o = {.admin = "http://127.0.0.1:9901"};
    struct page page;
    char origin[512];

    if (!read_arguments(argc, argv, &o)) {
        fputs(usage, stderr);
        return EX_USAGE;
    }
    if (o.help) {
        fputs(usage, stdout);
        return EX_OK;
    }
    if (!origin_of(o.admin, origin, sizeof origin)) {
        fprintf(stderr, "dpgw drift: --admin is a URL such as http://127.0.0.1:9901\n");
        return EX_USAGE;
    }
    page_get(&page, origin, o.json ? TEXT("/drift") : TEXT("/drift.yaml"), TIMEOUT_MS);
    int status = print(&page, origin);
    page_fini(&page);
    return status;
}
