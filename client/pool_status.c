/* A pool's statistics for people, and what became of them since an earlier look. */
#include "client/sink.h"

#include <s7rig/pool.h>

#include <inttypes.h>

/* ---- words ---- */

static const char *state_of(const s7_pool_stats *stats)
{
    if (stats->paused)
        return "paused";
    if (stats->down)
        return "the PLC is down";
    if (stats->denied)
        return "its group allows no more";
    if (stats->limit < stats->size)
        return "the PLC is full";
    return stats->total_connections > 0 ? "up" : "not connected";
}

static void say_time(struct s7_sink *out, const char *what, int64_t ns)
{
    if (ns < 1000000)
        s7_sink_say(out, "%s %.1f us", what, (double)ns / 1e3);
    else if (ns < 1000000000)
        s7_sink_say(out, "%s %.1f ms", what, (double)ns / 1e6);
    else
        s7_sink_say(out, "%s %.3f s", what, (double)ns / 1e9);
}

static void say_times(struct s7_sink *out, const s7_pool_times *times)
{
    say_time(out, "p50", times->p50_ns);
    say_time(out, ", p99", times->p99_ns);
    say_time(out, ", max", times->max_ns);
}

/* A list of those that are not zero: " (3 idle, 5 in use)". */
struct list {
    struct s7_sink *out;
    const char *before, *after;
    unsigned n;
};

static void add(struct list *list, uint64_t n, const char *what)
{
    if (n > 0)
        s7_sink_say(list->out, "%s%" PRIu64 " %s", list->n++ == 0 ? list->before : ", ", n, what);
}

static void end(const struct list *list)
{
    if (list->n > 0)
        s7_sink_say(list->out, "%s", list->after);
}

/* ---- lines ---- */

static void say_now(struct s7_sink *out, const s7_pool_stats *stats)
{
    struct list states = {out, " (", ")", 0};

    s7_sink_say(out, "%s, %" PRIu32 " of %" PRIu32 " connections", state_of(stats), stats->total_connections,
                stats->size);
    add(&states, stats->available, "idle");
    add(&states, stats->in_use, "in use");
    add(&states, stats->checking, "checking");
    add(&states, stats->dirty, "dirty");
    add(&states, stats->closing, "closing");
    end(&states);
    struct list more = {out, ", ", "", 0};
    add(&more, stats->connecting, "connecting");
    add(&more, stats->waiting, "waiting");
    add(&more, stats->leaking, "leaking");
    if (stats->limit < stats->size)
        s7_sink_say(out, ", the PLC allows %" PRIu32, stats->limit);
    s7_sink_put(out, '\n');
}

static void say_gets(struct s7_sink *out, const s7_pool_stats *stats)
{
    struct list failed = {out, " (", ")", 0};

    s7_sink_say(out, "  gets    %" PRIu64 ", %" PRIu64 " after a wait, %" PRIu64 " in vain", stats->gets,
                stats->gets_waited, stats->gets_failed);
    add(&failed, stats->gets_timed_out, "timed out");
    add(&failed, stats->gets_cancelled, "cancelled");
    add(&failed, stats->gets_failed - stats->gets_timed_out - stats->gets_cancelled, "refused");
    end(&failed);
    s7_sink_say(out, "; puts %" PRIu64 "\n  waits   ", stats->puts);
    say_times(out, &stats->wait);
    s7_sink_say(out, "\n  leases  ");
    say_times(out, &stats->lease);
    struct list odd = {out, "; ", "", 0};
    add(&odd, stats->leaks, "leaked");
    add(&odd, stats->misuse, "misused");
    add(&odd, stats->late_answers, "late answers");
    s7_sink_put(out, '\n');
}

static void say_dials(struct s7_sink *out, const s7_pool_stats *stats)
{
    struct list kinds = {out, " (", ")", 0};

    s7_sink_say(out, "  dials   %" PRIu64 ", %" PRIu64 " made: ", stats->dials, stats->connects);
    say_times(out, &stats->connect);
    s7_sink_say(out, "; %" PRIu64 " failed", stats->connect_failures);
    for (unsigned i = 0; i < S7_POOL_DIAL_FAILURES; i++)
        add(&kinds, stats->dial_failures[i], s7_pool_dial_failure_name((s7_pool_dial_failure)i));
    end(&kinds);
    if (stats->last_connect_error != S7_OK)
        s7_sink_say(out, ", the last one: %s", s7_strerror(stats->last_connect_error));
    struct list more = {out, "; ", "", 0};
    add(&more, stats->outages, "outages");
    add(&more, stats->reconnects, "reconnects");
    add(&more, stats->denials, "denied by its group");
    s7_sink_put(out, '\n');
}

static void say_ends(struct s7_sink *out, const s7_pool_stats *stats)
{
    struct list reasons = {out, " (", ")", 0};
    uint64_t closed = 0;

    for (unsigned i = 0; i < S7_POOL_CLOSE_REASONS; i++)
        closed += stats->closed[i];
    s7_sink_say(out, "  closed  %" PRIu64, closed);
    for (unsigned i = 0; i < S7_POOL_CLOSE_REASONS; i++)
        add(&reasons, stats->closed[i], s7_pool_close_reason_name((s7_pool_close_reason)i));
    end(&reasons);
    s7_sink_say(out, "; checks %" PRIu64 ", %" PRIu64 " without an answer\n", stats->health_checks,
                stats->health_check_failures);
}

size_t s7_pool_stats_text(const s7_pool_stats *stats, const char *pool, char *buf, size_t cap)
{
    struct s7_sink out = {.buf = buf, .cap = cap};

    if (stats == NULL || stats->struct_size < sizeof *stats)
        return 0;
    s7_sink_say(&out, "%s: ", pool != NULL ? pool : "pool");
    say_now(&out, stats);
    say_gets(&out, stats);
    say_dials(&out, stats);
    say_ends(&out, stats);
    if (stats->direct_calls > 0)
        s7_sink_say(&out, "  direct  %" PRIu64 " calls in %" PRIu64 " requests, %" PRIu64 " merged\n",
                    stats->direct_calls, stats->direct_jobs, stats->direct_merged);
    return s7_sink_end(&out);
}

/* ---- since ---- */

static void subtract_times(s7_pool_times *times, const s7_pool_times *before)
{
    times->count -= before->count;
    times->sum_ns -= before->sum_ns;
}

static void subtract(s7_pool_stats *stats, const s7_pool_stats *before)
{
#define LESS(field) stats->field -= before->field
    LESS(health_check_failures);
    LESS(gets);
    LESS(gets_waited);
    LESS(gets_failed);
    LESS(puts);
    LESS(misuse);
    LESS(health_checks);
    LESS(late_answers);
    LESS(connects);
    LESS(connect_failures);
    LESS(leaks);
    LESS(gets_timed_out);
    LESS(gets_cancelled);
    LESS(dials);
    LESS(denials);
    LESS(outages);
    LESS(reconnects);
    LESS(events_lost);
    LESS(direct_calls);
    LESS(direct_jobs);
    LESS(direct_merged);
    for (unsigned i = 0; i < S7_POOL_CLOSE_REASONS; i++)
        LESS(closed[i]);
    for (unsigned i = 0; i < S7_POOL_DIAL_FAILURES; i++)
        LESS(dial_failures[i]);
#undef LESS
    subtract_times(&stats->wait, &before->wait);
    subtract_times(&stats->lease, &before->lease);
    subtract_times(&stats->connect, &before->connect);
}

s7_status s7_pool_stats_since(s7_pool_stats *stats, const s7_pool_stats *before)
{
    if (stats == NULL || before == NULL || stats->struct_size < sizeof *stats ||
        before->struct_size < sizeof *before)
        return S7_E_ARG;
    subtract(stats, before);
    return S7_OK;
}
