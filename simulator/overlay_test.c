/* Values as faults make them read: how far they are off, at which bytes, and where they end. */
#include "simulator/overlay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define S INT64_C(1000000000)

static uint8_t bytes[64];
static const struct plant_block db1 = {.area = S7_AREA_DB, .number = 1, .len = sizeof bytes, .data = bytes};
static struct sim_overlays overlays;

static int forget(void **state)
{
    (void)state;
    memset(bytes, 0, sizeof bytes);
    overlays.n = 0;
    return 0;
}

static void lay(const char *name, const char *args, uint64_t bits, int64_t age_ns)
{
    struct sim_fault fault;
    struct plant_error error;

    if (sim_fault_parse(name, args, &fault, &error) != S7_OK)
        fail_msg("%s", error.text);
    sim_overlay_make(&fault, bits, age_ns, &overlays.of[overlays.n++]);
}

/* As the first item of a request reads it. */
static uint64_t read_number(uint32_t offset, uint32_t len)
{
    uint8_t to[8];
    uint64_t n = 0;

    sim_overlays_read(&overlays, 0, &db1, offset, len, to);
    for (uint32_t i = 0; i < len; i++)
        n = n << 8 | to[i];
    return n;
}

static float read_real(uint32_t offset)
{
    uint32_t bits = (uint32_t)read_number(offset, 4);
    float value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

static double read_lreal(uint32_t offset)
{
    uint64_t bits = read_number(offset, 8);
    double value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

/* ---- how far ---- */

static void a_spike_goes_up_or_down_or_either_way(void **state)
{
    (void)state;
    bytes[1] = 100;
    lay("spike", "value=DB1.DBW0:INT amp=30 way=up", UINT64_MAX, 0);
    assert_int_equal(read_number(0, 2), 130);
    overlays.n = 0;
    lay("spike", "value=DB1.DBW0:INT amp=30 way=down", 0, 0);
    assert_int_equal(read_number(0, 2), 70);
    overlays.n = 0;
    lay("spike", "value=DB1.DBW0:INT amp=30", 0, 0);
    assert_int_equal(read_number(0, 2), 130);
    overlays.n = 0;
    lay("spike", "value=DB1.DBW0:INT amp=30", UINT64_MAX, 0);
    assert_int_equal(read_number(0, 2), 70);
}

static void drift_after(const char *args, int64_t age_ns, int16_t wanted)
{
    overlays.n = 0;
    lay("drift", args, 0, age_ns);
    assert_int_equal((int16_t)read_number(0, 2), wanted);
}

static void a_drift_grows_with_time_up_to_its_limit(void **state)
{
    (void)state;
    drift_after("value=DB1.DBW0:INT rate=2.5", 0, 0);
    drift_after("value=DB1.DBW0:INT rate=2.5", 4 * S, 10);
    drift_after("value=DB1.DBW0:INT rate=-2.5", 4 * S, -10);
    drift_after("value=DB1.DBW0:INT rate=1000", S / 100, 10);
    drift_after("value=DB1.DBW0:INT rate=2.5 amp=7", 4 * S, 7);
    drift_after("value=DB1.DBW0:INT rate=-2.5 amp=7", 4 * S, -7);
    drift_after("value=DB1.DBW0:INT rate=1000000000000", INT64_MAX, INT16_MAX);
    drift_after("value=DB1.DBW0:INT rate=-1000000000000", INT64_MAX, INT16_MIN);
}

static void noise_is_around_the_value(void **state)
{
    int64_t sum = 0, most = 0;
    unsigned beyond = 0;

    (void)state;
    for (uint64_t i = 0; i < 4000; i++) {
        overlays.n = 0;
        lay("noise", "value=DB1.DBD0:DINT amp=1000", i, 0);
        int32_t off = (int32_t)read_number(0, 4);
        assert_in_range(off + 1000, 0, 2000);
        sum += off;
        overlays.n = 0;
        lay("noise", "value=DB1.DBD0:DINT amp=1000 shape=normal", i, 0);
        off = abs((int32_t)read_number(0, 4));
        beyond += off > 1000;
        most = off > most ? off : most;
    }
    assert_true(llabs(sum / 4000) < 50);
    assert_in_range(beyond, 4000 * 28 / 100, 4000 * 36 / 100); /* 32 % are more than a deviation away */
    assert_in_range(most, 2500, 6000);
}

static void each_element_has_a_draw_of_its_own_and_the_same_draw_is_the_same(void **state)
{
    (void)state;
    lay("noise", "value=DB1.DBW0:INT[3] amp=10000", 5, 0);
    uint64_t first = read_number(0, 2), second = read_number(2, 2);
    assert_int_not_equal(first, second);
    assert_int_equal(read_number(0, 6), first << 32 | second << 16 | read_number(4, 2));
    assert_int_equal(read_number(6, 2), 0); /* behind it */
}

/* ---- numbers ---- */

static void check(const char *type_and_amp, uint64_t before, uint32_t len, uint64_t wanted)
{
    char args[96];

    overlays.n = 0;
    for (uint32_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(before >> 8 * (len - 1 - i));
    snprintf(args, sizeof args, "value=DB1.DBB0:%s", type_and_amp);
    lay("spike", args, 0, 0);
    if (read_number(0, len) != wanted)
        fail_msg("%s from %llx: expected %llx, got %llx", type_and_amp, (unsigned long long)before,
                 (unsigned long long)wanted, (unsigned long long)read_number(0, len));
}

static void integers_end_at_the_limits_of_their_types(void **state)
{
    (void)state;
    check("BYTE amp=10 way=up", 250, 1, 255);
    check("USINT amp=10 way=down", 5, 1, 0);
    check("SINT amp=10 way=up", 120, 1, 127);
    check("SINT amp=10 way=down", 0x85, 1, 0x80);
    check("WORD amp=2 way=up", 0xFFFE, 2, 0xFFFF);
    check("INT amp=1000 way=down", 0x8001, 2, 0x8000);
    check("INT amp=1000 way=up", 0x8001, 2, 0x8001 + 1000);
    check("UDINT amp=1 way=up", 0xFFFFFFFF, 4, 0xFFFFFFFF);
    check("DINT amp=5 way=up", 0x7FFFFFFE, 4, 0x7FFFFFFF);
    check("TIME amp=5 way=down", 3, 4, 0xFFFFFFFE);
    check("ULINT amp=5 way=up", UINT64_MAX - 2, 8, UINT64_MAX);
    check("ULINT amp=5 way=down", 2, 8, 0);
    check("LINT amp=5 way=up", INT64_MAX - 2, 8, INT64_MAX);
    check("LINT amp=5 way=down", (uint64_t)INT64_MIN + 2, 8, (uint64_t)INT64_MIN);
}

static void integers_get_the_nearest_whole_number(void **state)
{
    (void)state;
    check("INT amp=0.499999 way=up", 10, 2, 10);
    check("INT amp=0.5 way=up", 10, 2, 11);
    check("INT amp=1.5 way=down", 10, 2, 8);
}

static void floats_are_added_exactly_and_stay_finite(void **state)
{
    (void)state;
    check("REAL amp=0.5 way=up", 0x3F800000, 4, 0x3FC00000);  /* 1 + 0.5 */
    check("REAL amp=0.1 way=up", 0x3F800000, 4, 0x3F8CCCCD);  /* the float next to 1.1 */
    check("REAL amp=1 way=up", 0x7F800000, 4, 0x7F800000);    /* infinity */
    check("REAL amp=1 way=up", 0x7FC00001, 4, 0x7FC00001);    /* no number */
    check("REAL amp=1000 way=up", 0x7F7FFFFF, 4, 0x7F7FFFFF); /* the greatest there is */
    check("LREAL amp=0.25 way=down", 0x3FF0000000000000, 8, 0x3FE8000000000000);
    check("LREAL amp=1 way=up", 0x7FF0000000000000, 8, 0x7FF0000000000000);
    assert_true(read_lreal(0) > 1e300);
}

/* ---- bits ---- */

static void a_bit_sticks_and_its_neighbours_do_not(void **state)
{
    (void)state;
    bytes[3] = 0xF0;
    lay("stuck_bit", "value=DB1.DBX3.1", 0, 0);
    assert_int_equal(read_number(3, 1), 0xF2);
    lay("stuck_bit", "value=DB1.DBX3.7 state=0", 0, 0);
    assert_int_equal(read_number(3, 1), 0x72);
    assert_int_equal(bytes[3], 0xF0);
}

static void a_bit_of_a_value_is_counted_from_its_lowest(void **state)
{
    (void)state;
    lay("stuck_bit", "value=DB1.DBW0:INT bit=0", 0, 0);
    lay("stuck_bit", "value=DB1.DBW2 bit=15", 0, 0);
    lay("stuck_bit", "value=DB1.DBD4:REAL bit=31", 0, 0);
    assert_int_equal(read_number(0, 8), 0x0001800080000000);
}

static void bits_of_an_array_go_over_the_ends_of_bytes(void **state)
{
    (void)state;
    lay("stuck_bit", "value=DB1.DBX1.6:BOOL[4]", 0, 0);
    assert_int_equal(read_number(0, 4), 0x00C00300);
    assert_int_equal(read_number(2, 1), 0x03);
}

/* ---- where ---- */

static void parts_of_a_value_fit_together(void **state)
{
    (void)state;
    bytes[5] = 1;
    lay("noise", "value=DB1.DBD4:DINT amp=2000000", 77, 0);
    uint64_t whole = read_number(4, 4);
    assert_int_not_equal(whole, 0x00010000);
    assert_int_equal(read_number(4, 2) << 16 | read_number(6, 2), whole);
    assert_int_equal(read_number(2, 4), whole >> 16);
    assert_int_equal(read_number(6, 4), (whole & 0xFFFF) << 16);
}

static void the_later_lies_over_the_earlier(void **state)
{
    (void)state;
    bytes[1] = 4;
    lay("spike", "value=DB1.DBW0:INT amp=3 way=up", 0, 0);
    lay("stuck_bit", "value=DB1.DBW0:INT bit=3", 0, 0);
    assert_int_equal(read_number(0, 2), 15);
    lay("spike", "value=DB1.DBW0:INT amp=1 way=up", 0, 0);
    assert_int_equal(read_number(1, 1), 16);
}

static void other_blocks_other_items_and_what_goes_beyond_the_block_stay(void **state)
{
    const struct plant_block markers = {.area = S7_AREA_M, .len = sizeof bytes, .data = bytes},
                             db2 = {.area = S7_AREA_DB, .number = 2, .len = sizeof bytes, .data = bytes};
    uint8_t byte;

    (void)state;
    lay("stuck_bit", "value=DB1.DBX0.0", 0, 0);
    lay("stuck_bit", "value=DB1.DBX1.0 item=2", 0, 0);
    lay("spike", "value=DB1.DBD62:DINT amp=1 way=up", 0, 0);
    sim_overlays_read(&overlays, 0, &markers, 0, 1, &byte);
    assert_int_equal(byte, 0);
    sim_overlays_read(&overlays, 0, &db2, 0, 1, &byte);
    assert_int_equal(byte, 0);
    assert_int_equal(read_number(0, 2), 0x0100);
    sim_overlays_read(&overlays, 1, &db1, 1, 1, &byte);
    assert_int_equal(byte, 1);
    assert_int_equal(read_number(62, 2), 0);
}

static void a_float_that_is_read_back_is_what_was_added(void **state)
{
    (void)state;
    lay("drift", "value=DB1.DBD0:REAL rate=0.25", 0, 6 * S);
    assert_true(read_real(0) == 1.5F);
}

#define TEST(test) cmocka_unit_test_setup(test, forget)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_spike_goes_up_or_down_or_either_way),
        TEST(a_drift_grows_with_time_up_to_its_limit),
        TEST(noise_is_around_the_value),
        TEST(each_element_has_a_draw_of_its_own_and_the_same_draw_is_the_same),
        TEST(integers_end_at_the_limits_of_their_types),
        TEST(integers_get_the_nearest_whole_number),
        TEST(floats_are_added_exactly_and_stay_finite),
        TEST(a_bit_sticks_and_its_neighbours_do_not),
        TEST(a_bit_of_a_value_is_counted_from_its_lowest),
        TEST(bits_of_an_array_go_over_the_ends_of_bytes),
        TEST(parts_of_a_value_fit_together),
        TEST(the_later_lies_over_the_earlier),
        TEST(other_blocks_other_items_and_what_goes_beyond_the_block_stay),
        TEST(a_float_that_is_read_back_is_what_was_added),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
