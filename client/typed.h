/* typed.h - one value by area and offset, in its native type; what the functions of <s7rig/typed.h> and
 * <s7rig/client.h> that are named after types do. */
#ifndef CLIENT_TYPED_H
#define CLIENT_TYPED_H

#include <s7rig/typed.h>

/* Not of BOOL, STRING and WSTRING. */
S7_MUST_CHECK s7_status s7_typed_read(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db,
                                      uint32_t start, s7_type type, void *value);
S7_MUST_CHECK s7_status s7_typed_write(s7_client *client, const s7_ctx *ctx, s7_area area, uint16_t db,
                                       uint32_t start, s7_type type, const void *value);

#endif
