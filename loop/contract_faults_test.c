/* Doors that are shut and cables that are out. */
#include "loop/contract_rig.h"
#include "loop/contract_test.h"

#include <errno.h>

/* ---- listeners that refuse ---- */

static void refuse(struct rig *rig, bool refuses)
{
    assert_int_equal(s7_listener_refuse(rig->listener, refuses, NULL), S7_OK);
}

static void dial_is_refused(struct rig *rig)
{
    struct end end = {.then = then_stop};

    rig_dial(rig, &end);
    rig_run(rig);
    end_close(&end, S7_CLOSE_FIN);
    assert_int_equal(end.seen, S7_READY_FAILED);
    assert_int_equal(end.error, S7_E_REFUSED);
}

static void a_shut_listener_refuses_and_keeps_its_connections(void **state)
{
    struct rig *rig = *state;
    struct end client, server;

    rig_connect_apart(rig, &client, &server);
    server.then = then_echo;
    for (int round = 0; round < 3; round++) {
        refuse(rig, true);
        refuse(rig, true); /* nothing happens */
        dial_is_refused(rig);
        dial_is_refused(rig);
        rig_exchange(rig, &client);

        refuse(rig, false);
        refuse(rig, false);
        rig->client.seen = rig->client.n_calls = 0;
        rig_connect(rig);
        rig->server.then = then_echo;
        rig_exchange(rig, &rig->client);
        end_close(&rig->client, S7_CLOSE_FIN);
        end_close(&rig->server, S7_CLOSE_FIN);
    }
    rig_exchange(rig, &client);
    assert_int_equal(rig->n_accepted, 4);
    end_close(&client, S7_CLOSE_FIN);
    end_close(&server, S7_CLOSE_FIN);
}

static s7_status listen_there(struct rig *rig, uint16_t port)
{
    s7_listener *second;
    s7_status status = s7_loop_listen(rig->loop, "127.0.0.1", port, NULL, NULL, &second, NULL);

    if (status == S7_OK)
        s7_listener_close(second);
    return status;
}

static void the_port_of_a_shut_listener_is_free_when_it_is_closed(void **state)
{
    struct rig *rig = *state;
    uint16_t port = s7_listener_port(rig->listener);

    refuse(rig, true);
    assert_int_equal(s7_listener_port(rig->listener), port);
    assert_int_equal(listen_there(rig, port), S7_E_ADDRESS_IN_USE);
    refuse(rig, false);
    assert_int_equal(listen_there(rig, port), S7_E_ADDRESS_IN_USE);
    refuse(rig, true);
    s7_listener_close(rig->listener);
    rig->listener = NULL;
    assert_int_equal(listen_there(rig, port), S7_OK);
}

static void shut_the_door(struct end *end, unsigned ready)
{
    (void)ready;
    end_close(end, S7_CLOSE_FIN);
    refuse(end->rig, true);
}

static struct end *pair[2];

static bool is_over(const struct end *end)
{
    return end->ended || end->error != S7_OK;
}

static void stop_when_both_are_over(struct end *end, unsigned ready)
{
    (void)ready;
    if (is_over(pair[0]) && is_over(pair[1]))
        s7_loop_stop(end->rig->loop);
}

static void a_listener_may_be_shut_by_its_own_function(void **state)
{
    struct rig *rig = *state;
    struct end second = {.reads = true, .then = stop_when_both_are_over};

    pair[0] = &rig->client;
    pair[1] = &second;
    rig->on_accept = shut_the_door;
    rig->client.then = stop_when_both_are_over;
    rig_dial(rig, &rig->client);
    rig_dial(rig, &second); /* waits to be accepted, or is about to, when the door is shut */
    rig_run(rig);
    assert_int_equal(rig->n_accepted, 1);
    assert_int_not_equal(rig->client.error == S7_OK, second.error == S7_OK);
    end_close(&second, S7_CLOSE_FIN);
}

/* ---- dials that are lost ---- */

static void who_dials_into_nothing_waits_and_who_is_connected_does_not_notice(void **state)
{
    static const struct s7_loss all = {.kind = S7_LOSS_SYN, .p = UINT64_C(1) << 32},
                                none = {.kind = S7_LOSS_NONE};
    struct rig *rig = *state;
    struct end client, server, late = {.then = then_nothing};

    rig_connect_apart(rig, &client, &server);
    server.then = then_echo;
    s7_status status = s7_listener_lose(rig->listener, &all);
    if (status == S7_E_UNSUPPORTED) { /* no socket filters here */
        end_close(&client, S7_CLOSE_FIN);
        end_close(&server, S7_CLOSE_FIN);
        skip();
    }
    assert_int_equal(status, S7_OK);
    rig_dial(rig, &late);
    for (int i = 0; i < 3; i++)
        rig_exchange(rig, &client);
    assert_int_equal(late.seen, 0);
    end_close(&late, S7_CLOSE_FIN);
    assert_int_equal(s7_listener_lose(rig->listener, &none), S7_OK);
    rig_connect(rig);
    rig->server.then = then_echo;
    rig_exchange(rig, &rig->client);
    end_close(&client, S7_CLOSE_FIN);
    end_close(&server, S7_CLOSE_FIN);
}

static void a_missing_route_is_told_or_not_played_at_all(void **state)
{
    static const struct s7_loss route = {.kind = S7_LOSS_ROUTE, .os_errno = ENETUNREACH};
    struct rig *rig = *state;
    struct end end = {.then = then_stop};

    if (s7_listener_lose(rig->listener, &route) == S7_E_UNSUPPORTED) {
        rig_connect(rig);
        return;
    }
    rig_dial(rig, &end);
    rig_run(rig);
    assert_int_equal(end.error, S7_E_UNREACHABLE);
    assert_int_equal(s7_stream_errno(end.stream), ENETUNREACH);
    end_close(&end, S7_CLOSE_FIN);
}

/* ---- streams that vanish ---- */

#define BOTH (S7_VANISH_IN | S7_VANISH_OUT)

static void vanish(struct end *end, unsigned directions)
{
    assert_int_equal(s7_stream_vanish(end->stream, directions), S7_OK);
}

/* Whatever is going to arrive has arrived afterwards. */
static void let_pass_what_may(struct rig *rig, struct end *other)
{
    for (int i = 0; i < 3; i++)
        rig_exchange(rig, other);
}

/* Loops that cannot hold bytes take none: returns what has still to be written. */
static const char *write_what_is_taken(struct end *end, const char *text)
{
    ssize_t n = s7_stream_write(end->stream, (const uint8_t *)text, strlen(text));

    assert_true(n >= 0 || n == S7_AGAIN);
    return n > 0 ? text + n : text;
}

struct cable {
    struct rig *rig;
    struct end other_client, other_server; /* on a cable that is whole */
};

static void cable_open(struct cable *cable, struct rig *rig)
{
    cable->rig = rig;
    rig_connect_apart(rig, &cable->other_client, &cable->other_server);
    cable->other_server.then = then_echo;
    rig_connect(rig);
}

static void cable_close(struct cable *cable)
{
    end_close(&cable->other_client, S7_CLOSE_FIN);
    end_close(&cable->other_server, S7_CLOSE_FIN);
}

static void stop_when_both_have_five(struct end *end, unsigned ready)
{
    (void)ready;
    if (pair[0]->got_len == 5 && pair[1]->got_len == 5)
        s7_loop_stop(end->rig->loop);
}

static void bytes_wait_until_the_cable_is_back(void **state)
{
    struct rig *rig = *state;
    struct cable cable;

    cable_open(&cable, rig);
    vanish(&rig->server, BOTH);
    vanish(&rig->server, BOTH);
    end_send(&rig->client, "hello");
    const char *rest = write_what_is_taken(&rig->server, "world");
    let_pass_what_may(rig, &cable.other_client);
    assert_int_equal(rig->server.n_calls, 0);
    assert_int_equal(rig->client.n_calls, 1); /* when it was connected */

    vanish(&rig->server, 0);
    end_send(&rig->server, rest);
    pair[0] = &rig->client;
    pair[1] = &rig->server;
    rig->client.then = rig->server.then = stop_when_both_have_five;
    rig_run(rig);
    assert_got(&rig->client, "world");
    assert_got(&rig->server, "hello");
    cable_close(&cable);
}

static void write_then_end(struct end *end, unsigned ready)
{
    if (!(ready & S7_READY_WRITE))
        return;
    end_send(end, "bye");
    s7_stream_want(end->stream, S7_READY_READ);
    s7_stream_shutdown(end->stream);
}

static void who_wants_to_write_is_called_when_the_cable_is_back(void **state)
{
    struct rig *rig = *state;
    struct cable cable;

    cable_open(&cable, rig);
    s7_stream_want(rig->server.stream, S7_READY_READ | S7_READY_WRITE);
    rig->server.then = write_then_end; /* now or later: it is for the loop to hold what is written */
    vanish(&rig->server, BOTH);
    let_pass_what_may(rig, &cable.other_client);
    assert_int_equal(rig->client.n_calls, 1);

    vanish(&rig->server, 0);
    rig->client.then = then_stop_when_over;
    rig_run(rig);
    assert_true(rig->client.ended);
    assert_got(&rig->client, "bye");
    cable_close(&cable);
}

static void ends_wait_until_the_cable_is_back(void **state)
{
    struct rig *rig = *state;
    struct cable cable;

    cable_open(&cable, rig);
    vanish(&rig->server, BOTH);
    s7_stream_shutdown(rig->client.stream);
    s7_stream_shutdown(rig->server.stream);
    let_pass_what_may(rig, &cable.other_client);
    assert_false(rig->client.ended);
    assert_false(rig->server.ended);

    pair[0] = &rig->client;
    pair[1] = &rig->server;
    rig->client.then = rig->server.then = stop_when_both_are_over;
    vanish(&rig->server, 0);
    rig_run(rig);
    assert_true(rig->client.ended && rig->server.ended);
    cable_close(&cable);
}

static void a_reset_is_lost_and_who_writes_later_meets_another(void **state)
{
    struct rig *rig = *state;
    struct cable cable;

    cable_open(&cable, rig);
    vanish(&rig->server, BOTH);
    end_close(&rig->client, S7_CLOSE_RST);
    let_pass_what_may(rig, &cable.other_client);
    vanish(&rig->server, 0);
    let_pass_what_may(rig, &cable.other_client);
    assert_int_equal(rig->server.n_calls, 0);

    end_send(&rig->server, "anybody there?");
    rig->server.then = then_stop_when_over;
    rig_run(rig);
    assert_int_equal(rig->server.error, S7_E_RESET);
    cable_close(&cable);
}

static void who_is_closed_without_a_cable_leaves_without_a_word(struct rig *rig, enum s7_close_how how,
                                                                bool has_unread)
{
    struct cable cable;

    cable_open(&cable, rig);
    if (has_unread) { /* which makes a kernel reset a connection that is closed */
        s7_stream_want(rig->server.stream, 0);
        end_send(&rig->client, "unread");
        let_pass_what_may(rig, &cable.other_client);
    }
    vanish(&rig->server, BOTH);
    write_what_is_taken(&rig->server, "last words");
    end_close(&rig->server, how);
    let_pass_what_may(rig, &cable.other_client);
    end_send(&rig->client, "anybody there?");
    let_pass_what_may(rig, &cable.other_client);
    assert_int_equal(rig->client.n_calls, 1);
    assert_int_equal(s7_stream_error(rig->client.stream), S7_OK);
    cable_close(&cable);
}

static void an_end_without_a_cable_is_not_told(void **state)
{
    who_is_closed_without_a_cable_leaves_without_a_word(*state, S7_CLOSE_FIN, false);
}

static void nor_is_an_end_with_bytes_unread(void **state)
{
    who_is_closed_without_a_cable_leaves_without_a_word(*state, S7_CLOSE_FIN, true);
}

static void nor_is_a_reset_without_a_cable(void **state)
{
    who_is_closed_without_a_cable_leaves_without_a_word(*state, S7_CLOSE_RST, false);
}

static void what_came_before_can_still_be_read(void **state)
{
    struct rig *rig = *state;
    struct cable cable;

    cable_open(&cable, rig);
    rig->server.reads = false;
    rig->server.then = then_stop;
    end_send(&rig->client, "early");
    rig_run(rig);
    vanish(&rig->server, BOTH);
    end_send(&rig->client, "late");
    rig->server.reads = true;
    rig->server.then = then_stop_at_five;
    rig_run(rig);
    let_pass_what_may(rig, &cable.other_client);
    assert_got(&rig->server, "early");
    cable_close(&cable);
}

static void one_direction_may_vanish_alone(void **state)
{
    struct rig *rig = *state;
    struct cable cable;

    cable_open(&cable, rig);
    vanish(&rig->server, S7_VANISH_IN);
    end_send(&rig->client, "lost");
    end_send(&rig->server, "heard");
    rig->client.then = then_stop_at_five;
    rig_run(rig);
    let_pass_what_may(rig, &cable.other_client);
    assert_got(&rig->client, "heard");
    assert_int_equal(rig->server.n_calls, 0);

    vanish(&rig->server, BOTH);
    const char *rest = write_what_is_taken(&rig->server, "again");
    let_pass_what_may(rig, &cable.other_client);
    assert_got(&rig->client, "heard");
    vanish(&rig->server, S7_VANISH_IN);
    rig->client.got_len = 0;
    end_send(&rig->server, rest);
    rig_run(rig);
    assert_got(&rig->client, "again");
    assert_int_equal(rig->server.n_calls, 0);
    cable_close(&cable);
}

static void an_end_is_told_while_only_the_peer_is_not_heard(void **state)
{
    struct rig *rig = *state;

    rig_connect(rig);
    vanish(&rig->server, S7_VANISH_IN);
    end_send(&rig->server, "bye");
    end_close(&rig->server, S7_CLOSE_FIN);
    rig->client.then = then_stop_when_over;
    rig_run(rig);
    assert_got(&rig->client, "bye");
    assert_true(rig->client.ended);
}

/* ---- patience ---- */

static const struct s7_tcp_options impatient = {
    .user_timeout_ms = 50, .keepalive_idle_ms = 1000, .keepalive_interval_ms = 1000};

static void ends_of_silence(struct rig *rig)
{
    rig->client.then = then_stop_when_over;
    rig_run(rig);
    assert_int_equal(rig->client.error, S7_E_TIMEOUT);
    assert_int_equal(s7_stream_errno(rig->client.stream), ETIMEDOUT);
    assert_int_equal(s7_stream_write(rig->client.stream, (const uint8_t *)"x", 1), -1);
    assert_int_equal(s7_stream_error(rig->client.stream), S7_E_TIMEOUT);
    assert_int_equal(rig->server.n_calls, 0);
}

static void bytes_that_nobody_acknowledges_end_a_stream(void **state)
{
    struct rig *rig = *state;

    rig_connect(rig);
    s7_stream_set_options(rig->client.stream, &impatient);
    vanish(&rig->server, BOTH);
    end_send(&rig->client, "hello");
    ends_of_silence(rig);
}

static void an_idle_stream_ends_when_its_peer_is_not_there_any_more(void **state)
{
    struct rig *rig = *state;

    rig_connect(rig);
    s7_stream_set_options(rig->client.stream, &impatient);
    vanish(&rig->server, BOTH);
    ends_of_silence(rig);
}

int contract_run_faults(const char *name)
{
    static const struct CMUnitTest tests[] = {
        RIG_TEST(a_shut_listener_refuses_and_keeps_its_connections),
        RIG_TEST(the_port_of_a_shut_listener_is_free_when_it_is_closed),
        RIG_TEST(a_listener_may_be_shut_by_its_own_function),
        RIG_TEST(who_dials_into_nothing_waits_and_who_is_connected_does_not_notice),
        RIG_TEST(a_missing_route_is_told_or_not_played_at_all),
        RIG_TEST(bytes_wait_until_the_cable_is_back),
        RIG_TEST(who_wants_to_write_is_called_when_the_cable_is_back),
        RIG_TEST(ends_wait_until_the_cable_is_back),
        RIG_TEST(a_reset_is_lost_and_who_writes_later_meets_another),
        RIG_TEST(an_end_without_a_cable_is_not_told),
        RIG_TEST(nor_is_an_end_with_bytes_unread),
        RIG_TEST(nor_is_a_reset_without_a_cable),
        RIG_TEST(what_came_before_can_still_be_read),
        RIG_TEST(one_direction_may_vanish_alone),
        RIG_TEST(an_end_is_told_while_only_the_peer_is_not_heard),
        RIG_TEST(bytes_that_nobody_acknowledges_end_a_stream),
        RIG_TEST(an_idle_stream_ends_when_its_peer_is_not_there_any_more),
    };

    return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}
