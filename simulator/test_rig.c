#include "test_rig.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "protocol/tpkt.h"
#include "simulator/mode.h"

#define FRAME_CAP 8192

static int nibble(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

size_t rig_hex(const char *hex, uint8_t *out, size_t cap)
{
    size_t n = 0;

    for (; *hex != '\0'; hex++) {
        if (*hex == ' ')
            continue;
        if (n == cap || nibble(hex[0]) < 0 || nibble(hex[1]) < 0)
            fail_msg("the test's own hex is wrong at \"%.10s\"", hex);
        out[n++] = (uint8_t)(nibble(hex[0]) << 4 | nibble(hex[1]));
        hex++;
    }
    return n;
}

static void fill_db1(struct rig *rig)
{
    uint8_t bytes[256];

    for (int i = 0; i < 256; i++)
        bytes[i] = (uint8_t)i;
    assert_int_equal(plant_turn_begin(rig->plant, true), S7_OK);
    struct plant_block *db = plant_block_find(rig->plant, rig->plc.row, S7_AREA_DB, 1);
    assert_non_null(db);
    uint32_t len = db->len < sizeof bytes ? db->len : (uint32_t)sizeof bytes;
    assert_int_equal(plant_store(rig->plant, db, 0, bytes, len), S7_OK);
    assert_int_equal(plant_turn_end(rig->plant), S7_OK);
}

void rig_open(struct rig *rig, const char *cpu)
{
    static const struct plant_new_block dbs[] = {{S7_AREA_DB, 1, 256}, {S7_AREA_DB, 2, 1000}};

    rig_open_dbs(rig, cpu, dbs, 2);
}

void rig_open_dbs(struct rig *rig, const char *cpu, const struct plant_new_block *dbs, size_t n)
{
    const struct plant_new_plc plc = {
        .name = "plc", .cpu = cpu, .blocks = dbs, .n_blocks = n, .has_memory = true};
    struct plant_error error;

    memset(rig, 0, sizeof *rig);
    snprintf(rig->folder, sizeof rig->folder, "%s/s7rig-XXXXXX",
             getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp");
    assert_non_null(mkdtemp(rig->folder));
    snprintf(rig->path, sizeof rig->path, "%s/plant", rig->folder);
    if (plant_create(rig->path, &plc, 1, &error) != S7_OK ||
        plant_open(rig->path, NULL, &rig->plant, &error) != S7_OK)
        fail_msg("%s", error.text);
    assert_int_equal(sim_plc_init(&rig->plc, rig->plant, plant_plc_at(rig->plant, 0), &error), S7_OK);
    rig->plc.wall_ms = RIG_WALL_MS;
    fill_db1(rig);
    rig_connect(rig);
}

void rig_close(struct rig *rig)
{
    sim_session_free(rig->session);
    plant_close(rig->plant);
    unlink(rig->path);
    rmdir(rig->folder);
}

void rig_connect(struct rig *rig)
{
    const struct sim_session_options options = {.frame_ns = 5000000000, .connect_ns = 30000000000};

    sim_session_free(rig->session);
    assert_int_equal(sim_session_new(&rig->plc, &options, rig->now_ns, &rig->session), S7_OK);
    rig->ended = false;
}

/* Our own checkpoint may need the lock for a moment. */
static void begin_turn(struct rig *rig)
{
    s7_status status;

    while ((status = plant_turn_begin(rig->plant, true)) == S7_E_PLANT_BUSY) {
        assert_int_equal(plant_turn_end(rig->plant), S7_OK);
        sched_yield();
    }
    assert_int_equal(status, S7_OK);
}

void rig_turn(struct rig *rig)
{
    sim_session *session = rig->session;

    rig->plc.now_ns = rig->now_ns;
    begin_turn(rig);
    if (sim_mode_has_moved(&rig->plc))
        assert_int_equal(sim_mode_follow(&rig->plc), S7_OK);
    sim_session_mark(session);
    do {
        sim_session_step(session, &rig->last);
        if (rig->last.result == SIM_STEP_REQUEST)
            sim_session_run(session, SIM_WRITES_RUN, &rig->last);
        while (sim_session_tell(session))
            continue;
        rig->ended = rig->ended || rig->last.result == SIM_STEP_ENDED;
    } while (rig->last.result == SIM_STEP_DONE);
    assert_int_equal(plant_turn_end(rig->plant), S7_OK);
    (void)sim_plc_mode_stands(&rig->plc, true);
    sim_session_turn_done(session);
}

void rig_feed_bytes(struct rig *rig, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        uint8_t *room;
        size_t cap = sim_session_room(rig->session, &room), n = len < cap ? len : cap;
        if (n == 0)
            return; /* the session is over, or wants to be read first */
        memcpy(room, bytes, n);
        sim_session_received(rig->session, n, rig->now_ns);
        rig_turn(rig);
        bytes += n;
        len -= n;
    }
}

void rig_feed(struct rig *rig, const char *hex)
{
    uint8_t bytes[FRAME_CAP];

    rig_feed_bytes(rig, bytes, rig_hex(hex, bytes, sizeof bytes));
}

size_t rig_take(struct rig *rig, uint8_t *out, size_t cap)
{
    const uint8_t *bytes;
    size_t len = sim_session_pending(rig->session, &bytes);

    assert_true(len <= cap);
    memcpy(out, bytes, len);
    sim_session_sent(rig->session, len);
    return len;
}

static void print_hex(char *out, size_t cap, const uint8_t *bytes, size_t len)
{
    size_t n = 0;

    out[0] = '\0';
    for (size_t i = 0; i < len && n + 3 < cap; i++)
        n += (size_t)snprintf(out + n, cap - n, "%02x", bytes[i]);
}

void rig_expect(struct rig *rig, const char *hex)
{
    uint8_t want[FRAME_CAP], got[4 * FRAME_CAP];
    char want_hex[1024], got_hex[1024];
    size_t want_len = rig_hex(hex, want, sizeof want), got_len = rig_take(rig, got, sizeof got);

    if (want_len == got_len && memcmp(want, got, want_len) == 0)
        return;
    print_hex(want_hex, sizeof want_hex, want, want_len);
    print_hex(got_hex, sizeof got_hex, got, got_len);
    fail_msg("%s: answer differs\n  expected %s\n  got      %s", rig->what != NULL ? rig->what : "", want_hex,
             got_hex);
}

void rig_expect_pdu(struct rig *rig, const char *pdu)
{
    uint8_t want[FRAME_CAP];
    char want_hex[1024], got_hex[1024];
    const uint8_t *got;
    size_t want_len = rig_hex(pdu, want, sizeof want), len = sim_session_pending(rig->session, &got), frame;

    if (s7_tpkt_peek(got, len, FRAME_CAP, &frame) != S7_OK)
        fail_msg("nothing is pending, expected %s", pdu);
    if (frame != want_len + S7_DT_OVERHEAD || memcmp(got + S7_DT_OVERHEAD, want, want_len) != 0) {
        print_hex(want_hex, sizeof want_hex, want, want_len);
        print_hex(got_hex, sizeof got_hex, got + S7_DT_OVERHEAD, frame - S7_DT_OVERHEAD);
        fail_msg("PDU differs\n  expected %s\n  got      %s", want_hex, got_hex);
    }
    sim_session_sent(rig->session, frame);
}

void rig_ask(struct rig *rig, const char *request, const char *answer)
{
    rig_feed(rig, request);
    rig_expect(rig, answer);
}

static void wrap(const char *pdu, char *out, size_t cap)
{
    uint8_t bytes[FRAME_CAP];
    size_t len = rig_hex(pdu, bytes, sizeof bytes);

    snprintf(out, cap, "0300 %04zx 02f080 %s", len + S7_DT_OVERHEAD, pdu);
}

void rig_ask_pdu(struct rig *rig, const char *request, const char *answer)
{
    char frame[2 * FRAME_CAP], expected[2 * FRAME_CAP];

    wrap(request, frame, sizeof frame);
    if (answer[0] != '\0')
        wrap(answer, expected, sizeof expected);
    rig_ask(rig, frame, answer[0] != '\0' ? expected : "");
}

void rig_ask_all(struct rig *rig, const struct rig_exchange *exchanges, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        rig->what = exchanges[i].what;
        rig_ask_pdu(rig, exchanges[i].request, exchanges[i].answer);
    }
    rig->what = NULL;
}

void rig_handshake(struct rig *rig, uint16_t pdu_len, uint16_t amq)
{
    char setup[128];
    uint8_t answer[256];

    rig_feed(rig, "03000016 11e00000000100 c0010a c1020100 c2020102");
    assert_int_equal(rig_take(rig, answer, sizeof answer), 22);
    snprintf(setup, sizeof setup, "03000019 02f080 3201 0000 0000 0008 0000 f000 %04x %04x %04x", amq, amq,
             pdu_len);
    rig_feed(rig, setup);
    assert_int_equal(rig_take(rig, answer, sizeof answer), 27);
}

const uint8_t *rig_db(struct rig *rig, uint16_t number)
{
    return plant_block_find(rig->plant, rig->plc.row, S7_AREA_DB, number)->data;
}
