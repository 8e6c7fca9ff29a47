#include "cli/doctor.h"

#include "protocol/cmocka_test.h"

#include <string.h>

static struct doctor_finding refused(enum doctor_step step, s7_status status, uint16_t plc_error)
{
    s7_errinfo err = {.struct_size = sizeof err,
                      .status = status,
                      .plc_error = plc_error,
                      .asked = "asked",
                      .came = "came",
                      .hint = "the client's own"};

    return doctor_failed(step, status, &err);
}

static void assert_hint(const char *part, enum doctor_step step, s7_status status, uint16_t plc_error)
{
    struct doctor_finding finding = refused(step, status, plc_error);

    assert_int_equal(finding.end, DOCTOR_FAILED);
    assert_string_equal(finding.came, "asked: came");
    if (strstr(finding.hint, part) == NULL)
        fail_msg("expected \"%s\" in \"%s\"", part, finding.hint);
}

static void a_refusal_of_every_read_is_told_as_put_get(void **state)
{
    (void)state;
    for (enum doctor_step step = DOCTOR_MEMORY; step <= DOCTOR_DB; step++) {
        assert_hint("PUT/GET", step, S7_E_PLC, 0x8104);
        assert_hint("PUT/GET", step, S7_E_PLC, 0x8703);
        assert_hint("PUT/GET", step, S7_E_ITEM_ACCESS, 0);
        assert_hint("the client's own", step, S7_E_PLC, 0x8302);
    }
}

static void only_of_a_db_missing_may_mean_optimized(void **state)
{
    (void)state;
    assert_hint("Optimized block access", DOCTOR_DB, S7_E_ITEM_MISSING, 0);
    assert_hint("Optimized block access", DOCTOR_DB, S7_E_ITEM_ADDRESS, 0);
    assert_hint("the client's own", DOCTOR_MEMORY, S7_E_ITEM_MISSING, 0);
    assert_hint("the client's own", DOCTOR_DB, S7_E_TIMEOUT, 0);
}

static void what_has_no_hint_here_keeps_the_clients(void **state)
{
    (void)state;
    assert_hint("the client's own", DOCTOR_TCP, S7_E_RESOLVE, 0);
    assert_hint("firewall", DOCTOR_TCP, S7_E_TIMEOUT, 0);
    assert_hint("--pdu 240", DOCTOR_SETUP, S7_E_NEGOTIATION, 0);
}

static void assert_step(enum doctor_step step, s7_status status, const char *came)
{
    s7_errinfo err = S7_ERRINFO_INIT;

    snprintf(err.came, sizeof err.came, "%s", came);
    assert_int_equal(doctor_step_of(status, &err), step);
}

static void the_step_is_told_by_what_came(void **state)
{
    (void)state;
    assert_step(DOCTOR_TCP, S7_E_RESOLVE, "");
    assert_step(DOCTOR_TCP, S7_E_TIMEOUT, "no answer to the TCP connection request");
    assert_step(DOCTOR_COTP, S7_E_TIMEOUT, "no answer to the COTP connection request");
    assert_step(DOCTOR_SETUP, S7_E_TIMEOUT, "no answer to setup communication");
    assert_step(DOCTOR_COTP, S7_E_FRAME, "TPKT version 72, expected 3");
    assert_step(DOCTOR_SETUP, S7_E_FRAME, "the peer speaks S7comm-plus (72), not classic S7 (32)");
    assert_step(DOCTOR_SETUP, S7_E_RESET, "the peer reset, before the answer to setup communication");
    assert_step(DOCTOR_COTP, S7_E_COTP_REFUSED, "");
    assert_step(DOCTOR_SETUP, S7_E_NEGOTIATION, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refusal_of_every_read_is_told_as_put_get),
        cmocka_unit_test(only_of_a_db_missing_may_mean_optimized),
        cmocka_unit_test(what_has_no_hint_here_keeps_the_clients),
        cmocka_unit_test(the_step_is_told_by_what_came),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
