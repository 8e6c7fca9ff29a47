#include "client/settings.h"

#include "client/flight.h"
#include "client/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void s7_client_options_init(s7_client_options *options)
{
    if (options == NULL)
        return;
    *options = (s7_client_options){
        .struct_size = sizeof *options,
        .rack = 0,
        .slot = 1,
        .conn_type = S7_CONN_OP,
        .max_jobs = 8,
        .max_items = S7_ITEMS_PER_JOB,
        .local_tsap = 0x0100,
        .remote_tsap = 0,
        .pdu_len = S7_PDU_LEN_MAX,
        .connect_ms = 3000,
        .handshake_ms = 3000,
        .request_ms = 5000,
        .user_timeout_ms = 5000,
        .keepalive_idle_ms = 10000,
        .keepalive_interval_ms = 3000,
        .read_retries = 3,
        .backoff_min_ms = 1000,
        .backoff_max_ms = 30000,
        .flight_frames = 32,
        .flight_bytes = 1024,
    };
}

static const char *ranges_fault(const s7_client_options *options)
{
    if (options->n_write_ranges > S7_WRITE_RANGES_MAX)
        return "n_write_ranges is 0..64";
    if (options->write_ranges == NULL && options->n_write_ranges > 0)
        return "n_write_ranges without write_ranges";
    for (uint32_t i = 0; i < options->n_write_ranges; i++)
        if (options->write_ranges[i].first > options->write_ranges[i].last)
            return "a write range ends before it begins";
    return NULL;
}

bool s7_settings_too_long(const uint32_t *ms, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (ms[i] > INT32_MAX)
            return true;
    return false;
}

static bool is_time_fault(const s7_client_options *options)
{
    const uint32_t times[] = {
        options->connect_ms,      options->handshake_ms,      options->request_ms,
        options->user_timeout_ms, options->keepalive_idle_ms, options->keepalive_interval_ms,
        options->backoff_min_ms,  options->backoff_max_ms,    options->heartbeat_ms};

    return s7_settings_too_long(times, sizeof times / sizeof times[0]);
}

/* NULL, or which option is out of its range. */
static const char *options_fault(const s7_client_options *options)
{
    if (options->rack > 7)
        return "a rack is 0..7";
    if (options->slot > 31)
        return "a slot is 0..31";
    if (options->conn_type < S7_CONN_PG || options->conn_type > S7_CONN_BASIC)
        return "a connection type is 1 (PG), 2 (OP) or 3 (S7 basic)";
    if (options->max_jobs < 1 || options->max_jobs > S7_SESSION_MAX_JOBS)
        return "max_jobs is 1..32";
    if (options->max_items < S7_ITEMS_PER_JOB)
        return "max_items is 20..255";
    if (options->pdu_len < S7_PDU_LEN_MIN || options->pdu_len > S7_PDU_LEN_MAX)
        return "pdu_len is 240..960";
    if (options->connect_ms == 0 || options->handshake_ms == 0 || options->request_ms == 0)
        return "connect_ms, handshake_ms and request_ms are at least 1";
    if (is_time_fault(options))
        return S7_TOO_LONG;
    if (options->backoff_min_ms == 0 || options->backoff_max_ms < options->backoff_min_ms)
        return "backoff_min_ms is at least 1, and backoff_max_ms not less";
    if (options->flight_frames > 4096)
        return "flight_frames is at most 4096";
    if (options->flight_bytes > S7_FLIGHT_BYTES_MAX)
        return "flight_bytes is at most 1048576";
    if (options->family > S7_FAMILY_S7_400_CP)
        return "no such family";
    return ranges_fault(options);
}

static s7_status refuse(s7_errinfo *err, s7_errinfo *why, s7_status status, const char *came)
{
    s7_report_came(why, status, came);
    s7_report_give(err, why);
    return status;
}

/* Fields that an older caller does not know keep their defaults. */
static bool take_options(s7_client_options *to, const s7_client_options *from)
{
    s7_client_options_init(to);
    if (from == NULL)
        return true;
    if (from->struct_size < sizeof from->struct_size)
        return false;
    memcpy(to, from, from->struct_size < sizeof *to ? from->struct_size : sizeof *to);
    to->struct_size = sizeof *to;
    return true;
}

s7_status s7_settings_make(const char *endpoint, const s7_client_options *options, struct s7_settings *out,
                           s7_errinfo *err)
{
    s7_errinfo why = S7_ERRINFO_INIT;
    struct s7_settings made;

    snprintf(why.asked, sizeof why.asked, "make a client for \"%.80s\"", endpoint != NULL ? endpoint : "");
    if (!take_options(&made.options, options))
        return refuse(err, &why, S7_E_ARG, "struct_size is not set: begin with s7_client_options_init");
    s7_status status = s7_client_endpoint_parse(endpoint, &made.endpoint, &made.options, &why);
    if (status != S7_OK) {
        s7_report_give(err, &why);
        return status;
    }
    const char *fault = options_fault(&made.options);
    if (fault != NULL)
        return refuse(err, &why, S7_E_ARG, fault);
    bool ipv6 = strchr(made.endpoint.host, ':') != NULL;
    snprintf(made.where, sizeof made.where, ipv6 ? "[%s]:%u" : "%s:%u", made.endpoint.host,
             made.endpoint.port);
    *out = made;
    return S7_OK;
}

/* None, but an array: nothing may be written, and the pointer says so. */
void s7_settings_move_ranges(struct s7_settings *settings, void *memory)
{
    s7_client_options *options = &settings->options;

    if (options->write_ranges == NULL)
        return;
    memcpy(memory, options->write_ranges, s7_settings_ranges_len(settings));
    options->write_ranges = memory;
}

struct s7_settings *s7_settings_keep(const struct s7_settings *made)
{
    struct s7_settings *own = malloc(sizeof *own + s7_settings_ranges_len(made));

    if (own == NULL)
        return NULL;
    *own = *made;
    s7_settings_move_ranges(own, own + 1);
    return own;
}

uint16_t s7_settings_remote_tsap(const struct s7_settings *settings)
{
    const s7_client_options *options = &settings->options;

    if (options->remote_tsap != 0)
        return options->remote_tsap;
    return (uint16_t)(options->conn_type << 8 | options->rack << 5 | options->slot);
}

s7_status s7_settings_session(const struct s7_settings *settings, uint16_t first_ref, s7_session **out)
{
    const s7_client_options *options = &settings->options;
    struct s7_session_options session = {.local_tsap = options->local_tsap,
                                         .remote_tsap = s7_settings_remote_tsap(settings),
                                         .pdu_len = options->pdu_len,
                                         .max_jobs = options->max_jobs,
                                         .max_items = options->max_items,
                                         .handshake_ns = (int64_t)options->handshake_ms * 1000000,
                                         .first_ref = first_ref};

    return s7_session_new(&session, out);
}

int64_t s7_settings_pause_ns(const s7_client_options *options, unsigned failures, uint64_t random)
{
    uint64_t bound_ms = options->backoff_min_ms;

    for (unsigned i = 1; i < failures && bound_ms < options->backoff_max_ms; i++)
        bound_ms *= 2;
    if (bound_ms > options->backoff_max_ms)
        bound_ms = options->backoff_max_ms;
    return (int64_t)(random % (bound_ms * 1000000 + 1));
}

void s7_settings_asked(const struct s7_settings *settings, s7_errinfo *err)
{
    static const char *const types[] = {"?", "PG", "OP", "S7 basic"};
    const s7_client_options *options = &settings->options;

    if (options->remote_tsap != 0)
        snprintf(err->asked, sizeof err->asked, "connect to %.80s (TSAP %02X.%02X)", settings->where,
                 options->remote_tsap >> 8, options->remote_tsap & 0xFFU);
    else
        snprintf(err->asked, sizeof err->asked, "connect to %.80s (rack %u, slot %u, %s)", settings->where,
                 options->rack, options->slot, types[options->conn_type]);
}

struct s7_tcp_options s7_settings_tcp(const struct s7_settings *settings)
{
    const s7_client_options *options = &settings->options;

    return (struct s7_tcp_options){.user_timeout_ms = options->user_timeout_ms,
                                   .keepalive_idle_ms = options->keepalive_idle_ms,
                                   .keepalive_interval_ms = options->keepalive_interval_ms};
}
