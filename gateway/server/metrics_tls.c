#include "front/tls.h"
#include "server/exposition.h"
#include "server/metrics.h"

enum { FILE_TEXT = 4096 };

static void write_done(struct buf *to, const struct tls_counts *counts)
{
    struct label tls12 = {"version", TEXT("1.2")}, tls13 = {"version", TEXT("1.3")};

    exposition_family(to, "dpgw_tls_handshakes_total", "counter",
                      "Handshakes with clients that came to an end, by version of TLS.");
    exposition_sample(to, "dpgw_tls_handshakes_total", "", &tls12, 1, counts->tls12);
    exposition_sample(to, "dpgw_tls_handshakes_total", "", &tls13, 1, counts->tls13);
    exposition_family(to, "dpgw_tls_resumptions_total", "counter",
                      "Of them short ones: the client came back with a ticket.");
    exposition_sample(to, "dpgw_tls_resumptions_total", "", NULL, 0, counts->resumed);
}

static void write_failed(struct buf *to, const struct tls_counts *counts)
{
    exposition_family(to, "dpgw_tls_handshake_failures_total", "counter",
                      "Handshakes with clients that came to nothing, as the log says why.");
    for (int i = 0; i < TLS_FAILURE_COUNT; i++) {
        struct label label = {"reason", text_from(tls_failure_words[i])};

        exposition_sample(to, "dpgw_tls_handshake_failures_total", "", &label, 1,
                          counts->failed[i]);
    }
}

static void write_ends(struct buf *to, struct tls *tls)
{
    char file[FILE_TEXT];
    int64_t ends;

    exposition_family(to, "dpgw_tls_certificate_expiry_timestamp_seconds", "gauge",
                      "When a certificate that clients are shown ends, by its file.");
    for (size_t n = 0; tls_expiry(tls, n, file, sizeof file, &ends); n++) {
        struct label label = {"file", text_from(file)};

        exposition_sample(to, "dpgw_tls_certificate_expiry_timestamp_seconds", "", &label, 1,
                          ends > 0 ? (uint64_t)ends : 0);
    }
}

void metrics_write_tls(struct buf *to, struct tls *tls)
{
    struct tls_counts counts = tls_counts(tls);

    write_done(to, &counts);
    write_failed(to, &counts);
    write_ends(to, tls);
}
