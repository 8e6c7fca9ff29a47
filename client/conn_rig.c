#include "client/conn_rig.h"

struct world world;

void peer_flush(struct peer *peer)
{
    ssize_t n = peer->tx.len > 0 ? s7_stream_write(peer->stream, peer->tx.at, peer->tx.len) : 0;

    if (n > 0) {
        peer->tx.len -= (size_t)n;
        memmove(peer->tx.at, peer->tx.at + n, peer->tx.len);
    }
    s7_stream_want(peer->stream, S7_READY_READ | (peer->tx.len > 0 ? (unsigned)S7_READY_WRITE : 0U));
}

void peer_close(struct peer *peer, enum s7_close_how how)
{
    s7_stream_close(peer->stream, how);
    peer->stream = NULL;
}

static void keep(const struct bytes *answer)
{
    assert_true(world.n_kept < WORLD_KEPT_MAX);
    world.kept[world.n_kept++] = *answer;
    if (world.n_kept > world.most_kept)
        world.most_kept = world.n_kept;
}

void peer_deliver(unsigned which)
{
    assert_true(which < world.n_kept);
    append(&world.peer.tx, &world.kept[which]);
    memmove(&world.kept[which], &world.kept[which + 1], (--world.n_kept - which) * sizeof world.kept[0]);
    peer_flush(&world.peer);
}

static void append_told(struct peer *peer)
{
    append(&peer->tx, &world.plc.push.told);
    world.plc.push.told.len = 0;
}

void peer_cycle(void)
{
    fake_cycle(&world.plc.push, &world.plc);
    append_told(&world.peer);
    peer_flush(&world.peer);
}

void peer_tell(const struct bytes *frames)
{
    append(&world.peer.tx, frames);
    peer_flush(&world.peer);
}

static void peer_frame(struct peer *peer, const uint8_t *frame, size_t len)
{
    struct bytes answer;
    enum act act = peer->frames++ == world.act_frame ? world.act : ANSWER;

    fake_plc_act(&world.plc, act, frame, len, &answer);
    if (act == FIN || act == RST)
        peer_close(peer, act == RST ? S7_CLOSE_RST : S7_CLOSE_FIN);
    else if (act == HOLD)
        world.held = answer;
    else if (world.keeps && peer->frames > 2)
        keep(&answer);
    else if (act != SILENT) {
        append(&peer->tx, &answer);
        append_told(peer);
    }
}

static void peer_ready(s7_stream *stream, unsigned ready, void *arg)
{
    struct peer *peer = arg;
    size_t at = 0;

    if (ready & S7_READY_READ) {
        ssize_t n = s7_stream_read(stream, peer->rx + peer->rx_len, sizeof peer->rx - peer->rx_len);

        if (n == 0 || n == -1) {
            peer_close(peer, S7_CLOSE_FIN);
            return;
        }
        if (n > 0)
            peer->rx_len += (size_t)n;
    }
    for (size_t len; (len = first_frame(peer->rx + at, peer->rx_len - at)) > 0; at += len) {
        peer_frame(peer, peer->rx + at, len);
        if (peer->stream == NULL)
            return;
    }
    peer->rx_len -= at;
    memmove(peer->rx, peer->rx + at, peer->rx_len);
    peer_flush(peer);
}

static void on_accept(s7_listener *listener, s7_stream *accepted, void *arg)
{
    (void)listener;
    (void)arg;
    if (world.peer.stream != NULL)
        peer_close(&world.peer, S7_CLOSE_RST);
    world.peer = (struct peer){.stream = accepted};
    world.accepted++;
    fake_push_connection(&world.plc.push);
    s7_stream_set_fn(accepted, peer_ready, &world.peer);
}

void world_up(const struct s7_virtual_options *options)
{
    assert_int_equal(s7_loop_virtual_new(options, &world.loop), S7_OK);
    assert_int_equal(s7_loop_listen(world.loop, "127.0.0.1", 10102, on_accept, NULL, &world.listener, NULL),
                     S7_OK);
    fake_plc_init(&world.plc, 240, 4);
    world.act = ANSWER;
    world.act_frame = 0;
    world.held.len = 0;
    world.accepted = 0;
    world.keeps = false;
    world.n_kept = world.most_kept = 0;
    world.peer = (struct peer){.stream = NULL};
}

void world_down(void)
{
    s7_stream_close(world.peer.stream, S7_CLOSE_FIN);
    s7_listener_close(world.listener);
    s7_loop_free(world.loop);
}

void run_for(int64_t ms)
{
    s7_virtual_run_until(world.loop, s7_loop_now_ns(world.loop) + ms * MS);
}
