/* Who has the mutex serves all callers; who leads waits for the sockets on behalf of all. */
#include "client/pool_mux_impl.h"

#include "loop/blocking.h"

#include <poll.h>
#include <unistd.h>

#define NS_PER_S INT64_C(1000000000)

/* ---- the mutex ---- */

static void taken(struct s7_pool_mux *mux, struct s7_mux_caller *caller)
{
    mux->serving = caller;
    s7_mux_enter(mux);
}

void s7_mux_acquire(struct s7_pool_mux *mux, struct s7_mux_caller *caller)
{
    pthread_mutex_lock(&mux->mutex);
    taken(mux, caller);
}

bool s7_mux_try_acquire(struct s7_pool_mux *mux, struct s7_mux_caller *caller)
{
    if (pthread_mutex_trylock(&mux->mutex) != 0)
        return false;
    taken(mux, caller);
    return true;
}

static void ring_all(struct s7_mux_caller *caller)
{
    for (struct s7_mux_caller *next; caller != NULL; caller = next) {
        next = caller->next; /* once it has rung, it is gone */
        s7_bell_ring(&caller->bell, S7_MUX_RING_OVER);
    }
}

static void release(struct s7_pool_mux *mux)
{
    struct s7_mux_caller *to_ring = mux->to_ring;

    mux->to_ring = NULL;
    mux->serving = NULL;
    s7_mux_leave(mux);
    pthread_mutex_unlock(&mux->mutex);
    ring_all(to_ring);
}

/* After the mutex was released: is there somebody who found it taken, and whom nobody else serves? Both he
 * and we do first what the other one looks for, so that one of us sees it. */
static bool take_again(struct s7_pool_mux *mux, struct s7_mux_caller *caller)
{
    return atomic_load(&mux->inbox) != NULL && s7_mux_try_acquire(mux, caller);
}

/* ---- who waits ---- */

static void begin_to_wait(struct s7_pool_mux *mux, struct s7_mux_caller *caller)
{
    caller->prev = NULL;
    caller->next = mux->waiting;
    if (mux->waiting != NULL)
        mux->waiting->prev = caller;
    mux->waiting = caller;
}

static void end_to_wait(struct s7_pool_mux *mux, struct s7_mux_caller *caller)
{
    *(caller->prev != NULL ? &caller->prev->next : &mux->waiting) = caller->next;
    if (caller->next != NULL)
        caller->next->prev = caller->prev;
}

void s7_mux_tell(struct s7_pool_mux *mux, struct s7_mux_request *request)
{
    struct s7_mux_caller *caller =
        (struct s7_mux_caller *)(void *)((char *)request - offsetof(struct s7_mux_caller, request));

    end_to_wait(mux, caller);
    caller->over = true;
    if (caller == mux->leader && mux->leader_sleeps)
        s7_mux_wake_leader(mux); /* nobody else leads before it has got up */
    else if (caller == mux->leader)
        mux->leader = NULL;
    if (caller == mux->serving) {
        caller->saw = true;
        return;
    }
    caller->next = mux->to_ring;
    mux->to_ring = caller;
}

/* ---- serving ---- */

/* The inbox has the last one first. */
static struct s7_mux_caller *in_order(struct s7_mux_caller *last)
{
    struct s7_mux_caller *first = NULL;

    for (struct s7_mux_caller *next; last != NULL; last = next) {
        next = last->next;
        last->next = first;
        first = last;
    }
    return first;
}

static void admit(struct s7_pool_mux *mux, int64_t now_ns)
{
    struct s7_mux_caller *next, *caller = in_order(atomic_exchange(&mux->inbox, NULL));

    for (; caller != NULL; caller = next) {
        next = caller->next;
        begin_to_wait(mux, caller);
        s7_mux_submit(mux->core, &caller->request, caller->deadline_ns, caller->answer_ns, now_ns);
    }
    if (mux->closing)
        s7_mux_fail_waiting(mux->core, S7_E_POOL_CLOSED);
}

static s7_status in_vain(struct s7_pool_mux *mux)
{
    s7_pool *pool = mux->pool;

    s7_pool_lock(pool);
    s7_status status = s7_pool_core_in_vain(pool->core);
    s7_pool_unlock(pool);
    return status;
}

static void apply_deadlines(struct s7_pool_mux *mux, int64_t now_ns)
{
    if (now_ns >= s7_mux_deadline(mux->core))
        s7_mux_tick(mux->core, s7_mux_lanes(mux->core) == 0 ? in_vain(mux) : S7_E_TIMEOUT, now_ns);
}

static void withdraw_if_cancelled(struct s7_pool_mux *mux, struct s7_mux_caller *caller)
{
    if (caller != NULL && !caller->over && !caller->request.withdrawn &&
        s7_token_is_cancelled(caller->cancel))
        s7_mux_withdraw(mux->core, &caller->request, S7_E_CANCELLED, "");
}

/* ---- the leader ---- */

struct waited_for {
    struct pollfd fds[2 + S7_POOL_SIZE_MAX];
    nfds_t n;
    int64_t until_ns;
};

static void add(struct waited_for *for_, int fd, short events)
{
    for_->fds[for_->n++] = (struct pollfd){.fd = fd, .events = events};
}

static void collect(struct s7_pool_mux *mux, const struct s7_mux_caller *caller, struct waited_for *for_)
{
    const uint8_t *bytes;

    for_->n = 0;
    for_->until_ns = s7_mux_deadline(mux->core);
    add(for_, mux->wake_fd, POLLIN);
    add(for_, caller->request.withdrawn ? -1 : s7_token_fd(caller->cancel), POLLIN);
    for (struct s7_mux_lane *at = s7_mux_first_lane(mux->core); at != NULL; at = at->next) {
        struct s7_pool_mux_lane *lane = s7_mux_lane_of(at);

        lane->poll_at = -1;
        if (lane->direct == NULL || lane->direct->fd < 0)
            continue;
        bool blocked = s7_session_pending(lane->direct->session, &bytes) > 0;
        lane->poll_at = (int)for_->n;
        add(for_, lane->direct->fd, blocked ? POLLIN | POLLOUT : POLLIN);
    }
}

static void look_at(struct s7_pool_mux *mux, const struct waited_for *for_)
{
    uint64_t count;

    if (for_->fds[0].revents != 0)
        (void)!read(mux->wake_fd, &count, sizeof count);
    for (struct s7_mux_lane *at = s7_mux_first_lane(mux->core); at != NULL; at = at->next) {
        struct s7_pool_mux_lane *lane = s7_mux_lane_of(at);
        short ready = lane->poll_at >= 0 ? for_->fds[lane->poll_at].revents : 0;

        if (ready & POLLOUT)
            at->stirred = true;
        if (ready & ~POLLOUT)
            s7_mux_receive(lane);
        lane->poll_at = -1;
    }
}

static void wait_for(struct waited_for *for_)
{
    int64_t left_ns = for_->until_ns - s7_now_ns();
    struct timespec left = {.tv_sec = 0};

    if (left_ns > 0)
        left =
            (struct timespec){.tv_sec = (time_t)(left_ns / NS_PER_S), .tv_nsec = (long)(left_ns % NS_PER_S)};
    if (ppoll(for_->fds, for_->n, for_->until_ns == S7_NEVER_NS ? NULL : &left, NULL) > 0)
        return;
    for (nfds_t i = 0; i < for_->n; i++) /* they mean nothing after EINTR */
        for_->fds[i].revents = 0;
}

/* Somebody has to wait for the sockets: whoever serves and has to wait anyway; or else the last one that
 * came, since he will have to wait for longest. He is rung with the mutex held, because he may not go by
 * then. true: the caller. */
static bool elect(struct s7_pool_mux *mux, struct s7_mux_caller *caller)
{
    bool waits = caller != NULL && !caller->over;

    if (mux->leader == NULL && waits)
        mux->leader = caller;
    if (mux->leader == NULL && mux->waiting != NULL) {
        mux->leader = mux->waiting;
        mux->leader_until_ns = mux->kept_until_ns = INT64_MIN;
        s7_bell_ring(&mux->leader->bell, S7_MUX_RING_LEAD);
    }
    return waits && mux->leader == caller;
}

static void get_up(struct s7_pool_mux *mux, struct s7_mux_caller *caller)
{
    if (caller == NULL || caller != mux->leader)
        return;
    mux->leader_sleeps = false;
    if (caller->over)
        mux->leader = NULL;
}

/* ---- time ---- */

/* The leader, who sleeps already, does not know that something is to be done for all by then: the caller gets
 * up for it, if it waits, or the leader looks again. */
static void keep_time(struct s7_pool_mux *mux, struct s7_mux_caller *caller)
{
    int64_t at_ns = s7_mux_deadline(mux->core);
    bool waits = caller != NULL && !caller->over;

    if (waits)
        caller->until_ns = caller->deadline_ns;
    if (at_ns >= mux->kept_until_ns || mux->leader == NULL)
        return;
    if (!waits) {
        s7_mux_wake_leader(mux);
        return;
    }
    caller->keeps = true;
    mux->kept_until_ns = at_ns;
    if (at_ns < caller->until_ns)
        caller->until_ns = at_ns;
}

/* It may be early: whoever releases the mutex next sees to the time that is left. */
static void keep_no_more(struct s7_pool_mux *mux, struct s7_mux_caller *caller)
{
    if (caller == NULL || !caller->keeps)
        return;
    caller->keeps = false;
    mux->kept_until_ns = mux->leader_until_ns;
}

/* ---- all of it ---- */

static void serve_once(struct s7_pool_mux *mux, struct s7_mux_caller *caller)
{
    int64_t now_ns = s7_now_ns();

    keep_no_more(mux, caller);
    admit(mux, now_ns);
    withdraw_if_cancelled(mux, caller);
    apply_deadlines(mux, now_ns);
    s7_mux_drive(mux);
}

static void lie_down(struct s7_pool_mux *mux, struct s7_mux_caller *caller, struct waited_for *for_)
{
    collect(mux, caller, for_);
    mux->leader_sleeps = true;
    mux->leader_until_ns = mux->kept_until_ns = for_->until_ns;
}

/* true: the caller leads, and for_ is what it waits for. */
static bool serve_all(struct s7_pool_mux *mux, struct s7_mux_caller *caller, struct waited_for *for_)
{
    bool leads;

    do {
        get_up(mux, caller);
        serve_once(mux, caller);
        leads = elect(mux, caller);
        if (leads)
            lie_down(mux, caller, for_);
        else
            keep_time(mux, caller);
        release(mux);
    } while (take_again(mux, caller));
    return leads;
}

void s7_mux_serve(struct s7_pool_mux *mux)
{
    struct s7_mux_caller *caller = mux->serving;
    struct waited_for for_;

    while (serve_all(mux, caller, &for_)) {
        wait_for(&for_);
        s7_mux_acquire(mux, caller);
        look_at(mux, &for_);
    }
}
