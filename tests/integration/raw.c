#include "raw.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void end(struct raw *raw, s7_status how)
{
    raw->over = true;
    raw->how = how;
}

static void on_raw(s7_stream *stream, unsigned ready, void *arg)
{
    struct raw *raw = arg;

    if (ready & S7_READY_FAILED) {
        end(raw, s7_stream_error(stream));
        return;
    }
    if (!(ready & S7_READY_READ) || raw->deaf)
        return;
    ssize_t n = s7_stream_read(stream, raw->got + raw->len, sizeof raw->got - raw->len);
    raw->last_ns = now_ns();
    if (n > 0)
        raw->len += (size_t)n;
    if (n == 0 || n == -1) {
        end(raw, n == 0 ? S7_OK : s7_stream_error(stream));
        s7_stream_want(stream, 0);
    }
}

void raw_dial(struct raw *raw)
{
    raw->len = 0;
    raw->deaf = raw->over = false;
    raw->how = S7_OK;
    assert_int_equal(
        s7_loop_dial(house.loop, "127.0.0.1", sim_server_port(house.server, 0), on_raw, raw, &raw->stream),
        S7_OK);
    run_for_ms(5);
}

void raw_send(struct raw *raw, const void *bytes, size_t len)
{
    assert_int_equal(s7_stream_write(raw->stream, bytes, len), len);
}

void raw_open(struct raw *raw)
{
    raw_dial(raw);
    SEND(raw, CR, SETUP);
    run_for_ms(5);
    assert_int_equal(raw->len, CC_LEN + SETUP_ANSWER_LEN);
    raw->len = 0;
}

void raw_close(struct raw *raw)
{
    s7_stream_close(raw->stream, S7_CLOSE_FIN);
}
