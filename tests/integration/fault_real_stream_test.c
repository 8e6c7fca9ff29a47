/* Faults of connections and streams over kernel TCP. Nothing here depends on how fast this machine is:
 * requests that are never answered end by their own deadline. */
#include "fault_wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct guest guest, late;

static int open_house(void **state)
{
    rig_open_real(state);
    guest_open(&guest, &rig_house, NULL);
    return 0;
}

static int close_house(void **state)
{
    guest_close(&guest);
    return rig_close(state);
}

/* Another client that waits so long to be connected. */
static s7_status dial_within(uint32_t timeout_ms)
{
    s7_client_options options;

    s7_client_options_init(&options);
    options.connect_ms = options.handshake_ms = timeout_ms;
    guest_open(&late, &rig_house, &options);
    s7_status status = late.up ? S7_OK : late.last;
    guest_close(&late);
    return status;
}

static int64_t now_ns(void)
{
    return s7_loop_now_ns(rig_house.loop);
}

static void dialing_into_a_black_hole_ends_by_its_own_deadline(void **state)
{
    (void)state;
    rig_arm(1, "blackhole_syn", "");
    if (rig_state(1).unsupported == S7_E_UNSUPPORTED) /* no socket filters here */
        return;
    assert_int_equal(dial_within(50), S7_E_TIMEOUT);
    assert_int_equal(rig_read(&guest, 0), S7_OK);
    rig_drop(1);
    assert_int_equal(dial_within(3000), S7_OK);
}

/* Who comes in while only some SYNs are lost is not touched by the filter. */
static void connections_that_got_through_lose_nothing(void **state)
{
    (void)state;
    rig_arm(1, "blackhole_syn", "p=0.000000001");
    if (rig_state(1).unsupported == S7_E_UNSUPPORTED)
        return;
    guest_close(&guest);
    guest_open(&guest, &rig_house, NULL);
    rig_drop(1);
    for (unsigned i = 0; i < 20; i++)
        assert_int_equal(rig_read(&guest, 0), S7_OK);
}

static void a_missing_route_cannot_be_played_and_is_not_replaced(void **state)
{
    (void)state;
    rig_arm(1, "unreachable", "");
    assert_int_equal(rig_state(1).unsupported, S7_E_UNSUPPORTED);
    assert_int_equal(rig_state(1).fired, 0);
    assert_int_equal(dial_within(3000), S7_OK);
}

static void a_slow_accept_is_not_early(void **state)
{
    (void)state;
    int64_t began_ns = now_ns();
    rig_arm(1, "slow_accept", "dist=30ms");
    assert_int_equal(dial_within(3000), S7_OK);
    assert_true(now_ns() - began_ns >= 30 * HOUSE_NS_PER_MS);
}

static void a_full_connection_table_closes_at_once(void **state)
{
    (void)state;
    rig_arm(1, "accept_close", "nth=1");
    assert_int_not_equal(dial_within(3000), S7_OK);
    assert_int_equal(rig_state(1).fired, 1);
    assert_int_equal(dial_within(3000), S7_OK);
}

static void the_third_connection_of_a_window_is_refused(void **state)
{
    (void)state;
    rig_arm(1, "rate_limit_connect", "n=2 window=1h");
    assert_int_equal(dial_within(3000), S7_OK);
    assert_int_equal(dial_within(3000), S7_OK);
    assert_int_equal(dial_within(3000), S7_E_REFUSED);
    rig_drop(1);
    assert_int_equal(dial_within(3000), S7_OK);
}

static void a_flapping_port_is_shut_at_times(void **state)
{
    unsigned open = 0, refused = 0;

    (void)state;
    rig_arm(1, "port_flap", "up=5ms down=5ms");
    while (open == 0 || refused == 0) {
        s7_status status = dial_within(3000);
        open += status == S7_OK;
        refused += status == S7_E_REFUSED;
    }
    rig_drop(1);
    assert_int_equal(dial_within(3000), S7_OK);
}

static void a_half_closed_connection_is_seen_as_closed(void **state)
{
    (void)state;
    rig_arm(1, "fin_half", "fn=read");
    assert_int_equal(rig_read(&guest, 0), S7_E_CLOSED);
}

static void pieces_and_late_answers_are_whole_answers(void **state)
{
    static const char *const faults[][2] = {
        {"split", "at=3 gap=5ms"},     {"dribble", "interval=100us"},        {"latency", "dist=5ms dir=both"},
        {"coalesce", "window=5ms"},    {"bandwidth", "rate=20000 burst=10"}, {"loss_stall", "nth=1"},
        {"cycle_jitter", "dist=10ms"}, {"late_after_timeout", "offset=5ms"}};

    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        rig_arm(1, faults[i][0], faults[i][1]);
        assert_int_equal(rig_read(&guest, 5000), S7_OK);
        assert_int_equal(rig_state(1).fired, 1);
        rig_drop(1);
    }
}

static void nothing_is_read_while_the_window_is_shut(void **state)
{
    (void)state;
    rig_arm(1, "zero_window", "at=0 rcvbuf=4096");
    while (!rig_state(1).acting)
        (void)rig_read(&guest, 20); /* it may be one of those that are not read */
    assert_int_equal(rig_read(&guest, 50), S7_E_TIMEOUT);
    rig_drop(1);
    assert_int_equal(rig_read(&guest, 5000), S7_OK);
}

static void an_idle_connection_is_reset(void **state)
{
    (void)state;
    rig_arm(1, "idle_kill", "idle=5ms");
    while (guest.up)
        assert_int_equal(s7_loop_run(rig_house.loop), S7_OK);
    assert_int_equal(guest.last, S7_E_RESET);
}

static void a_resurrected_connection_goes_on(void **state)
{
    (void)state;
    rig_arm(1, "resurrect", "nth=1 after=20ms");
    s7_status status = rig_read(&guest, 10000);
    assert_int_equal(status, S7_OK);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, open_house, close_house)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(dialing_into_a_black_hole_ends_by_its_own_deadline),
        TEST(connections_that_got_through_lose_nothing),
        TEST(a_missing_route_cannot_be_played_and_is_not_replaced),
        TEST(a_slow_accept_is_not_early),
        TEST(a_full_connection_table_closes_at_once),
        TEST(the_third_connection_of_a_window_is_refused),
        TEST(a_flapping_port_is_shut_at_times),
        TEST(a_half_closed_connection_is_seen_as_closed),
        TEST(pieces_and_late_answers_are_whole_answers),
        TEST(nothing_is_read_while_the_window_is_shut),
        TEST(an_idle_connection_is_reset),
        TEST(a_resurrected_connection_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
