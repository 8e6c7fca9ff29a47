/* struct.h - a C struct and the record of a data block that it stands for, joined by a table of fields:
 *
 *   struct motor { bool on; float speed; int16_t faults[4]; char name[21]; s7_moment since; };
 *
 *   static const s7_field motor_fields[] = {
 *       S7_FIELD_BIT(struct motor, on, 0, 3),                        // DBX0.3
 *       S7_FIELD(struct motor, speed, 2, S7_TYPE_REAL),              // DBD2
 *       S7_FIELD_ARRAY(struct motor, faults, 6, S7_TYPE_INT),        // DBW6..13
 *       S7_FIELD_TEXT(struct motor, name, 14, S7_TYPE_STRING, 20),   // DBB14..35
 *       S7_FIELD(struct motor, since, 36, S7_TYPE_DTL),              // DBB36..47
 *   };
 *
 *   s7_struct_read(plc, &ctx, S7_AREA_DB, 7, 0, motor_fields, 5, &motor, sizeof motor);
 *
 * Offsets are bytes from the begin of the record, as the engineering tool shows them for blocks without
 * optimized access; several records of one kind are read with several starts. Members have the native type of
 * their field (codec.h). Every call first checks the table: a member whose size is not that of its type is
 * S7_E_ARG, and err says which; nothing is done then. */
#ifndef S7RIG_STRUCT_H
#define S7RIG_STRUCT_H

#include <s7rig/client.h>
#include <s7rig/codec.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct s7_field {
    s7_type type;
    uint32_t offset;  /* in the record */
    uint8_t bit;      /* of BOOL; of an array its first */
    uint16_t max;     /* characters of STRING and WSTRING; 0 otherwise */
    uint16_t count;   /* elements */
    size_t at, size;  /* of the member in the struct */
    const char *name; /* of the member, for reports; may be NULL */
} s7_field;

#define S7_FIELD_WHOLE(st, member, offset, bit, type, max, count)                                            \
    {                                                                                                        \
        type, offset, bit, max, count, offsetof(st, member), sizeof(((st *)0)->member), #member              \
    }
/* One value; a BOOL; an array of values (char x[n] is no such array); a text in char member[]. */
#define S7_FIELD(st, member, offset, type)    S7_FIELD_WHOLE(st, member, offset, 0, type, 0, 1)
#define S7_FIELD_BIT(st, member, offset, bit) S7_FIELD_WHOLE(st, member, offset, bit, S7_TYPE_BOOL, 0, 1)
#define S7_FIELD_ARRAY(st, member, offset, type)                                                             \
    S7_FIELD_WHOLE(st, member, offset, 0, type, 0, sizeof(((st *)0)->member) / sizeof(((st *)0)->member[0]))
#define S7_FIELD_TEXT(st, member, offset, type, max) S7_FIELD_WHOLE(st, member, offset, 0, type, max, 1)

/* Bytes of the record, from its begin to the end of the last field; 0 for a table that is not good. */
size_t s7_struct_len(const s7_field *fields, size_t n);

/* ---- in a buffer ---- */

/* bytes[0] is the begin of the record, len at least s7_struct_len (else S7_E_ARG); object_size: sizeof the
 * struct. S7_E_CONVERT: the bytes of some field are no value of its type: it is zero then, the others are
 * good; S7_E_TOO_LARGE: a text is cut. err (may be NULL) names the first, err->item is its index. */
S7_MUST_CHECK s7_status s7_struct_decode(const s7_field *fields, size_t n, const void *bytes, size_t len,
                                         void *object, size_t object_size, s7_errinfo *err);

/* Bytes that are no field's stay, and the maximum length of a text if it is 1..max. S7_E_CONVERT: a member is
 * no value of its field; the fields before it are written. */
S7_MUST_CHECK s7_status s7_struct_encode(const s7_field *fields, size_t n, void *bytes, size_t len,
                                         const void *object, size_t object_size, s7_errinfo *err);

/* ---- at a PLC ---- */

/* Read the record, which begins at byte start: everything from its first field to its last, gaps too, in one
 * job when the PDU has room for it. Errors are those of s7_read_area and s7_struct_decode; the object is
 * changed only when the bytes have come. Up to 1 KiB nothing is allocated. */
S7_MUST_CHECK s7_status s7_struct_read(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db,
                                       uint32_t start, const s7_field *fields, size_t n, void *object,
                                       size_t object_size);

/* Write the fields and nothing else, those that touch each other together, in one job when the PDU has room
 * for them; bits alone, of texts what stands behind their maximum length. S7_E_CONVERT: nothing was sent.
 * S7_E_PARTIAL: the PLC refused some, the others are written; else as s7_write_area. */
S7_MUST_CHECK s7_status s7_struct_write(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db,
                                        uint32_t start, const s7_field *fields, size_t n, const void *object,
                                        size_t object_size);

#ifdef __cplusplus
}
#endif
#endif
