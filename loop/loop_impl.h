/* loop_impl.h - for implementations of loop.h only: what they share, and the functions that each must bring.
 *
 * loop.c owns timers, hooks and ordinals; an implementation owns waiting and bytes. Its turn is:
 *   wait until something is ready or s7_loop_impl_next_timer() is reached; set loop->now_ns; call the ready
 * functions; s7_loop_impl_run_timers(); s7_loop_impl_run_hooks(); s7_loop_impl_free_parked(). */
#ifndef LOOP_LOOP_IMPL_H
#define LOOP_LOOP_IMPL_H

#include "loop/loop.h"

struct s7_loop_ops {
    s7_status (*run)(s7_loop *);
    void (*wake)(s7_loop *);            /* any thread */
    void (*free)(s7_loop *);            /* what is parked as well */
    int64_t (*now_ns)(const s7_loop *); /* NULL: all is done in turns, and it is that of the turn */
    int64_t (*clock_ns)(void);          /* NULL: time stands still in a turn */
    void (*timer_changed)(
        s7_loop *); /* the earliest timer is due at another time now; NULL: the loop asks before each wait */
    int64_t (*wall_ms)(const s7_loop *);
    int64_t (*slept_ns)(const s7_loop *);
    uint64_t (*random)(s7_loop *);
    s7_status (*dial)(s7_loop *, const char *host, uint16_t port, s7_stream **);
    s7_status (*listen)(s7_loop *, const char *host, uint16_t port, s7_listener **, int *os_errno);
    ssize_t (*read)(s7_stream *, uint8_t *, size_t);
    ssize_t (*write)(s7_stream *, const uint8_t *, size_t);
    void (*want_changed)(s7_stream *); /* or its function was set */
    void (*set_options)(s7_stream *, const struct s7_tcp_options *);
    void (*shutdown)(s7_stream *);
    /* Both let go of everything but the struct, which loop.c frees at the end of the turn. */
    void (*close)(s7_stream *, enum s7_close_how);
    void (*listener_close)(s7_listener *);
    s7_status (*vanish)(s7_stream *, unsigned directions);
    s7_status (*listener_lose)(s7_listener *, const struct s7_loss *);
    void (*set_buffer)(s7_stream *, uint32_t len);
    s7_status (*listener_refuse)(s7_listener *, bool refuse, int *os_errno); /* only if it makes a change */
};

struct s7_loop {
    const struct s7_loop_ops *ops;
    int64_t now_ns;
    bool stopping;
    struct s7_heap_node *timers; /* the earliest */
    uint64_t timer_seq;
    s7_turn_hook *hooks;
    s7_turn_hook *hook_next; /* the hook to run next while they run, so that one may remove another */
    uint64_t hook_pass;
    uint64_t last_ordinal;
    unsigned n_streams, n_listeners;
    s7_stream *parked_streams; /* closed in this turn: memory stays valid until it ends */
    s7_listener *parked_listeners;
};

/* Implementations embed both as the first member of what they allocate: free(stream) frees it all. */
struct s7_stream {
    s7_loop *loop;
    s7_stream_fn *fn; /* NULL: reports nothing (not set yet, or closed) */
    void *arg;
    unsigned want; /* never WRITE once it is shut */
    bool shut;     /* s7_stream_shutdown was called */
    s7_status error;
    int os_errno;
    uint64_t ordinal;
    char peer[S7_PEER_TEXT_CAP];
    s7_stream *next_parked;
};

struct s7_listener {
    s7_loop *loop;
    s7_accept_fn *fn;
    void *arg;
    uint16_t port;
    bool refuses; /* s7_listener_refuse; set when the implementation has done it */
    s7_listener *next_parked;
};

/* Fill the shared part of a new (zeroed) loop or stream. A listener's is filled by s7_loop_listen, but for
 * its port. */
void s7_loop_impl_init(s7_loop *loop, const struct s7_loop_ops *ops);
void s7_loop_impl_stream_init(s7_loop *loop, s7_stream *stream);

/* Is there a stream, a listener or a timer? If not, nothing can ever happen. */
bool s7_loop_impl_alive(const s7_loop *loop);

/* Note an error; the first one stays. */
void s7_loop_impl_fail(s7_stream *stream, s7_status error, int os_errno);

/* When the earliest timer is due; S7_NEVER_NS: none is armed. */
int64_t s7_loop_impl_next_timer(const s7_loop *loop);

/* Call every timer that is due at loop->now_ns, in order. A timer armed by one of them, even in the past,
 * waits for the next turn, so that a turn ends. Returns how many were called. */
unsigned s7_loop_impl_run_timers(s7_loop *loop);
void s7_loop_impl_run_hooks(s7_loop *loop);

/* The last act of a turn: free what was closed in it. */
void s7_loop_impl_free_parked(s7_loop *loop);

#endif
