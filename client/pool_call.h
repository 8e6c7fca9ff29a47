/* pool_call.h - one item read or written on a pool without a lease: pool_direct.c does it, for
 * typed_values.c. */
#ifndef CLIENT_POOL_CALL_H
#define CLIENT_POOL_CALL_H

#include <s7rig/pool_direct.h>

const char *s7_pool_where(const s7_pool *pool); /* "127.0.0.1:102" */

/* As s7_pool_read_at, s7_pool_write_at say; a failure is reported. */
S7_MUST_CHECK s7_status s7_pool_call_one(s7_pool *pool, const s7_ctx *ctx, bool write, s7_item *item);

#endif
