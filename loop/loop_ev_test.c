/* What only the real loop has: system calls, descriptors, signals, other threads. */
#include "loop/loop_ev.h"

#include "loop/blocking.h"
#include "loop/contract_rig.h"
#include "loop/contract_test.h"
#include "loop/loop_impl.h"
#include "loop/random.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- system calls, counted on their way to libc ---- */

static struct {
    unsigned n_recv, n_send, n_epoll_ctl, n_epoll_wait;
} calls;

#define REAL(name) ((__typeof__(&name))(uintptr_t)dlsym(RTLD_NEXT, #name))

ssize_t recv(int fd, void *buf, size_t len, int flags)
{
    calls.n_recv++;
    return REAL(recv)(fd, buf, len, flags);
}

ssize_t send(int fd, const void *buf, size_t len, int flags)
{
    calls.n_send++;
    return REAL(send)(fd, buf, len, flags);
}

int epoll_ctl(int epoll_fd, int op, int fd, struct epoll_event *event)
{
    calls.n_epoll_ctl++;
    return REAL(epoll_ctl)(epoll_fd, op, fd, event);
}

int epoll_wait(int epoll_fd, struct epoll_event *events, int n_events, int timeout_ms)
{
    calls.n_epoll_wait++;
    return REAL(epoll_wait)(epoll_fd, events, n_events, timeout_ms);
}

#define ROUNDS 100

struct ping {
    s7_timer deadline;
    unsigned n_rounds;
};

static struct ping ping;

static void too_late(s7_timer *timer, void *arg)
{
    (void)timer;
    (void)arg;
    fail_msg("an exchange on loopback took a minute");
}

/* As a client does: each request has a deadline of its own. */
static void ping_again(struct end *end, unsigned ready)
{
    (void)ready;
    end->got_len = 0;
    s7_timer_stop(&ping.deadline);
    if (++ping.n_rounds > ROUNDS) {
        s7_loop_stop(end->rig->loop);
        return;
    }
    s7_timer_set(end->rig->loop, &ping.deadline, s7_loop_now_ns(end->rig->loop) + INT64_C(60000000000));
    end_send(end, "ping");
}

static void a_request_costs_one_receive_one_send_and_one_wait(void **state)
{
    struct rig *rig = *state;

    ping.n_rounds = 0;
    s7_timer_init(&ping.deadline, too_late, NULL);
    rig_connect(rig);
    rig->server.then = then_echo;
    rig->client.then = then_stop;
    end_send(&rig->client, "warm up");
    rig_run(rig);
    rig->client.then = ping_again;
    ping_again(&rig->client, 0);
    memset(&calls, 0, sizeof calls);
    rig_run(rig);
    /* Both ends are in this process: two of each per round; the first send was before the counting. */
    assert_int_equal(calls.n_recv, 2 * ROUNDS);
    assert_int_equal(calls.n_send, 2 * ROUNDS - 1);
    assert_int_equal(calls.n_epoll_ctl, 0);
    assert_in_range(calls.n_epoll_wait, ROUNDS, 2 * ROUNDS);
}

static void toggling_a_want_within_a_turn_costs_no_system_call(void **state)
{
    struct rig *rig = *state;

    rig_connect(rig);
    rig->server.then = then_echo;
    rig->client.then = then_stop;
    end_send(&rig->client, "warm up");
    rig_run(rig);
    memset(&calls, 0, sizeof calls);
    s7_stream_want(rig->client.stream, S7_READY_READ | S7_READY_WRITE);
    s7_stream_want(rig->client.stream, 0);
    s7_stream_want(rig->client.stream, S7_READY_READ);
    end_send(&rig->client, "again");
    rig_run(rig);
    assert_int_equal(calls.n_epoll_ctl, 0);
}

/* ---- accepting ---- */

#define FLOOD 150

struct flood {
    struct rig *rig;
    unsigned n_before, most_per_turn;
};

static void note_accepts(s7_loop *loop, void *arg)
{
    struct flood *flood = arg;
    unsigned n = flood->rig->n_accepted - flood->n_before;

    if (n > flood->most_per_turn)
        flood->most_per_turn = n;
    flood->n_before += n;
    if (flood->n_before == FLOOD)
        s7_loop_stop(loop);
}

static void a_flood_of_connections_is_accepted_in_portions(void **state)
{
    struct rig *rig = *state;
    struct flood flood = {.rig = rig};
    s7_stream *streams[FLOOD];
    s7_turn_hook hook;

    rig->on_accept = then_close;
    for (int i = 0; i < FLOOD; i++)
        assert_int_equal(
            s7_loop_dial(rig->loop, "127.0.0.1", s7_listener_port(rig->listener), NULL, NULL, &streams[i]),
            S7_OK);
    s7_turn_hook_add(rig->loop, &hook, note_accepts, &flood);
    rig_run(rig);
    assert_in_range(flood.most_per_turn, 1, 64);
    for (int i = 0; i < FLOOD; i++)
        s7_stream_close(streams[i], S7_CLOSE_RST);
    s7_turn_hook_remove(&hook);
}

static rlim_t limit_descriptors(rlim_t to)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    rlim_t before = limit.rlim_cur;
    limit.rlim_cur = to;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    return before;
}

static void stop_when_paused(s7_loop *loop, void *arg)
{
    (void)arg;
    /* The pause is the only timer here but the guard, which is far away. */
    if (s7_loop_impl_next_timer(loop) - s7_loop_now_ns(loop) < INT64_C(1000000000))
        s7_loop_stop(loop);
}

static void run_until_paused(struct rig *rig)
{
    s7_turn_hook hook;

    s7_turn_hook_add(rig->loop, &hook, stop_when_paused, NULL);
    s7_loop_wake(rig->loop); /* it may be paused already */
    rig_run(rig);
    s7_turn_hook_remove(&hook);
}

/* Returns the limit that was. */
static rlim_t leave_no_descriptor(void)
{
    int next = dup(STDOUT_FILENO);

    close(next);
    return limit_descriptors((rlim_t)next);
}

static void stop_loop(s7_timer *timer, void *arg)
{
    (void)timer;
    s7_loop_stop(arg);
}

static void count(s7_loop *loop, void *arg)
{
    (void)loop;
    ++*(unsigned *)arg;
}

static void a_pause_in_accepting_costs_no_turns(void **state)
{
    struct rig *rig = *state;
    unsigned n_turns = 0;
    s7_turn_hook hook;
    s7_timer timer;

    rig_dial(rig, &rig->client);
    rlim_t before = leave_no_descriptor();
    run_until_paused(rig);
    s7_turn_hook_add(rig->loop, &hook, count, &n_turns);
    s7_timer_init(&timer, stop_loop, rig->loop);
    s7_timer_set(rig->loop, &timer, s7_loop_now_ns(rig->loop) + 20000000);
    rig_run(rig);
    limit_descriptors(before); /* before anything that may fail: the next tests need descriptors */
    if (n_turns > 20)
        fail_msg("%u turns in 20 ms with nothing to do: the loop spins", n_turns);
    s7_turn_hook_remove(&hook);
}

static void send_when_connected(struct end *end, unsigned ready)
{
    if (ready == S7_READY_CONNECTED)
        end_send(end, "x");
}

static void accepting_goes_on_as_soon_as_a_descriptor_is_free(void **state)
{
    struct rig *rig = *state;
    struct end other = {.then = then_nothing};

    rig_dial(rig, &rig->client);
    rig_dial(rig, &other);
    rlim_t before = leave_no_descriptor();
    run_until_paused(rig);
    unsigned n_accepted = rig->n_accepted;

    end_close(&other, S7_CLOSE_FIN);
    bool at_once = s7_loop_impl_next_timer(rig->loop) == s7_loop_now_ns(rig->loop); /* not after the pause */
    rig->server.then = then_stop;
    rig->client.then = send_when_connected;
    if (rig->client.seen & S7_READY_CONNECTED)
        end_send(&rig->client, "x");
    rig_run(rig);
    limit_descriptors(before);
    assert_int_equal(n_accepted, 0);
    assert_got(&rig->server, "x");
    assert_true(at_once);
}

static void a_paused_listener_may_be_closed(void **state)
{
    struct rig *rig = *state;

    rig_dial(rig, &rig->client);
    rlim_t before = leave_no_descriptor();
    run_until_paused(rig);
    limit_descriptors(before);
    s7_listener_close(rig->listener);
    rig->listener = NULL;
    rig->client.then = then_stop_when_over;
    rig_run(rig);
    assert_int_equal(rig->client.error, S7_E_RESET);
}

/* ---- addresses ---- */

static void an_outcome_that_is_known_at_once_comes_as_a_call(void **state)
{
    struct rig *rig = *state;
    s7_stream *stream;

    /* No route for TCP on any host: connect fails before it returns. */
    assert_int_equal(s7_loop_dial(rig->loop, "255.255.255.255", 102, NULL, NULL, &stream), S7_OK);
    end_attach(&rig->client, stream);
    rig->client.then = then_stop;
    assert_int_equal(rig->client.n_calls, 0);
    rig_run(rig);
    assert_int_equal(rig->client.seen, S7_READY_FAILED);
    assert_int_equal(rig->client.error, S7_E_UNREACHABLE);
}

static void listening_needs_an_address_of_this_host(void **state)
{
    struct rig *rig = *state;
    s7_listener *listener;
    int os_errno = 0;

    /* 192.0.2.0/24 is for documentation (RFC 5737). */
    assert_int_equal(s7_loop_listen(rig->loop, "192.0.2.1", 0, NULL, NULL, &listener, &os_errno), S7_E_ARG);
    assert_int_equal(os_errno, EADDRNOTAVAIL);
}

static void accept_and_stop(s7_listener *listener, s7_stream *accepted, void *arg)
{
    (void)listener;
    assert_memory_equal(s7_stream_peer(accepted), "[::1]:", 6);
    s7_stream_close(accepted, S7_CLOSE_FIN);
    s7_loop_stop(arg);
}

static void ipv6_works_alike(void **state)
{
    struct rig *rig = *state;
    s7_listener *listener;
    s7_stream *stream;

    if (s7_loop_listen(rig->loop, "::1", 0, accept_and_stop, rig->loop, &listener, NULL) != S7_OK) {
        print_message("skipped: this host has no IPv6\n");
        skip();
    }
    assert_int_equal(s7_loop_dial(rig->loop, "::1", s7_listener_port(listener), NULL, NULL, &stream), S7_OK);
    rig_run(rig);
    s7_stream_close(stream, S7_CLOSE_FIN);
    s7_listener_close(listener);
}

/* ---- time, signals, threads ---- */

#define N_ALARMS 50

struct alarm {
    s7_timer timer;
    int64_t at_ns;
    unsigned *n_left;
    s7_loop *loop;
};

static void on_alarm(s7_timer *timer, void *arg)
{
    struct alarm *alarm = arg;
    int64_t now_ns = s7_now_ns();

    (void)timer;
    if (now_ns < alarm->at_ns)
        fail_msg("%lld ns early", (long long)(alarm->at_ns - now_ns));
    if (--*alarm->n_left == 0)
        s7_loop_stop(alarm->loop);
}

static void no_timer_is_early_by_the_clock(void **state)
{
    struct rig *rig = *state;
    struct alarm alarms[N_ALARMS];
    unsigned n_left = N_ALARMS;
    int64_t start_ns = s7_now_ns();

    for (uint64_t i = 0; i < N_ALARMS; i++) {
        alarms[i] = (struct alarm){.n_left = &n_left, .loop = rig->loop};
        alarms[i].at_ns = start_ns + s7_draw_range(s7_draw(1, 0, 0, i), 0, 20000000);
        s7_timer_init(&alarms[i].timer, on_alarm, &alarms[i]);
        s7_timer_set(rig->loop, &alarms[i].timer, alarms[i].at_ns);
    }
    rig_run(rig);
    assert_int_equal(n_left, 0);
}

static void raise_signal(s7_timer *timer, void *arg)
{
    (void)timer;
    assert_int_equal(raise(*(int *)arg), 0);
}

static void sigint_and_sigterm_end_the_run(void **state)
{
    static int numbers[] = {SIGINT, SIGTERM};
    struct rig *rig = *state;
    s7_timer timer;

    s7_loop_ev_stop_on_signals(rig->loop);
    for (int i = 0; i < 2; i++) {
        s7_timer_init(&timer, raise_signal, &numbers[i]);
        s7_timer_set(rig->loop, &timer, s7_loop_now_ns(rig->loop));
        rig_run(rig);
    }
}

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
        RIG_TEST(a_request_costs_one_receive_one_send_and_one_wait),
        RIG_TEST(toggling_a_want_within_a_turn_costs_no_system_call),
        RIG_TEST(a_flood_of_connections_is_accepted_in_portions),
        RIG_TEST(a_pause_in_accepting_costs_no_turns),
        RIG_TEST(accepting_goes_on_as_soon_as_a_descriptor_is_free),
        RIG_TEST(a_paused_listener_may_be_closed),
        RIG_TEST(an_outcome_that_is_known_at_once_comes_as_a_call),
        RIG_TEST(listening_needs_an_address_of_this_host),
        RIG_TEST(ipv6_works_alike),
        RIG_TEST(no_timer_is_early_by_the_clock),
        RIG_TEST(sigint_and_sigterm_end_the_run),
        RIG_TEST(no_wake_from_another_thread_is_lost),
    };

    int n_failed = contract_run("contract over loop_ev", s7_loop_ev_new);
    return n_failed + cmocka_run_group_tests_name("loop_ev", tests, NULL, NULL);
}
