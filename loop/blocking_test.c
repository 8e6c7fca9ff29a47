#include "loop/blocking.h"

#include "loop/ip_addr.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

#define MS   INT64_C(1000000)
#define LONG (INT64_C(30000) * MS) /* far more than anything here takes */

/* A listening socket and, once dialed, both ends. */
struct line {
    int listener, near_fd, far_fd;
    uint16_t port;
};

static int open_listener(uint16_t *port, int backlog)
{
    struct s7_ip_addr local;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_true(s7_ip_addr_parse("127.0.0.1", 0, &local));
    assert_int_equal(bind(fd, &local.addr.any, local.len), 0);
    assert_int_equal(listen(fd, backlog), 0);
    assert_int_equal(getsockname(fd, &local.addr.any, &local.len), 0);
    *port = s7_ip_addr_port(&local);
    return fd;
}

static int dial(uint16_t port)
{
    int fd = -1;

    assert_int_equal(s7_tcp_dial("127.0.0.1", port, s7_now_ns() + LONG, NULL, &fd, NULL), S7_OK);
    return fd;
}

static int open_line(void **state)
{
    struct line *line = malloc(sizeof *line);

    assert_non_null(line);
    line->listener = open_listener(&line->port, 8);
    line->near_fd = dial(line->port);
    line->far_fd = accept4(line->listener, NULL, NULL, SOCK_CLOEXEC);
    assert_true(line->far_fd >= 0);
    *state = line;
    return 0;
}

static int close_line(void **state)
{
    struct line *line = *state;

    s7_tcp_close(line->near_fd);
    s7_tcp_close(line->far_fd);
    s7_tcp_close(line->listener);
    free(line);
    return 0;
}

static void close_far(struct line *line, bool reset)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};

    if (reset)
        assert_int_equal(setsockopt(line->far_fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger), 0);
    close(line->far_fd);
    line->far_fd = -1;
}

/* ---- dial ---- */

static int option(int fd, int level, int name)
{
    int value = -1;
    socklen_t len = sizeof value;

    assert_int_equal(getsockopt(fd, level, name, &value, &len), 0);
    return value;
}

static void a_dialed_socket_has_its_options(void **state)
{
    static const struct s7_tcp_options options = {
        .user_timeout_ms = 1234, .keepalive_idle_ms = 2001, .keepalive_interval_ms = 1000};
    static const struct s7_tcp_options off = {0};
    struct line *line = *state;
    int fd = -1;

    assert_int_equal(option(line->near_fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 5000); /* the defaults */
    assert_int_equal(option(line->near_fd, IPPROTO_TCP, TCP_KEEPIDLE), 10);
    assert_int_equal(s7_tcp_dial("127.0.0.1", line->port, S7_NEVER_NS, &options, &fd, NULL), S7_OK);
    assert_int_equal(option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 1234);
    assert_int_equal(option(fd, IPPROTO_TCP, TCP_KEEPIDLE), 3); /* the kernel counts seconds: rounded up */
    assert_int_equal(option(fd, IPPROTO_TCP, TCP_KEEPINTVL), 1);
    assert_int_equal(option(fd, IPPROTO_TCP, TCP_KEEPCNT), 3);
    assert_int_equal(option(fd, IPPROTO_TCP, TCP_NODELAY), 1);
    assert_int_equal(option(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
    struct timeval patience; /* which a socket that does not wait would not need */
    socklen_t len = sizeof patience;
    assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, &len), 0);
    assert_true(patience.tv_sec == 0 && patience.tv_usec >= 100000 && patience.tv_usec < 200000);
    assert_false(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    s7_tcp_close(fd);

    assert_int_equal(s7_tcp_dial("127.0.0.1", line->port, S7_NEVER_NS, &off, &fd, NULL), S7_OK);
    assert_int_equal(option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 0);
    assert_int_equal(option(fd, SOL_SOCKET, SO_KEEPALIVE), 0);
    s7_tcp_close(fd);
}

static void a_dial_is_refused_where_nobody_listens(void **state)
{
    int fd = -7, os_errno = 0;
    uint16_t port;

    (void)state;
    close(open_listener(&port, 1));
    assert_int_equal(s7_tcp_dial("127.0.0.1", port, S7_NEVER_NS, NULL, &fd, &os_errno), S7_E_REFUSED);
    assert_int_equal(os_errno, ECONNREFUSED);
    assert_int_equal(fd, -7);
}

static void names_are_resolved_and_their_addresses_tried_in_order(void **state)
{
    struct line *line = *state;
    char endless[300];
    int fd = -1;

    /* ::1 first where there is IPv6; nobody listens there, so the second address is what answers. */
    assert_int_equal(s7_tcp_dial("localhost", line->port, s7_now_ns() + LONG, NULL, &fd, NULL), S7_OK);
    s7_tcp_close(fd);
    memset(endless, 'a', sizeof endless - 1); /* no label is that long: refused without asking a server */
    endless[sizeof endless - 1] = '\0';
    assert_int_equal(s7_tcp_dial(endless, 102, S7_NEVER_NS, NULL, &fd, NULL), S7_E_RESOLVE);
}

static void a_dial_that_nobody_answers_ends_at_its_deadline(void **state)
{
    struct s7_ip_addr to;
    int fds[16], n = 0, fd = -1, os_errno = 0;
    uint16_t port;
    int listener = open_listener(&port, 0);
    bool full = false;

    (void)state;
    /* With the queue of a listener full, the kernel drops further SYNs. */
    assert_true(s7_ip_addr_parse("127.0.0.1", port, &to));
    while (!full && n < 16) {
        struct timespec now = {0};
        fd_set writable;

        fds[n] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)connect(fds[n], &to.addr.any, to.len);
        FD_ZERO(&writable);
        FD_SET(fds[n], &writable);
        full = pselect(fds[n] + 1, NULL, &writable, NULL, &now, NULL) == 0;
        n++;
    }
    if (!full) {
        print_message("skipped: this kernel's listen queue has no end\n");
        skip();
    }
    for (int64_t budget_ns = 0; budget_ns <= 5 * MS; budget_ns += 5 * MS / 2) {
        int64_t deadline_ns = s7_now_ns() + budget_ns;

        assert_int_equal(s7_tcp_dial("127.0.0.1", port, deadline_ns, NULL, &fd, &os_errno), S7_E_TIMEOUT);
        assert_int_equal(os_errno, ETIMEDOUT);
        assert_true(s7_now_ns() >= deadline_ns);
    }
    while (n > 0)
        close(fds[--n]);
    close(listener);
}

/* ---- send and receive ---- */

static void what_is_sent_is_received(void **state)
{
    struct line *line = *state;
    uint8_t buf[16];
    size_t n = 0;

    assert_int_equal(s7_tcp_send(line->near_fd, (const uint8_t *)"hello", 5, S7_NEVER_NS, &n, NULL), S7_OK);
    assert_int_equal(n, 5);
    assert_int_equal(s7_tcp_recv(line->far_fd, buf, sizeof buf, S7_NEVER_NS, &n, NULL), S7_OK);
    assert_int_equal(n, 5);
    assert_memory_equal(buf, "hello", 5);
    assert_int_equal(s7_tcp_recv(line->near_fd, buf, 0, S7_NEVER_NS, &n, NULL), S7_E_ARG);
    assert_int_equal(s7_tcp_send(line->near_fd, buf, 0, S7_NEVER_NS, &n, NULL), S7_E_ARG);
}

static void a_receive_waits_for_its_deadline_and_not_less(void **state)
{
    static const int64_t budgets_ns[] = {1, 999999, MS, MS + 1, 7 * MS + 500000, 130 * MS};
    struct line *line = *state;
    uint8_t byte;
    size_t n = 77;
    int os_errno = 5;

    for (size_t i = 0; i < sizeof budgets_ns / sizeof budgets_ns[0]; i++) {
        int64_t deadline_ns = s7_now_ns() + budgets_ns[i];

        assert_int_equal(s7_tcp_recv(line->near_fd, &byte, 1, deadline_ns, &n, &os_errno), S7_E_TIMEOUT);
        if (s7_now_ns() < deadline_ns)
            fail_msg("a wait of %lld ns ended early", (long long)budgets_ns[i]);
    }
    assert_int_equal(n, 77);
    assert_int_equal(os_errno, 0);
}

static void what_is_there_is_received_though_the_deadline_has_passed(void **state)
{
    static const int64_t past_ns[] = {INT64_MIN, -1, 0, 1};
    struct line *line = *state;
    uint8_t byte = 'x';
    size_t n = 0;

    for (size_t i = 0; i < sizeof past_ns / sizeof past_ns[0]; i++) {
        assert_int_equal(s7_tcp_recv(line->near_fd, &byte, 1, past_ns[i], &n, NULL), S7_E_TIMEOUT);
        assert_int_equal(send(line->far_fd, "x", 1, 0), 1);
        assert_int_equal(s7_tcp_recv(line->near_fd, &byte, 1, past_ns[i], &n, NULL), S7_OK);
    }
}

static void a_full_line_times_out_and_goes_on_when_it_is_read(void **state)
{
    static uint8_t block[65536];
    struct line *line = *state;
    size_t n = 0, sent_len = 0, got_len = 0;
    s7_status status;

    while ((status = s7_tcp_send(line->near_fd, block, sizeof block, s7_now_ns() + 2 * MS, &n, NULL)) ==
           S7_OK)
        sent_len += n;
    assert_int_equal(status, S7_E_TIMEOUT);
    while (got_len < sent_len) {
        assert_int_equal(s7_tcp_recv(line->far_fd, block, sizeof block, s7_now_ns() + LONG, &n, NULL), S7_OK);
        got_len += n;
    }
    assert_int_equal(s7_tcp_send(line->near_fd, block, 1, s7_now_ns() + LONG, &n, NULL), S7_OK);
}

static void the_end_and_a_reset_are_told_apart(void **state)
{
    for (int reset = 0; reset <= 1; reset++) {
        struct line *line = *state;
        uint8_t byte = 0;
        size_t n;
        int os_errno = 5;

        close_far(line, reset);
        assert_int_equal(s7_tcp_recv(line->near_fd, &byte, 1, S7_NEVER_NS, &n, &os_errno),
                         reset ? S7_E_RESET : S7_E_CLOSED);
        assert_int_equal(os_errno, reset ? ECONNRESET : 0);
        close_line(state);
        open_line(state);
    }
}

static void sending_to_nobody_ends_as_reset_and_without_a_signal(void **state)
{
    struct line *line = *state;
    uint8_t byte = 0;
    size_t n;
    s7_status status;

    close_far(line, false);
    do
        status = s7_tcp_send(line->near_fd, &byte, 1, s7_now_ns() + LONG, &n, NULL);
    while (status == S7_OK);
    assert_int_equal(status, S7_E_RESET);
}

/* ---- other threads ---- */

static void *echo_until_end(void *arg)
{
    struct line *line = arg;
    uint8_t buf[100];
    size_t got, sent;

    while (s7_tcp_recv(line->far_fd, buf, sizeof buf, S7_NEVER_NS, &got, NULL) == S7_OK)
        for (size_t at = 0; at < got; at += sent)
            if (s7_tcp_send(line->far_fd, buf + at, got - at, S7_NEVER_NS, &sent, NULL) != S7_OK)
                return NULL;
    return NULL;
}

static void exchange(struct line *line, uint8_t *bytes, size_t len)
{
    uint8_t back[64];
    size_t n = 0, got_len = 0;

    assert_int_equal(s7_tcp_send(line->near_fd, bytes, len, s7_now_ns() + LONG, &n, NULL), S7_OK);
    assert_int_equal(n, len);
    while (got_len < len) {
        assert_int_equal(
            s7_tcp_recv(line->near_fd, back + got_len, len - got_len, s7_now_ns() + LONG, &n, NULL), S7_OK);
        got_len += n;
    }
    assert_memory_equal(back, bytes, len);
}

static void two_threads_talk(void **state)
{
    struct line *line = *state;
    uint8_t bytes[64];
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, echo_until_end, line), 0);
    for (uint8_t i = 0; i < 200; i++) {
        memset(bytes, i, sizeof bytes);
        exchange(line, bytes, (size_t)1 + i % sizeof bytes);
    }
    assert_int_equal(shutdown(line->near_fd, SHUT_WR), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

static void on_signal(int number)
{
    (void)number;
}

struct disturber {
    pthread_t whom;
    int fd;
};

static void *disturb_then_send(void *arg)
{
    struct disturber *disturber = arg;

    for (int i = 0; i < 200; i++)
        pthread_kill(disturber->whom, SIGUSR1);
    return send(disturber->fd, "x", 1, 0) == 1 ? NULL : disturber;
}

static void signals_do_not_end_a_wait(void **state)
{
    struct line *line = *state;
    struct disturber disturber = {.whom = pthread_self(), .fd = line->far_fd};
    struct sigaction action = {.sa_handler = on_signal}, before;
    pthread_t thread;
    uint8_t byte;
    size_t n;
    void *failed;

    assert_int_equal(sigaction(SIGUSR1, &action, &before), 0);
    assert_int_equal(pthread_create(&thread, NULL, disturb_then_send, &disturber), 0);
    assert_int_equal(s7_tcp_recv(line->near_fd, &byte, 1, s7_now_ns() + LONG, &n, NULL), S7_OK);
    assert_int_equal(pthread_join(thread, &failed), 0);
    assert_null(failed);
    assert_int_equal(sigaction(SIGUSR1, &before, NULL), 0);
}

/* ---- cancelling ---- */

static void a_readable_descriptor_cancels_what_would_wait_and_nothing_else(void **state)
{
    static uint8_t block[65536];
    struct line *line = *state;
    struct s7_limit limit = {s7_now_ns() + LONG, eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK)};
    int os_errno = -1;
    s7_status status;
    size_t n;

    assert_true(limit.cancel_fd >= 0);
    assert_int_equal(s7_tcp_recv_by(line->near_fd, block, 1, limit, &n, &os_errno), S7_E_CANCELLED);
    assert_int_equal(os_errno, 0);
    while ((status = s7_tcp_send_by(line->near_fd, block, sizeof block, limit, &n, &os_errno)) == S7_OK)
        ;
    assert_int_equal(status, S7_E_CANCELLED);
    assert_int_equal(s7_tcp_recv_by(line->far_fd, block, 1, limit, &n, NULL), S7_OK);
    s7_tcp_close(limit.cancel_fd);
}

static void a_cancelled_dial_is_no_connection_although_somebody_listens(void **state)
{
    struct line *line = *state;
    struct s7_limit limit = {s7_now_ns() + LONG, eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK)};
    int fd = -1;

    assert_int_equal(s7_tcp_dial_by("127.0.0.1", line->port, limit, NULL, &fd, NULL), S7_E_CANCELLED);
    assert_int_equal(fd, -1);
    s7_tcp_close(limit.cancel_fd);
}

static void *cancel_it(void *fd)
{
    return eventfd_write(*(int *)fd, 1) == 0 ? NULL : fd;
}

static void a_wait_is_cancelled_from_another_thread(void **state)
{
    struct line *line = *state;
    struct s7_limit limit = {S7_NEVER_NS, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    pthread_t thread;
    uint8_t byte;
    size_t n;

    assert_int_equal(pthread_create(&thread, NULL, cancel_it, &limit.cancel_fd), 0);
    assert_int_equal(s7_tcp_recv_by(line->near_fd, &byte, 1, limit, &n, NULL), S7_E_CANCELLED);
    pthread_join(thread, NULL);
    s7_tcp_close(limit.cancel_fd);
}

/* ---- the rest ---- */

static void errors_of_the_system_have_a_status(void **state)
{
    static const struct {
        int os_errno;
        s7_status status;
    } table[] = {
        {0, S7_OK},
        {ECONNREFUSED, S7_E_REFUSED},
        {EHOSTUNREACH, S7_E_UNREACHABLE},
        {ENETUNREACH, S7_E_UNREACHABLE},
        {ECONNRESET, S7_E_RESET},
        {EPIPE, S7_E_RESET},
        {ETIMEDOUT, S7_E_TIMEOUT},
        {ENOMEM, S7_E_NOMEM},
        {EMFILE, S7_E_IO},
        {EBADF, S7_E_IO},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        assert_int_equal(s7_status_from_errno(table[i].os_errno), table[i].status);
}

static void the_clock_goes_on_and_random_numbers_differ(void **state)
{
    int64_t before_ns = s7_now_ns();
    uint64_t first = s7_random_u64();

    (void)state;
    assert_true(before_ns > 0);
    assert_true(s7_now_ns() >= before_ns);
    assert_true(s7_random_u64() != first);
    s7_tcp_close(-1);
}

int main(void)
{
#define LINE_TEST(test) cmocka_unit_test_setup_teardown(test, open_line, close_line)
    static const struct CMUnitTest tests[] = {
        LINE_TEST(a_dialed_socket_has_its_options),
        cmocka_unit_test(a_dial_is_refused_where_nobody_listens),
        LINE_TEST(names_are_resolved_and_their_addresses_tried_in_order),
        cmocka_unit_test(a_dial_that_nobody_answers_ends_at_its_deadline),
        LINE_TEST(what_is_sent_is_received),
        LINE_TEST(a_receive_waits_for_its_deadline_and_not_less),
        LINE_TEST(what_is_there_is_received_though_the_deadline_has_passed),
        LINE_TEST(a_full_line_times_out_and_goes_on_when_it_is_read),
        LINE_TEST(the_end_and_a_reset_are_told_apart),
        LINE_TEST(sending_to_nobody_ends_as_reset_and_without_a_signal),
        LINE_TEST(two_threads_talk),
        LINE_TEST(signals_do_not_end_a_wait),
        LINE_TEST(a_readable_descriptor_cancels_what_would_wait_and_nothing_else),
        LINE_TEST(a_cancelled_dial_is_no_connection_although_somebody_listens),
        LINE_TEST(a_wait_is_cancelled_from_another_thread),
        cmocka_unit_test(errors_of_the_system_have_a_status),
        cmocka_unit_test(the_clock_goes_on_and_random_numbers_differ),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
