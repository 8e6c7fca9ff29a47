/* virtual_impl.h - what the files of the virtual loop share.
 *
 * loop_virtual.c      time and turns
 * virtual_net.c       the ends: streams and what they are ready for
 * virtual_listen.c    listeners
 * virtual_wire.c      between the ends: packets in flight or held, and when they arrive
 * virtual_arrivals.c  what a packet does where it arrives
 * virtual_patience.c   when silence ends a connection
 * virtual_levers.c    what faults do to connections and addresses
 * virtual_trace.c     the record of events and its hash
 *
 * Nothing here depends on addresses of memory, order in hash tables or real time. */
#ifndef LOOP_VIRTUAL_IMPL_H
#define LOOP_VIRTUAL_IMPL_H

#include "loop/ip_addr.h"
#include "loop/loop_impl.h"
#include "loop/loop_virtual.h"

#include <stdatomic.h>

#define FIRST_FREE_PORT    20000 /* what port 0 gives */
#define FIRST_DIALING_PORT 49152 /* what a dialing side shows as its port, 16384 of them in turn */

struct virtual_stream;
struct virtual_listener;

/* What a lever made of dials to an address. */
struct dial_rule {
    struct s7_ip_addr to;
    enum s7_virtual_dial how;
    struct dial_rule *next;
};

struct virtual_loop {
    s7_loop base;
    struct s7_virtual_options options;
    uint64_t n_draws; /* by s7_loop_random */
    int64_t slept_ns;
    atomic_bool woken;
    uint64_t turn;
    unsigned turns_at_now;

    /* network */
    struct s7_heap_node *in_flight; /* packets; the next to arrive */
    uint64_t packet_seq;
    struct virtual_listener *listeners;
    struct dial_rule *rules;
    uint16_t next_port;
    struct virtual_stream *accept_first, **accept_end; /* connected, to be handed to their listener */
    struct virtual_stream *ready_first, *ready_last; /* what their functions are to be called for is there */

    /* trace */
    uint64_t hash, n_events;
    s7_virtual_trace_fn *trace_fn;
    void *trace_arg;
};

static inline struct virtual_loop *virtual_loop_of(const s7_loop *loop)
{
    return (struct virtual_loop *)(void *)(uintptr_t)loop;
}

/* ---- network: the operations of loop_impl.h, and what a turn needs ---- */

void virtual_net_init(struct virtual_loop *loop);
void virtual_net_free(struct virtual_loop *loop);

s7_status virtual_dial(s7_loop *loop, const char *host, uint16_t port, s7_stream **out);
s7_status virtual_listen(s7_loop *loop, const char *host, uint16_t port, s7_listener **out, int *os_errno);
ssize_t virtual_read(s7_stream *stream, uint8_t *buf, size_t cap);
ssize_t virtual_write(s7_stream *stream, const uint8_t *bytes, size_t len);
void virtual_want_changed(s7_stream *stream);
void virtual_set_options(s7_stream *stream, const struct s7_tcp_options *options);
void virtual_shutdown(s7_stream *stream);
void virtual_close(s7_stream *stream, enum s7_close_how how);
void virtual_listener_close(s7_listener *listener);
s7_status virtual_vanish(s7_stream *stream, unsigned directions);
s7_status virtual_listener_refuse(s7_listener *listener, bool refuse, int *os_errno);
s7_status virtual_listener_lose(s7_listener *listener, const struct s7_loss *loss);

/* When the next packet arrives; S7_NEVER_NS: none is on its way. */
int64_t virtual_net_next(const struct virtual_loop *loop);

/* Is a stream or listener waiting to be called, now? */
bool virtual_net_is_ready(const struct virtual_loop *loop);

/* Let everything arrive that is due now, but for what is sent meanwhile. */
void virtual_net_deliver(struct virtual_loop *loop);

/* Call listeners and streams that are ready; those that become ready meanwhile wait for the next turn. */
void virtual_net_call_ready(struct virtual_loop *loop);

/* ---- trace ---- */

enum virtual_event { /* part of the hash: only ever append */
                     EVENT_LISTEN = 1,
                     EVENT_LISTENER_CLOSE,
                     EVENT_DIAL,
                     EVENT_SYN,
                     EVENT_SYN_LOST,
                     EVENT_CONNECTED,
                     EVENT_ACCEPTED,
                     EVENT_UNREACHABLE,
                     EVENT_DIAL_TIMEOUT,
                     EVENT_SEGMENT,
                     EVENT_FIN,
                     EVENT_RST,
                     EVENT_SHUTDOWN,
                     EVENT_CLOSE,
                     EVENT_TIMERS,
                     EVENT_SET_DIAL,
                     EVENT_SET_LATENCY,
                     EVENT_VANISH,
                     EVENT_RESET,
                     EVENT_STALL,
                     EVENT_SET_BUFFER,
                     EVENT_REFUSE,
                     EVENT_LOSE,
                     EVENT_SLEEP
};

/* ordinal 0: the loop's. number: whatever tells one event of its kind from another. bytes may be NULL when
 * len is 0. */
void virtual_trace_event(struct virtual_loop *loop, enum virtual_event kind, uint64_t ordinal,
                         uint64_t number, const uint8_t *bytes, uint32_t len);
void virtual_trace_address(struct virtual_loop *loop, enum virtual_event kind, uint64_t ordinal,
                           uint64_t number, const struct s7_ip_addr *ip);
void virtual_trace_init(struct virtual_loop *loop);

#endif
