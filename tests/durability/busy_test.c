/* busy_test.c - a foreign program holds the plant file's write lock: reads go on, writes wait for it, and are
 * refused with item code 01 when it does not go within busy_ms (2000). */
#include "durability/check.h"
#include "durability/rig.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define READERS          4
#define READS_MEANWHILE  200
#define ITEM_HARDWARE    1
#define BUSY_MS          2000
#define NEVER_EARLIER_MS (BUSY_MS - 100) /* the lock was taken before the clock was read */

static struct busy {
    struct rig rig;
    sqlite3 *db;
    int readers[READERS];
    int writer;
} busy;

static const struct frame_place place = {1, 0, 4}, other_place = {1, 8, 4};

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void send_write(int fd, uint16_t ref, const struct frame_place *at, uint8_t fill)
{
    uint8_t frame[FRAME_CAP], data[4];

    memset(data, fill, sizeof data);
    rig_send(fd, frame, frame_write(frame, ref, at, data));
}

static uint8_t receive_write_code(int fd, uint16_t ref)
{
    uint8_t frame[FRAME_CAP];
    const uint8_t *codes;
    size_t len = rig_receive(fd, frame);

    assert_true(frame_is_write_done(frame, len, ref, 1, &codes));
    return codes[0];
}

static bool has_answer(int fd)
{
    uint8_t byte;

    return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

static void assert_reads(int fd, const struct frame_place *at, uint8_t fill)
{
    uint8_t data[4], expected[4];

    memset(expected, fill, sizeof expected);
    assert_int_equal(rig_read(fd, at, data), FRAME_ITEM_OK);
    assert_memory_equal(data, expected, sizeof data);
}

static void all_readers_read(uint8_t fill)
{
    for (int i = 0; i < READS_MEANWHILE; i++)
        assert_reads(busy.readers[i % READERS], &place, fill);
}

static void put(uint8_t fill)
{
    send_write(busy.writer, 1, &place, fill);
    assert_int_equal(receive_write_code(busy.writer, 1), FRAME_ITEM_OK);
}

static void assert_in_file(uint8_t fill)
{
    char hex[9];

    snprintf(hex, sizeof hex, "%02X%02X%02X%02X", fill, fill, fill, fill);
    assert_int_equal(
        rig_sql_int(busy.db, "SELECT hex(substr(data, 1, 4)) = '%s' FROM block WHERE number = 1", hex), 1);
}

static void reads_go_on_while_a_write_waits_and_it_is_done_when_the_lock_goes(void **state)
{
    (void)state;
    put(0x11);
    rig_sql(busy.db, "BEGIN IMMEDIATE");
    send_write(busy.writer, 2, &place, 0x22);
    all_readers_read(0x11);
    assert_false(has_answer(busy.writer));
    rig_sql(busy.db, "COMMIT");
    assert_int_equal(receive_write_code(busy.writer, 2), FRAME_ITEM_OK);
    assert_in_file(0x22);
    all_readers_read(0x22);
}

/* The same connection sends write, read, write: the answers come in this order, and the read sees the first
 * write. */
static void jobs_behind_a_waiting_write_keep_their_order(void **state)
{
    uint8_t frame[FRAME_CAP], code;
    const uint8_t *data;

    (void)state;
    put(0x33);
    rig_sql(busy.db, "BEGIN IMMEDIATE");
    send_write(busy.writer, 10, &place, 0x44);
    rig_send(busy.writer, frame, frame_read(frame, 11, &place));
    send_write(busy.writer, 12, &place, 0x55);
    all_readers_read(0x33);
    assert_false(has_answer(busy.writer));
    rig_sql(busy.db, "ROLLBACK");
    assert_int_equal(receive_write_code(busy.writer, 10), FRAME_ITEM_OK);
    size_t len = rig_receive(busy.writer, frame);
    assert_true(frame_is_read_done(frame, len, 11, 4, &code, &data));
    assert_int_equal(code, FRAME_ITEM_OK);
    assert_memory_equal(data, "\x44\x44\x44\x44", 4);
    assert_int_equal(receive_write_code(busy.writer, 12), FRAME_ITEM_OK);
    assert_in_file(0x55);
}

/* The foreign transaction edits what the waiting write does not touch: both stand. */
static void the_foreign_edit_and_the_waiting_write_both_stand(void **state)
{
    (void)state;
    put(0x66);
    rig_sql(busy.db, "BEGIN IMMEDIATE; UPDATE tag SET value = 0x77777777 WHERE name = 'other'");
    send_write(busy.writer, 20, &place, 0x88);
    all_readers_read(0x66);
    rig_sql(busy.db, "COMMIT");
    assert_int_equal(receive_write_code(busy.writer, 20), FRAME_ITEM_OK);
    assert_reads(busy.readers[0], &other_place, 0x77);
    assert_reads(busy.readers[0], &place, 0x88);
    assert_in_file(0x88);
}

static void a_lock_that_stays_gets_the_write_refused_with_01_and_changes_nothing(void **state)
{
    int64_t start_ms;

    (void)state;
    put(0x99);
    rig_sql(busy.db, "BEGIN IMMEDIATE");
    start_ms = now_ms();
    send_write(busy.writer, 30, &place, 0xAA);
    while (!has_answer(busy.writer)) { /* reads go on for as long as it takes; receiving them bounds it */
        all_readers_read(0x99);
        if (now_ms() - start_ms > RIG_WAIT_S * 1000)
            fail_msg("the write was neither refused nor done within %d s; busy_ms is %d", RIG_WAIT_S,
                     BUSY_MS);
    }
    if (now_ms() - start_ms < NEVER_EARLIER_MS)
        fail_msg("refused after %lld ms, busy_ms is %d", (long long)(now_ms() - start_ms), BUSY_MS);
    assert_int_equal(receive_write_code(busy.writer, 30), ITEM_HARDWARE);
    all_readers_read(0x99);
    rig_sql(busy.db, "COMMIT");
    assert_in_file(0x99);
    put(0xBB);
    assert_in_file(0xBB);
    all_readers_read(0xBB);
}

/* A foreign reader that keeps its snapshot disturbs nobody; it just does not see what comes after. */
static void an_open_foreign_read_transaction_stops_nothing(void **state)
{
    (void)state;
    put(0xC1);
    rig_sql(busy.db, "BEGIN");
    assert_in_file(0xC1);
    put(0xC2);
    all_readers_read(0xC2);
    assert_in_file(0xC1);
    rig_sql(busy.db, "COMMIT");
    assert_in_file(0xC2);
}

static int serve(void **state)
{
    (void)state;
    rig_new(&busy.rig);
    busy.db = rig_sqlite(&busy.rig);
    rig_sql(busy.db, "INSERT INTO tag (name, address, type, value) VALUES ('other', 'DB1.DBD8', 'DWORD', 0)");
    rig_serve(&busy.rig, NULL);
    for (int i = 0; i < READERS; i++)
        busy.readers[i] = rig_connect(&busy.rig);
    busy.writer = rig_connect(&busy.rig);
    return 0;
}

static int end(void **state)
{
    (void)state;
    for (int i = 0; i < READERS; i++)
        close(busy.readers[i]);
    close(busy.writer);
    sqlite3_close(busy.db);
    rig_stop(&busy.rig);
    rig_free(&busy.rig);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_go_on_while_a_write_waits_and_it_is_done_when_the_lock_goes),
        cmocka_unit_test(jobs_behind_a_waiting_write_keep_their_order),
        cmocka_unit_test(the_foreign_edit_and_the_waiting_write_both_stand),
        cmocka_unit_test(a_lock_that_stays_gets_the_write_refused_with_01_and_changes_nothing),
        cmocka_unit_test(an_open_foreign_read_transaction_stops_nothing),
    };

    return cmocka_run_group_tests(tests, serve, end);
}
