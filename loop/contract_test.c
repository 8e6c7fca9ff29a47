#include "loop/contract_test.h"

#include "loop/contract_rig.h"

/* ---- connecting ---- */

static void what_is_sent_is_echoed(void **state)
{
    struct rig *rig = *state;
    char text[S7_PEER_TEXT_CAP];

    rig_connect(rig);
    snprintf(text, sizeof text, "127.0.0.1:%u", (unsigned)s7_listener_port(rig->listener));
    assert_string_equal(s7_stream_peer(rig->client.stream), text);
    assert_memory_equal(s7_stream_peer(rig->server.stream), "127.0.0.1:", 10);
    assert_int_equal(s7_stream_ordinal(rig->client.stream), 1);
    assert_int_equal(s7_stream_ordinal(rig->server.stream), 2);

    rig->server.then = then_echo;
    rig->client.then = then_stop_at_five;
    end_send(&rig->client, "hello");
    rig_run(rig);
    assert_got(&rig->client, "hello");
}

/* Of a listener that is gone. */
static uint16_t port_of_nobody(struct rig *rig)
{
    s7_listener *listener;

    assert_int_equal(s7_loop_listen(rig->loop, "127.0.0.1", 0, NULL, NULL, &listener, NULL), S7_OK);
    uint16_t port = s7_listener_port(listener);
    s7_listener_close(listener);
    return port;
}

static void a_dial_is_refused_where_nobody_listens(void **state)
{
    struct rig *rig = *state;
    s7_stream *stream;

    assert_int_equal(s7_loop_dial(rig->loop, "127.0.0.1", port_of_nobody(rig), NULL, NULL, &stream), S7_OK);
    end_attach(&rig->client, stream);
    rig->client.then = then_stop;
    rig_run(rig);
    assert_int_equal(rig->client.seen, S7_READY_FAILED);
    assert_int_equal(rig->client.error, S7_E_REFUSED);
    assert_int_equal(rig->client.n_calls, 1);

    /* It is said once only, and every call says it again. */
    uint8_t byte = 0;
    struct end other = {.then = then_stop};
    rig->on_accept = then_close;
    rig_dial(rig, &other); /* some turns more */
    rig_run(rig);
    end_close(&other, S7_CLOSE_FIN);
    assert_int_equal(rig->client.n_calls, 1);
    assert_int_equal(s7_stream_read(rig->client.stream, &byte, 1), -1);
    assert_int_equal(s7_stream_write(rig->client.stream, &byte, 1), -1);
    assert_int_equal(s7_stream_error(rig->client.stream), S7_E_REFUSED);
}

static void only_numeric_addresses_are_taken(void **state)
{
    static const char *const not_numeric[] = {"localhost", "",   "127.0.0.1:102", "1", "[::1]",
                                              "1.2.3.256", "::g"};
    struct rig *rig = *state;

    for (size_t i = 0; i < sizeof not_numeric / sizeof not_numeric[0]; i++) {
        s7_stream *stream = NULL;
        s7_listener *listener = NULL;

        if (s7_loop_dial(rig->loop, not_numeric[i], 102, NULL, NULL, &stream) != S7_E_RESOLVE ||
            stream != NULL)
            fail_msg("dial took \"%s\"", not_numeric[i]);
        if (s7_loop_listen(rig->loop, not_numeric[i], 0, NULL, NULL, &listener, NULL) != S7_E_RESOLVE)
            fail_msg("listen took \"%s\"", not_numeric[i]);
    }
}

static void a_port_is_given_once(void **state)
{
    struct rig *rig = *state;
    s7_listener *second = NULL;
    uint16_t port = s7_listener_port(rig->listener);
    int os_errno = 0;

    assert_int_not_equal(port, 0);
    assert_int_equal(s7_loop_listen(rig->loop, "127.0.0.1", port, NULL, NULL, &second, &os_errno),
                     S7_E_ADDRESS_IN_USE);
    assert_null(second);
    assert_int_not_equal(os_errno, 0);
    assert_int_equal(s7_loop_listen(rig->loop, "127.0.0.1", 0, NULL, NULL, &second, NULL), S7_OK);
    assert_int_not_equal(s7_listener_port(second), port);
    s7_listener_close(second);
}

static void on_other_address(s7_listener *listener, s7_stream *accepted, void *arg)
{
    struct rig *rig = arg;

    (void)listener;
    rig->n_accepted++;
    s7_stream_close(accepted, S7_CLOSE_FIN);
    s7_loop_stop(rig->loop);
}

static void who_listens_everywhere_is_reached_at_each_address(void **state)
{
    struct rig *rig = *state;
    s7_listener *everywhere;
    s7_stream *stream;

    assert_int_equal(s7_loop_listen(rig->loop, "0.0.0.0", 0, on_other_address, rig, &everywhere, NULL),
                     S7_OK);
    assert_int_equal(s7_loop_dial(rig->loop, "127.0.0.3", s7_listener_port(everywhere), NULL, NULL, &stream),
                     S7_OK);
    rig_run(rig);
    assert_int_equal(rig->n_accepted, 1);
    s7_stream_close(stream, S7_CLOSE_FIN);
    s7_listener_close(everywhere);
}

static void a_dial_may_be_closed_at_once(void **state)
{
    struct rig *rig = *state;

    for (int i = 0; i < 10; i++) {
        rig_dial(rig, &rig->client);
        end_close(&rig->client, i % 2 ? S7_CLOSE_FIN : S7_CLOSE_RST);
    }
    rig->on_accept = then_nothing; /* one or another may have been connected: not ours */
    s7_listener_close(rig->listener);
    rig->listener = NULL;
    s7_timer_stop(&rig->guard);
    rig_run(rig);
    assert_int_equal(rig->client.n_calls, 0);
}

static void close_as_soon_as_connected(struct end *end, unsigned ready)
{
    assert_int_equal(ready, S7_READY_CONNECTED);
    end_close(end, S7_CLOSE_FIN);
}

static void a_stream_may_be_closed_when_it_is_connected(void **state)
{
    struct rig *rig = *state;

    rig->client.then = close_as_soon_as_connected;
    rig->server.then = then_stop_when_over;
    rig_dial(rig, &rig->client);
    rig_run(rig);
    assert_true(rig->server.ended);
    assert_int_equal(rig->client.n_calls, 1);
}

static void an_accepted_stream_may_be_closed_at_once(void **state)
{
    struct rig *rig = *state;

    rig->on_accept = then_close;
    rig->client.then = then_stop_when_over;
    rig_dial(rig, &rig->client);
    rig_run(rig);
    assert_true(rig->client.ended);
    assert_int_equal(rig->n_accepted, 1);
}

static void close_listener(struct end *end, unsigned ready)
{
    (void)ready;
    end_close(end, S7_CLOSE_FIN);
    s7_listener_close(end->rig->listener);
    end->rig->listener = NULL;
}

static struct end *pair[2];

static void stop_when_both_are_over(struct end *end, unsigned ready)
{
    (void)ready;
    if ((pair[0]->ended || pair[0]->error != S7_OK) && (pair[1]->ended || pair[1]->error != S7_OK))
        s7_loop_stop(end->rig->loop);
}

static void a_listener_may_be_closed_by_its_own_function(void **state)
{
    struct rig *rig = *state;
    struct end second = {.rig = rig, .reads = true};

    pair[0] = &rig->client;
    pair[1] = &second;
    rig->on_accept = close_listener;
    rig->client.then = second.then = stop_when_both_are_over;
    rig_dial(rig, &rig->client);
    rig_dial(rig, &second); /* is connected, or about to be, when the listener goes */
    rig_run(rig);
    assert_int_equal(rig->n_accepted, 1);
    end_close(&second, S7_CLOSE_FIN);
}

/* ---- ends ---- */

static void the_end_of_the_peer_is_read_after_its_bytes(void **state)
{
    struct rig *rig = *state;
    uint8_t byte;

    rig_connect(rig);
    rig->client.then = then_stop_when_over;
    end_send(&rig->server, "bye");
    end_close(&rig->server, S7_CLOSE_FIN);
    rig_run(rig);
    assert_true(rig->client.ended);
    assert_got(&rig->client, "bye");
    assert_int_equal(s7_stream_read(rig->client.stream, &byte, 1), 0);
    assert_int_equal(s7_stream_error(rig->client.stream), S7_OK);
}

static void a_reset_is_an_error_that_stays(void **state)
{
    struct rig *rig = *state;
    uint8_t byte = 0;

    rig_connect(rig);
    rig->client.then = then_stop_when_over;
    end_close(&rig->server, S7_CLOSE_RST);
    rig_run(rig);
    assert_false(rig->client.ended);
    assert_int_equal(rig->client.error, S7_E_RESET);
    assert_int_not_equal(s7_stream_errno(rig->client.stream), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(s7_stream_write(rig->client.stream, &byte, 1), -1);
        assert_int_equal(s7_stream_read(rig->client.stream, &byte, 1), -1);
        assert_int_equal(s7_stream_error(rig->client.stream), S7_E_RESET);
    }
}

static void answer_at_the_end(struct end *end, unsigned ready)
{
    (void)ready;
    if (!end->ended)
        return;
    end_send(end, "answer");
    end_close(end, S7_CLOSE_FIN);
}

static void after_shutdown_the_other_direction_goes_on(void **state)
{
    struct rig *rig = *state;

    rig_connect(rig);
    rig->server.then = answer_at_the_end;
    rig->client.then = then_stop_when_over;
    end_send(&rig->client, "request");
    s7_stream_shutdown(rig->client.stream);
    s7_stream_shutdown(rig->client.stream);
    rig_run(rig);
    assert_got(&rig->server, "request");
    assert_got(&rig->client, "answer");
    assert_true(rig->client.ended);
}

static void writing_after_shutdown_is_misuse(void **state)
{
    struct rig *rig = *state;
    uint8_t byte = 0;

    rig_connect(rig);
    s7_stream_shutdown(rig->client.stream);
    assert_int_equal(s7_stream_write(rig->client.stream, &byte, 1), -1);
    assert_int_equal(s7_stream_error(rig->client.stream), S7_E_MISUSE);
}

static void closing_delivers_what_was_written_even_if_input_was_not_read(void **state)
{
    struct rig *rig = *state;

    rig_connect(rig);
    rig->server.reads = false;
    rig->server.then = then_stop;
    end_send(&rig->client, "never read");
    rig_run(rig);
    end_send(&rig->server, "goodbye");
    end_close(&rig->server, S7_CLOSE_FIN);
    rig->client.then = then_stop_when_over;
    rig_run(rig);
    assert_got(&rig->client, "goodbye");
    assert_true(rig->client.ended);
}

static void send_until_it_fails(struct end *end, unsigned ready)
{
    uint8_t byte = 0;

    (void)ready;
    if (end->error == S7_OK && s7_stream_write(end->stream, &byte, 1) == -1)
        end->error = s7_stream_error(end->stream);
    if (end->error != S7_OK)
        s7_loop_stop(end->rig->loop);
}

static void on_tick(s7_timer *timer, void *arg)
{
    struct end *end = arg;

    send_until_it_fails(end, 0);
    if (end->error == S7_OK)
        s7_timer_set(end->rig->loop, timer, s7_loop_now_ns(end->rig->loop) + 1000000);
}

static void what_is_sent_to_a_closed_stream_comes_back_as_reset(void **state)
{
    struct rig *rig = *state;
    s7_timer tick;

    rig_connect(rig);
    end_close(&rig->server, S7_CLOSE_FIN);
    s7_stream_want(rig->client.stream, 0);
    s7_timer_init(&tick, on_tick, &rig->client);
    s7_timer_set(rig->loop, &tick, s7_loop_now_ns(rig->loop));
    rig_run(rig);
    assert_int_equal(rig->client.error, S7_E_RESET);
    s7_timer_stop(&tick);
}

/* ---- turns and timers ---- */

struct alarm {
    s7_timer timer;
    struct rig *rig;
    int64_t at_ns;
    unsigned number, *next;
    unsigned n_fired;
};

static void on_alarm(s7_timer *timer, void *arg)
{
    struct alarm *alarm = arg;

    (void)timer;
    alarm->n_fired++;
    if (s7_loop_now_ns(alarm->rig->loop) < alarm->at_ns)
        fail_msg("timer %u is %lld ns early", alarm->number,
                 (long long)(alarm->at_ns - s7_loop_now_ns(alarm->rig->loop)));
    assert_int_equal(alarm->number, *alarm->next);
    if (++*alarm->next == 6)
        s7_loop_stop(alarm->rig->loop);
}

static void timers_fire_in_order_and_never_early(void **state)
{
    /* microseconds after now, in the order of arming; and the order in which they are due */
    static const int64_t after_us[] = {9000, 3000, 0, 3000, -50, 2999};
    static const unsigned due[] = {5, 3, 0, 4, 1, 2};
    struct rig *rig = *state;
    struct alarm alarms[6];
    unsigned next = 0;
    int64_t now_ns = s7_loop_now_ns(rig->loop);

    for (unsigned i = 0; i < 6; i++) {
        int64_t at_ns = now_ns + after_us[i] * 1000;

        alarms[i] = (struct alarm){.rig = rig, .at_ns = at_ns, .number = due[i], .next = &next};
        s7_timer_init(&alarms[i].timer, on_alarm, &alarms[i]);
        s7_timer_set(rig->loop, &alarms[i].timer, at_ns);
    }
    rig_run(rig);
    for (unsigned i = 0; i < 6; i++)
        assert_int_equal(alarms[i].n_fired, 1);
}

struct eager {
    s7_timer timer;
    s7_loop *loop;
    unsigned n_fired, n_turns;
};

static void rearm_in_the_past(s7_timer *timer, void *arg)
{
    struct eager *eager = arg;

    s7_timer_set(eager->loop, timer, 0);
    if (++eager->n_fired == 3)
        s7_loop_stop(eager->loop);
}

static void count_turns(s7_loop *loop, void *arg)
{
    (void)loop;
    ++*(unsigned *)arg;
}

static void a_timer_armed_by_itself_waits_for_the_next_turn(void **state)
{
    struct rig *rig = *state;
    struct eager eager = {.loop = rig->loop};
    s7_turn_hook hook;

    s7_turn_hook_add(rig->loop, &hook, count_turns, &eager.n_turns);
    s7_timer_init(&eager.timer, rearm_in_the_past, &eager);
    s7_timer_set(rig->loop, &eager.timer, s7_loop_now_ns(rig->loop));
    rig_run(rig);
    assert_int_equal(eager.n_fired, 3);
    assert_true(eager.n_turns >= 3);
    s7_timer_stop(&eager.timer);
    s7_turn_hook_remove(&hook);
}

static void stop_in_hook(s7_loop *loop, void *arg)
{
    ++*(unsigned *)arg;
    s7_loop_stop(loop);
}

static void waking_takes_a_turn_though_nothing_is_ready(void **state)
{
    struct rig *rig = *state;
    s7_turn_hook hook;
    unsigned n_calls = 0;

    s7_turn_hook_add(rig->loop, &hook, stop_in_hook, &n_calls);
    s7_loop_wake(rig->loop);
    rig_run(rig);
    assert_int_equal(n_calls, 1);
    s7_turn_hook_remove(&hook);
}

static void a_stop_before_the_run_is_not_lost(void **state)
{
    struct rig *rig = *state;
    s7_turn_hook hook;
    unsigned n_calls = 0;

    s7_turn_hook_add(rig->loop, &hook, stop_in_hook, &n_calls);
    s7_loop_stop(rig->loop);
    rig_run(rig);
    assert_int_equal(n_calls, 0);
    s7_turn_hook_remove(&hook);
}

static void random_numbers_do_not_repeat(void **state)
{
    struct rig *rig = *state;
    uint64_t drawn[64];

    for (size_t i = 0; i < 64; i++) {
        drawn[i] = s7_loop_random(rig->loop);
        for (size_t j = 0; j < i; j++)
            assert_true(drawn[i] != drawn[j]);
    }
    assert_true(s7_loop_wall_ms(rig->loop) > INT64_C(1700000000000));
    assert_true(s7_loop_slept_ns(rig->loop) >= 0);
}

int contract_run(const char *name, contract_make_fn *make)
{
    static const struct CMUnitTest tests[] = {
        RIG_TEST(what_is_sent_is_echoed),
        RIG_TEST(a_dial_is_refused_where_nobody_listens),
        RIG_TEST(only_numeric_addresses_are_taken),
        RIG_TEST(a_port_is_given_once),
        RIG_TEST(who_listens_everywhere_is_reached_at_each_address),
        RIG_TEST(a_dial_may_be_closed_at_once),
        RIG_TEST(a_stream_may_be_closed_when_it_is_connected),
        RIG_TEST(an_accepted_stream_may_be_closed_at_once),
        RIG_TEST(a_listener_may_be_closed_by_its_own_function),
        RIG_TEST(the_end_of_the_peer_is_read_after_its_bytes),
        RIG_TEST(a_reset_is_an_error_that_stays),
        RIG_TEST(after_shutdown_the_other_direction_goes_on),
        RIG_TEST(writing_after_shutdown_is_misuse),
        RIG_TEST(closing_delivers_what_was_written_even_if_input_was_not_read),
        RIG_TEST(what_is_sent_to_a_closed_stream_comes_back_as_reset),
        RIG_TEST(timers_fire_in_order_and_never_early),
        RIG_TEST(a_timer_armed_by_itself_waits_for_the_next_turn),
        RIG_TEST(waking_takes_a_turn_though_nothing_is_ready),
        RIG_TEST(a_stop_before_the_run_is_not_lost),
        RIG_TEST(random_numbers_do_not_repeat),
    };

    rig_make_loop = make;
    return contract_run_traffic(name) + contract_run_faults(name) + contract_run_memory(name) +
           cmocka_run_group_tests_name(name, tests, NULL, NULL);
}
