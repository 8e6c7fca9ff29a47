/* What programs get wrong: NULL wherever a pointer is asked for, sizes and times out of range. */
#include "client/plc_thread.h"
#include "client/pool_settings.h"
#include "client/test_names.h"

#include <s7rig/plan.h>
#include <s7rig/pool_direct.h>
#include <s7rig/push.h>

static s7_pool *pool;
static s7_errinfo err;

static void make_pool(void)
{
    err = (s7_errinfo)S7_ERRINFO_INIT;
    server_start(480, 2, ANSWER, 0);
    assert_int_equal(s7_pool_new(server.endpoint, NULL, &pool, &err), S7_OK);
}

static int leave(void **state)
{
    (void)state;
    if (pool != NULL) {
        s7_pool_free(pool);
        server_stop();
    }
    pool = NULL;
    return 0;
}

/* ---- NULL ---- */

static void options_that_are_nowhere_are_not_written_to(void **state)
{
    (void)state;
    s7_client_options_init(NULL);
    s7_plan_options_init(NULL);
    s7_pool_options_init(NULL);
    s7_pool_group_options_init(NULL);
    s7_subscribe_options_init(NULL);
}

static s7_status nothing(s7_client *client, void *arg)
{
    (void)client;
    (void)arg;
    return S7_OK;
}

static void every_call_on_no_pool_is_an_argument_error(void **state)
{
    uint8_t byte = 0;
    s7_client *client;
    s7_item item = {
        .address = {.area = S7_AREA_M, .type = S7_TYPE_BYTE, .count = 1}, .data = &byte, .len = 1};
    s7_pool_stats stats = {.struct_size = sizeof stats};

    (void)state;
    s7_pool_free(NULL);
    s7_pool_group_free(NULL);
    assert_int_equal(s7_pool_start(NULL, NULL), S7_E_ARG);
    assert_int_equal(s7_pool_close(NULL, NULL), S7_E_ARG);
    assert_int_equal(s7_pool_resize(NULL, 1), S7_E_ARG);
    assert_int_equal(s7_pool_pause(NULL, NULL), S7_E_ARG);
    assert_int_equal(s7_pool_resume(NULL), S7_E_ARG);
    assert_int_equal(s7_pool_refresh(NULL), S7_E_ARG);
    assert_int_equal(s7_pool_get(NULL, NULL, &client), S7_E_ARG);
    assert_int_equal(s7_pool_put(NULL, NULL), S7_E_ARG);
    assert_int_equal(s7_pool_discard(NULL, NULL, S7_OK), S7_E_ARG);
    assert_int_equal(s7_pool_execute(NULL, NULL, nothing, NULL), S7_E_ARG);
    assert_int_equal(s7_pool_stats_get(NULL, &stats), S7_E_ARG);
    assert_int_equal(s7_pool_read_area(NULL, NULL, S7_AREA_M, 0, 0, &byte, 1), S7_E_ARG);
    assert_int_equal(s7_pool_write_area(NULL, NULL, S7_AREA_M, 0, 0, &byte, 1), S7_E_ARG);
    assert_int_equal(s7_pool_read_db(NULL, NULL, 1, 0, &byte, 1), S7_E_ARG);
    assert_int_equal(s7_pool_write_db(NULL, NULL, 1, 0, &byte, 1), S7_E_ARG);
    assert_int_equal(s7_pool_read_multi(NULL, NULL, &item, 1), S7_E_ARG);
    assert_int_equal(s7_pool_write_multi(NULL, NULL, &item, 1), S7_E_ARG);
    assert_int_equal(s7_pool_read_at(NULL, NULL, "MB0", &byte, 1), S7_E_ARG);
    assert_int_equal(s7_pool_write_at(NULL, NULL, "MB0", &byte, 1), S7_E_ARG);
}

static void no_place_for_what_is_made_is_an_argument_error(void **state)
{
    s7_pool_group_options options;
    s7_pool_group *group;

    (void)state;
    err = (s7_errinfo)S7_ERRINFO_INIT;
    s7_pool_group_options_init(&options);
    assert_int_equal(s7_pool_new("127.0.0.1", NULL, NULL, &err), S7_E_ARG);
    assert_string_equal(err.came, "out is NULL");
    assert_int_equal(s7_pool_new(NULL, NULL, &pool, &err), S7_E_SYNTAX);
    assert_int_equal(s7_pool_new(NULL, NULL, &pool, NULL), S7_E_SYNTAX);
    assert_int_equal(s7_pool_group_new(&options, NULL, &err), S7_E_ARG);
    assert_int_equal(s7_pool_group_new(NULL, &group, NULL), S7_E_ARG);
    assert_null(pool);
}

/* Each in turn; the pool works on. */
static void nothing_where_something_is_asked_for_is_an_argument_error(void **state)
{
    uint8_t byte = 0;

    (void)state;
    make_pool();
    assert_int_equal(s7_pool_start(pool, NULL), S7_OK);
    assert_int_equal(s7_pool_get(pool, NULL, NULL), S7_E_ARG);
    assert_int_equal(s7_pool_put(pool, NULL), S7_E_FOREIGN);
    assert_int_equal(s7_pool_discard(pool, NULL, S7_OK), S7_E_FOREIGN);
    assert_int_equal(s7_pool_execute(pool, NULL, NULL, NULL), S7_E_ARG);
    assert_int_equal(s7_pool_stats_get(pool, NULL), S7_E_ARG);
    assert_int_equal(s7_pool_stats_get(pool, &(s7_pool_stats){0}), S7_E_ARG);
    assert_int_equal(s7_pool_read_db(pool, NULL, 1, 0, NULL, 1), S7_E_ARG);
    assert_int_equal(s7_pool_write_db(pool, NULL, 1, 0, NULL, 1), S7_E_ARG);
    assert_int_equal(s7_pool_read_area(pool, NULL, S7_AREA_M, 0, 0, NULL, 1), S7_E_ARG);
    assert_int_equal(s7_pool_write_area(pool, NULL, S7_AREA_M, 0, 0, NULL, 1), S7_E_ARG);
    assert_int_equal(s7_pool_read_multi(pool, NULL, NULL, 1), S7_E_ARG);
    assert_int_equal(s7_pool_write_multi(pool, NULL, NULL, 1), S7_E_ARG);
    assert_int_equal(s7_pool_read_at(pool, NULL, NULL, &byte, 1), S7_E_ARG);
    assert_int_equal(s7_pool_read_at(pool, NULL, "MB0", NULL, 1), S7_E_ARG);
    assert_int_equal(s7_pool_write_at(pool, NULL, NULL, &byte, 1), S7_E_ARG);
    assert_int_equal(s7_pool_write_at(pool, NULL, "MB0", NULL, 1), S7_E_ARG);
    assert_int_equal(s7_pool_execute(pool, NULL, nothing, NULL), S7_OK);
    assert_int_equal(s7_pool_read_db(pool, NULL, 1, 0, &byte, 1), S7_OK);
    assert_int_equal(byte, db_byte(0));
}

static void names_of_nothing_and_texts_of_nothing_are_harmless(void **state)
{
    (void)state;
    assert_string_equal(s7_pool_close_reason_name((s7_pool_close_reason)99), "?");
    assert_string_equal(s7_pool_event_name((s7_pool_event_kind)99), "?");
    assert_string_equal(s7_pool_dial_failure_name((s7_pool_dial_failure)99), "?");
    assert_int_equal(s7_pool_stats_prometheus(NULL, NULL, NULL, 0), 0);
}

/* ---- numbers ---- */

static void refused_with(const s7_pool_options *options, const char *what)
{
    err = (s7_errinfo)S7_ERRINFO_INIT;
    assert_int_equal(s7_pool_new("127.0.0.1", options, &pool, &err), S7_E_ARG);
    if (strstr(err.came, what) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err.came, what);
    assert_null(pool);
}

static void negative_times_are_refused(void **state)
{
    s7_pool_options options;
    uint32_t *const times[] = {&options.max_idle_ms,
                               &options.health_check_ms,
                               &options.health_timeout_ms,
                               &options.acquire_ms,
                               &options.backoff_min_ms,
                               &options.backoff_max_ms,
                               &options.probe_min_ms,
                               &options.probe_max_ms,
                               &options.max_lifetime_ms,
                               &options.leak_ms,
                               &options.client.connect_ms,
                               &options.client.handshake_ms,
                               &options.client.request_ms,
                               &options.client.user_timeout_ms,
                               &options.client.keepalive_idle_ms,
                               &options.client.keepalive_interval_ms,
                               &options.client.backoff_max_ms,
                               &options.client.heartbeat_ms};

    (void)state;
    for (unsigned i = 0; i < sizeof times / sizeof times[0]; i++) {
        s7_pool_options_init(&options);
        *times[i] = (uint32_t)-1;
        refused_with(&options, "got a negative number, -1");
    }
}

/* Which option it was, what it may be, what came. */
static void what_is_out_of_range_is_named_with_what_came(void **state)
{
    s7_pool_options options;

    (void)state;
    s7_pool_options_init(&options);
    options.client.rack = 8;
    refused_with(&options, "rack is 0..7, got 8");
    s7_pool_options_init(&options);
    options.client.conn_type = 4;
    refused_with(&options, "conn_type (1: PG, 2: OP, 3: S7 basic) is 1..3, got 4");
    s7_pool_options_init(&options);
    options.client.backoff_min_ms = 40000;
    refused_with(&options, "backoff_max_ms is 40000..2147483647, got 30000");
    s7_pool_options_init(&options);
    options.leak_ms = (uint32_t)-5;
    refused_with(&options, "leak_ms is 0..2147483647, got a negative number, -5");
    s7_pool_options_init(&options);
    options.health_check_at = "DB1.DBB0:BYTE[9]";
    refused_with(&options, "health_check_at \"DB1.DBB0:BYTE[9]\": at most 8 bytes, got 9");
}

static void a_name_is_not_cut_within_a_character(void **state)
{
    s7_pool_options options;
    struct s7_pool_settings made;

    (void)state;
    s7_pool_options_init(&options);
    options.name =
        "x\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc"
        "\u00fc\u00fc\u00fc\u00fc!";
    assert_int_equal(s7_pool_settings_make("127.0.0.1", &options, &made, NULL), S7_OK);
    assert_int_equal(strlen(made.name), 39);
    options.name++; /* 39 bytes of characters, and one more */
    assert_int_equal(s7_pool_settings_make("127.0.0.1", &options, &made, NULL), S7_OK);
    assert_int_equal(strlen(made.name), 39);
    options.name = "\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac\u20acxx\u20ac";
    assert_int_equal(s7_pool_settings_make("127.0.0.1", &options, &made, NULL), S7_OK);
    assert_int_equal(strlen(made.name), 38);
    assert_string_equal(made.name + 36, "xx");
}

static void a_negative_timeout_of_a_call_is_refused(void **state)
{
    uint8_t byte;
    s7_client *client;
    s7_ctx past = {.struct_size = sizeof past, .timeout_ms = -2, .err = &err};

    (void)state;
    make_pool();
    assert_int_equal(s7_pool_start(pool, &past), S7_E_ARG);
    assert_int_equal(s7_pool_start(pool, NULL), S7_OK);
    assert_int_equal(s7_pool_get(pool, &past, &client), S7_E_ARG);
    assert_int_equal(s7_pool_pause(pool, &past), S7_E_ARG);
    assert_int_equal(s7_pool_read_db(pool, &past, 1, 0, &byte, 1), S7_E_ARG);
    assert_int_equal(s7_pool_close(pool, &past), S7_E_ARG);
    assert_int_equal(s7_pool_get(pool, NULL, &client), S7_OK); /* nothing was changed */
    assert_int_equal(s7_pool_put(pool, client), S7_OK);
}

static void says(const char *what)
{
    if (strstr(err.came, what) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err.came, what);
    err = (s7_errinfo)S7_ERRINFO_INIT;
}

/* What is out of place is told in words, not only by its status. */
static void each_refusal_says_why(void **state)
{
    s7_client *client = (s7_client *)(void *)&pool;
    s7_ctx ctx = {.struct_size = sizeof ctx, .err = &err};
    s7_ctx wrong = {.struct_size = sizeof wrong, .timeout_ms = -2, .err = &err};

    (void)state;
    make_pool();
    assert_int_equal(s7_pool_get(pool, &ctx, &client), S7_E_MISUSE);
    says("was not started");
    assert_int_equal(s7_pool_pause(pool, &ctx), S7_E_MISUSE);
    says("not started");
    assert_int_equal(s7_pool_start(pool, &ctx), S7_OK);
    assert_int_equal(s7_pool_start(pool, &ctx), S7_E_MISUSE);
    says("started already");
    assert_int_equal(s7_pool_get(pool, &wrong, &client), S7_E_ARG);
    says("timeout_ms of -1");
    ctx.timeout_ms = 1;
    assert_int_equal(s7_pool_get(pool, NULL, &client), S7_OK);
    assert_int_equal(s7_pool_close(pool, &ctx), S7_E_TIMEOUT);
    assert_null(strstr(err.hint, "cable"));
    says("taken away");
}

static void a_get_that_failed_leaves_no_client(void **state)
{
    s7_client *client = (s7_client *)(void *)&pool;

    (void)state;
    assert_int_equal(s7_pool_get(NULL, NULL, &client), S7_E_ARG);
    assert_null(client);
    make_pool();
    client = (s7_client *)(void *)&pool;
    assert_int_equal(s7_pool_get(pool, NULL, &client), S7_E_MISUSE);
    assert_null(client);
    assert_int_equal(s7_pool_put(pool, client), S7_E_FOREIGN); /* as careless programs go on */
}

static void sizes_out_of_range_are_refused(void **state)
{
    s7_pool_options options;

    (void)state;
    s7_pool_options_init(&options);
    options.size = 0;
    refused_with(&options, "1..64");
    options.size = (uint16_t)-1;
    refused_with(&options, "1..64");
    options.size = S7_POOL_SIZE_MAX + 1;
    refused_with(&options, "1..64");
    make_pool();
    assert_int_equal(s7_pool_resize(pool, 0), S7_E_ARG);
    assert_int_equal(s7_pool_resize(pool, S7_POOL_SIZE_MAX + 1), S7_E_ARG);
    assert_int_equal(s7_pool_resize(pool, (unsigned)-1), S7_E_ARG);
}

/* ---- what is meant where nothing is said ---- */

static int64_t lifetime_ns(const char *endpoint, uint32_t max_lifetime_ms)
{
    s7_pool_options options;
    struct s7_pool_settings made;

    s7_pool_options_init(&options);
    options.max_lifetime_ms = max_lifetime_ms;
    assert_int_equal(s7_pool_settings_make(endpoint, &options, &made, NULL), S7_OK);
    assert_int_equal(made.rules.lifetime_jitter_ns,
                     made.rules.max_lifetime_ns == S7_NEVER_NS ? 0 : made.rules.max_lifetime_ns / 10);
    return made.rules.max_lifetime_ns;
}

static void connections_last_for_an_hour_where_there_is_a_CP(void **state)
{
    (void)state;
    assert_int_equal(lifetime_ns("plc", 0), S7_NEVER_NS);
    assert_int_equal(lifetime_ns("s7://plc?family=s7-300", 0), S7_NEVER_NS);
    assert_int_equal(lifetime_ns("s7://plc?family=s7-300-cp", 0), INT64_C(3600000000000));
    assert_int_equal(lifetime_ns("s7://plc?family=s7-400-cp", 0), INT64_C(3600000000000));
    assert_int_equal(lifetime_ns("s7://plc?family=s7-400-cp", 20000), INT64_C(20000000000));
}

#define TEST(name) cmocka_unit_test_teardown(name, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(options_that_are_nowhere_are_not_written_to),
        TEST(every_call_on_no_pool_is_an_argument_error),
        TEST(no_place_for_what_is_made_is_an_argument_error),
        TEST(nothing_where_something_is_asked_for_is_an_argument_error),
        TEST(names_of_nothing_and_texts_of_nothing_are_harmless),
        TEST(negative_times_are_refused),
        TEST(what_is_out_of_range_is_named_with_what_came),
        TEST(a_name_is_not_cut_within_a_character),
        TEST(a_negative_timeout_of_a_call_is_refused),
        TEST(each_refusal_says_why),
        TEST(a_get_that_failed_leaves_no_client),
        TEST(sizes_out_of_range_are_refused),
        TEST(connections_last_for_an_hour_where_there_is_a_CP),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "pool input");
}
