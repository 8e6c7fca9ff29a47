#include "loop/loop_ev.h"

#include "loop/blocking.h"
#include "loop/loop_ev_impl.h"

#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define LONGEST_WAIT_NS INT64_C(86400000000000)
#define NS_PER_MS       1000000
#define SECONDS_PER_NS  1e-9
#define DISCARD_LEN     ((size_t)1 << 30)

static struct stream_ev *stream_of(s7_stream *stream)
{
    return (struct stream_ev *)(void *)stream;
}

/* ---- turns ---- */

/* Of the highest priority: runs right after the wait, before every other function of the turn. */
static void on_turn_begin(struct ev_loop *ev, ev_check *check, int events)
{
    struct loop_ev *l = check->data;

    (void)ev;
    (void)events;
    l->base.now_ns = s7_now_ns();
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
    s7_loop_stop(&l->base);
}

/* libev counts from the time of the last wait, and so does now_ns: a turn that took long is not added to the
 * wait. Should the wait end early by a rounding error, no timer is due by now_ns and this is called again. */
static void arm_timer(struct loop_ev *l)
{
    int64_t next_ns = s7_loop_impl_next_timer(&l->base);

    if (next_ns == l->armed_ns && (next_ns == S7_NEVER_NS || ev_is_active(&l->timer)))
        return;
    l->armed_ns = next_ns;
    ev_timer_stop(l->ev, &l->timer);
    if (next_ns == S7_NEVER_NS)
        return;
    int64_t wait_ns = next_ns - l->base.now_ns; /* next_ns was never set below now_ns: cannot overflow */
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

static int64_t loop_ev_wall_ms(const s7_loop *loop)
{
    struct timespec t;

    (void)loop;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / NS_PER_MS;
}

static uint64_t loop_ev_random(s7_loop *loop)
{
    (void)loop;
    return s7_random_u64();
}

/* ---- streams ---- */

static unsigned wanted(const struct stream_ev *s)
{
    return s->muted == NULL ? s->base.want : s->base.want & ~(unsigned)S7_READY_WRITE;
}

static int events_of(const struct stream_ev *s)
{
    if (s->base.fn == NULL || s->state == FAILED)
        return 0;
    if (s->state == DIALING)
        return EV_WRITE;
    return ((wanted(s) & S7_READY_READ) ? EV_READ : 0) | ((wanted(s) & S7_READY_WRITE) ? EV_WRITE : 0);
}

/* Bring the watcher in line. No system call here: libev compares with what the kernel knows before it waits.
 * A change in the middle of a turn must not lose what was found ready for the rest of it, which stopping a
 * watcher does. */
static void watch(s7_stream *stream)
{
    struct stream_ev *s = stream_of(stream);
    struct ev_loop *ev = loop_ev_of(stream->loop)->ev;
    int events = events_of(s);

    if (events == (ev_is_active(&s->io) ? s->io.events & (EV_READ | EV_WRITE) : 0))
        return;
    int pending = ev_clear_pending(ev, &s->io);
    ev_io_stop(ev, &s->io);
    if (events == 0)
        return;
    ev_io_modify(&s->io, events);
    ev_io_start(ev, &s->io);
    if (pending != 0)
        ev_feed_event(ev, &s->io, pending);
}

static void dial_ended(struct stream_ev *s)
{
    s7_stream *stream = &s->base;
    int error = stream->os_errno;
    socklen_t len = sizeof error;

    if (error == 0 && getsockopt(s->io.fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
        error = errno;
    if (error == 0 && s7_ip_addr_is_own(s->io.fd))
        error = ECONNREFUSED;
    if (error != 0)
        s7_loop_impl_fail(stream, s7_status_from_errno(error), error);
    s->state = error == 0 ? UP : FAILED;
    watch(stream);
    stream->fn(stream, error == 0 ? S7_READY_CONNECTED : S7_READY_FAILED, stream->arg);
}

static void on_ready(struct ev_loop *ev, ev_io *io, int events)
{
    struct stream_ev *s = io->data;
    s7_stream *stream = &s->base;
    unsigned ready = ((events & EV_READ) ? S7_READY_READ : 0U) | ((events & EV_WRITE) ? S7_READY_WRITE : 0U);

    (void)ev;
    if (stream->fn == NULL)
        return;
    if (s->state == DIALING) {
        dial_ended(s);
        return;
    }
    ready &= wanted(s); /* the events are as old as the turn; the want may have changed since */
    if (ready != 0)
        stream->fn(stream, ready, stream->arg);
}

struct stream_ev *stream_ev_new(s7_loop *loop, int fd, const struct s7_ip_addr *peer)
{
    struct stream_ev *s = calloc(1, sizeof *s);

    if (s == NULL)
        return NULL;
    s7_loop_impl_stream_init(loop, &s->base);
    s7_ip_addr_format(peer, s->base.peer, sizeof s->base.peer);
    s->state = UP;
    ev_io_init(&s->io, on_ready, fd, 0);
    s->io.data = s;
    return s;
}

int tcp_ev_socket(const struct s7_ip_addr *ip)
{
    int on = 1;
    int fd = socket(ip->addr.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd >= 0)
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

static s7_status loop_ev_dial(s7_loop *loop, const char *host, uint16_t port, s7_stream **out)
{
    struct s7_ip_addr peer;

    if (!s7_ip_addr_parse(host, port, &peer))
        return S7_E_RESOLVE;
    int fd = tcp_ev_socket(&peer);
    if (fd < 0)
        return errno == ENOMEM ? S7_E_NOMEM : S7_E_IO;
    struct stream_ev *s = stream_ev_new(loop, fd, &peer);
    if (s == NULL) {
        close(fd);
        return S7_E_NOMEM;
    }
    s->state = DIALING;
    /* A socket whose connect failed at once polls as hung up, so every outcome comes through on_ready. */
    if (connect(fd, &peer.addr.any, peer.len) != 0 && errno != EINPROGRESS && errno != EINTR)
        s->base.os_errno = errno;
    *out = &s->base;
    return S7_OK;
}

/* Bytes that came before an error are still read; an error that a write met first is not taken for the peer's
 * end. */
static ssize_t loop_ev_read(s7_stream *stream, uint8_t *buf, size_t cap)
{
    ssize_t n = recv(stream_of(stream)->io.fd, buf, cap, 0);

    if (n > 0)
        return n;
    if (stream->error != S7_OK)
        return -1;
    if (n == 0)
        return 0;
    if (loop_ev_try_again(errno))
        return S7_AGAIN;
    s7_loop_impl_fail(stream, s7_status_from_errno(errno), errno);
    return -1;
}

static ssize_t loop_ev_write(s7_stream *stream, const uint8_t *bytes, size_t len)
{
    struct stream_ev *s = stream_of(stream);

    if (s->muted != NULL)
        return S7_AGAIN;
    ssize_t n = send(s->io.fd, bytes, len, MSG_NOSIGNAL);
    if (n >= 0)
        return n;
    if (loop_ev_try_again(errno))
        return S7_AGAIN;
    s7_loop_impl_fail(stream, s7_status_from_errno(errno), errno);
    return -1;
}

static void loop_ev_shutdown(s7_stream *stream)
{
    struct stream_ev *s = stream_of(stream);

    if (s->state == UP && s->muted == NULL)
        (void)shutdown(s->io.fd, SHUT_WR);
}

static void loop_ev_close(s7_stream *stream, enum s7_close_how how)
{
    struct stream_ev *s = stream_of(stream);
    struct loop_ev *l = loop_ev_of(stream->loop);

    ev_io_stop(l->ev, &s->io);
    if (s->muted != NULL) {
        loop_ev_keep_muted(l, s);
        return;
    }
    if (how == S7_CLOSE_RST) {
        struct linger linger = {.l_onoff = 1, .l_linger = 0};
        (void)setsockopt(s->io.fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    } else if (s->state == UP) {
        /* Unread bytes would turn the FIN into a RST, which destroys what was written but not yet delivered.
         */
        (void)recv(s->io.fd, NULL, DISCARD_LEN, MSG_TRUNC | MSG_DONTWAIT);
    }
    close(s->io.fd);
    loop_ev_resume_soon(l);
}

/* ---- life ---- */

static void loop_ev_free(s7_loop *loop)
{
    struct loop_ev *l = loop_ev_of(loop);

    if (l->watches_signals)
        for (int i = 0; i < 2; i++)
            ev_signal_stop(l->ev, &l->signals[i]);
    ev_async_stop(l->ev, &l->wake);
    ev_timer_stop(l->ev, &l->timer);
    ev_check_stop(l->ev, &l->turn_begin);
    ev_loop_destroy(l->ev);
    loop_ev_close_muted(l);
    free(l);
}

static const struct s7_loop_ops ops = {
    .run = loop_ev_run,
    .wake = loop_ev_wake,
    .free = loop_ev_free,
    .wall_ms = loop_ev_wall_ms,
    .random = loop_ev_random,
    .dial = loop_ev_dial,
    .listen = loop_ev_listen,
    .read = loop_ev_read,
    .write = loop_ev_write,
    .want_changed = watch,
    .shutdown = loop_ev_shutdown,
    .close = loop_ev_close,
    .listener_close = loop_ev_listener_close,
    .vanish = loop_ev_vanish,
    .listener_refuse = loop_ev_listener_refuse,
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
    s7_loop_impl_init(&l->base, &ops);
    l->base.now_ns = s7_now_ns();
    l->armed_ns = S7_NEVER_NS;
    ev_check_init(&l->turn_begin, on_turn_begin);
    ev_set_priority(&l->turn_begin, EV_MAXPRI);
    l->turn_begin.data = l;
    ev_check_start(l->ev, &l->turn_begin);
    ev_init(&l->timer, on_timer);
    ev_async_init(&l->wake, on_wake);
    ev_async_start(l->ev, &l->wake);
    *out = &l->base;
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
