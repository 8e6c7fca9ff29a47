/* alarm.h - alarms (userdata group 4): what a PLC pushes of them, and the query for those that are there.
 *
 *   indication     DATE_AND_TIME | kind of call | number of objects | objects
 *   object         12 | length of the rest | syntax id | number of values | event:4 | as its syntax id says:
 *     alarm (16)         event state | state | acknowledged, going | acknowledged, coming
 *     notify (1C)        the same | event going | event coming | last changed | 00
 *     acknowledge (19)   acknowledged, going | acknowledged, coming
 *   behind it      the values of alarm and notify, as data units of a read
 *
 *   query          00 | 01 | 12 08 1A 00 | what counts | 34 | which:4
 *   its answer     00 | 01 | FF 09 | length:2 | alarms; none: 00 | 01 | 0A 00 0000
 *   alarm          length | 00 00 | type | event:4 | 00 | state | acknowledged, going | acknowledged, coming
 *                  ALARM_S: | DATE_AND_TIME coming | value | DATE_AND_TIME going | value
 *
 * Bit i of a state is signal i + 1. Layouts: indications 05 and 06, query and answer by ALARM_8 were seen at
 * an S7-400; the form 1C, acknowledgements and alarms of ALARM_S are as Wireshark takes them. */
#ifndef PROTOCOL_ALARM_H
#define PROTOCOL_ALARM_H

#include "protocol/var.h"

#include <s7rig/datetime.h>

/* Subfunctions of group 4 (enum s7_cpu_subfunction) that have to do with alarms. */
enum s7_alarm_subfunction {
    S7_CPU_ALARM_8 = 0x05,
    S7_CPU_NOTIFY = 0x06,
    S7_CPU_SCAN = 0x09,
    S7_CPU_ALARM_ACKED = 0x0C,
    S7_CPU_ALARM_SQ = 0x11,
    S7_CPU_ALARM_S = 0x12,
    S7_CPU_ALARM_QUERY = 0x13,
    S7_CPU_NOTIFY_8 = 0x16
};

/* ---- indications ---- */

enum s7_alarm_syntax { S7_SYNTAX_ALARM = 0x16, S7_SYNTAX_ALARM_ACK = 0x19, S7_SYNTAX_NOTIFY = 0x1C };

struct s7_alarm_object {
    uint8_t syntax_id;
    uint32_t event;
    uint8_t event_state, state; /* 0 of an acknowledgement */
    uint8_t ack_going, ack_coming;
    unsigned n_values;
    struct s7_data_walk values; /* n_values units, which s7_alarm_next has walked: none is broken */
};

struct s7_alarm_walk {
    struct s7_rd rd;
    unsigned left;    /* objects that are still announced */
    s7_datetime time; /* year 0: no date */
};

/* Is it the subfunction of an indication that has this layout? SCAN has another, which is not known. */
bool s7_alarm_is_indication(uint8_t subfunction);

/* S7_E_FRAME: shorter than its head. */
S7_MUST_CHECK s7_status s7_alarm_begin(const uint8_t *payload, size_t len, struct s7_alarm_walk *walk);

/* S7_OK with *more false: there was none left. S7_E_FRAME: not a variable specification, another syntax id,
 * or longer than what is left. */
S7_MUST_CHECK s7_status s7_alarm_next(struct s7_alarm_walk *walk, struct s7_alarm_object *object, bool *more);

/* The value that s7_alarm_next walked over. */
bool s7_alarm_next_value(struct s7_alarm_object *object, struct s7_data_unit *value);

/* Append the head of an indication, then objects of the syntax S7_SYNTAX_ALARM with their values. */
void s7_alarm_head_append(struct s7_wr *wr, const s7_datetime *time, uint8_t n_objects);
void s7_alarm_object_append(struct s7_wr *wr, const struct s7_alarm_object *object,
                            const struct s7_data_unit *values, bool last);

/* ---- the query ---- */

/* Which alarms; also what an answer says of each. */
enum s7_alarm_type { S7_ALARM_TYPE_8 = 0x02, S7_ALARM_TYPE_S = 0x04 };

#define S7_ALARM_QUERY_LEN 12

/* How a query asks for a type: 01 was seen at a 300 (ALARM_S), 08 at a 400 (ALARM_8). */
enum s7_alarm_query { S7_ALARM_QUERY_BY_TYPE = 0x01, S7_ALARM_QUERY_400 = 0x08 };

void s7_alarm_query_append(struct s7_wr *wr, uint8_t query, uint32_t type);
S7_MUST_CHECK s7_status s7_alarm_query_decode(const uint8_t *payload, size_t len, uint8_t *query,
                                              uint32_t *type);

struct s7_alarm_entry {
    uint8_t type; /* enum s7_alarm_type, any byte */
    uint32_t event;
    uint8_t state, ack_going, ack_coming;
    s7_datetime coming, going; /* ALARM_S; year 0: no date */
};

/* The alarms of a whole answer, to be read with s7_alarm_entry_next; none: nothing is left. S7_E_FRAME:
 * shorter than its head, or a code that is neither FF nor 0A. */
S7_MUST_CHECK s7_status s7_alarm_answer_decode(const uint8_t *payload, size_t len, struct s7_rd *entries);

/* false: what is left is no alarm (or nothing). */
bool s7_alarm_entry_next(struct s7_rd *entries, struct s7_alarm_entry *entry);

/* Append the answer with these alarms, which have no times. */
void s7_alarm_answer_append(struct s7_wr *wr, const struct s7_alarm_entry *entries, size_t n);

#endif
