/* What CPUs push, and what is asked for to make them. */
#include "check_impl.h"

#include "protocol/alarm.h"
#include "protocol/messages.h"
#include "protocol/szl.h"
#include "protocol/userdata.h"

void check_diag_push(struct check *check, const struct s7_userdata *push)
{
    struct s7_szl_diag diag;

    if (push->payload_len != S7_SZL_DIAG_LEN ||
        !s7_szl_diag_decode((struct s7_rd){push->payload, push->payload_len}, &diag) || diag.time.year == 0)
        check_fail(check, "a diagnostic push does not decode");
}

/* Users fill their names with zeros or blanks: encoded again, the rest is the same. */
void check_messages(struct check *check, const struct s7_userdata *request)
{
    uint8_t buf[S7_MESSAGES_REQUEST_MAX];
    struct s7_wr wr = {buf, sizeof buf, 0, false};
    struct s7_messages messages;

    if (s7_messages_decode(request->payload, request->payload_len, &messages) != S7_OK) {
        check_fail(check, "a request for messages does not decode");
        return;
    }
    s7_messages_append(&wr, &messages);
    if (wr.len != request->payload_len || buf[0] != request->payload[0])
        check_fail(check, "a request for messages encoded again is another");
}

void check_messages_answer(struct check *check, const struct s7_userdata *answer)
{
    struct s7_messages asked = {.events = answer->payload_len > 2 ? S7_MESSAGES_ALARMS : 0};
    uint8_t buf[8];
    struct s7_wr wr = {buf, sizeof buf, 0, false};

    if (answer->payload_len > 2)
        asked.alarms = answer->payload[2];
    s7_messages_answer_append(&wr, &asked);
    if (wr.len != answer->payload_len || memcmp(buf, answer->payload, wr.len) != 0)
        check_fail(check, "an answer of the message service encoded again is another");
}

void check_alarms(struct check *check, const struct s7_userdata *answer)
{
    struct s7_alarm_entry entry;
    struct s7_rd rd;

    if (s7_alarm_answer_decode(answer->payload, answer->payload_len, &rd) != S7_OK) {
        check_fail(check, "an answer to an alarm query does not decode");
        return;
    }
    while (s7_alarm_entry_next(&rd, &entry))
        continue;
    if (rd.left > 0)
        check_fail(check, "%zu bytes of an alarm query are no alarm", rd.left);
}

void check_mode_push(struct check *check, const struct s7_pdu *pdu, struct s7_wr *again)
{
    uint8_t mode;

    if (!s7_mode_push_decode(pdu, &mode)) {
        check_fail(check, "userdata does not decode");
        return;
    }
    s7_mode_push_encode(again, mode);
    check->modelled = true;
}
