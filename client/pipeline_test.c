/* What several jobs in flight are worth, in virtual time: a PLC that takes exactly 1 ms for a job, over a
 * line with a fixed latency. Times are exact, so that they are compared as numbers. */
#include "client/conn.h"
#include "client/fake_plc.h"
#include "client/test_names.h"
#include "loop/loop_virtual.h"

#define SERVICE_NS MS
#define N_JOBS     96
#define JOB_LEN    200 /* bytes of an item: two do not share a PDU of 240 */
#define PLACES     64  /* answers on their way */

/* ---- a PLC that takes its time ---- */

static struct {
    s7_loop *loop;
    s7_stream *stream;
    struct fake_plc plc;
    bool one_by_one; /* serves a job after the one before; otherwise as many at once as come */
    s7_timer due;    /* the next answer is */
    struct {
        struct bytes answer;
        int64_t due_ns;
    } queue[PLACES];
    unsigned first, n;
    int64_t last_due_ns;
    struct bytes rx;
} slow;

static void send_due(s7_timer *timer, void *arg)
{
    (void)arg;
    while (slow.n > 0 && slow.queue[slow.first].due_ns <= s7_loop_now_ns(slow.loop)) {
        const struct bytes *answer = &slow.queue[slow.first].answer;

        assert_int_equal(s7_stream_write(slow.stream, answer->at, answer->len), answer->len);
        slow.first = (slow.first + 1) % PLACES;
        slow.n--;
    }
    if (slow.n > 0)
        s7_timer_set(slow.loop, timer, slow.queue[slow.first].due_ns);
}

/* Answers keep the order of the requests. The handshake costs nothing. */
static void serve(const uint8_t *frame, size_t len)
{
    unsigned jobs = slow.plc.jobs, at = (slow.first + slow.n++) % PLACES;
    int64_t begin_ns = s7_loop_now_ns(slow.loop);

    assert_true(slow.n <= PLACES);
    fake_plc_answer(&slow.plc, frame, len, &slow.queue[at].answer);
    if (slow.one_by_one && slow.last_due_ns > begin_ns)
        begin_ns = slow.last_due_ns;
    slow.last_due_ns = slow.queue[at].due_ns = begin_ns + (slow.plc.jobs > jobs ? SERVICE_NS : 0);
    if (!s7_timer_is_set(&slow.due))
        s7_timer_set(slow.loop, &slow.due, slow.last_due_ns);
}

static void on_ready(s7_stream *stream, unsigned ready, void *arg)
{
    (void)arg;
    if (!(ready & S7_READY_READ))
        return;
    ssize_t n = s7_stream_read(stream, slow.rx.at + slow.rx.len, sizeof slow.rx.at - slow.rx.len);
    slow.rx.len += n > 0 ? (size_t)n : 0;
    for (size_t len; (len = first_frame(slow.rx.at, slow.rx.len)) > 0;) {
        serve(slow.rx.at, len);
        slow.rx.len -= len;
        memmove(slow.rx.at, slow.rx.at + len, slow.rx.len);
    }
}

static void on_accept(s7_listener *listener, s7_stream *accepted, void *arg)
{
    (void)listener;
    (void)arg;
    slow.stream = accepted;
    s7_stream_set_fn(accepted, on_ready, NULL);
    s7_stream_want(accepted, S7_READY_READ);
}

/* ---- a client that reads a long list ---- */

static struct {
    s7_item items[N_JOBS];
    uint8_t data[N_JOBS * JOB_LEN];
    int64_t begun_ns, took_ns; /* took_ns -1: not done yet */
} list;

static void on_done(s7_conn *conn, s7_status status, const s7_errinfo *err, void *arg)
{
    (void)conn;
    (void)err;
    (void)arg;
    assert_int_equal(status, S7_OK);
    list.took_ns = s7_loop_now_ns(slow.loop) - list.begun_ns;
}

static void on_state(s7_conn *conn, bool up, s7_status why, const s7_errinfo *err, void *arg)
{
    (void)why;
    (void)err;
    (void)arg;
    if (!up)
        return;
    list.begun_ns = s7_loop_now_ns(slow.loop);
    for (unsigned i = 0; i < N_JOBS; i++)
        list.items[i] = bytes_item(S7_AREA_DB, i * JOB_LEN, JOB_LEN, list.data + (size_t)i * JOB_LEN);
    assert_int_equal(s7_conn_submit(conn, false, list.items, N_JOBS, 60000, on_done, NULL, NULL), S7_OK);
}

/* How long a list of N_JOBS jobs takes when the PLC grants so many in flight. */
static int64_t time_of(unsigned amq, int64_t latency_ns, bool one_by_one)
{
    struct s7_virtual_options options;
    s7_listener *listener;
    s7_conn *conn;

    s7_virtual_options_init(&options);
    options.latency_min_ns = options.latency_max_ns = latency_ns;
    memset(&slow, 0, sizeof slow);
    slow.one_by_one = one_by_one;
    fake_plc_init(&slow.plc, 240, amq);
    s7_timer_init(&slow.due, send_due, NULL);
    list.took_ns = -1;
    assert_int_equal(s7_loop_virtual_new(&options, &slow.loop), S7_OK);
    assert_int_equal(s7_loop_listen(slow.loop, "127.0.0.1", 10102, on_accept, NULL, &listener, NULL), S7_OK);
    assert_int_equal(s7_conn_new(slow.loop, "127.0.0.1:10102", NULL, on_state, NULL, &conn, NULL), S7_OK);
    assert_int_equal(s7_conn_open(conn, NULL), S7_OK);
    s7_virtual_run_until(slow.loop, 10000 * MS);
    assert_int_equal(slow.plc.jobs, N_JOBS);
    assert_memory_equal(list.data, slow.plc.db1, sizeof list.data);
    s7_conn_free(conn);
    s7_timer_stop(&slow.due);
    s7_stream_close(slow.stream, S7_CLOSE_FIN);
    s7_listener_close(listener);
    s7_loop_free(slow.loop);
    return list.took_ns;
}

static void expect_time(unsigned amq, int64_t latency_ns, bool one_by_one, int64_t expected_ns)
{
    int64_t took_ns = time_of(amq, latency_ns, one_by_one);

    if (took_ns != expected_ns)
        fail_msg("%u jobs, %u in flight, latency %lld us: took %lld us, expected %lld", N_JOBS, amq,
                 (long long)latency_ns / 1000, (long long)took_ns / 1000, (long long)expected_ns / 1000);
}

/* ---- the figures ---- */

static void eight_in_flight_are_eight_times_as_fast_where_the_plc_serves_them_together(void **state)
{
    static const int64_t latencies_ns[] = {0, MS / 10, 5 * MS};

    (void)state;
    for (unsigned i = 0; i < sizeof latencies_ns / sizeof latencies_ns[0]; i++) {
        int64_t latency_ns = latencies_ns[i], round_ns = SERVICE_NS + 2 * latency_ns;

        expect_time(1, latency_ns, false, N_JOBS * round_ns);
        expect_time(2, latency_ns, false, N_JOBS / 2 * round_ns);
        expect_time(8, latency_ns, false, N_JOBS / 8 * round_ns);
    }
}

static void eight_in_flight_hide_the_line_where_the_plc_serves_one_after_the_other(void **state)
{
    (void)state;
    expect_time(1, 5 * MS, true, N_JOBS * (SERVICE_NS + 10 * MS));
    expect_time(8, MS / 10, true, N_JOBS * SERVICE_NS + MS / 5);
    expect_time(8, 0, true, N_JOBS * SERVICE_NS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eight_in_flight_are_eight_times_as_fast_where_the_plc_serves_them_together),
        cmocka_unit_test(eight_in_flight_hide_the_line_where_the_plc_serves_one_after_the_other),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "client.pipeline");
}
