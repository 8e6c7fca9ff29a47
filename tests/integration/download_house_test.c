/* Blocks that our client gives a served PLC and takes back: whole conversations, in virtual time. */
#include "raw.h"

#include "client/fake_services.h"

#include <s7rig/services.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define FILE_CAP 66000

/* All that is beside code or data is foot and what lies in front of it. */
static void make_block(uint8_t *block, size_t len, uint8_t subtype, uint16_t number)
{
    fake_make_block(block, len, subtype, number);
    memset(block + 28, 0, 6);
}

/* ---- a client ---- */

static void open_client(struct guest *guest)
{
    s7_client_options options;

    s7_client_options_init(&options);
    options.allow_control = true;
    options.pdu_len = 240;
    guest_open(guest, &house, &options);
    assert_int_equal(guest->last, S7_OK);
}

static void on_done(s7_conn *conn, s7_status status, const s7_errinfo *err, void *arg)
{
    struct guest *guest = arg;

    (void)conn;
    guest->waiting = false;
    guest->last = status;
    if (err != NULL)
        guest->err = *err;
    s7_loop_stop(house.loop);
}

static s7_then then_tell(struct guest *guest)
{
    guest->waiting = true;
    return (s7_then){.struct_size = sizeof(s7_then), .timeout_ms = 60000, .done = on_done, .arg = guest};
}

static void begin_download(struct guest *guest, s7_block_type type, uint16_t number, const void *block,
                           size_t len)
{
    s7_then then = then_tell(guest);

    assert_int_equal(s7_conn_block_download(guest->conn, &then, type, number, block, len), S7_OK);
}

static s7_status download(struct guest *guest, s7_block_type type, uint16_t number, const void *block,
                          size_t len)
{
    begin_download(guest, type, number, block, len);
    return guest_finish(guest);
}

static s7_status delete_block(struct guest *guest, s7_block_type type, uint16_t number)
{
    s7_then then = then_tell(guest);

    assert_int_equal(s7_conn_block_delete(guest->conn, &then, type, number), S7_OK);
    return guest_finish(guest);
}

static s7_status upload(struct guest *guest, s7_block_type type, uint16_t number, uint8_t *out, size_t *len)
{
    s7_then then = then_tell(guest);

    assert_int_equal(s7_conn_block_upload(guest->conn, &then, type, number, out, FILE_CAP, len), S7_OK);
    return guest_finish(guest);
}

static void expect_whole(struct guest *guest, s7_block_type type, uint16_t number, const uint8_t *block,
                         size_t len)
{
    static uint8_t back[FILE_CAP];
    size_t back_len;

    if (upload(guest, type, number, back, &back_len) != S7_OK)
        fail_msg("type %c, %zu bytes: %s, %s", (int)type, len, guest->err.asked, guest->err.came);
    assert_int_equal(back_len, len);
    assert_memory_equal(back, block, len);
}

/* ---- there and back ---- */

static void s7_139_blocks_of_all_kinds_and_lengths_go_there_and_back(void **state)
{
    static const struct {
        s7_block_type type;
        uint8_t subtype;
    } kinds[] = {{S7_BLOCK_OB, 0x08},
                 {S7_BLOCK_FB, 0x0E},
                 {S7_BLOCK_FC, 0x0C},
                 {S7_BLOCK_SDB, 0x0B},
                 {S7_BLOCK_DB, 0x0A}};
    static const size_t lens[] = {100, 221, 222, 223, 444, 445, 5000, 65500};
    static uint8_t block[FILE_CAP];
    struct guest guest;

    (void)state;
    open_client(&guest);
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
        for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
            uint16_t number = (uint16_t)(10 + i);
            make_block(block, lens[i], kinds[k].subtype, number);
            assert_int_equal(download(&guest, kinds[k].type, number, block, lens[i]), S7_OK);
            expect_whole(&guest, kinds[k].type, number, block, lens[i]);
        }
    assert_int_equal(select_int("SELECT count(*) FROM code"), 40);
    assert_int_equal(select_int("SELECT max(length(data)) FROM block"), 65400);
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
        for (uint16_t i = 0; i < 8; i++)
            assert_int_equal(delete_block(&guest, kinds[k].type, (uint16_t)(10 + i)), S7_OK);
    assert_int_equal(delete_block(&guest, S7_BLOCK_OB, 10), S7_E_PLC);
    assert_int_equal(guest.err.plc_error, 0xD209);
    assert_int_equal(select_int("SELECT count(*) FROM code"), 0);
    guest_close(&guest);
}

static void two_clients_that_give_the_same_block_leave_one_of_the_two(void **state)
{
    static uint8_t blocks[2][3000];
    struct guest guests[2];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        open_client(&guests[i]);
        make_block(blocks[i], 2000 + 1000 * i, 0x0A, 7);
        begin_download(&guests[i], S7_BLOCK_DB, 7, blocks[i], 2000 + 1000 * i);
    }
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(guest_finish(&guests[i]), S7_OK);
    assert_int_equal(select_int("SELECT length(data) FROM block WHERE number = 7"),
                     2900); /* the longer one */
    expect_whole(&guests[0], S7_BLOCK_DB, 7, blocks[1], 3000);
    guest_close(&guests[0]);
    guest_close(&guests[1]);
}

static void s7_138_a_client_that_goes_in_the_middle_leaves_nothing(void **state)
{
    static uint8_t block[40000];
    struct guest guest;
    struct sim_server_stats stats;

    (void)state;
    open_client(&guest);
    make_block(block, sizeof block, 0x0A, 7);
    begin_download(&guest, S7_BLOCK_DB, 7, block, sizeof block);
    sim_server_stats_get(house.server, &stats);
    for (uint64_t before = stats.frames; stats.frames < before + 50;
         sim_server_stats_get(house.server, &stats))
        run_for_ms(1);
    assert_true(guest.waiting);
    guest_close(&guest);
    run_for_ms(100);
    assert_int_equal(select_int("SELECT count(*) FROM block WHERE number = 7"), 0);
    assert_int_equal(select_int("SELECT count(*) FROM code"), 0);
    open_client(&guest);
    assert_int_equal(download(&guest, S7_BLOCK_DB, 7, block, sizeof block), S7_OK);
    guest_close(&guest);
}

/* ---- the file ---- */

static void only_the_insertion_waits_for_a_foreign_lock(void **state)
{
    static uint8_t block[3000];
    struct guest guest, reader;
    struct sim_server_stats stats;
    uint8_t got;

    (void)state;
    open_client(&guest);
    open_client(&reader);
    make_block(block, sizeof block, 0x0A, 7);
    sql("BEGIN IMMEDIATE");
    begin_download(&guest, S7_BLOCK_DB, 7, block, sizeof block);
    run_for_ms(1000);
    sim_server_stats_get(house.server, &stats);
    assert_int_equal(stats.parked, 1);
    assert_true(guest.waiting);
    assert_int_equal(guest_read(&reader, 1, 0, &got, 1), S7_OK);
    sql("COMMIT");
    assert_int_equal(guest_finish(&guest), S7_OK);
    expect_whole(&reader, S7_BLOCK_DB, 7, block, sizeof block);
    sql("BEGIN IMMEDIATE");
    assert_int_equal(delete_block(&guest, S7_BLOCK_DB, 7), S7_E_PLC); /* after 2 seconds */
    assert_int_equal(guest.err.plc_error, 0x8302);
    sql("COMMIT");
    expect_whole(&reader, S7_BLOCK_DB, 7, block, sizeof block);
    assert_int_equal(delete_block(&guest, S7_BLOCK_DB, 7), S7_OK);
    guest_close(&guest);
    guest_close(&reader);
}

static void a_commit_that_fails_inserts_nothing_and_spares_the_others(void **state)
{
    static uint8_t block[3000];
    struct guest guest;
    uint8_t got[2] = {0};

    (void)state;
    open_client(&guest);
    sql("INSERT INTO tag (name, address) VALUES ('t', 'DB7.DBB0'), ('u', 'DB1.DBB300')");
    sql("ALTER TABLE tag RENAME TO away"); /* our own UPDATE of the tag cannot work now */
    make_block(block, sizeof block, 0x0A, 7);
    assert_int_equal(download(&guest, S7_BLOCK_DB, 7, block, sizeof block), S7_E_PLC);
    assert_int_equal(guest.err.plc_error, 0x8302);
    make_block(block, 500, 0x0A, 1);
    assert_int_equal(download(&guest, S7_BLOCK_DB, 1, block, 500), S7_E_PLC);
    assert_int_equal(guest_read(&guest, 7, 0, got, 1), S7_E_PARTIAL);
    assert_int_equal(guest_read(&guest, 1, 254, got, 2), S7_OK);
    assert_int_equal(guest_read(&guest, 1, 256, got, 1), S7_E_PARTIAL);
    assert_int_equal(select_int("SELECT count(*) FROM code"), 0);
    sql("ALTER TABLE away RENAME TO tag");
    assert_int_equal(download(&guest, S7_BLOCK_DB, 1, block, 500), S7_OK);
    assert_int_equal(select_int("SELECT value FROM tag WHERE name = 'u'"), block[36 + 300]);
    guest_close(&guest);
}

static void a_download_is_one_job_of_the_record_and_no_error(void **state)
{
    static uint8_t block[3000];
    struct guest guest;

    (void)state;
    sql("UPDATE audit SET jobs = 1, errors = 1");
    open_client(&guest);
    make_block(block, sizeof block, 0x0A, 7);
    assert_int_equal(download(&guest, S7_BLOCK_DB, 7, block, sizeof block), S7_OK);
    guest_close(&guest);
    run_for_ms(2000);
    assert_int_equal(select_int("SELECT count(*) FROM event WHERE fn = 'download'"), 1);
    assert_int_equal(select_int("SELECT count(*) FROM event WHERE fn = 'control'"), 1);
    assert_int_equal(select_int("SELECT count(*) FROM event WHERE kind = 'error' OR fn = 'job'"), 0);
}

/* ---- a client that says nothing more ---- */

static void raw_say(struct raw *raw, const void *bytes, size_t len)
{
    raw->len = 0;
    raw_send(raw, bytes, len);
    run_for_ms(5);
}

#define RAW_SAY(raw, text) raw_say(raw, text, sizeof(text) - 1)

static void an_answer_that_does_not_come_ends_the_download_after_10_seconds(void **state)
{
    static const char start[] =
        "\3\0\0\x31\2\xf0\x80\x32\1\0\0\x1e\0\0\x20\0\0\x1a\0\1\0\0\0\0\0\x09_0A00007P\x0d"
        "1000500000400";
    struct raw raw;

    (void)state;
    raw_dial(&raw);
    RAW_SAY(&raw, "\3\0\0\x16\x11\xe0\0\0\0\1\0\xc0\1\x0a\xc1\2\1\0\xc2\2\1\2");
    RAW_SAY(&raw, "\3\0\0\x19\2\xf0\x80\x32\1\0\0\0\1\0\x08\0\0\xf0\0\0\1\0\1\0\xf0");
    RAW_SAY(&raw, start);
    assert_int_equal(raw.len, 20 + 35);
    RAW_SAY(&raw, start);
    assert_int_equal(raw.got[17], 0xD2); /* one is under way */
    assert_int_equal(raw.got[18], 0x40);
    run_for_ms(10000);
    RAW_SAY(&raw, start);
    assert_int_equal(raw.len, 20 + 35);
    assert_int_equal(raw.got[20 + 11], 0x03);
    run_for_ms(9000);
    assert_false(raw.over);
    raw_close(&raw);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, open_house, close_house)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(s7_139_blocks_of_all_kinds_and_lengths_go_there_and_back),
        TEST(two_clients_that_give_the_same_block_leave_one_of_the_two),
        TEST(s7_138_a_client_that_goes_in_the_middle_leaves_nothing),
        TEST(only_the_insertion_waits_for_a_foreign_lock),
        TEST(a_commit_that_fails_inserts_nothing_and_spares_the_others),
        TEST(a_download_is_one_job_of_the_record_and_no_error),
        TEST(an_answer_that_does_not_come_ends_the_download_after_10_seconds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
