/* var.h - Read Var (04) and Write Var (05): item lists, data lists, and the arithmetic of both.
 *
 * Requests carry items (addresses), answers of reads and requests of writes carry data units:
 *
 *   S7ANY item  12 0A 10 | transport size | count:2 | DB:2 | area | bit address:3
 *   data unit   return code | transport size | length:2 | payload | fill byte
 *
 * The fill byte 00 is there if the payload is odd and the unit is not the last.
 *
 * Both are walked with a cursor that cannot leave the PDU and appended through a writer. Other syntax ids
 * (DBREAD, NCK, symbolic) are skipped by their own length and stay available as raw bytes. */
#ifndef PROTOCOL_VAR_H
#define PROTOCOL_VAR_H

#include "protocol/pdu.h"

#include <s7rig/address.h>

/* ---- transport sizes ---- */

/* In an item: what one element is. */
enum s7_item_size {
    S7_SIZE_BIT = 0x01,
    S7_SIZE_BYTE = 0x02,
    S7_SIZE_CHAR = 0x03,
    S7_SIZE_WORD = 0x04,
    S7_SIZE_INT = 0x05,
    S7_SIZE_DWORD = 0x06,
    S7_SIZE_DINT = 0x07,
    S7_SIZE_REAL = 0x08,
    S7_SIZE_TOD = 0x0A,
    S7_SIZE_TIME = 0x0B,
    S7_SIZE_S5TIME = 0x0C,
    S7_SIZE_DATE_AND_TIME = 0x0F,
    S7_SIZE_WCHAR = 0x13,
    S7_SIZE_COUNTER = 0x1C,
    S7_SIZE_TIMER = 0x1D
};

/* In a data unit: how the payload is counted. */
enum s7_data_size {
    S7_DATA_NULL = 0x00,
    S7_DATA_BIT = 0x03,   /* length in bits, one element per byte */
    S7_DATA_BYTE = 0x04,  /* BYTE, WORD, DWORD: length in bits */
    S7_DATA_INT = 0x05,   /* INT, DINT: length in bits */
    S7_DATA_DINT = 0x06,  /* never sent by a CPU; read as bits */
    S7_DATA_REAL = 0x07,  /* length in bytes */
    S7_DATA_OCTETS = 0x09 /* CHAR, timers, counters: length in bytes */
};

/* What is known of an item's transport size; NULL: not a known one (S7-200's 1E, 1F, 20 included). */
struct s7_size_info {
    uint8_t item_size;     /* enum s7_item_size */
    uint8_t element_bytes; /* BIT: 1, the byte that carries the bit */
    uint8_t data_size;     /* enum s7_data_size that a CPU answers with */
    const char *name;      /* "DWORD" */
};
const struct s7_size_info *s7_size_find(uint8_t item_size);

/* Payload bytes for a data unit's length field: bits rounded up, or bytes. 00: none. Unknown sizes count
 * bytes. */
size_t s7_data_bytes(uint8_t data_size, uint16_t length);

/* The length field for payload bytes. BIT: one bit per byte, so s7_data_bytes of it is right for one byte
 * only; more bits in a unit were never seen. */
uint16_t s7_data_length(uint8_t data_size, size_t bytes);

/* ---- item return codes ---- */
#define S7_ITEM_OK           0xFF
#define S7_ITEM_HARDWARE     0x01
#define S7_ITEM_ACCESS       0x03
#define S7_ITEM_ADDRESS      0x05
#define S7_ITEM_TYPE         0x06
#define S7_ITEM_INCONSISTENT 0x07
#define S7_ITEM_MISSING      0x0A

/* S7_OK for FF, else the S7_E_ITEM_... of the code. */
s7_status s7_item_status(uint8_t item_code);

/* ---- items ---- */
#define S7_ITEM_LEN      12 /* an S7ANY item */
#define S7_SYNTAX_S7ANY  0x10
#define S7_SYNTAX_DBREAD 0xB0 /* S7-400, WinCC 7 */

struct s7_var_item {
    uint8_t syntax_id; /* S7_SYNTAX_S7ANY, or another: then only raw means something */
    uint8_t size;      /* transport size of the item, any byte */
    uint16_t count;    /* elements */
    uint16_t db;
    uint8_t area;       /* any byte */
    uint32_t bit_addr;  /* 24 bits: byte * 8 + bit; timers and counters: their number */
    const uint8_t *raw; /* the whole item from its 12 on, view */
    size_t raw_len;
};

struct s7_item_walk {
    struct s7_rd rd;
    unsigned left; /* items that the count byte still announces */
};

/* Start at a Read Var or Write Var request. A function without a count byte is an empty list.
 * S7_E_FRAME: the function is neither 04 nor 05, or there is none. */
S7_MUST_CHECK s7_status s7_item_walk_begin(const struct s7_pdu *pdu, struct s7_item_walk *walk);

/* The next item. S7_OK with *more false: the list ended exactly where the parameters end.
 * S7_E_FRAME: not a variable specification (12), longer than what is left, an S7ANY item that is not 12 bytes
 * long, or bytes left over after the last item. */
S7_MUST_CHECK s7_status s7_item_walk_next(struct s7_item_walk *walk, struct s7_var_item *item, bool *more);

/* Append one item. S7ANY is written from its fields, other syntax ids from raw (with a fill byte if raw_len
 * is odd and the item is not the last). */
void s7_item_append(struct s7_wr *wr, const struct s7_var_item *item, bool last);

/* ---- data units ---- */
struct s7_data_unit {
    uint8_t code;           /* return code; 00 in write requests */
    uint8_t size;           /* enum s7_data_size, any byte */
    uint16_t length;        /* as on the wire, in the unit of size */
    const uint8_t *payload; /* view; NULL and 0 for a failed item of a read answer */
    size_t payload_len;
};

struct s7_data_walk {
    struct s7_rd rd;
    bool answer; /* read answer: units whose code is not FF have no payload whatever their length says */
};

/* Start at the data of a Write Var request (answer false) or a Read Var answer (answer true). */
void s7_data_walk_begin(const struct s7_pdu *pdu, bool answer, struct s7_data_walk *walk);

/* The next data unit; last: no other follows, so that one fill byte after it is optional.
 * S7_E_FRAME: the unit or its payload is longer than what is left. */
S7_MUST_CHECK s7_status s7_data_walk_next(struct s7_data_walk *walk, bool last, struct s7_data_unit *unit);

/* Bytes left after the units that were read: 0, or a trailing fill byte some clients send. */
static inline size_t s7_data_walk_left(const struct s7_data_walk *walk)
{
    return walk->rd.left;
}

/* Append one data unit as its fields say, with a fill byte when payload_len is odd and last is false. */
void s7_data_append(struct s7_wr *wr, const struct s7_data_unit *unit, bool last);

/* Append header and room for a payload of the right unit; the caller fills the returned bytes (NULL: full)
 * and then calls s7_data_fill unless the unit is the last. */
uint8_t *s7_data_append_room(struct s7_wr *wr, uint8_t code, uint8_t data_size, size_t payload_len);
void s7_data_fill(struct s7_wr *wr, size_t payload_len);

/* ---- limits (L: granted PDU length) ---- */
/* Most items that a request may carry by the PDU's arithmetic: 240 -> 19, 480 -> 39, 960 -> 79. */
static inline unsigned s7_max_items(size_t pdu_len)
{
    return (unsigned)((pdu_len - 12) / S7_ITEM_LEN);
}
#define S7_ITEMS_PER_PDU ((S7_PDU_LEN_MAX - 12) / S7_ITEM_LEN) /* of the longest PDU that is asked for */
#define S7_ITEMS_PER_JOB 20 /* the classic limit of the 300/400 stack; clients send more only if told to */

/* Largest payload of a single item: read L - 18 (240 -> 222), write L - 28 (240 -> 212). */
static inline size_t s7_max_read(size_t pdu_len)
{
    return pdu_len - 18;
}
static inline size_t s7_max_write(size_t pdu_len)
{
    return pdu_len - 28;
}

/* ---- addresses on the wire ---- */

/* The item that reads or writes the raw bytes of an address: BOOL of one element as BIT, timers and counters
 * in their own sizes, everything else as BYTEs (BOOL arrays: the bytes that their bits touch). S7_E_ARG: byte
 * past 2097151, more than 65535 elements, bit above 7, DB 0 in area DB. */
S7_MUST_CHECK s7_status s7_item_from_address(const s7_address *address, struct s7_var_item *item);

#endif
