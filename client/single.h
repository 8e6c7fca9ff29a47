/* single.h - one address, read or written in one call: room for its bytes, and words for a value that does
 * not fit. For typed*.c, struct.c and symbols_tag.c. */
#ifndef CLIENT_SINGLE_H
#define CLIENT_SINGLE_H

#include <s7rig/client.h>

/* Values up to here live on the stack. */
#define S7_SINGLE_USUAL 1024

struct s7_single {
    s7_item item; /* data: zeroed */
    uint8_t usual[S7_SINGLE_USUAL];
};

/* Then done, in any case. S7_E_NOMEM. */
S7_MUST_CHECK s7_status s7_single_begin(struct s7_single *single, const s7_address *address);
void s7_single_done(struct s7_single *single);

/* The address as its bytes lie in the item: a single bit is bit 0 of a byte. */
s7_address s7_single_layout(const s7_item *item);

/* A STRING or WSTRING that is going to be written, as bytes behind its maximum length; others stay. */
void s7_single_leave_maximum(s7_item *item);

/* Report what became of a value: S7_E_CONVERT, S7_E_TOO_LARGE ..., and return it. S7_OK: nothing is reported.
 */
s7_status s7_single_misfit(const s7_client *client, const s7_ctx *ctx, bool write, const s7_item *item,
                           s7_status status);
s7_status s7_single_misfit_at(const char *where, const s7_ctx *ctx, bool write, const s7_item *item,
                              s7_status status);

#endif
