/* typed.h - values of every data type, read and written in one call: by area and offset, or by an address
 * that says area, type and count. Their native C types are listed in codec.h; numbers of 8 to 32 bits, BOOL
 * and STRING are in client.h.
 *
 * Errors are those of s7_read_area and s7_write_area, and S7_E_CONVERT: what came is no value of its type
 * (all zero then), or what was to be written is not (nothing was sent). */
#ifndef S7RIG_TYPED_H
#define S7RIG_TYPED_H

#include <s7rig/client.h>
#include <s7rig/codec.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- any type and number of values ---- */

/* All elements of an address, in one call; size: of values, an array of the native type with address->count
 * elements, exactly (texts: equal shares). Writing an array of BOOL leaves the neighbours of its bits alone;
 * of a STRING the byte of its maximum length stays, of an array of them it is set. S7_E_ARG also: size.
 * S7_E_TOO_LARGE: a text is cut. */
S7_MUST_CHECK s7_status s7_read_values(s7_client *client, const s7_ctx *ctx, const s7_address *address,
                                       void *values, size_t size);
S7_MUST_CHECK s7_status s7_write_values(s7_client *client, const s7_ctx *ctx, const s7_address *address,
                                        const void *values, size_t size);

/* The same, address as text (s7_address_parse):
 *
 *   float speeds[10];
 *   s7_read_as(plc, &ctx, "DB1.DBD0:REAL[10]", speeds, sizeof speeds);
 *
 * S7_E_SYNTAX, S7_E_UNSUPPORTED also: the address; err says what is wrong with it and where. */
S7_MUST_CHECK s7_status s7_read_as(s7_client *client, const s7_ctx *ctx, const char *address, void *values,
                                   size_t size);
S7_MUST_CHECK s7_status s7_write_as(s7_client *client, const s7_ctx *ctx, const char *address,
                                    const void *values, size_t size);

/* Values as text, as s7_plan_text has it: "1.5", "[1,2,3]", "2026-01-31T12:00:00", UTF-8; without a table of
 * symbols. Always zero-terminated; S7_E_TOO_LARGE: it is cut. */
S7_MUST_CHECK s7_status s7_read_text(s7_client *client, const s7_ctx *ctx, const char *address, char *text,
                                     size_t cap);
S7_MUST_CHECK s7_status s7_write_text(s7_client *client, const s7_ctx *ctx, const char *address,
                                      const char *text);

/* ---- one number ---- */

S7_MUST_CHECK s7_status s7_read_i8(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db,
                                   uint32_t start, int8_t *value); /* SINT */
S7_MUST_CHECK s7_status s7_write_i8(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db,
                                    uint32_t start, int8_t value);
S7_MUST_CHECK s7_status s7_read_u64(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db,
                                    uint32_t start, uint64_t *value); /* LWORD, ULINT */
S7_MUST_CHECK s7_status s7_write_u64(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db,
                                     uint32_t start, uint64_t value);
S7_MUST_CHECK s7_status s7_read_i64(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db,
                                    uint32_t start, int64_t *value); /* LINT */
S7_MUST_CHECK s7_status s7_write_i64(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db,
                                     uint32_t start, int64_t value);
S7_MUST_CHECK s7_status s7_read_f64(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db,
                                    uint32_t start, double *value); /* LREAL */
S7_MUST_CHECK s7_status s7_write_f64(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db,
                                     uint32_t start, double value);
S7_MUST_CHECK s7_status s7_read_char(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db,
                                     uint32_t start, char *value); /* CHAR, as it is stored */
S7_MUST_CHECK s7_status s7_write_char(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db,
                                      uint32_t start, char value);

/* ---- one date or time ---- */

S7_MUST_CHECK s7_status s7_read_date(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db,
                                     uint32_t start, s7_moment *value);
S7_MUST_CHECK s7_status s7_write_date(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db,
                                      uint32_t start, const s7_moment *value);
S7_MUST_CHECK s7_status s7_read_dt(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db,
                                   uint32_t start, s7_moment *value);
S7_MUST_CHECK s7_status s7_write_dt(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db,
                                    uint32_t start, const s7_moment *value);
S7_MUST_CHECK s7_status s7_read_ldt(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db,
                                    uint32_t start, s7_moment *value);
S7_MUST_CHECK s7_status s7_write_ldt(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db,
                                     uint32_t start, const s7_moment *value);
S7_MUST_CHECK s7_status s7_read_dtl(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db,
                                    uint32_t start, s7_moment *value);
S7_MUST_CHECK s7_status s7_write_dtl(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db,
                                     uint32_t start, const s7_moment *value);
S7_MUST_CHECK s7_status s7_read_tod(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db,
                                    uint32_t start, uint32_t *ms);
S7_MUST_CHECK s7_status s7_write_tod(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db,
                                     uint32_t start, uint32_t ms);
S7_MUST_CHECK s7_status s7_read_ltod(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db,
                                     uint32_t start, uint64_t *ns);
S7_MUST_CHECK s7_status s7_write_ltod(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db,
                                      uint32_t start, uint64_t ns);
S7_MUST_CHECK s7_status s7_read_time(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db,
                                     uint32_t start, int32_t *ms);
S7_MUST_CHECK s7_status s7_write_time(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db,
                                      uint32_t start, int32_t ms);
S7_MUST_CHECK s7_status s7_read_ltime(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db,
                                      uint32_t start, int64_t *ns);
S7_MUST_CHECK s7_status s7_write_ltime(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db,
                                       uint32_t start, int64_t ns);
S7_MUST_CHECK s7_status s7_read_s5time(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db,
                                       uint32_t start, uint32_t *ms);
S7_MUST_CHECK s7_status s7_write_s5time(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db,
                                        uint32_t start, uint32_t ms);

/* S5 timers and counters, by their number. */
S7_MUST_CHECK s7_status s7_read_timer(s7_client *client, const s7_ctx *ctx, uint16_t number, uint32_t *ms);
S7_MUST_CHECK s7_status s7_write_timer(s7_client *client, const s7_ctx *ctx, uint16_t number, uint32_t ms);
S7_MUST_CHECK s7_status s7_read_counter(s7_client *client, const s7_ctx *ctx, uint16_t number,
                                        uint16_t *value);
S7_MUST_CHECK s7_status s7_write_counter(s7_client *client, const s7_ctx *ctx, uint16_t number,
                                         uint16_t value);

/* ---- one text ---- */

/* WSTRING[max], as UTF-8 and back. Like s7_read_string, but no half of a character is left when the text is
 * cut. */
S7_MUST_CHECK s7_status s7_read_wstring(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db,
                                        uint32_t start, uint16_t max, char *text, size_t cap);
S7_MUST_CHECK s7_status s7_write_wstring(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db,
                                         uint32_t start, uint16_t max, const char *text);

#ifdef __cplusplus
}
#endif
#endif
