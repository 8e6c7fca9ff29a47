#include "loop/virtual_wire.h"

#include <errno.h>

/* What Linux does with TCP_USER_TIMEOUT and SO_KEEPALIVE, seen from outside. Acknowledgements and probes are
 * no packets here: while the wire is whole they come at once, while it is broken never. So a timer is armed
 * only while it is broken. */

#define NS_PER_MS          INT64_C(1000000)
#define KEEPALIVE_PROBES   3
#define RETRANSMISSIONS_MS 924600 /* 15 of them, Linux's own limit */
#define KERNEL_INTERVAL_MS 75000  /* between probes, where nothing is asked for */

static int64_t ns_of(uint32_t ms)
{
    return ms * NS_PER_MS;
}

/* Probes are sent each `idle` after the last sign of life; those before the wire broke were answered. */
static int64_t keepalive_ends_ns(const struct virtual_stream *s)
{
    const struct connection *c = s->connection;
    int64_t idle_ns = ns_of(s->tcp.keepalive_idle_ms), answered_ns = c->sides[s->side].heard_ns;
    uint32_t interval_ms = s->tcp.keepalive_interval_ms;
    int64_t interval_ns = ns_of(interval_ms != 0 ? interval_ms : KERNEL_INTERVAL_MS);

    if (idle_ns == 0)
        return S7_NEVER_NS;
    if (c->broken_ns > answered_ns)
        answered_ns += (c->broken_ns - answered_ns) / idle_ns * idle_ns;
    int64_t first_probe_ns = answered_ns + idle_ns;
    if (s->tcp.user_timeout_ms == 0)
        return first_probe_ns + KEEPALIVE_PROBES * interval_ns;
    int64_t at_ns = first_probe_ns + interval_ns;
    while (at_ns < answered_ns + ns_of(s->tcp.user_timeout_ms))
        at_ns += interval_ns;
    return at_ns;
}

/* While something is unacknowledged it is sent again, and nothing is probed. */
static int64_t ends_ns(const struct virtual_stream *s)
{
    int64_t unacked_ns = s->connection->sides[s->side].unacked_ns;

    if (unacked_ns == S7_NEVER_NS)
        return keepalive_ends_ns(s);
    return unacked_ns + ns_of(s->tcp.user_timeout_ms != 0 ? s->tcp.user_timeout_ms : RETRANSMISSIONS_MS);
}

static bool is_patient(const struct virtual_stream *s)
{
    return s->tcp.user_timeout_ms == 0 && s->tcp.keepalive_idle_ms == 0;
}

static void on_patience(s7_timer *timer, void *arg)
{
    struct virtual_stream *s = arg;

    (void)timer;
    s7_loop_impl_fail(&s->base, S7_E_TIMEOUT, ETIMEDOUT);
    s->connection->sides[s->side].closed = true; /* what comes now is answered by a reset */
    packet_queue_drop(&s->connection->sides[s->side].held);
    virtual_stream_update(s);
}

static void look(struct connection *c, unsigned which)
{
    struct side *side = &c->sides[which];
    struct virtual_stream *s = side->stream;
    bool waits = side->in_flight_len > 0 || side->held.first != NULL;

    if (!wire_is_broken(c))
        side->unacked_ns = S7_NEVER_NS;
    else if (waits && side->unacked_ns == S7_NEVER_NS)
        side->unacked_ns = c->loop->base.now_ns;
    if (s == NULL || is_patient(s))
        return;
    bool over = s->state != STREAM_UP || side->reset || s->base.error != S7_OK;
    s7_timer_set(s->base.loop, &s->patience, over || !wire_is_broken(c) ? S7_NEVER_NS : ends_ns(s));
}

void virtual_patience_look(struct connection *c)
{
    if (!wire_is_broken(c))
        c->broken_ns = S7_NEVER_NS;
    else if (c->broken_ns == S7_NEVER_NS)
        c->broken_ns = c->loop->base.now_ns;
    look(c, 0);
    look(c, 1);
}

void virtual_patience_init(struct virtual_stream *s)
{
    s7_timer_init(&s->patience, on_patience, s);
    s->connection->sides[s->side].heard_ns = s->base.loop->now_ns;
}

void virtual_patience_end(struct virtual_stream *s)
{
    s7_timer_stop(&s->patience);
}

void virtual_set_options(s7_stream *stream, const struct s7_tcp_options *options)
{
    struct virtual_stream *s = virtual_stream_of(stream);

    s->tcp = *options;
    if (s->connection != NULL)
        virtual_patience_look(s->connection);
}
