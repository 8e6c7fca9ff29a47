#include "client/pool_thread_rig.h"

s7_pool *pool;
s7_errinfo err;
s7_ctx patient;

s7_pool_options options_for(uint32_t request_ms)
{
    s7_pool_options options;

    s7_pool_options_init(&options);
    options.size = 1;
    options.acquire_ms = PATIENCE_MS;
    options.client.request_ms = request_ms;
    options.client.connect_ms = options.client.handshake_ms = PATIENCE_MS;
    return options;
}

void open_with(const s7_pool_options *options)
{
    err = (s7_errinfo)S7_ERRINFO_INIT;
    patient =
        (s7_ctx){.struct_size = sizeof patient, .timeout_ms = PATIENCE_MS, .label = "a test", .err = &err};
    if (s7_pool_new(server.endpoint, options, &pool, &err) != S7_OK || s7_pool_start(pool, &patient) != S7_OK)
        fail_msg("%s: %s", err.asked, err.came);
}

void open_pool(unsigned amq, enum act act, unsigned act_frame, uint32_t request_ms)
{
    s7_pool_options options = options_for(request_ms);

    server_start(480, amq, act, act_frame);
    open_with(&options);
}

int leave(void **state)
{
    (void)state;
    s7_pool_free(pool);
    pool = NULL;
    server_stop();
    return 0;
}

s7_pool_stats stats(void)
{
    s7_pool_stats s = {.struct_size = sizeof s};

    assert_int_equal(s7_pool_stats_get(pool, &s), S7_OK);
    return s;
}

s7_client *borrow(void)
{
    s7_client *client;

    if (s7_pool_get(pool, &patient, &client) != S7_OK)
        fail_msg("%s: %s", err.asked, err.came);
    return client;
}
