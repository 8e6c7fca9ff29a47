/* Conformance of pushes: what a PLC tells on its own, raw, to a session that did not ask for it, and to one
 * that did. */
#include "client/session_script.h"
#include "client/test_names.h"

/* While a job is open: no event, no answer to it, and no answer of an unknown job either. */
static void expect_ignored(struct bytes push)
{
    s7_session *session = usual_ready(1);
    struct record record = {.n = 0};

    must_read(session, 0, 7, S7_NEVER_NS);
    take_sent(session);
    feed_bytes(session, push, &record);
    assert_int_equal(record.n, 0);
    assert_int_equal(take_sent(session).len, 0);
    assert_int_equal(s7_session_stats(session)->unknown_refs, 0);
    feed_bytes(session, byte_answer(2, 0x2A), &record);
    expect_event(&record, 0, S7_EVENT_ANSWER, S7_OK, 7);
    s7_session_free(session);
}

static void s7_185_a_mode_push_has_8_parameter_bytes_and_is_ignored(void **state)
{
    (void)state;
    for (unsigned mode = 0; mode < 256; mode++) {
        struct bytes push = hex("03 00 00 19 02 f0 80 32 07 00 00 00 00 00 08 00 00 01 00 10 10 00 00 00 00");

        push.at[23] = (uint8_t)mode;
        expect_ignored(push);
    }
}

/* Of groups 2 (cyclic) and 4 (diagnosis, alarm); with the parameters of either length. */
static void s7_146_pushes_of_every_kind_are_ignored(void **state)
{
    static const char *const pushes[][2] = {
        {"00 01 12 08 12 05 05 01 00 00 00 00", "ff 09 00 08 00 01 ff 04 00 10 12 34"},
        {"00 01 12 08 12 02 05 01 00 00 00 00", "ff 09 00 03 00 01 fe"},
        {"00 01 12 04 11 04 03 00",
         "ff 09 00 14 43 04 ff 84 c7 00 00 00 00 00 14 14 26 01 31 12 34 56 78 97"},
        {"00 01 12 04 11 04 05 00", "ff 09 00 04 26 01 31 12"},
        {"00 01 12 08 12 01 04 01 00 00 00 00", "ff 09 00 02 00 00"},
        {"00 01 12 04 11 0f 7f 00", ""},
        {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof pushes / sizeof pushes[0]; i++)
        expect_ignored(pdu(S7_ROSCTR_USERDATA, 0, 0, pushes[i][0], pushes[i][1]));
}

/* A push of group 2 about which the session knows nothing but that it is none of its answers. */
static struct bytes some_push(void)
{
    return pdu(S7_ROSCTR_USERDATA, 0, 0, "00 01 12 08 12 02 05 01 00 00 00 00",
               "ff 09 00 08 00 01 ff 04 00 10 12 34");
}

static void s7_101_wanted_pushes_are_events_and_take_no_place_of_a_job(void **state)
{
    s7_session *session = usual_ready(2);
    struct record record = {.n = 0};

    (void)state;
    s7_session_want_pushes(session, true);
    must_read(session, 0, 7, S7_NEVER_NS);
    assert_int_equal(s7_session_window(session), 1);
    for (unsigned i = 0; i < 5; i++)
        feed_bytes(session, some_push(), &record);
    assert_int_equal(record.n, 5);
    expect_event(&record, 0, S7_EVENT_PUSH, S7_OK, 0);
    assert_int_equal(record.events[4].data_len, 12);
    assert_memory_equal(record.events[4].data, "\xff\x09\x00\x08\x00\x01", 6);
    assert_int_equal(s7_session_window(session), 1);
    assert_int_equal(s7_session_open(session), 1);
    feed_bytes(session, byte_answer(2, 0x2A), &record);
    expect_event(&record, 5, S7_EVENT_ANSWER, S7_OK, 7);
    assert_int_equal(s7_session_owed(session), 0);
    s7_session_free(session);
}

static void s7_146_pushes_are_ignored_before_they_are_wanted_and_afterwards(void **state)
{
    s7_session *session = usual_negotiating();
    struct record record = {.n = 0};

    (void)state;
    s7_session_want_pushes(session, true);
    feed_bytes(session, some_push(), &record); /* before the setup is done */
    assert_int_equal(record.n, 0);
    feed_bytes(session, setup_grants(1, 1, 1, 480), &record);
    feed_bytes(session, some_push(), &record);
    assert_int_equal(record.n, 2);
    expect_event(&record, 1, S7_EVENT_PUSH, S7_OK, 0);
    s7_session_want_pushes(session, false);
    feed_bytes(session, some_push(), &record);
    assert_int_equal(record.n, 2);
    s7_session_free(session);
}

static void pushes_and_answers_of_one_segment_come_in_their_order(void **state)
{
    s7_session *session = usual_ready(1);
    struct record record = {.n = 0};
    struct bytes segment = some_push(), answer = byte_answer(2, 0x2A), push = some_push();

    (void)state;
    s7_session_want_pushes(session, true);
    must_read(session, 0, 7, S7_NEVER_NS);
    append(&segment, &answer);
    append(&segment, &push);
    feed_bytes(session, segment, &record);
    assert_int_equal(record.n, 3);
    expect_event(&record, 0, S7_EVENT_PUSH, S7_OK, 0);
    expect_event(&record, 1, S7_EVENT_ANSWER, S7_OK, 7);
    expect_event(&record, 2, S7_EVENT_PUSH, S7_OK, 0);
    s7_session_free(session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(s7_101_wanted_pushes_are_events_and_take_no_place_of_a_job),
        cmocka_unit_test(s7_146_pushes_are_ignored_before_they_are_wanted_and_afterwards),
        cmocka_unit_test(pushes_and_answers_of_one_segment_come_in_their_order),
        cmocka_unit_test(s7_185_a_mode_push_has_8_parameter_bytes_and_is_ignored),
        cmocka_unit_test(s7_146_pushes_of_every_kind_are_ignored),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "client.conformance_push");
}
