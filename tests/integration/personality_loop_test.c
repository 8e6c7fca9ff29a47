/* What of a personality concerns connections and time: keep-alive, and how long an answer takes. Exact, in
 * virtual time. */
#include "house_virtual.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static int open_300(void **state)
{
    (void)state;
    open_house_of("s7-300");
    return 0;
}

static int open_1200(void **state)
{
    (void)state;
    open_house_of("s7-1200");
    return 0;
}

static void enter(struct guest *guest, uint8_t slot)
{
    s7_client_options options;

    s7_client_options_init(&options);
    options.slot = slot;
    options.keepalive_idle_ms = 0; /* the PLC's own is looked at */
    guest_open(guest, &house, &options);
}

static s7_stream *stream_of(const struct guest *guest)
{
    return (s7_stream *)(uintptr_t)s7_conn_stream(guest->conn);
}

/* ---- keep-alive ---- */

static void there_is_one_place(void)
{
    sql("UPDATE plc SET connections = 1");
}

static void S7_151_a_silent_peer_frees_its_place_by_keep_alive(void **state)
{
    struct guest gone, next;

    (void)state;
    there_is_one_place();
    enter(&gone, 2);
    assert_int_equal(gone.last, S7_OK);
    s7_virtual_vanish(stream_of(&gone), true, true);
    run_for_ms(32900);
    enter(&next, 2);
    assert_int_equal(next.last, S7_E_COTP_REFUSED);
    guest_close(&next);
    run_for_ms(200); /* 30 s and three probes, one second apart */
    assert_int_equal(plc_stats().sessions, 0);
    enter(&next, 2);
    assert_int_equal(next.last, S7_OK);
    guest_close(&next);
    guest_close(&gone);
}

static void S7_151_the_keep_alive_is_the_cpus_own(void **state)
{
    struct guest gone;

    (void)state;
    sql("UPDATE personality SET keepalive_s = 5");
    enter(&gone, 2);
    s7_virtual_vanish(stream_of(&gone), true, true);
    run_for_ms(7900);
    assert_int_equal(plc_stats().sessions, 1);
    run_for_ms(200);
    assert_int_equal(plc_stats().sessions, 0);
    guest_close(&gone);
    sql("UPDATE personality SET keepalive_s = 0");
    enter(&gone, 2);
    s7_virtual_vanish(stream_of(&gone), true, true);
    run_for_ms(3600 * 1000);
    assert_int_equal(plc_stats().sessions, 1);
    guest_close(&gone);
}

static void S7_151_RST_and_FIN_free_the_place_at_once(void **state)
{
    struct guest guest;

    (void)state;
    there_is_one_place();
    for (int i = 0; i < 2; i++) {
        enter(&guest, 2);
        assert_int_equal(guest.last, S7_OK);
        if (i == 0)
            s7_virtual_reset(s7_virtual_peer(stream_of(&guest)));
        else
            guest_close(&guest);
        run_for_ms(5);
        assert_int_equal(plc_stats().sessions, 0);
        guest_close(&guest);
    }
}

static void a_connection_that_is_met_with_silence_takes_no_place(void **state)
{
    s7_client_options options;
    struct guest guest;

    (void)state;
    sql("UPDATE personality SET wrong_tsap = 'silence'");
    s7_client_options_init(&options);
    options.slot = 3;
    options.connect_ms = 500;
    guest_open(&guest, &house, &options);
    assert_int_equal(guest.last, S7_E_TIMEOUT);
    assert_int_equal(plc_stats().sessions, 0);
    guest_close(&guest);
    enter(&guest, 2);
    assert_int_equal(guest.last, S7_OK);
    guest_close(&guest);
}

/* ---- service time ---- */

/* Microseconds that a read of n bytes takes, each an item of its own. */
static int64_t us_of_items(struct guest *guest, size_t n)
{
    uint8_t bytes[32];
    s7_item items[32];
    int64_t began_ns = now_ns();

    for (size_t i = 0; i < n; i++)
        items[i] = house_item(1, (uint32_t)(2 * i), &bytes[i], 1);
    guest_begin(guest, false, items, n, 0);
    assert_int_equal(guest_finish(guest), S7_OK);
    return (now_ns() - began_ns) / 1000;
}

/* The network takes its own time, between 50 and 150 us one way. */
static void is_about(int64_t us, int64_t expected_us)
{
    assert_in_range(us + 300, expected_us, expected_us + 600);
}

static void without_chance(void)
{
    sql("UPDATE personality SET jitter_us = 0; UPDATE plc SET service_time = 1");
}

static void S7_206_a_1200_takes_6_ms_and_a_quarter_more_than_one_for_each_item(void **state)
{
    struct guest guest;

    (void)state;
    enter(&guest, 1);
    int64_t network_us = us_of_items(&guest, 1);
    without_chance();
    is_about(us_of_items(&guest, 1) - network_us, 6000 + 1250);
    is_about(us_of_items(&guest, 18) - network_us, 6000 + 18 * 1250);
    sql("UPDATE personality SET jitter_us = 3000");
    for (int i = 0; i < 20; i++)
        assert_in_range(us_of_items(&guest, 1) - network_us, 6950, 10550);
    sql("UPDATE plc SET service_time = 0");
    is_about(us_of_items(&guest, 1), network_us);
    guest_close(&guest);
}

static int64_t us_of_bytes(struct guest *guest, size_t len)
{
    static uint8_t bytes[4000];
    s7_item item = house_item(2, 0, bytes, len);
    int64_t began_ns = now_ns();

    guest_begin(guest, false, &item, 1, 0);
    assert_int_equal(guest_finish(guest), S7_OK);
    return (now_ns() - began_ns) / 1000;
}

/* Three jobs are on their way together: each waits for those before it. Another connection waits for none. */
static void S7_156_jobs_of_a_connection_take_their_time_one_after_the_other(void **state)
{
    struct guest guest, other;
    uint8_t value = 0;
    s7_item item = house_item(1, 0, &value, 1);

    (void)state;
    enter(&guest, 1);
    enter(&other, 1);
    int64_t one_us = us_of_items(&guest, 1), three_us = us_of_bytes(&guest, 3 * 222);
    without_chance();
    is_about(us_of_bytes(&guest, 3 * 222) - three_us, 3 * 7250);

    static uint8_t bytes[3 * 222];
    s7_item far = house_item(2, 0, bytes, sizeof bytes);
    guest_begin(&guest, false, &far, 1, 0);
    int64_t began_ns = now_ns();
    guest_begin(&other, false, &item, 1, 0);
    assert_int_equal(guest_finish(&other), S7_OK);
    is_about((now_ns() - began_ns) / 1000 - one_us, 7250);
    assert_true(guest.waiting);
    assert_int_equal(guest_finish(&guest), S7_OK);
    guest_close(&guest);
    guest_close(&other);
}

int main(void)
{
#define ON(setup, test) cmocka_unit_test_setup_teardown(test, setup, close_house)
    const struct CMUnitTest tests[] = {
        ON(open_300, S7_151_a_silent_peer_frees_its_place_by_keep_alive),
        ON(open_300, S7_151_the_keep_alive_is_the_cpus_own),
        ON(open_300, S7_151_RST_and_FIN_free_the_place_at_once),
        ON(open_300, a_connection_that_is_met_with_silence_takes_no_place),
        ON(open_1200, S7_206_a_1200_takes_6_ms_and_a_quarter_more_than_one_for_each_item),
        ON(open_1200, S7_156_jobs_of_a_connection_take_their_time_one_after_the_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
