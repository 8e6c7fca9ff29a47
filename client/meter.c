#include "client/meter.h"

#include "client/client_impl.h"
#include "loop/blocking.h"

#include <string.h>

static s7_error_kind kind_of(s7_status status)
{
    switch (status) {
    case S7_E_TIMEOUT:
        return S7_ERROR_TIMEOUT;
    case S7_E_CANCELLED:
        return S7_ERROR_CANCELLED;
    case S7_E_OUTCOME_UNKNOWN:
        return S7_ERROR_UNKNOWN;
    case S7_E_PROTOCOL:
        return S7_ERROR_PROTOCOL;
    case S7_E_NEGOTIATION:
        return S7_ERROR_CONNECTION;
    default:
        break;
    }
    if (status <= S7_E_ARG && status > S7_E_TIMEOUT)
        return S7_ERROR_CALLER;
    if (status <= S7_E_RESOLVE && status > S7_E_NEGOTIATION)
        return S7_ERROR_CONNECTION;
    return status == S7_E_PLC || (status <= S7_E_ITEM_HARDWARE && status > S7_E_TOO_LARGE) ? S7_ERROR_REFUSED
                                                                                           : S7_ERROR_OTHER;
}

void s7_meter_call(struct s7_meter *meter, s7_status status, int64_t took_ns)
{
    s7_error_kind kind = status == S7_OK ? S7_ERROR_KINDS : kind_of(status);

    meter->calls++;
    if (status == S7_OK)
        meter->successes++;
    else
        meter->errors[kind]++;
    if (status == S7_OK || kind == S7_ERROR_REFUSED)
        s7_histogram_add(&meter->latency, took_ns);
}

const char *s7_error_kind_name(s7_error_kind kind)
{
    static const char *const names[S7_ERROR_KINDS] = {"timeout",   "connection", "refused", "protocol",
                                                      "cancelled", "unknown",    "caller",  "other"};

    return (unsigned)kind < S7_ERROR_KINDS ? names[kind] : "?";
}

static void take_latency(const struct s7_histogram *latency, s7_client_metrics *now)
{
    now->latency_count = latency->count;
    now->latency_sum_ns = latency->sum_ns;
    now->latency_min_ns = latency->min_ns;
    now->latency_max_ns = latency->max_ns;
    now->latency_mean_ns = latency->count > 0 ? latency->sum_ns / (int64_t)latency->count : 0;
    now->latency_p50_ns = s7_histogram_quantile(latency, 500);
    now->latency_p95_ns = s7_histogram_quantile(latency, 950);
    now->latency_p99_ns = s7_histogram_quantile(latency, 990);
}

void s7_meter_take(const struct s7_meter *meter, const s7_session *session, s7_client_metrics *now)
{
    const struct s7_session_stats *stats = s7_session_stats(session);

    now->calls = meter->calls;
    now->successes = meter->successes;
    memcpy(now->errors, meter->errors, sizeof now->errors);
    now->requests = stats->jobs;
    now->bytes_in = stats->bytes_in;
    now->bytes_out = stats->bytes_out;
    now->late_answers = stats->late_answers;
    take_latency(&meter->latency, now);
}

void s7_meter_give(s7_client_metrics *to, const s7_client_metrics *now)
{
    uint32_t size = to->struct_size;

    memcpy(to, now, size < sizeof *now ? size : sizeof *now);
    to->struct_size = size;
}

static void take(const struct s7_direct *direct, s7_client_metrics *now)
{
    now->connected = atomic_load(&direct->up);
    now->connects = direct->connects;
    now->reconnects = direct->reconnects;
    now->uptime_ns = now->connected ? s7_now_ns() - direct->up_since_ns : 0;
    s7_meter_take(&direct->meter, direct->session, now);
}

s7_status s7_client_metrics_get(const s7_client *client, s7_client_metrics *metrics)
{
    s7_client *self = (s7_client *)(uintptr_t)client; /* only the flag changes */
    s7_client_metrics now = {.struct_size = 0};
    struct s7_direct *direct;

    if (client == NULL || metrics == NULL || metrics->struct_size < sizeof metrics->struct_size)
        return S7_E_ARG;
    s7_status status = s7_client_enter(self, &direct);
    if (status != S7_OK)
        return status;
    take(direct, &now);
    s7_client_leave(self, direct);
    s7_meter_give(metrics, &now);
    return S7_OK;
}
