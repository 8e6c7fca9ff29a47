/* personality_test.c - each CPU that a plant file has, played: where it is reached, what it grants, whom it
 * turns away and how, what it tells of itself and what it does not do. Bytes in, bytes out. */
#include "simulator/test_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sqlite3.h>

/* What is expected of each, once more, as protocol and captures have it. */
static const struct cpu {
    const char *name;
    uint16_t tsap, wrong; /* a called TSAP that it takes, of a PG; one that it does not: 0 none */
    enum sim_refusal full;
    uint16_t pdu_len;
    uint16_t amq_calling, amq_called; /* of 32 that are asked for */
    unsigned pg, op, basic, shared;   /* connections: reserved ones, and those for anybody; 0: no limit */
} cpus[] = {
    {"generic", 0x0102, 0, SIM_REFUSE_DR, 960, 8, 8, 0, 0, 0, 0},
    {"s7-300", 0x0102, 0x0103, SIM_REFUSE_RST, 240, 1, 2, 1, 1, 0, 14},
    {"cp343-1-lean", 0x0102, 0x0104, SIM_REFUSE_RST, 240, 1, 2, 1, 1, 0, 10},
    {"s7-400", 0x0103, 0x0102, SIM_REFUSE_DR, 480, 8, 8, 1, 1, 0, 62},
    {"s7-1200", 0x0100, 0x0102, SIM_REFUSE_RST, 240, 3, 3, 4, 12, 8, 6},
    {"s7-1500", 0x0101, 0x0103, SIM_REFUSE_DR, 960, 8, 8, 4, 4, 0, 248},
    {"s7-200-smart", 0x0101, 0x0102, SIM_REFUSE_RST, 240, 1, 1, 1, 0, 0, 8},
    {"logo", 0x0102, 0x2001, SIM_REFUSE_RST, 240, 1, 1, 0, 0, 0, 8},
};
#define N_CPUS (sizeof cpus / sizeof cpus[0])

/* ---- bytes ---- */

static unsigned word(const uint8_t *at)
{
    return (unsigned)(at[0] << 8 | at[1]);
}

/* Offsets in an answer to userdata, from the S7 header on. */
#define SEQUENCE 17
#define MORE     19
#define ERROR    20
#define PAYLOAD  26

static void feed_pdu(struct rig *rig, const char *pdu)
{
    char frame[512];
    uint8_t bytes[256];

    snprintf(frame, sizeof frame, "0300 %04zx 02f080 %s", 7 + rig_hex(pdu, bytes, sizeof bytes), pdu);
    rig_feed(rig, frame);
}

/* The answer without TPKT and COTP; its length. */
static size_t take_pdu(struct rig *rig, uint8_t *answer, size_t cap)
{
    uint8_t frame[1200];
    size_t len = rig_take(rig, frame, sizeof frame);

    assert_true(len > 7 && len - 7 <= cap);
    memcpy(answer, frame + 7, len - 7);
    return len - 7;
}

static size_t userdata(struct rig *rig, const char *kind, const char *data, uint8_t *answer)
{
    char pdu[256];
    uint8_t bytes[128];
    size_t len = rig_hex(data, bytes, sizeof bytes);

    snprintf(pdu, sizeof pdu, "3207 0000 0b00 0008 %04zx 00011204 11 %s 00 %s", len, kind, data);
    feed_pdu(rig, pdu);
    return take_pdu(rig, answer, 1000);
}

static unsigned szl_error(struct rig *rig, unsigned id, unsigned index)
{
    char data[32];
    uint8_t answer[1000];

    snprintf(data, sizeof data, "ff090004 %04x %04x", id, index);
    userdata(rig, "44 01", data, answer);
    return word(answer + ERROR);
}

/* A status list, all its units. */
static size_t szl(struct rig *rig, unsigned id, unsigned index, uint8_t *list, size_t cap)
{
    char text[96];
    uint8_t answer[1000];
    size_t len, total = 0;

    snprintf(text, sizeof text, "ff090004 %04x %04x", id, index);
    len = userdata(rig, "44 01", text, answer);
    for (;;) {
        if (word(answer + ERROR) != 0)
            fail_msg("%04x/%04x: error %04x", id, index, word(answer + ERROR));
        assert_true(len >= PAYLOAD && total + len - PAYLOAD <= cap);
        memcpy(list + total, answer + PAYLOAD, len - PAYLOAD);
        total += len - PAYLOAD;
        if (answer[MORE] == 0)
            return total;
        snprintf(text, sizeof text, "3207 0000 0c00 000c 0004 00011208 12 44 01 %02x 00000000 0a000000",
                 answer[SEQUENCE]);
        feed_pdu(rig, text);
        len = take_pdu(rig, answer, sizeof answer);
    }
}

/* ---- connections ---- */

static void dial(struct rig *rig, unsigned tsap)
{
    char cr[128];

    rig_connect(rig);
    snprintf(cr, sizeof cr, "03000016 11e0 0000 0001 00 c0010a c1020100 c202 %04x", tsap);
    rig_feed(rig, cr);
}

static bool is_in(struct rig *rig)
{
    uint8_t answer[64];
    size_t len = rig_take(rig, answer, sizeof answer);

    return len == 22 && answer[5] == 0xD0;
}

static void refused(struct rig *rig, enum sim_refusal how)
{
    uint8_t answer[64];
    size_t len = rig_take(rig, answer, sizeof answer);

    assert_int_equal(rig->ended, how != SIM_REFUSE_SILENCE);
    if (rig->ended)
        assert_int_equal(rig->last.close, how);
    assert_int_equal(len, how == SIM_REFUSE_DR ? 11 : 0);
}

static void enter(struct rig *rig, const struct cpu *cpu)
{
    uint8_t answer[64];

    dial(rig, cpu->tsap);
    if (!is_in(rig))
        fail_msg("%s does not take %04x", cpu->name, cpu->tsap);
    feed_pdu(rig, "3201 0000 0000 0008 0000 f000 0020 0020 03c0");
    assert_int_equal(take_pdu(rig, answer, sizeof answer), 20);
    assert_int_equal(word(answer + 14), cpu->amq_calling);
    assert_int_equal(word(answer + 16), cpu->amq_called);
    assert_int_equal(word(answer + 18), cpu->pdu_len);
}

static const struct cpu *find(const char *name)
{
    for (size_t i = 0; i < N_CPUS; i++)
        if (strcmp(cpus[i].name, name) == 0)
            return &cpus[i];
    return NULL;
}

static void play(struct rig *rig, const char *name)
{
    rig_open(rig, name);
    enter(rig, find(name));
}

static void sql(struct rig *rig, const char *text)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(rig->path, &db), SQLITE_OK);
    if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", text, sqlite3_errmsg(db));
    sqlite3_close(db);
}

/* ---- being reached ---- */

static void each_is_reached_at_its_own_place_and_turns_others_away(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_CPUS; i++) {
        struct rig rig;
        rig_open(&rig, cpus[i].name);
        enter(&rig, &cpus[i]);
        if (cpus[i].wrong != 0) {
            dial(&rig, cpus[i].wrong);
            refused(&rig, (enum sim_refusal)rig.plc.who->wrong_tsap);
        }
        rig_close(&rig);
    }
}

static void S7_201_a_large_wish_is_granted_as_240(void **state)
{
    static const char *const wishes[] = {"0780", "03f0", "01e0", "00f0", "0064"};
    uint8_t answer[64];
    struct rig rig;

    (void)state;
    play(&rig, "s7-1200");
    for (size_t i = 0; i < 5; i++) {
        char pdu[96];
        snprintf(pdu, sizeof pdu, "3201 0000 0000 0008 0000 f000 0008 0008 %s", wishes[i]);
        feed_pdu(&rig, pdu);
        assert_int_equal(take_pdu(&rig, answer, sizeof answer), 20);
        assert_int_equal(word(answer + 18), 240);
        assert_int_equal(word(answer + 14), 3);
    }
    rig_close(&rig);
}

/* Called TSAPs of each class at the place of `tsap`. */
static unsigned of_class(const struct cpu *cpu, enum plant_class of)
{
    if (strcmp(cpu->name, "logo") == 0 && of != PLANT_PG)
        return (of + 1U) << 8;
    return (of + 1U) << 8 | (cpu->tsap & 0xFF);
}

struct crowd {
    sim_session *sessions[300];
    unsigned n;
};

/* As many as are let in; the one behind them is refused in the CPU's manner. */
static unsigned fill_class(struct rig *rig, const struct cpu *cpu, enum plant_class of, struct crowd *crowd)
{
    unsigned before = crowd->n;

    for (;;) {
        dial(rig, of_class(cpu, of));
        if (rig->ended)
            break;
        assert_true(is_in(rig) && crowd->n < 300);
        crowd->sessions[crowd->n++] = rig->session;
        rig->session = NULL;
    }
    refused(rig, cpu->full);
    return crowd->n - before;
}

static void leave(struct crowd *crowd, unsigned which)
{
    sim_session_free(crowd->sessions[which]);
    crowd->sessions[which] = NULL;
}

static void S7_150_each_class_has_its_own_and_what_nobody_reserved(void **state)
{
    (void)state;
    for (size_t i = 1; i < N_CPUS; i++) {
        const struct cpu *cpu = &cpus[i];
        struct crowd crowd = {.n = 0};
        struct rig rig;
        rig_open(&rig, cpu->name);
        assert_int_equal(fill_class(&rig, cpu, PLANT_BASIC, &crowd), cpu->basic + cpu->shared);
        assert_int_equal(fill_class(&rig, cpu, PLANT_OP, &crowd), cpu->op);
        assert_int_equal(fill_class(&rig, cpu, PLANT_PG, &crowd), cpu->pg);
        leave(&crowd, 0); /* one of those for anybody */
        dial(&rig, of_class(cpu, PLANT_PG));
        assert_true(is_in(&rig));
        sim_session_free(rig.session);
        rig.session = NULL;
        dial(&rig, of_class(cpu, PLANT_BASIC));
        assert_true(is_in(&rig));
        for (unsigned k = 0; k < crowd.n; k++)
            leave(&crowd, k);
        rig_close(&rig);
    }
}

static void S7_150_a_reserved_place_is_not_lent(void **state)
{
    struct crowd crowd = {.n = 0};
    const struct cpu *cpu = find("s7-300");
    struct rig rig;

    (void)state;
    rig_open(&rig, "s7-300");
    sql(&rig, "UPDATE personality SET reserved_pg = 8, reserved_op = 6 WHERE name = 's7-300'");
    assert_int_equal(fill_class(&rig, cpu, PLANT_BASIC, &crowd), 2);
    assert_int_equal(fill_class(&rig, cpu, PLANT_PG, &crowd), 8);
    for (unsigned k = 0; k < crowd.n; k++)
        leave(&crowd, k);
    rig_close(&rig);
}

static void a_refusal_may_be_silence(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig, "s7-300");
    sql(&rig, "UPDATE personality SET wrong_tsap = 'silence', when_full = 'silence' WHERE name = 's7-300'");
    dial(&rig, 0x0103);
    refused(&rig, SIM_REFUSE_SILENCE);
    dial(&rig, 0x0102); /* the same connection is deaf, another one is not */
    assert_true(is_in(&rig));
    sql(&rig, "UPDATE plc SET connections = 0");
    dial(&rig, 0x0102);
    refused(&rig, SIM_REFUSE_SILENCE);
    rig_feed(&rig, "03000016 11e0 0000 0001 00 c0010a c1020100 c2020102");
    refused(&rig, SIM_REFUSE_SILENCE);
    rig_close(&rig);
}

static void other_TSAPs_that_a_row_names_are_taken(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig, "logo");
    dial(&rig, 0x2000);
    assert_true(is_in(&rig));
    dial(&rig, 0x4D57);
    refused(&rig, SIM_REFUSE_RST);
    sql(&rig, "UPDATE personality SET tsaps = '20.00 4D.57' WHERE name = 'logo'");
    dial(&rig, 0x4D57);
    assert_true(is_in(&rig));
    rig_close(&rig);
}

/* ---- what it tells of itself ---- */

/* Bytes of a record, as real CPUs have them; 0: not known. */
static unsigned record_len(unsigned list)
{
    static const unsigned lens[][2] = {{0x0000, 2},  {0x0011, 28}, {0x0012, 2},  {0x0013, 36}, {0x0014, 8},
                                       {0x0015, 10}, {0x0019, 4},  {0x001C, 34}, {0x0025, 4},  {0x0074, 4},
                                       {0x00A0, 20}, {0x0124, 20}, {0x0131, 40}, {0x0132, 40}, {0x0137, 48},
                                       {0x0222, 28}, {0x0232, 40}, {0x0424, 20}, {0x0C91, 16}, {0x0D91, 16}};

    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++)
        if (lens[i][0] == list)
            return lens[i][1];
    return 0;
}

static void its_lists_are_well_formed(struct rig *rig)
{
    uint8_t list[4096];
    size_t n;
    const struct plant_szl *rows = plant_szl(rig->plant, rig->plc.row, &n);

    for (size_t i = 0; i < n; i++) {
        unsigned id = rows[i].list, index = rows[i].index;
        size_t len = szl(rig, id, index, list, sizeof list);
        assert_true(len >= 8);
        assert_int_equal(word(list), id);
        assert_int_equal(word(list + 2), index);
        assert_true(record_len(id) == 0 || word(list + 4) == record_len(id));
        assert_int_equal(len, 8 + word(list + 4) * word(list + 6));
        if (index != 0)
            assert_int_equal(word(list + 8), id == 0x0C91 ? 0 : id == 0x0222 ? 0x1104 : index);
    }
}

static void the_lists_of_each_are_well_formed_and_others_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_CPUS; i++) {
        struct rig rig;
        play(&rig, cpus[i].name);
        its_lists_are_well_formed(&rig);
        assert_int_equal(szl_error(&rig, 0x0999, 0), i < 4 ? 0xD401 : 0x8104);
        rig_close(&rig);
    }
}

/* Two units at PDU 240, the first of 214 bytes. */
static void a_300_tells_112_lists(void **state)
{
    struct rig rig;
    uint8_t list[400], answer[1000];

    (void)state;
    play(&rig, "s7-300");
    assert_int_equal(userdata(&rig, "44 01", "ff090004 0000 0000", answer), PAYLOAD + 214);
    assert_int_equal(answer[MORE], 1);
    assert_int_equal(szl(&rig, 0x0000, 0, list, sizeof list), 8 + 2 * 112);
    for (unsigned i = 0; i < 112; i++)
        for (unsigned k = 0; k < i; k++)
            assert_int_not_equal(word(list + 8 + 2 * i), word(list + 8 + 2 * k));
    rig_close(&rig);
}

/* What nmap's s7-info looks at, at the places where it looks; frames begin 7 bytes before the PDU. */
static void s7_info_finds_what_it_looks_for(void **state)
{
    static const char *const told[][2] = {{"s7-300", "6ES7 315-2EH14-0AB0 "},
                                          {"s7-400", "6ES7 416-2XN05-0AB0 "},
                                          {"s7-1200", "6ES7 214-1AG40-0XB0 "},
                                          {"s7-1500", "6ES7 516-3AN02-0AB0 "}};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct rig rig;
        uint8_t answer[1000];
        play(&rig, told[i][0]);
        assert_true(userdata(&rig, "44 01", "ff090004 0011 0000", answer) >= 125 - 7);
        assert_memory_equal(answer + 43 - 7, told[i][1], 20);
        assert_memory_equal(answer + 71 - 7, told[i][1], 20);
        unsigned major, minor, patch;
        assert_int_equal(sscanf(rig.plc.who->firmware, "V%u.%u.%u", &major, &minor, &patch), 3);
        assert_int_equal(answer[122 - 7], major);
        assert_int_equal(answer[123 - 7], minor);
        assert_int_equal(answer[124 - 7], patch);
        rig_close(&rig);
    }
}

static void the_identity_of_one_plc_is_columns_of_its_row(void **state)
{
    struct rig rig;
    uint8_t list[1000];

    (void)state;
    play(&rig, "s7-300");
    sql(&rig, "UPDATE plc SET serial = 'S C-MINE', module_name = 'Pump 7', plant_name = 'Hall 3',"
              " as_name = 'Station', location = 'cabinet 2', order_code = '6ES7 318-3EL01-0AB0',"
              " firmware = 'V3.3.10'");
    szl(&rig, 0x001C, 0, list, sizeof list);
    assert_memory_equal(list + 8, "\0\x01Station\0", 10);
    assert_memory_equal(list + 8 + 34, "\0\x02Pump 7\0", 9);
    assert_memory_equal(list + 8 + 2 * 34, "\0\x03Hall 3\0", 9);
    assert_memory_equal(list + 8 + 4 * 34, "\0\x05S C-MINE\0\0", 12);
    assert_memory_equal(list + 8 + 9 * 34,
                        "\0\x0b"
                        "cabinet 2\0",
                        12);
    szl(&rig, 0x0011, 0, list, sizeof list);
    assert_memory_equal(list + 8,
                        "\0\x01"
                        "6ES7 318-3EL01-0AB0 ",
                        22);
    assert_memory_equal(list + 8 + 28,
                        "\0\x06"
                        "6ES7 318-3EL01-0AB0 ",
                        22);
    assert_memory_equal(list + 8 + 2 * 28, "\0\x07                    \0\xc0V\x03\x03\x0a", 28);
    assert_memory_equal(list + 8 + 3 * 28,
                        "\0\x81"
                        "Boot Loader",
                        13);
    rig_close(&rig);
}

static void connections_in_use_are_told(void **state)
{
    struct rig rig;
    uint8_t list[100];

    (void)state;
    play(&rig, "s7-300"); /* as a PG */
    szl(&rig, 0x0132, 1, list, sizeof list);
    assert_memory_equal(list + 8, "\0\x01\0\x01\0\x01\0\x01\0\0\0\0\0\0\0\x0e\0\0\0\x14", 20);
    sim_session *pg = rig.session;
    rig.session = NULL;
    dial(&rig, 0x0102);
    assert_true(is_in(&rig));
    feed_pdu(&rig, "3201 0000 0000 0008 0000 f000 0001 0001 00f0");
    (void)take_pdu(&rig, list, sizeof list);
    szl(&rig, 0x0132, 1, list, sizeof list);
    assert_memory_equal(list + 8, "\0\x01\0\x01\0\x01\0\x01\0\0\0\0\0\0\0\x0e\0\x01\0\x14", 20);
    sim_session_free(pg);
    rig_close(&rig);
}

/* ---- what it does not do ---- */

static const struct {
    uint32_t lack;
    const char *kind, *request; /* of userdata; kind NULL: a job */
} services[] = {
    {PLANT_LACKS_SZL, "44 01", "ff090004 0011 0000"},
    {PLANT_LACKS_BLOCKS, "43 01", "0a000000"},
    {PLANT_LACKS_BLOCKS, "43 02", "ff090002 3041"},
    {PLANT_LACKS_BLOCKS, "43 03", "ff090008 3041303030303141"},
    {PLANT_LACKS_UPLOAD, NULL, "3201 0000 1b00 0012 0000 1d00000000000000 09 5f3041303030303141"},
    {PLANT_LACKS_START_STOP, NULL, "3201 0000 1400 0010 0000 290000000000 09 505f50524f4752414d"},
    {PLANT_LACKS_START_STOP, NULL, "3201 0000 1500 0014 0000 28000000000000fd 0000 09 505f50524f4752414d"},
    {PLANT_LACKS_COPY, NULL, "3201 0000 1500 0012 0000 28000000000000fd 0002 4550 05 5f4d4f4455"},
    {PLANT_LACKS_COMPRESS, NULL, "3201 0000 1500 0010 0000 28000000000000fd 0000 05 5f47415242"},
    {PLANT_LACKS_PASSWORD, "45 01", "ff090008 2630101720365543"},
    {PLANT_LACKS_PASSWORD, "45 02", "0a000000"},
    {PLANT_LACKS_CLOCK_READ, "47 01", "0a000000"},
    {PLANT_LACKS_CLOCK_SET, "47 02", "ff09000a 0019 9401090000000001"},
    {PLANT_LACKS_MESSAGES, "44 02", "ff09000a 0000 486d6952746d2020"},
    {PLANT_LACKS_CYCLIC, "42 01", "ff090010 0001 000a 120a10020001000183000000"},
    {PLANT_LACKS_TEST, "41 10", "ff090004 00000000"},
    {PLANT_LACKS_DELETE, NULL,
     "3201 0000 1a00 001a 0000 28000000000000fd 000a 0100 30413030303939 42 05 5f44454c45"},
    {PLANT_LACKS_DOWNLOAD, NULL,
     "3201 0000 1e00 0020 0000 1a00010000000000 09 5f3041303030303150 0d 31303030313230303030303238"},
};

static unsigned error_of_service(struct rig *rig, size_t i)
{
    uint8_t answer[1000];

    if (services[i].kind != NULL) {
        userdata(rig, services[i].kind, services[i].request, answer);
        return word(answer + ERROR);
    }
    feed_pdu(rig, services[i].request);
    (void)take_pdu(rig, answer, sizeof answer);
    return word(answer + 10);
}

static void a_service_that_a_cpu_lacks_is_answered_with_8104(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_CPUS; i++) {
        struct rig rig;
        play(&rig, cpus[i].name);
        for (size_t k = 0; k < sizeof services / sizeof services[0]; k++) {
            bool lacks = (rig.plc.who->lacks & services[k].lack) != 0;
            unsigned error = error_of_service(&rig, k);
            if ((error == 0x8104) != lacks)
                fail_msg("%s, service %zu: error %04x", cpus[i].name, k, error);
        }
        rig_close(&rig);
    }
}

static void the_words_of_lacks_are_the_services(void **state)
{
    struct rig rig;

    (void)state;
    play(&rig, "generic");
    sql(&rig, "UPDATE personality SET lacks = 'szl blocks upload download delete start-stop compress"
              " copy-ram-to-rom memory-reset password clock-read clock-set messages cyclic test dbread wchar'"
              " WHERE name = 'generic'");
    for (size_t k = 0; k < sizeof services / sizeof services[0]; k++)
        assert_int_equal(error_of_service(&rig, k), 0x8104);
    assert_int_equal(rig.plc.who->lacks, (1U << 17) - 1);
    rig_close(&rig);
}

#define READ_DB1  "3201 0000 0500 000e 0000 0401 120a1002 0004 0001 84 000000"
#define WRITE_DB1 "3201 0000 0600 000e 0008 0501 120a1002 0004 0001 84 000000 00040020 0a0b0c0d"
#define READ_DB2  "3201 0000 0700 000e 0000 0401 120a1002 0004 0002 84 000000"

static void S7_090_without_PUT_GET_each_job_is_refused_and_the_connection_stays(void **state)
{
    struct rig rig;
    uint8_t list[1000];

    (void)state;
    play(&rig, "s7-1200");
    sql(&rig, "UPDATE plc SET put_get = 0");
    rig_ask_pdu(&rig, READ_DB1, "3202 0000 0500 0000 0000 8104");
    rig_ask_pdu(&rig, WRITE_DB1, "3202 0000 0600 0000 0000 8104");
    assert_int_equal(rig_db(&rig, 1)[0], 0);
    szl(&rig, 0x0011, 0, list, sizeof list); /* others are served on */
    sql(&rig, "UPDATE plc SET put_get = NULL");
    rig_ask_pdu(&rig, READ_DB1, "3203 0000 0500 0002 0008 0000 0401 ff040020 00010203");
    sql(&rig, "UPDATE personality SET put_get = 0 WHERE name = 's7-1200'");
    rig_ask_pdu(&rig, READ_DB1, "3202 0000 0500 0000 0000 8104");
    rig_close(&rig);
}

static void S7_091_an_optimized_DB_is_not_there_for_a_client(void **state)
{
    struct rig rig;

    (void)state;
    play(&rig, "s7-1500");
    sql(&rig, "UPDATE block SET optimized = 1 WHERE kind = 'DB' AND number = 1");
    rig_ask_pdu(&rig, READ_DB1, "3203 0000 0500 0002 0004 0000 0401 0a000000");
    rig_ask_pdu(&rig, WRITE_DB1, "3203 0000 0600 0002 0001 0000 0501 0a");
    rig_ask_pdu(&rig, READ_DB2, "3203 0000 0700 0002 0008 0000 0401 ff040020 00000000");
    sql(&rig, "UPDATE personality SET optimized_code = 5 WHERE name = 's7-1500'");
    rig_ask_pdu(&rig, READ_DB1, "3203 0000 0500 0002 0004 0000 0401 05000000");
    sql(&rig, "UPDATE block SET optimized = 0");
    rig_ask_pdu(&rig, READ_DB1, "3203 0000 0500 0002 0008 0000 0401 ff040020 00010203");
    rig_close(&rig);
}

static void a_write_protected_DB_is_read_and_not_written(void **state)
{
    struct rig rig;

    (void)state;
    play(&rig, "s7-300");
    sql(&rig, "UPDATE block SET write_protected = 1 WHERE kind = 'DB' AND number = 1");
    rig_ask_pdu(&rig, READ_DB1, "3203 0000 0500 0002 0008 0000 0401 ff040020 00010203");
    rig_ask_pdu(&rig, WRITE_DB1, "3203 0000 0600 0002 0001 0000 0501 03");
    assert_int_equal(rig_db(&rig, 1)[0], 0);
    sql(&rig, "UPDATE block SET write_protected = 0");
    rig_ask_pdu(&rig, WRITE_DB1, "3203 0000 0600 0002 0001 0000 0501 ff");
    rig_close(&rig);
}

static void an_area_that_a_cpu_does_not_have_has_the_cpus_item_code(void **state)
{
    static const struct {
        const char *cpu, *code;
    } cases[] = {{"s7-1200", "0a"}, {"s7-200-smart", "03"}, {"logo", "0a"}};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct rig rig;
        char answer[96];
        play(&rig, cases[i].cpu);
        snprintf(answer, sizeof answer, "3203 0000 0500 0002 0004 0000 0401 %s000000", cases[i].code);
        rig_ask_pdu(&rig, "3201 0000 0500 000e 0000 0401 120a101d 0001 0000 1d 000001", answer); /* T 1 */
        rig_ask_pdu(&rig, "3201 0000 0500 000e 0000 0401 120a1002 0001 0009 84 000000", answer); /* DB 9 */
        rig_close(&rig);
    }
}

static void S7_202_WCHAR_is_octets_where_the_cpu_knows_it(void **state)
{
    static const char wide[] = "3201 0000 0500 000e 0000 0401 120a1013 0002 0001 84 000000";
    static const char *const newer[] = {"s7-1200", "s7-1500"}, *const older[] = {"s7-300", "s7-400"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct rig rig;
        play(&rig, newer[i]);
        rig_ask_pdu(&rig, wide, "3203 0000 0500 0002 0008 0000 0401 ff090004 00010203");
        rig_close(&rig);
        play(&rig, older[i]);
        rig_ask_pdu(&rig, wide, "3203 0000 0500 0002 0004 0000 0401 05000000");
        rig_close(&rig);
    }
}

/* The plant has BCD, whatever the wire has: C 1 is 123. */
static void counters_are_numbers_on_the_wire_of_some_cpus(void **state)
{
    static const char read[] = "3201 0000 0500 000e 0000 0401 120a101c 0001 0000 1c 000001";
    struct rig rig;

    (void)state;
    play(&rig, "s7-300");
    rig_ask_pdu(&rig, "3201 0000 0600 000e 0006 0501 120a101c 0001 0000 1c 000001 00090002 0123",
                "3203 0000 0600 0002 0001 0000 0501 ff");
    sql(&rig, "UPDATE personality SET counters_binary = 1 WHERE name = 's7-300'");
    rig_ask_pdu(&rig, read, "3203 0000 0500 0002 0006 0000 0401 ff090002 007b");
    rig_ask_pdu(&rig, "3201 0000 0600 000e 0006 0501 120a101c 0001 0000 1c 000001 00090002 03e7",
                "3203 0000 0600 0002 0001 0000 0501 ff");
    rig_ask_pdu(&rig, "3201 0000 0600 000e 0006 0501 120a101c 0001 0000 1c 000001 00090002 03e8",
                "3203 0000 0600 0002 0001 0000 0501 03");
    sql(&rig, "UPDATE personality SET counters_binary = 0 WHERE name = 's7-300'");
    rig_ask_pdu(&rig, read, "3203 0000 0500 0002 0006 0000 0401 ff090002 0999");
    rig_close(&rig);
}

/* ---- rows ---- */

static void an_edit_of_a_row_holds_from_the_next_connection_on(void **state)
{
    struct rig rig;
    struct cpu slower = *find("s7-400");

    (void)state;
    play(&rig, "s7-400");
    sql(&rig,
        "UPDATE personality SET pdu_length = 240, amq_calling = 1, slots = '2 4' WHERE name = 's7-400'");
    slower.pdu_len = 240;
    slower.amq_calling = 1;
    slower.tsap = 0x0104;
    enter(&rig, &slower);
    sql(&rig, "UPDATE plc SET cpu = 's7-1500'"); /* another CPU is played at once */
    enter(&rig, find("s7-1500"));
    assert_int_equal(szl_error(&rig, 0x0012, 0), 0x8104);
    sql(&rig, "UPDATE plc SET cpu = 'nobody'"); /* it stays what it was */
    enter(&rig, find("s7-1500"));
    rig_close(&rig);
}

static void a_name_that_no_row_has_is_refused_with_those_that_do(void **state)
{
    struct rig rig;
    struct plant_error error;
    struct sim_plc plc;

    (void)state;
    rig_open(&rig, "generic");
    sql(&rig, "UPDATE plc SET cpu = 's7-2000'; INSERT INTO personality (name) VALUES ('mine')");
    sim_session_free(rig.session);
    rig.session = NULL;
    plant_close(rig.plant);
    assert_int_equal(plant_open(rig.path, NULL, &rig.plant, &error), S7_OK);
    assert_int_equal(sim_plc_init(&plc, rig.plant, plant_plc_at(rig.plant, 0), &error), S7_E_ARG);
    assert_string_equal(error.text, "PLC plc: there is no CPU \"s7-2000\"; plc.cpu may be generic, s7-300, "
                                    "cp343-1-lean, s7-400, s7-1200, s7-1500, s7-200-smart, logo, mine");
    rig_close(&rig);
}

static void the_names_here_are_those_of_a_new_file(const struct plant_personality *who, void *arg)
{
    size_t *n = arg;

    assert_true(*n < N_CPUS);
    assert_string_equal(who->name, cpus[(*n)++].name);
    assert_true(strlen(who->title) > 0);
}

static void every_built_in_is_among_these(void **state)
{
    struct plant_error error;
    size_t n = 0;

    (void)state;
    assert_int_equal(plant_personalities(NULL, the_names_here_are_those_of_a_new_file, &n, &error), S7_OK);
    assert_int_equal(n, N_CPUS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_reached_at_its_own_place_and_turns_others_away),
        cmocka_unit_test(S7_201_a_large_wish_is_granted_as_240),
        cmocka_unit_test(S7_150_each_class_has_its_own_and_what_nobody_reserved),
        cmocka_unit_test(S7_150_a_reserved_place_is_not_lent),
        cmocka_unit_test(a_refusal_may_be_silence),
        cmocka_unit_test(other_TSAPs_that_a_row_names_are_taken),
        cmocka_unit_test(the_lists_of_each_are_well_formed_and_others_are_refused),
        cmocka_unit_test(a_300_tells_112_lists),
        cmocka_unit_test(s7_info_finds_what_it_looks_for),
        cmocka_unit_test(the_identity_of_one_plc_is_columns_of_its_row),
        cmocka_unit_test(connections_in_use_are_told),
        cmocka_unit_test(a_service_that_a_cpu_lacks_is_answered_with_8104),
        cmocka_unit_test(the_words_of_lacks_are_the_services),
        cmocka_unit_test(S7_090_without_PUT_GET_each_job_is_refused_and_the_connection_stays),
        cmocka_unit_test(S7_091_an_optimized_DB_is_not_there_for_a_client),
        cmocka_unit_test(a_write_protected_DB_is_read_and_not_written),
        cmocka_unit_test(an_area_that_a_cpu_does_not_have_has_the_cpus_item_code),
        cmocka_unit_test(S7_202_WCHAR_is_octets_where_the_cpu_knows_it),
        cmocka_unit_test(counters_are_numbers_on_the_wire_of_some_cpus),
        cmocka_unit_test(an_edit_of_a_row_holds_from_the_next_connection_on),
        cmocka_unit_test(a_name_that_no_row_has_is_refused_with_those_that_do),
        cmocka_unit_test(every_built_in_is_among_these),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
