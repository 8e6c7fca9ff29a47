/* loop_ev.h - loop.h over libev: the real clock and kernel TCP.
 *
 * Sockets are non-blocking, close-on-exec, TCP_NODELAY, and never raise SIGPIPE. Accepted sockets have
 * keep-alive on (30 s idle, as CPs do). Timers are as exact as epoll: up to a millisecond late, never early.
 * Where libev itself runs out of memory or epoll fails, it ends the process; so s7_loop_run does not return
 * S7_E_IO here. A stream that vanished (s7_stream_vanish) does so by a socket filter: bytes that the kernel
 * had taken before go on being sent, the peer's come when its kernel tries again; closed while it is muted,
 * it keeps its descriptor until the loop is freed, and its peer sees a reset then. A loop does not live on in
 * a forked child. Besides include/s7rig/libev.h only loop_ev.c includes <ev.h>. */
#ifndef LOOP_LOOP_EV_H
#define LOOP_LOOP_EV_H

#include "loop/loop.h"

/* A loop of its own. S7_E_NOMEM, S7_E_IO (no event interface). Free with s7_loop_free. */
S7_MUST_CHECK s7_status s7_loop_ev_new(s7_loop **out);

/* Stop the loop (as s7_loop_stop does) when the process gets SIGINT or SIGTERM. At most one loop per process
 * may do so. */
void s7_loop_ev_stop_on_signals(s7_loop *loop);

#endif
