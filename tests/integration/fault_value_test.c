/* Values that read otherwise than they are, as a client and as another program see them. In virtual time. */
#include "house_virtual.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct guest guest;

static int open_all(void **state)
{
    const uint8_t bytes[8] = {0, 100, 0, 0, 0x3F, 0x80, 0, 0};

    open_house(state);
    guest_open(&guest, &house, NULL);
    assert_int_equal(guest_write(&guest, 1, 0, bytes, sizeof bytes), S7_OK);
    return 0;
}

static int close_all(void **state)
{
    guest_close(&guest);
    return close_house(state);
}

static int read_int(uint32_t byte)
{
    uint8_t got[2];

    assert_int_equal(guest_read(&guest, 1, byte, got, sizeof got), S7_OK);
    return (int16_t)(got[0] << 8 | got[1]);
}

static s7_status write_int(int value)
{
    const uint8_t bytes[2] = {(uint8_t)(value >> 8), (uint8_t)value};

    return guest_write(&guest, 1, 0, bytes, sizeof bytes);
}

/* DB1's first two bytes, in hex. */
static const char *in_the_file(void)
{
    return selected("SELECT hex(substr(data, 1, 2)) FROM block WHERE number = 1");
}

static void a_value_reads_off_and_memory_is_as_it_was(void **state)
{
    (void)state;
    arm(1, "spike", "value=DB1.DBW0:INT amp=50 way=up nth=2");
    assert_int_equal(read_int(0), 100);
    assert_int_equal(read_int(0), 150);
    assert_int_equal(read_int(0), 100);
    assert_int_equal(read_int(2), 0);         /* no match */
    assert_int_equal(state_of(1).matched, 2); /* nth=2 was the last that counts */
    assert_int_equal(state_of(1).fired, 1);
    assert_string_equal(in_the_file(), "0064");
}

static void what_is_written_reads_off_as_well(void **state)
{
    (void)state;
    arm(1, "spike", "value=DB1.DBW0:INT amp=50 way=down");
    assert_int_equal(write_int(7), S7_OK);
    assert_int_equal(read_int(0), -43);
    assert_string_equal(in_the_file(), "0007");
    sim_server_fault_drop(house.server, 1);
    assert_int_equal(read_int(0), 7);
}

static void a_drift_goes_on_in_time_from_when_it_is_in_force(void **state)
{
    (void)state;
    arm(1, "drift", "value=DB1.DBW0:INT rate=10 amp=55 from=1s");
    run_for_ms(500);
    assert_int_equal(read_int(0), 100);
    run_for_ms(2500);
    assert_int_equal(read_int(0), 120);
    run_for_ms(60000);
    assert_int_equal(read_int(0), 155);
    assert_int_equal(state_of(1).fired, 2);
}

static void faults_of_values_go_with_each_other_and_with_all_others(void **state)
{
    (void)state;
    arm(1, "spike", "value=DB1.DBW0:INT amp=3 way=up");
    arm(2, "slow", "dist=1s");
    arm(3, "stuck_bit", "value=DB1.DBX0.4");
    int64_t asked_ns = now_ns();
    assert_int_equal(read_int(0), 100 + 3 + 4096);
    assert_true(now_ns() - asked_ns >= 1000 * HOUSE_NS_PER_MS);
    arm(4, "frozen", "db=1");
    assert_int_equal(write_int(5), S7_OK);
    assert_int_equal(read_int(0), 100 + 3 + 4096);
}

static void more_than_eight_at_one_request_do_not_fire(void **state)
{
    char args[64];

    (void)state;
    for (uint64_t i = 1; i <= 9; i++) {
        snprintf(args, sizeof args, "value=DB1.DBW0:INT amp=%d way=up", 1 << i);
        arm(i, "spike", args);
    }
    assert_int_equal(read_int(0), 100 + 510);
    assert_int_equal(state_of(9).matched, 1);
    assert_int_equal(state_of(9).fired, 0);
}

static int noise_with(uint64_t seed, bool and_another)
{
    struct sim_server_options options;

    guest_close(&guest);
    sim_server_options_init(&options);
    options.seed = seed;
    serve_again(&options);
    guest_open(&guest, &house, NULL);
    arm(7, "noise", "value=DB1.DBW0:INT amp=10000");
    if (and_another)
        arm(6, "noise", "value=DB1.DBW2:INT amp=10000");
    return read_int(0);
}

static void the_same_seed_gives_the_same_noise_whatever_else_is_armed(void **state)
{
    (void)state;
    int first = noise_with(1, false);
    assert_int_not_equal(first, 100);
    assert_int_equal(noise_with(1, true), first);
    assert_int_not_equal(noise_with(2, false), first);
}

/* ---- rows ---- */

static const char *row(void)
{
    return selected("SELECT armed || ' ' || fired || ' ' || coalesce(error, '-') FROM fault");
}

static void a_row_names_a_tag(void **state)
{
    (void)state;
    sql("INSERT INTO tag (plc, name, address) VALUES (1, 'pressure', 'DB1.DBD4:REAL')");
    sql("INSERT INTO fault (name, args) VALUES ('spike', 'value=pressure amp=0.5 way=up')");
    uint8_t got[4];
    assert_int_equal(guest_read(&guest, 1, 4, got, sizeof got), S7_OK);
    const uint8_t one_and_a_half[4] = {0x3F, 0xC0, 0, 0};
    assert_memory_equal(got, one_and_a_half, sizeof got);
    assert_string_equal(row(), "1 1 -");
    assert_string_equal(selected("SELECT value FROM tag"), "1.0");
    sql("DELETE FROM fault");
    assert_int_equal(guest_read(&guest, 1, 4, got, sizeof got), S7_OK);
    assert_int_equal(got[1], 0x80);
}

static void a_tag_may_be_frozen(void **state)
{
    (void)state;
    sql("INSERT INTO tag (plc, name, address) VALUES (1, 'speed', 'DB1.DBW0:INT')");
    assert_int_equal(read_int(0), 100); /* a turn sees the new tag */
    arm(1, "frozen", "tag=speed");
    assert_int_equal(write_int(5), S7_OK);
    assert_int_equal(read_int(0), 100);
    assert_int_equal(read_int(2), 0);
    assert_int_equal(state_of(1).fired, 1);
}

static void a_row_without_such_a_tag_says_so(void **state)
{
    (void)state;
    sql("INSERT INTO fault (name, args) VALUES ('spike', 'value=presure amp=0.5')");
    assert_int_equal(read_int(0), 100);
    assert_string_equal(row(), "1 0 fault spike: value=presure is neither an address nor the name of a tag");
    sql("INSERT INTO tag (plc, name, address) VALUES (1, 'name', 'DB1.DBB20:STRING(10)')");
    sql("UPDATE fault SET args = 'value=name amp=1'");
    assert_int_equal(read_int(0), 100);
    assert_string_equal(row(), "1 0 fault spike: value=name is of no number");
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, open_all, close_all)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_value_reads_off_and_memory_is_as_it_was),
        TEST(what_is_written_reads_off_as_well),
        TEST(a_drift_goes_on_in_time_from_when_it_is_in_force),
        TEST(faults_of_values_go_with_each_other_and_with_all_others),
        TEST(more_than_eight_at_one_request_do_not_fire),
        TEST(the_same_seed_gives_the_same_noise_whatever_else_is_armed),
        TEST(a_row_names_a_tag),
        TEST(a_tag_may_be_frozen),
        TEST(a_row_without_such_a_tag_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
