/* A client's metrics in the text format of Prometheus. */
#include "client/prom_text.h"

#include <s7rig/metrics.h>

static void failures(struct s7_prom *text, const s7_client_metrics *metrics)
{
    s7_prom_head(text, "errors_total", "counter", "Calls that failed.");
    for (unsigned kind = 0; kind < S7_ERROR_KINDS; kind++)
        s7_prom_sample(text, "errors_total", "", "kind", s7_error_kind_name((s7_error_kind)kind),
                       metrics->errors[kind]);
}

static void latency(struct s7_prom *text, const s7_client_metrics *metrics)
{
    const struct {
        const char *quantile;
        int64_t ns;
    } rows[] = {{"0", metrics->latency_min_ns},
                {"0.5", metrics->latency_p50_ns},
                {"0.95", metrics->latency_p95_ns},
                {"0.99", metrics->latency_p99_ns},
                {"1", metrics->latency_max_ns}};

    s7_prom_head(text, "call_seconds", "summary", "Time that answered calls took.");
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++)
        s7_prom_seconds(text, "call_seconds", "", "quantile", rows[i].quantile, rows[i].ns);
    s7_prom_seconds(text, "call_seconds", "_sum", NULL, NULL, metrics->latency_sum_ns);
    s7_prom_sample(text, "call_seconds", "_count", NULL, NULL, metrics->latency_count);
}

size_t s7_client_metrics_text(const s7_client_metrics *metrics, const char *plc, char *buf, size_t cap)
{
    struct s7_prom text = {
        .out = {.buf = buf, .cap = cap}, .prefix = "s7_client_", .label = "plc", .value = plc};

    if (metrics == NULL || metrics->struct_size < sizeof *metrics)
        return 0;
    s7_prom_number(&text, "connected", "gauge", "1 while a connection is up.", metrics->connected);
    s7_prom_number(&text, "calls_total", "counter", "Reads, writes and services.", metrics->calls);
    s7_prom_number(&text, "successes_total", "counter", "Calls that succeeded.", metrics->successes);
    failures(&text, metrics);
    s7_prom_number(&text, "requests_total", "counter", "Jobs sent.", metrics->requests);
    s7_prom_number(&text, "received_bytes_total", "counter", "Bytes received.", metrics->bytes_in);
    s7_prom_number(&text, "sent_bytes_total", "counter", "Bytes sent.", metrics->bytes_out);
    s7_prom_number(&text, "late_answers_total", "counter", "Answers that came too late and were discarded.",
                   metrics->late_answers);
    s7_prom_number(&text, "connects_total", "counter", "Connections made.", metrics->connects);
    s7_prom_number(&text, "reconnects_total", "counter", "Connections made again by the client itself.",
                   metrics->reconnects);
    s7_prom_head(&text, "uptime_seconds", "gauge", "Age of the connection that is up.");
    s7_prom_seconds(&text, "uptime_seconds", "", NULL, NULL, metrics->uptime_ns);
    latency(&text, metrics);
    return s7_prom_end(&text);
}
