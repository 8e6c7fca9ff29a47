/* types_test.c - what values are in bytes, seen from both ends: raw jobs on one, `tag.value` of the file on
 * the other. */
#include "simulator/test_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

/* A tag in DB2, its bytes on the wire, and its value in the file. */
struct value {
    const char *type, *address, *bytes, *text;
};

static void exec(struct rig *rig, const char *text)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(rig->path, &db), SQLITE_OK);
    if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", text, sqlite3_errmsg(db));
    sqlite3_close(db);
}

static void value_is(struct rig *rig, const struct value *value)
{
    sqlite3 *db;
    sqlite3_stmt *q;

    assert_int_equal(sqlite3_open(rig->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT value, error FROM tag", -1, &q, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(q), SQLITE_ROW);
    const char *text = (const char *)sqlite3_column_text(q, 0),
               *error = (const char *)sqlite3_column_text(q, 1);
    if (text == NULL || strcmp(text, value->text) != 0)
        fail_msg("%s %s: expected %s, got %s (%s)", value->type, value->bytes, value->text, text, error);
    sqlite3_finalize(q);
    sqlite3_close(db);
}

/* "T5": as TIMER by number; "C5"; else DB2 from byte 0 on, as bytes. */
static void item_of(const struct value *value, char *item, size_t cap, size_t *len)
{
    uint8_t bytes[64];

    *len = rig_hex(value->bytes, bytes, sizeof bytes);
    if (value->address[0] == 'T')
        snprintf(item, cap, "120a101d 0001 0000 1d 000005");
    else if (value->address[0] == 'C')
        snprintf(item, cap, "120a101c 0001 0000 1c 000005");
    else
        snprintf(item, cap, "120a1002 %04zx 0002 84 000000", *len);
}

static void written(struct rig *rig, const struct value *value)
{
    char item[64], request[256];
    size_t len;

    item_of(value, item, sizeof item, &len);
    snprintf(request, sizeof request, "3201 0000 0001 000e %04zx 0501 %s 0009 %04zx %s", 4 + len, item, len,
             value->bytes);
    rig_ask_pdu(rig, request, "3203 0000 0001 0002 0001 0000 0501 ff");
}

static void is_read(struct rig *rig, const struct value *value)
{
    char item[64], request[256], answer[256];
    bool by_number = value->address[0] != 'D';
    size_t len;

    item_of(value, item, sizeof item, &len);
    snprintf(request, sizeof request, "3201 0000 0001 000e 0000 0401 %s", item);
    snprintf(answer, sizeof answer, "3203 0000 0001 0002 %04zx 0000 0401 ff%s%04zx %s", 4 + len,
             by_number ? "09" : "04", by_number ? len : 8 * len, value->bytes);
    rig_ask_pdu(rig, request, answer);
}

/* Written on the wire it is read in the file; what is put into the file is read on the wire. */
static void both_ways(struct rig *rig, const struct value *values, size_t n)
{
    char text[256];

    for (size_t i = 0; i < n; i++) {
        const struct value *value = &values[i];
        rig->what = value->text;
        exec(rig, "DELETE FROM tag");
        snprintf(text, sizeof text, "INSERT INTO tag (name, address, type) VALUES ('t', '%s', '%s')",
                 value->address, value->type);
        exec(rig, text);
        written(rig, value);
        value_is(rig, value);
        exec(rig, "UPDATE block SET data = zeroblob(length(data))");
        snprintf(text, sizeof text, "UPDATE tag SET value = '%s'", value->text);
        exec(rig, text);
        is_read(rig, value);
    }
}

static void s7_162_a_date_and_time_from_90_on_is_19xx(void **state)
{
    static const struct value values[] = {
        {"DT", "DB2.DBB0", "9001010000000002", "1990-01-01T00:00:00"},
        {"DT", "DB2.DBB0", "9912312359599996", "1999-12-31T23:59:59.999"},
        {"DT", "DB2.DBB0", "0001010000000007", "2000-01-01T00:00:00"},
        {"DT", "DB2.DBB0", "2611241903254783", "2026-11-24T19:03:25.478"},
        {"DT", "DB2.DBB0", "8912312359590007", "2089-12-31T23:59:59"},
    };

    both_ways(*state, values, sizeof values / sizeof values[0]);
}

static void s7_163_a_dtl_has_weekday_1_on_sunday_and_nanoseconds_at_8(void **state)
{
    static const struct value values[] = {
        {"DTL", "DB2.DBB0", "07ea 0b 16 01 0c 22 38 00000001",
         "2026-11-22T12:34:56.000000001"}, /* a Sunday */
        {"DTL", "DB2.DBB0", "07ea 0b 18 03 13 03 19 1c7db380", "2026-11-24T19:03:25.478"},
        {"DTL", "DB2.DBB0", "07b2 01 01 05 00 00 00 00000000", "1970-01-01T00:00:00"},
    };

    both_ways(*state, values, sizeof values / sizeof values[0]);
}

static void s7_164_a_timer_has_a_base_and_three_bcd_digits(void **state)
{
    static const struct value values[] = {
        {"TIMER", "T5", "2130", "S5T#2m10s"},
        {"S5TIME", "DB2.DBW0", "2130", "S5T#2m10s"},
        {"S5TIME", "DB2.DBW0", "3999", "S5T#2h46m30s"},
        {"COUNTER", "C5", "0999", "999"},
    };

    both_ways(*state, values, sizeof values / sizeof values[0]);
}

static void s7_165_a_date_of_0_is_1990_01_01(void **state)
{
    static const struct value values[] = {
        {"DATE", "DB2.DBW0", "0000", "1990-01-01"},
        {"DATE", "DB2.DBW0", "0001", "1990-01-02"},
        {"DATE", "DB2.DBW0", "34a4", "2026-11-24"},
        {"DATE", "DB2.DBW0", "ff62", "2168-12-31"},
    };

    both_ways(*state, values, sizeof values / sizeof values[0]);
}

static int setup(void **state)
{
    static struct rig rig;

    rig_open(&rig, "s7-300");
    rig_handshake(&rig, 240, 1);
    *state = &rig;
    return 0;
}

static int teardown(void **state)
{
    rig_close(*state);
    return 0;
}

#define ON_300(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_300(s7_162_a_date_and_time_from_90_on_is_19xx),
        ON_300(s7_163_a_dtl_has_weekday_1_on_sunday_and_nanoseconds_at_8),
        ON_300(s7_164_a_timer_has_a_base_and_three_bcd_digits),
        ON_300(s7_165_a_date_of_0_is_1990_01_01),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
