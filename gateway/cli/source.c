#include "cli/source.h"

#include "cli/colour.h"
#include "front/tls.h"

#include <stdio.h>
#include <unistd.h>

bool cli_source_option(struct cli_source *source, int option, const char *argument)
{
    if (option == 'c') {
        source->file = argument;
        return true;
    }
    if (option != CLI_OPTION_SET || source->set_count == CLI_SETS_MAX)
        return false;
    source->sets[source->set_count++] = argument;
    return true;
}

bool cli_source_format(const char *word, bool *json_out)
{
    *json_out = text_eq(text_from(word), TEXT("json"));
    return *json_out || text_eq(text_from(word), TEXT("text"));
}

bool cli_tls_proven(const struct conf *c, struct diag *complaints)
{
    bool proven = tls_proven(&c->tls, complaints);

    for (size_t i = 0; i < c->service_count; i++)
        proven = tls_service_proven(&c->services[i].tls, complaints) && proven;
    return proven;
}

struct conf *cli_source_load(const struct cli_source *source, const char *command)
{
    const char *file = conf_find(source->file);
    struct conf_overrides overrides = {source->sets, source->set_count};
    struct diag *complaints = diag_new();
    struct conf *conf = NULL;

    if (!file)
        fprintf(stderr, "dpgw %s: no configuration found: give -c FILE or set DPGW_CONFIG\n",
                command);
    else if (complaints)
        conf = conf_load(file, &overrides, environ, complaints);
    else
        fprintf(stderr, "dpgw %s: not enough memory\n", command);
    if (conf && !cli_tls_proven(conf, complaints))
        conf_unref(&conf);
    if (complaints)
        diag_print(complaints, stderr, colour_wanted(STDERR_FILENO));
    diag_free(&complaints);
    return conf;
}
