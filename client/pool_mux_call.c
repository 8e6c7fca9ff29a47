/* Callers without a lease: a request, the inbox, and a sleep until it is over. */
#include "client/pool_mux_impl.h"

#include "client/report.h"
#include "loop/blocking.h"

/* ---- one call ---- */

/* Nothing of a call that comes too late is sent. */
static s7_status refuse(struct s7_pool_mux *mux, const struct s7_mux_ask *ask, s7_errinfo *err)
{
    s7_status status = S7_OK;
    const char *detail = "";

    if (ask->deadline_ns <= s7_now_ns()) {
        status = S7_E_TIMEOUT;
        detail = "the deadline had passed before the call: nothing was sent";
    } else if (s7_token_is_cancelled(ask->cancel)) {
        status = S7_E_CANCELLED;
        detail = "cancelled before the call: nothing was sent";
    } else if (!s7_mux_can_wake(mux)) {
        status = S7_E_IO;
        detail = "no descriptor is left for the call to wait with";
    }
    if (status != S7_OK)
        s7_report_came(err, status, detail);
    return status;
}

static void mark_refused(const struct s7_mux_ask *ask, s7_status status)
{
    for (size_t i = 0; ask->items != NULL && i < ask->n_items; i++) {
        ask->items[i].status = status;
        ask->items[i].code = 0;
    }
}

/* On the thread that cancels. The leader polls the token itself. */
static void wake_caller(void *arg)
{
    struct s7_mux_caller *caller = arg;

    s7_bell_tap(&caller->bell, S7_MUX_RING_LOOK);
}

static void push(struct s7_pool_mux *mux, struct s7_mux_caller *caller)
{
    caller->next = atomic_load(&mux->inbox);
    while (!atomic_compare_exchange_weak(&mux->inbox, &caller->next, caller)) {
    }
}

/* Whoever has the mutex serves us as well. */
static void wait_until_over(struct s7_pool_mux *mux, struct s7_mux_caller *caller)
{
    unsigned rung;

    push(mux, caller);
    if (s7_mux_try_acquire(mux, caller))
        s7_mux_serve(mux);
    while (!caller->saw && (rung = s7_bell_wait(&caller->bell, caller->until_ns)) != S7_MUX_RING_OVER) {
        s7_bell_silence(&caller->bell, rung);
        s7_mux_acquire(mux, caller);
        s7_mux_serve(mux);
    }
    if (!caller->keeps)
        return;
    s7_mux_acquire(mux, caller);
    s7_mux_serve(mux);
}

s7_status s7_pool_mux_call(struct s7_pool_mux *mux, const struct s7_mux_ask *ask, s7_errinfo *err,
                           bool *unserved)
{
    struct s7_mux_caller caller;
    struct s7_token_watch watch = {.fn = wake_caller, .arg = &caller};
    s7_status status = refuse(mux, ask, err);

    if (status != S7_OK) {
        mark_refused(ask, status);
        return status;
    }
    status = s7_mux_prepare(&caller.request, ask->write, ask->items, ask->n_items, err);
    if (status != S7_OK)
        return status;
    caller.bell = (struct s7_bell){0};
    caller.over = caller.saw = caller.keeps = false;
    caller.deadline_ns = caller.until_ns = ask->deadline_ns;
    caller.answer_ns = ask->answer_ns;
    caller.cancel = ask->cancel;
    s7_token_watch(caller.cancel, &watch);
    wait_until_over(mux, &caller);
    s7_token_unwatch(caller.cancel, &watch);
    *unserved = caller.request.unserved;
    return s7_mux_result(&caller.request, err);
}
