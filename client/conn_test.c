#include "client/conn_rig.h"
#include "client/test_names.h"

/* ---- a user of one connection ---- */

#define N_TRANSFERS 4

enum in_callback { NOTHING, FREE_IT, CLOSE_IT, REOPEN };

static struct user {
    s7_conn *conn;
    unsigned calls;         /* of any function */
    unsigned trick_at;      /* do the trick in this call ... */
    enum in_callback trick; /* ... this one */
    bool inside;            /* a call to conn.h is running: no function may be called */
    bool submit_when_up;
    uint32_t timeout_ms;
    unsigned ups, ends, dones[N_TRANSFERS];
    bool done_after_end;
    s7_status end, results[N_TRANSFERS];
    s7_errinfo end_err, last_err;
    s7_item items[N_TRANSFERS];
    uint8_t data[N_TRANSFERS][1000];
} user;

static void done(s7_conn *conn, s7_status status, const s7_errinfo *err, void *arg);

static void submit(unsigned i)
{
    user.items[i] = bytes_item(S7_AREA_DB, i * 1000, i == 1 ? 600 : 10, user.data[i]);
    user.inside = true;
    s7_status status =
        s7_conn_submit(user.conn, i == 2, &user.items[i], 1, user.timeout_ms, done, &user.items[i], NULL);
    user.inside = false;
    assert_int_equal(status, S7_OK);
}

static void called(void)
{
    assert_false(user.inside);
    if (user.calls++ != user.trick_at)
        return;
    if (user.trick == FREE_IT) {
        s7_conn_free(user.conn);
        user.conn = NULL;
    } else if (user.trick == CLOSE_IT) {
        s7_conn_close(user.conn);
    }
}

static void done(s7_conn *conn, s7_status status, const s7_errinfo *err, void *arg)
{
    unsigned i = (unsigned)((s7_item *)arg - user.items);

    assert_ptr_equal(conn, user.conn);
    assert_true((status == S7_OK) == (err == NULL));
    user.dones[i]++;
    user.results[i] = status;
    user.done_after_end |= user.ends > 0;
    if (err != NULL)
        user.last_err = *err;
    called();
}

static void state(s7_conn *conn, bool up, s7_status why, const s7_errinfo *err, void *arg)
{
    assert_ptr_equal(arg, &user);
    assert_ptr_equal(conn, user.conn);
    if (up) {
        user.ups++;
        if (user.submit_when_up)
            for (unsigned i = 0; i < N_TRANSFERS; i++)
                submit(i);
    } else {
        user.ends++;
        user.end = why;
        user.end_err = *err;
        assert_int_equal(err->status, why);
    }
    called();
    if (!up && user.trick == REOPEN && user.ends == 1) {
        world.act = ANSWER;
        assert_int_equal(s7_conn_open(user.conn, NULL), S7_OK);
    }
}

static void user_up_with(bool read_only)
{
    s7_client_options options;

    s7_client_options_init(&options);
    options.connect_ms = 1000;
    options.handshake_ms = 2000;
    options.request_ms = 500;
    options.read_only = read_only;
    user = (struct user){.trick_at = UINT32_MAX, .submit_when_up = !read_only};
    assert_int_equal(s7_conn_new(world.loop, "127.0.0.1:10102", &options, state, &user, &user.conn, NULL),
                     S7_OK);
    user.inside = true;
    assert_int_equal(s7_conn_open(user.conn, NULL), S7_OK);
    user.inside = false;
}

static void user_up(void)
{
    user_up_with(false);
}

static void user_down(void)
{
    s7_conn_free(user.conn);
    user.conn = NULL;
}

static void expect_all_good(void)
{
    for (unsigned i = 0; i < N_TRANSFERS; i++) {
        if (user.dones[i] != 1 || user.results[i] != S7_OK)
            fail_msg("transfer %u: reported %u times, %s (%s)", i, user.dones[i], s7_errname(user.results[i]),
                     user.last_err.came);
        if (i != 2)
            assert_memory_equal(user.data[i], world.plc.db1 + i * 1000, user.items[i].len);
    }
}

/* ---- tests ---- */

static void a_connection_comes_up_carries_transfers_in_order_and_ends_once(void **unused)
{
    (void)unused;
    world_up(NULL);
    user_up();
    run_for(100);
    assert_int_equal(user.ups, 1);
    expect_all_good();
    assert_memory_equal(world.plc.db1 + 2000, user.data[2], 10);
    assert_int_equal(s7_session_granted(s7_conn_session(user.conn))->pdu_len, 240);
    assert_int_equal(user.ends, 0);
    user.inside = true;
    s7_conn_close(user.conn);
    user.inside = false;
    assert_int_equal(user.ends, 0); /* not from inside close */
    run_for(100);
    assert_int_equal(user.ends, 1);
    assert_int_equal(user.end, S7_E_CANCELLED);
    assert_null(world.peer.stream);
    user_down();
    world_down();
}

static void calls_in_the_wrong_state_are_refused(void **unused)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    uint8_t data[2];
    s7_item item = {.address = {.area = S7_AREA_M, .type = S7_TYPE_BYTE, .count = 2}, .data = data, .len = 2};

    (void)unused;
    world_up(NULL);
    user_up();
    assert_int_equal(s7_conn_open(user.conn, &err), S7_E_MISUSE);
    assert_int_equal(s7_conn_submit(user.conn, false, &item, 1, 0, done, &item, &err), S7_E_NOT_CONNECTED);
    assert_int_equal(err.status, S7_E_NOT_CONNECTED);
    run_for(100);
    assert_int_equal(s7_conn_open(user.conn, &err), S7_E_MISUSE);
    item.len = 3;
    assert_int_equal(s7_conn_submit(user.conn, false, &item, 1, 0, done, &item, &err), S7_E_ARG);
    expect_text(err.came, "len");
    expect_text(err.asked, "MB0..1");
    s7_conn_close(user.conn);
    item.len = 2;
    assert_int_equal(s7_conn_submit(user.conn, false, &item, 1, 0, done, &item, &err), S7_E_NOT_CONNECTED);
    run_for(10);
    user_down();
    world_down();
}

static void what_the_options_forbid_is_not_queued(void **unused)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    uint8_t data[2];
    s7_item item = {.address = {.area = S7_AREA_M, .type = S7_TYPE_BYTE, .count = 2}, .data = data, .len = 2};

    (void)unused;
    world_up(NULL);
    user_up_with(true);
    run_for(100);
    assert_int_equal(s7_conn_submit(user.conn, true, &item, 1, 0, done, &item, &err), S7_E_GUARDED);
    expect_text(err.came, "read_only");
    expect_text(err.asked, "write MB0..1");
    assert_false(s7_conn_busy(user.conn));
    s7_conn_close(user.conn);
    run_for(10);
    assert_int_equal(world.plc.jobs, 0);
    user_down();
    world_down();
}

struct way {
    const char *name;
    enum act act;
    unsigned frame;
    enum s7_virtual_dial dial;
    int64_t close_at_us; /* s7_conn_close then, -1: never */
    s7_status end, end2; /* expected; end2: another one that may be */
};

static const struct way ways[] = {
    {"dial refused", ANSWER, 0, S7_DIAL_REFUSE, -1, S7_E_REFUSED, S7_E_REFUSED},
    {"dial unreachable", ANSWER, 0, S7_DIAL_UNREACHABLE, -1, S7_E_UNREACHABLE, S7_E_UNREACHABLE},
    {"dial vanishes", ANSWER, 0, S7_DIAL_VANISH, -1, S7_E_TIMEOUT, S7_E_TIMEOUT},
    {"CR unanswered", SILENT, 0, S7_DIAL_ACCEPT, -1, S7_E_TIMEOUT, S7_E_TIMEOUT},
    {"CR answered by DR", DR, 0, S7_DIAL_ACCEPT, -1, S7_E_COTP_REFUSED, S7_E_COTP_REFUSED},
    {"CR answered by FIN", FIN, 0, S7_DIAL_ACCEPT, -1, S7_E_COTP_REFUSED, S7_E_COTP_REFUSED},
    {"CR answered by RST", RST, 0, S7_DIAL_ACCEPT, -1, S7_E_COTP_REFUSED, S7_E_COTP_REFUSED},
    {"CR answered by garbage", GARBAGE, 0, S7_DIAL_ACCEPT, -1, S7_E_FRAME, S7_E_FRAME},
    {"setup unanswered", SILENT, 1, S7_DIAL_ACCEPT, -1, S7_E_TIMEOUT, S7_E_TIMEOUT},
    {"setup refused", REFUSE, 1, S7_DIAL_ACCEPT, -1, S7_E_NEGOTIATION, S7_E_NEGOTIATION},
    {"setup answered by FIN", FIN, 1, S7_DIAL_ACCEPT, -1, S7_E_CLOSED, S7_E_CLOSED},
    {"first job answered by FIN", FIN, 2, S7_DIAL_ACCEPT, -1, S7_E_CLOSED, S7_E_RESET},
    {"first job answered by RST", RST, 2, S7_DIAL_ACCEPT, -1, S7_E_RESET, S7_E_RESET},
    {"first job answered by garbage", GARBAGE, 2, S7_DIAL_ACCEPT, -1, S7_E_FRAME, S7_E_FRAME},
    {"first job answered by DR", DR, 2, S7_DIAL_ACCEPT, -1, S7_E_CLOSED, S7_E_CLOSED},
    {"second transfer answered by RST", RST, 4, S7_DIAL_ACCEPT, -1, S7_E_RESET, S7_E_RESET},
    {"write answered by FIN", FIN, 6, S7_DIAL_ACCEPT, -1, S7_E_CLOSED, S7_E_CLOSED},
    {"first job unanswered", SILENT, 2, S7_DIAL_ACCEPT, -1, S7_E_TIMEOUT, S7_E_TIMEOUT},
    {"closed while dialing", ANSWER, 0, S7_DIAL_ACCEPT, 50, S7_E_CANCELLED, S7_E_CANCELLED},
    {"closed while waiting for CC", SILENT, 0, S7_DIAL_ACCEPT, 20000, S7_E_CANCELLED, S7_E_CANCELLED},
    {"closed while waiting for setup", SILENT, 1, S7_DIAL_ACCEPT, 20000, S7_E_CANCELLED, S7_E_CANCELLED},
    {"closed while a job is open", SILENT, 2, S7_DIAL_ACCEPT, 20000, S7_E_CANCELLED, S7_E_CANCELLED},
    {"closed while a write is open", SILENT, 6, S7_DIAL_ACCEPT, 20000, S7_E_CANCELLED, S7_E_CANCELLED},
    {"closed when idle", ANSWER, 0, S7_DIAL_ACCEPT, 100000, S7_E_CANCELLED, S7_E_CANCELLED},
};

#define N_WAYS (sizeof ways / sizeof ways[0])

static void go(const struct way *way, unsigned trick_at, enum in_callback trick)
{
    world_up(NULL);
    world.act = way->act;
    world.act_frame = way->frame;
    world.plc.amq = 1;
    if (way->dial != S7_DIAL_ACCEPT)
        s7_virtual_set_dial(world.loop, "127.0.0.1", 10102, way->dial);
    user_up();
    user.trick_at = trick_at;
    user.trick = trick;
    if (way->close_at_us >= 0) {
        s7_virtual_run_until(world.loop, way->close_at_us * 1000);
        if (user.conn != NULL)
            s7_conn_close(user.conn);
    }
    run_for(60000);
}

static void p21_every_way_to_end_is_reported_exactly_once_after_its_transfers(void **unused)
{
    (void)unused;
    for (unsigned w = 0; w < N_WAYS; w++) {
        go(&ways[w], UINT32_MAX, NOTHING);
        if (user.ends != 1 || (user.end != ways[w].end && user.end != ways[w].end2))
            fail_msg("%s: %u ends, %s (%s), expected %s", ways[w].name, user.ends, s7_errname(user.end),
                     user.end_err.came, s7_errname(ways[w].end));
        assert_false(user.done_after_end);
        assert_true(user.end_err.asked[0] != '\0' && user.end_err.came[0] != '\0');
        for (unsigned i = 0; i < N_TRANSFERS; i++)
            if (user.dones[i] != user.ups)
                fail_msg("%s: transfer %u was reported %u times", ways[w].name, i, user.dones[i]);
        user_down();
        world_down();
    }
}

static void p20_the_connection_may_be_freed_in_every_callback(void **unused)
{
    unsigned frees = 0;

    (void)unused;
    for (unsigned w = 0; w < N_WAYS; w++) {
        for (unsigned k = 0;; k++) {
            go(&ways[w], k, FREE_IT);
            bool freed = user.conn == NULL;

            assert_int_equal(user.calls, freed ? k + 1 : k);
            frees += freed;
            user_down();
            world_down();
            if (!freed)
                break;
        }
    }
    assert_true(frees >= N_WAYS);
}

static void the_connection_may_be_closed_in_every_callback(void **unused)
{
    (void)unused;
    for (unsigned w = 0; w < N_WAYS; w++) {
        bool closed = true;

        for (unsigned k = 0; closed; k++) {
            go(&ways[w], k, CLOSE_IT);
            closed = user.calls > k;
            assert_int_equal(user.ends, 1);
            for (unsigned i = 0; i < N_TRANSFERS; i++)
                assert_int_equal(user.dones[i], user.ups);
            user_down();
            world_down();
        }
    }
}

static void the_connection_may_be_opened_again_when_it_ended(void **unused)
{
    (void)unused;
    for (unsigned w = 0; w < N_WAYS; w++) {
        if (ways[w].dial != S7_DIAL_ACCEPT)
            continue;
        go(&ways[w], UINT32_MAX, REOPEN);
        assert_int_equal(user.ends, 1);
        assert_true(user.ups >= 1);
        assert_int_equal(s7_session_state(s7_conn_session(user.conn)), S7_SESSION_READY);
        for (unsigned i = 0; i < N_TRANSFERS; i++)
            assert_int_equal(user.results[i], S7_OK);
        user_down();
        world_down();
    }
}

static void p29_a_write_without_answer_is_unknown_and_done_once(void **unused)
{
    static const enum act acts[] = {FIN, RST, SILENT};

    (void)unused;
    for (unsigned i = 0; i < 3; i++) {
        const struct way way = {"", acts[i], 6, S7_DIAL_ACCEPT, -1, S7_OK, S7_OK};

        go(&way, UINT32_MAX, NOTHING);
        assert_int_equal(user.results[2], S7_E_OUTCOME_UNKNOWN);
        assert_int_equal(user.items[2].status, S7_E_OUTCOME_UNKNOWN);
        unsigned writes = 0;
        for (unsigned n = 0; n < world.plc.n_items; n++)
            writes += world.plc.items[n].bit_addr == 2000 * 8;
        assert_int_equal(writes, 1);
        user_down();
        world_down();
    }
}

static void p01_a_late_answer_is_dropped_and_the_connection_goes_on(void **unused)
{
    (void)unused;
    world_up(NULL);
    world.plc.amq = 1;
    world.act = HOLD;
    world.act_frame = 2;
    user_up();
    user.timeout_ms = 400;
    run_for(410); /* all were submitted at once: all are overdue */
    assert_int_equal(user.dones[0], 1);
    assert_int_equal(user.results[0], S7_E_TIMEOUT);
    assert_int_equal(user.results[3], S7_E_TIMEOUT);
    assert_int_equal(s7_session_owed(s7_conn_session(user.conn)), 1);
    submit(3); /* waits for the owed answer */
    run_for(10);
    assert_int_equal(user.dones[3], 1);
    append(&world.peer.tx, &world.held);
    peer_flush(&world.peer);
    run_for(10);
    assert_int_equal(user.dones[3], 2);
    assert_int_equal(user.results[3], S7_OK);
    assert_memory_equal(user.data[3], world.plc.db1 + 3000, 10);
    assert_int_equal(s7_session_stats(s7_conn_session(user.conn))->late_answers, 1);
    run_for(10000);
    assert_int_equal(user.ends, 0);
    user_down();
    world_down();
}

static void s7_153_an_owed_answer_that_never_comes_ends_the_connection(void **unused)
{
    (void)unused;
    world_up(NULL);
    world.act = HOLD;
    world.act_frame = 2;
    user_up(); /* AmQ 4: the others go on */
    user.timeout_ms = 400;
    run_for(405);
    assert_int_equal(user.results[0], S7_E_TIMEOUT);
    run_for(50);
    assert_int_equal(user.ends, 0);
    submit(3);
    run_for(50);
    assert_int_equal(user.results[3], S7_OK);
    run_for(600);
    assert_int_equal(user.ends, 1);
    assert_int_equal(user.end, S7_E_TIMEOUT);
    expect_text(user.end_err.came, "never came");
    user_down();
    world_down();
}

static void a_closed_connection_says_nothing_more(void **unused)
{
    (void)unused;
    for (int64_t at_us = 0; at_us < 4000; at_us += 37) {
        world_up(NULL);
        user_up();
        s7_virtual_run_until(world.loop, at_us * 1000);
        unsigned calls = user.calls;
        user_down(); /* at any time of handshake and transfers */
        run_for(1000);
        assert_int_equal(user.calls, calls);
        world_down();
    }
}

static void split_segments_and_small_buffers_change_nothing(void **unused)
{
    (void)unused;
    for (unsigned seed = 1; seed <= 60; seed++) {
        struct s7_virtual_options options;

        s7_virtual_options_init(&options);
        options.seed = seed;
        options.split = true;
        options.buffer_len = seed % 3 == 0 ? 65536 : seed % 50 + 1;
        world_up(&options);
        user_up();
        user.timeout_ms = 60000;
        run_for(60000);
        assert_int_equal(user.ups, 1);
        assert_int_equal(user.ends, 0);
        expect_all_good();
        user_down();
        world_down();
    }
}

static void the_same_seed_gives_the_same_trace(void **unused)
{
    uint64_t first = 0;

    (void)unused;
    for (unsigned round = 0; round < 2; round++) {
        go(&ways[15], UINT32_MAX, REOPEN);
        if (round == 0)
            first = s7_virtual_trace_hash(world.loop);
        else
            assert_true(first == s7_virtual_trace_hash(world.loop));
        user_down();
        world_down();
    }
}

static void a_name_needs_a_numeric_address_on_a_loop(void **unused)
{
    s7_conn *conn;
    s7_errinfo err = S7_ERRINFO_INIT;

    (void)unused;
    world_up(NULL);
    assert_int_equal(s7_conn_new(world.loop, "plc7", NULL, state, NULL, &conn, &err), S7_OK);
    assert_int_equal(s7_conn_open(conn, &err), S7_E_RESOLVE);
    expect_text(err.asked, "plc7:102");
    s7_conn_free(conn);
    assert_int_equal(s7_conn_new(world.loop, "plc7:0", NULL, state, NULL, &conn, &err), S7_E_SYNTAX);
    world_down();
}

/* ---- signs of life ---- */

static unsigned lives;
static s7_status life;

static void alive(s7_conn *conn, s7_status status, void *arg)
{
    assert_ptr_equal(conn, user.conn);
    assert_ptr_equal(arg, &lives);
    assert_false(user.inside);
    lives++;
    life = status;
}

static s7_status probe(void)
{
    user.inside = true;
    const s7_address mb0 = {.area = S7_AREA_M, .type = S7_TYPE_BYTE, .count = 1};
    s7_status status = s7_conn_probe(user.conn, &mb0, alive, &lives);
    user.inside = false;
    return status;
}

static void any_answer_is_a_sign_of_life_beside_the_transfers(void **unused)
{
    (void)unused;
    lives = 0;
    world_up(NULL);
    user_up();
    assert_int_equal(probe(), S7_E_NOT_CONNECTED);
    while (user.ups == 0)
        run_for(1);
    assert_int_equal(probe(), S7_OK);
    assert_int_equal(probe(), S7_E_MISUSE);
    run_for(100);
    expect_all_good();
    assert_int_equal(lives, 1);
    assert_int_equal(life, S7_OK);
    world.plc.refuse = 0x8104;
    assert_int_equal(probe(), S7_OK);
    run_for(100);
    assert_int_equal(lives, 2);
    assert_int_equal(life, S7_OK);
    user_down();
    world_down();
}

static void a_sign_of_life_that_cannot_come_says_why_before_the_end_is_told(void **unused)
{
    (void)unused;
    lives = 0;
    world_up(NULL);
    user_up();
    run_for(100);
    world.act = SILENT;
    world.act_frame = world.peer.frames;
    assert_int_equal(probe(), S7_OK);
    run_for(3600 * 1000); /* it has no deadline of its own */
    assert_int_equal(lives, 0);
    assert_false(s7_conn_busy(user.conn));
    s7_stream_shutdown(world.peer.stream);
    run_for(10);
    assert_int_equal(lives, 1);
    assert_int_equal(life, S7_E_CLOSED);
    assert_int_equal(user.ends, 1);
    user_down();
    world_down();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connection_comes_up_carries_transfers_in_order_and_ends_once),
        cmocka_unit_test(calls_in_the_wrong_state_are_refused),
        cmocka_unit_test(p21_every_way_to_end_is_reported_exactly_once_after_its_transfers),
        cmocka_unit_test(p20_the_connection_may_be_freed_in_every_callback),
        cmocka_unit_test(the_connection_may_be_closed_in_every_callback),
        cmocka_unit_test(the_connection_may_be_opened_again_when_it_ended),
        cmocka_unit_test(p29_a_write_without_answer_is_unknown_and_done_once),
        cmocka_unit_test(p01_a_late_answer_is_dropped_and_the_connection_goes_on),
        cmocka_unit_test(s7_153_an_owed_answer_that_never_comes_ends_the_connection),
        cmocka_unit_test(a_closed_connection_says_nothing_more),
        cmocka_unit_test(split_segments_and_small_buffers_change_nothing),
        cmocka_unit_test(the_same_seed_gives_the_same_trace),
        cmocka_unit_test(what_the_options_forbid_is_not_queued),
        cmocka_unit_test(any_answer_is_a_sign_of_life_beside_the_transfers),
        cmocka_unit_test(a_sign_of_life_that_cannot_come_says_why_before_the_end_is_told),
        cmocka_unit_test(a_name_needs_a_numeric_address_on_a_loop),
    };

    return run_sentences(tests, sizeof tests / sizeof tests[0], "client.conn");
}
