#include "loop/virtual_wire.h"

#include <errno.h>

#define SYN_REPEATS_MAX 6 /* Linux: net.ipv4.tcp_syn_retries */
#define NS_PER_S        INT64_C(1000000000)

static enum s7_virtual_dial dial_meets(struct virtual_loop *l, const struct s7_ip_addr *to)
{
    for (struct dial_rule *rule = l->rules; rule != NULL; rule = rule->next)
        if (s7_ip_addr_covers(&rule->to, to))
            return rule->how;
    return S7_DIAL_ACCEPT;
}

/* As Linux does: again after 1, 2, 4 ... s, and the end one such pause after the last one. */
static void syn_lost(struct connection *c)
{
    int64_t pause_ns = NS_PER_S << c->n_syn;

    virtual_trace_event(c->loop, EVENT_SYN_LOST, c->id, c->n_syn, NULL, 0);
    if (c->n_syn++ == SYN_REPEATS_MAX)
        c->sides[0].handshake.kind = PACKET_DIAL_TIMEOUT;
    wire_repeat_syn(c, pause_ns);
}

static void unreachable(struct connection *c, int os_errno, int64_t after_ns)
{
    c->unreachable = os_errno;
    wire_send_unreachable(c, after_ns);
}

static void reaches_listener(struct connection *c)
{
    struct s7_loss loss = virtual_listener_loss(c->loop, &c->to);

    if (loss.kind == S7_LOSS_SYN)
        syn_lost(c);
    else if (loss.kind == S7_LOSS_ROUTE)
        unreachable(c, loss.os_errno, loss.after_ns);
    else if (virtual_listener_for(c->loop, &c->to) == NULL)
        wire_send_rst(c, 1);
    else
        wire_send_handshake(c, 1, PACKET_SYN_ACK);
}

static void syn_arrived(struct connection *c)
{
    enum s7_virtual_dial how = dial_meets(c->loop, &c->to);

    if (c->sides[0].closed || c->sides[1].reset)
        return;
    virtual_trace_event(c->loop, EVENT_SYN, c->id, how, NULL, 0);
    if (how == S7_DIAL_VANISH)
        syn_lost(c);
    else if (how == S7_DIAL_UNREACHABLE)
        unreachable(c, EHOSTUNREACH, 0);
    else if (how == S7_DIAL_REFUSE)
        wire_send_rst(c, 1);
    else
        reaches_listener(c);
}

static void dial_failed(struct connection *c, s7_status error, int os_errno)
{
    struct virtual_stream *s = c->sides[0].stream;

    if (s == NULL || s->state != STREAM_DIALING)
        return;
    s7_loop_impl_fail(&s->base, error, os_errno);
    s->state = STREAM_FAILED;
    virtual_stream_update(s);
}

static void syn_ack_arrived(struct connection *c)
{
    struct virtual_stream *s = c->sides[0].stream;

    if (s == NULL || s->state != STREAM_DIALING)
        return;
    virtual_trace_event(c->loop, EVENT_CONNECTED, c->id, 0, NULL, 0);
    s->state = STREAM_CONNECTED;
    virtual_stream_update(s);
    wire_send_handshake(c, 0, PACKET_ACK);
}

static void ack_arrived(struct connection *c)
{
    struct virtual_loop *l = c->loop;
    s7_listener *listener = virtual_listener_for(l, &c->to);

    if (c->sides[1].reset)
        return;
    struct virtual_stream *s = listener != NULL ? virtual_stream_new(c, 1, &c->from) : NULL;
    if (s == NULL) { /* the listener is gone or shut meanwhile, or there is no memory */
        c->sides[1].closed = true;
        wire_send_rst(c, 1);
        return;
    }
    connection_ref(c);
    s->state = STREAM_UP;
    s->listener = listener;
    virtual_trace_event(l, EVENT_ACCEPTED, s->base.ordinal, c->id, NULL, 0);
    *l->accept_end = s;
    l->accept_end = &s->accept_next;
}

static void data_arrived(struct packet *packet)
{
    struct connection *c = packet->connection;
    unsigned receiver = !packet->from;
    struct side *from = &c->sides[packet->from], *to = &c->sides[receiver];

    virtual_trace_event(c->loop, EVENT_SEGMENT, to->ordinal, 0, packet->bytes, packet->len);
    from->in_flight_len -= packet->len;
    if (to->closed || to->reset) {
        packet_free(packet);
        if (!to->reset)
            wire_send_rst(c, receiver);
        virtual_stream_update(from->stream);
        return;
    }
    packet_queue_add(&to->received, packet);
    to->received_len += packet->len;
    virtual_stream_update(to->stream);
}

static void fin_arrived(struct connection *c, struct side *to)
{
    virtual_trace_event(c->loop, EVENT_FIN, to->ordinal, 0, NULL, 0);
    to->fin_received = true;
    virtual_stream_update(to->stream);
}

static void rst_arrived(struct connection *c, struct side *to)
{
    virtual_trace_event(c->loop, EVENT_RST, to->ordinal, 0, NULL, 0);
    to->reset = true;
    packet_queue_drop(&to->held);
    if (to == &c->sides[0])
        dial_failed(c, S7_E_REFUSED, ECONNREFUSED);
    virtual_stream_update(to->stream);
}

/* Something of this side has arrived; the other one acknowledges it, if that comes through. */
static void heard(struct connection *c, unsigned from)
{
    c->sides[!from].heard_ns = c->loop->base.now_ns;
    if (!c->sides[!from].vanished)
        c->sides[from].heard_ns = c->loop->base.now_ns;
    virtual_patience_look(c);
}

static void packet_arrived(struct packet *packet)
{
    struct connection *c = packet->connection;
    unsigned from = packet->from;
    struct side *to = &c->sides[!packet->from];

    switch (packet->kind) {
    case PACKET_SYN:
        syn_arrived(c);
        break;
    case PACKET_SYN_ACK:
        syn_ack_arrived(c);
        break;
    case PACKET_ACK:
        ack_arrived(c);
        break;
    case PACKET_DATA:
        data_arrived(packet);
        break;
    case PACKET_FIN:
        fin_arrived(c, to);
        break;
    case PACKET_RST:
        rst_arrived(c, to);
        break;
    case PACKET_UNREACHABLE:
        virtual_trace_event(c->loop, EVENT_UNREACHABLE, c->id, 0, NULL, 0);
        dial_failed(c, S7_E_UNREACHABLE, c->unreachable);
        break;
    case PACKET_DIAL_TIMEOUT:
        virtual_trace_event(c->loop, EVENT_DIAL_TIMEOUT, c->id, 0, NULL, 0);
        dial_failed(c, S7_E_TIMEOUT, ETIMEDOUT);
        break;
    }
    heard(c, from);
    connection_unref(c);
}

int64_t virtual_net_next(const struct virtual_loop *l)
{
    return l->in_flight != NULL ? l->in_flight->at_ns : S7_NEVER_NS;
}

void virtual_net_deliver(struct virtual_loop *l)
{
    uint64_t newest_seq = l->packet_seq;
    struct packet *packet;

    while ((packet = wire_next_due(l, newest_seq)) != NULL)
        packet_arrived(packet);
}
