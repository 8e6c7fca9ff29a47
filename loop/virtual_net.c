#include "loop/virtual_wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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
    s7_listener *listener = s->listener;

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

struct virtual_stream *virtual_stream_new(struct connection *c, unsigned side, const struct s7_ip_addr *peer)
{
    struct virtual_stream *s = calloc(1, sizeof *s);

    if (s == NULL)
        return NULL;
    s7_loop_impl_stream_init(&c->loop->base, &s->base);
    s7_ip_addr_format(peer, s->base.peer, sizeof s->base.peer);
    s->connection = c;
    s->side = side;
    c->sides[side].stream = s;
    c->sides[side].ordinal = s->base.ordinal;
    virtual_patience_init(s);
    return s;
}

s7_status virtual_dial(s7_loop *loop, const char *host, uint16_t port, s7_stream **out)
{
    struct virtual_loop *l = virtual_loop_of(loop);
    struct s7_ip_addr to;

    if (!s7_ip_addr_parse(host, port, &to))
        return S7_E_RESOLVE;
    struct connection *c = connection_new(l, &to);
    if (c == NULL)
        return S7_E_NOMEM;
    struct virtual_stream *s = virtual_stream_new(c, 0, &to); /* takes over the reference */
    if (s == NULL) {
        connection_unref(c);
        return S7_E_NOMEM;
    }
    s->state = STREAM_DIALING;
    c->id = s->base.ordinal;
    /* Everything is on one host: the dialing side shows the address that it dialed. */
    c->from = to;
    s7_ip_addr_set_port(&c->from, (uint16_t)(FIRST_DIALING_PORT + c->id % (65536 - FIRST_DIALING_PORT)));
    virtual_trace_address(l, EVENT_DIAL, c->id, 0, &to);
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
    if (own_side(s)->reset || stream->error != S7_OK) {
        s7_loop_impl_fail(stream, S7_E_RESET, ECONNRESET);
        return -1;
    }
    uint32_t n = wire_window(s->connection, s->side);
    if (n == 0)
        return S7_AGAIN;
    if (n > len)
        n = (uint32_t)len;
    n = wire_send_bytes(s->connection, s->side, bytes, n);
    virtual_patience_look(s->connection);
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
    virtual_patience_end(s);
    packet_queue_drop(&side->received);
    side->received_len = 0;
    bool over = side->reset || side->closed;
    side->closed = true;
    side->stream = NULL;
    /* A side that is dialing has nobody to say goodbye to: it drops the SYN-ACK that may come. */
    if (!over && (s->state == STREAM_UP || s->state == STREAM_CONNECTED)) {
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
