#include "loop/loop_virtual.h"

#include "loop/contract_rig.h"

#define MS        INT64_C(1000000)
#define SECOND_NS INT64_C(1000000000)

/* Every way takes 1 ms here, so that times can be stated. */
static s7_status make(s7_loop **out)
{
    struct s7_virtual_options options;

    s7_virtual_options_init(&options);
    options.latency_min_ns = options.latency_max_ns = MS;
    options.buffer_len = 1000;
    return s7_loop_virtual_new(&options, out);
}

static void wait_ms(struct rig *rig, int64_t ms)
{
    assert_true(s7_virtual_run_until(rig->loop, s7_loop_now_ns(rig->loop) + ms * MS));
}

static void set_dial(struct rig *rig, enum s7_virtual_dial how)
{
    assert_int_equal(s7_virtual_set_dial(rig->loop, "127.0.0.1", s7_listener_port(rig->listener), how),
                     S7_OK);
}

/* The guard of 30 s would end a dial that takes 127. */
static void dial_until_it_ends(struct rig *rig, int64_t expected_ns, unsigned seen, s7_status error)
{
    int64_t start_ns = s7_loop_now_ns(rig->loop);

    s7_timer_stop(&rig->guard);
    rig->client.then = then_stop;
    rig->client.seen = 0;
    rig_dial(rig, &rig->client);
    rig_run(rig);
    assert_int_equal(rig->client.seen, seen);
    assert_int_equal(rig->client.error, error);
    if (s7_loop_now_ns(rig->loop) - start_ns != expected_ns)
        fail_msg("ended after %lld ns, not %lld", (long long)(s7_loop_now_ns(rig->loop) - start_ns),
                 (long long)expected_ns);
}

/* ---- dials ---- */

static void refused_dials_fail_while_the_lever_is_on(void **state)
{
    struct rig *rig = *state;
    struct end early = {.then = then_nothing};

    rig_dial(rig, &early);
    wait_ms(rig, 5);
    assert_int_equal(early.seen, S7_READY_CONNECTED);
    set_dial(rig, S7_DIAL_REFUSE);
    dial_until_it_ends(rig, 2 * MS, S7_READY_FAILED, S7_E_REFUSED);
    end_close(&rig->client, S7_CLOSE_FIN);
    rig->client.error = S7_OK;
    assert_int_equal(early.n_calls, 1); /* what was connected stays */
    set_dial(rig, S7_DIAL_ACCEPT);
    dial_until_it_ends(rig, 2 * MS, S7_READY_CONNECTED, S7_OK);
    assert_ptr_equal(s7_virtual_peer(early.stream), rig->server.stream);
    end_close(&early, S7_CLOSE_FIN);
}

static void the_listener_of_every_address_is_refused_by_its_own_name(void **state)
{
    struct rig *rig = *state;

    assert_int_equal(
        s7_virtual_set_dial(rig->loop, "0.0.0.0", s7_listener_port(rig->listener), S7_DIAL_REFUSE), S7_OK);
    dial_until_it_ends(rig, 2 * MS, S7_READY_FAILED, S7_E_REFUSED);
    assert_int_equal(s7_virtual_set_dial(rig->loop, "plc", 102, S7_DIAL_REFUSE), S7_E_RESOLVE);
}

static void unreachable_dials_fail_after_the_answer_of_the_router(void **state)
{
    struct rig *rig = *state;

    set_dial(rig, S7_DIAL_UNREACHABLE);
    dial_until_it_ends(rig, 2 * MS, S7_READY_FAILED, S7_E_UNREACHABLE);
}

static void a_vanished_dial_times_out_as_linux_does(void **state)
{
    struct rig *rig = *state;

    set_dial(rig, S7_DIAL_VANISH);
    dial_until_it_ends(rig, 127 * SECOND_NS + MS, S7_READY_FAILED, S7_E_TIMEOUT);
}

static void a_vanished_dial_is_repeated_and_connects_when_the_device_is_back(void **state)
{
    struct rig *rig = *state;

    set_dial(rig, S7_DIAL_VANISH);
    rig_dial(rig, &rig->client);
    wait_ms(rig, 1500); /* repeated after 1 s, and again after 3 s */
    assert_int_equal(rig->client.n_calls, 0);
    set_dial(rig, S7_DIAL_ACCEPT);
    rig->client.then = then_stop;
    rig_run(rig);
    assert_int_equal(rig->client.seen, S7_READY_CONNECTED);
    assert_true(s7_loop_now_ns(rig->loop) == 3 * SECOND_NS + 2 * MS);
}

static void a_vanished_dial_may_be_closed(void **state)
{
    struct rig *rig = *state;

    set_dial(rig, S7_DIAL_VANISH);
    rig_dial(rig, &rig->client);
    wait_ms(rig, 500);
    end_close(&rig->client, S7_CLOSE_FIN);
    set_dial(rig, S7_DIAL_ACCEPT);
    wait_ms(rig, 9000);
    assert_int_equal(rig->client.n_calls, 0);
    assert_int_equal(rig->n_accepted, 0);
}

static void a_listener_that_goes_during_the_handshake_resets(void **state)
{
    struct rig *rig = *state;

    rig_dial(rig, &rig->client);
    wait_ms(rig, 1); /* SYN was answered; the last packet of the handshake comes after 3 ms */
    s7_listener_close(rig->listener);
    rig->listener = NULL;
    wait_ms(rig, 5);
    assert_int_equal(rig->client.seen, S7_READY_CONNECTED | S7_READY_READ);
    assert_int_equal(rig->client.error, S7_E_RESET);
}

static void a_shut_listener_refuses_what_the_address_accepts(void **state)
{
    struct rig *rig = *state;

    assert_int_equal(s7_listener_refuse(rig->listener, true, NULL), S7_OK);
    set_dial(rig, S7_DIAL_UNREACHABLE); /* the router answers before the listener could */
    dial_until_it_ends(rig, 2 * MS, S7_READY_FAILED, S7_E_UNREACHABLE);
    end_close(&rig->client, S7_CLOSE_FIN);
    set_dial(rig, S7_DIAL_ACCEPT);
    dial_until_it_ends(rig, 2 * MS, S7_READY_FAILED, S7_E_REFUSED);
    end_close(&rig->client, S7_CLOSE_FIN);
    set_dial(rig, S7_DIAL_REFUSE);
    assert_int_equal(s7_listener_refuse(rig->listener, false, NULL), S7_OK);
    dial_until_it_ends(rig, 2 * MS, S7_READY_FAILED, S7_E_REFUSED);
    end_close(&rig->client, S7_CLOSE_FIN);
    rig->client.error = S7_OK;
    set_dial(rig, S7_DIAL_ACCEPT);
    dial_until_it_ends(rig, 2 * MS, S7_READY_CONNECTED, S7_OK);
}

static void a_listener_that_is_shut_during_the_handshake_resets(void **state)
{
    struct rig *rig = *state;

    rig_dial(rig, &rig->client);
    wait_ms(rig, 1); /* SYN was answered; the last packet of the handshake comes after 3 ms */
    assert_int_equal(s7_listener_refuse(rig->listener, true, NULL), S7_OK);
    wait_ms(rig, 5);
    assert_int_equal(rig->client.seen, S7_READY_CONNECTED | S7_READY_READ);
    assert_int_equal(rig->client.error, S7_E_RESET);
    assert_int_equal(rig->n_accepted, 0);
}

static void a_change_of_the_door_or_the_cable_is_an_event(void **state)
{
    struct rig *rig = *state;

    rig_connect(rig);
    uint64_t n_before = s7_virtual_event_count(rig->loop);
    assert_int_equal(s7_listener_refuse(rig->listener, false, NULL), S7_OK); /* no change */
    assert_true(s7_virtual_event_count(rig->loop) == n_before);
    assert_int_equal(s7_listener_refuse(rig->listener, true, NULL), S7_OK);
    assert_int_equal(s7_listener_refuse(rig->listener, true, NULL), S7_OK);
    assert_true(s7_virtual_event_count(rig->loop) == n_before + 1);
    assert_int_equal(s7_stream_vanish(rig->client.stream, S7_VANISH_OUT), S7_OK);
    assert_true(s7_virtual_event_count(rig->loop) == n_before + 2);
}

/* ---- half-open ---- */

static void each_direction_of_the_seam_is_the_one_of_the_lever(void **state)
{
    struct rig *rig = *state;

    rig_connect(rig);
    assert_int_equal(s7_stream_vanish(rig->client.stream, S7_VANISH_OUT), S7_OK);
    end_send(&rig->client, "held");
    end_send(&rig->server, "heard");
    wait_ms(rig, 100);
    assert_got(&rig->client, "heard");
    assert_got(&rig->server, "");
    assert_int_equal(s7_stream_vanish(rig->client.stream, S7_VANISH_IN), S7_OK);
    end_send(&rig->server, " later");
    wait_ms(rig, 100);
    assert_got(&rig->client, "heard");
    assert_got(&rig->server, "held");
    s7_virtual_vanish(rig->client.stream, false, false);
    wait_ms(rig, 100);
    assert_got(&rig->client, "heard later");
}

static void what_a_vanished_side_sends_is_held_until_it_is_back(void **state)
{
    struct rig *rig = *state;

    rig_connect(rig);
    end_send(&rig->client, "under way ");
    s7_virtual_vanish(rig->client.stream, true, false);
    end_send(&rig->client, "held, ");
    end_send(&rig->client, "in order");
    end_send(&rig->server, "still heard");
    wait_ms(rig, 15000);
    assert_got(&rig->server, "under way ");
    assert_got(&rig->client, "still heard");

    s7_virtual_vanish(rig->client.stream, false, false);
    int64_t back_ns = s7_loop_now_ns(rig->loop);
    rig->server.then = then_stop;
    rig_run(rig);
    assert_got(&rig->server, "under way held, in order");
    assert_true(s7_loop_now_ns(rig->loop) == back_ns + MS);
}

static void both_directions_vanish_alone_or_together(void **state)
{
    struct rig *rig = *state;

    rig_connect(rig);
    s7_virtual_vanish(rig->client.stream, false, true);
    end_send(&rig->client, "a");
    end_send(&rig->server, "b");
    wait_ms(rig, 100);
    assert_got(&rig->server, "a");
    assert_got(&rig->client, "");
    s7_virtual_vanish(rig->client.stream, true, true);
    end_send(&rig->client, "c");
    wait_ms(rig, 100);
    assert_got(&rig->server, "a");
    s7_virtual_vanish(rig->server.stream, false, true); /* the same connection seen from the other side */
    wait_ms(rig, 100);
    assert_got(&rig->server, "a");
    assert_got(&rig->client, "b");
    s7_virtual_vanish(rig->server.stream, false, false);
    wait_ms(rig, 100);
    assert_got(&rig->server, "ac");
}

static void a_vanished_fin_comes_late_and_a_vanished_reset_never(void **state)
{
    struct rig *rig = *state;

    for (int how = S7_CLOSE_FIN; how <= S7_CLOSE_RST; how++) {
        rig->client.seen = rig->client.n_calls = 0;
        rig_connect(rig);
        s7_virtual_vanish(rig->server.stream, true, false);
        end_send(&rig->server, "last words");
        end_close(&rig->server, (enum s7_close_how)how);
        wait_ms(rig, 1000);
        assert_int_equal(rig->client.got_len, 0);
        assert_false(rig->client.ended);
        assert_null(s7_virtual_peer(rig->client.stream));
        s7_virtual_vanish(rig->client.stream, false, false);
        wait_ms(rig, 1000);
        assert_int_equal(rig->client.error, S7_OK);
        assert_int_equal(rig->client.ended, how == S7_CLOSE_FIN);
        assert_got(&rig->client, how == S7_CLOSE_FIN ? "last words" : "");

        end_send(&rig->client, "anybody there?"); /* nobody: the side that is gone answers with RST */
        wait_ms(rig, 1000);
        s7_stream_want(rig->client.stream, S7_READY_READ);
        rig->client.ended = false;
        wait_ms(rig, 1);
        assert_int_equal(rig->client.error, S7_E_RESET);
        end_close(&rig->client, S7_CLOSE_FIN);
        rig->client = (struct end){.rig = rig, .reads = true, .then = then_nothing};
    }
}

static void what_both_sides_left_behind_is_forgotten(void **state)
{
    struct rig *rig = *state;

    rig_connect(rig);
    s7_virtual_vanish(rig->client.stream, true, true);
    end_send(&rig->client, "never");
    end_send(&rig->server, "ever");
    end_close(&rig->client, S7_CLOSE_FIN);
    end_close(&rig->server, S7_CLOSE_FIN); /* the leak checker has the last word */
    wait_ms(rig, 10);
}

/* ---- buffers ---- */

static size_t fill(struct end *end)
{
    uint8_t bytes[70] = {0};
    size_t len = 0;
    ssize_t n;

    while ((n = s7_stream_write(end->stream, bytes, sizeof bytes)) > 0)
        len += (size_t)n;
    assert_int_equal(n, S7_AGAIN);
    return len;
}

static void a_stalled_side_stops_its_peer_after_a_buffer(void **state)
{
    struct rig *rig = *state;

    rig_connect(rig);
    s7_virtual_stall(rig->server.stream, true);
    assert_int_equal(fill(&rig->client), 1000);
    s7_stream_want(rig->client.stream, S7_READY_READ | S7_READY_WRITE);
    unsigned n_before = rig->client.n_calls;
    wait_ms(rig, 1000);
    assert_int_equal(rig->server.n_calls, 0);
    assert_int_equal(rig->client.n_calls, n_before);

    uint8_t byte;
    assert_int_equal(s7_stream_read(rig->server.stream, &byte, 1), S7_AGAIN);
    s7_virtual_stall(rig->server.stream, false);
    rig->client.then = then_stop; /* there is space again */
    rig_run(rig);
    assert_int_equal(rig->server.got_len, END_CAP);
    assert_int_equal(fill(&rig->client), END_CAP);
    s7_stream_want(rig->server.stream, 0);
}

static void a_stall_hides_the_end_but_not_a_reset(void **state)
{
    struct rig *rig = *state;

    rig_connect(rig);
    s7_virtual_stall(rig->server.stream, true);
    s7_stream_shutdown(rig->client.stream);
    wait_ms(rig, 100);
    assert_int_equal(rig->server.n_calls, 0);
    end_close(&rig->client, S7_CLOSE_RST);
    wait_ms(rig, 100);
    assert_int_equal(rig->server.error, S7_E_RESET);
    assert_false(rig->server.ended);
}

static void a_buffer_may_be_made_small(void **state)
{
    struct rig *rig = *state;

    rig_connect(rig);
    s7_virtual_stall(rig->server.stream, true);
    s7_virtual_set_buffer(rig->server.stream, 10);
    assert_int_equal(fill(&rig->client), 10);
    s7_virtual_set_buffer(rig->server.stream, 4); /* fuller than full */
    wait_ms(rig, 10);
    assert_int_equal(fill(&rig->client), 0);
    s7_virtual_set_buffer(rig->server.stream, 12);
    assert_int_equal(fill(&rig->client), 2);
}

/* ---- resets ---- */

static void a_reset_from_the_middle_is_seen_by_both_at_once(void **state)
{
    struct rig *rig = *state;

    rig_connect(rig);
    rig->server.reads = false; /* bytes that are there already can still be read */
    s7_stream_want(rig->server.stream, 0);
    end_send(&rig->client, "arrived ");
    wait_ms(rig, 10);
    end_send(&rig->client, "on its way");
    int64_t reset_ns = s7_loop_now_ns(rig->loop);
    s7_virtual_reset(rig->client.stream);
    rig->client.then = then_stop;
    rig_run(rig);
    assert_true(s7_loop_now_ns(rig->loop) == reset_ns);
    assert_int_equal(rig->client.error, S7_E_RESET);

    rig->server.reads = true;
    rig->server.then = then_stop_when_over;
    s7_stream_want(rig->server.stream, S7_READY_READ);
    rig_run(rig);
    assert_got(&rig->server, "arrived ");
    assert_int_equal(rig->server.error, S7_E_RESET);
}

static void a_dial_that_is_reset_is_refused(void **state)
{
    struct rig *rig = *state;

    rig_dial(rig, &rig->client);
    s7_virtual_reset(rig->client.stream);
    wait_ms(rig, 100);
    assert_int_equal(rig->client.seen, S7_READY_FAILED);
    assert_int_equal(rig->client.error, S7_E_REFUSED);
    assert_int_equal(rig->n_accepted, 0);
}

static void latency_is_set_per_direction(void **state)
{
    struct rig *rig = *state;

    rig_connect(rig);
    s7_virtual_set_latency(rig->client.stream, 50 * MS, 50 * MS);
    end_send(&rig->client, "slow");
    end_send(&rig->server, "quick");
    wait_ms(rig, 1);
    assert_got(&rig->client, "quick");
    wait_ms(rig, 48);
    assert_got(&rig->server, "");
    wait_ms(rig, 1);
    assert_got(&rig->server, "slow");
    s7_timer_stop(&rig->guard);
    s7_virtual_set_latency(rig->client.stream, INT64_MAX, INT64_MAX); /* so late that it is never */
    end_send(&rig->client, "never");
    wait_ms(rig, 1000000);
    assert_got(&rig->server, "slow");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        RIG_TEST(refused_dials_fail_while_the_lever_is_on),
        RIG_TEST(the_listener_of_every_address_is_refused_by_its_own_name),
        RIG_TEST(unreachable_dials_fail_after_the_answer_of_the_router),
        RIG_TEST(a_vanished_dial_times_out_as_linux_does),
        RIG_TEST(a_vanished_dial_is_repeated_and_connects_when_the_device_is_back),
        RIG_TEST(a_vanished_dial_may_be_closed),
        RIG_TEST(a_listener_that_goes_during_the_handshake_resets),
        RIG_TEST(a_shut_listener_refuses_what_the_address_accepts),
        RIG_TEST(a_listener_that_is_shut_during_the_handshake_resets),
        RIG_TEST(a_change_of_the_door_or_the_cable_is_an_event),
        RIG_TEST(each_direction_of_the_seam_is_the_one_of_the_lever),
        RIG_TEST(what_a_vanished_side_sends_is_held_until_it_is_back),
        RIG_TEST(both_directions_vanish_alone_or_together),
        RIG_TEST(a_vanished_fin_comes_late_and_a_vanished_reset_never),
        RIG_TEST(what_both_sides_left_behind_is_forgotten),
        RIG_TEST(a_stalled_side_stops_its_peer_after_a_buffer),
        RIG_TEST(a_stall_hides_the_end_but_not_a_reset),
        RIG_TEST(a_buffer_may_be_made_small),
        RIG_TEST(a_reset_from_the_middle_is_seen_by_both_at_once),
        RIG_TEST(a_dial_that_is_reset_is_refused),
        RIG_TEST(latency_is_set_per_direction),
    };

    rig_make_loop = make;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
