/* metrics.h - what a client has done so far, in numbers. Counting allocates nothing and costs one look at the
 * clock per call. */
#ifndef S7RIG_METRICS_H
#define S7RIG_METRICS_H

#include <s7rig/client.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Why a call failed, roughly. */
typedef enum s7_error_kind {
    S7_ERROR_TIMEOUT,    /* S7_E_TIMEOUT */
    S7_ERROR_CONNECTION, /* not connected, could not connect, broke, or what came was no S7 */
    S7_ERROR_REFUSED,    /* the PLC refused the job or some item */
    S7_ERROR_PROTOCOL,   /* an answer that does not fit */
    S7_ERROR_CANCELLED,  /* by a token */
    S7_ERROR_UNKNOWN,    /* S7_E_OUTCOME_UNKNOWN */
    S7_ERROR_CALLER,     /* arguments, misuse, guards; nothing was sent */
    S7_ERROR_OTHER,
    S7_ERROR_KINDS /* their number */
} s7_error_kind;

/* "timeout", "connection" ...; a static string, never NULL. */
const char *s7_error_kind_name(s7_error_kind kind);

/* Since s7_client_new. A call is a read, a write or a service, however many jobs it takes; connecting is
 * none. Latency is that of whole calls that the PLC answered, refusals among them. Its percentiles come from
 * a histogram of 8 buckets per power of two, and are off by 6.25 % at most between 1 us and 73 minutes;
 * count, min, mean and max are exact. */
typedef struct s7_client_metrics {
    uint32_t struct_size;
    bool connected;
    uint64_t calls, successes; /* the others failed: */
    uint64_t errors[S7_ERROR_KINDS];
    uint64_t requests;            /* jobs sent */
    uint64_t bytes_in, bytes_out; /* of TCP payload, handshakes included */
    uint64_t late_answers;        /* came after their job had timed out or been cancelled; discarded */
    uint64_t connects;            /* successful ones, of them */
    uint64_t reconnects;          /* by auto_reconnect */
    int64_t uptime_ns;            /* of the connection that is up; 0: none is */
    uint64_t latency_count;
    int64_t latency_min_ns, latency_mean_ns, latency_max_ns; /* 0 while latency_count is */
    int64_t latency_p50_ns, latency_p95_ns, latency_p99_ns;
    int64_t latency_sum_ns;
} s7_client_metrics;

/* One consistent picture. Fill in struct_size. On a lease: of the connection that is lent. S7_E_ARG;
 * S7_E_MISUSE: a call is inside; S7_E_STALE_LEASE; S7_E_FORKED. */
s7_status s7_client_metrics_get(const s7_client *client, s7_client_metrics *metrics);

/* The same in the text format that Prometheus scrapes, every sample with the label plc="<plc>" (escaped;
 * NULL: no label). At most cap - 1 bytes and a terminating zero go to buf; returns the whole length, as
 * snprintf does. 6144 bytes are enough for a plc of 40 characters; buf may be NULL when cap is 0.
 * metrics->struct_size must be sizeof(s7_client_metrics), else nothing is written and 0 returned. */
size_t s7_client_metrics_text(const s7_client_metrics *metrics, const char *plc, char *buf, size_t cap);

#ifdef __cplusplus
}
#endif
#endif
