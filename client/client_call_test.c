#include "client/plc_thread.h"
#include "client/test_names.h"
#include "loop/blocking.h"

/* ---- values and areas ---- */

static void areas_of_any_length_are_read_and_written(void **state)
{
    static uint8_t data[65535];
    static const size_t lens[] = {1, 222, 223, 5000, 65535};
    s7_client *client;

    (void)state;
    server_start(240, 3, ANSWER, 0);
    client = connected_client(PATIENCE_MS);
    assert_true(s7_client_is_connected(client));
    s7_client_info info = info_of(client);
    assert_int_equal(info.pdu_len, 240);
    assert_int_equal(info.amq_calling, 3);
    assert_int_equal(info.connects, 1);
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        uint64_t before = info_of(client).requests;

        assert_int_equal(s7_read_db(client, NULL, 1, 7, data, lens[i]), S7_OK);
        for (size_t b = 0; b < lens[i]; b++)
            if (data[b] != db_byte(b + 7))
                fail_msg("%zu bytes: byte %zu is %02X", lens[i], b, data[b]);
        assert_int_equal(info_of(client).requests - before, (lens[i] + 221) / 222);
    }
    for (size_t b = 0; b < 1000; b++)
        data[b] = (uint8_t)~data[b];
    assert_int_equal(s7_write_area(client, S7_WITHIN(PATIENCE_MS), S7_AREA_DB, 1, 7, data, 1000), S7_OK);
    assert_int_equal(s7_read_area(client, NULL, S7_AREA_T, 99, 4, data + 2000, 10), S7_OK);
    s7_client_free(client);
    server_stop();
    assert_memory_equal(server.plc.db1 + 7, data, 1000);
    assert_int_equal(server.plc.db1[6], db_byte(6));
    assert_int_equal(server.plc.db1[1007], db_byte(1007));
    assert_memory_equal(server.plc.timers + 8, data + 2000, 10);
}

static void typed_values_come_back_as_they_were_written(void **state)
{
    bool b = false;
    uint8_t u8 = 0;
    uint16_t u16 = 0;
    int16_t i16 = 0;
    uint32_t u32 = 0;
    int32_t i32 = 0;
    float f32 = 0;

    (void)state;
    server_start(480, 1, ANSWER, 0);
    s7_client *client = connected_client(PATIENCE_MS);
    for (unsigned bit = 0; bit < 8; bit++) {
        assert_int_equal(s7_write_bool(client, NULL, S7_AREA_M, 0, 5, (uint8_t)bit, bit % 3 == 0), S7_OK);
        assert_int_equal(s7_read_bool(client, NULL, S7_AREA_M, 0, 5, (uint8_t)bit, &b), S7_OK);
        assert_int_equal(b, bit % 3 == 0);
    }
    assert_int_equal(s7_write_u8(client, NULL, S7_AREA_DB, 1, 100, 0xA5), S7_OK);
    assert_int_equal(s7_read_u8(client, NULL, S7_AREA_DB, 1, 100, &u8), S7_OK);
    assert_int_equal(u8, 0xA5);
    assert_int_equal(s7_write_u16(client, NULL, S7_AREA_DB, 1, 102, 0x1234), S7_OK);
    assert_int_equal(s7_read_u16(client, NULL, S7_AREA_DB, 1, 102, &u16), S7_OK);
    assert_int_equal(u16, 0x1234);
    assert_int_equal(s7_write_i16(client, NULL, S7_AREA_DB, 1, 104, -2), S7_OK);
    assert_int_equal(s7_read_i16(client, NULL, S7_AREA_DB, 1, 104, &i16), S7_OK);
    assert_int_equal(i16, -2);
    assert_int_equal(s7_write_u32(client, NULL, S7_AREA_DB, 1, 106, 0xDEADBEEF), S7_OK);
    assert_int_equal(s7_read_u32(client, NULL, S7_AREA_DB, 1, 106, &u32), S7_OK);
    assert_int_equal(u32, 0xDEADBEEF);
    assert_int_equal(s7_write_i32(client, NULL, S7_AREA_DB, 1, 110, INT32_MIN), S7_OK);
    assert_int_equal(s7_read_i32(client, NULL, S7_AREA_DB, 1, 110, &i32), S7_OK);
    assert_int_equal(i32, INT32_MIN);
    assert_int_equal(s7_write_f32(client, NULL, S7_AREA_DB, 1, 114, -1.5F), S7_OK);
    assert_int_equal(s7_read_f32(client, NULL, S7_AREA_DB, 1, 114, &f32), S7_OK);
    assert_true(f32 == -1.5F);
    s7_client_free(client);
    server_stop();
    static const uint8_t wire[] = {0xA5, 0x12, 0x34, 0xFF, 0xFE, 0xDE, 0xAD, 0xBE, 0xEF,
                                   0x80, 0,    0,    0,    0xBF, 0xC0, 0,    0};
    assert_int_equal(server.plc.db1[100], wire[0]);
    assert_memory_equal(server.plc.db1 + 102, wire + 1, sizeof wire - 1);
    assert_int_equal(server.plc.m[5], 0x49);
    assert_int_equal(server.plc.m[4], (uint8_t)(4 * 17 + 3));
}

static void s7_160_and_161_strings_keep_their_maximum_and_are_clipped(void **state)
{
    char text[300];

    (void)state;
    server_start(240, 1, ANSWER, 0);
    server.plc.db1[200] = 20; /* the thread has not been asked for anything yet */
    s7_client *client = connected_client(PATIENCE_MS);
    assert_int_equal(s7_write_string(client, NULL, S7_AREA_DB, 1, 200, 20,
                                     "Gr\xFC\xDF"
                                     "e"),
                     S7_OK);
    assert_int_equal(s7_read_string(client, NULL, S7_AREA_DB, 1, 200, 20, text, sizeof text), S7_OK);
    assert_string_equal(text, "Gr\xFC\xDF"
                              "e");
    assert_int_equal(s7_read_string(client, NULL, S7_AREA_DB, 1, 200, 20, text, 4), S7_E_TOO_LARGE);
    assert_string_equal(text, "Gr\xFC");
    assert_int_equal(s7_write_string(client, NULL, S7_AREA_DB, 1, 200, 3, "four"), S7_E_TOO_LARGE);
    assert_int_equal(s7_write_u8(client, NULL, S7_AREA_DB, 1, 201, 200),
                     S7_OK); /* a length above the maximum */
    assert_int_equal(s7_read_string(client, NULL, S7_AREA_DB, 1, 200, 20, text, sizeof text), S7_OK);
    assert_int_equal(strlen(text), 20);
    assert_int_equal(s7_read_string(client, NULL, S7_AREA_DB, 1, 200, 20, text, 21), S7_OK);
    memset(text, 'x', 254);
    text[254] = '\0';
    assert_int_equal(s7_write_string(client, NULL, S7_AREA_DB, 1, 300, 254, text),
                     S7_OK); /* longer than a PDU */
    memset(text, 0, sizeof text);
    assert_int_equal(s7_read_string(client, NULL, S7_AREA_DB, 1, 300, 254, text, sizeof text), S7_OK);
    assert_int_equal(strlen(text), 254);
    s7_client_free(client);
    server_stop();
    assert_int_equal(server.plc.db1[200], 20);
}

/* ---- refusals ---- */

static void a_list_names_its_first_bad_item_and_delivers_the_others(void **state)
{
    uint8_t data[3][4];
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .err = &err};
    char expected[128];

    (void)state;
    server_start(240, 2, ANSWER, 0);
    s7_client *client = connected_client(PATIENCE_MS);
    s7_item items[3];
    static const char *const texts[] = {"DB1.DBD4:REAL", "DB1.DBW65999:INT", "DB7.DBD0"};
    for (unsigned i = 0; i < 3; i++) {
        items[i] = typed_item(texts[i], data[i]);
    }
    assert_int_equal(s7_read_multi(client, &ctx, items, 3), S7_E_PARTIAL);
    assert_int_equal(items[0].status, S7_OK);
    assert_int_equal(items[1].status, S7_E_ITEM_ADDRESS);
    assert_int_equal(items[2].status, S7_E_ITEM_MISSING);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(data[0][i], db_byte(4 + i));
    assert_int_equal(err.item, 1);
    snprintf(expected, sizeof expected, "read DB1.DBW65999:INT (item 2 of 3) from 127.0.0.1:%u", server.port);
    assert_string_equal(err.asked, expected);
    assert_string_equal(err.came, "item refused: 0x05 address out of range");
    s7_client_free(client);
    server_stop();
}

static void a_refused_area_says_what_was_asked_what_came_and_what_to_try(void **state)
{
    uint8_t data[100];
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .err = &err};
    char expected[128];

    (void)state;
    server_start(240, 1, ANSWER, 0);
    s7_client *client = connected_client(PATIENCE_MS);
    assert_int_equal(s7_read_db(client, &ctx, 2, 0, data, sizeof data), S7_E_ITEM_MISSING);
    snprintf(expected, sizeof expected, "read DB2.DBB0..99 (100 bytes) from 127.0.0.1:%u", server.port);
    assert_string_equal(err.asked, expected);
    assert_string_equal(err.came, "item refused: 0x0A object does not exist");
    assert_int_equal(err.status, S7_E_ITEM_MISSING);
    assert_int_equal(err.item, -1);
    assert_int_equal(err.item_code, 0x0A);
    expect_text(err.hint, "optimized");
    server.plc.refuse = 0x8104; /* the thread waits for the next frame */
    assert_int_equal(s7_write_u16(client, &ctx, S7_AREA_DB, 1, 2, 7), S7_E_PLC);
    snprintf(expected, sizeof expected, "write DB1.DBW2 to 127.0.0.1:%u", server.port);
    assert_string_equal(err.asked, expected);
    assert_int_equal(err.plc_error, 0x8104);
    expect_text(err.came, "8104");
    expect_text(err.hint, "PUT/GET");
    assert_true(s7_client_is_connected(client));
    s7_client_free(client);
    server_stop();
}

/* ---- misuse ---- */

static void contexts_and_arguments_are_checked_before_anything_is_sent(void **state)
{
    uint8_t data[4];
    s7_ctx no_size = {.timeout_ms = 5}, bad_time = {.struct_size = sizeof bad_time, .timeout_ms = -2},
           past = {.struct_size = sizeof past, .deadline_ns = 1};
    char text[4];

    (void)state;
    server_start(240, 1, ANSWER, 0);
    s7_client *client = connected_client(PATIENCE_MS);
    uint64_t before = info_of(client).requests;
    assert_int_equal(s7_read_db(client, &no_size, 1, 0, data, 4), S7_E_ARG);
    assert_int_equal(s7_read_db(client, &bad_time, 1, 0, data, 4), S7_E_ARG);
    assert_int_equal(s7_read_db(client, &past, 1, 0, data, 4), S7_E_TIMEOUT);
    assert_int_equal(s7_write_db(client, &past, 1, 0, data, 4), S7_E_TIMEOUT);
    assert_int_equal(s7_read_db(client, NULL, 1, 0, data, 0), S7_E_ARG);
    assert_int_equal(s7_read_db(client, NULL, 1, 0, NULL, 4), S7_E_ARG);
    assert_int_equal(s7_write_db(client, NULL, 1, 0, NULL, 70000), S7_E_ARG);
    assert_int_equal(s7_read_db(client, NULL, 0, 0, data, 4), S7_E_ARG);
    assert_int_equal(s7_read_db(client, NULL, 1, 2097150, data, 4), S7_E_ARG);
    assert_int_equal(s7_read_db(client, NULL, 1, UINT32_MAX, data, 4), S7_E_ARG);
    assert_int_equal(s7_read_area(client, NULL, S7_AREA_T, 0, 0, data, 3), S7_E_ARG);
    assert_int_equal(s7_read_area(client, NULL, (s7_area)0x42, 0, 0, data, 3),
                     S7_E_ITEM_MISSING); /* the PLC decides */
    assert_int_equal(s7_read_bool(client, NULL, S7_AREA_M, 0, 0, 8, &(bool){false}), S7_E_ARG);
    assert_int_equal(s7_read_u8(client, NULL, S7_AREA_M, 0, 0, NULL), S7_E_ARG);
    assert_int_equal(s7_read_string(client, NULL, S7_AREA_M, 0, 0, 0, text, sizeof text), S7_E_ARG);
    assert_int_equal(s7_read_string(client, NULL, S7_AREA_M, 0, 0, 255, text, sizeof text), S7_E_ARG);
    assert_int_equal(s7_read_string(client, NULL, S7_AREA_M, 0, 0, 9, text, 0), S7_E_ARG);
    assert_int_equal(s7_write_string(client, NULL, S7_AREA_M, 0, 0, 9, NULL), S7_E_ARG);
    assert_int_equal(s7_read_multi(client, NULL, NULL, 2), S7_E_ARG);
    assert_int_equal(s7_read_multi(client, NULL, NULL, 0), S7_OK);
    assert_int_equal(s7_read_db(NULL, NULL, 1, 0, data, 4), S7_E_ARG);
    assert_int_equal(s7_client_connect(NULL, NULL), S7_E_ARG);
    assert_int_equal(info_of(client).requests, before + 1);
    s7_client_free(client);
    server_stop();
}

static void any_answer_to_a_ping_is_a_sign_of_life(void **state)
{
    s7_client *client;

    (void)state;
    assert_int_equal(s7_client_ping(NULL, NULL), S7_E_ARG);
    for (enum act act = ANSWER; act <= REFUSE; act++) {
        s7_errinfo err = S7_ERRINFO_INIT;
        s7_ctx ctx = {.struct_size = sizeof ctx, .timeout_ms = act == SILENT ? 50 : PATIENCE_MS, .err = &err};

        server_start(240, 1, act, 2);
        client = connected_client(PATIENCE_MS);
        s7_status status = s7_client_ping(client, &ctx);
        if ((status == S7_OK) != (act == ANSWER || act == REFUSE))
            fail_msg("act %d: %s", act, s7_errname(status));
        if (status != S7_OK)
            expect_text(err.asked, "read MB0");
        s7_client_free(client);
        server_stop();
    }
}

static void *blocked_read(void *arg)
{
    uint8_t value;
    static s7_status status;

    status = s7_read_u8(arg, NULL, S7_AREA_DB, 1, 20, &value);
    if (status == S7_OK && value != db_byte(20))
        status = S7_E_PROTOCOL;
    return &status;
}

static void a_second_thread_is_refused_and_harms_nothing(void **state)
{
    pthread_t thread;
    void *result;
    uint8_t value;

    (void)state;
    server_start(240, 4, HOLD, 2);
    s7_client *client = connected_client(PATIENCE_MS);
    assert_int_equal(pthread_create(&thread, NULL, blocked_read, client), 0);
    server_wait_for_held(); /* the read is at the PLC, the thread inside the client */
    assert_int_equal(s7_read_u8(client, NULL, S7_AREA_DB, 1, 0, &value), S7_E_MISUSE);
    assert_int_equal(s7_client_connect(client, NULL), S7_E_MISUSE);
    assert_int_equal(s7_client_info_get(client, &(s7_client_info){.struct_size = sizeof(s7_client_info)}),
                     S7_E_MISUSE);
    s7_client_close(client);
    assert_true(s7_client_is_connected(client));
    server_release();
    pthread_join(thread, &result);
    assert_int_equal(*(s7_status *)result, S7_OK);
    assert_int_equal(s7_read_u8(client, NULL, S7_AREA_DB, 1, 0, &value), S7_OK);
    s7_client_free(client);
    server_stop();
}

static void every_item_says_when_its_answer_came(void **state)
{
    static uint8_t data[3][600];
    s7_item items[3] = {bytes_item(S7_AREA_DB, 0, 600, data[0]), bytes_item(S7_AREA_DB, 700, 1, data[1]),
                        bytes_item(S7_AREA_M, FAKE_M_LEN, 1, data[2])};

    (void)state;
    server_start(240, 1, ANSWER, 0);
    s7_client *client = connected_client(PATIENCE_MS);
    int64_t before_ns = s7_now_ns();
    assert_int_equal(s7_read_multi(client, NULL, items, 3), S7_E_PARTIAL);
    int64_t after_ns = s7_now_ns();
    assert_int_equal(items[2].status, S7_E_ITEM_ADDRESS); /* an answer, too */
    for (unsigned i = 0; i < 3; i++)
        assert_true(items[i].time_ns >= before_ns && items[i].time_ns <= after_ns);
    assert_true(items[0].time_ns <= items[1].time_ns);
    s7_client_close(client);
    assert_int_equal(s7_read_multi(client, NULL, items, 3), S7_E_NOT_CONNECTED);
    for (unsigned i = 0; i < 3; i++)
        assert_true(items[i].time_ns == 0);
    s7_client_free(client);
    server_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(areas_of_any_length_are_read_and_written),
        cmocka_unit_test(typed_values_come_back_as_they_were_written),
        cmocka_unit_test(s7_160_and_161_strings_keep_their_maximum_and_are_clipped),
        cmocka_unit_test(a_list_names_its_first_bad_item_and_delivers_the_others),
        cmocka_unit_test(a_refused_area_says_what_was_asked_what_came_and_what_to_try),
        cmocka_unit_test(contexts_and_arguments_are_checked_before_anything_is_sent),
        cmocka_unit_test(any_answer_to_a_ping_is_a_sign_of_life),
        cmocka_unit_test(a_second_thread_is_refused_and_harms_nothing),
        cmocka_unit_test(every_item_says_when_its_answer_came),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "client.client_call");
}
