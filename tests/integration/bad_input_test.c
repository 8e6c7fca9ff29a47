/* What hostile hands do to the plant file, the disk and the wire: the PLC refuses what it must and goes on
 * serving everybody else. In virtual time. */
#include "raw.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- a disk that can be full ---- */

static atomic_bool disk_full;
static sqlite3_vfs disk;
static sqlite3_vfs *real_disk;
static int (*real_write)(sqlite3_file *, const void *, int, sqlite3_int64);

static int disk_write(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 at)
{
    return atomic_load(&disk_full) ? SQLITE_FULL : real_write(file, bytes, len, at);
}

/* A plant and its log have methods of their own, which write alike. */
static const sqlite3_io_methods *with_disk_write(const sqlite3_io_methods *real)
{
    static const sqlite3_io_methods *reals[4];
    static sqlite3_io_methods copies[4];
    size_t i = 0;

    while (reals[i] != NULL && reals[i] != real)
        i++;
    assert_true(i < 4 && (real_write == NULL || real_write == real->xWrite));
    if (reals[i] == NULL) {
        real_write = real->xWrite;
        copies[i] = *real;
        copies[i].xWrite = disk_write;
        reals[i] = real;
    }
    return &copies[i];
}

static int disk_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags)
{
    int rc = real_disk->xOpen(real_disk, name, file, flags, out_flags);

    (void)vfs;
    if (rc == SQLITE_OK)
        file->pMethods = with_disk_write(file->pMethods);
    return rc;
}

/* Under everybody but the foreign program. */
static void insert_disk(void)
{
    real_disk = sqlite3_vfs_find(NULL);
    disk = *real_disk;
    disk.zName = "disk";
    disk.xOpen = disk_open;
    assert_int_equal(sqlite3_vfs_register(&disk, 1), SQLITE_OK);
}

/* The foreign program has a disk of its own. */
static void leave_disk(void)
{
    sqlite3_close(foreign);
    assert_int_equal(sqlite3_open_v2(house.path, &foreign, SQLITE_OPEN_READWRITE, real_disk->zName),
                     SQLITE_OK);
}

static int open_on_disk(void **state)
{
    atomic_store(&disk_full, false);
    open_house(state);
    leave_disk();
    return 0;
}

/* The return code of an item read or written alone. */
static uint8_t code_of(struct guest *guest, bool write, uint16_t db, uint32_t byte, uint8_t *data, size_t len)
{
    s7_item item = house_item(db, byte, data, len);

    guest_begin(guest, write, &item, 1, 0);
    s7_status status = guest_finish(guest);
    if (status != S7_OK && status != S7_E_PARTIAL)
        fail_msg("the connection broke: %s", s7_errname(status));
    return status == S7_OK ? 0xFF : item.code;
}

static uint8_t read_code(struct guest *guest, uint16_t db, uint32_t byte, size_t len)
{
    uint8_t data[64];

    return code_of(guest, false, db, byte, data, len);
}

static uint8_t write_code(struct guest *guest, uint16_t db, uint32_t byte, uint8_t value)
{
    return code_of(guest, true, db, byte, &value, 1);
}

/* ---- the file under a client ---- */

static void a_block_that_shrinks_under_a_client_refuses_what_is_gone(void **state)
{
    struct guest guest;

    (void)state;
    sql("INSERT INTO tag (name, address) VALUES ('far', 'DB1.DBW100')");
    guest_open(&guest, &house, NULL);
    assert_int_equal(write_code(&guest, 1, 100, 1), 0xFF);
    sql("UPDATE block SET data = x'0102' WHERE kind = 'DB' AND number = 1");
    assert_int_equal(read_code(&guest, 1, 100, 1), 0x05);
    assert_int_equal(write_code(&guest, 1, 2, 1), 0x05);
    assert_int_equal(write_code(&guest, 1, 1, 9), 0xFF);
    assert_string_equal(selected("SELECT hex(data) FROM block WHERE kind = 'DB' AND number = 1"), "0109");
    assert_string_equal(selected("SELECT error IS NOT NULL FROM tag"), "1");
    sql("UPDATE block SET data = zeroblob(256) WHERE kind = 'DB' AND number = 1");
    assert_int_equal(write_code(&guest, 1, 100, 3), 0xFF);
    assert_string_equal(selected("SELECT value || coalesce(error, '') FROM tag"), "768");
    guest_close(&guest);
}

static void a_block_that_shrinks_under_a_write_that_waits_refuses_it(void **state)
{
    struct guest guest;
    uint8_t value = 7;
    s7_item item = house_item(1, 100, &value, 1);

    (void)state;
    guest_open(&guest, &house, NULL);
    sql("BEGIN IMMEDIATE; UPDATE block SET data = x'0102' WHERE kind = 'DB' AND number = 1");
    guest_begin(&guest, true, &item, 1, 0);
    run_for_ms(50);
    assert_true(guest.waiting);
    sql("COMMIT");
    assert_int_equal(guest_finish(&guest), S7_E_PARTIAL);
    assert_int_equal(item.code, 0x05);
    guest_close(&guest);
}

static void a_block_that_is_deleted_is_no_object_until_it_is_back(void **state)
{
    struct guest guest;

    (void)state;
    guest_open(&guest, &house, NULL);
    sql("DELETE FROM block WHERE kind = 'DB' AND number = 1");
    assert_int_equal(read_code(&guest, 1, 0, 1), 0x0A);
    assert_int_equal(write_code(&guest, 1, 0, 1), 0x0A);
    assert_int_equal(write_code(&guest, 2, 0, 1), 0xFF);
    sql("INSERT INTO block (kind, number, data) VALUES ('DB', 1, x'2A')");
    assert_int_equal(read_code(&guest, 1, 0, 1), 0xFF);
    guest_close(&guest);
}

static void a_PLC_that_is_deleted_has_nothing_any_more_and_ends_nothing(void **state)
{
    struct guest guest, late;

    (void)state;
    guest_open(&guest, &house, NULL);
    sql("PRAGMA foreign_keys = ON; DELETE FROM plc");
    assert_int_equal(read_code(&guest, 1, 0, 1), 0x0A);
    assert_int_equal(write_code(&guest, 1, 0, 1), 0x0A);
    guest_open(&late, &house, NULL);
    run_for_ms(2000);
    assert_int_equal(read_code(&guest, 2, 0, 1), 0x0A);
    guest_close(&late);
    guest_close(&guest);
}

static void text_in_a_blob_is_refused_by_the_table(void **state)
{
    (void)state;
    assert_int_equal(
        sqlite3_exec(foreign, "UPDATE block SET data = 'text' WHERE number = 1", NULL, NULL, NULL),
        SQLITE_CONSTRAINT);
    assert_int_equal(sqlite3_exec(foreign, "UPDATE block SET data = zeroblob(65537)", NULL, NULL, NULL),
                     SQLITE_CONSTRAINT);
    assert_int_equal(
        sqlite3_exec(foreign, "UPDATE block SET number = 70000 WHERE kind = 'DB'", NULL, NULL, NULL),
        SQLITE_CONSTRAINT);
}

/* A file whose tables were made to take anything, with anything in them. */
static void smuggle(void)
{
    sql("PRAGMA writable_schema = ON;"
        "UPDATE sqlite_schema SET sql = replace(sql, 'STRICT', '') WHERE type = 'table';"
        "PRAGMA writable_schema = OFF");
    leave_disk();
    sql("PRAGMA ignore_check_constraints = ON");
}

static void what_is_smuggled_past_the_checks_is_no_block_and_no_crash(void **state)
{
    struct guest guest;

    (void)state;
    guest_open(&guest, &house, NULL);
    assert_int_equal(write_code(&guest, 1, 0, 1), 0xFF);
    smuggle();
    sql("UPDATE block SET data = 'text' WHERE kind = 'DB' AND number = 1");
    assert_int_equal(read_code(&guest, 1, 0, 1), 0x0A);
    assert_int_equal(write_code(&guest, 1, 0, 1), 0x0A);
    sql("UPDATE block SET data = 17, kind = 'DB', number = 'two' WHERE number = 2");
    assert_int_equal(read_code(&guest, 2, 0, 1), 0x0A);
    sql("INSERT INTO block (plc, kind, number, data) VALUES (1, 'DB', -1, x'00'), (1, 'DB', 65536, x'00'),"
        " (1, 'XX', 3, x'00'), (1, 'DB', 3, zeroblob(70000)), ('no', 'DB', 4, x'00');"
        "INSERT INTO tag (plc, name, address, type, value) VALUES (1, x'00', x'FF', 1.5, x'00'),"
        " (1, 7, 'DB5.DBW0', NULL, 1e308), ('x', 'y', 'z', 'INT', 'text');"
        "UPDATE plc SET rack = 'text', slot = 1e300, mode = x'00', password = zeroblob(100), protection = "
        "'x';"
        "UPDATE audit SET writes = 'yes', keep_writes = 'all', slow_us = x'01';"
        "INSERT INTO change (what, row) VALUES ('code', 1), ('block', 'text'), ('nonsense', 1e10)");
    assert_int_equal(read_code(&guest, 3, 0, 1), 0x0A);
    sql("INSERT INTO block (kind, number, data) VALUES ('DB', 9, x'2A')");
    assert_int_equal(write_code(&guest, 9, 0, 1), 0xFF);
    run_for_ms(2500);
    assert_int_equal(read_code(&guest, 9, 0, 1), 0xFF);
    guest_close(&guest);
}

static void tables_that_are_gone_refuse_writes_and_serve_reads(void **state)
{
    struct guest guest;

    (void)state;
    guest_open(&guest, &house, NULL);
    sql("DROP TABLE write_log");
    assert_int_equal(write_code(&guest, 1, 0, 1), 0x01);
    assert_int_equal(read_code(&guest, 1, 0, 1), 0xFF);
    sql("UPDATE audit SET writes = 0");
    run_for_ms(1100);
    assert_int_equal(read_code(&guest, 1, 0, 1), 0xFF);
    guest_close(&guest);
}

/* ---- the disk ---- */

static void a_full_disk_refuses_writes_and_serves_reads_until_there_is_room(void **state)
{
    struct guest guest, other;
    uint8_t got = 0;

    (void)state;
    guest_open(&guest, &house, NULL);
    guest_open(&other, &house, NULL);
    assert_int_equal(write_code(&guest, 1, 0, 42), 0xFF);
    atomic_store(&disk_full, true);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(write_code(&guest, 1, 0, 1), 0x01);
        assert_int_equal(guest_read(&other, 1, 0, &got, 1), S7_OK);
        assert_int_equal(got, 42);
        run_for_ms(100);
    }
    atomic_store(&disk_full, false);
    assert_int_equal(write_code(&guest, 1, 0, 43), 0xFF);
    assert_string_equal(selected("SELECT hex(substr(data, 1, 1)) FROM block WHERE number = 1"), "2B");
    assert_string_equal(selected("SELECT group_concat(hex(before) || hex(after)) FROM write_log"),
                        "002A,2A2B");
    run_for_ms(1100);
    assert_string_equal(selected("SELECT group_concat(kind) FROM event WHERE kind IN ('error', 'recover')"),
                        "error,recover");
    assert_string_equal(selected("SELECT count(*) FROM event WHERE kind = 'error' AND text LIKE '%full%'"),
                        "1");
    guest_close(&other);
    guest_close(&guest);
}

static void an_edit_on_a_full_disk_is_seen_at_once_and_written_when_there_is_room(void **state)
{
    struct guest guest;
    uint8_t got[2];

    (void)state;
    sql("INSERT INTO tag (name, address) VALUES ('n', 'DB1.DBW0')");
    guest_open(&guest, &house, NULL);
    atomic_store(&disk_full, true);
    sql("UPDATE tag SET value = 515");
    assert_int_equal(guest_read(&guest, 1, 0, got, 2), S7_OK);
    assert_memory_equal(got, "\2\3", 2);
    run_for_ms(5000);
    atomic_store(&disk_full, false);
    run_for_ms(1100);
    assert_string_equal(selected("SELECT hex(substr(data, 1, 2)) || (SELECT count(*) FROM change)"
                                 " FROM block WHERE number = 1"),
                        "02030");
    assert_string_equal(selected("SELECT count(*) FROM write_log"), "1");
    guest_close(&guest);
}

/* ---- the wire ---- */

#define HEALTHY_DB 4095 /* many bits away from what the bad peer names */
#define FRAME_CAP  2048

static uint64_t random_state = 6;

static uint32_t draw(uint32_t below) /* splitmix64 */
{
    uint64_t z = random_state += UINT64_C(0x9E3779B97F4A7C15);

    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return (uint32_t)((z ^ z >> 31) % below);
}

static const uint8_t cr[] = {3, 0, 0, 22, 17, 0xe0, 0, 0, 0, 1, 0, 0xc0, 1, 10, 0xc1, 2, 1, 0, 0xc2, 2, 1, 2};
static const uint8_t setup[] = {3, 0, 0, 25, 2,    0xf0, 0x80, 0x32, 1, 0, 0, 0,   1,
                                0, 8, 0, 0,  0xf0, 0,    0,    8,    0, 8, 3, 0xc0};

/* Sound requests, from the connection request to services. */
static const struct {
    size_t len;
    uint8_t bytes[80];
} sound[] = {
    {sizeof cr, {3, 0, 0, 22, 17, 0xe0, 0, 0, 0, 1, 0, 0xc0, 1, 10, 0xc1, 2, 1, 0, 0xc2, 2, 1, 2}},
    {sizeof setup,
     {3, 0, 0, 25, 2, 0xf0, 0x80, 0x32, 1, 0, 0, 0, 1, 0, 8, 0, 0, 0xf0, 0, 0, 8, 0, 8, 3, 0xc0}},
    {43, /* two items are read */
     {3, 0, 0,    43, 2, 0xf0, 0x80, 0x32, 1, 0,    0,  0,  2, 0, 26, 0, 0, 4,    2, 0x12, 10, 16,
      2, 0, 0x10, 0,  2, 0x84, 0,    0,    0, 0x12, 10, 16, 2, 0, 4,  0, 2, 0x84, 0, 0,    8}},
    {58, /* two are written */
     {3,  0,  0,  58, 2, 0xf0, 0x80, 0x32, 1, 0, 0, 3,    0,  0,  26, 0, 15, 4 + 1, 2, 0x12,
      10, 16, 2,  0,  4, 0,    2,    0x84, 0, 0, 0, 0x12, 10, 16, 2,  0, 3,  0,     2, 0x84,
      0,  0,  64, 0,  4, 0,    32,   1,    2, 3, 4, 0,    4,  0,  24, 1, 2,  3}},
    {33, /* a status list */
     {3, 0, 0,    33, 2,    0xf0, 0x80, 0x32, 7,    0, 0, 0, 4, 0,    8, 0, 8,
      0, 1, 0x12, 4,  0x11, 0x44, 1,    0,    0xff, 9, 0, 4, 0, 0x11, 0, 0}},
    {29, /* the clock */
     {3, 0, 0, 29, 2,    0xf0, 0x80, 0x32, 7, 0, 0,  0, 5, 0, 8,
      0, 4, 0, 1,  0x12, 4,    0x11, 0x47, 1, 0, 10, 0, 0, 0}},
    {35, /* an upload */
     {3, 0, 0, 35, 2, 0xf0, 0x80, 0x32, 1,    0,    0,    0,    6,    0,    18,   0,    0,   0x1d,
      0, 0, 0, 0,  0, 0,    0,    9,    0x5f, 0x30, 0x41, 0x30, 0x30, 0x30, 0x30, 0x31, 0x41}},
};

/* A byte that is likely to hurt. */
static uint8_t nasty(uint8_t was)
{
    static const uint8_t list[] = {0, 1, 2, 0x7f, 0x80, 0xfe, 0xff};

    switch (draw(4)) {
    case 0:
        return (uint8_t)(was + 1);
    case 1:
        return (uint8_t)(was ^ (1U << draw(8)));
    case 2:
        return (uint8_t)draw(256);
    default:
        return list[draw(sizeof list)];
    }
}

static void fix_tpkt(uint8_t *frame, size_t len)
{
    frame[2] = (uint8_t)(len >> 8);
    frame[3] = (uint8_t)len;
}

/* The levels begin at these bytes: TPKT, COTP, S7 header, parameters and what follows. */
static void spoil_level(uint8_t *frame, size_t len)
{
    static const size_t begins[] = {0, 4, 7, 17};
    size_t from = begins[draw(4)], span = from == 0 ? 4 : from == 4 ? 3 : from == 7 ? 10 : len;

    if (from >= len)
        return;
    for (uint32_t n = 1 + draw(3); n > 0; n--) {
        size_t at = from + draw((uint32_t)(span < len - from ? span : len - from));
        frame[at] = nasty(frame[at]);
    }
}

static size_t spoil(uint8_t *frame, size_t len)
{
    switch (draw(6)) {
    case 0: /* cut, and the frame says so */
        len = 1 + draw((uint32_t)len - 1);
        if (len >= 4)
            fix_tpkt(frame, len);
        return len;
    case 1: /* cut: it waits for the rest */
        return 1 + draw((uint32_t)len - 1);
    case 2: { /* longer, and the frame says so */
        size_t more = 1 + draw((uint32_t)(FRAME_CAP - len));
        for (size_t i = 0; i < more; i++)
            frame[len + i] = (uint8_t)draw(256);
        len += more;
        fix_tpkt(frame, len);
        return len;
    }
    case 3: /* a fragment that is never the last */
        if (len > 6)
            frame[6] &= 0x7f;
        return len;
    default:
        spoil_level(frame, len);
        return len;
    }
}

static void dial(struct raw *raw, bool greets)
{
    if (raw->stream != NULL)
        s7_stream_close(raw->stream, S7_CLOSE_RST);
    raw_dial(raw);
    if (!greets)
        return;
    raw_send(raw, cr, sizeof cr);
    raw_send(raw, setup, sizeof setup);
}

static void misbehave(struct raw *raw)
{
    uint8_t frame[FRAME_CAP];
    size_t which = draw(sizeof sound / sizeof sound[0]), len = sound[which].len;

    if (raw->stream == NULL || raw->over || draw(20) == 0)
        dial(raw, draw(4) != 0);
    memcpy(frame, sound[which].bytes, len);
    if (draw(8) != 0)
        len = spoil(frame, len);
    (void)s7_stream_write(raw->stream, frame, len);
}

static void whatever_comes_on_one_connection_the_others_are_served(void **state)
{
    struct guest healthy;
    static struct raw raws[8];
    struct sim_server_stats stats;
    uint8_t got[200], expected[200];

    (void)state;
    sql("INSERT INTO block (kind, number, data) VALUES ('DB', 4095, zeroblob(200))");
    guest_open(&healthy, &house, NULL);
    for (unsigned i = 0; i < 4000; i++) {
        misbehave(&raws[draw(8)]);
        memset(expected, (int)(i % 251), sizeof expected);
        if (i % 4 == 0)
            assert_int_equal(guest_write(&healthy, HEALTHY_DB, 0, expected, sizeof expected), S7_OK);
        memset(expected, (int)(i / 4 * 4 % 251), sizeof expected);
        assert_int_equal(guest_read(&healthy, HEALTHY_DB, 0, got, sizeof got), S7_OK);
        assert_memory_equal(got, expected, sizeof got);
    }
    for (size_t i = 0; i < 8; i++)
        if (raws[i].stream != NULL)
            s7_stream_close(raws[i].stream, S7_CLOSE_RST);
    run_for_ms(100);
    sim_server_stats_get(house.server, &stats);
    assert_int_equal(stats.connections, 1);
    assert_int_equal(stats.sessions, 1);
    run_for_ms(1100);
    assert_in_range(select_int("SELECT count(DISTINCT text) FROM event WHERE kind = 'close'"), 20,
                    4000); /* it was hurt in different ways */
    guest_close(&healthy);
}

int main(void)
{
#define HOUSE(test) cmocka_unit_test_setup_teardown(test, open_on_disk, close_house)
    const struct CMUnitTest tests[] = {
        HOUSE(a_block_that_shrinks_under_a_client_refuses_what_is_gone),
        HOUSE(a_block_that_shrinks_under_a_write_that_waits_refuses_it),
        HOUSE(a_block_that_is_deleted_is_no_object_until_it_is_back),
        HOUSE(a_PLC_that_is_deleted_has_nothing_any_more_and_ends_nothing),
        HOUSE(text_in_a_blob_is_refused_by_the_table),
        HOUSE(what_is_smuggled_past_the_checks_is_no_block_and_no_crash),
        HOUSE(tables_that_are_gone_refuse_writes_and_serve_reads),
        HOUSE(a_full_disk_refuses_writes_and_serves_reads_until_there_is_room),
        HOUSE(an_edit_on_a_full_disk_is_seen_at_once_and_written_when_there_is_room),
        HOUSE(whatever_comes_on_one_connection_the_others_are_served),
    };
    insert_disk();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
