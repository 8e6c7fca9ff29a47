/* A program's own loop over poll(), that of the examples: the contract, and what it is told and when. */
#include "loop/blocking.h"
#include "loop/contract_rig.h"
#include "loop/contract_test.h"
#include "loop/kernel_impl.h"

#include "poll_loop.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>

#define HOUR_NS INT64_C(3600000000000)

/* ---- the program ---- */

/* Notes what it is told. */
struct program {
    struct poll_loop poll;
    s7_loop_hooks hooks; /* of poll */
    unsigned n_watches, n_alarms;
    int64_t after_ns;  /* of the last alarm */
    unsigned refuses;  /* watches to come */
    s7_status refusal; /* with what */
    bool gone;         /* no hook may be called any more */
};

static s7_status program_watch(void *user, s7_loop_watch *watch)
{
    struct program *program = user;

    assert_false(program->gone);
    assert_int_not_equal(fcntl(watch->fd, F_GETFD), -1); /* never of a descriptor that is closed */
    program->n_watches++;
    if (watch->want == 0 || program->refuses == 0)
        return program->hooks.watch(program->hooks.user, watch);
    program->refuses--;
    /* Watched for nothing, as it has to be. */
    struct s7_loop_watch none = {.fd = watch->fd, .room = watch->room};
    (void)program->hooks.watch(program->hooks.user, &none);
    return program->refusal;
}

static void program_alarm(void *user, int64_t after_ns)
{
    struct program *program = user;

    assert_false(program->gone);
    assert_in_range(after_ns + 1, 0, S7_LOOP_ALARM_MAX_NS + 1);
    program->n_alarms++;
    program->after_ns = after_ns;
    program->hooks.alarm(program->hooks.user, after_ns);
}

static void program_wake(void *user)
{
    struct program *program = user;

    program->hooks.wake(program->hooks.user);
}

static s7_status over_hooks_of(struct program *program)
{
    s7_loop_hooks hooks = poll_loop_hooks(&program->poll);

    program->hooks = hooks;
    hooks.user = program;
    hooks.watch = program_watch;
    hooks.alarm = program_alarm;
    hooks.wake = program_wake;
    s7_loop_free(program->poll.s7);
    return s7_loop_new(&hooks, &program->poll.s7);
}

static s7_status make(s7_loop **out)
{
    struct program *program = calloc(1, sizeof *program);

    if (program == NULL)
        return S7_E_NOMEM;
    s7_status status = poll_loop_open(&program->poll);
    if (status == S7_OK && (status = over_hooks_of(program)) != S7_OK)
        close(program->poll.fds[0].fd);
    if (status != S7_OK) {
        free(program);
        return status;
    }
    *out = program->poll.s7;
    return S7_OK;
}

static s7_status run(s7_loop *loop)
{
    struct program *program = s7_loop_user(loop);

    while (!loop->stopping && s7_loop_impl_alive(loop))
        poll_loop_once(&program->poll);
    loop->stopping = false;
    return S7_OK;
}

static void free_program(struct program *program)
{
    close(program->poll.fds[0].fd);
    free(program);
}

static void free_both(s7_loop *loop)
{
    if (loop == NULL)
        return;
    struct program *program = s7_loop_user(loop);

    s7_loop_free(loop);
    free_program(program);
}

static struct program *program_of(struct rig *rig)
{
    return s7_loop_user(rig->loop);
}

/* ---- making it ---- */

static void hooks_that_are_missing_are_refused(void **state)
{
    struct rig *rig = *state;
    s7_loop_hooks whole = poll_loop_hooks(&program_of(rig)->poll);
    s7_loop *loop = NULL;

    for (int missing = 0; missing < 4; missing++) {
        s7_loop_hooks hooks = whole;

        if (missing == 0)
            hooks.struct_size = 0;
        if (missing == 1)
            hooks.watch = NULL;
        if (missing == 2)
            hooks.alarm = NULL;
        if (missing == 3)
            hooks.wake = NULL;
        assert_int_equal(s7_loop_new(&hooks, &loop), S7_E_ARG);
    }
    whole.struct_size = offsetof(s7_loop_hooks, wake); /* of an older header, and too old */
    assert_int_equal(s7_loop_new(&whole, &loop), S7_E_ARG);
    assert_int_equal(s7_loop_new(NULL, &loop), S7_E_ARG);
    assert_int_equal(s7_loop_new(&program_of(rig)->hooks, NULL), S7_E_ARG);
    assert_null(loop);
    s7_loop_free(NULL);
}

static void running_it_is_the_programs_business(void **state)
{
    struct rig *rig = *state;

    assert_int_equal(s7_loop_run(rig->loop), S7_E_MISUSE);
}

/* ---- descriptors ---- */

static int fd_of(struct end *end)
{
    return ((struct s7_kernel_stream *)(void *)end->stream)->io.watch.fd;
}

static void a_descriptor_is_let_go_before_it_is_closed(void **state)
{
    struct rig *rig = *state;
    struct program *program = program_of(rig);

    rig_connect(rig);
    for (int i = 0; i < 2; i++) {
        struct end *end = i == 0 ? &rig->client : &rig->server;
        int fd = fd_of(end);
        unsigned n_watches = program->n_watches;

        end_close(end, i == 0 ? S7_CLOSE_FIN : S7_CLOSE_RST); /* program_watch looks */
        assert_int_equal(program->n_watches, n_watches + 1);
        assert_int_equal(fcntl(fd, F_GETFD), -1);
    }
}

static void what_is_wanted_is_told_when_it_changes_only(void **state)
{
    struct rig *rig = *state;
    struct program *program = program_of(rig);

    rig_connect(rig);
    rig->server.then = then_echo;
    rig_exchange(rig, &rig->client);
    program->n_watches = 0;
    for (int i = 0; i < 10; i++)
        rig_exchange(rig, &rig->client);
    s7_stream_want(rig->client.stream, S7_READY_READ);
    assert_int_equal(program->n_watches, 0);
    s7_stream_want(rig->client.stream, S7_READY_READ | S7_READY_WRITE);
    assert_int_equal(program->n_watches, 1);
}

static void a_dial_that_cannot_be_watched_fails(void **state)
{
    struct rig *rig = *state;
    struct program *program = program_of(rig);

    program->refuses = 1;
    program->refusal = S7_E_NOMEM;
    rig->client.then = then_stop;
    rig_dial(rig, &rig->client);
    assert_int_equal(rig->client.n_calls, 0);
    rig_run(rig);
    assert_int_equal(rig->client.seen, S7_READY_FAILED);
    assert_int_equal(rig->client.error, S7_E_NOMEM);
    for (int i = 0; i < 3; i++)
        s7_loop_due(rig->loop);
    assert_int_equal(rig->client.n_calls, 1);
}

static void a_stream_that_cannot_be_watched_any_more_ends_with_the_error(void **state)
{
    struct rig *rig = *state;
    struct program *program = program_of(rig);
    uint8_t byte = 0;

    rig_connect(rig);
    program->refuses = 1;
    program->refusal = S7_E_IO;
    s7_stream_want(rig->server.stream, S7_READY_READ | S7_READY_WRITE);
    rig->server.then = then_stop_when_over;
    rig_run(rig);
    assert_int_equal(rig->server.error, S7_E_IO);
    assert_int_equal(s7_stream_write(rig->server.stream, &byte, 1), -1);
    unsigned n_calls = rig->server.n_calls;
    s7_loop_due(rig->loop); /* it wants nothing since it is over */
    assert_int_equal(rig->server.n_calls, n_calls);
}

static void stop_when_refused(s7_loop *loop, void *arg)
{
    struct program *program = arg;

    if (program->refuses == 0)
        s7_loop_stop(loop);
}

static void a_listener_that_cannot_be_watched_is_tried_again(void **state)
{
    struct rig *rig = *state;
    struct program *program = program_of(rig);
    s7_listener *other;
    s7_turn_hook hook;

    program->refuses = 1;
    program->refusal = S7_E_NOMEM;
    assert_int_equal(s7_loop_listen(rig->loop, "127.0.0.1", 0, NULL, NULL, &other, NULL), S7_E_NOMEM);

    assert_int_equal(s7_listener_refuse(rig->listener, true, NULL), S7_OK);
    program->refuses = 2;
    assert_int_equal(s7_listener_refuse(rig->listener, false, NULL), S7_OK);
    s7_turn_hook_add(rig->loop, &hook, stop_when_refused, program);
    rig_run(rig);
    s7_turn_hook_remove(&hook);
    rig_connect(rig);
}

/* A port where one connection more is neither made nor refused: nobody accepts, and the queue is full. */
struct full {
    int listener, waiting[8];
    int n_waiting;
    uint16_t port;
};

static void fill(struct full *full)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof addr;

    *full = (struct full){.listener = socket(AF_INET, SOCK_STREAM, 0)};
    assert_int_equal(bind(full->listener, (struct sockaddr *)&addr, sizeof addr), 0);
    assert_int_equal(listen(full->listener, 0), 0);
    assert_int_equal(getsockname(full->listener, (struct sockaddr *)&addr, &len), 0);
    full->port = ntohs(addr.sin_port);
    for (bool connected = true; connected; full->n_waiting++) {
        assert_in_range(full->n_waiting, 0, 7);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        struct pollfd up = {.fd = fd, .events = POLLOUT};

        (void)!connect(fd, (struct sockaddr *)&addr, sizeof addr);
        connected = poll(&up, 1, 0) == 1; /* on loopback it is, or is not going to be */
        full->waiting[full->n_waiting] = fd;
    }
}

static void empty(struct full *full)
{
    for (int i = 0; i < full->n_waiting; i++)
        close(full->waiting[i]);
    close(full->listener);
}

static void readiness_that_is_not_so_is_harmless(void **state)
{
    struct rig *rig = *state;
    struct full full;
    s7_stream *stream;

    fill(&full);
    assert_int_equal(s7_loop_dial(rig->loop, "127.0.0.1", full.port, NULL, NULL, &stream), S7_OK);
    end_attach(&rig->client, stream);
    s7_loop_watch *watch = &((struct s7_kernel_stream *)(void *)stream)->io.watch;
    assert_int_equal(watch->want, S7_LOOP_WRITE);
    for (unsigned got = 0; got < 4; got++)
        s7_loop_ready(rig->loop, watch, got);
    assert_int_equal(rig->client.n_calls, 0);
    end_close(&rig->client, S7_CLOSE_RST);
    empty(&full);

    rig_connect(rig);
    watch = &((struct s7_kernel_stream *)(void *)rig->client.stream)->io.watch;
    s7_loop_ready(rig->loop, watch, S7_LOOP_READ | S7_LOOP_WRITE);
    assert_int_equal(rig->client.n_calls, 2);
    assert_int_equal(rig->client.seen, S7_READY_CONNECTED | S7_READY_READ);
    assert_int_equal(s7_stream_error(rig->client.stream), S7_OK);
}

/* ---- time ---- */

static void note(s7_timer *timer, void *arg)
{
    (void)timer;
    ++*(unsigned *)arg;
}

static void the_alarm_is_that_of_the_earliest_timer(void **state)
{
    struct rig *rig = *state;
    struct program *program = program_of(rig);
    unsigned n_fired = 0, n_alarms = program->n_alarms; /* one: the rig's guard */
    int64_t now_ns = s7_loop_now_ns(rig->loop);
    s7_timer timer;

    s7_timer_init(&timer, note, &n_fired);
    s7_timer_set(rig->loop, &timer, now_ns + HOUR_NS);
    assert_int_equal(program->n_alarms, n_alarms);
    s7_timer_set(rig->loop, &timer, now_ns + HOUR_NS / 3600);
    assert_int_equal(program->n_alarms, n_alarms + 1);
    assert_in_range(program->after_ns, 0, HOUR_NS / 3600);
    s7_timer_set(rig->loop, &timer, now_ns + HOUR_NS / 3600);
    assert_int_equal(program->n_alarms, n_alarms + 1);
    s7_timer_stop(&rig->guard);
    s7_timer_set(rig->loop, &timer, now_ns + 1000 * HOUR_NS);
    assert_int_equal(program->after_ns, S7_LOOP_ALARM_MAX_NS);
    s7_timer_set(rig->loop, &timer, 1);
    assert_int_equal(program->after_ns, 0);
    s7_timer_stop(&timer);
    assert_int_equal(program->after_ns, S7_LOOP_NEVER);
    assert_int_equal(n_fired, 0);
}

static void an_alarm_that_comes_too_early_is_asked_for_again(void **state)
{
    struct rig *rig = *state;
    struct program *program = program_of(rig);
    unsigned n_fired = 0;
    s7_timer timer;

    s7_timer_stop(&rig->guard);
    s7_timer_init(&timer, note, &n_fired);
    s7_timer_set(rig->loop, &timer, s7_loop_now_ns(rig->loop) + 2 * HOUR_NS);
    unsigned n_alarms = program->n_alarms;
    s7_loop_due(rig->loop);
    assert_int_equal(n_fired, 0);
    assert_int_equal(program->n_alarms, n_alarms + 1);
    assert_in_range(program->after_ns, HOUR_NS, 2 * HOUR_NS);
    s7_timer_stop(&timer);
}

struct busy {
    struct program *program;
    s7_loop *loop;
    s7_timer others[3];
    unsigned n_fired, n_alarms;
};

static void change_timers_often(s7_timer *timer, void *arg)
{
    struct busy *busy = arg;

    (void)timer;
    for (int i = 0; i < 3; i++)
        s7_timer_set(busy->loop, &busy->others[i], s7_loop_now_ns(busy->loop) + (3 - i) * 1000000);
    busy->n_alarms = busy->program->n_alarms;
}

static void in_a_turn_the_alarm_is_asked_for_once_and_at_its_end(void **state)
{
    struct rig *rig = *state;
    struct busy busy = {.program = program_of(rig), .loop = rig->loop};
    s7_timer timer;

    for (int i = 0; i < 3; i++)
        s7_timer_init(&busy.others[i], note, &busy.n_fired);
    s7_timer_init(&timer, change_timers_often, &busy);
    s7_timer_set(rig->loop, &timer, 0);
    unsigned n_alarms = busy.program->n_alarms;
    s7_loop_due(rig->loop);
    assert_int_equal(busy.n_alarms, n_alarms);
    assert_int_equal(busy.program->n_alarms, n_alarms + 1);
    assert_in_range(busy.program->after_ns, 0, 1000000);
    for (int i = 0; i < 3; i++)
        s7_timer_stop(&busy.others[i]);
}

struct times {
    s7_loop *loop;
    int64_t first_ns, later_ns;
};

static void let_the_clock_go_on(void)
{
    int64_t began_ns = s7_now_ns();

    while (s7_now_ns() == began_ns)
        ;
}

static void note_times(s7_timer *timer, void *arg)
{
    struct times *times = arg;

    (void)timer;
    times->first_ns = s7_loop_now_ns(times->loop);
    let_the_clock_go_on();
    times->later_ns = s7_loop_now_ns(times->loop);
}

static void time_stands_still_in_a_turn_and_goes_on_between_turns(void **state)
{
    struct rig *rig = *state;
    struct times times = {.loop = rig->loop};
    int64_t before_ns = s7_loop_now_ns(rig->loop);
    s7_timer timer;

    let_the_clock_go_on();
    assert_true(s7_loop_now_ns(rig->loop) > before_ns);
    s7_timer_init(&timer, note_times, &times);
    s7_timer_set(rig->loop, &timer, 0);
    s7_loop_due(rig->loop);
    assert_true(times.first_ns > before_ns);
    assert_int_equal(times.first_ns, times.later_ns);
}

/* ---- calls within calls ---- */

static void call_from_inside(struct end *end, unsigned ready)
{
    s7_loop *loop = end->rig->loop;

    (void)ready;
    if (end->n_calls > 1)
        fail_msg("called from inside its own function");
    s7_timer_set(loop, &end->rig->guard, 0);
    s7_loop_due(loop);
    s7_loop_ready(loop, &((struct s7_kernel_stream *)(void *)end->stream)->io.watch, S7_LOOP_READ);
    if (end->rig->guard_fired)
        fail_msg("a timer fired inside a stream's function");
    s7_timer_set(loop, &end->rig->guard, s7_loop_now_ns(loop) + HOUR_NS);
    s7_loop_stop(loop);
}

static void a_nested_run_of_the_programs_loop_does_nothing(void **state)
{
    struct rig *rig = *state;
    struct program *program = program_of(rig);

    rig_connect(rig);
    rig->server.then = call_from_inside;
    rig->server.reads = false;
    end_send(&rig->client, "x");
    rig_run(rig);
    assert_int_equal(rig->server.n_calls, 1);
    assert_in_range(program->after_ns, HOUR_NS / 2, HOUR_NS); /* whatever was taken from it inside */
}

struct leaver {
    s7_loop *loop;
    struct program *program;
    s7_stream *stream;
    s7_timer timer;
};

static void leave(struct leaver *leaver)
{
    s7_stream_close(leaver->stream, S7_CLOSE_RST);
    s7_timer_stop(&leaver->timer);
    s7_loop_free(leaver->loop);
    assert_int_equal(leaver->program->after_ns, S7_LOOP_NEVER);
    leaver->program->gone = true;
}

static void leave_when_failed(s7_stream *stream, unsigned ready, void *arg)
{
    struct leaver *leaver = arg;

    assert_int_equal(ready, S7_READY_FAILED);
    leave(leaver);
    assert_int_equal(s7_stream_error(stream), S7_E_NOMEM); /* its memory is still there */
}

static void leave_at_alarm(s7_timer *timer, void *arg)
{
    (void)timer;
    leave(arg);
}

static void leaver_init(struct leaver *leaver)
{
    *leaver = (struct leaver){0};
    assert_int_equal(make(&leaver->loop), S7_OK);
    leaver->program = s7_loop_user(leaver->loop);
    leaver->program->refuses = 1;
    leaver->program->refusal = S7_E_NOMEM;
    s7_timer_init(&leaver->timer, leave_at_alarm, leaver);
    s7_timer_set(leaver->loop, &leaver->timer, s7_loop_now_ns(leaver->loop) + HOUR_NS);
    assert_int_equal(s7_loop_dial(leaver->loop, "127.0.0.1", 1, leave_when_failed, leaver, &leaver->stream),
                     S7_OK);
}

static void the_loop_may_be_freed_in_any_function(void **state)
{
    struct leaver leaver;

    (void)state;
    leaver_init(&leaver);
    s7_loop_due(leaver.loop); /* by the stream's */
    assert_true(leaver.program->gone);
    free_program(leaver.program);

    leaver_init(&leaver);
    s7_timer_set(leaver.loop, &leaver.timer, 0);
    s7_stream_want(leaver.stream, 0);
    s7_stream_set_fn(leaver.stream, NULL, NULL);
    s7_loop_due(leaver.loop); /* by the timer's */
    assert_true(leaver.program->gone);
    free_program(leaver.program);
}

static void a_loop_that_nothing_was_on_is_freed_without_a_word(void **state)
{
    s7_loop *loop;

    (void)state;
    assert_int_equal(make(&loop), S7_OK);
    struct program *program = s7_loop_user(loop);
    program->gone = true;
    free_both(loop);
}

/* ---- other threads ---- */

#define N_WAKES 2000U

struct waker {
    s7_loop *loop;
    atomic_uint n_wakes;
};

static void *wake_often(void *arg)
{
    struct waker *waker = arg;

    for (unsigned i = 0; i < N_WAKES; i++) {
        atomic_fetch_add(&waker->n_wakes, 1);
        s7_loop_wake(waker->loop);
    }
    return NULL;
}

static void stop_after_all_wakes(s7_loop *loop, void *arg)
{
    struct waker *waker = arg;

    if (atomic_load(&waker->n_wakes) == N_WAKES)
        s7_loop_stop(loop);
}

static void no_wake_from_another_thread_is_lost(void **state)
{
    struct rig *rig = *state;
    struct waker waker = {.loop = rig->loop};
    s7_turn_hook hook;
    pthread_t thread;

    s7_turn_hook_add(rig->loop, &hook, stop_after_all_wakes, &waker);
    assert_int_equal(pthread_create(&thread, NULL, wake_often, &waker), 0);
    rig_run(rig);
    assert_int_equal(pthread_join(thread, NULL), 0);
    s7_turn_hook_remove(&hook);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        RIG_TEST(hooks_that_are_missing_are_refused),
        RIG_TEST(running_it_is_the_programs_business),
        RIG_TEST(a_descriptor_is_let_go_before_it_is_closed),
        RIG_TEST(what_is_wanted_is_told_when_it_changes_only),
        RIG_TEST(a_dial_that_cannot_be_watched_fails),
        RIG_TEST(a_stream_that_cannot_be_watched_any_more_ends_with_the_error),
        RIG_TEST(a_listener_that_cannot_be_watched_is_tried_again),
        RIG_TEST(readiness_that_is_not_so_is_harmless),
        RIG_TEST(the_alarm_is_that_of_the_earliest_timer),
        RIG_TEST(an_alarm_that_comes_too_early_is_asked_for_again),
        RIG_TEST(in_a_turn_the_alarm_is_asked_for_once_and_at_its_end),
        RIG_TEST(time_stands_still_in_a_turn_and_goes_on_between_turns),
        RIG_TEST(a_nested_run_of_the_programs_loop_does_nothing),
        cmocka_unit_test(the_loop_may_be_freed_in_any_function),
        cmocka_unit_test(a_loop_that_nothing_was_on_is_freed_without_a_word),
        RIG_TEST(no_wake_from_another_thread_is_lost),
    };

    rig_run_loop = run;
    rig_free_loop = free_both;
    int n_failed = contract_run("contract over a loop on poll()", make);
    return n_failed + cmocka_run_group_tests_name("loop_foreign", tests, NULL, NULL);
}
