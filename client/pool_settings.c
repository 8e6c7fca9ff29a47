#include "client/pool_settings.h"

#include "client/report.h"

#include <stdio.h>
#include <string.h>

#define NS_PER_MS INT64_C(1000000)

void s7_pool_options_init(s7_pool_options *options)
{
    *options = (s7_pool_options){
        .struct_size = sizeof *options,
        .size = 5,
        .min_idle = 0,
        .max_idle_ms = 300000,
        .health_check_ms = 60000,
        .health_timeout_ms = 2000,
        .acquire_ms = 30000,
        .max_waiters = 0,
        .max_connecting = 1,
        .start = S7_POOL_START_ONE,
        .backoff_min_ms = 250,
        .backoff_max_ms = 5000,
        .probe_min_ms = 5000,
        .probe_max_ms = 60000,
        .max_lifetime_ms = 0,
        .lifetime_jitter_percent = 10,
    };
    s7_client_options_init(&options->client);
}

/* NULL, or which option is out of its range. */
static const char *options_fault(const s7_pool_options *options)
{
    if (options->size < 1 || options->size > S7_POOL_SIZE_MAX)
        return "a pool has a size of 1..64 connections";
    if (options->min_idle > options->size)
        return "min_idle is at most size";
    if (options->max_connecting < 1 || options->max_connecting > options->size)
        return "max_connecting is 1..size";
    if (options->health_timeout_ms == 0 || options->acquire_ms == 0)
        return "health_timeout_ms and acquire_ms are at least 1";
    if (options->backoff_min_ms == 0 || options->backoff_max_ms < options->backoff_min_ms)
        return "backoff_min_ms is at least 1, and backoff_max_ms not below it";
    if (options->probe_min_ms == 0 || options->probe_max_ms < options->probe_min_ms)
        return "probe_min_ms is at least 1, and probe_max_ms not below it";
    if (options->lifetime_jitter_percent > 100)
        return "lifetime_jitter_percent is 0..100";
    if (options->health_check_ms != 0 && options->health_check_ms < options->size)
        return "health_check_ms is 0 (never) or at least 1 for each connection";
    if (options->start != S7_POOL_START_ONE && options->start != S7_POOL_START_ALL &&
        options->start != S7_POOL_START_BACKGROUND)
        return "start is none of the start policies";
    return NULL;
}

/* Fields that an older caller does not know keep their defaults. */
static bool take_options(s7_pool_options *to, const s7_pool_options *from)
{
    s7_pool_options_init(to);
    if (from == NULL)
        return true;
    if (from->struct_size < sizeof from->struct_size)
        return false;
    memcpy(to, from, from->struct_size < sizeof *to ? from->struct_size : sizeof *to);
    to->struct_size = sizeof *to;
    return true;
}

static int64_t ns_or_never(uint32_t ms)
{
    return ms == 0 ? S7_NEVER_NS : ms * NS_PER_MS;
}

static struct s7_pool_rules rules_of(const s7_pool_options *options, const s7_client_options *client)
{
    return (struct s7_pool_rules){
        .size = options->size,
        .min_idle = options->min_idle,
        .max_waiters = options->max_waiters,
        .max_connecting = options->max_connecting,
        .max_idle_ns = ns_or_never(options->max_idle_ms),
        .max_lifetime_ns = ns_or_never(options->max_lifetime_ms),
        .lifetime_jitter_ns = options->max_lifetime_ms * NS_PER_MS / 100 * options->lifetime_jitter_percent,
        .health_check_ns = ns_or_never(options->health_check_ms),
        .health_timeout_ns = options->health_timeout_ms * NS_PER_MS,
        .dirty_ns = client->request_ms * NS_PER_MS,
        .backoff_min_ns = options->backoff_min_ms * NS_PER_MS,
        .backoff_max_ns = options->backoff_max_ms * NS_PER_MS,
        .probe_min_ns = options->probe_min_ms * NS_PER_MS,
        .probe_max_ns = options->probe_max_ms * NS_PER_MS,
        .start = options->start,
        .fail_when_exhausted = options->fail_when_exhausted,
        .fail_fast_when_down = options->fail_fast_when_down,
    };
}

static s7_status refuse(const char *endpoint, const char *came, s7_errinfo *err)
{
    s7_errinfo why = S7_ERRINFO_INIT;

    snprintf(why.asked, sizeof why.asked, "make a pool for \"%.80s\"", endpoint != NULL ? endpoint : "");
    s7_report_came(&why, S7_E_ARG, came);
    s7_report_give(err, &why);
    return S7_E_ARG;
}

s7_status s7_pool_settings_make(const char *endpoint, const s7_pool_options *options,
                                struct s7_pool_settings *out, s7_errinfo *err)
{
    struct s7_pool_settings made;

    if (!take_options(&made.options, options))
        return refuse(endpoint, "struct_size is not set: begin with s7_pool_options_init", err);
    const char *fault = options_fault(&made.options);
    if (fault != NULL)
        return refuse(endpoint, fault, err);
    s7_status status = s7_settings_make(endpoint, &made.options.client, &made.client, err);
    if (status != S7_OK)
        return status;
    made.rules = rules_of(&made.options, &made.client.options);
    *out = made;
    return S7_OK;
}

/* ---- words ---- */

static double seconds(int64_t ns)
{
    return (double)ns / 1e9;
}

static void exhausted(s7_errinfo *err, const s7_pool_core *core, const s7_errinfo *dial, int64_t now_ns)
{
    s7_pool_stats stats;
    const char *label = NULL;
    int64_t since_ns = now_ns;
    int len;

    s7_pool_core_stats(core, &stats);
    bool lent = s7_pool_core_oldest(core, &label, &since_ns);
    len = snprintf(err->came, sizeof err->came, "%u of %u connections are in use", stats.in_use, stats.size);
    if (lent && len > 0 && (size_t)len < sizeof err->came)
        len += snprintf(err->came + len, sizeof err->came - (size_t)len, ", one for %.1f s by \"%.40s\"",
                        seconds(now_ns - since_ns), label != NULL ? label : "(no label)");
    if (stats.limit < stats.size && len > 0 && (size_t)len < sizeof err->came)
        snprintf(err->came + len, sizeof err->came - (size_t)len, "; the PLC refuses more than %u: %.60s",
                 stats.limit, dial->came);
    snprintf(err->hint, sizeof err->hint, "%s",
             stats.limit < stats.size
                 ? "close other programs' connections to this PLC, or hold clients shorter"
                 : "put clients back sooner, or raise the pool's size");
}

static void down(s7_errinfo *err, const s7_pool_core *core, const s7_errinfo *dial, int64_t now_ns)
{
    s7_pool_stats stats;
    int64_t since_ns;
    s7_status cause = s7_pool_core_cause(core, &since_ns);

    s7_pool_core_stats(core, &stats);
    bool dialed = stats.down;
    snprintf(err->came, sizeof err->came, "no connection for %.1f s; last cause: %s%s%.90s",
             since_ns == S7_NEVER_NS ? 0.0 : seconds(now_ns - since_ns), s7_strerror(cause),
             dialed && dial->came[0] != '\0' ? ": " : "", dialed ? dial->came : "");
    if (!dialed)
        return;
    err->plc_error = dial->plc_error;
    err->os_errno = dial->os_errno;
    memcpy(err->hint, dial->hint, sizeof err->hint);
}

s7_status s7_pool_report_get(const struct s7_pool_settings *settings, const s7_pool_core *core,
                             const s7_errinfo *dial, s7_status status, int64_t now_ns, s7_errinfo *to)
{
    s7_errinfo err = S7_ERRINFO_INIT;

    if (to == NULL)
        return status;
    err.status = status;
    snprintf(err.asked, sizeof err.asked, "borrow a connection to %.80s", settings->client.where);
    if (status == S7_E_POOL_EXHAUSTED)
        exhausted(&err, core, dial, now_ns);
    else if (status == S7_E_PLC_DOWN)
        down(&err, core, dial, now_ns);
    else if (status == S7_E_TIMEOUT)
        s7_report_came(&err, status, "the connection was still being made");
    else if (status == S7_E_POOL_PAUSED)
        s7_report_came(&err, status, "the pool was paused, and not resumed until the deadline");
    else if (status == S7_E_MISUSE)
        s7_report_came(&err, status, "the pool was not started");
    else
        s7_report_came(&err, status, "");
    s7_report_give(to, &err);
    return status;
}

s7_status s7_pool_report_stats(const s7_pool_stats *stats, s7_pool_stats *to)
{
    if (to == NULL || to->struct_size < sizeof to->struct_size)
        return S7_E_ARG;
    uint32_t size = to->struct_size;
    memcpy(to, stats, size < sizeof *stats ? size : sizeof *stats);
    to->struct_size = size;
    return S7_OK;
}
