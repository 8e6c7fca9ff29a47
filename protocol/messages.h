/* messages.h - the message service (userdata group 4, subfunction 02): what a PLC is to tell of itself; and
 * its simplest message, the change of its mode (group 0), which has a form of its own.
 *
 *   request    events | 00 | user name:8 | with alarms: what becomes of which | 00
 *   answer     02 | 00 | with alarms: the same | 01 00
 *   mode push  parameters 01 00 10 10 00 00 | mode | 00, no data, PDU reference 0
 *
 * A request says what holds from now on; 00 logs off. Diagnostic events are pushed as entries of the
 * diagnostic buffer (szl.h) with subfunction 03, alarms as in alarm.h. */
#ifndef PROTOCOL_MESSAGES_H
#define PROTOCOL_MESSAGES_H

#include "protocol/pdu.h"

/* Bits of the events. */
enum s7_messages_event {
    S7_MESSAGES_MODE = 0x01,
    S7_MESSAGES_DIAG = 0x02, /* the system's diagnosis */
    S7_MESSAGES_USER = 0x04, /* the user program's */
    S7_MESSAGES_ALARMS = 0x80
};

/* What becomes of which alarms: an even number ends them, the next one begins them. */
enum s7_messages_alarms { S7_MESSAGES_SCAN = 0x00, S7_MESSAGES_ALARM = 0x04, S7_MESSAGES_ALARM_S = 0x08 };
#define S7_MESSAGES_BEGIN 0x01

#define S7_MESSAGES_NAME_LEN    8
#define S7_MESSAGES_REQUEST_MAX 12

struct s7_messages {
    uint8_t events;
    char name[S7_MESSAGES_NAME_LEN + 1]; /* of the one who asks; shorter ones are filled with blanks */
    uint8_t alarms;                      /* with S7_MESSAGES_ALARMS only */
};

void s7_messages_append(struct s7_wr *wr, const struct s7_messages *request);

/* S7_E_FRAME: shorter than it says. name: without blanks at the end. */
S7_MUST_CHECK s7_status s7_messages_decode(const uint8_t *payload, size_t len, struct s7_messages *out);

void s7_messages_answer_append(struct s7_wr *wr, const struct s7_messages *request);

/* ---- mode ---- */

/* What the PLC changed to; not the numbers of SZL 0424. */
enum s7_mode_push {
    S7_MODE_PUSH_STOP = 0x0,
    S7_MODE_PUSH_WARM = 0x1,
    S7_MODE_PUSH_RUN = 0x2,
    S7_MODE_PUSH_HOT = 0x3,
    S7_MODE_PUSH_HOLD = 0x4,
    S7_MODE_PUSH_COLD = 0x6,
    S7_MODE_PUSH_RUN_REDUNDANT = 0x9,
    S7_MODE_PUSH_LINK_UP = 0xB,
    S7_MODE_PUSH_UPDATE = 0xC
};

/* Append a whole PDU. */
void s7_mode_push_encode(struct s7_wr *wr, uint8_t mode);

/* false: it is none. *mode: enum s7_mode_push, any byte. */
bool s7_mode_push_decode(const struct s7_pdu *pdu, uint8_t *mode);

#endif
