/* The server's session: answers are whole frames, no longer than granted; and the same however the stream is
 * split. The first byte says where it is cut and on which CPU it arrives. */
#include "fuzz.h"

#include "protocol/pdu.h"
#include "simulator/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CR    "03000016 11e00000000100 c0010a c1020100 c2020102 "
#define SETUP "03000019 02f080 3201 0000 0000 0008 0000 f000 0001 0001 01e0 "
#define LOG_ON                                                                                               \
    "03000027 02f080 3207 0000 0100 0008 000e 00011204 11 44 02 00 ff09 000a 03 00 486d6952746d2020 "
#define STOP "03000021 02f080 3201 0000 1400 0010 0000 290000000000 09 505f50524f4752414d "

const char *const fuzz_seeds[] = {
    "05 " CR SETUP "0300001f 02f080 3201 0000 0500 000e 0000 0401 120a1002 0004 0001 84 000000",
    "41 " CR SETUP "03000024 02f080 3201 0000 0600 000e 0005 0501 120a1002 0001 0001 84 000000 00040008 aa",
    "62 " CR SETUP
    "03000011 02f000 3201 0000 0500 000e 0000 03000015 02f080 0401 120a1002 0004 0001 84 000000",
    "17 " CR "03000007 02f000" SETUP
    "03000021 02f080 3207 0000 0700 0008 0008 000112041144 0100 ff090004 00110001",
    "80 03000016 11e00000000100 c00107 c1020100 c2020102 " SETUP
    "0300001f 02f080 3201 0000 0500 000e 0000 0401 120a1002 00c8 0002 84 000000",
    "93 " CR SETUP "0300000b 0680 0003 0001 00",
    "2c " CR SETUP LOG_ON "0300002f 02f080 3207 0000 0200 0008 0016 00011204 11 42 05 00 ff09 0012 0001 00 01"
    "120cb002 04 0001 0000 02 0002 0010 " STOP
    "0300001f 02f080 3207 0000 0300 0008 0006 00011204 11 42 04 00 ff09 0002 05 01",
    "52 " CR SETUP "03000045 02f080 3207 0000 0200 0008 002c 00011204 11 42 01 00 ff09 0028 0003 01 01"
    "120a1002 0004 0001 84 000000 120a1001 0001 0001 84 00000b 120a101d 0002 0000 1d 000000",
    "30 " CR SETUP
    "03000047 02f080 3207 0000 6c00 000c 002a 00011208 12 41 02 00 0000 0000 ff09 0026 0014 000e"
    "0000 0000 0001 0012 0001 0001 0001 0001 0001 0000 0002 7101 0001 0000 7102 0001 0010",
    "6a " CR SETUP
    "03000049 02f080 3207 0000 6800 000c 002c 00011208 12 41 08 00 0000 0000 ff09 0028 0014 0010"
    "0000 0001 0000 0006 0001 0001 0001 0001 0001 0200 0001 7102 0001 0000 0009 0002 dead 0000"
    "0300003b 02f080 3207 0000 6900 000c 001e 00011208 12 41 0e 00 0000 0000 ff09 001a 0014 0002"
    "0000 0000 0001 0000 0000 0001 0001 0001 0001 0000 08 02",
    /* a function of 4 bytes is given in one piece, inserted, uploaded, and deleted with a DB */
    "f0 " CR SETUP "03000031 02f080 3201 0000 1e00 0020 0000 1a00010000000000 09 5f3043303030303750 0d 31 "
    "303030303736 303030303034 "
    "03000065 02f080 3203 0000 0100 0002 0050 0000 1b00 004c 00fb 70700101 020c 0007 0000004c 00000000"
    "00000000 0000 00000000 0000 0000 0000 0000 0004 01020304"
    "0000000000000000 0000000000000000 0000000000000000 0100 0000 0000000000000000"
    "03000014 02f080 3203 0000 0300 0001 0000 0000 1c"
    "0300002b 02f080 3201 0000 1f00 001a 0000 28000000000000fd 000a 0100 3043303030303750 05 5f494e5345"
    "03000023 02f080 3201 0000 1b00 0012 0000 1d00000000000000 09 5f3043303030303741"
    "03000019 02f080 3201 0000 1c00 0008 0000 1e00000000000000"
    "03000033 02f080 3201 0000 1f00 0022 0000 28000000000000fd 0012 0200 3043303030303741 3041303030303241"
    "05 5f44454c45",
    /* and one that waits for its pieces */
    "07 " CR SETUP "03000031 02f080 3201 0000 1e00 0020 0000 1a00010000000000 09 5f3041303030303150 0d 31 "
    "303030303736 303030303034 "
    "0300001b 02f080 3203 0000 0100 0002 0006 0000 1b01 0002 00fb 7070"
    "0300001b 02f080 3203 0000 0300 0002 0006 0000 1b01 0002 00fb 0101",
    NULL};

static const char *const cpus[] = {"generic", "s7-300"};
static struct rig {
    plant *plant;
    struct sim_plc plc[2], fresh[2];
} rig;
static char folder[64], path[96];

static void remove_files(void)
{
    plant_close(rig.plant);
    unlink(path);
    rmdir(folder);
}

static void open_rig(void)
{
    const struct plant_new_block blocks[] = {{S7_AREA_DB, 1, 64}, {S7_AREA_DB, 2, 500}, {S7_AREA_T, 0, 16}};
    const struct plant_new_plc plcs[] = {{.name = "a", .cpu = cpus[0], .blocks = blocks, .n_blocks = 3},
                                         {.name = "b", .cpu = cpus[1], .blocks = blocks, .n_blocks = 3}};
    struct plant_options options;
    struct plant_error error = {.text = "no folder"};

    strcpy(folder, "/tmp/s7rig-fuzz-XXXXXX");
    if (mkdtemp(folder) == NULL)
        fuzz_fail("no folder");
    snprintf(path, sizeof path, "%s/plant", folder);
    plant_options_init(&options);
    options.durability = PLANT_MEMORY;
    options.temporary = true;
    options.journal_delete = true; /* nobody else ever needs the lock: blocks are loaded under it */
    if (plant_create(path, plcs, 2, &error) != S7_OK ||
        plant_open(path, &options, &rig.plant, &error) != S7_OK)
        fuzz_fail("%s", error.text);
    for (size_t i = 0; i < 2; i++)
        if (sim_plc_init(&rig.fresh[i], rig.plant, plant_plc_at(rig.plant, i), &error) != S7_OK)
            fuzz_fail("%s", error.text);
    atexit(remove_files);
}

struct outcome {
    uint8_t bytes[1 << 20];
    size_t len;
    bool ended;
};
static struct outcome whole, parts;

static void turn(sim_session *session, struct outcome *out)
{
    struct sim_step step;
    const uint8_t *bytes;

    if (plant_turn_begin(rig.plant, sim_session_may_write(session)) != S7_OK)
        fuzz_fail("the turn did not begin");
    sim_session_mark(session);
    do {
        sim_session_step(session, &step);
        if (step.result == SIM_STEP_REQUEST)
            sim_session_run(session, SIM_WRITES_RUN, &step);
        while (sim_session_tell(session))
            continue;
        out->ended = out->ended || step.result == SIM_STEP_ENDED;
    } while (step.result == SIM_STEP_DONE);
    if (plant_turn_end(rig.plant) != S7_OK)
        fuzz_fail("the turn did not end well");
    sim_session_turn_done(session);
    size_t len = sim_session_pending(session, &bytes);
    if (len > sizeof out->bytes - out->len)
        fuzz_fail("answers without end");
    memcpy(out->bytes + out->len, bytes, len);
    out->len += len;
    sim_session_sent(session, len);
}

static void feed(sim_session *session, const uint8_t *bytes, size_t len, struct outcome *out)
{
    while (len > 0 && !out->ended) {
        uint8_t *room;
        size_t cap = sim_session_room(session, &room), n = len < cap ? len : cap;
        if (n == 0)
            return;
        memcpy(room, bytes, n);
        sim_session_received(session, n, 0);
        do {
            turn(session, out);
        } while (sim_session_ready(session));
        bytes += n;
        len -= n;
    }
}

#define PRISTINE_MARK 0xEE

static bool is_pristine(struct sim_plc *plc, uint16_t db, uint32_t len)
{
    const struct plant_block *block = plant_block_find(rig.plant, plc->row, S7_AREA_DB, db);
    const struct plant_code *code = plant_code_find(rig.plant, plc->row, PLANT_DB, db);

    return block != NULL && block->len == len && code != NULL && code->file[0] == PRISTINE_MARK;
}

/* Blocks that the last run brought. */
struct brought {
    struct plant_code codes[64];
    size_t n;
};

static void on_code(const struct plant_code *code, void *arg)
{
    struct brought *brought = arg;

    if (brought->n < 64 && code->file[0] != PRISTINE_MARK)
        brought->codes[brought->n++] = *code;
}

static s7_status pristine(struct sim_plc *plc, uint16_t db, uint32_t len)
{
    static const uint8_t file[PLANT_FILE_MIN] = {PRISTINE_MARK}, zeros[500];
    const struct plant_code code = {PLANT_DB, db, sizeof file, file};
    struct plant_block *block = plant_block_find(rig.plant, plc->row, S7_AREA_DB, db);

    return is_pristine(plc, db, len) ? plant_store(rig.plant, block, 0, zeros, len)
                                     : plant_load(rig.plant, plc->row, &code, zeros, len);
}

static s7_status forget_brought(struct sim_plc *plc)
{
    struct brought brought = {.n = 0};
    s7_status status = S7_OK;

    plant_codes(rig.plant, plc->row, on_code, &brought);
    for (size_t i = 0; i < brought.n && status == S7_OK; i++)
        status = plant_delete(rig.plant, plc->row, brought.codes[i].kind, brought.codes[i].number);
    return status;
}

/* As the run before found it. */
static void make_pristine(struct sim_plc *plc)
{
    static const uint8_t zeros[16];
    const struct plant_state state = {.mode = PLANT_RUN};
    struct plant_block *timers;

    *plc = rig.fresh[plc - rig.plc];
    if (plant_turn_begin(rig.plant, true) != S7_OK || plant_set_state(rig.plant, plc->row, &state) != S7_OK)
        fuzz_fail("the turn did not begin");
    timers = plant_block_find(rig.plant, plc->row, S7_AREA_T, 0);
    if (forget_brought(plc) != S7_OK || pristine(plc, 1, 64) != S7_OK || pristine(plc, 2, 500) != S7_OK ||
        plant_store(rig.plant, timers, 0, zeros, sizeof zeros) != S7_OK)
        fuzz_fail("no room");
    if (plant_turn_end(rig.plant) != S7_OK)
        fuzz_fail("the turn did not end well");
}

static void run(struct sim_plc *plc, const uint8_t *bytes, size_t len, size_t step, struct outcome *out)
{
    const struct sim_session_options options = {.frame_ns = 1, .connect_ns = 1};
    sim_session *session;

    make_pristine(plc);
    out->len = 0;
    out->ended = false;
    if (sim_session_new(plc, &options, 0, &session) != S7_OK)
        return;
    for (size_t at = 0; at < len; at += step)
        feed(session, bytes + at, len - at < step ? len - at : step, out);
    plc->now_ns += 1000000000; /* what is due by then is told, however many turns there were */
    if (!out->ended)
        turn(session, out);
    sim_session_free(session);
}

static void check_frames(const struct outcome *out)
{
    size_t at = 0;

    while (at < out->len) {
        size_t frame = out->len - at >= 4 ? (size_t)out->bytes[at + 2] << 8 | out->bytes[at + 3] : 0;
        if (out->bytes[at] != 3 || frame < 7 || frame > out->len - at || frame > 7 + S7_PDU_LEN_MAX)
            fuzz_fail("the answer is no whole frame at byte %zu of %zu", at, out->len);
        at += frame;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (rig.plant == NULL)
        open_rig();
    if (len < 2)
        return 0;
    struct sim_plc *plc = &rig.plc[bytes[0] & 1];
    run(plc, bytes + 1, len - 1, len, &whole);
    run(plc, bytes + 1, len - 1, 1U + (bytes[0] >> 1), &parts);
    check_frames(&whole);
    if (whole.len != parts.len || whole.ended != parts.ended ||
        memcmp(whole.bytes, parts.bytes, whole.len) != 0)
        fuzz_fail("%zu bytes answered at once, %zu in pieces of %u", whole.len, parts.len,
                  1U + (bytes[0] >> 1));
    if (plc->n_connections != 0)
        fuzz_fail("a connection is counted that is gone");
    return 0;
}
