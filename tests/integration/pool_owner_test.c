/* Who a connection belongs to: after a fork, after a cancelled token, when a thread ends that had borrowed
 * one (P14, P19, P23, P24, P28: the numbers of docs/pool.md). The pool for threads against the real
 * simulator. */
#include "client/pool_thread_impl.h" /* first: its parameters have the names of what the rig has */

#include "pool_rig.h"

#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static s7_token *token;

static int enter_with_token(void **state)
{
    enter(state);
    return s7_token_new(&token) == S7_OK ? 0 : -1;
}

static int leave_with_token(void **state)
{
    leave(state);
    s7_token_free(token);
    return 0;
}

static s7_status read_byte(s7_client *client, const s7_ctx *ctx)
{
    uint8_t value;

    return s7_read_u8(client, ctx, S7_AREA_DB, 1, 0, &value);
}

/* ---- P19 ---- */

struct impatient {
    pthread_t thread;
    s7_status status;
    int64_t took_ns;
    atomic_bool over;
};

static void *get_for_300_ms(void *arg)
{
    struct impatient *caller = arg;
    s7_client *client;
    int64_t begun_ns = s7_now_ns();

    caller->status = s7_pool_get(pool, S7_WITHIN(300), &client);
    caller->took_ns = s7_now_ns() - begun_ns;
    atomic_store(&caller->over, true);
    return NULL;
}

static void do_nothing(int signal)
{
    (void)signal;
}

/* Each signal ends the wait in the kernel; one that began anew each time would never be over. */
static void p19_a_storm_of_signals_does_not_put_a_deadline_off(void **state)
{
    struct sigaction quiet = {.sa_handler = do_nothing}, before;
    struct impatient caller = {.status = S7_OK};
    unsigned signals = 0;

    (void)state;
    options.size = 1;
    open_pool();
    s7_client *client = borrow();
    assert_int_equal(sigaction(SIGUSR1, &quiet, &before), 0);
    assert_int_equal(pthread_create(&caller.thread, NULL, get_for_300_ms, &caller), 0);
    for (; !atomic_load(&caller.over) && signals < PATIENCE_MS; signals++) {
        pthread_kill(caller.thread, SIGUSR1);
        poll(NULL, 0, 1);
    }
    bool over = atomic_load(&caller.over);
    pthread_join(caller.thread, NULL);
    assert_int_equal(sigaction(SIGUSR1, &before, NULL), 0);
    assert_true(over);
    assert_int_equal(caller.status, S7_E_POOL_EXHAUSTED);
    assert_true(caller.took_ns >= 300 * HOUSE_NS_PER_MS);
    assert_in_range(signals, 10, PATIENCE_MS);
    assert_int_equal(s7_pool_put(pool, client), S7_OK);
}

/* ---- P23 ---- */

/* In the child: no assertion that prints, only the number of the line. */
#define CHILD(condition)                                                                                     \
    do {                                                                                                     \
        if (!(condition))                                                                                    \
            return __LINE__ % 251 + 1;                                                                       \
    } while (0)

static s7_status never(s7_client *client, void *arg)
{
    (void)client;
    (void)arg;
    return S7_E_ARG;
}

static int child_is_refused(s7_client *lent, s7_client *other)
{
    s7_client *client;
    s7_pool_stats s = {.struct_size = sizeof s};

    CHILD(s7_pool_get(pool, NULL, &client) == S7_E_FORKED);
    CHILD(s7_pool_execute(pool, NULL, never, NULL) == S7_E_FORKED);
    CHILD(read_byte(lent, NULL) == S7_E_FORKED && read_byte(other, NULL) == S7_E_FORKED);
    CHILD(!s7_client_is_connected(lent));
    CHILD(s7_pool_put(pool, lent) == S7_E_FORKED);
    CHILD(s7_pool_discard(pool, other, S7_OK) == S7_E_FORKED);
    CHILD(s7_pool_start(pool, NULL) == S7_E_FORKED);
    CHILD(s7_pool_close(pool, NULL) == S7_E_FORKED);
    CHILD(s7_pool_stats_get(pool, &s) == S7_E_FORKED);
    return 0;
}

static int child_may_not_maintain_it(void)
{
    uint8_t byte = 0;

    CHILD(s7_pool_resize(pool, 2) == S7_E_FORKED);
    CHILD(s7_pool_refresh(pool) == S7_E_FORKED);
    CHILD(s7_pool_pause(pool, NULL) == S7_E_FORKED);
    CHILD(s7_pool_resume(pool) == S7_E_FORKED);
    CHILD(s7_pool_read_db(pool, NULL, 1, 0, &byte, 1) == S7_E_FORKED);
    CHILD(s7_pool_write_db(pool, NULL, 1, 0, &byte, 1) == S7_E_FORKED);
    return 0;
}

/* It has a connection of its own, and its end is not that of the parent's. */
static int child(s7_client *lent, s7_client *other)
{
    s7_client *own = NULL;

    alarm(PATIENCE_MS / 1000); /* whatever waits for a mutex waits for ever */
    int wrong = child_is_refused(lent, other);
    CHILD(wrong == 0);
    wrong = child_may_not_maintain_it();
    CHILD(wrong == 0);
    s7_pool_free(pool);
    CHILD(s7_client_new(house.house.endpoint, NULL, &own, NULL) == S7_OK);
    CHILD(s7_client_connect(own, NULL) == S7_OK);
    CHILD(read_byte(own, NULL) == S7_OK);
    s7_client_free(own);
    return 0;
}

static void p23_a_child_has_nothing_of_the_parents_pool_and_ends_nothing_of_it(void **state)
{
    s7_client *lent[2], *idle[2];
    int status;

    (void)state;
    options.size = 4;
    options.start = S7_POOL_START_ALL;
    open_pool();
    for (int i = 0; i < 2; i++) {
        lent[i] = borrow();
        idle[i] = borrow();
        assert_int_equal(read_byte(lent[i], NULL), S7_OK);
    }
    for (int i = 0; i < 2; i++)
        assert_int_equal(s7_pool_put(pool, idle[i]), S7_OK);
    struct sim_plc_stats before = house_thread_seen(&house);
    fflush(NULL);
    pthread_mutex_lock(
        &pool->mutex); /* as another thread may at that moment, which the child does not have */
    pid_t pid = fork();
    if (pid == 0)
        _exit(child(lent[0], lent[1]));
    pthread_mutex_unlock(&pool->mutex);
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    UNTIL(house_thread_seen(&house).connections <= before.connections); /* the child's own has ended */
    for (int i = 0; i < 2; i++) {
        assert_int_equal(read_byte(lent[i], NULL), S7_OK);
        assert_int_equal(s7_pool_put(pool, lent[i]), S7_OK);
    }
    for (int i = 0; i < 4; i++) {
        lent[i % 2] = borrow();
        assert_int_equal(read_byte(lent[i % 2], NULL), S7_OK);
        assert_int_equal(s7_pool_put(pool, lent[i % 2]), S7_OK);
    }
    struct sim_plc_stats after = house_thread_seen(&house);
    assert_int_equal(stats().connects, 4);
    assert_int_equal(after.accepted - before.accepted, 1);
    assert_int_equal(after.closed_by_peer + after.reset_by_peer - before.closed_by_peer, 1);
}

/* ---- P28 ---- */

static void p28_a_token_cancelled_after_the_call_is_nothing_to_the_next_borrower(void **state)
{
    s7_ctx with_token = {.struct_size = sizeof with_token, .cancel = token};
    s7_client *client;

    (void)state;
    options.size = 1;
    open_pool();
    assert_int_equal(s7_pool_get(pool, &with_token, &client), S7_OK);
    assert_int_equal(read_byte(client, &with_token), S7_OK);
    assert_int_equal(s7_pool_put(pool, client), S7_OK);
    s7_token_cancel(token);
    for (int i = 0; i < 10; i++) {
        client = borrow();
        assert_int_equal(read_byte(client, NULL), S7_OK);
        assert_int_equal(read_byte(client, S7_WITHIN(PATIENCE_MS)), S7_OK);
        assert_int_equal(s7_pool_put(pool, client), S7_OK);
    }
    assert_int_equal(s7_pool_get(pool, &with_token, &client), S7_E_CANCELLED);
    assert_int_equal(stats().connects, 1);
    assert_int_equal(stats().available, 1);
}

static void *get_with_token(void *arg)
{
    s7_ctx with_token = {.struct_size = sizeof with_token, .timeout_ms = PATIENCE_MS, .cancel = token};
    s7_client *client;

    *(s7_status *)arg = s7_pool_get(pool, &with_token, &client);
    return NULL;
}

static void *get_and_put(void *arg)
{
    s7_status *status = arg;
    s7_client *client;

    *status = s7_pool_get(pool, S7_WITHIN(PATIENCE_MS), &client);
    if (*status == S7_OK)
        *status = s7_pool_put(pool, client);
    return NULL;
}

/* The dial that he began is for whoever waits behind him. */
static void p28_a_caller_cancelled_while_his_connection_is_made_takes_nothing_from_others(void **state)
{
    pthread_t first, second;
    s7_status cancelled = S7_OK, served = S7_E_TIMEOUT;

    (void)state;
    options.size = 1;
    options.start = S7_POOL_START_BACKGROUND;
    house_thread_fault(&house, 1, "hang", "fn=connect nth=2");
    house_thread_fault(&house, 2, "slow", "fn=connect nth=1 time=1500ms");
    open_pool();
    assert_int_equal(pthread_create(&first, NULL, get_with_token, &cancelled), 0);
    UNTIL(stats().waiting == 1);
    assert_int_equal(pthread_create(&second, NULL, get_and_put, &served), 0);
    UNTIL(stats().waiting == 2);
    s7_token_cancel(token);
    pthread_join(first, NULL);
    pthread_join(second, NULL);
    assert_int_equal(cancelled, S7_E_CANCELLED);
    assert_int_equal(served, S7_OK);
    assert_int_equal(house_thread_seen(&house).accepted, 1);
    assert_int_equal(stats().connects, 1);
}

/* ---- threads that end ---- */

static void *borrow_and_end(void *arg)
{
    s7_ctx ctx = {.struct_size = sizeof ctx, .label = "a thread that ended"};

    if (s7_pool_get(pool, &ctx, arg) == S7_OK)
        (void)read_byte(*(s7_client **)arg, NULL);
    return NULL;
}

static s7_client *left_by_a_thread(void)
{
    pthread_t thread;
    s7_client *client = NULL;

    assert_int_equal(pthread_create(&thread, NULL, borrow_and_end, &client), 0);
    pthread_join(thread, NULL);
    assert_non_null(client);
    return client;
}

static void what_a_thread_had_borrowed_when_it_ended_is_named_and_may_be_given_back_by_another(void **state)
{
    s7_ctx ctx = {.struct_size = sizeof ctx, .timeout_ms = 20, .err = &err};
    s7_client *client;

    (void)state;
    options.size = 1;
    open_pool();
    s7_client *left = left_by_a_thread();
    assert_int_equal(s7_pool_get(pool, &ctx, &client), S7_E_POOL_EXHAUSTED);
    assert_non_null(strstr(err.came, "\"a thread that ended\""));
    assert_int_equal(read_byte(left, NULL), S7_OK);
    assert_int_equal(s7_pool_put(pool, left), S7_OK);
    assert_int_equal(s7_pool_put(pool, borrow()), S7_OK);
}

static void what_a_thread_had_borrowed_when_it_ended_does_not_hold_up_a_close(void **state)
{
    (void)state;
    options.size = 1;
    open_pool();
    s7_client *left = left_by_a_thread();
    assert_int_equal(s7_pool_close(pool, S7_WITHIN(1)), S7_E_TIMEOUT);
    assert_int_equal(stats().total_connections, 0);
    UNTIL(house_thread_seen(&house).connections == 0);
    assert_int_equal(read_byte(left, NULL), S7_E_STALE_LEASE);
    assert_int_equal(s7_pool_put(pool, left), S7_E_POOL_CLOSED);
}

/* ---- P14 ---- */

static unsigned descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    unsigned n = 0;

    assert_non_null(folder);
    while (readdir(folder) != NULL)
        n++;
    closedir(folder);
    return n;
}

static void p14_a_dial_that_is_given_up_leaves_no_socket(void **state)
{
    s7_client *client;

    (void)state;
    options.size = 1;
    options.start = S7_POOL_START_BACKGROUND;
    open_pool();
    assert_int_equal(s7_pool_put(pool, borrow()), S7_OK);
    unsigned usual = descriptors(); /* of a pool with one connection, and the PLC's end of it */
    s7_pool_free(pool);
    UNTIL(house_thread_seen(&house).connections == 0);
    options.client.handshake_ms = 30;
    options.backoff_min_ms = options.backoff_max_ms = 1;
    house_thread_fault(&house, 1, "slow", "fn=connect count=5 time=40ms"); /* confirmed too late */
    open_pool();
    assert_int_equal(s7_pool_get(pool, S7_WITHIN(PATIENCE_MS), &client), S7_OK);
    assert_true(stats().connect_failures >= 5);
    UNTIL(house_thread_seen(&house).connections == 1);
    assert_int_equal(stats().total_connections, 1);
    if (descriptors() != usual)
        fail_msg("%u descriptors are open, usual are %u", descriptors(), usual);
    assert_int_equal(s7_pool_put(pool, client), S7_OK);
}

/* ---- P24 ---- */

/* The linker turns looks at clocks to us. */
int __real_clock_gettime(clockid_t clock, struct timespec *at);
int __wrap_clock_gettime(clockid_t clock, struct timespec *at);

static atomic_int hours_asleep; /* of the machine, as it seems */

int __wrap_clock_gettime(clockid_t clock, struct timespec *at)
{
    int result = __real_clock_gettime(clock, at);

    if (clock == CLOCK_BOOTTIME)
        at->tv_sec += 3600 * atomic_load(&hours_asleep);
    return result;
}

static void p24_when_the_machine_slept_idle_connections_are_checked(void **state)
{
    (void)state;
    options.size = 3;
    options.start = S7_POOL_START_ALL;
    options.health_check_ms = 0;
    open_pool();
    s7_client *client = borrow();
    assert_int_equal(stats().health_checks, 0);
    atomic_store(&hours_asleep, 8);
    assert_int_equal(s7_pool_discard(pool, client, S7_OK), S7_OK); /* something to do for the pool's thread */
    UNTIL(stats().health_checks == 2);
    UNTIL(stats().available == 2);
    assert_int_equal(stats().health_check_failures, 0);
    assert_int_equal(stats().connects, 3);
}

/* A child stops us, and lets us go on after that time. */
static void be_stopped_for(unsigned ms)
{
    pid_t us = getpid(), pid = fork();
    int status;

    assert_true(pid >= 0);
    if (pid == 0) {
        kill(us, SIGSTOP);
        poll(NULL, 0, (int)ms);
        kill(us, SIGCONT);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
}

static void p24_a_process_that_was_stopped_keeps_its_idle_connections_and_checks_each_once(void **state)
{
    (void)state;
    options.size = 3;
    options.start = S7_POOL_START_ALL;
    options.health_check_ms = 0;
    options.health_timeout_ms = 500;
    options.max_idle_ms = 2000;
    open_pool();
    be_stopped_for(3000);
    UNTIL(stats().health_checks == 3);
    if (stats().closed[S7_POOL_CLOSE_IDLE] > 0)
        fail_msg("%u idle connections were closed", (unsigned)stats().closed[S7_POOL_CLOSE_IDLE]);
    assert_int_equal(stats().health_check_failures, 0);
    UNTIL(stats().closed[S7_POOL_CLOSE_IDLE] == 3);
    assert_int_equal(stats().connects, 3);
}

/* ---- a cable that is out ---- */

static void look_at_fault(struct house *inside, void *arg)
{
    assert_true(sim_server_fault_state(inside->server, 1, arg));
}

/* 1 s and three probes, 1 s apart; by default 10 s and 3 s apart. */
static void a_silent_drop_is_found_by_keep_alive_where_there_are_no_checks(void **state)
{
    struct sim_fault_state fault = {0};

    (void)state;
    options.size = 2;
    options.start = S7_POOL_START_ALL;
    options.health_check_ms = 0;
    options.client.keepalive_idle_ms = options.client.keepalive_interval_ms = 1000;
    open_pool();
    poll(NULL, 0, 100); /* all is acknowledged: what the PLC sends again would keep the connections alive */
    house_thread_fault(&house, 1, "half_open", "at=0");
    do
        house_thread_do(&house, look_at_fault, &fault);
    while (fault.fired < 2 && fault.unsupported == S7_OK);
    if (fault.unsupported != S7_OK)
        skip(); /* the system permits no socket filter */
    UNTIL(stats().closed[S7_POOL_CLOSE_PEER] == 2);
    assert_int_equal(stats().total_connections, 0);
    house_thread_fault(&house, 1, NULL, NULL);
    s7_client *client = borrow();
    assert_int_equal(read_byte(client, NULL), S7_OK);
    assert_int_equal(s7_pool_put(pool, client), S7_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, enter_with_token, leave_with_token)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(p14_a_dial_that_is_given_up_leaves_no_socket),
        TEST(p19_a_storm_of_signals_does_not_put_a_deadline_off),
        TEST(p23_a_child_has_nothing_of_the_parents_pool_and_ends_nothing_of_it),
        TEST(p24_a_process_that_was_stopped_keeps_its_idle_connections_and_checks_each_once),
        TEST(p24_when_the_machine_slept_idle_connections_are_checked),
        TEST(p28_a_token_cancelled_after_the_call_is_nothing_to_the_next_borrower),
        TEST(p28_a_caller_cancelled_while_his_connection_is_made_takes_nothing_from_others),
        TEST(a_silent_drop_is_found_by_keep_alive_where_there_are_no_checks),
        TEST(what_a_thread_had_borrowed_when_it_ended_is_named_and_may_be_given_back_by_another),
        TEST(what_a_thread_had_borrowed_when_it_ended_does_not_hold_up_a_close),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
