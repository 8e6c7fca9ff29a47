/* address.h - areas, data types and addresses as S7 users write them.
 *
 * An s7_address is a typed place in a PLC's memory: "DB1.DBD4:REAL", "M10.3", "T5". Byte offsets and bit
 * numbers are separate fields; the bit address of the wire (byte * 8 + bit) never leaves the protocol layer.
 * Stateless. */
#ifndef S7RIG_ADDRESS_H
#define S7RIG_ADDRESS_H

#include <s7rig/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Memory areas; the values are the area codes of the wire (S7ANY item, byte 8). */
typedef enum s7_area {
    S7_AREA_SM = 0x05, /* S7-200: special flags */
    S7_AREA_AI = 0x06, /* S7-200: analog inputs */
    S7_AREA_AQ = 0x07, /* S7-200: analog outputs */
    S7_AREA_C = 0x1C,  /* S5 counters, addressed by number, 2 bytes each */
    S7_AREA_T = 0x1D,  /* S5 timers, addressed by number, 2 bytes each */
    S7_AREA_P = 0x80,  /* peripheral I/O, direct */
    S7_AREA_I = 0x81,  /* inputs, process image (German E) */
    S7_AREA_Q = 0x82,  /* outputs, process image (German A) */
    S7_AREA_M = 0x83,  /* bit memory, flags */
    S7_AREA_DB = 0x84, /* data block; also V memory of S7-200 and LOGO as DB 1 */
    S7_AREA_DI = 0x85  /* instance data block: same storage as DB */
} s7_area;

/* Data types. Numbers are ours (stored nowhere but in memory); names are those of the field. */
typedef enum s7_type {
    S7_TYPE_BOOL = 1,
    S7_TYPE_BYTE,
    S7_TYPE_USINT,
    S7_TYPE_SINT,
    S7_TYPE_CHAR,
    S7_TYPE_WORD,
    S7_TYPE_UINT,
    S7_TYPE_INT,
    S7_TYPE_DWORD,
    S7_TYPE_UDINT,
    S7_TYPE_DINT,
    S7_TYPE_REAL,
    S7_TYPE_LWORD,
    S7_TYPE_ULINT,
    S7_TYPE_LINT,
    S7_TYPE_LREAL,
    S7_TYPE_STRING,  /* bytes 0 and 1: maximum and actual length; then the characters, one byte each */
    S7_TYPE_TIMER,   /* S5 timer: coded as S5TIME */
    S7_TYPE_COUNTER, /* S5 counter: three BCD digits in a word */
    S7_TYPE_WCHAR,   /* UTF-16 */
    S7_TYPE_WSTRING, /* words 0 and 1: maximum and actual length; then the characters, UTF-16 */
    S7_TYPE_DATE,    /* days since 1990-01-01 */
    S7_TYPE_TIME,    /* signed milliseconds */
    S7_TYPE_TOD,     /* TIME_OF_DAY: milliseconds since midnight */
    S7_TYPE_DT,      /* DATE_AND_TIME: BCD, 1990..2089, milliseconds */
    S7_TYPE_LTIME,   /* signed nanoseconds */
    S7_TYPE_LTOD,    /* nanoseconds since midnight */
    S7_TYPE_LDT,     /* nanoseconds since 1970-01-01 */
    S7_TYPE_DTL,     /* fields as binary numbers, 1970..2554, nanoseconds */
    S7_TYPE_S5TIME   /* time base and three BCD digits */
} s7_type;

/* "REAL"; "?" for a number that is no type. */
const char *s7_type_name(s7_type type);

/* The type of that name, any case, long forms ("DATE_AND_TIME") and those of nodes7 ("DI", "R", "DTZ")
 * included; false: none. */
bool s7_type_from_name(const char *name, size_t name_len, s7_type *type);

/* Bytes of one element: 1, 2, 4, 8, DTL 12; BOOL 1; STRING: string_cap + 2; WSTRING: 2 * string_cap + 4. */
size_t s7_type_size(s7_type type, uint16_t string_cap);

/* "DB", "DI", "I", "Q", "M", "T", "C", "P", "SM", "AI", "AQ"; "?" otherwise. */
const char *s7_area_name(s7_area area);

typedef struct s7_address {
    s7_area area;
    uint16_t db;   /* data block number 1..65535; 0 outside DB */
    uint32_t byte; /* byte offset 0..2097151; timers and counters: their number */
    uint8_t bit;   /* 0..7 for BOOL, 0 otherwise */
    s7_type type;
    uint16_t string_cap; /* characters that fit, STRING 1..254, WSTRING 1..16382; 0 otherwise */
    uint16_t count;      /* elements, >= 1; arrays of BOOL count bits from (byte, bit) on */
} s7_address;

/* Bytes that the address spans: elements times size; BOOL arrays: the bytes that their bits touch. */
size_t s7_address_size(const s7_address *address);

#define S7_ADDRESS_TEXT_CAP 48

/* The canonical text: "DB1.DBX0.3", "DB1.DBW2" (WORD), "DB1.DBW2:INT", "DB1.DBD4:REAL",
 * "DB1.DBB10:STRING(20)", "MB7", "T5", "DB1.DBW12:INT[3]". Parsing it gives the same address. Returns the
 * length; cap >= S7_ADDRESS_TEXT_CAP is always enough, less is cut. */
size_t s7_address_format(const s7_address *address, char *buf, size_t cap);

/* What is wrong with an address text, and where. */
typedef struct s7_address_error {
    size_t at;     /* offset of the offending character in the text */
    char text[96]; /* "a bit number is 0..7", "expected DBX, DBB, DBW or DBD" */
} s7_address_error;

/* Read an address in one of these styles; case does not matter, blanks are ignored, a leading % is dropped:
 *   Step7   DB1.DBX0.3 DB1.DBB1 DB1.DBW2 DB1.DBD4 DI2.DIW4 DB1.DBL8   DB1.DBX5 is bit 0
 *           I0.0 IB0 IW0 ID0 IX0.0   Q1.2   M10.7 MB10 MW10 MD10   T5 C3   F10.0 is M10.0, O1.2 is Q1.2
 *           peripheral PIW256 PQB4;  German E0.0 EB0 A1.2 AW4 Z3 PEW256 PAW4
 *   typed   any of these with ":TYPE", ":TYPE[n]", ":STRING(n)" or ":STRING(n)[n]":
 *           DB1.DBD4:REAL  MW10:INT[3]  DB1.DBB10:STRING(20)  DB1.DBX0.3:BOOL[8]  T5:TIMER[2]
 *           the operand is as wide as the type, or B (STRING and types of more than 4 bytes: B)
 *           also DB1.STRING10.20, DB1.S10.20 and DB1.DBS10.20 (byte 10, 20 characters), DB1.WSTRING10.20
 *           plc4x: %DB1:10:INT  %DB1:0.3:BOOL
 *   nodes7  DB1,REAL4  DB1,X14.0  DB1,X14.0.8 (8 bits)  DB1,S20.10  DB1,S20.10.3 (3 strings)
 *           DB1,INT12.2 (2 elements)  DB1,DT4  MR4  MI6  IR2  QLR0  PIW12  M10.0.8;  also DB1,DBD4
 *   WinCC   DB5,DD20 (double word)  DB5,DBB28  DB5,D206.1 (bit)
 *           what nodes7 has, too, is read as nodes7 does: DB1,DW0 is a double word, DB1,D4 as well
 *   dacs7   DB1.0,R  DB5.4,X2 (bit 2)  DB1.0,B,100 (elements)  DB1.0,S,20 (characters)  M.10,W
 *   LOGO and S7-200: V0.3 VB12 VW12 VD4, V12 is VB12 (DB 1);  SM0.5 SMB2  AIW0 AQW2 (AEW0 AAW2)
 * *address is written on success only. address and error may be NULL; a NULL text is an empty one.
 * S7_E_SYNTAX: not an address; *error says what was expected and where.
 * S7_E_UNSUPPORTED: a structure that is read by its members (IEC_TIMER, IEC_COUNTER, POINTER, ANY); *error is
 * filled. */
S7_MUST_CHECK s7_status s7_address_parse(const char *text, s7_address *address, s7_address_error *error);

#ifdef __cplusplus
}
#endif
#endif
