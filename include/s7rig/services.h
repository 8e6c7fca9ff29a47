/* services.h - what a classic S7 PLC tells and does beside reads and writes: who it is, its mode, its
 * diagnostic buffer, its blocks, its clock; stop and start.
 *
 * Calls block like those of client.h, take the same contexts, and work on clients that a pool lent. Answers
 * longer than a PDU are fetched within the call, all of it by the call's one deadline. The caller owns every
 * buffer. Structs have struct_size: set it before the call, fields beyond it are not written. Outputs are
 * unspecified after a failure. Texts are the PLC's bytes (Latin-1), zero-terminated, without blanks at the
 * end,
 * "" where the PLC has none.
 *
 * Any call may fail with what s7_read_area says: S7_E_NOT_CONNECTED, S7_E_TIMEOUT, S7_E_CLOSED, S7_E_RESET,
 * S7_E_FRAME; S7_E_PLC (the PLC refused: plc_error in the errinfo; 8104 where it does not know the service,
 * D401 and D402 for lists it does not have); S7_E_PROTOCOL (an answer came that is none); S7_E_ARG;
 * S7_E_MISUSE. What else it may fail with stands beside it.
 *
 * S7-300, S7-400 and compatible CPUs know all of this, S7-1200 and 1500 little of it.
 *
 * Calls marked "control" change what the PLC does. They are refused with S7_E_MISUSE, before anything is
 * sent, unless the client was made with allow_control; with S7_E_GUARDED when it is read_only. When one was
 * sent and its answer did not come, the outcome is S7_E_OUTCOME_UNKNOWN, and it is never repeated. */
#ifndef S7RIG_SERVICES_H
#define S7RIG_SERVICES_H

#include <s7rig/client.h>
#include <s7rig/datetime.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- system status lists ---- */

typedef struct s7_szl_head {
    uint32_t struct_size;
    uint16_t id, index;  /* as answered; a PLC answers index 0 where it ignores it */
    uint16_t record_len; /* bytes of a record */
    uint16_t n_records;  /* as the PLC says; some simulators send fewer */
} s7_szl_head;

/* Read a partial list: its records, without the head, into dst[0..cap). *len: bytes of all records, which may
 * be more than cap; then the first cap are there and the status is S7_E_TOO_LARGE. cap 0 asks for head and
 * len alone. head may be NULL. A list is at most 64 KiB long. */
S7_MUST_CHECK s7_status s7_szl_read(s7_client *client, const s7_ctx *ctx, uint16_t id, uint16_t index,
                                    s7_szl_head *head, void *dst, size_t cap, size_t *len);

/* ---- identification ---- */

typedef struct s7_cpu_info {
    uint32_t struct_size;
    char module_type[33]; /* "CPU 315-2 PN/DP" */
    char serial[33];      /* of the CPU */
    char as_name[33];     /* of the station, as configured */
    char module_name[33]; /* as configured */
    char copyright[33];
    char plant[33];    /* plant designation, as configured */
    char location[33]; /* as configured */
    char card[33];     /* serial number of the memory card */
} s7_cpu_info;

/* Component identification (SZL 001C). */
S7_MUST_CHECK s7_status s7_cpu_info_get(s7_client *client, const s7_ctx *ctx, s7_cpu_info *info);

typedef struct s7_order_code {
    uint32_t struct_size;
    char order_code[21]; /* "6ES7 315-2EH14-0AB0" */
    char firmware[16];   /* "V3.2.6"; "": the PLC does not say */
} s7_order_code;

/* Module identification (SZL 0011). */
S7_MUST_CHECK s7_status s7_order_code_get(s7_client *client, const s7_ctx *ctx, s7_order_code *code);

typedef struct s7_comm_info {
    uint32_t struct_size;
    uint16_t max_pdu_len;     /* bytes */
    uint16_t max_connections; /* of S7 */
    uint32_t mpi_bps;         /* bits per second; 0: not there */
    uint32_t bus_bps;
    uint32_t ethernet_bps;
} s7_comm_info;

/* Communication limits (SZL 0131, index 1). */
S7_MUST_CHECK s7_status s7_comm_info_get(s7_client *client, const s7_ctx *ctx, s7_comm_info *info);

typedef struct s7_protection {
    uint32_t struct_size;
    uint16_t key_level;      /* allowed by the mode switch: 1, 2, 3 */
    uint16_t set_level;      /* configured: 0 none, 1, 2, 3 */
    uint16_t valid_level;    /* what counts: 1 everything, 2 writing needs the password, 3 reading too */
    uint16_t mode_switch;    /* 0 unknown or none, 1 RUN, 2 RUN-P, 3 STOP, 4 MRES */
    uint16_t startup_switch; /* 0 unknown or none, 1 cold, 2 warm restart */
} s7_protection;

/* Protection level and switches (SZL 0232, index 4). */
S7_MUST_CHECK s7_status s7_protection_get(s7_client *client, const s7_ctx *ctx, s7_protection *protection);

/* ---- mode ---- */

typedef enum s7_cpu_mode {
    S7_MODE_UNKNOWN = 0,
    S7_MODE_STOP = 4,    /* also after an update or a memory reset */
    S7_MODE_STARTUP = 6, /* warm, hot or cold */
    S7_MODE_RUN = 8,
    S7_MODE_HOLD = 10,    /* at a breakpoint */
    S7_MODE_LINK_UP = 11, /* a redundant CPU joins */
    S7_MODE_DEFECT = 13
} s7_cpu_mode;

/* *since: when the mode changed last, year 0 when the PLC does not say; may be NULL. (SZL 0424.) */
S7_MUST_CHECK s7_status s7_cpu_mode_get(s7_client *client, const s7_ctx *ctx, s7_cpu_mode *mode,
                                        s7_datetime *since);

/* "RUN"; "unknown" for a number that is no mode. */
const char *s7_cpu_mode_name(s7_cpu_mode mode);

typedef struct s7_led {
    uint16_t id;   /* low byte: which LED; high byte: of which rack or CPU */
    uint8_t on;    /* 0, 1 */
    uint8_t blink; /* 0 no, 1 at 2 Hz, 2 at 0.5 Hz */
} s7_led;

/* The LEDs of the CPU, in its order (SZL 0074). *n: how many it has, which may be
 * more than cap: then S7_E_TOO_LARGE, and the first cap are there. 64 at most. */
S7_MUST_CHECK s7_status s7_leds_get(s7_client *client, const s7_ctx *ctx, s7_led *leds, size_t cap,
                                    size_t *n);

/* "SF", "RUN", "BUS1F"; "" for one that is not known. */
const char *s7_led_name(uint16_t id);

/* ---- diagnostic buffer ---- */

typedef struct s7_diag_entry {
    uint16_t event; /* class in the upper 4 bits; 0100: coming */
    uint8_t priority, ob;
    uint16_t data_id, info1; /* what they mean depends on the event */
    uint32_t info2;
    s7_datetime time; /* year 0: the PLC gives none */
} s7_diag_entry;

#define S7_DIAG_MAX 512

/* Newest first (SZL 00A0). *n: how many entries are there; at most cap of them, cap at most S7_DIAG_MAX. What
 * the PLC has beyond that is left out and no failure. A CPU in RUN may tell only the newest 10. */
S7_MUST_CHECK s7_status s7_diag_read(s7_client *client, const s7_ctx *ctx, s7_diag_entry *entries, size_t cap,
                                     size_t *n);

/* "STOP by the mode switch"; "" for one that is not known. */
const char *s7_diag_text(uint16_t event);

/* ---- blocks ---- */

/* The letter of a type on the wire. */
typedef enum s7_block_type {
    S7_BLOCK_OB = 0x38,
    S7_BLOCK_DB = 0x41,
    S7_BLOCK_SDB = 0x42,
    S7_BLOCK_FC = 0x43,
    S7_BLOCK_SFC = 0x44,
    S7_BLOCK_FB = 0x45,
    S7_BLOCK_SFB = 0x46
} s7_block_type;

/* "DB"; "" for what is no type. */
const char *s7_block_type_name(s7_block_type type);

typedef struct s7_block_counts {
    uint32_t struct_size;
    uint16_t ob, fb, fc, db, sdb, sfc, sfb;
} s7_block_counts;

S7_MUST_CHECK s7_status s7_blocks_count(s7_client *client, const s7_ctx *ctx, s7_block_counts *counts);

typedef struct s7_block_entry {
    uint16_t number;
    uint8_t flags;    /* 0x22: loaded by the user, 0x42: in the firmware */
    uint8_t language; /* as in s7_block_info */
} s7_block_entry;

/* All blocks of a type, in the PLC's order, which need not be ascending. *n: how many there are, which may be
 * more than cap: then S7_E_TOO_LARGE, and the first cap are there. None of the type: S7_OK and 0. A list is
 * at most 16384 blocks long. */
S7_MUST_CHECK s7_status s7_blocks_list(s7_client *client, const s7_ctx *ctx, s7_block_type type,
                                       s7_block_entry *entries, size_t cap, size_t *n);

typedef struct s7_block_info {
    uint32_t struct_size;
    uint16_t number;
    uint8_t flags;        /* bit 0 linked, bit 3 standard block, bit 5 not retentive */
    uint8_t language;     /* 1 STL, 2 LAD, 3 FBD, 4 SCL, 5 DB, 6 GRAPH, 7 SDB */
    uint8_t version;      /* two halves: 0x21 is 2.1 */
    bool protected_block; /* know-how protection */
    uint16_t checksum;
    uint32_t load_len;                     /* bytes of load memory */
    uint16_t data_len;                     /* of a DB: its bytes; else of the code */
    uint16_t local_len;                    /* local data, bytes */
    s7_datetime code_time, interface_time; /* last changes; year 0: not known */
    char author[9], family[9], name[9];
} s7_block_info;

/* S7_E_PLC with D209: there is no such block. */
S7_MUST_CHECK s7_status s7_block_info_get(s7_client *client, const s7_ctx *ctx, s7_block_type type,
                                          uint16_t number, s7_block_info *info);

/* Upload: the whole block as the PLC keeps it (header, code or data, interface, footer) into dst[0..cap).
 * *len: its bytes, which may be more than cap: then S7_E_TOO_LARGE, and the first cap are there. At most
 * 999999, as many as a download can say. S7_E_PROTOCOL: also when it is longer, or has not the length that
 * its header says. Large blocks take seconds: give a context with a long timeout. */
S7_MUST_CHECK s7_status s7_block_upload(s7_client *client, const s7_ctx *ctx, s7_block_type type,
                                        uint16_t number, void *dst, size_t cap, size_t *len);

typedef struct s7_block_head {
    uint32_t struct_size;
    s7_block_type type; /* 0: a type that is not known */
    uint16_t number;
    uint8_t language;  /* as in s7_block_info */
    uint32_t load_len; /* bytes of the whole */
    uint16_t data_len; /* of a DB: its bytes; else of the code */
} s7_block_head;

/* What a block as s7_block_upload gives it says of itself; nothing is sent. S7_E_ARG: it is none, or not as
 * long as it says; err (may be NULL) says which. */
S7_MUST_CHECK s7_status s7_block_head_get(const void *block, size_t len, s7_block_head *head,
                                          s7_errinfo *err);

/* Control. Download: give the PLC a block as s7_block_upload gives it, and have it inserted in the place of
 * the one it has. OB, DB, FB, FC and SDB; the type must be the block's, the number may be another: then it
 * goes under that number, and its checksum is not given. A DB begins with the values of the file. Large
 * blocks take seconds: give a context with a long timeout.
 *
 * S7_E_ARG: these bytes are no block of this type, or not as long as they say. S7_E_PLC with D241: a
 * password is needed; D2A9: the PLC is busy inserting another one, repeat it a moment later. When it fails
 * before the PLC was asked to insert the block, the status says why, and the PLC keeps what it had; when it
 * breaks off amid the pieces (also S7_E_TIMEOUT, S7_E_CANCELLED, S7_E_PROTOCOL) the connection is closed.
 * S7_E_OUTCOME_UNKNOWN: the PLC was asked to insert the block, and its answer did not come. */
S7_MUST_CHECK s7_status s7_block_download(s7_client *client, const s7_ctx *ctx, s7_block_type type,
                                          uint16_t number, const void *block, size_t len);

/* Control. S7_E_PLC with D209: there is no such block. */
S7_MUST_CHECK s7_status s7_block_delete(s7_client *client, const s7_ctx *ctx, s7_block_type type,
                                        uint16_t number);

/* ---- clock ---- */

/* The PLC's own time, which may be local or UTC as it was set. S7_E_PROTOCOL: what it keeps is no date. */
S7_MUST_CHECK s7_status s7_clock_get(s7_client *client, const s7_ctx *ctx, s7_datetime *datetime);

/* Control. S7_E_ARG: no date of 1990..2089. */
S7_MUST_CHECK s7_status s7_clock_set(s7_client *client, const s7_ctx *ctx, const s7_datetime *datetime);

/* ---- password ---- */

/* Control. Log this connection on with the CPU's password, 8 bytes at most; it holds until the connection
 * ends. S7_E_PLC with D602: wrong, D605: the CPU has none. The password is scrambled on the wire, not
 * encrypted. */
S7_MUST_CHECK s7_status s7_password_set(s7_client *client, const s7_ctx *ctx, const char *password);

/* Control. Log off. */
S7_MUST_CHECK s7_status s7_password_clear(s7_client *client, const s7_ctx *ctx);

/* ---- stop, start, memory: all control ---- */

/* To STOP. S7_E_PLC with 8402: it is there already. */
S7_MUST_CHECK s7_status s7_plc_stop(s7_client *client, const s7_ctx *ctx);

/* Warm restart (hot on an S7-400 that is set so): retentive data stay. S7_E_PLC with 8402: it runs already;
 * 8404: the mode switch forbids it. The answer comes before the CPU is in RUN. */
S7_MUST_CHECK s7_status s7_plc_start_warm(s7_client *client, const s7_ctx *ctx);

/* Cold restart: everything starts with its initial value. */
S7_MUST_CHECK s7_status s7_plc_start_cold(s7_client *client, const s7_ctx *ctx);

/* Close the gaps between blocks in memory; copy the work memory to the load memory. The answer comes when it
 * is done, which may take many seconds: give a context with a long timeout. */
S7_MUST_CHECK s7_status s7_plc_compress(s7_client *client, const s7_ctx *ctx);
S7_MUST_CHECK s7_status s7_plc_copy_ram_to_rom(s7_client *client, const s7_ctx *ctx);

#ifdef __cplusplus
}
#endif
#endif
