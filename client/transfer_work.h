/* transfer_work.h - a transfer as a work (work.h), for whoever drives works of any kind. */
#ifndef CLIENT_TRANSFER_WORK_H
#define CLIENT_TRANSFER_WORK_H

#include "client/transfer.h"
#include "client/work.h"

struct s7_transfer_work {
    struct s7_work work; /* the first: one address for both */
    struct s7_transfer transfer;
};

/* As s7_transfer_begin; the deadline is that of the work. */
S7_MUST_CHECK s7_status s7_transfer_work_begin(struct s7_transfer_work *work, bool write, s7_item *items,
                                               size_t n_items, int64_t deadline_ns, s7_errinfo *err);

#endif
