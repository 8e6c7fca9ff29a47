/* A download at a session, frame by frame. */
#include "client/download.h"

#include "client/fake_services.h"
#include "client/test_names.h"

#define BLOCK_LEN 500

/* A block on a session whose next reference is 2, with PDUs of 240 bytes: pieces of 222, 222 and 56. */
struct rig {
    s7_session *session;
    struct s7_download download;
    uint8_t block[BLOCK_LEN];
    uint16_t peer_ref; /* of its next job */
};

static s7_session *session_of_240(void)
{
    struct s7_session_options options = usual_options();

    return ready_session(&options, 1, 1, 240);
}

static void pump(struct rig *rig)
{
    struct s7_event event;

    rig->download.work.ops->pump(&rig->download.work, rig->session);
    while (s7_session_state(rig->session) == S7_SESSION_CLOSED && s7_session_next(rig->session, &event))
        rig->download.work.ops->event(&rig->download.work, &event);
}

static void take_events(struct rig *rig)
{
    struct s7_event event;

    while (s7_session_next(rig->session, &event))
        rig->download.work.ops->event(&rig->download.work, &event);
}

static void rig_new(struct rig *rig, uint8_t type, uint8_t subtype, uint16_t has, uint16_t gets)
{
    *rig = (struct rig){.session = session_of_240(), .peer_ref = 0x0100};
    fake_make_block(rig->block, BLOCK_LEN, subtype, has);
    assert_null(s7_download_begin(&rig->download, type, "DB", gets, rig->block, BLOCK_LEN));
    rig->download.work.deadline_ns = 1000 * MS;
    pump(rig);
}

static void rig_begin(struct rig *rig)
{
    rig_new(rig, 'A', 0x0A, 1, 1);
    take_sent(rig->session);
}

static void rig_end(struct rig *rig)
{
    s7_session_free(rig->session);
}

static bool rig_done(const struct rig *rig)
{
    return rig->download.work.ops->done(&rig->download.work);
}

static void come(struct rig *rig, struct bytes bytes)
{
    give(rig->session, bytes.at, bytes.len);
    take_events(rig);
    pump(rig);
}

static struct bytes ack(uint16_t ref, uint16_t error, const char *param)
{
    return pdu(S7_ROSCTR_ACK_DATA, ref, error, param, "");
}

/* "1b" or "1c" for "0A00001", with an error. */
static struct bytes job(uint16_t ref, const char *function, uint16_t error, const char *name)
{
    char param[80];
    int at =
        snprintf(param, sizeof param, "%s 00 %02x %02x 00 00 00 00 09 5f", function, error >> 8, error & 255);

    for (; *name != '\0'; name++)
        at += snprintf(param + at, sizeof param - (size_t)at, " %02x", (unsigned)*name);
    snprintf(param + at, sizeof param - (size_t)at, " 50");
    return pdu(S7_ROSCTR_JOB, ref, 0, param, "");
}

static void asks(struct rig *rig, const char *function)
{
    come(rig, job(rig->peer_ref, function, 0, "0A00001"));
    rig->peer_ref = (uint16_t)(rig->peer_ref + 0x0200);
}

static void accept_request(struct rig *rig)
{
    come(rig, ack(2, 0, "1a"));
}

/* As far as the PLC has all. */
static void give_all(struct rig *rig)
{
    accept_request(rig);
    for (unsigned i = 0; i < 3; i++) {
        asks(rig, "1b");
        take_sent(rig->session);
    }
}

static void expect_result(const struct rig *rig, s7_status status, uint16_t plc_error, const char *part)
{
    uint16_t error;
    const char *detail;

    assert_true(rig_done(rig));
    s7_status got = s7_download_result(&rig->download, &error, &detail);
    if (got != status || error != plc_error)
        fail_msg("%s, error %04X (%s); expected %s, %04X", s7_errname(got), error, detail, s7_errname(status),
                 plc_error);
    expect_text(detail, part);
}

/* ---- what it is for ---- */

/* The piece of len bytes from `from` on. */
static void expect_piece(const struct rig *rig, const struct bytes *sent, uint16_t ref, size_t from,
                         size_t len, bool more)
{
    char head[96];

    snprintf(head, sizeof head,
             "03 00 00 %02zx 02 f0 80 32 03 00 00 %02x %02x 00 02 00 %02zx 00 00 1b %02x 00 %02zx 00 fb",
             25 + len, ref >> 8, ref & 255, len + 4, more, len);
    struct bytes want = hex(head);
    memcpy(want.at + want.len, rig->block + from, len);
    want.len += len;
    assert_int_equal(sent->len, want.len);
    assert_memory_equal(sent->at, want.at, want.len);
}

static void s7_137_and_198_the_plc_asks_for_pieces_and_the_end_in_order(void **state)
{
    static const size_t lens[] = {222, 222, 56};
    struct rig rig;
    size_t at = 0;

    (void)state;
    rig_new(&rig, 'A', 0x0A, 1, 1);
    struct bytes sent = take_sent(rig.session);
    expect_bytes(&sent,
                 "03 00 00 31 02 f0 80 32 01 00 00 00 02 00 20 00 00 1a 00 01 00 00 00 00 00 09 5f 30 41 30 "
                 "30 30 30 31 50 0d 31 30 30 30 35 30 30 30 30 30 34 30 30");
    accept_request(&rig);
    assert_int_equal(take_sent(rig.session).len, 0);
    for (unsigned i = 0; i < 3; i++) {
        uint16_t ref = rig.peer_ref;

        asks(&rig, "1b");
        sent = take_sent(rig.session);
        expect_piece(&rig, &sent, ref, at, lens[i], i < 2);
        at += lens[i];
    }
    asks(&rig, "1c");
    sent = take_sent(rig.session);
    expect_bytes(
        &sent, "03 00 00 14 02 f0 80 32 03 00 00 07 00 00 01 00 00 00 00 1c "
               "03 00 00 2b 02 f0 80 32 01 00 00 00 03 00 1a 00 00 28 00 00 00 00 00 00 fd 00 0a 01 00 30 41 "
               "30 30 30 30 31 50 05 5f 49 4e 53 45");
    assert_false(rig_done(&rig));
    come(&rig, ack(3, 0, "28"));
    expect_result(&rig, S7_OK, 0, "");
    assert_int_equal(s7_session_window(rig.session), 1);
    rig_end(&rig);
}

static void s7_198_obs_dbs_and_sdbs_go_the_same_way(void **state)
{
    static const struct {
        uint8_t type, subtype;
        uint16_t number;
        const char *name;
    } blocks[] = {{'8', 0x08, 1, "0800001"},
                  {'A', 0x0A, 65535, "0A65535"},
                  {'B', 0x0B, 2000, "0B02000"},
                  {'C', 0x0C, 10, "0C00010"},
                  {'E', 0x0E, 7, "0E00007"}};

    (void)state;
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        struct rig rig;

        rig_new(&rig, blocks[i].type, blocks[i].subtype, blocks[i].number, blocks[i].number);
        struct bytes sent = take_sent(rig.session);
        assert_memory_equal(sent.at + 27, blocks[i].name, 7);
        accept_request(&rig);
        for (uint16_t n = 0; n < 4; n++) {
            come(&rig, job((uint16_t)(n * 0x0200), n < 3 ? "1b" : "1c", 0, blocks[i].name));
            take_sent(rig.session);
        }
        come(&rig, ack(3, 0, "28"));
        expect_result(&rig, S7_OK, 0, "");
        rig_end(&rig);
    }
}

static void the_first_piece_may_be_asked_for_right_behind_the_answer(void **state)
{
    struct rig rig;
    struct bytes both = ack(2, 0, "1a"), next = job(0x0100, "1b", 0, "0A00001");

    (void)state;
    rig_begin(&rig);
    append(&both, &next);
    come(&rig, both);
    struct bytes sent = take_sent(rig.session);
    expect_piece(&rig, &sent, 0x0100, 0, 222, true);
    rig_end(&rig);
}

static void under_another_number_the_head_says_it_and_the_checksum_is_not_given(void **state)
{
    struct rig rig;
    uint8_t want[BLOCK_LEN], got[BLOCK_LEN];
    size_t len = 0;

    (void)state;
    rig_new(&rig, 'A', 0x0A, 1, 0x1234);
    memcpy(want, rig.block, sizeof want);
    want[6] = 0x12;
    want[7] = 0x34;
    want[BLOCK_LEN - 10] = want[BLOCK_LEN - 9] = 0;
    take_sent(rig.session);
    accept_request(&rig);
    for (unsigned i = 0; i < 3; i++) {
        come(&rig, job((uint16_t)i, "1b", 0, "0A04660"));
        struct bytes sent = take_sent(rig.session);
        memcpy(got + len, sent.at + 25, sent.len - 25);
        len += sent.len - 25;
    }
    assert_int_equal(len, BLOCK_LEN);
    assert_memory_equal(got, want, BLOCK_LEN);
    assert_int_equal(rig.block[7], 1); /* the caller's stays */
    rig_end(&rig);
}

/* ---- refusals ---- */

static void a_request_that_is_refused_leaves_the_connection_usable(void **state)
{
    struct rig rig;

    (void)state;
    rig_begin(&rig);
    come(&rig, pdu(S7_ROSCTR_ACK, 2, 0xD241, "", ""));
    expect_result(&rig, S7_E_PLC, 0xD241, "");
    expect_text(rig.download.what, "download DB1 to");
    assert_int_equal(s7_session_window(rig.session), 1);
    come(&rig, job(1, "1b", 0, "0A00001"));
    assert_int_equal(take_sent(rig.session).len, 0);
    rig_end(&rig);
}

static void an_error_at_the_end_is_a_refusal_and_nothing_is_inserted(void **state)
{
    struct rig rig;

    (void)state;
    rig_begin(&rig);
    give_all(&rig);
    come(&rig, job(0x0700, "1c", 0xD20F, "0A00001"));
    struct bytes sent = take_sent(rig.session);
    expect_bytes(&sent, "03 00 00 14 02 f0 80 32 03 00 00 07 00 00 01 00 00 00 00 1c");
    expect_result(&rig, S7_E_PLC, 0xD20F, "after 500 of 500 bytes; the block was not inserted");
    assert_int_equal(s7_session_window(rig.session), 1);
    rig_end(&rig);
    rig_begin(&rig);
    accept_request(&rig);
    come(&rig, job(0x0700, "1c", 0xD20F, "0A00001")); /* before the first piece */
    expect_result(&rig, S7_E_PLC, 0xD20F, "after 0 of 500 bytes");
    rig_end(&rig);
}

static void s7_196_an_insertion_that_is_refused_is_told_as_such(void **state)
{
    struct rig rig;

    (void)state;
    rig_begin(&rig);
    give_all(&rig);
    asks(&rig, "1c");
    come(&rig, ack(3, 0xD2A9, "28 02"));
    expect_result(&rig, S7_E_PLC, 0xD2A9, "");
    expect_text(rig.download.what, "insert DB1, which was downloaded, in");
    assert_int_equal(s7_session_window(rig.session), 1);
    rig_end(&rig);
}

/* ---- peers that do otherwise ---- */

static void expect_broken_off(struct rig *rig, const char *why)
{
    expect_result(rig, S7_E_PROTOCOL, 0, why);
    assert_int_equal(s7_session_state(rig->session), S7_SESSION_CLOSED);
    rig_end(rig);
}

static void jobs_that_do_not_belong_to_the_download_break_it_off(void **state)
{
    static const char *const names[] = {"0A00002", "0B00001", "0A65536",  "0A0000x",
                                        "1A00001", "0A0001",  "0A000001", ""};
    static const char *const params[] = {"", "1b", "1b 00 00 00 00 00 00 00",
                                         "1d 00 00 00 00 00 00 00 09 5f 30 41 30 30 30 30 31 50",
                                         "1b 00 00 00 00 00 00 00 09 5f 30 41 30 30 30 30 31 50 00"};
    struct rig rig;

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        rig_begin(&rig);
        accept_request(&rig);
        come(&rig, job(1, "1b", 0, names[i]));
        expect_broken_off(&rig, i < 2 ? "a piece of another block, after 0 of 500 bytes"
                                      : "belongs to no download");
    }
    for (size_t i = 0; i < sizeof params / sizeof params[0]; i++) {
        rig_begin(&rig);
        accept_request(&rig);
        come(&rig, pdu(S7_ROSCTR_JOB, 1, 0, params[i], ""));
        expect_broken_off(&rig, "belongs to no download");
    }
}

static void a_plc_that_asks_on_and_on_is_given_nothing_beyond_the_end(void **state)
{
    struct rig rig;

    (void)state;
    rig_begin(&rig);
    give_all(&rig);
    asks(&rig, "1b");
    assert_int_equal(take_sent(rig.session).len, 0);
    expect_broken_off(&rig, "more than the block has, after 500 of 500 bytes; the block was not inserted");
}

static void a_plc_that_does_not_wait_for_its_answers_is_none(void **state)
{
    struct rig rig;
    struct bytes two = job(1, "1b", 0, "0A00001"), second = job(2, "1b", 0, "0A00001");

    (void)state;
    rig_begin(&rig);
    accept_request(&rig);
    append(&two, &second);
    come(&rig, two);
    assert_int_equal(take_sent(rig.session).len, 0);
    expect_broken_off(&rig, "asked again before it was answered");
}

static void steps_in_another_order_break_it_off(void **state)
{
    struct rig rig;

    (void)state;
    rig_begin(&rig);
    asks(&rig, "1b"); /* before the answer to the request, which comes never or late */
    expect_broken_off(&rig, "before it took the request");
    rig_begin(&rig);
    accept_request(&rig);
    asks(&rig, "1b");
    asks(&rig, "1c");
    expect_broken_off(&rig, "ended the download early, after 222 of 500 bytes");
    rig_begin(&rig);
    come(&rig, ack(2, 0, "28")); /* the answer to another job */
    expect_broken_off(&rig, "the answer of another function");
}

static void jobs_after_the_end_are_ignored(void **state)
{
    struct rig rig;

    (void)state;
    rig_begin(&rig);
    give_all(&rig);
    asks(&rig, "1c");
    take_sent(rig.session);
    asks(&rig, "1b");
    asks(&rig, "1c");
    assert_int_equal(take_sent(rig.session).len, 0);
    come(&rig, ack(3, 0, "28"));
    expect_result(&rig, S7_OK, 0, "");
    rig_end(&rig);
}

/* ---- time and ends ---- */

static void lose(struct rig *rig)
{
    s7_session_lost(rig->session, S7_E_RESET);
    take_events(rig);
}

static void s7_154_the_end_of_the_connection_is_known_to_change_nothing_before_the_insertion(void **state)
{
    struct rig rig;

    (void)state;
    rig_begin(&rig);
    lose(&rig);
    expect_result(&rig, S7_E_RESET, 0, "");
    rig_end(&rig);
    rig_begin(&rig);
    accept_request(&rig);
    asks(&rig, "1b");
    lose(&rig);
    expect_result(&rig, S7_E_RESET, 0, "after 222 of 500 bytes; the block was not inserted");
    rig_end(&rig);
    rig_begin(&rig);
    give_all(&rig);
    asks(&rig, "1c");
    lose(&rig); /* the request to insert it was not sent yet */
    expect_result(&rig, S7_E_RESET, 0, "");
    rig_end(&rig);
    rig_begin(&rig);
    give_all(&rig);
    asks(&rig, "1c");
    take_sent(rig.session);
    lose(&rig);
    expect_result(&rig, S7_E_OUTCOME_UNKNOWN, 0, "");
    expect_text(rig.download.what, "insert DB1, which was downloaded, in");
    rig_end(&rig);
}

static void a_plc_that_asks_no_more_is_given_up_at_the_deadline(void **state)
{
    struct rig rig;

    (void)state;
    for (unsigned step = 0; step < 3; step++) {
        rig_begin(&rig);
        if (step > 0)
            accept_request(&rig);
        if (step > 1)
            asks(&rig, "1b");
        take_sent(rig.session);
        assert_int_equal(s7_session_deadline(rig.session), 1000 * MS);
        s7_session_tick(rig.session, 1000 * MS);
        take_events(&rig);
        expect_result(&rig, S7_E_TIMEOUT, 0,
                      step == 0 ? "in time" : "nothing more came from the PLC in time, after");
        assert_int_equal(s7_session_state(rig.session), S7_SESSION_CLOSED);
        rig_end(&rig);
    }
}

static void cancelling_closes_the_connection_unless_nothing_was_asked(void **state)
{
    struct rig rig;

    (void)state;
    for (unsigned step = 0; step < 4; step++) {
        rig_begin(&rig);
        if (step == 1)
            accept_request(&rig);
        if (step > 1)
            give_all(&rig);
        if (step > 2)
            asks(&rig, "1c");
        take_sent(rig.session);
        rig.download.work.ops->cancel(&rig.download.work, rig.session, S7_E_CANCELLED, "");
        take_events(&rig);
        expect_result(&rig, step < 3 ? S7_E_CANCELLED : S7_E_OUTCOME_UNKNOWN, 0,
                      step == 1 ? "after 0 of" : "");
        assert_int_equal(s7_session_state(rig.session), step < 3 ? S7_SESSION_CLOSED : S7_SESSION_READY);
        rig_end(&rig);
    }
    rig = (struct rig){.session = session_of_240()};
    must_read(rig.session, 0, 1, S7_NEVER_NS); /* it waits for its place in the window */
    fake_make_block(rig.block, BLOCK_LEN, 0x0A, 1);
    assert_null(s7_download_begin(&rig.download, 'A', "DB", 1, rig.block, BLOCK_LEN));
    pump(&rig);
    assert_false(rig.download.work.ops->waits(&rig.download.work));
    rig.download.work.ops->cancel(&rig.download.work, rig.session, S7_E_CANCELLED, "");
    expect_result(&rig, S7_E_CANCELLED, 0, "");
    assert_int_equal(s7_session_state(rig.session), S7_SESSION_READY);
    rig_end(&rig);
}

/* ---- blocks that are none ---- */

static void s7_140_a_block_has_the_length_that_its_head_says(void **state)
{
    static struct s7_download download;
    uint8_t block[BLOCK_LEN + 1];

    (void)state;
    fake_make_block(block, BLOCK_LEN, 0x0A, 1);
    assert_null(s7_download_begin(&download, 'A', "DB", 1, block, BLOCK_LEN));
    for (size_t len = 0; len <= BLOCK_LEN + 1; len++) {
        const char *why = s7_download_begin(&download, 'A', "DB", 1, block, len);

        if ((why == NULL) != (len == BLOCK_LEN))
            fail_msg("%zu bytes: %s", len, why != NULL ? why : "taken");
        if (why != NULL)
            expect_text(why, len < 36 ? "a head of 36 bytes" : "says that it has 500 bytes");
    }
    expect_text(s7_download_begin(&download, 'B', "SDB", 1, block, BLOCK_LEN), "of another type");
    block[34] = 0x01; /* 429: one more than there is room for between head and foot */
    block[35] = 0xAD;
    expect_text(s7_download_begin(&download, 'A', "DB", 1, block, BLOCK_LEN),
                "too few for head, foot and the 429");
    block[35]--;
    assert_null(s7_download_begin(&download, 'A', "DB", 1, block, BLOCK_LEN));
    block[0] = 0x71;
    expect_text(s7_download_begin(&download, 'A', "DB", 1, block, BLOCK_LEN), "begins with 7070");
}

static void a_block_is_as_long_as_six_digits_say(void **state)
{
    static uint8_t block[1000001];
    static struct s7_download download;

    (void)state;
    fake_make_block(block, BLOCK_LEN, 0x0A, 1);
    for (uint32_t len = 999999; len <= 1000000; len++) {
        for (unsigned i = 0; i < 4; i++)
            block[8 + i] = (uint8_t)(len >> 8 * (3 - i));
        const char *why = s7_download_begin(&download, 'A', "DB", 1, block, len);
        assert_int_equal(why == NULL, len == 999999);
    }
}

/* ---- anything ---- */

/* What the PLC sends with some bytes changed: the download ends or goes on, and never gives more than the
 * block has. */
static void damaged_jobs_never_break_it(void **state)
{
    uint32_t seed = 20261127;

    (void)state;
    for (unsigned round = 0; round < 5000; round++) {
        struct rig rig;

        rig_begin(&rig);
        accept_request(&rig);
        for (unsigned i = 0; i < 5 && s7_session_state(rig.session) == S7_SESSION_READY; i++) {
            struct bytes bytes = job((uint16_t)i, draw(&seed) % 4 == 0 ? "1c" : "1b", 0, "0A00001");

            if (draw(&seed) % 2 == 0)
                bytes.at[17 + draw(&seed) % (bytes.len - 17)] = (uint8_t)draw(&seed);
            come(&rig, bytes);
            assert_true(take_sent(rig.session).len <= 7 + 240 + 43);
        }
        assert_true(rig.download.given <= BLOCK_LEN);
        assert_true(rig_done(&rig) || rig.download.work.ops->waits(&rig.download.work));
        rig_end(&rig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(s7_137_and_198_the_plc_asks_for_pieces_and_the_end_in_order),
        cmocka_unit_test(s7_198_obs_dbs_and_sdbs_go_the_same_way),
        cmocka_unit_test(the_first_piece_may_be_asked_for_right_behind_the_answer),
        cmocka_unit_test(under_another_number_the_head_says_it_and_the_checksum_is_not_given),
        cmocka_unit_test(a_request_that_is_refused_leaves_the_connection_usable),
        cmocka_unit_test(an_error_at_the_end_is_a_refusal_and_nothing_is_inserted),
        cmocka_unit_test(s7_196_an_insertion_that_is_refused_is_told_as_such),
        cmocka_unit_test(jobs_that_do_not_belong_to_the_download_break_it_off),
        cmocka_unit_test(a_plc_that_asks_on_and_on_is_given_nothing_beyond_the_end),
        cmocka_unit_test(a_plc_that_does_not_wait_for_its_answers_is_none),
        cmocka_unit_test(steps_in_another_order_break_it_off),
        cmocka_unit_test(jobs_after_the_end_are_ignored),
        cmocka_unit_test(s7_154_the_end_of_the_connection_is_known_to_change_nothing_before_the_insertion),
        cmocka_unit_test(a_plc_that_asks_no_more_is_given_up_at_the_deadline),
        cmocka_unit_test(cancelling_closes_the_connection_unless_nothing_was_asked),
        cmocka_unit_test(s7_140_a_block_has_the_length_that_its_head_says),
        cmocka_unit_test(a_block_is_as_long_as_six_digits_say),
        cmocka_unit_test(damaged_jobs_never_break_it),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "client.download");
}
