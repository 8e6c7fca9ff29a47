/* client_impl.h - the one call that all reads and writes of the blocking client are made of. For client.c and
 * typed.c. */
#ifndef CLIENT_CLIENT_IMPL_H
#define CLIENT_CLIENT_IMPL_H

#include <s7rig/client.h>

/* list false: the items are pieces of one place, and the status of the first bad one is that of the call. */
S7_MUST_CHECK s7_status s7_client_call(s7_client *client, const s7_ctx *ctx, bool write, s7_item *items,
                                       size_t n_items, bool list);

/* Refuse an argument, with words; returns S7_E_ARG. */
s7_status s7_client_refuse(const s7_client *client, const s7_ctx *ctx, const char *what);

#endif
