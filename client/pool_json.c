/* A pool's statistics as JSON: the fields of s7_pool_stats under their names. */
#include "client/sink.h"

#include <s7rig/pool.h>

#include <inttypes.h>

static void say_string(struct s7_sink *out, const char *text)
{
    s7_sink_put(out, '"');
    while (*text != '\0') {
        if ((unsigned char)*text < 0x20) {
            s7_sink_say(out, "\\u%04x", (unsigned)*text++);
            continue;
        }
        if (*text == '"' || *text == '\\')
            s7_sink_put(out, '\\');
        text += s7_sink_put_char(out, text);
    }
    s7_sink_put(out, '"');
}

static void say_bool(struct s7_sink *out, const char *name, bool value)
{
    s7_sink_say(out, ",\"%s\":%s", name, value ? "true" : "false");
}

static void say_count(struct s7_sink *out, const char *name, uint64_t value)
{
    s7_sink_say(out, ",\"%s\":%" PRIu64, name, value);
}

#define COUNT(field) say_count(out, #field, stats->field)

static void say_now(struct s7_sink *out, const s7_pool_stats *stats)
{
    COUNT(total_connections);
    COUNT(available);
    COUNT(in_use);
    COUNT(checking);
    COUNT(dirty);
    COUNT(closing);
    COUNT(connecting);
    COUNT(waiting);
    COUNT(leaking);
    COUNT(size);
    COUNT(limit);
    say_bool(out, "down", stats->down);
    say_bool(out, "paused", stats->paused);
    say_bool(out, "denied", stats->denied);
    s7_sink_say(out, ",\"last_connect_error\":\"%s\"", s7_errname(stats->last_connect_error));
}

static void say_counts(struct s7_sink *out, const s7_pool_stats *stats)
{
    COUNT(gets);
    COUNT(gets_waited);
    COUNT(gets_failed);
    COUNT(gets_timed_out);
    COUNT(gets_cancelled);
    COUNT(puts);
    COUNT(misuse);
    COUNT(leaks);
    COUNT(late_answers);
    COUNT(health_checks);
    COUNT(health_check_failures);
    COUNT(dials);
    COUNT(connects);
    COUNT(connect_failures);
    COUNT(outages);
    COUNT(reconnects);
    COUNT(denials);
    COUNT(events_lost);
    COUNT(direct_calls);
    COUNT(direct_jobs);
    COUNT(direct_merged);
}

/* The first of an object has no comma before it. */
static void say_kinds(struct s7_sink *out, const s7_pool_stats *stats)
{
    s7_sink_say(out, ",\"closed\":{");
    for (unsigned i = 0; i < S7_POOL_CLOSE_REASONS; i++)
        s7_sink_say(out, "%s\"%s\":%" PRIu64, i > 0 ? "," : "",
                    s7_pool_close_reason_name((s7_pool_close_reason)i), stats->closed[i]);
    s7_sink_say(out, "},\"dial_failures\":{");
    for (unsigned i = 0; i < S7_POOL_DIAL_FAILURES; i++)
        s7_sink_say(out, "%s\"%s\":%" PRIu64, i > 0 ? "," : "",
                    s7_pool_dial_failure_name((s7_pool_dial_failure)i), stats->dial_failures[i]);
    s7_sink_put(out, '}');
}

static void say_times(struct s7_sink *out, const char *name, const s7_pool_times *times)
{
    s7_sink_say(out, ",\"%s\":{\"count\":%" PRIu64 ",\"sum_ns\":%" PRId64, name, times->count, times->sum_ns);
    s7_sink_say(out, ",\"p50_ns\":%" PRId64 ",\"p95_ns\":%" PRId64, times->p50_ns, times->p95_ns);
    s7_sink_say(out, ",\"p99_ns\":%" PRId64 ",\"max_ns\":%" PRId64 "}", times->p99_ns, times->max_ns);
}

size_t s7_pool_stats_json(const s7_pool_stats *stats, const char *pool, char *buf, size_t cap)
{
    struct s7_sink out = {.buf = buf, .cap = cap};

    if (stats == NULL || stats->struct_size < sizeof *stats)
        return 0;
    s7_sink_say(&out, "{\"pool\":");
    if (pool != NULL)
        say_string(&out, pool);
    else
        s7_sink_say(&out, "null");
    say_now(&out, stats);
    say_counts(&out, stats);
    say_kinds(&out, stats);
    say_times(&out, "wait", &stats->wait);
    say_times(&out, "lease", &stats->lease);
    say_times(&out, "connect", &stats->connect);
    s7_sink_say(&out, "}\n");
    return s7_sink_end(&out);
}
