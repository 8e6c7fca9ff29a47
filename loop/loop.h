/* loop.h - the seam: the only door to clock, timers, sockets and random numbers for event-driven code.
 *
 * The same client, pool and simulator code runs over any implementation of this header:
 *   loop_ev.h       libev, the real clock, kernel TCP
 *   s7rig/loop.h    the event loop of the program that uses the library, the real clock, kernel TCP
 *   loop_virtual.h  virtual time, a seeded in-memory network; the same seed gives the same trace, byte for
 *                   byte
 *
 * A loop goes from turn to turn. In one turn it (a) fixes now_ns, (b) calls the functions of streams and
 * listeners that are ready and of timers that are due, (c) calls the turn hooks once. Hooks are where work
 * that belongs to a whole turn is done: the simulator runs its jobs and commits there, so that everything
 * that arrived together is answered together.
 *
 * Rules. One thread per loop; only s7_loop_wake may be called from another thread. Structs that the caller
 * embeds (timers, hooks) are initialised by their _init and belong to the caller, who removes them before
 * freeing them. A stream or listener may be closed in any callback, its own included: after close returns,
 * its function is never called again. Time is CLOCK_MONOTONIC in int64_t nanoseconds. */
#ifndef LOOP_LOOP_H
#define LOOP_LOOP_H

#include <s7rig/status.h>

#include "loop/heap.h"
#include "loop/never.h"
#include "loop/tcp_options.h"

#include <sys/types.h>

typedef struct s7_loop s7_loop;
typedef struct s7_stream s7_stream;     /* one TCP connection */
typedef struct s7_listener s7_listener; /* one listening TCP socket */

/* ---- the loop ---- */

/* The time of this turn; read once per turn, so that everything in it happens at one time. Between the turns
 * of a program's own loop: the clock. */
int64_t s7_loop_now_ns(const s7_loop *loop);

/* Wall clock in milliseconds since 1970-01-01 UTC, for records that people read; never for intervals. The
 * virtual loop starts at a fixed date. */
int64_t s7_loop_wall_ms(const s7_loop *loop);

/* The clock at this moment, for measuring how long something took within a turn; never for timers. Virtual
 * time stands still in a turn. */
int64_t s7_loop_clock_ns(const s7_loop *loop);

/* For how long the machine has slept so far, while the time of turns stood still; of use only to be compared.
 */
int64_t s7_loop_slept_ns(const s7_loop *loop);

/* 64 random bits. Real: unpredictable. Virtual: a function of the seed and the number of draws so far. */
uint64_t s7_loop_random(s7_loop *loop);

/* Run turns until s7_loop_stop is called, or nothing is left that could ever happen (no stream, listener or
 * timer). S7_E_IO: the operating system's event interface failed. S7_E_MISUSE: see loop_virtual.h; or the
 * program runs the loop itself (s7rig/loop.h). */
S7_MUST_CHECK s7_status s7_loop_run(s7_loop *loop);

/* Leave s7_loop_run at the end of this turn; called before it, the run ends at once. */
void s7_loop_stop(s7_loop *loop);

/* Make the loop take a turn soon (hooks are called even if nothing else is ready). Safe from any thread. */
void s7_loop_wake(s7_loop *loop);

/* NULL is fine. Everything on the loop must have been closed or removed before. */
void s7_loop_free(s7_loop *loop);

/* ---- timers: embedded by their owner, no allocation, total order (time, order of arming) ---- */

typedef struct s7_timer s7_timer;
typedef void s7_timer_fn(s7_timer *timer, void *arg);

struct s7_timer {
    s7_timer_fn *fn; /* private from here on, set by s7_timer_init */
    void *arg;
    s7_loop *loop; /* NULL: not armed */
    struct s7_heap_node node;
};

void s7_timer_init(s7_timer *timer, s7_timer_fn *fn, void *arg);

/* Arm, or move, to fire once at at_ns; never earlier. A time in the past counts as now: it fires in the next
 * turn. S7_NEVER_NS disarms. fn may arm it again, or free it. */
void s7_timer_set(s7_loop *loop, s7_timer *timer, int64_t at_ns);
void s7_timer_stop(s7_timer *timer); /* not armed: nothing happens */

static inline bool s7_timer_is_set(const s7_timer *timer)
{
    return timer->loop != NULL;
}

/* ---- turn hooks: called at the end of every turn, in the order of adding ---- */

typedef struct s7_turn_hook s7_turn_hook;
typedef void s7_turn_fn(s7_loop *loop, void *arg);

struct s7_turn_hook {
    s7_turn_fn *fn; /* private from here on */
    void *arg;
    s7_loop *loop;
    s7_turn_hook *next;
    uint64_t added_in; /* the pass over the hooks in which it was added: it waits for the next one */
};

/* A hook that is added by a hook is first called in the next turn. */
void s7_turn_hook_add(s7_loop *loop, s7_turn_hook *hook, s7_turn_fn *fn, void *arg);
void s7_turn_hook_remove(s7_turn_hook *hook); /* not added: nothing happens */

/* ---- streams ---- */

/* What a stream is ready for. Readiness is level-triggered: the function is called every turn as long as a
 * wanted thing is possible. Errors and the peer's end show as READ: s7_stream_read tells which. */
enum s7_ready {
    S7_READY_READ = 1,
    S7_READY_WRITE = 2,
    S7_READY_CONNECTED = 4, /* dialing ended well; comes once, before anything else */
    S7_READY_FAILED = 8     /* dialing failed: ask s7_stream_error, then close */
};

typedef void s7_stream_fn(s7_stream *stream, unsigned ready, void *arg);

/* Dial host:port; returns at once, the outcome is CONNECTED or FAILED. host is a numeric IPv4 or IPv6 address
 * (names are not resolved here, since that would block the loop). The stream wants READ from the start.
 * S7_E_RESOLVE: not a numeric address. S7_E_NOMEM, S7_E_IO: no stream was made. Anything the peer or the
 * route does comes as FAILED. There is no deadline: the caller closes the stream when it has waited long
 * enough. */
S7_MUST_CHECK s7_status s7_loop_dial(s7_loop *loop, const char *host, uint16_t port, s7_stream_fn *fn,
                                     void *arg, s7_stream **out);

/* After FAILED, or after a read or write returned -1: S7_E_REFUSED, S7_E_UNREACHABLE, S7_E_RESET,
 * S7_E_TIMEOUT, S7_E_IO, S7_E_NOMEM, S7_E_MISUSE (written after s7_stream_shutdown). The first error stays.
 */
s7_status s7_stream_error(const s7_stream *stream);
int s7_stream_errno(const s7_stream *stream);

/* How long the peer's side of the network may be silent on a connected stream; without this call the
 * operating system decides. In virtual time it ends the stream at exactly the time at which Linux would,
 * keepalive to the nearest probe. */
void s7_stream_set_options(s7_stream *stream, const struct s7_tcp_options *options);

/* Choose what to be called for: S7_READY_READ and/or S7_READY_WRITE, or 0. No system call when nothing
 * changes. */
void s7_stream_want(s7_stream *stream, unsigned want);

/* Read what is there: > 0 bytes; 0 the peer's end (FIN); -1 with s7_stream_error; S7_AGAIN nothing now. What
 * came before an error is read first. Once per readiness is enough: what is left is reported again. The end
 * is reported every turn as long as READ is wanted. */
#define S7_AGAIN (-2)
ssize_t s7_stream_read(s7_stream *stream, uint8_t *buf, size_t cap);

/* Write what fits now: >= 0 bytes taken, which may be fewer than len; -1 with s7_stream_error; S7_AGAIN
 * nothing fits. */
ssize_t s7_stream_write(s7_stream *stream, const uint8_t *bytes, size_t len);

/* Replace function and argument (a stream from a listener starts with none and reports nothing until this is
 * called; what is ready then is reported in the next turn at the latest). */
void s7_stream_set_fn(s7_stream *stream, s7_stream_fn *fn, void *arg);

/* Send FIN after what was written, keep reading. The stream is connected; it wants and takes no WRITE from
 * here on. */
void s7_stream_shutdown(s7_stream *stream);

enum s7_close_how { S7_CLOSE_FIN, S7_CLOSE_RST };

/* Close and give the memory back; stream must not be used any more. NULL is fine. With FIN, bytes already
 * written are still delivered, even if received ones were never read; with RST (linger 0), those that have
 * not left yet are dropped. */
void s7_stream_close(s7_stream *stream, enum s7_close_how how);

/* Half-open, for simulators that play a cable that is out: from now on what the peer sends (IN), what this
 * stream sends (OUT), or both go nowhere, silently, ends and resets too; what is on its way still arrives.
 * 0: the cable is back, what was held is delivered. That a stream is closed while OUT is set is not told to
 * its peer; what it held stays until the loop is freed. While OUT is set a write may take bytes, to hold
 * them, or say S7_AGAIN. S7_E_UNSUPPORTED: this loop cannot do it (libev: OUT alone, since the kernel goes on
 * acknowledging; the operating system does not permit the socket filter). S7_E_NOMEM. After both nothing has
 * changed. */
enum s7_vanish { S7_VANISH_IN = 1, S7_VANISH_OUT = 2 };
S7_MUST_CHECK s7_status s7_stream_vanish(s7_stream *stream, unsigned directions);

/* The stream's receive buffer from now on, in bytes: who sends more while nothing is read has to wait. What
 * is there, or was let in already, stays. Kernels round it up. */
void s7_stream_set_buffer(s7_stream *stream, uint32_t len);

/* Counted up per loop from 1; never reused. For logs, traces and fault matchers. */
uint64_t s7_stream_ordinal(const s7_stream *stream);

#define S7_PEER_TEXT_CAP 64
/* "127.0.0.1:50312" or "[::1]:102", the other side. */
const char *s7_stream_peer(const s7_stream *stream);

/* ---- listeners ---- */

typedef void s7_accept_fn(s7_listener *listener, s7_stream *accepted, void *arg);

/* Listen on a numeric address; port 0 picks a free one. The accepted stream belongs to the callee: it must
 * set a function or close it. When no descriptor is left for a new connection, accepting pauses until one is
 * (the listener stays up). S7_E_ADDRESS_IN_USE, S7_E_RESOLVE, S7_E_ARG (address not of this host), S7_E_IO
 * (e.g. no permission for a port below 1024; os_errno in *os_errno, which may be NULL), S7_E_NOMEM. */
S7_MUST_CHECK s7_status s7_loop_listen(s7_loop *loop, const char *host, uint16_t port, s7_accept_fn *fn,
                                       void *arg, s7_listener **out, int *os_errno);

uint16_t s7_listener_port(const s7_listener *listener);

/* Shut the door, for simulators that play a PLC that is off: who dials is refused at once, as if nothing
 * listened; the port stays this listener's. Connections that wait to be accepted are reset, accepted ones
 * stay. false: listen again. The same twice: nothing happens. S7_E_IO: the operating system refused (os_errno
 * in *os_errno, which may be NULL); a listener that could not be opened again stays shut and may be tried
 * again. */
S7_MUST_CHECK s7_status s7_listener_refuse(s7_listener *listener, bool refuse, int *os_errno);

/* What becomes of the SYNs that reach a listener, for simulators that play the way to a PLC. Who is connected
 * stays so. S7_E_UNSUPPORTED: this loop cannot do it (kernel TCP: the route; the operating system does not
 * permit the socket filter). After that nothing has changed. */
enum s7_loss_kind {
    S7_LOSS_NONE,
    S7_LOSS_SYN,  /* dropped without a word: the dialing kernel tries again, and gives up in the end */
    S7_LOSS_ROUTE /* a router says that it knows no way there: dialing fails with S7_E_UNREACHABLE */
};
struct s7_loss {
    enum s7_loss_kind kind;
    uint64_t p;       /* SYN: how many of them, of 2^32; kernel TCP draws by itself */
    int64_t after_ns; /* ROUTE: so long after the SYN */
    int os_errno;     /* ROUTE: EHOSTUNREACH or ENETUNREACH */
};
S7_MUST_CHECK s7_status s7_listener_lose(s7_listener *listener, const struct s7_loss *loss);

void s7_listener_close(s7_listener *listener); /* NULL is fine; accepted streams stay */

#endif
