#include "client/plc_thread.h"
#include "client/test_names.h"

#include <s7rig/struct.h>

struct motor {
    bool on, ready;
    float speed;
    int16_t faults[4];
    char name[21];
    s7_moment since;
};

static const s7_field fields[] = {
    S7_FIELD_BIT(struct motor, on, 0, 3),
    S7_FIELD_BIT(struct motor, ready, 0, 4),
    S7_FIELD(struct motor, speed, 2, S7_TYPE_REAL),
    S7_FIELD_ARRAY(struct motor, faults, 6, S7_TYPE_INT),
    S7_FIELD_TEXT(struct motor, name, 14, S7_TYPE_STRING, 20),
    S7_FIELD(struct motor, since, 36, S7_TYPE_DTL),
};

#define N(array) (sizeof(array) / sizeof(array)[0])
#define LEN      48

static const struct motor one = {
    .on = true,
    .ready = false,
    .speed = 1.5F,
    .faults = {1, -2, 3, -4},
    .name = "pump \xC3\xA4",
    .since = {2026, 1, 31, 12, 34, 56, 7, 789000000},
};

static s7_errinfo err;
static s7_ctx ctx = {.struct_size = sizeof ctx, .timeout_ms = PATIENCE_MS, .err = &err};

static void expect_same(const struct motor *a, const struct motor *b)
{
    assert_int_equal(a->on, b->on);
    assert_int_equal(a->ready, b->ready);
    assert_true(a->speed == b->speed);
    assert_memory_equal(a->faults, b->faults, sizeof a->faults);
    assert_string_equal(a->name, b->name);
    assert_memory_equal(&a->since, &b->since, sizeof a->since);
}

static void a_struct_goes_into_bytes_and_comes_back(void **state)
{
    uint8_t bytes[LEN + 2];
    struct motor back;

    (void)state;
    memset(bytes, 0xFF, sizeof bytes);
    bytes[14] = 0; /* a fresh STRING */
    assert_int_equal(s7_struct_len(fields, N(fields)), LEN);
    assert_int_equal(s7_struct_encode(fields, N(fields), bytes, LEN, &one, sizeof one, NULL), S7_OK);
    assert_int_equal(bytes[0], 0xEF); /* bits 3 and 4 are written, their neighbours are not */
    assert_int_equal(bytes[1], 0xFF);
    assert_memory_equal(bytes + 2, "\x3f\xc0\0\0\0\1\xff\xfe\0\3\xff\xfc\x14\6pump \xe4\xff", 21);
    assert_int_equal(bytes[LEN], 0xFF);
    assert_int_equal(s7_struct_decode(fields, N(fields), bytes, LEN, &back, sizeof back, NULL), S7_OK);
    expect_same(&back, &one);
}

static void a_member_of_another_size_is_an_error_and_nothing_is_done(void **state)
{
    static const struct {
        s7_field field;
        const char *came;
    } cases[] = {
        {S7_FIELD(struct motor, speed, 0, S7_TYPE_LREAL),
         "field speed: the member has 4 bytes, 1 of LREAL need 8"},
        {S7_FIELD(struct motor, since, 0, S7_TYPE_REAL), "1 of REAL need 4"},
        {S7_FIELD(struct motor, faults, 0, S7_TYPE_INT), "the member has 8 bytes, 1 of INT need 2"},
        {S7_FIELD_ARRAY(struct motor, faults, 0, S7_TYPE_DINT), "4 of DINT need 16"},
        {S7_FIELD_BIT(struct motor, on, 0, 8), "no such offset or bit"},
        {S7_FIELD_TEXT(struct motor, name, 0, S7_TYPE_STRING, 255), "no maximum length"},
        {S7_FIELD_TEXT(struct motor, name, 0, S7_TYPE_STRING, 0), "no maximum length"},
        {S7_FIELD(struct motor, on, 0, (s7_type)99), "no data type"},
        {S7_FIELD(struct motor, speed, 2097152, S7_TYPE_REAL), "no such offset"},
        {S7_FIELD(struct motor, speed, 45, S7_TYPE_REAL), "behind the end of the bytes"},
        {{S7_TYPE_REAL, 0, 0, 0, 1, sizeof(struct motor) - 3, 4, "far"}, "behind the end of the struct"},
        {{S7_TYPE_REAL, 0, 0, 0, 1, SIZE_MAX, 4, NULL}, "behind the end of the struct"},
    };
    uint8_t bytes[LEN] = {0};
    struct motor motor;

    (void)state;
    memset(&motor, 0x55, sizeof motor);
    for (size_t i = 0; i < N(cases); i++) {
        struct motor before = motor;
        s7_field two[] = {fields[0], cases[i].field};

        err = (s7_errinfo)S7_ERRINFO_INIT;
        assert_int_equal(s7_struct_decode(two, 2, bytes, LEN, &motor, sizeof motor, &err), S7_E_ARG);
        assert_int_equal(err.item, 1);
        expect_text(err.came, cases[i].came);
        assert_memory_equal(&motor, &before, sizeof motor);
        assert_int_equal(s7_struct_encode(two, 2, bytes, LEN, &one, sizeof one, NULL), S7_E_ARG);
    }
    assert_int_equal(s7_struct_len(&cases[0].field, 1), 0);
    assert_int_equal(s7_struct_len(NULL, 1), 0);
    assert_int_equal(s7_struct_decode(NULL, 1, bytes, LEN, &motor, sizeof motor, &err), S7_E_ARG);
    assert_int_equal(s7_struct_decode(fields, 0, bytes, LEN, &motor, sizeof motor, &err), S7_E_ARG);
    assert_int_equal(s7_struct_decode(fields, 1, NULL, LEN, &motor, sizeof motor, &err), S7_E_ARG);
    assert_int_equal(s7_struct_decode(fields, 1, bytes, LEN, NULL, sizeof motor, &err), S7_E_ARG);
}

static void a_field_whose_bytes_are_no_value_spoils_no_other(void **state)
{
    uint8_t bytes[LEN] = {0};
    struct motor motor;

    (void)state;
    assert_int_equal(s7_struct_encode(fields, N(fields), bytes, LEN, &one, sizeof one, NULL), S7_OK);
    bytes[38] = 13; /* the month */
    assert_int_equal(s7_struct_decode(fields, N(fields), bytes, LEN, &motor, sizeof motor, &err),
                     S7_E_CONVERT);
    assert_int_equal(err.item, 5);
    expect_text(err.came, "field since: no DTL");
    assert_int_equal(motor.since.year, 0);
    assert_true(motor.speed == 1.5F);
    struct motor never = one;
    never.since.day = 32;
    assert_int_equal(s7_struct_encode(fields, N(fields), bytes, LEN, &never, sizeof never, &err),
                     S7_E_CONVERT);
    expect_text(err.came, "field since: no DTL: expected a date and time");
}

static void a_struct_is_read_in_one_job_and_written_in_one(void **state)
{
    struct motor back;
    uint8_t before[LEN + 2];

    (void)state;
    server_start(240, 1, ANSWER, 0);
    s7_client *plc = connected_client(PATIENCE_MS);
    assert_int_equal(s7_write_db(plc, &ctx, 1, 114, "\x09", 1), S7_OK); /* the maximum of its name */
    assert_int_equal(s7_read_db(plc, &ctx, 1, 99, before, sizeof before), S7_OK);
    assert_int_equal(s7_struct_write(plc, &ctx, S7_AREA_DB, 1, 100, fields, N(fields), &one, sizeof one),
                     S7_OK);
    assert_int_equal(s7_struct_read(plc, &ctx, S7_AREA_DB, 1, 100, fields, N(fields), &back, sizeof back),
                     S7_OK);
    expect_same(&back, &one);
    s7_client_free(plc);
    server_stop();
    assert_int_equal(server.plc.jobs, 4);
    /* two bits, numbers that touch, the text behind its maximum, the time: five items */
    assert_int_equal(server.plc.most_items, 5);
    assert_int_equal(server.plc.db1[99], before[0]);
    assert_int_equal(server.plc.db1[100], (before[1] & ~0x18) | 0x08);
    assert_int_equal(server.plc.db1[101], before[2]);
    assert_int_equal(server.plc.db1[114], 9);
    assert_memory_equal(server.plc.db1 + 122, before + 23, 14); /* behind the text */
    assert_int_equal(server.plc.db1[148], before[49]);
}

/* A text that fills its field, and what touches it. */
static void neighbours_of_a_full_text_arrive_where_they_belong(void **state)
{
    static const struct names {
        uint16_t before;
        char name[5];
        uint16_t after;
    } names = {0x1234, "full", 0x5678};
    static const s7_field table[] = {
        S7_FIELD(struct names, before, 0, S7_TYPE_WORD),
        S7_FIELD_TEXT(struct names, name, 2, S7_TYPE_STRING, 4),
        S7_FIELD(struct names, after, 8, S7_TYPE_WORD),
    };

    (void)state;
    server_start(240, 1, ANSWER, 0);
    s7_client *plc = connected_client(PATIENCE_MS);
    assert_int_equal(s7_struct_write(plc, &ctx, S7_AREA_DB, 1, 50, table, N(table), &names, sizeof names),
                     S7_OK);
    s7_client_free(plc);
    server_stop();
    assert_memory_equal(server.plc.db1 + 50, "\x12\x34", 2);
    assert_int_equal(server.plc.db1[52], db_byte(52));
    assert_memory_equal(server.plc.db1 + 53, "\4full\x56\x78", 7);
}

static struct {
    double values[300];
    uint8_t last;
} large, large_back;

static void a_struct_longer_than_the_stack_and_the_pdu_is_read_and_written(void **state)
{
    static const s7_field table[] = {
        {S7_TYPE_LREAL, 10, 0, 0, 300, 0, sizeof large.values, "values"},
        {S7_TYPE_BYTE, 4000, 0, 0, 1, sizeof large.values, 1, "last"},
    };

    (void)state;
    for (unsigned i = 0; i < 300; i++)
        large.values[i] = i / 7.0;
    large.last = 99;
    server_start(240, 1, ANSWER, 0);
    s7_client *plc = connected_client(PATIENCE_MS);
    assert_int_equal(s7_struct_write(plc, &ctx, S7_AREA_DB, 1, 0, table, 2, &large, sizeof large), S7_OK);
    assert_int_equal(s7_struct_read(plc, &ctx, S7_AREA_DB, 1, 0, table, 2, &large_back, sizeof large_back),
                     S7_OK);
    assert_memory_equal(&large_back, &large, sizeof large);
    s7_client_free(plc);
    server_stop();
    assert_int_equal(server.plc.db1[9], db_byte(9));
    assert_int_equal(server.plc.db1[2410], db_byte(2410));
}

static void failures_say_what_was_asked_and_leave_the_struct(void **state)
{
    struct motor motor, before, never = one;

    (void)state;
    memset(&motor, 0x55, sizeof motor);
    before = motor;
    server_start(240, 1, ANSWER, 0);
    s7_client *plc = connected_client(PATIENCE_MS);
    assert_int_equal(s7_struct_read(plc, &ctx, S7_AREA_DB, 2, 0, fields, N(fields), &motor, sizeof motor),
                     S7_E_ITEM_MISSING);
    expect_text(err.asked, "read DB2.DBB0..47 (48 bytes)");
    assert_int_equal(s7_struct_write(plc, &ctx, S7_AREA_DB, 2, 0, fields, N(fields), &one, sizeof one),
                     S7_E_PARTIAL);
    unsigned jobs = (unsigned)info_of(plc).requests;
    assert_int_equal(s7_struct_read(plc, &ctx, S7_AREA_DB, 1, 0, fields, N(fields), &motor, 8), S7_E_ARG);
    expect_text(err.asked, "read the struct at DB1.DBB0 from 127.0.0.1");
    never.since.month = 0;
    assert_int_equal(s7_struct_write(plc, &ctx, S7_AREA_DB, 1, 4, fields, N(fields), &never, sizeof never),
                     S7_E_CONVERT);
    expect_text(err.asked, "write the struct at DB1.DBB4 to");
    assert_int_equal(s7_struct_read(plc, &ctx, S7_AREA_T, 0, 0, fields, N(fields), &motor, sizeof motor),
                     S7_E_ARG);
    assert_int_equal(
        s7_struct_read(plc, &ctx, S7_AREA_DB, 1, 2097151, fields, N(fields), &motor, sizeof motor), S7_E_ARG);
    assert_int_equal(
        s7_struct_write(plc, &ctx, S7_AREA_DB, 1, UINT32_MAX, fields, N(fields), &one, sizeof one), S7_E_ARG);
    assert_int_equal(s7_struct_write(plc, &ctx, S7_AREA_DB, 1, 2097151, fields, N(fields), &one, sizeof one),
                     S7_E_ARG);
    assert_int_equal(s7_struct_read(NULL, &ctx, S7_AREA_DB, 1, 0, fields, N(fields), &motor, sizeof motor),
                     S7_E_ARG);
    assert_memory_equal(&motor, &before, sizeof motor);
    assert_int_equal(info_of(plc).requests, jobs);
    s7_client_free(plc);
    server_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_struct_goes_into_bytes_and_comes_back),
        cmocka_unit_test(a_member_of_another_size_is_an_error_and_nothing_is_done),
        cmocka_unit_test(a_field_whose_bytes_are_no_value_spoils_no_other),
        cmocka_unit_test(a_struct_is_read_in_one_job_and_written_in_one),
        cmocka_unit_test(neighbours_of_a_full_text_arrive_where_they_belong),
        cmocka_unit_test(a_struct_longer_than_the_stack_and_the_pdu_is_read_and_written),
        cmocka_unit_test(failures_say_what_was_asked_and_leave_the_struct),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "client.struct");
}
