/* Conformance of Write Var: the data units of requests. */
#include "client/conformance_script.h"

/* What our calls choose: bits as 03, timers and counters as 09, all else as 04. */
static void s7_079_calls_count_each_data_size_in_its_unit(void **state)
{
    static const struct exchange writes[] = {
        {"M10.3", "12 0a 10 01 00 01 00 00 83 00 00 53", "00 03 00 01 01", "1"},
        {"M10.3", "12 0a 10 01 00 01 00 00 83 00 00 53", "00 03 00 01 00", "0"},
        {"DB1.DBB0", "12 0a 10 02 00 01 00 01 84 00 00 00", "00 04 00 08 ab", "171"},
        {"DB1.DBW4", "12 0a 10 02 00 02 00 01 84 00 00 20", "00 04 00 10 12 34", "4660"},
        {"DB1.DBW4:INT", "12 0a 10 02 00 02 00 01 84 00 00 20", "00 04 00 10 ff fe", "-2"},
        {"DB1.DBD4:REAL", "12 0a 10 02 00 04 00 01 84 00 00 20", "00 04 00 20 bf c0 00 00", "-1.5"},
        {"T4", "12 0a 10 1d 00 01 00 00 1d 00 00 04", "00 09 00 02 21 30", "S5T#2m10s"},
        {"C3", "12 0a 10 1c 00 01 00 00 1c 00 00 03", "00 09 00 02 01 23", "123"},
    };

    (void)state;
    for (size_t i = 0; i < N(writes); i++)
        expect_written(&writes[i]);
}

/* What the session writes when told to: every data size of the wire. */
static void s7_079_units_of_every_data_size_are_counted_in_bits_or_bytes(void **state)
{
    static const struct {
        uint8_t item_size, data_size;
        const char *unit;
    } sizes[] = {
        {S7_SIZE_WORD, S7_DATA_BYTE, "00 04 00 20 01 02 03 04"},
        {S7_SIZE_INT, S7_DATA_INT, "00 05 00 20 01 02 03 04"},
        {S7_SIZE_REAL, S7_DATA_REAL, "00 07 00 04 01 02 03 04"},
        {S7_SIZE_CHAR, S7_DATA_OCTETS, "00 09 00 04 01 02 03 04"},
    };
    static const uint8_t payload[] = {1, 2, 3, 4};

    (void)state;
    for (size_t i = 0; i < N(sizes); i++) {
        s7_session *session = usual_ready(1);
        struct s7_var_item item = db1(0, (uint16_t)(4 / s7_size_find(sizes[i].item_size)->element_bytes));
        struct s7_data_unit unit = {.size = sizes[i].data_size,
                                    .length = s7_data_length(sizes[i].data_size, 4),
                                    .payload = payload,
                                    .payload_len = 4};
        struct bytes want = hex(sizes[i].unit);

        item.size = sizes[i].item_size;
        assert_int_equal(s7_session_write(session, &item, &unit, 1, 1, S7_NEVER_NS), S7_OK);
        struct bytes sent = take_sent(session);
        assert_memory_equal(sent.at + sent.len - want.len, want.at, want.len);
        s7_session_free(session);
    }
}

static void s7_055_odd_data_is_followed_by_a_fill_byte_unless_last(void **state)
{
    uint8_t odd[3] = {0xAA, 0xBB, 0xCC}, word[2] = {0x12, 0x34}, bit = 1;
    s7_item items[4] = {typed_item("DB1.DBB0:BYTE[3]", odd), typed_item("DB1.DBW4", word),
                        typed_item("M10.3", &bit), typed_item("DB1.DBB0:BYTE[3]", odd)};

    (void)state;
    rig_up(240, 1);
    begin(true, items, 4, S7_NEVER_NS);
    expect_job("05 04 12 0a 10 02 00 03 00 01 84 00 00 00 12 0a 10 02 00 02 00 01 84 00 00 20 "
               "12 0a 10 01 00 01 00 00 83 00 00 53 12 0a 10 02 00 03 00 01 84 00 00 00",
               "00 04 00 18 aa bb cc 00 00 04 00 10 12 34 00 03 00 01 01 00 00 04 00 18 aa bb cc");
    assert_int_equal(answered("05 04", "ff ff ff ff"), S7_OK);
    rig_down();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(s7_079_calls_count_each_data_size_in_its_unit),
        cmocka_unit_test(s7_079_units_of_every_data_size_are_counted_in_bits_or_bytes),
        cmocka_unit_test(s7_055_odd_data_is_followed_by_a_fill_byte_unless_last),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "client.conformance_write");
}
