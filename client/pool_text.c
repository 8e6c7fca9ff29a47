/* A pool's statistics in the text format of Prometheus. */
#include "client/prom_text.h"

#include <s7rig/pool.h>

static void connections(struct s7_prom *text, const s7_pool_stats *stats)
{
    const struct {
        const char *state;
        uint32_t n;
    } rows[] = {{"idle", stats->available}, {"in_use", stats->in_use},   {"checking", stats->checking},
                {"dirty", stats->dirty},    {"closing", stats->closing}, {"connecting", stats->connecting}};

    s7_prom_head(text, "connections", "gauge", "Connections by state.");
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++)
        s7_prom_sample(text, "connections", "", "state", rows[i].state, rows[i].n);
}

static void now(struct s7_prom *text, const s7_pool_stats *stats)
{
    connections(text, stats);
    s7_prom_number(text, "size", "gauge", "Connections at most.", stats->size);
    s7_prom_number(text, "limit", "gauge", "Connections that the PLC seems to allow.", stats->limit);
    s7_prom_number(text, "waiting", "gauge", "Callers that wait for a connection.", stats->waiting);
    s7_prom_number(text, "leaking", "gauge", "Leases that are out for too long.", stats->leaking);
    s7_prom_number(text, "down", "gauge", "1 while no connection can be made.", stats->down);
    s7_prom_number(text, "denied", "gauge", "1 while the group allows no more connections.", stats->denied);
    s7_prom_number(text, "paused", "gauge", "1 while the pool is paused.", stats->paused);
}

static void leases(struct s7_prom *text, const s7_pool_stats *stats)
{
    uint64_t others = stats->gets_failed - stats->gets_timed_out - stats->gets_cancelled;

    s7_prom_number(text, "gets_total", "counter", "Leases given.", stats->gets);
    s7_prom_number(text, "gets_waited_total", "counter", "Leases given after waiting.", stats->gets_waited);
    s7_prom_head(text, "gets_failed_total", "counter", "Callers that got no lease.");
    s7_prom_sample(text, "gets_failed_total", "", "why", "timeout", stats->gets_timed_out);
    s7_prom_sample(text, "gets_failed_total", "", "why", "cancelled", stats->gets_cancelled);
    s7_prom_sample(text, "gets_failed_total", "", "why", "refused", others);
    s7_prom_number(text, "puts_total", "counter", "Leases given back.", stats->puts);
    s7_prom_number(text, "misuse_total", "counter", "Calls refused as misuse.", stats->misuse);
    s7_prom_number(text, "leaks_total", "counter", "Leases that were out for too long.", stats->leaks);
    s7_prom_number(text, "late_answers_total", "counter", "Answers that came too late and were discarded.",
                   stats->late_answers);
}

static void life(struct s7_prom *text, const s7_pool_stats *stats)
{
    s7_prom_number(text, "dials_total", "counter", "Connections begun to be made.", stats->dials);
    s7_prom_number(text, "denials_total", "counter", "How often the group allowed no more.", stats->denials);
    s7_prom_number(text, "connects_total", "counter", "Connections made.", stats->connects);
    s7_prom_number(text, "reconnects_total", "counter", "Connections that ended a time without any.",
                   stats->reconnects);
    s7_prom_number(text, "outages_total", "counter", "How often no connection could be made.",
                   stats->outages);
    s7_prom_head(text, "connect_failures_total", "counter", "Connections that could not be made.");
    for (unsigned i = 0; i < S7_POOL_DIAL_FAILURES; i++)
        s7_prom_sample(text, "connect_failures_total", "", "why",
                       s7_pool_dial_failure_name((s7_pool_dial_failure)i), stats->dial_failures[i]);
    s7_prom_head(text, "closed_total", "counter", "Connections closed.");
    for (unsigned i = 0; i < S7_POOL_CLOSE_REASONS; i++)
        s7_prom_sample(text, "closed_total", "", "reason", s7_pool_close_reason_name((s7_pool_close_reason)i),
                       stats->closed[i]);
    s7_prom_number(text, "health_checks_total", "counter", "Checks begun.", stats->health_checks);
    s7_prom_number(text, "health_check_failures_total", "counter", "Checks without an answer.",
                   stats->health_check_failures);
    s7_prom_number(text, "events_lost_total", "counter", "Events that were not told.", stats->events_lost);
}

static void direct(struct s7_prom *text, const s7_pool_stats *stats)
{
    s7_prom_number(text, "direct_calls_total", "counter", "Calls without a lease.", stats->direct_calls);
    s7_prom_number(text, "direct_jobs_total", "counter", "Requests sent for them.", stats->direct_jobs);
    s7_prom_number(text, "direct_merged_total", "counter", "Reads that shared a request with others.",
                   stats->direct_merged);
}

static void times(struct s7_prom *text, const char *name, const char *help, const s7_pool_times *times)
{
    s7_prom_head(text, name, "summary", help);
    s7_prom_seconds(text, name, "", "quantile", "0.5", times->p50_ns);
    s7_prom_seconds(text, name, "", "quantile", "0.95", times->p95_ns);
    s7_prom_seconds(text, name, "", "quantile", "0.99", times->p99_ns);
    s7_prom_seconds(text, name, "", "quantile", "1", times->max_ns);
    s7_prom_seconds(text, name, "_sum", NULL, NULL, times->sum_ns);
    s7_prom_sample(text, name, "_count", NULL, NULL, times->count);
}

size_t s7_pool_stats_prometheus(const s7_pool_stats *stats, const char *pool, char *buf, size_t cap)
{
    struct s7_prom text = {
        .out = {.buf = buf, .cap = cap}, .prefix = "s7_pool_", .label = "pool", .value = pool};

    if (stats == NULL || stats->struct_size < sizeof *stats)
        return 0;
    now(&text, stats);
    leases(&text, stats);
    life(&text, stats);
    direct(&text, stats);
    times(&text, "wait_seconds", "Time that callers waited for their lease.", &stats->wait);
    times(&text, "lease_seconds", "Time that leases were out.", &stats->lease);
    times(&text, "connect_seconds", "Time that connections took to be made.", &stats->connect);
    return s7_prom_end(&text);
}
