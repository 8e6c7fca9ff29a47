/* Callers without a lease: one of them waits for the sockets, the others for it. */
#include "client/pool_mux_impl.h"

#include "client/report.h"
#include "loop/blocking.h"

#include <poll.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S INT64_C(1000000000)

static struct timespec timespec_of(int64_t ns)
{
    return (struct timespec){.tv_sec = (time_t)(ns / NS_PER_S), .tv_nsec = (long)(ns % NS_PER_S)};
}

/* ---- being told ---- */

void s7_mux_tell(struct s7_pool_mux *mux, struct s7_mux_request *request)
{
    struct s7_mux_caller *caller =
        (struct s7_mux_caller *)(void *)((char *)request - offsetof(struct s7_mux_caller, request));

    caller->over = true;
    if (caller->sleeping)
        pthread_cond_signal(&caller->cond);
    else if (caller == mux->leader)
        s7_mux_wake_leader(mux);
}

/* On the thread that cancels. The leader polls the token itself. */
static void wake_caller(void *arg)
{
    struct s7_mux_caller *caller = arg;

    pthread_mutex_lock(&caller->mux->mutex);
    if (caller->sleeping)
        pthread_cond_signal(&caller->cond);
    pthread_mutex_unlock(&caller->mux->mutex);
}

/* ---- the leader ---- */

struct waited_for {
    struct pollfd fds[2 + S7_POOL_SIZE_MAX];
    nfds_t n;
};

static void add(struct waited_for *for_, int fd, short events)
{
    for_->fds[for_->n++] = (struct pollfd){.fd = fd, .events = events};
}

static void collect(struct s7_pool_mux *mux, const struct s7_mux_caller *caller, struct waited_for *for_)
{
    const uint8_t *bytes;

    for_->n = 0;
    add(for_, mux->wake_fd, POLLIN);
    add(for_, caller->withdrawn ? -1 : s7_token_fd(caller->cancel), POLLIN);
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

static void wait_for(struct waited_for *for_, int64_t until_ns)
{
    int64_t left_ns = until_ns - s7_now_ns();
    struct timespec left = timespec_of(left_ns > 0 ? left_ns : 0);

    if (ppoll(for_->fds, for_->n, until_ns == S7_NEVER_NS ? NULL : &left, NULL) > 0)
        return;
    for (nfds_t i = 0; i < for_->n; i++) /* they mean nothing after EINTR */
        for_->fds[i].revents = 0;
}

/* Once; the mutex is released meanwhile. */
static void lead(struct s7_pool_mux *mux, struct s7_mux_caller *caller)
{
    struct waited_for for_;

    collect(mux, caller, &for_);
    mux->leader = caller;
    mux->leader_until_ns = mux->kept_until_ns = s7_mux_deadline(mux->core);
    s7_mux_leave(mux);
    pthread_mutex_unlock(&mux->mutex);
    wait_for(&for_, mux->leader_until_ns);
    pthread_mutex_lock(&mux->mutex);
    s7_mux_enter(mux);
    mux->leader = NULL;
    look_at(mux, &for_);
}

/* ---- the others ---- */

static void lie_down(struct s7_pool_mux *mux, struct s7_mux_caller *caller)
{
    caller->sleeping = true;
    caller->prev = NULL;
    caller->next = mux->sleepers;
    if (mux->sleepers != NULL)
        mux->sleepers->prev = caller;
    mux->sleepers = caller;
}

static void get_up(struct s7_pool_mux *mux, struct s7_mux_caller *caller)
{
    caller->sleeping = false;
    *(caller->prev != NULL ? &caller->prev->next : &mux->sleepers) = caller->next;
    if (caller->next != NULL)
        caller->next->prev = caller->prev;
}

/* When to get up: at its own deadline; or earlier, when something is to be done for all that the leader, who
 * sleeps already, does not know of, and nobody else has taken it over. */
static int64_t keep_time(struct s7_pool_mux *mux, struct s7_mux_caller *caller)
{
    int64_t at_ns = s7_mux_deadline(mux->core);

    if (at_ns >= mux->kept_until_ns)
        return caller->deadline_ns;
    caller->keeps = true;
    mux->kept_until_ns = at_ns;
    return at_ns < caller->deadline_ns ? at_ns : caller->deadline_ns;
}

static void follow(struct s7_pool_mux *mux, struct s7_mux_caller *caller)
{
    int64_t until_ns = keep_time(mux, caller);
    struct timespec at = timespec_of(until_ns);

    lie_down(mux, caller);
    s7_mux_leave(mux);
    if (until_ns == S7_NEVER_NS)
        pthread_cond_wait(&caller->cond, &mux->mutex);
    else
        pthread_cond_timedwait(&caller->cond, &mux->mutex, &at);
    s7_mux_enter(mux);
    get_up(mux, caller);
    if (!caller->keeps)
        return;
    caller->keeps = false;
    mux->kept_until_ns = mux->leader_until_ns;
    if (caller->over) /* before its time */
        s7_mux_wake_leader(mux);
}

/* Somebody has to wait for the sockets. */
static void hand_over(struct s7_pool_mux *mux)
{
    if (mux->leader == NULL && mux->sleepers != NULL)
        pthread_cond_signal(&mux->sleepers->cond);
}

/* ---- a call ---- */

static s7_status in_vain(struct s7_pool_mux *mux)
{
    s7_pool *pool = mux->pool;

    s7_pool_lock(pool);
    s7_status status = s7_pool_core_in_vain(pool->core);
    s7_pool_unlock(pool);
    return status;
}

static void apply_deadlines(struct s7_pool_mux *mux)
{
    int64_t now_ns = s7_now_ns();

    if (now_ns >= s7_mux_deadline(mux->core))
        s7_mux_tick(mux->core, s7_mux_lanes(mux->core) == 0 ? in_vain(mux) : S7_E_TIMEOUT, now_ns);
}

static void wait_until_over(struct s7_pool_mux *mux, struct s7_mux_caller *caller)
{
    s7_mux_drive(mux);
    while (!caller->over) {
        if (mux->leader == NULL)
            lead(mux, caller);
        else
            follow(mux, caller);
        if (!caller->withdrawn && s7_token_is_cancelled(caller->cancel)) {
            caller->withdrawn = true;
            s7_mux_withdraw(mux->core, &caller->request, S7_E_CANCELLED, "");
        }
        apply_deadlines(mux);
        s7_mux_drive(mux);
    }
    hand_over(mux);
}

/* Nothing of a call that comes too late is sent. */
static s7_status refuse(struct s7_pool_mux *mux, const struct s7_mux_caller *caller, int64_t now_ns,
                        s7_errinfo *err)
{
    s7_status status = S7_OK;
    const char *detail = "";

    if (mux->closing) {
        status = S7_E_POOL_CLOSED;
    } else if (caller->deadline_ns <= now_ns) {
        status = S7_E_TIMEOUT;
        detail = "the deadline had passed before the call: nothing was sent";
    } else if (s7_token_is_cancelled(caller->cancel)) {
        status = S7_E_CANCELLED;
        detail = "cancelled before the call: nothing was sent";
    }
    if (status == S7_OK && !s7_mux_can_wake(mux)) {
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

static s7_status call_locked(struct s7_pool_mux *mux, struct s7_mux_caller *caller,
                             const struct s7_mux_ask *ask, s7_errinfo *err)
{
    int64_t now_ns = s7_now_ns();
    s7_status status = refuse(mux, caller, now_ns, err);

    if (status != S7_OK) {
        mark_refused(ask, status);
        return status;
    }
    s7_mux_enter(mux);
    status = s7_mux_submit(mux->core, &caller->request, ask->write, ask->items, ask->n_items,
                           caller->deadline_ns, now_ns, err);
    if (status == S7_OK) {
        wait_until_over(mux, caller);
        status = s7_mux_result(&caller->request, err);
    }
    s7_mux_leave(mux);
    return status;
}

s7_status s7_pool_mux_call(struct s7_pool_mux *mux, const struct s7_mux_ask *ask, s7_errinfo *err,
                           bool *unserved)
{
    struct s7_mux_caller caller;
    struct s7_token_watch watch = {.fn = wake_caller, .arg = &caller};

    caller.over = caller.sleeping = caller.withdrawn = caller.keeps = false;
    caller.request.unserved = false;
    caller.deadline_ns = ask->deadline_ns;
    caller.cancel = ask->cancel;
    caller.mux = mux;
    if (!s7_pool_cond_init(&caller.cond))
        return S7_E_NOMEM;
    s7_token_watch(caller.cancel, &watch);
    pthread_mutex_lock(&mux->mutex);
    s7_status status = call_locked(mux, &caller, ask, err);
    pthread_mutex_unlock(&mux->mutex);
    s7_token_unwatch(caller.cancel, &watch);
    pthread_cond_destroy(&caller.cond);
    *unserved = caller.request.unserved;
    return status;
}
