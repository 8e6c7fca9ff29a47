/* Pools and clients of a scenario: the same tests in virtual time, over libev, and with threads. */
#include "adapter_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MS      HOUSE_NS_PER_MS
#define WAITERS 20

static s7_status submit(struct sc_pool *pool, struct sc_lease lease, bool write, s7_item *item)
{
    struct noted call = {0};

    sc_pool_submit(pool, lease, write, item, 1, 0, note(&call));
    return rig_wait(&call);
}

static s7_status close_pool(struct sc_pool *pool, uint32_t timeout_ms)
{
    struct noted call = {0};

    sc_pool_close(pool, timeout_ms, note(&call));
    return rig_wait(&call);
}

static bool nobody_is_served(void *arg)
{
    struct sim_server_stats stats;

    (void)arg;
    sim_server_stats_get(house.server, &stats);
    return stats.connections == 0;
}

/* ---- pools ---- */

static void a_pool_starts_lends_works_and_closes(void **state)
{
    uint8_t sent[4] = {1, 2, 3, 4}, came[4] = {0};
    s7_item out = house_item(1, 8, sent, sizeof sent), in = house_item(1, 8, came, sizeof came);

    (void)state;
    struct sc_pool *pool = rig_started();
    struct sc_lease lease = rig_borrow(pool);
    assert_int_equal(rig_stats(pool).in_use, 1);
    assert_int_equal(submit(pool, lease, true, &out), S7_OK);
    assert_int_equal(submit(pool, lease, false, &in), S7_OK);
    assert_memory_equal(sent, came, sizeof sent);
    assert_int_equal(sc_pool_put(pool, lease), S7_OK);
    s7_pool_stats stats = rig_stats(pool);
    assert_int_equal(stats.available, 1);
    assert_int_equal(stats.gets, 1);
    assert_int_equal(stats.puts, 1);
    assert_int_equal(stats.misuse, 0);
    assert_int_equal(close_pool(pool, 1000), S7_OK);
    assert_int_equal(rig_stats(pool).total_connections, 0);
}

static void a_closed_pool_stays_closed(void **state)
{
    struct noted get = {0}, start = {0};

    (void)state;
    struct sc_pool *pool = rig_started();
    assert_int_equal(close_pool(pool, 1000), S7_OK);
    sc_pool_get(pool, 0, "a test", note(&get));
    sc_pool_start(pool, 0, note(&start));
    assert_int_equal(rig_wait(&get), S7_E_POOL_CLOSED);
    assert_int_equal(get.call.err.status, S7_E_POOL_CLOSED);
    assert_non_null(strstr(get.call.err.asked, "borrow a connection to 127.0.0.1"));
    assert_int_equal(rig_wait(&start), S7_E_POOL_CLOSED);
    assert_non_null(strstr(start.call.err.asked, "start the pool of 127.0.0.1"));
    assert_int_equal(close_pool(pool, 1000), S7_OK);
}

static void what_is_refused_is_told_later(void **state)
{
    struct noted get = {0};

    (void)state;
    struct sc_pool *pool = rig_pool(house.endpoint);
    sc_pool_get(pool, 0, NULL, note(&get));
    assert_int_equal(get.told, 0);
    assert_int_equal(rig_wait(&get), S7_E_MISUSE); /* not started */
    rig_run_for(5 * MS);
    assert_int_equal(get.told, 1);
}

static void a_lease_is_put_once_and_is_stale_then(void **state)
{
    uint8_t byte = 0;
    s7_item item = house_item(1, 0, &byte, 1);

    (void)state;
    struct sc_pool *pool = rig_started();
    struct sc_lease lease = rig_borrow(pool);
    assert_int_equal(sc_pool_put(pool, lease), S7_OK);
    assert_int_equal(sc_pool_put(pool, lease), S7_E_MISUSE);
    assert_int_equal(sc_pool_discard(pool, lease, S7_OK), S7_E_MISUSE);
    assert_int_equal(submit(pool, lease, false, &item), S7_E_STALE_LEASE);
    assert_int_equal(item.status, S7_E_STALE_LEASE);
    assert_int_equal(rig_stats(pool).misuse, 3);
    assert_int_equal(rig_stats(pool).available, 1);
}

static void another_pools_lease_is_foreign(void **state)
{
    uint8_t byte = 0;
    s7_item item = house_item(1, 0, &byte, 1);
    struct sc_lease none = {0};

    (void)state;
    struct sc_pool *pool = rig_started(), *other = rig_started();
    struct sc_lease lease = rig_borrow(pool), twin = rig_borrow(other);
    assert_int_equal(sc_pool_put(other, lease), S7_E_FOREIGN);
    assert_int_equal(sc_pool_discard(other, none, S7_OK), S7_E_FOREIGN);
    assert_int_equal(submit(other, lease, false, &item), S7_E_FOREIGN);
    assert_int_equal(rig_stats(other).misuse, 3);
    assert_int_equal(rig_stats(other).in_use, 1);
    assert_int_equal(sc_pool_put(pool, lease), S7_OK);
    assert_int_equal(sc_pool_put(other, twin), S7_OK);
}

static void a_lease_has_one_user_at_a_time(void **state)
{
    struct noted first = {0}, second = {0};
    uint8_t bytes[2] = {0};
    s7_item items[2] = {house_item(1, 0, &bytes[0], 1), house_item(1, 1, &bytes[1], 1)};

    (void)state;
    struct sc_pool *pool = rig_started();
    struct sc_lease lease = rig_borrow(pool);
    sc_pool_submit(pool, lease, false, &items[0], 1, 0, note(&first));
    sc_pool_submit(pool, lease, false, &items[1], 1, 0, note(&second));
    assert_int_equal(sc_pool_put(pool, lease), S7_E_MISUSE);
    assert_int_equal(sc_pool_discard(pool, lease, S7_OK), S7_E_MISUSE);
    assert_int_equal(rig_wait(&second), S7_E_MISUSE);
    assert_int_equal(rig_wait(&first), S7_OK);
    assert_int_equal(sc_pool_put(pool, lease), S7_OK);
    assert_int_equal(rig_stats(pool).misuse, 3);
}

static bool all_wait(void *arg)
{
    return rig_stats(arg).waiting == WAITERS;
}

static void twenty_wait_for_one_connection_and_each_gets_it(void **state)
{
    static struct noted gets[WAITERS];

    (void)state;
    options.size = 1;
    struct sc_pool *pool = rig_started();
    struct sc_lease lease = rig_borrow(pool);
    for (unsigned i = 0; i < WAITERS; i++) {
        gets[i] = (struct noted){.put = true, .pool = pool};
        sc_pool_get(pool, 30000, "one of many", note(&gets[i]));
    }
    rig_until(all_wait, pool);
    assert_int_equal(sc_pool_put(pool, lease), S7_OK);
    for (unsigned i = 0; i < WAITERS; i++)
        assert_int_equal(rig_wait(&gets[i]), S7_OK);
    assert_int_equal(rig_stats(pool).gets_waited, WAITERS);
    assert_int_equal(rig_stats(pool).available, 1);
    assert_int_equal(rig_stats(pool).connects, 1);
}

static void who_waits_in_vain_is_told_who_had_it(void **state)
{
    struct noted first = {0}, second = {0};
    char label[48] = "a name that is longer than thirty-one bytes";

    (void)state;
    options.size = 1;
    struct sc_pool *pool = rig_started();
    sc_pool_get(pool, 0, label, note(&first));
    memset(label, '?', sizeof label - 1); /* a copy was made */
    assert_int_equal(rig_wait(&first), S7_OK);
    sc_pool_get(pool, 20, NULL, note(&second));
    assert_int_equal(rig_wait(&second), S7_E_POOL_EXHAUSTED);
    assert_non_null(strstr(second.call.err.came, "by \"a name that is longer than thir\""));
    assert_null(second.call.lease.pool);
}

static void closing_takes_leases_away_and_tells_all_who_closed(void **state)
{
    struct noted first = {0}, second = {0};

    (void)state;
    struct sc_pool *pool = rig_started();
    struct sc_lease lease = rig_borrow(pool);
    sc_pool_close(pool, 20000, note(&first));
    sc_pool_close(pool, 20, note(&second));
    assert_int_equal(rig_wait(&first), S7_E_TIMEOUT);
    assert_int_equal(rig_wait(&second), S7_E_TIMEOUT);
    assert_non_null(strstr(first.call.err.asked, "close the pool of"));
    assert_int_equal(sc_pool_put(pool, lease), S7_E_POOL_CLOSED);
    assert_int_equal(rig_stats(pool).total_connections, 0);
}

static void closing_without_a_time_waits_for_request_ms(void **state)
{
    (void)state;
    options.client.request_ms = 30;
    struct sc_pool *pool = rig_started();
    (void)rig_borrow(pool);
    int64_t began_ns = s7_loop_now_ns(house.loop);
    assert_int_equal(close_pool(pool, 0), S7_E_TIMEOUT);
    assert_true(s7_loop_now_ns(house.loop) - began_ns >= 30 * MS);
}

/* ---- clients ---- */

static struct sc_client *new_client(const char *endpoint)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    struct sc_client *client;

    if (sc_client_new(adapter, endpoint, &options.client, &client, &err) != S7_OK)
        fail_msg("%s: %s", err.asked, err.came);
    return client;
}

static s7_status client_connect(struct sc_client *client)
{
    struct noted call = {0};

    sc_client_connect(client, note(&call));
    return rig_wait(&call);
}

static s7_status client_close(struct sc_client *client)
{
    struct noted call = {0};

    sc_client_close(client, note(&call));
    return rig_wait(&call);
}

static s7_status client_submit(struct sc_client *client, bool write, s7_item *item)
{
    struct noted call = {0};

    sc_client_submit(client, write, item, 1, 0, note(&call));
    return rig_wait(&call);
}

static void a_client_connects_works_and_closes_again_and_again(void **state)
{
    (void)state;
    struct sc_client *client = new_client(house.endpoint);
    for (uint8_t i = 1; i <= 3; i++) {
        uint8_t came = 0;
        s7_item out = house_item(1, 0, &i, 1), in = house_item(1, 0, &came, 1);

        assert_false(sc_client_is_up(client));
        assert_int_equal(client_connect(client), S7_OK);
        assert_true(sc_client_is_up(client));
        assert_int_equal(client_connect(client), S7_E_MISUSE);
        assert_int_equal(client_submit(client, true, &out), S7_OK);
        assert_int_equal(client_submit(client, false, &in), S7_OK);
        assert_int_equal(came, i);
        assert_int_equal(client_close(client), S7_OK);
        assert_int_equal(client_close(client), S7_OK);
    }
    rig_until(nobody_is_served, NULL);
}

static void items_say_themselves_why_they_were_not_done(void **state)
{
    uint8_t bytes[4] = {0};
    s7_item item = house_item(1, 0, bytes, sizeof bytes), cut = item, missing = house_item(77, 0, bytes, 1);

    (void)state;
    struct sc_client *client = new_client(house.endpoint);
    assert_int_equal(client_submit(client, false, &item), S7_E_NOT_CONNECTED);
    assert_int_equal(item.status, S7_E_NOT_CONNECTED);
    assert_int_equal(client_connect(client), S7_OK);
    cut.len = 3;
    assert_int_equal(client_submit(client, false, &cut), S7_E_ARG);
    assert_int_equal(cut.status, S7_E_ARG);
    assert_int_equal(client_submit(client, false, &missing), S7_E_PARTIAL);
    assert_int_equal(missing.status, S7_E_ITEM_MISSING);
}

static void a_client_has_one_user_at_a_time(void **state)
{
    struct noted connect = {0}, read = {0}, close = {0};
    uint8_t byte = 0;
    s7_item item = house_item(1, 0, &byte, 1);

    (void)state;
    struct sc_client *client = new_client(house.endpoint);
    sc_client_connect(client, note(&connect));
    sc_client_submit(client, false, &item, 1, 0, note(&read));
    sc_client_close(client, note(&close));
    assert_int_equal(rig_wait(&read), S7_E_MISUSE);
    assert_int_equal(item.status, S7_E_MISUSE);
    assert_int_equal(rig_wait(&close), S7_E_MISUSE);
    assert_int_equal(rig_wait(&connect), S7_OK);
    assert_true(sc_client_is_up(client));
}

static void nobody_listens(void **state)
{
    struct noted connect = {0}, start = {0};
    char endpoint[64];

    (void)state;
    rig_nobody(endpoint, sizeof endpoint);
    sc_client_connect(new_client(endpoint), note(&connect));
    assert_int_equal(rig_wait(&connect), S7_E_REFUSED);
    assert_non_null(strstr(connect.call.err.asked, "connect to 127.0.0.1"));
    assert_non_null(strstr(connect.call.err.came, "connection refused"));
    sc_pool_start(rig_pool(endpoint), 0, note(&start));
    assert_int_equal(rig_wait(&start), S7_E_REFUSED);
    assert_non_null(strstr(start.call.err.came, "connection refused"));
}

static void what_makes_no_sense_is_no_pool_and_no_client(void **state)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    struct sc_client *client;
    struct sc_pool *pool;

    (void)state;
    assert_int_equal(sc_client_new(adapter, "[::1", NULL, &client, &err), S7_E_SYNTAX);
    assert_int_equal(err.status, S7_E_SYNTAX);
    options.size = 0;
    assert_int_equal(sc_pool_new(adapter, house.endpoint, &options, &pool, &err), S7_E_ARG);
    assert_int_equal(err.status, S7_E_ARG);
}

/* ---- memory ---- */

/* A get takes memory for its label, the first time, and for itself. */
static void without_memory_a_call_ends_all_the_same(void **state)
{
    struct noted get = {0};
    long n = 0;

    (void)state;
    struct sc_pool *pool = rig_started();
    do {
        allocations_left = n++;
        sc_pool_get(pool, 0, "a test", note(&get));
        allocations_left = -1;
    } while (rig_wait(&get) == S7_E_NOMEM);
    assert_int_equal(get.call.status, S7_OK);
    assert_int_equal(n, 3);
    assert_int_equal(rig_stats(pool).gets, 1);
}

static void without_memory_there_is_no_pool_no_client_no_adapter(void **state)
{
    struct sc_adapter *other;
    struct sc_client *client;
    struct sc_pool *pool;
    s7_status status = S7_E_NOMEM;

    (void)state;
    for (long n = 0; status == S7_E_NOMEM; n++) {
        allocations_left = n;
        status = world == WORLD_THREADS ? sc_adapter_thread(house.loop, &other)
                                        : sc_adapter_loop(house.loop, &other);
        if (status == S7_OK)
            status = sc_pool_new(other, house.endpoint, &options, &pool, NULL);
        else
            other = NULL;
        if (status == S7_OK)
            status = sc_client_new(other, house.endpoint, NULL, &client, NULL);
        allocations_left = -1;
        sc_adapter_free(other);
    }
    assert_int_equal(status, S7_OK);
}

/* ---- the end ---- */

static void an_adapter_is_freed_with_everything_under_way(void **state)
{
    static struct noted gets[WAITERS], others[7];
    static uint8_t bytes[3];
    s7_item items[3];

    (void)state;
    options.size = 1;
    struct sc_pool *pool = rig_started(), *starting = rig_pool(house.endpoint), *closing = rig_started();
    struct sc_client *up = new_client(house.endpoint), *dialing;
    options.client.handshake_ms = 200; /* freeing waits for a client without a pool */
    dialing = new_client(house.endpoint);
    struct sc_lease lease = rig_borrow(pool);
    (void)rig_borrow(closing);
    assert_int_equal(client_connect(up), S7_OK);
    for (unsigned i = 0; i < 3; i++)
        items[i] = house_item(1, i, &bytes[i], 1);
    for (unsigned i = 0; i < WAITERS; i++)
        sc_pool_get(pool, 30000, "one of many", note(&gets[i]));
    rig_until(all_wait, pool);

    sc_pool_submit(pool, lease, false, &items[0], 1, 30000, note(&others[0]));
    sc_client_submit(up, false, &items[1], 1, 200, note(&others[1]));
    sc_client_connect(dialing, note(&others[2]));
    sc_pool_start(starting, 30000, note(&others[3]));
    sc_pool_close(closing, 30000, note(&others[4]));
    sc_pool_get(closing, 30000, NULL, note(&others[5]));
    sc_client_submit(dialing, false, &items[2], 1, 0, note(&others[6]));
    sc_adapter_free(adapter);
    adapter = NULL;

    rig_until(nobody_is_served, NULL);
    for (unsigned i = 0; i < WAITERS; i++)
        assert_int_equal(gets[i].told, 0);
    for (unsigned i = 0; i < 7; i++)
        assert_int_equal(others[i].told, 0);
}

static unsigned frees;

static void free_adapter(struct sc_call *call)
{
    (void)call;
    frees++;
    sc_adapter_free(adapter);
    adapter = NULL;
    s7_loop_stop(house.loop);
}

static bool adapter_is_gone(void *arg)
{
    (void)arg;
    return adapter == NULL;
}

static void an_adapter_may_be_freed_in_its_own_function(void **state)
{
    struct sc_call calls[2] = {{.fn = free_adapter}, {.fn = free_adapter}};

    (void)state;
    frees = 0;
    struct sc_pool *pool = rig_pool(house.endpoint);
    sc_pool_get(pool, 0, NULL, &calls[0]);
    sc_pool_get(pool, 0, NULL, &calls[1]);
    rig_until(adapter_is_gone, NULL);
    rig_run_for(5 * MS);
    assert_int_equal(frees, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_ALL_WORLDS(a_pool_starts_lends_works_and_closes),
        IN_ALL_WORLDS(a_closed_pool_stays_closed),
        IN_ALL_WORLDS(what_is_refused_is_told_later),
        IN_ALL_WORLDS(a_lease_is_put_once_and_is_stale_then),
        IN_ALL_WORLDS(another_pools_lease_is_foreign),
        IN_ALL_WORLDS(a_lease_has_one_user_at_a_time),
        IN_ALL_WORLDS(twenty_wait_for_one_connection_and_each_gets_it),
        IN_ALL_WORLDS(who_waits_in_vain_is_told_who_had_it),
        IN_ALL_WORLDS(closing_takes_leases_away_and_tells_all_who_closed),
        IN_ALL_WORLDS(closing_without_a_time_waits_for_request_ms),
        IN_ALL_WORLDS(a_client_connects_works_and_closes_again_and_again),
        IN_ALL_WORLDS(items_say_themselves_why_they_were_not_done),
        IN_ALL_WORLDS(a_client_has_one_user_at_a_time),
        IN_ALL_WORLDS(nobody_listens),
        IN_ALL_WORLDS(what_makes_no_sense_is_no_pool_and_no_client),
        IN_ALL_WORLDS(without_memory_a_call_ends_all_the_same),
        IN_ALL_WORLDS(without_memory_there_is_no_pool_no_client_no_adapter),
        IN_ALL_WORLDS(an_adapter_is_freed_with_everything_under_way),
        IN_ALL_WORLDS(an_adapter_may_be_freed_in_its_own_function),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
