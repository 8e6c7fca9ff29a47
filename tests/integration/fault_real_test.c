/* The same faults over kernel TCP. Nothing here depends on how fast this machine is: requests that are never
 * answered end by their own deadline. */
#include "fault_wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct guest hit, other;

static int open_house(void **state)
{
    rig_open_real(state);
    guest_open(&hit, &rig_house, NULL);
    guest_open(&other, &rig_house, NULL);
    return 0;
}

static int close_house(void **state)
{
    guest_close(&hit);
    guest_close(&other);
    return rig_close(state);
}

static void a_reset_is_a_reset(void **state)
{
    (void)state;
    rig_arm(1, "rst_now", "conn=1");
    assert_int_equal(guest_read_within(&hit, 0), S7_E_RESET);
    assert_int_equal(guest_read_within(&other, 0), S7_OK);
    assert_int_equal(rig_state(1).fired, 1);
}

static void a_reset_at_a_time_is_one_too(void **state)
{
    (void)state;
    rig_arm(1, "rst_now", "conn=1 at=1ms");
    while (hit.up)
        assert_int_equal(s7_loop_run(rig_house.loop), S7_OK);
    assert_int_equal(hit.last, S7_E_RESET);
    assert_int_equal(guest_read_within(&other, 0), S7_OK);
}

static void a_cut_answer_ends_by_reset_or_in_order(void **state)
{
    (void)state;
    rig_arm(1, "cut", "conn=1 bytes=12 then=rst");
    assert_int_equal(guest_read_within(&hit, 0), S7_E_RESET);
    sim_server_fault_drop(rig_house.server, 1);
    rig_arm(1, "cut", "conn=2 bytes=12 then=fin");
    assert_int_equal(guest_read_within(&other, 0), S7_E_CLOSED);
}

static void a_hung_request_runs_into_its_deadline(void **state)
{
    (void)state;
    rig_arm(1, "hang", "conn=1 count=1");
    assert_int_equal(guest_read_within(&hit, 50), S7_E_TIMEOUT);
    assert_int_equal(guest_read_within(&hit, 0), S7_OK);
    assert_int_equal(guest_read_within(&other, 0), S7_OK);
}

static void a_slow_answer_is_not_early(void **state)
{
    (void)state;
    int64_t asked_ns = s7_loop_now_ns(rig_house.loop);
    rig_arm(1, "slow", "conn=1 time=20ms");
    assert_int_equal(guest_read_within(&hit, 0), S7_OK);
    assert_true(s7_loop_now_ns(rig_house.loop) - asked_ns >= 20 * HOUSE_NS_PER_MS);
}

static void a_shut_door_refuses_until_it_opens(void **state)
{
    struct guest late;

    (void)state;
    rig_arm(1, "refuse", "");
    guest_open(&late, &rig_house, NULL);
    assert_int_equal(late.last, S7_E_REFUSED);
    guest_close(&late);
    assert_int_equal(guest_read_within(&hit, 0), S7_OK);
    sim_server_fault_drop(rig_house.server, 1);
    guest_open(&late, &rig_house, NULL);
    assert_int_equal(late.last, S7_OK);
    guest_close(&late);
}

static void one_too_many_is_turned_away(void **state)
{
    struct guest late;

    (void)state;
    rig_arm(1, "conn_limit", "max=2");
    guest_open(&late, &rig_house, NULL);
    assert_int_equal(late.last, S7_E_COTP_REFUSED);
    guest_close(&late);
    assert_int_equal(rig_state(1).fired, 1);
}

static void a_pulled_cable_is_silence_and_comes_back(void **state)
{
    (void)state;
    rig_arm(1, "half_open", "conn=1");
    s7_status status = guest_read_within(&hit, 50);
    if (rig_state(1).unsupported == S7_E_UNSUPPORTED) /* no socket filters here */
        return;
    assert_int_equal(status, S7_E_TIMEOUT);
    assert_int_equal(guest_read_within(&other, 0), S7_OK);
    assert_true(rig_state(1).acting);
    sim_server_fault_drop(rig_house.server, 1);
    assert_int_equal(guest_read_within(&hit, 0), S7_OK);
}

static uint8_t byte0(struct guest *guest)
{
    uint8_t got = 0xEE;

    assert_int_equal(guest_read(guest, 1, 0, &got, 1), S7_OK);
    return got;
}

static void a_value_reads_off_and_is_not(void **state)
{
    (void)state;
    rig_arm(1, "spike", "value=DB1.DBB0 amp=5 way=up conn=1");
    assert_int_equal(byte0(&hit), 5);
    assert_int_equal(byte0(&other), 0);
}

static void a_write_is_acknowledged_and_done_when_it_is_due(void **state)
{
    const uint8_t value = 7;

    (void)state;
    rig_arm(1, "write_delayed", "dist=20ms count=1");
    int64_t began_ns = s7_loop_now_ns(rig_house.loop);
    assert_int_equal(guest_write(&hit, 1, 0, &value, 1), S7_OK);
    while (byte0(&other) != value)
        ;
    assert_true(s7_loop_now_ns(rig_house.loop) - began_ns >= 20 * HOUSE_NS_PER_MS);
    assert_false(rig_state(1).acting);
}

static void a_full_disk_and_a_block_that_is_away_are_there_again(void **state)
{
    const uint8_t value = 7;

    (void)state;
    rig_arm(1, "disk_full", "");
    assert_int_not_equal(guest_write(&hit, 1, 0, &value, 1), S7_OK);
    rig_drop(1);
    assert_int_equal(guest_write(&hit, 1, 0, &value, 1), S7_OK);
    rig_arm(1, "download", "db=1 size=2 gap=1h");
    assert_int_not_equal(guest_write(&hit, 1, 0, &value, 1), S7_OK);
    rig_drop(1);
    assert_int_equal(byte0(&hit), value);
    assert_int_not_equal(guest_write(&hit, 1, 2, &value, 1), S7_OK);
}

static void what_this_network_cannot_do_is_said_and_not_counted(void **state)
{
    (void)state;
    rig_arm(1, "half_open", "conn=1 dir=out");
    assert_int_equal(guest_read_within(&hit, 0), S7_OK);
    assert_int_equal(rig_state(1).unsupported, S7_E_UNSUPPORTED);
    assert_int_equal(rig_state(1).matched, 1);
    assert_int_equal(rig_state(1).fired, 0);
    assert_false(rig_state(1).acting);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, open_house, close_house)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_reset_is_a_reset),
        TEST(a_reset_at_a_time_is_one_too),
        TEST(a_cut_answer_ends_by_reset_or_in_order),
        TEST(a_hung_request_runs_into_its_deadline),
        TEST(a_slow_answer_is_not_early),
        TEST(a_shut_door_refuses_until_it_opens),
        TEST(one_too_many_is_turned_away),
        TEST(a_pulled_cable_is_silence_and_comes_back),
        TEST(a_value_reads_off_and_is_not),
        TEST(a_write_is_acknowledged_and_done_when_it_is_due),
        TEST(a_full_disk_and_a_block_that_is_away_are_there_again),
        TEST(what_this_network_cannot_do_is_said_and_not_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
