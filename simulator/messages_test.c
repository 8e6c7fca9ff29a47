/* The message service: bytes in, bytes out, and what is told without being asked for. */
#include "simulator/test_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define STOP         "3201 0000 1400 0010 0000 290000000000 09 505f50524f4752414d"
#define WARM         "3201 0000 1500 0014 0000 28000000000000fd 0000 09 505f50524f4752414d"
#define STOPPED      "3203 0000 1400 0001 0000 0000 29"
#define STARTED      "3203 0000 1500 0001 0000 0000 28"
#define MODE_PUSH(m) "3207 0000 0000 0008 0000 01001010 0000 " m "00"
#define DIAG_PUSH                                                                                            \
    "3207 0000 0000 0008 0018 00011204 11 04 03 00 ff090014 4304 ff84 0000 0000 00000000 2611241903254783"

static int open_rig(void **state)
{
    static struct rig rig;

    rig_open(&rig, "s7-300");
    rig_handshake(&rig, 240, 1);
    *state = &rig;
    return 0;
}

static int close_rig(void **state)
{
    rig_close(*state);
    return 0;
}

/* "HmiRtm  ", these events, these alarms ("": none); the answer's error and data. */
static void log_on(struct rig *rig, const char *events, const char *alarms, const char *error,
                   const char *data)
{
    char request[256], answer[256];
    uint8_t bytes[16];
    size_t len = 10 + rig_hex(alarms, bytes, sizeof bytes), data_len = rig_hex(data, bytes, sizeof bytes);

    snprintf(request, sizeof request,
             "3207 0000 2100 0008 %04zx 00011204 11 44 02 00 ff09 %04zx %s 00 486d6952746d2020 %s", 4 + len,
             len, events, alarms);
    snprintf(answer, sizeof answer, "3207 0000 2100 000c %04zx 00011208 12 84 02 01 0000 %s %s %04zx %s",
             4 + data_len, error, data_len > 0 ? "ff09" : "0a00", data_len, data);
    rig_ask_pdu(rig, request, answer);
}

static void s7_183_is_logged_on_and_off_as_panels_do(void **state)
{
    log_on(*state, "01", "", "0000", "0200");
    log_on(*state, "03", "", "0000", "0200");
    log_on(*state, "81", "0900", "0000", "0200 09 0100");
    log_on(*state, "81", "0500", "0000", "0200 05 0100");
    log_on(*state, "00", "", "0000", "0200");
    log_on(*state, "80", "0800", "0000", "0200 08 0100");
    log_on(*state, "80", "0400", "0000", "0200 04 0100");
}

static void s7_183_alarms_are_begun_once_and_of_known_types(void **state)
{
    log_on(*state, "81", "0900", "0000", "0200 09 0100");
    log_on(*state, "81", "0900", "d403", "");
    log_on(*state, "80", "0800", "0000", "0200 08 0100");
    log_on(*state, "81", "0900", "0000", "0200 09 0100");
    log_on(*state, "81", "0300", "d405", "");
    log_on(*state, "81", "", "d405", "");
    rig_ask_pdu(*state, "3207 0000 2100 0008 0008 00011204 11 44 02 00 ff09 0004 01004142",
                "3207 0000 2100 000c 0004 00011208 12 84 02 01 0000 d405 0a000000");
}

#define SINKS 12 /* status list 0131, index 5, of this CPU */

/* Another connection beside the one that the rig has, which is kept. */
static sim_session *beside(struct rig *rig)
{
    sim_session *kept = rig->session;

    rig->session = NULL;
    rig_connect(rig);
    rig_handshake(rig, 240, 1);
    return kept;
}

static void s7_183_no_more_are_told_its_diagnosis_than_a_CPU_has_places_for(void **state)
{
    struct rig *rig = *state;
    sim_session *others[SINKS];

    for (unsigned i = 0; i < SINKS; i++) {
        log_on(rig, "01", "", "0000", "0200"); /* for modes there is always a place */
        log_on(rig, i % 2 == 0 ? "03" : "04", "", "0000", "0200");
        log_on(rig, "03", "", "0000", "0200"); /* its own place, again */
        others[i] = beside(rig);
    }
    log_on(rig, "01", "", "0000", "0200");
    log_on(rig, "02", "", "d404", "");
    log_on(rig, "82", "0900", "d404", "");
    log_on(rig, "81", "0900", "0000", "0200 09 0100"); /* what was refused has begun no alarms */
    sim_session_free(others[0]);
    log_on(rig, "02", "", "0000", "0200");
    others[0] = beside(rig);
    log_on(rig, "02", "", "d404", "");
    for (unsigned i = 0; i < SINKS; i++)
        sim_session_free(others[i]);
    assert_int_equal(rig->plc.n_diagnosing, 0);
}

static void a_log_on_that_is_undone_gives_its_place_back(void **state)
{
    struct rig *rig = *state;
    uint8_t bytes[64], *room;
    size_t len;

    len = rig_hex(
        "03000027 02f080 3207 0000 2100 0008 000e 00011204 11 44 02 00 ff09 000a 02 00 486d6952746d2020",
        bytes, sizeof bytes);
    assert_true(sim_session_room(rig->session, &room) > len);
    memcpy(room, bytes, len);
    sim_session_received(rig->session, len, rig->now_ns);
    sim_session_mark(rig->session);
    for (int run = 0; run < 2; run++) {
        sim_session_step(rig->session, &rig->last);
        sim_session_run(rig->session, SIM_WRITES_RUN, &rig->last);
        assert_int_equal(rig->plc.n_diagnosing, 1);
        sim_session_rewind(rig->session);
        assert_int_equal(rig->plc.n_diagnosing, 0);
    }
    rig_turn(rig);
    rig_expect_pdu(rig, "3207 0000 2100 000c 0006 00011208 12 84 02 01 0000 0000 ff090002 0200");
    assert_int_equal(rig->plc.n_diagnosing, 1);
    rig_handshake(rig, 240, 1); /* a new session on the same connection */
    assert_int_equal(rig->plc.n_diagnosing, 0);
}

static void s7_145_184_and_185_a_stop_is_told_behind_its_answer_as_diagnosis_then_mode(void **state)
{
    struct rig *rig = *state;

    log_on(rig, "03", "", "0000", "0200");
    rig_feed(rig, "03000021 02f080" STOP);
    rig_expect_pdu(rig, STOPPED);
    rig_expect_pdu(rig, DIAG_PUSH);
    rig_expect_pdu(rig, MODE_PUSH("00"));
    rig_expect(rig, "");
    rig_feed(rig, "03000025 02f080" WARM);
    rig_expect_pdu(rig, STARTED);
    rig_expect_pdu(rig, MODE_PUSH("02"));
    rig_expect(rig, "");
}

static void s7_184_each_is_told_what_it_logged_on_for(void **state)
{
    struct rig *rig = *state;

    rig_ask_pdu(rig, STOP, STOPPED); /* nobody asked */
    rig_ask_pdu(rig, WARM, STARTED);
    log_on(rig, "01", "", "0000", "0200"); /* what was before is not told */
    rig_feed(rig, "03000021 02f080" STOP);
    rig_expect_pdu(rig, STOPPED);
    rig_expect_pdu(rig, MODE_PUSH("00"));
    rig_expect(rig, "");
    log_on(rig, "02", "", "0000", "0200");
    rig_ask_pdu(rig, WARM, STARTED);
    rig_feed(rig, "03000021 02f080" STOP);
    rig_expect_pdu(rig, STOPPED);
    rig_expect_pdu(rig, DIAG_PUSH);
    rig_expect(rig, "");
    log_on(rig, "00", "", "0000", "0200");
    rig_ask_pdu(rig, WARM, STARTED);
    rig_ask_pdu(rig, STOP, STOPPED);
    log_on(rig, "01", "", "0000", "0200"); /* nor what was meanwhile */
    rig_expect(rig, "");
}

static void s7_184_what_was_refused_is_not_told(void **state)
{
    struct rig *rig = *state;

    log_on(rig, "03", "", "0000", "0200");
    rig_ask_pdu(rig, WARM, "3203 0000 1500 0002 0000 8402 2803");
}

static void a_new_session_on_the_same_connection_is_told_nothing(void **state)
{
    struct rig *rig = *state;

    log_on(rig, "03", "", "0000", "0200");
    rig_handshake(rig, 240, 1);
    rig_ask_pdu(rig, STOP, STOPPED);
}

static void s7_186_no_alarm_is_there(void **state)
{
    rig_ask_pdu(*state,
                "3207 0000 0200 0008 0010 00011204 11 44 13 00 ff09 000c 0001 12081a00 01 34 00000004",
                "3207 0000 0200 000c 000a 00011208 12 84 13 03 0000 0000 ff09 0006 0001 0a000000");
    rig_ask_pdu(*state, "3207 0000 0200 0008 0006 00011204 11 44 13 00 ff09 0002 0001",
                "3207 0000 0200 000c 0004 00011208 12 84 13 03 0000 d405 0a000000");
}

static void s7_171_and_204_a_read_may_be_sent_right_behind(void **state)
{
    struct rig *rig = *state;

    rig_feed(rig, "03000027 02f080 3207 0000 0100 0008 000e 00011204 11 44 02 00 ff09 000a"
                  "01 00 486d6952746d2020"
                  "0300001f 02f080 3201 0000 0200 000e 0000 0401 120a1002 0002 0001 84 000020");
    rig_expect_pdu(rig, "3207 0000 0100 000c 0006 00011208 12 84 02 01 0000 0000 ff090002 0200");
    rig_expect_pdu(rig, "3203 0000 0200 0002 0006 0000 0401 ff040010 0405");
    rig_expect(rig, "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_rig, close_rig)
    const struct CMUnitTest tests[] = {
        TEST(s7_183_is_logged_on_and_off_as_panels_do),
        TEST(s7_183_alarms_are_begun_once_and_of_known_types),
        TEST(s7_183_no_more_are_told_its_diagnosis_than_a_CPU_has_places_for),
        TEST(a_log_on_that_is_undone_gives_its_place_back),
        TEST(s7_145_184_and_185_a_stop_is_told_behind_its_answer_as_diagnosis_then_mode),
        TEST(s7_184_each_is_told_what_it_logged_on_for),
        TEST(s7_184_what_was_refused_is_not_told),
        TEST(a_new_session_on_the_same_connection_is_told_nothing),
        TEST(s7_186_no_alarm_is_there),
        TEST(s7_171_and_204_a_read_may_be_sent_right_behind),
    };

    return cmocka_run_group_tests_name("simulator.messages", tests, NULL, NULL);
}
