/* client_impl.h - what stands behind an s7_client. For client*.c, typed.c, area.c, services*.c,
 * and the pool's thread adapter.
 *
 * An s7_client is a direct client, which owns its connection, or a lease, which stands for the connection of
 * a pool as long as it is lent. Both begin with struct s7_client, by which they are told apart. */
#ifndef CLIENT_CLIENT_IMPL_H
#define CLIENT_CLIENT_IMPL_H

#include "client/flight.h"
#include "client/meter.h"
#include "client/push.h"
#include "client/settings.h"
#include "client/token.h"
#include "client/transfer.h"
#include "client/work.h"

#include "loop/never.h"

#include <stdatomic.h>

struct s7_direct;

/* How a lease finds its connection. */
struct s7_lease_ops {
    /* The connection, or NULL and why: S7_E_STALE_LEASE, S7_E_FORKED. From any thread. */
    struct s7_direct *(*find)(const s7_client *lease, s7_status *why);
    /* s7_direct_enter for a call, and what comes after s7_direct_leave. */
    bool (*enter)(s7_client *lease, struct s7_direct *direct);
    void (*left)(s7_client *lease);
    const char *(*where)(const s7_client *lease); /* "127.0.0.1:102" */
};

struct s7_client {
    const struct s7_lease_ops *lease; /* NULL: a struct s7_direct */
};

/* Dialing again by itself. */
struct s7_redial {
    bool wanted;       /* from s7_client_connect to s7_client_close */
    unsigned failures; /* since the last setup that was finished */
    int64_t not_before_ns;
    s7_errinfo last; /* the last one that failed */
    char detail[S7_CAME_CAP];
};

struct s7_direct {
    struct s7_client head;
    atomic_flag busy; /* a call is inside: one owner at a time */
    atomic_bool up;
    atomic_bool taken_away; /* by its pool, which was closed */
    bool pooled;            /* the descriptor belongs to the pool: shut down here, closed there */
    const struct s7_settings *settings;
    s7_session *session;
    int fd;       /* -1: no TCP connection */
    bool told_up; /* what the user was told last */
    bool telling; /* the user's function is running */
    bool dying;   /* freed while a call is inside: its end frees */
    uint64_t connects, reconnects;
    int64_t up_since_ns;
    int64_t begun_ns; /* the call that is inside */
    struct s7_meter meter;
    struct s7_flight *flight; /* NULL: nothing is recorded */
    struct s7_redial redial;
    int64_t owed_until_ns;    /* when answers are owed: how long they are waited for; S7_NEVER_NS otherwise */
    struct s7_event closed;   /* how the last connection ended */
    const s7_token *cancel;   /* of the call that is inside; NULL: nothing cancels it */
    struct s7_pushes *pushes; /* NULL: the PLC was never asked to tell anything */
    uint64_t logged_late, logged_unknown; /* answers that on_log has been told of */

    /* a sign of life that the pool asked for; its answer is taken by whoever is inside when it comes */
    bool probing, alive; /* it is out; it has been answered */
    uint8_t probe_bytes[S7_PROBE_LEN];
    s7_item probe_item;
    struct s7_transfer probe;
};

/* The one call that all reads and writes are made of. list false: the items are pieces of one place, and the
 * status of the first bad one is that of the call. */
S7_MUST_CHECK s7_status s7_client_call(s7_client *client, const s7_ctx *ctx, bool write, s7_item *items,
                                       size_t n_items, bool list);

/* Every call is inside its connection from enter to leave. S7_E_MISUSE: another call is inside;
 * S7_E_STALE_LEASE, S7_E_FORKED; s7_client_enter_detail says more. */
S7_MUST_CHECK s7_status s7_client_enter(s7_client *client, struct s7_direct **out);
void s7_client_leave(s7_client *client, struct s7_direct *direct);
const char *s7_client_enter_detail(s7_status status);

const char *s7_client_where(const s7_client *client); /* "127.0.0.1:102" */

/* Fill err (asked is there already), hand it to the caller and return status. */
s7_status s7_client_fail(const s7_ctx *ctx, s7_errinfo *err, s7_status status, const char *detail);

/* Refuse an argument, with words; returns S7_E_ARG. */
s7_status s7_client_refuse(const s7_client *client, const s7_ctx *ctx, const char *what);

/* Does it know the field that ends there? Contexts of the first version end before cancel. */
static inline bool s7_ctx_knows(const s7_ctx *ctx, size_t end_of_field)
{
    return ctx != NULL && ctx->struct_size >= end_of_field;
}

/* A context, or none. */
static inline bool s7_ctx_is_good(const s7_ctx *ctx)
{
    return ctx == NULL || (s7_ctx_knows(ctx, offsetof(s7_ctx, cancel)) && ctx->timeout_ms >= -1);
}

/* NULL: not asked for. */
s7_errinfo *s7_ctx_err(const s7_ctx *ctx);

/* NULL: nothing cancels. */
static inline s7_token *s7_ctx_cancel(const s7_ctx *ctx)
{
    return s7_ctx_knows(ctx, sizeof *ctx) ? ctx->cancel : NULL;
}

/* default_ns is for a context that says nothing (a time span; S7_NEVER_NS: none). S7_E_ARG: not a context. */
S7_MUST_CHECK s7_status s7_ctx_deadline(const s7_ctx *ctx, int64_t now_ns, int64_t default_ns,
                                        int64_t *deadline_ns);

/* ---- direct clients ---- */

/* The settings must outlive it. */
S7_MUST_CHECK s7_status s7_direct_new(const struct s7_settings *settings, struct s7_direct **out);
void s7_direct_free(struct s7_direct *direct); /* NULL is fine; no call may be inside */

/* One caller at a time; false: somebody is inside. Everything below is called inside. */
bool s7_direct_enter(struct s7_direct *direct);
void s7_direct_leave(struct s7_direct *direct);

/* Carry the session's events to the work of the call (NULL: none is running) or to the probe. */
void s7_direct_drain(struct s7_direct *direct, struct s7_work *work);

/* Send what is queued, take what has come; waits until until_ns for both (now: does not wait). S7_E_TIMEOUT:
 * not by then. S7_E_CANCELLED: by the call's token. Anything else but S7_OK: the connection is lost, and the
 * session knows. Then drain. */
s7_status s7_direct_flush(struct s7_direct *direct, int64_t until_ns);
s7_status s7_direct_receive(struct s7_direct *direct, int64_t until_ns);

/* Take what has come, of which a poll of the caller's has told. S7_E_TIMEOUT: nothing had. Then drain. */
s7_status s7_direct_receive_ready(struct s7_direct *direct);

/* Send what is queued, wait for an answer, take what came. The session itself decides what has run out of
 * time by until_ns. */
void s7_direct_exchange(struct s7_direct *direct, struct s7_work *work, int64_t until_ns);

/* Send what is queued, take what comes by itself, until until_ns at most; no work is under way. An owed
 * answer that is overdue ends the connection. S7_E_TIMEOUT: nothing came; S7_E_CANCELLED. Anything else: look
 * at what came, and whether the connection is still up. */
s7_status s7_direct_listen(struct s7_direct *direct, int64_t until_ns);

/* May a call begin? Dials again where the options ask for it, and takes late answers that are here already.
 * S7_E_NOT_CONNECTED; S7_E_CANCELLED; S7_E_TIMEOUT: its deadline has passed, or an owed answer is overdue,
 * for which the connection was dropped.
 */
S7_MUST_CHECK s7_status s7_direct_ready(struct s7_direct *direct, int64_t now_ns, int64_t deadline_ns,
                                        const char **detail);

/* Dial and shake hands, by the deadline and within connect_ms and handshake_ms; not connected. err is filled
 * on failure. */
S7_MUST_CHECK s7_status s7_direct_dial(struct s7_direct *direct, int64_t deadline_ns, s7_errinfo *err);

/* Does it dial again by itself (auto_reconnect)? Then redial sees to it that it is connected. *detail on
 * failure; S7_E_NOT_CONNECTED: the backoff does not allow an attempt yet. */
bool s7_direct_redials(const struct s7_direct *direct);
S7_MUST_CHECK s7_status s7_direct_redial(struct s7_direct *direct, int64_t deadline_ns, const char **detail);

/* Hint and cause after ready failed with status: what its last dial said. As they are when it did not dial.
 */
void s7_direct_advise(const struct s7_direct *direct, s7_status status, s7_errinfo *err);

/* Work that only reads failed with status for the repeats + 1st time: may it be begun again? */
bool s7_direct_may_repeat(const struct s7_direct *direct, s7_status status, unsigned repeats);

/* Tell the user of a direct client that it is up or down, unless he knows. Not while work is under way. */
void s7_direct_tell(struct s7_direct *direct);

/* Carry the work to its end, by its deadline. */
void s7_direct_drive(struct s7_direct *direct, struct s7_work *work);

/* now_ns + ms, S7_NEVER_NS at most. */
static inline int64_t s7_after_ms(int64_t now_ns, int64_t ms)
{
    return ms * 1000000 > S7_NEVER_NS - now_ns ? S7_NEVER_NS : now_ns + ms * 1000000;
}

#endif
