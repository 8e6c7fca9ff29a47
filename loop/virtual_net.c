#include "loop/virtual_wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_FREE_PORT    20000 /* what port 0 gives */
#define FIRST_DIALING_PORT 49152 /* what a dialing side shows as its port, 16384 of them in turn */
#define SYN_REPEATS_MAX    6     /* Linux: net.ipv4.tcp_syn_retries */
#define NS_PER_S           INT64_C(1000000000)

struct virtual_listener {
    s7_listener base;
    struct s7_endpoint bound;
    struct virtual_listener *next;
};

static struct side *own_side(const struct virtual_stream *s)
{
    return &s->connection->sides[s->side];
}

static struct side *peer_side(const struct virtual_stream *s)
{
    return &s->connection->sides[!s->side];
}

/* ---- readiness ---- */

static unsigned possible(const struct virtual_stream *s)
{
    const struct side *side = own_side(s);
    unsigned ready = 0;

    if (side->reset || s->base.error != S7_OK)
        return S7_READY_READ | S7_READY_WRITE; /* both calls end at once, with the error */
    if (!side->stalled && (side->received_len > 0 || side->fin_received))
        ready |= S7_READY_READ;
    if (wire_window(s->connection, s->side) > 0)
        ready |= S7_READY_WRITE;
    return ready;
}

static unsigned ready_for(const struct virtual_stream *s)
{
    if (s->base.fn == NULL)
        return 0;
    switch (s->state) {
    case STREAM_CONNECTED:
        return S7_READY_CONNECTED;
    case STREAM_FAILED:
        return S7_READY_FAILED;
    case STREAM_UP:
        return possible(s) & s->base.want;
    default:
        return 0;
    }
}

static void ready_remove(struct virtual_loop *l, struct virtual_stream *s)
{
    *(s->ready_prev != NULL ? &s->ready_prev->ready_next : &l->ready_first) = s->ready_next;
    *(s->ready_next != NULL ? &s->ready_next->ready_prev : &l->ready_last) = s->ready_prev;
    s->is_ready = false;
}

static void ready_add(struct virtual_loop *l, struct virtual_stream *s)
{
    s->ready_next = NULL;
    s->ready_prev = l->ready_last;
    *(l->ready_last != NULL ? &l->ready_last->ready_next : &l->ready_first) = s;
    l->ready_last = s;
    s->ready_turn = l->turn;
    s->is_ready = true;
}

void virtual_stream_update(struct virtual_stream *s)
{
    if (s == NULL)
        return;
    bool ready = ready_for(s) != 0;
    if (ready && !s->is_ready)
        ready_add(virtual_loop_of(s->base.loop), s);
    else if (!ready && s->is_ready)
        ready_remove(virtual_loop_of(s->base.loop), s);
}

void virtual_want_changed(s7_stream *stream)
{
    virtual_stream_update(virtual_stream_of(stream));
}

static void call_stream(struct virtual_loop *l, struct virtual_stream *s)
{
    unsigned ready = ready_for(s);

    ready_remove(l, s);
    if (s->state == STREAM_CONNECTED)
        s->state = STREAM_UP;
    else if (s->state == STREAM_FAILED)
        s->state = STREAM_DEAD;
    s->base.fn(&s->base, ready, s->base.arg);
    virtual_stream_update(s); /* closed meanwhile: parked, and ready for nothing */
}

static struct virtual_stream *accept_take(struct virtual_loop *l)
{
    struct virtual_stream *s = l->accept_first;

    l->accept_first = s->accept_next;
    if (l->accept_first == NULL)
        l->accept_end = &l->accept_first;
    return s;
}

static void hand_over(struct virtual_stream *s)
{
    s7_listener *listener = &s->listener->base;

    s->listener = NULL;
    listener->fn(listener, &s->base, listener->arg);
}

void virtual_net_call_ready(struct virtual_loop *l)
{
    uint64_t turn = ++l->turn;

    while (l->accept_first != NULL)
        hand_over(accept_take(l));
    while (l->ready_first != NULL && l->ready_first->ready_turn < turn)
        call_stream(l, l->ready_first);
}

bool virtual_net_is_ready(const struct virtual_loop *l)
{
    return l->ready_first != NULL || l->accept_first != NULL;
}

/* ---- streams ---- */

static struct virtual_stream *stream_new(struct connection *c, unsigned side, const struct s7_endpoint *peer)
{
    struct virtual_stream *s = calloc(1, sizeof *s);

    if (s == NULL)
        return NULL;
    s7_loop_impl_stream_init(&c->loop->base, &s->base);
    s7_endpoint_format(peer, s->base.peer, sizeof s->base.peer);
    s->connection = c;
    s->side = side;
    c->sides[side].stream = s;
    c->sides[side].ordinal = s->base.ordinal;
    return s;
}

static void trace_address(struct virtual_loop *l, enum virtual_event kind, uint64_t ordinal, uint64_t number,
                          const struct s7_endpoint *endpoint)
{
    char text[S7_PEER_TEXT_CAP];

    s7_endpoint_format(endpoint, text, sizeof text);
    virtual_trace_event(l, kind, ordinal, number, (const uint8_t *)text, (uint32_t)strlen(text));
}

s7_status virtual_dial(s7_loop *loop, const char *host, uint16_t port, s7_stream **out)
{
    struct virtual_loop *l = virtual_loop_of(loop);
    struct s7_endpoint to;

    if (!s7_endpoint_parse(host, port, &to))
        return S7_E_RESOLVE;
    struct connection *c = connection_new(l, &to);
    if (c == NULL)
        return S7_E_NOMEM;
    struct virtual_stream *s = stream_new(c, 0, &to); /* takes over the reference */
    if (s == NULL) {
        connection_unref(c);
        return S7_E_NOMEM;
    }
    s->state = STREAM_DIALING;
    c->id = s->base.ordinal;
    /* Everything is on one host: the dialing side shows the address that it dialed. */
    c->from = to;
    s7_endpoint_set_port(&c->from, (uint16_t)(FIRST_DIALING_PORT + c->id % (65536 - FIRST_DIALING_PORT)));
    trace_address(l, EVENT_DIAL, c->id, 0, &to);
    wire_send_handshake(c, 0, PACKET_SYN);
    *out = &s->base;
    return S7_OK;
}

static ssize_t take_received(struct side *side, uint8_t *buf, size_t cap)
{
    size_t got = 0;

    while (got < cap && side->received.first != NULL) {
        struct packet *p = side->received.first;
        uint32_t n = p->len - p->taken;

        if (n > cap - got)
            n = (uint32_t)(cap - got);
        memcpy(buf + got, p->bytes + p->taken, n);
        got += n;
        p->taken += n;
        side->received_len -= n;
        if (p->taken == p->len)
            packet_free(packet_queue_take(&side->received));
    }
    return (ssize_t)got;
}

ssize_t virtual_read(s7_stream *stream, uint8_t *buf, size_t cap)
{
    struct virtual_stream *s = virtual_stream_of(stream);
    struct side *side = own_side(s);
    ssize_t n = 0;

    if (!side->stalled || side->reset)
        n = take_received(side, buf, cap);
    if (n > 0) {
        virtual_stream_update(s);
        virtual_stream_update(peer_side(s)->stream);
        return n;
    }
    if (side->reset)
        s7_loop_impl_fail(stream, S7_E_RESET, ECONNRESET);
    if (stream->error != S7_OK)
        return -1;
    return side->fin_received && !side->stalled ? 0 : S7_AGAIN;
}

ssize_t virtual_write(s7_stream *stream, const uint8_t *bytes, size_t len)
{
    struct virtual_stream *s = virtual_stream_of(stream);

    if (s->state != STREAM_UP)
        return S7_AGAIN;
    if (own_side(s)->reset) {
        s7_loop_impl_fail(stream, S7_E_RESET, ECONNRESET);
        return -1;
    }
    uint32_t n = wire_window(s->connection, s->side);
    if (n == 0)
        return S7_AGAIN;
    if (n > len)
        n = (uint32_t)len;
    n = wire_send_bytes(s->connection, s->side, bytes, n);
    virtual_stream_update(s);
    if (n > 0)
        return n;
    s7_loop_impl_fail(stream, S7_E_NOMEM, ENOMEM);
    return -1;
}

void virtual_shutdown(s7_stream *stream)
{
    struct virtual_stream *s = virtual_stream_of(stream);

    if (s->state != STREAM_UP || own_side(s)->reset)
        return;
    virtual_trace_event(s->connection->loop, EVENT_SHUTDOWN, stream->ordinal, 0, NULL, 0);
    wire_send_fin(s->connection, s->side);
}

void virtual_close(s7_stream *stream, enum s7_close_how how)
{
    struct virtual_stream *s = virtual_stream_of(stream);
    struct connection *c = s->connection;
    struct side *side = own_side(s);

    virtual_trace_event(c->loop, EVENT_CLOSE, stream->ordinal, how, NULL, 0);
    virtual_stream_update(s); /* its function is NULL: off the list */
    packet_queue_drop(&side->received);
    side->received_len = 0;
    side->closed = true;
    side->stream = NULL;
    /* A side that is dialing has nobody to say goodbye to: it drops the SYN-ACK that may come. */
    if (!side->reset && (s->state == STREAM_UP || s->state == STREAM_CONNECTED)) {
        if (how == S7_CLOSE_RST)
            wire_send_rst(c, s->side);
        else
            wire_send_fin(c, s->side);
    }
    virtual_stream_update(peer_side(s)->stream);
    s->state = STREAM_DEAD;
    s->connection = NULL;
    connection_unref(c);
}

/* ---- listeners ---- */

static struct virtual_listener *listener_for(struct virtual_loop *l, const struct s7_endpoint *to)
{
    struct virtual_listener *any = NULL;

    for (struct virtual_listener *i = l->listeners; i != NULL; i = i->next) {
        if (s7_endpoint_equal(&i->bound, to))
            return i;
        if (s7_endpoint_covers(&i->bound, to))
            any = i;
    }
    return any;
}

static bool in_use(struct virtual_loop *l, const struct s7_endpoint *bound)
{
    for (struct virtual_listener *i = l->listeners; i != NULL; i = i->next)
        if (s7_endpoint_covers(&i->bound, bound) || s7_endpoint_covers(bound, &i->bound))
            return true;
    return false;
}

/* The next free port, in turn, so that a port just given up is not soon another's. */
static bool pick_port(struct virtual_loop *l, struct s7_endpoint *bound)
{
    for (int i = FIRST_FREE_PORT; i < FIRST_DIALING_PORT; i++) {
        s7_endpoint_set_port(bound, l->next_port);
        l->next_port = l->next_port + 1 < FIRST_DIALING_PORT ? (uint16_t)(l->next_port + 1) : FIRST_FREE_PORT;
        if (!in_use(l, bound))
            return true;
    }
    return false;
}

s7_status virtual_listen(s7_loop *loop, const char *host, uint16_t port, s7_listener **out, int *os_errno)
{
    struct virtual_loop *l = virtual_loop_of(loop);
    struct s7_endpoint bound;

    if (!s7_endpoint_parse(host, port, &bound))
        return S7_E_RESOLVE;
    if (port == 0 ? !pick_port(l, &bound) : in_use(l, &bound)) {
        *os_errno = EADDRINUSE;
        return S7_E_ADDRESS_IN_USE;
    }
    struct virtual_listener *listener = calloc(1, sizeof *listener);
    if (listener == NULL)
        return S7_E_NOMEM;
    listener->bound = bound;
    listener->base.port = s7_endpoint_port(&bound);
    listener->next = l->listeners;
    l->listeners = listener;
    trace_address(l, EVENT_LISTEN, 0, 0, &bound);
    *out = &listener->base;
    return S7_OK;
}

static void reset_unaccepted(struct virtual_loop *l, const struct virtual_listener *listener)
{
    struct virtual_stream *s = l->accept_first;

    l->accept_first = NULL;
    l->accept_end = &l->accept_first;
    while (s != NULL) {
        struct virtual_stream *next = s->accept_next;

        if (s->listener == listener) {
            s7_stream_close(&s->base, S7_CLOSE_RST);
        } else {
            s->accept_next = NULL;
            *l->accept_end = s;
            l->accept_end = &s->accept_next;
        }
        s = next;
    }
}

void virtual_listener_close(s7_listener *base)
{
    struct virtual_listener *listener = (struct virtual_listener *)(void *)base;
    struct virtual_loop *l = virtual_loop_of(base->loop);
    struct virtual_listener **link = &l->listeners;

    while (*link != listener)
        link = &(*link)->next;
    *link = listener->next;
    trace_address(l, EVENT_LISTENER_CLOSE, 0, 0, &listener->bound);
    reset_unaccepted(l, listener);
}

/* ---- arrivals ---- */

static enum s7_virtual_dial dial_meets(struct virtual_loop *l, const struct s7_endpoint *to)
{
    for (struct dial_rule *rule = l->rules; rule != NULL; rule = rule->next)
        if (s7_endpoint_covers(&rule->to, to))
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

static void syn_arrived(struct connection *c)
{
    enum s7_virtual_dial how = dial_meets(c->loop, &c->to);

    if (c->sides[0].closed || c->sides[1].reset)
        return;
    virtual_trace_event(c->loop, EVENT_SYN, c->id, how, NULL, 0);
    if (how == S7_DIAL_VANISH)
        syn_lost(c);
    else if (how == S7_DIAL_UNREACHABLE)
        wire_send_handshake(c, 1, PACKET_UNREACHABLE);
    else if (how == S7_DIAL_REFUSE || listener_for(c->loop, &c->to) == NULL)
        wire_send_rst(c, 1);
    else
        wire_send_handshake(c, 1, PACKET_SYN_ACK);
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
    struct virtual_listener *listener = listener_for(l, &c->to);

    if (c->sides[1].reset)
        return;
    struct virtual_stream *s = listener != NULL ? stream_new(c, 1, &c->from) : NULL;
    if (s == NULL) { /* the listener is gone meanwhile, or there is no memory */
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

static void packet_arrived(struct packet *packet)
{
    struct connection *c = packet->connection;
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
        dial_failed(c, S7_E_UNREACHABLE, EHOSTUNREACH);
        break;
    case PACKET_DIAL_TIMEOUT:
        virtual_trace_event(c->loop, EVENT_DIAL_TIMEOUT, c->id, 0, NULL, 0);
        dial_failed(c, S7_E_TIMEOUT, ETIMEDOUT);
        break;
    }
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

/* ---- life ---- */

void virtual_net_init(struct virtual_loop *l)
{
    l->accept_end = &l->accept_first;
    l->next_port = FIRST_FREE_PORT;
}

void virtual_net_free(struct virtual_loop *l)
{
    struct packet *packet;

    l->base.now_ns = S7_NEVER_NS; /* all is due */
    while ((packet = wire_next_due(l, UINT64_MAX)) != NULL) {
        struct connection *c = packet->connection;

        packet_free(packet);
        connection_unref(c);
    }
    while (l->rules != NULL) {
        struct dial_rule *rule = l->rules;

        l->rules = rule->next;
        free(rule);
    }
}
