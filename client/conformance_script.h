/* conformance_script.h - for tests of conformance: one call's items as text, and the bytes that cross the
 * wire for them as hex, parameters and data apart. On the rig of transfers, of which the fake PLC stays idle.
 */
#ifndef CLIENT_CONFORMANCE_SCRIPT_H
#define CLIENT_CONFORMANCE_SCRIPT_H

#include "client/test_names.h"
#include "client/transfer_rig.h"
#include "protocol/value.h"

#define N(array) (sizeof(array) / sizeof(array)[0])

/* The one job that was sent so far has these parameters and data. */
static inline void expect_job(const char *param, const char *data)
{
    struct bytes sent = take_sent(rig.session), want = pdu(S7_ROSCTR_JOB, 2, 0, param, data);

    if (sent.len != want.len || memcmp(sent.at, want.at, want.len) != 0) {
        for (size_t i = 0; i < sent.len; i++)
            print_error("%02x ", sent.at[i]);
        fail_msg("was sent instead of \"%s\" and \"%s\"", param, data);
    }
}

/* The PLC answers that job; the outcome of the call. */
static inline s7_status answered(const char *param, const char *data)
{
    struct bytes answer = pdu(S7_ROSCTR_ACK_DATA, 2, 0, param, data);

    give(rig.session, answer.at, answer.len);
    take_events();
    assert_true(s7_transfer_done(&rig.transfer));
    return s7_transfer_result(&rig.transfer, NULL);
}

/* An address, how its item looks on the wire, its data unit, and its value as text. */
struct exchange {
    const char *address, *item, *unit, *text;
};

static inline void with_function(char param[128], const char *function, const char *item)
{
    snprintf(param, 128, "%s 01 %s", function, item);
}

/* Read: the item is asked for, the unit answers. */
static inline void expect_read(const struct exchange *x)
{
    uint8_t bytes[64];
    char param[128], text[96];
    s7_item item = typed_item(x->address, bytes);

    rig_up(240, 1);
    assert_true(item.len <= sizeof bytes);
    begin(false, &item, 1, S7_NEVER_NS);
    with_function(param, "04", x->item);
    expect_job(param, "");
    if (answered("04 01", x->unit) != S7_OK)
        fail_msg("%s, answered by \"%s\": %s", x->address, x->unit, s7_errname(item.status));
    s7_values_format(&item.address, bytes, text, sizeof text);
    if (strcmp(text, x->text) != 0)
        fail_msg("%s, answered by \"%s\", is %s, expected %s", x->address, x->unit, text, x->text);
    rig_down();
}

/* Write: item and unit are sent. */
static inline void expect_written(const struct exchange *x)
{
    uint8_t bytes[64] = {0};
    char param[128];
    s7_item item = typed_item(x->address, bytes);

    rig_up(240, 1);
    assert_true(item.len <= sizeof bytes);
    assert_int_equal(s7_values_parse(&item.address, x->text, strlen(x->text), bytes), S7_OK);
    begin(true, &item, 1, S7_NEVER_NS);
    with_function(param, "05", x->item);
    expect_job(param, x->unit);
    assert_int_equal(answered("05 01", "ff"), S7_OK);
    rig_down();
}

#endif
