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
        .flight_bytes = 448,
    };
}

bool s7_settings_out_of_range(const struct s7_option_range *ranges, size_t n, char came[S7_CAME_CAP])
{
    for (size_t i = 0; i < n; i++) {
        const struct s7_option_range *range = &ranges[i];

        if (range->value >= range->least && range->value <= range->most)
            continue;
        if (range->value > INT32_MAX)
            snprintf(came, S7_CAME_CAP, "%s is %u..%u, got a negative number, %d", range->name, range->least,
                     range->most, (int)range->value);
        else
            snprintf(came, S7_CAME_CAP, "%s is %u..%u, got %u", range->name, range->least, range->most,
                     range->value);
        return true;
    }
    return false;
}

static const char *write_ranges_fault(const s7_client_options *options)
{
    if (options->write_ranges == NULL && options->n_write_ranges > 0)
        return "n_write_ranges without write_ranges";
    for (uint32_t i = 0; i < options->n_write_ranges; i++)
        if (options->write_ranges[i].first > options->write_ranges[i].last)
            return "a write range ends before it begins";
    return NULL;
}

static bool is_range_fault(const s7_client_options *options, char came[S7_CAME_CAP])
{
    const struct s7_option_range ranges[] = {
        {"rack", options->rack, 0, 7},
        {"slot", options->slot, 0, 31},
        {"conn_type (1: PG, 2: OP, 3: S7 basic)", options->conn_type, S7_CONN_PG, S7_CONN_BASIC},
        {"max_jobs", options->max_jobs, 1, S7_SESSION_MAX_JOBS},
        {"max_items", options->max_items, S7_ITEMS_PER_JOB, 255},
        {"pdu_len", options->pdu_len, S7_PDU_LEN_MIN, S7_PDU_LEN_MAX},
        {"connect_ms", options->connect_ms, 1, S7_MS_MAX},
        {"handshake_ms", options->handshake_ms, 1, S7_MS_MAX},
        {"request_ms", options->request_ms, 1, S7_MS_MAX},
        {"user_timeout_ms", options->user_timeout_ms, 0, S7_MS_MAX},
        {"keepalive_idle_ms", options->keepalive_idle_ms, 0, S7_MS_MAX},
        {"keepalive_interval_ms", options->keepalive_interval_ms, 0, S7_MS_MAX},
        {"backoff_min_ms", options->backoff_min_ms, 1, S7_MS_MAX},
        {"backoff_max_ms", options->backoff_max_ms, options->backoff_min_ms, S7_MS_MAX},
        {"heartbeat_ms", options->heartbeat_ms, 0, S7_MS_MAX},
        {"flight_frames", options->flight_frames, 0, 4096},
        {"flight_bytes", options->flight_bytes, 0, S7_FLIGHT_BYTES_MAX},
        {"family (s7_family; 0: not known)", options->family, 0, S7_FAMILY_S7_400_CP},
        {"n_write_ranges", options->n_write_ranges, 0, S7_WRITE_RANGES_MAX}};

    return s7_settings_out_of_range(ranges, sizeof ranges / sizeof ranges[0], came);
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
    char came[S7_CAME_CAP];

    snprintf(why.asked, sizeof why.asked, "make a client for \"%.80s\"", endpoint != NULL ? endpoint : "");
    if (!take_options(&made.options, options))
        return refuse(err, &why, S7_E_ARG, "struct_size is not set: begin with s7_client_options_init");
    s7_status status = s7_client_endpoint_parse(endpoint, &made.endpoint, &made.options, &why);
    if (status != S7_OK) {
        s7_report_give(err, &why);
        return status;
    }
    if (is_range_fault(&made.options, came))
        return refuse(err, &why, S7_E_ARG, came);
    const char *fault = write_ranges_fault(&made.options);
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
