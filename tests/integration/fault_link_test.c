/* Faults of connections and of the door: cables that are out, a door that is shut, places that are taken. In
 * virtual time, so that times are exact. */
#include "fault_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* ---- half_open ---- */

static void a_pulled_cable_is_not_noticed_by_either_end(void **state)
{
    struct guest hit, other;

    (void)state;
    guest_open(&hit, &house, NULL);
    guest_open(&other, &house, NULL);
    arm(1, "half_open", "conn=1 fn=write");
    int64_t asked_ns = now_ns();
    uint8_t value = 8;
    s7_item item = house_item(1, 0, &value, 1);
    guest_begin(&hit, true, &item, 1, 500);
    assert_int_not_equal(guest_finish(&hit), S7_OK);
    assert_in_range(now_ns() - asked_ns - 500 * HOUSE_NS_PER_MS, 0, ROUND_TRIP_NS);
    assert_int_equal(db1_byte0(), 8); /* it was run */
    assert_true(hit.up);
    assert_int_equal(guest_read_within(&other, 0), S7_OK);
    assert_true(state_of(1).acting);
    assert_int_equal(state_of(1).fired, 1);
    assert_int_equal(state_of(1).unsupported, S7_OK);
    assert_int_equal(plc_stats().sessions, 2);
    guest_close(&hit);
    guest_close(&other);
}

static void when_the_cable_is_back_the_late_answer_comes(void **state)
{
    struct raw raw;

    (void)state;
    raw_open(&raw);
    arm(1, "half_open", "nth=1 for=30s");
    SEND(&raw, READ(1));
    run_for_ms(100);
    SEND(&raw, READ(2));
    run_for_ms(29800);
    assert_int_equal(raw.len, 0);
    assert_true(state_of(1).acting);
    run_for_ms(200);
    assert_int_equal(raw.len, 2 * READ_ANSWER_LEN);
    assert_false(state_of(1).acting);
    raw_close(&raw);
}

static void one_direction_alone_is_lost(void **state)
{
    struct raw raw;

    (void)state;
    raw_open(&raw);
    arm(1, "half_open", "nth=1 dir=in");
    SEND(&raw, READ(1));
    run_for_ms(5);
    assert_int_equal(raw.len, READ_ANSWER_LEN); /* the answer gets through, the next request does not */
    SEND(&raw, READ(2));
    run_for_ms(5);
    assert_int_equal(raw.len, READ_ANSWER_LEN);
    assert_int_equal(plc_stats().reads, 1);
    raw_close(&raw);
    raw_open(&raw);
    arm(2, "half_open", "nth=1 dir=out");
    SEND(&raw, READ(1));
    run_for_ms(5);
    SEND(&raw, READ(2));
    run_for_ms(5);
    assert_int_equal(raw.len, 0);
    assert_int_equal(plc_stats().reads, 3);
    raw_close(&raw);
}

static void dropping_the_fault_puts_the_cable_back(void **state)
{
    struct guest guests[2];

    (void)state;
    guest_open(&guests[0], &house, NULL);
    guest_open(&guests[1], &house, NULL);
    arm(1, "half_open", "at=1s");
    run_for_ms(1001);
    assert_int_equal(state_of(1).fired, 2);
    assert_int_equal(guest_read_within(&guests[0], 100), S7_E_TIMEOUT);
    sim_server_fault_drop(house.server, 1);
    run_for_ms(10);
    assert_int_equal(guest_read_within(&guests[0], 100), S7_OK);
    assert_int_equal(guest_read_within(&guests[1], 100), S7_OK);
    guest_close(&guests[0]);
    guest_close(&guests[1]);
}

/* ---- refuse ---- */

static s7_status dial(void)
{
    struct raw raw;

    raw_dial(&raw);
    s7_status status = raw.over ? raw.how : S7_OK;
    raw_close(&raw);
    run_for_ms(1);
    return status;
}

static void a_shut_door_refuses_and_lets_those_inside_work(void **state)
{
    struct guest guest;

    (void)state;
    guest_open(&guest, &house, NULL);
    arm(1, "refuse", "from=1s for=10s");
    assert_true(state_of(1).armed);
    assert_int_equal(dial(), S7_OK);
    run_for_ms(1000);
    assert_int_equal(dial(), S7_E_REFUSED);
    assert_int_equal(guest_read_within(&guest, 0), S7_OK);
    assert_true(state_of(1).acting);
    assert_false(state_of(1).armed);
    run_for_ms(10000);
    assert_int_equal(dial(), S7_OK);
    assert_false(state_of(1).acting);
    assert_int_equal(state_of(1).fired, 1);
    assert_int_equal(state_of(1).matched, 1);
    guest_close(&guest);
}

static void it_is_shut_at_once_and_drop_all_resets_who_is_inside(void **state)
{
    struct guest guest;

    (void)state;
    guest_open(&guest, &house, NULL);
    arm(1, "refuse", "drop=all");
    assert_int_equal(dial(), S7_E_REFUSED);
    assert_false(guest.up);
    assert_int_equal(guest.last, S7_E_RESET);
    sim_server_fault_drop(house.server, 1);
    assert_int_equal(dial(), S7_OK);
    guest_close(&guest);
}

static void the_door_opens_when_nobody_holds_it(void **state)
{
    (void)state;
    arm(1, "refuse", "");
    arm(2, "refuse", "for=1s");
    assert_int_equal(dial(), S7_E_REFUSED);
    sim_server_fault_drop(house.server, 1);
    assert_int_equal(dial(), S7_E_REFUSED);
    run_for_ms(1000);
    assert_int_equal(dial(), S7_OK);
}

static void shut_when_somebody_came(s7_loop *loop, void *arg)
{
    bool *shut = arg;

    (void)loop;
    if (!*shut && plc_stats().connections > 0)
        arm(1, "refuse", "");
    *shut = plc_stats().connections > 0;
}

/* Who came in the very turn in which the door was shut, and has not said a word to the PLC. */
static void who_stood_in_the_door_is_reset(void **state)
{
    s7_turn_hook hook = {0};
    struct raw raw;
    bool shut = false;

    (void)state;
    s7_turn_hook_add(house.loop, &hook, shut_when_somebody_came, &shut);
    raw_dial(&raw);
    s7_turn_hook_remove(&hook);
    assert_int_equal(state_of(1).fired, 1);
    assert_true(raw.over);
    assert_int_equal(raw.how, S7_E_RESET);
    raw_close(&raw);
}

/* ---- conn_limit ---- */

static void beyond_the_limit_a_connection_is_turned_away_as_asked(void **state)
{
    static const struct {
        const char *how;
        size_t len;
        bool over;
        s7_status end;
    } rows[] = {{"rst", 0, true, S7_E_RESET},
                {"fin", 0, true, S7_OK},
                {"dr", 11, true, S7_OK},
                {"silence", 0, false, S7_OK}};
    struct guest guest;

    (void)state;
    guest_open(&guest, &house, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char args[32];
        struct raw raw;
        snprintf(args, sizeof args, "max=1 how=%s", rows[i].how);
        arm(i, "conn_limit", args);
        raw_dial(&raw);
        SEND(&raw, CR, SETUP);
        run_for_ms(60000);
        assert_int_equal(raw.len, rows[i].len);
        assert_int_equal(raw.over, rows[i].over);
        assert_int_equal(raw.how, rows[i].end);
        assert_int_equal(state_of(i).fired, 1);
        assert_int_equal(plc_stats().refused, i + 1);
        raw_close(&raw);
        run_for_ms(1);
        sim_server_fault_drop(house.server, i);
    }
    assert_int_equal(guest_read_within(&guest, 0), S7_OK);
    assert_int_equal(plc_stats().connections, 1);
    guest_close(&guest);
}

static void a_slot_is_free_again_when_its_connection_ends(void **state)
{
    struct guest guests[3];

    (void)state;
    guest_as(&guests[0], S7_CONN_OP); /* counts, though it came before */
    arm(1, "conn_limit", "max=1 per=role");
    guest_as(&guests[1], S7_CONN_PG);
    assert_int_equal(guests[1].last, S7_OK);
    guest_as(&guests[2], S7_CONN_OP);
    assert_int_equal(guests[2].last, S7_E_COTP_REFUSED);
    guest_close(&guests[2]);
    guest_close(&guests[0]);
    run_for_ms(5);
    guest_as(&guests[2], S7_CONN_OP);
    assert_int_equal(guests[2].last, S7_OK);
    assert_int_equal(state_of(1).matched, 3);
    assert_int_equal(state_of(1).fired, 1);
    guest_close(&guests[1]);
    guest_close(&guests[2]);
}

/* ---- slot_leak ---- */

static void a_place_is_held_for_a_time_after_its_client_closed(void **state)
{
    struct guest first, second;

    (void)state;
    arm(1, "conn_limit", "max=1 how=rst");
    arm(2, "slot_leak", "hold=30s nth=1");
    guest_open(&first, &house, NULL);
    guest_close(&first);
    run_for_ms(1);
    assert_int_equal(plc_stats().connections, 0);
    assert_int_equal(plc_stats().sessions, 1);
    assert_int_equal(state_of(2).fired, 1);
    assert_true(state_of(2).acting);
    run_for_ms(29990);
    guest_open(&second, &house, NULL);
    assert_int_equal(second.last, S7_E_COTP_REFUSED);
    guest_close(&second);
    run_for_ms(10);
    assert_int_equal(plc_stats().sessions, 0);
    assert_false(state_of(2).acting);
    for (int i = 0; i < 2; i++) { /* the second one that goes is none of its business */
        guest_open(&second, &house, NULL);
        assert_int_equal(second.last, S7_OK);
        guest_close(&second);
        run_for_ms(1);
    }
    assert_int_equal(state_of(2).fired, 1);
}

static void places_are_free_when_the_fault_is_dropped(void **state)
{
    struct guest guest;

    (void)state;
    arm(1, "slot_leak", "hold=1h role=op");
    guest_as(&guest, S7_CONN_OP);
    guest_close(&guest);
    guest_as(&guest, S7_CONN_PG);
    guest_close(&guest);
    run_for_ms(1);
    assert_int_equal(plc_stats().sessions, 1);
    sim_server_fault_drop(house.server, 1);
    assert_int_equal(plc_stats().sessions, 0);
    arm(1, "slot_leak", "hold=1h");
    guest_open(&guest, &house, NULL);
    guest_close(&guest);
    run_for_ms(1);
    assert_int_equal(plc_stats().sessions, 1); /* and the server is freed with one that is held */
}

/* ---- fin_now ---- */

static void an_orderly_end_comes_after_the_answer_or_at_a_time(void **state)
{
    struct guest guest, other;

    (void)state;
    guest_open(&guest, &house, NULL);
    guest_open(&other, &house, NULL);
    arm(1, "fin_now", "conn=1 nth=2");
    assert_int_equal(guest_read_within(&guest, 500), S7_OK);
    assert_int_equal(guest_read_within(&guest, 500), S7_OK);
    run_for_ms(1);
    assert_false(guest.up);
    assert_int_equal(guest.last, S7_E_CLOSED);
    assert_true(other.up);
    assert_int_equal(state_of(1).fired, 1);
    arm(2, "fin_now", "at=5ms");
    run_for_ms(4);
    assert_true(other.up);
    run_for_ms(2);
    assert_false(other.up);
    assert_int_equal(other.last, S7_E_CLOSED);
    assert_int_equal(state_of(2).fired, 1);
    guest_close(&guest);
    guest_close(&other);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, open_house, close_house)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_pulled_cable_is_not_noticed_by_either_end),
        TEST(when_the_cable_is_back_the_late_answer_comes),
        TEST(one_direction_alone_is_lost),
        TEST(dropping_the_fault_puts_the_cable_back),
        TEST(a_shut_door_refuses_and_lets_those_inside_work),
        TEST(it_is_shut_at_once_and_drop_all_resets_who_is_inside),
        TEST(the_door_opens_when_nobody_holds_it),
        TEST(who_stood_in_the_door_is_reset),
        TEST(beyond_the_limit_a_connection_is_turned_away_as_asked),
        TEST(a_slot_is_free_again_when_its_connection_ends),
        TEST(a_place_is_held_for_a_time_after_its_client_closed),
        TEST(places_are_free_when_the_fault_is_dropped),
        TEST(an_orderly_end_comes_after_the_answer_or_at_a_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
