/* What the server does about faults whatever they are: arming and dropping, turns that are run again, what it
 * tells and counts. In virtual time. */
#include "fault_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* ---- turns that are run again ---- */

static void break_commits(bool broken)
{
    sql(broken ? "INSERT INTO tag (name, address, type) VALUES ('n', 'DB1.DBB0', 'BYTE')" : "SELECT 1");
    sql(broken ? "ALTER TABLE tag RENAME TO away" : "ALTER TABLE away RENAME TO tag");
}

struct taps {
    struct {
        bool from_client;
        size_t len;
        uint8_t ref, last;
        const char *fault;
        unsigned conn;
    } seen[64];
    size_t n;
};

static void on_tap(const struct sim_tap *tap, void *arg)
{
    struct taps *taps = arg;

    assert_string_equal(tap->plc, "plc1");
    assert_in_range(taps->n, 0, 63);
    taps->seen[taps->n].from_client = tap->from_client;
    taps->seen[taps->n].len = tap->len;
    taps->seen[taps->n].ref = tap->len > 12 ? tap->frame[12] : 0;
    taps->seen[taps->n].last = tap->frame[tap->len - 1];
    taps->seen[taps->n].fault = tap->fault;
    taps->seen[taps->n++].conn = tap->conn;
}

static void serve_tapped(struct taps *taps)
{
    struct sim_server_options options;

    sim_server_options_init(&options);
    options.tap = on_tap;
    options.tap_arg = taps;
    serve_again(&options);
}

static void a_turn_that_is_run_again_counts_once(void **state)
{
    struct raw raw;
    struct taps taps = {.n = 0};

    (void)state;
    serve_tapped(&taps);
    arm(1, "conn_limit", "max=1 per=role");
    arm(2, "slow", "time=0 p=0.5");
    arm(3, "hang", "ref=9");
    arm(4, "cut", "ref=8 bytes=21 then=hang");
    raw_dial(&raw);
    break_commits(true);
    SEND(&raw, CR, SETUP, WRITE(7, 3), READ(9), READ(1), WRITE(8, 4), READ(2));
    run_for_ms(5);
    break_commits(false);
    assert_int_equal(raw.len, CC_LEN + SETUP_ANSWER_LEN + WRITE_ANSWER_LEN + READ_ANSWER_LEN + 21);
    assert_int_equal(raw.got[CC_LEN + SETUP_ANSWER_LEN + WRITE_ANSWER_LEN - 1], 0x01);
    assert_int_equal(db1_byte0(), 0);
    struct sim_plc_stats stats = plc_stats();
    assert_int_equal(stats.admitted, 1);
    assert_int_equal(stats.sessions, 1);
    assert_int_equal(stats.sessions_max, 1);
    assert_int_equal(stats.setups, 1);
    assert_int_equal(stats.writes, 2);
    assert_int_equal(stats.reads, 1);
    assert_int_equal(stats.swallowed, 2); /* ref 9, and ref 2 behind the silence */
    assert_int_equal(state_of(1).matched, 1);
    assert_int_equal(state_of(1).fired, 0);
    assert_int_equal(state_of(2).matched, 5);
    assert_int_equal(state_of(3).fired, 1);
    assert_int_equal(state_of(4).fired, 1);
    assert_int_equal(taps.n, 7 + 5);
    for (size_t i = 0; i < taps.n; i++) /* what the first run would have answered was never told */
        if (!taps.seen[i].from_client && taps.seen[i].ref == 7)
            assert_int_equal(taps.seen[i].last, 0x01);
    assert_int_equal(raw.over, false);
    raw_close(&raw);
}

/* ---- the tap ---- */

static void the_tap_sees_what_came_and_what_left_of_it_once(void **state)
{
    static const struct {
        bool from_client;
        size_t len;
        const char *fault;
    } rows[] = {{true, 22, NULL},   {false, CC_LEN, NULL}, {true, 25, NULL},  {false, SETUP_ANSWER_LEN, NULL},
                {true, 31, "slow"}, {false, 29, "slow"},   {true, 31, NULL},  {false, 29, NULL},
                {true, 31, "hang"}, {true, 31, "cut"},     {false, 5, "cut"}, {true, 31, "cut"}};
    struct taps taps = {.n = 0};
    struct raw raw;

    (void)state;
    serve_tapped(&taps);
    raw_open(&raw);
    arm(1, "slow", "ref=1 time=50ms");
    arm(2, "hang", "ref=3");
    arm(3, "cut", "ref=4 bytes=5 then=hang");
    SEND(&raw, READ(1), READ(2), READ(3), READ(4), READ(5));
    run_for_ms(100);
    assert_int_equal(taps.n, sizeof rows / sizeof rows[0]);
    for (size_t i = 0; i < taps.n; i++) {
        assert_int_equal(taps.seen[i].from_client, rows[i].from_client);
        assert_int_equal(taps.seen[i].len, rows[i].len);
        assert_int_equal(taps.seen[i].conn, 1);
        if (rows[i].fault == NULL)
            assert_null(taps.seen[i].fault);
        else
            assert_string_equal(taps.seen[i].fault, rows[i].fault);
    }
    raw_close(&raw);
}

/* ---- arming and dropping ---- */

static void arming_says_what_is_wrong(void **state)
{
    struct plant_error error;
    struct sim_fault_state fault;

    (void)state;
    arm(7, "hang", "");
    assert_int_equal(sim_server_fault_arm(house.server, 0, 7, "hang", "", &error), S7_E_ARG);
    assert_non_null(strstr(error.text, "a fault with id 7 is armed already"));
    assert_int_equal(sim_server_fault_arm(house.server, 5, 8, "hang", "", &error), S7_E_ARG);
    assert_non_null(strstr(error.text, "no PLC number 5"));
    assert_int_equal(sim_server_fault_arm(house.server, 0, 8, "hong", "", &error), S7_E_ARG);
    assert_non_null(strstr(error.text, "did you mean hang?"));
    sim_server_fault_drop(house.server, 99);
    sim_server_fault_drop(house.server, 7);
    assert_false(sim_server_fault_state(house.server, 7, &fault));
    arm(7, "hang", "optional");
    assert_true(state_of(7).optional);
    for (uint64_t id = 100; id < 164; id++)
        arm(id, "slow", "time=0 once=conn");
    assert_int_equal(sim_server_fault_arm(house.server, 0, 164, "hang", "once=conn", &error), S7_E_ARG);
    assert_non_null(strstr(error.text, "64 faults with once=conn"));
    sim_server_fault_drop(house.server, 120);
    arm(164, "slow", "time=0 once=conn");
}

static void a_bit_that_is_given_again_has_forgotten_its_connections(void **state)
{
    struct guest guest;

    (void)state;
    guest_open(&guest, &house, NULL);
    for (uint64_t id = 1; id < 4; id++) {
        arm(id, "slow", "time=0 once=conn");
        assert_int_equal(guest_read_within(&guest, 0), S7_OK);
        assert_int_equal(guest_read_within(&guest, 0), S7_OK);
        assert_int_equal(state_of(id).matched, 1);
        sim_server_fault_drop(house.server, id);
    }
    guest_close(&guest);
}

static void times_are_divided_by_the_time_scale(void **state)
{
    struct sim_server_options options;
    struct guest guest;

    (void)state;
    sim_server_options_init(&options);
    options.time_scale = 100;
    serve_again(&options);
    guest_open(&guest, &house, NULL);
    arm(1, "slow", "time=10s");
    int64_t asked_ns = now_ns();
    assert_int_equal(guest_read_within(&guest, 0), S7_OK);
    assert_in_range(now_ns() - asked_ns - 100 * HOUSE_NS_PER_MS, 0, ROUND_TRIP_NS);
    guest_close(&guest);
}

static void a_verdict_outlives_its_fault(void **state)
{
    struct raw raw;

    (void)state;
    raw_open(&raw);
    arm(1, "slow", "time=100ms");
    arm(2, "cut", "bytes=6");
    arm(3, "half_open", "ref=2 prio=-1");
    SEND(&raw, READ(1));
    run_for_ms(50);
    sim_server_fault_drop(house.server, 1);
    sim_server_fault_drop(house.server, 2);
    run_for_ms(60);
    assert_int_equal(raw.len, 6);
    assert_true(raw.over);
    raw_close(&raw);
}

/* Who hears of a fault may drop it, and arm another, in the midst of it. */
static void on_log(const char *plc, const char *kind, const char *peer, const char *text, void *arg)
{
    unsigned *heard = arg;
    struct plant_error error;

    (void)plc;
    (void)peer;
    if (strcmp(kind, "fault") != 0)
        return;
    ++*heard;
    for (uint64_t id = 1; id < 10; id++)
        sim_server_fault_drop(house.server, id);
    if (strstr(text, "hang") != NULL)
        assert_int_equal(sim_server_fault_arm(house.server, 0, 10, "refuse", "drop=all for=1s", &error),
                         S7_OK);
}

static void faults_may_be_dropped_and_armed_by_who_hears_of_them(void **state)
{
    static const char *const faults[][2] = {{"hang", ""},
                                            {"cut", "bytes=3"},
                                            {"rst_now", ""},
                                            {"slow", "time=1ms"},
                                            {"half_open", "for=1s"},
                                            {"refuse", "for=1s"},
                                            {"rst_now", "at=1ms"},
                                            {"half_open", "at=1ms for=1ms"}};
    struct sim_server_options options;
    unsigned heard = 0;

    (void)state;
    sim_server_options_init(&options);
    options.log = on_log;
    options.log_arg = &heard;
    serve_again(&options);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        struct raw raw;
        raw_open(&raw);
        unsigned before = heard;
        arm(i + 1, faults[i][0], faults[i][1]);
        SEND(&raw, READ(1), READ(2));
        run_for_ms(2000);
        assert_true(heard > before);
        raw_close(&raw);
        run_for_ms(5);
        sim_server_fault_drop(house.server, 10);
    }
}

static void what_happened_is_in_the_event_table(void **state)
{
    struct raw raw;

    (void)state;
    raw_open(&raw);
    arm(1, "cut", "fn=write bytes=12");
    SEND(&raw, WRITE(1, 5));
    run_for_ms(1100);
    assert_int_equal(select_int("SELECT count(*) FROM event WHERE kind = 'fault' AND text = "
                                "'cut: answer to write ended after 12 of 22 bytes, then reset'"),
                     1);
    raw_close(&raw);
}

static void a_plc_counts_what_it_saw(void **state)
{
    struct guest guests[2];

    (void)state;
    guest_open(&guests[0], &house, NULL);
    guest_open(&guests[1], &house, NULL);
    assert_int_equal(guest_read_within(&guests[0], 0), S7_OK);
    assert_int_equal(write_byte(&guests[1], 1), S7_OK);
    struct sim_plc_stats stats = plc_stats();
    assert_int_equal(stats.connections, 2);
    assert_int_equal(stats.sessions, 2);
    assert_int_equal(stats.sessions_max, 2);
    assert_int_equal(stats.accepted, 2);
    assert_int_equal(stats.admitted, 2);
    assert_int_equal(stats.setups, 2);
    assert_int_equal(stats.reads, 1);
    assert_int_equal(stats.writes, 1);
    guest_close(&guests[0]);
    s7_virtual_reset((s7_stream *)s7_conn_stream(guests[1].conn));
    run_for_ms(5);
    stats = plc_stats();
    assert_int_equal(stats.closed_by_peer, 1);
    assert_int_equal(stats.reset_by_peer, 1);
    assert_int_equal(stats.connections + stats.sessions, 0);
    assert_int_equal(stats.sessions_max, 2);
    guest_close(&guests[1]);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, open_house, close_house)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_turn_that_is_run_again_counts_once),
        TEST(the_tap_sees_what_came_and_what_left_of_it_once),
        TEST(arming_says_what_is_wrong),
        TEST(a_bit_that_is_given_again_has_forgotten_its_connections),
        TEST(times_are_divided_by_the_time_scale),
        TEST(a_verdict_outlives_its_fault),
        TEST(faults_may_be_dropped_and_armed_by_who_hears_of_them),
        TEST(what_happened_is_in_the_event_table),
        TEST(a_plc_counts_what_it_saw),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
