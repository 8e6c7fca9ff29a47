#include "client/transfer_work.h"

static struct s7_transfer *of(struct s7_work *work)
{
    return &((struct s7_transfer_work *)work)->transfer;
}

static void pump(struct s7_work *work, s7_session *session)
{
    s7_transfer_pump(of(work), session);
}

static bool event(struct s7_work *work, const struct s7_event *event)
{
    return s7_transfer_event(of(work), event);
}

static void cancel(struct s7_work *work, s7_session *session, s7_status why, const char *detail)
{
    s7_transfer_cancel(of(work), session, why, detail);
}

static bool waits(const struct s7_work *work)
{
    return ((const struct s7_transfer_work *)work)->transfer.in_flight > 0;
}

static bool done(const struct s7_work *work)
{
    return s7_transfer_done(&((const struct s7_transfer_work *)work)->transfer);
}

static const struct s7_work_ops ops = {pump, event, cancel, waits, done};

s7_status s7_transfer_work_begin(struct s7_transfer_work *work, bool write, s7_item *items, size_t n_items,
                                 int64_t deadline_ns, s7_errinfo *err)
{
    work->work = (struct s7_work){.ops = &ops, .deadline_ns = deadline_ns};
    return s7_transfer_begin(&work->transfer, write, items, n_items, deadline_ns, err);
}
