/* szl.h - the system status list (userdata group 4, subfunction 01): partial lists by id and index.
 *
 *   request  id:2 | index:2
 *   answer   id:2 | index:2 | record length:2 | number of records:2 | records
 *
 * An answer of several units is put together before it is decoded. Layouts: the manuals of S7-300 and 400,
 * and what real CPUs sent. */
#ifndef PROTOCOL_SZL_H
#define PROTOCOL_SZL_H

#include "protocol/wire.h"

#include <s7rig/datetime.h>
#include <s7rig/status.h>

/* Lists that have a decoder here. */
#define S7_SZL_IDS        0x0000 /* all ids of this CPU, 2 bytes each */
#define S7_SZL_MODULE     0x0011 /* module identification */
#define S7_SZL_LEDS       0x0019
#define S7_SZL_LEDS_ALL   0x0074 /* the same with racks and redundant CPUs */
#define S7_SZL_COMPONENT  0x001C /* component identification */
#define S7_SZL_DIAG       0x00A0 /* diagnostic buffer, newest first */
#define S7_SZL_COMM       0x0131 /* communication limits; the index says which */
#define S7_SZL_PROTECTION 0x0232 /* index 4 */
#define S7_SZL_MODE       0x0424

#define S7_SZL_REQUEST_LEN 4
#define S7_SZL_HEAD_LEN    8

struct s7_szl {
    uint16_t id, index; /* the index may differ from what was asked: CPUs answer 0 where they ignore it */
    uint16_t record_len, n_records; /* as the answer says */
    struct s7_rd records;           /* all records, a view */
};

void s7_szl_request_append(struct s7_wr *wr, uint16_t id, uint16_t index);
S7_MUST_CHECK s7_status s7_szl_request_decode(const uint8_t *payload, size_t len, uint16_t *id,
                                              uint16_t *index);

/* Decode a whole answer. S7_E_FRAME: shorter than its head. */
S7_MUST_CHECK s7_status s7_szl_decode(const uint8_t *answer, size_t len, struct s7_szl *out);
void s7_szl_head_append(struct s7_wr *wr, uint16_t id, uint16_t index, uint16_t record_len,
                        uint16_t n_records);

/* Whole records that are there: at most n_records. Some simulators cut lists at the PDU and announce more. */
size_t s7_szl_count(const struct s7_szl *szl);

/* The bytes of record i; false: there are not so many. */
bool s7_szl_record(const struct s7_szl *szl, size_t i, struct s7_rd *record);

/* ---- records; false: shorter than what is decoded of it ---- */

/* Texts are cut at their first zero, without blanks at the end; Latin-1. */

struct s7_szl_module { /* 0011, 28 bytes */
    uint16_t index;    /* 1 module, 6 basic hardware, 7 basic firmware, 81 boot loader */
    char order_code[21];
    uint16_t type;
    uint16_t version[2]; /* of firmware: 'V' and major, minor and patch */
};
bool s7_szl_module_decode(struct s7_rd record, struct s7_szl_module *out);

struct s7_szl_component { /* 001C, 34 bytes */
    uint16_t index;       /* enum s7_szl_component_index */
    char text[33];
};
enum s7_szl_component_index {
    S7_COMPONENT_AS_NAME = 1,
    S7_COMPONENT_MODULE_NAME = 2,
    S7_COMPONENT_PLANT = 3,
    S7_COMPONENT_COPYRIGHT = 4,
    S7_COMPONENT_SERIAL = 5,
    S7_COMPONENT_TYPE = 7,
    S7_COMPONENT_CARD = 8,
    S7_COMPONENT_LOCATION = 0xB
};
bool s7_szl_component_decode(struct s7_rd record, struct s7_szl_component *out);

struct s7_szl_comm {       /* 0131 index 1, 40 bytes */
    uint16_t pdu_len;      /* largest PDU length */
    uint16_t connections;  /* S7 connections */
    uint32_t mpi_bps;      /* of MPI */
    uint32_t bus_bps;      /* of the communication bus */
    uint32_t ethernet_bps; /* at offset 14: Ethernet on CPUs with PN, else 0 */
};
bool s7_szl_comm_decode(struct s7_rd record, struct s7_szl_comm *out);

struct s7_szl_protection {   /* 0232 index 4 and 0132 index 4, 40 bytes */
    uint16_t key_level;      /* by the mode switch: 1, 2, 3 */
    uint16_t set_level;      /* by configuration: 0 none, 1, 2, 3 */
    uint16_t valid_level;    /* what counts: 1 all allowed, 2 read only, 3 nothing without password */
    uint16_t mode_switch;    /* 0 unknown, 1 RUN, 2 RUN-P, 3 STOP, 4 MRES */
    uint16_t startup_switch; /* 0 unknown, 1 cold, 2 warm */
};
bool s7_szl_protection_decode(struct s7_rd record, struct s7_szl_protection *out);

struct s7_szl_led { /* 0019 and 0074, 4 bytes */
    uint16_t id;    /* low byte: which LED */
    uint8_t on;
    uint8_t blink; /* 0 no, 1 at 2 Hz, 2 at 0.5 Hz */
};
bool s7_szl_led_decode(struct s7_rd record, struct s7_szl_led *out);

struct s7_szl_mode { /* 0424, 20 bytes */
    uint16_t event;
    uint8_t state;     /* low nibble: mode, high nibble: the one before */
    s7_datetime since; /* of the last change; zeros when it is no date */
};
bool s7_szl_mode_decode(struct s7_rd record, struct s7_szl_mode *out);

#define S7_SZL_DIAG_LEN 20
struct s7_szl_diag { /* 00A0, and the payload of diagnostic pushes */
    uint16_t event;
    uint8_t priority, ob;
    uint16_t data_id, info1;
    uint32_t info2;
    s7_datetime time; /* zeros when it is no date */
};
bool s7_szl_diag_decode(struct s7_rd record, struct s7_szl_diag *out);

/* ---- words ---- */

/* What a diagnostic event means; "" for those that are not known. */
const char *s7_diag_event_text(uint16_t event);

/* "RUN"; "" for those that are not known. id as in s7_szl_led. */
const char *s7_led_id_text(uint16_t id);

#endif
