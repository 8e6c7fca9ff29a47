/* Words to faults: every field, and what is said of wrong ones. */
#include "simulator/fault.h"

#include "loop/loop.h"
#include "loop/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MS INT64_C(1000000)

static struct sim_fault parse(const char *name, const char *args)
{
    struct sim_fault fault;
    struct plant_error error;

    if (sim_fault_parse(name, args, &fault, &error) != S7_OK)
        fail_msg("%s %s: %s", name, args != NULL ? args : "", error.text);
    return fault;
}

/* ---- the catalogue ---- */

/* A value that fits what a parameter says it takes. */
static const char *example(const char *takes)
{
    static char text[64];

    if (strncmp(takes, "TIME", 4) == 0)
        return "5ms";
    if (strncmp(takes, "ADDRESS", 7) == 0)
        return "DB1.DBD4:REAL";
    if (strncmp(takes, "ADDR", 4) == 0)
        return "127.0.0.1";
    if (strncmp(takes, "0..1", 4) == 0)
        return "0.5";
    if (strcmp(takes, "N, 64..65535") == 0)
        return "64";
    if (takes[0] == 'N')
        return "1";
    if (strcmp(takes, "HEX") == 0)
        return "0a1B";
    if (strcmp(takes, "P,P") == 0)
        return "0.1,0.5";
    snprintf(text, sizeof text, "%.*s", (int)strcspn(takes, "|"), takes);
    return text;
}

static void required(const struct sim_fault_kind *kind, const char *but, char *words, size_t cap)
{
    words[0] = '\0';
    for (const struct sim_fault_param *param = kind->params; param->name != NULL; param++)
        if (param->preset == NULL && strcmp(param->name, but) != 0)
            snprintf(words + strlen(words), cap - strlen(words), "%s=%s ", param->name,
                     example(param->takes));
}

static void every_own_parameter_takes_what_it_says(void **state)
{
    const struct sim_fault_kind *kinds;
    size_t n = sim_fault_kinds(&kinds);

    (void)state;
    assert_int_equal(n, SIM_FAULT_TYPES);
    for (size_t i = 0; i < n; i++)
        for (const struct sim_fault_param *param = kinds[i].params; param->name != NULL; param++) {
            char words[256];
            required(&kinds[i], param->name, words, sizeof words);
            snprintf(words + strlen(words), sizeof words - strlen(words), "%s=%s", param->name,
                     example(param->takes));
            struct sim_fault fault = parse(kinds[i].name, words);
            assert_int_equal(fault.type, i);
            assert_ptr_equal(fault.kind, &kinds[i]);
        }
}

static void every_common_parameter_takes_what_it_says(void **state)
{
    (void)state;
    for (const struct sim_fault_param *param = sim_fault_common(); param->name != NULL; param++) {
        char words[128];
        snprintf(words, sizeof words, "bytes=1 %s=%s", param->name, example(param->takes));
        parse("cut", words);
    }
}

/* ---- values ---- */

static void without_words_presets_hold(void **state)
{
    struct sim_fault fault = parse("hang", NULL);

    (void)state;
    assert_int_equal(fault.match.fns,
                     SIM_FN_SETUP | SIM_FN_READ | SIM_FN_WRITE | SIM_FN_USERDATA | SIM_FN_OTHER);
    assert_int_equal(fault.match.conn.low, 1);
    assert_int_equal(fault.match.conn.high, UINT32_MAX);
    assert_string_equal(fault.match.peer, "");
    assert_int_equal(fault.match.db, -1);
    assert_int_equal(fault.match.ref, -1);
    assert_false(fault.match.by_item);
    assert_int_equal(fault.trigger.p, SIM_P_ONE);
    assert_int_equal(fault.trigger.to_ns, S7_NEVER_NS);
    assert_int_equal(fault.own.for_ns, S7_NEVER_NS);
    assert_int_equal(fault.own.at_ns, -1);
    assert_false(fault.trigger.optional);
}

static void matchers_are_read(void **state)
{
    struct sim_fault fault = parse("hang", " conn=2..5\tfn=read|write  area=DB db=7 range=10..13 item=2 "
                                           "items=3 ref=0x00fF role=op\n");

    (void)state;
    assert_int_equal(fault.match.conn.low, 2);
    assert_int_equal(fault.match.conn.high, 5);
    assert_int_equal(fault.match.fns, SIM_FN_READ | SIM_FN_WRITE);
    assert_int_equal(fault.match.area, S7_AREA_DB);
    assert_int_equal(fault.match.db, 7);
    assert_int_equal(fault.match.range.low, 10);
    assert_int_equal(fault.match.range.high, 13);
    assert_int_equal(fault.match.item, 2);
    assert_int_equal(fault.match.items.low, 3);
    assert_int_equal(fault.match.items.high, 3);
    assert_int_equal(fault.match.ref, 255);
    assert_int_equal(fault.match.role, SIM_ROLE_OP);
    assert_true(fault.match.by_item);
}

static void peers_are_written_as_streams_write_them(void **state)
{
    static const struct {
        const char *word, *peer;
        bool port;
    } rows[] = {{"peer=127.0.0.1", "127.0.0.1", false},
                {"peer=127.0.0.1:5000", "127.0.0.1:5000", true},
                {"peer=::1", "[::1]", false},
                {"peer=[::1]", "[::1]", false},
                {"peer=[0:0:0:0:0:0:0:1]:102", "[::1]:102", true}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sim_fault fault = parse("hang", rows[i].word);
        assert_string_equal(fault.match.peer, rows[i].peer);
        assert_int_equal(fault.match.peer_port, rows[i].port);
    }
}

static void triggers_are_read(void **state)
{
    struct sim_fault fault =
        parse("hang", "after=2 every=3 count=4 p=0.25 from=1s to=1min once=conn prio=-5 optional");

    (void)state;
    assert_int_equal(fault.trigger.after, 2);
    assert_int_equal(fault.trigger.every, 3);
    assert_int_equal(fault.trigger.count, 4);
    assert_int_equal(fault.trigger.p, SIM_P_ONE / 4);
    assert_int_equal(fault.trigger.from_ns, 1000 * MS);
    assert_int_equal(fault.trigger.to_ns, 60000 * MS);
    assert_true(fault.trigger.once_conn);
    assert_int_equal(fault.trigger.prio, -5);
    assert_true(fault.trigger.optional);
    assert_int_equal(parse("hang", "nth=9").trigger.nth, 9);
    assert_false(parse("hang", "optional=no").trigger.optional);
}

static void probabilities_are_exact(void **state)
{
    (void)state;
    assert_int_equal(parse("hang", "p=0").trigger.p, 0);
    assert_int_equal(parse("hang", "p=1").trigger.p, SIM_P_ONE);
    assert_int_equal(parse("hang", "p=1.0").trigger.p, SIM_P_ONE);
    assert_int_equal(parse("hang", "p=0.5").trigger.p, SIM_P_ONE / 2);
    assert_int_equal(parse("hang", "p=0.000000001").trigger.p, 4);
    assert_int_equal(parse("hang", "p=0.999999999").trigger.p, SIM_P_ONE - 5);
}

static void times_have_units_and_decimals(void **state)
{
    static const struct {
        const char *word;
        int64_t ns;
    } rows[] = {{"from=0", 0},
                {"from=20", 20 * MS},
                {"from=1us", 1000},
                {"from=1.5us", 1500},
                {"from=0.25ms", 250000},
                {"from=0.5s", 500 * MS},
                {"from=2min", 120000 * MS},
                {"from=1.5h", 5400000 * MS},
                {"from=24h", 86400000 * MS},
                {"from=86400s", 86400000 * MS},
                {"from=0.000000001s", 1},
                {"from=0.000000001h", 3600}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (parse("hang", rows[i].word).trigger.from_ns != rows[i].ns)
            fail_msg("%s: expected %lld ns, got %lld", rows[i].word, (long long)rows[i].ns,
                     (long long)parse("hang", rows[i].word).trigger.from_ns);
}

static void distributions_may_have_blanks_in_parentheses(void **state)
{
    static const struct {
        const char *word;
        int64_t low_ms, high_ms;
    } rows[] = {{"time=5", 5, 5},
                {"time=fixed(2s)", 2000, 2000},
                {"time=uniform(100ms,2s)", 100, 2000},
                {"time=uniform( 100 ms , 2 s ) p=1", 100, 2000}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sim_fault fault = parse("slow", rows[i].word);
        assert_int_equal(fault.own.time.low_ns, rows[i].low_ms * MS);
        assert_int_equal(fault.own.time.high_ns, rows[i].high_ms * MS);
    }
}

static void distributions_have_their_two_numbers(void **state)
{
    static const struct {
        const char *word;
        struct sim_dist dist;
    } rows[] = {
        {"dist=normal(10ms,30ms)", {SIM_DIST_NORMAL, 10 * MS, 30 * MS, 0, NULL}},
        {"dist=normal( 30ms, 10ms )", {SIM_DIST_NORMAL, 30 * MS, 10 * MS, 0, NULL}},
        {"dist=lognormal(50ms,0.5)", {SIM_DIST_LOGNORMAL, 50 * MS, 50 * MS, SIM_SHAPE_ONE / 2, NULL}},
        {"dist=pareto(1s,1.5)", {SIM_DIST_PARETO, 1000 * MS, 1000 * MS, SIM_SHAPE_ONE * 3 / 2, NULL}},
        {"dist=exp(1)", {SIM_DIST_EXP, MS, MS, 0, NULL}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sim_fault fault = parse("slow", rows[i].word);
        assert_int_equal(fault.own.time.kind, rows[i].dist.kind);
        assert_int_equal(fault.own.time.low_ns, rows[i].dist.low_ns);
        assert_int_equal(fault.own.time.high_ns, rows[i].dist.high_ns);
        assert_int_equal(fault.own.time.shape, rows[i].dist.shape);
    }
}

static void bursts_and_payloads_are_read(void **state)
{
    static const char *const words[] = {"burst(0.25,0.5)", "burst=0.25,0.5", "burst=(0.25,0.5)"};
    struct sim_fault fault = parse("hang", "payload=0aFF12 rosctr=job");

    (void)state;
    assert_int_equal(fault.match.payload_len, 3);
    assert_memory_equal(fault.match.payload, "\x0a\xff\x12", 3);
    assert_int_equal(fault.match.rosctr, 1);
    assert_false(fault.trigger.bursts);
    for (size_t i = 0; i < 3; i++) {
        fault = parse("hang", words[i]);
        assert_true(fault.trigger.bursts);
        assert_int_equal(fault.trigger.p_enter, SIM_P_ONE / 4);
        assert_int_equal(fault.trigger.p_leave, SIM_P_ONE / 2);
    }
}

static void own_parameters_are_read(void **state)
{
    struct sim_fault fault = parse("cut", "bytes=12 then=hang");

    (void)state;
    assert_int_equal(fault.own.cut_at, SIM_CUT_BYTES);
    assert_int_equal(fault.own.cut_n, 12);
    assert_int_equal(fault.own.ending, SIM_END_SILENCE);
    fault = parse("cut", "bytes=50%");
    assert_int_equal(fault.own.cut_at, SIM_CUT_PERCENT);
    assert_int_equal(fault.own.cut_n, 50);
    assert_int_equal(fault.own.ending, SIM_END_RST);
    assert_int_equal(parse("cut", "bytes=data then=fin").own.cut_at, SIM_CUT_DATA);
    assert_true(parse("refuse", "drop=all for=10s").own.drop_all);
    assert_true(parse("rst_now", "run=yes").own.run);
    assert_int_equal(parse("rst_now", "at=0").own.at_ns, 0);
    assert_int_equal(parse("half_open", "dir=out at=3s for=1s").own.directions, S7_VANISH_OUT);
    fault = parse("slow", "time=0 per_item=1ms per_byte=2us");
    assert_int_equal(fault.own.per_item_ns, MS);
    assert_int_equal(fault.own.per_byte_ns, 2000);
    fault = parse("conn_limit", "max=8 how=dr per=role");
    assert_int_equal(fault.own.max, 8);
    assert_int_equal(fault.own.ending, SIM_END_DR);
    assert_true(fault.own.per_role);
    assert_int_equal(fault.match.fns, SIM_FN_CONNECT);
}

static void for_is_a_window_or_how_long_it_lasts(void **state)
{
    struct sim_fault fault = parse("cut", "bytes=1 from=1s for=2s");

    (void)state;
    assert_int_equal(fault.trigger.to_ns, 3000 * MS);
    fault = parse("hang", "from=1s for=2s");
    assert_int_equal(fault.trigger.to_ns, S7_NEVER_NS);
    assert_int_equal(fault.own.for_ns, 2000 * MS);
    fault = parse("refuse", "from=1s to=5s");
    assert_int_equal(fault.own.for_ns, 4000 * MS);
}

static void a_time_scale_divides_every_time_and_no_end_stays_none(void **state)
{
    struct sim_fault fault = parse("slow", "time=uniform(1s,2s) per_item=1ms per_byte=100us from=10s to=20s");

    (void)state;
    sim_fault_scale(&fault, 100);
    assert_int_equal(fault.own.time.low_ns, 10 * MS);
    assert_int_equal(fault.own.time.high_ns, 20 * MS);
    assert_int_equal(fault.own.per_item_ns, MS / 100);
    assert_int_equal(fault.own.per_byte_ns, 1000);
    assert_int_equal(fault.trigger.from_ns, 100 * MS);
    assert_int_equal(fault.trigger.to_ns, 200 * MS);
    assert_int_equal(fault.own.for_ns, S7_NEVER_NS);
    assert_int_equal(fault.own.at_ns, -1);
}

/* ---- errors ---- */

static void errors_say_what_was_expected_what_came_and_where(void **state)
{
    static const struct {
        const char *name, *args, *says;
    } rows[] = {
        {"hnag", "", "no fault is called \"hnag\"; did you mean hang?"},
        {"", "", "no fault is called \"\"; s7rig faults lists them all"},
        {"cut", "", "fault cut: bytes=N|N%|tpkt|cotp|header|param|data is required"},
        {"slow", "p=1", "fault slow: dist=TIME|uniform(A,B)|"},
        {"slow", "dist=1s time=1s", "dist is given twice"},
        {"conn_limit", NULL, "fault conn_limit: max=N is required"},
        {"slot_leak", NULL, "fault slot_leak: hold=TIME is required"},
        {"slot_leak", "hold=1x", "hold takes TIME"},
        {"slot_leak", "hold=1s fn=read", "fn= does not go with it: it looks at the end of connections only"},
        {"fin_now", "at=0 fn=read", "fn= does not go with it: with at= it acts on connections at a time"},
        {"fin_now", "at=0 for=1s", "for= does not go with it"},
        {"cut", "bytes=1 byts=12", "no parameter is called \"byts\"; did you mean bytes? (word 2)"},
        {"hang", "burst=1", "burst takes P,P, got \"1\" (word 1)"},
        {"hang", "burst(0.5,2)", "burst takes P,P, got \"0.5,2\""},
        {"hang", "burst=(0.5,0.5", "burst takes P,P"},
        {"hang", "burst", "burst needs a value"},
        {"hang", "payload=", "payload takes HEX"},
        {"hang", "payload=123", "payload takes HEX"},
        {"hang", "payload=0x12", "payload takes HEX"},
        {"hang", "payload=000102030405060708090a0b0c0d0e0f10", "payload takes HEX"},
        {"hang", "fn=connect payload=00", "fn=connect has no PDU for rosctr= and payload="},
        {"hang", "rosctr=ack", "rosctr takes job|userdata"},
        {"hang", "stream=rx", "stream=rx does not go with it: it acts on what the PLC sends"},
        {"hang", "stream=in", "stream takes tx|rx, got \"in\""},
        {"latency", "dist=1s dir=rx stream=rx", "dir= and stream= say the same: give one of them"},
        {"refuse", "stream=tx", "stream= does not go with it: it is at the listener"},
        {"ref_collision", "start=65536", "start takes N"},
        {"ref_collision", "fn=setup", "fn= names requests that it has nothing to do with"},
        {"torn_read", "size=8", "db=N is required"},
        {"power_cycle", "for=1s", "for= does not go with it: it takes its time"},
        {"download", "db=1 to=1s", "to= does not go with it: it takes its time"},
        {"download", "gap=1s", "db=N is required"},
        {"download", "db=1 data=old", "data takes keep|zero"},
        {"slow", "dist=table(../times.txt)", "dist takes TIME"},
        {"slow", "dist=table()", "dist takes TIME"},
        {"torn_read", "db=1 size=0", "size takes N"},
        {"noise", "amp=1", "value=ADDRESS|TAG is required"},
        {"noise", "value=DB1.DBW0:INT", "amp=N|N.N is required"},
        {"noise", "value=DB1.DBW0:INT amp=0", "amp takes N|N.N, got \"0\""},
        {"noise", "value=DB1.DBW0:INT amp=-1", "amp takes N|N.N"},
        {"noise", "value=DB1.DBW0:INT amp=1000000000001", "amp takes N|N.N"},
        {"noise", "value=DB1.DBW0:INT amp=1000000000000.5", "amp takes N|N.N"},
        {"noise", "value= amp=1", "value takes ADDRESS|TAG"},
        {"noise", "value=DB1.DBW0:INT amp=1 db=1", "db= does not go with it: value= says where it is"},
        {"noise", "value=DB1.DBW0:INT amp=1 fn=write", "fn= names requests that it has nothing to do with"},
        {"noise", "value=DB1.DBX0.0 amp=1", "value= is of a BOOL, which can be stuck only (stuck_bit)"},
        {"noise", "value=DB1.DBB0:STRING(9) amp=1", "value= is of no number"},
        {"stuck_bit", "value=DB1.DBW0:INT bit=16", "value= is of a value that has no such bit"},
        {"stuck_bit", "value=DB1.DBX0.0 bit=1", "value= is of a BOOL, which has no other bit than 0"},
        {"stuck_bit", "value=DB1.DBW0 state=2", "state takes 0|1"},
        {"drift", "value=DB1.DBW0 rate=1e3", "rate takes N|N.N|-N"},
        {"spike", "value=DB1.DBW0 amp=1 way=left", "way takes both|up|down"},
        {"hang", "bytes=1", "no parameter is called \"bytes\""},
        {"hang", "nth", "nth needs a value: nth=N (word 1)"},
        {"hang", "nth=", "nth takes N, got \"\" (word 1)"},
        {"hang", "p=1 p=1", "p is given twice (word 2)"},
        {"hang", "nth=0", "nth takes N, got \"0\""},
        {"hang", "nth=1x", "nth takes N, got \"1x\""},
        {"hang", "nth=-1", "nth takes N, got \"-1\""},
        {"hang", "nth=99999999999999999999", "nth takes N"},
        {"hang", "every=0", "every takes N"},
        {"hang", "count=0", "count takes N"},
        {"hang", "after=x", "after takes N"},
        {"hang", "p=1.1", "p takes 0..1, got \"1.1\""},
        {"hang", "p=2", "p takes 0..1"},
        {"hang", "p=0.", "p takes 0..1"},
        {"hang", "p=.5", "p takes 0..1"},
        {"hang", "p=0.0000000001", "p takes 0..1"},
        {"hang", "from=1d",
         "from takes TIME (TIME: a number with us, ms, s, min or h, up to 24h), got \"1d\""},
        {"hang", "from=25h", "from takes TIME"},
        {"hang", "from=24.5h", "from takes TIME"},
        {"hang", "from=99999999999999999999", "from takes TIME"},
        {"hang", "from=1.s", "from takes TIME"},
        {"hang", "from=2s to=1s", "fault hang: to= is before from="},
        {"cut", "bytes=1 for=2s to=1s", "to= and for= both say when it ends"},
        {"refuse", "for=2s to=1s", "to= and for= both say when it ends"},
        {"hang", "once=plc", "once takes conn, got \"plc\""},
        {"hang", "prio=1.5", "prio takes N"},
        {"hang", "prio=--1", "prio takes N"},
        {"hang", "prio=1000001", "prio takes N"},
        {"hang", "optional=maybe", "optional takes yes|no, got \"maybe\""},
        {"hang", "nth=2 every=2", "nth= says which match already: every= does not go with it"},
        {"hang", "nth=2 after=2", "after= does not go with it"},
        {"hang", "peer=plc.example", "peer takes ADDR|ADDR:PORT, got \"plc.example\""},
        {"hang", "peer=127.0.0.1:0", "peer takes ADDR"},
        {"hang", "peer=127.0.0.1:70000", "peer takes ADDR"},
        {"hang", "peer=127.0.0.1:", "peer takes ADDR"},
        {"hang", "conn=0", "conn takes N|A..B"},
        {"hang", "conn=3..2", "conn takes N|A..B"},
        {"hang", "conn=1..", "conn takes N|A..B"},
        {"hang", "conn=1.2", "conn takes N|A..B"},
        {"hang", "role=hmi", "role takes pg|op|basic, got \"hmi\""},
        {"hang", "fn=raed", "fn takes connect|setup|read|write|userdata, got \"raed\""},
        {"hang", "fn=read|", "fn takes"},
        {"hang", "fn=", "fn takes"},
        {"hang", "area=L", "area takes DB|DI|I|Q|M|T|C, got \"L\""},
        {"hang", "db=0", "db takes N"},
        {"hang", "db=65536", "db takes N"},
        {"hang", "area=M db=1", "db= goes with area=DB or area=DI only"},
        {"hang", "fn=setup db=1", "db= looks at items, which only fn=read and fn=write have"},
        {"hang", "fn=connect ref=1", "fn=connect has no PDU reference for ref="},
        {"hang", "range=5..4", "range takes N|A..B"},
        {"hang", "range=2097152", "range takes N|A..B"},
        {"hang", "item=0", "item takes N"},
        {"hang", "items=256", "items takes N|A..B"},
        {"hang", "ref=0x", "ref takes N"},
        {"hang", "ref=0x12345", "ref takes N"},
        {"hang", "ref=65536", "ref takes N"},
        {"refuse", "nth=1", "nth= does not go with it: it is at the listener, whoever dials"},
        {"refuse", "fn=read", "fn= does not go with it"},
        {"refuse", "p=0.5", "p= does not go with it"},
        {"refuse", "peer=127.0.0.1", "peer= does not go with it"},
        {"refuse", "drop=some", "drop takes none|all, got \"some\""},
        {"conn_limit", "max=1 fn=read", "fn= does not go with it: it looks at connection requests only"},
        {"conn_limit", "max=1 db=1", "db= does not go with it"},
        {"conn_limit", "max=-1", "max takes N"},
        {"conn_limit", "max=1 how=hang", "how takes rst|fin|dr|silence"},
        {"conn_limit", "max=1 per=plc", "per takes all|role"},
        {"rst_now", "at=1s fn=read", "fn= does not go with it: with at= it acts on connections at a time"},
        {"rst_now", "at=1s nth=2", "nth= does not go with it"},
        {"rst_now", "at=1s from=2s", "from= does not go with it"},
        {"rst_now", "at=1s run=yes", "run= does not go with it"},
        {"rst_now", "at=1s for=1s", "for= does not go with it"},
        {"rst_now", "run=maybe", "run takes yes|no"},
        {"half_open", "at=1s every=2", "every= does not go with it"},
        {"half_open", "dir=up", "dir takes both|in|out"},
        {"cut", "bytes=101%", "bytes takes N|N%|"},
        {"cut", "bytes=%", "bytes takes"},
        {"cut", "bytes=65536", "bytes takes"},
        {"cut", "bytes=s7", "bytes takes"},
        {"cut", "bytes=1 then=dr", "then takes rst|fin|hang"},
        {"slow", "time=uniform(2s,1s)", "dist takes TIME|uniform(A,B)|"},
        {"slow", "time=uniform(2s)", "dist takes"},
        {"slow", "time=uniform(1s,2s", "dist takes"},
        {"slow", "time=fixed(1s,2s)", "dist takes"},
        {"slow", "time=normal(1s)", "dist takes"},
        {"slow", "time=lognormal(1s,11)", "dist takes"},
        {"slow", "time=lognormal(1s,2s)", "dist takes"},
        {"slow", "time=pareto(1s,0)", "dist takes"},
        {"slow", "time=pareto(1s,101)", "dist takes"},
        {"slow", "time=exp(1s,2s)", "dist takes"},
        {"slow", "time=gamma(1s,2s)", "dist takes"},
        {"slow", "time=1s)", "dist takes"},
        {"slow", "time=1s per_item=x", "per_item takes TIME"},
        {"slow", "time=1s per_byte=-1", "per_byte takes TIME"},
        {"hang",
         "fn=read|read|read|read|read|read|read|read|read|read|read|read|read|read|read|read|read|read|"
         "read|read|read",
         "a word has at most 95 characters (word 1)"},
        {"hang", "=1", "no parameter is called \"\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sim_fault fault;
        struct plant_error error = {0};
        s7_status status = sim_fault_parse(rows[i].name, rows[i].args, &fault, &error);
        if (status != S7_E_ARG || error.status != S7_E_ARG || strstr(error.text, rows[i].says) == NULL)
            fail_msg("%s %s\n  expected ... %s ...\n  got      %s", rows[i].name,
                     rows[i].args != NULL ? rows[i].args : "", rows[i].says,
                     status == S7_OK ? "S7_OK" : error.text);
    }
}

/* Words as hostile as a foreign program's table can make them; the sanitizers look on. */
static void whatever_the_words_are_the_answer_is_a_fault_or_an_error(void **state)
{
    static const char *const seeds[] = {"fn=read|write db=1 range=0..9 nth=3 bytes=12% then=rst",
                                        "peer=[::1]:102 time=uniform( 1.5s , 2min ) p=0.999 prio=-3 optional",
                                        "max=8 how=dr per=role conn=1..9 ref=0xFfFf once=conn from=1h to=2h"};
    const struct sim_fault_kind *kinds;
    size_t n_kinds = sim_fault_kinds(&kinds);
    struct sim_fault fault;
    struct plant_error error;
    char words[128];

    (void)state;
    for (uint64_t i = 0; i < 60000; i++) {
        snprintf(words, sizeof words, "%s", seeds[i % 3]);
        for (uint64_t k = 0; k < 1 + i % 5; k++) {
            uint64_t bits = s7_draw(1, i, k, 0);
            words[bits % strlen(words)] = (char)(bits >> 32 & (i % 2 == 0 ? 0xff : 0x7f));
            if (words[0] == '\0')
                words[0] = '=';
        }
        error.text[0] = '\0';
        s7_status status = sim_fault_parse(kinds[i / 3 % n_kinds].name, words, &fault, &error);
        assert_true(status == S7_OK || (status == S7_E_ARG && error.text[0] != '\0'));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_own_parameter_takes_what_it_says),
        cmocka_unit_test(every_common_parameter_takes_what_it_says),
        cmocka_unit_test(without_words_presets_hold),
        cmocka_unit_test(matchers_are_read),
        cmocka_unit_test(peers_are_written_as_streams_write_them),
        cmocka_unit_test(triggers_are_read),
        cmocka_unit_test(probabilities_are_exact),
        cmocka_unit_test(times_have_units_and_decimals),
        cmocka_unit_test(distributions_may_have_blanks_in_parentheses),
        cmocka_unit_test(distributions_have_their_two_numbers),
        cmocka_unit_test(bursts_and_payloads_are_read),
        cmocka_unit_test(own_parameters_are_read),
        cmocka_unit_test(for_is_a_window_or_how_long_it_lasts),
        cmocka_unit_test(a_time_scale_divides_every_time_and_no_end_stays_none),
        cmocka_unit_test(whatever_the_words_are_the_answer_is_a_fault_or_an_error),
        cmocka_unit_test(errors_say_what_was_expected_what_came_and_where),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
