/* A program's own loop: the contract, and the descriptors that it watches. */
#include "loop/contract_test.h"
#include "loop/foreign_program.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>

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

static void a_descriptor_is_let_go_before_it_is_closed(void **state)
{
    struct rig *rig = *state;
    struct program *program = program_of(rig);

    rig_connect(rig);
    for (int i = 0; i < 2; i++) {
        struct end *end = i == 0 ? &rig->client : &rig->server;
        int fd = watch_of(end)->fd;
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
    s7_loop_watch *watch = watch_of(&rig->client);
    assert_int_equal(watch->want, S7_LOOP_WRITE);
    for (unsigned got = 0; got < 4; got++)
        s7_loop_ready(rig->loop, watch, got);
    assert_int_equal(rig->client.n_calls, 0);
    end_close(&rig->client, S7_CLOSE_RST);
    empty(&full);

    rig_connect(rig);
    watch = watch_of(&rig->client);
    s7_loop_ready(rig->loop, watch, S7_LOOP_READ | S7_LOOP_WRITE);
    assert_int_equal(rig->client.n_calls, 2);
    assert_int_equal(rig->client.seen, S7_READY_CONNECTED | S7_READY_READ);
    assert_int_equal(s7_stream_error(rig->client.stream), S7_OK);
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
    };

    rig_run_loop = program_run_loop;
    rig_free_loop = program_free_loop;
    int n_failed = contract_run("contract over a loop on poll()", program_make_loop);
    return n_failed + cmocka_run_group_tests_name("loop_foreign", tests, NULL, NULL);
}
