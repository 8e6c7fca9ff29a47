/* What armed faults decide: matchers, triggers, draws, order. */
#include "simulator/verdict.h"

#include "protocol/var.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MS       INT64_C(1000000)
#define ARMED_AT (INT64_C(1000) * MS)

static struct bench {
    struct sim_armed faults[8], *list;
    size_t n;
    uint64_t seed;
    uint64_t once[8]; /* by connection */
    unsigned admitted[SIM_ROLES];
    int64_t now_ns;
    struct sim_verdict verdict;
} bench;

static int open_bench(void **state)
{
    (void)state;
    bench = (struct bench){.seed = 1, .now_ns = ARMED_AT};
    return 0;
}

static struct sim_armed *arm(uint64_t id, const char *name, const char *args)
{
    struct sim_armed *armed = &bench.faults[bench.n++];
    struct plant_error error;

    *armed = (struct sim_armed){.id = id, .armed_ns = bench.now_ns, .now.until_ns = S7_NEVER_NS};
    if (sim_fault_parse(name, args, &armed->fault, &error) != S7_OK)
        fail_msg("%s", error.text);
    if (armed->fault.trigger.once_conn)
        armed->once = UINT64_C(1) << bench.n;
    sim_armed_insert(&bench.list, armed);
    return armed;
}

/* ---- requests ---- */

static uint8_t request_bytes[256];
static struct s7_pdu request;

/* A read or write of items. */
static void ask_items(uint8_t function, const struct s7_var_item *items, size_t n)
{
    struct s7_wr wr = {request_bytes, sizeof request_bytes, 0, false};
    size_t begin = s7_pdu_begin(&wr, S7_ROSCTR_JOB, 0x1234, 0);

    s7_wr_be(&wr, 1, function);
    s7_wr_be(&wr, 1, (uint32_t)n);
    for (size_t i = 0; i < n; i++)
        s7_item_append(&wr, &items[i], i + 1 == n);
    s7_pdu_param_end(&wr, begin);
    s7_pdu_end(&wr, begin);
    assert_int_equal(s7_pdu_decode(request_bytes, wr.len, &request), S7_OK);
}

static struct s7_var_item bytes_at(uint8_t area, uint16_t db, uint32_t byte, uint16_t count)
{
    return (struct s7_var_item){.syntax_id = S7_SYNTAX_S7ANY,
                                .size = S7_SIZE_BYTE,
                                .count = count,
                                .db = db,
                                .area = area,
                                .bit_addr = byte * 8};
}

static enum sim_deed judge(struct sim_asked asked)
{
    if (asked.peer == NULL)
        asked.peer = "127.0.0.1:50000";
    if (asked.conn == 0)
        asked.conn = 1;
    asked.now_ns = bench.now_ns;
    asked.admitted = bench.admitted;
    sim_judge(bench.list, bench.seed, &asked, &bench.once[asked.conn], &bench.verdict);
    return bench.verdict.deed;
}

/* A read of DB1.DBB0..3 on a connection. */
static enum sim_deed read_on(unsigned conn)
{
    const struct s7_var_item item = bytes_at(S7_AREA_DB, 1, 0, 4);

    ask_items(S7_FN_READ_VAR, &item, 1);
    return judge((struct sim_asked){.conn = conn, .role = SIM_ROLE_OP, .fn = SIM_FN_READ, .pdu = &request});
}

static bool hits(const char *args, struct sim_asked asked)
{
    open_bench(NULL);
    arm(1, "hang", args);
    return judge(asked) == SIM_DEED_SWALLOW;
}

/* ---- matchers ---- */

static void without_matchers_every_S7_request_matches_and_no_connection_request(void **state)
{
    const struct s7_var_item item = bytes_at(S7_AREA_DB, 1, 0, 1);

    (void)state;
    ask_items(S7_FN_READ_VAR, &item, 1);
    for (unsigned fn = SIM_FN_SETUP; fn <= SIM_FN_OTHER; fn *= 2)
        assert_true(hits("", (struct sim_asked){.fn = (enum sim_fn)fn, .pdu = &request}));
    assert_false(hits("", (struct sim_asked){.fn = SIM_FN_CONNECT}));
    assert_true(hits("fn=connect", (struct sim_asked){.fn = SIM_FN_CONNECT}));
    assert_true(hits("fn=read|write", (struct sim_asked){.fn = SIM_FN_WRITE, .pdu = &request}));
    assert_false(hits("fn=read|write", (struct sim_asked){.fn = SIM_FN_SETUP, .pdu = &request}));
}

static void connections_match_by_peer_ordinal_and_role(void **state)
{
    const struct sim_asked asked = {
        .peer = "127.0.0.1:5000", .conn = 3, .role = SIM_ROLE_OP, .fn = SIM_FN_CONNECT};

    (void)state;
    assert_true(hits("fn=connect peer=127.0.0.1", asked));
    assert_true(hits("fn=connect peer=127.0.0.1:5000", asked));
    assert_false(hits("fn=connect peer=127.0.0.1:500", asked));
    assert_false(hits("fn=connect peer=127.0.0.10", asked));
    assert_false(hits("fn=connect peer=127.0.0.2", asked));
    assert_true(hits("fn=connect conn=3", asked));
    assert_true(hits("fn=connect conn=2..3", asked));
    assert_false(hits("fn=connect conn=4..9", asked));
    assert_true(hits("fn=connect role=op", asked));
    assert_false(hits("fn=connect role=pg", asked));
}

static void items_match_by_area_db_overlap_index_and_number(void **state)
{
    static const struct {
        const char *args;
        bool hit;
    } rows[] = {
        {"area=DB", true},
        {"area=M", true},
        {"area=I", false},
        {"db=7", true},
        {"db=8", false},
        {"area=DB db=7", true},
        {"range=10..13", true},
        {"range=13", true},
        {"range=14..99", true}, /* MB20 */
        {"db=7 range=13", true},
        {"db=7 range=14", false},
        {"db=7 range=0..9", false},
        {"db=7 range=0..10", true},
        {"item=1 area=DB", true},
        {"item=2 area=DB", false},
        {"item=2 area=M", true},
        {"item=2", true},
        {"item=3", false},
        {"items=2", true},
        {"items=3..9", false},
        {"area=M range=20..21", true},
        {"area=M range=22", false},
        {"items=2 area=I", false},
        {"ref=0x1234", true},
        {"ref=1", false},
        {"rosctr=job", true},
        {"rosctr=userdata", false},
        {"payload=120a1002", true}, /* of the first item */
        {"payload=120a1003", false},
    };
    const struct s7_var_item items[] = {bytes_at(S7_AREA_DB, 7, 10, 4), bytes_at(S7_AREA_M, 0, 20, 2)};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ask_items(S7_FN_READ_VAR, items, 2);
        if (hits(rows[i].args, (struct sim_asked){.fn = SIM_FN_READ, .pdu = &request}) != rows[i].hit)
            fail_msg("%s: expected %s", rows[i].args, rows[i].hit ? "a match" : "none");
    }
    assert_false(hits("area=DB", (struct sim_asked){.fn = SIM_FN_SETUP, .pdu = &request}));
}

static void timers_are_two_bytes_each_and_wide_elements_count_whole(void **state)
{
    struct s7_var_item item = {
        .syntax_id = S7_SYNTAX_S7ANY, .size = S7_SIZE_TIMER, .count = 1, .area = S7_AREA_T, .bit_addr = 5};

    (void)state;
    ask_items(S7_FN_READ_VAR, &item, 1);
    assert_true(hits("area=T range=11", (struct sim_asked){.fn = SIM_FN_READ, .pdu = &request}));
    assert_false(hits("area=T range=12", (struct sim_asked){.fn = SIM_FN_READ, .pdu = &request}));
    item = bytes_at(S7_AREA_DB, 1, 4, 2);
    item.size = S7_SIZE_REAL;
    ask_items(S7_FN_READ_VAR, &item, 1);
    assert_true(hits("range=11", (struct sim_asked){.fn = SIM_FN_READ, .pdu = &request}));
    assert_false(hits("range=12", (struct sim_asked){.fn = SIM_FN_READ, .pdu = &request}));
}

/* ---- triggers ---- */

/* Which of 12 matches fire, as "..x". */
static const char *firings(const char *args)
{
    static char text[13];

    open_bench(NULL);
    arm(1, "hang", args);
    for (size_t i = 0; i < 12; i++)
        text[i] = read_on(1) == SIM_DEED_SWALLOW ? 'x' : '.';
    return text;
}

static void triggers_choose_among_the_matches(void **state)
{
    (void)state;
    assert_string_equal(firings(""), "xxxxxxxxxxxx");
    assert_string_equal(firings("nth=3"), "..x.........");
    assert_string_equal(firings("after=3"), "...xxxxxxxxx");
    assert_string_equal(firings("every=4"), "...x...x...x");
    assert_string_equal(firings("after=2 every=3"), "....x..x..x.");
    assert_string_equal(firings("count=2"), "xx..........");
    assert_string_equal(firings("after=3 every=2 count=2"), "....x.x.....");
    assert_string_equal(firings("once=conn"), "x...........");
    assert_string_equal(firings("p=0"), "............");
}

static void a_spent_fault_is_disarmed_and_counts_no_more(void **state)
{
    struct sim_armed *nth, *count;

    (void)state;
    nth = arm(1, "hang", "nth=2");
    count = arm(2, "slow", "time=1ms count=1 prio=-1");
    for (int i = 0; i < 5; i++)
        read_on(1);
    assert_int_equal(nth->now.matched, 2);
    assert_int_equal(nth->now.fired, 1);
    assert_int_equal(count->now.matched, 1);
    assert_int_equal(count->now.fired, 1);
    assert_false(sim_armed_is_live(nth, bench.now_ns));
    assert_false(sim_armed_is_live(count, bench.now_ns));
}

static void once_is_per_connection_and_nth_counts_connections_then(void **state)
{
    struct sim_armed *armed = arm(1, "hang", "once=conn nth=2");

    (void)state;
    assert_int_equal(read_on(1), SIM_DEED_SERVE);
    assert_int_equal(read_on(1), SIM_DEED_SERVE);
    assert_int_equal(read_on(2), SIM_DEED_SWALLOW);
    assert_int_equal(armed->now.matched, 2);
}

static void a_window_begins_with_from_and_ends_before_to(void **state)
{
    struct sim_armed *armed = arm(1, "hang", "from=10ms to=20ms");

    (void)state;
    bench.now_ns = ARMED_AT + 10 * MS - 1;
    assert_int_equal(read_on(1), SIM_DEED_SERVE);
    assert_int_equal(armed->now.matched, 0);
    bench.now_ns = ARMED_AT + 10 * MS;
    assert_int_equal(read_on(1), SIM_DEED_SWALLOW);
    bench.now_ns = ARMED_AT + 20 * MS - 1;
    assert_int_equal(read_on(1), SIM_DEED_SWALLOW);
    assert_true(sim_armed_is_live(armed, bench.now_ns));
    bench.now_ns = ARMED_AT + 20 * MS;
    assert_int_equal(read_on(1), SIM_DEED_SERVE);
    assert_false(sim_armed_is_live(armed, bench.now_ns));
}

static void a_hang_with_for_takes_every_match_from_its_first_firing_on(void **state)
{
    struct sim_armed *armed = arm(1, "hang", "after=1 count=1 for=10ms");

    (void)state;
    assert_int_equal(read_on(1), SIM_DEED_SERVE);
    assert_int_equal(read_on(1), SIM_DEED_SWALLOW);
    bench.now_ns += 10 * MS - 1;
    assert_int_equal(read_on(1), SIM_DEED_SWALLOW);
    bench.now_ns += 1;
    assert_int_equal(read_on(1), SIM_DEED_SERVE);
    assert_int_equal(armed->now.fired, 2);
    assert_false(sim_armed_is_live(armed, bench.now_ns));
}

/* ---- draws ---- */

static unsigned count_hits(unsigned n)
{
    unsigned hit = 0;

    for (unsigned i = 0; i < n; i++)
        hit += read_on(1) == SIM_DEED_SWALLOW;
    return hit;
}

static void with_a_scope_each_connection_counts_for_itself(void **state)
{
    struct sim_armed *armed = arm(1, "hang", "nth=2 scope=conn");

    (void)state;
    for (unsigned conn = 1; conn <= 5; conn++)
        assert_int_equal(read_on(conn), SIM_DEED_SERVE);
    for (unsigned conn = 1; conn <= 5; conn++)
        assert_int_equal(read_on(conn), SIM_DEED_SWALLOW);
    for (unsigned conn = 1; conn <= 5; conn++)
        assert_int_equal(read_on(conn), SIM_DEED_SERVE);
    assert_int_equal(read_on(6), SIM_DEED_SERVE);
    assert_int_equal(armed->now.matched, 16);
    assert_int_equal(armed->now.fired, 5);
    assert_true(sim_armed_is_live(armed, bench.now_ns)); /* others may come */
    sim_scope_free(&armed->scope);
}

static void with_a_scope_each_block_or_item_counts_for_itself(void **state)
{
    const struct s7_var_item items[] = {bytes_at(S7_AREA_DB, 7, 0, 1), bytes_at(S7_AREA_DB, 7, 9, 1),
                                        bytes_at(S7_AREA_DB, 8, 0, 1)};
    struct sim_armed *by_db = arm(1, "hang", "count=1 scope=db prio=1");
    struct sim_armed *by_item = arm(2, "hang", "count=1 scope=item prio=2");

    (void)state;
    for (size_t i = 0; i < 6; i++) {
        ask_items(S7_FN_READ_VAR, &items[i % 3], 1);
        (void)judge((struct sim_asked){.fn = SIM_FN_READ, .pdu = &request});
    }
    assert_int_equal(by_db->now.fired, 2);
    assert_int_equal(by_item->now.fired, 3);
    sim_scope_free(&by_db->scope);
    sim_scope_free(&by_item->scope);
}

static void a_rewound_turn_counts_anew_in_each_scope(void **state)
{
    struct sim_armed *armed = arm(1, "hang", "nth=2 scope=conn");

    (void)state;
    (void)read_on(1);
    sim_armed_mark(armed);
    for (int round = 0; round < 3; round++) {
        assert_int_equal(read_on(1), SIM_DEED_SWALLOW);
        assert_int_equal(read_on(2), SIM_DEED_SERVE);
        assert_int_equal(read_on(1), SIM_DEED_SERVE);
        sim_armed_rewind(armed);
    }
    assert_int_equal(armed->now.matched, 1);
    assert_int_equal(read_on(1), SIM_DEED_SWALLOW);
    sim_scope_free(&armed->scope);
}

static void a_scope_forgets_the_lowest_of_too_many(void **state)
{
    struct sim_scope scope = {0};

    (void)state;
    for (uint64_t key = 1; key <= SIM_SCOPE_MAX + 10; key++) {
        const struct sim_scope_count count = {key, key, 0};
        assert_true(sim_scope_set(&scope, &count));
        sim_scope_mark(&scope);
    }
    assert_int_equal(scope.n, SIM_SCOPE_MAX);
    assert_int_equal(sim_scope_get(&scope, SIM_SCOPE_MAX + 10).matched, SIM_SCOPE_MAX + 10);
    assert_int_equal(sim_scope_get(&scope, 5).matched, 0);
    sim_scope_free(&scope);
}

static void p_is_the_share_of_matches_that_fire(void **state)
{
    (void)state;
    arm(1, "hang", "p=0.25");
    assert_in_range(count_hits(10000), 2370, 2630); /* 3 sigma */
}

static void draw_pattern(char *text, size_t n, uint64_t id)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t before = 0;
        for (size_t k = 0; k < bench.n; k++)
            before += bench.faults[k].id == id ? bench.faults[k].now.fired : 0;
        read_on(1);
        uint64_t after = 0;
        for (size_t k = 0; k < bench.n; k++)
            after += bench.faults[k].id == id ? bench.faults[k].now.fired : 0;
        text[i] = after > before ? 'x' : '.';
    }
    text[n] = '\0';
}

static void bursts_have_the_length_and_the_distance_that_they_are_given(void **state)
{
    struct sim_armed *armed = arm(1, "hang", "burst(0.05,0.25)");
    unsigned fired = 0, begun = 0;
    bool in = false;

    (void)state;
    for (unsigned i = 0; i < 10000; i++) {
        bool hit = read_on(1) == SIM_DEED_SWALLOW;
        begun += hit && !in;
        fired += hit;
        in = hit;
    }
    assert_int_equal(armed->now.fired, fired);
    assert_in_range(begun, 350, 490);             /* 10000 / (20 + 4) */
    assert_in_range(fired, 3 * begun, 5 * begun); /* 4 each */
}

static void without_one_fault_the_draws_of_others_are_as_they_were(void **state)
{
    char with[65], without[65];

    (void)state;
    arm(1, "slow", "time=uniform(1ms,9ms) p=0.5 prio=-1");
    arm(2, "slow", "time=uniform(1ms,9ms) p=0.5");
    draw_pattern(with, 64, 2);
    open_bench(NULL);
    arm(2, "slow", "time=uniform(1ms,9ms) p=0.5");
    draw_pattern(without, 64, 2);
    assert_string_equal(with, without);
    open_bench(NULL);
    arm(3, "slow", "time=uniform(1ms,9ms) p=0.5");
    draw_pattern(without, 64, 3);
    assert_string_not_equal(with, without);
}

static void another_seed_draws_otherwise(void **state)
{
    char first[65], other[65];

    (void)state;
    arm(1, "slow", "time=1ms p=0.5");
    draw_pattern(first, 64, 1);
    open_bench(NULL);
    bench.seed = 2;
    arm(1, "slow", "time=1ms p=0.5");
    draw_pattern(other, 64, 1);
    assert_string_not_equal(first, other);
}

static void a_rewound_turn_decides_the_same(void **state)
{
    struct sim_armed *armed = arm(1, "slow", "time=uniform(1us,1s) p=0.7 after=1");
    int64_t delays[32];

    (void)state;
    struct sim_fault_counts mark = armed->now;
    for (int i = 0; i < 32; i++) {
        read_on(1);
        delays[i] = bench.verdict.delay_ns;
    }
    uint64_t fired = armed->now.fired;
    armed->now = mark;
    for (int i = 0; i < 32; i++) {
        read_on(1);
        assert_int_equal(bench.verdict.delay_ns, delays[i]);
    }
    assert_int_equal(armed->now.fired, fired);
    assert_in_range(fired, 1, 31);
}

/* ---- order and deeds ---- */

static void delays_add_up_until_one_decides(void **state)
{
    struct sim_armed *last;

    (void)state;
    last = arm(9, "slow", "time=100ms prio=2");
    arm(1, "slow", "time=1ms");
    arm(2, "slow", "time=10ms");
    arm(3, "hang", "prio=1");
    assert_int_equal(read_on(1), SIM_DEED_SWALLOW);
    assert_int_equal(bench.verdict.delay_ns, 11 * MS);
    assert_string_equal(bench.verdict.fault, "hang");
    assert_int_equal(last->now.matched, 1);
    assert_int_equal(last->now.fired, 0);
}

static void of_two_that_decide_the_lower_prio_then_the_lower_id_wins(void **state)
{
    (void)state;
    arm(5, "hang", "");
    arm(4, "rst_now", "run=yes");
    assert_int_equal(read_on(1), SIM_DEED_RESET);
    assert_true(bench.verdict.own.run);
    assert_int_equal(bench.verdict.id, 4);
    arm(6, "cut", "bytes=1 prio=-1");
    assert_int_equal(read_on(1), SIM_DEED_CUT);
}

static void think_time_grows_with_items_and_bytes_and_is_bounded(void **state)
{
    const struct s7_var_item items[] = {bytes_at(S7_AREA_DB, 1, 0, 100), bytes_at(S7_AREA_DB, 1, 200, 28)};
    const struct sim_asked asked = {.fn = SIM_FN_READ, .pdu = &request};

    (void)state;
    ask_items(S7_FN_READ_VAR, items, 2);
    arm(1, "slow", "time=5ms per_item=1ms per_byte=10us");
    judge(asked);
    assert_int_equal(bench.verdict.delay_ns, 5 * MS + 2 * MS + 128 * 10000);
    open_bench(NULL);
    arm(1, "slow", "time=24h per_byte=24h");
    arm(2, "slow", "time=24h");
    judge(asked);
    assert_int_equal(bench.verdict.delay_ns, 24 * 3600 * INT64_C(1000) * MS);
}

static void drawn_times_fill_their_range(void **state)
{
    int64_t low = INT64_MAX, high = 0;

    (void)state;
    arm(1, "slow", "time=uniform(1us,2us)");
    for (int i = 0; i < 20000; i++) {
        read_on(1);
        low = bench.verdict.delay_ns < low ? bench.verdict.delay_ns : low;
        high = bench.verdict.delay_ns > high ? bench.verdict.delay_ns : high;
    }
    assert_int_equal(low, 1000);
    assert_int_equal(high, 2000);
}

static enum sim_deed connect_as(enum sim_role role)
{
    return judge((struct sim_asked){.fn = SIM_FN_CONNECT, .role = role});
}

static void conn_limit_counts_all_or_by_role(void **state)
{
    struct sim_armed *armed = arm(1, "conn_limit", "max=2");

    (void)state;
    bench.admitted[SIM_ROLE_PG] = 1;
    assert_int_equal(connect_as(SIM_ROLE_OP), SIM_DEED_SERVE);
    bench.admitted[SIM_ROLE_OP] = 1;
    assert_int_equal(connect_as(SIM_ROLE_OP), SIM_DEED_TURN_AWAY);
    assert_int_equal(read_on(1), SIM_DEED_SERVE);
    assert_int_equal(armed->now.matched, 2);
    assert_int_equal(armed->now.fired, 1);
    open_bench(NULL);
    arm(1, "conn_limit", "max=1 per=role");
    bench.admitted[SIM_ROLE_PG] = 1;
    assert_int_equal(connect_as(SIM_ROLE_OP), SIM_DEED_SERVE);
    assert_int_equal(connect_as(SIM_ROLE_PG), SIM_DEED_TURN_AWAY);
    assert_int_equal(judge((struct sim_asked){.fn = SIM_FN_CONNECT, .role = SIM_ROLE_PG, .again = true}),
                     SIM_DEED_SERVE);
}

static void a_cable_that_is_out_is_not_pulled_again(void **state)
{
    struct sim_armed *armed = arm(1, "half_open", "");

    (void)state;
    assert_int_equal(judge((struct sim_asked){.fn = SIM_FN_OTHER, .pdu = &request, .cable_out = true}),
                     SIM_DEED_SERVE);
    assert_int_equal(armed->now.matched, 1);
    assert_int_equal(armed->now.fired, 0);
    assert_int_equal(read_on(1), SIM_DEED_VANISH);
}

#define TEST(test) cmocka_unit_test_setup(test, open_bench)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(without_matchers_every_S7_request_matches_and_no_connection_request),
        TEST(connections_match_by_peer_ordinal_and_role),
        TEST(items_match_by_area_db_overlap_index_and_number),
        TEST(timers_are_two_bytes_each_and_wide_elements_count_whole),
        TEST(triggers_choose_among_the_matches),
        TEST(a_spent_fault_is_disarmed_and_counts_no_more),
        TEST(once_is_per_connection_and_nth_counts_connections_then),
        TEST(a_window_begins_with_from_and_ends_before_to),
        TEST(a_hang_with_for_takes_every_match_from_its_first_firing_on),
        TEST(with_a_scope_each_connection_counts_for_itself),
        TEST(with_a_scope_each_block_or_item_counts_for_itself),
        TEST(a_rewound_turn_counts_anew_in_each_scope),
        TEST(a_scope_forgets_the_lowest_of_too_many),
        TEST(p_is_the_share_of_matches_that_fire),
        TEST(bursts_have_the_length_and_the_distance_that_they_are_given),
        TEST(without_one_fault_the_draws_of_others_are_as_they_were),
        TEST(another_seed_draws_otherwise),
        TEST(a_rewound_turn_decides_the_same),
        TEST(delays_add_up_until_one_decides),
        TEST(of_two_that_decide_the_lower_prio_then_the_lower_id_wins),
        TEST(think_time_grows_with_items_and_bytes_and_is_bounded),
        TEST(drawn_times_fill_their_range),
        TEST(conn_limit_counts_all_or_by_role),
        TEST(a_cable_that_is_out_is_not_pulled_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
