/* The connections that calls without a lease share: borrowed, fed, listened to, given back. */
#include "client/pool_mux_impl.h"

#include "client/mux_rules.h"
#include "loop/blocking.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define NS_PER_MS INT64_C(1000000)

/* How long one that was refused is not asked for again. */
#define ASK_AGAIN_NS (100 * NS_PER_MS)

/* ---- life ---- */

s7_status s7_pool_mux_new(s7_pool *pool, struct s7_pool_mux **out)
{
    struct s7_pool_mux *mux = calloc(1, sizeof *mux);
    struct s7_mux_rules rules = s7_mux_rules_of(&pool->settings);

    if (mux == NULL)
        return S7_E_NOMEM;
    mux->pool = pool;
    mux->wake_fd = -1;
    s7_status status = s7_mux_core_new(&rules, &mux->core);
    if (status == S7_OK && pthread_mutex_init(&mux->mutex, NULL) != 0)
        status = S7_E_NOMEM;
    if (status != S7_OK) {
        s7_pool_mux_free(mux);
        return status;
    }
    *out = mux;
    return S7_OK;
}

void s7_pool_mux_free(struct s7_pool_mux *mux)
{
    if (mux == NULL)
        return;
    for (struct s7_pool_mux_lane *next, *lane = mux->spare; lane != NULL; lane = next) {
        next = lane->next;
        free(lane);
    }
    for (struct s7_mux_lane *lane = s7_mux_first_lane(mux->core), *next; lane != NULL; lane = next) {
        next = lane->next; /* in a forked child, where somebody was inside */
        free(s7_mux_lane_of(lane));
    }
    s7_mux_core_free(mux->core);
    if (mux->wake_fd >= 0)
        close(mux->wake_fd);
    free(mux);
}

bool s7_mux_can_wake(struct s7_pool_mux *mux)
{
    int none = -1, fd;

    if (atomic_load(&mux->wake_fd) >= 0)
        return true;
    if ((fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0)
        return false;
    if (!atomic_compare_exchange_strong(&mux->wake_fd, &none, fd))
        close(fd); /* another caller was first */
    return true;
}

void s7_mux_wake_leader(struct s7_pool_mux *mux)
{
    uint64_t one = 1;

    if (mux->leader_sleeps)
        (void)!write(mux->wake_fd, &one, sizeof one);
}

/* ---- events of a client ---- */

static void work_pump(struct s7_work *work, s7_session *session)
{
    (void)work;
    (void)session;
}

static bool work_event(struct s7_work *work, const struct s7_event *event)
{
    struct s7_pool_mux_lane *lane = (struct s7_pool_mux_lane *)work;

    return s7_mux_event(lane->mux->core, &lane->lane, event);
}

static void work_cancel(struct s7_work *work, s7_session *session, s7_status why, const char *detail)
{
    struct s7_pool_mux_lane *lane = (struct s7_pool_mux_lane *)work;

    (void)session;
    s7_mux_lane_lost(lane->mux->core, &lane->lane, why, detail);
}

static bool work_waits(const struct s7_work *work)
{
    return ((const struct s7_pool_mux_lane *)work)->lane.in_flight > 0;
}

static bool work_done(const struct s7_work *work)
{
    return !work_waits(work);
}

static const struct s7_work_ops work_ops = {work_pump, work_event, work_cancel, work_waits, work_done};

/* ---- inside ---- */

/* The pool may have taken it away. */
static void enter_lane(struct s7_pool_mux_lane *lane)
{
    s7_status status = s7_client_enter(lane->client, &lane->direct);

    if (status == S7_OK)
        return;
    lane->direct = NULL;
    if (!lane->lane.lost)
        s7_mux_lane_lost(lane->mux->core, &lane->lane, status, "the pool took the connection away");
}

void s7_mux_enter(struct s7_pool_mux *mux)
{
    for (struct s7_mux_lane *lane = s7_mux_first_lane(mux->core); lane != NULL; lane = lane->next)
        enter_lane(s7_mux_lane_of(lane));
}

static void leave_lane(struct s7_pool_mux_lane *lane)
{
    if (lane->direct != NULL)
        s7_client_leave(lane->client, lane->direct);
    lane->direct = NULL;
}

void s7_mux_leave(struct s7_pool_mux *mux)
{
    for (struct s7_mux_lane *lane = s7_mux_first_lane(mux->core); lane != NULL; lane = lane->next)
        leave_lane(s7_mux_lane_of(lane));
}

/* ---- bytes ---- */

static void fell(struct s7_pool_mux_lane *lane, s7_status why)
{
    if (why != S7_OK && why != S7_E_TIMEOUT)
        s7_session_lost(lane->direct->session, why);
    s7_direct_drain(lane->direct, &lane->work);
}

void s7_mux_receive(struct s7_pool_mux_lane *lane)
{
    if (lane->direct != NULL && lane->direct->fd >= 0)
        fell(lane, s7_direct_receive_ready(lane->direct));
}

/* Send what is queued, as far as the socket takes it; events of jobs that were withdrawn. */
static void stir(struct s7_pool_mux_lane *lane)
{
    const uint8_t *bytes;
    bool waits = false;

    lane->lane.stirred = false;
    if (lane->direct == NULL || lane->direct->fd < 0)
        return;
    fell(lane, s7_direct_flush(lane->direct, s7_now_ns()));
    if (lane->direct->fd >= 0)
        waits = s7_session_pending(lane->direct->session, &bytes) > 0;
    if (waits || lane->poll_at < 0)
        s7_mux_wake_leader(lane->mux); /* it waits for something else */
}

/* true: something was stirred. */
static bool stir_all(struct s7_pool_mux *mux)
{
    bool any = false;

    for (struct s7_mux_lane *lane = s7_mux_first_lane(mux->core); lane != NULL; lane = lane->next) {
        any |= lane->stirred;
        if (lane->stirred)
            stir(s7_mux_lane_of(lane));
    }
    return any;
}

/* ---- giving back ---- */

static void put(struct s7_pool_mux *mux, struct s7_pool_mux_lane *lane)
{
    leave_lane(lane);
    (void)s7_pool_put(mux->pool, lane->client);
    lane->next = mux->spare;
    mux->spare = lane;
}

static struct s7_mux_demand demand(struct s7_pool_mux *mux)
{
    struct s7_pool_load load = s7_pool_core_load(mux->pool->core);
    unsigned ours = mux->asking && !mux->ask.done ? 1 : 0;

    return (struct s7_mux_demand){.waiting = load.waiting - ours, .up = load.up};
}

static struct s7_mux_demand review(struct s7_pool_mux *mux, int64_t now_ns)
{
    s7_pool *pool = mux->pool;

    s7_pool_lock(pool);
    for (struct s7_mux_lane *lane = s7_mux_first_lane(mux->core); lane != NULL; lane = lane->next) {
        const struct s7_pool_lent *lent = (const struct s7_pool_lent *)s7_mux_lane_of(lane)->client;

        lane->leaving |= s7_pool_core_wants_back(pool->core, lent->lease, now_ns);
    }
    struct s7_mux_demand others = demand(mux);
    s7_pool_unlock(pool);
    s7_mux_review(mux->core, others, now_ns);
    return others;
}

static void put_back(struct s7_pool_mux *mux)
{
    struct s7_mux_lane *lane;

    while ((lane = s7_mux_next_leaver(mux->core)) != NULL)
        put(mux, s7_mux_lane_of(lane));
}

/* ---- borrowing ---- */

/* With the pool's mutex. */
static void told(struct s7_pool_caller *caller)
{
    struct s7_pool_mux *mux =
        (struct s7_pool_mux *)(void *)((char *)caller - offsetof(struct s7_pool_mux, ask));
    uint64_t one = 1;

    atomic_store(&mux->told, true);
    (void)!write(mux->wake_fd, &one, sizeof one);
}

/* One is asked for at a time, without a deadline: callers have theirs. */
static void ask(struct s7_pool_mux *mux, int64_t now_ns)
{
    s7_pool *pool = mux->pool;

    mux->asking = true;
    mux->ask = (struct s7_pool_caller){.err = NULL};
    s7_pool_lock(pool);
    s7_status status = s7_pool_core_get(pool->core, &mux->ask.waiter, S7_MUX_LABEL, S7_NEVER_NS, now_ns);
    if (status == S7_OK)
        s7_pool_after_event(pool);
    else
        mux->ask.status = status;
    mux->ask.done |= status != S7_OK;
    mux->ask.told = told; /* from now on */
    atomic_store(&mux->told, mux->ask.done);
    s7_pool_unlock(pool);
}

static void stop_asking(struct s7_pool_mux *mux, int64_t now_ns)
{
    s7_pool *pool = mux->pool;

    s7_pool_lock(pool);
    if (!mux->ask.done) {
        s7_pool_core_forgo(pool->core, &mux->ask.waiter, now_ns);
        s7_pool_after_event(pool);
        mux->asking = false;
    }
    s7_pool_unlock(pool);
}

static struct s7_pool_mux_lane *spare_lane(struct s7_pool_mux *mux)
{
    struct s7_pool_mux_lane *lane = mux->spare;

    if (lane == NULL)
        return malloc(sizeof *lane);
    mux->spare = lane->next;
    return lane;
}

/* A connection that ended before it came to us is the pool's business. */
static s7_status use(struct s7_pool_mux *mux, s7_client *client)
{
    struct s7_pool_mux_lane *lane = spare_lane(mux);

    if (lane == NULL) {
        (void)s7_pool_put(mux->pool, client);
        return S7_E_NOMEM;
    }
    lane->work = (struct s7_work){&work_ops, S7_NEVER_NS};
    lane->mux = mux;
    lane->client = client;
    lane->poll_at = -1;
    if (s7_client_enter(client, &lane->direct) != S7_OK)
        lane->direct = NULL;
    if (lane->direct == NULL || lane->direct->fd < 0) {
        put(mux, lane);
        return S7_OK;
    }
    s7_mux_lane_add(mux->core, &lane->lane, lane->direct->session, s7_now_ns());
    return S7_OK;
}

/* Those who wait for it learn why there is none, unless others work for them. */
static void refused(struct s7_pool_mux *mux, s7_status status, int64_t now_ns)
{
    if (s7_mux_lanes(mux->core) == 0)
        s7_mux_fail_waiting(mux->core, status);
    else
        mux->ask_again_ns = now_ns + ASK_AGAIN_NS;
}

/* What we asked for has an outcome. */
static void take_answer(struct s7_pool_mux *mux, int64_t now_ns)
{
    s7_pool *pool = mux->pool;
    s7_client *client;

    s7_pool_lock(pool);
    s7_status status = mux->ask.status;
    if (status == S7_OK)
        status = s7_pool_take_lease(pool, &mux->ask, &client);
    mux->asking = false;
    s7_pool_unlock(pool);
    if (status == S7_OK)
        status = use(mux, client);
    if (status != S7_OK)
        refused(mux, status, now_ns);
}

/* true: something may have changed. */
static bool borrow(struct s7_pool_mux *mux, struct s7_mux_demand others, int64_t now_ns)
{
    bool wanted = s7_mux_wants_lane(mux->core, others, now_ns);

    if (!mux->asking && wanted && (now_ns >= mux->ask_again_ns || s7_mux_lanes(mux->core) == 0))
        ask(mux, now_ns);
    else if (mux->asking && !wanted)
        stop_asking(mux, now_ns);
    if (!mux->asking || !atomic_load(&mux->told))
        return false;
    take_answer(mux, now_ns);
    return true;
}

/* ---- all of it ---- */

void s7_mux_drive(struct s7_pool_mux *mux)
{
    struct s7_mux_request *over;
    bool more;

    do {
        int64_t now_ns = s7_now_ns();
        struct s7_mux_demand others = review(mux, now_ns);

        s7_mux_feed(mux->core, now_ns);
        more = stir_all(mux);
        put_back(mux);
        more |= borrow(mux, others, now_ns);
    } while (more);
    while ((over = s7_mux_next_over(mux->core)) != NULL)
        s7_mux_tell(mux, over);
}

void s7_pool_mux_close(struct s7_pool_mux *mux)
{
    s7_mux_acquire(mux, NULL);
    mux->closing = true;
    s7_mux_serve(mux);
}

void s7_pool_mux_stats(struct s7_pool_mux *mux, s7_pool_stats *stats)
{
    s7_mux_acquire(mux, NULL);
    struct s7_mux_stats now = *s7_mux_stats_of(mux->core);
    s7_mux_serve(mux);
    stats->direct_calls = now.calls;
    stats->direct_jobs = now.jobs;
    stats->direct_merged = now.merged;
}
