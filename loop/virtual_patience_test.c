/* When silence ends a connection in virtual time: exactly when Linux would. */
#include "loop/contract_rig.h"
#include "loop/loop_virtual.h"

#define MS INT64_C(1000000)

/* Ways take no time, so that times can be stated. */
static s7_status make(s7_loop **out)
{
    struct s7_virtual_options options;

    s7_virtual_options_init(&options);
    options.latency_min_ns = options.latency_max_ns = 0;
    return s7_loop_virtual_new(&options, out);
}

/* Connected at time 0, with these options at the client. */
static void connect_with(struct rig *rig, uint32_t user_timeout_ms, uint32_t idle_ms, uint32_t interval_ms)
{
    struct s7_tcp_options options = {user_timeout_ms, idle_ms, interval_ms};

    rig_connect(rig);
    s7_timer_stop(&rig->guard);
    assert_true(s7_loop_now_ns(rig->loop) == 0);
    s7_stream_set_options(rig->client.stream, &options);
    rig->client.then = then_stop_when_over;
}

static void until_ms(struct rig *rig, int64_t at_ms)
{
    assert_true(s7_virtual_run_until(rig->loop, at_ms * MS));
}

static void ends_at_ms(struct rig *rig, int64_t at_ms)
{
    rig_run(rig);
    assert_int_equal(rig->client.error, S7_E_TIMEOUT);
    assert_int_equal(s7_loop_now_ns(rig->loop) / MS, at_ms);
    assert_int_equal(s7_loop_now_ns(rig->loop) % MS, 0);
}

/* Nothing is due any more: the connection lives on for ever. */
static void never_ends(struct rig *rig)
{
    until_ms(rig, 86400000);
    assert_int_equal(rig->client.error, S7_OK);
}

static void unacknowledged_bytes_end_it_after_the_user_timeout(void **state)
{
    struct rig *rig = *state;

    connect_with(rig, 5000, 10000, 3000);
    until_ms(rig, 700);
    s7_virtual_vanish(rig->server.stream, true, true);
    until_ms(rig, 1000);
    end_send(&rig->client, "one");
    until_ms(rig, 2000);
    end_send(&rig->client, "two"); /* the first one counts */
    ends_at_ms(rig, 6000);
}

static void bytes_that_arrive_are_unacknowledged_when_no_answer_comes_back(void **state)
{
    struct rig *rig = *state;

    connect_with(rig, 5000, 0, 0);
    s7_virtual_vanish(rig->server.stream, true, false);
    until_ms(rig, 1000);
    end_send(&rig->client, "hello");
    rig->server.then = then_nothing;
    until_ms(rig, 1001);
    assert_got(&rig->server, "hello");
    ends_at_ms(rig, 6000);
}

static void without_a_user_timeout_linux_goes_on_for_924_seconds(void **state)
{
    struct rig *rig = *state;

    connect_with(rig, 0, 10000, 3000);
    s7_virtual_vanish(rig->server.stream, true, true);
    end_send(&rig->client, "hello");
    ends_at_ms(rig, 924600);
}

static void the_first_probe_that_is_not_answered_ends_it_after_the_user_timeout(void **state)
{
    struct rig *rig = *state;

    connect_with(rig, 5000, 10000, 3000);
    until_ms(rig, 25000); /* two probes were answered */
    s7_virtual_vanish(rig->server.stream, true, true);
    ends_at_ms(rig, 33000);
}

static void without_a_user_timeout_three_probes_end_it(void **state)
{
    struct rig *rig = *state;

    connect_with(rig, 0, 10000, 3000);
    s7_virtual_vanish(rig->server.stream, true, true);
    ends_at_ms(rig, 19000);
}

static void a_long_user_timeout_takes_more_probes(void **state)
{
    struct rig *rig = *state;

    connect_with(rig, 20000, 10000, 3000);
    s7_virtual_vanish(rig->server.stream, true, true);
    ends_at_ms(rig, 22000);
}

static void a_cable_that_is_back_in_time_does_no_harm(void **state)
{
    struct rig *rig = *state;

    connect_with(rig, 5000, 10000, 3000);
    s7_virtual_vanish(rig->server.stream, true, true);
    end_send(&rig->client, "hello");
    until_ms(rig, 4999);
    s7_virtual_vanish(rig->server.stream, false, false);
    rig->server.then = then_nothing;
    never_ends(rig);
    assert_got(&rig->server, "hello");
}

static void who_asks_for_nothing_waits_for_ever(void **state)
{
    struct rig *rig = *state;

    connect_with(rig, 0, 0, 0);
    s7_virtual_vanish(rig->server.stream, true, true);
    end_send(&rig->client, "hello");
    never_ends(rig);
}

static void who_gave_up_answers_with_a_reset(void **state)
{
    struct rig *rig = *state;

    connect_with(rig, 5000, 0, 0);
    s7_virtual_vanish(rig->server.stream, true, true);
    end_send(&rig->client, "hello");
    ends_at_ms(rig, 5000);
    s7_virtual_vanish(rig->server.stream, false, false);
    end_send(&rig->server, "world");
    rig->server.then = then_stop_when_over;
    rig_run(rig);
    assert_int_equal(rig->server.error, S7_E_RESET);
    assert_int_equal(rig->server.got_len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(unacknowledged_bytes_end_it_after_the_user_timeout),
        RIG_TEST(bytes_that_arrive_are_unacknowledged_when_no_answer_comes_back),
        RIG_TEST(without_a_user_timeout_linux_goes_on_for_924_seconds),
        RIG_TEST(the_first_probe_that_is_not_answered_ends_it_after_the_user_timeout),
        RIG_TEST(without_a_user_timeout_three_probes_end_it),
        RIG_TEST(a_long_user_timeout_takes_more_probes),
        RIG_TEST(a_cable_that_is_back_in_time_does_no_harm),
        RIG_TEST(who_asks_for_nothing_waits_for_ever),
        RIG_TEST(who_gave_up_answers_with_a_reset),
    };

    rig_make_loop = make;
    return cmocka_run_group_tests_name("loop.patience", tests, NULL, NULL);
}
