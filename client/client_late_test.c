#include "client/plc_thread.h"
#include "client/test_names.h"
#include "loop/blocking.h"

/* ---- late answers ---- */

static void p01_a_late_answer_is_drained_by_the_next_call(void **state)
{
    (void)state;
    for (unsigned amq = 1; amq <= 4; amq += 3) {
        uint8_t value = 0;

        server_start(240, amq, HOLD, 2);
        s7_client *client = connected_client(PATIENCE_MS);
        assert_int_equal(s7_read_u8(client, S7_WITHIN(30), S7_AREA_DB, 1, 10, &value), S7_E_TIMEOUT);
        assert_true(s7_client_is_connected(client));
        server_release(); /* before, while or after the next request travels */
        for (unsigned n = 2; n < 20; n++) {
            assert_int_equal(s7_read_u8(client, NULL, S7_AREA_DB, 1, n * 10, &value), S7_OK);
            assert_int_equal(value, db_byte(n * 10));
        }
        /* with a window of several jobs the late answer may still be on its way: only then it is not counted
         * yet */
        for (unsigned i = 0; info_of(client).late_answers == 0 && i < 100000; i++)
            assert_int_equal(s7_read_u8(client, NULL, S7_AREA_DB, 1, 0, &value), S7_OK);
        assert_int_equal(info_of(client).late_answers, 1);
        assert_int_equal(info_of(client).connects, 1);
        s7_client_free(client);
        server_stop();
    }
}

static void s7_153_an_answer_that_never_comes_drops_the_connection_in_the_next_call(void **state)
{
    uint8_t value;
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .timeout_ms = 30, .err = &err};

    (void)state;
    server_start(240, 1, SILENT, 2);
    s7_client *client = connected_client(PATIENCE_MS);
    assert_int_equal(s7_read_u8(client, &ctx, S7_AREA_DB, 1, 0, &value), S7_E_TIMEOUT);
    assert_string_equal(err.came, "no answer came in time");
    assert_true(s7_client_is_connected(client));
    assert_int_equal(s7_read_u8(client, &ctx, S7_AREA_DB, 1, 0, &value), S7_E_TIMEOUT);
    expect_text(err.came, "the connection was dropped");
    assert_false(s7_client_is_connected(client));
    assert_int_equal(s7_read_u8(client, &ctx, S7_AREA_DB, 1, 0, &value), S7_E_NOT_CONNECTED);
    assert_int_equal(s7_client_connect(client, NULL), S7_OK);
    assert_int_equal(info_of(client).connects, 2);
    /* Frame 2 of this connection is silent again: one more round. */
    assert_int_equal(s7_read_u8(client, &ctx, S7_AREA_DB, 1, 0, &value), S7_E_TIMEOUT);
    s7_client_free(client);
    server_stop();
}

static void s7_153_with_a_wider_window_calls_go_on_until_the_answer_is_overdue(void **state)
{
    uint8_t value;
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .timeout_ms = 30, .err = &err};
    s7_status status = S7_OK;
    unsigned good = 0;

    (void)state;
    server_start(240, 4, SILENT, 2);
    s7_client *client = connected_client(300);
    assert_int_equal(s7_read_u8(client, &ctx, S7_AREA_DB, 1, 0, &value), S7_E_TIMEOUT);
    ctx.timeout_ms = PATIENCE_MS;
    for (int64_t until_ns = s7_now_ns() + PATIENCE_MS * MS; status == S7_OK && s7_now_ns() < until_ns;
         good++) {
        status = s7_read_u8(client, &ctx, S7_AREA_DB, 1, 30, &value);
        if (status == S7_OK)
            assert_int_equal(value, db_byte(30));
    }
    assert_true(good > 1);
    assert_int_equal(status, S7_E_TIMEOUT);
    expect_text(err.came, "the connection was dropped");
    s7_client_free(client);
    server_stop();
}

static void p22_one_withheld_answer_fails_one_part_of_a_list(void **state)
{
    uint8_t data[8][220];
    s7_item items[8];
    unsigned good = 0;

    (void)state;
    server_start(240, 8, SILENT, 4);
    s7_client *client = connected_client(PATIENCE_MS);
    for (unsigned i = 0; i < 8; i++)
        items[i] = bytes_item(S7_AREA_DB, i * 220, 220, data[i]);
    assert_int_equal(s7_read_multi(client, S7_WITHIN(1000), items, 8), S7_E_TIMEOUT);
    for (unsigned i = 0; i < 8; i++) {
        good += items[i].status == S7_OK;
        if (items[i].status == S7_OK)
            assert_int_equal(data[i][219], db_byte(i * 220 + 219));
        else
            assert_int_equal(i, 2);
    }
    assert_int_equal(good, 7);
    assert_true(s7_client_is_connected(client));
    s7_client_free(client);
    server_stop();
}

/* ---- writes without answer ---- */

static void p29_a_write_whose_answer_is_lost_is_unknown_and_done_once(void **state)
{
    static const enum act acts[] = {FIN, RST, SILENT};

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        s7_errinfo err = S7_ERRINFO_INIT;
        s7_ctx ctx = {
            .struct_size = sizeof ctx, .timeout_ms = acts[i] == SILENT ? 50 : PATIENCE_MS, .err = &err};

        server_start(240, 1, acts[i], 2);
        s7_client *client = connected_client(PATIENCE_MS);
        assert_int_equal(s7_write_u16(client, &ctx, S7_AREA_DB, 1, 40, 0xCAFE), S7_E_OUTCOME_UNKNOWN);
        expect_text(err.came, "may or may not");
        expect_text(err.hint, "read the place back");
        s7_client_free(client);
        server_stop();
        assert_int_equal(server.plc.jobs, 1);
        assert_int_equal(server.plc.db1[40], 0xCA);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(p01_a_late_answer_is_drained_by_the_next_call),
        cmocka_unit_test(s7_153_an_answer_that_never_comes_drops_the_connection_in_the_next_call),
        cmocka_unit_test(s7_153_with_a_wider_window_calls_go_on_until_the_answer_is_overdue),
        cmocka_unit_test(p22_one_withheld_answer_fails_one_part_of_a_list),
        cmocka_unit_test(p29_a_write_whose_answer_is_lost_is_unknown_and_done_once),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "client.client_late");
}
