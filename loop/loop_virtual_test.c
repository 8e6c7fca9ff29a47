/* Time, determinism and the making of virtual loops; levers are tested in virtual_levers_test.c. */
#include "loop/loop_virtual.h"

#include "loop/contract_rig.h"
#include "loop/contract_test.h"

#include <stdlib.h>

#define MS INT64_C(1000000)

/* ---- kinds of networks ---- */

static struct s7_virtual_options options;

static s7_status make(s7_loop **out)
{
    return s7_loop_virtual_new(&options, out);
}

static void set_latency(int64_t min_ns, int64_t max_ns)
{
    s7_virtual_options_init(&options);
    options.latency_min_ns = min_ns;
    options.latency_max_ns = max_ns;
}

static int contract_over_every_kind_of_network(void)
{
    int n_failed = 0;

    s7_virtual_options_init(&options);
    n_failed += contract_run("contract over loop_virtual", make);
    options.split = true;
    n_failed += contract_run("contract over loop_virtual, split", make);
    set_latency(0, 0);
    n_failed += contract_run("contract over loop_virtual, no latency", make);
    options.split = true;
    options.buffer_len = 2000;
    n_failed += contract_run("contract over loop_virtual, split, no latency, buffers of 2000 bytes", make);
    set_latency(1, 500 * MS);
    options.seed = 77;
    n_failed += contract_run("contract over loop_virtual, latency up to half a second", make);
    s7_virtual_options_init(&options);
    return n_failed;
}

static void options_out_of_range_are_refused(void **state)
{
    s7_loop *loop = NULL;

    (void)state;
    set_latency(-1, 5);
    assert_int_equal(make(&loop), S7_E_ARG);
    set_latency(6, 5);
    assert_int_equal(make(&loop), S7_E_ARG);
    s7_virtual_options_init(&options);
    options.buffer_len = 0;
    assert_int_equal(make(&loop), S7_E_ARG);
    s7_virtual_options_init(&options);
    options.struct_size = 4;
    assert_int_equal(make(&loop), S7_E_ARG);
    assert_null(loop);
    s7_virtual_options_init(&options);
}

/* ---- time ---- */

struct times {
    struct rig *rig;
    int64_t connected_ns, accepted_ns, read_ns, answered_ns;
};

static struct times times;

static int64_t now(const struct end *end)
{
    return s7_loop_now_ns(end->rig->loop);
}

static void note_client(struct end *end, unsigned ready)
{
    if (ready == S7_READY_CONNECTED) {
        times.connected_ns = now(end);
        end_send(end, "question");
        return;
    }
    times.answered_ns = now(end);
    s7_loop_stop(end->rig->loop);
}

static void note_server(struct end *end, unsigned ready)
{
    times.read_ns = now(end);
    then_echo(end, ready);
}

static void note_accept(struct end *end, unsigned ready)
{
    (void)ready;
    times.accepted_ns = now(end);
    end_attach(end, end->stream);
}

static void every_way_takes_exactly_its_latency(void **state)
{
    struct rig rig;
    s7_loop *loop;

    (void)state;
    set_latency(3 * MS + 1, 3 * MS + 1);
    assert_int_equal(make(&loop), S7_OK);
    rig_open(&rig, loop);
    rig.on_accept = note_accept;
    rig.client.then = note_client;
    rig.server.then = note_server;
    rig_dial(&rig, &rig.client);
    rig_run(&rig);
    assert_true(times.connected_ns == 2 * (3 * MS + 1));
    assert_true(times.accepted_ns == 3 * (3 * MS + 1));
    assert_true(times.read_ns == 3 * (3 * MS + 1));
    assert_true(times.answered_ns == 4 * (3 * MS + 1));
    assert_true(s7_loop_wall_ms(loop) == options.start_wall_ms + 12);
    rig_close(&rig);
    s7_virtual_options_init(&options);
}

#define N_SENDS 300

struct stamps {
    struct rig *rig;
    s7_timer timer;
    unsigned n_sent, n_got;
    int64_t sent_ns[N_SENDS], got_ns[N_SENDS];
};

static void send_stamp(s7_timer *timer, void *arg)
{
    struct stamps *stamps = arg;
    uint8_t number = (uint8_t)stamps->n_sent;

    stamps->sent_ns[stamps->n_sent++] = s7_loop_now_ns(stamps->rig->loop);
    assert_int_equal(s7_stream_write(stamps->rig->client.stream, &number, 1), 1);
    if (stamps->n_sent < N_SENDS)
        s7_timer_set(stamps->rig->loop, timer, s7_loop_now_ns(stamps->rig->loop) + 10 * MS);
}

static void read_stamps(s7_stream *stream, unsigned ready, void *arg)
{
    struct stamps *stamps = arg;
    uint8_t numbers[N_SENDS];
    ssize_t n = s7_stream_read(stream, numbers, sizeof numbers);

    (void)ready;
    for (ssize_t i = 0; i < n; i++) {
        assert_int_equal(numbers[i], (uint8_t)stamps->n_got);
        stamps->got_ns[stamps->n_got++] = s7_loop_now_ns(stamps->rig->loop);
    }
    if (stamps->n_got == N_SENDS)
        s7_loop_stop(stamps->rig->loop);
}

/* Latencies up to 10 times the pause between sends: later segments would overtake if they could. */
static void segments_keep_their_order_and_are_as_late_as_drawn_or_as_the_one_before(void **state)
{
    struct stamps stamps = {.rig = *state};
    unsigned n_queued = 0;

    rig_connect(stamps.rig);
    s7_virtual_set_latency(stamps.rig->client.stream, 5 * MS, 100 * MS);
    s7_stream_set_fn(stamps.rig->server.stream, read_stamps, &stamps);
    s7_timer_init(&stamps.timer, send_stamp, &stamps);
    s7_timer_set(stamps.rig->loop, &stamps.timer, 0);
    rig_run(stamps.rig);
    for (unsigned i = 0; i < N_SENDS; i++) {
        int64_t took_ns = stamps.got_ns[i] - stamps.sent_ns[i];

        if (took_ns < 5 * MS || took_ns > 100 * MS)
            fail_msg("segment %u took %lld ns", i, (long long)took_ns);
        if (i > 0 && stamps.got_ns[i] == stamps.got_ns[i - 1])
            n_queued++;
    }
    assert_in_range(n_queued, 50, N_SENDS - 20);
}

static void a_run_ends_when_only_idle_streams_are_left(void **state)
{
    struct rig *rig = *state;

    rig_connect(rig);
    s7_timer_stop(&rig->guard);
    int64_t before_ns = s7_loop_now_ns(rig->loop);
    rig_run(rig);
    assert_true(s7_loop_now_ns(rig->loop) - before_ns < MS);
}

static void running_until_a_time_makes_it_the_time(void **state)
{
    struct rig *rig = *state;

    rig_connect(rig);
    s7_timer_set(rig->loop, &rig->guard, 500 * MS);
    assert_true(s7_virtual_run_until(rig->loop, 500 * MS - 1));
    assert_true(s7_loop_now_ns(rig->loop) == 500 * MS - 1);
    assert_false(rig->guard_fired);
    assert_false(s7_virtual_run_until(rig->loop, 500 * MS)); /* fires, and stops the loop */
    assert_true(rig->guard_fired);
    assert_true(s7_virtual_run_until(rig->loop, 900 * MS)); /* idle all the time */
    assert_true(s7_virtual_run_until(rig->loop, 3 * MS));
    assert_true(s7_loop_now_ns(rig->loop) == 900 * MS);
}

static void a_machine_that_sleeps_moves_the_wall_clock_only(void **state)
{
    s7_loop *loop;

    (void)state;
    assert_int_equal(s7_loop_virtual_new(&options, &loop), S7_OK);
    s7_virtual_sleep(loop, 5000 * MS);
    s7_virtual_sleep(loop, 3000 * MS);
    assert_int_equal(s7_loop_slept_ns(loop), 8000 * MS);
    assert_int_equal(s7_loop_now_ns(loop), 0);
    assert_true(s7_loop_wall_ms(loop) == options.start_wall_ms + 8000);
    s7_loop_free(loop);
}

static void without_anything_time_stands_still(void **state)
{
    s7_loop *loop;

    (void)state;
    assert_int_equal(make(&loop), S7_OK);
    assert_false(s7_virtual_run_until(loop, MS));
    assert_int_equal(s7_loop_run(loop), S7_OK);
    assert_true(s7_loop_now_ns(loop) == 0);
    s7_loop_free(loop);
}

static void who_wants_to_write_and_never_does_is_found_out(void **state)
{
    struct rig *rig = *state;

    rig_connect(rig);
    s7_stream_want(rig->client.stream, S7_READY_WRITE);
    assert_int_equal(s7_loop_run(rig->loop), S7_E_MISUSE);
    assert_false(s7_virtual_run_until(rig->loop, s7_loop_now_ns(rig->loop) + MS));
    assert_false(rig->guard_fired);
}

/* ---- determinism ---- */

/* Some life: three clients that ask and ask again at drawn times, one of them reset on the way. */
struct life {
    struct rig *rig;
    s7_stream *clients[3];
    s7_timer timer;
    unsigned n_ticks;
};

static void live_server(s7_stream *stream, unsigned ready, void *arg)
{
    uint8_t buf[64];
    ssize_t n = s7_stream_read(stream, buf, sizeof buf);

    (void)ready;
    (void)arg;
    if (n > 0)
        assert_int_equal(s7_stream_write(stream, buf, (size_t)n), n);
    else
        s7_stream_close(stream, S7_CLOSE_FIN);
}

static void live_accept(struct end *end, unsigned ready)
{
    (void)ready;
    s7_stream_set_fn(end->stream, live_server, NULL);
    end->stream = NULL;
}

static void live_client(s7_stream *stream, unsigned ready, void *arg)
{
    s7_stream **slot = arg;
    uint8_t buf[64];

    if (ready != S7_READY_CONNECTED && s7_stream_read(stream, buf, sizeof buf) <= 0) {
        s7_stream_close(stream, S7_CLOSE_FIN);
        *slot = NULL;
    }
}

static void live_tick(s7_timer *timer, void *arg)
{
    struct life *life = arg;
    s7_loop *loop = life->rig->loop;
    s7_stream *stream = life->clients[s7_loop_random(loop) % 3];

    if (stream != NULL)
        (void)s7_stream_write(stream, (const uint8_t *)"0300001f-a-request-of-some-len", 30);
    if (++life->n_ticks == 50 && life->clients[1] != NULL)
        s7_virtual_reset(life->clients[1]);
    if (life->n_ticks < 100) {
        s7_timer_set(loop, timer, s7_loop_now_ns(loop) + (int64_t)(s7_loop_random(loop) % 1000000));
        return;
    }
    for (int i = 0; i < 3; i++) {
        s7_stream_close(life->clients[i], S7_CLOSE_FIN);
        life->clients[i] = NULL;
    }
    s7_listener_close(life->rig->listener);
    life->rig->listener = NULL;
    s7_timer_stop(&life->rig->guard);
}

struct text {
    char *bytes;
    size_t len;
};

static void keep_line(const char *line, void *arg)
{
    struct text *text = arg;
    size_t len = strlen(line);
    char *bytes = realloc(text->bytes, text->len + len + 2);

    assert_non_null(bytes);
    memcpy(bytes + text->len, line, len);
    text->bytes = bytes;
    text->len += len;
    text->bytes[text->len++] = '\n';
    text->bytes[text->len] = '\0';
}

static uint64_t live(uint64_t seed, struct text *text)
{
    struct rig rig;
    struct life life = {.rig = &rig};
    s7_loop *loop;

    options.seed = seed;
    options.split = true;
    assert_int_equal(make(&loop), S7_OK);
    s7_virtual_options_init(&options);
    if (text != NULL)
        s7_virtual_trace(loop, keep_line, text);
    rig_open(&rig, loop);
    rig.on_accept = live_accept;
    for (int i = 0; i < 3; i++)
        assert_int_equal(s7_loop_dial(loop, "127.0.0.1", s7_listener_port(rig.listener), live_client,
                                      &life.clients[i], &life.clients[i]),
                         S7_OK);
    s7_timer_init(&life.timer, live_tick, &life);
    s7_timer_set(loop, &life.timer, MS);
    rig_run(&rig);
    assert_true(s7_virtual_event_count(loop) > 200);
    uint64_t hash = s7_virtual_trace_hash(loop);
    rig_close(&rig);
    return hash;
}

static void the_same_seed_gives_the_same_trace_and_another_seed_another(void **state)
{
    struct text first = {0}, second = {0};
    uint64_t hash = live(5, &first);

    (void)state;
    assert_true(live(5, &second) == hash);
    assert_string_equal(first.bytes, second.bytes);
    assert_true(live(5, NULL) == hash);
    for (uint64_t seed = 6; seed < 30; seed++)
        assert_true(live(seed, NULL) != hash);
    free(first.bytes);
    free(second.bytes);
}

/* Pinned, so that another compiler, machine or library that gave another trace would be noticed. Whoever
 * changes what the network does on purpose puts in the new number. */
static void the_trace_is_the_same_everywhere(void **state)
{
    (void)state;
    uint64_t hash = live(5, NULL);

    if (hash != UINT64_C(0xd6b24eeca6090428))
        fail_msg("hash of seed 5 is 0x%016llx", (unsigned long long)hash);
}

static void keep_segment_line(const char *line, void *arg)
{
    if (strstr(line, "segment") != NULL)
        snprintf(arg, 128, "%s", line);
}

static void a_trace_line_says_when_whom_and_what(void **state)
{
    struct rig *rig = *state;
    char line[128] = "", expected[128];

    rig_connect(rig);
    s7_virtual_set_latency(rig->client.stream, 7, 7);
    s7_virtual_run_until(rig->loop, 12000 * MS);
    s7_virtual_trace(rig->loop, keep_segment_line, line);
    end_send(&rig->client, "\x03\x01\x02\x1f");
    rig->server.then = then_stop;
    rig_run(rig);
    snprintf(expected, sizeof expected, "12.000000007 #2 segment 4 bytes 0301021f");
    assert_string_equal(line, expected);
}

/* ---- splitting ---- */

#define FRAME_LEN 31

struct split {
    struct rig *rig;
    uint8_t got[3 * FRAME_LEN];
    size_t got_len;
    bool cut_at[3 * FRAME_LEN + 1];
};

static void read_piece(s7_stream *stream, unsigned ready, void *arg)
{
    struct split *split = arg;
    ssize_t n = s7_stream_read(stream, split->got + split->got_len, sizeof split->got - split->got_len);

    (void)ready;
    assert_true(n > 0);
    split->got_len += (size_t)n;
    split->cut_at[split->got_len] = true;
    if (split->got_len == sizeof split->got)
        s7_loop_stop(split->rig->loop);
}

static void send_split(struct split *split, uint64_t seed)
{
    struct rig rig;
    s7_loop *loop;
    uint8_t frame[FRAME_LEN];

    options.seed = seed;
    options.split = true;
    assert_int_equal(make(&loop), S7_OK);
    rig_open(&rig, loop);
    split->rig = &rig;
    split->got_len = 0;
    rig_connect(&rig);
    s7_stream_set_fn(rig.server.stream, read_piece, split);
    for (uint8_t i = 0; i < 3; i++) {
        for (uint8_t j = 0; j < FRAME_LEN; j++)
            frame[j] = (uint8_t)(i * FRAME_LEN + j);
        assert_int_equal(s7_stream_write(rig.client.stream, frame, FRAME_LEN), FRAME_LEN);
    }
    rig_run(&rig);
    for (size_t i = 0; i < sizeof split->got; i++)
        if (split->got[i] != i)
            fail_msg("seed %llu: byte %zu is %u", (unsigned long long)seed, i, split->got[i]);
    rig_close(&rig);
}

static void cut_anywhere_the_bytes_are_the_same(void **state)
{
    struct split split = {0};

    (void)state;
    for (uint64_t seed = 0; seed < 1000; seed++)
        send_split(&split, seed);
    for (size_t at = 1; at < sizeof split.got; at++)
        if (!split.cut_at[at])
            fail_msg("1000 seeds never cut at byte %zu", at);
    s7_virtual_options_init(&options);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_out_of_range_are_refused),
        cmocka_unit_test(every_way_takes_exactly_its_latency),
        RIG_TEST(segments_keep_their_order_and_are_as_late_as_drawn_or_as_the_one_before),
        RIG_TEST(a_run_ends_when_only_idle_streams_are_left),
        RIG_TEST(running_until_a_time_makes_it_the_time),
        cmocka_unit_test(a_machine_that_sleeps_moves_the_wall_clock_only),
        cmocka_unit_test(without_anything_time_stands_still),
        RIG_TEST(who_wants_to_write_and_never_does_is_found_out),
        cmocka_unit_test(the_same_seed_gives_the_same_trace_and_another_seed_another),
        cmocka_unit_test(the_trace_is_the_same_everywhere),
        RIG_TEST(a_trace_line_says_when_whom_and_what),
        cmocka_unit_test(cut_anywhere_the_bytes_are_the_same),
    };
    int n_failed = contract_over_every_kind_of_network();

    return n_failed + cmocka_run_group_tests_name("loop_virtual", tests, NULL, NULL);
}
