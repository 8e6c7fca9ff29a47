/* Values of every type at a PLC on loopback: written, looked at in its memory, read back. */
#include "client/plc_thread.h"
#include "client/test_names.h"

#include <s7rig/typed.h>

static s7_client *plc;
static s7_errinfo err;
static s7_ctx ctx = {.struct_size = sizeof ctx, .timeout_ms = PATIENCE_MS, .err = &err};

static void begin(void)
{
    server_start(240, 1, ANSWER, 0);
    err = (s7_errinfo)S7_ERRINFO_INIT;
    plc = connected_client(PATIENCE_MS);
}

/* The PLC's memory may be looked at afterwards. */
static void end(void)
{
    s7_client_free(plc);
    server_stop();
}

/* Write a value, read it back, and see that the PLC has these bytes. */
#define EXPECT_BOTH(name, ctype, value, start, hex_bytes)                                                    \
    do {                                                                                                     \
        ctype given = value, got = 0;                                                                        \
        struct bytes want = hex(hex_bytes);                                                                  \
        uint8_t there[12];                                                                                   \
        assert_int_equal(s7_write_##name(plc, &ctx, S7_AREA_DB, 1, start, given), S7_OK);                    \
        assert_int_equal(s7_read_##name(plc, &ctx, S7_AREA_DB, 1, start, &got), S7_OK);                      \
        assert_true(got == given);                                                                           \
        assert_int_equal(s7_read_db(plc, &ctx, 1, start, there, want.len), S7_OK);                           \
        assert_memory_equal(there, want.at, want.len);                                                       \
        assert_int_equal(s7_read_##name(plc, &ctx, S7_AREA_DB, 1, start, NULL), S7_E_ARG);                   \
    } while (0)

static void numbers_and_times_of_all_widths_are_written_and_read(void **state)
{
    (void)state;
    begin();
    EXPECT_BOTH(u8, uint8_t, 200, 100, "c8");
    EXPECT_BOTH(i8, int8_t, -2, 101, "fe");
    EXPECT_BOTH(char, char, 'x', 102, "78");
    EXPECT_BOTH(u16, uint16_t, 65534, 104, "ff fe");
    EXPECT_BOTH(i16, int16_t, -300, 106, "fe d4");
    EXPECT_BOTH(u32, uint32_t, 4000000000U, 108, "ee 6b 28 00");
    EXPECT_BOTH(i32, int32_t, -2, 112, "ff ff ff fe");
    EXPECT_BOTH(u64, uint64_t, UINT64_MAX - 1, 116, "ff ff ff ff ff ff ff fe");
    EXPECT_BOTH(i64, int64_t, INT64_MIN, 124, "80 00 00 00 00 00 00 00");
    EXPECT_BOTH(f32, float, 1.5F, 132, "3f c0 00 00");
    EXPECT_BOTH(f64, double, -2.0, 136, "c0 00 00 00 00 00 00 00");
    EXPECT_BOTH(time, int32_t, -1, 144, "ff ff ff ff");
    EXPECT_BOTH(ltime, int64_t, -2, 148, "ff ff ff ff ff ff ff fe");
    EXPECT_BOTH(tod, uint32_t, 1000, 156, "00 00 03 e8");
    EXPECT_BOTH(ltod, uint64_t, 1000, 160, "00 00 00 00 00 00 03 e8");
    EXPECT_BOTH(s5time, uint32_t, 130000, 168, "21 30");
    end();
}

static void dates_are_written_and_read(void **state)
{
    static const s7_moment when = {2026, 1, 31, 12, 34, 56, 7, 789000000}, day = {2026, 1, 31, 0, 0, 0, 7, 0};
    s7_moment got;

    (void)state;
    begin();
    assert_int_equal(s7_write_dt(plc, &ctx, S7_AREA_DB, 1, 200, &when), S7_OK);
    assert_int_equal(s7_read_dt(plc, &ctx, S7_AREA_DB, 1, 200, &got), S7_OK);
    assert_memory_equal(&got, &when, sizeof got);
    assert_int_equal(s7_write_dtl(plc, &ctx, S7_AREA_DB, 1, 208, &when), S7_OK);
    assert_int_equal(s7_read_dtl(plc, &ctx, S7_AREA_DB, 1, 208, &got), S7_OK);
    assert_memory_equal(&got, &when, sizeof got);
    assert_int_equal(s7_write_ldt(plc, &ctx, S7_AREA_DB, 1, 220, &when), S7_OK);
    assert_int_equal(s7_read_ldt(plc, &ctx, S7_AREA_DB, 1, 220, &got), S7_OK);
    assert_memory_equal(&got, &when, sizeof got);
    assert_int_equal(s7_write_date(plc, &ctx, S7_AREA_DB, 1, 228, &day), S7_OK);
    assert_int_equal(s7_read_date(plc, &ctx, S7_AREA_DB, 1, 228, &got), S7_OK);
    assert_memory_equal(&got, &day, sizeof got);
    end();
    assert_memory_equal(server.plc.db1 + 200, "\x26\x01\x31\x12\x34\x56\x78\x97", 8);
    assert_memory_equal(server.plc.db1 + 208, "\x07\xea\x01\x1f\x07\x0c\x22\x38\x2f\x07\x2f\x40", 12);
    assert_memory_equal(server.plc.db1 + 228, "\x33\x7b", 2);
}

static void what_is_no_value_is_refused_here_and_not_sent(void **state)
{
    static const s7_moment never = {2026, 2, 30, 0, 0, 0, 0, 0};
    s7_moment got;

    (void)state;
    begin();
    assert_int_equal(s7_write_dt(plc, &ctx, S7_AREA_DB, 1, 0, &never), S7_E_CONVERT);
    expect_text(err.asked, "write DB1.DBB0:DT to 127.0.0.1");
    expect_text(err.came, "no DT: expected a date and time 1990");
    assert_int_equal(s7_write_s5time(plc, &ctx, S7_AREA_DB, 1, 0, 15), S7_E_CONVERT);
    assert_int_equal(s7_write_as(plc, &ctx, "DB1.DBB0:DTL", &never, sizeof never), S7_E_CONVERT);
    assert_int_equal(s7_write_text(plc, &ctx, "DB1.DBD0:REAL", "fast"), S7_E_CONVERT);
    expect_text(err.came, "no REAL: expected a number");
    /* DB1.DBB0.. is 00 1F 3E 5D ..: month 1F */
    assert_int_equal(s7_read_dt(plc, &ctx, S7_AREA_DB, 1, 0, &got), S7_E_CONVERT);
    expect_text(err.came, "the bytes are no DT");
    assert_int_equal(got.year, 0);
    end();
    assert_int_equal(server.plc.jobs, 1);
}

static void timers_are_read_by_number(void **state)
{
    uint32_t ms;
    uint16_t count;

    (void)state;
    begin();
    assert_int_equal(s7_write_timer(plc, &ctx, 7, 9990000), S7_OK);
    assert_int_equal(s7_read_timer(plc, &ctx, 7, &ms), S7_OK);
    assert_int_equal(ms, 9990000);
    assert_int_equal(s7_write_counter(plc, &ctx, 1, 1000), S7_E_CONVERT);
    assert_int_equal(s7_read_counter(plc, &ctx, 1, &count), S7_E_ITEM_MISSING); /* this PLC has none */
    expect_text(err.asked, "read C1 from");
    expect_text(err.hint, "check the number");
    end();
    assert_memory_equal(server.plc.timers + 14, "\x39\x99", 2);
}

static void arrays_by_address_text_are_native_arrays(void **state)
{
    static const float given[60] = {[0] = 1.5F, [59] = -1.5F};
    static const bool bits[5] = {true, false, true, true, false};
    float got[60];
    bool bits_got[5], bit = false;

    (void)state;
    begin();
    assert_int_equal(s7_write_as(plc, &ctx, "DB1.DBD1000:REAL[60]", given, sizeof given), S7_OK);
    assert_int_equal(s7_read_as(plc, &ctx, "db1,real1000.60", got, sizeof got), S7_OK);
    assert_memory_equal(got, given, sizeof got);
    assert_int_equal(s7_write_as(plc, &ctx, "DB1.DBX2000.3:BOOL[5]", bits, sizeof bits), S7_OK);
    assert_int_equal(s7_read_as(plc, &ctx, "DB1.DBX2000.3:BOOL[5]", bits_got, sizeof bits_got), S7_OK);
    assert_memory_equal(bits_got, bits, sizeof bits);
    assert_int_equal(s7_read_as(plc, &ctx, "DB1.DBX2000.3", &bit, sizeof bit), S7_OK);
    assert_true(bit);
    bit = false;
    assert_int_equal(s7_write_as(plc, &ctx, "DB1.DBX2000.3", &bit, sizeof bit), S7_OK);
    end();
    /* byte 2000 was db_byte(2000); bits 3..7 are 0, 0, 1, 1, 0 now */
    assert_int_equal(server.plc.db1[2000], (db_byte(2000) & 0x07) | 0x60);
}

/* More than lives on the stack, and than fits one PDU. */
static void long_arrays_need_room_and_get_it(void **state)
{
    static double given[400], got[400];

    (void)state;
    begin();
    for (unsigned i = 0; i < 400; i++)
        given[i] = i / 3.0;
    assert_int_equal(s7_write_as(plc, &ctx, "DB1.DBB3000:LREAL[400]", given, sizeof given), S7_OK);
    assert_int_equal(s7_read_as(plc, &ctx, "DB1.DBB3000:LREAL[400]", got, sizeof got), S7_OK);
    assert_memory_equal(got, given, sizeof got);
    end();
}

static void a_text_keeps_the_maximum_of_its_string(void **state)
{
    char text[32], both[2][8];

    (void)state;
    begin();
    assert_int_equal(s7_write_db(plc, &ctx, 1, 300, "\x05\x00", 2), S7_OK);
    assert_int_equal(s7_write_as(plc, &ctx, "DB1.DBB300:STRING(10)", "caf\xC3\xA9", 6), S7_OK);
    assert_int_equal(s7_read_as(plc, &ctx, "DB1.DBB300:STRING(10)", text, sizeof text), S7_OK);
    assert_string_equal(text, "caf\xC3\xA9");
    assert_int_equal(s7_read_as(plc, &ctx, "DB1.DBB300:STRING(10)", text, 5), S7_E_TOO_LARGE);
    assert_string_equal(text, "caf");
    expect_text(err.came, "is cut");
    assert_int_equal(s7_write_wstring(plc, &ctx, S7_AREA_DB, 1, 320, 4, "\xE2\x82\xAC"), S7_OK);
    assert_int_equal(s7_write_db(plc, &ctx, 1, 320, "\0\4\0\0", 4), S7_OK);
    assert_int_equal(s7_write_wstring(plc, &ctx, S7_AREA_DB, 1, 320, 4, "\xE2\x82\xAC"), S7_OK);
    assert_int_equal(s7_read_wstring(plc, &ctx, S7_AREA_DB, 1, 320, 4, text, sizeof text), S7_OK);
    assert_string_equal(text, "\xE2\x82\xAC");
    assert_int_equal(s7_write_wstring(plc, &ctx, S7_AREA_DB, 1, 320, 4, "fives"), S7_E_CONVERT);
    assert_int_equal(s7_write_wstring(plc, &ctx, S7_AREA_DB, 1, 320, 0, "x"), S7_E_ARG);
    assert_int_equal(s7_write_text(plc, &ctx, "DB1.DBB340:STRING(4)[2]", "[\"a\",\"bc\"]"), S7_OK);
    assert_int_equal(s7_read_as(plc, &ctx, "DB1.DBB340:STRING(4)[2]", both, sizeof both), S7_OK);
    assert_string_equal(both[0], "a");
    assert_string_equal(both[1], "bc");
    end();
    assert_memory_equal(server.plc.db1 + 300,
                        "\x05\x04"
                        "caf\xE9",
                        6);
}

static void values_are_read_and_written_as_text_without_a_table(void **state)
{
    static const struct {
        const char *address, *text;
    } cases[] = {
        {"DB1.DBD500:REAL", "1.5"},
        {"DB1.DBW504:INT[3]", "[1,-2,3]"},
        {"DB1.DBX510.4", "1"},
        {"DB1.DBB512:DT", "2026-01-31T12:34:56.789"},
        {"DB1.DBD520:TIME", "T#1h2m"},
        {"DB1.DBW524:S5TIME", "S5T#2m10s"},
        {"DB1.DBB526:CHAR[2]", "[\"h\",\"i\"]"},
        {"T9", "S5T#10ms"},
    };
    char text[64];

    (void)state;
    begin();
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(s7_write_text(plc, &ctx, cases[i].address, cases[i].text), S7_OK);
        assert_int_equal(s7_read_text(plc, &ctx, cases[i].address, text, sizeof text), S7_OK);
        assert_string_equal(text, cases[i].text);
    }
    assert_int_equal(s7_read_text(plc, &ctx, "DB1.DBW504:INT[3]", text, 4), S7_E_TOO_LARGE);
    assert_string_equal(text, "[1,");
    end();
}

static void wrong_arguments_are_named(void **state)
{
    char text[8];
    float two[2];
    s7_address address = {.area = S7_AREA_DB, .db = 1, .type = S7_TYPE_REAL, .count = 3};

    (void)state;
    begin();
    assert_int_equal(s7_read_as(plc, &ctx, "DB1.DBQ0", two, sizeof two), S7_E_SYNTAX);
    expect_text(err.asked, "read \"DB1.DBQ0\" from 127.0.0.1");
    expect_text(err.came, "at character 5");
    assert_int_equal(s7_read_as(plc, &ctx, "DB1.DBB0:ANY", two, sizeof two), S7_E_UNSUPPORTED);
    assert_int_equal(s7_read_values(plc, &ctx, &address, two, sizeof two), S7_E_ARG);
    expect_text(err.came, "the array has 8 bytes, expected 3 times 4");
    address.type = S7_TYPE_STRING;
    address.string_cap = 4;
    assert_int_equal(s7_write_values(plc, &ctx, &address, text, sizeof text), S7_E_ARG);
    expect_text(err.came, "8 bytes are no 3 equal shares");
    address.count = 1;
    address.byte = 3000000;
    assert_int_equal(s7_read_values(plc, &ctx, &address, text, sizeof text), S7_E_ARG);
    address.type = (s7_type)99;
    assert_int_equal(s7_read_values(plc, &ctx, &address, text, sizeof text), S7_E_ARG);
    assert_int_equal(s7_read_values(plc, &ctx, NULL, text, sizeof text), S7_E_ARG);
    assert_int_equal(s7_read_as(plc, &ctx, NULL, text, sizeof text), S7_E_ARG);
    assert_int_equal(s7_read_as(plc, &ctx, "MB0", NULL, 1), S7_E_ARG);
    assert_int_equal(s7_read_text(plc, &ctx, "MB0", text, 0), S7_E_ARG);
    assert_int_equal(s7_write_text(plc, &ctx, "MB0", NULL), S7_E_ARG);
    assert_int_equal(s7_read_as(NULL, &ctx, "MB0", text, 1), S7_E_ARG);
    assert_int_equal(s7_write_i64(NULL, &ctx, S7_AREA_DB, 1, 0, 0), S7_E_ARG);
    assert_int_equal(s7_read_dtl(NULL, &ctx, S7_AREA_DB, 1, 0, NULL), S7_E_ARG);
    assert_int_equal(s7_read_values(NULL, &ctx, &address, text, 8), S7_E_ARG);
    end();
    assert_int_equal(server.plc.jobs, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_and_times_of_all_widths_are_written_and_read),
        cmocka_unit_test(dates_are_written_and_read),
        cmocka_unit_test(what_is_no_value_is_refused_here_and_not_sent),
        cmocka_unit_test(timers_are_read_by_number),
        cmocka_unit_test(arrays_by_address_text_are_native_arrays),
        cmocka_unit_test(long_arrays_need_room_and_get_it),
        cmocka_unit_test(a_text_keeps_the_maximum_of_its_string),
        cmocka_unit_test(values_are_read_and_written_as_text_without_a_table),
        cmocka_unit_test(wrong_arguments_are_named),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "client.typed");
}
