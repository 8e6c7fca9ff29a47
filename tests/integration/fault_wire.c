#include "fault_wire.h"

#include "loop/loop_ev.h"
#include "loop/loop_virtual.h"
#include "protocol/tpkt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct house rig_house;
struct raw raw;

int rig_open(void **state)
{
    s7_loop *loop;

    (void)state;
    assert_int_equal(s7_loop_virtual_new(NULL, &loop), S7_OK);
    house_open(&rig_house, loop, "generic");
    return 0;
}

int rig_open_real(void **state)
{
    s7_loop *loop;

    (void)state;
    assert_int_equal(s7_loop_ev_new(&loop), S7_OK);
    house_open(&rig_house, loop, "generic");
    return 0;
}

int rig_close(void **state)
{
    (void)state;
    house_close(&rig_house);
    return 0;
}

void rig_arm(uint64_t id, const char *name, const char *args)
{
    struct plant_error error;

    if (sim_server_fault_arm(rig_house.server, 0, id, name, args, &error) != S7_OK)
        fail_msg("%s", error.text);
}

void rig_drop(uint64_t id)
{
    sim_server_fault_drop(rig_house.server, id);
}

struct sim_fault_state rig_state(uint64_t id)
{
    struct sim_fault_state state;

    assert_true(sim_server_fault_state(rig_house.server, id, &state));
    return state;
}

struct sim_plc_stats rig_stats(void)
{
    struct sim_plc_stats stats;

    sim_server_plc_stats(rig_house.server, 0, &stats);
    return stats;
}

int64_t rig_now_ns(void)
{
    return s7_loop_now_ns(rig_house.loop);
}

void rig_run_ms(int64_t ms)
{
    int64_t until_ns = rig_now_ns() + ms * HOUSE_NS_PER_MS;

    while (rig_now_ns() < until_ns)
        s7_virtual_run_until(rig_house.loop, until_ns); /* comes back early when a guest was answered */
}

s7_status rig_read(struct guest *guest, uint32_t timeout_ms)
{
    uint8_t got[4] = {0};
    s7_item item = house_item(1, 0, got, sizeof got);

    guest_begin(guest, false, &item, 1, timeout_ms);
    return guest_finish(guest);
}

/* ---- raw connections ---- */

static void end(struct raw *peer, s7_status how)
{
    peer->over = true;
    peer->how = how;
    peer->os_errno = s7_stream_errno(peer->stream);
    peer->over_ns = rig_now_ns();
    s7_stream_want(peer->stream, 0);
}

static void on_raw(s7_stream *stream, unsigned ready, void *arg)
{
    struct raw *peer = arg;

    if (ready & S7_READY_CONNECTED) {
        peer->connected = true;
        peer->connected_ns = rig_now_ns();
    }
    if (ready & S7_READY_FAILED)
        end(peer, s7_stream_error(stream));
    if (!(ready & S7_READY_READ) || peer->over)
        return;
    ssize_t n = s7_stream_read(stream, peer->got + peer->len, sizeof peer->got - peer->len);
    if (n > 0 && peer->n_segments < RAW_SEGMENTS) {
        peer->segments[peer->n_segments].len = (size_t)n;
        peer->segments[peer->n_segments++].at_ns = rig_now_ns();
    }
    if (n > 0)
        peer->len += (size_t)n;
    else if (n != S7_AGAIN)
        end(peer, n == 0 ? S7_OK : s7_stream_error(stream));
}

void raw_dial(struct raw *peer)
{
    memset(peer, 0, sizeof *peer);
    assert_int_equal(s7_loop_dial(rig_house.loop, "127.0.0.1", sim_server_port(rig_house.server, 0), on_raw,
                                  peer, &peer->stream),
                     S7_OK);
}

void raw_send(struct raw *peer, const uint8_t *bytes, size_t len)
{
    assert_int_equal(s7_stream_write(peer->stream, bytes, len), len);
}

void raw_forget(struct raw *peer)
{
    peer->len = peer->n_segments = 0;
}

void raw_open(struct raw *peer)
{
    raw_dial(peer);
    rig_run_ms(5);
    RAW_SEND(peer, CR, SETUP);
    rig_run_ms(5);
    assert_int_equal(peer->len, CC_LEN + 27);
    raw_forget(peer);
}

void raw_close(struct raw *peer)
{
    s7_stream_close(peer->stream, S7_CLOSE_FIN);
}

int rig_open_raw(void **state)
{
    rig_open(state);
    raw_open(&raw);
    return 0;
}

int rig_close_raw(void **state)
{
    raw_close(&raw);
    return rig_close(state);
}

static void hex(char *text, size_t cap, const uint8_t *bytes, size_t len)
{
    text[0] = '\0';
    for (size_t i = 0; i < len && 3 * i + 4 < cap; i++)
        snprintf(text + 3 * i, cap - 3 * i, "%02x ", bytes[i]);
}

void raw_expect(struct raw *peer, const uint8_t *bytes, size_t len)
{
    static char wanted[2048], got[2048];

    if (peer->len != len || memcmp(peer->got, bytes, len) != 0) {
        hex(wanted, sizeof wanted, bytes, len);
        hex(got, sizeof got, peer->got, peer->len);
        fail_msg("\n  expected %s\n  got      %s", wanted, got);
    }
    raw_forget(peer);
}

const uint8_t *raw_frame(const struct raw *peer, size_t *at, size_t *len)
{
    const uint8_t *frame = peer->got + *at;

    if (s7_tpkt_peek(frame, peer->len - *at, S7_TPKT_MAX_LEN, len) != S7_OK)
        fail_msg("no whole frame at byte %zu of %zu", *at, peer->len);
    *at += *len;
    return frame;
}
