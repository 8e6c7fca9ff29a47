#include "loop/watch.h"

#include "loop/blocking.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define MS       INT64_C(1000000)
#define PATIENCE (20000 * MS)

static s7_watch *watch;
static int listener, near_fd, far_fd; /* a connected pair over loopback */
static uint16_t port;

static int open_pair(void **state)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof at;

    (void)state;
    assert_int_equal(s7_watch_new(&watch, NULL), S7_OK);
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(listener, 8), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &len), 0);
    port = ntohs(at.sin_port);
    assert_int_equal(s7_tcp_dial("127.0.0.1", port, s7_now_ns() + PATIENCE, NULL, &near_fd, NULL), S7_OK);
    far_fd = accept(listener, NULL, NULL);
    assert_true(far_fd >= 0);
    return 0;
}

static int close_pair(void **state)
{
    (void)state;
    s7_tcp_close(near_fd);
    s7_tcp_close(far_fd);
    s7_tcp_close(listener);
    s7_watch_free(watch);
    return 0;
}

static unsigned wait_ms(int64_t ms, struct s7_watch_event *event)
{
    return s7_watch_wait(watch, s7_now_ns() + ms * MS, event, 1);
}

static void life_is_silent_on_data_and_says_the_end_once(void **state)
{
    struct s7_watch_event event;

    (void)state;
    assert_int_equal(s7_watch_add(watch, near_fd, S7_WATCH_LIFE, 7), S7_OK);
    assert_int_equal(send(far_fd, "data", 4, 0), 4);
    assert_int_equal(wait_ms(20, &event), 0);
    shutdown(far_fd, SHUT_WR);
    assert_int_equal(wait_ms(20000, &event), 1);
    assert_int_equal(event.cookie, 7);
    assert_true(event.ended);
    assert_false(event.reset);
    assert_int_equal(wait_ms(5, &event), 0);
    s7_watch_set(watch, near_fd, S7_WATCH_LIFE, 8); /* asked again, it says so again */
    assert_int_equal(wait_ms(20000, &event), 1);
    assert_int_equal(event.cookie, 8);
}

static void a_reset_is_told_apart(void **state)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    struct s7_watch_event event;

    (void)state;
    assert_int_equal(s7_watch_add(watch, near_fd, S7_WATCH_LIFE, 1), S7_OK);
    setsockopt(far_fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    close(far_fd);
    far_fd = -1;
    assert_int_equal(wait_ms(20000, &event), 1);
    assert_true(event.reset);
}

static void reading_is_said_once_until_it_is_set_again(void **state)
{
    struct s7_watch_event event;

    (void)state;
    assert_int_equal(s7_watch_add(watch, near_fd, S7_WATCH_READ, 3), S7_OK);
    assert_int_equal(send(far_fd, "data", 4, 0), 4);
    assert_int_equal(wait_ms(20000, &event), 1);
    assert_false(event.ended);
    assert_int_equal(wait_ms(5, &event), 0);
    s7_watch_set(watch, near_fd, S7_WATCH_READ, 4);
    assert_int_equal(wait_ms(20000, &event), 1);
    assert_int_equal(event.cookie, 4);
    s7_watch_remove(watch, near_fd);
    shutdown(far_fd, SHUT_WR);
    assert_int_equal(wait_ms(5, &event), 0);
}

static void waiting_never_ends_before_its_deadline(void **state)
{
    struct s7_watch_event event;

    (void)state;
    for (int i = 0; i < 20; i++) {
        int64_t deadline = s7_now_ns() + 1300000 + i * 70000;

        assert_int_equal(s7_watch_wait(watch, deadline, &event, 1), 0);
        assert_true(s7_now_ns() >= deadline);
    }
    assert_int_equal(s7_watch_wait(watch, 0, &event, 1), 0); /* long past */
}

static void *wake(void *arg)
{
    s7_watch_wake(arg);
    return NULL;
}

static void another_thread_may_wake_it(void **state)
{
    pthread_t thread;
    struct s7_watch_event event;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, wake, watch), 0);
    assert_int_equal(s7_watch_wait(watch, S7_NEVER_NS, &event, 1), 0);
    pthread_join(thread, NULL);
    s7_watch_wake(watch); /* before it waits */
    assert_int_equal(s7_watch_wait(watch, S7_NEVER_NS, &event, 1), 0);
}

/* ---- dialing in steps ---- */

static void a_dial_in_steps_ends_when_it_can_be_written_to(void **state)
{
    struct s7_watch_event event;
    unsigned n = 0;
    int fd;

    (void)state;
    assert_int_equal(s7_tcp_dial_begin("127.0.0.1", port, 0, NULL, &fd, &n, NULL), S7_OK);
    assert_int_equal(n, 1);
    assert_int_equal(s7_watch_add(watch, fd, S7_WATCH_WRITE, 5), S7_OK);
    assert_int_equal(wait_ms(20000, &event), 1);
    assert_int_equal(s7_tcp_dial_end(fd, NULL), S7_OK);
    s7_watch_remove(watch, fd);
    s7_tcp_close(fd);
}

static void a_refused_dial_says_so_at_its_end_or_at_once(void **state)
{
    struct s7_watch_event event;
    int fd, os_errno = 0;

    (void)state;
    s7_tcp_close(listener);
    listener = -1;
    s7_status status = s7_tcp_dial_begin("127.0.0.1", port, 0, NULL, &fd, NULL, &os_errno);
    if (status == S7_OK) {
        assert_int_equal(s7_watch_add(watch, fd, S7_WATCH_WRITE, 5), S7_OK);
        assert_int_equal(wait_ms(20000, &event), 1);
        status = s7_tcp_dial_end(fd, &os_errno);
        s7_watch_remove(watch, fd);
        s7_tcp_close(fd);
    }
    assert_int_equal(status, S7_E_REFUSED);
    assert_true(os_errno != 0);
}

static void there_is_no_second_address_where_there_is_one(void **state)
{
    unsigned n;
    int fd;

    (void)state;
    assert_int_equal(s7_tcp_dial_begin("127.0.0.1", port, 1, NULL, &fd, &n, NULL), S7_E_ARG);
    assert_int_equal(s7_tcp_dial_begin("no-such-host.invalid", port, 0, NULL, &fd, &n, NULL), S7_E_RESOLVE);
}

static void *receive(void *arg)
{
    static s7_status status;
    uint8_t byte;
    size_t got;

    status = s7_tcp_recv(*(int *)arg, &byte, 1, s7_now_ns() + PATIENCE, &got, NULL);
    return &status;
}

static void a_shutdown_ends_the_waiting_of_another_thread(void **state)
{
    pthread_t thread;
    void *status;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, receive, &near_fd), 0);
    s7_tcp_shutdown(near_fd);
    pthread_join(thread, &status);
    assert_int_equal(*(s7_status *)status, S7_E_CLOSED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_pair, close_pair)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(life_is_silent_on_data_and_says_the_end_once),
        TEST(a_reset_is_told_apart),
        TEST(reading_is_said_once_until_it_is_set_again),
        TEST(waiting_never_ends_before_its_deadline),
        TEST(another_thread_may_wake_it),
        TEST(a_dial_in_steps_ends_when_it_can_be_written_to),
        TEST(a_refused_dial_says_so_at_its_end_or_at_once),
        TEST(there_is_no_second_address_where_there_is_one),
        TEST(a_shutdown_ends_the_waiting_of_another_thread),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
