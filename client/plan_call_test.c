/* Plans over connections: the blocking client, a lease of a pool, a connection on a loop; and what they cost.
 */
#include "client/conn.h"
#include "client/plan_rig.h"
#include "client/plc_thread.h"
#include "client/test_names.h"
#include "loop/loop_virtual.h"

#include <s7rig/pool.h>

/* ---- allocations that are counted, and fail: the linker turns these calls to us ---- */

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);

static _Thread_local unsigned allocations;
static _Thread_local unsigned fail_at = UINT32_MAX;

void *__wrap_malloc(size_t size)
{
    return allocations++ == fail_at ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return allocations++ == fail_at ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return allocations++ == fail_at ? NULL : __real_realloc(old, size);
}

/* ---- tags ---- */

#define N_TAGS 500

static s7_address tags[N_TAGS];

static s7_plan *plan_of_many(bool write)
{
    uint32_t seed = 5;
    s7_plan_options options;

    s7_plan_options_init(&options);
    options.write = write;
    for (unsigned i = 0; i < N_TAGS; i++)
        tags[i] = random_tag(&seed, 8000);
    return new_plan(tags, N_TAGS, &options);
}

static void expect_right(struct fake_plc *plc, const s7_plan *plan)
{
    for (size_t i = 0; i < s7_plan_count(plan); i++)
        if (s7_plan_tags(plan)[i].status != S7_OK || s7_plan_tags(plan)[i].time_ns <= 0 ||
            !tag_is_right(plc, &s7_plan_tags(plan)[i]))
            fail_msg("tag %zu: %s", i, s7_errname(s7_plan_tags(plan)[i].status));
}

/* ---- memory ---- */

static void running_and_planning_anew_take_no_memory(void **state)
{
    s7_plan *plan = plan_of_many(false);

    (void)state;
    server_start(240, 4, ANSWER, 0);
    s7_client *client = connected_client(PATIENCE_MS);
    for (unsigned i = 0; i < 3; i++) {
        allocations = 0;
        s7_status status = s7_plan_read(client, NULL, plan); /* planned for 480 first: now for 240 */
        unsigned n = allocations;

        assert_int_equal(status, S7_OK);
        assert_int_equal(n, 0);
        expect_right(&server.plc, plan);
    }
    assert_int_equal(info_of(client).requests, 3 * stats_of(plan).jobs);
    allocations = 0;
    for (uint16_t pdu_len = 64; pdu_len <= 960; pdu_len++)
        assert_int_equal(s7_plan_fit(plan, pdu_len), S7_OK);
    assert_int_equal(allocations, 0);
    s7_client_free(client);
    server_stop();
    s7_plan_free(plan);
}

static void out_of_memory_at_any_allocation_is_told_and_leaves_nothing(void **state)
{
    s7_plan_options options;
    bool made = false;

    (void)state;
    s7_plan_free(plan_of_many(false));
    s7_plan_options_init(&options);
    for (unsigned write = 0; write < 2; write++) {
        options.write = write != 0;
        made = false;
        for (unsigned nth = 0; !made && nth < 100; nth++) {
            s7_errinfo err = S7_ERRINFO_INIT;
            s7_plan *plan = NULL;

            allocations = 0;
            fail_at = nth;
            s7_status status = s7_plan_new(tags, N_TAGS, &options, &plan, &err);
            fail_at = UINT32_MAX;
            made = status == S7_OK;
            assert_true(made || (status == S7_E_NOMEM && plan == NULL));
            assert_true(made || strcmp(err.asked, "a plan of 500 tags") == 0);
            s7_plan_free(plan);
        }
        assert_true(made);
    }
}

/* ---- the blocking client ---- */

static void a_plan_without_a_connection_fails_as_a_whole(void **state)
{
    static const char *const texts[] = {"DB1.DBW0", "DB1.DBW100"};
    s7_plan *plan = new_plan_of(texts, 2, false);
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .err = &err};
    s7_client *client = NULL;

    (void)state;
    assert_int_equal(s7_client_new("127.0.0.1:1", NULL, &client, NULL), S7_OK);
    assert_int_equal(s7_plan_read(client, &ctx, plan), S7_E_NOT_CONNECTED);
    assert_int_equal(err.status, S7_E_NOT_CONNECTED);
    assert_string_equal(err.asked, "read DB1.DBW0 (item 1 of 2) from 127.0.0.1:1");
    assert_int_equal(s7_plan_tags(plan)[1].status, S7_E_NOT_CONNECTED);
    assert_int_equal(s7_plan_write(client, &ctx, plan), S7_E_ARG);
    assert_string_equal(err.came, "this plan is for reading");
    assert_int_equal(s7_plan_read(client, &ctx, NULL), S7_E_ARG);
    assert_int_equal(s7_plan_read(NULL, &ctx, plan), S7_E_ARG);
    assert_int_equal(s7_plan_read(client, &(s7_ctx){.struct_size = 1}, plan), S7_E_ARG);
    s7_client_free(client);
    s7_plan_free(plan);
}

static void a_write_whose_answer_is_lost_is_unknown_and_the_rest_is_not_sent(void **state)
{
    static const char *const texts[] = {"DB1.DBW0", "DB1.DBW0", "DB1.DBW100"};
    s7_plan *plan = new_plan_of(texts, 3, true);
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = sizeof ctx, .timeout_ms = PATIENCE_MS, .err = &err};

    (void)state;
    server_start(240, 4, FIN, 2); /* executes the first job, and closes */
    s7_client *client = connected_client(PATIENCE_MS);
    assert_int_equal(s7_plan_write(client, &ctx, plan), S7_E_ARG); /* no values yet */
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(s7_plan_set_int(plan, i, 0, (int64_t)i + 1), S7_OK);
    assert_int_equal(s7_plan_write(client, &ctx, plan), S7_E_OUTCOME_UNKNOWN);
    assert_int_equal(s7_plan_tags(plan)[0].status, S7_E_OUTCOME_UNKNOWN);
    assert_int_equal(s7_plan_tags(plan)[1].status, S7_E_CANCELLED);
    assert_int_equal(s7_plan_tags(plan)[2].status, S7_E_OUTCOME_UNKNOWN);
    s7_client_free(client);
    server_stop();
    assert_int_equal(server.plc.jobs, 1);
    assert_int_equal(server.plc.db1[1], 1);
    s7_plan_free(plan);
}

static void tags_that_are_asked_for_again_share_the_time_of_the_call(void **state)
{
    static const char *const texts[] = {"DB1.DBW65996", "DB1.DBD65998"};
    s7_plan *plan = new_plan_of(texts, 2, false);

    (void)state;
    server_start(240, 4, SILENT, 3); /* refuses the span, and is silent about the tags */
    s7_client *client = connected_client(PATIENCE_MS);
    assert_int_equal(s7_plan_read(client, S7_WITHIN(50), plan), S7_E_TIMEOUT);
    assert_int_equal(s7_plan_tags(plan)[0].status, S7_E_TIMEOUT);
    assert_int_equal(stats_of(plan).apart, 0);
    s7_client_free(client);
    server_stop();
    s7_plan_free(plan);
}

static void a_lent_client_runs_plans_until_it_is_given_back(void **state)
{
    s7_plan *plan = plan_of_many(false);
    s7_ctx patient = {.struct_size = sizeof patient, .timeout_ms = PATIENCE_MS};
    s7_client *lease = NULL;
    s7_pool *pool = NULL;

    (void)state;
    server_start(480, 8, ANSWER, 0);
    assert_int_equal(s7_pool_new(server.endpoint, NULL, &pool, NULL), S7_OK);
    assert_int_equal(s7_pool_start(pool, &patient), S7_OK);
    assert_int_equal(s7_pool_get(pool, &patient, &lease), S7_OK);
    assert_int_equal(s7_plan_read(lease, &patient, plan), S7_OK);
    expect_right(&server.plc, plan);
    assert_int_equal(s7_pool_put(pool, lease), S7_OK);
    assert_int_equal(s7_plan_read(lease, &patient, plan), S7_E_STALE_LEASE);
    assert_int_equal(s7_plan_tags(plan)[0].status, S7_E_STALE_LEASE);
    s7_pool_free(pool);
    server_stop();
    s7_plan_free(plan);
}

static void a_client_tells_plans_how_many_items_its_plc_takes(void **state)
{
    s7_plan *plan = plan_of_many(false);
    unsigned jobs[2];

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        char endpoint[96];
        s7_client *client = NULL;

        server_start(960, 4, ANSWER, 0);
        snprintf(endpoint, sizeof endpoint, "s7://%s?max-items=%s", server.endpoint, i == 0 ? "20" : "255");
        assert_int_equal(s7_client_new(endpoint, NULL, &client, NULL), S7_OK);
        assert_int_equal(s7_client_connect(client, S7_WITHIN(PATIENCE_MS)), S7_OK);
        assert_int_equal(s7_plan_read(client, S7_WITHIN(PATIENCE_MS), plan), S7_OK);
        expect_right(&server.plc, plan);
        jobs[i] = (unsigned)info_of(client).requests;
        assert_int_equal(jobs[i], stats_of(plan).jobs);
        s7_client_free(client);
        server_stop();
        assert_true(i == 0 ? server.plc.most_items == 20 : server.plc.most_items > 20);
    }
    assert_true(jobs[1] < jobs[0]);
    s7_plan_free(plan);
}

/* ---- on a loop ---- */

static struct {
    s7_loop *loop;
    s7_stream *peer;
    struct fake_plc plc;
    s7_conn *conn;
    s7_plan *plan;
    unsigned dones;
    s7_status status;
    s7_errinfo err;
} world;

static void peer_ready(s7_stream *stream, unsigned ready, void *arg)
{
    static struct bytes rx, answer;

    (void)arg;
    if (!(ready & S7_READY_READ))
        return;
    ssize_t n = s7_stream_read(stream, rx.at + rx.len, sizeof rx.at - rx.len);
    if (n <= 0)
        return;
    rx.len += (size_t)n;
    for (size_t len; (len = first_frame(rx.at, rx.len)) > 0;) {
        fake_plc_answer(&world.plc, rx.at, len, &answer);
        assert_int_equal(s7_stream_write(stream, answer.at, answer.len), answer.len);
        rx.len -= len;
        memmove(rx.at, rx.at + len, rx.len);
    }
    s7_stream_want(stream, S7_READY_READ);
}

static void on_accept(s7_listener *listener, s7_stream *accepted, void *arg)
{
    (void)listener;
    (void)arg;
    world.peer = accepted;
    s7_stream_set_fn(accepted, peer_ready, NULL);
    s7_stream_want(accepted, S7_READY_READ);
}

static void plan_done(s7_conn *conn, s7_status status, const s7_errinfo *err, void *arg)
{
    assert_ptr_equal(conn, world.conn);
    assert_ptr_equal(arg, &world);
    world.dones++;
    world.status = status;
    if (err != NULL)
        world.err = *err;
}

static void on_state(s7_conn *conn, bool up, s7_status why, const s7_errinfo *err, void *arg)
{
    (void)why;
    (void)err;
    (void)arg;
    if (up)
        assert_int_equal(s7_conn_plan_run(conn, S7_THEN(plan_done, &world), world.plan), S7_OK);
}

static void plans_run_over_a_connection_on_a_loop(void **state)
{
    static const char *const texts[] = {"DB1.DBW65996", "DB1.DBD65998", "MW10", "DB1.DBX0.1"};
    s7_listener *listener;

    (void)state;
    world.plan = new_plan_of(texts, 4, false);
    fake_plc_init(&world.plc, 240, 4);
    assert_int_equal(s7_loop_virtual_new(NULL, &world.loop), S7_OK);
    assert_int_equal(s7_loop_listen(world.loop, "127.0.0.1", 10102, on_accept, NULL, &listener, NULL), S7_OK);
    assert_int_equal(s7_conn_new(world.loop, "127.0.0.1:10102", NULL, on_state, NULL, &world.conn, NULL),
                     S7_OK);
    assert_int_equal(s7_conn_plan_run(world.conn, S7_THEN(plan_done, &world), world.plan),
                     S7_E_NOT_CONNECTED);
    assert_int_equal(world.dones, 0);
    assert_int_equal(s7_conn_open(world.conn, NULL), S7_OK);
    s7_virtual_run_until(world.loop, s7_loop_now_ns(world.loop) + 100 * MS);
    assert_int_equal(world.dones, 1);
    assert_int_equal(world.status, S7_E_PARTIAL);
    assert_string_equal(world.err.asked, "read DB1.DBD65998 (item 2 of 4) from 127.0.0.1:10102");
    for (unsigned i = 0; i < 4; i++) {
        const s7_item *tag = &s7_plan_tags(world.plan)[i];

        assert_int_equal(tag->status, i == 1 ? S7_E_ITEM_ADDRESS : S7_OK);
        assert_true(i == 1 || tag_is_right(&world.plc, tag));
    }
    assert_int_equal(world.plc.jobs, 2);
    s7_conn_free(world.conn);
    s7_stream_close(world.peer, S7_CLOSE_FIN);
    s7_listener_close(listener);
    s7_loop_free(world.loop);
    s7_plan_free(world.plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(running_and_planning_anew_take_no_memory),
        cmocka_unit_test(out_of_memory_at_any_allocation_is_told_and_leaves_nothing),
        cmocka_unit_test(a_plan_without_a_connection_fails_as_a_whole),
        cmocka_unit_test(a_write_whose_answer_is_lost_is_unknown_and_the_rest_is_not_sent),
        cmocka_unit_test(tags_that_are_asked_for_again_share_the_time_of_the_call),
        cmocka_unit_test(a_lent_client_runs_plans_until_it_is_given_back),
        cmocka_unit_test(a_client_tells_plans_how_many_items_its_plc_takes),
        cmocka_unit_test(plans_run_over_a_connection_on_a_loop),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "client.plan_call");
}
