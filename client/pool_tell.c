#include "client/pool_core_impl.h"

/* What users are told, and counted for them. */

/* ---- events ---- */

s7_pool_event *s7_pool_tell(s7_pool_core *core, s7_pool_event_kind kind, const struct s7_pool_conn *conn,
                            int64_t now_ns)
{
    s7_pool_event *event = &core->unheard;

    if (core->events != NULL && core->n_events < S7_POOL_EVENTS_KEPT)
        event = &core->events[(core->events_first + core->n_events++) % S7_POOL_EVENTS_KEPT];
    else
        core->events_lost += core->events != NULL;
    *event = (s7_pool_event){
        .struct_size = sizeof *event, .kind = kind, .at_ns = now_ns, .conn = conn != NULL ? conn->index : 0};
    return event;
}

bool s7_pool_core_has_event(const s7_pool_core *core)
{
    return core->n_events > 0;
}

bool s7_pool_core_next_event(s7_pool_core *core, s7_pool_event *event)
{
    if (core->n_events == 0)
        return false;
    *event = core->events[core->events_first];
    event->lost = core->events_lost;
    core->events_first = (core->events_first + 1) % S7_POOL_EVENTS_KEPT;
    core->n_events--;
    return true;
}

const char *s7_pool_event_name(s7_pool_event_kind kind)
{
    static const char *const names[S7_POOL_EVENTS] = {
        "connecting", "connected",  "connect_failed", "lost",     "checked", "check_failed",
        "closed",     "wait_began", "wait_ended",     "borrowed", "leak",    "returned",
        "down",       "up",         "full",           "room",     "denied",  "resized",
        "refreshed",  "paused",     "resumed",        "shut"};

    return kind >= 0 && kind < S7_POOL_EVENTS ? names[kind] : "?";
}

/* ---- waits and leases ---- */

void s7_pool_tell_wait(s7_pool_core *core, const struct s7_pool_waiter *waiter,
                       const struct s7_pool_conn *conn, s7_status status, int64_t now_ns)
{
    if (!waiter->waited)
        return;
    s7_pool_event *event = s7_pool_tell(core, S7_POOL_EVENT_WAIT_ENDED, conn, now_ns);
    event->label = waiter->label;
    event->status = status;
    event->took_ns = now_ns - waiter->since_ns;
}

static s7_pool_event *tell_lease(s7_pool_core *core, s7_pool_event_kind kind, const struct s7_pool_conn *conn,
                                 int64_t now_ns)
{
    s7_pool_event *event = s7_pool_tell(core, kind, conn, now_ns);

    event->label = conn->label;
    event->took_ns = now_ns - conn->leased_ns;
    return event;
}

void s7_pool_tell_borrow(s7_pool_core *core, const struct s7_pool_conn *conn, int64_t waited_ns,
                         int64_t now_ns)
{
    if (core->rules.tell_all)
        tell_lease(core, S7_POOL_EVENT_BORROWED, conn, now_ns)->took_ns = waited_ns;
}

void s7_pool_tell_return(s7_pool_core *core, const struct s7_pool_conn *conn, s7_status why, int64_t now_ns)
{
    if (core->rules.tell_all || conn->leak_told)
        tell_lease(core, S7_POOL_EVENT_RETURNED, conn, now_ns)->status = why;
}

/* Those that are lent are listed in the order of lending. */
static struct s7_pool_conn *next_leak(const s7_pool_core *core)
{
    struct s7_pool_conn *conn = core->lists[S7_POOL_LEASED].first;

    while (conn != NULL && conn->leak_told)
        conn = conn->next;
    return conn;
}

int64_t s7_pool_leak_at_ns(const s7_pool_core *core)
{
    const struct s7_pool_conn *conn = core->rules.leak_ns != S7_NEVER_NS ? next_leak(core) : NULL;

    return conn != NULL ? s7_pool_later(conn->leased_ns, core->rules.leak_ns) : S7_NEVER_NS;
}

void s7_pool_tell_leaks(s7_pool_core *core, int64_t now_ns)
{
    while (now_ns >= s7_pool_leak_at_ns(core)) {
        struct s7_pool_conn *conn = next_leak(core);

        conn->leak_told = true;
        core->leaks++;
        (void)tell_lease(core, S7_POOL_EVENT_LEAK, conn, now_ns);
    }
}

void s7_pool_note_return(s7_pool_core *core, const struct s7_pool_conn *conn, s7_status why, int64_t now_ns)
{
    core->puts++;
    s7_histogram_add(&core->lease, now_ns - conn->leased_ns);
    s7_pool_tell_return(core, conn, why, now_ns);
}

/* ---- dials ---- */

static s7_pool_dial_failure failure_of(s7_status why)
{
    switch (why) {
    case S7_E_REFUSED:
        return S7_POOL_DIAL_REFUSED;
    case S7_E_UNREACHABLE:
    case S7_E_RESOLVE:
        return S7_POOL_DIAL_UNREACHABLE;
    case S7_E_TIMEOUT:
        return S7_POOL_DIAL_TIMEOUT;
    case S7_E_CLOSED:
    case S7_E_RESET:
        return S7_POOL_DIAL_ENDED;
    case S7_E_COTP_REFUSED:
        return S7_POOL_DIAL_COTP;
    case S7_E_NEGOTIATION:
    case S7_E_PROTOCOL:
    case S7_E_FRAME:
    case S7_E_PLC:
        return S7_POOL_DIAL_S7;
    case S7_E_NOMEM:
    case S7_E_IO:
        return S7_POOL_DIAL_LOCAL;
    default:
        return S7_POOL_DIAL_OTHER;
    }
}

bool s7_pool_is_refusal(s7_status why)
{
    s7_pool_dial_failure failure = failure_of(why);

    return failure != S7_POOL_DIAL_LOCAL && failure != S7_POOL_DIAL_UNREACHABLE;
}

void s7_pool_note_failure(s7_pool_core *core, const struct s7_pool_conn *conn, s7_status why, int64_t now_ns)
{
    s7_pool_event *event = s7_pool_tell(core, S7_POOL_EVENT_CONNECT_FAILED, conn, now_ns);

    event->status = why;
    event->took_ns = now_ns - conn->since_ns;
    core->connect_failures++;
    core->dial_failures[failure_of(why)]++;
    core->cause = core->dial_error = why;
}

const char *s7_pool_dial_failure_name(s7_pool_dial_failure failure)
{
    static const char *const names[S7_POOL_DIAL_FAILURES] = {"refused", "unreachable", "timeout", "ended",
                                                             "cotp",    "s7",          "other",   "local"};

    return failure >= 0 && failure < S7_POOL_DIAL_FAILURES ? names[failure] : "?";
}
