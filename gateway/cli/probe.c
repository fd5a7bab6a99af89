#include "cli/cli.h"
#include "cli/page.h"

#include <getopt.h>
#include <stdio.h>
#include <sysexits.h>

enum { TIMEOUT_MS = 3000, PRINTED_MAX = 400 };

static const char usage[] =
    "usage: dpgw probe [URL]\n"
    "\n"
    "A health check for containers: asks once for a page and tells by its exit\n"
    "status whether it came with 2xx within 3s.  Silent if so.\n"
    "\n"
    "  URL                  the page (http://127.0.0.1:9901/healthz)\n"
    "  -h, --help           this text\n"
    "\n"
    "exit status: 0 healthy, 1 not, 64 wrong usage\n"
    "\n"
    "example:\n"
    "  dpgw probe                                  is the process alive\n"
    "  dpgw probe http://127.0.0.1:9901/readyz     does it want requests\n";

/* Says why PAGE is no sign of health, on one line. */
static void complain(const struct page *page, const char *url)
{
    if (!page->status) {
        fprintf(stderr, "dpgw probe: %s: %s\n", url, page->fault);
        return;
    }
    size_t length = 0;
    while (length < page->body.len && length < PRINTED_MAX && page->body.at[length] >= ' ')
        length++;
    fprintf(stderr, "dpgw probe: %s answered %d: %.*s\n", url, page->status, (int)length,
            length ? page->body.at : "");
}

static int probe(const char *url)
{
    char origin[512];
    struct text target;
    struct page page;

    if (!page_url(url, origin, sizeof origin, &target)) {
        fputs("dpgw probe: a URL such as http://127.0.0.1:9901/healthz is wanted\n", stderr);
        return EX_USAGE;
    }
    page_get(&page, origin, target.len ? target : TEXT("/"), TIMEOUT_MS);
    bool healthy = page.status >= 200 && page.status < 300;
    if (!healthy)
        complain(&page, url);
    page_fini(&page);
    return healthy ? 0 : 1;
}

int cli_probe(int argc, char **argv)
{
    static const struct option known[] = {{"help", no_argument, NULL, 'h'}, {0}};
    int option = getopt_long(argc, argv, "h", known, NULL);

    if (option == 'h') {
        fputs(usage, stdout);
        return EX_OK;
    }
    if (option != -1 || argc - optind > 1) {
        fputs(usage, stderr);
        return EX_USAGE;
    }
    return probe(optind < argc ? argv[optind] : "http://127.0.0.1:9901/healthz");
}
