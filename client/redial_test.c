/* A client that connects again by itself. */
#include "client/plc_thread.h"
#include "client/test_names.h"

#include <s7rig/services.h>

static s7_errinfo err;
static s7_ctx patient;

static s7_client *redialing_client(uint32_t backoff_ms)
{
    s7_client_options options;
    s7_client *client = NULL;

    err = (s7_errinfo)S7_ERRINFO_INIT;
    patient = (s7_ctx){.struct_size = sizeof patient, .timeout_ms = PATIENCE_MS, .err = &err};
    s7_client_options_init(&options);
    options.auto_reconnect = true;
    options.backoff_min_ms = options.backoff_max_ms = backoff_ms;
    assert_int_equal(s7_client_new(server.endpoint, &options, &client, NULL), S7_OK);
    return client;
}

static s7_client *connected_again(void)
{
    s7_client *client = redialing_client(1000);

    assert_int_equal(s7_client_connect(client, &patient), S7_OK);
    return client;
}

static s7_status read_at(s7_client *client, uint32_t at)
{
    uint8_t value = 0;
    s7_status status = s7_read_u8(client, &patient, S7_AREA_DB, 1, at, &value);

    if (status == S7_OK)
        assert_int_equal(value, db_byte(at));
    return status;
}

static void a_read_whose_connection_broke_is_repeated_on_a_new_one(void **state)
{
    static const enum act acts[] = {FIN, RST, DR};
    s7_datetime now;

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        server_start(240, 1, acts[i], 3);
        s7_client *client = connected_again();
        for (unsigned n = 0; n < 6; n++) /* every second one breaks */
            assert_int_equal(read_at(client, 10 * n), S7_OK);
        assert_int_equal(info_of(client).connects, 6);
        assert_int_equal(s7_clock_get(client, &patient, &now), S7_OK);
        s7_client_free(client);
        server_stop();
    }
}

static void a_read_is_repeated_as_often_as_the_options_say(void **state)
{
    (void)state;
    server_start(240, 1, FIN, 2); /* every connection breaks at its first job */
    s7_client *client = connected_again();
    assert_int_equal(read_at(client, 0), S7_E_CLOSED);
    assert_int_equal(info_of(client).connects, 4); /* the first and three repeats */
    s7_client_free(client);
    server_stop();
}

static void a_write_is_never_repeated(void **state)
{
    (void)state;
    server_start(240, 1, FIN, 3);
    s7_client *client = connected_again();
    assert_int_equal(s7_write_u8(client, &patient, S7_AREA_DB, 1, 0, 1), S7_OK);
    assert_int_equal(s7_write_u8(client, &patient, S7_AREA_DB, 1, 1, 1), S7_E_OUTCOME_UNKNOWN);
    assert_false(s7_client_is_connected(client));
    /* the next call connects again */
    assert_int_equal(s7_write_u8(client, &patient, S7_AREA_DB, 1, 2, 1), S7_OK);
    assert_int_equal(info_of(client).connects, 2);
    s7_client_free(client);
    server_stop();
    assert_int_equal(server.plc.jobs, 3);
}

static void a_connection_that_ended_while_idle_is_found_out_before_a_write_leaves(void **state)
{
    (void)state;
    server_start(240, 1, ANSWER, 0);
    s7_client *client = connected_again();
    for (unsigned i = 1; i < 5; i++) {
        server_drop();
        assert_int_equal(s7_write_u8(client, &patient, S7_AREA_DB, 1, i, 1), S7_OK);
        assert_int_equal(info_of(client).connects, i + 1);
    }
    s7_client_free(client);
    server_stop();
    assert_int_equal(server.plc.jobs, 4);
}

static void while_the_plc_is_down_calls_fail_at_once_with_the_cause(void **state)
{
    (void)state;
    server_start(240, 1, ANSWER, 0);
    s7_client *client = redialing_client(INT32_MAX); /* the pause is 12 days on average */
    assert_int_equal(s7_client_connect(client, &patient), S7_OK);
    server_stop();
    assert_int_equal(read_at(client, 0), S7_E_REFUSED);
    expect_text(err.came, "connecting again: connection refused");
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(read_at(client, 0), S7_E_NOT_CONNECTED);
        expect_text(err.came, "1 failed in a row");
        expect_text(err.came, "allowed in");
        expect_text(err.came, "connection refused");
        expect_text(err.hint, "10102");
    }
    /* whoever asks is not held back, and what he finds counts */
    assert_int_equal(s7_client_connect(client, &patient), S7_E_REFUSED);
    assert_int_equal(s7_plc_stop(client, &patient), S7_E_MISUSE);
    assert_int_equal(read_at(client, 0), S7_E_NOT_CONNECTED);
    expect_text(err.came, "2 failed in a row");
    s7_client_free(client);
}

static void a_first_connect_that_failed_is_made_good_by_a_later_call(void **state)
{
    (void)state;
    server_start(240, 1, ANSWER, 0);
    s7_client *client = redialing_client(1);
    assert_int_equal(read_at(client, 0), S7_E_NOT_CONNECTED); /* nobody asked for a connection yet */
    assert_int_equal(s7_client_connect(client, &(s7_ctx){.struct_size = sizeof(s7_ctx), .deadline_ns = 1}),
                     S7_E_TIMEOUT);
    s7_status status;
    while ((status = read_at(client, 0)) == S7_E_NOT_CONNECTED) /* 1 ms at most */
        ;
    assert_int_equal(status, S7_OK);
    s7_client_free(client);
    server_stop();
}

static void after_close_nothing_is_dialed(void **state)
{
    (void)state;
    server_start(240, 1, ANSWER, 0);
    s7_client *client = connected_again();
    s7_client_close(client);
    assert_int_equal(read_at(client, 0), S7_E_NOT_CONNECTED);
    assert_int_equal(s7_client_connect(client, &patient), S7_OK);
    assert_int_equal(read_at(client, 0), S7_OK);
    s7_client_free(client);
    server_stop();
}

static void a_call_without_time_dials_nothing(void **state)
{
    uint8_t value;

    (void)state;
    server_start(240, 1, ANSWER, 0);
    s7_client *client = connected_again();
    server_drop();
    assert_int_equal(s7_read_u8(client, &(s7_ctx){.struct_size = sizeof(s7_ctx), .deadline_ns = 1},
                                S7_AREA_DB, 1, 0, &value),
                     S7_E_TIMEOUT);
    assert_int_equal(info_of(client).connects, 1);
    assert_int_equal(read_at(client, 0), S7_OK);
    s7_client_free(client);
    server_stop();
}

static void a_backoff_that_makes_no_sense_is_refused(void **state)
{
    s7_client_options options;
    s7_client *client;

    (void)state;
    s7_client_options_init(&options);
    options.backoff_min_ms = 0;
    assert_int_equal(s7_client_new("127.0.0.1", &options, &client, NULL), S7_E_ARG);
    options.backoff_min_ms = 31000;
    assert_int_equal(s7_client_new("127.0.0.1", &options, &client, NULL), S7_E_ARG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_read_whose_connection_broke_is_repeated_on_a_new_one),
        cmocka_unit_test(a_read_is_repeated_as_often_as_the_options_say),
        cmocka_unit_test(a_write_is_never_repeated),
        cmocka_unit_test(a_connection_that_ended_while_idle_is_found_out_before_a_write_leaves),
        cmocka_unit_test(while_the_plc_is_down_calls_fail_at_once_with_the_cause),
        cmocka_unit_test(a_first_connect_that_failed_is_made_good_by_a_later_call),
        cmocka_unit_test(after_close_nothing_is_dialed),
        cmocka_unit_test(a_call_without_time_dials_nothing),
        cmocka_unit_test(a_backoff_that_makes_no_sense_is_refused),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "client.redial");
}
