/* Calls that another thread cancels. Nothing sleeps: the PLC says when it holds an answer, and whether the
 * caller waits already or not yet when the token is cancelled makes no difference. */
#include "client/plc_thread.h"
#include "client/test_names.h"
#include "loop/blocking.h"

#include <s7rig/pool.h>
#include <s7rig/services.h>

#include <arpa/inet.h>
#include <sched.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

/* A call on a thread of its own. */
struct caller {
    pthread_t thread;
    s7_status (*call)(struct caller *caller);
    s7_client *client;
    s7_pool *pool;
    s7_errinfo err;
    s7_ctx ctx;
    s7_status status;
};

static s7_token *new_token(void)
{
    s7_token *token = NULL;

    assert_int_equal(s7_token_new(&token), S7_OK);
    return token;
}

static void *run(void *arg)
{
    struct caller *caller = arg;

    caller->status = caller->call(caller);
    return NULL;
}

static void start(struct caller *caller, s7_token *token)
{
    caller->err = (s7_errinfo)S7_ERRINFO_INIT;
    caller->ctx = (s7_ctx){
        .struct_size = sizeof(s7_ctx), .timeout_ms = PATIENCE_MS, .err = &caller->err, .cancel = token};
    assert_int_equal(pthread_create(&caller->thread, NULL, run, caller), 0);
}

static s7_status join(struct caller *caller)
{
    pthread_join(caller->thread, NULL);
    return caller->status;
}

static s7_status call_connect(struct caller *caller)
{
    return s7_client_connect(caller->client, &caller->ctx);
}

static s7_status call_read(struct caller *caller)
{
    uint8_t value;

    return s7_read_u8(caller->client, &caller->ctx, S7_AREA_DB, 1, 0, &value);
}

static s7_status call_write(struct caller *caller)
{
    return s7_write_u16(caller->client, &caller->ctx, S7_AREA_DB, 1, 40, 0xCAFE);
}

static s7_status call_clock(struct caller *caller)
{
    s7_datetime now;

    return s7_clock_get(caller->client, &caller->ctx, &now);
}

static s7_status call_get(struct caller *caller)
{
    return s7_pool_get(caller->pool, &caller->ctx, &caller->client);
}

/* ---- the token itself ---- */

static void a_token_is_cancelled_once_and_reset(void **state)
{
    s7_token *token = new_token();

    (void)state;
    assert_int_equal(s7_token_new(NULL), S7_E_ARG);
    assert_false(s7_token_is_cancelled(token));
    assert_false(s7_token_is_cancelled(NULL));
    for (unsigned i = 0; i < 3; i++) {
        s7_token_cancel(token);
        s7_token_cancel(token);
        assert_true(s7_token_is_cancelled(token));
        s7_token_reset(token);
        s7_token_reset(token);
        assert_false(s7_token_is_cancelled(token));
    }
    s7_token_cancel(NULL);
    s7_token_reset(NULL);
    s7_token_free(NULL);
    s7_token_free(token);
}

/* ---- calls ---- */

static void a_cancelled_read_leaves_the_connection_up_and_its_answer_is_discarded(void **state)
{
    static s7_status (*const calls[])(struct caller *) = {call_read, call_clock};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        s7_token *token = new_token();
        uint8_t value = 0;

        server_start(240, 1, HOLD, 2);
        struct caller caller = {.call = calls[i], .client = connected_client(PATIENCE_MS)};
        start(&caller, token);
        server_wait_for_held();
        s7_token_cancel(token);
        assert_int_equal(join(&caller), S7_E_CANCELLED);
        assert_string_equal(caller.err.came, "cancelled by the caller");
        assert_true(s7_client_is_connected(caller.client));
        /* until the token is reset nothing is sent */
        assert_int_equal(call_read(&caller), S7_E_CANCELLED);
        expect_text(caller.err.came, "nothing was sent");
        s7_token_reset(token);
        server_release();
        assert_int_equal(s7_read_u8(caller.client, &caller.ctx, S7_AREA_DB, 1, 20, &value), S7_OK);
        assert_int_equal(value, db_byte(20));
        assert_int_equal(info_of(caller.client).late_answers, 1);
        assert_int_equal(info_of(caller.client).requests, 2);
        s7_client_free(caller.client);
        server_stop();
        s7_token_free(token);
    }
}

static void a_cancelled_write_that_left_is_unknown(void **state)
{
    s7_token *token = new_token();

    (void)state;
    server_start(240, 1, HOLD, 2);
    struct caller caller = {.call = call_write, .client = connected_client(PATIENCE_MS)};
    start(&caller, token);
    server_wait_for_held();
    s7_token_cancel(token);
    assert_int_equal(join(&caller), S7_E_OUTCOME_UNKNOWN);
    expect_text(caller.err.came, "withdrawn before the answer came");
    /* one that did not leave is not */
    assert_int_equal(call_write(&caller), S7_E_CANCELLED);
    s7_client_free(caller.client);
    server_stop();
    assert_int_equal(server.plc.jobs, 1);
    s7_token_free(token);
}

static void a_call_that_waits_for_an_owed_answer_is_cancelled(void **state)
{
    s7_token *token = new_token();
    uint8_t value;

    (void)state;
    server_start(240, 1, HOLD, 2);
    struct caller caller = {.call = call_read, .client = connected_client(PATIENCE_MS)};
    assert_int_equal(s7_read_u8(caller.client, S7_WITHIN(10), S7_AREA_DB, 1, 0, &value), S7_E_TIMEOUT);
    start(&caller, token);
    s7_token_cancel(token);
    assert_int_equal(join(&caller), S7_E_CANCELLED);
    assert_true(s7_client_is_connected(caller.client));
    assert_int_equal(info_of(caller.client).requests, 1);
    s7_client_free(caller.client);
    server_stop();
    s7_token_free(token);
}

static void a_cancelled_handshake_gives_the_connection_up(void **state)
{
    (void)state;
    for (unsigned frame = 0; frame < 2; frame++) {
        s7_token *token = new_token();

        server_start(240, 1, HOLD, frame);
        struct caller caller = {.call = call_connect, .client = new_client(PATIENCE_MS, PATIENCE_MS)};
        start(&caller, token);
        server_wait_for_held();
        s7_token_cancel(token);
        assert_int_equal(join(&caller), S7_E_CANCELLED);
        expect_text(caller.err.came, "cancelled");
        assert_false(s7_client_is_connected(caller.client));
        s7_client_free(caller.client);
        server_stop();
        s7_token_free(token);
    }
}

/* A listener whose queue is full answers no SYN. */
static int deaf_listener(struct sockaddr_in *at, int fillers[8])
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    socklen_t len = sizeof *at;

    *at = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    assert_int_equal(bind(fd, (struct sockaddr *)at, sizeof *at), 0);
    assert_int_equal(listen(fd, 0), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)at, &len), 0);
    for (unsigned i = 0; i < 8; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        (void)connect(fillers[i], (struct sockaddr *)at, sizeof *at);
    }
    return fd;
}

static void a_cancelled_dial_ends_at_once(void **state)
{
    s7_token *token = new_token();
    struct sockaddr_in at;
    int fillers[8], fd = deaf_listener(&at, fillers);
    char endpoint[32];
    struct caller caller = {.call = call_connect};
    s7_client_options options;

    (void)state;
    s7_client_options_init(&options);
    options.connect_ms = PATIENCE_MS;
    snprintf(endpoint, sizeof endpoint, "127.0.0.1:%u", ntohs(at.sin_port));
    assert_int_equal(s7_client_new(endpoint, &options, &caller.client, NULL), S7_OK);
    start(&caller, token);
    s7_token_cancel(token);
    assert_int_equal(join(&caller), S7_E_CANCELLED);
    s7_client_free(caller.client);
    for (unsigned i = 0; i < 8; i++)
        close(fillers[i]);
    close(fd);
    s7_token_free(token);
}

static void one_token_cancels_many_calls(void **state)
{
    enum { N = 8 };
    struct caller callers[N];
    s7_token *token = new_token();
    struct sockaddr_in at;
    int fillers[8], fd = deaf_listener(&at, fillers);
    char endpoint[32];

    (void)state;
    snprintf(endpoint, sizeof endpoint, "127.0.0.1:%u", ntohs(at.sin_port));
    for (unsigned i = 0; i < N; i++) {
        s7_client_options options;

        s7_client_options_init(&options);
        options.connect_ms = PATIENCE_MS;
        callers[i] = (struct caller){.call = call_connect};
        assert_int_equal(s7_client_new(endpoint, &options, &callers[i].client, NULL), S7_OK);
        start(&callers[i], token);
    }
    s7_token_cancel(token);
    for (unsigned i = 0; i < N; i++) {
        assert_int_equal(join(&callers[i]), S7_E_CANCELLED);
        s7_client_free(callers[i].client);
    }
    for (unsigned i = 0; i < 8; i++)
        close(fillers[i]);
    close(fd);
    s7_token_free(token);
}

/* ---- callers built before there were tokens ---- */

static void an_older_context_works_and_is_not_looked_into(void **state)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    s7_ctx ctx = {.struct_size = offsetof(s7_ctx, cancel),
                  .timeout_ms = PATIENCE_MS,
                  .err = &err,
                  .cancel = (s7_token *)(uintptr_t)1};
    uint8_t value;

    (void)state;
    server_start(240, 1, ANSWER, 0);
    s7_client *client = new_client(PATIENCE_MS, PATIENCE_MS);
    assert_int_equal(s7_client_connect(client, &ctx), S7_OK);
    assert_int_equal(s7_read_u8(client, &ctx, S7_AREA_DB, 1, 0, &value), S7_OK);
    assert_int_equal(s7_read_u8(client, &ctx, S7_AREA_DB, 2, 0, &value), S7_E_ITEM_MISSING);
    expect_text(err.came, "does not exist");
    s7_client_free(client);
    server_stop();
}

/* ---- the pool ---- */

static s7_pool *started_pool(void)
{
    s7_pool_options options;
    s7_pool *pool = NULL;

    s7_pool_options_init(&options);
    options.size = 1;
    assert_int_equal(s7_pool_new(server.endpoint, &options, &pool, NULL), S7_OK);
    assert_int_equal(s7_pool_start(pool, NULL), S7_OK);
    return pool;
}

static void until_waiting(s7_pool *pool, unsigned n)
{
    s7_pool_stats stats = {.struct_size = sizeof stats};

    for (int64_t until_ns = s7_now_ns() + PATIENCE_MS * MS; stats.waiting < n; sched_yield()) {
        assert_int_equal(s7_pool_stats_get(pool, &stats), S7_OK);
        assert_true(s7_now_ns() < until_ns);
    }
}

static void callers_that_wait_for_a_lease_are_cancelled_and_lose_no_connection(void **state)
{
    enum { N = 4 };
    struct caller callers[N];
    s7_token *token = new_token();
    s7_client *lease;
    s7_pool_stats stats = {.struct_size = sizeof stats};

    (void)state;
    server_start(240, 1, ANSWER, 0);
    s7_pool *pool = started_pool();
    for (unsigned round = 0; round < 20; round++) {
        assert_int_equal(s7_pool_get(pool, S7_WITHIN(PATIENCE_MS), &lease), S7_OK);
        for (unsigned i = 0; i < N; i++) {
            callers[i] = (struct caller){.call = call_get, .pool = pool};
            start(&callers[i], token);
        }
        if (round % 2 == 0)
            until_waiting(pool, N);
        s7_token_cancel(token);
        for (unsigned i = 0; i < N; i++) {
            assert_int_equal(join(&callers[i]), S7_E_CANCELLED);
            assert_string_equal(callers[i].err.came, "cancelled by the caller");
        }
        s7_token_reset(token);
        assert_int_equal(s7_pool_put(pool, lease), S7_OK);
    }
    assert_int_equal(s7_pool_stats_get(pool, &stats), S7_OK);
    assert_int_equal(stats.waiting, 0);
    assert_int_equal(stats.available, 1);
    assert_int_equal(stats.connects, 1);
    s7_pool_free(pool);
    server_stop();
    s7_token_free(token);
}

/* Cancel and put at the same time: whoever gets the lease can use it, and nothing is lost. */
static void a_cancellation_that_meets_a_put_gives_a_lease_or_none(void **state)
{
    s7_token *token = new_token();
    s7_client *lease;
    uint8_t value;

    (void)state;
    server_start(240, 1, ANSWER, 0);
    s7_pool *pool = started_pool();
    for (unsigned round = 0; round < 200; round++) {
        struct caller caller = {.call = call_get, .pool = pool};

        assert_int_equal(s7_pool_get(pool, S7_WITHIN(PATIENCE_MS), &lease), S7_OK);
        start(&caller, token);
        assert_int_equal(s7_pool_put(pool, lease), S7_OK);
        s7_token_cancel(token);
        s7_status status = join(&caller);
        s7_token_reset(token);
        if (status == S7_OK) {
            assert_int_equal(s7_read_u8(caller.client, S7_WITHIN(PATIENCE_MS), S7_AREA_DB, 1, 0, &value),
                             S7_OK);
            assert_int_equal(s7_pool_put(pool, caller.client), S7_OK);
        } else {
            assert_int_equal(status, S7_E_CANCELLED);
        }
    }
    s7_pool_free(pool);
    server_stop();
    s7_token_free(token);
}

static void a_call_on_a_lease_is_cancelled_like_any_other(void **state)
{
    s7_token *token = new_token();

    (void)state;
    server_start(240, 1, HOLD, 2);
    s7_pool *pool = started_pool();
    struct caller caller = {.call = call_read};
    assert_int_equal(s7_pool_get(pool, S7_WITHIN(PATIENCE_MS), &caller.client), S7_OK);
    start(&caller, token);
    server_wait_for_held();
    s7_token_cancel(token);
    assert_int_equal(join(&caller), S7_E_CANCELLED);
    assert_int_equal(s7_pool_put(pool, caller.client), S7_OK);
    s7_pool_free(pool);
    server_stop();
    s7_token_free(token);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_is_cancelled_once_and_reset),
        cmocka_unit_test(a_cancelled_read_leaves_the_connection_up_and_its_answer_is_discarded),
        cmocka_unit_test(a_cancelled_write_that_left_is_unknown),
        cmocka_unit_test(a_call_that_waits_for_an_owed_answer_is_cancelled),
        cmocka_unit_test(a_cancelled_handshake_gives_the_connection_up),
        cmocka_unit_test(a_cancelled_dial_ends_at_once),
        cmocka_unit_test(one_token_cancels_many_calls),
        cmocka_unit_test(an_older_context_works_and_is_not_looked_into),
        cmocka_unit_test(callers_that_wait_for_a_lease_are_cancelled_and_lose_no_connection),
        cmocka_unit_test(a_cancellation_that_meets_a_put_gives_a_lease_or_none),
        cmocka_unit_test(a_call_on_a_lease_is_cancelled_like_any_other),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "client.token");
}
