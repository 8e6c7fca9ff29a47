#include "loop/loop_ev.h"

#include "loop/blocking.h"
#include "loop/kernel_impl.h"

#include <s7rig/libev.h>
#include <signal.h>
#include <stdlib.h>

#define LONGEST_WAIT_NS INT64_C(86400000000000)
#define SECONDS_PER_NS  1e-9

struct loop_ev {
    struct s7_kernel_loop kernel;
    struct ev_loop *ev;
    ev_check turn_begin;
    ev_timer timer;   /* only ends the wait: timers themselves are in the base's timers */
    int64_t armed_ns; /* what timer is set to */
    ev_async wake;
    ev_signal signals[2];
    bool watches_signals;
};

static struct loop_ev *loop_ev_of(s7_loop *loop)
{
    return (struct loop_ev *)(void *)loop;
}

/* ---- turns ---- */

/* Of the highest priority: runs right after the wait, before every other function of the turn. */
static void on_turn_begin(struct ev_loop *ev, ev_check *check, int events)
{
    struct loop_ev *l = check->data;

    (void)ev;
    (void)events;
    l->kernel.base.now_ns = s7_now_ns();
}

static void on_timer(struct ev_loop *ev, ev_timer *timer, int events)
{
    (void)ev;
    (void)timer;
    (void)events;
}

static void on_wake(struct ev_loop *ev, ev_async *wake, int events)
{
    (void)ev;
    (void)wake;
    (void)events;
}

static void on_signal(struct ev_loop *ev, ev_signal *watcher, int events)
{
    struct loop_ev *l = watcher->data;

    (void)ev;
    (void)events;
    s7_loop_stop(&l->kernel.base);
}

/* libev counts from the time of the last wait, and so does now_ns: a turn that took long is not added to the
 * wait. Should the wait end early by a rounding error, no timer is due by now_ns and this is called again. */
static void arm_timer(struct loop_ev *l)
{
    int64_t next_ns = s7_loop_impl_next_timer(&l->kernel.base);

    if (next_ns == l->armed_ns && (next_ns == S7_NEVER_NS || ev_is_active(&l->timer)))
        return;
    l->armed_ns = next_ns;
    ev_timer_stop(l->ev, &l->timer);
    if (next_ns == S7_NEVER_NS)
        return;
    /* next_ns was never set below now_ns: cannot overflow */
    int64_t wait_ns = next_ns - l->kernel.base.now_ns;
    if (wait_ns < 0)
        wait_ns = 0;
    if (wait_ns > LONGEST_WAIT_NS)
        wait_ns = LONGEST_WAIT_NS;
    ev_timer_set(&l->timer, (double)wait_ns * SECONDS_PER_NS, 0.);
    ev_timer_start(l->ev, &l->timer);
}

static s7_status loop_ev_run(s7_loop *loop)
{
    struct loop_ev *l = loop_ev_of(loop);

    ev_now_update(l->ev);
    loop->now_ns = s7_now_ns();
    while (!loop->stopping && (s7_loop_impl_alive(loop) || ev_async_pending(&l->wake))) {
        arm_timer(l);
        ev_run(l->ev, EVRUN_ONCE); /* one wait, then on_turn_begin and all that is ready */
        s7_loop_impl_run_timers(loop);
        s7_loop_impl_run_hooks(loop);
        s7_loop_impl_free_parked(loop);
    }
    return S7_OK;
}

static void loop_ev_wake(s7_loop *loop)
{
    struct loop_ev *l = loop_ev_of(loop);

    ev_async_send(l->ev, &l->wake);
}

/* ---- descriptors ---- */

static void on_ready(struct ev_loop *ev, ev_io *io, int events)
{
    (void)ev;
    s7_kernel_ready(io->data, s7_libev_got(events));
}

/* No system call here: libev compares with what the kernel knows before it waits. */
static s7_status watch_fd(struct s7_kernel_loop *kernel, s7_loop_watch *watch)
{
    ev_io *io = watch->room;

    if (io->data == NULL) {
        ev_io_init(io, on_ready, watch->fd, 0);
        io->data = watch;
    }
    s7_libev_want(loop_ev_of(&kernel->base)->ev, io, watch->want);
    return S7_OK;
}

/* ---- life ---- */

static void loop_ev_free(s7_loop *loop)
{
    struct loop_ev *l = loop_ev_of(loop);

    s7_loop_impl_free_parked(loop);
    if (l->watches_signals)
        for (int i = 0; i < 2; i++)
            ev_signal_stop(l->ev, &l->signals[i]);
    ev_async_stop(l->ev, &l->wake);
    ev_timer_stop(l->ev, &l->timer);
    ev_check_stop(l->ev, &l->turn_begin);
    ev_loop_destroy(l->ev);
    s7_kernel_close_muted(&l->kernel);
    free(l);
}

static const struct s7_loop_ops ops = {
    .run = loop_ev_run,
    .wake = loop_ev_wake,
    .free = loop_ev_free,
    S7_KERNEL_OPS,
};

s7_status s7_loop_ev_new(s7_loop **out)
{
    struct loop_ev *l = calloc(1, sizeof *l);

    if (l == NULL)
        return S7_E_NOMEM;
    /* epoll by name: libev's choice may be changed by LIBEV_FLAGS, and not every backend of it is as well
     * tried. */
    l->ev = ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL);
    if (l->ev == NULL) {
        free(l);
        return S7_E_IO;
    }
    s7_loop_impl_init(&l->kernel.base, &ops);
    l->kernel.watch = watch_fd;
    l->kernel.room = sizeof(ev_io);
    l->kernel.base.now_ns = s7_now_ns();
    l->armed_ns = S7_NEVER_NS;
    ev_check_init(&l->turn_begin, on_turn_begin);
    ev_set_priority(&l->turn_begin, EV_MAXPRI);
    l->turn_begin.data = l;
    ev_check_start(l->ev, &l->turn_begin);
    ev_init(&l->timer, on_timer);
    ev_async_init(&l->wake, on_wake);
    ev_async_start(l->ev, &l->wake);
    *out = &l->kernel.base;
    return S7_OK;
}

void s7_loop_ev_stop_on_signals(s7_loop *loop)
{
    static const int numbers[2] = {SIGINT, SIGTERM};
    struct loop_ev *l = loop_ev_of(loop);

    for (int i = 0; i < 2; i++) {
        ev_signal_init(&l->signals[i], on_signal, numbers[i]);
        l->signals[i].data = l;
        ev_signal_start(l->ev, &l->signals[i]);
    }
    l->watches_signals = true;
}
