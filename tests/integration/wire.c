#include "wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define PATIENCE_NS INT64_C(10000000000)

static size_t from_hex(const char *hex, uint8_t *out, size_t cap)
{
    size_t n = 0;
    unsigned value;

    for (; *hex != '\0'; hex++) {
        if (*hex == ' ')
            continue;
        if (n == cap || sscanf(hex, "%2x", &value) != 1)
            fail_msg("the test's own hex is wrong at \"%.10s\"", hex);
        out[n++] = (uint8_t)value;
        hex++;
    }
    return n;
}

static void take(struct wire *wire)
{
    ssize_t n = s7_stream_read(wire->stream, wire->got + wire->len, sizeof wire->got - wire->len);

    if (n > 0) {
        wire->len += (size_t)n;
    } else if (n == 0 || n == -1) {
        wire->over = true;
        wire->why = n == 0 ? S7_OK : s7_stream_error(wire->stream);
        s7_stream_want(wire->stream, 0);
    }
}

static void on_ready(s7_stream *stream, unsigned ready, void *arg)
{
    struct wire *wire = arg;

    (void)stream;
    if (ready & S7_READY_CONNECTED)
        wire->connected = true;
    if (ready & S7_READY_READ)
        take(wire);
    s7_loop_stop(wire->house->loop);
}

static void on_patience(s7_timer *timer, void *arg)
{
    struct wire *wire = arg;

    (void)timer;
    wire->timed_out = true;
    s7_loop_stop(wire->house->loop);
}

/* Until it is connected, has so many bytes, or is over. */
static void wait_for(struct wire *wire, size_t len)
{
    s7_loop *loop = wire->house->loop;
    s7_timer patience;

    wire->timed_out = false;
    s7_timer_init(&patience, on_patience, wire);
    s7_timer_set(loop, &patience, s7_loop_now_ns(loop) + PATIENCE_NS);
    while (!(wire->connected && wire->len >= len) && !wire->over && !wire->timed_out)
        assert_int_equal(s7_loop_run(loop), S7_OK);
    s7_timer_stop(&patience);
}

void wire_open(struct wire *wire, struct house *house)
{
    *wire = (struct wire){.house = house};
    assert_int_equal(s7_loop_dial(house->loop, "127.0.0.1", sim_server_port(house->server, 0), on_ready, wire,
                                  &wire->stream),
                     S7_OK);
    wait_for(wire, 0);
    assert_true(wire->connected);
}

void wire_close(struct wire *wire, enum s7_close_how how)
{
    s7_stream_close(wire->stream, how);
    wire->stream = NULL;
}

/* Room may have to be waited for; what the PLC does not want any more is not sent. */
static void send_all(struct wire *wire, const uint8_t *bytes, size_t len)
{
    for (size_t at = 0; at < len && !wire->over;) {
        ssize_t n = s7_stream_write(wire->stream, bytes + at, len - at);
        if (n == -1)
            return;
        at += n > 0 ? (size_t)n : 0;
        if (at == len)
            break;
        s7_stream_want(wire->stream, S7_READY_READ | S7_READY_WRITE);
        assert_int_equal(s7_loop_run(wire->house->loop), S7_OK);
    }
    if (!wire->over)
        s7_stream_want(wire->stream, S7_READY_READ);
}

void wire_send(struct wire *wire, const char *hex)
{
    uint8_t bytes[WIRE_CAP];

    send_all(wire, bytes, from_hex(hex, bytes, sizeof bytes));
}

void wire_send_bytewise(struct wire *wire, const char *hex)
{
    uint8_t bytes[WIRE_CAP];
    size_t len = from_hex(hex, bytes, sizeof bytes);

    for (size_t i = 0; i < len; i++)
        send_all(wire, &bytes[i], 1);
}

void wire_expect(struct wire *wire, const char *hex)
{
    uint8_t bytes[WIRE_CAP];
    size_t len = from_hex(hex, bytes, sizeof bytes);

    wait_for(wire, len);
    if (wire->len < len || memcmp(wire->got, bytes, len) != 0) {
        for (size_t i = 0; i < wire->len; i++)
            print_error("%02x", wire->got[i]);
        fail_msg("expected %s", hex);
    }
    wire->len -= len;
    memmove(wire->got, wire->got + len, wire->len);
}

void wire_expect_end(struct wire *wire, s7_status why)
{
    wait_for(wire, sizeof wire->got);
    if (!wire->over || wire->len > 0 || wire->why != why)
        fail_msg("expected the end (%s), %s (%s) behind %zu bytes", s7_errname(why),
                 wire->over ? "it ended otherwise" : "it goes on", s7_errname(wire->why), wire->len);
}
