/* Faults that a foreign program asks for by rows of `fault`: met by the very next request, and what they did
 * is in the file for whoever saw it. In virtual time. */
#include "house_virtual.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* "armed matched fired error" of a row, "-" for no error. */
static const char *row(int id)
{
    char text[160];

    snprintf(text, sizeof text,
             "SELECT armed || ' ' || matched || ' ' || fired || ' ' || coalesce(error, '-') FROM fault"
             " WHERE id = %d",
             id);
    return selected(text);
}

static void insert(int id, const char *name, const char *args)
{
    sql("INSERT INTO fault (id, name, args) VALUES (%d, '%s', '%s')", id, name, args);
}

/* ---- the house ---- */

/* What the log was told of a fault last, and what the file said about row 1 at that moment. */
static struct {
    char text[160], row[256];
} heard;

static void on_log(const char *plc, const char *kind, const char *peer, const char *text, void *arg)
{
    (void)plc;
    (void)peer;
    (void)arg;
    if (strcmp(kind, "fault") != 0)
        return;
    snprintf(heard.text, sizeof heard.text, "%s", text);
    snprintf(heard.row, sizeof heard.row, "%s", row(1));
}

static void serve(void)
{
    struct sim_server_options options;
    struct plant_error error;

    sim_server_options_init(&options);
    options.listen = "127.0.0.1:0";
    options.log = on_log;
    if (plant_open(house.path, NULL, &house.plant, &error) != S7_OK ||
        sim_server_new(house.loop, house.plant, &options, &house.server, &error) != S7_OK)
        fail_msg("%s", error.text);
    snprintf(house.endpoint, sizeof house.endpoint, "%s", sim_server_address(house.server, 0));
}

static void end(void)
{
    sim_server_free(house.server);
    plant_close(house.plant);
}

static int open_logged(void **state)
{
    open_house(state);
    memset(&heard, 0, sizeof heard);
    end();
    serve();
    return 0;
}

/* Of the first words that a new client says. */
static s7_status visit(void)
{
    struct guest guest;

    guest_open(&guest, &house, NULL);
    s7_status status = guest.last;
    if (status == S7_OK)
        status = guest_read_within(&guest, 0);
    guest_close(&guest);
    run_for_ms(1);
    return status;
}

#define SAYS(expected, id) assert_string_equal(row(id), expected)

/* ---- each is met by the next request ---- */

static void a_slow_row_holds_the_next_read_and_its_count_is_used_up(void **state)
{
    struct guest guest;

    (void)state;
    guest_open(&guest, &house, NULL);
    insert(1, "slow", "fn=read time=300ms count=2");
    for (int i = 1; i <= 3; i++) {
        int64_t asked_ms = now_ms();
        assert_int_equal(guest_read_within(&guest, 0), S7_OK);
        assert_in_range(now_ms() - asked_ms, i <= 2 ? 300 : 0, i <= 2 ? 301 : 1);
        SAYS(i == 1 ? "1 1 1 -" : "0 2 2 -", 1);
    }
    guest_close(&guest);
}

static void a_hang_row_swallows_the_next_request(void **state)
{
    struct guest guest;

    (void)state;
    guest_open(&guest, &house, NULL);
    insert(1, "hang", "nth=1");
    assert_int_equal(guest_read_within(&guest, 100), S7_E_TIMEOUT);
    SAYS("0 1 1 -", 1);
    assert_int_equal(guest_read_within(&guest, 100), S7_OK);
    guest_close(&guest);
}

static void a_cut_row_and_a_reset_row_end_the_connection(void **state)
{
    struct guest guest;
    const char *const rows[][2] = {{"cut", "fn=read bytes=5 then=fin"}, {"rst_now", "fn=read"}};
    const s7_status ends[] = {S7_E_CLOSED, S7_E_RESET};

    (void)state;
    for (int i = 0; i < 2; i++) {
        guest_open(&guest, &house, NULL);
        insert(i + 1, rows[i][0], rows[i][1]);
        assert_int_equal(guest_read_within(&guest, 0), ends[i]);
        SAYS("1 1 1 -", i + 1);
        guest_close(&guest);
        sql("UPDATE fault SET armed = 0");
    }
    assert_int_equal(visit(), S7_OK);
}

static void a_reset_that_runs_the_write_commits_it_with_the_counts(void **state)
{
    struct guest guest;
    uint8_t value = 0x2a;

    (void)state;
    guest_open(&guest, &house, NULL);
    insert(1, "rst_now", "fn=write run=yes");
    assert_int_equal(guest_write(&guest, 1, 0, &value, 1), S7_E_RESET);
    assert_string_equal(selected("SELECT hex(substr(data, 1, 1)) FROM block WHERE number = 1"), "2A");
    SAYS("1 1 1 -", 1);
    guest_close(&guest);
}

static void a_limit_row_turns_away_the_next_connection(void **state)
{
    struct guest guest;

    (void)state;
    guest_open(&guest, &house, NULL);
    insert(1, "conn_limit", "max=1 how=dr");
    assert_int_equal(visit(), S7_E_COTP_REFUSED);
    SAYS("1 1 1 -", 1);
    guest_close(&guest);
    run_for_ms(1);
    assert_int_equal(visit(), S7_OK);
    run_for_ms(1100); /* it only matched */
    SAYS("1 2 1 -", 1);
}

static void a_half_open_row_is_in_force_while_a_cable_is_out(void **state)
{
    struct guest guest;

    (void)state;
    guest_open(&guest, &house, NULL);
    insert(1, "half_open", "count=1");
    assert_int_equal(guest_read_within(&guest, 100), S7_E_TIMEOUT);
    SAYS("1 1 1 -", 1);
    sql("UPDATE fault SET armed = 0");
    run_for_ms(1100);
    SAYS("0 0 0 -", 1);
    assert_int_equal(guest_read_within(&guest, 100), S7_OK);

    sql("UPDATE fault SET armed = 1, args = 'count=1 for=3s'");
    assert_int_equal(guest_read_within(&guest, 100), S7_E_TIMEOUT);
    run_for_ms(2000);
    SAYS("1 1 1 -", 1);
    run_for_ms(1000);
    SAYS("0 1 1 -", 1);
    guest_close(&guest);
}

/* Nothing but its dial tells the server to look. */
static void whoever_dials_after_a_refuse_row_is_not_served(void **state)
{
    struct guest inside;

    (void)state;
    guest_open(&inside, &house, NULL);
    insert(1, "refuse", "for=5s");
    assert_int_equal(visit(), S7_E_COTP_REFUSED); /* it stood in the door: a reset for its CR */
    SAYS("1 1 1 -", 1);
    assert_int_equal(visit(), S7_E_REFUSED);
    assert_int_equal(guest_read_within(&inside, 0), S7_OK);
    run_for_ms(5000);
    SAYS("0 1 1 -", 1);
    assert_int_equal(visit(), S7_OK);
    guest_close(&inside);
}

static void a_door_is_shut_without_any_traffic_and_opens_when_its_row_goes(void **state)
{
    (void)state;
    insert(1, "refuse", "");
    run_for_ms(1100);
    SAYS("1 1 1 -", 1);
    assert_int_equal(visit(), S7_E_REFUSED);
    sql("DELETE FROM fault");
    run_for_ms(11);
    assert_int_equal(visit(), S7_OK);
}

/* ---- counts are there before the effect ---- */

static void who_hears_of_a_door_finds_its_counts(void **state)
{
    (void)state;
    insert(1, "refuse", "");
    run_for_ms(1100);
    assert_string_equal(heard.text, "refuse: the door is shut");
    assert_string_equal(heard.row, "1 1 1 -");
    sql("UPDATE fault SET args = 'from=2s'");
    run_for_ms(11);
    SAYS("1 0 0 -", 1);
    assert_int_equal(visit(), S7_OK);
    run_for_ms(2000);
    assert_string_equal(heard.text, "refuse: the door is shut");
    assert_string_equal(heard.row, "1 1 1 -");
}

static void resets_at_a_time_are_counted_before_the_first_of_them(void **state)
{
    struct guest guests[2];

    (void)state;
    guest_open(&guests[0], &house, NULL);
    guest_open(&guests[1], &house, NULL);
    insert(1, "rst_now", "at=200ms");
    run_for_ms(1300);
    assert_string_equal(heard.text, "rst_now: connection reset");
    assert_string_equal(heard.row, "0 2 2 -");
    for (int i = 0; i < 2; i++) {
        assert_false(guests[i].up);
        guest_close(&guests[i]);
    }
}

static void what_only_matched_is_written_within_a_second(void **state)
{
    struct guest guest;

    (void)state;
    insert(1, "hang", "fn=read nth=9");
    guest_open(&guest, &house, NULL);
    for (int i = 0; i < 5; i++)
        assert_int_equal(guest_read_within(&guest, 0), S7_OK);
    SAYS("1 0 0 -", 1); /* no commit for this alone */
    run_for_ms(1100);
    SAYS("1 5 0 -", 1);
    guest_close(&guest);
}

static void a_window_that_ended_leaves_the_row_disarmed(void **state)
{
    (void)state;
    insert(1, "hang", "from=1s to=3s");
    run_for_ms(1100);
    SAYS("1 0 0 -", 1);
    run_for_ms(4000);
    SAYS("0 0 0 -", 1);
}

/* ---- edits ---- */

static void any_edit_makes_a_fresh_fault_of_a_row(void **state)
{
    struct guest guest;

    (void)state;
    guest_open(&guest, &house, NULL);
    insert(1, "slow", "fn=read time=1 count=1");
    insert(2, "slow", "fn=read time=1");
    assert_int_equal(guest_read_within(&guest, 0), S7_OK);
    SAYS("0 1 1 -", 1);
    sql("UPDATE fault SET armed = 1 WHERE id = 1");
    assert_int_equal(guest_read_within(&guest, 0), S7_OK);
    SAYS("0 1 1 -", 1);
    SAYS("1 2 2 -", 2); /* nobody edited this one */
    sql("UPDATE fault SET fired = 7 WHERE id = 2");
    assert_int_equal(guest_read_within(&guest, 0), S7_OK);
    SAYS("1 1 1 -", 2);
    sql("UPDATE fault SET armed = 0");
    assert_int_equal(guest_read_within(&guest, 0), S7_OK);
    SAYS("0 0 0 -", 1);
    SAYS("0 0 0 -", 2);
    guest_close(&guest);
}

static void a_deleted_row_is_gone_and_others_keep_their_counts(void **state)
{
    struct guest guest;

    (void)state;
    guest_open(&guest, &house, NULL);
    insert(3, "slow", "fn=read time=1");
    insert(5, "hang", "fn=read after=1");
    assert_int_equal(guest_read_within(&guest, 0), S7_OK);
    sql("DELETE FROM fault WHERE id = 5");
    insert(1, "slow", "time=1");
    assert_int_equal(guest_read_within(&guest, 100), S7_OK);
    SAYS("1 2 2 -", 3);
    SAYS("1 1 1 -", 1);
    sql("DELETE FROM fault");
    assert_int_equal(guest_read_within(&guest, 100), S7_OK);
    guest_close(&guest);
}

static void smaller_ids_come_first(void **state)
{
    struct guest guest;

    (void)state;
    insert(7, "rst_now", "fn=read");
    insert(-7, "hang", "fn=read nth=1");
    guest_open(&guest, &house, NULL);
    assert_int_equal(guest_read_within(&guest, 100), S7_E_TIMEOUT);
    SAYS("0 1 1 -", -7);
    assert_int_equal(guest_read_within(&guest, 0), S7_E_RESET);
    SAYS("1 2 1 -", 7);
    guest_close(&guest);
}

/* Sixty-four is all there can be, and these take their bits from those. */
static void all_rows_with_once_can_be_edited_in_one_transaction(void **state)
{
    (void)state;
    sql("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 65)"
        " INSERT INTO fault (id, name, args) SELECT i, 'slow', 'time=1 once=conn' FROM n");
    assert_int_equal(visit(), S7_OK);
    SAYS("1 1 1 -", 64);
    assert_non_null(strstr(row(65), "1 0 0 64 faults with once=conn"));
    sql("UPDATE fault SET args = 'time=2 once=conn'");
    assert_int_equal(visit(), S7_OK);
    SAYS("1 1 1 -", 64);
    assert_non_null(strstr(row(65), "1 0 0 64 faults with once=conn"));
}

/* ---- rows that are wrong ---- */

static void a_row_that_says_nonsense_says_why_and_does_nothing(void **state)
{
    (void)state;
    insert(1, "hong", "");
    insert(2, "hang", "fn=reed");
    insert(3, "slow", "fn=read");
    sql("UPDATE fault SET armed = 0 WHERE id = 2");
    assert_int_equal(visit(), S7_OK);
    assert_non_null(strstr(row(1), "hang")); /* the nearest name */
    assert_ptr_equal(strstr(row(1), "1 0 0 "), row(1));
    assert_non_null(strstr(row(2), "reed"));
    assert_ptr_equal(strstr(row(2), "0 0 0 "), row(2));
    assert_non_null(strstr(row(3), "dist"));
    sql("UPDATE fault SET name = 'slow', args = 'fn=read time=1' WHERE id IN (1, 3)");
    sql("UPDATE fault SET args = 'fn=read' WHERE id = 2");
    assert_int_equal(visit(), S7_OK);
    SAYS("1 1 1 -", 1);
    SAYS("0 0 0 -", 2);
    SAYS("1 1 1 -", 3);
}

static void a_good_row_that_becomes_nonsense_is_in_force_no_more(void **state)
{
    (void)state;
    insert(1, "rst_now", "fn=connect");
    assert_int_equal(visit(), S7_E_COTP_REFUSED);
    sql("UPDATE fault SET args = 'fn=konnect'");
    assert_int_equal(visit(), S7_OK);
    assert_non_null(strstr(row(1), "1 0 0 "));
    assert_non_null(strstr(row(1), "konnect"));
}

/* ---- more than one PLC ---- */

static void a_row_breaks_its_own_plc_only(void **state)
{
    (void)state;
    end();
    sql("INSERT INTO plc (id, name) VALUES (2, 'plc2')");
    sql("INSERT INTO block (plc, kind, number, data) VALUES (2, 'DB', 1, zeroblob(16))");
    serve();
    insert(1, "rst_now", "fn=read");
    sql("UPDATE fault SET plc = 2");
    assert_int_equal(visit(), S7_OK);
    SAYS("1 0 0 -", 1);
    snprintf(house.endpoint, sizeof house.endpoint, "%s", sim_server_address(house.server, 1));
    assert_int_equal(visit(), S7_E_RESET);
    SAYS("1 1 1 -", 1);
    sql("UPDATE fault SET plc = 1");
    assert_int_equal(visit(), S7_OK);
    SAYS("1 0 0 -", 1);
    sql("INSERT INTO plc (id, name) VALUES (3, 'plc3'); UPDATE fault SET plc = 3");
    assert_int_equal(visit(), S7_OK);
    assert_non_null(strstr(row(1), "no PLC that is served"));
}

/* ---- locks, failures, restarts ---- */

static void while_the_file_is_locked_faults_act_and_counts_come_later(void **state)
{
    struct guest guest;

    (void)state;
    guest_open(&guest, &house, NULL);
    insert(1, "hang", "fn=read nth=1");
    sql("BEGIN IMMEDIATE");
    assert_int_equal(guest_read_within(&guest, 100), S7_E_TIMEOUT);
    SAYS("1 0 0 -", 1);
    sql("COMMIT");
    assert_int_equal(guest_read_within(&guest, 100), S7_OK);
    SAYS("0 1 1 -", 1);

    sql("UPDATE fault SET armed = 1");
    sql("BEGIN IMMEDIATE");
    assert_int_equal(guest_read_within(&guest, 100), S7_E_TIMEOUT);
    sql("UPDATE fault SET args = 'fn=write'"); /* what it did before is nobody's any more */
    sql("COMMIT");
    run_for_ms(1100);
    SAYS("1 0 0 -", 1);
    guest_close(&guest);
}

/* The write's commit fails, the turn is run again with it refused, and both faults fired once. */
static void a_turn_that_is_run_again_reports_once(void **state)
{
    struct guest writer;
    uint8_t value = 9;
    s7_item item = house_item(1, 0, &value, 1);

    (void)state;
    sql("INSERT INTO tag (name, address) VALUES ('n', 'DB1.DBB0:BYTE')");
    insert(1, "slow", "fn=write time=0 count=5");
    guest_open(&writer, &house, NULL);
    sql("ALTER TABLE tag RENAME TO away"); /* a hostile hand: our own UPDATE of the tag cannot work now */
    guest_begin(&writer, true, &item, 1, 0);
    assert_int_equal(guest_finish(&writer), S7_E_PARTIAL);
    assert_int_equal(item.code, 0x01);
    SAYS("1 1 1 -", 1);
    sql("ALTER TABLE away RENAME TO tag");
    assert_int_equal(guest_write(&writer, 1, 0, &value, 1), S7_OK);
    SAYS("1 2 2 -", 1);
    guest_close(&writer);
}

static void a_row_is_in_force_while_a_write_of_it_waits(void **state)
{
    struct guest writer;
    uint8_t value = 9;

    (void)state;
    insert(1, "write_delayed", "dist=1s count=1");
    guest_open(&writer, &house, NULL);
    assert_int_equal(guest_write(&writer, 1, 0, &value, 1), S7_OK);
    SAYS("1 1 1 -", 1);
    assert_string_equal(selected("SELECT hex(substr(data, 1, 1)) FROM block WHERE number = 1"), "00");
    run_for_ms(1010);
    SAYS("0 1 1 -", 1);
    assert_string_equal(selected("SELECT hex(substr(data, 1, 1)) FROM block WHERE number = 1"), "09");
    guest_close(&writer);
}

/* Its own counts are in the file before there is no room for them. */
static void a_row_fills_the_disk_and_replaces_a_block(void **state)
{
    struct guest writer;
    uint8_t value = 9;
    s7_item item = house_item(1, 0, &value, 1);

    (void)state;
    guest_open(&writer, &house, NULL);
    insert(1, "disk_full", "for=5s");
    guest_begin(&writer, true, &item, 1, 0);
    assert_int_equal(guest_finish(&writer), S7_E_PARTIAL);
    assert_int_equal(item.code, 0x01);
    SAYS("1 1 1 -", 1);
    run_for_ms(6000);
    SAYS("0 1 1 -", 1);
    insert(2, "download", "db=1 gap=1s size=10");
    guest_begin(&writer, true, &item, 1, 0);
    assert_int_equal(guest_finish(&writer), S7_E_PARTIAL);
    SAYS("1 1 1 -", 2);
    run_for_ms(1100);
    SAYS("0 1 1 -", 2);
    assert_int_equal(guest_write(&writer, 1, 9, &value, 1), S7_OK);
    assert_string_equal(selected("SELECT hex(data) FROM block WHERE number = 1"), "00000000000000000009");
    guest_close(&writer);
}

static void at_the_start_rows_are_in_force_and_count_from_0(void **state)
{
    (void)state;
    insert(1, "conn_limit", "max=0 how=rst");
    insert(2, "slow", "time=1 count=1 fn=connect prio=-1");
    assert_int_equal(visit(), S7_E_COTP_REFUSED);
    assert_int_equal(visit(), S7_E_COTP_REFUSED);
    SAYS("1 2 2 -", 1);
    SAYS("0 1 1 -", 2);
    end();
    sql("UPDATE fault SET args = 'max=0 how=rst', id = 9 WHERE id = 1");
    insert(3, "hong", "");
    serve();
    SAYS("1 0 0 -", 9);
    SAYS("0 0 0 -", 2);
    assert_non_null(strstr(row(3), "hong"));
    assert_int_equal(visit(), S7_E_COTP_REFUSED);
    SAYS("1 1 1 -", 9);
    end();
    serve();
    SAYS("1 0 0 -", 9); /* nobody edited it */
    sql("DELETE FROM fault WHERE id = 9");
    insert(1, "refuse", "");
    run_for_ms(1100);
    end();
    serve();
    SAYS("1 1 1 -", 1);
    assert_int_equal(visit(), S7_E_REFUSED);
}

#define HOUSE(test) cmocka_unit_test_setup_teardown(test, open_logged, close_house)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOUSE(a_slow_row_holds_the_next_read_and_its_count_is_used_up),
        HOUSE(a_hang_row_swallows_the_next_request),
        HOUSE(a_cut_row_and_a_reset_row_end_the_connection),
        HOUSE(a_reset_that_runs_the_write_commits_it_with_the_counts),
        HOUSE(a_limit_row_turns_away_the_next_connection),
        HOUSE(a_half_open_row_is_in_force_while_a_cable_is_out),
        HOUSE(whoever_dials_after_a_refuse_row_is_not_served),
        HOUSE(a_door_is_shut_without_any_traffic_and_opens_when_its_row_goes),
        HOUSE(who_hears_of_a_door_finds_its_counts),
        HOUSE(resets_at_a_time_are_counted_before_the_first_of_them),
        HOUSE(what_only_matched_is_written_within_a_second),
        HOUSE(a_window_that_ended_leaves_the_row_disarmed),
        HOUSE(any_edit_makes_a_fresh_fault_of_a_row),
        HOUSE(a_deleted_row_is_gone_and_others_keep_their_counts),
        HOUSE(smaller_ids_come_first),
        HOUSE(all_rows_with_once_can_be_edited_in_one_transaction),
        HOUSE(a_row_that_says_nonsense_says_why_and_does_nothing),
        HOUSE(a_good_row_that_becomes_nonsense_is_in_force_no_more),
        HOUSE(a_row_breaks_its_own_plc_only),
        HOUSE(while_the_file_is_locked_faults_act_and_counts_come_later),
        HOUSE(a_turn_that_is_run_again_reports_once),
        HOUSE(a_row_is_in_force_while_a_write_of_it_waits),
        HOUSE(a_row_fills_the_disk_and_replaces_a_block),
        HOUSE(at_the_start_rows_are_in_force_and_count_from_0),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
