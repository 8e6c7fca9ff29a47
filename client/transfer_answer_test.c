#include "client/test_names.h"
#include "client/transfer_rig.h"

/* ---- answers of the PLC ---- */

static void s7_052_053_and_054_lengths_in_the_other_unit_are_understood(void **state)
{
    uint8_t data[4][32];

    (void)state;
    for (unsigned len = 1; len <= 32; len++) {
        s7_item items[4] = {bytes_item(S7_AREA_DB, 5, (uint16_t)len, data[0]),
                            typed_item("T3:TIMER[9]", data[1]), typed_item("M10.3", data[2]),
                            bytes_item(S7_AREA_M, 50, 1, data[3])};

        rig_up(240, 1);
        rig.plc.other_unit = true;
        assert_int_equal(run(false, items, 4, NULL), S7_OK);
        assert_memory_equal(data[0], rig.plc.db1 + 5, len);
        assert_memory_equal(data[1], rig.plc.timers + 6, 18);
        assert_int_equal(data[2][0], rig.plc.m[10] >> 3 & 1);
        assert_int_equal(data[3][0], rig.plc.m[50]);
        rig_down();
    }
}

static void s7_056_a_fill_byte_after_the_last_item_is_tolerated(void **state)
{
    uint8_t data[3];
    s7_item item = bytes_item(S7_AREA_DB, 5, 3, data);

    (void)state;
    rig_up(240, 1);
    rig.plc.trailing_fill = true;
    assert_int_equal(run(false, &item, 1, NULL), S7_OK);
    assert_memory_equal(data, rig.plc.db1 + 5, 3);
    rig_down();
}

static void s7_058_a_failed_item_has_no_payload_whatever_its_length_says(void **state)
{
    uint8_t data[3][4];

    (void)state;
    for (unsigned lying = 0; lying < 2; lying++) {
        for (unsigned bad = 0; bad < 3; bad++) {
            s7_errinfo err = S7_ERRINFO_INIT;
            s7_item items[3];

            rig_up(240, 1);
            rig.plc.lying_errors = lying != 0;
            for (unsigned i = 0; i < 3; i++)
                items[i] = bytes_item(S7_AREA_DB, 10 * i, 3, data[i]);
            items[bad].address.byte = FAKE_DB_LEN - 2;
            assert_int_equal(run(false, items, 3, &err), S7_E_PARTIAL);
            for (unsigned i = 0; i < 3; i++) {
                assert_int_equal(items[i].status, i == bad ? S7_E_ITEM_ADDRESS : S7_OK);
                assert_int_equal(items[i].code, i == bad ? 0x05 : 0xFF);
                if (i != bad)
                    assert_memory_equal(data[i], rig.plc.db1 + 10 * i, 3);
            }
            assert_int_equal(err.item, (int)bad);
            assert_int_equal(err.item_code, 0x05);
            assert_int_equal(err.status, S7_E_PARTIAL);
            assert_string_equal(err.came, "item refused: 0x05 address out of range");
            assert_true(err.hint[0] != '\0');
            rig_down();
        }
    }
}

static void s7_077_writes_report_each_item(void **state)
{
    uint8_t data[4] = {1, 2, 3, 4};
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_item items[3] = {bytes_item(S7_AREA_DB, 0, 4, data), bytes_item(S7_AREA_DB, 0, 4, data),
                        bytes_item(S7_AREA_M, 0, 4, data)};

    (void)state;
    rig_up(240, 1);
    items[1].address.db = 2;
    assert_int_equal(run(true, items, 3, &err), S7_E_PARTIAL);
    assert_int_equal(items[0].status, S7_OK);
    assert_int_equal(items[1].status, S7_E_ITEM_MISSING);
    assert_int_equal(items[2].status, S7_OK);
    assert_memory_equal(rig.plc.m, data, 4);
    assert_int_equal(err.item, 1);
    rig_down();
}

static void a_cut_item_fails_by_its_failing_part(void **state)
{
    static uint8_t data[1000];
    s7_item items[2] = {bytes_item(S7_AREA_DB, FAKE_DB_LEN - 500, 1000, data),
                        bytes_item(S7_AREA_DB, 0, 4, data)};

    (void)state;
    rig_up(240, 3);
    assert_int_equal(run(false, items, 2, NULL), S7_E_PARTIAL);
    assert_int_equal(items[0].status, S7_E_ITEM_ADDRESS);
    assert_int_equal(items[1].status, S7_OK);
    rig_down();
}

static void a_header_error_fails_the_call_and_the_rest_is_not_sent(void **state)
{
    static uint8_t data[1000];
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_item items[2] = {bytes_item(S7_AREA_DB, 0, 1000, data), bytes_item(S7_AREA_DB, 0, 4, data)};

    (void)state;
    rig_up(240, 1);
    rig.plc.refuse = 0x8104;
    assert_int_equal(run(false, items, 2, &err), S7_E_PLC);
    assert_int_equal(rig.plc.jobs, 0);
    assert_int_equal(s7_session_stats(rig.session)->jobs, 1);
    assert_int_equal(items[0].status, S7_E_PLC);
    assert_int_equal(items[1].status, S7_E_PLC);
    assert_int_equal(err.plc_error, 0x8104);
    expect_text(err.hint, "PUT/GET");
    rig_down();
}

/* ---- answers that do not fit ---- */

/* Give the transfer one hand-made answer to its first job. */
static void answer_with(const char *param, const char *data)
{
    struct bytes sent = take_sent(rig.session);
    struct bytes answer = pdu(S7_ROSCTR_ACK_DATA, sent_ref(&sent, 0), 0, param, data);

    give(rig.session, answer.at, answer.len);
    take_events();
}

static void answers_that_do_not_fit_the_items_are_protocol_errors(void **state)
{
    static const struct {
        const char *data;
        s7_status call, first, second;
    } cases[] = {
        {"ff 04 00 10 01 02 ff 04 00 20 01 02 03 04", S7_OK, S7_OK, S7_OK},
        {"ff 05 00 10 01 02 ff 07 00 04 01 02 03 04", S7_OK, S7_OK, S7_OK},
        {"ff 04 00 18 01 02 03 00 ff 04 00 20 01 02 03 04", S7_E_PARTIAL, S7_E_PROTOCOL, S7_OK},
        {"ff 04 00 08 01 00 ff 04 00 20 01 02 03 04", S7_E_PARTIAL, S7_E_PROTOCOL, S7_OK},
        {"ff 11 00 02 01 02 ff 04 00 20 01 02 03 04", S7_E_PARTIAL, S7_E_PROTOCOL, S7_OK},
        {"ff 00 00 00 ff 04 00 20 01 02 03 04", S7_E_PARTIAL, S7_E_PROTOCOL, S7_OK},
        {"ff 04 00 10 01 02 ff 04 00 20 01 02 03", S7_E_PROTOCOL, S7_E_PROTOCOL, S7_E_PROTOCOL},
        {"ff 04 00 10 01 02 ff 04", S7_E_PROTOCOL, S7_E_PROTOCOL, S7_E_PROTOCOL},
        {"ff 04 00 10 01 02", S7_E_PROTOCOL, S7_E_PROTOCOL, S7_E_PROTOCOL},
        {"", S7_E_PROTOCOL, S7_E_PROTOCOL, S7_E_PROTOCOL},
        {"ff 04 00 10 01 02 ff 04 00 20 01 02 03 04 00", S7_OK, S7_OK, S7_OK},
        {"ff 04 00 10 01 02 ff 04 00 20 01 02 03 04 00 00", S7_E_PROTOCOL, S7_E_PROTOCOL, S7_E_PROTOCOL},
        {"05 04 ff ff ff 04 00 20 01 02 03 04", S7_E_PARTIAL, S7_E_ITEM_ADDRESS, S7_OK},
        {"85 00 00 00 03 00 00 00", S7_E_PARTIAL, S7_E_ITEM_OTHER, S7_E_ITEM_ACCESS},
    };
    uint8_t data[8];

    (void)state;
    for (unsigned c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        s7_item items[2] = {bytes_item(S7_AREA_DB, 0, 2, data), bytes_item(S7_AREA_DB, 0, 4, data + 2)};

        rig_up(240, 1);
        begin(false, items, 2, S7_NEVER_NS);
        answer_with("04 02", cases[c].data);
        assert_true(s7_transfer_done(&rig.transfer));
        s7_status call = s7_transfer_result(&rig.transfer, NULL);
        if (call != cases[c].call || items[0].status != cases[c].first || items[1].status != cases[c].second)
            fail_msg("case %u: %s, %s, %s", c, s7_errname(call), s7_errname(items[0].status),
                     s7_errname(items[1].status));
        rig_down();
    }
}

static void s7_087_write_answers_with_other_counts_are_protocol_errors(void **state)
{
    static const char *const answers[] = {"ff", "ff ff ff", ""};
    uint8_t data[8] = {0};

    (void)state;
    for (unsigned c = 0; c < 3; c++) {
        s7_item items[2] = {bytes_item(S7_AREA_DB, 0, 2, data), bytes_item(S7_AREA_DB, 0, 4, data + 2)};
        s7_errinfo err = S7_ERRINFO_INIT;

        rig_up(240, 1);
        begin(true, items, 2, S7_NEVER_NS);
        answer_with("05 02", answers[c]);
        assert_int_equal(s7_transfer_result(&rig.transfer, &err), S7_E_PROTOCOL);
        assert_int_equal(items[0].status, S7_E_PROTOCOL);
        assert_true(err.came[0] != '\0');
        rig_down();
    }
}

/* Mutated answers: never a crash, never a byte outside the item. */
static void random_answers_never_write_past_the_items(void **state)
{
    uint32_t seed = 7;

    (void)state;
    for (unsigned round = 0; round < 8000; round++) {
        uint8_t data[64];
        s7_item items[3] = {bytes_item(S7_AREA_DB, 0, 3, data + 4), bytes_item(S7_AREA_DB, 0, 8, data + 20),
                            typed_item("M1.0", data + 40)};

        rig_up(240, 1);
        memset(data, 0xEE, sizeof data);
        begin(false, items, 3, S7_NEVER_NS);
        plc_takes();
        for (unsigned i = draw(&seed) % 5; i > 0; i--)
            rig.answers[0].at[21 + draw(&seed) % (rig.answers[0].len - 21)] = (uint8_t)draw(&seed);
        deliver(0);
        if (s7_transfer_done(&rig.transfer) && s7_transfer_result(&rig.transfer, NULL) == S7_OK)
            expect_items_good(items, 3);
        for (unsigned i = 0; i < sizeof data; i++)
            if (!(i >= 4 && i < 7) && !(i >= 20 && i < 28) && i != 40 && data[i] != 0xEE)
                fail_msg("round %u: byte %u was written", round, i);
        rig_down();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(s7_052_053_and_054_lengths_in_the_other_unit_are_understood),
        cmocka_unit_test(s7_056_a_fill_byte_after_the_last_item_is_tolerated),
        cmocka_unit_test(s7_058_a_failed_item_has_no_payload_whatever_its_length_says),
        cmocka_unit_test(s7_077_writes_report_each_item),
        cmocka_unit_test(a_cut_item_fails_by_its_failing_part),
        cmocka_unit_test(a_header_error_fails_the_call_and_the_rest_is_not_sent),
        cmocka_unit_test(answers_that_do_not_fit_the_items_are_protocol_errors),
        cmocka_unit_test(s7_087_write_answers_with_other_counts_are_protocol_errors),
        cmocka_unit_test(random_answers_never_write_past_the_items),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "client.transfer_answer");
}
