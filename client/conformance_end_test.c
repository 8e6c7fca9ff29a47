/* Conformance of the end of a connection: what the peer sees on TCP, in virtual time. */
#include "client/conn.h"
#include "client/session_script.h"
#include "client/test_names.h"
#include "loop/loop_virtual.h"

/* A peer that confirms, grants, and notes what comes then. */
static struct {
    s7_loop *loop;
    s7_listener *listener;
    s7_stream *stream;
    size_t received; /* bytes: CR, setup, and all after them */
    ssize_t end;     /* how its stream ended: 0 FIN, -1 RST */
    bool ended;
    enum s7_close_how how; /* what it does about our end */
    s7_conn *conn;         /* ours */
    unsigned ups, ends;
    s7_status why;
} world;

#define CR_LEN    22
#define SETUP_LEN 25

static void answer(struct bytes bytes)
{
    assert_int_equal(s7_stream_write(world.stream, bytes.at, bytes.len), (ssize_t)bytes.len);
}

static void peer_ready(s7_stream *stream, unsigned ready, void *arg)
{
    uint8_t buf[256];
    ssize_t n = s7_stream_read(stream, buf, sizeof buf);

    (void)ready;
    (void)arg;
    if (n > 0) {
        world.received += (size_t)n;
        if (world.received == CR_LEN)
            answer(cc());
        else if (world.received == CR_LEN + SETUP_LEN)
            answer(setup_grants((uint16_t)(buf[11] << 8 | buf[12]), 1, 1, 240));
    } else if (n != S7_AGAIN) {
        world.end = n;
        world.ended = true;
        s7_stream_close(stream, world.how);
        world.stream = NULL;
    }
}

static void on_accept(s7_listener *listener, s7_stream *accepted, void *arg)
{
    (void)listener;
    (void)arg;
    world.stream = accepted;
    s7_stream_set_fn(accepted, peer_ready, NULL);
}

static void state_changed(s7_conn *conn, bool up, s7_status why, const s7_errinfo *err, void *arg)
{
    (void)conn;
    (void)err;
    (void)arg;
    world.ups += up;
    world.ends += !up;
    if (!up)
        world.why = why;
}

static void run_for(int64_t ms)
{
    s7_virtual_run_until(world.loop, s7_loop_now_ns(world.loop) + ms * MS);
}

static void world_up(enum s7_close_how how)
{
    memset(&world, 0, sizeof world);
    world.how = how;
    assert_int_equal(s7_loop_virtual_new(NULL, &world.loop), S7_OK);
    assert_int_equal(s7_loop_listen(world.loop, "127.0.0.1", 10102, on_accept, NULL, &world.listener, NULL),
                     S7_OK);
    assert_int_equal(s7_conn_new(world.loop, "127.0.0.1:10102", NULL, state_changed, NULL, &world.conn, NULL),
                     S7_OK);
    assert_int_equal(s7_conn_open(world.conn, NULL), S7_OK);
    run_for(100);
    assert_int_equal(world.ups, 1);
}

static void world_down(void)
{
    s7_conn_free(world.conn);
    s7_stream_close(world.stream, S7_CLOSE_FIN);
    s7_listener_close(world.listener);
    s7_loop_free(world.loop);
}

static void expect_fin_and_no_byte(s7_status why)
{
    assert_int_equal(world.received, CR_LEN + SETUP_LEN);
    assert_true(world.ended);
    assert_int_equal(world.end, 0);
    assert_int_equal(world.ends, 1);
    assert_int_equal(world.why, why);
}

/* how: what the peer does about our FIN. A 300 may reset. */
static const enum s7_close_how hows[] = {S7_CLOSE_FIN, S7_CLOSE_RST};

static void s7_175_a_client_that_closes_sends_fin_and_no_dr(void **unused)
{
    (void)unused;
    for (unsigned i = 0; i < 2; i++) {
        world_up(hows[i]);
        s7_conn_close(world.conn);
        run_for(100);
        expect_fin_and_no_byte(S7_E_CANCELLED);
        world_down();
    }
}

static void s7_175_a_fin_of_the_plc_is_answered_by_fin_and_no_dr(void **unused)
{
    (void)unused;
    for (unsigned i = 0; i < 2; i++) {
        world_up(hows[i]);
        s7_stream_shutdown(world.stream);
        run_for(100);
        expect_fin_and_no_byte(S7_E_CLOSED);
        world_down();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(s7_175_a_client_that_closes_sends_fin_and_no_dr),
        cmocka_unit_test(s7_175_a_fin_of_the_plc_is_answered_by_fin_and_no_dr),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "client.conformance_end");
}
