/* What a call of the client costs, counted: system calls of the whole process as the kernel sees them, and
 * allocations, against the real simulator over loopback. */
#include "allocations.h"
#include "house.h"
#include "syscalls.h"

#include "loop/loop_ev.h"

#include <s7rig/plan.h>
#include <s7rig/pool.h>

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define WARM_UPS 3 /* calls before any is counted */
#define CALLS    100
#define SKIPPED  77

/* ---- the simulator on a thread of its own ---- */

static struct house house;
static pthread_t house_thread;
static s7_turn_hook hook;
static atomic_bool stop;
static int address_pipe[2]; /* tells the child where the simulator listens */

static void stop_if_asked(s7_loop *loop, void *arg)
{
    (void)arg;
    if (atomic_load(&stop))
        s7_loop_stop(loop);
}

static void *run_house(void *arg)
{
    (void)arg;
    return s7_loop_run(house.loop) == S7_OK ? NULL : &house;
}

static int close_house(void **state)
{
    void *result;

    (void)state;
    atomic_store(&stop, true);
    s7_loop_wake(house.loop);
    pthread_join(house_thread, &result);
    assert_null(result);
    s7_turn_hook_remove(&hook);
    house_close(&house);
    return 0;
}

/* ---- what is counted; in the child process, without cmocka ---- */

#define N_ITEMS 10
#define N_TAGS  300

enum call { READ, WRITE, ITEMS, PLAN, BORROW, CANCELLABLE, LEND, N_CALLS, KNOWN = N_CALLS };
static const char *const names[N_CALLS] = {"s7_read_db",
                                           "s7_write_db",
                                           "s7_read_multi",
                                           "s7_plan_read",
                                           "s7_pool_get, s7_read_db, s7_pool_put",
                                           "s7_read_db with a token",
                                           "s7_pool_get, s7_pool_put"};

static struct {
    s7_client *client;
    s7_pool *pool;
    s7_plan *plan;
    s7_token *token;
    s7_item items[N_ITEMS];
    uint8_t data[N_ITEMS * 4];
} child;

static s7_status make_plan(void)
{
    static s7_address tags[N_TAGS];

    for (unsigned i = 0; i < N_TAGS; i++) /* too far apart to be read together: several jobs */
        tags[i] = (s7_address){.area = S7_AREA_DB, .db = 2, .byte = i * 13, .type = S7_TYPE_WORD, .count = 1};
    s7_plan_options options;
    s7_plan_options_init(&options);
    options.max_gap = 0;
    return s7_plan_new(tags, N_TAGS, &options, &child.plan, NULL);
}

static s7_status set_up(void)
{
    s7_pool_options options;
    char endpoint[sizeof house.endpoint];

    if (read(address_pipe[0], endpoint, sizeof endpoint) != sizeof endpoint)
        return S7_E_IO;
    s7_status status = s7_client_new(endpoint, NULL, &child.client, NULL);
    s7_pool_options_init(&options);
    options.health_check_ms = 0;
    for (unsigned i = 0; i < N_ITEMS; i++)
        child.items[i] = house_item(2, i * 100, child.data + i * 4, 4);
    if (status == S7_OK)
        status = s7_client_connect(child.client, NULL);
    if (status == S7_OK)
        status = make_plan();
    if (status == S7_OK)
        status = s7_token_new(&child.token);
    if (status == S7_OK)
        status = s7_pool_new(endpoint, &options, &child.pool, NULL);
    return status == S7_OK ? s7_pool_start(child.pool, NULL) : status;
}

static s7_status borrow_and_read(void)
{
    s7_client *lent;
    s7_status status = s7_pool_get(child.pool, NULL, &lent);

    if (status == S7_OK)
        status = s7_read_db(lent, NULL, 1, 0, child.data, 32);
    if (status == S7_OK)
        status = s7_pool_put(child.pool, lent);
    return status;
}

static s7_status borrow_and_give_back(void)
{
    s7_client *lent;
    s7_status status = s7_pool_get(child.pool, NULL, &lent);

    return status == S7_OK ? s7_pool_put(child.pool, lent) : status;
}

static s7_status make_call(enum call call)
{
    switch (call) {
    case READ:
        return s7_read_db(child.client, NULL, 1, 0, child.data, 32);
    case WRITE:
        return s7_write_db(child.client, NULL, 1, 64, child.data, 4);
    case ITEMS:
        return s7_read_multi(child.client, NULL, child.items, N_ITEMS);
    case PLAN:
        return s7_plan_read(child.client, NULL, child.plan);
    case CANCELLABLE:
        return s7_read_db(child.client, &(s7_ctx){.struct_size = sizeof(s7_ctx), .cancel = child.token}, 1, 0,
                          child.data, 32);
    case LEND:
        return borrow_and_give_back();
    default:
        return borrow_and_read();
    }
}

static uint64_t requests(void)
{
    s7_client_info info = {.struct_size = sizeof info};

    return s7_client_info_get(child.client, &info) == S7_OK ? info.requests : 0;
}

static int count_calls(enum call call)
{
    for (unsigned i = 0; i < WARM_UPS + CALLS; i++) {
        unsigned long before = allocations_so_far();
        uint64_t jobs = requests();

        if (i >= WARM_UPS)
            syscalls_begin(call);
        s7_status status = make_call(call);
        syscalls_end(allocations_so_far() - before, call == BORROW ? 1 : requests() - jobs);
        if (status != S7_OK) {
            fprintf(stderr, "%s: %s\n", names[call], s7_errname(status));
            return 1;
        }
    }
    return 0;
}

/* The counters count: one allocation, one system call that is neither sending, receiving nor waiting. */
static void count_what_is_known(void)
{
    unsigned long before = allocations_so_far();

    syscalls_begin(KNOWN);
    void *volatile block = malloc(1);
    (void)syscall(SYS_getppid);
    syscalls_end(allocations_so_far() - before, 0);
    free(block);
}

static int count_all(void)
{
    s7_status status = set_up();

    if (status != S7_OK) {
        fprintf(stderr, "no client, plan and pool: %s\n", s7_errname(status));
        return 1;
    }
    count_what_is_known();
    for (enum call call = READ; call < N_CALLS; call++)
        if (count_calls(call) != 0)
            return 1;
    return 0;
}

/* ---- the verdict ---- */

static struct syscalls_log syscalls;

/* The child is made first: opening a house starts threads. */
static int trace(void **state)
{
    s7_loop *loop;
    pid_t client;

    (void)state;
    assert_int_equal(pipe(address_pipe), 0);
    assert_int_equal(syscalls_start(count_all, &client), 0);
    assert_int_equal(s7_loop_ev_new(&loop), S7_OK);
    house_open(&house, loop, NULL);
    s7_turn_hook_add(house.loop, &hook, stop_if_asked, NULL);
    assert_int_equal(pthread_create(&house_thread, NULL, run_house, NULL), 0);
    assert_int_equal(write(address_pipe[1], house.endpoint, sizeof house.endpoint), sizeof house.endpoint);
    syscalls_follow(client, &syscalls);
    close(address_pipe[0]);
    close(address_pipe[1]);
    return 0;
}

/* waits: how many system calls that only wait a job may take. */
static bool costs_no_more(const struct syscalls_span *span, unsigned waits)
{
    unsigned long jobs = span->note2;

    return span->sends <= jobs && span->receives <= jobs && span->waits <= waits * jobs &&
           (jobs > 1 || span->sends + span->receives == 2);
}

/* A machine that is busy with something else lets an answer take longer than a receive waits by itself. */
static bool answer_was_slow(const struct syscalls_span *span)
{
    unsigned long jobs = span->note2;

    return span->sends <= jobs && span->receives <= 2 * jobs && span->waits >= 1 && span->waits <= jobs;
}

static void check(enum call call, unsigned jobs_at_least, unsigned waits)
{
    unsigned seen = 0, slow = 0;

    for (unsigned i = 0; i < syscalls.n; i++) {
        const struct syscalls_span *span = &syscalls.spans[i];
        unsigned long allocations = span->note, jobs = span->note2;

        if (span->what != call)
            continue;
        seen++;
        bool good = costs_no_more(span, waits);
        if (!good && answer_was_slow(span))
            good = ++slow <= CALLS / 2;
        if (!good || allocations != 0 || span->others != 0 || jobs < jobs_at_least)
            fail_msg(
                "%s, call %u of %lu jobs: %u send, %u receive, %u wait, %u others (the first is number %ld), "
                "%lu allocations; %u slow calls so far",
                names[call], seen, jobs, span->sends, span->receives, span->waits, span->others,
                span->first_other, allocations, slow);
    }
    assert_int_equal(seen, CALLS);
}

static void every_call_was_counted_and_the_counters_count(void **state)
{
    (void)state;
    if (!WIFEXITED(syscalls.wait_status) || WEXITSTATUS(syscalls.wait_status) != 0)
        fail_msg("the client's process ended with wait status %#x", (unsigned)syscalls.wait_status);
    assert_int_equal(syscalls.n, 1 + N_CALLS * CALLS);
    assert_int_equal(syscalls.spans[0].what, KNOWN);
    assert_int_equal(syscalls.spans[0].others, 1);
    assert_int_equal(syscalls.spans[0].first_other, SYS_getppid);
    assert_int_equal(syscalls.spans[0].note, 1);
}

static void a_read_costs_one_send_and_one_receive_which_waits(void **state)
{
    (void)state;
    check(READ, 1, 0);
}

static void a_write_costs_no_more(void **state)
{
    (void)state;
    check(WRITE, 1, 0);
}

static void a_list_in_one_job_costs_no_more(void **state)
{
    (void)state;
    check(ITEMS, 1, 0);
}

static void a_plan_costs_no_more_for_each_of_its_jobs(void **state)
{
    (void)state;
    check(PLAN, 2, 0);
}

static void borrowing_and_giving_back_cost_a_read_no_more(void **state)
{
    (void)state;
    check(BORROW, 1, 0);
}

static void borrowing_and_giving_back_cost_no_system_call_and_no_allocation(void **state)
{
    unsigned seen = 0;

    (void)state;
    for (unsigned i = 0; i < syscalls.n; i++) {
        const struct syscalls_span *span = &syscalls.spans[i];

        if (span->what != LEND)
            continue;
        seen++;
        if (span->sends + span->receives + span->waits + span->others != 0 || span->note != 0)
            fail_msg("get and put number %u: %u send, %u receive, %u wait, %u others (the first is number "
                     "%ld), %lu allocations",
                     seen, span->sends, span->receives, span->waits, span->others, span->first_other,
                     span->note);
    }
    assert_int_equal(seen, CALLS);
}

static void a_call_that_may_be_cancelled_waits_before_it_receives(void **state)
{
    (void)state;
    check(CANCELLABLE, 1, 1);
}

#ifdef __SANITIZE_THREAD__
static const char *why_not_here(void)
{
    return "ThreadSanitizer makes system calls of its own";
}
#else
static int do_nothing(void)
{
    return 0;
}

static const char *why_not_here(void)
{
    pid_t pid;
    int why = syscalls_start(do_nothing, &pid);

    if (why == 0)
        syscalls_follow(pid, &syscalls);
    return why != 0 ? strerror(why) : NULL;
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_was_counted_and_the_counters_count),
        cmocka_unit_test(a_read_costs_one_send_and_one_receive_which_waits),
        cmocka_unit_test(a_write_costs_no_more),
        cmocka_unit_test(a_list_in_one_job_costs_no_more),
        cmocka_unit_test(a_plan_costs_no_more_for_each_of_its_jobs),
        cmocka_unit_test(borrowing_and_giving_back_cost_a_read_no_more),
        cmocka_unit_test(borrowing_and_giving_back_cost_no_system_call_and_no_allocation),
        cmocka_unit_test(a_call_that_may_be_cancelled_waits_before_it_receives),
    };
    const char *why = why_not_here();

    if (why != NULL) {
        printf("skipped: system calls cannot be counted here: %s\n", why);
        return SKIPPED;
    }
    return cmocka_run_group_tests_name("integration.cost", tests, trace, close_house);
}
