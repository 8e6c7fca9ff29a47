/* event_test.c - what happened, as rows that people read. */
#include "test_plant.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "plant_impl.h"

static void note(struct rig *rig, const char *text)
{
    plant_event(rig->plant, 1767225599999, plant_plc_at(rig->plant, 0), "connect", "127.0.0.1:5", text);
}

static void an_event_waits_for_the_next_commit(void **state)
{
    struct rig *rig = *state;

    note(rig, "hello");
    rig_look(rig);
    assert_int_equal(rig_int(rig, "SELECT count(*) FROM event"), 0);
    rig_put(rig, 1, 0, "\1", 1);
    rig_same(rig_select(
                 rig, "SELECT concat FROM (SELECT time || ' ' || plc || ' ' || kind || ' ' || peer || ' ' ||"
                      " text AS concat FROM event)"),
             "2025-12-31T23:59:59.999Z 1 connect 127.0.0.1:5 hello");
    rig_put(rig, 1, 0, "\1", 1);
    assert_int_equal(rig_int(rig, "SELECT count(*) FROM event"), 1);
}

static void an_event_waits_for_upkeep_or_close_at_the_longest(void **state)
{
    struct rig *rig = *state;

    plant_event(rig->plant, 0, NULL, "error", "", "one");
    rig_upkeep(rig);
    rig_same(rig_select(rig, "SELECT time || text FROM event"), "1970-01-01T00:00:00.000Zone");
    rig_same(rig_select(rig, "SELECT plc FROM event"), "NULL");
    note(rig, "two");
    rig_close_plant(rig);
    assert_int_equal(rig_int(rig, "SELECT count(*) FROM event"), 2);
}

static void events_beyond_the_bound_are_one_row_that_counts_them(void **state)
{
    struct rig *rig = *state;

    for (int i = 0; i < PLANT_EVENTS_CAP + 17; i++)
        note(rig, "many");
    rig_upkeep(rig);
    assert_int_equal(rig_int(rig, "SELECT count(*) FROM event WHERE kind = 'connect'"), PLANT_EVENTS_CAP);
    rig_says(rig_select(rig, "SELECT text FROM event WHERE kind = 'dropped'"), "17 events", NULL);
    note(rig, "and on");
    rig_upkeep(rig);
    assert_int_equal(rig_int(rig, "SELECT count(*) FROM event WHERE kind = 'dropped'"), 1);
}

static void the_table_keeps_its_newest_ten_thousand_over_any_number_of_starts(void **state)
{
    struct rig *rig = *state;

    rig_sql(rig, "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)"
                 " INSERT INTO event (time, kind, text) SELECT '', 'old', i FROM n");
    for (int i = 0; i < 3; i++) {
        note(rig, "new");
        note(rig, "new");
        rig_close_plant(rig);
        rig_open(rig, NULL);
    }
    assert_int_equal(rig_int(rig, "SELECT count(*) FROM event"), 10000);
    assert_int_equal(rig_int(rig, "SELECT count(*) FROM event WHERE text = 'new'"), 6);
    rig_same(rig_select(rig, "SELECT min(CAST(text AS INTEGER)) FROM event WHERE kind = 'old'"), "7");
}

static void a_text_that_is_too_long_is_cut_between_characters(void **state)
{
    struct rig *rig = *state;
    char text[301];

    for (size_t shift = 0; shift < 2; shift++) {
        memset(text, 'a', sizeof text);
        for (size_t i = shift; i + 1 < sizeof text - 1; i += 2)
            memcpy(text + i, "\xC3\x9C", 2);
        text[sizeof text - 1] = '\0';
        note(rig, text);
    }
    rig_upkeep(rig);
    assert_int_equal(rig_int(rig, "SELECT count(*) FROM event WHERE length(CAST(text AS BLOB)) >= 190"), 2);
    /* a character that was cut would not survive: unicode() of the last one is that of Ü */
    assert_int_equal(rig_int(rig, "SELECT count(*) FROM event WHERE hex(substr(text, -1)) = 'C39C'"), 2);
}

static int fail_commit(void *arg)
{
    (void)arg;
    return 1;
}

static void events_survive_a_commit_that_fails(void **state)
{
    struct rig *rig = *state;

    note(rig, "kept");
    sqlite3_commit_hook(rig->plant->db, fail_commit, NULL);
    assert_int_not_equal(rig_try_put(rig, 1, 0, "\1", 1), S7_OK);
    assert_int_not_equal(plant_upkeep(rig->plant), S7_OK);
    sqlite3_commit_hook(rig->plant->db, NULL, NULL);
    rig_upkeep(rig);
    rig_same(rig_select(rig, "SELECT count(*) || text FROM event"), "1kept");
}

int main(void)
{
#define SERVED(test) cmocka_unit_test_setup_teardown(test, rig_setup_serving, rig_teardown)
    const struct CMUnitTest tests[] = {
        SERVED(an_event_waits_for_the_next_commit),
        SERVED(an_event_waits_for_upkeep_or_close_at_the_longest),
        SERVED(events_beyond_the_bound_are_one_row_that_counts_them),
        SERVED(the_table_keeps_its_newest_ten_thousand_over_any_number_of_starts),
        SERVED(a_text_that_is_too_long_is_cut_between_characters),
        SERVED(events_survive_a_commit_that_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
