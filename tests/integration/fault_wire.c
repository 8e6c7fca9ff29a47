#include "fault_wire.h"

#include "loop/loop_virtual.h"
#include "protocol/tpkt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct house rig_house;

int rig_open(void **state)
{
    s7_loop *loop;

    (void)state;
    assert_int_equal(s7_loop_virtual_new(NULL, &loop), S7_OK);
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

static void end(struct raw *raw, s7_status how)
{
    raw->over = true;
    raw->how = how;
    raw->os_errno = s7_stream_errno(raw->stream);
    raw->over_ns = rig_now_ns();
    s7_stream_want(raw->stream, 0);
}

static void on_raw(s7_stream *stream, unsigned ready, void *arg)
{
    struct raw *raw = arg;

    if (ready & S7_READY_CONNECTED) {
        raw->connected = true;
        raw->connected_ns = rig_now_ns();
    }
    if (ready & S7_READY_FAILED)
        end(raw, s7_stream_error(stream));
    if (!(ready & S7_READY_READ) || raw->over)
        return;
    ssize_t n = s7_stream_read(stream, raw->got + raw->len, sizeof raw->got - raw->len);
    if (n > 0 && raw->n_segments < RAW_SEGMENTS) {
        raw->segments[raw->n_segments].len = (size_t)n;
        raw->segments[raw->n_segments++].at_ns = rig_now_ns();
    }
    if (n > 0)
        raw->len += (size_t)n;
    else if (n != S7_AGAIN)
        end(raw, n == 0 ? S7_OK : s7_stream_error(stream));
}

void raw_dial(struct raw *raw)
{
    memset(raw, 0, sizeof *raw);
    assert_int_equal(s7_loop_dial(rig_house.loop, "127.0.0.1", sim_server_port(rig_house.server, 0), on_raw,
                                  raw, &raw->stream),
                     S7_OK);
}

void raw_send(struct raw *raw, const uint8_t *bytes, size_t len)
{
    assert_int_equal(s7_stream_write(raw->stream, bytes, len), len);
}

void raw_forget(struct raw *raw)
{
    raw->len = raw->n_segments = 0;
}

void raw_open(struct raw *raw)
{
    raw_dial(raw);
    rig_run_ms(5);
    RAW_SEND(raw, CR, SETUP);
    rig_run_ms(5);
    assert_int_equal(raw->len, CC_LEN + 27);
    raw_forget(raw);
}

void raw_close(struct raw *raw)
{
    s7_stream_close(raw->stream, S7_CLOSE_FIN);
}

static void hex(char *text, size_t cap, const uint8_t *bytes, size_t len)
{
    text[0] = '\0';
    for (size_t i = 0; i < len && 3 * i + 4 < cap; i++)
        snprintf(text + 3 * i, cap - 3 * i, "%02x ", bytes[i]);
}

void raw_expect(struct raw *raw, const uint8_t *bytes, size_t len)
{
    static char wanted[2048], got[2048];

    if (raw->len != len || memcmp(raw->got, bytes, len) != 0) {
        hex(wanted, sizeof wanted, bytes, len);
        hex(got, sizeof got, raw->got, raw->len);
        fail_msg("\n  expected %s\n  got      %s", wanted, got);
    }
    raw_forget(raw);
}

const uint8_t *raw_frame(const struct raw *raw, size_t *at, size_t *len)
{
    const uint8_t *frame = raw->got + *at;

    if (s7_tpkt_peek(frame, raw->len - *at, S7_TPKT_MAX_LEN, len) != S7_OK)
        fail_msg("no whole frame at byte %zu of %zu", *at, raw->len);
    *at += *len;
    return frame;
}
