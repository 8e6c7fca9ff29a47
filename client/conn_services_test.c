/* The services of async.h against the fake PLC: all at once, since what each does is tested in
 * services_test.c with the same code underneath. */
#include "client/conn_user.h"
#include "client/test_names.h"

enum {
    SZL,
    INFO,
    ORDER,
    COMM,
    PROTECTION,
    MODE,
    LEDS,
    DIAG,
    COUNTS,
    LIST,
    BLOCK,
    UPLOAD,
    CLOCK,
    N_ASKING, /* the others change something */
    SET_CLOCK = N_ASKING,
    LOG_ON,
    LOG_OFF,
    STOP,
    WARM,
    COLD,
    COMPRESS,
    TO_ROM,
    N_SERVICES
};

static struct told told[N_SERVICES];

/* What they fill in. */
static struct {
    uint8_t records[100], block[FAKE_BLOCK_LEN + 1];
    size_t szl_len, n_leds, n_diag, n_blocks, block_len;
    s7_szl_head head;
    s7_cpu_info info;
    s7_order_code order;
    s7_comm_info comm;
    s7_protection protection;
    s7_cpu_mode mode;
    s7_datetime since, clock;
    s7_led leds[3];
    s7_diag_entry diag[S7_DIAG_MAX];
    s7_block_counts counts;
    s7_block_entry blocks[FAKE_DBS];
    s7_block_info block_info;
} got;

static void got_init(void)
{
    memset(told, 0, sizeof told);
    memset(&got, 0, sizeof got);
    got.head.struct_size = sizeof got.head;
    got.info.struct_size = sizeof got.info;
    got.order.struct_size = sizeof got.order;
    got.comm.struct_size = sizeof got.comm;
    got.protection.struct_size = sizeof got.protection;
    got.counts.struct_size = sizeof got.counts;
    got.block_info.struct_size = sizeof got.block_info;
}

static s7_status ask_szl_or_block(unsigned i, s7_conn *conn, const s7_then *then)
{
    switch (i) {
    case SZL:
        return s7_conn_szl_read(conn, then, 0x00A0, 0, &got.head, got.records, 100, &got.szl_len);
    case INFO:
        return s7_conn_cpu_info(conn, then, &got.info);
    case ORDER:
        return s7_conn_order_code(conn, then, &got.order);
    case COMM:
        return s7_conn_comm_info(conn, then, &got.comm);
    case PROTECTION:
        return s7_conn_protection(conn, then, &got.protection);
    case MODE:
        return s7_conn_cpu_mode(conn, then, &got.mode, &got.since);
    case LEDS:
        return s7_conn_leds(conn, then, got.leds, 3, &got.n_leds);
    case DIAG:
        return s7_conn_diag_read(conn, then, got.diag, S7_DIAG_MAX, &got.n_diag);
    case COUNTS:
        return s7_conn_blocks_count(conn, then, &got.counts);
    case LIST:
        return s7_conn_blocks_list(conn, then, S7_BLOCK_DB, got.blocks, FAKE_DBS, &got.n_blocks);
    case BLOCK:
        return s7_conn_block_info(conn, then, S7_BLOCK_DB, 1, &got.block_info);
    default:
        return s7_conn_block_upload(conn, then, S7_BLOCK_DB, 1, got.block, sizeof got.block, &got.block_len);
    }
}

static s7_status ask(unsigned i)
{
    static const s7_datetime leap = {.year = 2028, .month = 2, .day = 29};
    const s7_then *then = S7_THEN(told_fn, &told[i]);

    switch (i) {
    case CLOCK:
        return s7_conn_clock_get(user.conn, then, &got.clock);
    case SET_CLOCK:
        return s7_conn_clock_set(user.conn, then, &leap);
    case LOG_ON:
        return s7_conn_password_set(user.conn, then, FAKE_PASSWORD);
    case LOG_OFF:
        return s7_conn_password_clear(user.conn, then);
    case STOP:
        return s7_conn_plc_stop(user.conn, then);
    case WARM:
        return s7_conn_plc_start_warm(user.conn, then);
    case COLD:
        return s7_conn_plc_start_cold(user.conn, then);
    case COMPRESS:
        return s7_conn_plc_compress(user.conn, then);
    case TO_ROM:
        return s7_conn_plc_copy_ram_to_rom(user.conn, then);
    default:
        return ask_szl_or_block(i, user.conn, then);
    }
}

static void up(bool allow_control, unsigned amq)
{
    s7_client_options options;

    got_init();
    user_options(&options);
    options.allow_control = allow_control;
    options.request_ms = 2000;
    world_up(NULL);
    world.plc.amq = amq;
    user_up(&options);
}

static void down(void)
{
    user_down();
    world_down();
}

static void expect_everything(void)
{
    expect_told(&told[SZL], S7_E_TOO_LARGE);
    expect_text(told[SZL].err.asked, "read SZL 00A0/0000 of 127.0.0.1:10102");
    expect_text(told[SZL].err.came, "6000 bytes, and room for 100");
    for (unsigned i = INFO; i < N_ASKING; i++)
        expect_told(&told[i], S7_OK);
    assert_int_equal(got.szl_len, 20 * FAKE_DIAG_ENTRIES);
    assert_int_equal(got.head.n_records, FAKE_DIAG_ENTRIES);
    assert_string_equal(got.info.module_type, "CPU 315-2 PN/DP");
    assert_string_equal(got.info.location, "over there");
    assert_string_equal(got.order.firmware, "V3.2.6");
    assert_int_equal(got.comm.max_connections, 16);
    assert_int_equal(got.protection.set_level, 3);
    assert_int_equal(got.mode, S7_MODE_RUN);
    assert_int_equal(got.since.year, 2016);
    assert_int_equal(got.n_leds, 3);
    assert_int_equal(got.leds[1].on, 1);
    assert_int_equal(got.n_diag, FAKE_DIAG_ENTRIES);
    for (unsigned i = 0; i < FAKE_DIAG_ENTRIES; i++)
        assert_int_equal(got.diag[i].info2, i);
    assert_int_equal(got.counts.db, 100);
    assert_int_equal(got.n_blocks, FAKE_DBS);
    assert_int_equal(got.blocks[0].number, FAKE_DBS);
    assert_string_equal(got.block_info.author, "siemens");
    assert_int_equal(got.block_len, FAKE_BLOCK_LEN);
    for (size_t i = 0; i < FAKE_BLOCK_LEN; i++)
        assert_int_equal(got.block[i], fake_block_byte(i));
    assert_int_equal(got.clock.year, 2026);
}

static void every_service_has_a_twin_on_a_loop(void **state)
{
    (void)state;
    for (unsigned amq = 1; amq <= 4; amq += 3) { /* they take turns whatever the window */
        up(true, amq);
        for (unsigned i = 0; i < N_SERVICES; i++)
            assert_int_equal(ask(i), S7_OK);
        run_for(500);
        expect_everything();
        for (unsigned i = SET_CLOCK; i < N_SERVICES; i++)
            expect_told(&told[i], i == COLD ? S7_E_PLC : S7_OK); /* it runs already */
        assert_int_equal(told[COLD].err.plc_error, 0x8402);
        assert_int_equal(world.plc.services.clock.year, 2028);
        assert_int_equal(world.plc.services.controls, 5);
        down();
    }
}

/* Reads go on beside it, and its block is copied. */
static void a_block_is_downloaded_read_back_and_deleted(void **state)
{
    static uint8_t block[500], kept[500], bytes[20][10];
    static struct told reads[20];

    (void)state;
    for (unsigned amq = 1; amq <= 4; amq++) {
        memset(reads, 0, sizeof reads);
        up(true, amq);
        fake_make_block(block, sizeof block, 0x0A, 1);
        memcpy(kept, block, sizeof block);
        assert_int_equal(s7_conn_block_download(user.conn, S7_THEN(told_fn, &told[0]), S7_BLOCK_DB, 1, block,
                                                sizeof block),
                         S7_OK);
        memset(block, 0xEE, sizeof block);
        for (unsigned i = 0; i < 20; i++)
            assert_int_equal(s7_conn_read_db(user.conn, S7_THEN(told_fn, &reads[i]), 1, 0, bytes[i], 10),
                             S7_OK);
        assert_int_equal(ask(UPLOAD), S7_OK);
        run_for(100);
        expect_told(&told[0], S7_OK);
        expect_told(&told[UPLOAD], S7_OK);
        assert_memory_equal(got.block, kept, sizeof kept);
        for (unsigned i = 0; i < 20; i++)
            expect_told(&reads[i], S7_OK);
        assert_int_equal(s7_conn_block_delete(user.conn, S7_THEN(told_fn, &told[1]), S7_BLOCK_DB, 1), S7_OK);
        assert_int_equal(s7_conn_block_delete(user.conn, S7_THEN(told_fn, &told[2]), S7_BLOCK_DB, 1), S7_OK);
        run_for(10);
        expect_told(&told[1], S7_OK);
        expect_told(&told[2], S7_E_PLC);
        down();
    }
}

/* Its beginning was asked for: the PLC is amid something that nobody goes on with. */
static void a_download_that_breaks_off_ends_the_connection(void **state)
{
    static uint8_t block[500];

    (void)state;
    fake_make_block(block, sizeof block, 0x0A, 1);
    for (unsigned withdrawn = 0; withdrawn < 2; withdrawn++) {
        uint64_t id = 0;
        s7_then then = {.struct_size = sizeof then, .done = told_fn, .arg = &told[0], .id = &id};

        up(true, 1);
        world.act = SILENT;
        world.act_frame = world.peer.frames + 1; /* the PLC does not go on after the first piece */
        assert_int_equal(s7_conn_block_download(user.conn, &then, S7_BLOCK_DB, 1, block, sizeof block),
                         S7_OK);
        run_for(10);
        if (withdrawn)
            assert_true(s7_conn_cancel(user.conn, id));
        run_for(5000);
        assert_int_equal(told[0].times, 1);
        assert_int_equal(told[0].status, withdrawn ? S7_E_CANCELLED : S7_E_TIMEOUT);
        assert_int_equal(user.ends, 1);
        assert_int_equal(world.plc.services.controls, 0);
        down();
    }
}

static void what_changes_the_plc_is_refused_unless_it_is_allowed(void **state)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_then then = {.struct_size = sizeof then, .err = &err};

    (void)state;
    up(false, 1);
    for (unsigned i = SET_CLOCK; i < N_SERVICES; i++)
        assert_int_equal(ask(i), S7_E_MISUSE);
    assert_int_equal(s7_conn_plc_stop(user.conn, &then), S7_E_MISUSE);
    expect_text(err.asked, "stop 127.0.0.1:10102");
    expect_text(err.hint, "allow_control");
    run_for(10);
    assert_false(s7_conn_busy(user.conn));
    assert_int_equal(world.peer.frames, 2);
    down();
}

static void arguments_are_checked_by_the_call(void **state)
{
    const s7_then *then = S7_THEN(told_fn, &told[0]);
    s7_datetime none = {0};
    size_t n;

    (void)state;
    up(true, 1);
    got.info.struct_size = 0;
    assert_int_equal(s7_conn_cpu_info(user.conn, then, &got.info), S7_E_ARG);
    assert_int_equal(s7_conn_szl_read(user.conn, then, 0, 0, NULL, NULL, 1, &n), S7_E_ARG);
    assert_int_equal(s7_conn_cpu_mode(user.conn, then, NULL, NULL), S7_E_ARG);
    assert_int_equal(s7_conn_leds(user.conn, then, NULL, 1, &n), S7_E_ARG);
    assert_int_equal(s7_conn_diag_read(user.conn, then, got.diag, S7_DIAG_MAX + 1, &n), S7_E_ARG);
    assert_int_equal(s7_conn_blocks_list(user.conn, then, (s7_block_type)0x39, NULL, 0, &n), S7_E_ARG);
    assert_int_equal(s7_conn_block_upload(user.conn, then, S7_BLOCK_DB, 1, NULL, 0, NULL), S7_E_ARG);
    assert_int_equal(s7_conn_clock_set(user.conn, then, &none), S7_E_ARG);
    assert_int_equal(s7_conn_password_set(user.conn, then, "ninechars"), S7_E_ARG);
    assert_int_equal(s7_conn_block_download(user.conn, then, S7_BLOCK_DB, 1, NULL, 1), S7_E_ARG);
    assert_int_equal(s7_conn_block_download(user.conn, then, S7_BLOCK_DB, 1, &none, 0), S7_E_ARG);
    assert_int_equal(s7_conn_block_download(user.conn, then, S7_BLOCK_DB, 1, &none, sizeof none), S7_E_ARG);
    s7_conn_close(user.conn);
    assert_int_equal(s7_conn_clock_get(user.conn, then, &got.clock), S7_E_NOT_CONNECTED);
    run_for(10);
    assert_int_equal(told[0].times, 0);
    down();
}

static void a_plc_without_the_service_says_so(void **state)
{
    (void)state;
    up(true, 1);
    world.act = REFUSE;
    world.act_frame = world.peer.frames;
    assert_int_equal(ask(MODE), S7_OK);
    run_for(10);
    expect_told(&told[MODE], S7_E_PLC);
    expect_text(told[MODE].err.asked, "read the mode of 127.0.0.1:10102");
    expect_text(told[MODE].err.hint, "this PLC does not have the service");
    down();
}

static void s7_154_a_stop_whose_answer_is_lost_is_unknown_and_done_once(void **state)
{
    static const enum act acts[] = {FIN, RST, SILENT};

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        up(true, 1);
        world.act = acts[i];
        world.act_frame = world.peer.frames;
        assert_int_equal(ask(STOP), S7_OK);
        run_for(5000);
        expect_told(&told[STOP], S7_E_OUTCOME_UNKNOWN);
        expect_text(told[STOP].err.hint, "look at the PLC's mode");
        assert_int_equal(world.plc.services.controls, 1);
        down();
    }
}

static void free_it(void)
{
    user_down();
}

static void a_connection_may_be_freed_in_every_function_of_a_service(void **state)
{
    (void)state;
    for (unsigned k = 1; k <= N_SERVICES; k++) {
        up(true, 4);
        user.trick_at = k;
        user.trick = free_it;
        for (unsigned i = 0; i < N_SERVICES; i++)
            assert_int_equal(ask(i), S7_OK);
        run_for(500);
        assert_null(user.conn);
        assert_int_equal(user.calls, k + 1);
        down();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_service_has_a_twin_on_a_loop),
        cmocka_unit_test(a_block_is_downloaded_read_back_and_deleted),
        cmocka_unit_test(a_download_that_breaks_off_ends_the_connection),
        cmocka_unit_test(what_changes_the_plc_is_refused_unless_it_is_allowed),
        cmocka_unit_test(arguments_are_checked_by_the_call),
        cmocka_unit_test(a_plc_without_the_service_says_so),
        cmocka_unit_test(s7_154_a_stop_whose_answer_is_lost_is_unknown_and_done_once),
        cmocka_unit_test(a_connection_may_be_freed_in_every_function_of_a_service),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "client.conn_services");
}
