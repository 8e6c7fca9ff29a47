/* Hints and causes as users of the blocking client and of a pool get them. */
#include "client/plc_thread.h"
#include "client/test_names.h"

#include <s7rig/pool.h>
#include <s7rig/services.h>

static s7_errinfo err;
static s7_ctx patient = {.struct_size = sizeof patient, .timeout_ms = PATIENCE_MS, .err = &err};

static s7_client *client_of(s7_family family, bool reconnects)
{
    s7_client_options options;
    s7_client *client;

    err = (s7_errinfo)S7_ERRINFO_INIT;
    s7_client_options_init(&options);
    if (family != 0)
        assert_int_equal(s7_preset(&options, family), S7_OK);
    options.auto_reconnect = reconnects;
    assert_int_equal(s7_client_new(server.endpoint, &options, &client, NULL), S7_OK);
    return client;
}

static void a_plc_that_refuses_the_first_connection_may_be_elsewhere(void **state)
{
    (void)state;
    server_start(240, 1, DR, 0);
    s7_client *client = client_of(0, false);
    assert_int_equal(s7_client_connect(client, &patient), S7_E_COTP_REFUSED);
    assert_int_equal(err.cause, S7_CAUSE_RACK_SLOT);
    expect_text(err.hint, "check rack and slot");
    s7_client_free(client);
    client = client_of(S7_FAMILY_S7_300, false);
    assert_int_equal(s7_client_connect(client, &patient), S7_E_COTP_REFUSED);
    expect_text(err.asked, "slot 2");
    assert_int_equal(err.cause, S7_CAUSE_RACK_SLOT);
    s7_client_free(client);
    server_stop();
}

static void a_plc_that_refuses_what_has_worked_is_full(void **state)
{
    uint8_t value;

    (void)state;
    server_start(240, 1, ANSWER, 0);
    s7_client *first = client_of(0, true);
    assert_int_equal(s7_client_connect(first, &patient), S7_OK);
    server_refuse();
    s7_client *second = client_of(0, false);
    assert_int_equal(s7_client_connect(second, &patient), S7_E_COTP_REFUSED);
    assert_int_equal(err.cause, S7_CAUSE_PLC_FULL);
    expect_text(err.hint, "rack and slot are right");
    s7_client_free(second);
    /* another slot has not worked */
    second = client_of(S7_FAMILY_S7_400, false);
    assert_int_equal(s7_client_connect(second, &patient), S7_E_COTP_REFUSED);
    assert_int_equal(err.cause, S7_CAUSE_RACK_SLOT);
    s7_client_free(second);
    /* a call that connects again says so as well */
    err = (s7_errinfo)S7_ERRINFO_INIT;
    assert_int_equal(s7_read_u8(first, &patient, S7_AREA_DB, 1, 0, &value), S7_E_COTP_REFUSED);
    assert_int_equal(err.cause, S7_CAUSE_PLC_FULL);
    err = (s7_errinfo)S7_ERRINFO_INIT;
    if (s7_read_u8(first, &patient, S7_AREA_DB, 1, 0, &value) == S7_E_NOT_CONNECTED)
        assert_int_equal(err.cause, S7_CAUSE_PLC_FULL); /* the backoff, unless its draw was short */
    s7_client_free(first);
    server_stop();
}

static void a_pool_whose_plc_refuses_what_has_worked_says_full(void **state)
{
    s7_pool_options options;
    s7_pool *pool;

    (void)state;
    server_start(240, 1, ANSWER, 0);
    s7_client *client = client_of(0, false);
    assert_int_equal(s7_client_connect(client, &patient), S7_OK);
    server_refuse();
    s7_pool_options_init(&options);
    assert_int_equal(s7_pool_new(server.endpoint, &options, &pool, NULL), S7_OK);
    assert_int_equal(s7_pool_start(pool, &patient), S7_E_COTP_REFUSED);
    assert_int_equal(err.cause, S7_CAUSE_PLC_FULL);
    s7_pool_free(pool);
    s7_client_free(client);
    server_stop();
}

static void a_refused_read_is_explained_for_the_family(void **state)
{
    static const struct {
        s7_family family;
        const char *hint;
    } cases[] = {
        {0, "allow PUT/GET"},
        {S7_FAMILY_S7_1500, "Connection mechanisms"},
        {S7_FAMILY_S7_300, "like an S7-1200"},
    };
    uint8_t value;

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        server_start(240, 1, REFUSE, 2);
        s7_client *client = client_of(cases[i].family, false);
        assert_int_equal(s7_client_connect(client, &patient), S7_OK);
        assert_int_equal(s7_read_u8(client, &patient, S7_AREA_DB, 1, 0, &value), S7_E_PLC);
        assert_int_equal(err.cause, S7_CAUSE_PUTGET);
        expect_text(err.hint, cases[i].hint);
        s7_client_free(client);
        server_stop();
    }
}

static void a_missing_db_is_explained_for_the_family(void **state)
{
    uint8_t value;

    (void)state;
    for (unsigned modern = 0; modern < 2; modern++) {
        server_start(240, 1, ANSWER, 0);
        s7_client *client = client_of(modern ? S7_FAMILY_S7_1200 : S7_FAMILY_S7_400, false);
        assert_int_equal(s7_client_connect(client, &patient), S7_OK);
        assert_int_equal(s7_read_u8(client, &patient, S7_AREA_DB, 999, 0, &value), S7_E_ITEM_MISSING);
        assert_int_equal(err.cause, S7_CAUSE_NO_DB);
        expect_text(err.hint, modern ? "Optimized block access" : "DB's number");
        s7_client_free(client);
        server_stop();
    }
}

static void a_refused_service_is_explained_for_the_family(void **state)
{
    s7_cpu_mode mode;

    (void)state;
    server_start(240, 1, REFUSE, 2);
    s7_client *client = client_of(S7_FAMILY_S7_1500, false);
    assert_int_equal(s7_client_connect(client, &patient), S7_OK);
    assert_int_equal(s7_cpu_mode_get(client, &patient, &mode, NULL), S7_E_PLC);
    assert_int_equal(err.cause, S7_CAUSE_UNKNOWN);
    expect_text(err.hint, "S7-1200 and S7-1500 have few");
    s7_client_free(client);
    server_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plc_that_refuses_the_first_connection_may_be_elsewhere),
        cmocka_unit_test(a_plc_that_refuses_what_has_worked_is_full),
        cmocka_unit_test(a_pool_whose_plc_refuses_what_has_worked_says_full),
        cmocka_unit_test(a_refused_read_is_explained_for_the_family),
        cmocka_unit_test(a_missing_db_is_explained_for_the_family),
        cmocka_unit_test(a_refused_service_is_explained_for_the_family),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "client.hint_call");
}
