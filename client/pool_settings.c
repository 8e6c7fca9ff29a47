#include "client/pool_settings.h"

#include "client/pool_group.h"
#include "client/preset.h"
#include "client/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define NS_PER_MS        INT64_C(1000000)
#define WORTH_TELLING_NS (50 * NS_PER_MS) /* less is what a call takes anyway */

void s7_pool_options_init(s7_pool_options *options)
{
    if (options == NULL)
        return;
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
        .coalesce_gap = -1,
        .backoff_factor_percent = 200,
        .backoff_jitter_percent = 100,
    };
    s7_client_options_init(&options->client);
}

static bool is_time_fault(const s7_pool_options *options, char came[S7_CAME_CAP])
{
    const struct s7_option_range times[] = {{"max_idle_ms", options->max_idle_ms, 0, S7_MS_MAX},
                                            {"health_check_ms", options->health_check_ms, 0, S7_MS_MAX},
                                            {"health_timeout_ms", options->health_timeout_ms, 1, S7_MS_MAX},
                                            {"acquire_ms", options->acquire_ms, 1, S7_MS_MAX},
                                            {"backoff_min_ms", options->backoff_min_ms, 0, S7_MS_MAX},
                                            {"backoff_max_ms", options->backoff_max_ms, 0, S7_MS_MAX},
                                            {"probe_min_ms", options->probe_min_ms, 0, S7_MS_MAX},
                                            {"probe_max_ms", options->probe_max_ms, 0, S7_MS_MAX},
                                            {"max_lifetime_ms", options->max_lifetime_ms, 0, S7_MS_MAX},
                                            {"leak_ms", options->leak_ms, 0, S7_MS_MAX}};

    return s7_settings_out_of_range(times, sizeof times / sizeof times[0], came);
}

/* What is wrong with an option, and what came. */
static bool __attribute__((format(printf, 2, 3))) wrong(char came[S7_CAME_CAP], const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(came, S7_CAME_CAP, format, args);
    va_end(args);
    return true;
}

/* A pair of pauses of which the second is never shorter. */
static bool is_pair_fault(const char *name, uint32_t min_ms, uint32_t max_ms, char came[S7_CAME_CAP])
{
    if (min_ms == 0 || max_ms < min_ms)
        return wrong(came, "%s_min_ms is at least 1, and %s_max_ms not below it; got %u and %u", name, name,
                     min_ms, max_ms);
    return false;
}

static bool is_number_fault(const s7_pool_options *options, char came[S7_CAME_CAP])
{
    if (options->size < 1 || options->size > S7_POOL_SIZE_MAX)
        return wrong(came, "a pool has a size of 1..64 connections, got %u", options->size);
    if (options->min_idle > options->size)
        return wrong(came, "min_idle is at most size (%u), got %u", options->size, options->min_idle);
    if (options->max_connecting < 1 || options->max_connecting > options->size)
        return wrong(came, "max_connecting is 1..size (%u), got %u", options->size, options->max_connecting);
    if (options->lifetime_jitter_percent > 100)
        return wrong(came, "lifetime_jitter_percent is 0..100, got %u", options->lifetime_jitter_percent);
    if (options->backoff_jitter_percent > 100)
        return wrong(came, "backoff_jitter_percent is 0..100, got %u", options->backoff_jitter_percent);
    if (options->backoff_factor_percent < 100 || options->backoff_factor_percent > 1000)
        return wrong(came, "backoff_factor_percent is 100..1000, got %u", options->backoff_factor_percent);
    if (options->coalesce_us > 1000000)
        return wrong(came, "coalesce_us is at most 1000000, got %u", options->coalesce_us);
    if (options->coalesce_gap < -1 || options->coalesce_gap > 960)
        return wrong(came, "coalesce_gap is -1 (automatic) or 0..960, got %d", options->coalesce_gap);
    return false;
}

/* Is one out of its range? Then came says which, what it may be, and what it was. */
static bool is_options_fault(const s7_pool_options *options, char came[S7_CAME_CAP])
{
    if (is_number_fault(options, came) || is_time_fault(options, came))
        return true;
    if (is_pair_fault("backoff", options->backoff_min_ms, options->backoff_max_ms, came) ||
        is_pair_fault("probe", options->probe_min_ms, options->probe_max_ms, came))
        return true;
    if (options->health_check_ms != 0 && options->health_check_ms < options->size)
        return wrong(came,
                     "health_check_ms is 0 (never) or at least 1 for each of the %u connections, got %u",
                     options->size, options->health_check_ms);
    if (options->start != S7_POOL_START_ONE && options->start != S7_POOL_START_ALL &&
        options->start != S7_POOL_START_BACKGROUND)
        return wrong(came, "start is none of the start policies: %d", (int)options->start);
    return false;
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

/* A CP keeps its own books of its few connections, beside the CPU: none is to last for weeks. */
static uint32_t lifetime_ms(const s7_pool_options *options, const s7_client_options *client)
{
    if (options->max_lifetime_ms == 0 && s7_family_has_cp((s7_family)client->family))
        return 3600000;
    return options->max_lifetime_ms;
}

static struct s7_pool_rules rules_of(const s7_pool_options *options, const s7_client_options *client)
{
    uint32_t max_lifetime_ms = lifetime_ms(options, client);

    return (struct s7_pool_rules){
        .size = options->size,
        .min_idle = options->min_idle,
        .max_waiters = options->max_waiters,
        .max_connecting = options->max_connecting,
        .max_idle_ns = ns_or_never(options->max_idle_ms),
        .max_lifetime_ns = ns_or_never(max_lifetime_ms),
        .lifetime_jitter_ns = max_lifetime_ms * NS_PER_MS / 100 * options->lifetime_jitter_percent,
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
        .lend_oldest = options->lend_oldest,
        .leak_ns = ns_or_never(options->leak_ms),
        .backoff_factor = options->backoff_factor_percent,
        .backoff_jitter = options->backoff_jitter_percent,
        .turn_ns = s7_pool_group_turn_ns(options->group),
        .tells = options->on_event != NULL,
        .tell_all = options->tell_all && options->on_event != NULL,
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

/* What a check reads, and how much of it at most. */
static s7_status parse_check(const char *endpoint, struct s7_pool_settings *made, s7_errinfo *err)
{
    const char *text = made->options.health_check_at;
    s7_address_error error;
    char came[S7_CAME_CAP];

    made->options.health_check_at = NULL; /* the caller's */
    s7_status status = s7_address_parse(text != NULL ? text : "MB0", &made->check, &error);
    if (status == S7_OK && s7_address_size(&made->check) <= S7_PROBE_LEN)
        return S7_OK;
    if (status != S7_OK)
        snprintf(came, sizeof came, "health_check_at \"%.40s\": %.100s, at character %zu", text, error.text,
                 error.at + 1);
    else
        snprintf(came, sizeof came, "health_check_at \"%.40s\": at most %u bytes, got %zu", text,
                 S7_PROBE_LEN, s7_address_size(&made->check));
    (void)refuse(endpoint, came, err);
    if (status != S7_OK && err != NULL && err->status == S7_E_ARG)
        err->status = status;
    return status != S7_OK ? status : S7_E_ARG;
}

/* What does not fit is cut, but not in the middle of a character of UTF-8. */
static void copy_name(char to[S7_POOL_NAME_CAP], const char *name)
{
    size_t len = strnlen(name, S7_POOL_NAME_CAP);

    if (len == S7_POOL_NAME_CAP)
        do
            len--;
        while (len > 0 && ((unsigned char)name[len] & 0xC0) == 0x80);
    memcpy(to, name, len);
    to[len] = '\0';
}

s7_status s7_pool_settings_make(const char *endpoint, const s7_pool_options *options,
                                struct s7_pool_settings *out, s7_errinfo *err)
{
    struct s7_pool_settings made;
    char came[S7_CAME_CAP];

    if (!take_options(&made.options, options))
        return refuse(endpoint, "struct_size is not set: begin with s7_pool_options_init", err);
    if (is_options_fault(&made.options, came))
        return refuse(endpoint, came, err);
    s7_status status = s7_settings_make(endpoint, &made.options.client, &made.client, err);
    if (status != S7_OK)
        return status;
    status = parse_check(endpoint, &made, err);
    if (status != S7_OK)
        return status;
    copy_name(made.name, made.options.name != NULL ? made.options.name : "");
    made.options.name = NULL;                /* the caller's */
    made.options.client.write_ranges = NULL; /* the caller's; client has them too */
    made.rules = rules_of(&made.options, &made.client.options);
    *out = made;
    return S7_OK;
}

/* ---- words ---- */

static double seconds(int64_t ns)
{
    return (double)ns / 1e9;
}

/* Adds to what came, as far as there is room. */
static void __attribute__((format(printf, 2, 3))) add(s7_errinfo *err, const char *format, ...)
{
    size_t len = strlen(err->came);
    va_list args;

    va_start(args, format);
    vsnprintf(err->came + len, sizeof err->came - len, format, args);
    va_end(args);
}

#define HOLDER_ROOM 64 /* for one more, and how many are left */
#define LABEL_LEN   31

/* Of a place in the source with a long path (S7_HERE) its end. */
static const char *label_of(const char *label)
{
    const char *slash = label != NULL && strlen(label) > LABEL_LEN ? strrchr(label, '/') : NULL;

    if (label == NULL)
        return "(no label)";
    return slash != NULL ? slash + 1 : label;
}

/* The longest leases first: those are what somebody looks for. */
static void add_holders(s7_errinfo *err, const s7_pool_core *core, unsigned lent, int64_t now_ns)
{
    const char *label;
    int64_t since_ns;
    unsigned n = 0;

    while (strlen(err->came) + HOLDER_ROOM < sizeof err->came &&
           s7_pool_core_holder(core, n, &label, &since_ns))
        add(err, "%s %.1f s by \"%.*s\"", n++ == 0 ? "; lent for" : ",", seconds(now_ns - since_ns),
            LABEL_LEN, label_of(label));
    if (n < lent)
        add(err, " and %u more", lent - n);
}

/* Connections that are neither lent nor to be had. */
static void add_others(s7_errinfo *err, const s7_pool_stats *stats)
{
    const struct {
        uint32_t n;
        const char *what;
    } others[] = {{stats->checking, "under check"},
                  {stats->dirty, "waiting for a late answer"},
                  {stats->closing, "being closed"},
                  {stats->connecting, "being made"}};

    for (unsigned i = 0; i < sizeof others / sizeof others[0]; i++)
        if (others[i].n > 0)
            add(err, ", %u %s", others[i].n, others[i].what);
}

/* Whose fault is it, and what would help? */
static void advise(s7_errinfo *err, const struct s7_pool_settings *settings, const s7_pool_stats *stats)
{
    const s7_pool_options *options = &settings->options;
    bool full = stats->limit < stats->size;

    err->cause = full ? S7_CAUSE_PLC_FULL : S7_CAUSE_UNKNOWN;
    if (full)
        snprintf(err->hint, sizeof err->hint,
                 "close other programs' connections to this PLC, or hold clients shorter");
    else if (stats->in_use == 0)
        snprintf(err->hint, sizeof err->hint,
                 "nobody holds a client: wait longer (acquire_ms %u) than a check or a late answer may take "
                 "(health_timeout_ms %u, request_ms %u), or raise the pool's size (%u)",
                 (unsigned)options->acquire_ms, (unsigned)options->health_timeout_ms,
                 (unsigned)settings->client.options.request_ms, stats->size);
    else
        snprintf(err->hint, sizeof err->hint,
                 "put clients back sooner, or raise the pool's size (%u; acquire_ms %u, max_connecting %u, "
                 "%u wait)",
                 stats->size, (unsigned)options->acquire_ms, (unsigned)options->max_connecting,
                 stats->waiting);
}

static void exhausted(s7_errinfo *err, const struct s7_pool_settings *settings, const s7_pool_core *core,
                      const s7_errinfo *dial, int64_t now_ns)
{
    s7_pool_stats stats;

    s7_pool_core_stats(core, &stats);
    add(err, "%u of %u connections are in use", stats.in_use, stats.size);
    add_others(err, &stats);
    if (stats.limit < stats.size)
        add(err, "; the PLC refuses more than %u: %.60s", stats.limit, dial->came);
    else if (stats.last_connect_error != S7_OK && stats.last_connect_error == dial->status)
        add(err, "; one more could not be made: %.60s", dial->came);
    if (stats.denied)
        add(err, "; the pool's group allows no more to this PLC");
    add_holders(err, core, stats.in_use, now_ns);
    advise(err, settings, &stats);
}

static void down(s7_errinfo *err, const s7_pool_core *core, const s7_errinfo *dial, int64_t now_ns)
{
    s7_pool_stats stats;
    int64_t since_ns;
    s7_status cause = s7_pool_core_cause(core, &since_ns);

    s7_pool_core_stats(core, &stats);
    bool dialed = stats.down;
    bool more = dialed && dial->came[0] != '\0' && strcmp(dial->came, s7_strerror(cause)) != 0;
    snprintf(err->came, sizeof err->came, "no connection for %.1f s; last cause: %s%s%.90s",
             since_ns == S7_NEVER_NS ? 0.0 : seconds(now_ns - since_ns), s7_strerror(cause), more ? ": " : "",
             more ? dial->came : "");
    if (!dialed)
        return;
    err->plc_error = dial->plc_error;
    err->os_errno = dial->os_errno;
    memcpy(err->hint, dial->hint, sizeof err->hint);
    err->cause = dial->cause;
}

s7_status s7_pool_report_get(const struct s7_pool_settings *settings, const s7_pool_core *core,
                             const s7_errinfo *dial, s7_status status, int64_t now_ns, s7_errinfo *to)
{
    s7_errinfo err = S7_ERRINFO_INIT;

    if (to == NULL)
        return status;
    err.status = status;
    snprintf(err.asked, sizeof err.asked,
             settings->name[0] != '\0' ? "borrow a connection to %.60s from pool \"%.39s\""
                                       : "borrow a connection to %.80s",
             settings->client.where, settings->name);
    if (status == S7_E_POOL_EXHAUSTED)
        exhausted(&err, settings, core, dial, now_ns);
    else if (status == S7_E_PLC_DOWN)
        down(&err, core, dial, now_ns);
    else if (status == S7_E_TIMEOUT)
        s7_report_came(&err, status, "the connection was still being made");
    else if (status == S7_E_BUDGET)
        s7_report_came(&err, status, "other pools of the group hold all connections that it allows");
    else if (status == S7_E_POOL_PAUSED)
        s7_report_came(&err, status, "the pool was paused, and not resumed until the deadline");
    else if (status == S7_E_MISUSE)
        s7_report_came(&err, status, "the pool was not started");
    else
        s7_report_came(&err, status, "");
    s7_report_give(to, &err);
    return status;
}

static void say_waited(int64_t waited_ns, s7_errinfo *err)
{
    size_t len = strlen(err->asked);

    if (waited_ns < 1000 * NS_PER_MS)
        snprintf(err->asked + len, sizeof err->asked - len, ", waited %d ms", (int)(waited_ns / NS_PER_MS));
    else
        snprintf(err->asked + len, sizeof err->asked - len, ", waited %.1f s", seconds(waited_ns));
}

void s7_pool_report_wait(const struct s7_pool_waiter *waiter, int64_t now_ns, s7_errinfo *err)
{
    if (err != NULL && now_ns > waiter->since_ns)
        say_waited(now_ns - waiter->since_ns, err);
}

void s7_pool_report_waited(int64_t waited_ns, s7_errinfo *err)
{
    if (waited_ns >= WORTH_TELLING_NS)
        say_waited(waited_ns, err);
}

void s7_pool_complete_event(const struct s7_pool_settings *settings, s7_pool_event *event,
                            const s7_errinfo *dial)
{
    bool failed = event->kind == S7_POOL_EVENT_CONNECT_FAILED || event->kind == S7_POOL_EVENT_DOWN ||
                  event->kind == S7_POOL_EVENT_FULL;

    event->name = settings->name[0] != '\0' ? settings->name : settings->client.where;
    event->err = failed && dial->status == event->status ? dial : NULL;
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
