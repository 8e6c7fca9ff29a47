/* loop_ev_impl.h - what the files of the libev loop share: turns and streams (loop_ev.c), listeners
 * (loop_ev_listen.c), cables that are out (loop_ev_vanish.c). */
#ifndef LOOP_LOOP_EV_IMPL_H
#define LOOP_LOOP_EV_IMPL_H

#include "loop/ip_addr.h"
#include "loop/loop_impl.h"

#include <errno.h>
#include <ev.h>

struct listener_ev;
struct muted;

struct loop_ev {
    s7_loop base;
    struct ev_loop *ev;
    ev_check turn_begin;
    ev_timer timer;   /* only ends the wait: timers themselves are in base.timers */
    int64_t armed_ns; /* what timer is set to */
    ev_async wake;
    ev_signal signals[2];
    bool watches_signals;
    struct listener_ev *paused;
    struct muted *closed_muted; /* descriptors that cannot be closed without a word to their peer */
};

struct stream_ev {
    s7_stream base;
    enum { DIALING, UP, FAILED } state;
    bool deaf;           /* S7_VANISH_IN: the socket's filter drops everything */
    struct muted *muted; /* S7_VANISH_OUT, for its end; NULL: it may send */
    ev_io io;
};

struct listener_ev {
    s7_listener base;
    ev_io io; /* io.fd < 0: closed */
    s7_timer resume;
    struct listener_ev *next_paused;
};

static inline struct loop_ev *loop_ev_of(const s7_loop *loop)
{
    return (struct loop_ev *)(void *)(uintptr_t)loop;
}

/* Errors that only say "not now". */
static inline bool loop_ev_try_again(int os_errno)
{
    return os_errno == EAGAIN || os_errno == EWOULDBLOCK || os_errno == EINTR;
}

/* A connected stream, which owns fd from here on. NULL: out of memory, fd is still the caller's. */
struct stream_ev *stream_ev_new(s7_loop *loop, int fd, const struct s7_ip_addr *peer);

/* Non-blocking, close-on-exec, TCP_NODELAY; -1 and errno. */
int tcp_ev_socket(const struct s7_ip_addr *ip);

s7_status loop_ev_listen(s7_loop *loop, const char *host, uint16_t port, s7_listener **out, int *os_errno);
void loop_ev_listener_close(s7_listener *listener);
s7_status loop_ev_listener_refuse(s7_listener *listener, bool refuse, int *os_errno);

s7_status loop_ev_vanish(s7_stream *stream, unsigned directions);

/* Close a muted stream without sending anything: its descriptor stays open until the loop is freed. */
void loop_ev_keep_muted(struct loop_ev *loop, struct stream_ev *stream);
void loop_ev_close_muted(struct loop_ev *loop); /* the loop is freed: their peers see a reset */

/* A descriptor is free again: listeners that paused for want of one go on in the next turn. */
void loop_ev_resume_soon(struct loop_ev *loop);

#endif
