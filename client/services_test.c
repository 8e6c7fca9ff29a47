/* The calls of s7rig/services.h against the fake PLC, on direct clients and on leases. */
#include "client/plc_thread.h"
#include "client/test_names.h"

#include <s7rig/pool.h>
#include <s7rig/services.h>

static s7_client *client;

static s7_client *client_with(bool allow_control, uint32_t request_ms)
{
    s7_client_options options;
    s7_client *made = NULL;

    s7_client_options_init(&options);
    options.request_ms = request_ms;
    options.allow_control = allow_control;
    assert_int_equal(s7_client_new(server.endpoint, &options, &made, NULL), S7_OK);
    assert_int_equal(s7_client_connect(made, S7_WITHIN(PATIENCE_MS)), S7_OK);
    return made;
}

static void begin_with(unsigned amq, enum act act, unsigned act_frame)
{
    server_start(240, amq, act, act_frame);
    client = client_with(true, PATIENCE_MS);
}

static void begin(void)
{
    begin_with(1, ANSWER, 0);
}

static void end(void)
{
    s7_client_free(client);
    server_stop();
}

/* ---- status lists ---- */

static void s7_112_identification_comes_in_several_units_at_240(void **state)
{
    s7_cpu_info info = {.struct_size = sizeof info};

    (void)state;
    begin();
    assert_int_equal(s7_cpu_info_get(client, NULL, &info), S7_OK);
    assert_string_equal(info.module_type, "CPU 315-2 PN/DP");
    assert_string_equal(info.serial, "S C-X4U421302009");
    assert_string_equal(info.as_name, "S7300 station_1");
    assert_string_equal(info.module_name, "PLC_1");
    assert_string_equal(info.copyright, "Original Siemens Equipment");
    assert_string_equal(info.plant, "hall 4");
    assert_string_equal(info.location, "over there");
    assert_string_equal(info.card, "MMC 267FF11F");
    end();
    assert_int_equal(server.plc.services.units, 2);
}

static void s7_111_the_order_code_and_the_firmware_are_told(void **state)
{
    s7_order_code code = {.struct_size = sizeof code};

    (void)state;
    begin();
    assert_int_equal(s7_order_code_get(client, NULL, &code), S7_OK);
    assert_string_equal(code.order_code, "6ES7 315-2EH14-0AB0");
    assert_string_equal(code.firmware, "V3.2.6");
    end();
}

static void s7_113_mode_leds_limits_and_protection_are_told(void **state)
{
    s7_cpu_mode mode;
    s7_datetime since;
    s7_comm_info comm = {.struct_size = sizeof comm};
    s7_protection protection = {.struct_size = sizeof protection};
    s7_led leds[3];
    size_t n = 0;

    (void)state;
    begin();
    assert_int_equal(s7_cpu_mode_get(client, NULL, &mode, &since), S7_OK);
    assert_string_equal(s7_cpu_mode_name(mode), "RUN");
    assert_int_equal(since.year, 2016);
    assert_int_equal(s7_cpu_mode_get(client, NULL, &mode, NULL), S7_OK);
    assert_int_equal(s7_comm_info_get(client, NULL, &comm), S7_OK);
    assert_int_equal(comm.max_pdu_len, 240);
    assert_int_equal(comm.max_connections, 16);
    assert_int_equal(comm.ethernet_bps, 100000000);
    assert_int_equal(s7_protection_get(client, NULL, &protection), S7_OK);
    assert_int_equal(protection.set_level, 3);
    assert_int_equal(protection.valid_level, 2);
    assert_int_equal(s7_leds_get(client, NULL, leds, 3, &n), S7_OK);
    assert_int_equal(n, 3);
    assert_string_equal(s7_led_name(leds[1].id), "RUN");
    assert_int_equal(leds[1].on, 1);
    assert_int_equal(s7_leds_get(client, NULL, leds, 2, &n), S7_E_TOO_LARGE);
    assert_int_equal(n, 3);
    end();
}

static void s7_117_the_diagnostic_buffer_is_cut_where_the_caller_has_no_more_room(void **state)
{
    static s7_diag_entry entries[S7_DIAG_MAX];
    size_t n;

    (void)state;
    begin();
    assert_int_equal(s7_diag_read(client, NULL, entries, S7_DIAG_MAX, &n), S7_OK);
    assert_int_equal(n, FAKE_DIAG_ENTRIES);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(entries[i].info2, i);
    assert_string_equal(s7_diag_text(entries[1].event), "STOP by a programming device or SFB 20");
    assert_int_equal(entries[1].time.year, 1994);
    entries[10].info2 = 4711;
    assert_int_equal(s7_diag_read(client, NULL, entries, 10, &n), S7_OK);
    assert_int_equal(n, 10);
    assert_int_equal(entries[10].info2, 4711);
    assert_int_equal(s7_diag_read(client, NULL, entries, S7_DIAG_MAX + 1, &n), S7_E_ARG);
    end();
}

static void s7_104_any_list_is_read_into_the_callers_buffer(void **state)
{
    static uint8_t records[8192];
    s7_szl_head head = {.struct_size = sizeof head};
    size_t len = 0;
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .err = &err};

    (void)state;
    begin();
    assert_int_equal(s7_szl_read(client, NULL, 0x00A0, 0, &head, records, sizeof records, &len), S7_OK);
    assert_int_equal(head.id, 0x00A0);
    assert_int_equal(head.record_len, 20);
    assert_int_equal(head.n_records, FAKE_DIAG_ENTRIES);
    assert_int_equal(len, 20 * FAKE_DIAG_ENTRIES);
    for (uint32_t i = 0; i < FAKE_DIAG_ENTRIES; i++)
        assert_int_equal(records[i * 20 + 11] | records[i * 20 + 10] << 8, i);
    memset(records, 0xEE, sizeof records);
    assert_int_equal(s7_szl_read(client, &ctx, 0x00A0, 0, NULL, records, 100, &len), S7_E_TOO_LARGE);
    assert_int_equal(len, 20 * FAKE_DIAG_ENTRIES);
    expect_text(err.came, "6000 bytes, and room for 100");
    assert_int_equal(records[99], 0x01); /* a Sunday */
    assert_int_equal(records[100], 0xEE);
    assert_int_equal(s7_szl_read(client, NULL, 0x00A0, 0, &head, NULL, 0, &len), S7_OK);
    assert_int_equal(s7_szl_read(client, &ctx, 0x0815, 0, &head, records, sizeof records, &len), S7_E_PLC);
    assert_int_equal(err.plc_error, 0xD401);
    expect_text(err.asked, "read SZL 0815/0000 of 127.0.0.1:");
    end();
}

/* ---- blocks ---- */

static void s7_121_to_125_blocks_are_counted_listed_and_told_of(void **state)
{
    s7_block_counts counts = {.struct_size = sizeof counts};
    s7_block_info info = {.struct_size = sizeof info};
    s7_block_entry entries[FAKE_DBS + 1];
    size_t n = 77;
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .err = &err};

    (void)state;
    begin();
    assert_int_equal(s7_blocks_count(client, NULL, &counts), S7_OK);
    assert_int_equal(counts.db, 100);
    assert_int_equal(counts.sfb, 7);
    entries[FAKE_DBS].number = 4711;
    assert_int_equal(s7_blocks_list(client, NULL, S7_BLOCK_DB, entries, FAKE_DBS + 1, &n), S7_OK);
    assert_int_equal(n, FAKE_DBS);
    for (unsigned i = 0; i < FAKE_DBS; i++)
        assert_int_equal(entries[i].number << 16 | entries[i].flags << 8 | entries[i].language,
                         (FAKE_DBS - i) << 16 | 0x2205);
    entries[7].number = 4711;
    assert_int_equal(s7_blocks_list(client, NULL, S7_BLOCK_DB, entries, 7, &n), S7_E_TOO_LARGE);
    assert_int_equal(n, FAKE_DBS);
    assert_int_equal(entries[7].number, 4711);
    assert_int_equal(s7_blocks_list(client, NULL, S7_BLOCK_OB, entries, 7, &n), S7_OK);
    assert_int_equal(n, 0);
    assert_int_equal(s7_block_info_get(client, NULL, S7_BLOCK_DB, 1, &info), S7_OK);
    assert_int_equal(info.data_len, 8);
    assert_int_equal(info.load_len, 102);
    assert_true(info.protected_block);
    assert_string_equal(info.author, "siemens");
    assert_int_equal(s7_block_info_get(client, &ctx, S7_BLOCK_DB, 2, &info), S7_E_PLC);
    assert_int_equal(err.plc_error, 0xD209);
    expect_text(err.asked, "DB2");
    assert_int_equal(s7_blocks_list(client, NULL, (s7_block_type)0x39, entries, 7, &n), S7_E_ARG);
    end();
}

static void s7_134_a_block_is_uploaded_piece_by_piece(void **state)
{
    uint8_t block[FAKE_BLOCK_LEN + 1] = {0};
    size_t len;

    (void)state;
    begin();
    assert_int_equal(s7_block_upload(client, NULL, S7_BLOCK_DB, 1, block, sizeof block, &len), S7_OK);
    assert_int_equal(len, FAKE_BLOCK_LEN);
    for (size_t i = 0; i < len; i++)
        assert_int_equal(block[i], fake_block_byte(i));
    assert_int_equal(s7_block_upload(client, NULL, S7_BLOCK_DB, 1, block, 100, &len), S7_E_TOO_LARGE);
    assert_int_equal(len, FAKE_BLOCK_LEN);
    end();
}

/* ---- clock, password, control ---- */

static void s7_127_the_clock_is_set_and_read_back(void **state)
{
    s7_datetime datetime = {0}, leap = {.year = 2028, .month = 2, .day = 29, .hour = 23, .millisecond = 987};

    (void)state;
    begin();
    assert_int_equal(s7_clock_get(client, NULL, &datetime), S7_OK);
    assert_int_equal(datetime.year, 2026);
    assert_int_equal(datetime.weekday, 3);
    assert_int_equal(s7_clock_set(client, NULL, &leap), S7_OK);
    assert_int_equal(s7_clock_get(client, NULL, &datetime), S7_OK);
    assert_int_equal(datetime.day, 29);
    assert_int_equal(datetime.millisecond, 987);
    leap.year = 2027;
    assert_int_equal(s7_clock_set(client, NULL, &leap), S7_E_ARG);
    end();
}

static void s7_093_a_password_is_right_or_wrong(void **state)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .err = &err};

    (void)state;
    begin();
    assert_int_equal(s7_password_set(client, &ctx, "wrong"), S7_E_PLC);
    assert_int_equal(err.plc_error, 0xD602);
    assert_int_equal(s7_password_set(client, NULL, FAKE_PASSWORD), S7_OK);
    assert_int_equal(s7_password_clear(client, NULL), S7_OK);
    assert_int_equal(s7_password_clear(client, NULL), S7_E_PLC);
    assert_int_equal(s7_password_set(client, NULL, "ninechars"), S7_E_ARG);
    end();
}

static void s7_130_to_132_a_plc_stops_and_starts(void **state)
{
    s7_cpu_mode mode;
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .err = &err};

    (void)state;
    begin();
    assert_int_equal(s7_plc_stop(client, NULL), S7_OK);
    assert_int_equal(s7_cpu_mode_get(client, NULL, &mode, NULL), S7_OK);
    assert_int_equal(mode, S7_MODE_STOP);
    assert_int_equal(s7_plc_stop(client, &ctx), S7_E_PLC);
    assert_int_equal(err.plc_error, 0x8402);
    assert_int_equal(s7_plc_start_warm(client, NULL), S7_OK);
    assert_int_equal(s7_plc_start_cold(client, NULL), S7_E_PLC);
    assert_int_equal(s7_plc_compress(client, NULL), S7_OK);
    assert_int_equal(s7_plc_copy_ram_to_rom(client, NULL), S7_OK);
    end();
}

static void control_is_refused_unless_it_is_allowed(void **state)
{
    s7_datetime datetime = {.year = 2026, .month = 1, .day = 1};
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .err = &err};

    (void)state;
    server_start(240, 1, ANSWER, 0);
    client = client_with(false, PATIENCE_MS);
    assert_int_equal(s7_plc_stop(client, &ctx), S7_E_MISUSE);
    expect_text(err.asked, "stop 127.0.0.1:");
    expect_text(err.hint, "allow_control");
    assert_int_equal(s7_plc_start_warm(client, NULL), S7_E_MISUSE);
    assert_int_equal(s7_plc_start_cold(client, NULL), S7_E_MISUSE);
    assert_int_equal(s7_plc_compress(client, NULL), S7_E_MISUSE);
    assert_int_equal(s7_plc_copy_ram_to_rom(client, NULL), S7_E_MISUSE);
    assert_int_equal(s7_clock_set(client, NULL, &datetime), S7_E_MISUSE);
    assert_int_equal(s7_password_set(client, NULL, "secret"), S7_E_MISUSE);
    assert_int_equal(s7_password_clear(client, NULL), S7_E_MISUSE);
    uint8_t block[FAKE_BLOCK_LEN];
    fake_make_block(block, sizeof block, 0x0A, 1);
    assert_int_equal(s7_block_download(client, NULL, S7_BLOCK_DB, 1, block, sizeof block), S7_E_MISUSE);
    assert_int_equal(s7_block_delete(client, NULL, S7_BLOCK_DB, 1), S7_E_MISUSE);
    assert_int_equal(s7_clock_get(client, NULL, &datetime), S7_OK);
    end();
    assert_int_equal(server.plc.services.controls, 0);
    assert_int_equal(server.plc.services.units, 1);
    assert_int_equal(server.plc.services.mode, 8);
}

static void s7_154_a_stop_whose_answer_is_lost_is_unknown_and_done_once(void **state)
{
    static const enum act acts[] = {FIN, RST, SILENT};

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        s7_errinfo err = S7_ERRINFO_INIT;
        s7_ctx ctx = {
            .struct_size = sizeof ctx, .timeout_ms = acts[i] == SILENT ? 50 : PATIENCE_MS, .err = &err};

        begin_with(1, acts[i], 2);
        assert_int_equal(s7_plc_stop(client, &ctx), S7_E_OUTCOME_UNKNOWN);
        expect_text(err.came, "may or may not");
        expect_text(err.hint, "look at the PLC's mode");
        end();
        assert_int_equal(server.plc.services.controls, 1);
    }
}

static void s7_103_a_plc_without_the_service_says_so(void **state)
{
    s7_cpu_mode mode;
    s7_datetime datetime;
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .err = &err};

    (void)state;
    begin_with(1, REFUSE, 2);
    assert_int_equal(s7_cpu_mode_get(client, &ctx, &mode, NULL), S7_E_PLC);
    assert_int_equal(err.plc_error, 0x8104);
    expect_text(err.asked, "read the mode of 127.0.0.1:");
    expect_text(err.came, "8104 service not implemented");
    expect_text(err.hint, "this PLC does not have the service");
    assert_int_equal(s7_clock_get(client, &ctx, &datetime), S7_OK);
    end();
}

/* ---- time ---- */

static void p01_a_late_answer_is_drained_by_the_next_service(void **state)
{
    s7_cpu_mode mode;
    s7_datetime datetime;

    (void)state;
    begin_with(1, HOLD, 2);
    assert_int_equal(s7_clock_get(client, S7_WITHIN(30), &datetime), S7_E_TIMEOUT);
    assert_true(s7_client_is_connected(client));
    server_release();
    for (unsigned i = 0; i < 10; i++) {
        assert_int_equal(s7_cpu_mode_get(client, NULL, &mode, NULL), S7_OK);
        assert_int_equal(s7_clock_get(client, NULL, &datetime), S7_OK);
    }
    assert_int_equal(info_of(client).late_answers, 1);
    assert_int_equal(info_of(client).connects, 1);
    end();
}

static void the_deadline_counts_for_all_units_together(void **state)
{
    static s7_diag_entry entries[S7_DIAG_MAX];
    size_t n;

    (void)state;
    begin_with(1, SILENT, 5); /* three units come, the fourth does not */
    assert_int_equal(s7_diag_read(client, S7_WITHIN(200), entries, S7_DIAG_MAX, &n), S7_E_TIMEOUT);
    end();
    assert_in_range(server.plc.services.units, 0, 4);
}

static void reads_go_on_between_services(void **state)
{
    uint8_t value;
    s7_cpu_info info = {.struct_size = sizeof info};

    (void)state;
    begin_with(3, ANSWER, 0);
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(s7_read_u8(client, NULL, S7_AREA_DB, 1, i, &value), S7_OK);
        assert_int_equal(value, db_byte(i));
        assert_int_equal(s7_cpu_info_get(client, NULL, &info), S7_OK);
    }
    assert_int_equal(info_of(client).requests, 60);
    end();
}

/* ---- callers ---- */

static void structs_of_older_callers_are_filled_as_far_as_they_go(void **state)
{
    struct {
        s7_cpu_info info;
        char behind;
    } got;

    (void)state;
    begin();
    memset(&got, 0x55, sizeof got);
    got.info.struct_size = offsetof(s7_cpu_info, as_name);
    assert_int_equal(s7_cpu_info_get(client, NULL, &got.info), S7_OK);
    assert_string_equal(got.info.serial, "S C-X4U421302009");
    assert_int_equal(got.info.as_name[0], 0x55);
    assert_int_equal(got.info.struct_size, offsetof(s7_cpu_info, as_name));
    got.info.struct_size = sizeof got; /* a newer one */
    assert_int_equal(s7_cpu_info_get(client, NULL, &got.info), S7_OK);
    assert_string_equal(got.info.card, "MMC 267FF11F");
    assert_int_equal(got.behind, 0x55);
    got.info.struct_size = 0;
    assert_int_equal(s7_cpu_info_get(client, NULL, &got.info), S7_E_ARG);
    end();
}

static void arguments_and_connections_are_checked_first(void **state)
{
    s7_datetime datetime;
    s7_cpu_mode mode;
    s7_ctx bad = {.struct_size = 0};
    size_t n;

    (void)state;
    begin();
    assert_int_equal(s7_clock_get(NULL, NULL, &datetime), S7_E_ARG);
    assert_int_equal(s7_clock_get(client, NULL, NULL), S7_E_ARG);
    assert_int_equal(s7_clock_set(client, NULL, NULL), S7_E_ARG);
    assert_int_equal(s7_cpu_mode_get(client, NULL, NULL, NULL), S7_E_ARG);
    assert_int_equal(s7_cpu_mode_get(client, &bad, &mode, NULL), S7_E_ARG);
    assert_int_equal(s7_szl_read(client, NULL, 0, 0, NULL, NULL, 4, &n), S7_E_ARG);
    assert_int_equal(s7_blocks_list(client, NULL, S7_BLOCK_DB, NULL, 4, &n), S7_E_ARG);
    assert_int_equal(s7_password_set(client, NULL, NULL), S7_E_ARG);
    assert_int_equal(info_of(client).requests, 0);
    s7_client_close(client);
    assert_int_equal(s7_clock_get(client, NULL, &datetime), S7_E_NOT_CONNECTED);
    end();
}

static void a_lease_has_the_services_of_its_connection(void **state)
{
    s7_pool_options options;
    s7_pool *pool;
    s7_client *lease;
    s7_datetime datetime;
    s7_cpu_mode mode;

    (void)state;
    server_start(240, 1, ANSWER, 0);
    s7_pool_options_init(&options);
    options.size = 1;
    options.client.allow_control = true;
    assert_int_equal(s7_pool_new(server.endpoint, &options, &pool, NULL), S7_OK);
    assert_int_equal(s7_pool_start(pool, S7_WITHIN(PATIENCE_MS)), S7_OK);
    assert_int_equal(s7_pool_get(pool, S7_WITHIN(PATIENCE_MS), &lease), S7_OK);
    assert_int_equal(s7_clock_get(lease, S7_WITHIN(PATIENCE_MS), &datetime), S7_OK);
    assert_int_equal(s7_plc_stop(lease, S7_WITHIN(PATIENCE_MS)), S7_OK);
    assert_int_equal(s7_cpu_mode_get(lease, S7_WITHIN(PATIENCE_MS), &mode, NULL), S7_OK);
    assert_int_equal(mode, S7_MODE_STOP);
    assert_int_equal(s7_pool_put(pool, lease), S7_OK);
    assert_int_equal(s7_clock_get(lease, NULL, &datetime), S7_E_STALE_LEASE);
    s7_pool_free(pool);
    server_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(s7_112_identification_comes_in_several_units_at_240),
        cmocka_unit_test(s7_111_the_order_code_and_the_firmware_are_told),
        cmocka_unit_test(s7_113_mode_leds_limits_and_protection_are_told),
        cmocka_unit_test(s7_117_the_diagnostic_buffer_is_cut_where_the_caller_has_no_more_room),
        cmocka_unit_test(s7_104_any_list_is_read_into_the_callers_buffer),
        cmocka_unit_test(s7_121_to_125_blocks_are_counted_listed_and_told_of),
        cmocka_unit_test(s7_134_a_block_is_uploaded_piece_by_piece),
        cmocka_unit_test(s7_127_the_clock_is_set_and_read_back),
        cmocka_unit_test(s7_093_a_password_is_right_or_wrong),
        cmocka_unit_test(s7_130_to_132_a_plc_stops_and_starts),
        cmocka_unit_test(control_is_refused_unless_it_is_allowed),
        cmocka_unit_test(s7_154_a_stop_whose_answer_is_lost_is_unknown_and_done_once),
        cmocka_unit_test(s7_103_a_plc_without_the_service_says_so),
        cmocka_unit_test(p01_a_late_answer_is_drained_by_the_next_service),
        cmocka_unit_test(the_deadline_counts_for_all_units_together),
        cmocka_unit_test(reads_go_on_between_services),
        cmocka_unit_test(structs_of_older_callers_are_filled_as_far_as_they_go),
        cmocka_unit_test(arguments_and_connections_are_checked_first),
        cmocka_unit_test(a_lease_has_the_services_of_its_connection),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "client.services");
}
