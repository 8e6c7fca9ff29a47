/* Conformance of Read Var: what is asked for, and answers as CPUs word them. */
#include "client/conformance_script.h"

#define INT_ITEM   "12 0a 10 02 00 02 00 01 84 00 00 10"
#define DINT_ITEM  "12 0a 10 02 00 04 00 01 84 00 00 20"
#define CHARS_ITEM "12 0a 10 02 00 04 00 01 84 00 00 40"

static void s7_052_whole_numbers_come_as_05_or_04_in_bits(void **state)
{
    static const struct exchange reads[] = {
        {"DB1.DBW2:INT", INT_ITEM, "ff 05 00 10 ff fe", "-2"},
        {"DB1.DBW2:INT", INT_ITEM, "ff 04 00 10 ff fe", "-2"},
        {"DB1.DBD4:DINT", DINT_ITEM, "ff 05 00 20 80 00 00 00", "-2147483648"},
        {"DB1.DBD4:DINT", DINT_ITEM, "ff 04 00 20 7f ff ff ff", "2147483647"},
        {"DB1.DBD4:DINT", DINT_ITEM, "ff 06 00 20 00 00 00 01", "1"},
        {"DB1.DBD4:DINT", DINT_ITEM, "ff 06 00 04 00 00 00 01", "1"},
    };

    (void)state;
    for (size_t i = 0; i < N(reads); i++)
        expect_read(&reads[i]);
}

static void s7_053_a_real_comes_as_07_in_bytes_or_04_in_bits(void **state)
{
    static const struct exchange reads[] = {
        {"DB1.DBD4:REAL", DINT_ITEM, "ff 07 00 04 bf c0 00 00", "-1.5"},
        {"DB1.DBD4:REAL", DINT_ITEM, "ff 04 00 20 bf c0 00 00", "-1.5"},
        {"DB1.DBD4:REAL", DINT_ITEM, "ff 07 00 20 bf c0 00 00", "-1.5"},
    };

    (void)state;
    for (size_t i = 0; i < N(reads); i++)
        expect_read(&reads[i]);
}

static void s7_054_characters_timers_and_counters_come_as_09_in_bytes(void **state)
{
    static const struct exchange reads[] = {
        {"DB1.DBB8:CHAR[4]", CHARS_ITEM, "ff 09 00 04 41 42 43 fc", "[\"A\",\"B\",\"C\",\"\u00fc\"]"},
        {"DB1.DBB8:CHAR[4]", CHARS_ITEM, "ff 04 00 20 41 42 43 44", "[\"A\",\"B\",\"C\",\"D\"]"},
        {"T4", "12 0a 10 1d 00 01 00 00 1d 00 00 04", "ff 09 00 02 21 30", "S5T#2m10s"},
        {"C3", "12 0a 10 1c 00 01 00 00 1c 00 00 03", "ff 09 00 02 01 23", "123"},
    };

    (void)state;
    for (size_t i = 0; i < N(reads); i++)
        expect_read(&reads[i]);
}

/* Odd, bit, even: two fill bytes. Bit, even, odd: one, none behind the last. */
static void s7_055_an_odd_item_is_followed_by_a_fill_byte_unless_last(void **state)
{
    static const char *const orders[] = {"012", "120"};
    static const char *const requests[] = {
        "04 03 12 0a 10 02 00 03 00 01 84 00 00 00 12 0a 10 01 00 01 00 01 84 00 00 2b "
        "12 0a 10 1d 00 01 00 00 1d 00 00 04",
        "04 03 12 0a 10 01 00 01 00 01 84 00 00 2b 12 0a 10 1d 00 01 00 00 1d 00 00 04 "
        "12 0a 10 02 00 03 00 01 84 00 00 00"};
    static const char *const answers[] = {
        "ff 04 00 18 01 02 03 00 ff 03 00 01 01 00 ff 09 00 02 21 30",
        "ff 03 00 01 01 00 ff 09 00 02 21 30 ff 04 00 18 01 02 03",
    };

    (void)state;
    for (unsigned c = 0; c < 2; c++) {
        uint8_t data[3][4] = {{0}};
        s7_item all[3] = {typed_item("DB1.DBB0:BYTE[3]", data[0]), typed_item("DB1.DBX5.3", data[1]),
                          typed_item("T4", data[2])};
        s7_item items[3];

        for (unsigned i = 0; i < 3; i++)
            items[i] = all[orders[c][i] - '0'];
        rig_up(240, 1);
        begin(false, items, 3, S7_NEVER_NS);
        expect_job(requests[c], "");
        assert_int_equal(answered("04 03", answers[c]), S7_OK);
        assert_memory_equal(data[0], "\1\2\3", 3);
        assert_int_equal(data[1][0], 1);
        assert_memory_equal(data[2], "\x21\x30", 2);
        rig_down();
    }
}

/* Number 300 is 01 2C, not 09 60; an array counts numbers. */
static void s7_066_timers_and_counters_are_addressed_by_number(void **state)
{
    static const struct exchange both[] = {
        {"T300", "12 0a 10 1d 00 01 00 00 1d 00 01 2c", "ff 09 00 02 00 05", "S5T#50ms"},
        {"T4:TIMER[3]", "12 0a 10 1d 00 03 00 00 1d 00 00 04", "ff 09 00 06 21 30 00 05 39 99",
         "[S5T#2m10s,S5T#50ms,S5T#2h46m30s]"},
        {"C65535", "12 0a 10 1c 00 01 00 00 1c 00 ff ff", "ff 09 00 02 09 99", "999"},
        {"Z2:COUNTER[2]", "12 0a 10 1c 00 02 00 00 1c 00 00 02", "ff 09 00 04 00 01 00 02", "[1,2]"},
    };

    (void)state;
    for (size_t i = 0; i < N(both); i++) {
        struct exchange written = both[i];
        char unit[64];

        expect_read(&both[i]);
        snprintf(unit, sizeof unit, "00%s", both[i].unit + 2); /* the return code of a write request */
        written.unit = unit;
        expect_written(&written);
    }
}

/* No call packs tags into a DBREAD item, but the session carries one: two parts of 2 and 4 bytes. */
static void s7_177_a_dbread_item_is_sent_as_it_is_and_answered_by_one_unit(void **state)
{
    struct bytes raw = hex("12 0c b0 02 02 00 4a 00 6c 04 00 4c 01 94");
    struct bytes odd = hex("12 11 b0 03 02 00 4a 00 6c 04 00 4c 01 94 02 00 51 00 3c");
    struct bytes *items[] = {&raw, &odd};
    static const char *const params[] = {"04 01 12 0c b0 02 02 00 4a 00 6c 04 00 4c 01 94",
                                         "04 01 12 11 b0 03 02 00 4a 00 6c 04 00 4c 01 94 02 00 51 00 3c"};
    static const char *const answers[] = {"ff 09 00 08 ff 04 0a ff 05 44 05 3e",
                                          "ff 09 00 0b ff 04 0a ff 05 44 05 3e ff 04 0a"};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        s7_session *session = usual_ready(1);
        struct record record = {.n = 0};
        struct bytes want = pdu(S7_ROSCTR_JOB, 2, 0, params[i], ""), answer = hex(answers[i]);
        struct s7_var_item item = {
            .syntax_id = S7_SYNTAX_DBREAD, .raw = items[i]->at, .raw_len = items[i]->len};

        assert_int_equal(s7_session_read(session, &item, 1, 1, S7_NEVER_NS), S7_OK);
        struct bytes sent = take_sent(session);
        assert_int_equal(sent.len, want.len);
        assert_memory_equal(sent.at, want.at, want.len);
        feed_bytes(session, pdu(S7_ROSCTR_ACK_DATA, 2, 0, "04 01", answers[i]), &record);
        expect_event(&record, 0, S7_EVENT_ANSWER, S7_OK, 1);
        assert_int_equal(record.events[0].data_len, answer.len);
        assert_memory_equal(record.events[0].data, answer.at, answer.len);
        s7_session_free(session);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(s7_052_whole_numbers_come_as_05_or_04_in_bits),
        cmocka_unit_test(s7_053_a_real_comes_as_07_in_bytes_or_04_in_bits),
        cmocka_unit_test(s7_054_characters_timers_and_counters_come_as_09_in_bytes),
        cmocka_unit_test(s7_055_an_odd_item_is_followed_by_a_fill_byte_unless_last),
        cmocka_unit_test(s7_066_timers_and_counters_are_addressed_by_number),
        cmocka_unit_test(s7_177_a_dbread_item_is_sent_as_it_is_and_answered_by_one_unit),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "client.conformance_read");
}
