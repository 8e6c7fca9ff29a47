#include "loop/contract_rig.h"

#include <stdlib.h>

#define GUARD_NS INT64_C(30000000000)

static void on_guard(s7_timer *timer, void *arg)
{
    struct rig *rig = arg;

    (void)timer;
    rig->guard_fired = true;
    s7_loop_stop(rig->loop);
}

static void end_read(struct end *end)
{
    ssize_t n = s7_stream_read(end->stream, end->got + end->got_len, END_CAP - end->got_len);

    if (n > 0)
        end->got_len += (size_t)n;
    else if (n == 0)
        end->ended = true;
    else if (n == -1)
        end->error = s7_stream_error(end->stream);
    if (end->ended || end->error != S7_OK)
        s7_stream_want(end->stream, 0);
}

static void on_end(s7_stream *stream, unsigned ready, void *arg)
{
    struct end *end = arg;

    assert_ptr_equal(stream, end->stream);
    end->n_calls++;
    end->seen |= ready;
    if (ready & S7_READY_FAILED)
        end->error = s7_stream_error(stream);
    if ((ready & S7_READY_READ) && end->reads)
        end_read(end);
    end->then(end, ready);
}

static void on_accept(s7_listener *listener, s7_stream *accepted, void *arg)
{
    struct rig *rig = arg;

    assert_ptr_equal(listener, rig->listener);
    rig->n_accepted++;
    if (rig->on_accept != NULL) {
        rig->server.stream = accepted;
        rig->on_accept(&rig->server, 0);
        return;
    }
    end_attach(&rig->server, accepted);
}

static void end_init(struct rig *rig, struct end *end)
{
    *end = (struct end){.rig = rig, .reads = true, .then = then_nothing};
}

void rig_open(struct rig *rig, s7_loop *loop)
{
    *rig = (struct rig){.loop = loop};
    end_init(rig, &rig->client);
    end_init(rig, &rig->server);
    assert_int_equal(s7_loop_listen(loop, "127.0.0.1", 0, on_accept, rig, &rig->listener, NULL), S7_OK);
    s7_timer_init(&rig->guard, on_guard, rig);
    s7_timer_set(loop, &rig->guard, s7_loop_now_ns(loop) + GUARD_NS);
}

s7_status (*rig_make_loop)(s7_loop **out);
s7_status (*rig_run_loop)(s7_loop *loop) = s7_loop_run;
void (*rig_free_loop)(s7_loop *loop) = s7_loop_free;

int rig_setup(void **state)
{
    struct rig *rig = malloc(sizeof *rig);
    s7_loop *loop;

    assert_non_null(rig);
    assert_int_equal(rig_make_loop(&loop), S7_OK);
    rig_open(rig, loop);
    *state = rig;
    return 0;
}

int rig_teardown(void **state)
{
    rig_close(*state);
    free(*state);
    return 0;
}

void rig_close(struct rig *rig)
{
    s7_stream_close(rig->client.stream, S7_CLOSE_RST);
    s7_stream_close(rig->server.stream, S7_CLOSE_RST);
    s7_listener_close(rig->listener);
    s7_timer_stop(&rig->guard);
    rig_free_loop(rig->loop);
}

void rig_run(struct rig *rig)
{
    assert_int_equal(rig_run_loop(rig->loop), S7_OK);
    if (rig->guard_fired)
        fail_msg("nothing stopped the loop for 30 s; client: %u calls, seen %x, got %zu bytes, ended %d, %d; "
                 "server: %u calls, seen %x, got %zu bytes, ended %d, %d",
                 rig->client.n_calls, rig->client.seen, rig->client.got_len, rig->client.ended,
                 (int)rig->client.error, rig->server.n_calls, rig->server.seen, rig->server.got_len,
                 rig->server.ended, (int)rig->server.error);
}

void rig_dial(struct rig *rig, struct end *end)
{
    end->rig = rig;
    assert_int_equal(
        s7_loop_dial(rig->loop, "127.0.0.1", s7_listener_port(rig->listener), on_end, end, &end->stream),
        S7_OK);
}

static void stop_when_both_up(s7_loop *loop, void *arg)
{
    struct rig *rig = arg;

    if (rig->server.stream != NULL && (rig->client.seen & S7_READY_CONNECTED))
        s7_loop_stop(loop);
}

void rig_connect(struct rig *rig)
{
    s7_turn_hook hook;

    rig_dial(rig, &rig->client);
    s7_turn_hook_add(rig->loop, &hook, stop_when_both_up, rig);
    rig_run(rig);
    s7_turn_hook_remove(&hook);
    assert_int_equal(rig->client.seen, S7_READY_CONNECTED);
    assert_int_equal(rig->client.n_calls, 1);
}

void rig_connect_apart(struct rig *rig, struct end *client, struct end *server)
{
    rig_connect(rig);
    *client = rig->client;
    *server = rig->server;
    end_attach(client, client->stream);
    end_attach(server, server->stream);
    end_init(rig, &rig->client);
    end_init(rig, &rig->server);
}

void rig_exchange(struct rig *rig, struct end *with)
{
    static const char ping[] = "hello";

    with->got_len = 0;
    with->then = then_stop_at_five;
    end_send(with, ping);
    rig_run(rig);
    with->then = then_nothing;
}

void end_send(struct end *end, const char *text)
{
    assert_int_equal(s7_stream_write(end->stream, (const uint8_t *)text, strlen(text)), strlen(text));
}

void end_close(struct end *end, enum s7_close_how how)
{
    s7_stream_close(end->stream, how);
    end->stream = NULL;
}

void end_attach(struct end *end, s7_stream *stream)
{
    end->stream = stream;
    s7_stream_set_fn(stream, on_end, end);
}

void then_stop(struct end *end, unsigned ready)
{
    (void)ready;
    s7_loop_stop(end->rig->loop);
}

void then_stop_at_five(struct end *end, unsigned ready)
{
    (void)ready;
    if (end->got_len == 5)
        s7_loop_stop(end->rig->loop);
}

void then_stop_when_over(struct end *end, unsigned ready)
{
    (void)ready;
    if (end->ended || end->error != S7_OK)
        s7_loop_stop(end->rig->loop);
}

void then_echo(struct end *end, unsigned ready)
{
    (void)ready;
    if (end->got_len > 0)
        assert_int_equal(s7_stream_write(end->stream, end->got, end->got_len), end->got_len);
    end->got_len = 0;
}

void then_close(struct end *end, unsigned ready)
{
    (void)ready;
    end_close(end, S7_CLOSE_FIN);
}

void then_nothing(struct end *end, unsigned ready)
{
    (void)end;
    (void)ready;
}
