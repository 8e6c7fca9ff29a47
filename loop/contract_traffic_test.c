#include "loop/contract_rig.h"
#include "loop/contract_test.h"

/* ---- wants ---- */

/* Two connections more, from `clients` to `servers`. */
static void connect_two(struct rig *rig, struct end *clients, struct end *servers)
{
    for (int i = 0; i < 2; i++)
        rig_connect_apart(rig, &clients[i], &servers[i]);
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
        rig_exchange(rig, &rig->client);
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

static void let_the_other_only_write(struct end *end, unsigned ready)
{
    struct end *other = pair[end == pair[0]];

    (void)ready;
    if (other->n_calls == 0)
        s7_stream_want(other->stream, S7_READY_WRITE);
    if (end->n_calls + other->n_calls == 2)
        s7_loop_stop(end->rig->loop);
    s7_stream_want(end->stream, 0);
}

static void rouse_the_other(struct end *end, unsigned ready)
{
    (void)ready;
    s7_stream_want(pair[end == pair[0]]->stream, S7_READY_READ | S7_READY_WRITE);
    s7_stream_want(end->stream, 0);
    s7_loop_stop(end->rig->loop);
}

/* Both servers have a byte to read in the same turn; the first to be called does `then`. */
static void ready_together(struct rig *rig, struct end *clients, struct end *servers, unsigned wants,
                           end_fn *then)
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
    rig_exchange(rig, &rig->client);
    for (int i = 0; i < 2; i++)
        s7_stream_want(servers[i].stream, wants);
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

    ready_together(*state, clients, servers, S7_READY_READ, close_the_other);
    assert_int_equal(servers[0].n_calls + servers[1].n_calls, 1);
    close_all(clients, servers);
}

static void a_want_dropped_by_another_in_the_same_turn_counts(void **state)
{
    struct end clients[2], servers[2];

    ready_together(*state, clients, servers, S7_READY_READ, silence_the_other);
    assert_int_equal(servers[0].n_calls + servers[1].n_calls, 1);
    close_all(clients, servers);
}

static void of_two_wants_the_one_dropped_in_the_same_turn_is_not_reported(void **state)
{
    struct end clients[2], servers[2];

    ready_together(*state, clients, servers, S7_READY_READ | S7_READY_WRITE, let_the_other_only_write);
    assert_int_equal(servers[0].seen | servers[1].seen, S7_READY_READ | S7_READY_WRITE);
    if (servers[0].got_len + servers[1].got_len != 1)
        fail_msg("the one that only wanted to write was told to read");
    close_all(clients, servers);
}

static void a_want_added_by_another_loses_nothing_that_was_ready(void **state)
{
    struct rig *rig = *state;
    struct end clients[2], servers[2];

    ready_together(rig, clients, servers, S7_READY_READ, rouse_the_other);
    assert_int_equal(servers[0].n_calls + servers[1].n_calls,
                     2); /* in one turn: the first stopped the loop */
    assert_got(&servers[0], "x");
    assert_got(&servers[1], "x");
    close_all(clients, servers);
}

static void a_stream_may_be_closed_in_its_own_function(void **state)
{
    struct rig *rig = *state;

    rig_connect(rig);
    rig->server.then = then_close;
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
    rig_exchange(rig, &rig->client);

    struct end late = {.rig = rig, .reads = true, .then = then_stop};
    end_attach(&late, quiet);
    rig_run(rig);
    assert_got(&late, "early");
    end_close(&late, S7_CLOSE_FIN);
    end_close(&first, S7_CLOSE_FIN);
}

/* ---- much ---- */

#define BULK_LEN    ((size_t)1 << 20)
#define BULK_PERIOD ((size_t)999983) /* a prime: no block of any size falls on the same bytes twice */
#define WRITE_LEN   ((size_t)5000)
#define READ_LEN    ((size_t)3000)

struct bulk {
    struct rig *rig;
    size_t sent_len, got_len;
};

static uint8_t bulk_bytes[BULK_PERIOD + WRITE_LEN];

/* A megabyte, or as much more as it takes until the writer has to wait. Only then does the reader begin. */
static void write_bulk(s7_stream *stream, unsigned ready, void *arg)
{
    struct bulk *bulk = arg;
    ssize_t n;

    assert_int_equal(ready, S7_READY_WRITE);
    /* To the last byte that fits: a kernel with little space left does not call that writable. */
    while ((n = s7_stream_write(stream, bulk_bytes + bulk->sent_len % BULK_PERIOD, WRITE_LEN)) > 0)
        bulk->sent_len += (size_t)n;
    assert_int_equal(n, S7_AGAIN);
    s7_stream_want(bulk->rig->server.stream, S7_READY_READ);
    if (bulk->sent_len >= BULK_LEN)
        s7_stream_shutdown(stream);
}

static void read_bulk(s7_stream *stream, unsigned ready, void *arg)
{
    struct bulk *bulk = arg;
    uint8_t buf[READ_LEN];
    ssize_t n = s7_stream_read(stream, buf, sizeof buf);

    assert_int_equal(ready, S7_READY_READ);
    assert_true(n >= 0); /* no error, and never called for nothing */
    if (memcmp(buf, bulk_bytes + bulk->got_len % BULK_PERIOD, (size_t)n) != 0)
        fail_msg("%zd bytes from %zu are not those that were sent", n, bulk->got_len);
    bulk->got_len += (size_t)n;
    if (n == 0)
        s7_loop_stop(bulk->rig->loop);
}

static void a_megabyte_arrives_byte_by_byte_at_a_reader_that_lets_the_writer_wait(void **state)
{
    struct rig *rig = *state;
    struct bulk bulk = {.rig = rig};

    for (size_t i = 0; i < sizeof bulk_bytes; i++)
        bulk_bytes[i] = (uint8_t)((i % BULK_PERIOD * 2654435761U) >> 13);
    rig_connect(rig);
    s7_stream_set_fn(rig->client.stream, write_bulk, &bulk);
    s7_stream_set_fn(rig->server.stream, read_bulk, &bulk);
    s7_stream_want(rig->server.stream, 0);
    s7_stream_want(rig->client.stream, S7_READY_WRITE);
    rig_run(rig);
    assert_true(bulk.sent_len >= BULK_LEN);
    assert_int_equal(bulk.got_len, bulk.sent_len);
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

        assert_int_equal(
            s7_loop_dial(rig->loop, "127.0.0.1", s7_listener_port(rig->listener), ask_once, &crowd, &stream),
            S7_OK);
    }
    rig_run(rig);
    assert_int_equal(crowd.n_done, CROWD);
    assert_int_equal(rig->n_accepted, CROWD);
}

int contract_run_traffic(const char *name)
{
    static const struct CMUnitTest tests[] = {
        RIG_TEST(who_wants_nothing_is_not_called),
        RIG_TEST(a_stream_closed_by_another_in_the_same_turn_is_not_called),
        RIG_TEST(a_want_dropped_by_another_in_the_same_turn_counts),
        RIG_TEST(of_two_wants_the_one_dropped_in_the_same_turn_is_not_reported),
        RIG_TEST(a_want_added_by_another_loses_nothing_that_was_ready),
        RIG_TEST(a_stream_may_be_closed_in_its_own_function),
        RIG_TEST(streams_may_be_closed_in_a_hook),
        RIG_TEST(a_function_set_late_is_told_of_bytes_that_were_there_before),
        RIG_TEST(a_megabyte_arrives_byte_by_byte_at_a_reader_that_lets_the_writer_wait),
        RIG_TEST(many_connections_are_served_and_the_run_ends_when_nothing_is_left),
    };

    return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}
