/* What happens to a whole PLC, or to the computer that plays it: as a client sees it. */
#include "fault_wire.h"

#include "protocol/pdu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#define MS HOUSE_NS_PER_MS

static struct guest guest;

static int open_all(void **state)
{
    rig_open_raw(state);
    guest_open(&guest, &rig_house, NULL);
    return 0;
}

static int close_all(void **state)
{
    guest_close(&guest);
    return rig_close_raw(state);
}

#define ASK(...) RAW_ASK(&raw, __VA_ARGS__)

static s7_status write_byte(uint8_t value)
{
    return guest_write(&guest, 1, 0, &value, 1);
}

static uint8_t byte0(void)
{
    uint8_t got = 0xEE;

    assert_int_equal(guest_read(&guest, 1, 0, &got, 1), S7_OK);
    return got;
}

/* The first column of the first row, as another program sees it. */
static int64_t select_int(const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *q;
    int64_t value = -1;

    assert_int_equal(sqlite3_open(rig_house.path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &q, NULL), SQLITE_OK);
    if (sqlite3_step(q) == SQLITE_ROW)
        value = sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    sqlite3_close(db);
    return value;
}

/* DB1.DBB0 in the file, below 16. */
static int64_t first_byte(void)
{
    return select_int("SELECT instr('123456789ABCDEF', substr(hex(substr(data, 1, 1)), 2, 1)) FROM block "
                      "WHERE number = 1");
}

/* A read of M or a write there, one byte. */
#define M_READ(ref, byte)                                                                                    \
    3, 0, 0, 31, 2, 0xf0, 0x80, 0x32, 1, 0, 0, 0, ref, 0, 14, 0, 0, 4, 1, 0x12, 10, 16, 2, 0, 1, 0, 0, 0x83, \
        0, (byte) >> 5, ((byte)*8) & 0xff
#define M_WRITE(ref, byte, value)                                                                            \
    3, 0, 0, 36, 2, 0xf0, 0x80, 0x32, 1, 0, 0, 0, ref, 0, 14, 0, 5, 5, 1, 0x12, 10, 16, 2, 0, 1, 0, 0, 0x83, \
        0, (byte) >> 5, ((byte)*8) & 0xff, 0, 4, 0, 8, value

/* ---- stop ---- */

static void a_stopped_CPU_says_so_and_runs_again(void **state)
{
    (void)state;
    rig_arm(1, "stop", "for=10s");
    assert_int_equal(select_int("SELECT mode = 'STOP' FROM plc"), 1);
    assert_int_equal(write_byte(5), S7_OK);
    assert_int_equal(byte0(), 5);
    assert_true(rig_state(1).acting);
    rig_run_ms(10000);
    assert_int_equal(select_int("SELECT mode = 'RUN' FROM plc"), 1);
    assert_false(rig_state(1).acting);
    assert_int_equal(byte0(), 5); /* a DB keeps what it has */
}

static void a_stopped_CPU_may_refuse_writes(void **state)
{
    (void)state;
    rig_arm(1, "stop", "writes=refuse");
    assert_int_not_equal(write_byte(5), S7_OK);
    assert_int_equal(byte0(), 0);
    rig_drop(1);
    assert_int_equal(write_byte(5), S7_OK);
    assert_int_equal(select_int("SELECT mode = 'RUN' FROM plc"), 1);
}

/* ---- power_cycle ---- */

static void a_power_cycle_resets_all_refuses_and_comes_back(void **state)
{
    struct raw late;

    (void)state;
    assert_int_equal(write_byte(7), S7_OK);
    ASK(M_WRITE(1, 200, 9), M_WRITE(2, 2, 8));
    raw_forget(&raw);
    rig_arm(1, "power_cycle", "boot=20s from=1s");
    rig_run_ms(990);
    assert_true(guest.up);
    rig_run_ms(20);
    assert_false(guest.up);
    assert_int_equal(guest.last, S7_E_RESET);
    assert_int_equal(raw.how, S7_E_RESET);
    raw_dial(&late);
    rig_run_ms(5);
    assert_int_equal(late.how, S7_E_REFUSED);
    raw_close(&late);
    rig_run_ms(19900);
    assert_true(rig_state(1).acting);
    rig_run_ms(200);
    assert_false(rig_state(1).acting);
    guest_close(&guest);
    guest_open(&guest, &rig_house, NULL);
    assert_int_equal(byte0(), 7);
    raw_close(&raw);
    raw_open(&raw);
    ASK(M_READ(1, 200));
    assert_int_equal(raw.got[25], 0); /* a 300 keeps 16 bytes of markers */
}

static void without_retention_and_with_another_clock(void **state)
{
    (void)state;
    rig_arm(1, "power_cycle", "boot=1s retain=no clock=reset");
    rig_run_ms(1100);
    assert_int_equal(rig_state(1).fired, 1);
    int64_t clock_ms = select_int("SELECT clock_ms FROM plc");
    assert_true(clock_ms < -INT64_C(1000) * 86400 * 365 * 30);
}

/* ---- defect ---- */

static void a_defect_CPU_hangs_until_its_power_was_off(void **state)
{
    (void)state;
    rig_arm(1, "defect", "trigger=write nth=1");
    assert_int_equal(byte0(), 0);
    assert_int_not_equal(write_byte(5), S7_OK); /* nobody knows whether it was done */
    ASK(READ(1));
    rig_run_ms(60000);
    assert_int_equal(raw.len, 0);
    raw_close(&raw);
    raw_dial(&raw);
    rig_run_ms(5);
    ASK(CR);
    assert_int_equal(raw.len, 0);
    rig_arm(2, "power_cycle", "boot=1s");
    rig_run_ms(1500);
    guest_close(&guest);
    guest_open(&guest, &rig_house, NULL);
    assert_int_equal(byte0(), 0);
    assert_int_equal(write_byte(5), S7_OK); /* nth=1 was another one */
}

/* ---- frozen ---- */

static void frozen_values_stay_while_memory_goes_on(void **state)
{
    uint8_t got[4];

    (void)state;
    assert_int_equal(write_byte(5), S7_OK);
    rig_arm(1, "frozen", "db=1 range=0..3");
    assert_int_equal(write_byte(6), S7_OK);
    assert_int_equal(byte0(), 5);
    assert_int_equal(guest_read(&guest, 1, 4, got, 4), S7_OK);
    assert_int_equal(rig_state(1).fired, 1);
    rig_drop(1);
    assert_int_equal(byte0(), 6);
}

static void what_is_not_there_does_not_freeze(void **state)
{
    (void)state;
    rig_arm(1, "frozen", "db=77");
    rig_arm(2, "frozen", "area=M");
    assert_int_equal(byte0(), 0);
}

/* ---- torn_read ---- */

static void a_long_item_is_half_of_before_and_half_of_after(void **state)
{
    struct guest other;
    uint8_t got[64], ones[64];

    (void)state;
    memset(ones, 1, sizeof ones);
    guest_open(&other, &rig_house, NULL);
    rig_arm(1, "torn_read", "db=1 size=40 gap=1s");
    s7_item item = house_item(1, 0, got, sizeof got);
    guest_begin(&guest, false, &item, 1, 5000);
    rig_run_ms(500);
    assert_int_equal(guest_write(&other, 1, 0, ones, sizeof ones), S7_OK);
    assert_int_equal(guest_finish(&guest), S7_OK);
    for (size_t i = 0; i < sizeof got; i++)
        assert_int_equal(got[i], i < 40 ? 0 : 1);
    assert_int_equal(rig_state(1).fired, 1);
    assert_int_equal(guest_read(&guest, 1, 0, got, sizeof got), S7_OK);
    assert_memory_equal(got, ones, sizeof got); /* nobody wrote meanwhile */
    guest_close(&other);
}

static void what_is_copied_at_once_is_whole(void **state)
{
    uint8_t got[40];

    (void)state;
    rig_arm(1, "torn_read", "db=1 size=40 gap=1s");
    int64_t asked_ns = rig_now_ns();
    assert_int_equal(guest_read(&guest, 1, 0, got, sizeof got), S7_OK);
    assert_true(rig_now_ns() - asked_ns < 1000 * MS);
    assert_int_equal(rig_state(1).matched, 1);
    assert_int_equal(rig_state(1).fired, 0);
}

/* ---- download ---- */

static s7_status read_at(uint16_t db, uint32_t byte, uint8_t *got)
{
    s7_item item = house_item(db, byte, got, 1);

    guest_begin(&guest, false, &item, 1, 0);
    (void)guest_finish(&guest);
    return item.status;
}

static void a_block_vanishes_and_comes_back_with_another_size_and_layout(void **state)
{
    uint8_t got = 0;

    (void)state;
    assert_int_equal(write_byte(5), S7_OK);
    rig_arm(1, "download", "db=1 gap=5s size=100 shift=10");
    assert_int_equal(read_at(1, 0, &got), S7_E_ITEM_MISSING);
    assert_int_not_equal(write_byte(6), S7_OK);
    assert_int_equal(read_at(2, 0, &got), S7_OK); /* others go on */
    assert_int_equal(first_byte(), 5);            /* the file has it still */
    assert_true(rig_state(1).acting);
    rig_run_ms(5000);
    assert_false(rig_state(1).acting);
    assert_int_equal(rig_state(1).fired, 1);
    assert_int_equal(byte0(), 0);
    assert_int_equal(read_at(1, 10, &got), S7_OK);
    assert_int_equal(got, 5);
    assert_int_equal(read_at(1, 99, &got), S7_OK);
    assert_int_equal(read_at(1, 100, &got), S7_E_ITEM_ADDRESS);
    assert_int_equal(select_int("SELECT length(data) FROM block WHERE number = 1"), 100);
}

static void a_block_may_come_back_empty_and_at_once(void **state)
{
    (void)state;
    assert_int_equal(write_byte(5), S7_OK);
    rig_arm(1, "download", "db=1 data=zero");
    rig_drop(1);
    assert_int_equal(byte0(), 0);
    assert_int_equal(select_int("SELECT length(data) FROM block WHERE number = 1"), 256);
    rig_arm(2, "download", "db=77");
    assert_int_equal(rig_state(2).matched, 1);
    assert_int_equal(rig_state(2).fired, 0);
    assert_false(rig_state(2).acting);
}

/* ---- write_delayed ---- */

static void a_write_is_acknowledged_and_done_later(void **state)
{
    (void)state;
    rig_arm(1, "write_delayed", "dist=1s count=1");
    int64_t began_ns = rig_now_ns();
    assert_int_equal(write_byte(5), S7_OK);
    assert_true(rig_now_ns() - began_ns < 10 * MS);
    assert_int_equal(byte0(), 0);
    assert_int_equal(first_byte(), 0);
    assert_true(rig_state(1).acting);
    rig_run_ms(990);
    assert_int_equal(byte0(), 0);
    rig_run_ms(20);
    assert_int_equal(byte0(), 5);
    assert_int_equal(first_byte(), 5);
    assert_false(rig_state(1).acting);
    assert_int_equal(write_byte(6), S7_OK);
    assert_int_equal(byte0(), 6);
    assert_int_equal(select_int("SELECT count(*) FROM write_log WHERE source = 's7'"), 2);
}

static void late_writes_keep_their_order_and_outlive_their_fault(void **state)
{
    (void)state;
    rig_arm(1, "write_delayed", "dist=uniform(1ms,1s)");
    for (uint8_t i = 1; i <= 50; i++)
        assert_int_equal(write_byte(i), S7_OK);
    rig_drop(1);
    uint8_t before = byte0();
    for (unsigned i = 0; i < 1100; i++) {
        rig_run_ms(1);
        uint8_t now = byte0();
        assert_true(now >= before);
        before = now;
    }
    assert_int_equal(before, 50);
}

/* DB1.DBX0.bit := value */
#define WRITE_BIT(ref, bit, value)                                                                           \
    3, 0, 0, 36, 2, 0xf0, 0x80, 0x32, 1, 0, 0, 0, ref, 0, 14, 0, 5, 5, 1, 0x12, 10, 16, 1, 0, 1, 0, 1, 0x84, \
        0, 0, bit, 0, 3, 0, 1, value

static void a_late_bit_leaves_alone_what_was_written_meanwhile(void **state)
{
    (void)state;
    rig_arm(1, "write_delayed", "dist=1s conn=1");
    ASK(WRITE_BIT(1, 2, 1));
    RAW_EXPECT(&raw, WRITE_ANSWER(1));
    assert_int_equal(write_byte(0x11), S7_OK);
    rig_run_ms(1100);
    assert_int_equal(byte0(), 0x15);
}

static void what_would_be_refused_is_refused_at_once(void **state)
{
    (void)state;
    rig_arm(1, "write_delayed", "dist=1s");
    assert_int_not_equal(guest_write(&guest, 1, 300, "x", 1), S7_OK);
    rig_run_ms(1100);
    assert_int_equal(first_byte(), 0);
}

static void late_writes_wait_for_a_lock_and_are_lost_when_the_power_goes(void **state)
{
    (void)state;
    rig_arm(1, "write_delayed", "dist=1s");
    assert_int_equal(write_byte(5), S7_OK);
    rig_arm(2, "db_locked", "for=3s");
    rig_run_ms(2000);
    assert_int_equal(byte0(), 0);
    rig_run_ms(1100);
    assert_int_equal(byte0(), 5);
    assert_int_equal(write_byte(7), S7_OK);
    rig_arm(3, "power_cycle", "boot=2s");
    rig_run_ms(2500);
    guest_close(&guest);
    guest_open(&guest, &rig_house, NULL);
    rig_run_ms(1000);
    assert_int_equal(byte0(), 5);
}

/* ---- clock_skew, password ---- */

#define CLOCK(ref)                                                                                           \
    3, 0, 0, 29, 2, 0xf0, 0x80, 0x32, 7, 0, 0, 0, ref, 0, 8, 0, 4, 0, 1, 0x12, 4, 0x11, 0x47, 1, 0, 10, 0,   \
        0, 0

/* The hour of the day, in BCD, at which the clock is. */
static unsigned hour(void)
{
    raw_forget(&raw);
    ASK(CLOCK(1));
    assert_int_equal(raw.len, 7 + 10 + 12 + 14);
    unsigned bcd = raw.got[7 + 10 + 12 + 4 + 5];
    return (bcd >> 4) * 10 + (bcd & 15);
}

static void a_clock_is_off_or_goes_wrong(void **state)
{
    (void)state;
    unsigned now = hour();
    rig_arm(1, "clock_skew", "offset=-2h for=1min");
    assert_int_equal((hour() + 2) % 24, now);
    rig_run_ms(60000);
    assert_int_equal(hour(), now);
    rig_arm(2, "clock_skew", "ppm=1000000"); /* twice as fast */
    rig_run_ms(INT64_C(4) * 3600 * 1000);
    assert_int_equal(hour(), (now + 8) % 24);
}

/* An upload is refused with a protection against reading. */
#define UPLOAD(ref)                                                                                          \
    3, 0, 0, 35, 2, 0xf0, 0x80, 0x32, 1, 0, 0, 0, ref, 0, 18, 0, 0, 0x1d, 0, 0, 0, 0, 0, 0, 0, 9, 0x5f,      \
        0x30, 0x41, 0x30, 0x30, 0x30, 0x30, 0x31, 0x41

static void a_protection_comes_and_goes(void **state)
{
    (void)state;
    ASK(UPLOAD(1));
    assert_int_equal(raw.got[8], S7_ROSCTR_ACK_DATA);
    assert_int_equal(raw.got[17], 0);
    raw_forget(&raw);
    rig_arm(1, "password", "level=3 for=10s");
    ASK(UPLOAD(2));
    assert_int_not_equal(raw.got[17], 0);
    raw_forget(&raw);
    rig_run_ms(10000);
    ASK(UPLOAD(3));
    assert_int_equal(raw.got[17], 0);
}

/* ---- the host ---- */

static void a_simulator_that_stands_still_answers_all_when_it_goes_on(void **state)
{
    struct raw late;

    (void)state;
    rig_arm(1, "proc_pause", "from=1s for=40s");
    rig_run_ms(1001);
    RAW_SEND(&raw, READ(1));
    raw_dial(&late);
    rig_run_ms(5);
    assert_true(late.connected); /* by the kernel */
    RAW_SEND(&late, CR);
    rig_run_ms(39900);
    assert_int_equal(raw.len + late.len, 0);
    assert_int_equal(rig_stats().reads, 0);
    rig_run_ms(200);
    RAW_EXPECT(&raw, READ_ANSWER(1));
    assert_int_equal(late.len, CC_LEN); /* the limit for its connection request did not run */
    raw_close(&late);
    assert_int_equal(rig_state(1).fired, 1);
}

static void what_was_to_be_answered_in_the_pause_is_late(void **state)
{
    (void)state;
    rig_arm(1, "slow", "dist=1s conn=1");
    rig_arm(2, "proc_pause", "from=500ms for=10s");
    RAW_SEND(&raw, READ(1));
    rig_run_ms(10400);
    assert_int_equal(raw.len, 0);
    rig_run_ms(200);
    RAW_EXPECT(&raw, READ_ANSWER(1));
}

static void a_full_disk_refuses_writes_until_it_has_room(void **state)
{
    (void)state;
    assert_int_equal(write_byte(5), S7_OK);
    rig_arm(1, "disk_full", "for=10s");
    assert_int_not_equal(write_byte(6), S7_OK);
    assert_int_equal(byte0(), 5);
    assert_int_equal(first_byte(), 5);
    assert_true(rig_state(1).acting);
    rig_run_ms(10000);
    assert_false(rig_state(1).acting);
    assert_int_equal(write_byte(6), S7_OK);
    assert_int_equal(first_byte(), 6);
    rig_arm(2, "disk_full", "");
    assert_int_not_equal(write_byte(7), S7_OK);
    rig_drop(2);
    assert_int_equal(write_byte(7), S7_OK);
}

/* The turn is run again with its writes refused: nothing waits of what was taken back. */
static void a_late_write_whose_turn_fails_is_not_done(void **state)
{
    (void)state;
    rig_arm(1, "disk_full", "for=10s");
    rig_arm(2, "write_delayed", "dist=1s db=1");
    ASK(WRITE(1, 5), M_WRITE(2, 0, 1));
    rig_run_ms(11000);
    assert_int_equal(byte0(), 0);
    assert_int_equal(raw.got[21], 1); /* the late one was refused as well */
}

static void writes_wait_for_the_lock_and_are_refused_in_the_end(void **state)
{
    (void)state;
    rig_arm(1, "db_locked", "for=1s");
    int64_t began_ns = rig_now_ns();
    assert_int_equal(byte0(), 0);
    assert_int_equal(write_byte(5), S7_OK);
    assert_in_range(rig_now_ns() - began_ns, 1000 * MS, 1010 * MS);
    rig_arm(2, "db_locked", "");
    began_ns = rig_now_ns();
    assert_int_not_equal(write_byte(6), S7_OK);
    assert_in_range(rig_now_ns() - began_ns, 2000 * MS, 2010 * MS); /* busy_ms */
    assert_int_equal(byte0(), 5);
    rig_drop(2);
    assert_int_equal(write_byte(6), S7_OK);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, open_all, close_all)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_stopped_CPU_says_so_and_runs_again),
        TEST(a_stopped_CPU_may_refuse_writes),
        TEST(a_power_cycle_resets_all_refuses_and_comes_back),
        TEST(without_retention_and_with_another_clock),
        TEST(a_defect_CPU_hangs_until_its_power_was_off),
        TEST(frozen_values_stay_while_memory_goes_on),
        TEST(what_is_not_there_does_not_freeze),
        TEST(a_long_item_is_half_of_before_and_half_of_after),
        TEST(what_is_copied_at_once_is_whole),
        TEST(a_block_vanishes_and_comes_back_with_another_size_and_layout),
        TEST(a_block_may_come_back_empty_and_at_once),
        TEST(a_write_is_acknowledged_and_done_later),
        TEST(late_writes_keep_their_order_and_outlive_their_fault),
        TEST(a_late_bit_leaves_alone_what_was_written_meanwhile),
        TEST(what_would_be_refused_is_refused_at_once),
        TEST(late_writes_wait_for_a_lock_and_are_lost_when_the_power_goes),
        TEST(a_clock_is_off_or_goes_wrong),
        TEST(a_protection_comes_and_goes),
        TEST(a_simulator_that_stands_still_answers_all_when_it_goes_on),
        TEST(what_was_to_be_answered_in_the_pause_is_late),
        TEST(a_full_disk_refuses_writes_until_it_has_room),
        TEST(a_late_write_whose_turn_fails_is_not_done),
        TEST(writes_wait_for_the_lock_and_are_refused_in_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
