#include "exchange/stage.h"
#include "exchange/suites.h"

#include "base/log.h"

int main(void)
{
    log_setup(LOG_ERROR, LOG_LOGFMT);
    stage_setup();
    int failed = run_cells() + run_outcomes() + run_replies() + run_fields() + run_validators() +
                 run_traces() + run_forwarding() + run_reports() + run_unmapped() +
                 run_unpacking() + run_codings() + run_recodings() + run_coded_requests() +
                 run_faults() + run_local() + run_orders() + run_deprecated();
    stage_teardown();
    return failed ? 1 : 0;
}
