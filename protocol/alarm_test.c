#include "protocol/alarm.h"

#include "protocol/hex_test.h"
#include "protocol/messages.h"
#include "protocol/prng_test.h"
#include "protocol/szl.h"
#include "protocol/userdata.h"

static uint8_t bytes[HEX_CAP], buf[HEX_CAP];

static struct s7_userdata decode(const char *text)
{
    struct s7_pdu pdu;
    struct s7_userdata userdata;
    size_t len = hex_bytes(text, bytes);

    assert_int_equal(s7_pdu_decode(bytes, len, &pdu), S7_OK);
    assert_int_equal(s7_userdata_decode(&pdu, &userdata), S7_OK);
    return userdata;
}

/* ---- the message service ---- */

static void s7_183_a_log_on_names_events_and_user(void **state)
{
    struct s7_messages request = {.events = S7_MESSAGES_MODE | S7_MESSAGES_DIAG, .name = "HmiRtm"}, again;
    uint8_t payload[S7_MESSAGES_REQUEST_MAX];
    struct s7_wr inner = {payload, sizeof payload, 0, false}, wr = {buf, sizeof buf, 0, false};

    (void)state;
    s7_messages_append(&inner, &request);
    struct s7_userdata userdata = s7_userdata_request(S7_GROUP_CPU, S7_CPU_MESSAGES, payload, inner.len);
    s7_userdata_encode(&wr, 0x2100, &userdata);
    expect_hex(&wr, "32 07 00 00 21 00 00 08 00 0e 00 01 12 04 11 44 02 00 ff 09 00 0a 03 00 "
                    "48 6d 69 52 74 6d 20 20");
    assert_int_equal(s7_messages_decode(payload, inner.len, &again), S7_OK);
    assert_int_equal(again.events, 3);
    assert_string_equal(again.name, "HmiRtm");
    for (size_t len = 0; len < inner.len; len++)
        assert_int_equal(s7_messages_decode(payload, len, &again), S7_E_FRAME);
}

static void s7_183_alarms_are_begun_and_ended_by_their_type(void **state)
{
    struct s7_messages request = {.events = S7_MESSAGES_MODE | S7_MESSAGES_ALARMS,
                                  .name = "S7CHN_02",
                                  .alarms = S7_MESSAGES_ALARM_S | S7_MESSAGES_BEGIN},
                       again;
    struct s7_wr wr = {buf, sizeof buf, 0, false}, answer = {bytes, sizeof bytes, 0, false};

    (void)state;
    s7_messages_append(&wr, &request);
    expect_hex(&wr, "81 00 53 37 43 48 4e 5f 30 32 09 00");
    s7_messages_answer_append(&answer, &request);
    expect_hex(&answer, "02 00 09 01 00");
    assert_int_equal(s7_messages_decode(buf, wr.len, &again), S7_OK);
    assert_int_equal(again.alarms, 9);
    assert_int_equal(s7_messages_decode(buf, wr.len - 2, &again), S7_E_FRAME);
    request.events = 0;
    answer.len = 0;
    s7_messages_answer_append(&answer, &request);
    expect_hex(&answer, "02 00");
}

static void s7_185_a_mode_push_has_a_form_of_its_own(void **state)
{
    struct s7_wr wr = {buf, sizeof buf, 0, false};
    struct s7_pdu pdu;
    uint8_t mode = 0x55;

    (void)state;
    s7_mode_push_encode(&wr, S7_MODE_PUSH_STOP);
    expect_hex(&wr, "32 07 00 00 00 00 00 08 00 00 01 00 10 10 00 00 00 00");
    wr.len = 0;
    s7_mode_push_encode(&wr, S7_MODE_PUSH_RUN);
    expect_hex(&wr, "32 07 00 00 00 00 00 08 00 00 01 00 10 10 00 00 02 00");
    assert_int_equal(s7_pdu_decode(buf, wr.len, &pdu), S7_OK);
    assert_true(s7_mode_push_decode(&pdu, &mode));
    assert_int_equal(mode, S7_MODE_PUSH_RUN);
    pdu.param_len--;
    assert_false(s7_mode_push_decode(&pdu, &mode));
    pdu.param_len++;
    pdu.rosctr = S7_ROSCTR_JOB;
    assert_false(s7_mode_push_decode(&pdu, &mode));
    pdu.rosctr = S7_ROSCTR_USERDATA;
    buf[10] = 0;
    assert_false(s7_mode_push_decode(&pdu, &mode));
}

static void s7_145_a_diagnostic_push_is_an_entry_of_the_buffer(void **state)
{
    struct s7_szl_diag diag;

    (void)state;
    struct s7_userdata push = decode("32 07 00 00 00 00 00 08 00 18 00 01 12 04 11 04 03 00 ff 09 00 14 "
                                     "43 04 ff 84 00 00 00 00 00 00 00 00 26 11 24 19 03 25 47 83");
    assert_int_equal(push.subfunction, S7_CPU_DIAG_PUSH);
    assert_int_equal(push.payload_len, S7_SZL_DIAG_LEN);
    assert_true(s7_szl_diag_decode((struct s7_rd){push.payload, push.payload_len}, &diag));
    assert_int_equal(diag.event, 0x4304);
    assert_int_equal(diag.time.year, 2026);
    assert_int_equal(diag.time.millisecond, 478);
}

/* ---- indications ---- */

#define ALARM_8                                                                                              \
    "32 07 00 00 00 00 00 08 00 20 00 01 12 04 11 04 05 00 ff 09 00 1c "                                     \
    "26 11 24 19 03 25 47 83 40 01 12 0a 16 01 00 00 00 af 00 00 fe fe ff 04 00 10 00 01"

static void s7_186_an_alarm_8_has_event_states_acknowledgements_and_values(void **state)
{
    struct s7_alarm_walk walk;
    struct s7_alarm_object object;
    struct s7_data_unit value;
    bool more;

    (void)state;
    struct s7_userdata push = decode(ALARM_8);
    assert_true(s7_alarm_is_indication(push.subfunction));
    assert_int_equal(s7_alarm_begin(push.payload, push.payload_len, &walk), S7_OK);
    assert_int_equal(walk.time.day, 24);
    assert_int_equal(walk.left, 1);
    assert_int_equal(s7_alarm_next(&walk, &object, &more), S7_OK);
    assert_true(more);
    assert_int_equal(object.event, 0xAF);
    assert_int_equal(object.event_state, 0);
    assert_int_equal(object.state, 0);
    assert_int_equal(object.ack_going, 0xFE);
    assert_int_equal(object.ack_coming, 0xFE);
    assert_true(s7_alarm_next_value(&object, &value));
    assert_int_equal(value.payload_len, 2);
    assert_memory_equal(value.payload, "\0\1", 2);
    assert_false(s7_alarm_next_value(&object, &value));
    assert_int_equal(s7_alarm_next(&walk, &object, &more), S7_OK);
    assert_false(more);
    assert_int_equal(walk.rd.left, 0);
}

static void s7_186_what_was_decoded_encodes_to_the_same_bytes(void **state)
{
    struct s7_alarm_walk walk;
    struct s7_alarm_object object, left;
    struct s7_data_unit values[1];
    struct s7_wr wr = {buf, sizeof buf, 0, false};
    bool more;

    (void)state;
    struct s7_userdata push = decode(ALARM_8);
    assert_int_equal(s7_alarm_begin(push.payload, push.payload_len, &walk), S7_OK);
    s7_alarm_head_append(&wr, &walk.time, 1);
    assert_int_equal(s7_alarm_next(&walk, &object, &more), S7_OK);
    left = object;
    assert_true(s7_alarm_next_value(&left, &values[0]));
    s7_alarm_object_append(&wr, &object, values, true);
    assert_int_equal(wr.len, push.payload_len);
    assert_memory_equal(buf, push.payload, wr.len);
}

static void s7_186_several_objects_come_with_their_own_values(void **state)
{
    struct s7_alarm_walk walk;
    struct s7_alarm_object object;
    struct s7_data_unit value;
    size_t len =
        hex_bytes("26 11 24 19 03 25 47 83 40 03 "
                  "12 0a 16 02 00 00 00 01 01 01 00 00 ff 09 00 01 aa 00 ff 05 00 10 00 00 " /* odd */
                  "12 0e 1c 00 00 00 00 02 02 03 04 05 06 07 08 00 " /* a notification */
                  "12 08 19 00 00 00 00 03 ff fe",                   /* acknowledged */
                  bytes);
    bool more;

    (void)state;
    assert_int_equal(s7_alarm_begin(bytes, len, &walk), S7_OK);
    assert_int_equal(s7_alarm_next(&walk, &object, &more), S7_OK);
    assert_int_equal(object.n_values, 2);
    assert_true(s7_alarm_next_value(&object, &value));
    assert_int_equal(value.payload[0], 0xAA);
    assert_true(s7_alarm_next_value(&object, &value));
    assert_int_equal(value.size, S7_DATA_INT);
    assert_int_equal(s7_alarm_next(&walk, &object, &more), S7_OK);
    assert_int_equal(object.event, 2);
    assert_int_equal(object.state, 3);
    assert_int_equal(object.ack_coming, 5);
    assert_int_equal(s7_alarm_next(&walk, &object, &more), S7_OK);
    assert_int_equal(object.event, 3);
    assert_int_equal(object.ack_going, 0xFF);
    assert_int_equal(s7_alarm_next(&walk, &object, &more), S7_OK);
    assert_false(more);
}

static void every_cut_of_an_indication_is_noticed(void **state)
{
    struct s7_alarm_walk walk;
    struct s7_alarm_object object;
    bool more;

    (void)state;
    struct s7_userdata push = decode(ALARM_8);
    for (size_t len = 0; len < push.payload_len; len++)
        if (s7_alarm_begin(push.payload, len, &walk) == S7_OK)
            assert_int_equal(s7_alarm_next(&walk, &object, &more), S7_E_FRAME);
    bytes[22 + 12] = 0x17; /* another syntax */
    assert_int_equal(s7_alarm_begin(push.payload, push.payload_len, &walk), S7_OK);
    assert_int_equal(s7_alarm_next(&walk, &object, &more), S7_E_FRAME);
}

/* ---- the query ---- */

static void s7_186_a_query_asks_by_type(void **state)
{
    uint8_t payload[S7_ALARM_QUERY_LEN], query;
    struct s7_wr inner = {payload, sizeof payload, 0, false}, wr = {buf, sizeof buf, 0, false};
    uint32_t type;

    (void)state;
    s7_alarm_query_append(&inner, S7_ALARM_QUERY_400, S7_ALARM_TYPE_8);
    struct s7_userdata request = s7_userdata_request(S7_GROUP_CPU, S7_CPU_ALARM_QUERY, payload, inner.len);
    s7_userdata_encode(&wr, 0x0A00, &request);
    expect_hex(&wr, "32 07 00 00 0a 00 00 08 00 10 00 01 12 04 11 44 13 00 ff 09 00 0c 00 01 12 08 1a 00 "
                    "08 34 00 00 00 02");
    assert_int_equal(s7_alarm_query_decode(payload, sizeof payload, &query, &type), S7_OK);
    assert_int_equal(query, S7_ALARM_QUERY_400);
    assert_int_equal(type, S7_ALARM_TYPE_8);
    for (size_t len = 0; len < sizeof payload; len++)
        assert_int_equal(s7_alarm_query_decode(payload, len, &query, &type), S7_E_FRAME);
}

static void s7_186_an_answer_lists_alarms(void **state)
{
    struct s7_alarm_entry entries[2];
    struct s7_wr wr = {buf, sizeof buf, 0, false};
    struct s7_rd rd;

    (void)state;
    struct s7_userdata answer =
        decode("32 07 00 00 0a 00 00 0c 00 22 00 01 12 08 12 84 13 8a 00 00 00 00 "
               "ff 09 00 1e 00 01 ff 09 00 18 "
               "0a 00 00 02 00 00 00 2f 00 00 cf cf 0a 00 00 02 00 00 00 af 00 01 fe fe");
    assert_int_equal(s7_alarm_answer_decode(answer.payload, answer.payload_len, &rd), S7_OK);
    assert_true(s7_alarm_entry_next(&rd, &entries[0]));
    assert_true(s7_alarm_entry_next(&rd, &entries[1]));
    assert_int_equal(rd.left, 0);
    assert_int_equal(entries[0].event, 0x2F);
    assert_int_equal(entries[0].ack_going, 0xCF);
    assert_int_equal(entries[1].event, 0xAF);
    assert_int_equal(entries[1].state, 1);
    assert_int_equal(entries[1].type, S7_ALARM_TYPE_8);
    s7_alarm_answer_append(&wr, entries, 2);
    assert_int_equal(wr.len, answer.payload_len);
    assert_memory_equal(buf, answer.payload, wr.len);
}

static void s7_186_an_empty_answer_says_so(void **state)
{
    struct s7_alarm_entry entry;
    struct s7_wr wr = {buf, sizeof buf, 0, false};
    struct s7_rd rd;

    (void)state;
    s7_alarm_answer_append(&wr, NULL, 0);
    expect_hex(&wr, "00 01 0a 00 00 00");
    assert_int_equal(s7_alarm_answer_decode(buf, wr.len, &rd), S7_OK);
    assert_false(s7_alarm_entry_next(&rd, &entry));
    assert_int_equal(rd.left, 0);
    assert_int_equal(s7_alarm_answer_decode((const uint8_t *)"\0\0", 2, &rd), S7_OK);
    assert_int_equal(rd.left, 0);
    for (size_t len = 0; len < wr.len; len++)
        assert_int_equal(s7_alarm_answer_decode(buf, len, &rd), S7_E_FRAME);
    buf[2] = 0x03;
    assert_int_equal(s7_alarm_answer_decode(buf, wr.len, &rd), S7_E_FRAME);
}

static void alarms_of_alarm_s_have_times_and_values(void **state)
{
    struct s7_alarm_entry entry;
    struct s7_rd rd = {bytes, hex_bytes("1e 00 00 04 60 00 00 01 00 01 00 00 "
                                        "26 11 24 19 03 25 47 83 ff 09 00 01 aa 00 "
                                        "00 00 00 00 00 00 00 00 00 09 00 00",
                                        bytes)};
    struct s7_rd whole = rd;

    (void)state;
    assert_true(s7_alarm_entry_next(&rd, &entry));
    assert_int_equal(rd.left, 0);
    assert_int_equal(entry.event, 0x60000001);
    assert_int_equal(entry.coming.hour, 19);
    assert_int_equal(entry.going.year, 0);
    for (size_t len = 0; len < whole.left; len++) {
        struct s7_rd cut = {whole.at, len};

        assert_false(s7_alarm_entry_next(&cut, &entry));
        assert_int_equal(cut.left, len);
    }
}

/* ---- any bytes ---- */

static void objects_of_any_bytes_end_and_stay_inside(void **state)
{
    struct prng prng = {4711};

    (void)state;
    for (unsigned round = 0; round < 20000; round++) {
        struct s7_userdata push = decode(ALARM_8);
        struct s7_alarm_walk walk;
        struct s7_alarm_object object;
        struct s7_data_unit value;
        bool more = true;

        for (unsigned i = 0; i < 3; i++)
            bytes[22 + prng_below(&prng, (uint32_t)push.payload_len)] = (uint8_t)prng_below(&prng, 256);
        size_t len = prng_below(&prng, (uint32_t)push.payload_len + 1);
        if (s7_alarm_begin(push.payload, len, &walk) != S7_OK)
            continue;
        while (s7_alarm_next(&walk, &object, &more) == S7_OK && more)
            for (unsigned n = object.n_values; n > 0; n--) {
                assert_true(s7_alarm_next_value(&object, &value));
                assert_true(value.payload_len == 0 ||
                            (value.payload >= push.payload &&
                             value.payload + value.payload_len <= push.payload + len));
            }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(s7_183_a_log_on_names_events_and_user),
        cmocka_unit_test(s7_183_alarms_are_begun_and_ended_by_their_type),
        cmocka_unit_test(s7_185_a_mode_push_has_a_form_of_its_own),
        cmocka_unit_test(s7_145_a_diagnostic_push_is_an_entry_of_the_buffer),
        cmocka_unit_test(s7_186_an_alarm_8_has_event_states_acknowledgements_and_values),
        cmocka_unit_test(s7_186_what_was_decoded_encodes_to_the_same_bytes),
        cmocka_unit_test(s7_186_several_objects_come_with_their_own_values),
        cmocka_unit_test(every_cut_of_an_indication_is_noticed),
        cmocka_unit_test(s7_186_a_query_asks_by_type),
        cmocka_unit_test(s7_186_an_answer_lists_alarms),
        cmocka_unit_test(s7_186_an_empty_answer_says_so),
        cmocka_unit_test(alarms_of_alarm_s_have_times_and_values),
        cmocka_unit_test(objects_of_any_bytes_end_and_stay_inside),
    };

    return cmocka_run_group_tests_name("protocol.alarm", tests, NULL, NULL);
}
