/* cpu_test.c - what a PLC is beside its memory: mode, clock, protection, diagnostic buffer, status lists. */
#include "test_plant.h"

#include "plant_impl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct plant_plc *plc(struct rig *rig)
{
    return plant_plc_at(rig->plant, 0);
}

/* A turn that stops the PLC and adds one entry of this number. */
static s7_status stop(struct rig *rig, uint8_t number)
{
    const uint8_t entry[PLANT_DIAG_LEN] = {0x43, number};
    const struct plant_state state = {.mode = PLANT_STOP, .clock_ms = -1234};
    s7_status status = plant_turn_begin(rig->plant, true);

    if (status == S7_OK) {
        assert_status(plant_set_state(rig->plant, plc(rig), &state), S7_OK);
        assert_status(plant_diag_add(rig->plant, plc(rig), entry, "stopped"), S7_OK);
        assert_int_equal(plc(rig)->state.mode, PLANT_STOP);
    }
    s7_status ended = plant_turn_end(rig->plant);
    return status != S7_OK ? status : ended;
}

static void state_and_entry_are_in_the_file_once_the_turn_ended(void **state)
{
    struct rig *rig = *state;

    assert_status(stop(rig, 4), S7_OK);
    rig_same(rig_select(rig, "SELECT mode || clock_ms FROM plc"), "STOP-1234");
    rig_same(rig_select(rig, "SELECT event || ' ' || text FROM diagnostic"), "4304 stopped");
    assert_int_equal(rig_int(rig, "SELECT count(*) FROM change"), 0);
}

static void state_and_entries_are_there_after_a_restart(void **state)
{
    struct rig *rig = *state;

    assert_status(stop(rig, 4), S7_OK);
    assert_status(stop(rig, 3), S7_OK);
    rig_close_plant(rig);
    rig_open(rig, NULL);
    assert_int_equal(plc(rig)->state.mode, PLANT_STOP);
    assert_int_equal(plc(rig)->state.clock_ms, -1234);
    assert_int_equal(plant_diag_count(rig->plant, plc(rig)), 2);
    assert_int_equal(plant_diag_at(rig->plant, plc(rig), 0)[1], 3);
    assert_int_equal(plant_diag_at(rig->plant, plc(rig), 1)[1], 4);
}

static void edits_of_the_row_are_seen_by_the_next_turn(void **state)
{
    struct rig *rig = *state;
    uint64_t version = plant_plcs_version(rig->plant);

    rig_sql(rig, "UPDATE plc SET mode = 'STOP', clock_ms = 5, protection = 3, password = 'secret'");
    rig_look(rig);
    assert_int_equal(plc(rig)->state.mode, PLANT_STOP);
    assert_int_equal(plc(rig)->state.clock_ms, 5);
    assert_int_equal(plc(rig)->protection, 3);
    rig_same(plc(rig)->password, "secret");
    assert_true(plant_plcs_version(rig->plant) != version);
    rig_same(rig_try(rig, "UPDATE plc SET mode = 'HOLD'") == SQLITE_OK ? "taken" : "refused", "refused");
    rig_same(rig_try(rig, "UPDATE plc SET password = 'ninechars'") == SQLITE_OK ? "taken" : "refused",
             "refused");
}

static void a_turn_that_cannot_be_committed_changes_nothing(void **state)
{
    struct rig *rig = *state;

    assert_status(stop(rig, 3), S7_OK);
    rig_sql(rig, "UPDATE plc SET mode = 'RUN'");
    rig_look(rig);
    rig_sql(rig, "ALTER TABLE diagnostic ADD COLUMN no TEXT NOT NULL DEFAULT 'x' CHECK (event <> '4304')");
    assert_true(stop(rig, 4) != S7_OK);
    assert_int_equal(plc(rig)->state.mode, PLANT_RUN);
    assert_int_equal(plant_diag_count(rig->plant, plc(rig)), 1);
    rig_same(rig_select(rig, "SELECT mode FROM plc"), "RUN");
}

static void nothing_can_be_stored_in_a_turn_that_only_reads(void **state)
{
    struct rig *rig = *state;
    const uint8_t entry[PLANT_DIAG_LEN] = {0};
    const struct plant_state stopped = {.mode = PLANT_STOP};

    assert_status(plant_turn_begin(rig->plant, false), S7_OK);
    assert_status(plant_set_state(rig->plant, plc(rig), &stopped), S7_E_MISUSE);
    assert_status(plant_diag_add(rig->plant, plc(rig), entry, ""), S7_E_MISUSE);
    assert_status(plant_turn_end(rig->plant), S7_OK);
    assert_int_equal(plc(rig)->state.mode, PLANT_RUN);
}

static void the_buffer_keeps_its_newest_500_entries(void **state)
{
    struct rig *rig = *state;

    for (unsigned i = 0; i < 3 * PLANT_DIAG_MAX; i++)
        assert_status(stop(rig, (uint8_t)i), S7_OK);
    assert_int_equal(plant_diag_count(rig->plant, plc(rig)), PLANT_DIAG_MAX);
    assert_int_equal(plant_diag_at(rig->plant, plc(rig), 0)[1], (3 * PLANT_DIAG_MAX - 1) % 256);
    assert_int_equal(plant_diag_at(rig->plant, plc(rig), PLANT_DIAG_MAX - 1)[1], 2 * PLANT_DIAG_MAX % 256);
    assert_int_equal(rig_int(rig, "SELECT count(*) FROM diagnostic"), PLANT_DIAG_MAX);
}

static void entries_that_are_typed_in_and_deleted_are_seen(void **state)
{
    struct rig *rig = *state;

    assert_status(stop(rig, 4), S7_OK);
    rig_sql(rig, "INSERT INTO diagnostic (data) VALUES (x'3501ff68c700000000000000"
                 "2601312359587896')");
    rig_look(rig);
    assert_int_equal(plant_diag_count(rig->plant, plc(rig)), 2);
    assert_int_equal(plant_diag_at(rig->plant, plc(rig), 0)[0], 0x35);
    rig_same(rig_select(rig, "SELECT event || ' ' || time FROM diagnostic WHERE text IS NULL"),
             "3501 2026-01-31T23:59:58.789");
    rig_sql(rig, "DELETE FROM diagnostic");
    rig_look(rig);
    assert_int_equal(plant_diag_count(rig->plant, plc(rig)), 0);
}

static void status_lists_are_read_in_their_order(void **state)
{
    struct rig *rig = *state;
    size_t n;

    rig_sql(rig, "DELETE FROM personality_szl");
    rig_sql(rig, "INSERT INTO szl (list, idx, record_len, data) VALUES (0x131, 3, 2, x'0003'),"
                 " (0x11, 0, 2, x'00010002'), (0x131, 1, 4, x'')");
    rig_look(rig);
    const struct plant_szl *szl = plant_szl(rig->plant, plc(rig), &n);
    assert_int_equal(n, 3);
    assert_int_equal(szl[0].list, 0x11);
    assert_int_equal(szl[0].len, 4);
    assert_int_equal(szl[0].data[3], 2);
    assert_int_equal(szl[1].index, 1);
    assert_int_equal(szl[1].len, 0);
    assert_int_equal(szl[2].data[1], 3);
    rig_sql(rig, "DELETE FROM szl WHERE list = 0x131");
    rig_look(rig);
    (void)plant_szl(rig->plant, plc(rig), &n);
    assert_int_equal(n, 1);
    rig_same(rig_try(rig, "UPDATE szl SET data = x'010203'") == SQLITE_OK ? "taken" : "refused", "refused");
}

static void everything_of_a_plc_goes_with_it(void **state)
{
    struct rig *rig = *state;

    assert_status(stop(rig, 4), S7_OK);
    rig_sql(rig, "INSERT INTO szl (list, record_len, data) VALUES (0x11, 2, x'0001')");
    rig_sql(rig, "PRAGMA foreign_keys = ON; DELETE FROM plc");
    rig_look(rig);
    assert_int_equal(rig_int(rig, "SELECT (SELECT count(*) FROM szl) + (SELECT count(*) FROM diagnostic)"),
                     0);
    rig_upkeep(rig);
    assert_int_equal(rig_int(rig, "SELECT count(*) FROM change"), 0);
}

#define SERVING(test) cmocka_unit_test_setup_teardown(test, rig_setup_serving, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVING(state_and_entry_are_in_the_file_once_the_turn_ended),
        SERVING(state_and_entries_are_there_after_a_restart),
        SERVING(edits_of_the_row_are_seen_by_the_next_turn),
        SERVING(a_turn_that_cannot_be_committed_changes_nothing),
        SERVING(nothing_can_be_stored_in_a_turn_that_only_reads),
        SERVING(the_buffer_keeps_its_newest_500_entries),
        SERVING(entries_that_are_typed_in_and_deleted_are_seen),
        SERVING(status_lists_are_read_in_their_order),
        SERVING(everything_of_a_plc_goes_with_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
