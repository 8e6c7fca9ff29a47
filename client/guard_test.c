#include "client/plc_thread.h"
#include "client/test_names.h"

#include <s7rig/pool.h>
#include <s7rig/services.h>

static const s7_write_range allowed[] = {
    {S7_AREA_DB, 1, 100, 199}, {S7_AREA_DB, 1, 300, 301}, {S7_AREA_M, 0, 10, 10}};

static s7_client_options guarded_options(bool read_only)
{
    s7_client_options options;

    s7_client_options_init(&options);
    options.read_only = read_only;
    options.allow_control = true;
    options.write_ranges = allowed;
    options.n_write_ranges = sizeof allowed / sizeof allowed[0];
    return options;
}

static s7_client *connected_with(const s7_client_options *options)
{
    s7_client *client = NULL;

    assert_int_equal(s7_client_new(server.endpoint, options, &client, NULL), S7_OK);
    assert_int_equal(s7_client_connect(client, S7_WITHIN(PATIENCE_MS)), S7_OK);
    return client;
}

static s7_status write_bytes(s7_client *client, s7_errinfo *err, s7_area area, uint16_t db, uint32_t start,
                             size_t len)
{
    static const uint8_t data[1000];
    s7_ctx ctx = {.struct_size = sizeof ctx, .timeout_ms = PATIENCE_MS, .err = err};

    return s7_write_area(client, &ctx, area, db, start, data, len);
}

static void writes_stay_within_the_ranges_and_the_report_names_the_rule(void **state)
{
    static const struct {
        s7_area area;
        uint16_t db;
        uint32_t start;
        size_t len;
        const char *came; /* NULL: it may be written */
    } cases[] = {
        {S7_AREA_DB, 1, 100, 100, NULL},
        {S7_AREA_DB, 1, 199, 1, NULL},
        {S7_AREA_DB, 1, 300, 2, NULL},
        {S7_AREA_M, 0, 10, 1, NULL},
        {S7_AREA_M, 7, 10, 1, NULL}, /* the number of an area without numbers is ignored */
        {S7_AREA_DB, 1, 99, 2, "DB1: 100..199"},
        {S7_AREA_DB, 1, 199, 2, "DB1: 100..199"},
        {S7_AREA_DB, 1, 0, 1000, "DB1: 100..199"},
        {S7_AREA_DB, 2, 100, 1, "nothing of this DB may be written"},
        {S7_AREA_M, 0, 9, 2, "M: 10..10"},
        {S7_AREA_M, 0, 11, 1, "M: 10..10"},
        {S7_AREA_Q, 0, 10, 1, "nothing of this area may be written"},
    };
    s7_client_options options = guarded_options(false);
    unsigned sent = 0;

    (void)state;
    server_start(240, 1, ANSWER, 0);
    s7_client *client = connected_with(&options);
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        s7_errinfo err = S7_ERRINFO_INIT;
        s7_status status =
            write_bytes(client, &err, cases[i].area, cases[i].db, cases[i].start, cases[i].len);

        sent += cases[i].came == NULL;
        if (status != (cases[i].came == NULL ? S7_OK : S7_E_GUARDED))
            fail_msg("case %u: %s (%s)", i, s7_errname(status), err.came);
        assert_int_equal(info_of(client).requests, sent);
        if (cases[i].came == NULL)
            continue;
        expect_text(err.came, cases[i].came);
        expect_text(err.hint, "write_ranges");
        assert_int_equal(err.status, S7_E_GUARDED);
        assert_int_equal(err.item, -1);
    }
    s7_client_free(client);
    server_stop();
}

static void one_forbidden_item_stops_the_whole_list(void **state)
{
    s7_client_options options = guarded_options(false);
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .timeout_ms = PATIENCE_MS, .err = &err};
    uint8_t data[8] = {0};
    s7_item items[] = {typed_item("DB1.DBW100", data), typed_item("DB1.DBX99.7:BOOL[2]", data),
                       typed_item("DB1.DBX199.7", data), typed_item("MB11", data)};
    static const s7_status expected[] = {S7_E_CANCELLED, S7_E_GUARDED, S7_E_CANCELLED, S7_E_GUARDED};

    (void)state;
    server_start(240, 1, ANSWER, 0);
    s7_client *client = connected_with(&options);
    assert_int_equal(s7_write_multi(client, &ctx, items, 4), S7_E_GUARDED);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(items[i].status, expected[i]);
    assert_int_equal(err.item, 1);
    expect_text(err.asked, "item 2 of 4");
    assert_int_equal(info_of(client).requests, 0);
    /* what is read is nobody's business */
    assert_int_equal(s7_read_multi(client, &ctx, items, 4), S7_OK);
    s7_client_free(client);
    server_stop();
}

static void a_read_only_client_writes_and_controls_nothing(void **state)
{
    s7_client_options options = guarded_options(true);
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .timeout_ms = PATIENCE_MS, .err = &err};
    uint8_t value;

    (void)state;
    server_start(240, 1, ANSWER, 0);
    s7_client *client = connected_with(&options);
    assert_int_equal(write_bytes(client, &err, S7_AREA_DB, 1, 100, 1), S7_E_GUARDED);
    expect_text(err.came, "read_only");
    expect_text(err.asked, "write DB1.DBB100");
    assert_int_equal(s7_plc_stop(client, &ctx), S7_E_GUARDED);
    expect_text(err.came, "read_only");
    expect_text(err.hint, "S7_READ_ONLY");
    assert_int_equal(info_of(client).requests, 0);
    assert_int_equal(s7_read_u8(client, &ctx, S7_AREA_DB, 1, 100, &value), S7_OK);
    s7_client_free(client);
    server_stop();
}

static void the_ranges_are_copied_and_an_empty_list_allows_nothing(void **state)
{
    s7_client_options options = guarded_options(false);
    s7_write_range mine[] = {{S7_AREA_DB, 1, 0, 9}};
    s7_errinfo err = S7_ERRINFO_INIT;

    (void)state;
    server_start(240, 1, ANSWER, 0);
    options.write_ranges = mine;
    options.n_write_ranges = 1;
    s7_client *client = connected_with(&options);
    mine[0].db = 2;
    assert_int_equal(write_bytes(client, &err, S7_AREA_DB, 1, 0, 10), S7_OK);
    s7_client_free(client);
    options.n_write_ranges = 0;
    client = connected_with(&options);
    assert_int_equal(write_bytes(client, &err, S7_AREA_DB, 1, 0, 10), S7_E_GUARDED);
    s7_client_free(client);
    server_stop();
}

static void ranges_that_make_no_sense_are_refused(void **state)
{
    s7_write_range bad = {S7_AREA_DB, 1, 10, 9};
    s7_client_options options = guarded_options(false);
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_client *client = NULL;

    (void)state;
    options.write_ranges = &bad;
    options.n_write_ranges = 1;
    assert_int_equal(s7_client_new("127.0.0.1", &options, &client, &err), S7_E_ARG);
    expect_text(err.came, "ends before it begins");
    options.n_write_ranges = S7_WRITE_RANGES_MAX + 1;
    assert_int_equal(s7_client_new("127.0.0.1", &options, &client, &err), S7_E_ARG);
    options.write_ranges = NULL;
    options.n_write_ranges = 1;
    assert_int_equal(s7_client_new("127.0.0.1", &options, &client, &err), S7_E_ARG);
}

static void the_clients_of_a_pool_are_guarded_as_well(void **state)
{
    s7_pool_options options;
    s7_pool *pool = NULL;
    s7_client *client;
    s7_errinfo err = S7_ERRINFO_INIT;

    (void)state;
    server_start(240, 1, ANSWER, 0);
    s7_pool_options_init(&options);
    options.client = guarded_options(false);
    assert_int_equal(s7_pool_new(server.endpoint, &options, &pool, NULL), S7_OK);
    assert_int_equal(s7_pool_start(pool, NULL), S7_OK);
    assert_int_equal(s7_pool_get(pool, NULL, &client), S7_OK);
    assert_int_equal(write_bytes(client, &err, S7_AREA_DB, 1, 100, 1), S7_OK);
    assert_int_equal(write_bytes(client, &err, S7_AREA_DB, 1, 10, 1), S7_E_GUARDED);
    assert_int_equal(s7_pool_put(pool, client), S7_OK);
    s7_pool_free(pool);
    server_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_stay_within_the_ranges_and_the_report_names_the_rule),
        cmocka_unit_test(one_forbidden_item_stops_the_whole_list),
        cmocka_unit_test(a_read_only_client_writes_and_controls_nothing),
        cmocka_unit_test(the_ranges_are_copied_and_an_empty_list_allows_nothing),
        cmocka_unit_test(ranges_that_make_no_sense_are_refused),
        cmocka_unit_test(the_clients_of_a_pool_are_guarded_as_well),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "client.guard");
}
