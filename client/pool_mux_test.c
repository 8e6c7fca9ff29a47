/* Calls on a pool without a lease, from threads, against one fake PLC that serves one connection at a time.
 */
#include "client/pool_mux_impl.h"
#include "client/pool_thread_rig.h"
#include "client/test_names.h"

#include <s7rig/pool_direct.h>

#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- allocations that are counted, and fail: the linker turns these calls to us ---- */

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);

static atomic_long allocations_left = -1; /* negative: any number */
static atomic_long allocations;

static void (*_Atomic meanwhile)(void); /* is called by the next one who asks for memory */

static bool refuse_allocation(void)
{
    void (*fn)(void) = atomic_exchange(&meanwhile, NULL);

    if (fn != NULL)
        fn();
    atomic_fetch_add(&allocations, 1);
    return atomic_load(&allocations_left) >= 0 && atomic_fetch_sub(&allocations_left, 1) <= 0;
}

void *__wrap_malloc(size_t size)
{
    return refuse_allocation() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return refuse_allocation() ? NULL : __real_calloc(n, size);
}

/* Memory is not scarce any more. */
static int leave_rich(void **state)
{
    atomic_store(&allocations_left, -1);
    return leave(state);
}

/* One byte of DB 1, which must be the right one. */
static s7_status read_byte(uint32_t at, int32_t ms)
{
    uint8_t value = 0;
    s7_ctx ctx = {.struct_size = sizeof ctx, .timeout_ms = ms};
    s7_status status = s7_pool_read_db(pool, &ctx, 1, at, &value, 1);

    if (status == S7_OK && value != db_byte(at))
        fail_msg("read byte %u, which holds %u: got %u", at, db_byte(at), value);
    return status;
}

/* ---- threads ---- */

struct worker {
    pthread_t thread;
    s7_token *token;
    uint32_t at;
    int32_t timeout_ms;
    bool write;
    unsigned times;
    s7_status status;
    s7_errinfo err;
};

static void *work(void *arg)
{
    struct worker *w = arg;
    uint8_t value = 0x5A;
    s7_ctx ctx = {.struct_size = sizeof ctx, .timeout_ms = w->timeout_ms, .cancel = w->token, .err = &w->err};

    for (unsigned i = 0; i < w->times && w->status == S7_OK; i++) {
        w->status = w->write ? s7_pool_write_db(pool, &ctx, 1, w->at, &value, 1)
                             : s7_pool_read_db(pool, &ctx, 1, w->at, &value, 1);
        if (!w->write && w->status == S7_OK && value != db_byte(w->at))
            w->status = S7_E_CONVERT;
    }
    return NULL;
}

static void begin(struct worker *w, uint32_t at, unsigned times)
{
    w->at = at;
    w->times = times;
    w->timeout_ms = w->timeout_ms != 0 ? w->timeout_ms : PATIENCE_MS;
    w->err = (s7_errinfo)S7_ERRINFO_INIT;
    assert_int_equal(pthread_create(&w->thread, NULL, work, w), 0);
}

static s7_status end(struct worker *w)
{
    pthread_join(w->thread, NULL);
    return w->status;
}

/* ---- what they read and write ---- */

static void whoever_asks_without_a_lease_reads_and_writes(void **state)
{
    uint8_t bytes[700] = {1, 2, 3}, back[700];
    s7_item items[2] = {{.data = &bytes[0], .len = 1}, {.data = &bytes[1], .len = 2}};

    (void)state;
    open_pool(4, ANSWER, 0, PATIENCE_MS);
    assert_int_equal(s7_pool_write_db(pool, &patient, 1, 100, bytes, sizeof bytes), S7_OK);
    assert_int_equal(s7_pool_read_db(pool, &patient, 1, 100, back, sizeof back), S7_OK);
    assert_memory_equal(bytes, back, sizeof bytes);
    assert_int_equal(s7_pool_write_at(pool, &patient, "MB7", "\x42", 1), S7_OK);
    assert_int_equal(s7_pool_read_at(pool, &patient, "MB7", back, 1), S7_OK);
    assert_int_equal(back[0], 0x42);
    assert_int_equal(s7_address_parse("MB7", &items[0].address, NULL), S7_OK);
    assert_int_equal(s7_address_parse("DB1.DBW100", &items[1].address, NULL), S7_OK);
    assert_int_equal(s7_pool_read_multi(pool, &patient, items, 2), S7_OK);
    assert_int_equal(bytes[0], 0x42);
    assert_int_equal(bytes[2], 2);
    assert_int_equal(s7_pool_read_multi(pool, &patient, NULL, 0), S7_OK);
    assert_int_equal(stats().connects, 1);
    assert_int_equal(stats().in_use, 0); /* given back */
    assert_int_equal(stats().available, 1);
    assert_int_equal(stats().direct_calls, 6);
}

static void a_refusal_is_worded_as_a_client_words_it(void **state)
{
    uint8_t byte, bad[2];
    s7_item items[2] = {{.data = &byte, .len = 1}, {.data = bad, .len = 2}};

    (void)state;
    open_pool(4, ANSWER, 0, PATIENCE_MS);
    assert_int_equal(s7_pool_read_db(pool, &patient, 7, 0, bad, 2), S7_E_ITEM_MISSING);
    assert_non_null(strstr(err.asked, "read DB7.DBB0"));
    assert_non_null(strstr(err.asked, server.endpoint));
    assert_int_equal(s7_address_parse("MB7", &items[0].address, NULL), S7_OK);
    assert_int_equal(s7_address_parse("DB9.DBW0", &items[1].address, NULL), S7_OK);
    assert_int_equal(s7_pool_read_multi(pool, &patient, items, 2), S7_E_PARTIAL);
    assert_int_equal(items[0].status, S7_OK);
    assert_int_equal(items[1].status, S7_E_ITEM_MISSING);
    assert_int_equal(err.item, 1);
    assert_int_equal(s7_pool_read_db(pool, &patient, 1, 0, NULL, 1), S7_E_ARG);
    assert_int_equal(s7_pool_read_at(pool, &patient, "nonsense", bad, 2), S7_E_SYNTAX);
    items[1].len = 3;
    assert_int_equal(s7_pool_read_multi(pool, &patient, items, 2), S7_E_ARG);
    assert_int_equal(items[1].status, S7_E_ARG);
}

static void what_the_options_forbid_is_not_written(void **state)
{
    s7_pool_options options = options_for(PATIENCE_MS);

    (void)state;
    server_start(480, 4, ANSWER, 0);
    options.client.read_only = true;
    open_with(&options);
    assert_int_equal(s7_pool_write_db(pool, &patient, 1, 0, "x", 1), S7_E_GUARDED);
    assert_non_null(strstr(err.came, "read_only"));
    assert_int_equal(read_byte(5, PATIENCE_MS), S7_OK);
}

/* ---- sharing ---- */

static void many_callers_share_one_connection(void **state)
{
    static struct worker workers[16];

    (void)state;
    open_pool(4, ANSWER, 0, PATIENCE_MS);
    memset(workers, 0, sizeof workers);
    for (unsigned i = 0; i < 16; i++)
        begin(&workers[i], 100 + i, 200);
    for (unsigned i = 0; i < 16; i++)
        assert_int_equal(end(&workers[i]), S7_OK);
    assert_int_equal(stats().connects, 1);
    assert_int_equal(stats().direct_calls, 16 * 200);
    assert_int_equal(stats().in_use, 0);
}

static void wait_for_in_the_inbox(uint32_t at)
{
    const struct s7_mux_caller *last;

    UNTIL((last = atomic_load(&pool->mux->inbox)) != NULL &&
          last->request.unit.transfer.items[0].address.byte == at);
}

static void who_finds_another_one_serving_leaves_his_request_with_him(void **state)
{
    static struct worker workers[3];

    (void)state;
    open_pool(4, ANSWER, 0, PATIENCE_MS);
    memset(workers, 0, sizeof workers);
    s7_mux_acquire(pool->mux, NULL);
    for (unsigned i = 0; i < 3; i++) {
        begin(&workers[i], 100 + i, 1);
        wait_for_in_the_inbox(100 + i);
    }
    s7_mux_serve(pool->mux);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(end(&workers[i]), S7_OK);
    assert_int_equal(stats().direct_calls, 3);
}

static struct worker latecomer;

/* On the thread of the first one, while it serves: it makes room for what it knows of the connection. */
static void come_late(void)
{
    latecomer = (struct worker){.timeout_ms = 2000};
    begin(&latecomer, 20, 1);
    wait_for_in_the_inbox(20);
}

static void what_comes_while_one_serves_is_sent_before_he_waits(void **state)
{
    struct worker first = {0};

    (void)state;
    open_pool(4, HOLD, 2, PATIENCE_MS);
    atomic_store(&meanwhile, come_late);
    begin(&first, 10, 1);
    server_wait_for_held();
    s7_status late = end(&latecomer);
    server_release();
    assert_int_equal(end(&first), S7_OK);
    if (late != S7_OK)
        fail_msg("who came while another one served was left behind: %s", s7_errname(late));
}

static bool leader_sleeps(void)
{
    pthread_mutex_lock(&pool->mux->mutex);
    bool sleeps = pool->mux->leader_sleeps;
    pthread_mutex_unlock(&pool->mux->mutex);
    return sleeps;
}

static void who_waits_gets_up_for_what_the_leader_does_not_know(void **state)
{
    struct worker leader = {0}, other = {.timeout_ms = 2000};
    s7_pool_options options = options_for(PATIENCE_MS);

    (void)state;
    server_start(480, 4, HOLD, 2);
    options.coalesce_us = 1000;
    open_with(&options);
    begin(&leader, 10, 1);
    server_wait_for_held();
    UNTIL(leader_sleeps());
    begin(&other, 20, 1); /* is to be sent 1 ms later */
    s7_status in_time = end(&other);
    server_release();
    assert_int_equal(end(&leader), S7_OK);
    if (in_time != S7_OK)
        fail_msg("what was to be done by then was not done: %s", s7_errname(in_time));
}

static void callers_and_borrowers_take_turns_at_a_single_connection(void **state)
{
    static struct worker workers[4];
    s7_client *plc;

    (void)state;
    open_pool(2, ANSWER, 0, PATIENCE_MS);
    memset(workers, 0, sizeof workers);
    for (unsigned i = 0; i < 4; i++)
        begin(&workers[i], 100 + i, 300);
    for (unsigned i = 0; i < 50; i++) {
        assert_int_equal(s7_pool_get(pool, &patient, &plc), S7_OK);
        assert_int_equal(s7_client_ping(plc, &patient), S7_OK);
        assert_int_equal(s7_pool_put(pool, plc), S7_OK);
    }
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(end(&workers[i]), S7_OK);
    assert_int_equal(stats().connects, 1);
}

static void equal_reads_of_one_moment_are_one_request(void **state)
{
    static struct worker workers[16];
    s7_pool_options options = options_for(PATIENCE_MS);

    (void)state;
    server_start(480, 1, ANSWER, 0);
    options.coalesce_us = 100000;
    open_with(&options);
    memset(workers, 0, sizeof workers);
    for (unsigned i = 0; i < 16; i++)
        begin(&workers[i], 100 + i % 2, 3);
    for (unsigned i = 0; i < 16; i++)
        assert_int_equal(end(&workers[i]), S7_OK);
    assert_true(stats().direct_jobs < 48);
    assert_true(stats().direct_merged > 0);
}

/* ---- giving up ---- */

static void who_gives_up_in_flight_disturbs_nobody(void **state)
{
    (void)state;
    open_pool(4, HOLD, 2, PATIENCE_MS);
    struct worker late = {.timeout_ms = 1000}; /* the other one has begun by then */
    begin(&late, 10, 1);
    server_wait_for_held();
    struct worker other = {0};
    begin(&other, 20, 50);
    assert_int_equal(end(&late), S7_E_TIMEOUT);
    assert_int_equal(end(&other), S7_OK);
    assert_non_null(strstr(late.err.came, "no answer within "));
    assert_int_equal(stats().dirty, 1);
    server_release();
    UNTIL(stats().available == 1);
    assert_int_equal(stats().late_answers, 1);
    for (uint32_t i = 0; i < 20; i++)
        assert_int_equal(read_byte(10 * i, PATIENCE_MS), S7_OK);
    assert_int_equal(stats().connects, 1);
}

static void a_write_whose_answer_does_not_come_says_for_how_long(void **state)
{
    struct worker writer = {.write = true, .timeout_ms = 1000}; /* sent by then */

    (void)state;
    open_pool(4, HOLD, 2, PATIENCE_MS);
    begin(&writer, 10, 1);
    assert_int_equal(end(&writer), S7_E_OUTCOME_UNKNOWN);
    assert_non_null(strstr(writer.err.came, ": no answer within "));
    server_release();
}

static void a_token_ends_one_call(void **state)
{
    struct worker leader = {0}, follower = {0};

    (void)state;
    open_pool(1, HOLD, 2, PATIENCE_MS);
    assert_int_equal(s7_token_new(&leader.token), S7_OK);
    assert_int_equal(s7_token_new(&follower.token), S7_OK);
    begin(&leader, 10, 1);
    server_wait_for_held();
    begin(&follower, 11, 1);
    UNTIL(stats().direct_calls == 2);
    s7_token_cancel(follower.token);
    assert_int_equal(end(&follower), S7_E_CANCELLED);
    s7_token_cancel(leader.token);
    assert_int_equal(end(&leader), S7_E_CANCELLED);
    server_release();
    UNTIL(stats().available == 1);
    assert_int_equal(read_byte(3, PATIENCE_MS), S7_OK);
    s7_token_free(leader.token);
    s7_token_free(follower.token);
}

static void a_write_whose_answer_is_lost_is_unknown_to_its_caller_alone(void **state)
{
    struct worker writer = {.write = true}, reader = {0};

    (void)state;
    open_pool(2, HOLD, 3, PATIENCE_MS); /* the second request of each connection */
    assert_int_equal(read_byte(0, PATIENCE_MS), S7_OK);
    begin(&writer, 10, 1);
    server_wait_for_held();
    begin(&reader, 20, 1);
    UNTIL(stats().direct_calls == 3);
    server_drop();
    assert_int_equal(end(&writer), S7_E_OUTCOME_UNKNOWN);
    assert_int_equal(end(&reader), S7_OK); /* at once, or on the next connection */
    UNTIL(stats().closed[S7_POOL_CLOSE_PEER] == 1);
}

static void who_waits_in_vain_learns_why(void **state)
{
    s7_client *plc;
    uint8_t byte;
    s7_ctx impatient = {.struct_size = sizeof impatient, .timeout_ms = 100, .err = &err};

    (void)state;
    open_pool(1, ANSWER, 0, PATIENCE_MS);
    assert_int_equal(s7_pool_get(pool, &patient, &plc), S7_OK);
    assert_int_equal(s7_pool_read_db(pool, &impatient, 1, 0, &byte, 1), S7_E_POOL_EXHAUSTED);
    assert_non_null(strstr(err.asked, "read DB1.DBB0"));
    assert_non_null(strstr(err.asked, ", waited "));
    assert_non_null(strstr(err.came, "by \"a test\""));
    assert_int_equal(s7_pool_put(pool, plc), S7_OK);
    assert_int_equal(read_byte(0, PATIENCE_MS), S7_OK);
    impatient.deadline_ns = 1;
    assert_int_equal(s7_pool_read_db(pool, &impatient, 1, 0, &byte, 1), S7_E_TIMEOUT);
    assert_int_equal(s7_pool_close(pool, &patient), S7_OK);
    assert_int_equal(s7_pool_read_db(pool, &patient, 1, 0, &byte, 1), S7_E_POOL_CLOSED);
    assert_int_equal(err.status, S7_E_POOL_CLOSED);
}

static void a_pool_that_was_not_started_refuses(void **state)
{
    s7_pool_options options = options_for(PATIENCE_MS);
    uint8_t byte;

    (void)state;
    server_start(480, 1, ANSWER, 0);
    assert_int_equal(s7_pool_new(server.endpoint, &options, &pool, NULL), S7_OK);
    assert_int_equal(s7_pool_read_db(pool, S7_WITHIN(PATIENCE_MS), 1, 0, &byte, 1), S7_E_MISUSE);
}

static void closing_takes_the_connection_from_callers_that_are_inside(void **state)
{
    struct worker reader = {0}, writer = {.write = true}, waiting = {0};
    s7_ctx at_once = {.struct_size = sizeof at_once, .timeout_ms = 20};

    (void)state;
    open_pool(2, HOLD, 2, PATIENCE_MS);
    begin(&reader, 10, 1);
    server_wait_for_held();
    begin(&writer, 11, UINT32_MAX); /* answered again and again, until the end */
    begin(&waiting, 12, UINT32_MAX);
    UNTIL(stats().direct_calls > 20);
    assert_int_equal(s7_pool_close(pool, &at_once), S7_E_TIMEOUT);
    assert_int_equal(end(&reader), S7_E_POOL_CLOSED);
    s7_status last = end(&writer);
    assert_true(last == S7_E_POOL_CLOSED || last == S7_E_OUTCOME_UNKNOWN);
    assert_int_equal(end(&waiting), S7_E_POOL_CLOSED);
}

static void pausing_waits_for_callers_that_never_pause(void **state)
{
    struct worker busy[2] = {{0}, {0}};

    (void)state;
    open_pool(2, ANSWER, 0, PATIENCE_MS);
    for (int i = 0; i < 2; i++)
        begin(&busy[i], 10, 2000);
    UNTIL(stats().direct_calls > 20);
    assert_int_equal(s7_pool_pause(pool, &patient), S7_OK);
    assert_int_equal(stats().total_connections, 0);
    assert_int_equal(s7_pool_resume(pool), S7_OK);
    for (int i = 0; i < 2; i++)
        assert_int_equal(end(&busy[i]), S7_OK);
}

static void a_child_is_told_that_it_is_one(void **state)
{
    int status;

    (void)state;
    open_pool(1, ANSWER, 0, PATIENCE_MS);
    pid_t child = fork();
    if (child == 0) {
        uint8_t byte;
        bool good = s7_pool_read_db(pool, S7_WITHIN(1000), 1, 0, &byte, 1) == S7_E_FORKED;

        s7_pool_free(pool);
        _exit(good ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_int_equal(read_byte(0, PATIENCE_MS), S7_OK);
}

/* ---- memory ---- */

static void nothing_is_allocated_in_the_steady_state(void **state)
{
    s7_pool_options options = options_for(PATIENCE_MS);

    (void)state;
    server_start(480, 4, ANSWER, 0);
    options.coalesce_us = 1;
    open_with(&options);
    assert_int_equal(read_byte(0, PATIENCE_MS), S7_OK);
    long before = atomic_load(&allocations);
    for (uint32_t i = 0; i < 100; i++)
        assert_int_equal(read_byte(i, PATIENCE_MS), S7_OK);
    assert_int_equal(atomic_load(&allocations), before);
}

static void without_memory_a_call_fails_and_the_next_one_works(void **state)
{
    (void)state;
    open_pool(4, ANSWER, 0, PATIENCE_MS);
    atomic_store(&allocations_left, 0);
    assert_int_equal(read_byte(0, PATIENCE_MS), S7_E_NOMEM);
    atomic_store(&allocations_left, -1);
    assert_int_equal(read_byte(0, PATIENCE_MS), S7_OK);
    assert_int_equal(stats().in_use, 0);
}

#define TEST(f) cmocka_unit_test_teardown(f, leave_rich)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(whoever_asks_without_a_lease_reads_and_writes),
        TEST(a_refusal_is_worded_as_a_client_words_it),
        TEST(what_the_options_forbid_is_not_written),
        TEST(many_callers_share_one_connection),
        TEST(who_finds_another_one_serving_leaves_his_request_with_him),
        TEST(what_comes_while_one_serves_is_sent_before_he_waits),
        TEST(who_waits_gets_up_for_what_the_leader_does_not_know),
        TEST(callers_and_borrowers_take_turns_at_a_single_connection),
        TEST(equal_reads_of_one_moment_are_one_request),
        TEST(who_gives_up_in_flight_disturbs_nobody),
        TEST(a_write_whose_answer_does_not_come_says_for_how_long),
        TEST(a_token_ends_one_call),
        TEST(a_write_whose_answer_is_lost_is_unknown_to_its_caller_alone),
        TEST(who_waits_in_vain_learns_why),
        TEST(a_pool_that_was_not_started_refuses),
        TEST(closing_takes_the_connection_from_callers_that_are_inside),
        TEST(pausing_waits_for_callers_that_never_pause),
        TEST(a_child_is_told_that_it_is_one),
        TEST(nothing_is_allocated_in_the_steady_state),
        TEST(without_memory_a_call_fails_and_the_next_one_works),
    };

    return cmocka_run_group_tests_name("calls without a lease", tests, NULL, NULL);
}
