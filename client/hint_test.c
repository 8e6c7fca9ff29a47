/* A test for each row of the table, under the row's name: a situation that must find it. */
#include "client/facts.h"
#include "client/known.h"
#include "client/test_names.h"

#define BY_COTP (S7_FACT_COTP | S7_FACT_PORT_102)

static const struct situation {
    const char *name; /* of the row */
    s7_status status;
    uint16_t plc_error;
    uint8_t item_code;
    uint32_t facts;
    const char *text; /* a part of the hint */
    s7_cause cause;
} situations[] = {
    {"the host name is unknown", S7_E_RESOLVE, 0, 0, S7_FACT_TCP, "check the name", 0},
    {"port 102 is closed", S7_E_REFUSED, 0, 0, S7_FACT_TCP | S7_FACT_PORT_102,
     "simulator listens on port 10102", 0},
    {"another port is closed", S7_E_REFUSED, 0, 0, S7_FACT_TCP, "102 for a PLC, 10102 for", 0},
    {"the host is unreachable", S7_E_UNREACHABLE, 0, 0, S7_FACT_TCP, "network mask", 0},
    {"TCP is not answered", S7_E_TIMEOUT, 0, 0, S7_FACT_TCP | S7_FACT_WORKED, "firewall", 0},
    {"a full PLC keeps silent", S7_E_TIMEOUT, 0, 0, BY_COTP | S7_FACT_WORKED, "no connection left",
     S7_CAUSE_PLC_FULL},
    {"COTP is not answered", S7_E_TIMEOUT, 0, 0, BY_COTP, "an S7 PLC that listens on this port", 0},
    {"setup is not answered", S7_E_TIMEOUT, 0, 0, S7_FACT_SETUP | S7_FACT_WORKED, "classic S7", 0},
    {"the peer is no PLC", S7_E_FRAME, 0, 0, S7_FACT_COTP, "an S7 PLC listens on this port", 0},
    {"the PLC is full: it worked before", S7_E_COTP_REFUSED, 0, 0,
     BY_COTP | S7_FACT_WORKED | S7_FACT_DR_PLACE, "rack and slot are right", S7_CAUSE_PLC_FULL},
    {"the PLC is full: it says so", S7_E_COTP_REFUSED, 0, 0, BY_COTP | S7_FACT_DR_CROWDED,
     "all connections of this type are taken", S7_CAUSE_PLC_FULL},
    {"a LOGO refuses the TSAPs", S7_E_COTP_REFUSED, 0, 0,
     BY_COTP | S7_FACT_LOGO | S7_FACT_V_MEMORY | S7_FACT_DR_PLACE, "LOGO!Soft Comfort", S7_CAUSE_RACK_SLOT},
    {"the slot is not the family's", S7_E_COTP_REFUSED, 0, 0, BY_COTP | S7_FACT_CLASSIC | S7_FACT_ODD_SLOT,
     "is in another slot", S7_CAUSE_RACK_SLOT},
    {"no such rack or slot: it says so", S7_E_COTP_REFUSED, 0, 0, BY_COTP | S7_FACT_DR_PLACE,
     "check rack and slot", S7_CAUSE_RACK_SLOT},
    {"refused without a reason", S7_E_COTP_REFUSED, 0, 0, BY_COTP, "if they are right, all connections",
     S7_CAUSE_RACK_SLOT},
    {"the connection ends at setup", S7_E_CLOSED, 0, 0, S7_FACT_SETUP, "classic S7", 0},
    {"the connection is reset at setup", S7_E_RESET, 0, 0, S7_FACT_SETUP, "classic S7", 0},
    {"setup is refused", S7_E_NEGOTIATION, 0, 0, S7_FACT_SETUP, "another PDU length", 0},

    {"setup is unknown to the PLC", S7_E_NEGOTIATION, 0x8104, 0, S7_FACT_SETUP, "classic S7", 0},
    {"PUT/GET is off", S7_E_PLC, 0x8104, 0, S7_FACT_MODERN | S7_FACT_READ | S7_FACT_DB,
     "permit access with PUT/GET in the CPU's properties", S7_CAUSE_PUTGET},
    {"PUT/GET is off for writing", S7_E_PLC, 0x8104, 0, S7_FACT_MODERN | S7_FACT_WRITE, "permit access",
     S7_CAUSE_PUTGET},
    {"a PLC that should be classic has PUT/GET off", S7_E_PLC, 0x8104, 0, S7_FACT_CLASSIC | S7_FACT_READ,
     "behaves like an S7-1200", S7_CAUSE_PUTGET},
    {"a service that modern PLCs lack", S7_E_PLC, 0x8104, 0, S7_FACT_MODERN | S7_FACT_SERVICE,
     "S7-1200 and S7-1500 have few", 0},
    {"a service that the PLC lacks", S7_E_PLC, 0x8104, 0, S7_FACT_SERVICE, "S7-300 and S7-400 have all", 0},
    {"not implemented", S7_E_PLC, 0x8104, 0, S7_FACT_READ, "allow PUT/GET", S7_CAUSE_PUTGET},
    {"access is not allowed", S7_E_PLC, 0x8103, 0, 0, "protection level", S7_CAUSE_PROTECTION},
    {"an address that the job may not have", S7_E_PLC, 0x8105, 0, 0, "offset", 0},
    {"the object of a job is missing", S7_E_PLC, 0x810A, 0, 0, "not optimized", S7_CAUSE_NO_DB},
    {"too few resources", S7_E_PLC, 0x8302, 0, 0, "fewer jobs", 0},
    {"the mode forbids it", S7_E_PLC, 0x8402, 0, S7_FACT_SERVICE, "mode", 0},
    {"the PDU is too long", S7_E_PLC, 0x8500, 0, S7_FACT_READ, "PDU length", 0},
    {"access to the object is refused", S7_E_PLC, 0x8703, 0, 0, "protection level", S7_CAUSE_PROTECTION},
    {"protected against this service", S7_E_PLC, 0xD0A1, 0, S7_FACT_SERVICE, "password", S7_CAUSE_PROTECTION},
    {"a job of its kind is running", S7_E_PLC, 0xD0A2, 0, S7_FACT_SERVICE, "repeat", 0},
    {"no such block", S7_E_PLC, 0xD209, 0, S7_FACT_SERVICE, "block's number", 0},
    {"no block of this type", S7_E_PLC, 0xD20E, 0, S7_FACT_SERVICE, "block's type", 0},
    {"another transfer", S7_E_PLC, 0xD240, 0, S7_FACT_SERVICE, "other transfer", 0},
    {"the protection level asks for a password", S7_E_PLC, 0xD241, 0, S7_FACT_SERVICE,
     "until the connection ends", S7_CAUSE_PROTECTION},
    {"protected by the safety program", S7_E_PLC, 0xD242, 0, S7_FACT_SERVICE, "fail-safe",
     S7_CAUSE_PROTECTION},
    {"parameters are being taken", S7_E_PLC, 0xD2A9, 0, S7_FACT_SERVICE, "repeat", 0},
    {"an unknown status list", S7_E_PLC, 0xD401, 0, S7_FACT_SERVICE, "does not have the list", 0},
    {"an unknown index of a status list", S7_E_PLC, 0xD402, 0, S7_FACT_SERVICE, "SZL 0000", 0},
    {"the password is wrong", S7_E_PLC, 0xD602, 0, S7_FACT_SERVICE, "check the password",
     S7_CAUSE_PROTECTION},
    {"logged on already", S7_E_PLC, 0xD603, 0, S7_FACT_SERVICE, "is logged on", 0},
    {"no password is set", S7_E_PLC, 0xD605, 0, S7_FACT_SERVICE, "no password is needed", 0},

    {"a module is missing", S7_E_ITEM_HARDWARE, 0, 0x01, S7_FACT_READ, "plugged", 0},
    {"a timer or counter that is no BCD", S7_E_ITEM_ACCESS, 0, 0x03, S7_FACT_WRITE | S7_FACT_COUNTED, "BCD",
     0},
    {"a DB that may not be written", S7_E_ITEM_ACCESS, 0, 0x03, S7_FACT_WRITE | S7_FACT_DB, "write-protected",
     S7_CAUSE_PROTECTION},
    {"access", S7_E_ITEM_ACCESS, 0, 0x03, S7_FACT_READ | S7_FACT_DB, "protection level", S7_CAUSE_PROTECTION},
    {"timers that an S7-1200 lacks", S7_E_ITEM_ADDRESS, 0, 0x05,
     S7_FACT_READ | S7_FACT_COUNTED | S7_FACT_MODERN | S7_FACT_1200, "has no S5 timers", 0},
    {"behind the end of a DB, perhaps optimized", S7_E_ITEM_ADDRESS, 0, 0x05,
     S7_FACT_READ | S7_FACT_DB | S7_FACT_MODERN, "optimized access", 0},
    {"behind the end of a DB", S7_E_ITEM_ADDRESS, 0, 0x05, S7_FACT_READ | S7_FACT_DB | S7_FACT_CLASSIC,
     "length of the DB", 0},
    {"behind the end", S7_E_ITEM_ADDRESS, 0, 0x05, S7_FACT_READ, "block or area", 0},
    {"a type that the PLC does not read", S7_E_ITEM_TYPE, 0, 0x06, S7_FACT_READ, "as bytes", 0},
    {"a length that does not fit", S7_E_ITEM_INCONSISTENT, 0, 0x07, S7_FACT_WRITE, "length of the data", 0},
    {"timers that an S7-1200 does not have", S7_E_ITEM_MISSING, 0, 0x0A,
     S7_FACT_READ | S7_FACT_COUNTED | S7_FACT_MODERN | S7_FACT_1200, "has no S5 timers", 0},
    {"optimized DB", S7_E_PARTIAL, 0, 0x0A, S7_FACT_READ | S7_FACT_DB | S7_FACT_MODERN,
     "switch off \"Optimized block access\"", S7_CAUSE_NO_DB},
    {"missing DB", S7_E_ITEM_MISSING, 0, 0x0A, S7_FACT_WRITE | S7_FACT_DB | S7_FACT_CLASSIC, "DB's number",
     S7_CAUSE_NO_DB},
    {"another DB than V memory", S7_E_ITEM_MISSING, 0, 0x0A, S7_FACT_READ | S7_FACT_DB | S7_FACT_V_MEMORY,
     "DB 1 only", S7_CAUSE_NO_DB},
    {"a parameter that the drive lacks", S7_E_ITEM_MISSING, 0, 0x0A,
     S7_FACT_READ | S7_FACT_DB | S7_FACT_DRIVE, "parameter of the drive", S7_CAUSE_NO_DB},
    {"a DB that is missing or optimized", S7_E_ITEM_MISSING, 0, 0x0A, S7_FACT_READ | S7_FACT_DB,
     "not optimized", S7_CAUSE_NO_DB},
    {"timers or counters that are missing", S7_E_ITEM_MISSING, 0, 0x0A, S7_FACT_READ | S7_FACT_COUNTED,
     "check the number", 0},
    {"a missing object", S7_E_ITEM_MISSING, 0, 0x0A, S7_FACT_READ, "other areas", S7_CAUSE_NO_DB},
    {"too long for one answer", S7_E_ITEM_OTHER, 0, 0x85, S7_FACT_READ, "fewer bytes", 0},

    {"no answer", S7_E_TIMEOUT, 0, 0, S7_FACT_READ | S7_FACT_WORKED, "longer timeout", 0},
    {"closed by the PLC", S7_E_CLOSED, 0, 0xFF, S7_FACT_READ, "connect again", 0},
    {"reset by the PLC", S7_E_RESET, 0, 0, S7_FACT_READ, "connect again", 0},
    {"not connected", S7_E_NOT_CONNECTED, 0, 0, 0, "auto_reconnect", 0},
    {"a change of unknown outcome", S7_E_OUTCOME_UNKNOWN, 0, 0, S7_FACT_SERVICE, "clock, blocks or memory",
     0},
    {"a write of unknown outcome", S7_E_OUTCOME_UNKNOWN, 0, 0, S7_FACT_WRITE, "read the place back", 0},
};

#define N_SITUATIONS (sizeof situations / sizeof situations[0])

static void finds_its_row(void **state)
{
    const struct s7_hint *row = *state;

    for (size_t i = 0; i < N_SITUATIONS; i++) {
        const struct situation *s = &situations[i];

        if (strcmp(s->name, row->name) != 0)
            continue;
        const struct s7_hint *found = s7_hint_find(s->status, s->plc_error, s->item_code, s->facts);
        assert_non_null(found);
        assert_string_equal(found->name, row->name);
        assert_int_equal(found->cause, s->cause);
        if (strstr(found->text, s->text) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", found->text, s->text);
        assert_true(strlen(found->text) < S7_HINT_CAP);
        return;
    }
    fail_msg("no situation is known for this row");
}

static void what_nothing_is_known_of_has_no_hint(void **state)
{
    (void)state;
    assert_null(s7_hint_find(S7_E_ARG, 0, 0, 0));
    assert_null(s7_hint_find(S7_E_PLC, 0xD0C6, 0, S7_FACT_READ));
    assert_non_null(s7_hint_find(S7_E_NEGOTIATION, 0xD0C6, 0, 0)); /* of the status, then */
}

/* ---- facts ---- */

static struct s7_settings settings_of(const char *endpoint)
{
    struct s7_settings settings;

    assert_int_equal(s7_settings_make(endpoint, NULL, &settings, NULL), S7_OK);
    return settings;
}

static void facts_follow_from_endpoint_and_family(void **state)
{
    static const struct {
        const char *endpoint;
        uint32_t facts;
    } cases[] = {
        {"plc", S7_FACT_PORT_102},
        {"plc:10102", 0},
        {"s7://plc:1?family=s7-300", S7_FACT_CLASSIC},
        {"s7://plc:1?family=s7-400&slot=2", S7_FACT_CLASSIC | S7_FACT_ODD_SLOT},
        {"s7://plc:1?family=s7-400&rack=1", S7_FACT_CLASSIC | S7_FACT_ODD_SLOT},
        {"s7://plc:1?family=s7-400&slot=2&remote-tsap=03.03", S7_FACT_CLASSIC},
        {"s7://plc:1?family=s7-1200", S7_FACT_MODERN | S7_FACT_1200},
        {"s7://plc:1?family=s7-1500", S7_FACT_MODERN},
        {"s7://plc:1?family=logo&slot=7", S7_FACT_V_MEMORY | S7_FACT_LOGO},
        {"s7://plc:1?family=s7-200smart", S7_FACT_V_MEMORY},
        {"s7://plc:1?family=sinamics", S7_FACT_DRIVE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct s7_settings settings = settings_of(cases[i].endpoint);

        if (s7_facts_of(&settings) != cases[i].facts)
            fail_msg("%s: %X", cases[i].endpoint, s7_facts_of(&settings));
    }
}

static void facts_of_an_end_say_how_far_it_had_come(void **state)
{
    struct s7_settings settings = settings_of("plc:1");
    struct s7_event dr = {.kind = S7_EVENT_CLOSED, .cotp_reason = 0x02, .ended_in = S7_SESSION_CONNECTING};

    (void)state;
    assert_int_equal(s7_facts_ended(&settings, &dr), S7_FACT_COTP | S7_FACT_DR_PLACE);
    dr.cotp_reason = 0x81;
    assert_int_equal(s7_facts_ended(&settings, &dr), S7_FACT_COTP | S7_FACT_DR_CROWDED);
    dr.cotp_reason = 0x80;
    dr.ended_in = S7_SESSION_NEGOTIATING;
    assert_int_equal(s7_facts_ended(&settings, &dr), S7_FACT_SETUP);
    dr.ended_in = S7_SESSION_READY;
    assert_int_equal(s7_facts_ended(&settings, &dr), 0);
}

static void what_has_worked_is_known_for_the_same_parameters_only(void **state)
{
    struct s7_settings once = settings_of("s7://known:1?slot=2");
    struct s7_settings same = settings_of("s7://known:1?remote-tsap=02.02");
    struct s7_settings slot = settings_of("s7://known:1?slot=3");
    struct s7_settings type = settings_of("s7://known:1?slot=2&type=pg");
    struct s7_settings port = settings_of("s7://known:2?slot=2");

    (void)state;
    assert_false(s7_known(&once));
    s7_known_note(&once);
    assert_true(s7_known(&once));
    assert_true(s7_known(&same));
    assert_false(s7_known(&slot));
    assert_false(s7_known(&type));
    assert_false(s7_known(&port));
    assert_int_equal(s7_facts_of(&same), S7_FACT_WORKED);
}

int main(void)
{
    static const struct CMUnitTest others[] = {
        cmocka_unit_test(what_nothing_is_known_of_has_no_hint),
        cmocka_unit_test(facts_follow_from_endpoint_and_family),
        cmocka_unit_test(facts_of_an_end_say_how_far_it_had_come),
        cmocka_unit_test(what_has_worked_is_known_for_the_same_parameters_only),
    };
    static struct CMUnitTest tests[200];
    size_t n_rows;
    const struct s7_hint *rows = s7_hint_rows(&n_rows);
    int failed = run_sentences(others, sizeof others / sizeof others[0], "client.hint");

    for (size_t i = 0; i < n_rows; i++)
        tests[i] = (struct CMUnitTest){
            .name = rows[i].name, .test_func = finds_its_row, .initial_state = (void *)(uintptr_t)&rows[i]};
    return failed + _cmocka_run_group_tests("client.hint rows", tests, n_rows, NULL, NULL);
}
