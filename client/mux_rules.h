/* mux_rules.h - how calls without a lease share a pool's connections, by the pool's options. For both
 * adapters. */
#ifndef CLIENT_MUX_RULES_H
#define CLIENT_MUX_RULES_H

#include "client/mux_core.h"
#include "client/pool_settings.h"

/* How long a connection is used at a stretch. */
#define S7_MUX_HOLD_NS INT64_C(1000000000)

static inline struct s7_mux_rules s7_mux_rules_of(const struct s7_pool_settings *settings)
{
    const s7_pool_options *options = &settings->options;
    const s7_client_options *client = &settings->client.options;

    return (struct s7_mux_rules){
        .max_lanes = options->mux_connections != 0 ? options->mux_connections : S7_POOL_SIZE_MAX,
        .coalesce_ns = options->coalesce_us * INT64_C(1000),
        .gap = options->coalesce_gap >= 0 ? (uint32_t)options->coalesce_gap : S7_MUX_GAP_AUTO,
        .read_retries = client->read_retries,
        .owed_ns = client->request_ms * INT64_C(1000000),
        .hold_ns = S7_MUX_HOLD_NS};
}

#endif
