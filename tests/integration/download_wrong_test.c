/* download_wrong_test.c - downloads that go wrong: requests that are refused, wrong answers, turns that are
 * undone. */
#include "download_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TEN_S_NS INT64_C(10000000000)

/* ---- requests that are refused ---- */

static void a_request_must_have_the_form_and_a_name_and_lengths_that_fit(void **state)
{
    static const struct {
        size_t at; /* of the frame */
        uint8_t byte;
        uint16_t error;
    } wrongs[] = {{25, 8, 0xD202},   {26, 'x', 0xD202}, {27, '1', 0xD201}, {28, 'D', 0xD201},
                  {28, 'G', 0xD201}, {33, 'x', 0xD201}, {34, 'C', 0xD201}, {29, '7', 0xD210},
                  {33, '0', 0xD210}, {35, 12, 0xD202},  {36, '2', 0xD202}, {42, 'x', 0xD202},
                  {48, ' ', 0xD202}, {37, '2', 0xD20F}, {43, '1', 0xD20F}, {45, '1', 0xD219}};
    struct rig *rig = *state;
    struct dl_file db = dl_make('A', 1, 100, 3);

    for (size_t i = 0; i < sizeof wrongs / sizeof wrongs[0]; i++) {
        struct dl_frame frame = dl_start(&db);
        frame.bytes[wrongs[i].at] = wrongs[i].byte;
        struct dl_came came;
        dl_say(rig, frame, &came);
        assert_int_equal(came.n, 1);
        assert_int_equal(came.pdus[0].rosctr, S7_ROSCTR_ACK);
        if (came.pdus[0].error != wrongs[i].error)
            fail_msg("%c at %zu: %04X", wrongs[i].byte, wrongs[i].at, came.pdus[0].error);
    }
    dl_expect_usable(rig);
}

static void a_block_may_be_as_long_as_the_cpus_list_says(void **state)
{
    struct rig *rig = *state;
    struct dl_file fc = dl_make('C', 1, 1024, 3), longer = dl_make('C', 1, 1025, 3),
                   db = dl_make('A', 1, 1025, 3);

    dl_sql(rig, "INSERT INTO szl (list, record_len, data) VALUES"
                " (0x15, 10, x'0C00001000010000FFFE0A00001000400000FFFE')");
    rig_turn(rig);
    assert_int_equal(dl_error(rig, dl_start(&longer)), 0xD20F);
    assert_int_equal(dl_download(rig, &fc), 0);
    assert_int_equal(dl_download(rig, &db), 0);
}

static void one_block_at_a_time(void **state)
{
    struct rig *rig = *state;
    struct dl_file db = dl_make('A', 1, 100, 3), other = dl_make('A', 2, 100, 3);
    struct dl_came came;
    uint16_t ref;

    dl_say(rig, dl_start(&db), &came);
    (void)dl_job(&came, &ref);
    assert_int_equal(dl_error(rig, dl_start(&other)), 0xD240);
    assert_int_equal(dl_insert(rig, "0A00001P"), 0x8401); /* it is under way */
    assert_int_equal(dl_insert(rig, "0A00002P"), 0xD209);
    dl_expect_usable(rig); /* other jobs go on */
    dl_say(rig, dl_piece(ref, db.bytes, db.len, false), &came);
    assert_int_equal(dl_job(&came, &ref).function, S7_FN_DOWNLOAD_END);
    assert_int_equal(dl_error(rig, dl_start(&other)), 0xD240);
    dl_say(rig, dl_end(ref), &came);
    assert_int_equal(dl_download(rig, &other), 0);
    assert_int_equal(dl_insert(rig, "0A00001P0A00002P"), 0);
    dl_expect_uploads_as(rig, &db);
}

static void protection_keeps_blocks_out_and_in(void **state)
{
    struct rig *rig = *state;
    struct dl_file db = dl_make('A', 1, 100, 3);
    struct dl_came came;

    assert_int_equal(dl_download(rig, &db), 0);
    dl_sql(rig, "UPDATE plc SET protection = 2, password = 'secret'");
    assert_int_equal(dl_error(rig, dl_start(&db)), 0xD241);
    assert_int_equal(dl_insert(rig, "0A00001P"), 0xD241);
    dl_say(rig, dl_control("0A00001B", "_DELE"), &came);
    assert_int_equal(came.pdus[0].rosctr, S7_ROSCTR_ACK);
    assert_int_equal(came.pdus[0].error, 0xD241);
    assert_int_equal(dl_upload_error(rig, 'A', 1), 0);
    dl_sql(rig, "UPDATE plc SET protection = 1");
    assert_int_equal(dl_insert(rig, "0A00001P"), 0);
}

static void services_on_blocks_name_them_in_full(void **state)
{
    struct rig *rig = *state;
    struct dl_frame frame = dl_control("0A00001P", "_INSE");

    frame.bytes[27] = 2; /* two names */
    assert_int_equal(dl_error(rig, frame), 0xD202);
    assert_int_equal(dl_insert(rig, "1A00001P"), 0xD201);
    assert_int_equal(dl_insert(rig, "0A0000xP"), 0xD201);
    assert_int_equal(dl_delete(rig, "0A00001x"), 0xD201);
    assert_int_equal(dl_insert(rig, "0A99999P"), 0xD209);
    assert_int_equal(dl_delete(rig, "0A65538A"), 0xD209);
    assert_int_equal(dl_error(rig, dl_control("", "_INSE")), 0xD202);
    assert_int_equal(dl_error(rig, dl_control("0A00001P", "_XXXX")), 0x8104);
    dl_expect_usable(rig);
}

/* ---- answers that are wrong ---- */

static void s7_025_an_answer_to_nothing_ends_the_connection(void **state)
{
    struct rig *rig = *state;
    struct dl_file db = dl_make('A', 1, 100, 3);
    struct dl_came came;
    uint16_t ref;

    rig_feed_bytes(rig, dl_end(0x0100).bytes, dl_end(0x0100).len);
    assert_true(rig->ended);
    rig_connect(rig);
    rig_handshake(rig, 240, 1);
    dl_say(rig, dl_start(&db), &came);
    (void)dl_job(&came, &ref);
    struct dl_frame other = dl_piece((uint16_t)(ref + 1), db.bytes, db.len, false);
    rig_feed_bytes(rig, other.bytes, other.len);
    assert_true(rig->ended);
}

static void a_wrong_piece_ends_the_download_and_not_the_connection(void **state)
{
    struct rig *rig = *state;
    struct dl_file db = dl_make('A', 1, 300, 3);

    for (unsigned wrong = 0; wrong < 6; wrong++) {
        struct dl_came came;
        uint16_t ref;
        dl_say(rig, dl_start(&db), &came);
        (void)dl_job(&came, &ref);
        struct dl_frame frame = dl_piece(ref, db.bytes, 200, wrong != 0); /* the last one, too soon */
        if (wrong == 1)
            frame.bytes[24] = 0xFA;
        else if (wrong == 2)
            frame.bytes[22] = 199;
        else if (wrong == 3)
            frame.bytes[19] = S7_FN_DOWNLOAD_END;
        else if (wrong == 4)
            frame = dl_piece(ref, db.bytes, 223, true); /* longer than a PDU of 240 */
        else if (wrong == 5)
            frame = dl_piece(ref, db.bytes, 0, true);
        dl_say(rig, frame, &came);
        struct s7_download_job job = dl_job(&came, &ref);
        assert_int_equal(job.function, S7_FN_DOWNLOAD_END);
        assert_int_equal(job.error, wrong == 0 ? 0xD219 : 0x8500);
        dl_say(rig, dl_end(ref), &came);
        assert_int_equal(dl_insert(rig, "0A00001P"), 0xD209);
    }
    assert_int_equal(dl_download(rig, &db), 0);
    assert_int_equal(dl_insert(rig, "0A00001P"), 0);
}

static void more_than_was_announced_is_not_taken(void **state)
{
    struct rig *rig = *state;
    struct dl_file db = dl_make('A', 1, 300, 3);
    struct dl_came came;
    uint16_t ref;

    dl_say(rig, dl_start(&db), &came);
    for (int i = 0; i < 2; i++) {
        (void)dl_job(&came, &ref);
        dl_say(rig, dl_piece(ref, db.bytes, 200, true), &came);
    }
    assert_int_equal(dl_job(&came, &ref).function, S7_FN_DOWNLOAD); /* 400 of 400 */
    dl_say(rig, dl_piece(ref, db.bytes, 1, false), &came);
    assert_int_equal(dl_job(&came, &ref).error, 0xD219);
}

static void a_client_that_has_enough_ends_it_with_an_error(void **state)
{
    struct rig *rig = *state;
    struct dl_file db = dl_make('A', 1, 300, 3);
    struct dl_came came;
    uint16_t ref;

    for (uint8_t rosctr = S7_ROSCTR_ACK; rosctr <= S7_ROSCTR_ACK_DATA; rosctr++) {
        dl_say(rig, dl_start(&db), &came);
        (void)dl_job(&came, &ref);
        struct dl_frame frame = dl_end(ref);
        frame.bytes[8] = rosctr;
        frame.bytes[17] = 0x85;
        dl_say(rig, frame, &came);
        assert_int_equal(came.n, 0);
        assert_int_equal(dl_insert(rig, "0A00001P"), 0xD209);
    }
    assert_int_equal(dl_download(rig, &db), 0);
}

static void an_answer_is_waited_for_ten_seconds(void **state)
{
    struct rig *rig = *state;
    struct dl_file db = dl_make('A', 1, 300, 3);
    struct dl_came came;
    uint16_t ref;

    dl_say(rig, dl_start(&db), &came);
    (void)dl_job(&came, &ref);
    assert_int_equal(sim_session_due(rig->session), rig->now_ns + TEN_S_NS);
    rig->now_ns += TEN_S_NS - 1;
    rig_turn(rig);
    dl_say(rig, dl_piece(ref, db.bytes, 222, true), &came);
    (void)dl_job(&came, &ref);
    rig->now_ns += TEN_S_NS;
    rig_turn(rig);
    rig_expect(rig, "");
    dl_expect_usable(rig);
    assert_int_equal(sim_session_due(rig->session), INT64_MAX);
    struct dl_frame late = dl_piece(ref, db.bytes + 222, 178, false);
    rig_feed_bytes(rig, late.bytes, late.len);
    assert_true(rig->ended);
}

/* ---- turns that are run twice ---- */

/* Feed a frame, run its turn, undo that, run it again. */
static void say_twice(struct rig *rig, struct dl_frame frame, struct dl_came *came)
{
    sim_session *session = rig->session;
    uint8_t *room, first[2000];
    const uint8_t *bytes;
    struct sim_step step;
    size_t first_len = 0;

    assert_true(sim_session_room(session, &room) >= frame.len);
    memcpy(room, frame.bytes, frame.len);
    sim_session_received(session, frame.len, rig->now_ns);
    rig->plc.now_ns = rig->now_ns;
    for (int run = 0; run < 2; run++) {
        assert_int_equal(plant_turn_begin(rig->plant, run == 1), S7_OK); /* undone by storing nothing */
        if (run == 0)
            sim_session_mark(session);
        do {
            sim_session_step(session, &step);
            if (step.result == SIM_STEP_REQUEST)
                sim_session_run(session, run == 0 ? SIM_WRITES_REFUSE : SIM_WRITES_RUN, &step);
            while (sim_session_tell(session))
                continue;
        } while (step.result == SIM_STEP_DONE);
        assert_int_equal(plant_turn_end(rig->plant), S7_OK);
        if (run == 0) {
            first_len = sim_session_pending(session, &bytes);
            memcpy(first, bytes, first_len);
            sim_session_rewind(session);
        }
    }
    size_t len = sim_session_pending(session, &bytes);
    assert_int_equal(len, first_len);
    assert_memory_equal(bytes, first, len);
    sim_session_turn_done(session);
    dl_take(rig, came);
}

static void turns_that_are_run_twice_take_a_block_once(void **state)
{
    struct rig *rig = *state;

    for (uint16_t round = 0; round < 3; round++) {
        struct dl_file db = dl_make('A', (uint16_t)(50 + round), (uint16_t)(900 + round), (uint8_t)round);
        struct dl_came came;
        uint16_t ref, before = 0;
        size_t given = 0;

        say_twice(rig, dl_start(&db), &came);
        while (dl_job(&came, &ref).function == S7_FN_DOWNLOAD) {
            size_t len = db.len - given < 222 ? db.len - given : 222;
            assert_true(before == 0 || ref == before + 0x0200);
            before = ref;
            say_twice(rig, dl_piece(ref, db.bytes + given, len, given + len < db.len), &came);
            given += len;
        }
        assert_int_equal(dl_job(&came, &ref).error, 0);
        say_twice(rig, dl_end(ref), &came);
        char name[16];
        snprintf(name, sizeof name, "0A%05uP", 50U + round);
        assert_int_equal(dl_insert(rig, name), 0);
        dl_expect_uploads_as(rig, &db);
    }
}

/* Run what waits, as the server does. */
static s7_status run_turn(struct rig *rig, enum sim_writes writes)
{
    struct sim_step step;

    do {
        sim_session_step(rig->session, &step);
        if (step.result == SIM_STEP_REQUEST)
            sim_session_run(rig->session, writes, &step);
        while (sim_session_tell(rig->session))
            continue;
    } while (step.result == SIM_STEP_DONE);
    return plant_turn_end(rig->plant);
}

/* What the turn that cannot be committed did with the shelf is undone as well. */
static void an_insertion_that_cannot_be_committed_can_be_asked_for_again(void **state)
{
    struct rig *rig = *state;
    struct dl_file db = dl_make('A', 7, 40, 1);
    struct dl_frame frame = dl_control("0A00007P", "_INSE");
    struct dl_came came;
    uint8_t *room;

    assert_int_equal(dl_download(rig, &db), 0);
    dl_sql(rig, "INSERT INTO tag (name, address) VALUES ('t', 'DB7.DBB0')");
    rig_turn(rig);
    dl_sql(rig, "ALTER TABLE tag RENAME TO away"); /* our own UPDATE of the tag cannot work now */
    assert_true(sim_session_room(rig->session, &room) >= frame.len);
    memcpy(room, frame.bytes, frame.len);
    sim_session_received(rig->session, frame.len, rig->now_ns);
    assert_true(sim_session_may_write(rig->session));
    assert_int_equal(plant_turn_begin(rig->plant, true), S7_OK);
    sim_session_mark(rig->session);
    assert_int_not_equal(run_turn(rig, SIM_WRITES_RUN), S7_OK);
    sim_session_rewind(rig->session);
    assert_int_equal(plant_turn_begin(rig->plant, false), S7_OK);
    assert_int_equal(run_turn(rig, SIM_WRITES_REFUSE), S7_OK);
    sim_session_turn_done(rig->session);
    dl_take(rig, &came);
    assert_int_equal(came.n, 1);
    assert_int_equal(came.pdus[0].error, 0x8302);
    assert_int_equal(dl_upload_error(rig, 'A', 7), 0xD209);
    dl_sql(rig, "ALTER TABLE away RENAME TO tag");
    assert_int_equal(dl_insert(rig, "0A00007P"), 0);
    dl_expect_uploads_as(rig, &db);
}

/* ---- anything ---- */

/* The whole conversation with one of its frames changed: an end or an answer, and no block in part. */
static void converse(struct rig *rig, const struct dl_file *file, unsigned which, size_t at, uint8_t bits,
                     size_t cut)
{
    uint16_t ref = 0;
    size_t given = 0;

    for (unsigned i = 0; i < 6 && !rig->ended; i++) {
        struct dl_frame frame;
        size_t len = file->len - given < 222 ? file->len - given : 222;
        if (i == 0)
            frame = dl_start(file);
        else if (i == 5)
            frame = dl_control("0A00007P", "_INSE");
        else if (i == 4)
            frame = dl_end(ref);
        else
            frame = dl_piece(ref, file->bytes + given, len, given + len < file->len);
        given += i > 0 && i < 4 ? len : 0;
        if (i == which) {
            frame.bytes[at % frame.len] ^= bits;
            frame.len -= cut % frame.len;
        }
        rig_feed_bytes(rig, frame.bytes, frame.len);
        uint8_t bytes[2000];
        size_t got = rig_take(rig, bytes, sizeof bytes);
        if (got >= 35)
            ref = (uint16_t)(bytes[got - 35 + 11] << 8 | bytes[got - 35 + 12]);
    }
}

static void expect_none_or_whole(struct rig *rig)
{
    const struct plant_block *block = plant_block_find(rig->plant, rig->plc.row, S7_AREA_DB, 7);

    assert_true(block == NULL || block->len == 400);
    assert_true((block == NULL) == (plant_code_find(rig->plant, rig->plc.row, PLANT_DB, 7) == NULL));
}

static void every_byte_may_be_another_and_every_frame_end_early(void **state)
{
    struct rig *rig = *state;
    struct dl_file db = dl_make('A', 7, 400, 1);

    for (unsigned which = 0; which < 6; which++) {
        size_t lens[] = {49, 247, 247, 81, 20, 43};
        for (size_t at = 0; at < lens[which]; at++)
            for (int kind = 0; kind < 4; kind++) {
                static const uint8_t bits[] = {0x01, 0x80, 0xFF, 0};
                rig_connect(rig);
                rig_handshake(rig, 240, 1);
                converse(rig, &db, which, at, bits[kind], kind == 3 ? at : 0);
                expect_none_or_whole(rig);
                rig_connect(rig);
                rig_handshake(rig, 240, 1);
                (void)dl_delete(rig, "0A00007B");
            }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DL_TEST(a_request_must_have_the_form_and_a_name_and_lengths_that_fit),
        DL_TEST(a_block_may_be_as_long_as_the_cpus_list_says),
        DL_TEST(one_block_at_a_time),
        DL_TEST(protection_keeps_blocks_out_and_in),
        DL_TEST(services_on_blocks_name_them_in_full),
        DL_TEST(s7_025_an_answer_to_nothing_ends_the_connection),
        DL_TEST(a_wrong_piece_ends_the_download_and_not_the_connection),
        DL_TEST(more_than_was_announced_is_not_taken),
        DL_TEST(a_client_that_has_enough_ends_it_with_an_error),
        DL_TEST(an_answer_is_waited_for_ten_seconds),
        DL_TEST(turns_that_are_run_twice_take_a_block_once),
        DL_TEST(an_insertion_that_cannot_be_committed_can_be_asked_for_again),
        DL_TEST(every_byte_may_be_another_and_every_frame_end_early),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
