#include "client/pool_thread_impl.h"

#include "client/report.h"
#include "loop/blocking.h"

#define NS_PER_MS   INT64_C(1000000)
#define MAX_AT_ONCE 16

/* The pool's thread: carries out what the core wants done with connections, and tells it what happened to
 * them. It waits for all sockets at once and never for a single one. Nothing is decided here. */

static uint64_t cookie_of(const s7_pool *pool, const struct s7_pool_member *member)
{
    return (uint64_t)member->dials << 32 | (uint64_t)(member - pool->members);
}

static unsigned number_of(const s7_pool *pool, const struct s7_pool_member *member)
{
    return (unsigned)(member - pool->members);
}

static enum s7_pool_state state_of(const s7_pool *pool, const struct s7_pool_member *member)
{
    return s7_pool_core_state(pool->core, number_of(pool, member));
}

static int64_t later(int64_t now_ns, uint32_t ms)
{
    return now_ns + ms * NS_PER_MS;
}

/* ---- hands on and off ---- */

/* Nobody is inside: it is not lent, and who is lent it meanwhile waits. The mutex is released. */
static void hands_on(s7_pool *pool, struct s7_pool_member *member)
{
    member->handled = true;
    s7_pool_unlock(pool);
}

static void hands_off(s7_pool *pool, struct s7_pool_member *member)
{
    s7_pool_lock(pool);
    member->handled = false;
    pthread_cond_broadcast(&pool->changed);
}

static void close_socket(s7_pool *pool, struct s7_pool_member *member)
{
    if (member->fd < 0)
        return;
    s7_watch_remove(pool->watch, member->fd);
    s7_tcp_close(member->fd);
    member->fd = -1;
    member->dials++; /* what is still reported of it is old */
}

/* ---- dialing ---- */

static void dial_failed(s7_pool *pool, struct s7_pool_member *member, const s7_errinfo *err)
{
    pool->dial = *err;
    s7_pool_share_give(&pool->share, number_of(pool, member));
    s7_pool_core_dial_failed(pool->core, number_of(pool, member), err->status, s7_random_u64(), s7_now_ns());
}

/* Begin with the host's next address; each gets an equal share of the time that is left. Hands on; false:
 * there is none that can be begun, and err says why (as it was, when there was none at all). */
static bool dial_next(s7_pool *pool, struct s7_pool_member *member, s7_errinfo *err)
{
    while (member->nth < member->n_addresses) {
        s7_errinfo why = S7_ERRINFO_INIT;

        if (s7_pooled_dial(member->direct, member->nth++, &member->fd, &member->n_addresses, &why) != S7_OK) {
            member->fd = -1;
            *err = why;
            continue;
        }
        int64_t now_ns = s7_now_ns();
        member->until_ns =
            now_ns + (member->dial_until_ns - now_ns) / (member->n_addresses - member->nth + 1);
        if (s7_watch_add(pool->watch, member->fd, S7_WATCH_WRITE, cookie_of(pool, member)) == S7_OK)
            return true;
        close_socket(pool, member);
        s7_report_came(err, S7_E_IO, "the kernel watches no more sockets");
    }
    return false;
}

static void dial(s7_pool *pool, struct s7_pool_member *member)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    enum s7_pool_grant grant = s7_pool_share_take(&pool->share, number_of(pool, member));

    if (grant != S7_POOL_GRANTED) {
        s7_pool_core_denied(pool->core, number_of(pool, member), grant == S7_POOL_NO_PLACE, s7_now_ns());
        return;
    }
    s7_pool_core_dialing(pool->core, number_of(pool, member), s7_now_ns());
    member->nth = 0;
    member->n_addresses = 1; /* at least; the first look tells */
    member->tcp_up = false;
    member->dial_until_ns = later(s7_now_ns(), pool->settings.client.options.connect_ms);
    hands_on(pool, member);
    bool begun = dial_next(pool, member, &err);
    hands_off(pool, member);
    if (!begun)
        dial_failed(pool, member, &err);
}

/* TCP has an outcome, or no time left. Hands on; false: failed. */
static bool tcp_step(s7_pool *pool, struct s7_pool_member *member, bool overdue, s7_errinfo *err)
{
    s7_status status = S7_E_TIMEOUT;

    if (!overdue) {
        status = s7_pooled_connected(member->direct, member->fd, err);
    } else {
        s7_settings_asked(&pool->settings.client, err);
        s7_report_why(err, status, "no answer to the TCP connection request", S7_FACT_TCP);
    }
    if (status == S7_OK) {
        member->tcp_up = true;
        member->until_ns = later(s7_now_ns(), pool->settings.client.options.handshake_ms);
        return true;
    }
    close_socket(pool, member);
    return dial_next(pool, member, err);
}

/* The handshake: false: failed. */
static bool handshake_step(s7_pool *pool, struct s7_pool_member *member, bool overdue, s7_errinfo *err)
{
    s7_status why;

    if (overdue)
        s7_pooled_tick(member->direct, S7_NEVER_NS);
    else
        s7_pooled_pump(member->direct);
    if (!s7_pooled_lost(member->direct, &why, err))
        return true;
    close_socket(pool, member);
    return false;
}

/* Something came for a connection that is being made, or its time is up. */
static void dial_step(s7_pool *pool, struct s7_pool_member *member, bool overdue)
{
    s7_errinfo err = S7_ERRINFO_INIT;
    const struct s7_setup *granted = s7_session_granted(member->direct->session);
    bool good = true;

    hands_on(pool, member);
    if (!member->tcp_up)
        good = tcp_step(pool, member, overdue, &err);
    if (good && member->tcp_up)
        good = handshake_step(pool, member, overdue && member->until_ns <= s7_now_ns(), &err);
    hands_off(pool, member);
    if (!good) {
        dial_failed(pool, member, &err);
    } else if (atomic_load(&member->direct->up)) {
        unsigned jobs =
            granted->amq_calling < granted->amq_called ? granted->amq_calling : granted->amq_called;

        s7_watch_set(pool->watch, member->fd, S7_WATCH_LIFE, cookie_of(pool, member));
        s7_pool_share_dialed(&pool->share, number_of(pool, member));
        s7_pool_core_dialed(pool->core, number_of(pool, member), jobs, s7_random_u64(), s7_now_ns());
    } else if (member->tcp_up) {
        s7_watch_set(pool->watch, member->fd, S7_WATCH_READ, cookie_of(pool, member));
    }
}

/* ---- connections that are up ---- */

static void count_late(s7_pool *pool, struct s7_pool_member *member)
{
    uint64_t late = s7_session_stats(member->direct->session)->late_answers;

    pool->late_answers += late - member->late_seen;
    member->late_seen = late;
}

/* Tell the core what a look at the connection has shown, and watch it for what comes next. */
static void tell_core(s7_pool *pool, struct s7_pool_member *member)
{
    unsigned conn = number_of(pool, member);
    struct s7_direct *direct = member->direct;
    s7_status why;

    count_late(pool, member);
    if (s7_pooled_lost(direct, &why, NULL)) {
        s7_pool_core_ended(pool->core, conn, why, s7_now_ns());
        return;
    }
    if (direct->alive) {
        direct->alive = false;
        s7_pool_core_checked(pool->core, conn, s7_now_ns());
    }
    if (s7_session_owed(direct->session) == 0)
        s7_pool_core_drained(pool->core, conn, s7_now_ns());
    enum s7_pool_state state = state_of(pool, member);
    bool more = state == S7_POOL_CHECKING || state == S7_POOL_DIRTY;
    s7_watch_set(pool->watch, member->fd, more ? S7_WATCH_READ : S7_WATCH_LIFE, cookie_of(pool, member));
}

static void check(s7_pool *pool, struct s7_pool_member *member)
{
    hands_on(pool, member);
    s7_pooled_probe(member->direct, &pool->settings.check);
    hands_off(pool, member);
    tell_core(pool, member);
}

static void listen_step(s7_pool *pool, struct s7_pool_member *member)
{
    hands_on(pool, member);
    s7_pooled_pump(member->direct);
    hands_off(pool, member);
    tell_core(pool, member);
}

/* Idle or lent: only its end is watched for. A borrower that gave it up himself says why when he puts it. */
static void life_step(s7_pool *pool, struct s7_pool_member *member, const struct s7_watch_event *event)
{
    if (!event->ended && !event->reset) /* once more for a check that ended meanwhile */
        s7_watch_set(pool->watch, member->fd, S7_WATCH_LIFE, cookie_of(pool, member));
    else if (atomic_load(&member->direct->up))
        s7_pool_core_ended(pool->core, number_of(pool, member), event->reset ? S7_E_RESET : S7_E_CLOSED,
                           s7_now_ns());
}

static void take_event(s7_pool *pool, const struct s7_watch_event *event)
{
    struct s7_pool_member *member = &pool->members[event->cookie & UINT32_MAX];

    if (member->fd < 0 || event->cookie != cookie_of(pool, member))
        return;
    switch (state_of(pool, member)) {
    case S7_POOL_DIALING:
        dial_step(pool, member, false);
        break;
    case S7_POOL_CHECKING:
    case S7_POOL_DIRTY:
        listen_step(pool, member);
        break;
    case S7_POOL_IDLE:
    case S7_POOL_LEASED:
        life_step(pool, member, event);
        break;
    default:
        break;
    }
}

/* ---- closing ---- */

static void close_member(s7_pool *pool, struct s7_pool_member *member)
{
    count_late(pool, member);
    hands_on(pool, member);
    s7_pooled_give_up(member->direct);
    close_socket(pool, member);
    hands_off(pool, member);
    s7_pool_share_give(&pool->share, number_of(pool, member));
    s7_pool_core_closed(pool->core, number_of(pool, member), s7_now_ns());
}

/* Its borrower may be inside: his call fails now, and wakes us when it is over. */
static void take_away(s7_pool *pool, struct s7_pool_member *member)
{
    if (member->lent != NULL)
        s7_pool_lent_end(pool, member->lent, S7_LENT_TAKEN_AWAY);
    atomic_store(&member->direct->taken_away, true);
    if (!member->taken_away)
        s7_tcp_shutdown(member->fd);
    member->taken_away = !s7_direct_enter(member->direct);
    if (member->taken_away)
        return;
    close_member(pool, member);
    s7_direct_leave(member->direct);
}

/* ---- telling the user ---- */

/* The mutex is released, so that he may call the pool. */
static void tell_user(s7_pool *pool)
{
    const s7_pool_options *options = &pool->settings.options;
    s7_pool_event event;

    while (s7_pool_core_next_event(pool->core, &event)) {
        s7_errinfo dial = pool->dial;

        s7_pool_unlock(pool);
        s7_pool_complete_event(&pool->settings, &event, &dial);
        options->on_event(pool, &event, options->user);
        s7_pool_lock(pool);
    }
}

/* ---- the thread ---- */

static void carry_out(s7_pool *pool, const struct s7_pool_action *action)
{
    struct s7_pool_member *member = &pool->members[action->conn];

    switch (action->kind) {
    case S7_POOL_DIAL:
        dial(pool, member);
        break;
    case S7_POOL_CHECK:
        check(pool, member);
        break;
    case S7_POOL_LISTEN:
        s7_watch_set(pool->watch, member->fd, S7_WATCH_READ, cookie_of(pool, member));
        break;
    case S7_POOL_CLOSE:
        close_member(pool, member);
        break;
    case S7_POOL_REVOKE:
        take_away(pool, member);
        break;
    default:
        break;
    }
}

static void look_after_members(s7_pool *pool)
{
    for (unsigned i = 0; i < pool->n_members; i++) {
        struct s7_pool_member *member = &pool->members[i];

        if (member->taken_away)
            take_away(pool, member);
        else if (member->fd >= 0 && state_of(pool, member) == S7_POOL_DIALING &&
                 s7_now_ns() >= member->until_ns)
            dial_step(pool, member, true);
    }
}

static int64_t wake_at_ns(const s7_pool *pool)
{
    int64_t at_ns = s7_pool_core_soonest(pool->core);

    for (unsigned i = 0; i < pool->n_members; i++) {
        const struct s7_pool_member *member = &pool->members[i];

        if (member->fd >= 0 && state_of(pool, member) == S7_POOL_DIALING && member->until_ns < at_ns)
            at_ns = member->until_ns;
    }
    return at_ns;
}

/* Until something happens to a socket, somebody has something to do, or the core has. */
static void sleep_and_take_events(s7_pool *pool)
{
    struct s7_watch_event events[MAX_AT_ONCE];
    int64_t until_ns = wake_at_ns(pool);

    pool->sleeping_until_ns = until_ns;
    s7_pool_unlock(pool);
    unsigned n = s7_watch_wait(pool->watch, until_ns, events, MAX_AT_ONCE);
    s7_pool_lock(pool);
    pool->sleeping_until_ns = INT64_MIN;
    for (unsigned i = 0; i < n; i++) {
        take_event(pool, &events[i]);
        s7_pool_after_event(pool);
    }
}

static void answer_group(s7_pool *pool)
{
    unsigned asked = s7_pool_share_asked(&pool->share);

    if (asked > 0)
        s7_pool_core_yield(pool->core, asked, s7_now_ns());
    s7_pool_core_allowed(pool->core, s7_now_ns());
}

void *s7_pool_chores(void *arg)
{
    s7_pool *pool = arg;
    struct s7_pool_action action;

    s7_pool_lock(pool);
    while (!pool->stop) {
        bool called = s7_pool_share_is_called(&pool->share);

        if (called)
            answer_group(pool);
        s7_pool_core_slept(pool->core, s7_slept_ns(), s7_now_ns());
        while (s7_pool_core_next_chore(pool->core, &action)) {
            carry_out(pool, &action);
            s7_pool_after_event(pool);
        }
        if (called)
            s7_pool_share_pass(&pool->share);
        look_after_members(pool);
        s7_pool_after_event(pool);
        tell_user(pool);
        if (!s7_pool_core_has_chore(pool->core) && !pool->stop)
            sleep_and_take_events(pool);
    }
    tell_user(pool);
    s7_pool_unlock(pool);
    return NULL;
}
