/* errors.h - what the numbers in answers mean, in words. Static strings, never NULL. */
#ifndef PROTOCOL_ERRORS_H
#define PROTOCOL_ERRORS_H

#include <stdint.h>

/* Header error: class << 8 | code, also the error word of userdata. Names used in the code: */
#define S7_ERR_NOT_IMPLEMENTED 0x8104 /* service not implemented; PUT/GET disabled */
#define S7_ERR_RESOURCES       0x8302
#define S7_ERR_SEQUENCE        0x8401
#define S7_ERR_CANNOT          0x8404
#define S7_ERR_FRAME_SIZE      0x8500 /* wrong frame, or over the PDU length */
#define S7_ERR_ACCESS          0x8703

/* "service not implemented (also: PUT/GET not permitted)"; unknown numbers: "unknown error". */
const char *s7_plc_error_text(uint16_t error);

/* Item return code: "object does not exist". */
const char *s7_item_code_text(uint8_t item_code);

#endif
