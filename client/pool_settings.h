/* pool_settings.h - options of a pool, checked and put together, and how a pool words its failures. For both
 * adapters. */
#ifndef CLIENT_POOL_SETTINGS_H
#define CLIENT_POOL_SETTINGS_H

#include "client/pool_core.h"
#include "client/settings.h"

#define S7_POOL_NAME_CAP 40 /* as pool.h says */

struct s7_pool_settings {
    s7_pool_options options;
    struct s7_settings client; /* endpoint and client options */
    struct s7_pool_rules rules;
    s7_address check;            /* what a health check reads */
    char name[S7_POOL_NAME_CAP]; /* empty: none */
};

/* options NULL: defaults. S7_E_SYNTAX, S7_E_ARG: *err (the caller's; may be NULL) says what. */
S7_MUST_CHECK s7_status s7_pool_settings_make(const char *endpoint, const s7_pool_options *options,
                                              struct s7_pool_settings *out, s7_errinfo *err);

/* Why a get failed: fills err (whole) and gives it to *to. dial: what is known of the last dial that failed.
 */
s7_status s7_pool_report_get(const struct s7_pool_settings *settings, const s7_pool_core *core,
                             const s7_errinfo *dial, s7_status status, int64_t now_ns, s7_errinfo *to);

/* How long he had waited, who was told that; err NULL is fine. */
void s7_pool_report_wait(const struct s7_pool_waiter *waiter, int64_t now_ns, s7_errinfo *err);

/* The same of a call that had no lease; waited for less than is shown: nothing. */
void s7_pool_report_waited(int64_t waited_ns, s7_errinfo *err);

/* Complete an event for the user; dial: what is known of the last dial that failed. */
void s7_pool_complete_event(const struct s7_pool_settings *settings, s7_pool_event *event,
                            const s7_errinfo *dial);

/* Copy as much of *stats as the caller's struct has. S7_E_ARG: struct_size is not set. */
s7_status s7_pool_report_stats(const s7_pool_stats *stats, s7_pool_stats *to);

/* What helps a close or a pause that waited for its leases in vain. */
#define S7_POOL_NOT_BACK_HINT "put clients back sooner, or allow more time"

#endif
