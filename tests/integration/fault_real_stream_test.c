/* Faults of connections and streams over kernel TCP. Nothing here depends on how fast this machine is:
 * requests that are never answered end by their own deadline. */
#include "house.h"

#include "loop/loop_ev.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct house house;
static struct guest guest, late;

static int open_house(void **state)
{
    s7_loop *loop;

    (void)state;
    assert_int_equal(s7_loop_ev_new(&loop), S7_OK);
    house_open(&house, loop, "generic");
    guest_open(&guest, &house, NULL);
    return 0;
}

static int close_house(void **state)
{
    (void)state;
    guest_close(&guest);
    house_close(&house);
    return 0;
}

static void arm(const char *name, const char *args)
{
    struct plant_error error;

    if (sim_server_fault_arm(house.server, 0, 1, name, args, &error) != S7_OK)
        fail_msg("%s", error.text);
}

static struct sim_fault_state fault_state(void)
{
    struct sim_fault_state state;

    assert_true(sim_server_fault_state(house.server, 1, &state));
    return state;
}

static void drop(void)
{
    sim_server_fault_drop(house.server, 1);
}

static s7_status read_within(uint32_t timeout_ms)
{
    uint8_t got[4] = {0};
    s7_item item = house_item(1, 0, got, sizeof got);

    guest_begin(&guest, false, &item, 1, timeout_ms);
    return guest_finish(&guest);
}

/* Another client that waits so long to be connected. */
static s7_status dial_within(uint32_t timeout_ms)
{
    s7_client_options options;

    s7_client_options_init(&options);
    options.connect_ms = options.handshake_ms = timeout_ms;
    guest_open(&late, &house, &options);
    s7_status status = late.up ? S7_OK : late.last;
    guest_close(&late);
    return status;
}

static int64_t now_ns(void)
{
    return s7_loop_now_ns(house.loop);
}

static void dialing_into_a_black_hole_ends_by_its_own_deadline(void **state)
{
    (void)state;
    arm("blackhole_syn", "");
    if (fault_state().unsupported == S7_E_UNSUPPORTED) /* no socket filters here */
        return;
    assert_int_equal(dial_within(50), S7_E_TIMEOUT);
    assert_int_equal(read_within(0), S7_OK);
    drop();
    assert_int_equal(dial_within(3000), S7_OK);
}

/* Who comes in while only some SYNs are lost is not touched by the filter. */
static void connections_that_got_through_lose_nothing(void **state)
{
    (void)state;
    arm("blackhole_syn", "p=0.000000001");
    if (fault_state().unsupported == S7_E_UNSUPPORTED)
        return;
    guest_close(&guest);
    guest_open(&guest, &house, NULL);
    drop();
    for (unsigned i = 0; i < 20; i++)
        assert_int_equal(read_within(0), S7_OK);
}

static void a_missing_route_cannot_be_played_and_is_not_replaced(void **state)
{
    (void)state;
    arm("unreachable", "");
    assert_int_equal(fault_state().unsupported, S7_E_UNSUPPORTED);
    assert_int_equal(fault_state().fired, 0);
    assert_int_equal(dial_within(3000), S7_OK);
}

static void a_slow_accept_is_not_early(void **state)
{
    (void)state;
    int64_t began_ns = now_ns();
    arm("slow_accept", "dist=30ms");
    assert_int_equal(dial_within(3000), S7_OK);
    assert_true(now_ns() - began_ns >= 30 * HOUSE_NS_PER_MS);
}

static void a_full_connection_table_closes_at_once(void **state)
{
    (void)state;
    arm("accept_close", "nth=1");
    assert_int_not_equal(dial_within(3000), S7_OK);
    assert_int_equal(fault_state().fired, 1);
    assert_int_equal(dial_within(3000), S7_OK);
}

static void the_third_connection_of_a_window_is_refused(void **state)
{
    (void)state;
    arm("rate_limit_connect", "n=2 window=1h");
    assert_int_equal(dial_within(3000), S7_OK);
    assert_int_equal(dial_within(3000), S7_OK);
    assert_int_equal(dial_within(3000), S7_E_REFUSED);
    drop();
    assert_int_equal(dial_within(3000), S7_OK);
}

static void a_flapping_port_is_shut_at_times(void **state)
{
    unsigned open = 0, refused = 0;

    (void)state;
    arm("port_flap", "up=5ms down=5ms");
    while (open == 0 || refused == 0) {
        s7_status status = dial_within(3000);
        open += status == S7_OK;
        refused += status == S7_E_REFUSED;
    }
    drop();
    assert_int_equal(dial_within(3000), S7_OK);
}

static void a_half_closed_connection_is_seen_as_closed(void **state)
{
    (void)state;
    arm("fin_half", "fn=read");
    assert_int_equal(read_within(0), S7_E_CLOSED);
}

static void pieces_and_late_answers_are_whole_answers(void **state)
{
    static const char *const faults[][2] = {
        {"split", "at=3 gap=5ms"},     {"dribble", "interval=100us"},        {"latency", "dist=5ms dir=both"},
        {"coalesce", "window=5ms"},    {"bandwidth", "rate=20000 burst=10"}, {"loss_stall", "nth=1"},
        {"cycle_jitter", "dist=10ms"}, {"late_after_timeout", "offset=5ms"}};

    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        arm(faults[i][0], faults[i][1]);
        assert_int_equal(read_within(5000), S7_OK);
        assert_int_equal(fault_state().fired, 1);
        drop();
    }
}

static void nothing_is_read_while_the_window_is_shut(void **state)
{
    (void)state;
    arm("zero_window", "at=0 rcvbuf=4096");
    while (!fault_state().acting)
        (void)read_within(20); /* it may be one of those that are not read */
    assert_int_equal(read_within(50), S7_E_TIMEOUT);
    drop();
    assert_int_equal(read_within(5000), S7_OK);
}

static void an_idle_connection_is_reset(void **state)
{
    (void)state;
    arm("idle_kill", "idle=5ms");
    while (guest.up)
        assert_int_equal(s7_loop_run(house.loop), S7_OK);
    assert_int_equal(guest.last, S7_E_RESET);
}

static void a_resurrected_connection_goes_on(void **state)
{
    (void)state;
    arm("resurrect", "nth=1 after=20ms");
    s7_status status = read_within(10000);
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
