/* kernel_impl.h - kernel TCP, for the loops that stand on it (loop_ev.c, loop_foreign.c): sockets, and the
 * streams and listeners made of them. Waiting, turns and waking are the loop's own; it brings one function,
 * watch. Streams are in kernel_stream.c, listeners in kernel_listen.c, cables that are out in
 * kernel_vanish.c. */
#ifndef LOOP_KERNEL_IMPL_H
#define LOOP_KERNEL_IMPL_H

#include "loop/ip_addr.h"
#include "loop/loop_impl.h"

#include <errno.h>
#include <s7rig/loop.h>
#include <stddef.h>

struct s7_kernel_listener;
struct s7_kernel_muted;

/* Implementations embed it as the first member. */
struct s7_kernel_loop {
    s7_loop base;
    /* As s7_loop_hooks.watch. */
    s7_status (*watch)(struct s7_kernel_loop *, s7_loop_watch *);
    size_t room; /* of each watch */
    struct s7_kernel_listener *paused;
    struct s7_kernel_muted *closed_muted; /* descriptors that cannot be closed without a word to their peer */
};

/* A descriptor, and what is done when it is ready. */
struct s7_kernel_io {
    s7_loop_watch watch; /* first: what the loop knows of it */
    s7_loop *loop;
    void (*ready)(struct s7_kernel_io *, unsigned got);
};

struct s7_kernel_stream {
    s7_stream base;
    struct s7_kernel_io io;
    enum { S7_KERNEL_DIALING, S7_KERNEL_UP, S7_KERNEL_FAILED } state;
    bool unwatched; /* the loop refused to watch it, which is its error: it is called each turn */
    s7_timer unwatched_turn;
    bool deaf;                     /* S7_VANISH_IN: the socket's filter drops everything */
    struct s7_kernel_muted *muted; /* S7_VANISH_OUT, for its end; NULL: it may send */
    max_align_t room[];
};

struct s7_kernel_listener {
    s7_listener base;
    struct s7_kernel_io io; /* watch.fd < 0: closed */
    bool loses;             /* its socket has a filter for SYNs */
    s7_timer resume;
    struct s7_kernel_listener *next_paused;
    max_align_t room[];
};

static inline struct s7_kernel_loop *s7_kernel_loop_of(const s7_loop *loop)
{
    return (struct s7_kernel_loop *)(void *)(uintptr_t)loop;
}

/* Errors that only say "not now". */
static inline bool s7_kernel_try_again(int os_errno)
{
    return os_errno == EAGAIN || os_errno == EWOULDBLOCK || os_errno == EINTR;
}

/* ---- for loops ---- */

/* What the ops of a loop over kernel TCP have in common. */
#define S7_KERNEL_OPS                                                                                        \
    .clock_ns = s7_now_ns, .wall_ms = s7_kernel_wall_ms, .slept_ns = s7_kernel_slept_ns,                     \
    .random = s7_kernel_random, .dial = s7_kernel_dial, .listen = s7_kernel_listen, .read = s7_kernel_read,  \
    .write = s7_kernel_write, .want_changed = s7_kernel_want_changed, .set_options = s7_kernel_set_options,  \
    .shutdown = s7_kernel_shutdown, .close = s7_kernel_close, .listener_close = s7_kernel_listener_close,    \
    .vanish = s7_kernel_vanish, .listener_refuse = s7_kernel_listener_refuse,                                \
    .listener_lose = s7_kernel_listener_lose, .set_buffer = s7_kernel_set_buffer

/* A watched descriptor is ready for got: call whoever wants to know. */
static inline void s7_kernel_ready(s7_loop_watch *watch, unsigned got)
{
    struct s7_kernel_io *io = (struct s7_kernel_io *)(void *)watch;

    if ((got & watch->want) != 0)
        io->ready(io, got & watch->want);
}

/* The loop is freed: what it kept of streams that were closed while they were muted. Their peers see a
 * reset. */
void s7_kernel_close_muted(struct s7_kernel_loop *loop);

int64_t s7_kernel_wall_ms(const s7_loop *loop);
int64_t s7_kernel_slept_ns(const s7_loop *loop);
uint64_t s7_kernel_random(s7_loop *loop);
s7_status s7_kernel_dial(s7_loop *loop, const char *host, uint16_t port, s7_stream **out);
s7_status s7_kernel_listen(s7_loop *loop, const char *host, uint16_t port, s7_listener **out, int *os_errno);
ssize_t s7_kernel_read(s7_stream *stream, uint8_t *buf, size_t cap);
ssize_t s7_kernel_write(s7_stream *stream, const uint8_t *bytes, size_t len);
void s7_kernel_want_changed(s7_stream *stream);
void s7_kernel_set_options(s7_stream *stream, const struct s7_tcp_options *options);
void s7_kernel_shutdown(s7_stream *stream);
void s7_kernel_close(s7_stream *stream, enum s7_close_how how);
void s7_kernel_listener_close(s7_listener *listener);
s7_status s7_kernel_vanish(s7_stream *stream, unsigned directions);
s7_status s7_kernel_listener_refuse(s7_listener *listener, bool refuse, int *os_errno);
s7_status s7_kernel_listener_lose(s7_listener *listener, const struct s7_loss *loss);
void s7_kernel_set_buffer(s7_stream *stream, uint32_t len);

/* ---- among the files of kernel TCP ---- */

void s7_kernel_io_init(struct s7_kernel_io *io, s7_loop *loop, int fd, void *room,
                       void (*ready)(struct s7_kernel_io *, unsigned got));

/* Want something else of it from now on; nothing happens when it is the same. S7_E_NOMEM, S7_E_IO: the loop
 * cannot watch it, and does not. */
s7_status s7_kernel_watch(struct s7_kernel_io *io, unsigned want);

/* A connected stream, which owns fd from here on. NULL: out of memory, fd is still the caller's. */
struct s7_kernel_stream *s7_kernel_stream_new(s7_loop *loop, int fd, const struct s7_ip_addr *peer);

/* Non-blocking, close-on-exec, TCP_NODELAY; -1 and errno. */
int s7_kernel_socket(const struct s7_ip_addr *ip);

/* Close a muted stream without sending anything: its descriptor stays open until the loop is freed. */
void s7_kernel_keep_muted(struct s7_kernel_loop *loop, struct s7_kernel_stream *stream);

/* A descriptor is free again: listeners that paused for want of one go on in the next turn. */
void s7_kernel_resume_soon(struct s7_kernel_loop *loop);

#endif
