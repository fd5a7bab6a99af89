/* records.c - NDJSON and JSON text sequences leave alike at every cut */
#include "fuzz/bodies.h"
#include "translate/translator.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct text input = text_of((const char *)bytes, len);

    if (len > 0) {
        struct body body = body_of(*bytes & BODY_OTHER ? json_seq_new : records_new, *bytes);

        fuzz_every_cut(body_run, &body, text_from_offset(input, 1));
    }
    return 0;
}
