/* Faults where connections come in, as who dials meets them. In virtual time, so that times are exact. */
#include "fault_wire.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MS HOUSE_NS_PER_MS

static struct raw raws[8];

static void dial(struct raw *peer)
{
    raw_dial(peer);
    rig_run_ms(2);
}

static s7_status dialing_says(void)
{
    struct raw peer;

    dial(&peer);
    s7_status how = peer.over ? peer.how : peer.connected ? S7_OK : S7_E_TIMEOUT;
    raw_close(&peer);
    rig_run_ms(1);
    return how;
}

static void run_until_ms(int64_t began_ns, int64_t ms)
{
    rig_run_ms(ms - (rig_now_ns() - began_ns) / MS);
}

/* ---- blackhole_syn ---- */

static void a_lost_SYN_is_sent_again_until_the_way_is_there(void **state)
{
    struct raw *peer = &raws[0];

    (void)state;
    rig_arm(1, "blackhole_syn", "for=5s");
    int64_t began_ns = rig_now_ns();
    raw_dial(peer);
    rig_run_ms(6999);
    assert_false(peer->connected || peer->over); /* SYNs at 0, 1 and 3 s are lost */
    rig_run_ms(1001);
    assert_true(peer->connected);
    assert_in_range(peer->connected_ns - began_ns - 7000 * MS, 0, RIG_ROUND_TRIP_NS);
    assert_int_equal(rig_state(1).fired, 1);
    assert_false(rig_state(1).acting);
    raw_close(peer);
}

static void connections_that_are_there_do_not_notice_lost_SYNs(void **state)
{
    struct guest guest;

    (void)state;
    guest_open(&guest, &rig_house, NULL);
    rig_arm(1, "blackhole_syn", "");
    assert_int_equal(rig_read(&guest, 0), S7_OK);
    assert_int_equal(dialing_says(), S7_E_TIMEOUT);
    assert_true(rig_state(1).acting);
    rig_drop(1);
    assert_int_equal(dialing_says(), S7_OK);
    guest_close(&guest);
}

static void a_share_of_the_SYNs_is_lost(void **state)
{
    unsigned lost = 0;

    (void)state;
    rig_arm(1, "blackhole_syn", "p=0.5");
    for (unsigned i = 0; i < 100; i++)
        lost += dialing_says() == S7_E_TIMEOUT;
    assert_in_range(lost, 35, 65);
}

/* ---- unreachable ---- */

static void who_dials_hears_that_there_is_no_way_after_a_time(void **state)
{
    struct raw *peer = &raws[0];

    (void)state;
    rig_arm(1, "unreachable", "after=300ms errno=net");
    int64_t began_ns = rig_now_ns();
    raw_dial(peer);
    rig_run_ms(1000);
    assert_int_equal(peer->how, S7_E_UNREACHABLE);
    assert_int_equal(peer->os_errno, ENETUNREACH);
    assert_in_range(peer->over_ns - began_ns - 300 * MS, 0, RIG_ROUND_TRIP_NS);
    raw_close(peer);
    rig_drop(1);
    rig_arm(2, "unreachable", "for=1s");
    raw_dial(peer);
    rig_run_ms(1000);
    assert_int_equal(peer->os_errno, EHOSTUNREACH);
    raw_close(peer);
    assert_int_equal(dialing_says(), S7_OK);
}

/* ---- slow_accept ---- */

static void a_slow_accept_lets_in_and_reads_later(void **state)
{
    struct raw *peer = &raws[0];

    (void)state;
    rig_arm(1, "slow_accept", "dist=40s conn=1");
    dial(peer);
    assert_true(peer->connected);
    int64_t accepted_ns = rig_now_ns();
    RAW_SEND(peer, CR);
    rig_run_ms(39990);
    assert_int_equal(peer->len, 0);
    rig_run_ms(20);
    assert_int_equal(peer->len, CC_LEN);
    assert_in_range(peer->segments[0].at_ns - accepted_ns, 39990 * MS, 40002 * MS);
    raw_close(peer);
    dial(peer); /* conn=2 */
    RAW_SEND(peer, CR);
    rig_run_ms(2);
    assert_int_equal(peer->len, CC_LEN);
    raw_close(peer);
}

/* The PLC's own limit for the connection request begins when it accepts. */
static void who_says_nothing_after_a_slow_accept_is_reset_later(void **state)
{
    struct raw *peer = &raws[0];

    (void)state;
    rig_arm(1, "slow_accept", "dist=10s");
    dial(peer);
    rig_run_ms(39900);
    assert_false(peer->over);
    rig_run_ms(200);
    assert_int_equal(peer->how, S7_E_RESET);
    raw_close(peer);
}

/* ---- accept_close ---- */

static void a_connection_is_closed_before_any_byte(void **state)
{
    struct raw *peer = &raws[0];

    (void)state;
    rig_arm(1, "accept_close", "nth=2");
    rig_arm(2, "accept_close", "nth=3 close=rst"); /* it counts the one that ended as well */
    for (int i = 0; i < 4; i++)
        dial(&raws[i]);
    assert_false(peer[0].over);
    assert_true(peer[1].over && peer[1].connected);
    assert_int_equal(peer[1].how, S7_OK);
    assert_int_equal(peer[1].len, 0);
    assert_int_equal(peer[2].how, S7_E_RESET);
    assert_false(peer[3].over);
    assert_int_equal(rig_state(1).fired, 1);
    assert_int_equal(rig_state(2).fired, 1);
    assert_int_equal(rig_stats().connections, 2);
    for (int i = 0; i < 4; i++)
        raw_close(&raws[i]);
}

/* ---- rate_limit_connect ---- */

static void more_than_so_many_in_a_window_are_refused(void **state)
{
    (void)state;
    rig_arm(1, "rate_limit_connect", "n=2 window=10s");
    int64_t began_ns = rig_now_ns();
    assert_int_equal(dialing_says(), S7_OK);
    rig_run_ms(4000);
    assert_int_equal(dialing_says(), S7_OK);
    assert_int_equal(dialing_says(), S7_E_REFUSED);
    assert_true(rig_state(1).acting);
    run_until_ms(began_ns, 9990);
    assert_int_equal(dialing_says(), S7_E_REFUSED);
    rig_run_ms(20);
    assert_int_equal(dialing_says(), S7_OK); /* the second one is in the window still */
    assert_int_equal(dialing_says(), S7_E_REFUSED);
    rig_run_ms(4100);
    assert_int_equal(dialing_says(), S7_OK);
    assert_int_equal(rig_state(1).fired, 3);
}

static void a_rate_limit_ends_with_its_time_or_when_it_is_dropped(void **state)
{
    (void)state;
    rig_arm(1, "rate_limit_connect", "n=1 window=1h for=1s");
    assert_int_equal(dialing_says(), S7_OK);
    assert_int_equal(dialing_says(), S7_E_REFUSED);
    rig_run_ms(1000);
    assert_int_equal(dialing_says(), S7_OK);
    assert_int_equal(dialing_says(), S7_OK);
    rig_arm(2, "rate_limit_connect", "n=1 window=1h");
    assert_int_equal(dialing_says(), S7_OK);
    assert_int_equal(dialing_says(), S7_E_REFUSED);
    rig_drop(2);
    assert_int_equal(dialing_says(), S7_OK);
}

/* ---- port_flap ---- */

static void a_port_flaps_open_and_shut_in_turn(void **state)
{
    (void)state;
    rig_arm(1, "port_flap", "up=5s down=2s");
    int64_t began_ns = rig_now_ns();
    for (unsigned round = 0; round < 3; round++) {
        run_until_ms(began_ns, 7000 * round + 1);
        assert_int_equal(dialing_says(), S7_OK);
        run_until_ms(began_ns, 7000 * round + 4990);
        assert_int_equal(dialing_says(), S7_OK);
        run_until_ms(began_ns, 7000 * round + 5001);
        assert_int_equal(dialing_says(), S7_E_REFUSED);
        assert_true(rig_state(1).acting);
        assert_int_equal(rig_state(1).fired, round + 1);
        run_until_ms(began_ns, 7000 * round + 6990);
        assert_int_equal(dialing_says(), S7_E_REFUSED);
    }
    run_until_ms(began_ns, 21001);
    assert_true(rig_state(1).armed);
    rig_drop(1);
    assert_int_equal(dialing_says(), S7_OK);
}

static void a_flapping_port_is_open_in_the_end(void **state)
{
    (void)state;
    rig_arm(1, "port_flap", "up=exp(1s) down=exp(1s) for=1min");
    rig_run_ms(60000);
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(dialing_says(), S7_OK);
        rig_run_ms(1000);
    }
    assert_in_range(rig_state(1).fired, 10, 60);
    assert_false(rig_state(1).acting);
}

static void connections_that_are_there_stay_while_a_port_flaps(void **state)
{
    struct guest guest;

    (void)state;
    guest_open(&guest, &rig_house, NULL);
    rig_arm(1, "port_flap", "up=10ms down=10ms");
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(rig_read(&guest, 0), S7_OK);
        rig_run_ms(7);
    }
    guest_close(&guest);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, rig_open, rig_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_lost_SYN_is_sent_again_until_the_way_is_there),
        TEST(connections_that_are_there_do_not_notice_lost_SYNs),
        TEST(a_share_of_the_SYNs_is_lost),
        TEST(who_dials_hears_that_there_is_no_way_after_a_time),
        TEST(a_slow_accept_lets_in_and_reads_later),
        TEST(who_says_nothing_after_a_slow_accept_is_reset_later),
        TEST(a_connection_is_closed_before_any_byte),
        TEST(more_than_so_many_in_a_window_are_refused),
        TEST(a_rate_limit_ends_with_its_time_or_when_it_is_dropped),
        TEST(a_port_flaps_open_and_shut_in_turn),
        TEST(a_flapping_port_is_open_in_the_end),
        TEST(connections_that_are_there_stay_while_a_port_flaps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
