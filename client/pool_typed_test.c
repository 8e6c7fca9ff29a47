/* Values of every type on a pool without a lease. */
#include "client/plc_thread.h"
#include "client/test_names.h"

#include <s7rig/pool_direct.h>

static s7_pool *pool;
static s7_errinfo err;
static s7_ctx ctx = {.struct_size = sizeof ctx, .timeout_ms = PATIENCE_MS, .err = &err};

static int enter(void **state)
{
    (void)state;
    err = (s7_errinfo)S7_ERRINFO_INIT;
    server_start(240, 2, ANSWER, 0);
    assert_int_equal(s7_pool_new(server.endpoint, NULL, &pool, NULL), S7_OK);
    assert_int_equal(s7_pool_start(pool, &ctx), S7_OK);
    return 0;
}

static int leave(void **state)
{
    (void)state;
    s7_pool_free(pool);
    pool = NULL;
    server_stop();
    return 0;
}

static void values_are_written_and_read_by_their_address(void **state)
{
    const float speeds[] = {1.5F, -2.0F, 1e6F};
    float got[3] = {0};
    uint8_t bytes[4];
    bool on = true, is = false;

    (void)state;
    assert_int_equal(s7_pool_write_as(pool, &ctx, "DB1.DBD100:REAL[3]", speeds, sizeof speeds), S7_OK);
    assert_int_equal(s7_pool_read_as(pool, &ctx, "DB1.DBD100:REAL[3]", got, sizeof got), S7_OK);
    assert_memory_equal(got, speeds, sizeof got);
    assert_int_equal(s7_pool_read_db(pool, &ctx, 1, 100, bytes, 4), S7_OK);
    assert_memory_equal(bytes, hex("3f c0 00 00").at, 4);
    assert_int_equal(s7_pool_write_as(pool, &ctx, "DB1.DBX112.3", &on, sizeof on), S7_OK);
    assert_int_equal(s7_pool_read_as(pool, &ctx, "DB1.DBX112.3", &is, sizeof is), S7_OK);
    assert_true(is);
    s7_pool_stats stats = {.struct_size = sizeof stats};
    assert_int_equal(s7_pool_stats_get(pool, &stats), S7_OK);
    assert_int_equal(stats.direct_calls, 5);
    assert_int_equal(stats.in_use, 0);
}

static void an_address_may_be_a_struct(void **state)
{
    const s7_address at = {.area = S7_AREA_DB, .db = 1, .byte = 120, .type = S7_TYPE_INT, .count = 2};
    const int16_t given[] = {-300, 7};
    int16_t got[2];

    (void)state;
    assert_int_equal(s7_pool_write_values(pool, &ctx, &at, given, sizeof given), S7_OK);
    assert_int_equal(s7_pool_read_values(pool, &ctx, &at, got, sizeof got), S7_OK);
    assert_memory_equal(got, given, sizeof got);
    assert_int_equal(s7_pool_read_values(pool, &ctx, &at, got, 3), S7_E_ARG);
    assert_non_null(strstr(err.came, "expected 2 times 2"));
    assert_non_null(strstr(err.asked, server.endpoint));
}

static void values_are_texts_as_well(void **state)
{
    char text[40], cut[4];

    (void)state;
    assert_int_equal(s7_pool_write_text(pool, &ctx, "DB1.DBW130:INT[3]", "[1,-2,3]"), S7_OK);
    assert_int_equal(s7_pool_read_text(pool, &ctx, "DB1.DBW130:INT[3]", text, sizeof text), S7_OK);
    assert_string_equal(text, "[1,-2,3]");
    assert_int_equal(s7_pool_read_text(pool, &ctx, "DB1.DBW130:INT[3]", cut, sizeof cut), S7_E_TOO_LARGE);
    assert_string_equal(cut, "[1,");
}

/* The maximum length in the PLC stays as it is. */
static void a_string_keeps_its_maximum(void **state)
{
    uint8_t bytes[6] = {4, 4, 'a', 'b', 'c', 'd'};
    char text[8];

    (void)state;
    assert_int_equal(s7_pool_write_db(pool, &ctx, 1, 140, bytes, sizeof bytes), S7_OK);
    assert_int_equal(s7_pool_write_text(pool, &ctx, "DB1.DBB140:STRING(4)", "xy"), S7_OK);
    assert_int_equal(s7_pool_read_text(pool, &ctx, "DB1.DBB140:STRING(4)", text, sizeof text), S7_OK);
    assert_string_equal(text, "xy");
    assert_int_equal(s7_pool_read_db(pool, &ctx, 1, 140, bytes, sizeof bytes), S7_OK);
    assert_memory_equal(bytes, "\4\2xycd", 6);
}

static void what_is_wrong_is_named(void **state)
{
    float value = 0;
    s7_address at = {.area = S7_AREA_M, .type = S7_TYPE_REAL, .count = 1};
    char text[8];

    (void)state;
    assert_int_equal(s7_pool_read_as(pool, &ctx, "DB1.DBQ5", &value, sizeof value), S7_E_SYNTAX);
    assert_non_null(strstr(err.came, "at character"));
    assert_int_equal(s7_pool_write_text(pool, &ctx, "DB1.DBD100:REAL", "fast"), S7_E_CONVERT);
    assert_non_null(strstr(err.came, "no REAL"));
    assert_int_equal(s7_pool_read_as(pool, &ctx, "DB99.DBD0:REAL", &value, sizeof value), S7_E_ITEM_MISSING);
    assert_non_null(strstr(err.asked, "DB99"));
    assert_int_equal(s7_pool_read_as(NULL, &ctx, "MD0:REAL", &value, sizeof value), S7_E_ARG);
    assert_string_equal(err.came, "pool is NULL");
    assert_int_equal(s7_pool_write_as(NULL, &ctx, "MD0:REAL", &value, sizeof value), S7_E_ARG);
    assert_int_equal(s7_pool_read_values(NULL, &ctx, &at, &value, sizeof value), S7_E_ARG);
    assert_int_equal(s7_pool_write_values(NULL, &ctx, &at, &value, sizeof value), S7_E_ARG);
    assert_int_equal(s7_pool_read_text(NULL, &ctx, "MB0", text, sizeof text), S7_E_ARG);
    assert_int_equal(s7_pool_write_text(NULL, &ctx, "MB0", "1"), S7_E_ARG);
    assert_int_equal(s7_pool_read_as(pool, &ctx, NULL, &value, sizeof value), S7_E_ARG);
    assert_string_equal(err.came, "address is NULL");
    assert_int_equal(s7_pool_read_as(pool, &ctx, "MD0:REAL", NULL, sizeof value), S7_E_ARG);
    assert_int_equal(s7_pool_read_values(pool, &ctx, NULL, &value, sizeof value), S7_E_ARG);
    assert_int_equal(s7_pool_read_text(pool, &ctx, "MB0", NULL, 0), S7_E_ARG);
    assert_int_equal(s7_pool_write_text(pool, &ctx, "MB0", NULL), S7_E_ARG);
}

static void what_the_pool_says_is_said(void **state)
{
    float value;

    (void)state;
    assert_int_equal(s7_pool_close(pool, &ctx), S7_OK);
    assert_int_equal(s7_pool_read_as(pool, &ctx, "DB1.DBD100:REAL", &value, sizeof value), S7_E_POOL_CLOSED);
    assert_int_equal(s7_pool_write_text(pool, &ctx, "DB1.DBD100:REAL", "1.5"), S7_E_POOL_CLOSED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(values_are_written_and_read_by_their_address),
        TEST(an_address_may_be_a_struct),
        TEST(values_are_texts_as_well),
        TEST(a_string_keeps_its_maximum),
        TEST(what_is_wrong_is_named),
        TEST(what_the_pool_says_is_said),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "pool typed");
}
