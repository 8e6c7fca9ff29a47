/* Doors that are shut and cables that are out, as the kernel and other programs see them. */
#include "loop/loop_ev.h"

#include "loop/contract_rig.h"
#include "loop/kernel_impl.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define BOTH    (S7_VANISH_IN | S7_VANISH_OUT)
#define LONG_MS 30000

/* ---- system calls that fail on demand, on their way to libc ---- */

static struct {
    bool attach, listen, shutdown;
} fails;

#define REAL(name) ((__typeof__(&name))(uintptr_t)dlsym(RTLD_NEXT, #name))

int setsockopt(int fd, int level, int option, const void *value, socklen_t len)
{
    if (fails.attach && level == SOL_SOCKET && option == SO_ATTACH_FILTER) {
        errno = EPERM;
        return -1;
    }
    return REAL(setsockopt)(fd, level, option, value, len);
}

int listen(int fd, int backlog)
{
    if (fails.listen) {
        errno = EADDRINUSE;
        return -1;
    }
    return REAL(listen)(fd, backlog);
}

int shutdown(int fd, int how)
{
    if (fails.shutdown) {
        errno = ENOBUFS;
        return -1;
    }
    return REAL(shutdown)(fd, how);
}

/* ---- the port ---- */

static struct sockaddr_in ipv4(const char *host, uint16_t port)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(port)};

    assert_int_equal(inet_pton(AF_INET, host, &addr.sin_addr), 1);
    return addr;
}

/* 0, or why not. */
static int stranger_listens(const char *host, uint16_t port, int reuse_addr, int reuse_port)
{
    struct sockaddr_in addr = ipv4(host, port);
    int fd = socket(AF_INET, SOCK_STREAM, 0), error = 0;

    assert_true(fd >= 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &reuse_addr, sizeof reuse_addr), 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &reuse_port, sizeof reuse_port), 0);
    if (bind(fd, (struct sockaddr *)&addr, sizeof addr) != 0 || REAL(listen)(fd, 1) != 0)
        error = errno;
    close(fd);
    return error;
}

static void no_stranger_gets(uint16_t port)
{
    static const char *const hosts[] = {"127.0.0.1", "0.0.0.0"};

    for (int i = 0; i < 8; i++) {
        int error = stranger_listens(hosts[i & 1], port, (i & 2) != 0, (i & 4) != 0);

        if (error != EADDRINUSE)
            fail_msg("another socket listens on %s:%u, SO_REUSEADDR %d, SO_REUSEPORT %d: error %d, not %d",
                     hosts[i & 1], port, (i & 2) != 0, (i & 4) != 0, error, EADDRINUSE);
    }
}

static void refuse(struct rig *rig, bool refuses)
{
    assert_int_equal(s7_listener_refuse(rig->listener, refuses, NULL), S7_OK);
}

static void no_stranger_gets_the_port_whether_open_or_shut(struct rig *rig)
{
    uint16_t port = s7_listener_port(rig->listener);

    for (int i = 0; i < 3; i++) {
        no_stranger_gets(port);
        refuse(rig, true);
        no_stranger_gets(port);
        refuse(rig, false);
    }
    no_stranger_gets(port);
}

static void a_port_that_the_kernel_picked_stays_ours(void **state)
{
    struct rig *rig = *state;

    no_stranger_gets_the_port_whether_open_or_shut(rig);
    rig_connect(rig); /* a connection has the port as well */
    no_stranger_gets_the_port_whether_open_or_shut(rig);
}

static void listen_again_by_number(struct rig *rig)
{
    s7_listener *picked = rig->listener;
    s7_accept_fn *fn = picked->fn;
    uint16_t port = s7_listener_port(picked);

    s7_listener_close(picked);
    assert_int_equal(s7_loop_listen(rig->loop, "127.0.0.1", port, fn, rig, &rig->listener, NULL), S7_OK);
}

static void a_port_that_was_asked_for_stays_ours(void **state)
{
    struct rig *rig = *state;

    listen_again_by_number(rig);
    no_stranger_gets_the_port_whether_open_or_shut(rig);
    rig_connect(rig);
    no_stranger_gets_the_port_whether_open_or_shut(rig);
}

static int descriptor(const struct end *end)
{
    return ((const struct s7_kernel_stream *)(const void *)end->stream)->io.watch.fd;
}

static int option(int fd, int level, int name)
{
    int value = 0;
    socklen_t len = sizeof value;

    assert_int_equal(getsockopt(fd, level, name, &value, &len), 0);
    return value;
}

static void who_is_accepted_after_reopening_has_the_same_options(void **state)
{
    struct rig *rig = *state;

    refuse(rig, true);
    refuse(rig, false);
    rig_connect(rig);
    int fd = descriptor(&rig->server);
    assert_int_equal(option(fd, IPPROTO_TCP, TCP_NODELAY), 1);
    assert_int_equal(option(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
    assert_int_equal(option(fd, IPPROTO_TCP, TCP_KEEPIDLE), 30);
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
}

static void dial_ends_with(struct rig *rig, unsigned seen)
{
    struct end end = {.then = then_stop};

    rig->on_accept = then_close;
    rig_dial(rig, &end);
    rig_run(rig);
    end_close(&end, S7_CLOSE_RST);
    assert_int_equal(end.seen, seen);
}

static void a_listener_that_cannot_reopen_stays_shut_and_may_try_again(void **state)
{
    struct rig *rig = *state;
    int os_errno = 0;

    refuse(rig, true);
    fails.listen = true;
    s7_status status = s7_listener_refuse(rig->listener, false, &os_errno);
    fails.listen = false;
    assert_int_equal(status, S7_E_IO);
    assert_int_equal(os_errno, EADDRINUSE);
    dial_ends_with(rig, S7_READY_FAILED);
    no_stranger_gets(s7_listener_port(rig->listener));
    refuse(rig, false);
    dial_ends_with(rig, S7_READY_CONNECTED);
}

static void a_listener_that_cannot_be_shut_stays_open(void **state)
{
    struct rig *rig = *state;
    int os_errno = 0;

    fails.shutdown = true;
    s7_status status = s7_listener_refuse(rig->listener, true, &os_errno);
    fails.shutdown = false;
    assert_int_equal(status, S7_E_IO);
    assert_int_equal(os_errno, ENOBUFS);
    dial_ends_with(rig, S7_READY_CONNECTED);
    refuse(rig, true);
    dial_ends_with(rig, S7_READY_FAILED);
}

static void count(s7_loop *loop, void *arg)
{
    (void)loop;
    ++*(unsigned *)arg;
}

static void stop_loop(s7_timer *timer, void *arg)
{
    (void)timer;
    s7_loop_stop(arg);
}

static void nothing_happens(struct rig *rig)
{
    unsigned n_turns = 0;
    s7_turn_hook hook;
    s7_timer timer;

    s7_turn_hook_add(rig->loop, &hook, count, &n_turns);
    s7_timer_init(&timer, stop_loop, rig->loop);
    s7_timer_set(rig->loop, &timer, s7_loop_now_ns(rig->loop) + 20000000);
    rig_run(rig);
    s7_turn_hook_remove(&hook);
    if (n_turns > 20)
        fail_msg("%u turns in 20 ms with nothing to do: the loop spins", n_turns);
}

static int plain_client(struct rig *rig)
{
    struct sockaddr_in addr = ipv4("127.0.0.1", s7_listener_port(rig->listener));
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof addr), 0);
    return fd;
}

/* 0 or errno; EAGAIN: nothing came within the wait. */
static int client_reads(int fd, int wait_ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    uint8_t byte;

    assert_true(poll(&p, 1, wait_ms) >= 0);
    return recv(fd, &byte, 1, MSG_DONTWAIT) >= 0 ? 0 : errno;
}

static void who_waits_to_be_accepted_is_reset(void **state)
{
    struct rig *rig = *state;
    int fd = plain_client(rig);

    refuse(rig, true);
    assert_int_equal(client_reads(fd, LONG_MS), ECONNRESET);
    close(fd);
    nothing_happens(rig);
    assert_int_equal(rig->n_accepted, 0);
}

/* ---- turns ---- */

static void a_shut_listener_costs_no_turns(void **state)
{
    struct rig *rig = *state;

    dial_ends_with(rig, S7_READY_CONNECTED); /* so that the kernel has been told to watch the socket */
    refuse(rig, true);
    nothing_happens(rig);
    assert_null(s7_kernel_loop_of(rig->loop)->paused); /* nothing was tried with it */
    refuse(rig, false);
    dial_ends_with(rig, S7_READY_CONNECTED);
}

static void shut_the_door(struct end *end, unsigned ready)
{
    then_close(end, ready);
    refuse(end->rig, true);
}

static void a_listener_shut_by_its_own_function_accepts_no_more(void **state)
{
    struct rig *rig = *state;

    rig->on_accept = shut_the_door;
    rig->client.then = then_stop_when_over;
    rig_dial(rig, &rig->client);
    rig_run(rig);
    assert_true(rig->client.ended);
    assert_null(s7_kernel_loop_of(rig->loop)->paused);
    nothing_happens(rig);
}

static void who_wants_to_write_without_a_cable_costs_no_turns(void **state)
{
    struct rig *rig = *state;

    rig_connect(rig);
    s7_stream_want(rig->server.stream, S7_READY_READ | S7_READY_WRITE);
    assert_int_equal(s7_stream_vanish(rig->server.stream, BOTH), S7_OK);
    nothing_happens(rig);
    assert_int_equal(rig->server.n_calls, 0);
}

static void who_was_closed_without_a_cable_costs_no_turns(void **state)
{
    struct rig *rig = *state;

    rig_connect(rig);
    rig->server.reads = false;
    rig->server.then = then_stop;
    end_send(&rig->client, "unread");
    rig_run(rig);
    assert_int_equal(s7_stream_vanish(rig->server.stream, BOTH), S7_OK);
    end_close(&rig->server, S7_CLOSE_FIN);
    nothing_happens(rig);
}

/* ---- a listener that had paused ---- */

/* Returns the limit that was. */
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
    const struct rig *rig = arg;

    if (s7_kernel_loop_of(loop)->paused == (const struct s7_kernel_listener *)(const void *)rig->listener)
        s7_loop_stop(loop);
}

static void run_until_paused(struct rig *rig)
{
    s7_turn_hook hook;
    int next = dup(STDOUT_FILENO);

    close(next);
    rlim_t before = limit_descriptors((rlim_t)next);
    s7_turn_hook_add(rig->loop, &hook, stop_when_paused, rig);
    rig_run(rig);
    s7_turn_hook_remove(&hook);
    limit_descriptors(before);
}

static void a_paused_listener_may_be_shut(void **state)
{
    struct rig *rig = *state;

    rig_dial(rig, &rig->client);
    run_until_paused(rig);
    refuse(rig, true);
    assert_null(s7_kernel_loop_of(rig->loop)->paused);
    rig->client.then = then_stop_when_over;
    if (rig->client.error == S7_OK)
        rig_run(rig);
    assert_int_equal(rig->client.error, S7_E_RESET);
    end_close(&rig->client, S7_CLOSE_FIN); /* a descriptor is free: not for a listener that is shut */
    nothing_happens(rig);
    refuse(rig, false);
    dial_ends_with(rig, S7_READY_CONNECTED);
}

/* ---- cables ---- */

static void hello_passes(struct rig *rig)
{
    rig->server.then = then_echo;
    rig_exchange(rig, &rig->client);
}

static void sending_cannot_vanish_alone(void **state)
{
    struct rig *rig = *state;

    rig_connect(rig);
    assert_int_equal(s7_stream_vanish(rig->server.stream, S7_VANISH_OUT), S7_E_UNSUPPORTED);
    hello_passes(rig);
}

static void without_permission_for_the_filter_nothing_changes(void **state)
{
    struct rig *rig = *state;

    rig_connect(rig);
    fails.attach = true;
    s7_status in = s7_stream_vanish(rig->server.stream, S7_VANISH_IN);
    s7_status both = s7_stream_vanish(rig->server.stream, BOTH);
    s7_status none = s7_stream_vanish(rig->server.stream, 0);
    fails.attach = false;
    assert_int_equal(in, S7_E_UNSUPPORTED);
    assert_int_equal(both, S7_E_UNSUPPORTED);
    assert_int_equal(none, S7_OK);
    assert_int_equal(option(descriptor(&rig->server), SOL_SOCKET, SO_KEEPALIVE), 1);
    hello_passes(rig);
}

static void the_kernel_neither_probes_nor_gives_up_while_nothing_may_be_sent(void **state)
{
    struct rig *rig = *state;

    rig_connect(rig);
    int fd = descriptor(&rig->server), dialed_fd = descriptor(&rig->client);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(s7_stream_vanish(rig->server.stream, BOTH), S7_OK);
        assert_int_equal(s7_stream_vanish(rig->client.stream, BOTH), S7_OK);
        assert_int_equal(option(fd, SOL_SOCKET, SO_KEEPALIVE), 0);
        assert_true(option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT) > 86400000); /* a day */
    }
    assert_int_equal(s7_stream_vanish(rig->server.stream, 0), S7_OK);
    assert_int_equal(s7_stream_vanish(rig->client.stream, 0), S7_OK);
    assert_int_equal(option(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
    assert_int_equal(option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 0);
    assert_int_equal(option(dialed_fd, SOL_SOCKET, SO_KEEPALIVE), 0); /* as it was */
    hello_passes(rig);
}

static void stop_when_accepted(s7_loop *loop, void *arg)
{
    const struct rig *rig = arg;

    if (rig->server.stream != NULL)
        s7_loop_stop(loop);
}

static void freeing_the_loop_lets_go_of_what_was_closed_without_a_cable(void **state)
{
    static const enum s7_close_how hows[] = {S7_CLOSE_FIN, S7_CLOSE_RST};

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct rig rig;
        s7_loop *loop;
        s7_turn_hook hook;

        assert_int_equal(s7_loop_ev_new(&loop), S7_OK);
        rig_open(&rig, loop);
        int peer_fd = plain_client(&rig);
        s7_turn_hook_add(loop, &hook, stop_when_accepted, &rig);
        rig_run(&rig);
        s7_turn_hook_remove(&hook);
        int fd = descriptor(&rig.server);
        assert_int_equal(s7_stream_vanish(rig.server.stream, BOTH), S7_OK);
        end_close(&rig.server, hows[i]);
        assert_int_equal(client_reads(peer_fd, 0), EAGAIN);
        rig_close(&rig);
        assert_int_equal(fcntl(fd, F_GETFD), -1);
        assert_int_equal(client_reads(peer_fd, LONG_MS), ECONNRESET);
        close(peer_fd);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        RIG_TEST(a_port_that_the_kernel_picked_stays_ours),
        RIG_TEST(a_port_that_was_asked_for_stays_ours),
        RIG_TEST(who_is_accepted_after_reopening_has_the_same_options),
        RIG_TEST(a_listener_that_cannot_reopen_stays_shut_and_may_try_again),
        RIG_TEST(a_listener_that_cannot_be_shut_stays_open),
        RIG_TEST(who_waits_to_be_accepted_is_reset),
        RIG_TEST(a_shut_listener_costs_no_turns),
        RIG_TEST(a_listener_shut_by_its_own_function_accepts_no_more),
        RIG_TEST(who_wants_to_write_without_a_cable_costs_no_turns),
        RIG_TEST(who_was_closed_without_a_cable_costs_no_turns),
        RIG_TEST(a_paused_listener_may_be_shut),
        RIG_TEST(sending_cannot_vanish_alone),
        RIG_TEST(without_permission_for_the_filter_nothing_changes),
        RIG_TEST(the_kernel_neither_probes_nor_gives_up_while_nothing_may_be_sent),
        cmocka_unit_test(freeing_the_loop_lets_go_of_what_was_closed_without_a_cable),
    };

    rig_make_loop = s7_loop_ev_new;
    return cmocka_run_group_tests_name("loop_ev faults", tests, NULL, NULL);
}
