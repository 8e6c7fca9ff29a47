/* Requests on a loop: what must live, what they cost, how they end. */
#include "client/conn_user.h"
#include "client/service.h"
#include "client/test_names.h"

/* The linker turns allocations of the whole program to us. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);

static bool counting;
static unsigned allocations, fail_nth = UINT32_MAX;

static bool may(void)
{
    return !counting || allocations++ != fail_nth;
}

void *__wrap_malloc(size_t size)
{
    return may() ? __real_malloc(size) : NULL;
}

void *__wrap_calloc(size_t n, size_t size)
{
    return may() ? __real_calloc(n, size) : NULL;
}

void *__wrap_realloc(void *old, size_t size)
{
    return may() ? __real_realloc(old, size) : NULL;
}

/* Room for the requests of one test. */
static struct told told[8];
static uint8_t data[8][1000];

static void up(unsigned amq)
{
    memset(told, 0, sizeof told);
    world_up(NULL);
    world.plc.amq = amq;
    user_up(NULL);
}

static void down(void)
{
    user_down();
    world_down();
}

/* ---- what must live ---- */

static void what_is_written_is_copied_before_the_call_returns(void **state)
{
    uint8_t value[700], expected[700], word[2] = {0x12, 0x34};

    (void)state;
    up(2);
    for (size_t i = 0; i < sizeof value; i++)
        value[i] = expected[i] = (uint8_t)(i * 7 + 1);
    s7_item items[2] = {bytes_item(S7_AREA_DB, 100, sizeof value, value), bytes_item(S7_AREA_M, 8, 2, word)};
    assert_int_equal(s7_conn_write(user.conn, S7_THEN(told_fn, &told[0]), items, 2), S7_OK);
    memset(value, 0xEE, sizeof value);
    memset(word, 0xEE, sizeof word);
    memset(items, 0xEE, sizeof items);
    assert_int_equal(s7_conn_write_db(user.conn, S7_THEN(told_fn, &told[1]), 1, 2000, expected, 300), S7_OK);
    memset(expected, 0xEE, 300);
    run_for(50);
    expect_told(&told[0], S7_OK);
    expect_told(&told[1], S7_OK);
    for (size_t i = 0; i < sizeof value; i++)
        assert_int_equal(world.plc.db1[100 + i], (uint8_t)(i * 7 + 1));
    for (size_t i = 0; i < 300; i++)
        assert_int_equal(world.plc.db1[2000 + i], (uint8_t)(i * 7 + 1));
    assert_int_equal(world.plc.m[8], 0x12);
    assert_int_equal(world.plc.m[9], 0x34);
    down();
}

static void results_of_a_write_go_where_they_are_asked_for(void **state)
{
    uint8_t value[10] = {1};
    s7_item items[3] = {bytes_item(S7_AREA_DB, 0, 10, value), bytes_item(S7_AREA_DB, 65995, 10, value),
                        bytes_item(S7_AREA_M, 0, 10, value)};
    s7_then then = {.struct_size = sizeof then, .done = told_fn, .arg = &told[0], .results = items};

    (void)state;
    up(2);
    assert_int_equal(s7_conn_write(user.conn, &then, items, 3), S7_OK);
    run_for(50);
    expect_told(&told[0], S7_E_PARTIAL);
    expect_text(told[0].err.asked, "write DB1.DBB65995..66004 (10 bytes) (item 2 of 3) to 127.0.0.1:10102");
    assert_int_equal(items[0].status, S7_OK);
    assert_int_equal(items[1].status, S7_E_ITEM_ADDRESS);
    assert_int_equal(items[1].code, S7_ITEM_ADDRESS);
    assert_int_equal(items[2].status, S7_OK);
    assert_ptr_equal(items[0].data, value);
    items[1].len = 9; /* refused by the call itself: told at once */
    assert_int_equal(s7_conn_write(user.conn, &then, items, 3), S7_E_ARG);
    assert_int_equal(items[1].status, S7_E_ARG);
    assert_int_equal(items[2].status, S7_E_CANCELLED);
    run_for(50);
    assert_int_equal(told[0].times, 1);
    down();
}

/* ---- what is asked for ---- */

static void areas_of_any_length_and_places_by_their_text_are_read_and_written(void **state)
{
    static uint8_t large[65990];
    uint8_t real[4] = {0x3F, 0x80, 0, 0}, back[4], timers[20];

    (void)state;
    up(4);
    assert_int_equal(s7_conn_read_db(user.conn, S7_THEN(told_fn, &told[0]), 1, 3, large, sizeof large),
                     S7_OK);
    assert_int_equal(
        s7_conn_read_area(user.conn, S7_THEN(told_fn, &told[1]), S7_AREA_T, 0, 5, timers, sizeof timers),
        S7_OK);
    assert_int_equal(s7_conn_write_at(user.conn, S7_THEN(told_fn, &told[2]), "DB1.DBD4:REAL", real, 4),
                     S7_OK);
    assert_int_equal(s7_conn_read_at(user.conn, S7_THEN(told_fn, &told[3]), "DB1.DBD4:REAL", back, 4), S7_OK);
    assert_int_equal(s7_conn_write_area(user.conn, NULL, S7_AREA_M, 0, 30, real, 4), S7_OK); /* nobody asks */
    run_for(400);
    for (unsigned i = 0; i < 4; i++)
        expect_told(&told[i], S7_OK);
    for (size_t i = 5; i < sizeof large; i++) /* the write came later */
        assert_int_equal(large[i], db_byte(i + 3));
    assert_memory_equal(timers, world.plc.timers + 10, sizeof timers);
    assert_memory_equal(back, real, 4);
    assert_memory_equal(world.plc.m + 30, real, 4);
    down();
}

static void what_cannot_be_asked_is_refused_by_the_call(void **state)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_then then = {.struct_size = sizeof then, .done = told_fn, .arg = &told[0], .err = &err};
    s7_item item = bytes_item(S7_AREA_M, 0, 2, data[0]);

    (void)state;
    up(1);
    assert_int_equal(s7_conn_read_db(user.conn, &then, 1, 0, data[0], 0), S7_E_ARG);
    expect_text(err.came, "len is 0");
    assert_int_equal(s7_conn_read_at(user.conn, &then, "DB1.DBQ0", data[0], 1), S7_E_SYNTAX);
    expect_text(err.asked, "read \"DB1.DBQ0\" from 127.0.0.1:10102");
    assert_int_equal(s7_conn_read_at(user.conn, &then, "MW0", data[0], 1), S7_E_ARG);
    expect_text(err.came, "len is not the size");
    assert_int_equal(s7_conn_read_at(user.conn, &then, NULL, data[0], 1), S7_E_ARG);
    assert_int_equal(s7_conn_read(user.conn, &then, NULL, 1), S7_E_ARG);
    assert_int_equal(s7_conn_write(user.conn, &then, NULL, 1), S7_E_ARG);
    assert_int_equal(s7_conn_write(user.conn, &then, &item, SIZE_MAX / sizeof item), S7_E_ARG);
    expect_text(err.came, "more items than");
    then.timeout_ms = -2;
    assert_int_equal(s7_conn_read(user.conn, &then, &item, 1), S7_E_ARG);
    then = (s7_then){.done = told_fn, .arg = &told[0]};
    assert_int_equal(s7_conn_read(user.conn, &then, &item, 1), S7_E_ARG);
    assert_int_equal(s7_conn_plan_run(user.conn, NULL, NULL), S7_E_ARG);
    assert_false(s7_conn_busy(user.conn));
    run_for(50);
    assert_int_equal(told[0].times, 0);
    assert_int_equal(world.plc.jobs, 0);
    down();
}

static void no_connection_is_an_error_and_no_crash(void **state)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_then then = {.struct_size = sizeof then, .err = &err};
    s7_client_info info = {.struct_size = sizeof info};
    s7_client_metrics metrics = {.struct_size = sizeof metrics};
    s7_datetime clock;
    uint32_t subscription;
    uint8_t byte;

    (void)state;
    assert_int_equal(s7_conn_open(NULL, &err), S7_E_ARG);
    assert_string_equal(err.came, "connection is NULL");
    s7_conn_close(NULL);
    s7_conn_free(NULL);
    s7_conn_on_push(NULL, NULL, NULL);
    assert_int_equal(s7_conn_state_get(NULL), S7_CONN_CLOSED);
    assert_string_equal(s7_conn_where(NULL), "");
    assert_int_equal(s7_conn_info_get(NULL, &info), S7_E_ARG);
    assert_int_equal(s7_conn_metrics_get(NULL, &metrics), S7_E_ARG);
    assert_int_equal(s7_conn_flight_pcapng(NULL, 1), S7_E_ARG);
    assert_false(s7_conn_busy(NULL));
    assert_false(s7_conn_cancel(NULL, 1));
    err = (s7_errinfo)S7_ERRINFO_INIT;
    assert_int_equal(s7_conn_read(NULL, &then, NULL, 0), S7_E_ARG);
    assert_string_equal(err.came, "connection is NULL");
    assert_int_equal(s7_conn_write(NULL, &then, NULL, 0), S7_E_ARG);
    assert_int_equal(s7_conn_read_db(NULL, &then, 1, 0, &byte, 1), S7_E_ARG);
    assert_int_equal(s7_conn_read_at(NULL, &then, "MB0", &byte, 1), S7_E_ARG);
    assert_int_equal(s7_conn_ping(NULL, &then), S7_E_ARG);
    assert_int_equal(s7_conn_plan_run(NULL, &then, NULL), S7_E_ARG);
    assert_int_equal(s7_conn_clock_get(NULL, &then, &clock), S7_E_ARG);
    assert_int_equal(s7_conn_block_download(NULL, &then, S7_BLOCK_DB, 1, &byte, 1), S7_E_ARG);
    assert_int_equal(s7_conn_subscribe(NULL, &then, NULL, NULL, 0, &subscription), S7_E_ARG);
    assert_int_equal(s7_conn_subscription_modify(NULL, &then, 1, 100, NULL, 0), S7_E_ARG);
    assert_int_equal(s7_conn_unsubscribe(NULL, &then, 1), S7_E_ARG);
    assert_int_equal(s7_conn_events_enable(NULL, &then, 0), S7_E_ARG);
    assert_int_equal(s7_conn_alarms_query(NULL, &then, (s7_alarm_kind)0, NULL, 0, NULL), S7_E_ARG);
}

static void empty_lists_are_done_at_once(void **state)
{
    (void)state;
    up(1);
    assert_int_equal(s7_conn_read(user.conn, S7_THEN(told_fn, &told[0]), NULL, 0), S7_OK);
    assert_int_equal(s7_conn_write(user.conn, S7_THEN(told_fn, &told[1]), NULL, 0), S7_OK);
    run_for(1);
    expect_told(&told[0], S7_OK);
    expect_told(&told[1], S7_OK);
    down();
}

static void any_answer_to_a_ping_is_a_sign_of_life(void **state)
{
    (void)state;
    up(1);
    assert_int_equal(s7_conn_ping(user.conn, S7_THEN(told_fn, &told[0])), S7_OK);
    run_for(10);
    expect_told(&told[0], S7_OK);
    world.plc.refuse = 0x8104;
    assert_int_equal(s7_conn_ping(user.conn, S7_THEN(told_fn, &told[1])), S7_OK);
    run_for(10);
    expect_told(&told[1], S7_OK);
    world.act = SILENT;
    world.act_frame = world.peer.frames;
    assert_int_equal(s7_conn_ping(user.conn, S7_THEN(told_fn, &told[2])), S7_OK);
    run_for(600);
    expect_told(&told[2], S7_E_TIMEOUT);
    down();
}

/* ---- works of others ---- */

static unsigned ends;

static s7_status end_of_work(struct s7_work *work, const char *where, s7_errinfo *err)
{
    const char *detail;

    (void)where;
    ends++;
    return s7_service_result((const struct s7_service *)(const void *)work, &err->plc_error, &detail);
}

static void any_work_has_its_place_in_the_queue(void **state)
{
    static const struct s7_conn_kind kind = {.end = end_of_work, .in_turn = true};
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_then then = {.struct_size = sizeof then, .done = told_fn, .arg = &told[1], .err = &err};
    struct s7_service service, late;

    (void)state;
    ends = 0;
    up(1);
    s7_service_control(&service, S7_CONTROL_STOP);
    assert_int_equal(s7_conn_work(user.conn, S7_THEN(told_fn, &told[0]), "stop", &service.work, &kind),
                     S7_OK);
    run_for(10);
    expect_told(&told[0], S7_OK);
    assert_int_equal(world.plc.services.mode, 4);
    s7_conn_close(user.conn);
    s7_service_control(&late, S7_CONTROL_WARM);
    assert_int_equal(s7_conn_work(user.conn, &then, "start", &late.work, &kind), S7_E_NOT_CONNECTED);
    expect_text(err.asked, "start 127.0.0.1:10102");
    run_for(10);
    assert_int_equal(told[1].times, 0);
    assert_int_equal(ends, 1);
    down();
}

/* ---- cost ---- */

static void no_request_allocates_in_the_steady_state(void **state)
{
    static const char *const texts[] = {"DB1.DBW0", "DB1.DBD4", "MB3"};
    s7_address tags[3];
    s7_plan *plan;
    s7_datetime clock;

    (void)state;
    up(4);
    for (unsigned i = 0; i < 3; i++)
        tags[i] = typed_item(texts[i], data[0]).address;
    assert_int_equal(s7_plan_new(tags, 3, NULL, &plan, NULL), S7_OK);
    for (unsigned round = 0; round < 20; round++) {
        s7_item item = bytes_item(S7_AREA_DB, 7, 300, data[0]);

        memset(told, 0, sizeof told);
        counting = true;
        assert_int_equal(s7_conn_read(user.conn, S7_THEN(told_fn, &told[0]), &item, 1), S7_OK);
        assert_int_equal(s7_conn_write(user.conn, S7_THEN(told_fn, &told[1]), &item, 1), S7_OK);
        assert_int_equal(s7_conn_read_db(user.conn, S7_THEN(told_fn, &told[2]), 1, 0, data[1], 700), S7_OK);
        assert_int_equal(s7_conn_clock_get(user.conn, S7_THEN(told_fn, &told[3]), &clock), S7_OK);
        assert_int_equal(s7_conn_plan_run(user.conn, S7_THEN(told_fn, &told[4]), plan), S7_OK);
        counting = false; /* what the virtual network takes is its own business */
        while (s7_conn_busy(user.conn))
            run_for(1);
        for (unsigned i = 0; i < 5; i++)
            expect_told(&told[i], S7_OK);
        if (round > 0 && allocations != 0)
            fail_msg("round %u took %u allocations", round, allocations);
        allocations = 0;
    }
    s7_plan_free(plan);
    down();
}

static void ignore(s7_conn *conn, bool up, s7_status why, const s7_errinfo *err, void *arg)
{
    (void)conn;
    (void)up;
    (void)why;
    (void)err;
    (void)arg;
}

static void out_of_memory_while_a_connection_is_made_leaves_nothing(void **state)
{
    s7_status status = S7_E_NOMEM;

    (void)state;
    world_up(NULL);
    for (unsigned n = 0; status == S7_E_NOMEM; n++) {
        s7_conn *conn = NULL;

        allocations = 0;
        fail_nth = n;
        counting = true;
        status = s7_conn_new(world.loop, WORLD_ENDPOINT, NULL, ignore, NULL, &conn, NULL);
        counting = false;
        assert_int_equal(status, n < allocations ? S7_E_NOMEM : S7_OK);
        s7_conn_free(conn);
    }
    fail_nth = UINT32_MAX;
    world_down();
}

static void out_of_memory_at_any_allocation_is_told_and_harms_nothing(void **state)
{
    bool failed = true;

    (void)state;
    for (unsigned n = 0; failed; n++) {
        s7_item item = bytes_item(S7_AREA_DB, 7, 300, data[0]);
        s7_errinfo err = S7_ERRINFO_INIT;
        s7_then then = {.struct_size = sizeof then, .done = told_fn, .arg = &told[0], .err = &err};

        up(4);
        allocations = 0;
        fail_nth = n;
        counting = true;
        s7_status status = s7_conn_write(user.conn, &then, &item, 1);
        counting = false;
        fail_nth = UINT32_MAX;
        failed = allocations > n;
        assert_int_equal(status, failed ? S7_E_NOMEM : S7_OK);
        if (failed)
            assert_int_equal(err.status, S7_E_NOMEM);
        assert_int_equal(s7_conn_write(user.conn, S7_THEN(told_fn, &told[1]), &item, 1), S7_OK);
        run_for(50);
        expect_told(&told[1], S7_OK);
        assert_int_equal(told[0].times, failed ? 0 : 1);
        down();
    }
}

/* ---- withdrawing ---- */

static uint64_t read_for(unsigned i, int32_t timeout_ms)
{
    uint64_t id = 0;
    s7_then then = {
        .struct_size = sizeof then, .done = told_fn, .arg = &told[i], .id = &id, .timeout_ms = timeout_ms};

    assert_int_equal(s7_conn_read_db(user.conn, &then, 1, i * 1000, data[i], 10), S7_OK);
    assert_true(id != 0);
    return id;
}

static uint64_t write_for(unsigned i)
{
    uint64_t id = 0;
    s7_then then = {.struct_size = sizeof then, .done = told_fn, .arg = &told[i], .id = &id};

    assert_int_equal(s7_conn_write_db(user.conn, &then, 1, i * 1000, data[i], 10), S7_OK);
    return id;
}

static void a_request_that_is_withdrawn_is_told_so_once(void **state)
{
    (void)state;
    up(2);
    world.keeps = true;
    uint64_t read = read_for(0, 0), write = write_for(1), waits = read_for(2, 0), unsent = write_for(3);
    run_for(10); /* the first two fill the window */
    assert_int_equal(world.n_kept, 2);
    assert_true(s7_conn_cancel(user.conn, unsent));
    assert_true(s7_conn_cancel(user.conn, read));
    assert_true(s7_conn_cancel(user.conn, read));
    assert_true(s7_conn_cancel(user.conn, write));
    assert_true(s7_conn_cancel(user.conn, waits));
    assert_int_equal(told[0].times, 0); /* not from inside the call */
    run_for(1);
    expect_told(&told[0], S7_E_CANCELLED);
    expect_told(&told[1], S7_E_OUTCOME_UNKNOWN);
    expect_told(&told[2], S7_E_CANCELLED);
    expect_told(&told[3], S7_E_CANCELLED);
    assert_false(s7_conn_cancel(user.conn, read));
    assert_false(s7_conn_cancel(user.conn, 4711));
    assert_int_equal(s7_session_owed(s7_conn_session(user.conn)), 2);
    world.keeps = false;
    peer_deliver(1);
    peer_deliver(0);
    (void)read_for(5, 0);
    assert_false(s7_conn_cancel_of(user.conn, &told[6]));
    assert_true(s7_conn_cancel_of(user.conn, &told[5]));
    run_for(1);
    expect_told(&told[5], S7_E_CANCELLED);
    assert_false(s7_conn_cancel_of(user.conn, &told[5]));
    uint64_t last = read_for(4, 0);
    run_for(10);
    expect_told(&told[4], S7_OK);
    assert_memory_equal(data[4], world.plc.db1 + 4000, 10);
    assert_false(s7_conn_cancel(user.conn, last));
    assert_int_equal(user.ends, 0);
    down();
}

static void a_plan_is_withdrawn_whichever_round_it_is_in(void **state)
{
    s7_address tags[2] = {typed_item("DB1.DBW65998", data[0]).address,
                          typed_item("DB1.DBW66000", data[0]).address};

    (void)state;
    for (unsigned jobs = 0; jobs < 2; jobs++) { /* refused together, they are asked for one by one */
        uint64_t id = 0;
        s7_then then = {.struct_size = sizeof then, .done = told_fn, .arg = &told[0], .id = &id};
        s7_plan *plan;

        assert_int_equal(s7_plan_new(tags, 2, NULL, &plan, NULL), S7_OK);
        up(1);
        world.keeps = true;
        assert_int_equal(s7_conn_plan_run(user.conn, &then, plan), S7_OK);
        run_for(10);
        if (jobs == 1) {
            peer_deliver(0);
            run_for(10);
        }
        assert_int_equal(world.plc.jobs, jobs + 1);
        assert_true(s7_conn_cancel(user.conn, id));
        run_for(10);
        expect_told(&told[0], S7_E_CANCELLED);
        assert_false(s7_conn_cancel(user.conn, id));
        down();
        s7_plan_free(plan);
    }
}

static uint64_t in_callback;

static void withdraw_another(void)
{
    assert_true(s7_conn_cancel(user.conn, in_callback));
}

static void a_request_may_be_withdrawn_in_anothers_function(void **state)
{
    (void)state;
    up(1);
    read_for(0, 0);
    in_callback = read_for(1, 0);
    user.trick_at = user.calls;
    user.trick = withdraw_another;
    run_for(20);
    expect_told(&told[0], S7_OK);
    expect_told(&told[1], S7_E_CANCELLED);
    assert_int_equal(world.plc.jobs, 1);
    down();
}

/* ---- time ---- */

static void a_request_that_times_out_leaves_its_neighbours_alone(void **state)
{
    (void)state;
    up(2);
    world.act = HOLD;
    world.act_frame = world.peer.frames;
    read_for(0, 50);
    for (unsigned i = 1; i < 6; i++)
        read_for(i, 0);
    run_for(49);
    assert_int_equal(told[0].times, 0);
    run_for(1);
    expect_told(&told[0], S7_E_TIMEOUT);
    run_for(50);
    for (unsigned i = 1; i < 6; i++) {
        expect_told(&told[i], S7_OK);
        assert_memory_equal(data[i], world.plc.db1 + i * 1000, 10);
    }
    assert_int_equal(user.ends, 0);
    down();
}

static void a_request_without_limit_waits_as_long_as_its_connection_lasts(void **state)
{
    (void)state;
    up(1);
    world.keeps = true;
    read_for(0, -1);
    run_for(3600 * 1000);
    assert_int_equal(told[0].times, 0);
    peer_deliver(0);
    run_for(10);
    expect_told(&told[0], S7_OK);
    down();
}

/* ---- what is counted and recorded ---- */

static void count_frame(const s7_flight_frame *frame, void *arg)
{
    unsigned *frames = arg;

    assert_int_equal(frame->connection, 1);
    assert_int_equal(frame->sent, *frames % 2 == 0);
    ++*frames;
}

static void requests_are_counted_and_frames_recorded(void **state)
{
    s7_client_metrics metrics = {.struct_size = sizeof metrics};
    s7_client_info info = {.struct_size = sizeof info};
    unsigned frames = 0;

    (void)state;
    up(1);
    assert_string_equal(s7_conn_where(user.conn), WORLD_ENDPOINT);
    read_for(0, 0);
    run_for(10);
    world.plc.refuse = 0x8104;
    read_for(1, 0);
    run_for(10);
    expect_told(&told[1], S7_E_PLC);
    assert_int_equal(s7_conn_read_at(user.conn, NULL, "?", data[0], 1), S7_E_SYNTAX);
    assert_int_equal(s7_conn_metrics_get(user.conn, &metrics), S7_OK);
    assert_true(metrics.connected);
    assert_int_equal(metrics.calls, 3);
    assert_int_equal(metrics.successes, 1);
    assert_int_equal(metrics.errors[S7_ERROR_REFUSED], 1);
    assert_int_equal(metrics.requests, 2);
    assert_int_equal(metrics.connects, 1);
    assert_int_equal(metrics.latency_count, 2);
    assert_true(metrics.latency_min_ns >= 100000 && metrics.latency_max_ns < 1000000); /* two latencies */
    assert_true(metrics.uptime_ns > 0 && metrics.bytes_in > 0 && metrics.bytes_out > 0);
    assert_int_equal(s7_conn_info_get(user.conn, &info), S7_OK);
    assert_int_equal(info.pdu_len, 240);
    assert_int_equal(info.amq_calling, 1);
    assert_int_equal(s7_conn_flight_each(user.conn, count_frame, &frames), S7_OK);
    assert_int_equal(frames, 8); /* CR, CC, setup, two jobs */
    metrics.struct_size = 0;
    assert_int_equal(s7_conn_metrics_get(user.conn, &metrics), S7_E_ARG);
    assert_int_equal(s7_conn_flight_each(user.conn, NULL, NULL), S7_E_ARG);
    down();
}

/* ---- freed, closed, in every function ---- */

static void free_it(void)
{
    user_down();
}

static void close_it(void)
{
    s7_conn_close(user.conn);
}

static void one_of_each(s7_plan *plan)
{
    static s7_cpu_info info;

    info.struct_size = sizeof info;
    read_for(0, 0);
    write_for(1);
    assert_int_equal(s7_conn_cpu_info(user.conn, S7_THEN(told_fn, &told[2]), &info), S7_OK);
    assert_int_equal(s7_conn_plan_run(user.conn, S7_THEN(told_fn, &told[3]), plan), S7_OK);
    assert_int_equal(s7_conn_ping(user.conn, S7_THEN(told_fn, &told[4])), S7_OK);
    s7_conn_cancel(user.conn, read_for(5, 0));
    read_for(6, 1);
}

/* With one job at a time, and an answer that never comes, everything ends in some way. */
static void go_through(unsigned amq, bool silent, unsigned trick_at, void (*trick)(void), s7_plan *plan)
{
    up(amq);
    if (silent) {
        world.act = SILENT;
        world.act_frame = world.peer.frames + 2;
    }
    user.trick_at = trick_at;
    user.trick = trick;
    one_of_each(plan);
    run_for(5000);
}

static void a_connection_may_be_freed_or_closed_in_every_function_of_a_request(void **state)
{
    s7_address tags[2] = {typed_item("DB1.DBW65998", data[0]).address,
                          typed_item("DB1.DBW66000", data[0]).address};
    s7_plan *plan;

    (void)state;
    assert_int_equal(s7_plan_new(tags, 2, NULL, &plan, NULL), S7_OK);
    for (unsigned way = 0; way < 8; way++) {
        unsigned amq = way & 1 ? 1 : 4;
        bool silent = way & 2, frees = way & 4, more = true;

        for (unsigned k = 1; more; k++) {
            go_through(amq, silent, k, frees ? free_it : close_it, plan);
            more = user.calls > k;
            if (frees)
                assert_int_equal(user.calls, more ? k + 1 : k);
            if (more && !frees)
                assert_int_equal(user.ends, 1);
            for (unsigned i = 0; i < 7; i++)
                assert_true(told[i].times == 1 || (frees && more && told[i].times == 0));
            down();
        }
    }
    s7_plan_free(plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_copied_before_the_call_returns),
        cmocka_unit_test(results_of_a_write_go_where_they_are_asked_for),
        cmocka_unit_test(areas_of_any_length_and_places_by_their_text_are_read_and_written),
        cmocka_unit_test(what_cannot_be_asked_is_refused_by_the_call),
        cmocka_unit_test(no_connection_is_an_error_and_no_crash),
        cmocka_unit_test(empty_lists_are_done_at_once),
        cmocka_unit_test(any_answer_to_a_ping_is_a_sign_of_life),
        cmocka_unit_test(any_work_has_its_place_in_the_queue),
        cmocka_unit_test(no_request_allocates_in_the_steady_state),
        cmocka_unit_test(out_of_memory_while_a_connection_is_made_leaves_nothing),
        cmocka_unit_test(out_of_memory_at_any_allocation_is_told_and_harms_nothing),
        cmocka_unit_test(a_request_that_is_withdrawn_is_told_so_once),
        cmocka_unit_test(a_plan_is_withdrawn_whichever_round_it_is_in),
        cmocka_unit_test(a_request_may_be_withdrawn_in_anothers_function),
        cmocka_unit_test(a_request_that_times_out_leaves_its_neighbours_alone),
        cmocka_unit_test(a_request_without_limit_waits_as_long_as_its_connection_lasts),
        cmocka_unit_test(requests_are_counted_and_frames_recorded),
        cmocka_unit_test(a_connection_may_be_freed_or_closed_in_every_function_of_a_request),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "client.conn_request");
}
