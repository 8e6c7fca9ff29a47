/* fresh_test.c - no polling window: an SQL edit is in the next S7 read, an S7 write is in the next SELECT, a
 * thousand times each and without any wait. */
#include "durability/check.h"
#include "durability/rig.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TIMES     1000
#define BLOCK_LEN 4096

static struct fresh {
    struct rig rig;
    sqlite3 *db;
    int reader, writer; /* two S7 connections */
} fresh;

static const struct frame_place tag_place = {1, 100, 4}, block_place = {2, 0, 4}, far_place = {2, 4000, 4};

static uint32_t get32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void put32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (24 - 8 * i));
}

static uint32_t s7_value(int fd, const struct frame_place *place)
{
    uint8_t data[4] = {0};

    assert_int_equal(rig_read(fd, place, data), FRAME_ITEM_OK);
    return get32(data);
}

static void s7_put(int fd, const struct frame_place *place, uint32_t value)
{
    uint8_t data[4];

    put32(data, value);
    assert_int_equal(rig_write(fd, place, data), FRAME_ITEM_OK);
}

static void never_stale(const char *what, unsigned time, uint32_t expected, int64_t got)
{
    if (got != (int64_t)expected)
        fail_msg("%s, time %u of %u: expected %u, got %lld: stale", what, time, TIMES, expected,
                 (long long)got);
}

static uint32_t nth(unsigned time, uint32_t salt)
{
    return (time + salt) * 2654435761U; /* all different, all bytes change */
}

static void an_edited_tag_is_in_the_next_read(void **state)
{
    (void)state;
    for (unsigned i = 1; i <= TIMES; i++) {
        rig_sql(fresh.db, "UPDATE tag SET value = %u WHERE name = 'level'", nth(i, 1));
        never_stale("UPDATE tag, then S7 read", i, nth(i, 1), s7_value(fresh.reader, &tag_place));
    }
}

static void an_edited_block_is_in_the_next_read(void **state)
{
    uint8_t data[BLOCK_LEN] = {0};
    sqlite3_stmt *q;

    (void)state;
    assert_int_equal(sqlite3_prepare_v2(fresh.db,
                                        "UPDATE block SET data = ?1 WHERE kind = 'DB' AND number = 2", -1, &q,
                                        NULL),
                     SQLITE_OK);
    for (unsigned i = 1; i <= TIMES; i++) {
        put32(data, nth(i, 2));
        put32(data + far_place.byte, nth(i, 3));
        sqlite3_bind_blob(q, 1, data, sizeof data, SQLITE_STATIC);
        assert_int_equal(sqlite3_step(q), SQLITE_DONE);
        sqlite3_reset(q);
        never_stale("UPDATE block, then S7 read", i, nth(i, 2), s7_value(fresh.reader, &block_place));
        never_stale("UPDATE block, then S7 read of its end", i, nth(i, 3),
                    s7_value(fresh.writer, &far_place));
    }
    sqlite3_finalize(q);
}

/* The block is edited first, then the tag, in one transaction: both must be there, the tag on top. */
static void both_edited_in_one_transaction_are_in_the_next_read(void **state)
{
    uint8_t data[12];

    (void)state;
    for (unsigned i = 1; i <= TIMES; i++) {
        rig_sql(fresh.db,
                "BEGIN IMMEDIATE; UPDATE tag SET value = %u WHERE name = 'level';"
                "UPDATE block SET data = CAST(zeroblob(96) || '%04u' || zeroblob(4) || '%04u' || "
                "zeroblob(3988) AS BLOB)"
                " WHERE kind = 'DB' AND number = 1; COMMIT",
                nth(i, 4), i, i);
        assert_int_equal(rig_read(fresh.reader, &(struct frame_place){1, 96, 12}, data), FRAME_ITEM_OK);
        char text[8];
        snprintf(text, sizeof text, "%04u", i);
        never_stale("UPDATE block and tag, then S7 read: the tag", i, nth(i, 4), get32(data + 4));
        assert_memory_equal(data, text, 4);
        assert_memory_equal(data + 8, text, 4);
    }
}

static void a_write_is_in_the_next_select(void **state)
{
    (void)state;
    for (unsigned i = 1; i <= TIMES; i++) {
        char hex[16];
        s7_put(fresh.writer, &tag_place, nth(i, 5));
        never_stale("S7 write, then SELECT tag.value", i, nth(i, 5),
                    rig_sql_int(fresh.db, "SELECT value FROM tag WHERE name = 'level'"));
        snprintf(hex, sizeof hex, "%08X", nth(i, 5));
        never_stale(
            "S7 write, then SELECT block.data", i, 1,
            rig_sql_int(fresh.db,
                        "SELECT hex(substr(data, 101, 4)) = '%s' FROM block WHERE kind = 'DB' AND number = 1",
                        hex));
    }
}

static void a_write_is_in_the_next_read_of_another_connection(void **state)
{
    (void)state;
    for (unsigned i = 1; i <= TIMES; i++) {
        s7_put(fresh.writer, &far_place, nth(i, 6));
        never_stale("S7 write, then S7 read of another connection", i, nth(i, 6),
                    s7_value(fresh.reader, &far_place));
    }
}

/* Both sides take turns on the same place, so that no edit is lost under the other's. */
static void edits_and_writes_alternate_without_loss(void **state)
{
    (void)state;
    rig_sql(fresh.db, "UPDATE tag SET value = 0 WHERE name = 'level'");
    for (unsigned i = 0; i < TIMES; i++) {
        uint32_t now = s7_value(fresh.reader, &tag_place);
        never_stale("SQL and S7 count in turn, S7 read", i, 2 * i, now);
        s7_put(fresh.writer, &tag_place, now + 1);
        rig_sql(fresh.db, "UPDATE tag SET value = value + 1 WHERE name = 'level'");
    }
    never_stale("SQL and S7 counted in turn", TIMES, 2 * TIMES, s7_value(fresh.reader, &tag_place));
}

static int serve(void **state)
{
    (void)state;
    rig_new(&fresh.rig);
    fresh.db = rig_sqlite(&fresh.rig);
    rig_sql(fresh.db,
            "INSERT INTO tag (name, address, type, value) VALUES ('level', 'DB1.DBD100', 'DWORD', 0)");
    rig_serve(&fresh.rig, NULL);
    fresh.reader = rig_connect(&fresh.rig);
    fresh.writer = rig_connect(&fresh.rig);
    return 0;
}

static int end(void **state)
{
    (void)state;
    close(fresh.reader);
    close(fresh.writer);
    sqlite3_close(fresh.db);
    rig_stop(&fresh.rig);
    rig_free(&fresh.rig);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_edited_tag_is_in_the_next_read),
        cmocka_unit_test(an_edited_block_is_in_the_next_read),
        cmocka_unit_test(both_edited_in_one_transaction_are_in_the_next_read),
        cmocka_unit_test(a_write_is_in_the_next_select),
        cmocka_unit_test(a_write_is_in_the_next_read_of_another_connection),
        cmocka_unit_test(edits_and_writes_alternate_without_loss),
    };

    return cmocka_run_group_tests(tests, serve, end);
}
