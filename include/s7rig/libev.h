/* libev.h - connections on a libev loop, beside whatever else the program has on it.
 *
 *   s7_loop *loop = s7_libev_attach(ev);
 *   ... make connections on it, ev_run(ev, 0) ...
 *   s7_libev_detach(loop);
 *
 * All of it is in this header: libs7client itself does not need libev, a program that includes this links
 * with -lev. Each descriptor has an ev_io, and there are one ev_timer and one ev_async; priorities are 0, and
 * ev_now is never updated. The rules are those of <s7rig/loop.h>.
 *
 * What keeps ev_run running: connections that are open or being made, and anything that s7rig waits for. A
 * loop without connections does not, so ev_run returns when there is nothing else. */
#ifndef S7RIG_LIBEV_H
#define S7RIG_LIBEV_H

#include <s7rig/loop.h>

#include <ev.h>
#include <stdlib.h>

#if !EV_MULTIPLICITY
#error "<s7rig/libev.h> needs a libev with more than one loop (EV_MULTIPLICITY)"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- private, up to s7_libev_attach ---- */

typedef struct s7_libev {
    struct ev_loop *ev;
    s7_loop *loop;
    ev_timer alarm;
    ev_async woken;
} s7_libev;

typedef struct s7_libev_io {
    ev_io io; /* first; its data is the watch, NULL before the first want */
    s7_libev *libev;
} s7_libev_io;

/* libev forgets what it found ready when a watcher is stopped, and it must be stopped to be changed. */
static inline void s7_libev_want(struct ev_loop *ev, ev_io *io, unsigned want)
{
    int events = 0, pending = ev_clear_pending(ev, io);

    if (want & S7_LOOP_READ)
        events |= EV_READ;
    if (want & S7_LOOP_WRITE)
        events |= EV_WRITE;
    ev_io_stop(ev, io);
    if (events == 0)
        return;
#ifdef ev_io_modify /* from libev 4.32 on: does not make it ask the kernel about the descriptor */
    ev_io_modify(io, events);
#else
    ev_io_set(io, io->fd, events);
#endif
    ev_io_start(ev, io);
    if (pending != 0)
        ev_feed_event(ev, io, pending);
}

static inline unsigned s7_libev_got(int events)
{
    unsigned got = 0;

    if (events & EV_READ)
        got |= S7_LOOP_READ;
    if (events & EV_WRITE)
        got |= S7_LOOP_WRITE;
    return got;
}

static inline void s7_libev_on_io(struct ev_loop *ev, ev_io *io, int events)
{
    s7_libev *libev = ((s7_libev_io *)(void *)io)->libev;

    (void)ev;
    s7_loop_ready(libev->loop, (s7_loop_watch *)io->data, s7_libev_got(events));
}

static inline s7_status s7_libev_watch(void *user, s7_loop_watch *watch)
{
    s7_libev *libev = (s7_libev *)user;
    s7_libev_io *io = (s7_libev_io *)watch->room;

    if (io->io.data == NULL) {
        ev_io_init(&io->io, s7_libev_on_io, watch->fd, 0);
        io->io.data = watch;
        io->libev = libev;
    }
    s7_libev_want(libev->ev, &io->io, watch->want);
    return S7_OK;
}

static inline void s7_libev_on_alarm(struct ev_loop *ev, ev_timer *alarm, int events)
{
    (void)ev;
    (void)events;
    s7_loop_due(((s7_libev *)alarm->data)->loop);
}

/* libev counts from ev_now, which may be a little ago: s7rig is woken too early then, and asks again. */
static inline void s7_libev_alarm(void *user, int64_t after_ns)
{
    s7_libev *libev = (s7_libev *)user;

    ev_timer_stop(libev->ev, &libev->alarm);
    if (after_ns == S7_LOOP_NEVER)
        return;
    ev_timer_set(&libev->alarm, (double)after_ns * 1e-9, 0.);
    ev_timer_start(libev->ev, &libev->alarm);
}

static inline void s7_libev_on_wake(struct ev_loop *ev, ev_async *woken, int events)
{
    (void)ev;
    (void)events;
    s7_loop_due(((s7_libev *)woken->data)->loop);
}

static inline void s7_libev_wake(void *user)
{
    s7_libev *libev = (s7_libev *)user;

    ev_async_send(libev->ev, &libev->woken);
}

/* ---- what programs call ---- */

/* A loop for connections, over ev; NULL: no memory. */
static inline s7_loop *s7_libev_attach(struct ev_loop *ev)
{
    s7_libev *libev = (s7_libev *)calloc(1, sizeof *libev);
    s7_loop_hooks hooks = {sizeof hooks,   sizeof(s7_libev_io), libev,
                           s7_libev_watch, s7_libev_alarm,      s7_libev_wake};

    if (libev == NULL)
        return NULL;
    if (s7_loop_new(&hooks, &libev->loop) != S7_OK) {
        free(libev);
        return NULL;
    }
    libev->ev = ev;
    ev_init(&libev->alarm, s7_libev_on_alarm);
    libev->alarm.data = libev;
    ev_async_init(&libev->woken, s7_libev_on_wake);
    libev->woken.data = libev;
    ev_async_start(ev, &libev->woken);
    ev_unref(ev);
    return libev->loop;
}

/* Before ev is destroyed, and after everything on the loop was freed; in one of their functions, too. NULL is
 * fine. */
static inline void s7_libev_detach(s7_loop *loop)
{
    if (loop == NULL)
        return;
    s7_libev *libev = (s7_libev *)s7_loop_user(loop);

    s7_loop_free(loop);
    ev_timer_stop(libev->ev, &libev->alarm);
    ev_ref(libev->ev);
    ev_async_stop(libev->ev, &libev->woken);
    free(libev);
}

#ifdef __cplusplus
}
#endif
#endif
