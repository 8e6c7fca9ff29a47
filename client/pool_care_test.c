/* Maintenance and events of a pool for threads, against one fake PLC that serves one connection at a time. */
#include "client/pool_thread_rig.h"
#include "client/test_names.h"

#include <stdatomic.h>

/* ---- what the pool's thread told ---- */

static atomic_uint told[S7_POOL_EVENTS];
static char last_name[64], last_label[32]; /* written before told */
static pthread_t main_thread;
static atomic_bool told_here; /* on the test's own thread: wrong */

static void on_event(s7_pool *which, const s7_pool_event *event, void *user)
{
    s7_pool_stats s = {.struct_size = sizeof s};

    if (user != &told || which != pool || s7_pool_stats_get(which, &s) != S7_OK || /* no lock is held */
        pthread_equal(pthread_self(), main_thread))
        atomic_store(&told_here, true);
    snprintf(last_name, sizeof last_name, "%s", event->name);
    if (event->label != NULL)
        snprintf(last_label, sizeof last_label, "%s", event->label);
    atomic_fetch_add(&told[event->kind], 1);
}

static int nothing_was_told(void **state)
{
    (void)state;
    main_thread = pthread_self();
    for (int i = 0; i < S7_POOL_EVENTS; i++)
        atomic_store(&told[i], 0);
    return 0;
}

static s7_status read_byte(s7_client *client)
{
    uint8_t value;

    return s7_read_u8(client, &patient, S7_AREA_DB, 1, 0, &value);
}

/* ---- maintenance ---- */

static void a_pool_is_resized_while_it_is_used(void **state)
{
    (void)state;
    open_pool(1, ANSWER, 0, PATIENCE_MS);
    s7_client *plc = borrow();
    assert_int_equal(s7_pool_resize(pool, 64), S7_OK);
    assert_int_equal(stats().size, 64);
    assert_int_equal(s7_pool_resize(pool, 0), S7_E_ARG);
    assert_int_equal(s7_pool_resize(pool, 65), S7_E_ARG);
    assert_int_equal(s7_pool_resize(NULL, 1), S7_E_ARG);
    assert_int_equal(s7_pool_resize(pool, 1), S7_OK);
    assert_int_equal(read_byte(plc), S7_OK);
    assert_int_equal(s7_pool_put(pool, plc), S7_OK);
    assert_int_equal(stats().size, 1);
    assert_int_equal(stats().available, 1);
    assert_int_equal(s7_pool_close(pool, &patient), S7_OK);
    assert_int_equal(s7_pool_resize(pool, 2), S7_E_POOL_CLOSED);
}

static void refresh_replaces_a_lent_connection_when_it_comes_back(void **state)
{
    (void)state;
    open_pool(1, ANSWER, 0, PATIENCE_MS);
    s7_client *plc = borrow();
    assert_int_equal(s7_pool_refresh(pool), S7_OK);
    assert_int_equal(read_byte(plc), S7_OK);
    assert_int_equal(s7_pool_put(pool, plc), S7_OK);
    UNTIL(stats().closed[S7_POOL_CLOSE_EVICTED] == 1);
    assert_int_equal(s7_pool_put(pool, borrow()), S7_OK);
    assert_int_equal(stats().connects, 2);
    assert_int_equal(s7_pool_refresh(pool), S7_OK); /* and an idle one at once */
    UNTIL(stats().closed[S7_POOL_CLOSE_EVICTED] == 2);
}

static void *put_later(void *client)
{
    UNTIL(stats().paused);
    assert_int_equal(s7_pool_put(pool, client), S7_OK);
    return NULL;
}

static void *get_and_put(void *status)
{
    s7_client *plc;
    s7_ctx ctx = {.struct_size = sizeof ctx, .timeout_ms = PATIENCE_MS};

    *(s7_status *)status = s7_pool_get(pool, &ctx, &plc);
    if (*(s7_status *)status == S7_OK)
        *(s7_status *)status = s7_pool_put(pool, plc);
    return NULL;
}

static void a_pause_waits_for_what_is_lent_and_callers_wait_for_its_end(void **state)
{
    pthread_t putter, getter;
    s7_status status = S7_E_ARG;

    (void)state;
    open_pool(1, ANSWER, 0, PATIENCE_MS);
    assert_int_equal(pthread_create(&putter, NULL, put_later, borrow()), 0);
    assert_int_equal(s7_pool_pause(pool, &patient), S7_OK);
    pthread_join(putter, NULL);
    assert_int_equal(stats().total_connections, 0);
    assert_int_equal(stats().closed[S7_POOL_CLOSE_PAUSE], 1);
    s7_ctx impatient = {.struct_size = sizeof impatient, .timeout_ms = 20, .err = &err};
    s7_client *plc;
    assert_int_equal(s7_pool_get(pool, &impatient, &plc), S7_E_POOL_PAUSED);
    assert_non_null(strstr(err.came, "paused"));
    assert_int_equal(pthread_create(&getter, NULL, get_and_put, &status), 0);
    UNTIL(stats().waiting == 1);
    assert_int_equal(s7_pool_resume(pool), S7_OK);
    pthread_join(getter, NULL);
    assert_int_equal(status, S7_OK);
    assert_int_equal(stats().connects, 2);
}

static void a_pause_that_waits_in_vain_times_out_and_stays(void **state)
{
    s7_ctx impatient = {.struct_size = sizeof impatient, .timeout_ms = 20, .err = &err};

    (void)state;
    open_pool(1, ANSWER, 0, PATIENCE_MS);
    s7_client *plc = borrow();
    assert_int_equal(s7_pool_pause(pool, &impatient), S7_E_TIMEOUT);
    assert_non_null(strstr(err.asked, "pause the pool of 127.0.0.1"));
    assert_true(stats().paused);
    assert_int_equal(read_byte(plc), S7_OK);
    assert_int_equal(s7_pool_put(pool, plc), S7_OK);
    assert_int_equal(s7_pool_pause(pool, &patient), S7_OK);
    assert_int_equal(s7_pool_resume(pool), S7_OK);
    assert_int_equal(s7_pool_put(pool, borrow()), S7_OK);
}

static void an_old_connection_is_replaced_by_itself(void **state)
{
    s7_pool_options options = options_for(PATIENCE_MS);

    (void)state;
    server_start(480, 1, ANSWER, 0);
    options.max_lifetime_ms = 20;
    options.min_idle = 1;
    open_with(&options);
    UNTIL(stats().closed[S7_POOL_CLOSE_LIFETIME] >= 2);
    UNTIL(stats().connects >= 3);
}

/* ---- events ---- */

static void events_come_on_the_pools_thread_without_a_lock(void **state)
{
    s7_pool_options options = options_for(PATIENCE_MS);
    char name[] = "press 4";

    (void)state;
    server_start(480, 1, ANSWER, 0);
    options.on_event = on_event;
    options.user = &told;
    options.name = name;
    options.leak_ms = 10;
    open_with(&options);
    memset(name, 'x', sizeof name - 1); /* it was copied */
    UNTIL(atomic_load(&told[S7_POOL_EVENT_CONNECTED]) == 1);
    assert_string_equal(last_name, "press 4");
    s7_client *plc = borrow();
    UNTIL(atomic_load(&told[S7_POOL_EVENT_LEAK]) == 1);
    assert_string_equal(last_label, "a test");
    assert_int_equal(s7_pool_put(pool, plc), S7_OK);
    UNTIL(atomic_load(&told[S7_POOL_EVENT_RETURNED]) == 1);
    server_drop();
    UNTIL(atomic_load(&told[S7_POOL_EVENT_LOST]) == 1);
    UNTIL(atomic_load(&told[S7_POOL_EVENT_CLOSED]) == 1);
    assert_int_equal(s7_pool_close(pool, &patient), S7_OK);
    s7_pool_free(pool); /* what is left is told */
    pool = NULL;
    assert_int_equal(atomic_load(&told[S7_POOL_EVENT_SHUT]), 1);
    assert_false(atomic_load(&told_here));
}

static _Atomic(s7_status) got[4];

/* Calls that would wait for the thread that makes them. */
static void call_and_wait(s7_pool *which, const s7_pool_event *event, void *user)
{
    s7_client *plc;

    (void)user;
    if (event->kind != S7_POOL_EVENT_RESIZED)
        return;
    atomic_store(&got[0], s7_pool_get(which, NULL, &plc));
    atomic_store(&got[1], s7_pool_pause(which, NULL));
    atomic_store(&got[2], s7_pool_close(which, NULL));
    atomic_store(&got[3], s7_pool_start(which, NULL));
    atomic_fetch_add(&told[event->kind], 1);
}

static void a_listener_that_would_wait_for_itself_is_refused(void **state)
{
    s7_pool_options options = options_for(PATIENCE_MS);

    (void)state;
    server_start(480, 1, ANSWER, 0);
    options.on_event = call_and_wait;
    open_with(&options);
    s7_client *plc = borrow();
    assert_int_equal(s7_pool_resize(pool, 1), S7_OK);
    UNTIL(atomic_load(&told[S7_POOL_EVENT_RESIZED]) == 1);
    for (int i = 0; i < 4; i++)
        assert_int_equal(atomic_load(&got[i]), S7_E_MISUSE);
    assert_int_equal(stats().waiting, 0);
    assert_int_equal(s7_pool_put(pool, plc), S7_OK);
    assert_int_equal(s7_pool_put(pool, borrow()), S7_OK);
}

/* ---- words ---- */

static void exhausted_names_the_pool_its_settings_and_its_holders(void **state)
{
    s7_pool_options options = options_for(PATIENCE_MS);
    s7_ctx impatient = {.struct_size = sizeof impatient, .timeout_ms = 20, .err = &err};
    s7_client *other;

    (void)state;
    server_start(480, 1, ANSWER, 0);
    options.name = "press 4";
    open_with(&options);
    s7_client *plc = borrow();
    assert_int_equal(s7_pool_get(pool, &impatient, &other), S7_E_POOL_EXHAUSTED);
    assert_non_null(strstr(err.asked, "from pool \"press 4\", waited "));
    assert_non_null(strstr(err.came, "1 of 1 connections are in use; lent for 0."));
    assert_non_null(strstr(err.came, "s by \"a test\""));
    assert_non_null(strstr(err.hint, "size (1; acquire_ms 20000"));
    assert_int_equal(s7_pool_put(pool, plc), S7_OK);
}

/* ---- groups: the fake PLC has one connection ---- */

static s7_pool *new_pool(s7_pool_group *group, s7_pool_start_policy start)
{
    s7_pool_options options = options_for(PATIENCE_MS);
    s7_pool *made;

    options.start = start;
    options.group = group;
    options.size = 5;
    assert_int_equal(s7_pool_new(server.endpoint, &options, &made, NULL), S7_OK);
    return made;
}

static void a_pool_gets_the_connection_that_another_one_closed(void **state)
{
    s7_pool_group_options limits;
    s7_pool_group *group;
    s7_ctx ctx = {.struct_size = sizeof ctx, .timeout_ms = PATIENCE_MS, .err = &err};
    s7_client *plc;

    (void)state;
    server_start(480, 1, ANSWER, 0);
    s7_pool_group_options_init(&limits);
    limits.plc_connections = limits.max_dials = 1;
    assert_int_equal(s7_pool_group_new(&limits, &group, NULL), S7_OK);
    s7_pool *first = new_pool(group, S7_POOL_START_ONE), *second = new_pool(group, S7_POOL_START_ONE),
            *third = new_pool(group, S7_POOL_START_BACKGROUND);
    s7_pool_group_free(group); /* its pools keep it */
    assert_int_equal(s7_pool_start(first, &ctx), S7_OK);
    assert_int_equal(s7_pool_start(second, &ctx), S7_E_BUDGET);
    assert_int_equal(s7_pool_start(third, &ctx), S7_OK);
    s7_ctx impatient = {.struct_size = sizeof impatient, .timeout_ms = 30, .err = &err};
    assert_int_equal(s7_pool_get(third, &impatient, &plc), S7_E_BUDGET);
    assert_non_null(strstr(err.came, "other pools of the group"));
    assert_int_equal(s7_pool_close(first, &ctx), S7_OK);
    if (s7_pool_get(third, &ctx, &plc) != S7_OK)
        fail_msg("%s: %s", err.asked, err.came);
    assert_int_equal(s7_pool_put(third, plc), S7_OK);
    s7_pool_free(first);
    s7_pool_free(second);
    s7_pool_free(third);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, nothing_was_told, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_pool_is_resized_while_it_is_used),
        TEST(refresh_replaces_a_lent_connection_when_it_comes_back),
        TEST(a_pause_waits_for_what_is_lent_and_callers_wait_for_its_end),
        TEST(a_pause_that_waits_in_vain_times_out_and_stays),
        TEST(an_old_connection_is_replaced_by_itself),
        TEST(events_come_on_the_pools_thread_without_a_lock),
        TEST(a_listener_that_would_wait_for_itself_is_refused),
        TEST(a_pool_gets_the_connection_that_another_one_closed),
        TEST(exhausted_names_the_pool_its_settings_and_its_holders),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "pool care");
}
