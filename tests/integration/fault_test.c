/* Each fault as a client meets it: the one that is hit sees exactly this failure, the others see nothing. In
 * virtual time, so that times are exact. */
#include "house.h"

#include "loop/loop_virtual.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

/* One way takes 50 to 150 us, so a request and its answer less than this. */
#define ROUND_TRIP_NS (HOUSE_NS_PER_MS / 2)

static struct house house;
static sqlite3 *foreign;
static struct sim_server_options options;

/* A server with these options, on the same plant. */
static void serve_again(void)
{
    struct plant_error error;

    sim_server_free(house.server);
    options.listen = "127.0.0.1:0";
    if (sim_server_new(house.loop, house.plant, &options, &house.server, &error) != S7_OK)
        fail_msg("%s", error.text);
    snprintf(house.endpoint, sizeof house.endpoint, "%s", sim_server_address(house.server, 0));
}

static int open_house(void **state)
{
    s7_loop *loop;

    (void)state;
    assert_int_equal(s7_loop_virtual_new(NULL, &loop), S7_OK);
    house_open(&house, loop, "generic");
    sim_server_options_init(&options);
    assert_int_equal(sqlite3_open(house.path, &foreign), SQLITE_OK);
    return 0;
}

static int close_house(void **state)
{
    (void)state;
    sqlite3_close(foreign);
    house_close(&house);
    return 0;
}

static void arm(uint64_t id, const char *name, const char *args)
{
    struct plant_error error;

    if (sim_server_fault_arm(house.server, 0, id, name, args, &error) != S7_OK)
        fail_msg("%s", error.text);
}

static struct sim_fault_state state_of(uint64_t id)
{
    struct sim_fault_state state;

    assert_true(sim_server_fault_state(house.server, id, &state));
    return state;
}

static struct sim_plc_stats plc_stats(void)
{
    struct sim_plc_stats stats;

    sim_server_plc_stats(house.server, 0, &stats);
    return stats;
}

static int64_t now_ns(void)
{
    return s7_loop_now_ns(house.loop);
}

static void run_for_ms(int64_t ms)
{
    int64_t until_ns = now_ns() + ms * HOUSE_NS_PER_MS;

    while (now_ns() < until_ns)
        s7_virtual_run_until(house.loop, until_ns); /* comes back early when a guest was answered */
}

static void sql(const char *text)
{
    char *message = NULL;

    if (sqlite3_exec(foreign, text, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", text, message);
}

static int select_int(const char *text)
{
    sqlite3_stmt *q;
    int value = -1;

    if (sqlite3_prepare_v2(foreign, text, -1, &q, NULL) != SQLITE_OK)
        fail_msg("%s: %s", text, sqlite3_errmsg(foreign));
    if (sqlite3_step(q) == SQLITE_ROW)
        value = sqlite3_column_int(q, 0);
    sqlite3_finalize(q);
    return value;
}

/* As the file has it; values below 16. */
static int db1_byte0(void)
{
    return select_int("SELECT instr('123456789ABCDEF', substr(hex(substr(data, 1, 1)), 2, 1)) FROM block "
                      "WHERE number = 1");
}

/* ---- guests that ask with a patience of their own ---- */

static void guest_as(struct guest *guest, s7_conn_type type)
{
    s7_client_options as;

    s7_client_options_init(&as);
    as.conn_type = (uint8_t)type;
    guest_open(guest, &house, &as);
}

static s7_status read_within(struct guest *guest, uint32_t timeout_ms)
{
    uint8_t got[4] = {0};
    s7_item item = house_item(1, 0, got, sizeof got);

    guest_begin(guest, false, &item, 1, timeout_ms);
    return guest_finish(guest);
}

static s7_status write_byte(struct guest *guest, uint8_t value)
{
    return guest_write(guest, 1, 0, &value, 1);
}

/* ---- raw connections: what came, byte by byte, and how it ended ---- */

struct raw {
    s7_stream *stream;
    uint8_t got[32768];
    size_t len;
    bool over;
    s7_status how; /* S7_OK: FIN */
    int64_t last_ns;
};

static void on_raw(s7_stream *stream, unsigned ready, void *arg)
{
    struct raw *raw = arg;

    if (ready & S7_READY_FAILED) {
        raw->over = true;
        raw->how = s7_stream_error(stream);
        return;
    }
    if (!(ready & S7_READY_READ))
        return;
    ssize_t n = s7_stream_read(stream, raw->got + raw->len, sizeof raw->got - raw->len);
    raw->last_ns = now_ns();
    if (n > 0)
        raw->len += (size_t)n;
    if (n == 0 || n == -1) {
        raw->over = true;
        raw->how = n == 0 ? S7_OK : s7_stream_error(stream);
        s7_stream_want(stream, 0);
    }
}

#define CR    3, 0, 0, 22, 17, 0xe0, 0, 0, 0, 1, 0, 0xc0, 1, 10, 0xc1, 2, 1, 0, 0xc2, 2, 1, 2
#define SETUP 3, 0, 0, 25, 2, 0xf0, 0x80, 0x32, 1, 0, 0, 0, 0, 0, 8, 0, 0, 0xf0, 0, 0, 8, 0, 8, 1, 0xe0
/* DB1.DBB0, 4 bytes: answered by 29 */
#define READ(ref)                                                                                            \
    3, 0, 0, 31, 2, 0xf0, 0x80, 0x32, 1, 0, 0, 0, ref, 0, 14, 0, 0, 4, 1, 0x12, 10, 16, 2, 0, 4, 0, 1, 0x84, \
        0, 0, 0
/* DB1.DBB0 := value: answered by 22 */
#define WRITE(ref, value)                                                                                    \
    3, 0, 0, 36, 2, 0xf0, 0x80, 0x32, 1, 0, 0, 0, ref, 0, 14, 0, 5, 5, 1, 0x12, 10, 16, 2, 0, 1, 0, 1, 0x84, \
        0, 0, 0, 0, 4, 0, 8, value

#define CC_LEN           22
#define SETUP_ANSWER_LEN 27
#define READ_ANSWER_LEN  29
#define WRITE_ANSWER_LEN 22

static void raw_dial(struct raw *raw)
{
    memset(raw, 0, sizeof *raw);
    assert_int_equal(
        s7_loop_dial(house.loop, "127.0.0.1", sim_server_port(house.server, 0), on_raw, raw, &raw->stream),
        S7_OK);
    run_for_ms(5);
}

static void raw_send(struct raw *raw, const uint8_t *bytes, size_t len)
{
    assert_int_equal(s7_stream_write(raw->stream, bytes, len), len);
}

#define SEND(raw, ...)                                                                                       \
    do {                                                                                                     \
        const uint8_t bytes_[] = {__VA_ARGS__};                                                              \
        raw_send(raw, bytes_, sizeof bytes_);                                                                \
    } while (0)

/* Connected and set up; what was answered to that is forgotten. */
static void raw_open(struct raw *raw)
{
    raw_dial(raw);
    SEND(raw, CR, SETUP);
    run_for_ms(5);
    assert_int_equal(raw->len, CC_LEN + SETUP_ANSWER_LEN);
    raw->len = 0;
}

static void raw_close(struct raw *raw)
{
    s7_stream_close(raw->stream, S7_CLOSE_FIN);
}

/* ---- rst_now ---- */

static void a_reset_comes_instead_of_the_answer_and_to_nobody_else(void **state)
{
    struct guest hit, other;

    (void)state;
    guest_open(&hit, &house, NULL);
    guest_open(&other, &house, NULL);
    arm(1, "rst_now", "conn=1 fn=read nth=2");
    assert_int_equal(read_within(&hit, 0), S7_OK);
    assert_int_equal(read_within(&other, 0), S7_OK);
    assert_int_equal(read_within(&hit, 0), S7_E_RESET);
    assert_false(hit.up);
    assert_int_equal(read_within(&other, 0), S7_OK);
    assert_int_equal(state_of(1).matched, 2);
    assert_int_equal(state_of(1).fired, 1);
    assert_false(state_of(1).armed);
    assert_int_equal(plc_stats().swallowed, 1);
    guest_close(&hit);
    guest_close(&other);
}

static void a_reset_write_is_not_run_unless_it_says_so(void **state)
{
    struct guest guest;

    (void)state;
    arm(1, "rst_now", "fn=write count=1");
    guest_open(&guest, &house, NULL);
    assert_int_not_equal(write_byte(&guest, 5), S7_OK);
    assert_int_equal(db1_byte0(), 0);
    guest_close(&guest);
    arm(2, "rst_now", "fn=write run=yes");
    guest_open(&guest, &house, NULL);
    assert_int_not_equal(write_byte(&guest, 6), S7_OK);
    assert_false(guest.up);
    assert_int_equal(db1_byte0(), 6);
    assert_int_equal(plc_stats().writes, 1);
    assert_int_equal(plc_stats().swallowed, 1);
    guest_close(&guest);
}

static void answers_before_the_reset_arrive(void **state)
{
    struct raw raw;

    (void)state;
    raw_open(&raw);
    arm(1, "rst_now", "ref=2");
    SEND(&raw, READ(1), READ(2), READ(3));
    run_for_ms(5);
    assert_int_equal(raw.len, READ_ANSWER_LEN);
    assert_true(raw.over);
    assert_int_equal(raw.how, S7_E_RESET);
    assert_int_equal(plc_stats().reads, 1);
    raw_close(&raw);
}

static void at_a_time_all_that_match_are_reset(void **state)
{
    struct guest guests[3];

    (void)state;
    guest_as(&guests[0], S7_CONN_OP);
    guest_as(&guests[1], S7_CONN_PG);
    guest_as(&guests[2], S7_CONN_OP);
    int64_t armed_ns = now_ns();
    arm(1, "rst_now", "at=2s role=op");
    run_for_ms(1999);
    assert_true(guests[0].up);
    assert_int_equal(s7_loop_run(house.loop), S7_OK); /* until the first of them hears it */
    assert_in_range(now_ns() - armed_ns - 2000 * HOUSE_NS_PER_MS, 0, ROUND_TRIP_NS);
    run_for_ms(1);
    assert_false(guests[0].up);
    assert_int_equal(guests[0].last, S7_E_RESET);
    assert_false(guests[2].up);
    assert_int_equal(read_within(&guests[1], 0), S7_OK);
    assert_int_equal(state_of(1).fired, 2);
    assert_false(state_of(1).armed);
    for (int i = 0; i < 3; i++)
        guest_close(&guests[i]);
}

static void at_0_is_the_next_turn(void **state)
{
    struct guest guest;

    (void)state;
    guest_open(&guest, &house, NULL);
    arm(1, "rst_now", "at=0");
    run_for_ms(1);
    assert_false(guest.up);
    assert_int_equal(guest.last, S7_E_RESET);
    guest_close(&guest);
}

/* ---- cut ---- */

static void an_answer_can_be_cut_at_every_byte(void **state)
{
    (void)state;
    for (unsigned n = 0; n <= READ_ANSWER_LEN; n++) {
        char args[32];
        struct raw raw;
        snprintf(args, sizeof args, "bytes=%u", n);
        raw_open(&raw);
        arm(n, "cut", args);
        SEND(&raw, READ(1));
        run_for_ms(5);
        assert_int_equal(raw.len, n < READ_ANSWER_LEN ? n : READ_ANSWER_LEN - 1);
        assert_true(raw.over);
        assert_int_equal(raw.how, S7_E_RESET);
        raw_close(&raw);
        sim_server_fault_drop(house.server, n);
    }
}

static void an_answer_can_be_cut_where_a_part_of_it_begins(void **state)
{
    static const struct {
        const char *args;
        size_t len;
    } rows[] = {{"bytes=tpkt", 0},   {"bytes=cotp", 4},  {"bytes=header", 7},
                {"bytes=param", 19}, {"bytes=data", 21}, {"bytes=0%", 0},
                {"bytes=50%", 14},   {"bytes=99%", 28},  {"bytes=100%", 28}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct raw raw;
        raw_open(&raw);
        arm(1, "cut", rows[i].args);
        SEND(&raw, READ(1));
        run_for_ms(5);
        if (raw.len != rows[i].len)
            fail_msg("%s: expected %zu bytes, got %zu", rows[i].args, rows[i].len, raw.len);
        raw_close(&raw);
        sim_server_fault_drop(house.server, 1);
    }
}

static void a_confirm_can_be_cut_too(void **state)
{
    struct raw raw;

    (void)state;
    arm(1, "cut", "fn=connect bytes=10 then=fin");
    raw_dial(&raw);
    SEND(&raw, CR);
    run_for_ms(5);
    assert_int_equal(raw.len, 10);
    assert_true(raw.over);
    assert_int_equal(raw.how, S7_OK);
    assert_int_equal(plc_stats().sessions, 0);
    raw_close(&raw);
}

static void after_a_cut_comes_reset_end_or_silence(void **state)
{
    struct guest guest;

    (void)state;
    arm(1, "cut", "fn=read bytes=12 nth=1");
    guest_open(&guest, &house, NULL);
    assert_int_equal(read_within(&guest, 0), S7_E_RESET);
    guest_close(&guest);
    arm(2, "cut", "fn=read bytes=12 then=fin nth=1");
    guest_open(&guest, &house, NULL);
    assert_int_equal(read_within(&guest, 0), S7_E_CLOSED);
    guest_close(&guest);
    arm(3, "cut", "fn=read bytes=12 then=hang nth=1");
    guest_open(&guest, &house, NULL);
    assert_int_equal(read_within(&guest, 100), S7_E_TIMEOUT);
    guest_close(&guest);
}

static void a_cut_write_is_committed(void **state)
{
    struct guest guest;

    (void)state;
    arm(1, "cut", "fn=write bytes=21");
    guest_open(&guest, &house, NULL);
    assert_int_not_equal(write_byte(&guest, 7), S7_OK);
    assert_int_equal(db1_byte0(), 7);
    guest_close(&guest);
}

/* Whatever comes after the silence began, garbage included, is dropped; the end is still seen. */
static void silence_is_for_good_and_holds_no_slot_when_the_peer_goes(void **state)
{
    struct raw raw;

    (void)state;
    raw_open(&raw);
    arm(1, "cut", "bytes=3 then=hang nth=1");
    SEND(&raw, READ(1), READ(2));
    run_for_ms(5);
    SEND(&raw, READ(3));
    run_for_ms(5);
    SEND(&raw, 0xff, 0xff, 0xff, 0xff, 0xff);
    run_for_ms(5);
    SEND(&raw, READ(4), 3, 0, 0);
    run_for_ms(3600 * 1000);
    assert_int_equal(raw.len, 3);
    assert_false(raw.over);
    assert_int_equal(plc_stats().reads, 1);
    assert_in_range(plc_stats().swallowed, 2, 3);
    raw_close(&raw);
    run_for_ms(5);
    assert_int_equal(plc_stats().connections + plc_stats().sessions, 0);
}

/* ---- slow ---- */

static void a_slow_answer_comes_exactly_so_much_later_and_others_do_not_wait(void **state)
{
    struct guest slow, quick;
    uint8_t got[4] = {0};
    s7_item item = house_item(1, 0, got, sizeof got);

    (void)state;
    guest_open(&slow, &house, NULL);
    guest_open(&quick, &house, NULL);
    arm(1, "slow", "conn=1 time=1.5s");
    int64_t asked_ns = now_ns();
    guest_begin(&slow, false, &item, 1, 0);
    for (int i = 0; i < 100; i++)
        assert_int_equal(read_within(&quick, 0), S7_OK);
    assert_in_range(now_ns() - asked_ns, 0, 100 * ROUND_TRIP_NS);
    assert_int_equal(guest_finish(&slow), S7_OK);
    assert_in_range(now_ns() - asked_ns - 1500 * HOUSE_NS_PER_MS, 0, ROUND_TRIP_NS);
    assert_int_equal(state_of(1).matched, 1);
    guest_close(&slow);
    guest_close(&quick);
}

static void behind_a_slow_request_order_is_kept(void **state)
{
    struct raw raw;

    (void)state;
    raw_open(&raw);
    arm(1, "slow", "ref=1 time=100ms");
    SEND(&raw, READ(1), READ(2));
    run_for_ms(50);
    assert_int_equal(raw.len, 0);
    SEND(&raw, READ(3));
    run_for_ms(45);
    assert_int_equal(raw.len, 0);
    run_for_ms(10);
    assert_int_equal(raw.len, 3 * READ_ANSWER_LEN);
    for (int i = 0; i < 3; i++)
        assert_int_equal(raw.got[i * READ_ANSWER_LEN + 12], i + 1);
    assert_int_equal(state_of(1).matched, 1);
    raw_close(&raw);
}

static void a_late_answer_reaches_nobody_elses_request(void **state)
{
    struct guest guest;

    (void)state;
    guest_open(&guest, &house, NULL);
    arm(1, "slow", "nth=1 time=300ms");
    assert_int_equal(read_within(&guest, 100), S7_E_TIMEOUT);
    run_for_ms(400);
    assert_true(guest.up);
    assert_int_equal(read_within(&guest, 100), S7_OK);
    guest_close(&guest);
}

/* A full receive buffer behind a held request: the frame that could not be read whole is not late. */
static void what_waits_behind_an_hour_of_thinking_is_not_dropped(void **state)
{
    enum { N = 700 }; /* 700 reads are more than the session's buffer of 16 KiB */
    struct raw raw;

    (void)state;
    raw_open(&raw);
    arm(1, "slow", "ref=1 time=1h");
    SEND(&raw, READ(1));
    for (int i = 0; i < N; i++)
        SEND(&raw, READ(2));
    run_for_ms(3600 * 1000 - 50);
    assert_false(raw.over);
    assert_int_equal(raw.len, 0);
    run_for_ms(100);
    assert_int_equal(raw.len, (N + 1) * READ_ANSWER_LEN);
    assert_false(raw.over);
    raw_close(&raw);
}

static void a_slow_write_waits_for_a_foreign_lock_after_it_and_counts_once(void **state)
{
    struct guest writer, reader;
    uint8_t value = 4;
    s7_item item = house_item(1, 0, &value, 1);

    (void)state;
    guest_open(&writer, &house, NULL);
    guest_open(&reader, &house, NULL);
    arm(1, "slow", "fn=write time=100ms");
    sql("BEGIN IMMEDIATE");
    int64_t asked_ns = now_ns();
    guest_begin(&writer, true, &item, 1, 0);
    run_for_ms(50);
    for (int i = 0; i < 20; i++)
        assert_int_equal(read_within(&reader, 0), S7_OK);
    run_for_ms(450);
    assert_true(writer.waiting);
    sql("COMMIT");
    assert_int_equal(guest_finish(&writer), S7_OK);
    assert_in_range((now_ns() - asked_ns) / HOUSE_NS_PER_MS, 500, 520);
    assert_int_equal(state_of(1).matched, 1);
    assert_int_equal(state_of(1).fired, 1);
    assert_int_equal(db1_byte0(), 4);
    guest_close(&writer);
    guest_close(&reader);
}

/* ---- hang ---- */

static void a_hung_request_is_never_answered_and_the_next_is(void **state)
{
    struct guest guest, other;

    (void)state;
    guest_open(&guest, &house, NULL);
    guest_open(&other, &house, NULL);
    arm(1, "hang", "conn=1 fn=write count=1");
    uint8_t value = 9;
    s7_item item = house_item(1, 0, &value, 1);
    guest_begin(&guest, true, &item, 1, 200);
    assert_int_equal(write_byte(&other, 3), S7_OK);
    assert_int_not_equal(guest_finish(&guest), S7_OK);
    assert_int_equal(db1_byte0(), 3);
    assert_true(guest.up);
    assert_int_equal(read_within(&guest, 200), S7_OK);
    assert_int_equal(state_of(1).fired, 1);
    assert_int_equal(plc_stats().swallowed, 1);
    guest_close(&guest);
    guest_close(&other);
}

static void a_hang_for_a_time_ends(void **state)
{
    struct raw raw;

    (void)state;
    raw_open(&raw);
    arm(1, "hang", "after=1 count=1 for=10s");
    SEND(&raw, READ(1));
    run_for_ms(5);
    assert_int_equal(raw.len, READ_ANSWER_LEN);
    SEND(&raw, READ(2));
    run_for_ms(5);
    assert_true(state_of(1).acting);
    run_for_ms(9980);
    SEND(&raw, READ(3));
    run_for_ms(100);
    assert_int_equal(raw.len, READ_ANSWER_LEN);
    assert_false(state_of(1).acting);
    assert_false(state_of(1).armed);
    SEND(&raw, READ(4));
    run_for_ms(5);
    assert_int_equal(raw.len, 2 * READ_ANSWER_LEN);
    assert_int_equal(state_of(1).fired, 2);
    raw_close(&raw);
}

static void a_hung_connection_request_has_no_deadline(void **state)
{
    struct raw raw;

    (void)state;
    arm(1, "hang", "fn=connect");
    raw_dial(&raw);
    SEND(&raw, CR);
    run_for_ms(3600 * 1000);
    assert_int_equal(raw.len, 0);
    assert_false(raw.over);
    raw_close(&raw);
}

/* ---- half_open ---- */

static void a_pulled_cable_is_not_noticed_by_either_end(void **state)
{
    struct guest hit, other;

    (void)state;
    guest_open(&hit, &house, NULL);
    guest_open(&other, &house, NULL);
    arm(1, "half_open", "conn=1 fn=write");
    int64_t asked_ns = now_ns();
    uint8_t value = 8;
    s7_item item = house_item(1, 0, &value, 1);
    guest_begin(&hit, true, &item, 1, 500);
    assert_int_not_equal(guest_finish(&hit), S7_OK);
    assert_in_range(now_ns() - asked_ns - 500 * HOUSE_NS_PER_MS, 0, ROUND_TRIP_NS);
    assert_int_equal(db1_byte0(), 8); /* it was run */
    assert_true(hit.up);
    assert_int_equal(read_within(&other, 0), S7_OK);
    assert_true(state_of(1).acting);
    assert_int_equal(state_of(1).fired, 1);
    assert_int_equal(state_of(1).unsupported, S7_OK);
    assert_int_equal(plc_stats().sessions, 2);
    guest_close(&hit);
    guest_close(&other);
}

static void when_the_cable_is_back_the_late_answer_comes(void **state)
{
    struct raw raw;

    (void)state;
    raw_open(&raw);
    arm(1, "half_open", "nth=1 for=30s");
    SEND(&raw, READ(1));
    run_for_ms(100);
    SEND(&raw, READ(2));
    run_for_ms(29800);
    assert_int_equal(raw.len, 0);
    assert_true(state_of(1).acting);
    run_for_ms(200);
    assert_int_equal(raw.len, 2 * READ_ANSWER_LEN);
    assert_false(state_of(1).acting);
    raw_close(&raw);
}

static void one_direction_alone_is_lost(void **state)
{
    struct raw raw;

    (void)state;
    raw_open(&raw);
    arm(1, "half_open", "nth=1 dir=in");
    SEND(&raw, READ(1));
    run_for_ms(5);
    assert_int_equal(raw.len, READ_ANSWER_LEN); /* the answer gets through, the next request does not */
    SEND(&raw, READ(2));
    run_for_ms(5);
    assert_int_equal(raw.len, READ_ANSWER_LEN);
    assert_int_equal(plc_stats().reads, 1);
    raw_close(&raw);
    raw_open(&raw);
    arm(2, "half_open", "nth=1 dir=out");
    SEND(&raw, READ(1));
    run_for_ms(5);
    SEND(&raw, READ(2));
    run_for_ms(5);
    assert_int_equal(raw.len, 0);
    assert_int_equal(plc_stats().reads, 3);
    raw_close(&raw);
}

static void dropping_the_fault_puts_the_cable_back(void **state)
{
    struct guest guests[2];

    (void)state;
    guest_open(&guests[0], &house, NULL);
    guest_open(&guests[1], &house, NULL);
    arm(1, "half_open", "at=1s");
    run_for_ms(1001);
    assert_int_equal(state_of(1).fired, 2);
    assert_int_equal(read_within(&guests[0], 100), S7_E_TIMEOUT);
    sim_server_fault_drop(house.server, 1);
    run_for_ms(10);
    assert_int_equal(read_within(&guests[0], 100), S7_OK);
    assert_int_equal(read_within(&guests[1], 100), S7_OK);
    guest_close(&guests[0]);
    guest_close(&guests[1]);
}

/* ---- refuse ---- */

static s7_status dial(void)
{
    struct raw raw;

    raw_dial(&raw);
    s7_status status = raw.over ? raw.how : S7_OK;
    raw_close(&raw);
    run_for_ms(1);
    return status;
}

static void a_shut_door_refuses_and_lets_those_inside_work(void **state)
{
    struct guest guest;

    (void)state;
    guest_open(&guest, &house, NULL);
    arm(1, "refuse", "from=1s for=10s");
    assert_true(state_of(1).armed);
    assert_int_equal(dial(), S7_OK);
    run_for_ms(1000);
    assert_int_equal(dial(), S7_E_REFUSED);
    assert_int_equal(read_within(&guest, 0), S7_OK);
    assert_true(state_of(1).acting);
    assert_false(state_of(1).armed);
    run_for_ms(10000);
    assert_int_equal(dial(), S7_OK);
    assert_false(state_of(1).acting);
    assert_int_equal(state_of(1).fired, 1);
    assert_int_equal(state_of(1).matched, 1);
    guest_close(&guest);
}

static void it_is_shut_at_once_and_drop_all_resets_who_is_inside(void **state)
{
    struct guest guest;

    (void)state;
    guest_open(&guest, &house, NULL);
    arm(1, "refuse", "drop=all");
    assert_int_equal(dial(), S7_E_REFUSED);
    assert_false(guest.up);
    assert_int_equal(guest.last, S7_E_RESET);
    sim_server_fault_drop(house.server, 1);
    assert_int_equal(dial(), S7_OK);
    guest_close(&guest);
}

static void the_door_opens_when_nobody_holds_it(void **state)
{
    (void)state;
    arm(1, "refuse", "");
    arm(2, "refuse", "for=1s");
    assert_int_equal(dial(), S7_E_REFUSED);
    sim_server_fault_drop(house.server, 1);
    assert_int_equal(dial(), S7_E_REFUSED);
    run_for_ms(1000);
    assert_int_equal(dial(), S7_OK);
}

static void shut_when_somebody_came(s7_loop *loop, void *arg)
{
    bool *shut = arg;

    (void)loop;
    if (!*shut && plc_stats().connections > 0)
        arm(1, "refuse", "");
    *shut = plc_stats().connections > 0;
}

/* Who came in the very turn in which the door was shut, and has not said a word to the PLC. */
static void who_stood_in_the_door_is_reset(void **state)
{
    s7_turn_hook hook = {0};
    struct raw raw;
    bool shut = false;

    (void)state;
    s7_turn_hook_add(house.loop, &hook, shut_when_somebody_came, &shut);
    raw_dial(&raw);
    s7_turn_hook_remove(&hook);
    assert_int_equal(state_of(1).fired, 1);
    assert_true(raw.over);
    assert_int_equal(raw.how, S7_E_RESET);
    raw_close(&raw);
}

/* ---- conn_limit ---- */

static void beyond_the_limit_a_connection_is_turned_away_as_asked(void **state)
{
    static const struct {
        const char *how;
        size_t len;
        bool over;
        s7_status end;
    } rows[] = {{"rst", 0, true, S7_E_RESET},
                {"fin", 0, true, S7_OK},
                {"dr", 11, true, S7_OK},
                {"silence", 0, false, S7_OK}};
    struct guest guest;

    (void)state;
    guest_open(&guest, &house, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char args[32];
        struct raw raw;
        snprintf(args, sizeof args, "max=1 how=%s", rows[i].how);
        arm(i, "conn_limit", args);
        raw_dial(&raw);
        SEND(&raw, CR, SETUP);
        run_for_ms(60000);
        assert_int_equal(raw.len, rows[i].len);
        assert_int_equal(raw.over, rows[i].over);
        assert_int_equal(raw.how, rows[i].end);
        assert_int_equal(state_of(i).fired, 1);
        assert_int_equal(plc_stats().refused, i + 1);
        raw_close(&raw);
        run_for_ms(1);
        sim_server_fault_drop(house.server, i);
    }
    assert_int_equal(read_within(&guest, 0), S7_OK);
    assert_int_equal(plc_stats().connections, 1);
    guest_close(&guest);
}

static void a_slot_is_free_again_when_its_connection_ends(void **state)
{
    struct guest guests[3];

    (void)state;
    guest_as(&guests[0], S7_CONN_OP); /* counts, though it came before */
    arm(1, "conn_limit", "max=1 per=role");
    guest_as(&guests[1], S7_CONN_PG);
    assert_int_equal(guests[1].last, S7_OK);
    guest_as(&guests[2], S7_CONN_OP);
    assert_int_equal(guests[2].last, S7_E_COTP_REFUSED);
    guest_close(&guests[2]);
    guest_close(&guests[0]);
    run_for_ms(5);
    guest_as(&guests[2], S7_CONN_OP);
    assert_int_equal(guests[2].last, S7_OK);
    assert_int_equal(state_of(1).matched, 3);
    assert_int_equal(state_of(1).fired, 1);
    guest_close(&guests[1]);
    guest_close(&guests[2]);
}

/* ---- turns that are run again ---- */

static void break_commits(bool broken)
{
    sql(broken ? "INSERT INTO tag (name, address, type) VALUES ('n', 'DB1.DBB0', 'BYTE')" : "SELECT 1");
    sql(broken ? "ALTER TABLE tag RENAME TO away" : "ALTER TABLE away RENAME TO tag");
}

struct taps {
    struct {
        bool from_client;
        size_t len;
        uint8_t ref, last;
        const char *fault;
        unsigned conn;
    } seen[64];
    size_t n;
};

static void on_tap(const struct sim_tap *tap, void *arg)
{
    struct taps *taps = arg;

    assert_string_equal(tap->plc, "plc1");
    assert_in_range(taps->n, 0, 63);
    taps->seen[taps->n].from_client = tap->from_client;
    taps->seen[taps->n].len = tap->len;
    taps->seen[taps->n].ref = tap->len > 12 ? tap->frame[12] : 0;
    taps->seen[taps->n].last = tap->frame[tap->len - 1];
    taps->seen[taps->n].fault = tap->fault;
    taps->seen[taps->n++].conn = tap->conn;
}

static void a_place_is_held_for_a_time_after_its_client_closed(void **state)
{
    struct guest first, second;

    (void)state;
    arm(1, "conn_limit", "max=1 how=rst");
    arm(2, "slot_leak", "hold=30s nth=1");
    guest_open(&first, &house, NULL);
    guest_close(&first);
    run_for_ms(1);
    assert_int_equal(plc_stats().connections, 0);
    assert_int_equal(plc_stats().sessions, 1);
    assert_int_equal(state_of(2).fired, 1);
    assert_true(state_of(2).acting);
    run_for_ms(29990);
    guest_open(&second, &house, NULL);
    assert_int_equal(second.last, S7_E_COTP_REFUSED);
    guest_close(&second);
    run_for_ms(10);
    assert_int_equal(plc_stats().sessions, 0);
    assert_false(state_of(2).acting);
    for (int i = 0; i < 2; i++) { /* the second one that goes is none of its business */
        guest_open(&second, &house, NULL);
        assert_int_equal(second.last, S7_OK);
        guest_close(&second);
        run_for_ms(1);
    }
    assert_int_equal(state_of(2).fired, 1);
}

static void places_are_free_when_the_fault_is_dropped(void **state)
{
    struct guest guest;

    (void)state;
    arm(1, "slot_leak", "hold=1h role=op");
    guest_as(&guest, S7_CONN_OP);
    guest_close(&guest);
    guest_as(&guest, S7_CONN_PG);
    guest_close(&guest);
    run_for_ms(1);
    assert_int_equal(plc_stats().sessions, 1);
    sim_server_fault_drop(house.server, 1);
    assert_int_equal(plc_stats().sessions, 0);
    arm(1, "slot_leak", "hold=1h");
    guest_open(&guest, &house, NULL);
    guest_close(&guest);
    run_for_ms(1);
    assert_int_equal(plc_stats().sessions, 1); /* and the server is freed with one that is held */
}

static void an_orderly_end_comes_after_the_answer_or_at_a_time(void **state)
{
    struct guest guest, other;

    (void)state;
    guest_open(&guest, &house, NULL);
    guest_open(&other, &house, NULL);
    arm(1, "fin_now", "conn=1 nth=2");
    assert_int_equal(read_within(&guest, 500), S7_OK);
    assert_int_equal(read_within(&guest, 500), S7_OK);
    run_for_ms(1);
    assert_false(guest.up);
    assert_int_equal(guest.last, S7_E_CLOSED);
    assert_true(other.up);
    assert_int_equal(state_of(1).fired, 1);
    arm(2, "fin_now", "at=5ms");
    run_for_ms(4);
    assert_true(other.up);
    run_for_ms(2);
    assert_false(other.up);
    assert_int_equal(other.last, S7_E_CLOSED);
    assert_int_equal(state_of(2).fired, 1);
    guest_close(&guest);
    guest_close(&other);
}

static void a_turn_that_is_run_again_counts_once(void **state)
{
    struct raw raw;
    struct taps taps = {.n = 0};

    (void)state;
    options.tap = on_tap;
    options.tap_arg = &taps;
    serve_again();
    arm(1, "conn_limit", "max=1 per=role");
    arm(2, "slow", "time=0 p=0.5");
    arm(3, "hang", "ref=9");
    arm(4, "cut", "ref=8 bytes=21 then=hang");
    raw_dial(&raw);
    break_commits(true);
    SEND(&raw, CR, SETUP, WRITE(7, 3), READ(9), READ(1), WRITE(8, 4), READ(2));
    run_for_ms(5);
    break_commits(false);
    assert_int_equal(raw.len, CC_LEN + SETUP_ANSWER_LEN + WRITE_ANSWER_LEN + READ_ANSWER_LEN + 21);
    assert_int_equal(raw.got[CC_LEN + SETUP_ANSWER_LEN + WRITE_ANSWER_LEN - 1], 0x01);
    assert_int_equal(db1_byte0(), 0);
    struct sim_plc_stats stats = plc_stats();
    assert_int_equal(stats.admitted, 1);
    assert_int_equal(stats.sessions, 1);
    assert_int_equal(stats.sessions_max, 1);
    assert_int_equal(stats.setups, 1);
    assert_int_equal(stats.writes, 2);
    assert_int_equal(stats.reads, 1);
    assert_int_equal(stats.swallowed, 2); /* ref 9, and ref 2 behind the silence */
    assert_int_equal(state_of(1).matched, 1);
    assert_int_equal(state_of(1).fired, 0);
    assert_int_equal(state_of(2).matched, 5);
    assert_int_equal(state_of(3).fired, 1);
    assert_int_equal(state_of(4).fired, 1);
    assert_int_equal(taps.n, 7 + 5);
    for (size_t i = 0; i < taps.n; i++) /* what the first run would have answered was never told */
        if (!taps.seen[i].from_client && taps.seen[i].ref == 7)
            assert_int_equal(taps.seen[i].last, 0x01);
    assert_int_equal(raw.over, false);
    raw_close(&raw);
}

/* ---- the tap ---- */

static void the_tap_sees_what_came_and_what_left_of_it_once(void **state)
{
    static const struct {
        bool from_client;
        size_t len;
        const char *fault;
    } rows[] = {{true, 22, NULL},   {false, CC_LEN, NULL}, {true, 25, NULL},  {false, SETUP_ANSWER_LEN, NULL},
                {true, 31, "slow"}, {false, 29, "slow"},   {true, 31, NULL},  {false, 29, NULL},
                {true, 31, "hang"}, {true, 31, "cut"},     {false, 5, "cut"}, {true, 31, "cut"}};
    struct taps taps = {.n = 0};
    struct raw raw;

    (void)state;
    options.tap = on_tap;
    options.tap_arg = &taps;
    serve_again();
    raw_open(&raw);
    arm(1, "slow", "ref=1 time=50ms");
    arm(2, "hang", "ref=3");
    arm(3, "cut", "ref=4 bytes=5 then=hang");
    SEND(&raw, READ(1), READ(2), READ(3), READ(4), READ(5));
    run_for_ms(100);
    assert_int_equal(taps.n, sizeof rows / sizeof rows[0]);
    for (size_t i = 0; i < taps.n; i++) {
        assert_int_equal(taps.seen[i].from_client, rows[i].from_client);
        assert_int_equal(taps.seen[i].len, rows[i].len);
        assert_int_equal(taps.seen[i].conn, 1);
        if (rows[i].fault == NULL)
            assert_null(taps.seen[i].fault);
        else
            assert_string_equal(taps.seen[i].fault, rows[i].fault);
    }
    raw_close(&raw);
}

/* ---- arming and dropping ---- */

static void arming_says_what_is_wrong(void **state)
{
    struct plant_error error;
    struct sim_fault_state fault;

    (void)state;
    arm(7, "hang", "");
    assert_int_equal(sim_server_fault_arm(house.server, 0, 7, "hang", "", &error), S7_E_ARG);
    assert_non_null(strstr(error.text, "a fault with id 7 is armed already"));
    assert_int_equal(sim_server_fault_arm(house.server, 5, 8, "hang", "", &error), S7_E_ARG);
    assert_non_null(strstr(error.text, "no PLC number 5"));
    assert_int_equal(sim_server_fault_arm(house.server, 0, 8, "hong", "", &error), S7_E_ARG);
    assert_non_null(strstr(error.text, "did you mean hang?"));
    sim_server_fault_drop(house.server, 99);
    sim_server_fault_drop(house.server, 7);
    assert_false(sim_server_fault_state(house.server, 7, &fault));
    arm(7, "hang", "optional");
    assert_true(state_of(7).optional);
    for (uint64_t id = 100; id < 164; id++)
        arm(id, "slow", "time=0 once=conn");
    assert_int_equal(sim_server_fault_arm(house.server, 0, 164, "hang", "once=conn", &error), S7_E_ARG);
    assert_non_null(strstr(error.text, "64 faults with once=conn"));
    sim_server_fault_drop(house.server, 120);
    arm(164, "slow", "time=0 once=conn");
}

static void a_bit_that_is_given_again_has_forgotten_its_connections(void **state)
{
    struct guest guest;

    (void)state;
    guest_open(&guest, &house, NULL);
    for (uint64_t id = 1; id < 4; id++) {
        arm(id, "slow", "time=0 once=conn");
        assert_int_equal(read_within(&guest, 0), S7_OK);
        assert_int_equal(read_within(&guest, 0), S7_OK);
        assert_int_equal(state_of(id).matched, 1);
        sim_server_fault_drop(house.server, id);
    }
    guest_close(&guest);
}

static void times_are_divided_by_the_time_scale(void **state)
{
    struct guest guest;

    (void)state;
    options.time_scale = 100;
    serve_again();
    guest_open(&guest, &house, NULL);
    arm(1, "slow", "time=10s");
    int64_t asked_ns = now_ns();
    assert_int_equal(read_within(&guest, 0), S7_OK);
    assert_in_range(now_ns() - asked_ns - 100 * HOUSE_NS_PER_MS, 0, ROUND_TRIP_NS);
    guest_close(&guest);
}

static void a_verdict_outlives_its_fault(void **state)
{
    struct raw raw;

    (void)state;
    raw_open(&raw);
    arm(1, "slow", "time=100ms");
    arm(2, "cut", "bytes=6");
    arm(3, "half_open", "ref=2 prio=-1");
    SEND(&raw, READ(1));
    run_for_ms(50);
    sim_server_fault_drop(house.server, 1);
    sim_server_fault_drop(house.server, 2);
    run_for_ms(60);
    assert_int_equal(raw.len, 6);
    assert_true(raw.over);
    raw_close(&raw);
}

/* Who hears of a fault may drop it, and arm another, in the midst of it. */
static void on_log(const char *plc, const char *kind, const char *peer, const char *text, void *arg)
{
    unsigned *heard = arg;
    struct plant_error error;

    (void)plc;
    (void)peer;
    if (strcmp(kind, "fault") != 0)
        return;
    ++*heard;
    for (uint64_t id = 1; id < 10; id++)
        sim_server_fault_drop(house.server, id);
    if (strstr(text, "hang") != NULL)
        assert_int_equal(sim_server_fault_arm(house.server, 0, 10, "refuse", "drop=all for=1s", &error),
                         S7_OK);
}

static void faults_may_be_dropped_and_armed_by_who_hears_of_them(void **state)
{
    static const char *const faults[][2] = {{"hang", ""},
                                            {"cut", "bytes=3"},
                                            {"rst_now", ""},
                                            {"slow", "time=1ms"},
                                            {"half_open", "for=1s"},
                                            {"refuse", "for=1s"},
                                            {"rst_now", "at=1ms"},
                                            {"half_open", "at=1ms for=1ms"}};
    unsigned heard = 0;

    (void)state;
    options.log = on_log;
    options.log_arg = &heard;
    serve_again();
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        struct raw raw;
        raw_open(&raw);
        unsigned before = heard;
        arm(i + 1, faults[i][0], faults[i][1]);
        SEND(&raw, READ(1), READ(2));
        run_for_ms(2000);
        assert_true(heard > before);
        raw_close(&raw);
        run_for_ms(5);
        sim_server_fault_drop(house.server, 10);
    }
}

static void what_happened_is_in_the_event_table(void **state)
{
    struct raw raw;

    (void)state;
    raw_open(&raw);
    arm(1, "cut", "fn=write bytes=12");
    SEND(&raw, WRITE(1, 5));
    run_for_ms(1100);
    assert_int_equal(select_int("SELECT count(*) FROM event WHERE kind = 'fault' AND text = "
                                "'cut: answer to write ended after 12 of 22 bytes, then reset'"),
                     1);
    raw_close(&raw);
}

static void a_plc_counts_what_it_saw(void **state)
{
    struct guest guests[2];

    (void)state;
    guest_open(&guests[0], &house, NULL);
    guest_open(&guests[1], &house, NULL);
    assert_int_equal(read_within(&guests[0], 0), S7_OK);
    assert_int_equal(write_byte(&guests[1], 1), S7_OK);
    struct sim_plc_stats stats = plc_stats();
    assert_int_equal(stats.connections, 2);
    assert_int_equal(stats.sessions, 2);
    assert_int_equal(stats.sessions_max, 2);
    assert_int_equal(stats.accepted, 2);
    assert_int_equal(stats.admitted, 2);
    assert_int_equal(stats.setups, 2);
    assert_int_equal(stats.reads, 1);
    assert_int_equal(stats.writes, 1);
    guest_close(&guests[0]);
    s7_virtual_reset((s7_stream *)s7_conn_stream(guests[1].conn));
    run_for_ms(5);
    stats = plc_stats();
    assert_int_equal(stats.closed_by_peer, 1);
    assert_int_equal(stats.reset_by_peer, 1);
    assert_int_equal(stats.connections + stats.sessions, 0);
    assert_int_equal(stats.sessions_max, 2);
    guest_close(&guests[1]);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, open_house, close_house)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_reset_comes_instead_of_the_answer_and_to_nobody_else),
        TEST(a_reset_write_is_not_run_unless_it_says_so),
        TEST(answers_before_the_reset_arrive),
        TEST(at_a_time_all_that_match_are_reset),
        TEST(at_0_is_the_next_turn),
        TEST(an_answer_can_be_cut_at_every_byte),
        TEST(an_answer_can_be_cut_where_a_part_of_it_begins),
        TEST(a_confirm_can_be_cut_too),
        TEST(after_a_cut_comes_reset_end_or_silence),
        TEST(a_cut_write_is_committed),
        TEST(silence_is_for_good_and_holds_no_slot_when_the_peer_goes),
        TEST(a_slow_answer_comes_exactly_so_much_later_and_others_do_not_wait),
        TEST(behind_a_slow_request_order_is_kept),
        TEST(a_late_answer_reaches_nobody_elses_request),
        TEST(what_waits_behind_an_hour_of_thinking_is_not_dropped),
        TEST(a_slow_write_waits_for_a_foreign_lock_after_it_and_counts_once),
        TEST(a_hung_request_is_never_answered_and_the_next_is),
        TEST(a_hang_for_a_time_ends),
        TEST(a_hung_connection_request_has_no_deadline),
        TEST(a_pulled_cable_is_not_noticed_by_either_end),
        TEST(when_the_cable_is_back_the_late_answer_comes),
        TEST(one_direction_alone_is_lost),
        TEST(dropping_the_fault_puts_the_cable_back),
        TEST(a_shut_door_refuses_and_lets_those_inside_work),
        TEST(it_is_shut_at_once_and_drop_all_resets_who_is_inside),
        TEST(the_door_opens_when_nobody_holds_it),
        TEST(who_stood_in_the_door_is_reset),
        TEST(beyond_the_limit_a_connection_is_turned_away_as_asked),
        TEST(a_slot_is_free_again_when_its_connection_ends),
        TEST(a_place_is_held_for_a_time_after_its_client_closed),
        TEST(places_are_free_when_the_fault_is_dropped),
        TEST(an_orderly_end_comes_after_the_answer_or_at_a_time),
        TEST(a_turn_that_is_run_again_counts_once),
        TEST(the_tap_sees_what_came_and_what_left_of_it_once),
        TEST(arming_says_what_is_wrong),
        TEST(a_bit_that_is_given_again_has_forgotten_its_connections),
        TEST(times_are_divided_by_the_time_scale),
        TEST(a_verdict_outlives_its_fault),
        TEST(faults_may_be_dropped_and_armed_by_who_hears_of_them),
        TEST(what_happened_is_in_the_event_table),
        TEST(a_plc_counts_what_it_saw),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
