#include "client/test_names.h"
#include "client/transfer_rig.h"

/* ---- checks before sending ---- */

static void s7_167_addresses_outside_the_wire_are_refused_before_sending(void **state)
{
    uint8_t data[8];

    (void)state;
    for (unsigned c = 0; c < 10; c++) {
        s7_errinfo err = S7_ERRINFO_INIT;
        s7_item items[2] = {bytes_item(S7_AREA_DB, 0, 4, data), bytes_item(S7_AREA_DB, 0, 4, data)};
        s7_item *bad = &items[1];

        switch (c) {
        case 0:
            bad->data = NULL;
            break;
        case 1:
            bad->len = 3;
            break;
        case 2:
            bad->address.count = 0;
            break;
        case 3:
            bad->address.byte = 2097149; /* its last byte would be 2097152 */
            break;
        case 4:
            bad->address.byte = UINT32_MAX;
            break;
        case 5:
            bad->address.db = 0;
            break;
        case 6:
            bad->address.bit = 1;
            break;
        case 7:
            *bad = typed_item("M10.7", data);
            bad->address.bit = 8;
            break;
        case 8:
            *bad = typed_item("DB1.DBB10:STRING(6)", data);
            bad->address.string_cap = 255;
            bad->len = 257;
            break;
        default:
            bad->address.area = S7_AREA_T; /* timers have 2 bytes, not 1 */
            break;
        }
        rig_up(240, 1);
        assert_int_equal(run(false, items, 2, &err), S7_E_ARG);
        assert_int_equal(items[0].status, S7_E_CANCELLED);
        assert_int_equal(items[1].status, S7_E_ARG);
        assert_int_equal(err.item, 1);
        assert_true(err.came[0] != '\0');
        assert_int_equal(rig.plc.jobs, 0);
        rig_down();
    }
}

static void s7_081_the_last_byte_of_the_address_space_can_be_asked_for(void **state)
{
    uint8_t data[4];
    s7_item item = bytes_item(S7_AREA_DB, 2097151, 1, data);

    (void)state;
    rig_up(240, 1);
    assert_int_equal(run(false, &item, 1, NULL), S7_E_PARTIAL);
    assert_int_equal(item.status, S7_E_ITEM_ADDRESS);
    assert_int_equal(rig.plc.items[0].bit_addr, 2097151 * 8);
    rig_down();
}

static void an_empty_list_is_done_at_once(void **state)
{
    (void)state;
    rig_up(240, 1);
    assert_int_equal(run(false, NULL, 0, NULL), S7_OK);
    assert_int_equal(s7_session_stats(rig.session)->jobs, 0);
    rig_down();
}

/* ---- two at once ---- */

static void two_transfers_share_a_session(void **state)
{
    static struct s7_transfer second;
    uint8_t a[4], b[4];
    s7_item first_item = bytes_item(S7_AREA_DB, 0, 4, a), second_item = bytes_item(S7_AREA_DB, 100, 4, b);
    struct s7_event event;

    (void)state;
    rig_up(240, 2);
    assert_int_equal(s7_transfer_begin(&rig.transfer, false, &first_item, 1, S7_NEVER_NS, NULL), S7_OK);
    assert_int_equal(s7_transfer_begin(&second, false, &second_item, 1, S7_NEVER_NS, NULL), S7_OK);
    s7_transfer_pump(&rig.transfer, rig.session);
    s7_transfer_pump(&second, rig.session);
    plc_takes();
    assert_int_equal(rig.n_answers, 2);
    for (unsigned i = 2; i-- > 0;) { /* the second answer first */
        give(rig.session, rig.answers[i].at, rig.answers[i].len);
        while (s7_session_next(rig.session, &event))
            assert_int_equal(s7_transfer_event(&rig.transfer, &event) + s7_transfer_event(&second, &event),
                             1);
    }
    assert_int_equal(s7_transfer_result(&rig.transfer, NULL), S7_OK);
    assert_int_equal(s7_transfer_result(&second, NULL), S7_OK);
    assert_memory_equal(a, rig.plc.db1, 4);
    assert_memory_equal(b, rig.plc.db1 + 100, 4);
    rig_down();
}

/* ---- giving up ---- */

static void a_withdrawn_read_says_why_and_owes_its_answers(void **state)
{
    static uint8_t data[1000];
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_item items[2] = {bytes_item(S7_AREA_DB, 0, 1000, data), bytes_item(S7_AREA_DB, 0, 4, data)};

    (void)state;
    rig_up(240, 2);
    begin(false, items, 2, S7_NEVER_NS);
    take_sent(rig.session);
    s7_transfer_cancel(&rig.transfer, rig.session, S7_E_TIMEOUT, "the test gave up");
    assert_false(s7_transfer_done(&rig.transfer));
    take_events();
    assert_true(s7_transfer_done(&rig.transfer));
    assert_int_equal(s7_transfer_result(&rig.transfer, &err), S7_E_TIMEOUT);
    assert_string_equal(err.came, "the test gave up");
    assert_int_equal(items[0].status, S7_E_TIMEOUT);
    assert_int_equal(items[1].status, S7_E_TIMEOUT);
    assert_int_equal(s7_session_owed(rig.session), 2);
    rig_down();
}

static void s7_154_writes_that_left_are_unknown_and_those_that_did_not_are_not(void **state)
{
    static uint8_t data[600];
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_item items[3] = {bytes_item(S7_AREA_DB, 0, 200, data), bytes_item(S7_AREA_DB, 200, 200, data),
                        bytes_item(S7_AREA_DB, 400, 200, data)};
    const uint8_t *bytes;

    (void)state;
    rig_up(240, 2);
    begin(true, items, 3, 100 * MS);
    assert_true(s7_session_pending(rig.session, &bytes) > 236);
    s7_session_sent(rig.session, 100); /* a part of the first job, nothing of the second */
    s7_session_tick(rig.session, 100 * MS);
    take_events();
    assert_true(s7_transfer_done(&rig.transfer));
    assert_int_equal(s7_transfer_result(&rig.transfer, &err), S7_E_OUTCOME_UNKNOWN);
    assert_int_equal(items[0].status, S7_E_OUTCOME_UNKNOWN);
    assert_int_equal(items[1].status, S7_E_TIMEOUT);
    assert_int_equal(items[2].status, S7_E_CANCELLED);
    assert_int_equal(err.item, 0);
    rig_down();
}

static void one_unknown_write_makes_the_call_unknown_whatever_failed_before(void **state)
{
    static uint8_t data[600];
    s7_item items[3] = {bytes_item(S7_AREA_DB, 0, 200, data), bytes_item(S7_AREA_DB, 200, 200, data),
                        bytes_item(S7_AREA_DB, 400, 200, data)};

    (void)state;
    rig_up(240, 2);
    begin(true, items, 3, 100 * MS);
    plc_takes();
    deliver(0); /* the third job takes the first one's slot, and is not sent: its event comes before the
                   second one's */
    s7_transfer_pump(&rig.transfer, rig.session);
    s7_session_tick(rig.session, 100 * MS);
    take_events();
    assert_int_equal(s7_transfer_result(&rig.transfer, NULL), S7_E_OUTCOME_UNKNOWN);
    assert_int_equal(items[0].status, S7_OK);
    assert_int_equal(items[1].status, S7_E_OUTCOME_UNKNOWN);
    assert_int_equal(items[2].status, S7_E_TIMEOUT);
    rig_down();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(s7_167_addresses_outside_the_wire_are_refused_before_sending),
        cmocka_unit_test(s7_081_the_last_byte_of_the_address_space_can_be_asked_for),
        cmocka_unit_test(an_empty_list_is_done_at_once),
        cmocka_unit_test(two_transfers_share_a_session),
        cmocka_unit_test(a_withdrawn_read_says_why_and_owes_its_answers),
        cmocka_unit_test(s7_154_writes_that_left_are_unknown_and_those_that_did_not_are_not),
        cmocka_unit_test(one_unknown_write_makes_the_call_unknown_whatever_failed_before),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "client.transfer_call");
}
