#include "loop/contract_test.h"

#include "loop/contract_rig.h"

#include <stdlib.h>

static contract_make_fn *make_loop;

static int open_rig(void **state)
{
    struct rig *rig = malloc(sizeof *rig);
    s7_loop *loop;

    assert_non_null(rig);
    assert_int_equal(make_loop(&loop), S7_OK);
    rig_open(rig, loop);
    *state = rig;
    return 0;
}

static int close_rig(void **state)
{
    rig_close(*state);
    free(*state);
    return 0;
}

/* ---- connecting ---- */

static void stop_at_five(struct end *end, unsigned ready)
{
    (void)ready;
    if (end->got_len == 5)
        s7_loop_stop(end->rig->loop);
}

static void what_is_sent_is_echoed(void **state)
{
    struct rig *rig = *state;
    char text[S7_PEER_TEXT_CAP];

    rig_connect(rig);
    snprintf(text, sizeof text, "127.0.0.1:%u", (unsigned)s7_listener_port(rig->listener));
    assert_string_equal(s7_stream_peer(rig->client.stream), text);
    assert_memory_equal(s7_stream_peer(rig->server.stream), "127.0.0.1:", 10);
    assert_int_equal(s7_stream_ordinal(rig->client.stream), 1);
    assert_int_equal(s7_stream_ordinal(rig->server.stream), 2);

    rig->server.then = then_echo;
    rig->client.then = stop_at_five;
    end_send(&rig->client, "hello");
    rig_run(rig);
    assert_got(&rig->client, "hello");
}

static void a_dial_is_refused_where_nobody_listens(void **state)
{
    struct rig *rig = *state;
    s7_listener *other;

    /* The listener of the rig is closed right after the dial is aimed at it. */
    assert_int_equal(s7_loop_listen(rig->loop, "127.0.0.1", 0, NULL, NULL, &other, NULL), S7_OK);
    s7_listener *kept = rig->listener;
    rig->listener = other;
    uint16_t port = s7_listener_port(other);
    s7_listener_close(other);
    rig->listener = kept;
    assert_int_equal(s7_loop_dial(rig->loop, "127.0.0.1", port, NULL, NULL, &rig->client.stream), S7_OK);
    end_attach(&rig->client, rig->client.stream);
    rig->client.then = then_stop;
    rig_run(rig);
    assert_int_equal(rig->client.seen, S7_READY_FAILED);
    assert_int_equal(rig->client.error, S7_E_REFUSED);
    assert_int_equal(rig->client.n_calls, 1);

    /* It is said once only, and every call says it again. */
    uint8_t byte = 0;
    s7_loop_wake(rig->loop);
    s7_loop_stop(rig->loop);
    rig_run(rig);
    assert_int_equal(rig->client.n_calls, 1);
    assert_int_equal(s7_stream_read(rig->client.stream, &byte, 1), -1);
    assert_int_equal(s7_stream_write(rig->client.stream, &byte, 1), -1);
    assert_int_equal(s7_stream_error(rig->client.stream), S7_E_REFUSED);
}

static void only_numeric_addresses_are_taken(void **state)
{
    static const char *const not_numeric[] = {"localhost", "", "127.0.0.1:102", "1", "[::1]", "1.2.3.256", "::g"};
    struct rig *rig = *state;

    for (size_t i = 0; i < sizeof not_numeric / sizeof not_numeric[0]; i++) {
        s7_stream *stream = NULL;
        s7_listener *listener = NULL;

        if (s7_loop_dial(rig->loop, not_numeric[i], 102, NULL, NULL, &stream) != S7_E_RESOLVE || stream != NULL)
            fail_msg("dial took \"%s\"", not_numeric[i]);
        if (s7_loop_listen(rig->loop, not_numeric[i], 0, NULL, NULL, &listener, NULL) != S7_E_RESOLVE)
            fail_msg("listen took \"%s\"", not_numeric[i]);
    }
}

static void a_port_is_given_once(void **state)
{
    struct rig *rig = *state;
    s7_listener *second = NULL;
    uint16_t port = s7_listener_port(rig->listener);
    int os_errno = 0;

    assert_int_not_equal(port, 0);
    assert_int_equal(s7_loop_listen(rig->loop, "127.0.0.1", port, NULL, NULL, &second, &os_errno),
                     S7_E_ADDRESS_IN_USE);
    assert_null(second);
    assert_int_not_equal(os_errno, 0);
    assert_int_equal(s7_loop_listen(rig->loop, "127.0.0.1", 0, NULL, NULL, &second, NULL), S7_OK);
    assert_int_not_equal(s7_listener_port(second), port);
    s7_listener_close(second);
}

static void on_other_address(s7_listener *listener, s7_stream *accepted, void *arg)
{
    struct rig *rig = arg;

    (void)listener;
    rig->n_accepted++;
    s7_stream_close(accepted, S7_CLOSE_FIN);
    s7_loop_stop(rig->loop);
}

static void who_listens_everywhere_is_reached_at_each_address(void **state)
{
    struct rig *rig = *state;
    s7_listener *everywhere;
    s7_stream *stream;

    assert_int_equal(s7_loop_listen(rig->loop, "0.0.0.0", 0, on_other_address, rig, &everywhere, NULL), S7_OK);
    assert_int_equal(
        s7_loop_dial(rig->loop, "127.0.0.3", s7_listener_port(everywhere), NULL, NULL, &stream), S7_OK);
    rig_run(rig);
    assert_int_equal(rig->n_accepted, 1);
    s7_stream_close(stream, S7_CLOSE_FIN);
    s7_listener_close(everywhere);
}

static void a_dial_may_be_closed_at_once(void **state)
{
    struct rig *rig = *state;

    for (int i = 0; i < 10; i++) {
        rig_dial(rig, &rig->client);
        end_close(&rig->client, i % 2 ? S7_CLOSE_FIN : S7_CLOSE_RST);
    }
    rig->on_accept = then_nothing; /* one or another may have been connected: not ours */
    s7_listener_close(rig->listener);
    rig->listener = NULL;
    s7_timer_stop(&rig->guard);
    rig_run(rig);
    assert_int_equal(rig->client.n_calls, 0);
}

static void close_as_soon_as_connected(struct end *end, unsigned ready)
{
    assert_int_equal(ready, S7_READY_CONNECTED);
    end_close(end, S7_CLOSE_FIN);
}

static void a_stream_may_be_closed_when_it_is_connected(void **state)
{
    struct rig *rig = *state;

    rig->client.then = close_as_soon_as_connected;
    rig->server.then = then_stop_when_over;
    rig_dial(rig, &rig->client);
    rig_run(rig);
    assert_true(rig->server.ended);
    assert_int_equal(rig->client.n_calls, 1);
}

static void close_and_stop(struct end *end, unsigned ready)
{
    (void)ready;
    end_close(end, S7_CLOSE_FIN);
}

static void an_accepted_stream_may_be_closed_at_once(void **state)
{
    struct rig *rig = *state;

    rig->on_accept = close_and_stop;
    rig->client.then = then_stop_when_over;
    rig_dial(rig, &rig->client);
    rig_run(rig);
    assert_true(rig->client.ended);
    assert_int_equal(rig->n_accepted, 1);
}

static void close_listener(struct end *end, unsigned ready)
{
    (void)ready;
    end_close(end, S7_CLOSE_FIN);
    s7_listener_close(end->rig->listener);
    end->rig->listener = NULL;
}

static void a_listener_may_be_closed_by_its_own_function(void **state)
{
    struct rig *rig = *state;
    struct end second = {.rig = rig, .reads = true, .then = then_nothing};

    rig->on_accept = close_listener;
    rig_dial(rig, &rig->client);
    rig_dial(rig, &second); /* waits in the queue of the one that is closed */
    s7_timer_stop(&rig->guard);
    rig->client.then = second.then = then_stop_when_over;
    for (int i = 0; i < 2; i++)
        assert_int_equal(s7_loop_run(rig->loop), S7_OK);
    assert_int_equal(rig->n_accepted, 1);
    assert_true(rig->client.ended || rig->client.error != S7_OK);
    assert_true(second.ended || second.error != S7_OK);
    end_close(&second, S7_CLOSE_FIN);
}

/* ---- ends ---- */

static void the_end_of_the_peer_is_read_after_its_bytes(void **state)
{
    struct rig *rig = *state;
    uint8_t byte;

    rig_connect(rig);
    rig->client.then = then_stop_when_over;
    end_send(&rig->server, "bye");
    end_close(&rig->server, S7_CLOSE_FIN);
    rig_run(rig);
    assert_true(rig->client.ended);
    assert_got(&rig->client, "bye");
    assert_int_equal(s7_stream_read(rig->client.stream, &byte, 1), 0);
    assert_int_equal(s7_stream_error(rig->client.stream), S7_OK);
}

static void a_reset_is_an_error_that_stays(void **state)
{
    struct rig *rig = *state;
    uint8_t byte = 0;

    rig_connect(rig);
    rig->client.then = then_stop_when_over;
    end_close(&rig->server, S7_CLOSE_RST);
    rig_run(rig);
    assert_false(rig->client.ended);
    assert_int_equal(rig->client.error, S7_E_RESET);
    assert_int_not_equal(s7_stream_errno(rig->client.stream), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(s7_stream_write(rig->client.stream, &byte, 1), -1);
        assert_int_equal(s7_stream_read(rig->client.stream, &byte, 1), -1);
        assert_int_equal(s7_stream_error(rig->client.stream), S7_E_RESET);
    }
}

static void answer_at_the_end(struct end *end, unsigned ready)
{
    (void)ready;
    if (!end->ended)
        return;
    end_send(end, "answer");
    end_close(end, S7_CLOSE_FIN);
}

static void after_shutdown_the_other_direction_goes_on(void **state)
{
    struct rig *rig = *state;

    rig_connect(rig);
    rig->server.then = answer_at_the_end;
    rig->client.then = then_stop_when_over;
    end_send(&rig->client, "request");
    s7_stream_shutdown(rig->client.stream);
    s7_stream_shutdown(rig->client.stream);
    rig_run(rig);
    assert_got(&rig->server, "request");
    assert_got(&rig->client, "answer");
    assert_true(rig->client.ended);
}

static void writing_after_shutdown_is_misuse(void **state)
{
    struct rig *rig = *state;
    uint8_t byte = 0;

    rig_connect(rig);
    s7_stream_shutdown(rig->client.stream);
    assert_int_equal(s7_stream_write(rig->client.stream, &byte, 1), -1);
    assert_int_equal(s7_stream_error(rig->client.stream), S7_E_MISUSE);
}

static void closing_delivers_what_was_written_even_if_input_was_not_read(void **state)
{
    struct rig *rig = *state;

    rig_connect(rig);
    rig->server.reads = false;
    rig->server.then = then_stop;
    end_send(&rig->client, "never read");
    rig_run(rig);
    end_send(&rig->server, "goodbye");
    end_close(&rig->server, S7_CLOSE_FIN);
    rig->client.then = then_stop_when_over;
    rig_run(rig);
    assert_got(&rig->client, "goodbye");
    assert_true(rig->client.ended);
}

static void send_until_it_fails(struct end *end, unsigned ready)
{
    uint8_t byte = 0;

    (void)ready;
    if (end->error == S7_OK && s7_stream_write(end->stream, &byte, 1) == -1)
        end->error = s7_stream_error(end->stream);
    if (end->error != S7_OK)
        s7_loop_stop(end->rig->loop);
}

static void on_tick(s7_timer *timer, void *arg)
{
    struct end *end = arg;

    send_until_it_fails(end, 0);
    if (end->error == S7_OK)
        s7_timer_set(end->rig->loop, timer, s7_loop_now_ns(end->rig->loop) + 1000000);
}

static void what_is_sent_to_a_closed_stream_comes_back_as_reset(void **state)
{
    struct rig *rig = *state;
    s7_timer tick;

    rig_connect(rig);
    end_close(&rig->server, S7_CLOSE_FIN);
    s7_stream_want(rig->client.stream, 0);
    s7_timer_init(&tick, on_tick, &rig->client);
    s7_timer_set(rig->loop, &tick, s7_loop_now_ns(rig->loop));
    rig_run(rig);
    assert_int_equal(rig->client.error, S7_E_RESET);
    s7_timer_stop(&tick);
}

/* ---- wants ---- */

/* Echoes on a second connection: when they are back, what was sent before them on the first is there as well. */
static void exchange(struct rig *rig, struct end *with)
{
    static const char ping[] = "hello";

    with->got_len = 0;
    with->then = stop_at_five;
    end_send(with, ping);
    rig_run(rig);
    with->then = then_nothing;
}

/* Two connections more, from `clients` to `servers`. */
static void connect_two(struct rig *rig, struct end *clients, struct end *servers)
{
    for (int i = 0; i < 2; i++) {
        rig_connect(rig);
        clients[i] = rig->client;
        servers[i] = rig->server;
        end_attach(&clients[i], rig->client.stream);
        end_attach(&servers[i], rig->server.stream);
        rig->client = (struct end){.rig = rig, .reads = true, .then = then_nothing};
        rig->server = rig->client;
    }
}

static void who_wants_nothing_is_not_called(void **state)
{
    struct rig *rig = *state;
    struct end clients[2], servers[2];

    connect_two(rig, clients, servers);
    rig_connect(rig);
    rig->server.then = then_echo;
    s7_stream_want(servers[0].stream, 0);
    s7_stream_want(servers[1].stream, 0);
    end_send(&clients[0], "wait");
    end_close(&clients[1], S7_CLOSE_RST);
    for (int i = 0; i < 3; i++)
        exchange(rig, &rig->client);
    assert_int_equal(servers[0].n_calls, 0);
    assert_int_equal(servers[1].n_calls, 0);

    servers[0].then = then_stop;
    s7_stream_want(servers[0].stream, S7_READY_READ);
    rig_run(rig);
    assert_got(&servers[0], "wait");
    end_close(&clients[0], S7_CLOSE_FIN);
    end_close(&servers[0], S7_CLOSE_FIN);
    end_close(&servers[1], S7_CLOSE_FIN);
}

static struct end *pair[2];

static void close_the_other(struct end *end, unsigned ready)
{
    (void)ready;
    end_close(pair[end == pair[0]], S7_CLOSE_FIN);
    s7_loop_stop(end->rig->loop);
}

static void silence_the_other(struct end *end, unsigned ready)
{
    (void)ready;
    s7_stream_want(pair[end == pair[0]]->stream, 0);
    s7_loop_stop(end->rig->loop);
}

static void rouse_the_other(struct end *end, unsigned ready)
{
    (void)ready;
    s7_stream_want(pair[end == pair[0]]->stream, S7_READY_READ | S7_READY_WRITE);
    s7_stream_want(end->stream, 0);
    s7_loop_stop(end->rig->loop);
}

/* Both servers have a byte to read in the same turn; the first to be called does `then`. */
static void ready_together(struct rig *rig, struct end *clients, struct end *servers, end_fn *then)
{
    connect_two(rig, clients, servers);
    rig_connect(rig);
    rig->server.then = then_echo;
    for (int i = 0; i < 2; i++) {
        pair[i] = &servers[i];
        servers[i].then = then;
        s7_stream_want(servers[i].stream, 0);
        end_send(&clients[i], "x");
    }
    exchange(rig, &rig->client);
    for (int i = 0; i < 2; i++)
        s7_stream_want(servers[i].stream, S7_READY_READ);
    rig_run(rig);
}

static void close_all(struct end *clients, struct end *servers)
{
    for (int i = 0; i < 2; i++) {
        end_close(&clients[i], S7_CLOSE_FIN);
        end_close(&servers[i], S7_CLOSE_FIN);
    }
}

static void a_stream_closed_by_another_in_the_same_turn_is_not_called(void **state)
{
    struct end clients[2], servers[2];

    ready_together(*state, clients, servers, close_the_other);
    assert_int_equal(servers[0].n_calls + servers[1].n_calls, 1);
    close_all(clients, servers);
}

static void a_want_dropped_by_another_in_the_same_turn_counts(void **state)
{
    struct end clients[2], servers[2];

    ready_together(*state, clients, servers, silence_the_other);
    assert_int_equal(servers[0].n_calls + servers[1].n_calls, 1);
    close_all(clients, servers);
}

static void a_want_added_by_another_loses_nothing_that_was_ready(void **state)
{
    struct rig *rig = *state;
    struct end clients[2], servers[2];

    ready_together(rig, clients, servers, rouse_the_other);
    for (int i = 0; i < 10 && servers[0].n_calls + servers[1].n_calls < 2; i++)
        rig_run(rig);
    assert_got(&servers[0], "x");
    assert_got(&servers[1], "x");
    close_all(clients, servers);
}

static void a_stream_may_be_closed_in_its_own_function(void **state)
{
    struct rig *rig = *state;

    rig_connect(rig);
    rig->server.then = close_and_stop;
    rig->client.then = then_stop_when_over;
    end_send(&rig->client, "x");
    rig_run(rig);
    assert_true(rig->client.ended);
    assert_int_equal(rig->server.n_calls, 1);
}

static void close_both(s7_loop *loop, void *arg)
{
    struct rig *rig = arg;

    if (rig->server.got_len == 0)
        return;
    end_close(&rig->client, S7_CLOSE_FIN);
    end_close(&rig->server, S7_CLOSE_FIN);
    s7_loop_stop(loop);
}

static void streams_may_be_closed_in_a_hook(void **state)
{
    struct rig *rig = *state;
    s7_turn_hook hook;

    rig_connect(rig);
    s7_turn_hook_add(rig->loop, &hook, close_both, rig);
    end_send(&rig->client, "x");
    rig_run(rig);
    assert_null(rig->client.stream);
    s7_turn_hook_remove(&hook);
}

static void a_function_set_late_is_told_of_bytes_that_were_there_before(void **state)
{
    struct rig *rig = *state;

    rig->on_accept = then_nothing; /* the accepted stream keeps having no function */
    rig_connect(rig);
    end_send(&rig->client, "early");
    s7_stream *quiet = rig->server.stream;
    rig->server = (struct end){.rig = rig, .reads = true, .then = then_nothing};
    rig->on_accept = NULL;
    struct end first = rig->client;
    rig->client = rig->server;
    end_attach(&first, first.stream);
    rig_connect(rig);
    rig->server.then = then_echo;
    exchange(rig, &rig->client);

    struct end late = {.rig = rig, .reads = true, .then = then_stop};
    end_attach(&late, quiet);
    rig_run(rig);
    assert_got(&late, "early");
    end_close(&late, S7_CLOSE_FIN);
    end_close(&first, S7_CLOSE_FIN);
}

/* ---- much ---- */

#define BULK_LEN ((size_t)1 << 20)

struct bulk {
    struct rig *rig;
    size_t sent_len, got_len;
    bool stopped_the_writer;
};

static uint8_t bulk_byte(size_t at)
{
    return (uint8_t)((at * 2654435761U) >> 13);
}

static void write_bulk(s7_stream *stream, unsigned ready, void *arg)
{
    struct bulk *bulk = arg;
    uint8_t buf[5000];
    size_t len = BULK_LEN - bulk->sent_len < sizeof buf ? BULK_LEN - bulk->sent_len : sizeof buf;

    assert_int_equal(ready, S7_READY_WRITE);
    for (size_t i = 0; i < len; i++)
        buf[i] = bulk_byte(bulk->sent_len + i);
    ssize_t n = s7_stream_write(stream, buf, len);
    if (n > 0)
        bulk->sent_len += (size_t)n;
    if (n == S7_AGAIN || (n >= 0 && (size_t)n < len)) {
        bulk->stopped_the_writer = true; /* only now does the reader begin */
        s7_stream_want(bulk->rig->server.stream, S7_READY_READ);
    }
    if (bulk->sent_len == BULK_LEN) {
        s7_stream_shutdown(stream);
        s7_stream_want(bulk->rig->server.stream, S7_READY_READ);
    }
}

static void read_bulk(s7_stream *stream, unsigned ready, void *arg)
{
    struct bulk *bulk = arg;
    uint8_t buf[3000];
    ssize_t n = s7_stream_read(stream, buf, sizeof buf);

    assert_int_equal(ready, S7_READY_READ);
    assert_in_range(n + 10, 10, sizeof buf + 10); /* no error, and never for nothing */
    for (ssize_t i = 0; i < n; i++)
        if (buf[i] != bulk_byte(bulk->got_len + (size_t)i))
            fail_msg("byte %zu is wrong", bulk->got_len + (size_t)i);
    bulk->got_len += (size_t)n;
    if (n == 0)
        s7_loop_stop(bulk->rig->loop);
}

static void a_megabyte_arrives_byte_by_byte_at_a_reader_that_lets_the_writer_wait(void **state)
{
    struct rig *rig = *state;
    struct bulk bulk = {.rig = rig};

    rig_connect(rig);
    s7_stream_set_fn(rig->client.stream, write_bulk, &bulk);
    s7_stream_set_fn(rig->server.stream, read_bulk, &bulk);
    s7_stream_want(rig->server.stream, 0);
    s7_stream_want(rig->client.stream, S7_READY_WRITE);
    rig_run(rig);
    assert_int_equal(bulk.sent_len, BULK_LEN);
    assert_int_equal(bulk.got_len, BULK_LEN);
}

#define CROWD 200

struct crowd {
    struct rig *rig;
    unsigned n_done;
};

static void echo_and_close(s7_stream *stream, unsigned ready, void *arg)
{
    uint8_t buf[16];
    ssize_t n = s7_stream_read(stream, buf, sizeof buf);

    (void)ready;
    (void)arg;
    assert_true(n >= 0);
    if (n > 0)
        assert_int_equal(s7_stream_write(stream, buf, (size_t)n), n);
    else
        s7_stream_close(stream, S7_CLOSE_FIN);
}

static void adopt(struct end *end, unsigned ready)
{
    (void)ready;
    s7_stream_set_fn(end->stream, echo_and_close, NULL);
    end->stream = NULL;
}

static void ask_once(s7_stream *stream, unsigned ready, void *arg)
{
    struct crowd *crowd = arg;
    uint8_t ordinal = (uint8_t)s7_stream_ordinal(stream), back;

    if (ready == S7_READY_CONNECTED) {
        assert_int_equal(s7_stream_write(stream, &ordinal, 1), 1);
        return;
    }
    assert_int_equal(ready, S7_READY_READ);
    assert_int_equal(s7_stream_read(stream, &back, 1), 1);
    assert_int_equal(back, ordinal);
    s7_stream_close(stream, S7_CLOSE_FIN);
    if (++crowd->n_done == CROWD) {
        s7_listener_close(crowd->rig->listener);
        crowd->rig->listener = NULL;
        s7_timer_stop(&crowd->rig->guard);
    }
}

static void many_connections_are_served_and_the_run_ends_when_nothing_is_left(void **state)
{
    struct rig *rig = *state;
    struct crowd crowd = {.rig = rig};

    rig->on_accept = adopt;
    for (int i = 0; i < CROWD; i++) {
        s7_stream *stream;

        assert_int_equal(s7_loop_dial(rig->loop, "127.0.0.1", s7_listener_port(rig->listener), ask_once, &crowd,
                                      &stream),
                         S7_OK);
    }
    rig_run(rig);
    assert_int_equal(crowd.n_done, CROWD);
    assert_int_equal(rig->n_accepted, CROWD);
}

/* ---- turns and timers ---- */

struct alarm {
    s7_timer timer;
    struct rig *rig;
    int64_t at_ns;
    unsigned number, *next;
    unsigned n_fired;
};

static void on_alarm(s7_timer *timer, void *arg)
{
    struct alarm *alarm = arg;

    (void)timer;
    alarm->n_fired++;
    if (s7_loop_now_ns(alarm->rig->loop) < alarm->at_ns)
        fail_msg("timer %u is %lld ns early", alarm->number,
                 (long long)(alarm->at_ns - s7_loop_now_ns(alarm->rig->loop)));
    assert_int_equal(alarm->number, *alarm->next);
    if (++*alarm->next == 6)
        s7_loop_stop(alarm->rig->loop);
}

static void timers_fire_in_order_and_never_early(void **state)
{
    /* microseconds after now, in the order of arming; and the order in which they are due */
    static const int64_t after_us[] = {9000, 3000, 0, 3000, -50, 2999};
    static const unsigned due[] = {5, 3, 0, 4, 1, 2};
    struct rig *rig = *state;
    struct alarm alarms[6];
    unsigned next = 0;

    for (unsigned i = 0; i < 6; i++) {
        int64_t at_ns = s7_loop_now_ns(rig->loop) + after_us[i] * 1000;

        alarms[i] = (struct alarm){.rig = rig, .at_ns = at_ns, .number = due[i], .next = &next};
        s7_timer_init(&alarms[i].timer, on_alarm, &alarms[i]);
        s7_timer_set(rig->loop, &alarms[i].timer, at_ns);
    }
    rig_run(rig);
    for (unsigned i = 0; i < 6; i++)
        assert_int_equal(alarms[i].n_fired, 1);
}

struct turns {
    unsigned n_hooks, n_fired, n_fired_at_hook;
};

static void rearm_in_the_past(s7_timer *timer, void *arg)
{
    struct rig *rig = arg;

    s7_timer_set(rig->loop, timer, 0);
    if (++rig->n_accepted == 3) /* a counter that this test has no other use for */
        s7_loop_stop(rig->loop);
}

static void count_turns(s7_loop *loop, void *arg)
{
    (void)loop;
    ++*(unsigned *)arg;
}

static void a_timer_armed_by_itself_waits_for_the_next_turn(void **state)
{
    struct rig *rig = *state;
    s7_turn_hook hook;
    s7_timer timer;
    unsigned n_turns = 0;

    s7_turn_hook_add(rig->loop, &hook, count_turns, &n_turns);
    s7_timer_init(&timer, rearm_in_the_past, rig);
    s7_timer_set(rig->loop, &timer, s7_loop_now_ns(rig->loop));
    rig_run(rig);
    assert_int_equal(rig->n_accepted, 3);
    assert_true(n_turns >= 3);
    s7_timer_stop(&timer);
    s7_turn_hook_remove(&hook);
}

static void stop_in_hook(s7_loop *loop, void *arg)
{
    ++*(unsigned *)arg;
    s7_loop_stop(loop);
}

static void waking_takes_a_turn_though_nothing_is_ready(void **state)
{
    struct rig *rig = *state;
    s7_turn_hook hook;
    unsigned n_calls = 0;

    s7_turn_hook_add(rig->loop, &hook, stop_in_hook, &n_calls);
    s7_loop_wake(rig->loop);
    rig_run(rig);
    assert_int_equal(n_calls, 1);
    s7_turn_hook_remove(&hook);
}

static void a_stop_before_the_run_is_not_lost(void **state)
{
    struct rig *rig = *state;
    s7_turn_hook hook;
    unsigned n_calls = 0;

    s7_turn_hook_add(rig->loop, &hook, stop_in_hook, &n_calls);
    s7_loop_stop(rig->loop);
    rig_run(rig);
    assert_int_equal(n_calls, 0);
    s7_turn_hook_remove(&hook);
}

static void random_numbers_do_not_repeat(void **state)
{
    struct rig *rig = *state;
    uint64_t drawn[64];

    for (size_t i = 0; i < 64; i++) {
        drawn[i] = s7_loop_random(rig->loop);
        for (size_t j = 0; j < i; j++)
            assert_true(drawn[i] != drawn[j]);
    }
    assert_true(s7_loop_wall_ms(rig->loop) > INT64_C(1700000000000));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, open_rig, close_rig)

int contract_run(const char *name, contract_make_fn *make)
{
    static const struct CMUnitTest tests[] = {
        CASE(what_is_sent_is_echoed),
        CASE(a_dial_is_refused_where_nobody_listens),
        CASE(only_numeric_addresses_are_taken),
        CASE(a_port_is_given_once),
        CASE(who_listens_everywhere_is_reached_at_each_address),
        CASE(a_dial_may_be_closed_at_once),
        CASE(a_stream_may_be_closed_when_it_is_connected),
        CASE(an_accepted_stream_may_be_closed_at_once),
        CASE(a_listener_may_be_closed_by_its_own_function),
        CASE(the_end_of_the_peer_is_read_after_its_bytes),
        CASE(a_reset_is_an_error_that_stays),
        CASE(after_shutdown_the_other_direction_goes_on),
        CASE(writing_after_shutdown_is_misuse),
        CASE(closing_delivers_what_was_written_even_if_input_was_not_read),
        CASE(what_is_sent_to_a_closed_stream_comes_back_as_reset),
        CASE(who_wants_nothing_is_not_called),
        CASE(a_stream_closed_by_another_in_the_same_turn_is_not_called),
        CASE(a_want_dropped_by_another_in_the_same_turn_counts),
        CASE(a_want_added_by_another_loses_nothing_that_was_ready),
        CASE(a_stream_may_be_closed_in_its_own_function),
        CASE(streams_may_be_closed_in_a_hook),
        CASE(a_function_set_late_is_told_of_bytes_that_were_there_before),
        CASE(a_megabyte_arrives_byte_by_byte_at_a_reader_that_lets_the_writer_wait),
        CASE(many_connections_are_served_and_the_run_ends_when_nothing_is_left),
        CASE(timers_fire_in_order_and_never_early),
        CASE(a_timer_armed_by_itself_waits_for_the_next_turn),
        CASE(waking_takes_a_turn_though_nothing_is_ready),
        CASE(a_stop_before_the_run_is_not_lost),
        CASE(random_numbers_do_not_repeat),
    };

    make_loop = make;
    return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}
