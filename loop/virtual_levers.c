#include "loop/virtual_wire.h"

#include <stdlib.h>

static struct dial_rule **rule_at(struct virtual_loop *l, const struct s7_ip_addr *to)
{
    struct dial_rule **link = &l->rules;

    while (*link != NULL && !s7_ip_addr_equal(&(*link)->to, to))
        link = &(*link)->next;
    return link;
}

s7_status s7_virtual_set_dial(s7_loop *loop, const char *host, uint16_t port, enum s7_virtual_dial how)
{
    struct virtual_loop *l = virtual_loop_of(loop);
    struct s7_ip_addr to;

    if (!s7_ip_addr_parse(host, port, &to))
        return S7_E_RESOLVE;
    virtual_trace_event(l, EVENT_SET_DIAL, port, how, NULL, 0);
    struct dial_rule **link = rule_at(l, &to), *rule = *link;
    if (how == S7_DIAL_ACCEPT) {
        if (rule != NULL)
            *link = rule->next;
        free(rule);
        return S7_OK;
    }
    if (rule == NULL && (rule = calloc(1, sizeof *rule)) == NULL)
        return S7_E_NOMEM;
    rule->to = to;
    rule->how = how;
    *link = rule;
    return S7_OK;
}

void s7_virtual_sleep(s7_loop *loop, int64_t ns)
{
    struct virtual_loop *l = virtual_loop_of(loop);

    l->slept_ns += ns;
    virtual_trace_event(l, EVENT_SLEEP, 0, (uint64_t)ns, NULL, 0);
}

static void trace_lever(const struct virtual_stream *s, enum virtual_event kind, uint64_t number)
{
    virtual_trace_event(s->connection->loop, kind, s->base.ordinal, number, NULL, 0);
}

void s7_virtual_set_latency(s7_stream *stream, int64_t min_ns, int64_t max_ns)
{
    struct virtual_stream *s = virtual_stream_of(stream);
    struct side *side = &s->connection->sides[s->side];

    side->latency_min_ns = min_ns > 0 ? min_ns : 0;
    side->latency_max_ns = max_ns > side->latency_min_ns ? max_ns : side->latency_min_ns;
    trace_lever(s, EVENT_SET_LATENCY, (uint64_t)side->latency_min_ns);
    trace_lever(s, EVENT_SET_LATENCY, (uint64_t)side->latency_max_ns);
}

void s7_virtual_vanish(s7_stream *stream, bool outgoing, bool incoming)
{
    struct virtual_stream *s = virtual_stream_of(stream);

    trace_lever(s, EVENT_VANISH, (outgoing ? 1U : 0U) | (incoming ? 2U : 0U));
    wire_vanish(s->connection, s->side, outgoing);
    wire_vanish(s->connection, !s->side, incoming);
}

s7_status virtual_vanish(s7_stream *stream, unsigned directions)
{
    s7_virtual_vanish(stream, (directions & S7_VANISH_OUT) != 0, (directions & S7_VANISH_IN) != 0);
    return S7_OK;
}

void s7_virtual_reset(s7_stream *stream)
{
    struct virtual_stream *s = virtual_stream_of(stream);

    trace_lever(s, EVENT_RESET, 0);
    wire_reset(s->connection);
}

void s7_virtual_stall(s7_stream *stream, bool stalled)
{
    struct virtual_stream *s = virtual_stream_of(stream);

    trace_lever(s, EVENT_STALL, stalled);
    s->connection->sides[s->side].stalled = stalled;
    virtual_stream_update(s);
}

void s7_virtual_set_buffer(s7_stream *stream, uint32_t buffer_len)
{
    struct virtual_stream *s = virtual_stream_of(stream);

    trace_lever(s, EVENT_SET_BUFFER, buffer_len);
    s->connection->sides[s->side].buffer_len = buffer_len > 0 ? buffer_len : 1;
    virtual_stream_update(s->connection->sides[!s->side].stream);
}

s7_stream *s7_virtual_peer(s7_stream *stream)
{
    struct virtual_stream *s = virtual_stream_of(stream);
    struct virtual_stream *peer = s->connection->sides[!s->side].stream;

    return peer != NULL && peer->listener == NULL ? &peer->base : NULL;
}
