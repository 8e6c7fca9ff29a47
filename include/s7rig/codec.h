/* codec.h - values of PLC data types in a buffer of bytes, for who reads a whole data block at once:
 *
 *   uint8_t bytes[40];
 *   s7_read_db(plc, &ctx, 1, 0, bytes, sizeof bytes);
 *   float speed = s7_get_f32(bytes + 0);
 *   s7_get_dtl(bytes + 20, &when);
 *
 * No I/O, no allocation, no state; from any thread. The caller sees to it that the bytes are there: as many
 * as s7_type_size says. typed.h reads and writes the same values at a PLC.
 *
 * Each data type has a C type, its native one:
 *
 *   BOOL                        bool
 *   BYTE USINT  SINT            uint8_t  int8_t
 *   CHAR                        uint8_t, Latin-1
 *   WORD UINT  INT              uint16_t  int16_t
 *   WCHAR                       uint16_t, UTF-16
 *   DWORD UDINT  DINT           uint32_t  int32_t
 *   LWORD ULINT  LINT           uint64_t  int64_t
 *   REAL  LREAL                 float  double
 *   COUNTER                     uint16_t, 0..999
 *   TIMER S5TIME                uint32_t, milliseconds, 0..9990000: three digits of 10 ms, 100 ms, 1 s, 10 s
 *   TIME                        int32_t, milliseconds
 *   LTIME                       int64_t, nanoseconds
 *   TOD                         uint32_t, milliseconds since midnight
 *   LTOD                        uint64_t, nanoseconds since midnight
 *   DATE DT LDT DTL             s7_moment
 *   STRING WSTRING              char[], UTF-8, zero-terminated */
#ifndef S7RIG_CODEC_H
#define S7RIG_CODEC_H

#include <s7rig/address.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A date, or a date and a time of day; no time zone. */
typedef struct s7_moment {
    uint16_t year;
    uint8_t month, day; /* from 1 on */
    uint8_t hour, minute, second;
    uint8_t weekday; /* 1 Sunday .. 7 Saturday. DT and DTL: as it is stored. Not looked at when written: it
                        follows from the date */
    uint32_t ns;     /* 0 for DATE; DT: whole milliseconds */
} s7_moment;

/* ---- numbers ---- */

bool s7_get_bool(const void *bytes, unsigned bit); /* bit 8 is bit 0 of the next byte */
uint8_t s7_get_u8(const void *bytes);
int8_t s7_get_i8(const void *bytes);
uint16_t s7_get_u16(const void *bytes);
int16_t s7_get_i16(const void *bytes);
uint32_t s7_get_u32(const void *bytes);
int32_t s7_get_i32(const void *bytes);
uint64_t s7_get_u64(const void *bytes);
int64_t s7_get_i64(const void *bytes);
float s7_get_f32(const void *bytes);
double s7_get_f64(const void *bytes);

void s7_put_bool(void *bytes, unsigned bit, bool value); /* its neighbours stay */
void s7_put_u8(void *bytes, uint8_t value);
void s7_put_i8(void *bytes, int8_t value);
void s7_put_u16(void *bytes, uint16_t value);
void s7_put_i16(void *bytes, int16_t value);
void s7_put_u32(void *bytes, uint32_t value);
void s7_put_i32(void *bytes, int32_t value);
void s7_put_u64(void *bytes, uint64_t value);
void s7_put_i64(void *bytes, int64_t value);
void s7_put_f32(void *bytes, float value);
void s7_put_f64(void *bytes, double value);

/* ---- times, counters, texts ---- */

/* S7_E_CONVERT: the bytes are no value of their type (BCD that is none, month 13); *value is zero then. TIME
 * is s7_get_i32, LTIME s7_get_i64, an S5 timer's word s7_get_s5time. */
S7_MUST_CHECK s7_status s7_get_date(const void *bytes, s7_moment *value);
S7_MUST_CHECK s7_status s7_get_dt(const void *bytes, s7_moment *value);
S7_MUST_CHECK s7_status s7_get_ldt(const void *bytes, s7_moment *value);
S7_MUST_CHECK s7_status s7_get_dtl(const void *bytes, s7_moment *value);
S7_MUST_CHECK s7_status s7_get_tod(const void *bytes, uint32_t *ms);
S7_MUST_CHECK s7_status s7_get_ltod(const void *bytes, uint64_t *ns);
S7_MUST_CHECK s7_status s7_get_s5time(const void *bytes, uint32_t *ms);
S7_MUST_CHECK s7_status s7_get_counter(const void *bytes, uint16_t *value);

/* S7_E_CONVERT: not a value of the type (year 1989 of a DATE, half a millisecond of a DT); nothing is written
 * then. */
S7_MUST_CHECK s7_status s7_put_date(void *bytes, const s7_moment *value);
S7_MUST_CHECK s7_status s7_put_dt(void *bytes, const s7_moment *value);
S7_MUST_CHECK s7_status s7_put_ldt(void *bytes, const s7_moment *value);
S7_MUST_CHECK s7_status s7_put_dtl(void *bytes, const s7_moment *value);
S7_MUST_CHECK s7_status s7_put_tod(void *bytes, uint32_t ms);
S7_MUST_CHECK s7_status s7_put_ltod(void *bytes, uint64_t ns);
S7_MUST_CHECK s7_status s7_put_s5time(void *bytes, uint32_t ms);
S7_MUST_CHECK s7_status s7_put_counter(void *bytes, uint16_t value);

/* max: the declared maximum, STRING 1..254, WSTRING 1..16382 characters; that many bytes are there. text is
 * UTF-8, always zero-terminated; S7_E_TOO_LARGE: it is cut to cap. S7_E_ARG: max, cap is 0. Of a put also
 * S7_E_CONVERT: no UTF-8, too long, or (STRING) a character that Latin-1 has not; nothing is written then.
 * The maximum length in front stays if it is 1..max, else it is set to max. */
S7_MUST_CHECK s7_status s7_get_string(const void *bytes, uint16_t max, char *text, size_t cap);
S7_MUST_CHECK s7_status s7_get_wstring(const void *bytes, uint16_t max, char *text, size_t cap);
S7_MUST_CHECK s7_status s7_put_string(void *bytes, uint16_t max, const char *text);
S7_MUST_CHECK s7_status s7_put_wstring(void *bytes, uint16_t max, const char *text);

/* ---- any type ---- */

/* Bytes of its native type; STRING and WSTRING, whose texts have any size, and no type: 0. */
size_t s7_native_size(s7_type type);

/* All elements of an address: its bytes (bytes[0] is address->byte; s7_address_size long) into an array of
 * the native type, or back. Only bit, type, string_cap and count of the address count. size: of the array,
 * which is exact; texts have size / count bytes each. S7_E_ARG: size, or what is no address. S7_E_CONVERT:
 * some elements are no values; they are zero, the others good. S7_E_TOO_LARGE: some text is cut. Encoding
 * stops at the first element that fails. */
S7_MUST_CHECK s7_status s7_decode(const s7_address *address, const void *bytes, void *values, size_t size);
S7_MUST_CHECK s7_status s7_encode(const s7_address *address, void *bytes, const void *values, size_t size);

#ifdef __cplusplus
}
#endif
#endif
